"""The release, written from the lake: months of its three configs, the pictures, the card and the digest.

``release/dataset`` and ``release/digest`` are the operator's own and have the archive's Korean. Where it may
not be published, the files that have some stand in ``release/public`` without it, and go out instead.

Data first, then the pages that count it, each only where it changed. Everything here is a function of the
lake, so writing again after a stop anywhere gives the same files. No Prefect: flows/publish.py makes tasks
of it, and flows/import_archive.py, flows/check.py and ``daily-papers publish`` call it as it is.
"""

import json
import multiprocessing
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from typing import NamedTuple

import polars as pl
from upath import UPath

from flows.month_file import Footer, month_bytes
from flows.month_of_configs import MonthRows, listing_again, month_rows
from flows.progress import PROGRESS
from flows.run import Run
from flows.storage import Lake
from schemas.tables import CONFIGS, RELEASE
from transforms.card import DataFile, card_markdown
from transforms.counts import CardCounts, card_counts
from transforms.digest import DigestStats, day_markdown, log_path, readme_markdown
from transforms.feed import COLUMNS as FEED_COLUMNS
from transforms.feed import feed_days, feed_xml
from transforms.forms import form_markdown

PICTURES = ("images/papers-per-week.png", "images/categories.png")
_RECENT_DAYS = 14


def write_release(
    run: Run,
    months: Collection[str],
    month_writer: Callable[[str, Run], object],
    page_writer: Callable[[Run], object],
) -> None:
    """Write these months, then the pages over all of them, by functions or, within a flow, by tasks.

    A later month that lists a paper of these again is written too: PARALLEL has the paper where it is first.
    """
    months = {*months, *listing_again(run.lake, months)}
    PROGRESS.get().start("publish", len(months) + 1)
    for month in sorted(months):
        month_writer(month, run)
        PROGRESS.get().advance("publish")
    page_writer(run)
    PROGRESS.get().advance("publish")


def write_month(month: str, run: Run) -> None:
    """Write a month of every config and the logs of its days."""
    rows = month_rows(run.lake, month)
    for name, table in CONFIGS.items():
        run.report.files_written += run.lake.write_release(month, rows.configs[name], table)
    for path, content in month_files(run.lake, month, rows).items():
        run.report.files_written += run.lake.write_bytes(path, content)


def month_files(lake: Lake, month: str, rows: MonthRows) -> dict[UPath, bytes]:
    """What belongs to a month beside its configs: logs, and all of it again without the archive's Korean."""
    files = _logs(lake.digest, rows.configs["papers"])
    if rows.public is not None:
        data = month_bytes(RELEASE, rows.public)
        files |= {lake.public_path(RELEASE, month): data, **_logs(lake.public, rows.public)}
    return files


def _logs(folder: UPath, rows: pl.DataFrame) -> dict[UPath, bytes]:
    days = rows["list_date"].unique().sort()
    return {folder / log_path(day): day_markdown(rows, day).encode() for day in days}


class Contents(NamedTuple):
    """What the release holds."""

    files: list[DataFile]
    counts: CardCounts
    listed_days: list[date]
    """Days that list a paper now, sorted."""
    has_pictures: bool
    """The pictures stand beside the card."""


def write_pages(run: Run) -> None:
    """Write the pictures and the card over all months, the README of the latest day and the feed."""
    contents = release_contents(run.lake)
    if run.draws_pictures and contents.listed_days and (drawn := draw_pictures(run.lake, contents)):
        run.report.files_written += drawn
        contents = contents._replace(has_pictures=True)
    for path, page in release_pages(run.lake, contents).items():
        run.report.files_written += run.lake.write_bytes(path, page.encode())


def release_pages(lake: Lake, contents: Contents) -> dict[UPath, str]:
    """The pages over all months, by their place: the card, and where days list papers README and feed.

    The card is that of a folder: what the lake gives must not hang on who looks at it. flows/hub_release.py
    writes the one for the Hub.
    """
    pages = {lake.dataset / "README.md": release_card(contents)}
    if contents.listed_days:
        months = {f"{day:%Y-%m}" for day in feed_days(contents.listed_days[-1])}
        pages |= _latest_pages(lake.digest, lake.read(RELEASE, months), contents)
        if any(lake.public_path(RELEASE, month).exists() for month in months):
            pages |= _latest_pages(lake.public, lake.read_public(RELEASE, months), contents)
    return pages


