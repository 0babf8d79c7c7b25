"""The model's client: paid answers come back whole, limits are waited out, what cannot mend stops it all."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flows.clients.openai import Model, RawAnswer
from flows.errors import SettingsMissing, SourceUnavailable
from flows.progress import PROGRESS, Quiet
from flows.settings import Settings
from schemas.answer import TranslationAnswer
from scripted import Reply, Scripted
from transforms.requests import ChatRequest

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


def request(**values: Any) -> ChatRequest:
    schema = TranslationAnswer.wire_schema()
    return ChatRequest("2603.00001", "gpt-test", MESSAGES, "translation", schema, {})._replace(**values)


async def ask(model: Model, subject: str = "2603.00001", **values: Any) -> RawAnswer:
    return await model.answer(request(**values), subject)


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


async def test_parameters_of_the_recipe_go_as_they_are_to_a_server_that_knows_them() -> None:
    with Scripted(GOOD) as server:
        model = model_at(server)
        await ask(model, parameters={"reasoning_effort": "low", "top_k": 20})
        await model.close()
        told = server.asked[0].json()
    assert (told["reasoning_effort"], told["top_k"], told["model"]) == ("low", 20, "gpt-test")


async def test_any_number_may_be_asked_for_and_only_so_many_are_under_way() -> None:
    with Scripted(Reply(body=SAID.encode(), delay=0.02)) as server:
        model = model_at(server, concurrency=20)
        answers = await asyncio.gather(*(ask(model, f"2603.{number:05d}") for number in range(300)))
        await model.close()
        moments = [asked.at for asked in server.asked]
    assert len(answers) == len(moments) == 300
    # The twenty-first is sent when one of the twenty has its answer, and so on.
    assert all(later - earlier >= 0.02 for earlier, later in zip(moments, moments[20:], strict=False))


async def test_those_in_line_end_with_the_quota_and_are_not_sent() -> None:
    with Scripted(refusal(429, "insufficient_quota")) as server:
        model = model_at(server, concurrency=3)
        ended = await asyncio.gather(*(ask(model) for _ in range(50)), return_exceptions=True)
        await model.close()
        assert len(server.asked) <= 3
    assert all(isinstance(error, SourceUnavailable) for error in ended)


async def test_when_nobody_is_answered_for_as_long_as_patience_lasts_all_end() -> None:
    with Scripted(refusal(429)) as server:
        model = model_at(server, patience=0.4, retry_wait=0.05, concurrency=3)
        ended = await asyncio.gather(*(ask(model) for _ in range(50)), return_exceptions=True)
        await model.close()
        assert len(server.asked) < 20
    assert all(isinstance(error, SourceUnavailable) for error in ended)
    assert any("answered no call for 0.4 s. The model service refused" in str(error) for error in ended)


async def test_a_paper_that_the_service_cannot_answer_stops_no_other() -> None:
    def about(paper_id: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": paper_id}]

    class OnePoisoned(Scripted):
        def _next(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
            super()._next(path, headers, body)
            return refusal(500) if b"poison" in body else GOOD

    with OnePoisoned(GOOD) as server:
        model = model_at(server, patience=0.5, retry_wait=0.05)

        async def others() -> None:
            for _ in range(20):
                await asyncio.sleep(0.05)
                assert (await ask(model)).body == SAID

        poisoned = asyncio.create_task(ask(model, "2603.66666", messages=about("poison")))
        await others()
        with pytest.raises(SourceUnavailable, match=r"refused 2603\.66666 .HTTP 500"):
            await poisoned
        assert (await ask(model)).body == SAID
        await model.close()


async def test_what_the_service_says_is_left_is_not_overdrawn() -> None:
    headers = {
        "content-type": "application/json",
        "x-ratelimit-limit-requests": "600",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m0s",
    }
    with Scripted(Reply(body=SAID.encode(), headers=headers)) as server:
        model = model_at(server, concurrency=4)
        for _ in range(6):
            await ask(model)
        await model.close()
        # Ten a second: each but the first waits for its tenth.
        assert min(server.gaps) >= 0.08


# How the service is held to JSON -----------------------------------------------------------------


class Heard(Quiet):
    """Progress that remembers what was said."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    token = PROGRESS.set(heard)
    yield heard
    PROGRESS.reset(token)


