"""The frames that pictures are drawn from: weeks without a gap, categories whose shares add up."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms.trends import (
    CATEGORIES,
    CATEGORIES_SHOWN,
    REST,
    WEEKS,
    papers_and_votes_by_week,
    papers_by_category,
)

MONDAY = date(2026, 3, 2)
COLUMNS = {"list_date": pl.Date, "upvotes": pl.Int64, "primary_category": pl.String}


def listings(*rows: tuple[date, int | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COLUMNS, orient="row")


def test_papers_and_median_votes_are_told_by_monday() -> None:
    weeks = papers_and_votes_by_week(
        listings(
            (MONDAY, 3, None),
            (MONDAY + timedelta(days=6), 8, None),
            (MONDAY + timedelta(days=1), None, None),
            (MONDAY + timedelta(days=7), 5, None),
        )
    )
    expected = [(MONDAY, 3, 5.5), (MONDAY + timedelta(days=7), 1, 5.0)]
    assert_frame_equal(weeks, pl.DataFrame(expected, schema=WEEKS, orient="row"))


def test_an_empty_week_has_no_papers_and_no_median() -> None:
    weeks = papers_and_votes_by_week(listings((MONDAY, 1, None), (MONDAY + timedelta(days=15), None, None)))
    expected = [
        (MONDAY, 1, 1.0),
        (MONDAY + timedelta(days=7), 0, None),
        (MONDAY + timedelta(days=14), 1, None),
    ]
    assert_frame_equal(weeks, pl.DataFrame(expected, schema=WEEKS, orient="row"))


def test_a_short_history_is_told_by_week_without_listings_of_no_category() -> None:
    categories = papers_by_category(
        listings(
            (MONDAY, 1, "cs.CL"),
            (MONDAY + timedelta(days=2), 1, "cs.CL"),
            (MONDAY + timedelta(days=3), 1, "cs.CV"),
            (MONDAY + timedelta(days=3), 1, None),
            (MONDAY + timedelta(days=7), 1, "cs.CV"),
        )
    )
    second = MONDAY + timedelta(days=7)
    expected = [
        (MONDAY, second, "cs.CL", 2, 2 / 3),
        (MONDAY, second, "cs.CV", 1, 1 / 3),
        (second, second + timedelta(days=7), "cs.CV", 1, 1.0),
    ]
    assert_frame_equal(categories, pl.DataFrame(expected, schema=CATEGORIES, orient="row"))


def test_a_long_history_is_told_by_month() -> None:
    categories = papers_by_category(
        listings((date(2025, 2, 28), 1, "cs.CL"), (date(2025, 2, 3), 1, "cs.CL"), (MONDAY, 1, "cs.CL"))
    )
    periods = categories.select("start", "until", "papers").rows()
    assert periods == [
        (date(2025, 2, 1), date(2025, 3, 1), 2),
        (date(2026, 3, 1), date(2026, 4, 1), 1),
    ]


def test_categories_beyond_the_most_frequent_stand_together() -> None:
    rows = [(MONDAY, 1, f"cs.{letter}") for letter in "ABCDEFGH" for _ in range(2 if letter == "H" else 1)]
    categories = papers_by_category(listings(*rows))
    assert set(categories["category"]) == {"cs.H", "cs.A", "cs.B", "cs.C", "cs.D", "cs.E", REST}
    assert categories.filter(category=REST)["papers"].to_list() == [2]


def test_no_rows_are_no_weeks_and_no_categories() -> None:
    assert papers_and_votes_by_week(listings()).schema == WEEKS
    assert papers_by_category(listings()).schema == CATEGORIES
    unknown = listings((MONDAY, 1, None))
    assert papers_by_category(unknown).is_empty()


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.dates(date(2023, 11, 1), date(2026, 12, 31)),
            st.none() | st.integers(0, 500),
            st.none() | st.sampled_from([f"cs.{letter}" for letter in "ABCDEFGHIJ"]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_every_listing_is_counted_once_whatever_the_order(
    rows: list[tuple[date, int | None, str | None]],
) -> None:
    frame = listings(*rows)
    weeks = papers_and_votes_by_week(frame)
    assert weeks["papers"].sum() == frame.height
    assert weeks["week"].diff().drop_nulls().unique().to_list() in ([], [timedelta(weeks=1)])
    assert_frame_equal(weeks, papers_and_votes_by_week(frame.reverse()))
    categories = papers_by_category(frame)
    assert categories["papers"].sum() == frame["primary_category"].count()
    assert categories["category"].n_unique() <= CATEGORIES_SHOWN + 1
    shares = categories.group_by("start").agg(pl.col("share").sum())["share"]
    assert all(abs(share - 1) < 1e-9 for share in shares)
    assert_frame_equal(categories, papers_by_category(frame.reverse()))
