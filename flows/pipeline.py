"""The line from day lists to the release, for any set of days: extract, enrich, translate, publish.

``daily`` runs it once over a trailing window, ``backfill`` once a month of days. It holds the lake for
the whole line, leaves what it did on the run's page (flows/run_page.py), and ends in an error only after
everything that could be done is done and written.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import date

import polars as pl
import stamina.instrumentation
from prefect import get_run_logger, runtime

from flows.announce import emit_alarm
from flows.batch import collect_batches
from flows.batch_folder import open_folders
from flows.budget import budget_for
from flows.dead_runs import watch_for_dead_runs
from flows.enrich import enrich
from flows.errors import LakeBusy, RunIncomplete
from flows.extract import extract
from flows.lock import one_writer
from flows.object_store import faults_named
from flows.paid_answers import PaidAnswers
from flows.progress import PROGRESS
from flows.publish import publish
from flows.run import Run
from flows.run_log import log_progress
from flows.run_page import show_report
from flows.settings import load_settings
from flows.translate import translate
from schemas.tables import ARCHIVE
from transforms.release import listings, without_korean
from transforms.report import report_lines, report_sentences
from transforms.translations import Retranslate

BATCHES = "batches"
"""The part of a shared lake that whoever submits or collects batches holds."""
# Dollars that the earlier attempts of a flow run have spent, by its id: its limit holds over its retries,
# which Prefect makes in the process of the first.
_SPENT: dict[str, float] = defaultdict(float)


@contextlib.asynccontextmanager
async def started_run(
    name: str, max_cost: float | None = None, *, asks_model: bool = True
) -> AsyncIterator[Run]:
    """A run that holds the lake; its report goes onto its page, and is an error when it is a failed one.

    Args:
        name: The run as people know it.
        max_cost: US dollars that it may spend on the model.
        asks_model: One that asks none needs neither key nor budget.

    Raises:
        SettingsMissing: A setting is absent or wrong; nothing was done.
        LakeBusy: Another run holds the lake.
        RunIncomplete: A service or a day was missing, or too many answers were refused.
    """
    settings = load_settings()
    log, attempts = get_run_logger(), str(runtime.flow_run.id)
    log_progress()
    await watch_for_dead_runs()
    if asks_model:
        settings.require_model_key()
    stamina.instrumentation.set_on_retry_hooks([lambda retry: log.info(*_retry_line(retry))])
    run = Run(settings, name)
    with faults_named(run.lake.home), _whole_lake(run):
        for leftover in run.lake.leftovers():
            leftover.unlink()
        if asks_model:
            run.budget = budget_for(settings, run.lake, run.prices, max_cost, _SPENT[attempts])
        try:
            if asks_model:
                await _collect_open_batches(run)
            yield run
        finally:
            await run.arxiv.close()
            _SPENT[attempts] += run.report.cost_usd or 0.0
    await show_report(run.report)
    for what, how_many in report_lines(run.report):
        log.info("%s: %s", what, how_many)
    for sentence in report_sentences(run.report):
        log.info("%s", sentence)
    emit_alarm(run)
    if run.report.is_failed:
        raise RunIncomplete(run.report)


def _whole_lake(run: Run) -> contextlib.AbstractContextManager[object]:
    """A lake on a disk is held from begin to end; of a shared one each step holds what it writes."""
    if run.lake.is_shared:
        return contextlib.nullcontext()
    return one_writer(run.lake, run.report.run, run.settings.lock_wait, PROGRESS.get().say)


async def _collect_open_batches(run: Run) -> None:
    """Take what earlier runs asked for by batch and is answered by now, so that nobody asks for it again."""
    if run.lake.is_shared and not open_folders(run.lake):
        return
    try:
        with run.holding(BATCHES, wait=0):
            outcome = await collect_batches(run, PaidAnswers(run))
    except LakeBusy as busy:
        # Its holder collects them.
        PROGRESS.get().say(str(busy))
        return
    run.report.unavailable += map(str, outcome.errors)
    for sentence in outcome.sentences:
        PROGRESS.get().say(sentence)


async def process_days(
    run: Run,
    days: Sequence[date],
    judged: Sequence[date],
    *,
    chunked: bool,
    retranslate: Retranslate | None = None,
) -> None:
    """Take these days through the whole line; see ``gathered`` and ``translate`` for the arguments."""
    async with run.held(*{f"{day:%Y-%m}" for day in days}):
        papers, enriched = await gathered(run, days, judged, retranslate)
        translated = await translate(run, papers, chunked=chunked, retranslate=retranslate)
        await asyncio.to_thread(publish, run, days, [*enriched, *translated])


async def gathered(
    run: Run, days: Sequence[date], judged: Sequence[date], retranslate: Retranslate | None
) -> tuple[pl.DataFrame, list[str]]:
    """Extract and enrich these days: the listings to translate, and the ids whose abstract changed.

    Args:
        run: The run.
        days: Days to fetch.
        judged: Of these, the days whose completeness is judged; see ``extract``.
        retranslate: Papers that the archive has in Korean are left out, unless this asks for them.
    """
    papers = await extract(run, days, judged)
    archive = run.lake.read(ARCHIVE, {f"{day:%Y-%m}" for day in days})
    archive = archive.filter(pl.col("list_date").is_in(list(days)))
    listed = listings(papers, archive)
    enriched = await enrich(run, listed)
    return listed if retranslate == "archived" else without_korean(listed, archive), enriched


def _retry_line(retry: stamina.instrumentation.RetryDetails) -> tuple[str, int, float, Exception]:
    return "Retry %d in %.1f s: %r", retry.retry_num, retry.wait_for, retry.caused_by
