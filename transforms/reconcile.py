"""The imported archive beside what else is known: its ledger, the day lists, arXiv.

Nothing is guessed: a listing that only the ledger has is taken without text, and where two sources tell
different things of a paper the better one is released (transforms/release.py) and the difference is
counted here. Called by flows/import_archive.py.
"""

import csv
import io
import re
from collections import Counter
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from schemas.tables import ARCHIVE, PAPER_ID_PATTERN, PAPERS
from transforms.text import plain

_ARXIV_URL = re.compile(r"https?://arxiv\.org/abs/([^/\s]+?)/?")
_SAME = re.compile(r"[\W_]+")


class Ledger(NamedTuple):
    """What the ledger adds to the logs."""

    rows: pl.DataFrame
    """ARCHIVE rows for the listings that no log has: no Korean, so they are pending."""
    listed: int
    """Rows of the ledger that name a listing."""
    titles_differing: int
    """Listings whose title in the ledger is not the log's."""
    unparsed: list[tuple[int, str, str]]
    """(line, text, reason) of the rows that name none."""


def ledger(text: str, file: str, logs: pl.DataFrame) -> Ledger:
    """Read the predecessor's ledger (columns date, title, url) against the ARCHIVE rows of its logs."""
    titles = {
        (day, paper_id): title for day, paper_id, title in logs.select(*ARCHIVE.key, "title").iter_rows()
    }
    ranks = Counter(dict(logs.group_by("list_date").agg(pl.max("rank")).iter_rows()))
    added: dict[tuple[date, str], dict[str, Any]] = {}
    unparsed: list[tuple[int, str, str]] = []
    listed = differing = 0
    reader = csv.reader(io.StringIO(text, newline=""))
    for cells in reader:
        line = reader.line_num
        if line == 1 and cells[:3] == ["date", "title", "url"]:
            continue
        key = _listing(cells)
        if key is None:
            if any(cell.strip() for cell in cells):
                unparsed.append((line, ",".join(cells), "bad_ledger_row"))
            continue
        listed += 1
        title = plain(cells[1])
        if key in titles:
            differing += _squeezed(titles[key]) != _squeezed(title)
        elif key not in added:
            ranks[key[0]] += 1
            added[key] = _row(key, title or key[1], ranks[key[0]], file, line, ",".join(cells))
    rows = pl.DataFrame(list(added.values()), schema=ARCHIVE.empty().schema)
    return Ledger(rows, listed, differing, unparsed)


def _listing(cells: list[str]) -> tuple[date, str] | None:
    match = _ARXIV_URL.fullmatch(cells[2].strip()) if len(cells) == 3 else None
    if match is None or not re.fullmatch(PAPER_ID_PATTERN, match[1]):
        return None
    try:
        return date.fromisoformat(cells[0]), match[1]
    except ValueError:
        return None


def _row(key: tuple[date, str], title: str, rank: int, file: str, line: int, raw: str) -> dict[str, Any]:
    return {
        "list_date": key[0],
        "paper_id": key[1],
        "rank": rank,
        "title": title,
        "authors": [],
        "is_authors_truncated": True,
        "media_urls": [],
        "repairs": ["ledger_only"],
        "file": file,
        "line": line,
        "layout": "",
        "raw": raw,
    }


def conflicts(archive: pl.DataFrame, papers: pl.DataFrame, abstracts: pl.DataFrame) -> Counter[str]:
    """Listings of the archive that another source contradicts, by what it contradicts.

    ``listing title`` and ``listing authors`` against the day list of that date, ``arxiv title`` and
    ``arxiv authors`` against arXiv. Spelling that differs only in case and punctuation is no conflict,
    nor are authors that the log leaves out.
    """
    arxiv = abstracts.filter(pl.col("abstract_source") == "arxiv")
    beside = {
        "listing": papers.select(*PAPERS.key, other_title="title", other_authors="authors"),
        "arxiv": arxiv.select("paper_id", other_title="title", other_authors="arxiv_authors"),
    }
    counts: Counter[str] = Counter()
    for name, other in beside.items():
        keys = [column for column in PAPERS.key if column in other.columns]
        for row in archive.join(other, on=keys, how="inner").iter_rows(named=True):
            counts[f"{name} title"] += _squeezed(row["title"]) != _squeezed(row["other_title"])
            ours, theirs = (
                set(map(_squeezed, row["authors"])),
                set(map(_squeezed, row["other_authors"] or [])),
            )
            is_partial = row["is_authors_truncated"] and ours <= theirs
            counts[f"{name} authors"] += bool(ours and theirs and ours != theirs and not is_partial)
    return +counts


def _squeezed(text: str) -> str:
    return _SAME.sub("", text).casefold()
