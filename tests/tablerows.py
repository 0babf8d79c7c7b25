"""Rows of the lake's tables with a sensible value in every column, for tests to change one at a time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PAPERS, RELEASE, TRANSLATIONS, VOTES, Table
from transforms.prompt import source_of
from transforms.recipe import Recipe

DAY = date(2026, 3, 5)
SEEN = datetime(2026, 3, 5, 23, 0, 1, tzinfo=UTC)
LATER = datetime(2026, 3, 6, 23, 0, 2, tzinfo=UTC)
TITLE = "Millstone: Grinding Long Documents"
ABSTRACT = (
    "We present Millstone, a compact model that reads long documents in parts. It is trained for 3 days on "
    "public data only. It reaches 81.5% accuracy on our test set."
)
RECIPE = Recipe("gpt-test")


def frame(table: Table, *rows: dict[str, Any]) -> pl.DataFrame:
    """The rows as a frame of the table; columns that a row leaves out are null."""
    return pl.DataFrame(list(rows), schema=table.empty().schema)


def paper(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of PAPERS."""
    return {
        "list_date": DAY,
        "paper_id": paper_id,
        "rank": 1,
        "upvotes": 3,
        "comment_count": 1,
        "first_seen_at": SEEN,
        "last_seen_at": SEEN,
        "title": TITLE,
        "authors": ["Bo-ra Kim", "Alva Lind"],
        "hub_abstract": ABSTRACT,
        "is_withdrawn": False,
        "media_urls": [],
        "ai_keywords": [],
    } | values


def papers(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(PAPERS, *rows)


def vote(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of VOTES."""
    return {
        "list_date": DAY,
        "paper_id": paper_id,
        "observed_at": SEEN,
        "upvotes": 3,
        "comment_count": 1,
    } | values


def votes(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(VOTES, *rows)


def abstract(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of ABSTRACTS, from the Hub."""
    return {
        "paper_id": paper_id,
        "title": TITLE,
        "abstract": ABSTRACT,
        "abstract_source": "huggingface",
        "fetched_at": SEEN,
    } | values


def abstracts(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(ABSTRACTS, *rows)


def archived(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of ARCHIVE."""
    return {
        "list_date": DAY,
        "paper_id": paper_id,
        "rank": 1,
        "title": TITLE,
        "upvotes": 2,
        "authors": ["Bo-ra Kim", "Alva Lind"],
        "is_authors_truncated": False,
        "media_urls": [],
        "summary_ko": [{"section": None, "text": "문서를 읽는 모델입니다."}],
        "repairs": [],
        "model": "gpt-4-turbo",
        "file": "paper_logs/2026/03/05.md",
        "line": 3,
        "layout": "",
        "raw": "### …",
    } | values


def archive(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(ARCHIVE, *rows)


def translation(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One ok row of TRANSLATIONS, made from TITLE and ABSTRACT."""
    return {
        "paper_id": paper_id,
        "source_sha256": source_of(paper_id, TITLE, ABSTRACT).source_sha256,
        "recipe_id": RECIPE.recipe_id,
        "translation_status": "ok",
        "title_ko": "Millstone: 긴 문서 갈기",
        "abstract_ko": "이 논문은 긴 문서를 나누어 읽는 모델을 제시합니다.",
        "summary_ko": [{"section": "What's New", "text": "새 모델을 제시합니다."}],
        "translation_issues": [],
        "model": "gpt-test-1",
        "prompt_version": RECIPE.prompt_version,
        "translated_at": SEEN,
        "rounds": 1,
        "answers": [paid_answer()],
        "calls": 1,
        **TOKENS,
        "cost_usd": 0.001,
    } | values


TOKENS = {"input_tokens": 900, "cached_tokens": 0, "output_tokens": 400, "reasoning_tokens": 0}


def paid_answer(**values: Any) -> dict[str, Any]:
    """One entry of a translation's ``answers``."""
    told = {"answered_at": SEEN, "model": "gpt-test", "purpose": "translate", "is_batch": False}
    return {**told, **TOKENS, "cost_usd": 0.001} | values


ERROR = {"code": "register", "severity": "error", "field": "abstract_ko", "message": "Not 합니다체."}


def rejection(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One rejected row of TRANSLATIONS, with the Korean of its best answer."""
    return translation(paper_id, translation_status="rejected", translation_issues=[ERROR]) | values


def translations(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(TRANSLATIONS, *rows)


def corrected(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of CORRECTIONS, of ``translation``'s Korean."""
    before = translation(paper_id)
    return {
        "paper_id": paper_id,
        "source_sha256": before["source_sha256"],
        "corrected_at": LATER,
        "title_ko": "Millstone: 긴 문서를 나누어 읽기",
        "abstract_ko": before["abstract_ko"],
        "summary_ko": before["summary_ko"],
        "translation_issues": [],
        "corrected_by": "Kim Minji",
        "correction_reason": "The title said grinding.",
        "status_before": "ok",
        "title_before": before["title_ko"],
        "abstract_before": before["abstract_ko"],
        "summary_before": before["summary_ko"],
        "model": before["model"],
        "prompt_version": before["prompt_version"],
        "translated_at": before["translated_at"],
    } | values


def taken_back(at: datetime, paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """The row of CORRECTIONS that takes the one of ``at`` back, an hour later."""
    nothing = {"title_ko": None, "abstract_ko": None, "summary_ko": None}
    when = {"corrected_at": at + timedelta(hours=1), "takes_back": at}
    return corrected(paper_id, **nothing, **when) | values


def corrections(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(CORRECTIONS, *rows)


def released(paper_id: str = "2603.00001", **values: Any) -> dict[str, Any]:
    """One row of RELEASE, not translated yet."""
    listed = {name: value for name, value in paper(paper_id).items() if name != "hub_abstract"}
    return {
        **listed,
        "abstract": ABSTRACT,
        "abstract_source": "huggingface",
        "translation_status": "pending",
        "translation_issues": [],
    } | values


def release_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    return frame(RELEASE, *rows)
