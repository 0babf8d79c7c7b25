"""The line from day lists to the release, for any set of days: extract, enrich, translate, publish.

``daily`` runs it once over a trailing window, ``backfill`` once a month of days. It holds the lake for
the whole line, leaves a Markdown artifact, and ends in an error only after everything that could be
done is done and written.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import date

import polars as pl
import stamina.instrumentation
from prefect.artifacts import acreate_markdown_artifact

from flows.enrich import enrich
from flows.errors import RunIncomplete
from flows.extract import extract
from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.publish import publish
from flows.run import Run
from flows.settings import load_settings
from flows.translate import translate
from schemas.tables import ARCHIVE
from transforms.release import listings, without_korean
from transforms.report import report_markdown

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def started_run(name: str) -> AsyncIterator[Run]:
    """A run that holds the lake; its report becomes an artifact, and an error when it is a failed one.

    Raises:
        SettingsMissing: A setting is absent or wrong; nothing was done.
        LakeBusy: Another run holds the lake.
        RunIncomplete: A service or a day was missing, or too many answers were refused.
    """
    settings = load_settings()
    settings.require_model_key()
    stamina.instrumentation.set_on_retry_hooks([_log_retry])
    run = Run(settings, name)
    with one_writer(run.lake, name, settings.lock_wait, PROGRESS.get().say):
        for leftover in run.lake.leftovers():
            leftover.unlink()
        try:
            yield run
        finally:
            await run.arxiv.close()
    cost = run.report.cost(settings.input_price, settings.output_price)
    await acreate_markdown_artifact(
        key="report", markdown=report_markdown(run.report, cost), description=name
    )
    if run.report.is_failed:
        raise RunIncomplete(run.report)


async def process_days(
    run: Run,
    days: Sequence[date],
    judged: Sequence[date],
    *,
    chunked: bool,
    retranslate_archived: bool = False,
) -> None:
    """Take these days through the whole line; see extract() and translate() for the arguments.

    Papers that the archive has in Korean are not translated, unless ``retranslate_archived``.
    """
    papers = await extract(run, days, judged)
    archive = run.lake.read(ARCHIVE, {f"{day:%Y-%m}" for day in days})
    archive = archive.filter(pl.col("list_date").is_in(list(days)))
    listed = listings(papers, archive)
    enriched = await enrich(run, listed)
    wanted = listed if retranslate_archived else without_korean(listed, archive)
    translated = await translate(run, wanted, chunked=chunked)
    await asyncio.to_thread(publish, run, days, [*enriched, *translated])


def _log_retry(details: stamina.instrumentation.RetryDetails) -> None:
    _log.info("Retry %d in %.1f s: %r", details.retry_num, details.wait_for, details.caused_by)
