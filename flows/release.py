"""The release, written from the lake: RELEASE months, the pictures, the card and the digest.

Data first, then the pages that count it, each only where it changed. Everything here is a function of the
lake, so writing again after a stop anywhere gives the same files. No Prefect: flows/publish.py makes tasks
of it, and flows/import_archive.py, flows/check.py and ``daily-papers publish`` call it as it is.
"""

import json
import multiprocessing
from collections.abc import Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.progress import PROGRESS
from flows.run import Run
from flows.storage import Lake
from schemas.tables import ABSTRACTS, ARCHIVE, PAPERS, RELEASE, TRANSLATIONS
from transforms.card import CardCounts, DataFile, card_counts, card_markdown
from transforms.digest import DigestStats, day_markdown, log_path, readme_markdown
from transforms.forms import form_markdown
from transforms.release import release

PICTURES = ("images/papers-per-week.png", "images/categories.png")
_RECENT_DAYS = 14
_COUNTED = ["list_date", "translation_status", "model", "prompt_version"]


def write_release(
    run: Run,
    months: Collection[str],
    month_writer: Callable[[str, Run], object],
    page_writer: Callable[[Run], object],
) -> None:
    """Write these months, then the pages over all of them, by functions or, within a flow, by tasks."""
    PROGRESS.get().start("publish", len(months) + 1)
    for month in sorted(months):
        month_writer(month, run)
        PROGRESS.get().advance("publish")
    page_writer(run)
    PROGRESS.get().advance("publish")


def release_month(lake: Lake, month: str) -> pl.DataFrame:
    """The RELEASE rows that the lake holds for a month."""
    papers, archive = lake.read(PAPERS, [month]), lake.read(ARCHIVE, [month])
    ids = pl.concat([papers["paper_id"], archive["paper_id"]])
    return release(papers, lake.read_papers(ABSTRACTS, ids), lake.read_papers(TRANSLATIONS, ids), archive)


def write_month(month: str, run: Run) -> None:
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
    has_pictures: bool
    """The pictures stand beside the card."""


def write_pages(run: Run) -> None:
    """Write the pictures and the card over all months, and the README of the latest day."""
    contents = release_contents(run.lake)
    if contents.listed_days and (drawn := draw_pictures(run.lake, contents)):
        run.report.files_written += drawn
        contents = contents._replace(has_pictures=True)
    pages = {run.lake.dataset / "README.md": release_card(contents)}
    if contents.listed_days:
        pages[run.lake.digest / "README.md"] = latest_readme(run.lake, contents)
    for path, page in pages.items():
        run.report.files_written += run.lake.write_bytes(path, page.encode())


def write_form(run: Run, form: str) -> Path:
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
    return Contents(files, card_counts(months), listed_days, (lake.dataset / PICTURES[0]).exists())


def release_card(contents: Contents) -> str:
    """The dataset card for these contents."""
    # Imported here: pyarrow is needed to publish and not to start.
    from schemas.dataset import features_yaml

    return card_markdown(
        features_yaml(RELEASE), contents.files, contents.counts, repo=None, has_pictures=contents.has_pictures
    )


def latest_readme(lake: Lake, contents: Contents) -> str:
    """README of the latest day that lists papers."""
    *earlier, latest = contents.listed_days
    rows = lake.read(RELEASE, [f"{latest:%Y-%m}"])
    recent = earlier[: -_RECENT_DAYS - 1 : -1]
    stats = DigestStats(
        contents.counts.papers, contents.counts.days, recent, has_pictures=contents.has_pictures
    )
    return readme_markdown(rows, latest, stats)


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
    older = [file for file in contents.files if file.path < f"data/{last_month}"]
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
