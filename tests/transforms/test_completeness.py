"""When a day's list may stand, and when the run must fail."""

from datetime import date, timedelta

import pytest

from schemas.tables import PAPERS
from tablerows import SEEN, paper, papers
from transforms.completeness import (
    completeness,
    is_holiday,
    is_weekend,
    listed_per_day,
    neighbour_months,
    usual_count,
)

THURSDAY = date(2026, 3, 5)
FLOOR = 0.25
USUAL = {THURSDAY - timedelta(days=back): 40 for back in range(1, 30)}
"""Forty papers on each of the days before, weekends included."""


def kind(listed: int, known: int = 0, day: date = THURSDAY, recent: dict[date, int] | None = None) -> str:
    return completeness(day, listed, known, USUAL if recent is None else recent, FLOOR).kind


@pytest.mark.parametrize(
    ("listed", "expected"), [(40, "complete"), (10, "complete"), (9, "thin"), (1, "thin"), (0, "empty")]
)
def test_a_weekday_is_measured_against_the_floor(listed: int, expected: str) -> None:
    assert kind(listed) == expected


@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 8), date(2026, 7, 3), date(2026, 12, 25)])
def test_weekends_and_holidays_may_be_empty(day: date) -> None:
    assert kind(0, day=day) == "complete"


@pytest.mark.parametrize("day", [date(2026, 7, 2), date(2026, 12, 24)])
def test_beside_a_holiday_a_list_may_be_thin_and_not_empty(day: date) -> None:
    usual = {day - timedelta(days=back): 40 for back in range(1, 30)}
    assert kind(1, day=day, recent=usual) == "complete"
    assert kind(0, day=day, recent=usual) == "empty"


def test_without_enough_weekdays_known_only_an_empty_list_is_wrong() -> None:
    few = {THURSDAY - timedelta(days=back): 40 for back in (1, 2, 3, 6)}
    assert kind(1, recent=few) == "complete"
    assert kind(0, recent=few) == "empty"
    assert kind(1, recent=few | {THURSDAY - timedelta(days=7): 40}) == "thin"


@pytest.mark.parametrize(("listed", "known", "expected"), [(20, 40, "complete"), (19, 40, "shrunk")])
def test_a_list_that_lost_more_than_half_is_shrunk(listed: int, known: int, expected: str) -> None:
    assert kind(listed, known) == expected


def test_a_list_that_lost_everything_on_a_weekend_is_shrunk_too() -> None:
    assert kind(0, known=5, day=date(2026, 3, 7)) == "shrunk"


def test_the_sentence_tells_the_day_what_was_expected_and_what_came() -> None:
    verdict = completeness(THURSDAY, 2, 0, USUAL, FLOOR)
    assert verdict.message == "2026-03-05: expected about 40 papers as on recent weekdays, got 2"
    assert not verdict.is_complete
    assert completeness(THURSDAY, 40, 0, USUAL, FLOOR) == ("complete", "")


def test_the_usual_count_leaves_out_weekends_empty_days_and_the_day_itself() -> None:
    weekdays = {
        THURSDAY - timedelta(days=back): count for back, count in [(1, 10), (2, 20), (3, 30), (6, 40)]
    }
    noise = {THURSDAY: 999, date(2026, 2, 28): 999, date(2026, 2, 26): 0}
    assert usual_count(THURSDAY, weekdays | noise) is None
    assert usual_count(THURSDAY, weekdays | noise | {date(2026, 2, 25): 50}) == 30


def test_the_nearest_twenty_weekdays_count_on_either_side() -> None:
    near = {THURSDAY + timedelta(days=step): 40 for step in range(-14, 15)}
    far = {date(2025, 3, 3) + timedelta(days=step): 4 for step in range(100)}
    assert usual_count(THURSDAY, near | far) == 40
    assert usual_count(THURSDAY, {day: 40 for day in near if day > THURSDAY}) == 40


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 1), True),
        (date(2026, 7, 3), True),  # observed: the 4th is a Saturday
        (date(2027, 12, 31), True),  # observed: next year's first is a Saturday
        (date(2026, 11, 26), True),
        (date(2026, 11, 27), False),
        (THURSDAY, False),
    ],
)
def test_federal_holidays_are_known_with_their_observed_days(day: date, expected: bool) -> None:
    assert is_holiday(day) is expected


def test_saturday_and_sunday_are_the_weekend() -> None:
    assert [is_weekend(THURSDAY + timedelta(days=step)) for step in range(7)] == [0, 0, 1, 1, 0, 0, 0]


def test_delisted_papers_are_not_counted_as_listed() -> None:
    rows = papers(
        paper("2603.00001"),
        paper("2603.00002", delisted_at=SEEN),
        paper("2603.00003", list_date=date(2026, 3, 6)),
    )
    assert listed_per_day(rows) == {THURSDAY: 1, date(2026, 3, 6): 1}
    assert listed_per_day(PAPERS.empty()) == {}


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ([], set()),
        (["2026-01"], {"2025-12", "2026-01", "2026-02"}),
        (["2026-12"], {"2026-11", "2026-12", "2027-01"}),
        (["2024-02", "2024-04"], {"2024-01", "2024-02", "2024-03", "2024-04", "2024-05"}),
    ],
)
def test_neighbour_months_are_the_one_before_and_the_one_after(months: list[str], expected: set[str]) -> None:
    assert neighbour_months(months) == expected


def test_every_month_of_a_century_has_two_neighbours() -> None:
    for year in range(2000, 2100):
        for month in range(1, 13):
            assert len(neighbour_months([f"{year}-{month:02d}"])) == 3
