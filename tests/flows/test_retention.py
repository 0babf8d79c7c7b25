"""What prefect.toml says of how long Prefect keeps its own history, on a real server."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import stamina
from prefect.server.services.perpetual_services import get_enabled_perpetual_services
from prefect.settings import get_current_settings

from flows.local_server import local_server

_ROOT = Path(__file__).parents[2]
_PATIENCE = 60


def test_runs_are_kept_for_two_years_and_events_for_a_month() -> None:
    """As `daily-papers` hands them on: by the environment, which takes no duration in seconds."""
    server = get_current_settings().server
    assert server.events.retention_period == timedelta(days=30)
    assert server.services.db_vacuum.retention_period == timedelta(days=730)
    assert server.services.db_vacuum.enabled_vacuum_types == {"events", "flow_runs", "orphans"}


def test_a_server_started_in_the_projects_folder_reads_the_same_from_the_file() -> None:
    asked = (
        "from prefect.settings import get_current_settings as s; s = s().server\n"
        "print(s.events.retention_period.days, s.services.db_vacuum.retention_period.days,"
        " *sorted(s.services.db_vacuum.enabled_vacuum_types))"
    )
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ended = subprocess.run(
        [sys.executable, "-c", asked], cwd=_ROOT, env=bare, capture_output=True, text=True, check=False
    )
    assert ended.stdout.split() == ["30", "730", "events", "flow_runs", "orphans"], ended.stderr


def test_a_one_shot_run_deletes_no_runs() -> None:
    one_shot = {each.function.__name__ for each in get_enabled_perpetual_services(ephemeral=True)}
    lasting = {each.function.__name__ for each in get_enabled_perpetual_services()}
    assert "schedule_vacuum_tasks" in lasting - one_shot
    assert "schedule_event_vacuum_tasks" in one_shot


class History:
    """Runs on a server of one's own whose rows are made older where they lie."""

    def __init__(self, url: str, file: Path) -> None:
        self._client = httpx2.Client(base_url=url, timeout=30)
        self._file = file
        self.flow = self.made("/flows/", {"name": "daily"})

    # The vacuum, which never rests here, may hold the file; Prefect's clients retry after a 503 too.
    @stamina.retry(on=httpx2.HTTPStatusError)
    def sent(self, path: str, what: Any) -> httpx2.Response:
        return self._client.post(path, json=what).raise_for_status()

    def made(self, path: str, what: dict[str, Any]) -> str:
        return str(self.sent(path, what).json()["id"])

    def run(self, name: str, state: str = "COMPLETED") -> str:
        """A run with a task run, a log line and a report."""
        run = self.made("/flow_runs/", {"flow_id": self.flow, "name": name, "state": {"type": state}})
        task = {"flow_run_id": run, "task_key": "fetch", "dynamic_key": "0", "state": {"type": "COMPLETED"}}
        self.made("/task_runs/", task)
        report = {"key": "report", "type": "markdown", "data": name, "flow_run_id": run}
        self.made("/artifacts/", report)
        line = {"name": "prefect", "level": 20, "message": name, "timestamp": "2026-01-01T00:00:00Z"}
        self.sent("/logs/", [line | {"flow_run_id": run}])
        return run

    def asked(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._file, timeout=30)) as db, db:
            return db.execute(statement, values).fetchall()

    def aged(self, run: str, days: int) -> None:
        """Make a run end so many days earlier, its events with it."""
        back = f"-{days} days"
        self.asked("UPDATE flow_run SET end_time = datetime(end_time, ?) WHERE id = ?", back, run)
        resource = f"prefect.flow-run.{run}"
        mine = "SELECT event_id FROM event_resources WHERE resource_id = ?"
        self.asked(f"UPDATE events SET occurred = datetime(occurred, ?) WHERE id IN ({mine})", back, resource)
        self.asked(
            f"UPDATE event_resources SET occurred = datetime(occurred, ?) WHERE event_id IN ({mine})",
            back,
            resource,
        )

    def rows(self, run: str) -> dict[str, int]:
        """Rows by table of a run."""
        of_run = {
            table: self.asked(f"SELECT count(*) FROM {table} WHERE flow_run_id = ?", run)[0][0]
            for table in ("flow_run_state", "task_run", "log", "artifact")
        }
        events = self.asked(
            "SELECT count(*) FROM event_resources JOIN events ON events.id = event_id "
            "WHERE event_resources.resource_id = ?",
            f"prefect.flow-run.{run}",
        )
        runs = self.asked("SELECT count(*) FROM flow_run WHERE id = ?", run)
        return of_run | {"flow_run": runs[0][0], "events": events[0][0]}

    def until(self, run: str, wanted: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """The run's rows, once they are as wanted or patience is at its end."""
        until = time.monotonic() + _PATIENCE
        while not wanted(found := self.rows(run)) and time.monotonic() < until:
            time.sleep(0.5)
        return found


@pytest.mark.slow
def test_a_server_deletes_old_runs_and_events_whole_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL")
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS", "1")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = int(taken.getsockname()[1])
    with local_server(port):
        history = History(f"http://127.0.0.1:{port}/api", tmp_path / "prefect.db")
        waiting, too_old = history.run("never ended", "RUNNING"), history.run("three years ago")
        last_year, today = history.run("nearly two years ago"), history.run("today")
        whole = {"flow_run": 1, "flow_run_state": 1, "task_run": 1, "log": 1, "artifact": 1}
        for run in (waiting, too_old, last_year, today):
            found = history.until(run, lambda rows: rows["events"] > 0)
            assert found.pop("events") >= 1
            assert found == whole
        history.aged(too_old, 3 * 365)
        history.aged(last_year, 729)

        assert not any(history.until(too_old, lambda rows: not any(rows.values())).values())
        assert history.until(last_year, lambda rows: not rows["events"]) == whole | {"events": 0}
        for run in (waiting, today):
            assert whole.items() <= history.rows(run).items()
            assert history.rows(run)["events"] >= 1
        assert history.asked("SELECT data FROM artifact_collection WHERE key = 'report'") == [('"today"',)]
        assert history.asked("SELECT count(*) FROM task_run_state") == [(3,)]
