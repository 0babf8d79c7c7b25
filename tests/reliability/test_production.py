"""The acceptance run of a production server: PostgreSQL and the units' commands.

One machine for all tests of this file, which build on one another in the order in which they stand here: it
is set up, runs, fails, is stopped, is killed, and is restored from its backup.
"""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
import polars as pl
import pytest
from production import (
    EXAMPLE,
    PROGRAMS,
    Postgres,
    Production,
    Receiver,
    killed,
    postgres_programs,
    wait_for,
)

from daylists import records, write_day
from flows.lock import one_writer
from flows.sandbox.config import SandboxConfig
from flows.sandbox.server import Sandbox
from flows.storage import Lake
from schemas.tables import RELEASE

_POSTGRES = postgres_programs()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(_POSTGRES is None, reason="needs PostgreSQL's server: apt-get install postgresql"),
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="worker.sh reads Linux's /proc"),
]
DAILY_PAPERS, PREFECT = str(PROGRAMS / "daily-papers"), str(PROGRAMS / "prefect")
AT_ONCE, BACKFILLED = 4, 40
SECRET_KEY = "key-of-the-secret-block"
IN_THE_POOL = (
    "import json, sys; template = json.load(sys.stdin);"
    "template['variables']['properties']['env']['default'] = "
    "{'OPENAI_API_KEY': '{{ prefect.blocks.secret.openai-api-key }}'};"
    "json.dump(template, sys.stdout)"
)
"""Python that puts the Secret block into the pool's template, as the runbook has it."""


@pytest.fixture(scope="module")
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def sandbox(stack: ExitStack, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Two papers for each of the last days; long ago a day of forty, one of none and one of two."""
    payloads = tmp_path_factory.mktemp("payloads")
    today = datetime.now(UTC)
    for back in range(-1, 16):
        day = (today - timedelta(days=back)).date().isoformat()
        write_day(payloads, day, "2026-01-01T000000Z", records(2, first=100 + 10 * back, month="2602"))
    write_day(payloads, "2026-01-08", "2026-01-09T000000Z", records(BACKFILLED, month="2601"))
    write_day(payloads, "2026-01-09", "2026-01-10T000000Z", [])
    write_day(payloads, "2026-01-12", "2026-01-13T000000Z", records(2, first=500, month="2601"))
    return stack.enter_context(Sandbox(SandboxConfig(payloads=payloads, latency=1.5)))


@pytest.fixture(scope="module")
def postgres(stack: ExitStack) -> Postgres:
    assert _POSTGRES is not None
    cluster = Postgres(_POSTGRES)
    stack.callback(cluster.stop)
    return cluster


@pytest.fixture(scope="module")
def machine(
    stack: ExitStack, sandbox: Sandbox, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Production:
    """A machine on which what README and runbook say was done: server, pool, queue, deployments."""
    settings = sandbox.environment() | {
        "DAILY_PAPERS_PATIENCE": "5",
        "DAILY_PAPERS_REFRESH_DAYS": "0",
        "DAILY_PAPERS_CONCURRENCY": str(AT_ONCE),
        "PREFECT_WORKER_QUERY_SECONDS": "2",
    }
    # The worker gets its key from a Secret block, or its runs fail.
    del settings["OPENAI_API_KEY"]
    machine = Production(tmp_path_factory.mktemp("machine"), postgres, **settings)
    stack.enter_context(machine.serving())
    for _ in range(2):
        deployed = machine.run(str(EXAMPLE / "deploy.sh"))
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    return machine


@pytest.fixture(scope="module")
def receiver(stack: ExitStack) -> Receiver:
    receiver = Receiver()
    stack.callback(receiver.close)
    return receiver


def calls(sandbox: Sandbox) -> Counter[str]:
    """Model calls by paper."""
    asked = httpx2.get(f"{sandbox.url}/_sandbox/requests").json()
    return Counter(entry["key"] for entry in asked if entry["service"] == "openai")


def kept(machine: Production) -> set[str]:
    """Papers of the backfill whose answer is durable: ten characters of a file's name."""
    return {path.name[:10] for path in (machine.lake / "answers").rglob("2601*.json")}


def ended_runs(machine: Production) -> dict[str, str]:
    """State by id of the runs that have ended."""
    final = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}}
    return {each["id"]: each["state"]["name"] for each in machine.api("flow_runs/filter", final)}


