"""The model's client: paid answers come back whole, limits are waited out, what cannot mend stops it all."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from flows.clients.openai import Model, RawAnswer
from flows.errors import SettingsMissing, SourceUnavailable
from flows.settings import Settings
from schemas.answer import TranslationAnswer
from scripted import Reply, Scripted

COMPLETION = {
    "id": "c1",
    "object": "chat.completion",
    "created": 0,
    "model": "gpt-test-1",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "{}"}}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 6, "total_tokens": 11},
}
SAID = json.dumps(COMPLETION, indent=1)
GOOD = Reply(body=SAID.encode(), headers={"content-type": "application/json", "x-request-id": "req_1"})
MESSAGES = [{"role": "user", "content": "초록"}]


def refusal(status: int, code: str | None = None, message: str = "no", **headers: str) -> Reply:
    error = {"error": {"message": message, "type": "t", "param": None, "code": code}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(error).encode(), {"content-type": "application/json", **named})


def model_at(server: Scripted, **values: Any) -> Model:
    told = {
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": " sk-secret\n",
        "model": "gpt-test",
        "retry_wait": 0.01,
        "patience": 5.0,
    }
    return Model(Settings.model_validate(told | values))


async def ask(model: Model, subject: str = "2603.00001") -> RawAnswer:
    return await model.answer(MESSAGES, subject)


async def test_an_answer_comes_back_as_the_very_body_with_its_request_id() -> None:
    with Scripted(GOOD) as server:
        model = model_at(server)
        assert await ask(model) == RawAnswer(SAID, "req_1")
        await model.close()
        (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == "Bearer sk-secret"
    assert asked.json() == {
        "model": "gpt-test",
        "messages": MESSAGES,
        "response_format": {
            "type": "json_schema",
            "json_schema": {
                "name": "translation",
                "schema": TranslationAnswer.wire_schema(),
                "strict": True,
            },
        },
    }


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
async def test_a_passing_trouble_is_tried_again_by_us_and_not_by_the_sdk(status: int) -> None:
    with Scripted(refusal(status), GOOD) as server:
        model = model_at(server)
        assert (await ask(model)).body == SAID
        await model.close()
        assert [asked.headers["x-stainless-retry-count"] for asked in server.asked] == ["0", "0"]


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_refused_request_is_not_tried_again_and_stops_no_other(status: int) -> None:
    with Scripted(refusal(status, message="too strange"), GOOD) as server:
        model = model_at(server)
        with pytest.raises(SourceUnavailable, match=f"refused 2603.00001 .HTTP {status} : .*too strange"):
            await ask(model)
        assert (await ask(model)).body == SAID
        await model.close()
        assert len(server.asked) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refused_key_or_model_is_a_setting_and_stops_every_later_call(status: int) -> None:
    quoting = refusal(status, message="bad key sk-secret")
    with Scripted(quoting) as server:
        model = model_at(server)
        for subject in ("2603.00001", "2603.00002"):
            with pytest.raises(SettingsMissing, match="OPENAI_API_KEY") as caught:
                await ask(model, subject)
            assert "sk-secret" not in str(caught.value)
        await model.close()
        assert len(server.asked) == 1


async def test_an_exhausted_quota_is_not_waited_for_and_stops_every_later_call() -> None:
    with Scripted(refusal(429, "insufficient_quota", retry_after="1")) as server:
        model = model_at(server)
        for _ in range(2):
            with pytest.raises(SourceUnavailable, match="quota is used up"):
                await ask(model)
        await model.close()
        assert len(server.asked) == 1


async def test_a_pause_that_one_call_is_told_is_kept_by_all() -> None:
    with Scripted(refusal(429, retry_after="0.6"), GOOD) as server:
        model = model_at(server)
        first = asyncio.create_task(ask(model))
        while not server.asked:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        await asyncio.gather(first, *(ask(model) for _ in range(5)))
        await model.close()
        refused, *after = server.asked
        assert len(after) == 6
        assert min(asked.at - refused.at for asked in after) >= 0.59


async def test_a_pause_beyond_patience_ends_the_call_and_pauses_nobody() -> None:
    with Scripted(refusal(429, retry_after="3600"), GOOD) as server:
        model = model_at(server)
        with pytest.raises(SourceUnavailable, match="HTTP 429"):
            await ask(model)
        assert (await ask(model)).body == SAID
        await model.close()


async def test_a_limit_without_retry_after_is_tried_again_with_growing_waits_until_patience_ends() -> None:
    began = time.monotonic()
    with Scripted(refusal(429)) as server:
        model = model_at(server, patience=0.6, retry_wait=0.05)
        with pytest.raises(SourceUnavailable, match="HTTP 429"):
            await ask(model)
        await model.close()
        assert 2 <= len(server.asked) < 12
    assert time.monotonic() - began < 60


LOST: list[Callable[[], Reply]] = [
    lambda: Reply(hang_up=True),
    lambda: Reply(body=SAID.encode(), drop=True, headers={"content-type": "application/json"}),
    lambda: Reply(body=b"<html>busy</html>", headers={"content-type": "text/html"}),
    lambda: Reply(body=SAID.encode()[:40], headers={"content-type": "application/json"}),
    lambda: Reply(body=b"", headers={"content-type": "application/json"}),
]


@pytest.mark.parametrize("lost", LOST, ids=["hang-up", "drop", "html", "cut", "nothing"])
async def test_a_lost_answer_is_asked_for_again_but_not_for_ever(lost: Callable[[], Reply]) -> None:
    with Scripted(lost(), GOOD) as server:
        model = model_at(server)
        assert (await ask(model)).body == SAID
        await model.close()
        assert len(server.asked) == 2
    with Scripted(lost()) as server:
        model = model_at(server)
        with pytest.raises(SourceUnavailable, match=r"did not answer for 2603\.00001"):
            await ask(model)
        await model.close()
        assert len(server.asked) == 4


async def test_a_call_that_takes_too_long_is_given_up_and_tried_again() -> None:
    with Scripted(Reply(delay=1.5), GOOD) as server:
        model = model_at(server, model_timeout=0.2)
        assert (await ask(model)).body == SAID
        await model.close()
        assert len(server.asked) == 2


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
async def test_a_completion_is_taken_whatever_it_calls_itself(content_type: str) -> None:
    with Scripted(Reply(body=SAID.encode(), headers={"content-type": content_type})) as server:
        model = model_at(server)
        assert await ask(model) == RawAnswer(SAID, None)
        await model.close()


async def test_an_answer_with_odd_usage_is_paid_for_once() -> None:
    odd = json.dumps(COMPLETION | {"usage": {"prompt_tokens": 5.0, "completion_tokens": 6.0}})
    with Scripted(Reply(body=odd.encode(), headers={"content-type": "application/json"})) as server:
        model = model_at(server)
        try:
            assert (await ask(model)).body == odd
        finally:
            await model.close()


def test_without_a_key_no_client_is_made() -> None:
    with pytest.raises(SettingsMissing, match="OPENAI_API_KEY is not set"):
        Model(Settings.model_validate({"OPENAI_API_KEY": "  "}))
