"""The daily flow: one day's list and the days before it, from the Hub to the release.

Environment: OPENAI_API_KEY (required), DAILY_PAPERS_HOME and the rest of flows/settings.py. Scheduled at
23:00 UTC, when the day's list has settled (prefect.yaml), or run by ``daily-papers run``. Safe to rerun
at any time: the same day gives the same rows, and nothing is paid for twice. A run that nobody gave a date
takes the days that earlier runs missed too.
"""

import asyncio
from datetime import date

from prefect import flow, runtime

from flows.announce import post_digest
from flows.parameters import Days, Dollars
from flows.pipeline import process_days, started_run
from flows.progress import PROGRESS
from flows.publish import publish_to_hub
from flows.received import was_fetched
from flows.run import Run
from flows.run_page import show_digest
from flows.scheduled import due_at, due_day
from schemas.tables import PAPERS, RELEASE
from transforms.catch_up import catch_up, reach
from transforms.report import Report, day_papers


def _run_name() -> str:
    return f"daily {due_day(runtime.flow_run.parameters.get('list_date'))}"


@flow(flow_run_name=_run_name, retries=2, retry_delay_seconds=900, timeout_seconds=6 * 3600)
async def daily(
    list_date: date | None = None,
    refresh_days: Days | None = None,
    max_cost: Dollars | None = None,
    catch_up_days: Days = 14,
) -> Report:
    """Extract, enrich, translate and publish one day and the days before it.

    With DAILY_PAPERS_REPO set, what changed goes to the Hub at the end, whatever else was missing.

    Args:
        list_date: The day; default the UTC date for which the run was scheduled, with the days missed.
        refresh_days: Days before it to fetch again, since lists grow for days; default
            DAILY_PAPERS_REFRESH_DAYS.
        max_cost: US dollars that this run may spend on the model.
        catch_up_days: Without a list_date: days before it that are taken too where no run has fetched them.

    Returns:
        The run's report.

    Raises:
        RunIncomplete: A service or the day's list was missing; what there was is published.
    """
    day = due_day(list_date)
    async with started_run(f"daily {day}", max_cost) as run:
        window = reach(day, run.settings.refresh_days if refresh_days is None else refresh_days)
        missed = _missed(run, day, catch_up_days) if list_date is None else []
        await process_days(run, sorted({*window, *missed, day}), [*missed, day], chunked=False)
        run.report.papers = day_papers(run.lake.read(RELEASE, [f"{day:%Y-%m}"]), day)
        if run.settings.repo:
            await asyncio.to_thread(publish_to_hub, run, run.settings.repo)
        await show_digest(run.lake, day)
        await post_digest(run, day)
    return run.report


def _missed(run: Run, day: date, bound: int) -> list[date]:
    """The days that nobody fetched before this run was due; those too long ago go into its report."""
    listed = set(run.lake.read_columns(PAPERS, run.lake.months(PAPERS), ["list_date"])["list_date"])
    # As of when it was due: what a first attempt fetched is still judged by its retry.
    fetched = {each for each in reach(day, bound) if was_fetched(run.lake, each, before=due_at())}
    missed = catch_up(day, bound, listed, fetched)
    if missed.days:
        PROGRESS.get().say(f"No run has fetched {', '.join(map(str, missed.days))}: taken now.")
    if missed.gap:
        run.report.incomplete.append(missed.gap)
    return missed.days