def test_the_api_asks_for_the_password_and_the_health_check_does_not(machine: Production) -> None:
    assert machine.healthy()
    assert httpx2.post(f"{machine.url}/flows/filter", json={}).status_code == 401
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {each[1] for each in listening if each[3] == "0A"}
    assert f"0100007F:{machine.port:04X}" in addresses
    assert f"00000000:{machine.port:04X}" not in addresses


def test_pool_queue_and_deployments_are_there_once(machine: Production) -> None:
    names = [each["name"] for each in machine.api("deployments/filter", {})]
    assert sorted(names) == ["backfill", "backfill-part", "check", "daily", "publish", "refresh-votes"]
    assert machine.api("work_pools/local/queues/lake")["concurrency_limit"] == 1


def test_a_client_without_the_password_is_told_which_setting_is_missing(
    machine: Production, receiver: Receiver
) -> None:
    refused = machine.run(DAILY_PAPERS, "alarms", "--url", receiver.url, PREFECT_API_AUTH_STRING="papers:no")
    assert refused.returncode == 2
    assert "PREFECT_API_AUTH_STRING" in refused.stdout


def test_the_alarms_reach_their_address(machine: Production, receiver: Receiver) -> None:
    made = machine.run(DAILY_PAPERS, "alarms", "--url", receiver.url, "--test")
    assert made.returncode == 0, made.stdout
    assert receiver.message("test of the alarms")


def test_a_scheduled_run_fires_by_itself_with_the_key_of_a_secret_block(
    machine: Production, sandbox: Sandbox
) -> None:
    saved = machine.run(
        str(PROGRAMS / "python"),
        "-c",
        "import os; from prefect.blocks.system import Secret;"
        "Secret(value=os.environ['THE_KEY']).save('openai-api-key', overwrite=True)",
        THE_KEY=SECRET_KEY,
    )
    assert saved.returncode == 0, saved.stderr
    template = machine.folder / "pool.json"
    shown = f"{PREFECT} work-pool get-default-base-job-template --type process"
    made = machine.run("sh", "-c", f'{shown} | {PROGRAMS}/python -c "$1" >{template}', "-", IN_THE_POOL)
    assert made.returncode == 0, made.stderr
    assert (
        machine.run(PREFECT, "work-pool", "update", "local", "--base-job-template", str(template)).returncode
        == 0
    )
    scheduled = machine.run(
        PREFECT, "deployment", "schedule", "create", "daily/daily", "--interval", "60", "--no-replace"
    )
    assert scheduled.returncode == 0, scheduled.stdout + scheduled.stderr
    daily = machine.api("deployments/name/daily/daily")
    with machine.started("worker"):
        done = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}}
        (run, *_) = wait_for("no scheduled run", lambda: machine.api("flow_runs/filter", done))
        assert httpx2.get(f"http://127.0.0.1:{machine.worker_port}/health").json() == {"message": "OK"}
    (ours,) = (each for each in daily["schedules"] if "interval" in each["schedule"])
    unscheduled = f"{machine.url}/deployments/{daily['id']}/schedules/{ours['id']}"
    httpx2.delete(unscheduled, auth=machine.auth).raise_for_status()
    assert run["auto_scheduled"]
    assert run["state"]["name"] == "Completed", run["state"]
    lake = Lake(machine.lake)
    assert datetime.now(UTC).date() in lake.read(RELEASE, lake.months(RELEASE))["list_date"].to_list()
    asked = httpx2.get(f"{sandbox.url}/_sandbox/requests").json()
    assert all(each["authorized"] for each in asked if each["service"] == "openai")


def test_a_failing_run_sends_its_sentence(machine: Production, receiver: Receiver) -> None:
    with machine.started("worker"):
        empty = machine.ordered("backfill/backfill", since="2026-01-09", until="2026-01-09")
        state = machine.ended(empty)
    assert state["name"] == "Failed"
    message = receiver.message("backfill 2026-01-09")
    assert "2026-01-09" in message["message"]
    # First comes the part that failed, then the run that ordered it.
    assert f"http://127.0.0.1:{machine.port}/runs/flow-run/" in message["message"]


def test_a_worker_that_is_stopped_ends_its_run_first_and_says_so(
    machine: Production, receiver: Receiver
) -> None:
    with machine.started("worker"):
        stopped = machine.ordered("backfill/backfill", since="2026-01-08", until="2026-01-08")
        wait_for("no answer yet", lambda: kept(machine))
    assert machine.state(stopped)["name"] == "Crashed"
    assert receiver.message("backfill 2026-01-08")["title"].endswith("Crashed")
    assert len(kept(machine)) < BACKFILLED


