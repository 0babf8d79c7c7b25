"""RELEASE rows into the Korean pages that people read: a day's log and the README of the day.

Both show a paper the same way (templates/day.md.j2), most-voted first, and both are pure functions of the
rows, so a day rendered twice gives the same bytes. Called by flows/release.py.
"""

from collections import Counter
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import polars as pl

from transforms.templating import rendered

AUTHORS_SHOWN: Final = 20
"""Names before the list is cut: papers by large collaborations list thousands."""
_VIDEOS: Final = (".mp4", ".webm", ".mov", ".qt")
"""Best-supported first: browsers play mp4 everywhere and QuickTime almost nowhere."""
_TRANSLATED: Final = ("ok", "archived")


class DigestStats(NamedTuple):
    """What the README says beyond its own day."""

    papers: int
    """Listings in the whole release."""
    days: int
    """Days in the whole release."""
    recent_days: list[date]
    """Days whose logs are linked, in the order shown."""
    repo: str | None = None
    """Dataset on the Hub, "owner/name"; None while unpublished."""
    has_pictures: bool = False
    """The pictures stand beside the page."""


class Entry(NamedTuple):
    """One paper as the page shows it; text is plain, the template escapes it."""

    row: dict[str, Any]
    videos: list[str]
    gifs: list[str]
    authors: list[str]
    author_count: int
    sections: list[dict[str, Any]]


def day_markdown(rows: pl.DataFrame, list_date: date) -> str:
    """One day's log, ``paper_logs/YYYY/MM/DD.md``; other days' rows and delisted papers are left out."""
    return rendered("day.md.j2", list_date=list_date, entries=_entries(rows, list_date))


def readme_markdown(rows: pl.DataFrame, list_date: date, stats: DigestStats) -> str:
    """README of the day: the project, the day's papers as in its log, earlier days, licence and citation."""
    entries = _entries(rows, list_date)
    return rendered(
        "readme.md.j2",
        list_date=list_date,
        entries=entries,
        statuses=Counter(entry.row["translation_status"] for entry in entries),
        models=_models(entries),
        stats=stats,
        earlier=[(day, log_path(day)) for day in stats.recent_days],
    )


def log_path(list_date: date) -> str:
    """Path of a day's log beside the README."""
    return f"paper_logs/{list_date:%Y/%m/%d}.md"


def _entries(rows: pl.DataFrame, list_date: date) -> list[Entry]:
    listed = rows.filter(pl.col("list_date") == list_date, pl.col("delisted_at").is_null())
    ordered = listed.sort("upvotes", "rank", "paper_id", descending=[True, False, False], nulls_last=True)
    return [_entry(row) for row in ordered.iter_rows(named=True)]


def _entry(row: dict[str, Any]) -> Entry:
    media = list(dict.fromkeys(row["media_urls"]))
    kinds = {url: _kind(url) for url in media}
    videos = [url for kind in _VIDEOS for url in media if kinds[url] == kind]
    translated = row["translation_status"] in _TRANSLATED
    return Entry(
        row=row,
        videos=videos,
        gifs=[url for url in media if kinds[url] == ".gif"],
        authors=row["authors"][:AUTHORS_SHOWN],
        author_count=len(row["authors"]),
        sections=(row["summary_ko"] or []) if translated else [],
    )


def _models(entries: list[Entry]) -> list[str]:
    """Models whose Korean the page shows; a refused answer's model wrote none of it."""
    translated = (entry.row for entry in entries if entry.row["translation_status"] in _TRANSLATED)
    return sorted({row["model"] for row in translated if row["model"]})


def _kind(url: str) -> str:
    """File ending of the URL's path, lower case, with its dot; empty where there is none."""
    try:
        name = urlsplit(url).path.rpartition("/")[2]
    except ValueError:  # unbalanced brackets in the host
        return ""
    return "".join(name.rpartition(".")[1:]).lower()
