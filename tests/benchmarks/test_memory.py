"""Peak memory of a daily run on an empty lake, and on one with a million rows of history."""

import shutil
import time
from pathlib import Path

import polars as pl
import pytest
from history import conforms, disk_mb, write_history
from proving_ground import DAY, PAPERS_A_DAY, Ended, Ground, Ratio, show, spread, started_sandbox

from flows.storage import Lake

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_ROWS = 1_000_000
_RUNS = 2


def run_of_the_day(ground: Ground, home: Path) -> Ended:
    """Run the day; the window's other days must not be judged, so the lake has been given them before."""
    with started_sandbox(ground.lists) as sandbox:
        ended = ground.command(sandbox, home)
    assert ended.code == 0, ended.printed
    rows = pl.read_parquet(home / f"release/dataset/data/{DAY:%Y-%m}.parquet")
    today = rows.filter(pl.col("list_date") == DAY)
    assert today["translation_status"].to_list() == ["ok"] * PAPERS_A_DAY
    return ended


def test_memory_does_not_grow_with_a_million_rows_of_history(ground: Ground) -> None:
    # Every run starts from a new lake: the second run on one would find nothing new.
    empty = [run_of_the_day(ground, ground.folder / f"empty-{each}") for each in range(_RUNS)]
    history = ground.folder / "history"
    try:
        began = time.monotonic()
        rows = write_history(Lake(history), DAY, _ROWS)
        made_in = time.monotonic() - began
        assert conforms(Lake(history), DAY)
        size = disk_mb(history)
        full, clocks = [], []
        for _ in range(_RUNS):
            ended = run_of_the_day(ground, history)
            full.append(ended)
            clocks.append(ended.seconds)
            _forget_the_month(history)
    finally:
        shutil.rmtree(history, ignore_errors=True)
    mine, baseline = (max(each.peak_mb for each in runs) for runs in (full, empty))
    show(
        f"Peak memory, {rows:,} papers of history ({size:,.0f} MB, made in {made_in:.0f} s)",
        [
            Ratio("empty lake", spread([each.peak_mb for each in empty], "MB"), "", "", "<= 600 MB"),
            Ratio(
                "history", spread([each.peak_mb for each in full], "MB"), f"empty lake {baseline:.0f} MB",
                f"{mine / baseline:.2f} x", "<= 600 MB, <= 1.10 x",
            ),
            Ratio(
                "one-shot Prefect server", spread([each.children_peak_mb for each in full], "MB"),
                f"empty lake {max(each.children_peak_mb for each in empty):.0f} MB", "",
            ),
            Ratio(
                "whole command", spread(clocks), f"empty lake {spread([each.seconds for each in empty])}", "",
            ),
        ],
    )  # fmt: skip


def _forget_the_month(home: Path) -> None:
    for path in home.rglob(f"{DAY:%Y-%m}.parquet"):
        path.unlink()
    shutil.rmtree(home / "answers")
