"""What runs add to Prefect's database, and how its server answers after three years of them.

A server records a daily run, a refresh of votes and a check, made by `serve` as on an operator's machine.
Their rows are then copied over three years (three_years.py), and the same questions are put to the database
as it was, with three years in it, and with what the retention of prefect.toml leaves of them. Both SQLite
and, where it is installed, PostgreSQL.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil
import pytest
import stamina
from prefect_databases import Sqlite, Store, postgres
from proving_ground import COMMAND, DAY, ROOT, Ratio, day_lists, show, started_sandbox
from three_years import three_years

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

COPIES = {"daily": 3 * 365, "refresh-votes": 3 * 52, "check": 3 * 52}
_ASKED_TIMES = 9
_FOREVER = {
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P36500D",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "",
}


class Server:
    """A Prefect server in processes of its own."""

    def __init__(self, url: str, process: psutil.Process, started_in: float) -> None:
        self.url = url
        self.started_in = started_in
        self._process = process
        self._client = httpx2.Client(base_url=url, timeout=120)

    def cpu(self) -> float:
        """Seconds of processor that it has used."""
        tree = [self._process, *self._process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in tree)

    # As Prefect's clients do: a server of SQLite says 503 while another writer holds the file.
    @stamina.retry(on=httpx2.HTTPStatusError)
    def asked(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """Its answer."""
        got = self._client.get(path) if question is None else self._client.post(path, json=question)
        return got.raise_for_status().json()

    def run(self, deployment: str, **parameters: Any) -> str:
        """Have a deployment run to its end; the id of the run."""
        found = self.asked(f"/deployments/name/{deployment}/{deployment}")
        made = self.asked(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        until = time.monotonic() + 300
        while (state := self.asked(f"/flow_runs/{made['id']}")["state"])["type"] != "COMPLETED":
            assert time.monotonic() < until, state
            assert state["type"] not in {"FAILED", "CRASHED", "CANCELLED"}, state
            time.sleep(0.3)
        time.sleep(5)  # what it still has to write down
        return str(made["id"])


@contextmanager
def served(store: Store, home: Path, **settings: str) -> Iterator[Server]:
    """A server of this database, started from the project's folder, whose prefect.toml it reads."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    own = {"PREFECT_HOME": str(home), "PREFECT_API_DATABASE_CONNECTION_URL": store.url}
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    began = time.monotonic()
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(start, cwd=ROOT, env=_clean() | own | settings, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/api"
        while not _answers(url):
            assert process.poll() is None, (home / "server.log").read_text()[-2000:]
            time.sleep(0.05)
        yield Server(url, psutil.Process(process.pid), time.monotonic() - began)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:  # a server that is deleting ends when it is done with that
            process.kill()
            process.wait()


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DAILY_"))}


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/health", timeout=5).text == "true"
    except httpx2.HTTPError:
        return False


@contextmanager
def serving(server: Server, home: Path, lists: Path, lake: Path) -> Iterator[None]:
    """`daily-papers serve` for this server, from these day lists to this lake, while the block runs."""
    with started_sandbox(lists) as sandbox, (home / "serve.log").open("a") as log:
        own = {"PREFECT_API_URL": server.url, "PREFECT_HOME": str(home), "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        own |= sandbox.environment | {"DAILY_PAPERS_HOME": str(lake), "HF_TOKEN": ""}
        process = subprocess.Popen([COMMAND, "serve"], env=_clean() | own, stdout=log, stderr=log)
        try:
            while len(server.asked("/deployments/filter", {})) < len(COPIES) + 2:
                assert process.poll() is None, (home / "serve.log").read_text()
                time.sleep(0.3)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def recent_lists(folder: Path) -> date:
    """Rename a folder's day lists so that they are the last two weeks'; the date of the fullest."""
    weeks = timedelta(weeks=(datetime.now(UTC).date() - DAY).days // 7)
    for path in list(folder.glob("*.json")):
        day, _, rest = path.name.partition("@")
        path.rename(
            folder / f"{date.fromisoformat(day) + weeks}@{date.fromisoformat(rest[:10]) + weeks}{rest[10:]}"
        )
    return DAY + weeks


def recorded_runs(store: Store, server: Server, day: date) -> tuple[dict[str, str], list[Ratio]]:
    """Have each scheduled deployment run once; their ids, and what each added."""
    server.run("daily", list_date=f"{day - timedelta(days=1)}")
    parameters: dict[str, dict[str, Any]] = {
        "daily": {"list_date": f"{day}"},
        "refresh-votes": {},
        "check": {},
    }
    runs, lines = {}, []
    for deployment, given in parameters.items():
        rows, size, cpu = store.counts(), store.sizes(), server.cpu()
        runs[deployment] = server.run(deployment, **given)
        cpu = server.cpu() - cpu
        added = {table: count - rows[table] for table, count in store.counts().items()}
        grown = {table: count - size[table] for table, count in store.sizes().items()}
        told = ", ".join(f"{table} {count}" for table, count in added.items())
        lines.append(
            Ratio(
                f"{store.name}: {deployment}",
                f"{sum(added.values()):,} rows ({told})",
                f"{sum(grown[table] for table in added) / 1024:,.0f} KiB in these tables",
                f"{cpu:.1f} s of CPU",
            )
        )
    return runs, lines


def questions(run_id: str, resource: str) -> dict[str, tuple[str, dict[str, Any] | None]]:
    """What the UI asks for its dashboard, its list of runs and the page of one run."""
    mine = {"flow_run_id": {"any_": [run_id]}}
    of_run = {"flow_runs": {"id": {"any_": [run_id]}}}
    until = datetime.now(UTC)
    week = {"after_": f"{until - timedelta(days=7):%FT%TZ}", "before_": f"{until:%FT%TZ}"}
    ever = {"history_start": f"{until - timedelta(days=1100):%FT%TZ}", "history_end": f"{until:%FT%TZ}"}
    hour = {"since": f"{until - timedelta(days=1):%FT%TZ}", "until": f"{until:%FT%TZ}"}
    newest = {"sort": "START_TIME_DESC", "limit": 50}
    reports = {"artifacts": {"key": {"any_": ["report"]}}}
    named = {"flow_runs": {"name": {"like_": "daily 20"}}, "sort": "START_TIME_DESC", "limit": 50}
    return {
        "run page: the run": (f"/flow_runs/{run_id}", None),
        "run page: graph": (f"/flow_runs/{run_id}/graph-v2", None),
        "run page: logs": ("/logs/filter", {"logs": mine, "sort": "TIMESTAMP_ASC", "limit": 200}),
        "run page: task runs": ("/task_runs/paginate", of_run | {"sort": "END_TIME_DESC", "limit": 20}),
        "run page: count of task runs": ("/ui/flow_runs/count-task-runs", {"flow_run_ids": [run_id]}),
        "run page: artifacts": ("/artifacts/filter", {"artifacts": mine}),
        "run page: events": ("/events/filter", {"filter": {"occurred": hour, "related": {"id": [resource]}}}),
        "list of runs: newest 50": ("/flow_runs/paginate", newest),
        "list of runs: by name": ("/flow_runs/paginate", named),
        "list of runs: last page": ("/flow_runs/paginate", newest | {"page": 10_000}),
        "list of runs: chart": ("/ui/flow_runs/history", {"sort": "EXPECTED_START_TIME_DESC"}),
        "dashboard: runs of the week": ("/flow_runs/count", {"flow_runs": {"start_time": week}}),
        "dashboard: task runs of the week": ("/task_runs/count", {"task_runs": {"start_time": week}}),
        "dashboard: all runs by day": ("/flow_runs/history", ever | {"history_interval_seconds": 86400}),
        "dashboard: all task runs by day": ("/task_runs/history", ever | {"history_interval_seconds": 86400}),
        "all task runs counted": ("/task_runs/count", {}),
        "artifacts: newest of each key": ("/artifacts/latest/filter", {"limit": 50}),
        "artifacts: 100 reports": ("/artifacts/filter", reports | {"limit": 100}),
        "event feed of the day": ("/events/filter", {"filter": {"occurred": hour}, "limit": 50}),
    }  # fmt: skip


def answered(server: Server, run_id: str) -> dict[str, float]:
    """Milliseconds, the median of several, by question."""
    took = {}
    for name, (path, question) in questions(run_id, f"prefect.flow-run.{run_id}").items():
        server.asked(path, question)
        seconds = []
        for _ in range(_ASKED_TIMES):
            began = time.perf_counter()
            server.asked(path, question)
            seconds.append(time.perf_counter() - began)
        took[f"{name}, ms"] = 1000 * median(seconds)
    return took


def until_still(look: Callable[[], Any], pause: float = 5) -> float:
    """Wait until what is looked at has stopped changing; the seconds until then."""
    began = changed = time.monotonic()
    seen = look()
    while time.monotonic() - changed < 3 * pause:
        time.sleep(pause)
        if (now := look()) != seen:
            seen, changed = now, time.monotonic()
    return changed - began


def looked_at(
    store: Store, home: Path, lists: Path, day: date, run_id: str, retains: bool
) -> dict[str, float]:
    """Everything measured of a database: what its server takes to start, to answer and to record a day."""
    found: dict[str, float] = {}
    with served(store, home, **({} if retains else _FOREVER)) as server:
        found["start, s"] = server.started_in
        if retains:
            found["deleting, s"] = until_still(store.counts)
        found |= answered(server, run_id)
        lake = home / f"lake-{len(list(home.iterdir()))}"
        with serving(server, home, lists, lake):
            server.run("daily", list_date=f"{day - timedelta(days=1)}")
            cpu = server.cpu()
            run = server.run("daily", list_date=f"{day}")
            found["a daily run: server's CPU, s"] = server.cpu() - cpu
            found["a daily run, s"] = server.asked(f"/flow_runs/{run}")["total_run_time"]
    found["rows"] = sum(store.counts().values())
    found["database, MiB"] = store.sizes()["total"] / 2**20
    if retains:
        store.tidy()
        found["database after VACUUM by hand, MiB"] = store.sizes()["total"] / 2**20
    return found


def measured(store: Store, home: Path, lists: Path) -> None:
    """Record the runs, make three years of them, ask all three databases, and print what there was."""
    day, recorded = recent_lists(lists), datetime.now(UTC).date()
    with served(store, home, **_FOREVER) as server, serving(server, home, lists, home / "lake"):
        runs, lines = recorded_runs(store, server, day)
    show("What a run adds to Prefect's database", lines)
    old = store.copy()
    old.add(three_years(old, {runs[name]: copies for name, copies in COPIES.items()}, recorded))
    fresh = looked_at(store, home, lists, day, runs["daily"], retains=False)
    for what, retains in (("everything kept", False), ("kept as prefect.toml says", True)):
        now = looked_at(old, home, lists, day, runs["daily"], retains)
        lines = [
            Ratio(name, f"{now[name]:,.1f}", f"{before:,.1f}", f"{now[name] / before:.1f} x")
            for name, before in ({name: now[name] for name in now} | fresh).items()
        ]
        show(f"Three years on {store.name}, {what}, against a fresh database", lines)


def test_prefect_on_sqlite_after_three_years(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    measured(Sqlite(home), home, day_lists(tmp_path / "lists"))


def test_prefect_on_postgresql_after_three_years(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    try:
        with postgres() as store:
            measured(store, home, day_lists(tmp_path / "lists"))
    except FileNotFoundError as error:
        pytest.skip(str(error))
