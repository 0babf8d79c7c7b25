"""Answers by batch: kept once each, paid for once each, whatever breaks and whoever dies on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

import batching
from batching import Kept, answered, names, request, requests, run_in
from flows.batch import BatchAnswer, answered_by_batch, collect_batches, open_names
from flows.errors import ContractBroken, LakeUnwritable, SettingsMissing, SourceUnavailable
from flows.sandbox.faults import Fault
from flows.sandbox.server import Sandbox
from flows.storage import Lake
from line import StartSandbox

LONGEST = 60.0


class Place:
    """A folder for a lake and answers, and the sandbox that the environment points at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, start: StartSandbox) -> None:
        self.folder = folder
        self.lake = Lake(folder / "lake")
        self._monkeypatch = monkeypatch
        self._start = start
        self.serve()

    def serve(self, **options: Any) -> None:
        self.sandbox: Sandbox = self._start(**{"batch_seconds": 0.0} | options)
        for name, value in self.sandbox.environment().items():
            self._monkeypatch.setenv(name, value)

    def faults(self, *rules: dict[str, Any]) -> None:
        parsed = [Fault.model_validate(rule).model_dump(mode="json", exclude_unset=True) for rule in rules]
        httpx2.put(f"{self.sandbox.url}/_sandbox/faults", json=parsed).raise_for_status()

    def log(self, service: str) -> list[str]:
        entries = httpx2.get(f"{self.sandbox.url}/_sandbox/requests").json()
        return [entry["key"] for entry in entries if entry["service"] == service]

    def asked(self) -> Counter[str]:
        """How often each operation was asked for."""
        return Counter(self.log("batches"))

    def paid(self) -> Counter[str]:
        """How often each line was answered."""
        return Counter(self.log("batch_lines"))

    def kept_files(self) -> list[str]:
        return [path.name for path in (self.folder / "kept").glob("*.json")]

    def kept(self) -> dict[str, dict[str, Any]]:
        return Kept(self.folder / "kept").all()

    def folders(self) -> list[Path]:
        return sorted((self.folder / "lake/batches").glob("*"))

    def state(self) -> dict[str, Any]:
        (folder,) = self.folders()
        state: dict[str, Any] = json.loads((folder / "state.json").read_bytes())
        return state


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: StartSandbox) -> Place:
    return Place(tmp_path, monkeypatch, sandbox)


def on(operation: str, **rule: Any) -> dict[str, Any]:
    return {"service": "batches", "match": {"operation": operation}, **rule}


def line(number: int, **rule: Any) -> dict[str, Any]:
    return {"service": "batch_lines", "match": {"paper_id": f"2603.{number:05d}"}, **rule}


def name(number: int) -> str:
    return request(number).name


# The round ---------------------------------------------------------------------------------------


async def test_every_answer_comes_back_under_its_own_name_in_whatever_order(place: Place) -> None:
    outcome = await answered(place.folder, requests(20))
    assert outcome.answered == names(20)
    assert (outcome.unanswered, outcome.waiting, outcome.sentences, outcome.errors) == ({}, set(), [], [])
    kept = place.kept()
    assert set(kept) == names(20)
    for named in requests(20):
        answer = kept[named.name]
        assert answer["about"] == named.about
        assert answer["request_id"].startswith("req_")
        content = json.loads(json.loads(answer["body"])["choices"][0]["message"]["content"])
        assert content["paper_id"] == named.request.paper_id
    assert place.paid() == dict.fromkeys(names(20), 1)
    assert place.asked()["create"] == 1
    (folder,) = place.folders()
    sent = [json.loads(row) for row in (folder / "requests.jsonl").read_bytes().splitlines()]
    assert [row["custom_id"] for row in sent] == [named.name for named in requests(20)]
    assert sent[0]["body"] == requests(1)[0].request.body("strict")
    received = [json.loads(row)["custom_id"] for row in (folder / "output.jsonl").read_bytes().splitlines()]
    assert received != [row["custom_id"] for row in sent]
    assert place.state()["collected"] == {
        "answered": 20, "unanswered": 0, "unknown": 0, "repeated": 0, "unreadable": 0
    }  # fmt: skip


