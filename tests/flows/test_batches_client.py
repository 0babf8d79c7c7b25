"""The batch service's client: patient with what is free, careful with what is paid, quick to stop."""

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from flows.clients.batches import BatchService
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable
from flows.sandbox.faults import Fault
from flows.sandbox.server import Sandbox
from flows.settings import Settings
from line import StartSandbox
from schemas.batches import BatchState
from scripted import Reply, Scripted

NOW = datetime.now(UTC)
JSON = {"content-type": "application/json"}


def service_at(url: str, **values: Any) -> BatchService:
    told: dict[str, Any] = {
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": " sk-secret\n",
        "retry_wait": 0.01,
        "patience": 5.0,
    }
    return BatchService(Settings.model_validate(told | values))


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), JSON | named)


def refusal(status: int, code: str | None = None, message: str = "no", **headers: str) -> Reply:
    error = {"error": {"message": message, "type": "t", "param": None, "code": code}}
    return reply(error, status, **headers)


def batch(number: int, age: timedelta = timedelta(0), **changed: Any) -> dict[str, Any]:
    return {
        "id": f"batch_{number}",
        "object": "batch",
        "status": "in_progress",
        "input_file_id": f"file-{number}",
        "created_at": int((NOW - age).timestamp()),
        "metadata": {"name": f"name-{number}"},
    } | changed


def operations(sandbox: Sandbox) -> Counter[str]:
    return Counter(entry["key"] for entry in httpx2.get(f"{sandbox.url}/_sandbox/requests").json())


def faults(*rules: dict[str, Any]) -> list[Fault]:
    return [Fault.model_validate({"service": "batches", **rule}) for rule in rules]


async def test_a_file_goes_up_becomes_a_batch_is_found_and_its_results_come_down(
    sandbox: StartSandbox,
) -> None:
    service = service_at(sandbox(batch_seconds=0).url)
    file_id = await service.upload(b"nonsense\n", "n.jsonl")
    assert await service.content(file_id) == b"nonsense\n"
    made = await service.create(file_id, "n")
    assert (made.input_file_id, made.metadata) == (file_id, {"name": "n"})
    assert not made.is_over
    while not (state := await service.retrieve(made.id) or made).is_over:
        time.sleep(0.01)
    assert state.status == "failed"
    assert state.failure.startswith("invalid_json_line: ")
    assert state.ended_at is not None
    assert abs(state.ended_at - datetime.now(UTC)) < timedelta(minutes=5)
    for name, file in (("n", "other"), ("other", file_id)):
        assert (await service.find(name, file, NOW) or made).id == made.id
    assert await service.find("other", "other", NOW) is None
    assert await service.retrieve("batch_nobody") is None
    assert await service.content("file-nobody") is None
    await service.close()


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(429),
        refusal(429, retry_after="0.01"),
        refusal(500),
        Reply(200, b"<html>Welcome</html>", {"content-type": "text/html"}),
        Reply(200, b"<html>Welcome</html>", JSON),
        reply({"object": "page"}),
        reply({}, 408),
        Reply(hang_up=True),
        Reply(200, b"x" * 99, JSON, drop=True),
    ],
)
async def test_passing_trouble_is_tried_again_by_us_and_not_by_the_sdk(trouble: Reply) -> None:
    with Scripted(trouble, trouble, reply(batch(1))) as server:
        service = service_at(server.url)
        state = await service.retrieve("batch_1")
        await service.close()
        assert [asked.headers["x-stainless-retry-count"] for asked in server.asked] == ["0"] * 3
    assert state is not None
    assert (state.id, state.done, state.failure, state.ended_at) == ("batch_1", 0, "", None)


@pytest.mark.parametrize(
    ("trouble", "kind", "said"),
    [
        (refusal(401, message="bad key sk-secret"), SettingsMissing, "bad key ***"),
        (refusal(403), SettingsMissing, "HTTP 403"),
        (refusal(404), SettingsMissing, "without --batch"),
        (refusal(400), SourceUnavailable, "HTTP 400"),
        (refusal(429, "insufficient_quota"), SourceUnavailable, "quota is used up"),
        (refusal(429, retry_after="7200"), SourceUnavailable, "HTTP 429"),
    ],
)
async def test_what_cannot_mend_ends_at_once_and_quotes_no_key(
    trouble: Reply, kind: type[DailyPapersError], said: str
) -> None:
    with Scripted(trouble) as server:
        service = service_at(server.url)
        with pytest.raises(kind) as caught:
            await service.upload(b"x", "n.jsonl")
        await service.close()
        assert len(server.asked) == 1
    assert said in str(caught.value)
    assert "sk-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_service_that_stays_away_is_given_up_when_patience_ends() -> None:
    with Scripted(Reply(hang_up=True)) as server:
        service = service_at(server.url, patience=0.2)
        with pytest.raises(SourceUnavailable, match="did not answer for the batch batch_1"):
            await service.retrieve("batch_1")
        await service.close()
        assert len(server.asked) > 1


