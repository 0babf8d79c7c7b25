"""Whether a day's list looks whole.

A peer of this project wrote an empty list every weekday for six months while its runs stayed green, so
a weekday that comes back empty or far below what recent weekdays held fails the run. Weekends are empty
by nature and US federal holidays may be (arXiv announces nothing then); the weekday beside a holiday
may be thin but not empty. Called by flows/extract.py.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

import holidays
import polars as pl

_RECENT_WEEKDAYS = 20
_ENOUGH_WEEKDAYS = 5
_SATURDAY = 5


class Verdict(NamedTuple):
    """What a count says: ``complete``, ``empty``, ``thin`` or ``shrunk``, and the sentence for people."""

    kind: str
    message: str

    @property
    def is_complete(self) -> bool:
        """True when the day may stand as it is."""
        return self.kind == "complete"


def completeness(
    list_date: date, listed: int, known: int, recent: Mapping[date, int], floor: float
) -> Verdict:
    """Verdict on a day list of ``listed`` papers.

    Args:
        list_date: The day.
        listed: Papers that the fetch brought.
        known: Papers that stood on the day's list before the fetch.
        recent: Papers per date of what the lake holds; dates after ``list_date`` count too, so that a
            backfill going back in time has something to compare with.
        floor: Share of the recent weekdays' median below which the day is thin.
    """
    if listed < known * 0.5:
        return Verdict(
            "shrunk",
            f"{list_date}: expected about the {known} papers known before, got {listed}; kept the {known}",
        )
    usual = usual_count(list_date, recent)
    is_thin = usual is not None and listed < usual * floor
    # Only a doubtful day is looked up: to import the calendars takes 0.3 s and 25 MB.
    if is_weekend(list_date) or not (listed == 0 or is_thin) or is_holiday(list_date):
        return Verdict("complete", "")
    if listed == 0:
        return Verdict("empty", f"{list_date}: expected papers on a weekday, got an empty list")
    if _beside_holiday(list_date):
        return Verdict("complete", "")
    return Verdict(
        "thin", f"{list_date}: expected about {usual:g} papers as on recent weekdays, got {listed}"
    )


def usual_count(list_date: date, recent: Mapping[date, int]) -> float | None:
    """Median papers of the nearest other weekdays with papers, or None while fewer than five are known."""
    weekdays = [day for day in recent if day != list_date and not is_weekend(day) and recent[day] > 0]
    nearest = sorted(weekdays, key=lambda day: abs(day - list_date))[:_RECENT_WEEKDAYS]
    return median(recent[day] for day in nearest) if len(nearest) >= _ENOUGH_WEEKDAYS else None


def is_weekend(day: date) -> bool:
    """True for Saturday and Sunday."""
    return day.weekday() >= _SATURDAY


def is_holiday(day: date) -> bool:
    """True for a US federal holiday, observed days included."""
    return day in holidays.country_holidays("US", years=day.year)


def _beside_holiday(day: date) -> bool:
    return any(is_holiday(day + timedelta(days=step)) for step in (-1, 1))


def listed_per_day(papers: pl.DataFrame) -> dict[date, int]:
    """Papers now listed on each day of these PAPERS rows."""
    listed = papers.filter(pl.col("delisted_at").is_null())
    return dict(listed.group_by("list_date").len().iter_rows())


def neighbour_months(months: Iterable[str]) -> set[str]:
    """These months ("YYYY-MM") with the one before and the one after each."""
    firsts = [date.fromisoformat(f"{month}-01") for month in months]
    beside = (first + timedelta(days=step) for first in firsts for step in (-1, 0, 31))
    return {f"{day:%Y-%m}" for day in beside}
