"""Rows of PAPERS out of the bytes of a day list, and what had to be refused.

Renaming from the Hub's names to ours happens here and nowhere else. The key's date is the one asked
for: the dates inside a payload changed meaning in 2025-03. Called by flows/extract.py.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from pydantic import ValidationError

from schemas.payloads import REQUIRED, DailyPaper, HubPaper, Organization
from schemas.tables import PAPER_ID_PATTERN, PAPERS, REJECTED
from transforms.text import encodable, plain, sha256_of

# The Hub's top-level publishedAt was the time of listing until 2025-03-10; since then it is the paper's
# own date shifted by New York's offset, also for older lists fetched today.
_SHIFTED = (timedelta(hours=4), timedelta(hours=5))
_GITHUB = re.compile(r"https?://(?:www\.)?github\.com/([\w.-]+)/([\w.-]+)", re.ASCII)
_HTTP_URL = re.compile(r"https?://[^\s<>\"]+")
_NAME = re.compile(r"\w")
_FACTS = [
    c for c in PAPERS.schema.column_names() if c not in ("first_seen_at", "last_seen_at", "delisted_at")
]


@dataclass
class DayList:
    """One fetch of one day's list: every record in it is in exactly one of the counts."""

    list_date: date
    fetched_at: datetime
    papers: pl.DataFrame
    """PAPERS rows as if first seen by this fetch, in list order."""
    rejected: pl.DataFrame
    """REJECTED rows: records that cannot stand in the table, kept whole."""
    record_count: int = 0
    repeated_count: int = 0
    """Records that stood earlier in the same list: of a paper taken, or the same broken one."""
    ignored_fields: Counter[str] = field(default_factory=Counter)
    """Optional fields whose value had the wrong type, by name; the paper stands without them."""
    is_whole: bool = True
    """False when a page was refused: a paper that is not here may stand on it."""


def day_list(pages: list[bytes], list_date: date, fetched_at: datetime) -> DayList:
    """The day list that these pages hold: accepted rows, rejections, repeats.

    A page that is not a JSON list is one rejection (``not_json``, ``not_a_list``); a record that lacks a
    required field or whose id is not an arXiv id as text is one rejection (``bad_record``). Where two
    records name the same paper the first one counts, as the list's own order does.
    """
    accepted: dict[str, dict[str, Any]] = {}
    rejections: list[dict[str, Any]] = []
    day = DayList(list_date, fetched_at, PAPERS.empty(), REJECTED.empty())

    def reject(row: str, reason: str, detail: str, paper_id: str | None = None) -> None:
        rejections.append(
            {
                "list_date": list_date,
                "step": "extract",
                "row_sha256": sha256_of(row),
                "paper_id": paper_id,
                "reason": reason,
                "detail": encodable(detail),
                "row": encodable(row),
                "rejected_at": fetched_at,
            }
        )

    for page in pages:
        records = records_of(page)
        if isinstance(records, Refusal):
            day.record_count += 1
            day.is_whole = False
            reject(page.decode("utf-8", "replace"), records.reason, records.detail)
            continue
        for record in records:
            day.record_count += 1
            try:
                paper, ignored = _read_record(record)
            except ValidationError as error:
                raw_id = _raw_id(record)
                reject(json.dumps(record, ensure_ascii=False), "bad_record", _first_fault(error), raw_id)
                continue
            day.ignored_fields.update(ignored)
            if paper.paper.id in accepted:
                day.repeated_count += 1
            else:
                accepted[paper.paper.id] = _row(paper, list_date, len(accepted) + 1, fetched_at)
    day.papers = pl.DataFrame(list(accepted.values()), schema=PAPERS.empty().schema)
    refused = pl.DataFrame(rejections, schema=REJECTED.empty().schema)
    day.rejected = refused.unique(REJECTED.key, maintain_order=True)
    day.repeated_count += refused.height - day.rejected.height
    return day


@dataclass(frozen=True)
class Refusal:
    """Why a whole page was refused: a reason by name, and what came."""

    reason: str
    detail: str


def records_of(page: bytes) -> list[Any] | Refusal:
    """The records of a page, or why it is no list."""
    try:
        payload = json.loads(page)
    except (ValueError, RecursionError) as error:
        return Refusal("not_json", f"expected a JSON list, got {page[:40]!r} ({error})")
    if not isinstance(payload, list):
        return Refusal("not_a_list", f"expected a JSON list, got {type(payload).__name__}: {page[:40]!r}")
    return payload


