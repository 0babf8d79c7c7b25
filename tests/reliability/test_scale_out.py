"""A backfill over several workers that share a lake on an object store, one of them killed in the middle."""

import subprocess
import sys
import time
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId
from prefect.client.schemas.objects import State
from upath import UPath

from daylists import records
from flows.dead_runs import wanted_automation
from flows.object_store import content
from flows.storage import Lake
from line import Line
from schemas.tables import TRANSLATIONS
from servedruns import asked, flow_run, left_by, ordered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
PREFECT = [sys.executable, "-m", "prefect"]
AT_ONCE = 4
SINCE, UNTIL = date(2026, 1, 30), date(2026, 3, 2)
"""A Friday, a month of weekdays and a Monday: three parts."""
A_PART = 40
WEEKDAYS_OF_FEBRUARY = 20


def prefect(*arguments: str) -> None:
    subprocess.run([*PREFECT, *arguments], cwd=ROOT, check=True, capture_output=True, timeout=200)


def deployed() -> None:
    """A pool whose queue for the months has three places, and the deployments."""
    prefect("work-pool", "create", "local", "--type", "process", "--overwrite")
    # An earlier test of the same server may have made the queue.
    create = [*PREFECT, "work-queue", "create", "lake", "--pool", "local"]
    subprocess.run(create, cwd=ROOT, capture_output=True, check=False, timeout=200)
    prefect("work-queue", "set-concurrency-limit", "lake", "3", "--pool", "local")
    prefect("--no-prompt", "deploy", "--all")


def fill(line: Line) -> int:
    """Forty papers for each part, none on a weekend; how many in all."""
    days = [SINCE + timedelta(days=each) for each in range((UNTIL - SINCE).days + 1)]
    first = 0
    for day in days:
        if day.weekday() < 5:
            count = A_PART // WEEKDAYS_OF_FEBRUARY if day.month == 2 else A_PART
            line.day(f"{day}", records(count, first=first + 1, month=f"{day:%y%m}"))
            first += count
    return first


class Worker:
    """A worker of the pool, for one queue."""

    def __init__(self, queue: str) -> None:
        start = [*PREFECT, "worker", "start", "--pool", "local", "--work-queue", queue, "--limit", "1"]
        self._process = subprocess.Popen(
            start, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def runs(self) -> list[psutil.Process]:
        """The processes of its flow runs."""
        return psutil.Process(self._process.pid).children(recursive=True)

    def kill(self) -> None:
        """As if its machine had lost power."""
        for process in [*self.runs(), psutil.Process(self._process.pid)]:
            process.kill()
        self._process.wait()


def test_the_month_of_a_killed_worker_is_taken_over_and_only_calls_under_way_are_paid_again(
    line: Line, bucket: UPath
) -> None:
    line.lake = Lake(str(bucket))
    line.set(DAILY_PAPERS_HOME=bucket, DAILY_PAPERS_CONCURRENCY=AT_ONCE, DAILY_PAPERS_LOCK_WAIT=300)
    line.set(DAILY_PAPERS_REQUESTS_PER_MINUTE=600)
    line.serve(latency=1.0, seed=3)
    papers = fill(line)
    deployed()
    # The flow makes it where it is missing, for two minutes of silence; here one silent beat is enough.
    asked(lambda client: client.create_automation(wanted_automation(timedelta(seconds=45))))
    workers = [Worker("default"), Worker("lake"), Worker("lake")]
    try:
        run_id = ordered("backfill/backfill", since=f"{SINCE}", until=f"{UNTIL}")
        until = time.monotonic() + 240
        while len(line.calls()) < 20 or not workers[1].runs():
            assert time.monotonic() < until, "no month has begun"
            time.sleep(0.2)
        workers[1].kill()
        kept = {path.name[:10] for path in line.lake.home.glob("answers/*/*/2*.json")}
        before = line.calls()
        while not (state := flow_run(run_id).state) or not state.is_final():
            assert time.monotonic() < until + 400, f"the backfill has not ended: {state}"
            time.sleep(1)
    finally:
        for worker in workers:
            if worker is not workers[1]:
                worker.kill()
    assert state.name == "Completed", state.message
    assert "1 begun again after a crash" in str(left_by(run_id)["progress"].description)
    again: Counter[str] = line.calls() - before
    assert not set(again) & kept, "a kept answer was paid for again"
    assert line.calls().total() - papers <= AT_ONCE
    rows = line.table(TRANSLATIONS)
    assert sorted(rows["paper_id"]) == sorted(set(rows["paper_id"]))
    release = line.release()
    assert release.height == papers
    assert set(release["translation_status"]) == {"ok"}
    assert b'"is_released": true' in (content(line.lake.home / "leases" / "release.json") or b"")
    most = most_in_a_minute([str(call["started_at"]) for call in line.requests("openai")])
    assert most <= 600, f"{most} calls in a minute"


def test_cancelling_a_backfill_cancels_its_months_and_nothing_more_is_paid_for(
    line: Line, bucket: UPath
) -> None:
    line.lake = Lake(str(bucket))
    line.set(DAILY_PAPERS_HOME=bucket, DAILY_PAPERS_CONCURRENCY=1)
    line.serve(latency=1.0, seed=3)
    papers = fill(line)
    deployed()
    workers = [Worker("default"), Worker("lake")]
    try:
        run_id = ordered("backfill/backfill", since=f"{SINCE}", until=f"{UNTIL}")
        until = time.monotonic() + 240
        while len(line.calls()) < 3 or len(states := states_of(run_id)) < 3:
            assert time.monotonic() < until, "no month has begun"
            time.sleep(0.2)
        # One month is asking the model, the next waits for the worker.
        prefect("flow-run", "cancel", str(run_id))
        while not all(state.is_final() for state in states):
            assert time.monotonic() < until + 120, f"not cancelled: {states}"
            time.sleep(0.5)
            states = states_of(run_id)
        before = line.calls().total()
        time.sleep(5)
    finally:
        for worker in workers:
            worker.kill()
    assert {state.name for state in states} == {"Cancelled"}
    assert line.calls().total() == before < papers


def states_of(run_id: UUID) -> list[State[Any]]:
    """The state of this backfill, and of the months' runs that it has ordered."""
    only = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run_id]))
    parts = asked(lambda client: client.read_flow_runs(flow_run_filter=only))
    return [run.state for run in (flow_run(run_id), *parts) if run.state]


def most_in_a_minute(moments: list[str]) -> int:
    """The most calls in any sixty seconds."""
    times = sorted(datetime.fromisoformat(moment).timestamp() for moment in moments)
    most = first = 0
    for last, moment in enumerate(times):
        while times[first] <= moment - 60:
            first += 1
        most = max(most, last - first + 1)
    return most
