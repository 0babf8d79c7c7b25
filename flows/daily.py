"""The daily flow: one day's list and the days before it, from the Hub to the release.

Environment: OPENAI_API_KEY (required), DAILY_PAPERS_HOME and the rest of flows/settings.py. Scheduled at
23:00 UTC, when the day's list has settled (prefect.yaml), or run by ``daily-papers run``. Safe to rerun
at any time: the same day gives the same rows, and nothing is paid for twice.
"""

import asyncio
from datetime import date, datetime, timedelta

from prefect import flow, runtime

from flows.pipeline import process_days, started_run
from flows.publish import publish_to_hub
from flows.settings import load_settings
from schemas.tables import RELEASE
from transforms.report import Report, day_papers


def _run_name() -> str:
    return f"daily {_list_date(runtime.flow_run.parameters.get('list_date'))}"


def _list_date(asked: date | str | None) -> date:
    """The date asked for, else the UTC date for which the run was scheduled, however late it starts."""
    if asked is None:
        scheduled: datetime = runtime.flow_run.scheduled_start_time
        return scheduled.date()
    return date.fromisoformat(str(asked)[:10])


@flow(flow_run_name=_run_name, retries=2, retry_delay_seconds=900, timeout_seconds=6 * 3600)
async def daily(
    list_date: date | None = None, refresh_days: int | None = None, max_cost: float | None = None
) -> Report:
    """Extract, enrich, translate and publish one day and the days before it.

    With DAILY_PAPERS_REPO set, what changed goes to the Hub at the end, whatever else was missing.

    Args:
        list_date: The day; default the UTC date for which the run was scheduled.
        refresh_days: Days before it to fetch again, since lists grow for days; default
            DAILY_PAPERS_REFRESH_DAYS.
        max_cost: US dollars that this run may spend on the model.

    Returns:
        The run's report.

    Raises:
        RunIncomplete: A service or the day's list was missing; what there was is published.
    """
    day = _list_date(list_date)
    async with started_run(f"daily {day}", max_cost) as run:
        window = load_settings().refresh_days if refresh_days is None else refresh_days
        days = [day - timedelta(days=back) for back in range(window, -1, -1)]
        await process_days(run, days, [day], chunked=False)
        run.report.papers = day_papers(run.lake.read(RELEASE, [f"{day:%Y-%m}"]), day)
        if run.settings.repo:
            await asyncio.to_thread(publish_to_hub, run, run.settings.repo)
    return run.report
