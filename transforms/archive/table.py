"""ARCHIVE rows of the papers of documents.

Columns are built flat and cut into lists by Polars, which takes a fifth of the time that nested Python lists
take. Called by flows/import_archive.py.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

import polars as pl

from schemas.tables import ARCHIVE
from transforms.archive.document import Document
from transforms.archive.layout import Paper
from transforms.text import encodable

_MODELS: Final = (
    (date(2024, 7, 31), "gpt-4o"),
    (date(2024, 7, 22), "gpt-4o-mini"),
    (date(2024, 6, 7), "gpt-4o"),
    (date(2024, 4, 15), "gpt-4-turbo"),
    (date.min, "gpt-4-1106-preview"),
)
"""First list date of each model that the predecessor's code named, latest first."""
_CONTENT: Final = ("title", "upvotes", "authors", "thumbnail_url", "media_urls", "summary")


class ArchiveRows(NamedTuple):
    """ARCHIVE rows by list date and rank, and a sentence for each paper that stands on one list twice."""

    rows: pl.DataFrame
    duplicates: list[str]


class _Listing(NamedTuple):
    rank: int
    paper: Paper
    file: str


def archive_rows(documents: Iterable[Document]) -> ArchiveRows:
    """The papers of all documents; of a paper that stands on one list twice, the first one read.

    The rank is the place on the day's list, which goes on where the documents have more of the same day.
    """
    kept: dict[tuple[date, str], _Listing] = {}
    places: dict[date, int] = {}
    duplicates: list[str] = []
    for document in documents:
        for paper in document.papers:
            key = paper.list_date, paper.paper_id
            if key in kept:
                duplicates.append(_duplicate(kept[key], paper, document.file))
            else:
                places[paper.list_date] = rank = places.get(paper.list_date, 0) + 1
                kept[key] = _Listing(rank, paper, document.file)
    return ArchiveRows(_frame(sorted(kept.values(), key=_place)), duplicates)


def _place(listing: _Listing) -> tuple[date, int]:
    return listing.paper.list_date, listing.rank


def _duplicate(first: _Listing, other: Paper, file: str) -> str:
    differing = [name for name in _CONTENT if getattr(first.paper, name) != getattr(other, name)]
    how = f"they differ in {', '.join(differing)}" if differing else "they are identical"
    return (
        f"{other.paper_id} is on the list of {other.list_date} twice, {first.file}:{first.paper.line} and "
        f"{file}:{other.line}; {how}. The first is taken."
    )


def _model(list_date: date) -> str:
    return next(model for first, model in _MODELS if list_date >= first)


def _frame(listings: Sequence[_Listing]) -> pl.DataFrame:
    papers = [listing.paper for listing in listings]
    schema = ARCHIVE.empty().schema
    flat = pl.DataFrame(
        {
            "list_date": [paper.list_date for paper in papers],
            "paper_id": [paper.paper_id for paper in papers],
            "rank": [listing.rank for listing in listings],
            "title": [paper.title for paper in papers],
            "upvotes": [paper.upvotes for paper in papers],
            "authors": ["\n".join(paper.authors) for paper in papers],
            "is_authors_truncated": [paper.is_authors_truncated for paper in papers],
            "thumbnail_url": [paper.thumbnail_url for paper in papers],
            "media_urls": ["\n".join(paper.media_urls) for paper in papers],
            "repairs": ["\n".join(paper.repairs) for paper in papers],
            "model": [_model(paper.list_date) for paper in papers],
            "file": _strings([listing.file for listing in listings]),
            "line": [paper.line for paper in papers],
            "layout": [paper.layout for paper in papers],
            "raw": _strings([paper.raw for paper in papers]),
        },
        schema={
            name: pl.String if isinstance(kind, pl.List) else kind
            for name, kind in schema.items()
            if name != "summary_ko"
        },
    )
    lists = [name for name, kind in schema.items() if kind == pl.List(pl.String)]
    return flat.with_columns(*map(_cut, lists), _summaries(papers)).select(schema.names())


def _cut(name: str) -> pl.Expr:
    """The list behind a joined column; no name and no address has a line end in it."""
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return pl.when(pl.col(name) == "").then(nothing).otherwise(pl.col(name).str.split("\n")).alias(name)


def _summaries(papers: Sequence[Paper]) -> pl.Series:
    """The summaries, null for a paper without one."""
    bullets = pl.DataFrame(
        {
            "paper": [number for number, paper in enumerate(papers) for _ in paper.summary],
            "section": [section for paper in papers for section, _ in paper.summary],
            "text": [text for paper in papers for _, text in paper.summary],
        },
        schema={"paper": pl.Int64, "section": pl.String, "text": pl.String},
    )
    summaries = bullets.group_by("paper", maintain_order=True).agg(summary_ko=pl.struct("section", "text"))
    everyone = pl.DataFrame({"paper": range(len(papers))}, schema={"paper": pl.Int64})
    return everyone.join(summaries, on="paper", how="left", maintain_order="left")["summary_ko"]


def _strings(texts: list[str]) -> pl.Series:
    """The texts as a column; lone surrogates, which few trees have, are spelt out."""
    try:
        return pl.Series(texts, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series([*map(encodable, texts)], dtype=pl.String)