async def test_what_is_kept_already_is_not_asked_for_again(place: Place) -> None:
    await answered(place.folder, requests(3))
    outcome = await answered(place.folder, requests(5))
    assert outcome.answered == names(5)
    assert place.paid() == dict.fromkeys(names(5), 1)
    assert (await answered(place.folder, requests(5))).answered == names(5)
    assert place.asked()["create"] == 2


async def test_without_an_open_batch_collecting_asks_nobody_and_needs_no_key(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    outcome = await collect_batches(run_in(place.folder), Kept(place.folder / "kept"))
    assert (outcome.answered, outcome.errors) == (set(), [])
    assert place.asked() == {}
    assert not (place.folder / "lake").exists()


async def test_a_run_that_does_not_wait_leaves_the_batch_to_a_later_one(place: Place) -> None:
    place.serve(batch_seconds=0.3)
    outcome = await answered(place.folder, requests(4), wait=False)
    assert (outcome.waiting, outcome.answered, outcome.unanswered) == (names(4), set(), {})
    assert open_names(place.lake) == names(4)
    outcome = await answered(place.folder, requests(6), wait=False)
    assert outcome.waiting == names(6)
    outcome = await answered(place.folder, requests(6))
    assert outcome.answered == names(6)
    assert place.paid() == dict.fromkeys(names(6), 1)
    assert place.asked()["create"] == 2
    assert open_names(place.lake) == set()


async def test_a_later_command_collects_what_is_over_by_then(place: Place) -> None:
    await answered(place.folder, requests(4), wait=False)
    while len(place.log("batch_lines")) < 4:
        time.sleep(0.01)
    while (outcome := await collect_batches(run_in(place.folder), Kept(place.folder / "kept"))).waiting:
        pass
    assert outcome.answered == names(4) == set(place.kept())


async def test_requests_are_split_by_model_lines_and_bytes(place: Place) -> None:
    wanted = [*requests(5), request(6, "other"), request(7, "other")]
    outcome = await answered(place.folder, wanted, max_lines=2)
    assert outcome.answered == {named.name for named in wanted}
    models = [json.loads((folder / "state.json").read_bytes())["model"] for folder in place.folders()]
    assert sorted(models) == ["m", "m", "m", "other"]
    more = [request(number) for number in range(11, 15)]
    outcome = await answered(place.folder, more, max_bytes=1200)
    assert outcome.answered == {named.name for named in more}
    assert place.asked()["create"] == 4 + 2


async def test_a_long_name_travels_as_its_hash_and_comes_back_as_itself(place: Place) -> None:
    long = request(1, name=f"recipe/{'n' * 80}-1-1")
    outcome = await answered(place.folder, [long])
    assert outcome.answered == {long.name} == set(place.kept())
    (custom_id,) = place.paid()
    assert len(custom_id) == 64


# Lines and batches that go wrong -----------------------------------------------------------------


async def test_lines_that_failed_or_expired_come_back_with_their_reason_and_can_be_asked_again(
    place: Place,
) -> None:
    place.faults(line(1, status=400), line(2, status=500), line(3, line="expired"))
    outcome = await answered(place.folder, requests(5))
    assert outcome.answered == {name(4), name(5)}
    assert "HTTP 400" in outcome.unanswered[name(1)]
    assert "HTTP 500" in outcome.unanswered[name(2)]
    assert "batch_expired" in outcome.unanswered[name(3)]
    (sentence,) = outcome.sentences
    assert "ended expired: 3 of 5 requests without answer" in sentence
    place.faults()
    outcome = await answered(place.folder, requests(5))
    assert outcome.answered == names(5)
    assert outcome.unanswered == {}
    assert place.paid() == {name(number): 2 if number < 4 else 1 for number in range(1, 6)}


async def test_lines_of_nobody_twice_and_in_pieces_are_counted_and_cost_only_themselves(place: Place) -> None:
    kinds = ("unknown", "repeated", "garbage", "missing")
    place.faults(*(line(number, line=kind) for number, kind in enumerate(kinds, start=1)))
    outcome = await answered(place.folder, requests(6))
    assert outcome.answered == {name(2), name(5), name(6)}
    assert set(outcome.unanswered) == {name(1), name(3), name(4)}
    assert set(outcome.unanswered.values()) == {"the batch ended completed without a line for it"}
    assert place.state()["collected"] == {
        "answered": 3, "unanswered": 3, "unknown": 1, "repeated": 1, "unreadable": 1
    }  # fmt: skip
    (sentence,) = outcome.sentences
    for said in ("3 of 6 requests without answer", "unknown lines ignored: 1", "unreadable lines ignored: 1"):
        assert said in sentence


async def test_a_batch_that_fails_as_a_whole_says_why_for_each_request(place: Place) -> None:
    place.faults(on("create", failure="token_limit_exceeded"))
    outcome = await answered(place.folder, requests(2))
    assert set(outcome.unanswered) == names(2)
    assert all("the batch failed (token_limit_exceeded: " in reason for reason in outcome.unanswered.values())
    assert len(outcome.sentences) == 1
    place.faults()
    assert (await answered(place.folder, requests(2))).answered == names(2)


async def test_a_cancelled_batch_gives_what_it_had(place: Place) -> None:
    place.serve(batch_seconds=2)
    await answered(place.folder, requests(40), wait=False)
    while len(place.log("batch_lines")) < 3:
        time.sleep(0.01)
    headers = {"Authorization": "Bearer k"}
    url = f"{place.sandbox.url}/v1/batches/{place.state()['batch_id']}/cancel"
    httpx2.post(url, headers=headers).raise_for_status()
    outcome = await answered_by_batch(run_in(place.folder), requests(40), Kept(place.folder / "kept"))
    assert 3 <= len(outcome.answered) < 40
    assert outcome.answered | set(outcome.unanswered) == names(40)
    assert set(place.paid()) == outcome.answered


# Services that go wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        on("upload", first=2, status=503),
        on("upload", first=1, lost=True),
        on("create", first=1, lost=True),
        on("create", first=2, drop=True),
        on("create", first=2, status=500),
        on("create", first=1, body="<html>Welcome</html>"),
        on("list", first=3, status=429, headers={"Retry-After": "0"}),
        on("batch", first=2, body="<html>Welcome</html>"),
        on("batch", first=2, truncate=30),
        on("file", first=1, drop=True),
        on("content", first=2, truncate=100),
        on("content", first=1, drop=True),
    ],
    ids=lambda rule: f"{rule['match']['operation']} {Fault.model_validate(rule).label}",
)
async def test_passing_trouble_is_waited_out_and_no_batch_is_made_twice(
    place: Place, rule: dict[str, Any]
) -> None:
    place.faults(rule)
    outcome = await answered(place.folder, requests(3))
    assert (outcome.answered, outcome.errors, outcome.sentences) == (names(3), [], [])
    assert place.paid() == dict.fromkeys(names(3), 1)


