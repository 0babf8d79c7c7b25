"""Disks that refuse: full, not a folder, no room for an answer. A sentence, exit code 3, tables as before."""

import json
import re
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from daylists import records
from flows.received import keep_day
from flows.storage import Lake
from line import DAY, Line, timeless
from schemas.tables import TABLES

SIZES = (1_000, 2_500, 5_000, 8_000, 11_000, 14_000, 17_000, 20_000, 25_000)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def tables(line: Line) -> dict[str, pl.DataFrame]:
    return {table.name: timeless(line.table(table)) for table in TABLES}


@pytest.mark.parametrize("below", [True, False])
def test_a_lake_that_cannot_be_a_folder_ends_with_3_before_any_work(
    line: Line, below: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    line.set(DAILY_PAPERS_HOME=file / "lake" if below else file)
    line.day(DAY, records(2))
    assert line.run().code == 3
    out = capsys.readouterr().out
    assert str(file) in out
    assert "cannot be written" in out
    assert "DAILY_PAPERS_HOME" in out
    assert line.requests() == []
    assert file.read_text() == "not a folder"


@pytest.mark.parametrize(
    "step",
    [
        "raw",
        "raw/arxiv",
        "papers",
        "abstracts",
        "answers",
        "translations",
        "release",
    ],
)
def test_a_step_whose_folder_is_a_file_ends_with_3_and_the_next_run_continues(
    line: Line, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line.set(DAILY_PAPERS_CONCURRENCY=2)
    line.day(DAY, records(8))
    (line.home / step).parent.mkdir(parents=True)
    (line.home / step).write_text("in the way")
    assert line.run().code == 3
    out = capsys.readouterr().out
    assert f"{step}/" in out
    assert "could not be written" in out
    assert sum(line.calls().values()) <= (2 if step == "answers" else 8)
    (line.home / step).unlink()
    asked = sum(line.calls().values())
    assert line.run().code == 0
    assert sum(line.calls().values()) == (8 + asked if step == "answers" else 8)
    assert line.release()["translation_status"].to_list() == ["ok"] * 8


def test_a_disk_that_fills_at_any_size_of_file_spoils_no_table(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day("2026-03-04", records(4, first=51))
    line.run("2026-03-04")
    before = tables(line)
    line.day(DAY, records(30))
    # The day list is the largest file; with it kept and arXiv silent, the limits fall upon the tables.
    keep_day(line.lake, date.fromisoformat(DAY), datetime.now(UTC), [json.dumps(records(30)).encode()])
    line.faults({"service": "arxiv", "body": "<feed xmlns='http://www.w3.org/2005/Atom'/>"})
    stopped_at = []
    for size in SIZES:
        with files_up_to(size):
            code = line.run().code
        out = capsys.readouterr().out
        assert code in (0, 3), out
        if code == 3:
            stopped_at.extend(re.findall(r"(\S+) could not be written", out)[:1])
        for name, rows in tables(line).items():
            kept = rows.join(before[name], on=rows.columns, how="semi", nulls_equal=True)
            assert kept.height == before[name].height, (name, size)
    assert len(set(stopped_at)) >= 3, stopped_at
    assert line.run().code == 0
    assert line.lake.leftovers() == []
    assert set(line.calls().values()) <= {1, 2}
    assert line.release()["translation_status"].to_list() == ["ok"] * 34


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 kB, where this process may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_ends_with_3_keeps_what_came_and_pays_for_it_once(
    line: Line, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line.home = small_disk / "lake"
    line.lake = Lake(line.home)
    line.set(DAILY_PAPERS_HOME=line.home, DAILY_PAPERS_CONCURRENCY=2)
    line.day(DAY, records(40))
    assert line.run().code == 3
    assert "could not be written" in capsys.readouterr().out
    answers = len(list((line.home / "answers").rglob("2*.json")))
    assert sum(line.calls().values()) <= answers + 2
    for table in TABLES:
        line.table(table)
    assert line.lake.leftovers() == []
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    assert line.run().code == 0
    assert sum(line.calls().values()) <= 42
    assert line.release()["translation_status"].to_list() == ["ok"] * 40
