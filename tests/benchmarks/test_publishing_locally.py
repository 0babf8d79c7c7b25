"""Writing the release after a day of news: beside a million rows of history as fast as beside ten thousand.

Months are equally full on both sides, so that the month that is written again is the same; what differs is
how many there are of which a publish must know.
"""

import shutil
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from history import write_month_of_history
from proving_ground import Ratio, show, spread

from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.settings import Settings
from schemas.tables import PAPERS

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_LAST = date(2060, 3, 1)
"""Late enough that four hundred months before it still have arXiv identifiers of this century."""
_ROWS_A_MONTH = 2500
_RUNS = 7


def publishing_with(home: Path, months: int) -> list[float]:
    """Seconds of each publish of one more vote for the papers of the last day."""
    run = Run(Settings.model_validate({"home": home}), "publish")
    newest = _LAST.year * 12 + _LAST.month - 1
    for number in range(newest - months + 1, newest + 1):
        write_month_of_history(run.lake, date(number // 12, number % 12 + 1, 1), _ROWS_A_MONTH)
    month = f"{_LAST:%Y-%m}"
    # Once untimed: it draws the pictures, which a run does once a week.
    write_release(run, {month}, write_month, write_pages)
    seconds = []
    for _ in range(_RUNS):
        voted = pl.col("list_date") == pl.col("list_date").max()
        rows = run.lake.read(PAPERS, [month]).with_columns(upvotes=pl.col("upvotes") + voted.cast(pl.Int64))
        run.lake.upsert(PAPERS, rows)
        began = time.perf_counter()
        write_release(run, {month}, write_month, write_pages)
        seconds.append(time.perf_counter() - began)
    return seconds


def test_publishing_a_day_does_not_take_longer_for_a_long_history(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    try:
        baseline, mine = publishing_with(few, 4), publishing_with(many, 400)
    finally:
        shutil.rmtree(many, ignore_errors=True)
    show(
        "Writing the release after one day's news, fastest of each side compared",
        [
            Ratio(
                "1,000,000 rows of history", spread(mine), f"10,000 rows {spread(baseline)}",
                f"{min(mine) / min(baseline):.2f} x", "<= 1.2 x",
            )
        ],
    )  # fmt: skip
