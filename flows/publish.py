"""The lake into the release: RELEASE months, the card and the digest, written only where they changed.

Data first, then the pages that count it. Everything here is a function of the lake, so publishing again
after a stop anywhere gives the same files. Called by flows/pipeline.py.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.progress import PROGRESS
from flows.run import Run
from flows.storage import Lake
from schemas.tables import ABSTRACTS, PAPERS, RELEASE, TRANSLATIONS
from transforms.card import CardCounts, DataFile, card_counts, card_markdown
from transforms.completeness import neighbour_months
from transforms.digest import DigestStats, day_markdown, log_path, readme_markdown
from transforms.release import release

_RECENT_DAYS = 14
_COUNTED = ["list_date", "translation_status", "model", "prompt_version"]


def publish(run: Run, days: Iterable[date], changed_ids: Iterable[str]) -> None:
    """Publish the months of these days, and the neighbouring months that list a changed paper too."""
    months = {f"{day:%Y-%m}" for day in days}
    months |= _months_listing(run.lake, neighbour_months(months) - months, set(changed_ids))
    PROGRESS.get().start("publish", len(months) + 1)
    for month in sorted(months):
        publish_month(month, run)
        PROGRESS.get().advance("publish")
    publish_pages(run)
    PROGRESS.get().advance("publish")


def release_month(lake: Lake, month: str) -> pl.DataFrame:
    """The RELEASE rows that the lake holds for a month."""
    papers = lake.read(PAPERS, [month])
    ids = papers["paper_id"]
    return release(papers, lake.read_papers(ABSTRACTS, ids), lake.read_papers(TRANSLATIONS, ids))


@task(task_run_name="publish {month}", cache_policy=NO_CACHE)
def publish_month(month: str, run: Run) -> None:
    """Write a month of RELEASE and the logs of its days."""
    rows = release_month(run.lake, month)
    run.report.files_written += run.lake.write_release(month, rows)
    for list_date in rows["list_date"].unique().sort():
        page = day_markdown(rows, list_date).encode()
        run.report.files_written += run.lake.write_bytes(run.lake.digest / log_path(list_date), page)


class Contents(NamedTuple):
    """What the release holds."""

    files: list[DataFile]
    counts: CardCounts
    listed_days: list[date]
    """Days that list a paper now, sorted."""


@task(task_run_name="publish card and digest", cache_policy=NO_CACHE)
def publish_pages(run: Run) -> None:
    """Write the card over all months and the README of the latest day."""
    contents = release_contents(run.lake)
    pages = {run.lake.dataset / "README.md": release_card(contents)}
    if contents.listed_days:
        pages[run.lake.digest / "README.md"] = latest_readme(run.lake, contents)
    for path, page in pages.items():
        run.report.files_written += run.lake.write_bytes(path, page.encode())


def release_contents(lake: Lake) -> Contents:
    """Files of the release and what they hold together, one month in memory at a time."""
    files: list[DataFile] = []
    months: list[pl.DataFrame] = []
    listed_days: list[date] = []
    for month in lake.months(RELEASE):
        path = lake.path(RELEASE, month)
        rows = lake.read_columns(RELEASE, [month], [*_COUNTED, "delisted_at"])
        files.append(DataFile(f"data/{path.name}", rows.height, path.stat().st_size))
        months.append(rows.group_by(_COUNTED).len())
        listed_days.extend(rows.filter(pl.col("delisted_at").is_null())["list_date"].unique().sort())
    return Contents(files, card_counts(months), listed_days)


def release_card(contents: Contents) -> str:
    """The dataset card for these contents."""
    # Imported here: pyarrow is needed to publish and not to start.
    from schemas.dataset import features_yaml

    return card_markdown(features_yaml(RELEASE), contents.files, contents.counts, repo=None)


def latest_readme(lake: Lake, contents: Contents) -> str:
    """README of the latest day that lists papers."""
    *earlier, latest = contents.listed_days
    rows = lake.read(RELEASE, [f"{latest:%Y-%m}"])
    stats = DigestStats(contents.counts.papers, contents.counts.days, earlier[: -_RECENT_DAYS - 1 : -1])
    return readme_markdown(rows, latest, stats)


def _months_listing(lake: Lake, months: set[str], paper_ids: set[str]) -> set[str]:
    listings = {month: lake.read_columns(PAPERS, [month], ["paper_id"])["paper_id"] for month in months}
    return {month for month, ids in listings.items() if not paper_ids.isdisjoint(ids)}
