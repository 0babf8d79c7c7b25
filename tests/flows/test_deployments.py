"""The deployments of prefect.yaml on a real server, run by a real worker."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectHTTPStatusError

from daylists import records
from line import Line
from servedruns import deployments, flow_run, left_by, ordered, task_runs

WEEKDAYS = [5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20]
"""Of March 2026, up to the run's day."""

ROOT = Path(__file__).parents[2]
PREFECT = [sys.executable, "-m", "prefect"]


def prefect(*arguments: str) -> str:
    ended = subprocess.run(
        [*PREFECT, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def deployed(prefect_server: Path) -> None:
    """What README says, word for word, unattended."""
    prefect("work-pool", "create", "local", "--type", "process")
    prefect("work-queue", "create", "lake", "--pool", "local", "--limit", "1")
    prefect("--no-prompt", "deploy", "--all")


@pytest.fixture
def worker(line: Line, deployed: None) -> Iterator[None]:
    """A worker that runs what is ordered until the test ends."""
    start = [*PREFECT, "worker", "start", "--pool", "local"]
    with subprocess.Popen(start, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield
        process.send_signal(signal.SIGINT)


def ended(run_id: UUID) -> FlowRun:
    """The run when it has ended."""
    for _ in range(300):
        run = flow_run(run_id)
        if run.state is not None and run.state.is_final():
            return run
        time.sleep(1)
    raise AssertionError(f"{run.name} has not ended: {run.state}")


def bounds(deployment: str, parameter: str) -> dict[str, Any]:
    """What the form may say of a parameter, the alternative "null" left out."""
    schema = deployments()[deployment].parameter_openapi_schema
    assert schema is not None
    shown: dict[str, Any] = schema["properties"][parameter]
    return shown if "anyOf" not in shown else {**shown, **shown["anyOf"][0]}


def test_all_deployments_that_write_share_one_queue_and_those_people_start_run_one_at_a_time(
    deployed: None,
) -> None:
    there = deployments()
    assert sorted(there) == ["backfill", "backfill-part", "check", "daily", "publish", "refresh-votes"]
    queues = {name: each.work_queue_name for name, each in there.items()}
    assert queues.pop("backfill") == "default"
    assert set(queues.values()) == {"lake"}
    limits = {name: each.global_concurrency_limit for name, each in there.items()}
    assert limits.pop("backfill-part") is None
    assert {limit.limit for limit in limits.values() if limit} == {1}
    assert all(each.description and each.tags for each in there.values())
    crons = {
        name: [str(schedule.schedule.cron) for schedule in each.schedules if schedule.active]  # type: ignore[union-attr]
        for name, each in there.items()
    }
    assert crons == {
        "daily": ["0 23 * * *"],
        "refresh-votes": ["0 3 * * 0"],
        "check": ["0 6 * * 0"],
        "backfill": [],
        "backfill-part": [],
        "publish": [],
    }


def test_the_form_shows_dates_choices_bounds_and_says_what_each_parameter_is(deployed: None) -> None:
    assert bounds("daily", "list_date")["format"] == "date"
    assert bounds("backfill", "since")["format"] == "date"
    assert bounds("backfill", "retranslate")["enum"] == ["archived", "recipe", "rejected"]
    assert bounds("publish", "edited_files")["enum"] == ["theirs", "ours"]
    assert bounds("backfill", "batch")["type"] == "boolean"
    assert (bounds("daily", "catch_up_days")["minimum"], bounds("daily", "catch_up_days")["maximum"]) == (
        0,
        60,
    )
    assert (bounds("refresh-votes", "days")["minimum"], bounds("refresh-votes", "days")["maximum"]) == (
        1,
        365,
    )
    assert {bounds(name, "max_cost")["minimum"] for name in ("daily", "backfill", "refresh-votes")} == {0}
    for deployment in deployments().values():
        schema = deployment.parameter_openapi_schema or {}
        assert all(len(shown["description"]) > 5 for shown in schema["properties"].values())


@pytest.mark.parametrize(
    ("deployment", "parameters"),
    [
        ("daily/daily", {"refresh_days": 61}),
        ("daily/daily", {"max_cost": -1}),
        ("refresh-votes/refresh-votes", {"days": 0}),
        ("backfill/backfill", {"since": "2026-01-01"}),
        ("backfill/backfill", {"since": "2026-01-01", "until": "2026-01-02", "retranslate": "everything"}),
        ("publish/publish", {"edited_files": "mine"}),
    ],
)
def test_the_server_refuses_what_the_form_would(
    deployed: None, deployment: str, parameters: dict[str, Any]
) -> None:
    with pytest.raises(PrefectHTTPStatusError, match=r"409|422"):
        ordered(deployment, **parameters)


def test_a_worker_runs_what_was_due_catches_up_the_days_missed_and_shows_it(
    line: Line, deployed: None
) -> None:
    for day in WEEKDAYS:
        line.day(f"2026-03-{day:02}", records(2, first=10 * day))
    assert line.run("2026-03-05").code == 0
    run_id = ordered("daily/daily", datetime(2026, 3, 20, 23, tzinfo=UTC), refresh_days=1)
    prefect("worker", "start", "--pool", "local", "--run-once")

    run = flow_run(run_id)
    assert run.name == "daily 2026-03-20"
    assert run.state is not None
    assert run.state.name == "Completed", run.state.message
    assert sorted(line.release()["list_date"].unique().dt.day()) == WEEKDAYS
    states = task_runs(run_id)
    assert states["fetch 2026-03-06"] == states["publish 2026-03"] == "Completed"
    assert "fetch 2026-03-05" not in states
    left = left_by(run_id)
    assert set(left) == {"report", "counts", "digest"}
    assert "2603.00200" in str(left["digest"].data)


def test_a_backfill_on_a_work_pool_is_a_run_for_each_month_and_says_which_of_them_failed(
    line: Line, deployed: None, worker: None
) -> None:
    line.day("2026-02-27", records(2, first=1, month="2602"))
    line.day("2026-03-02", records(2, first=11))
    line.faults({"service": "daily_papers", "match": {"date": "2026-03-02"}, "status": 404})
    run_id = ordered("backfill/backfill", since="2026-02-27", until="2026-03-02")
    run = ended(run_id)
    assert run.state is not None
    assert run.state.name == "Failed"
    assert "2026-03-01 to 2026-03-02: its run backfill 2026-03-01 to 2026-03-02 is Failed" in str(
        run.state.message
    )
    assert line.release()["list_date"].dt.month().unique().to_list() == [2], run.state.message
    progress = left_by(run_id)["progress"]
    assert progress.description == "backfill 2026-02-27 to 2026-03-02: 2 of 2 months"
    line.faults()
    again = ended(ordered("backfill/backfill", since="2026-02-27", until="2026-03-02"))
    assert again.state is not None
    assert again.state.name == "Completed", again.state.message
    assert line.release().height == 4
    assert sorted(line.calls().values()) == [1, 1]