async def test_a_refused_key_submits_nothing_and_the_next_run_does(place: Place) -> None:
    place.faults(on("upload", status=401))
    outcome = await answered(place.folder, requests(3), max_lines=1)
    (error,) = outcome.errors
    assert isinstance(error, SettingsMissing)
    assert "HTTP 401" in str(error)
    assert outcome.unanswered == dict.fromkeys(names(3), "it was not submitted")
    assert place.asked() == {"upload": 1}
    place.faults()
    assert (await answered(place.folder, requests(3))).answered == names(3)
    assert len(place.folders()) == 1


async def test_a_batch_that_was_refused_holds_its_requests_until_it_is_known_not_to_exist(
    place: Place,
) -> None:
    place.faults(on("create", calls=[2], status=400))
    outcome = await answered(place.folder, requests(3), max_lines=1)
    assert [type(error) for error in outcome.errors] == [SourceUnavailable]
    assert outcome.answered == {name(1)}
    assert outcome.waiting == {name(2)}
    assert outcome.unanswered == {name(3): "it was not submitted"}
    outcome = await collect_batches(run_in(place.folder), Kept(place.folder / "kept"))
    assert outcome.waiting == set()
    assert (await answered(place.folder, requests(3))).answered == names(3)
    assert place.paid() == dict.fromkeys(names(3), 1)


async def test_a_batch_that_the_service_does_not_know_waits_for_the_operator(place: Place) -> None:
    place.serve(batch_seconds=60)
    await answered(place.folder, requests(2), wait=False)
    place.serve()
    outcome = await answered(place.folder, requests(2))
    (error,) = outcome.errors
    assert isinstance(error, SettingsMissing)
    assert f"batches/{place.folders()[0].name}" in str(error)
    assert outcome.waiting == names(2)
    shutil.rmtree(place.folders()[0])
    assert (await answered(place.folder, requests(2))).answered == names(2)


