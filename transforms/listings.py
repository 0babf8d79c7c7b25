"""A day's rows of PAPERS and VOTES after another fetch of its list.

Two facts of the source shape it (measured over 434 re-fetched dates): a list grows and shrinks for days
after its date, so a fetch is merged into what is known and a vanished paper is marked, never deleted;
and a fetch that brings nothing new must change nothing, so ``last_seen_at`` moves only together with
something else of the same day. Called by flows/extract.py.
"""

import polars as pl

from schemas.tables import VOTES
from transforms.papers import DayList

# Facts of the moment of listing: a later fetch that leaves them out has not unmade them.
_KEPT = ["first_seen_at", "submitted_at", "submitted_by"]


def merged_papers(known: pl.DataFrame, day: DayList) -> pl.DataFrame:
    """PAPERS rows of the day after this fetch, in list order, what vanished last.

    ``known`` are the day's rows before it. Rows that the fetch no longer holds get ``delisted_at``, unless a
    page of it was unreadable; rows that came back lose it. When nothing but the clock moved, ``known``
    comes back as it was.
    """
    kept = known.select("paper_id", pl.col(_KEPT).name.prefix("known_"))
    current = day.papers.join(kept, on="paper_id", how="left", maintain_order="left").with_columns(
        first_seen_at=pl.coalesce("known_first_seen_at", "first_seen_at"),
        submitted_at=pl.coalesce("submitted_at", "known_submitted_at"),
        submitted_by=pl.coalesce("submitted_by", "known_submitted_by"),
    )
    vanished = known.join(day.papers, on="paper_id", how="anti")
    if day.is_whole:
        gone_at = pl.lit(day.fetched_at, dtype=known.schema["delisted_at"])
        vanished = vanished.with_columns(delisted_at=pl.coalesce("delisted_at", gone_at))
    merged = pl.concat([current.select(known.columns), vanished]).sort("rank", "paper_id")
    moving = pl.exclude("last_seen_at")
    before = known.sort("rank", "paper_id")
    return known if merged.select(moving).equals(before.select(moving)) else merged


def change_counts(known: pl.DataFrame, merged: pl.DataFrame) -> dict[str, int]:
    """How many of the day's rows are new, changed, unchanged, delisted by this merge."""
    moving = pl.exclude("last_seen_at")
    before, after = known.select(moving), merged.select(moving)
    same = after.join(before, on=after.columns, how="semi", nulls_equal=True).height
    new = after.join(before, on="paper_id", how="anti").height
    delisted = (
        after.filter(pl.col("delisted_at").is_not_null())
        .join(before.filter(pl.col("delisted_at").is_not_null()), on="paper_id", how="anti")
        .height
    )
    return {
        "new": new,
        "changed": after.height - same - new - delisted,
        "unchanged": same,
        "delisted": delisted,
    }


def new_votes(known: pl.DataFrame, day: DayList) -> pl.DataFrame:
    """VOTES rows for the papers whose counts differ from their last observation, or that have none."""
    counts = ["paper_id", "upvotes", "comment_count"]
    last = known.sort("observed_at").unique("paper_id", keep="last").select(counts)
    return (
        day.papers.with_columns(observed_at=pl.col("last_seen_at"))
        .select(VOTES.schema.column_names())
        .join(last, on=counts, how="anti", nulls_equal=True)
    )
