"""RELEASE's list dates, votes and categories into the small frames that the pictures are drawn from.

Delisted papers are the caller's to leave out. Called by flows/release.py, which hands the frames on to
transforms/pictures.py.
"""

from datetime import timedelta
from typing import Final

import polars as pl

REST: Final = "other"
"""Stands for all categories beyond the most frequent."""
CATEGORIES_SHOWN: Final = 6
LONGEST_BY_DAY: Final = timedelta(weeks=26)
"""Longer histories are told by month."""
WEEKS: Final = pl.Schema({"week": pl.Date, "papers": pl.Int64, "median_upvotes": pl.Float64})
CATEGORIES: Final = pl.Schema(
    {"start": pl.Date, "until": pl.Date, "category": pl.String, "papers": pl.Int64, "share": pl.Float64}
)


def papers_and_votes_by_week(listings: pl.DataFrame) -> pl.DataFrame:
    """WEEKS: listings and their median votes by Monday, from the first week to the last without a gap.

    Unknown votes do not count; a week without known votes has none.
    """
    if listings.is_empty():
        return WEEKS.to_frame()
    weeks = (
        listings.group_by(pl.col("list_date").dt.truncate("1w").alias("week"))
        .agg(papers=pl.len().cast(pl.Int64), median_upvotes=pl.col("upvotes").median().cast(pl.Float64))
        .sort("week")
    )
    whole = weeks.select(pl.date_range(pl.col("week").min(), pl.col("week").max(), "1w").alias("week"))
    return whole.join(weeks, on="week", how="left").with_columns(pl.col("papers").fill_null(0)).sort("week")


def papers_by_category(listings: pl.DataFrame) -> pl.DataFrame:
    """CATEGORIES: listings by primary category, per week or, in a long history, per month.

    The most frequent categories stand alone, all others together as REST. A listing without category (arXiv
    has not answered yet) is left out, so the shares of a period add up to one.
    """
    known = listings.filter(pl.col("primary_category").is_not_null())
    if known.is_empty():
        return CATEGORIES.to_frame()
    # Names break ties, so that the same rows in another order give the same picture.
    counts = (
        known.group_by("primary_category").len().sort("len", "primary_category", descending=[True, False])
    )
    shown = counts["primary_category"].head(CATEGORIES_SHOWN).to_list()
    period = "1w" if _span(known) <= LONGEST_BY_DAY else "1mo"
    named = pl.col("primary_category")
    return (
        known.group_by(
            start=pl.col("list_date").dt.truncate(period),
            category=pl.when(named.is_in(shown)).then(named).otherwise(pl.lit(REST)),
        )
        .agg(papers=pl.len().cast(pl.Int64))
        .with_columns(
            until=pl.col("start").dt.offset_by(period),
            share=pl.col("papers") / pl.col("papers").sum().over("start"),
        )
        .select(CATEGORIES.names())
        .sort("start", "category")
    )


def _span(listings: pl.DataFrame) -> timedelta:
    span: timedelta = listings.select(pl.col("list_date").max() - pl.col("list_date").min()).item()
    return span