def test_a_backfill_whose_worker_was_killed_goes_on_and_pays_for_no_answer_twice(
    machine: Production, sandbox: Sandbox
) -> None:
    durable, asked = kept(machine), calls(sandbox)
    with machine.started("worker") as worker:
        lost = machine.ordered("backfill/backfill", since="2026-01-08", until="2026-01-08")
        wait_for("not half-way", lambda: len(kept(machine)) >= BACKFILLED // 2)
        killed(worker)
    assert not set(calls(sandbox) - asked) & durable
    # Nobody is left to say what became of it and of its part, which keeps the queue's only slot until the
    # server misses their signs of life (tests/reliability/test_scale_out.py) or somebody says so.
    assert machine.state(lost)["name"] == "Running"
    crashed = {"state": {"type": "CRASHED", "name": "Crashed", "message": "killed"}, "force": True}
    under_way = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    for each in machine.api("flow_runs/filter", under_way):
        machine.api(f"flow_runs/{each['id']}/set_state", crashed)
    durable, asked = kept(machine), calls(sandbox)
    with machine.started("worker"):
        again = machine.ordered("backfill/backfill", since="2026-01-08", until="2026-01-08")
        assert machine.ended(again)["name"] == "Completed"
    assert not set(calls(sandbox) - asked) & durable
    total = sum(count for paper, count in calls(sandbox).items() if paper.startswith("2601"))
    assert BACKFILLED <= total <= BACKFILLED + 2 * AT_ONCE
    release = Lake(machine.lake).read(RELEASE, ["2026-01"])
    assert release["paper_id"].is_unique().all()
    assert release.height == BACKFILLED


@pytest.fixture(scope="module")
def backup(machine: Production) -> Path:
    return machine.backup()


def test_a_backup_is_for_nobody_else_to_read_and_holds_no_secret_in_clear(
    machine: Production, backup: Path
) -> None:
    assert sorted(path.name for path in backup.iterdir()) == ["lake.tar.gz", "prefect.dump"]
    assert {path.stat().st_mode & 0o077 for path in (backup, *backup.iterdir())} == {0}
    dump = machine.run("pg_restore", "--file=-", str(backup / "prefect.dump")).stdout
    assert "openai-api-key" in dump
    for secret in (SECRET_KEY, *machine.auth[1:], machine.secrets["PREFECT_SERVER_ENCRYPTION_KEY"]):
        assert secret not in dump


def test_a_backup_waits_for_the_run_that_holds_the_lake(machine: Production) -> None:
    lake = Lake(machine.lake)
    before = sorted((machine.folder / "backups").iterdir())
    with one_writer(lake, "a run", 1, print), pytest.raises(subprocess.CalledProcessError):
        machine.backup(DAILY_PAPERS_LOCK_WAIT="1")
    assert sorted((machine.folder / "backups").iterdir()) == before


def test_another_machine_goes_on_from_the_backup(
    machine: Production, backup: Path, stack: ExitStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = Postgres(machine.postgres.programs)
    stack.callback(cluster.stop)
    other = Production(tmp_path_factory.mktemp("other"), cluster, **machine.settings)
    other.keep_secrets_of(machine)
    restore = ["--exit-on-error", "--no-owner", f"--host={cluster.folder}", "--dbname=prefect"]
    restored = other.run("pg_restore", *restore, str(backup / "prefect.dump"))
    assert restored.returncode == 0, restored.stderr
    other.lake.mkdir()
    unpacked = other.run("tar", "--extract", f"--file={backup}/lake.tar.gz", f"--directory={other.lake}")
    assert unpacked.returncode == 0, unpacked.stderr
    with other.serving():
        assert ended_runs(other).items() >= ended_runs(machine).items()
        assert len(other.api("automations/filter", {})) == len(machine.api("automations/filter", {}))
        checked = other.run(DAILY_PAPERS, "check")
        assert checked.returncode == 0, checked.stdout
        # With the encryption key of the old machine the Secret block opens, and a run finds its key there.
        with other.started("worker"):
            late = other.ordered("backfill/backfill", since="2026-01-12", until="2026-01-12")
            assert other.ended(late)["name"] == "Completed"
    release = Lake(other.lake).read(RELEASE, ["2026-01"])
    before = release.filter(pl.col("list_date") < date(2026, 1, 12))
    assert release.height == before.height + 2
    assert before.equals(Lake(machine.lake).read(RELEASE, ["2026-01"]))
