"""The backfill flow: any range of days, month by month, from the Hub to the release.

Environment as for the daily flow. Run by ``daily-papers backfill`` or as a manual deployment. Safe to
stop and run again: each month is published before the next begins, and paid answers are kept.
"""

from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from prefect import flow, runtime

from flows.pipeline import process_days, started_run
from transforms.report import Report


def _run_name() -> str:
    parameters = runtime.flow_run.parameters
    return f"backfill {parameters['since']} to {parameters['until']}"


@flow(flow_run_name=_run_name)
async def backfill(since: date, until: date, retranslate: Literal["archived"] | None = None) -> Report:
    """Extract, enrich, translate and publish every day from ``since`` to ``until``, both included.

    Args:
        since: First day.
        until: Last day.
        retranslate: "archived" translates, and pays for, papers that the archive has in Korean already.

    Returns:
        The run's report over all months.

    Raises:
        RunIncomplete: A service or a day's list was missing; what there was is published.
    """
    days = [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
    async with started_run(f"backfill {since} to {until}") as run:
        for _, month in groupby(days, key=lambda day: (day.year, day.month)):
            month_days = list(month)
            await process_days(
                run, month_days, month_days, chunked=True, retranslate_archived=retranslate == "archived"
            )
    return run.report
