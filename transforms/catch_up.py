"""The days that nobody fetched while no run came, and which of them a scheduled run takes besides its own.

A missed day is one whose list was never fetched, not one that has no papers: an empty weekend is fetched once
and done. A run goes back a bounded number of days, so that a machine that was off for a quarter does not come
back with a bill for a quarter; what lies further back is named with the command that takes it. Called by
flows/daily.py.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from transforms.completeness import is_holiday, is_weekend


class CatchUp(NamedTuple):
    """What a run takes besides its own day."""

    days: list[date]
    """Missed days within reach, oldest first."""
    gap: str
    """The sentence about missed days beyond reach; empty where there are none."""


def reach(day: date, bound: int) -> list[date]:
    """The ``bound`` days before ``day``, oldest first."""
    return [day - timedelta(days=back) for back in range(bound, 0, -1)]


def catch_up(day: date, bound: int, listed: Collection[date], fetched: Collection[date]) -> CatchUp:
    """The days that a run for ``day`` catches up.

    Args:
        day: The run's day.
        bound: Days before it that a run reaches.
        listed: Days that the lake lists papers on; without any, the lake is new and has missed nothing.
        fetched: Of the days within reach, those whose list was fetched before the run.
    """
    first = min(listed, default=day)
    within = reach(day, bound)
    missed = [each for each in within if each > first and each not in fetched]
    return CatchUp(missed, _gap(within, listed) if within and missed == within else "")


def _gap(within: list[date], listed: Collection[date]) -> str:
    """The sentence about weekdays between the last listed day and what is within reach."""
    since = max(each for each in listed if each < within[0]) + timedelta(days=1)
    until = within[0] - timedelta(days=1)
    days = (since + timedelta(days=step) for step in range((until - since).days + 1))
    if all(is_weekend(each) or is_holiday(each) for each in days):
        return ""
    return (
        f"{since} to {until}: expected lists, got none; no run came, and a run catches up {len(within)} "
        f"days. To take them: daily-papers backfill --since {since} --until {until}"
    )