def paper_ids_of(page: bytes) -> set[str]:
    """Raw ids on a page, for knowing whether another page brought anything new."""
    records = records_of(page)
    return set() if isinstance(records, Refusal) else {str(_raw_id(record)) for record in records}


def _raw_id(record: Any) -> str | None:
    paper = record.get("paper") if isinstance(record, dict) else None
    raw = paper.get("id") if isinstance(paper, dict) else None
    return raw if isinstance(raw, str) and re.fullmatch(PAPER_ID_PATTERN, raw) else None


def _read_record(record: Any) -> tuple[DailyPaper, list[str]]:
    """The record, and the optional fields dropped because their value had the wrong type."""
    ignored: list[str] = []
    while True:
        try:
            return DailyPaper.model_validate(record), ignored
        except ValidationError as error:
            place = _optional_place(error)
            if place is None:
                raise
            record = _without(record, place)
            ignored.append(place[-1])


def _optional_place(error: ValidationError) -> tuple[str, ...] | None:
    """Path of a faulty field if all of them may be dropped, else None."""
    for fault in error.errors():
        place = tuple(str(part) for part in fault["loc"][: 2 if fault["loc"][:1] == ("paper",) else 1])
        if not place or place in REQUIRED:
            return None
    return place


def _without(record: Any, place: tuple[str, ...]) -> Any:
    head, *rest = place
    if rest:
        return {**record, head: _without(record[head], tuple(rest))}
    return {key: value for key, value in record.items() if key != head}


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"]) or "record"
    return f"{place}: {fault['msg']}, got {str(fault['input'])[:60]!r}"


def _row(record: DailyPaper, list_date: date, rank: int, fetched_at: datetime) -> dict[str, Any]:
    paper = record.paper
    media = dict.fromkeys(url for url in map(http_url, [*record.media_urls, *paper.media_urls]) if url)
    return {
        "list_date": list_date,
        "paper_id": paper.id,
        "rank": rank,
        "upvotes": paper.upvotes,
        "comment_count": record.comment_count,
        "submitted_at": _submitted_at(record),
        "submitted_by": _submitted_by(record),
        "first_seen_at": fetched_at,
        "last_seen_at": fetched_at,
        "delisted_at": None,
        "title": plain(paper.title) or paper.id,
        "authors": _authors(paper),
        "published_at": paper.published_at,
        "hub_abstract": plain(paper.summary or "") or None,
        "is_withdrawn": paper.withdrawn_at is not None,
        "organization": _organization(paper.organization or record.organization),
        "github_repo": github_repo(paper.github_repo),
        "github_stars": paper.github_stars,
        "project_page": http_url(paper.project_page),
        "thumbnail_url": http_url(record.thumbnail or record.media_url),
        "media_urls": list(media),
        "ai_summary": plain(paper.ai_summary or "") or None,
        "ai_keywords": [word for word in map(plain, paper.ai_keywords) if word],
    }


def _organization(shown: Organization | None) -> str | None:
    return plain(shown.fullname or shown.name or "") or None if shown else None


def _authors(paper: HubPaper) -> list[str]:
    """Names in order; hidden ones and those without a letter (a fake author ":") are not the paper's."""
    return [
        name for author in paper.authors if not author.hidden and _NAME.search(name := plain(author.name))
    ]


def _submitted_at(record: DailyPaper) -> datetime | None:
    if record.paper.submitted_on_daily_at is not None:
        return record.paper.submitted_on_daily_at
    listed, published = record.published_at, record.paper.published_at
    if listed is None or (published is not None and published - listed in _SHIFTED):
        return None
    return listed


def _submitted_by(record: DailyPaper) -> str | None:
    for account in (record.submitted_by, record.paper.submitted_on_daily_by):
        if account is not None and (handle := plain(account.user or account.name or "")):
            return handle
    return None


def http_url(url: str | None) -> str | None:
    """The URL with white space cut away, or None when it is not http(s): relative avatars, scripts.

    >>> http_url(" https://example.org/a "), http_url("/avatars/1.svg")
    ('https://example.org/a', None)
    """
    joined = "".join(plain(url or "").split())
    return joined if _HTTP_URL.fullmatch(joined) else None


def github_repo(url: str | None) -> str | None:
    """https://github.com/owner/name out of what submitters paste, or None when it names no repository.

    >>> github_repo("https://github.com/lab/kit/tree/main/docs"), github_repo("https://github.com/lab")
    ('https://github.com/lab/kit', None)
    """
    match = _GITHUB.match(http_url(url) or "")
    return f"https://github.com/{match[1]}/{match[2].removesuffix('.git')}" if match else None
