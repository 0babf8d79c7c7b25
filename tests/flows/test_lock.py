"""Two runs over one lake: the second waits, then runs or says who holds it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daylists import records
from flows.errors import LakeBusy
from flows.lock import one_writer
from flows.storage import Lake
from line import DAY, Line


def test_a_run_that_waited_in_vain_says_who_holds_the_lake_and_changes_nothing(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day(DAY, records(2))
    with one_writer(line.lake, "backfill 2024", 1, print):
        before = line.files()
        assert line.run().code == 3
        assert line.files() == before
    out = capsys.readouterr().out
    assert f"is held by backfill 2024 (pid {os.getpid()} on" in out
    assert "waited 0.3 s and changed nothing" in out
    assert line.requests() == []
    assert line.run().code == 0


def test_a_second_run_waits_for_a_command_that_runs_and_pays_for_nothing_twice(line: Line) -> None:
    line.serve(latency=0.3)
    line.set(DAILY_PAPERS_LOCK_WAIT=60)
    line.day(DAY, records(8))
    first = line.begin("run", "--date", DAY, "--refresh-days", "0")
    try:
        wait_until(lambda: bool(line.requests("openai")))
        assert line.run().code == 0
        out, _ = first.communicate(timeout=60)
    finally:
        first.kill()
        first.wait()
    assert first.returncode == 0, out
    last = out.strip().splitlines()[-1]
    assert last.startswith("Done. Written: dataset ")
    folders = re.findall(r"(?:dataset|digest) (\S+?)(?:,|$)", last)
    assert [Path(folder).is_dir() for folder in folders] == [True, True]
    assert set(line.calls().values()) == {1}
    assert line.release()["translation_status"].to_list() == ["ok"] * 8


HOLD = """
import sys, time
from pathlib import Path
from flows.lock import one_writer
from flows.storage import Lake

with one_writer(Lake(Path(sys.argv[1])), "daily 2026-01-01", 0, print):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_run_is_free_at_once(tmp_path: Path) -> None:
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"
        with (
            pytest.raises(LakeBusy, match=rf"daily 2026-01-01 \(pid {held.pid} on"),
            one_writer(Lake(tmp_path), "second", 0.1, print),
        ):
            pass
    finally:
        held.kill()
        held.communicate()
    with one_writer(Lake(tmp_path), "second", 0, print):
        pass


def test_the_lock_is_taken_over_by_whoever_waits(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    order: list[str] = []

    def second() -> None:
        with one_writer(lake, "second", 10, order.append):
            order.append("second")

    with one_writer(lake, "first", 0, order.append):
        waiting = threading.Thread(target=second)
        waiting.start()
        wait_until(lambda: bool(order))
        order.append("first")
    waiting.join()
    assert "is held by first" in order[0]
    assert order[1:] == ["first", "second"]


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not happen")
        time.sleep(0.02)
