"""Twenty-four months by one worker, two and four: against the limit that they share, and their memory.

The lake is on an S3-compatible server, each month a run of its own, the model's limit one for all. The
ideal is what that limit allows: papers divided by calls a second. ``SCALE_PAPERS`` and ``SCALE_WORKERS``
choose other numbers than 20,000 papers and "1x2 2x1 4x1", workers and the runs that each has at once: a
single worker needs two, so that one month asks the model while the other is fetched or published.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
import pytest
from proving_ground import ROOT, Ratio, show, started_sandbox
from test_translating_many import record

from flows.storage import Lake
from schemas.tables import RELEASE

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(7200)]

MONTHS = 24
SINCE, UNTIL = date(2024, 1, 1), date(2025, 12, 31)
PAPERS = int(os.environ.get("SCALE_PAPERS", "20000"))
WORKERS = [
    tuple(map(int, each.split("x"))) for each in os.environ.get("SCALE_WORKERS", "1x2 2x1 4x1").split()
]
A_MINUTE = int(os.environ.get("SCALE_A_MINUTE", "1500"))
PORT = 18_500
PREFECT = [sys.executable, "-m", "prefect"]


def many_months(folder: Path) -> Path:
    """Day lists with so many papers, the same number on each weekday of two years."""
    days = [SINCE + timedelta(days=each) for each in range((UNTIL - SINCE).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5]
    folder.mkdir()
    numbers: dict[str, int] = {}
    for place, day in enumerate(weekdays):
        month = f"{day:%y%m}"
        papers = []
        for _ in range(PAPERS * (place + 1) // len(weekdays) - PAPERS * place // len(weekdays)):
            numbers[month] = numbers.get(month, 0) + 1
            papers.append(record(f"{month}.{numbers[month]:05d}", day))
        (folder / f"{day}@{day}T230000Z-made.json").write_text(json.dumps(papers))
    return folder


@contextmanager
def process(command: Sequence[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that is ended, with its children, when the block is."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet) as started:
        try:
            yield started
        finally:
            children = psutil.Process(started.pid).children(recursive=True)
            started.terminate()
            for child in children:
                if child.is_running():
                    child.kill()
            started.wait(30)


def prefect(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([*PREFECT, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True)


def wait_for(url: str) -> None:
    for _ in range(600):
        try:
            if httpx2.get(url).status_code < 500:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"nothing answers at {url}")


def memory(workers: Sequence["subprocess.Popen[bytes]"], peaks: dict[int, float]) -> None:
    """Note for each worker the most that it and its runs had together (proportional set size, MB)."""
    for worker in workers:
        try:
            tree = [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]
            now = sum(each.memory_full_info().pss for each in tree) / 1e6
            peaks[worker.pid] = max(peaks.get(worker.pid, 0.0), now)
        except psutil.Error:
            continue  # a run that ended meanwhile


def measured(workers: int, runs: int, lists: Path, home: Path) -> tuple[float, float, int, int, int]:
    """Seconds of model calls, most MB of a worker, rows, calls, and most calls in a minute."""
    options = ("--latency", "2", "--seed", "1")
    with ExitStack() as stack:
        sandbox = stack.enter_context(started_sandbox(lists, *options))
        bucket = f"bucket-{uuid4().hex[:8]}"
        s3, api = f"http://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}/api"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
            **sandbox.environment,
            "AWS_ENDPOINT_URL": s3,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": api,
            "DAILY_PAPERS_HOME": f"s3://{bucket}/lake",
            "DAILY_PAPERS_REQUESTS_PER_MINUTE": str(A_MINUTE),
            "DAILY_PAPERS_CONCURRENCY": "128",
            "DAILY_PAPERS_ARXIV_INTERVAL": "0",
            "DAILY_PAPERS_LOCK_WAIT": "3600",
        }
        os.environ.update({name: value for name, value in environment.items() if name.startswith("AWS_")})
        stack.enter_context(
            process([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(PORT)], environment)
        )
        start = [*PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(PORT + 1)]
        stack.enter_context(process(start, environment))
        wait_for(s3)
        wait_for(f"{api}/health")
        httpx2.put(f"{s3}/{bucket}").raise_for_status()
        prefect(environment, "work-pool", "create", "local", "--type", "process")
        limit = str(runs * workers)
        prefect(environment, "work-queue", "create", "lake", "--pool", "local", "--limit", limit)
        prefect(environment, "--no-prompt", "deploy", "--all")
        begin = [*PREFECT, "worker", "start", "--pool", "local", "--work-queue"]
        # The run that waits for the months has a worker to itself.
        stack.enter_context(process([*begin, "default"], environment))
        each = [*begin, "lake", "--limit", str(runs)]
        started = [stack.enter_context(process(each, environment)) for _ in range(workers)]
        peaks: dict[int, float] = {}
        order = ["deployment", "run", "backfill/backfill", "-p", f"since={SINCE}", "-p", f"until={UNTIL}"]
        prefect(environment, *order)
        while not is_ended(api):
            memory(started, peaks)
            time.sleep(5)
        calls = [call for call in sandbox.requests("openai") if call["status"] == 200]
        begun = sorted(datetime.fromisoformat(call["started_at"]) for call in calls)
        last = max(datetime.fromisoformat(call["ended_at"]) for call in calls)
        seconds = (last - begun[0]).total_seconds()
        lake = Lake(environment["DAILY_PAPERS_HOME"])
        rows = lake.read_columns(RELEASE, lake.months(RELEASE), ["paper_id", "translation_status"])
        assert set(rows["translation_status"]) == {"ok"}
        return seconds, max(peaks.values()), rows["paper_id"].n_unique(), len(calls), most_in_a_minute(begun)


def is_ended(api: str) -> bool:
    """Whether the backfill has ended; it must not fail."""
    wanted = {"flows": {"name": {"any_": ["backfill"]}}, "deployments": {"name": {"any_": ["backfill"]}}}
    (run,) = httpx2.post(f"{api}/flow_runs/filter", json=wanted, timeout=60).json()
    assert run["state_type"] not in ("FAILED", "CRASHED", "CANCELLED"), run["state"]["message"]
    return bool(run["state_type"] == "COMPLETED")


def most_in_a_minute(begun: list[datetime]) -> int:
    most = first = 0
    for last, moment in enumerate(begun):
        while begun[first] <= moment - timedelta(seconds=60):
            first += 1
        most = max(most, last - first + 1)
    return most


def test_more_workers_are_as_fast_as_the_limit_they_share_allows(tmp_path: Path) -> None:
    lists = many_months(tmp_path / "lists")
    ideal = PAPERS * 60 / A_MINUTE
    lines = []
    for workers, runs in WORKERS:
        began = datetime.now(UTC)
        home = tmp_path / f"prefect-{workers}"
        seconds, most_mb, papers, calls, most = measured(workers, runs, lists, home)
        whole = (datetime.now(UTC) - began).total_seconds()
        assert papers == PAPERS
        assert calls == PAPERS, "an answer was paid for twice"
        name = f"{workers} worker{'s' * (workers > 1)}, {runs} at once"
        lines += [
            Ratio(
                f"{name}: first to last call, {PAPERS:,} papers, {MONTHS} months",
                f"{seconds:.0f} s (with servers' start {whole:.0f} s)",
                f"{ideal:.0f} s at {A_MINUTE:,} calls a minute",
                f"{seconds / ideal:.2f}",
                "1.15",
            ),
            Ratio(f"{name}: most memory of one with its runs", f"{most_mb:.0f} MB", "", "", "600 MB"),
            Ratio(
                f"{name}: most calls in any minute", f"{most:,}", f"{A_MINUTE:,}", f"{most / A_MINUTE:.2f}"
            ),
        ]
        show("Scaling out", lines)
