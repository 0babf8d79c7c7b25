"""The backfill flow: any range of days, month by month, from the Hub to the release.

Environment as for the daily flow. Run by ``daily-papers backfill``, which takes one month after the other, or
as a manual deployment, which has each month done by a run of its own (flows/backfill_parts.py). Safe to stop
and run again: each month is published before the next begins, and paid answers are kept. By batch the months
are translated together, at half the price and within a day or two, and published when they are.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

import polars as pl
from prefect import flow, runtime

from flows.backfill_parts import cancel_parts, is_part, is_split, over_the_pool
from flows.dead_runs import watch_for_dead_runs
from flows.dry_run import estimate_of
from flows.errors import SettingsMissing
from flows.parameters import Dollars
from flows.pipeline import BATCHES, gathered, process_days, started_run
from flows.publish import publish
from flows.run import Run
from flows.run_page import months_shown
from flows.translate import pending_papers, recipe_of
from flows.translate_by_batch import translate_by_batch
from schemas.tables import PAPERS
from transforms.report import Report
from transforms.translations import Retranslate


def _run_name() -> str:
    told = runtime.flow_run.parameters
    return _name(told["since"], told["until"], told["dry_run"], told["batch"])


def _name(since: date, until: date, dry_run: bool, batch: bool) -> str:
    how = " (dry run)" if dry_run else " by batch" if batch else ""
    return f"backfill {since} to {until}{how}"


@flow(flow_run_name=_run_name, timeout_seconds=7 * 24 * 3600, on_cancellation=[cancel_parts])
async def backfill(
    since: date,
    until: date,
    retranslate: Retranslate | None = None,
    max_cost: Dollars | None = None,
    batch: bool = False,
    wait: bool = True,
    dry_run: bool = False,
) -> Report:
    """Extract, enrich, translate and publish every day from ``since`` to ``until``, both included.

    Args:
        since: First day.
        until: Last day.
        retranslate: What to translate, and pay for, again: "archived", papers that the archive has in
            Korean; "recipe", papers whose Korean is another model's or prompt's; "rejected", papers that
            were rejected as often as a run tries by itself.
        max_cost: US dollars that this run may spend on the model.
        batch: Ask by the service's Batch API, at half the price.
        wait: With ``batch``, wait for the answers; else collect what is there and end.
        dry_run: Ask the Hub and arXiv but no model, and report what translating would cost.

    Returns:
        The run's report over all months.

    Raises:
        SettingsMissing: ``until`` is before ``since``; nothing was done.
        RunIncomplete: A service or a day's list was missing; what there was is published.
    """
    if until < since:
        raise SettingsMissing(f"until ({until}) is before since ({since}); nothing was done.")
    name, months = _name(since, until, dry_run, batch), _months(since, until)
    if await is_split():
        options = {"retranslate": retranslate, "batch": batch, "wait": wait, "dry_run": dry_run}
        # One batch and one estimate for all.
        parts = [[day for month in months for day in month]] if batch or dry_run else months
        await watch_for_dead_runs()
        return await over_the_pool(name, parts, max_cost, options)
    async with started_run(name, max_cost, asks_model=not dry_run) as run:
        run.draws_pictures = not is_part()
        if dry_run:
            papers, _ = await _gathered(run, months, retranslate)
            recipe = recipe_of(run.settings)
            pending = await pending_papers(run, papers, recipe, retranslate)
            run.report.estimate = estimate_of(run, recipe, pending)
        elif batch:
            await _by_batch(run, months, retranslate, wait)
        else:
            async for days in months_shown(run.report.run, months):
                await process_days(run, days, days, chunked=True, retranslate=retranslate)
    return run.report


def _months(since: date, until: date) -> list[list[date]]:
    """The days from ``since`` to ``until``, month by month."""
    days = [since + timedelta(days=offset) for offset in range((until - since).days + 1)]
    return [list(month) for _, month in groupby(days, key=lambda day: (day.year, day.month))]


async def _by_batch(
    run: Run, months: Sequence[list[date]], retranslate: Retranslate | None, wait: bool
) -> None:
    """All months through the line at once: a batch takes hours however small it is."""
    async with run.held(BATCHES, *(f"{days[0]:%Y-%m}" for days in months)):
        papers, enriched = await _gathered(run, months, retranslate)
        translated = await translate_by_batch(run, papers, retranslate=retranslate, wait=wait)
        days = [day for month in months for day in month]
        await asyncio.to_thread(publish, run, days, [*enriched, *translated])


async def _gathered(
    run: Run, months: Sequence[list[date]], retranslate: Retranslate | None
) -> tuple[pl.DataFrame, list[str]]:
    """What ``gathered`` gives, over all these months."""
    parts = [
        await gathered(run, days, days, retranslate) async for days in months_shown(run.report.run, months)
    ]
    papers = pl.concat([PAPERS.empty(), *(papers for papers, _ in parts)])
    return papers, [paper_id for _, ids in parts for paper_id in ids]
