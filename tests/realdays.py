"""The stored day lists and logs, read twice: into a lake by the transforms, and by plain Python.

The second reading shares nothing with the first but the files, so that an answer over the lake can be
checked against it. Korean by a made rule stands where the stored data has none.
"""

import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.storage import Lake
from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PAPERS, TRANSLATIONS, VOTES
from tablerows import TOKENS, frame, paid_answer
from transforms.abstracts import hub_abstracts
from transforms.listings import merged_papers, new_votes
from transforms.papers import day_list
from transforms.release import listings, release
from transforms.translations import translation_sources

STORED = Path(__file__).parents[2] / "shared" / "data"
LISTS = STORED / "daily_papers"
LOGS = STORED / "archive" / "paper_logs"
needs_them = pytest.mark.skipif(
    not (LISTS.exists() and LOGS.exists()),
    reason="the stored data is not beside this checkout (../shared/data)",
)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
KOREAN = "이 논문은 강화학습을 다룹니다."
_HEADING = re.compile(r"### \[.*\]\(https://arxiv\.org/abs/(\d{4}\.\d{5})\)")


def fetches() -> list[tuple[date, datetime, bytes]]:
    """(list date, fetched at, bytes) of each stored list, oldest fetch first."""
    found = []
    for path in sorted(LISTS.glob("*.json")):
        day, _, rest = path.stem.partition("@")
        at = datetime.strptime(rest[:18], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
        found.append((date.fromisoformat(day), at, path.read_bytes()))
    return sorted(found, key=lambda fetch: fetch[1])


# By plain Python ---------------------------------------------------------------------------------


@dataclass
class Listing:
    """What one listing should be."""

    day: str
    paper_id: str
    votes: int | None
    authors: list[str] = field(default_factory=list)
    organization: str | None = None
    keywords: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    korean: list[str] = field(default_factory=list)
    status: str = "pending"
    is_delisted: bool = False

    @property
    def month(self) -> str:
        return self.day[:7]


def categories_of(paper_id: str) -> list[str] | None:
    """Categories by a made rule; none for one paper in ten, as where arXiv has not answered."""
    last = int(paper_id[-1])
    return None if last == 9 else ["cs.CL"] if last < 4 else ["cs.CV", "cs.LG"]


def made_status(paper_id: str) -> str | None:
    """What became of the translation, by a made rule."""
    return {"7": "ok", "3": "rejected"}.get(paper_id[-1])


def clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def expected_listings() -> list[Listing]:
    """Every listing of the stored lists and logs."""
    newest: dict[str, dict[str, Listing]] = {}
    for day, _, body in fetches():
        known = newest.setdefault(day.isoformat(), {})
        for listing in known.values():
            listing.is_delisted = True
        seen = set()
        for record in json.loads(body):
            listing = _listed(day.isoformat(), record)
            if listing.paper_id not in seen:
                known[listing.paper_id] = listing
            seen.add(listing.paper_id)
    logged = {(log["day"], log["paper_id"]): log for log in logs()}
    found = [listing for day in newest.values() for listing in day.values()]
    keys = {(listing.day, listing.paper_id) for listing in found}
    for key, log in logged.items():
        if key not in keys:
            found.append(Listing(*key, log["votes"], log["authors"]))
    for listing in found:
        _give_korean(
            listing, logged.get((listing.day, listing.paper_id)), (listing.day, listing.paper_id) in keys
        )
    return found


def _listed(day: str, record: dict[str, Any]) -> Listing:
    paper = record["paper"]
    names = [clean(author["name"]) for author in paper["authors"] if not author.get("hidden")]
    shown = paper.get("organization") or record.get("organization") or {}
    media = [*record.get("mediaUrls", []), *paper.get("mediaUrls", [])]
    return Listing(
        day,
        paper["id"],
        paper["upvotes"],
        [name for name in names if any(letter.isalnum() or letter == "_" for letter in name)],
        clean(shown.get("fullname") or shown.get("name") or "") or None,
        [word for word in map(clean, paper.get("ai_keywords", [])) if word],
        list(dict.fromkeys("".join(url.split()) for url in media)),
    )


def _give_korean(listing: Listing, log: dict[str, Any] | None, is_fetched: bool) -> None:
    status = made_status(listing.paper_id) if is_fetched else None
    if status == "ok":
        listing.status, listing.korean = "ok", [KOREAN]
    elif log is not None and log["bullets"]:
        listing.status, listing.korean = "archived", log["bullets"]
    elif status:
        listing.status = status


def logs() -> list[dict[str, Any]]:
    """The papers of the stored logs, one of each day's id."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(LOGS.rglob("*.md")):
        day = "-".join([*path.parts[-3:-1], path.stem])
        for lines in _sections(path.read_text(encoding="utf-8")):
            heading = _HEADING.match(lines[0])
            votes = next((line[5:].strip() for line in lines if line.startswith("Vote:")), "")
            authors = next((line[8:] for line in lines if line.startswith("Authors:")), "")
            if heading:
                paper = {
                    "day": day,
                    "paper_id": heading[1],
                    "votes": int(votes) if votes.isdigit() else None,
                    "authors": list(
                        dict.fromkeys(name.strip() for name in authors.split(",") if name.strip())
                    ),
                    "bullets": [
                        clean(line[2:]) for line in lines if line.startswith("- ") and clean(line[2:])
                    ],
                }
                found.setdefault((day, heading[1]), paper)
    return list(found.values())


def _sections(text: str) -> list[list[str]]:
    return [("### " + part).splitlines() for part in text.split("\n### ")[1:]]


# By the transforms -------------------------------------------------------------------------------


def fill(lake: Lake) -> None:
    """Fill the lake with all of it, as the flows would."""
    papers, votes = PAPERS.empty(), VOTES.empty()
    for day, at, body in fetches():
        fetched = day_list([body], day, at)
        of_day = pl.col("list_date") == day
        votes = pl.concat([votes, new_votes(votes.filter(of_day), fetched)])
        papers = pl.concat([papers.filter(~of_day), merged_papers(papers.filter(of_day), fetched)])
    logged = frame(ARCHIVE, *(_archive_row(number, log) for number, log in enumerate(logs())))
    listed = listings(papers, logged)
    abstracts = hub_abstracts(papers.unique("paper_id", keep="last"), NOW).with_columns(
        pl.col("paper_id").map_elements(categories_of, pl.List(pl.String)).alias("categories")
    )
    done = _translations(abstracts)
    for table, rows in ((PAPERS, papers), (VOTES, votes), (ABSTRACTS, abstracts), (ARCHIVE, logged)):
        lake.upsert(table, rows)
    lake.upsert(TRANSLATIONS, done)
    for month in listed.select(PAPERS.month.unique()).to_series():
        mine = PAPERS.month == month
        known = abstracts.join(listed.filter(mine), on="paper_id", how="semi")
        lake.write_release(
            month, release(papers.filter(mine), known, done, logged.filter(mine), CORRECTIONS.empty())
        )


def _translations(abstracts: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for source in translation_sources(abstracts).iter_rows(named=True):
        status = made_status(source["paper_id"])
        refused = [{"code": "no_hangul", "severity": "error", "field": "title_ko", "message": "no Korean"}]
        if status:
            rows.append(
                {
                    "paper_id": source["paper_id"],
                    "source_sha256": source["source_sha256"],
                    "recipe_id": "made",
                    "translation_status": status,
                    "title_ko": "제목" if status == "ok" else None,
                    "summary_ko": [{"section": None, "text": KOREAN}] if status == "ok" else None,
                    "translation_issues": [] if status == "ok" else refused,
                    "model": "gpt-test",
                    "prompt_version": "2026-01-01",
                    "translated_at": NOW,
                    "rounds": 1,
                    "answers": [paid_answer()],
                    "calls": 1,
                    **TOKENS,
                }
            )
    return frame(TRANSLATIONS, *rows)


def _archive_row(number: int, log: dict[str, Any]) -> dict[str, Any]:
    return {
        "list_date": date.fromisoformat(log["day"]),
        "paper_id": log["paper_id"],
        "rank": number + 1,
        "title": "As logged",
        "upvotes": log["votes"],
        "authors": log["authors"],
        "is_authors_truncated": False,
        "media_urls": [],
        "summary_ko": [{"section": None, "text": text} for text in log["bullets"]] or None,
        "repairs": [],
        "file": "log.md",
        "line": 1,
        "layout": "{}",
        "raw": "As logged",
    }
