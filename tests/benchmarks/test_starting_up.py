"""The command's start-up beside an empty Prefect flow's, and a run that finds nothing new beside both.

Both sides are fresh processes with the same PREFECT_HOME and prefect.toml; both are read from the
sandbox's log: from the start of the process to its first request.
"""

from datetime import datetime
from pathlib import Path
from statistics import median

import pytest
from proving_ground import DAY, Ended, Ground, Ratio, RunningSandbox, show, spread, started_sandbox

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_RUNS = 5


def until_first_request(sandbox: RunningSandbox, ended: Ended) -> float:
    """Seconds from the start of the process to its first request, the log emptied before."""
    first = datetime.fromisoformat(sandbox.requests()[0]["started_at"])
    return (first - ended.started_at).total_seconds()


def files(home: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file of the lake: inode, time of writing, content. Lock files are nobody's data."""
    found = {}
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.name.startswith(".lock"):
            status = path.stat()
            found[path.relative_to(home).as_posix()] = (status.st_ino, status.st_mtime_ns, path.read_bytes())
    return found


def test_a_run_starts_about_as_fast_as_an_empty_flow_and_ends_soon_when_nothing_is_new(
    ground: Ground,
) -> None:
    home = ground.lake("start-up")
    empty, run, whole_empty, whole_run = [], [], [], []
    with started_sandbox(ground.lists) as sandbox:
        address = f"{sandbox.url}/api/daily_papers?date={DAY}"
        first = ground.command(sandbox, home)
        assert first.code == 0, first.printed
        before = files(home)
        # Neither side pays for compiling its modules the first time.
        ground.script(sandbox, home, "empty_flow.py", address)
        for _ in range(_RUNS):
            sandbox.forget()
            ended = ground.script(
                sandbox, home, "empty_flow.py", f"{sandbox.url}/api/daily_papers?date={DAY}"
            )
            assert ended.code == 0, ended.printed
            empty.append(until_first_request(sandbox, ended))
            whole_empty.append(ended.seconds)
            sandbox.forget()
            ended = ground.command(sandbox, home)
            assert ended.code == 0, ended.printed
            run.append(until_first_request(sandbox, ended))
            whole_run.append(ended.seconds)
            assert sandbox.requests("openai") == []
            assert files(home) == before
    pairs = [mine / theirs for mine, theirs in zip(run, empty, strict=True)]
    show(
        f"Start-up, {_RUNS} alternating runs",
        [
            Ratio(
                "to the first request", spread(run), f"empty flow {spread(empty)}",
                f"{median(run) / median(empty):.2f} x of medians; pairs {spread(pairs, 'x')}", "<= 1.25 x",
            ),
            Ratio(
                "whole run that finds nothing new", spread(whole_run), f"start-up {spread(run)}",
                f"{median(whole_run) / median(run):.2f} x", "<= 1.5 x",
            ),
            Ratio("the empty flow's whole command", spread(whole_empty), f"its start-up {spread(empty)}",
                  f"{median(whole_empty) / median(empty):.2f} x"),
        ],
    )  # fmt: skip
