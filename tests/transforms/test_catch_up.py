"""Which missed days a scheduled run takes besides its own."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from transforms.catch_up import catch_up, reach

DAY = date(2026, 3, 19)
"""A Thursday."""


def days(first: str, count: int) -> set[date]:
    return {date.fromisoformat(first) + timedelta(days=step) for step in range(count)}


def test_reach_is_the_days_before_oldest_first() -> None:
    assert reach(DAY, 3) == [date(2026, 3, 16), date(2026, 3, 17), date(2026, 3, 18)]
    assert reach(DAY, 0) == []


def test_a_lake_that_was_fed_every_day_has_missed_nothing() -> None:
    fed = days("2026-02-01", 46)
    assert catch_up(DAY, 14, fed, fed) == ([], "")


def test_days_without_a_fetch_are_missed_and_empty_fetched_ones_are_not() -> None:
    listed = days("2026-03-02", 5)
    fetched = listed | days("2026-03-07", 2)
    missed = catch_up(DAY, 14, listed, fetched)
    assert missed.days == sorted(days("2026-03-09", 10))
    assert missed.gap == ""


def test_a_new_lake_catches_up_nothing() -> None:
    assert catch_up(DAY, 14, set(), set()) == ([], "")
    assert catch_up(DAY, 14, {date(2026, 3, 18)}, {date(2026, 3, 18)}) == ([], "")


def test_a_bound_of_no_days_catches_up_nothing() -> None:
    assert catch_up(DAY, 0, days("2026-01-05", 5), set()) == ([], "")


def test_what_lies_beyond_reach_is_named_with_its_command() -> None:
    missed = catch_up(DAY, 14, days("2026-02-09", 5), set())
    assert missed.days == reach(DAY, 14)
    assert missed.gap == (
        "2026-02-14 to 2026-03-04: expected lists, got none; no run came, and a run catches up 14 days. To "
        "take them: daily-papers backfill --since 2026-02-14 --until 2026-03-04"
    )


def test_a_gap_of_a_weekend_alone_is_none() -> None:
    friday = days("2026-02-27", 1)
    assert catch_up(date(2026, 3, 16), 14, friday, set()) == (reach(date(2026, 3, 16), 14), "")


dates = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@given(dates, st.integers(0, 60), st.sets(dates), st.sets(dates))
def test_caught_up_days_are_missed_ones_within_reach_after_the_lakes_first(
    day: date, bound: int, listed: set[date], fetched: set[date]
) -> None:
    caught = catch_up(day, bound, listed, fetched).days
    assert caught == sorted(set(caught))
    assert set(caught) <= set(reach(day, bound)) - fetched
    assert all(min(listed) < each < day for each in caught)