async def test_results_that_are_gone_wait_for_the_operator_too(place: Place) -> None:
    place.faults(on("content", status=404))
    outcome = await answered(place.folder, requests(2))
    (error,) = outcome.errors
    assert "are gone from the model service" in str(error)
    assert outcome.waiting == names(2)
    assert place.asked()["create"] == 1


@pytest.mark.parametrize("file", ["state.json", "names.jsonl"])
async def test_a_batch_that_cannot_be_read_stops_new_ones(place: Place, file: str) -> None:
    place.serve(batch_seconds=60)
    await answered(place.folder, requests(2), wait=False)
    (place.folders()[0] / file).write_text("{")
    outcome = await answered(place.folder, requests(3))
    assert [type(error) for error in outcome.errors] == [ContractBroken]
    assert f"{file} cannot be read" in str(outcome.errors[0])
    assert place.asked()["create"] == 1
    with pytest.raises(ContractBroken):
        open_names(place.lake)


class Full(Kept):
    """A disk that takes two answers."""

    def keep(self, answer: BatchAnswer) -> None:
        if len(self.all()) == 2:
            raise LakeUnwritable("full")
        super().keep(answer)


async def test_a_disk_that_is_full_stops_the_run_and_the_next_needs_no_service(place: Place) -> None:
    with pytest.raises(LakeUnwritable):
        await answered_by_batch(run_in(place.folder), requests(4), Full(place.folder / "kept"))
    assert len(place.kept()) == 2
    before = place.asked()
    output = place.folders()[0] / "output.jsonl"
    output.rename(output.with_suffix(".away"))
    outcome = await collect_batches(run_in(place.folder), Kept(place.folder / "kept"))
    assert [type(error) for error in outcome.errors] == [ContractBroken]
    assert outcome.waiting == names(4)
    output.with_suffix(".away").rename(output)
    outcome = await collect_batches(run_in(place.folder), Kept(place.folder / "kept"))
    assert outcome.answered == names(4) == set(place.kept())
    assert place.asked() == before
    assert place.paid() == dict.fromkeys(names(4), 1)


# Runs that die -----------------------------------------------------------------------------------

COUNT = 12


class Death(NamedTuple):
    """What holds a run up at a step, and by what it is seen to be there."""

    fault: dict[str, Any]
    operation: str
    times: int = 1


DEATHS = {
    "while the file is on its way": Death(on("upload", delay=30), "upload"),
    "before a batch could be made": Death(on("create", status=500), "create", 2),
    "when the batch was made, before its answer came": Death(on("create", delay=30), "create"),
    "while the answers are on their way": Death(on("content", delay=30), "content"),
}


def killed(place: Place, is_time: Callable[[], bool]) -> None:
    """Start a process that wants the answers, and kill it when it is time."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, batching.__file__, str(place.folder), str(COUNT)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + LONGEST
    try:
        while not is_time():
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "the time did not come"
            time.sleep(0.01)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL


async def test_a_run_killed_at_each_step_in_turn_pays_for_each_answer_once(place: Place) -> None:
    for fault, operation, times in DEATHS.values():
        place.faults(fault)
        target = place.asked()[operation] + times
        killed(place, lambda what=operation, target=target: place.asked()[what] >= target)
    place.faults()
    killed(place, lambda: len(place.kept_files()) >= COUNT // 3)
    assert 0 < len(place.kept()) < COUNT
    outcome = await answered(place.folder, requests(COUNT))
    assert (outcome.answered, outcome.errors) == (names(COUNT), [])
    assert set(place.kept()) == names(COUNT)
    assert place.paid() == dict.fromkeys(names(COUNT), 1)
    assert len(place.folders()) == 1
    assert place.lake.leftovers() == []


async def test_a_run_killed_while_it_prepares_a_batch_leaves_nothing_behind(place: Place) -> None:
    for unfinished in ((), ("requests.jsonl",), ("requests.jsonl", "names.jsonl")):
        folder = place.folder / "lake/batches" / f"20260301T00000{len(unfinished)}Z-0"
        folder.mkdir(parents=True)
        for file in unfinished:
            (folder / file).write_text("{")
    assert (await answered(place.folder, requests(1))).answered == names(1)
    assert len(place.folders()) == 1
