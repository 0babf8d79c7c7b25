"""Peak memory of a daily run on a lake of one week, and on one with a million rows of history."""

import shutil
import time
from pathlib import Path

import polars as pl
import pytest
from history import MONTHS, conforms, disk_mb, write_history
from proving_ground import DAY, PAPERS_A_DAY, Ended, Ground, Ratio, show, spread, started_sandbox

from flows.storage import Lake
from schemas.tables import RELEASE

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_ROWS = 1_000_000
_RUNS = 2


def run_of_the_day(ground: Ground, home: Path) -> Ended:
    """Run the day on a lake that holds the week before and see that all of its papers are translated."""
    shutil.rmtree(home / "answers", ignore_errors=True)
    shutil.copytree(ground.week_before, home, dirs_exist_ok=True)
    with started_sandbox(ground.lists) as sandbox:
        # The made history lists some three hundred papers a day, beside which fifty look incomplete.
        ended = ground.command(sandbox, home, DAILY_PAPERS_FLOOR="0.05")
        asked = len(sandbox.requests("openai"))
    assert ended.code == 0, ended.printed
    assert asked == PAPERS_A_DAY
    rows = pl.read_parquet(home / f"release/dataset/data/{DAY:%Y-%m}.parquet")
    today = rows.filter(pl.col("list_date") == DAY)
    assert today["translation_status"].to_list() == ["ok"] * PAPERS_A_DAY
    return ended


def test_memory_does_not_grow_with_a_million_rows_of_history(ground: Ground) -> None:
    home, history = ground.folder / "no-history", ground.folder / "history"
    empty = [run_of_the_day(ground, home) for _ in range(_RUNS)]
    try:
        began = time.monotonic()
        rows = write_history(Lake(history), DAY, _ROWS)
        made_in = time.monotonic() - began
        assert conforms(Lake(history), DAY)
        size = disk_mb(history)
        full = [run_of_the_day(ground, history) for _ in range(_RUNS)]
        assert len(Lake(history).months(RELEASE)) == MONTHS + 1
    finally:
        shutil.rmtree(history, ignore_errors=True)
    mine, baseline = (max(each.peak_mb for each in runs) for runs in (full, empty))
    show(
        f"Peak memory, {rows:,} papers of history ({size:,.0f} MB, made in {made_in:.0f} s)",
        [
            Ratio("no history", spread([each.peak_mb for each in empty], "MB"), "", "", "<= 600 MB"),
            Ratio(
                "history", spread([each.peak_mb for each in full], "MB"), f"no history {baseline:.0f} MB",
                f"{mine / baseline:.2f} x", "<= 600 MB, <= 1.10 x",
            ),
            Ratio(
                "one-shot Prefect server", spread([each.children_peak_mb for each in full], "MB"),
                f"no history {max(each.children_peak_mb for each in empty):.0f} MB", "",
            ),
            Ratio(
                "whole command", spread([each.seconds for each in full]),
                f"no history {spread([each.seconds for each in empty])}", "",
            ),
        ],
    )  # fmt: skip