async def test_without_a_key_nothing_is_asked() -> None:
    service = service_at("http://127.0.0.1:9", OPENAI_API_KEY=None)
    with pytest.raises(SettingsMissing, match="OPENAI_API_KEY is not set"):
        await service.retrieve("batch_1")
    await service.close()


# A batch is made once ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", [{"lost": True}, {"drop": True}, {"body": "<html>Welcome</html>"}, {"status": 503}]
)
async def test_a_batch_whose_making_got_no_answer_is_looked_for_before_it_is_made_again(
    sandbox: StartSandbox, rule: dict[str, Any]
) -> None:
    at = sandbox(faults=faults({"match": {"operation": "create"}, "first": 1, **rule}))
    service = service_at(at.url)
    made = await service.create(await service.upload(b"x\n", "n.jsonl"), "n")
    # A proxy's page and a 503 come from in front of the service: no batch was made then.
    was_made = "lost" in rule or "drop" in rule
    assert operations(at)["create"] == (1 if was_made else 2)
    assert operations(at)["list"] == 1
    listed = httpx2.get(f"{at.url}/v1/batches", headers={"Authorization": "Bearer k"}).json()["data"]
    assert [entry["id"] for entry in listed] == [made.id]
    await service.close()


async def test_the_search_goes_page_by_page_until_batches_are_too_old() -> None:
    day = timedelta(days=1)
    pages = [
        reply({"data": [batch(9), batch(8)], "has_more": True}),
        reply({"data": [batch(7, day / 2), batch(6, 3 * day)], "has_more": True}),
    ]
    with Scripted(*pages) as server:
        service = service_at(server.url)
        assert await service.find("name-5", "file-5", NOW) is None
        await service.close()
        assert [asked.path for asked in server.asked] == [
            "/v1/batches?limit=100",
            "/v1/batches?after=batch_8&limit=100",
        ]


async def test_the_search_ends_even_where_the_list_does_not() -> None:
    with Scripted(reply({"data": [batch(1)], "has_more": True})) as server:
        service = service_at(server.url)
        assert await service.find("name-5", "file-5", NOW) is None
        await service.close()
        assert len(server.asked) == 20


# Results -----------------------------------------------------------------------------------------


async def test_a_file_that_comes_short_is_fetched_again_and_given_up_in_the_end() -> None:
    described = reply({"id": "file-1", "bytes": 6})
    cut, whole = Reply(body=b"out"), Reply(body=b"output")
    with Scripted(described, cut, described, whole) as server:
        service = service_at(server.url)
        assert await service.content("file-1") == b"output"
        await service.close()
    with Scripted(*([described, cut] * 60)) as server:
        service = service_at(server.url, patience=0.2)
        with pytest.raises(SourceUnavailable, match="expected 6 bytes, got 3"):
            await service.content("file-1")
        await service.close()


async def test_a_service_that_does_not_tell_a_files_size_is_believed() -> None:
    with Scripted(reply({"id": "file-1"}), Reply(body=b"output")) as server:
        service = service_at(server.url)
        assert await service.content("file-1") == b"output"
        await service.close()


def test_a_batch_of_another_server_needs_no_more_than_its_id_and_status() -> None:
    state = BatchState.model_validate({"id": "b", "status": "running", "errors": {"data": None}, "x": 1})
    assert (state.is_over, state.done, state.failure, state.ended_at) == (False, 0, "", None)
    milliseconds = BatchState.model_validate({"id": "b", "status": "failed", "failed_at": 10**15})
    assert milliseconds.ended_at is None
    counts = {"completed": 2, "failed": 1}
    state = BatchState.model_validate({"id": "b", "status": "expired", "request_counts": counts})
    assert (state.is_over, state.done) == (True, 3)