class Lenient(Scripted):
    """Takes these response formats and words its refusal of others in one way."""

    def __init__(self, wording: Reply, *taken: str | None) -> None:
        super().__init__(GOOD)
        self._wording = wording
        self._taken = taken

    def _next(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        good = super()._next(path, headers, body)
        return (
            good if json.loads(body).get("response_format", {}).get("type") in self._taken else self._wording
        )

    @property
    def formats(self) -> list[str | None]:
        """The response formats asked for."""
        return [asked.json().get("response_format", {}).get("type") for asked in self.asked]


def worded(status: int, **error: Any) -> Reply:
    return Reply(status, json.dumps(error).encode(), {"content-type": "application/json"})


OPENAI = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
LLAMA = 'response_format type must be one of "text" or "json_object", but got: json_schema'
WORDINGS = {
    "openai": worded(400, error={"message": OPENAI, "param": "response_format", "code": None}),
    "openai-schema": worded(400, error={"message": "Invalid value", "code": "invalid_json_schema"}),
    "llama.cpp": worded(400, error={"code": 400, "message": LLAMA, "type": "invalid_request_error"}),
    "llama.cpp-grammar": worded(
        400, error={"code": 400, "message": "Failed to initialize samplers: failed to parse grammar"}
    ),
    "vllm": worded(
        400, object="error", message="structured outputs are not supported by this backend", code=400
    ),
    "deepseek": worded(400, error={"message": "This response_format type is unavailable now"}),
    "fastapi": worded(
        422, detail=[{"loc": ["body", "response_format", "type"], "msg": "unexpected value", "input": {}}]
    ),
    "fastapi-words": worded(422, detail="json_schema is not implemented"),
    "plain-text": Reply(400, b"unknown field response_format", {"content-type": "text/plain"}),
}


@pytest.mark.parametrize("wording", WORDINGS.values(), ids=WORDINGS)
@pytest.mark.parametrize(
    ("taken", "mode", "formats"),
    [
        (("json_object", None), "json_object", ["json_schema", "json_object"]),
        ((None,), "prompt", ["json_schema", "json_object", None]),
    ],
)
async def test_a_service_that_takes_no_schema_is_asked_less_strictly_from_then_on(
    wording: Reply, taken: tuple[str | None, ...], mode: str, formats: list[str | None], heard: Heard
) -> None:
    with Lenient(wording, *taken) as server:
        model = model_at(server)
        for _ in range(2):
            assert (await ask(model)).body == SAID
        await model.close()
        assert server.formats == [*formats, formats[-1]]
    assert model.structured == mode
    assert len(heard.sentences) == len(formats) - 1
    assert f"DAILY_PAPERS_STRUCTURED={mode}" in heard.sentences[-1]


async def test_many_that_find_out_at_once_say_it_once(heard: Heard) -> None:
    with Lenient(WORDINGS["openai"], None) as server:
        model = model_at(server, concurrency=30)
        answers = await asyncio.gather(*(ask(model) for _ in range(90)))
        await model.close()
        assert server.formats.count(None) == 90
        assert len(server.asked) <= 90 + 2 * 30
    assert len(answers) == 90
    assert model.structured == "prompt"
    assert len(heard.sentences) == 2


@pytest.mark.parametrize("status", [400, 422])
async def test_another_refusal_is_final_and_changes_no_mode(status: int, heard: Heard) -> None:
    quoted = [{"loc": ["body", "top_k"], "msg": "extra", "input": {"response_format": "json_schema"}}]
    for reply in (
        worded(status, error={"message": "This model's maximum context length is 8192 tokens."}),
        worded(status, detail=quoted),
        worded(status, error={"message": "x" * 300 + " your paper on a JSON schema"}),
    ):
        with Scripted(reply) as server:
            model = model_at(server)
            with pytest.raises(SourceUnavailable, match=f"HTTP {status}"):
                await ask(model)
            await model.close()
            assert len(server.asked) == 1
        assert model.structured == "strict"
    assert heard.sentences == []


async def test_once_a_mode_has_worked_a_refusal_is_the_request_s_own() -> None:
    with Scripted(GOOD, WORDINGS["openai"], GOOD) as server:
        model = model_at(server)
        await ask(model)
        with pytest.raises(SourceUnavailable, match="HTTP 400"):
            await ask(model)
        assert (await ask(model)).body == SAID
        await model.close()
    assert model.structured == "strict"


async def test_another_schema_may_be_refused_where_the_first_works() -> None:
    with Scripted(GOOD, WORDINGS["llama.cpp-grammar"], GOOD) as server:
        model = model_at(server)
        await ask(model)
        await ask(model, schema_name="judgement")
        await ask(model)
        await model.close()
        formats = [asked.json()["response_format"]["type"] for asked in server.asked]
    assert formats == ["json_schema", "json_schema", "json_object", "json_schema"]


@pytest.mark.parametrize(
    ("setting", "asked_for"), [("strict", "json_schema"), ("json_object", "json_object"), ("prompt", None)]
)
async def test_a_mode_that_is_set_is_kept(setting: str, asked_for: str | None, heard: Heard) -> None:
    with Lenient(WORDINGS["openai"], asked_for) as server:
        model = model_at(server, structured=setting)
        await ask(model)
        await model.close()
        assert server.formats == [asked_for]
    with Lenient(WORDINGS["openai"]) as server:
        model = model_at(server, structured=setting)
        with pytest.raises(SourceUnavailable, match="HTTP 400"):
            await ask(model)
        await model.close()
    assert model.structured == setting
    assert heard.sentences == []


def test_without_a_key_no_client_is_made() -> None:
    with pytest.raises(SettingsMissing, match="OPENAI_API_KEY is not set"):
        Model(Settings.model_validate({"OPENAI_API_KEY": "  "}))
