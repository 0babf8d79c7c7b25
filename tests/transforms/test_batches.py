"""Batch files: every request in exactly one line, and results that no order and no rubbish can spoil."""

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transforms.batches import (
    NamedRequest,
    batch_files,
    counted,
    custom_id,
    faults_of,
    results_of,
    shortfall,
)
from transforms.requests import ChatRequest

BODY = {"choices": [{"finish_reason": "stop", "message": {"content": "답"}}], "usage": {}}


def named(name: str, model: str = "m", text: str = "글") -> NamedRequest:
    messages = [{"role": "user", "content": text}]
    return NamedRequest(name, ChatRequest("2603.00001", model, messages, "s", {"type": "object"}, {}), {})


def row(line_id: Any, status: int = 200, body: Any = BODY, error: Any = None) -> bytes:
    response = {"status_code": status, "request_id": "req_1", "body": body}
    return json.dumps({"custom_id": line_id, "response": response, "error": error}).encode() + b"\n"


@given(
    st.lists(
        st.tuples(st.text(max_size=90), st.sampled_from("mn"), st.text(max_size=60)), unique_by=lambda t: t[0]
    ),
    st.integers(1, 5),
    st.integers(1, 2000),
)
def test_every_request_is_in_one_line_of_one_file_within_the_limits(
    given_requests: list[tuple[str, str, str]], max_lines: int, max_bytes: int
) -> None:
    requests = [named(*each) for each in given_requests]
    seen = []
    for file in batch_files(requests, "strict", max_lines, max_bytes):
        rows = file.content.splitlines(keepends=True)
        lines = [json.loads(line) for line in rows]
        assert 1 <= len(lines) <= max_lines
        assert len(file.content) <= max_bytes or len(lines) == 1
        assert {line["body"]["model"] for line in lines} == {file.model}
        assert [line["custom_id"] for line in lines] == list(file.names)
        assert all(1 <= len(line_id) <= 64 or not name for line_id, name in file.names.items())
        seen += list(file.names.values())
    assert sorted(seen) == sorted(request.name for request in requests)


def test_a_line_is_the_request_as_it_would_be_asked_one_by_one() -> None:
    (file,) = batch_files([named("a/b-1")], "json_object")
    assert json.loads(file.content) == {
        "custom_id": "a/b-1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": named("a/b-1").request.body("json_object"),
    }
    assert "글" in file.content.decode()


def test_a_lone_surrogate_survives_the_way_there_and_back() -> None:
    (file,) = batch_files([named("a", text="\ud800")], "prompt")
    assert json.loads(file.content)["body"]["messages"][0]["content"] == "\ud800"
    body = {**BODY, "id": "\udfff"}
    answer = results_of(row("a", body=body), b"", {"a"}).answers["a"]
    assert json.loads(answer.body.encode()) == body


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(answered: list[str], shuffle: random.Random) -> None:
    rows = [row(line_id, body={**BODY, "id": line_id}) for line_id in answered]
    errors = [row(line_id, 500, None) for line_id in "gh"]
    expected = results_of(b"".join(rows), b"".join(errors), set("abcdefgh"))
    shuffle.shuffle(rows)
    assert results_of(b"".join(rows), b"".join(reversed(errors)), set("abcdefgh")) == expected
    assert set(expected.answers) == set(answered)
    assert all(json.loads(answer.body)["id"] == line_id for line_id, answer in expected.answers.items())


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_rubbish_is_counted_and_never_fatal(output: bytes, errors: bytes) -> None:
    results = results_of(row("a") + output, errors + b"\n" + row("b", 400, None), {"a", "b"})
    assert "a" in results.answers or output


KEYS = st.sampled_from(["custom_id", "response", "status_code", "body", "error", "message", "x"])
LEAVES = st.none() | st.integers() | st.text(max_size=5)


@given(st.recursive(LEAVES, lambda each: st.lists(each) | st.dictionaries(KEYS, each), max_leaves=12))
def test_json_of_any_shape_is_no_answer_and_never_fatal(value: Any) -> None:
    assert results_of(json.dumps(value).encode(), b"", {"a"}).answers == {}


def test_deep_json_is_unreadable_and_not_fatal() -> None:
    assert results_of(b"[" * 200_000, b"", {"a"}).unreadable == 1


def test_each_way_to_fail_has_its_reason() -> None:
    expired = {"code": "batch_expired", "message": "too late"}
    refused = {"error": {"code": None, "message": "context too long"}}
    errors = b"".join(
        (
            json.dumps({"custom_id": "expired", "response": None, "error": expired}).encode() + b"\n",
            row("refused", 400, refused),
            row("strange", 200, {"object": "list"}),
            row("silent", 503, "<html>"),
            json.dumps({"custom_id": "nothing"}).encode(),
        )
    )
    ids = ["expired", "refused", "strange", "silent", "nothing", "missing", "fine"]
    results = results_of(row("fine"), errors, set(ids))
    reasons = shortfall(results, ids, "no line")
    assert reasons == {
        "expired": "batch_expired: too late",
        "refused": "HTTP 400 context too long",
        "strange": 'expected a chat completion, got \'{"object": "list"}\'',
        "silent": "HTTP 503",
        "nothing": "the service gave no reason",
        "missing": "no line",
    }
    assert counted(results, reasons) == {
        "answered": 1, "unanswered": 6, "unknown": 0, "repeated": 0, "unreadable": 0
    }  # fmt: skip


def test_an_answer_outdoes_a_failure_and_the_first_of_two_is_taken() -> None:
    first, second = ({**BODY, "id": name} for name in ("first", "second"))
    output = row("a", body=first) + row("a", body=second) + row("b", 500) + row("b") + row("c")
    results = results_of(output, row("a", 500) + row("nobody") + row(7) + b"{\n\n", {"a", "b"})
    assert json.loads(results.answers["a"].body)["id"] == "first"
    assert results.failures == {}
    assert (results.repeated, results.unknown, results.unreadable) == (2, 2, 2)
    said = (f"{what} lines ignored: 2" for what in ("unknown", "repeated", "unreadable"))
    assert faults_of(results, {}) == "; ".join(said)
    assert faults_of(results_of(row("a"), b"", {"a"}), {}) == ""


def test_a_name_is_its_own_id_while_services_take_it() -> None:
    assert custom_id("n" * 64) == "n" * 64
    hashed = custom_id("n" * 65)
    assert len(hashed) == 64
    assert hashed != custom_id("n" * 66)
