"""kill -9 at any moment, then the same command again: the same table, and hardly a call more."""

import shutil
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daylists import records
from flows.storage import Lake
from line import DAY, Line, timeless
from schemas.tables import PAPERS, RELEASE, TABLES

AT_ONCE = 6
LONGEST = 90.0


def undisturbed(line: Line, list_date: str, refresh_days: int) -> dict[str, pl.DataFrame]:
    """Every table of a lake of its own, after a run that nothing disturbed."""
    home = line.home
    point_at(line, home.parent / "undisturbed")
    assert line.run(list_date, refresh_days).code == 0
    tables = {table.name: timeless(line.table(table)) for table in TABLES}
    point_at(line, home)
    line.faults()
    return tables


def point_at(line: Line, home: Path) -> None:
    line.home, line.lake = home, Lake(home)
    line.set(DAILY_PAPERS_HOME=home)


def killed(line: Line, moment: Callable[[], bool], *arguments: str) -> None:
    """Start the command and kill it at this moment; it must not have ended by itself."""
    process = line.begin("run", *arguments)
    deadline = time.monotonic() + LONGEST
    try:
        while not moment():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "the moment did not come"
            time.sleep(0.002)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def kept_answers(line: Line) -> set[str]:
    """Papers whose answer is durable: ten characters of a file's name."""
    return {path.name[:10] for path in (line.home / "answers").rglob("2*.json")}


def has_answers(line: Line, count: int) -> bool:
    return len(kept_answers(line)) >= count


def test_a_run_killed_again_and_again_while_it_translates_pays_for_no_answer_twice(line: Line) -> None:
    line.day(DAY, records(30))
    expected = undisturbed(line, DAY, 0)
    line.set(DAILY_PAPERS_CONCURRENCY=AT_ONCE)
    line.serve(latency=0.7)
    for answers in (1, 14):
        durable, asked = kept_answers(line), line.calls()
        killed(line, partial(has_answers, line, answers), "--date", DAY, "--refresh-days", "0")
        assert not set(line.calls() - asked) & durable
        assert len(set(line.calls()) - kept_answers(line)) <= AT_ONCE
        for table in TABLES:
            line.table(table)
    durable, asked = kept_answers(line), line.calls()
    assert line.run().code == 0
    assert not set(line.calls() - asked) & durable
    assert 30 <= sum(line.calls().values()) <= 30 + 2 * AT_ONCE
    for table in TABLES:
        assert_frame_equal(timeless(line.table(table)), expected[table.name])
    assert line.lake.leftovers() == []


@pytest.mark.parametrize("first_file", ["release/dataset/data/2026-02.parquet", "release/dataset/README.md"])
def test_a_run_killed_while_it_publishes_is_whole_after_the_next(line: Line, first_file: str) -> None:
    line.day("2026-02-27", records(20, month="2602"))
    line.day("2026-03-02", records(20))
    expected = undisturbed(line, "2026-03-02", 3)
    shutil.copytree(line.home.parent / "undisturbed", line.home)
    shutil.rmtree(line.home / "release")
    killed(line, (line.home / first_file).exists, "--date", "2026-03-02", "--refresh-days", "3")
    for month in line.lake.months(RELEASE):
        assert line.lake.read(RELEASE, [month]).height == 20
    assert line.run("2026-03-02", 3).code == 0
    assert line.calls() == {}
    for table in (PAPERS, RELEASE):
        assert_frame_equal(timeless(line.table(table)), expected[table.name])
    whole = line.home.parent / "undisturbed/release"
    for path in (path for path in whole.rglob("*") if path.is_file()):
        assert (line.home / "release" / path.relative_to(whole)).read_bytes() == path.read_bytes(), path
    assert line.lake.leftovers() == []
