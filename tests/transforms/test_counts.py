"""Counts of a month: taken once, kept as a line, summed to what counting all rows would give."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables import RELEASE, STATUSES
from tablerows import LATER, release_rows, released, vote, votes
from transforms.counts import MonthCounts, card_counts, counts_line, month_counts, parsed_counts

ROWS = st.lists(
    st.builds(
        lambda number, status, model, is_delisted: released(
            f"2603.{number:05d}",
            list_date=date(2026, 3, 30) + timedelta(days=number % 4),
            translation_status=status,
            model=model,
            prompt_version=model and f"v{len(model)}",
            delisted_at=LATER if is_delisted else None,
        ),
        st.integers(1, 40),
        st.sampled_from(STATUSES),
        st.none() | st.text(max_size=3),
        st.booleans(),
    ),
    max_size=20,
)


def test_a_months_rows_are_counted() -> None:
    day, next_day = date(2026, 3, 5), date(2026, 3, 6)
    rows = release_rows(
        released("2603.00001", translation_status="ok", model="b", prompt_version="2"),
        released("2603.00002", translation_status="archived", model="a", first_seen_at=None),
        released("2603.00003", translation_status="rejected", model="refused", prompt_version="1"),
        released("2603.00004", list_date=next_day, delisted_at=LATER),
    )
    assert month_counts(rows) == MonthCounts(
        rows=4,
        days=[day, next_day],
        listed_days=[day],
        by_status={"archived": 1, "ok": 1, "pending": 1, "rejected": 1},
        models=["a", "b"],
        prompt_versions=["2"],
        archive_only=1,
    )


def test_of_other_tables_only_the_rows_are_counted() -> None:
    assert month_counts(votes(vote(), vote("2603.00002"))) == MonthCounts(2, [], [], {}, [], [], 0)


@given(ROWS)
def test_the_line_brings_the_counts_back(rows: list[dict[str, Any]]) -> None:
    counts = month_counts(release_rows(*rows))
    line = counts_line(counts)
    assert parsed_counts(line) == counts
    assert line.isascii()
    assert "\n" not in line


@given(ROWS, st.integers(0, 20))
def test_the_sum_over_files_is_the_count_of_all_their_rows(rows: list[dict[str, Any]], cut: int) -> None:
    parts = [release_rows(*rows[:cut]), release_rows(*rows[cut:])]
    whole = card_counts([month_counts(pl.concat(parts))])
    summed = card_counts([month_counts(part) for part in parts])
    assert summed == whole
    assert summed.papers == len(rows) == sum(summed.by_status.values())


def test_nothing_counts_as_nothing() -> None:
    nothing = card_counts([])
    assert nothing == card_counts([month_counts(RELEASE.empty())])
    assert (nothing.papers, nothing.first_day, nothing.refused_percent) == (0, None, None)


@pytest.mark.parametrize(
    ("by_status", "percent"),
    [({"pending": 5}, None), ({"ok": 3, "rejected": 1, "pending": 9, "archived": 9}, 25.0), ({"ok": 1}, 0.0)],
)
def test_the_gates_refusals_are_counted_among_what_it_judged(
    by_status: dict[str, int], percent: float | None
) -> None:
    assert card_counts([])._replace(by_status=by_status).refused_percent == percent


@pytest.mark.parametrize("line", ["", "null", "[]", "{", '{"rows":1}', '{"rows":1,"more":2}', "\x00"])
def test_what_is_no_line_of_counts_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011, json's errors and ours
        parsed_counts(line)
