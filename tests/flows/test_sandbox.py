"""The sandbox as its clients see it: unmodified clients over real HTTP on 127.0.0.1."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from huggingface_hub import HfApi
from lxml import etree
from pydantic import ValidationError

from flows.clients.quota import span_seconds
from flows.clients.structured import is_about_structure
from flows.sandbox.config import SandboxConfig
from flows.sandbox.faults import Fault, load_faults
from flows.sandbox.hangul import is_name, phrase, pseudo_word
from flows.sandbox.pseudo import MARK, pseudo_answer, sentences
from flows.sandbox.server import Sandbox
from schemas.answer import TranslationAnswer
from schemas.judgement import JudgeAnswer
from transforms.answers import judged
from transforms.fence import fenced
from transforms.lexicon import entries_in
from transforms.placeholders import tokens
from transforms.prompt import Source, messages_for, source_of

SHARED = Path(__file__).parents[3] / "shared" / "data" / "daily_papers"
ATOM = {"a": "http://www.w3.org/2005/Atom", "o": "http://a9.com/-/spec/opensearch/1.1/"}
ABSTRACT = (
    "We present PaperMill, a 7B model that grinds long documents. It reads 32.5% faster than GPT-4o on 2.4 "
    "million pages (see https://example.org/mill). Our loss $L = a + b$ stays stable. Training takes 3 days "
    "on 8 A100 cards. The results hold in all settings."
)
TITLE = "PaperMill: Grinding Long Documents"
TEXTS = ("title_ko", "abstract_ko", "whats_new", "technical_details", "performance_highlights")

Start = Callable[..., Sandbox]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(SandboxConfig(**options)))


def record(paper_id: str, title: str = TITLE, summary: str = ABSTRACT) -> dict[str, Any]:
    paper = {
        "id": paper_id,
        "title": title,
        "summary": summary,
        "publishedAt": "2024-06-10T17:59:59.000Z",
        "upvotes": 3,
        "authors": [
            {"_id": "1", "name": "Bo Kim", "hidden": False},
            {"_id": "2", "name": "Al Lee", "hidden": False},
        ],
    }
    return {"paper": paper, "title": title, "publishedAt": "2024-06-12T00:00:00.000Z", "numComments": 0}


def store(folder: Path, name: str, count: int = 1, first: int = 1) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(json.dumps([record(f"2406.{number:05d}") for number in range(first, first + count)]))
    return folder


def day(url: str, **asked: Any) -> httpx2.Response:
    return httpx2.get(f"{url}/api/daily_papers", params=asked)


def ids(response: httpx2.Response) -> list[str]:
    return [item["paper"]["id"] for item in response.json()]


def requests(url: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = httpx2.get(f"{url}/_sandbox/requests").json()
    return entries


def fault(**rule: Any) -> list[Fault]:
    return [Fault.model_validate(rule)]


# Daily Papers ------------------------------------------------------------------------------------


def test_a_long_day_is_read_past_the_fifty_record_cap_page_by_page(tmp_path: Path, start: Start) -> None:
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=120)).url
    pages = [ids(day(url, date="2024-06-12", limit=100, p=p)) for p in range(4)]
    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert [paper_id for page in pages for paper_id in page] == [
        f"2406.{number:05d}" for number in range(1, 121)
    ]
    assert ids(day(url, date="2024-06-12", limit=7, p=1))[0] == "2406.00008"


def test_the_latest_fetch_of_a_day_is_served_or_the_one_known_as_of_then(
    tmp_path: Path, start: Start
) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-12T170000Z-x.json", count=2)
    store(folder, "2024-06-12@20240613T140000Z-x.json", count=5)
    assert len(ids(day(start(payloads=folder).url, date="2024-06-12"))) == 5
    for then in ("20240613T000000Z", "2024-06-13T00:00:00Z"):
        url = start(payloads=folder, as_of=then).url
        assert len(ids(day(url, date="2024-06-12"))) == 2
    assert ids(day(start(payloads=folder, as_of="20240601T000000Z").url, date="2024-06-12")) == []


def test_a_file_added_while_it_runs_is_a_list_that_has_grown(tmp_path: Path, start: Start) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-12T170000Z-x.json", count=2)
    url = start(payloads=folder).url
    assert len(ids(day(url, date="2024-06-12"))) == 2
    store(folder, "2024-06-12@2024-06-14T170000Z-x.json", count=4)
    assert len(ids(day(url, date="2024-06-12"))) == 4
    assert entry_ids(atom(url, "2406.00004")) == ["http://arxiv.org/abs/2406.00004v1"]


def test_stored_bytes_are_sent_unedited_even_when_they_are_no_list(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    bodies = {
        "2024-06-01": b"1",
        "2024-06-02": b"<html>oops",
        "2024-06-03": b'[ {"paper" : {"id":"2406.1"}} ]\n',
    }
    for list_date, body in bodies.items():
        (folder / f"{list_date}@2024-06-09T000000Z-x.json").write_bytes(body)
    url = start(payloads=folder).url
    assert {list_date: day(url, date=list_date).content for list_date in bodies} == bodies
    assert day(url, date="2024-06-01", p=1).json() == []


def test_a_day_without_a_list_is_empty_and_no_date_is_an_error(tmp_path: Path, start: Start) -> None:
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json")).url
    assert day(url, date="2024-06-15").json() == []
    for wrong in ({}, {"date": "2024-13-01"}, {"date": "12.06.2024"}, {"date": "2024-06-12", "limit": "x"}):
        response = day(url, **wrong)
        assert response.status_code == 400
        assert "error" in response.json()


def test_huggingface_hub_reads_the_list_unmodified(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The session is offline for the Hub's clients; this one is to reach the sandbox.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=3)).url
    papers = list(HfApi(endpoint=url, token=False).list_daily_papers(date="2024-06-12", limit=2))
    assert [paper.id for paper in papers] == ["2406.00001", "2406.00002"]


def test_payloads_that_are_no_folder_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="expected a folder"),
        Sandbox(SandboxConfig(payloads=tmp_path / "none")),
    ):
        pass


# arXiv -------------------------------------------------------------------------------------------


def entry_ids(response: httpx2.Response) -> list[str]:
    found = etree.fromstring(response.content).findall("a:entry/a:id", namespaces=ATOM)
    return [element.text or "" for element in found]


def atom(url: str, id_list: str, **options: int) -> httpx2.Response:
    return httpx2.get(f"{url}/api/query", params={"id_list": id_list, **options})


def test_atom_entries_come_for_known_ids_only_and_not_in_the_order_asked(
    tmp_path: Path, start: Start
) -> None:
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=2)).url
    response = atom(url, "2406.00001,2406.99999,abc,2406.00002v3", max_results=100)
    assert entry_ids(response) == ["http://arxiv.org/abs/2406.00002v3", "http://arxiv.org/abs/2406.00001v1"]
    feed = etree.fromstring(response.content)
    assert feed.findtext("o:totalResults", namespaces=ATOM) == "2"
    entry = feed.find("a:entry", namespaces=ATOM)
    assert entry is not None
    assert entry.findtext("a:summary", namespaces=ATOM) == ABSTRACT
    names = [element.text for element in entry.findall("a:author/a:name", namespaces=ATOM)]
    assert names == ["Bo Kim", "Al Lee"]
    assert entry.findtext("a:published", namespaces=ATOM) == "2024-06-10T17:59:59Z"
    category = entry.find("{http://arxiv.org/schemas/atom}primary_category")
    assert category is not None
    assert category.get("term") in [
        found.get("term") for found in entry.findall("a:category", namespaces=ATOM)
    ]


def test_atom_pages_hold_ten_entries_unless_more_are_asked_for(tmp_path: Path, start: Start) -> None:
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=25)).url
    id_list = ",".join(f"2406.{number:05d}" for number in range(1, 26))
    assert len(entry_ids(atom(url, id_list))) == 10
    assert len(entry_ids(atom(url, id_list, start=10, max_results=100))) == 15


def test_a_malformed_id_alone_is_answered_with_the_error_feed(tmp_path: Path, start: Start) -> None:
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json")).url
    response = atom(url, "abc")
    assert response.status_code == 400
    assert entry_ids(response) == ["https://arxiv.org/api/errors#incorrect_id_format_for_abc"]


def test_control_characters_of_a_payload_do_not_break_the_feed(tmp_path: Path, start: Start) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json")
    bad = record("2406.00009", title="Bell\x07 & <b> \ud800", summary="a\x00b")
    (folder / "2024-06-13@2024-06-14T000000Z-x.json").write_text(json.dumps([bad]))
    response = atom(start(payloads=folder).url, "2406.00009")
    assert etree.fromstring(response.content).findtext("a:entry/a:title", namespaces=ATOM) == "Bell & <b>"


def test_a_sample_paper_that_arxiv_does_not_have_is_absent(start: Start) -> None:
    sample = Path(__file__).parents[2] / "flows" / "sandbox" / "sample"
    listed = {
        item["paper"]["id"]
        for path in (sample / "daily_papers").glob("*.json")
        for item in json.loads(path.read_bytes())
    }
    on_arxiv = set(json.loads((sample / "arxiv.json").read_bytes()))
    found = entry_ids(atom(start().url, ",".join(sorted(listed)), max_results=100))
    assert {re.sub(r".*/abs/|v\d+$", "", address) for address in found} == listed & on_arxiv


# Model -------------------------------------------------------------------------------------------


def client(url: str, **options: Any) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{url}/v1", api_key="any", **{"max_retries": 0, "timeout": 20, **options}
    )


def paper(paper_id: str = "2406.00001", title: str = TITLE, abstract: str = ABSTRACT) -> Source:
    return source_of(paper_id, title, abstract)


async def asked(api: openai.AsyncOpenAI, source: Source) -> Any:
    return await api.chat.completions.create(model="sandbox-pseudo", messages=messages_for(source))  # type: ignore[arg-type]


async def completion(url: str, source: Source | None = None) -> Any:
    async with client(url) as api:
        return await asked(api, source or paper())


async def test_the_sdk_gets_a_marked_pseudo_translation_with_usage(start: Start) -> None:
    url = start().url
    first, second = await completion(url), await completion(url)
    answer = TranslationAnswer.model_validate_json(first.choices[0].message.content)
    assert answer.paper_id == "2406.00001"
    assert answer.title_ko.startswith("[샌드박스] PaperMill: ")
    assert first.model == "sandbox-pseudo"
    assert first.usage.total_tokens == first.usage.prompt_tokens + first.usage.completion_tokens > 100
    assert first.usage.completion_tokens_details.reasoning_tokens == 0
    assert first.choices[0].message.content == second.choices[0].message.content
    assert first.id != second.id


async def test_the_sample_has_recorded_korean_unless_the_title_is_another(start: Start) -> None:
    sample = Path(__file__).parents[2] / "flows" / "sandbox" / "sample"
    recorded = json.loads((sample / "answers.json").read_bytes())
    entries = json.loads((sample / "arxiv.json").read_bytes())
    paper_id = next(iter(recorded.keys() & entries.keys()))
    url = start().url
    own = await completion(url, paper(paper_id, entries[paper_id]["title"], entries[paper_id]["abstract"]))
    assert json.loads(own.choices[0].message.content)["abstract_ko"] == recorded[paper_id]["abstract_ko"]
    assert own.model == "sandbox-recorded"
    other = await completion(url, paper(paper_id, "Another Paper Altogether"))
    assert json.loads(other.choices[0].message.content)["title_ko"].startswith(MARK)


async def test_a_re_ask_is_still_about_the_paper_of_the_first_user_message(start: Start) -> None:
    async with client(start().url) as api:
        messages: Any = [
            *messages_for(paper()),
            {"role": "assistant", "content": "?"},
            {"role": "user", "content": "Again: <paper-ab>\n{}\n</paper-ab>"},
        ]
        answer = await api.chat.completions.create(model="m", messages=messages)
    assert json.loads(answer.choices[0].message.content or "")["paper_id"] == "2406.00001"


async def test_a_key_is_required_and_models_are_listed(start: Start) -> None:
    url = start().url
    response = httpx2.post(
        f"{url}/v1/chat/completions", json={"model": "m", "messages": messages_for(paper())}
    )
    assert response.status_code == 401
    async with client(url) as api:
        assert "sandbox-pseudo" in [model.id async for model in api.models.list()]
        with pytest.raises(openai.BadRequestError, match="first user message"):
            await api.chat.completions.create(model="m", messages=[{"role": "user", "content": "hello"}])


async def test_a_hundred_answers_are_made_at_the_same_time(start: Start) -> None:
    url = start(latency=0.4).url
    async with client(url) as api:
        began = time.monotonic()
        await asyncio.gather(*(asked(api, paper(f"2406.{number:05d}")) for number in range(100)))
        took = time.monotonic() - began
    each = [entry["ms"] / 1000 for entry in requests(url)]
    assert sum(each) > 5 * took
    assert len(set(each)) > 50


async def test_latency_is_drawn_from_the_seed_and_the_paper(start: Start) -> None:
    drawn = []
    for seed in (1, 1, 2):
        url = start(latency=0.05, seed=seed).url
        async with client(url) as api:
            raw = await api.chat.completions.with_raw_response.create(
                model="m",
                messages=messages_for(paper()),  # type: ignore[arg-type]
            )
        drawn.append(raw.headers["openai-processing-ms"])
    assert drawn[0] == drawn[1] != drawn[2]


async def test_calls_over_the_limit_get_429_and_the_headers_that_say_when(start: Start) -> None:
    url = start(requests_per_minute=2).url
    async with client(url) as api:
        await asked(api, paper())
        raw = await api.chat.completions.with_raw_response.create(
            model="m",
            messages=messages_for(paper()),  # type: ignore[arg-type]
        )
        assert raw.headers["x-ratelimit-remaining-requests"] == "0"
        with pytest.raises(openai.RateLimitError) as refused:
            await asked(api, paper())
    headers = refused.value.response.headers
    assert refused.value.code == "rate_limit_exceeded"
    assert 0 < int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-limit-requests"] == "2"
    assert span_seconds(headers["x-ratelimit-reset-requests"]) == int(headers["retry-after"])


@pytest.mark.parametrize("limiter", ["window", "bucket"])
async def test_a_limit_of_tokens_counts_the_prompt_and_the_most_allowed(start: Start, limiter: str) -> None:
    url = start(tokens_per_minute=20_000, limiter=limiter).url
    async with client(url) as api:
        for expected in (200, 429):
            messages: Any = messages_for(paper())
            create = api.chat.completions.with_raw_response.create
            asking = create(model="m", messages=messages, max_completion_tokens=15_000)
            if expected == 200:
                raw = await asking
                left = int(raw.headers["x-ratelimit-remaining-tokens"])
                assert 0 < left < 5_000
            else:
                with pytest.raises(openai.RateLimitError, match="reached for tokens") as refused:
                    await asking
                assert refused.value.type == "tokens"
    headers = refused.value.response.headers
    assert headers["x-ratelimit-limit-tokens"] == "20000"
    assert span_seconds(headers["x-ratelimit-reset-tokens"]) is not None
    assert "x-ratelimit-limit-requests" not in headers


async def test_a_bucket_fills_evenly_where_a_window_stays_shut(start: Start) -> None:
    refused = []
    for limiter in ("bucket", "window"):
        url = start(requests_per_minute=120, limiter=limiter).url
        async with client(url) as api:
            spent = await asyncio.gather(*(asked(api, paper()) for _ in range(140)), return_exceptions=True)
            assert any(isinstance(each, openai.RateLimitError) for each in spent)
            await asyncio.sleep(1.5)
            (later,) = await asyncio.gather(asked(api, paper()), return_exceptions=True)
            refused.append(isinstance(later, openai.RateLimitError))
    assert refused == [False, True]


async def test_a_service_may_tell_neither_limits_nor_waits(start: Start) -> None:
    url = start(requests_per_minute=1, limit_headers=False, retry_after=False).url
    async with client(url) as api:
        raw = await api.chat.completions.with_raw_response.create(
            model="m",
            messages=messages_for(paper()),  # type: ignore[arg-type]
        )
        with pytest.raises(openai.RateLimitError) as refused:
            await asked(api, paper())
    for headers in (raw.headers, refused.value.response.headers):
        assert not [name for name in headers if name.startswith("x-ratelimit") or name == "retry-after"]


@pytest.mark.parametrize(
    ("structured", "taken"),
    [
        ("strict", ["json_schema", "json_object", "text"]),
        ("json_object", ["json_object", "text"]),
        ("none", ["text"]),
    ],
)
async def test_a_stricter_response_format_than_there_is_is_refused_as_services_word_it(
    start: Start, structured: str, taken: list[str]
) -> None:
    url = start(structured=structured).url
    formats: dict[str, Any] = {
        "json_schema": {"type": "json_schema", "json_schema": {"name": "translation", "schema": {}}},
        "json_object": {"type": "json_object"},
        "text": {"type": "text"},
    }
    async with client(url) as api:
        for name, response_format in formats.items():
            messages: Any = messages_for(paper())
            asking = api.chat.completions.create(
                model="m", messages=messages, response_format=response_format
            )
            if name in taken:
                assert (await asking).choices[0].message.content
            else:
                with pytest.raises(openai.BadRequestError) as refused:
                    await asking
                assert is_about_structure(refused.value)


async def test_a_share_of_the_completion_can_be_reasoning(start: Start) -> None:
    plain, thinking = [(await completion(start(reasoning=share).url)).usage for share in (0.0, 0.75)]
    assert plain.completion_tokens_details.reasoning_tokens == 0
    assert thinking.completion_tokens_details.reasoning_tokens == 3 * plain.completion_tokens
    assert thinking.completion_tokens == 4 * plain.completion_tokens
    assert thinking.total_tokens == thinking.prompt_tokens + thinking.completion_tokens


# Judgements --------------------------------------------------------------------------------------


def judgement_messages(before: str = "") -> list[dict[str, str]]:
    korean = pseudo_answer("2406.00001", TITLE, ABSTRACT).model_dump()
    paper_id = korean.pop("paper_id")
    shown = {
        "paper_id": paper_id,
        "title": TITLE,
        "abstract": ABSTRACT,
        "full_text": "…",
        "translation": korean,
    }
    return [{"role": "system", "content": "Judge."}, {"role": "user", "content": before + fenced(shown)}]


async def judged_by(url: str, messages: list[dict[str, str]], **options: Any) -> JudgeAnswer:
    async with client(url) as api:
        given: Any = messages
        answer = await api.chat.completions.create(model="m", messages=given, **options)
    return JudgeAnswer.model_validate_json(answer.choices[0].message.content or "")


@pytest.mark.parametrize("before", ["", "Here is the paper. <paper-12> is no fence.\n\n"])
async def test_a_judge_finds_nothing(start: Start, before: str) -> None:
    answer = await judged_by(start().url, judgement_messages(before))
    assert answer == JudgeAnswer(paper_id="2406.00001", errors=[])


async def test_a_judge_that_finds_marks_words_that_stand_there_and_spoils_no_translation(
    start: Start,
) -> None:
    url = start(faults=fault(service="openai", answer="judge_finds", first=1)).url
    translation = await completion(url)
    assert json.loads(translation.choices[0].message.content) == right()
    (found,) = (await judged_by(url, judgement_messages())).errors
    assert found.severity == "major"
    assert found.korean_span in pseudo_answer("2406.00001", TITLE, ABSTRACT).model_dump()[found.field]
    assert found.english_span in ABSTRACT
    assert (await judged_by(url, judgement_messages())).errors == []
    assert [entry["fault"] for entry in requests(url)] == [None, "answer judge_finds", None]


async def test_a_rule_can_be_about_one_thing_that_is_asked_for(start: Start) -> None:
    url = start(faults=fault(service="openai", match={"asks": "judgement"}, status=500)).url
    await completion(url)
    with pytest.raises(openai.InternalServerError):
        await judged_by(url, judgement_messages())


# Faults ------------------------------------------------------------------------------------------


async def test_a_scripted_status_is_seen_once_and_retried_by_the_sdk(start: Start) -> None:
    rule = {
        "service": "openai",
        "first": 1,
        "status": 429,
        "headers": {"retry-after": "0"},
        "body": "slow down",
    }
    url = start(faults=fault(**rule)).url
    with pytest.raises(openai.RateLimitError) as refused:
        await completion(url)
    assert refused.value.response.text == "slow down"
    httpx2.put(f"{url}/_sandbox/faults", json=[rule])
    async with client(url, max_retries=1) as api:
        await asked(api, paper())
    assert [entry["status"] for entry in requests(url)] == [429, 429, 200]
    assert [entry["fault"] for entry in requests(url)] == ["status 429", "status 429", None]


@pytest.mark.parametrize("service", ["daily_papers", "arxiv", "openai"])
@pytest.mark.parametrize("action", ["drop", "lost"])
async def test_a_broken_connection_is_a_transport_error_and_the_next_call_is_right(
    tmp_path: Path, start: Start, service: str, action: str
) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=40)
    url = start(payloads=folder, faults=fault(service=service, first=1, **{action: True})).url

    async def ask() -> int:
        if service == "openai":
            return 200 if await completion(url) else 0
        asked = {"date": "2024-06-12"} if service == "daily_papers" else {"id_list": "2406.00001"}
        path = "/api/daily_papers" if service == "daily_papers" else "/api/query"
        async with httpx2.AsyncClient() as http:
            return (await http.get(url + path, params=asked)).status_code

    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError, openai.APIConnectionError)):
        await ask()
    entry = requests(url)[0]
    assert (entry["status"], entry["fault"]) == (200, action)
    assert entry["ended_at"] is not None
    assert await ask() == 200


def test_a_dropped_body_arrives_half_and_a_lost_one_not_at_all(tmp_path: Path, start: Start) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=40)
    rules = [
        *fault(service="daily_papers", calls=[1], drop=True),
        *fault(service="daily_papers", calls=[2], lost=True),
    ]
    url = start(payloads=folder, faults=rules).url
    whole = (folder / "2024-06-12@2024-06-13T000000Z-x.json").read_bytes()
    received: list[bytes] = []
    with (
        httpx2.stream("GET", f"{url}/api/daily_papers?date=2024-06-12") as response,
        pytest.raises(httpx2.RemoteProtocolError, match="complete message body"),
    ):
        received.extend(response.iter_bytes())
    assert b"".join(received) == whole[: len(whole) // 2]
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
        day(url, date="2024-06-12")


def test_a_truncated_body_looks_complete_and_a_garbage_body_looks_like_success(
    tmp_path: Path, start: Start
) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=3)
    rules = [
        *fault(service="daily_papers", calls=[1], truncate=100),
        *fault(service="daily_papers", calls=[2], body="<html>busy", content_type="text/html"),
    ]
    url = start(payloads=folder, faults=rules).url
    short, garbage, right = (day(url, date="2024-06-12") for _ in range(3))
    assert (short.status_code, len(short.content), short.headers["content-length"]) == (200, 100, "100")
    assert (garbage.status_code, garbage.text, garbage.headers["content-type"]) == (
        200,
        "<html>busy",
        "text/html",
    )
    assert len(right.json()) == 3


def test_a_delay_is_waited_and_then_the_answer_is_right(tmp_path: Path, start: Start) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json")
    url = start(
        payloads=folder, faults=fault(service="arxiv", match={"paper_id": "2406.00001"}, delay=0.3)
    ).url
    assert len(entry_ids(atom(url, "2406.7,2406.00001"))) == 1
    assert requests(url)[0]["ms"] >= 300
    atom(url, "2406.00002")
    assert requests(url)[1]["fault"] is None


def test_rules_match_by_date_and_page(tmp_path: Path, start: Start) -> None:
    folder = store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json", count=60)
    rule = {"service": "daily_papers", "match": {"date": "2024-06-12", "p": 1}, "status": 503}
    url = start(payloads=folder, faults=fault(**rule)).url
    asked = ({"date": "2024-06-12"}, {"date": "2024-06-12", "p": 1}, {"date": "2024-06-13", "p": 1})
    assert [day(url, **one).status_code for one in asked] == [200, 503, 200]


async def test_a_share_of_papers_fails_on_the_first_call_only_and_the_same_ones_each_time(
    start: Start,
) -> None:
    failed = []
    for _ in range(2):
        url = start(faults=fault(service="openai", share=0.2, status=500)).url
        async with client(url) as api:
            for _ in range(2):
                calls = (asked(api, paper(f"2406.{number:05d}")) for number in range(100))
                await asyncio.gather(*calls, return_exceptions=True)
        entries = requests(url)
        assert all(entry["status"] == 200 for entry in entries[100:])
        failed.append({entry["key"] for entry in entries if entry["status"] == 500})
    assert failed[0] == failed[1]
    assert 8 <= len(failed[0]) <= 35


async def spoilt(start: Start, kind: str) -> Any:
    return await completion(start(faults=fault(service="openai", answer=kind)).url)


def right() -> dict[str, str]:
    shown = paper().shown.texts
    return pseudo_answer("2406.00001", shown[0], shown[1]).model_dump()


@pytest.mark.parametrize(
    ("kind", "content", "finish_reason"),
    [
        ("fenced", r"```json\n\{.*\}\n```", "stop"),
        ("html", r"<!DOCTYPE html>.*", "stop"),
        ("empty", r"", "stop"),
        ("half", r"\{.*[^}]", "stop"),
        ("length", r"\{.*[^}]", "length"),
    ],
)
async def test_an_answer_that_is_no_json_comes_as_scripted(
    start: Start, kind: str, content: str, finish_reason: str
) -> None:
    choice = (await spoilt(start, kind)).choices[0]
    assert re.fullmatch(content, choice.message.content, re.DOTALL)
    assert choice.finish_reason == finish_reason
    with pytest.raises(ValidationError):
        TranslationAnswer.model_validate_json(choice.message.content)


@pytest.mark.parametrize(
    ("kind", "finish_reason", "refuses"),
    [("null", "stop", False), ("filter", "content_filter", False), ("refusal", "stop", True)],
)
async def test_a_withheld_answer_has_no_content(
    start: Start, kind: str, finish_reason: str, refuses: bool
) -> None:
    choice = (await spoilt(start, kind)).choices[0]
    assert choice.message.content is None
    assert choice.finish_reason == finish_reason
    assert bool(choice.message.refusal) is refuses


async def test_choices_and_usage_can_be_missing(start: Start) -> None:
    assert (await spoilt(start, "no_choices")).choices == []
    without = await spoilt(start, "no_usage")
    assert without.usage is None
    assert json.loads(without.choices[0].message.content) == right()


@pytest.mark.parametrize(
    ("kind", "field", "sign"),
    [
        ("loop", "abstract_ko", r"(\S+ \S+ \S+)(?: \1){9}"),
        ("invisible", "abstract_ko", "\u200b.*\u202e"),
        ("eaten", "abstract_ko", "\x08eta, \x0crac, \rho, \text"),
        ("leak", "whats_new", "The paper_id you were given|paper_id: the paper_id you were given"),
        ("truncated_sentence", "abstract_ko", "[^.]$"),
        ("name", "abstract_ko", "GPT-4x"),
        ("unit", "abstract_ko", "240억"),
        ("repr", "technical_details", r"^\['.*'\]$"),
    ],
)
async def test_a_spoilt_text_has_the_fault_in_its_field_and_the_rest_right(
    start: Start, kind: str, field: str, sign: str
) -> None:
    answer = json.loads((await spoilt(start, kind)).choices[0].message.content)
    assert re.search(sign, answer[field], re.DOTALL), answer[field]
    assert not re.search(sign, right()[field], re.DOTALL)
    changed = {key for key in answer if answer[key] != right()[key]}
    assert changed == {field} if kind != "name" else field in changed


async def test_answers_with_one_thing_wrong_are_wrong_in_that_and_nothing_else(start: Start) -> None:
    changed = {}
    for kind in ("wrong_paper", "chinese", "schema", "english", "number", "plain", "markup"):
        answer = json.loads((await spoilt(start, kind)).choices[0].message.content)
        changed[kind] = {key: answer.get(key) for key in right() if answer.get(key) != right()[key]}
    assert changed["wrong_paper"].keys() == {"paper_id"}
    assert re.search(r"[\u4e00-\u9fff]{5}", changed["chinese"].pop("abstract_ko"))
    assert changed["chinese"] == {}
    assert changed["schema"] == {"technical_details": None}
    assert changed["english"].keys() == set(TEXTS)
    assert not re.search("[가-힣]", "".join(changed["english"].values()))
    assert changed["number"].pop("abstract_ko") == right()["abstract_ko"].replace("7B", "70B")
    assert changed["number"] == {}
    assert "니다" not in "".join(changed["plain"].values())
    assert re.search(r"[한이]다\.$", changed["plain"]["abstract_ko"])
    assert changed["markup"].keys() == {"abstract_ko", "whats_new"}
    assert "](https://" in changed["markup"]["whats_new"]
    assert "<script>" in changed["markup"]["whats_new"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("html", "bad_json"),
        ("empty", "empty"),
        ("null", "empty"),
        ("half", "bad_json"),
        ("length", "length"),
        ("filter", "filter"),
        ("refusal", "refusal"),
        ("wrong_paper", "wrong_paper"),
        ("schema", "schema"),
        ("no_choices", "not_a_completion"),
        ("chinese", None),
        ("english", None),
        ("number", None),
        ("plain", None),
        ("markup", None),
        ("loop", None),
        ("invisible", None),
        ("eaten", None),
        ("leak", None),
        ("truncated_sentence", None),
        ("name", None),
        ("unit", None),
        ("repr", None),
    ],
)
async def test_a_spoilt_answer_is_refused_by_the_reader_for_what_is_wrong_with_it(
    start: Start, kind: str, code: str | None
) -> None:
    judgement = judged((await spoilt(start, kind)).model_dump_json(), paper())
    codes = {issue.code for issue in judgement.errors}
    # Without a code it is the quality gate's own affair how it names the fault.
    assert codes == {code} if code else codes


@pytest.mark.parametrize("kind", ["fenced", "no_usage"])
async def test_an_answer_that_can_be_read_all_the_same_is_accepted(start: Start, kind: str) -> None:
    assert judged((await spoilt(start, kind)).model_dump_json(), paper()).errors == []


@pytest.mark.parametrize(
    "rule",
    [
        {"service": "openai", "status": 500, "often": True},
        {"service": "openai", "match": {"paper": "2406.00001"}, "status": 500},
        {"service": "github", "status": 500},
        {"service": "openai"},
        {"service": "openai", "drop": True, "lost": True},
        {"service": "openai", "first": 1, "share": 0.5, "drop": True},
        {"service": "openai", "answer": "rude"},
        {"service": "arxiv", "answer": "half"},
        {"service": "arxiv", "match": {"date": "2024-06-12"}, "drop": True},
        {"service": "openai", "drop": True, "headers": {"retry-after": "1"}},
    ],
)
def test_a_rule_that_means_nothing_is_refused_at_load_and_over_http(
    tmp_path: Path, start: Start, rule: dict[str, Any]
) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps([rule]))
    with pytest.raises(ValueError, match="validation error"):
        load_faults(path)
    response = httpx2.put(f"{start().url}/_sandbox/faults", json=[rule])
    assert response.status_code == 400
    assert "validation error" in response.json()["error"]


# Request log and process -------------------------------------------------------------------------


async def test_every_request_is_in_the_log_and_deleting_it_empties_it(tmp_path: Path, start: Start) -> None:
    log = tmp_path / "requests.jsonl"
    url = start(payloads=store(tmp_path / "p", "2024-06-12@2024-06-13T000000Z-x.json"), log=log).url
    day(url, date="2024-06-12", p=1)
    atom(url, "2406.00001,abc")
    await completion(url)
    entries = requests(url)
    assert [
        (entry["n"], entry["service"], entry["key"], entry["p"], entry["status"]) for entry in entries
    ] == [
        (1, "daily_papers", "2024-06-12", 1, 200),
        (2, "arxiv", "2406.00001,abc", None, 200),
        (3, "openai", "2406.00001", None, 200),
    ]
    assert all(entry["started_at"] <= entry["ended_at"] and entry["ms"] >= 0 for entry in entries)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["start", "end"] * 3
    assert httpx2.delete(f"{url}/_sandbox/requests").status_code == 204
    assert requests(url) == []


async def test_a_client_that_gives_up_leaves_a_started_request_behind(tmp_path: Path, start: Start) -> None:
    log = tmp_path / "requests.jsonl"
    url = start(log=log, faults=fault(service="openai", delay=0.6)).url
    async with client(url, timeout=0.2) as api:
        with pytest.raises(openai.APITimeoutError):
            await asked(api, paper())
    assert [json.loads(line)["event"] for line in log.read_text(encoding="utf-8").splitlines()] == ["start"]
    await asyncio.sleep(0.8)
    assert requests(url)[0]["status"] == 200


def test_the_environment_names_this_sandbox_and_only_it(start: Start) -> None:
    sandbox = start()
    environment = sandbox.environment()
    assert environment["HF_ENDPOINT"] == sandbox.url
    assert environment["OPENAI_BASE_URL"] == f"{sandbox.url}/v1"
    assert environment["DAILY_PAPERS_ARXIV_URL"] == f"{sandbox.url}/api/query"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", sandbox.url)


def test_a_taken_port_is_said_plainly(start: Start) -> None:
    port = int(start().url.rpartition(":")[2])
    with pytest.raises(OSError, match=f"Port {port}"), Sandbox(SandboxConfig(port=port)):
        pass


def test_leaving_ends_the_server_even_while_an_answer_is_under_way() -> None:
    with Sandbox(SandboxConfig(faults=fault(service="arxiv", delay=60))) as sandbox:
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.get(f"{sandbox.url}/api/query", params={"id_list": "2406.00001"}, timeout=0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 30
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(sandbox.url)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_says_where_it_is_and_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    code = (
        "from flows.sandbox.config import SandboxConfig; from flows.sandbox.server import serve; "
        "serve(SandboxConfig())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "0"},
    ) as process:
        assert process.stdout is not None
        said = dict(process.stdout.readline().strip().split("=", 1) for _ in range(7))
        assert day(said["HF_ENDPOINT"], date="2020-01-01").json() == []
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert errors == ""
    assert said["DAILY_PAPERS_MODEL"] == "sandbox-pseudo"


# Pseudo-translation ------------------------------------------------------------------------------

POLITE = re.compile(r"[가-힣](?:합니다|입니다)\.$")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}
SCALED = re.compile(
    rf"(\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(COUNTS)})(?=[ -]))[ -]?"
    r"(thousand|million|billion|trillion|만|억|조)s?(?![a-z])",
    re.IGNORECASE,
)
SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "만": 1e4, "억": 1e8, "조": 1e12}


@pytest.fixture(scope="module")
def real() -> list[tuple[Source, TranslationAnswer]]:
    if not SHARED.is_dir():
        pytest.skip("the real day lists (../shared/data/daily_papers) are not there")
    sources: dict[str, Source] = {}
    for path in sorted(SHARED.glob("*.json")):
        stored = json.loads(path.read_bytes())
        for item in stored if isinstance(stored, list) else []:
            told = item["paper"]
            sources[told["id"]] = source_of(told["id"], told["title"], told["summary"])
    assert len(sources) > 1000
    return [(source, pseudo_answer(key, *source.shown.texts)) for key, source in sources.items()]


def values(text: str) -> set[float]:
    """Every number of the text, words for large units reckoned in."""
    scaled = {
        round(float(COUNTS.get(m[1].lower(), m[1].replace(",", ""))) * SCALES[m[2].lower()])
        for m in SCALED.finditer(text)
    }
    rest = SCALED.sub(" ", text)
    return scaled | {float(found.replace(",", "").rstrip(".")) for found in NUMBER.findall(rest)}


def hangul_share(text: str) -> float:
    hangul, latin = len(re.findall("[가-힣]", text)), len(re.findall("[A-Za-z]", text))
    return hangul / max(1, hangul + latin)


def test_every_real_abstract_keeps_its_placeholders_and_numbers(
    real: list[tuple[Source, TranslationAnswer]],
) -> None:
    for source, answer in real:
        title, abstract = source.shown.texts
        assert tokens(answer.abstract_ko) == tokens(abstract), source.english.paper_id
        assert tokens(answer.title_ko) == tokens(title), source.english.paper_id
        # The formulas' own digits are behind placeholders, whose numbers are no numbers of the text.
        bare = re.sub("⟦.*?⟧", " ", abstract), re.sub("⟦.*?⟧", " ", answer.abstract_ko)
        assert values(bare[0]) == values(bare[1]), source.english.paper_id


def test_every_real_abstract_becomes_polite_plain_korean(
    real: list[tuple[Source, TranslationAnswer]],
) -> None:
    for source, answer in real:
        for name, text in answer.model_dump(include=set(TEXTS)).items():
            where = f"{source.english.paper_id} {name}: {text}"
            assert not re.search(r"[\u2e80-\u9fff`*<>|\[\]{}#\n\\]", text.removeprefix(MARK)), where
            assert text.count("(") == text.count(")"), where
            assert "()" not in text, where
            assert longest_english_run(text) < 5, where
            if name == "title_ko":
                assert text.startswith(MARK)
                assert not text.endswith(("니다", "니다.")), where
            else:
                assert all(POLITE.search(part) for part in re.split(r"(?<=니다\.) ", text)), where
                assert not re.search(r"[^다]\. ", text), where


def longest_english_run(text: str) -> int:
    runs = [0]
    for word in re.sub(r"⟦.*?⟧|\([^()]*\)", " ", text).split():
        if re.search("[가-힣]", word):
            runs.append(0)
        elif re.search("[A-Za-z]", word):
            runs[-1] += 1
    return max(runs)


def test_every_real_abstract_has_the_length_and_script_of_korean(
    real: list[tuple[Source, TranslationAnswer]],
) -> None:
    for source, answer in real:
        assert 0.36 <= len(answer.abstract_ko) / len(source.shown.texts[1]) <= 0.72, source.english.paper_id
        assert hangul_share(answer.abstract_ko) >= 0.5, source.english.paper_id
        sections = (answer.whats_new, answer.technical_details, answer.performance_highlights)
        assert len(set(sections)) == 3, source.english.paper_id
        assert min(len(text) for text in sections) >= 25, source.english.paper_id
        assert min(hangul_share(text) for text in sections) >= 0.4, source.english.paper_id


def test_distinct_real_sentences_stay_distinct(real: list[tuple[Source, TranslationAnswer]]) -> None:
    for source, answer in real:
        english = sentences(source.shown.texts[1])
        korean = re.split(r"(?<=니다\.) ", answer.abstract_ko)
        assert len(korean) == len(english), source.english.paper_id
        assert len(set(korean)) == len(set(english)), source.english.paper_id


def test_the_quality_gate_accepts_nearly_every_pseudo_translation(
    real: list[tuple[Source, TranslationAnswer]],
) -> None:
    refused = {}
    for source, answer in real:
        message = {"role": "assistant", "content": answer.model_dump_json()}
        body = {
            "id": "x",
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        if errors := judged(json.dumps(body), source).errors:
            refused[source.english.paper_id] = errors
    # Words without a meaning fit badly to sentences that the gate aligns by their words.
    assert len(refused) <= len(real) / 50, refused


def test_large_numbers_keep_their_value_in_korean_units() -> None:
    said = " ".join(
        phrase("2.4 million pages, 7 billion words, 405 million, 3 thousand, 12.5 percent, 0.5 trillion")
    )
    for number in ("240만", "70억", "4.05억", "3000", "12.5%", "5000억"):
        assert f"{number} " in f"{said} "


@pytest.mark.parametrize(
    "word", ["GPT-4o", "7B", "3.2×", "LLMs", "Chain-of-Thought", "example.org", "DeepSeek"]
)
def test_names_are_copied(word: str) -> None:
    assert is_name(word)
    assert word in phrase(f"the model {word} reads")


def test_without_an_abstract_everything_is_made_from_the_title() -> None:
    answer = pseudo_answer("2406.00001", "PaperMill: Grinding Very Long Documents with 7B Models", None)
    assert POLITE.search(answer.abstract_ko)
    assert "PaperMill" in answer.abstract_ko
    assert len({answer.whats_new, answer.technical_details, answer.performance_highlights}) == 3


def test_a_denial_stays_one() -> None:
    for word in ("not", "without", "fails", "don't"):
        assert "없이" in phrase(f"they {word} read documents")
    assert "없이" not in phrase("they read documents")


def test_no_pseudo_word_is_a_word_that_the_gate_knows() -> None:
    words = [pseudo_word(f"{head}{tail}") for head in "abcdefghij" for tail in range(1000)]
    assert not entries_in(" ".join(words))
    assert not entries_in(MARK)


@pytest.mark.parametrize("title", ["It", "?", "⟦M1⟧", "(((", "的", "a" * 5000])
def test_no_title_is_too_odd_for_an_answer(title: str) -> None:
    answer = pseudo_answer("2406.00001", title, "")
    assert re.search("[가-힣⟦]", answer.title_ko.removeprefix(MARK))
    assert all(POLITE.search(getattr(answer, name)) for name in TEXTS[1:])
