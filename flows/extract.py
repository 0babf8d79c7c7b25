"""Day lists into PAPERS and VOTES: fetch every page, keep the bytes, merge, judge completeness.

Fetching is one Prefect task a day; merging is one for all days of the call, so each month's file is read
and written once. Safe to rerun: what is known is only ever upserted. Called by flows/pipeline.py.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.clients.daily_papers import DailyPapers
from flows.errors import SourceUnavailable
from flows.progress import PROGRESS
from flows.received import keep_day, keep_rejected, was_fetched
from flows.run import Run, settled
from schemas.tables import PAPERS, REJECTED, VOTES
from transforms.completeness import completeness, listed_per_day, neighbour_months
from transforms.listings import change_counts, merged_papers, new_votes
from transforms.papers import DayList, day_list

_FETCHES_AT_ONCE = 4


async def extract(run: Run, days: Sequence[date], judged: Sequence[date]) -> pl.DataFrame:
    """PAPERS rows now listed on these days; ``run.report`` has the counts.

    Args:
        run: The run.
        days: Days to fetch.
        judged: Those of them whose completeness is judged even if they were fetched before.
    """
    PROGRESS.get().start("extract", len(days))
    judged = [day for day in days if day in set(judged) or not was_fetched(run.lake, day)]
    fetched: list[DayList] = []
    slots = asyncio.Semaphore(_FETCHES_AT_ONCE)
    source = DailyPapers(run.settings)

    async def fetch(day: date) -> None:
        async with slots:
            await settled(fetch_day(day, source, run, fetched))
        PROGRESS.get().advance("extract")

    try:
        await settled(*(fetch(day) for day in days))
    finally:
        await source.close()
    merge_days(sorted(fetched, key=lambda day: day.list_date), set(judged), run)
    papers = run.lake.read(PAPERS, {f"{day:%Y-%m}" for day in days})
    return papers.filter(pl.col("list_date").is_in(list(days)) & pl.col("delisted_at").is_null())


@task(task_run_name="fetch {list_date}", cache_policy=NO_CACHE, timeout_seconds=3600)
async def fetch_day(list_date: date, source: DailyPapers, run: Run, fetched: list[DayList]) -> None:
    """Fetch one day's list, keep its bytes and append what it holds to ``fetched``."""
    try:
        pages = await source.pages(list_date)
    except SourceUnavailable as error:
        run.report.unavailable.append(str(error))
        raise
    fetched_at = datetime.now(UTC)
    keep_day(run.lake, list_date, fetched_at, pages)
    fetched.append(day_list(pages, list_date, fetched_at))


@task(task_run_name="merge day lists", cache_policy=NO_CACHE)
def merge_days(fetched: list[DayList], judged: set[date], run: Run) -> None:
    """Merge the fetched lists into PAPERS, VOTES and REJECTED, one write a month."""
    months = {f"{day.list_date:%Y-%m}" for day in fetched}
    papers = run.lake.read(PAPERS, months)
    beside = run.lake.read_columns(PAPERS, neighbour_months(months) - months, ["list_date", "delisted_at"])
    votes = run.lake.read(VOTES, months)
    recent = listed_per_day(beside) | listed_per_day(papers)
    recent |= {day.list_date: day.papers.height for day in fetched}
    merged, observed = [PAPERS.empty()], [VOTES.empty()]
    for day in fetched:
        known = papers.filter(pl.col("list_date") == day.list_date)
        listed = known.filter(pl.col("delisted_at").is_null()).height
        verdict = completeness(day.list_date, day.papers.height, listed, recent, run.settings.floor)
        if not verdict.is_complete and (day.list_date in judged or verdict.kind == "shrunk"):
            run.report.incomplete.append(verdict.message)
        run.report.listed.update(repeated=day.repeated_count, rejected=day.rejected.height)
        run.report.record_reasons.update(day.rejected["reason"].to_list())
        run.report.ignored_fields.update(day.ignored_fields)
        if verdict.kind == "shrunk":
            # Half a list vanishing is the source's fault more often than the editors' choice: take what
            # came and delist nothing.
            day.is_whole = False
        after = merged_papers(known, day)
        run.report.listed.update(change_counts(known, after))
        merged.append(after)
        observed.append(new_votes(votes.filter(pl.col("list_date") == day.list_date), day))
    run.lake.upsert(PAPERS, pl.concat(merged))
    run.lake.upsert(VOTES, pl.concat(observed))
    keep_rejected(run.lake, pl.concat([REJECTED.empty(), *(day.rejected for day in fetched)]))
