"""``daily-papers serve``: schedules and runs on one machine, without a worker."""

import os
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from daylists import records
from flows.cli import app
from flows.local_server import local_server
from line import COMMAND, DAY, Line, wide
from servedruns import deployments, flow_run, left_by, ordered

_PATIENCE = 120


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def said_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """The lines that the command printed, up to the one with these words."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or words not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], f"it ended without saying {words!r}: {lines}"
    return lines


def test_serving_runs_what_is_due_and_ends_with_a_signal(line: Line) -> None:
    line.set(PREFECT_RUNNER_POLL_FREQUENCY=1)
    line.day(DAY, records(2))
    served = subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True, env=wide())
    try:
        lines = said_until(served, "- check: 0 6 * * 0 (UTC)")
        assert f"{os.environ['PREFECT_API_URL']} (it was running and is left running)" in lines[0]
        assert "- daily: 0 23 * * * (UTC)\n" in lines
        run_id = ordered("daily/daily", datetime(2026, 3, 5, 23, tzinfo=UTC), refresh_days=0)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and not (state := flow_run(run_id).state).is_final():  # type: ignore[union-attr]
            time.sleep(0.5)
        assert state is not None
        assert state.name == "Completed", state
        assert set(left_by(run_id)) == {"report", "counts", "digest"}
        assert line.release().height == 2
    finally:
        served.send_signal(signal.SIGTERM)
        out, _ = served.communicate(timeout=_PATIENCE)
    assert served.returncode == 0
    assert out.strip() == "Stopped; no schedule fires until this command runs again."
    assert deployments()["daily"].paused
    assert httpx2.get(f"{os.environ['PREFECT_API_URL']}/health").text == "true"


@pytest.mark.slow
def test_a_run_under_way_is_cancelled_when_serving_ends(line: Line) -> None:
    line.set(PREFECT_RUNNER_POLL_FREQUENCY=1)
    line.serve(latency=60)
    line.day(DAY, records(2))
    served = subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True, env=wide())
    said_until(served, "- check: 0 6 * * 0 (UTC)")
    run_id = ordered("daily/daily", datetime(2026, 3, 5, 23, tzinfo=UTC), refresh_days=0)
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not line.requests("openai"):
        time.sleep(0.5)
    served.send_signal(signal.SIGINT)
    served.communicate(timeout=_PATIENCE)
    assert served.returncode == 0
    state = flow_run(run_id).state
    assert state is not None
    assert state.name == "Cancelled"


def test_serving_without_the_server_it_was_told_of_says_so(line: Line) -> None:
    line.set(PREFECT_API_URL=f"http://127.0.0.1:{free_port()}/api")
    ended = CliRunner().invoke(app, ["serve"])
    assert ended.exit_code == 3
    assert "No Prefect server answers at http://127.0.0.1:" in ended.output
    assert "without one no schedule fires" in ended.output


def test_serving_without_a_key_starts_nothing(line: Line) -> None:
    line.set(OPENAI_API_KEY=None)
    ended = CliRunner().invoke(app, ["serve"])
    assert ended.exit_code == 2
    assert "OPENAI_API_KEY is not set" in ended.output


@pytest.mark.slow
def test_a_server_of_ones_own_listens_on_this_machine_and_ends_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL")
    with local_server(port) as server:
        assert server.startswith(f"its own Prefect server at http://127.0.0.1:{port}/api (pid ")
        assert httpx2.get(f"http://127.0.0.1:{port}/api/health").text == "true"
        assert "<title>" in httpx2.get(f"http://127.0.0.1:{port}/", follow_redirects=True).text
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/api/health")