def _latest_pages(folder: UPath, rows: pl.DataFrame, contents: Contents) -> dict[UPath, str]:
    """README of the latest day that lists papers, and the Atom feed that ends with it."""
    *earlier, latest = contents.listed_days
    recent = earlier[: -_RECENT_DAYS - 1 : -1]
    counts = contents.counts
    stats = DigestStats(counts.papers, counts.days, recent, has_pictures=contents.has_pictures)
    of_month = rows.filter(pl.col("list_date").dt.strftime("%Y-%m") == f"{latest:%Y-%m}")
    return {
        folder / "README.md": readme_markdown(of_month, latest, stats),
        folder / "feed.xml": feed_xml(rows.select(FEED_COLUMNS), latest),
    }


def write_form(run: Run, form: str) -> UPath:
    """Write every day in one of transforms.forms.FORMS under release/digest-<form>/; the folder."""
    folder = run.lake.home / "release" / f"digest-{form}"
    months = run.lake.months(RELEASE)
    PROGRESS.get().start(f"form {form}", len(months))
    for month in months:
        rows = run.lake.read(RELEASE, [month])
        for list_date in rows["list_date"].unique().sort():
            page = form_markdown(rows, list_date, form).encode()
            run.report.files_written += run.lake.write_bytes(folder / log_path(list_date), page)
        PROGRESS.get().advance(f"form {form}")
    return folder


def release_contents(lake: Lake, months: Collection[str] | None = None) -> Contents:
    """Files of the release, of these months or of all, and what they hold: read from their footers alone."""
    footers = {
        f"{table.folder}/{month}.parquet": lake.footer(table, month)
        for table in CONFIGS.values()
        for month in lake.months(table)
        if months is None or month in months
    }
    return contents_of(footers, has_pictures=(lake.dataset / PICTURES[0]).exists())


def contents_of(footers: Mapping[str, Footer], *, has_pictures: bool = False) -> Contents:
    """What a release of these files holds; the keys are their paths within the dataset."""
    files = [DataFile(path, of.counts.rows, of.bytes) for path, of in sorted(footers.items())]
    counts = [of.counts for path, of in sorted(footers.items()) if path.startswith(f"{RELEASE.folder}/")]
    listed_days = sorted({day for month in counts for day in month.listed_days})
    return Contents(files, card_counts(counts), listed_days, has_pictures)


def release_card(contents: Contents, repo: str | None = None) -> str:
    """The dataset card for these contents, as a folder or as ``repo`` on the Hub."""
    # Imported here: pyarrow is needed to publish and not to start.
    from schemas.dataset import features_yaml

    features = {name: features_yaml(table) for name, table in CONFIGS.items()}
    return card_markdown(features, contents.files, contents.counts, repo, has_pictures=contents.has_pictures)


def draw_pictures(lake: Lake, contents: Contents) -> int:
    """Draw the pictures when a week has settled since they were drawn; the number of files written.

    They show whole weeks beyond the reach of the trailing re-fetch, so a daily run draws them once a week
    and pays its second and a half once a week. Fewer than two such weeks are no picture.
    """
    settled = [day for day in contents.listed_days if day < _last_settled_monday(contents.listed_days[-1])]
    if not settled or settled[-1] - settled[0] < timedelta(days=7):
        return 0
    last_month = f"{settled[-1]:%Y-%m}"
    columns = ["list_date", "delisted_at", "upvotes", "primary_category"]
    last = lake.read_columns(RELEASE, [last_month], columns).filter(pl.col("list_date") <= settled[-1])
    # Whole older files, and of the last one only what has settled: the rest of it changes every day.
    data = [file for file in contents.files if file.path.startswith(f"{RELEASE.folder}/")]
    older = [file for file in data if file.path < f"{RELEASE.folder}/{last_month}"]
    known = [last.height, last["upvotes"].sum(), last["primary_category"].count()]
    drawn_from = json.dumps([settled[-1].isoformat(), known, older]).encode()
    mark = lake.dataset / "images" / "drawn-from.json"
    if mark.exists() and mark.read_bytes() == drawn_from:
        return 0
    months = [month for month in lake.months(RELEASE) if month <= last_month]
    rows = lake.read_columns(RELEASE, months, columns)
    shown = rows.filter(pl.col("delisted_at").is_null(), pl.col("list_date") <= settled[-1])
    written = 0
    # In a process of its own: the hundred megabytes of altair and vl-convert go when it goes.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        drawn = process.submit(_draw, shown).result()
    for name, content in drawn.items():
        written += lake.write_bytes(lake.dataset / "images" / name, content)
        written += lake.write_bytes(lake.digest / "images" / name, content)
    return written + lake.write_bytes(mark, drawn_from)


def _draw(listings: pl.DataFrame) -> dict[str, bytes]:
    # Imported here: a second that only who draws owes.
    from flows.pictures import pictures

    return pictures(listings)


def _last_settled_monday(latest: date) -> date:
    """The Monday before which no list is fetched again by a daily run."""
    settled = latest - timedelta(days=7)
    return settled - timedelta(days=settled.weekday())
