"""The batch service stand-in as the unmodified SDK sees it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pytest
from pydantic import ValidationError

from flows.sandbox import batch_work
from flows.sandbox.faults import Fault
from flows.sandbox.files import form_fields
from flows.sandbox.server import Sandbox
from line import StartSandbox

TERMINAL = {"completed", "failed", "expired", "cancelled"}


def request_line(number: int, **changed: Any) -> dict[str, Any]:
    paper = {"paper_id": f"2603.{number:05d}", "title": "Grinding Slowly", "abstract": "It grinds 3 mills."}
    content = f"<paper-0a>\n{json.dumps(paper)}\n</paper-0a>"
    body = {"model": "m", "messages": [{"role": "user", "content": content}]}
    line = {"custom_id": f"line-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}
    return line | changed


def jsonl(*lines: Any) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@pytest.fixture
def client_of() -> Iterator[Callable[[Sandbox], openai.OpenAI]]:
    clients: list[openai.OpenAI] = []

    def client(sandbox: Sandbox) -> openai.OpenAI:
        clients.append(openai.OpenAI(api_key="k", base_url=f"{sandbox.url}/v1", max_retries=0))
        return clients[-1]

    yield client
    for each in clients:
        each.close()


ClientOf = Callable[[Sandbox], openai.OpenAI]


def started(client: openai.OpenAI, content: bytes, **metadata: str) -> Any:
    file = client.files.create(file=("requests.jsonl", content), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata=metadata
    )


def ended(client: openai.OpenAI, batch: Any) -> Any:
    deadline = time.monotonic() + 20
    while (batch := client.batches.retrieve(batch.id)).status not in TERMINAL:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return batch


def rows(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    return [json.loads(row) for row in client.files.content(file_id).read().splitlines()] if file_id else []


def faults(*rules: dict[str, Any]) -> list[Fault]:
    return [Fault.model_validate(rule) for rule in rules]


def test_a_batch_goes_through_its_states_and_gives_the_completions_in_another_order(
    sandbox: StartSandbox, client_of: ClientOf
) -> None:
    client = client_of(sandbox(batch_seconds=0.5))
    content = jsonl(*(request_line(number) for number in range(1, 9)))
    batch = started(client, content, name="n1")
    seen = [batch.status]
    while (batch := client.batches.retrieve(batch.id)).status not in TERMINAL:
        seen += [batch.status] if batch.status != seen[-1] else []
    assert [*seen, batch.status] == ["validating", "in_progress", "finalizing", "completed"]
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (
        8,
        8,
        0,
    )
    assert batch.metadata == {"name": "n1"}
    assert batch.error_file_id is None
    output = rows(client, batch.output_file_id)
    ids = [row["custom_id"] for row in output]
    assert ids != sorted(ids)
    assert sorted(ids) == [f"line-{number}" for number in range(1, 9)]
    live = client.chat.completions.create(**request_line(3)["body"])
    (third,) = [row["response"]["body"] for row in output if row["custom_id"] == "line-3"]
    assert third["choices"][0]["message"]["content"] == live.choices[0].message.content
    assert live.usage is not None
    assert third["usage"]["total_tokens"] == live.usage.total_tokens


def test_files_are_kept_to_the_byte_and_can_be_deleted(sandbox: StartSandbox, client_of: ClientOf) -> None:
    client = client_of(sandbox())
    content = "줄\r\n\r\n--끝\n\n".encode() + bytes(range(256)) + b"\r\n"
    file = client.files.create(file=("a b.jsonl", content), purpose="batch")
    assert (file.bytes, file.filename, file.purpose) == (len(content), "a b.jsonl", "batch")
    assert client.files.content(file.id).read() == content
    assert client.files.retrieve(file.id) == file
    assert client.files.delete(file.id).deleted
    for gone in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError):
            gone(file.id)


def test_the_list_shows_the_newest_first_page_by_page(sandbox: StartSandbox, client_of: ClientOf) -> None:
    client = client_of(sandbox(batch_seconds=0))
    made = [started(client, jsonl(request_line(1))).id for _ in range(5)]
    assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]
    first = client.batches.list(limit=2)
    assert ([batch.id for batch in first.data], first.has_more) == (made[:2:-1], True)
    with pytest.raises(openai.BadRequestError):
        client.batches.list(after="batch_nobody")


def test_a_cancelled_batch_keeps_what_it_had(sandbox: StartSandbox, client_of: ClientOf) -> None:
    client = client_of(sandbox(batch_seconds=3))
    batch = started(client, jsonl(*(request_line(number) for number in range(200))))
    while client.batches.retrieve(batch.id).request_counts.completed < 3:
        time.sleep(0.005)
    assert client.batches.cancel(batch.id).status == "cancelling"
    batch = ended(client, batch)
    assert batch.status == "cancelled"
    assert 3 <= len(rows(client, batch.output_file_id)) == batch.request_counts.completed < 200
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)
    with pytest.raises(openai.NotFoundError):
        client.batches.cancel("batch_nobody")


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "empty_file", None),
        (jsonl(request_line(1)) + b"{nonsense\n", "invalid_json_line", 2),
        (jsonl(request_line(1, url="/v1/embeddings")), "invalid_json_line", 1),
        (jsonl(request_line(1), request_line(1)), "duplicate_custom_id", 2),
        (jsonl(request_line(1), request_line(2, body={"model": "other"})), "mismatched_model", None),
    ],
)
def test_a_file_that_is_wrong_fails_the_whole_batch(
    sandbox: StartSandbox, client_of: ClientOf, content: bytes, code: str, line: int | None
) -> None:
    client = client_of(sandbox(batch_seconds=0))
    batch = ended(client, started(client, content))
    assert batch.status == "failed"
    (error,) = batch.errors.data
    assert (error.code, error.line) == (code, line)
    assert batch.output_file_id is None
    assert batch.error_file_id is None


def test_the_limits_of_a_batch_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    many = jsonl({**request_line(1), "custom_id": "a"}) * 50_001
    found = batch_work.lines_of(many)
    assert isinstance(found, dict)
    assert found["code"] == "too_many_requests"
    monkeypatch.setattr(batch_work, "MAX_BYTES", 9)
    found = batch_work.lines_of(b"x" * 10)
    assert isinstance(found, dict)
    assert found["code"] == "file_too_large"


@pytest.mark.parametrize("body", [{}, {"input_file_id": "file-nobody"}, {"endpoint": "/v1/embeddings"}])
def test_a_batch_that_cannot_be_made_is_refused(
    sandbox: StartSandbox, client_of: ClientOf, body: dict[str, Any]
) -> None:
    at = sandbox()
    client = client_of(at)
    file = client.files.create(file=("requests.jsonl", b"x"), purpose="batch")
    usual = {"endpoint": "/v1/chat/completions", "completion_window": "24h", "input_file_id": file.id}
    asked = {**usual, **body} if body else {}
    reply = httpx2.post(f"{at.url}/v1/batches", json=asked, headers={"Authorization": "Bearer k"})
    assert reply.status_code == 400
    assert httpx2.post(f"{at.url}/v1/batches", json=usual).status_code == 401


# Faults ------------------------------------------------------------------------------------------

SPOILT: dict[str, dict[str, Any]] = {
    "2603.00001": {"status": 500},
    "2603.00002": {"line": "expired"},
    "2603.00003": {"line": "missing"},
    "2603.00004": {"line": "unknown"},
    "2603.00005": {"line": "repeated"},
    "2603.00006": {"line": "garbage"},
    "2603.00007": {"answer": "refusal"},
}


def test_each_line_can_be_spoilt_in_its_own_way(sandbox: StartSandbox, client_of: ClientOf) -> None:
    rules = [{"service": "batch_lines", "match": {"paper_id": key}, **rule} for key, rule in SPOILT.items()]
    at = sandbox(batch_seconds=0, faults=faults(*rules))
    client = client_of(at)
    batch = ended(client, started(client, jsonl(*(request_line(number) for number in range(1, 9)))))
    assert batch.status == "expired"
    errors = {row["custom_id"]: row for row in rows(client, batch.error_file_id)}
    assert set(errors) == {"line-1", "line-2"}
    assert errors["line-1"]["response"]["status_code"] == 500
    assert errors["line-2"]["response"] is None
    assert errors["line-2"]["error"]["code"] == "batch_expired"
    readable, cut = [], 0
    for row in client.files.content(batch.output_file_id).read().splitlines():
        try:
            readable.append(json.loads(row))
        except ValueError:
            cut += 1
    assert cut == 1
    ids = sorted(row["custom_id"] for row in readable)
    assert ids[:4] == ["line-5", "line-5", "line-7", "line-8"]
    assert ids[4].startswith("nobody-")
    (refused,) = [row["response"]["body"] for row in readable if row["custom_id"] == "line-7"]
    assert refused["choices"][0]["message"]["refusal"]
    log = [
        entry
        for entry in httpx2.get(f"{at.url}/_sandbox/requests").json()
        if entry["service"] == "batch_lines"
    ]
    assert [entry["key"] for entry in log] == [f"line-{number}" for number in range(1, 9)]
    assert [entry["fault"] for entry in log][:3] == ["status 500", "line expired", "line missing"]


def test_a_line_that_is_no_request_about_a_paper_ends_in_the_error_file(
    sandbox: StartSandbox, client_of: ClientOf
) -> None:
    client = client_of(sandbox(batch_seconds=0))
    batch = ended(client, started(client, jsonl(request_line(1), request_line(2, body={"model": "m"}))))
    assert batch.status == "completed"
    assert [row["custom_id"] for row in rows(client, batch.output_file_id)] == ["line-1"]
    (failed,) = rows(client, batch.error_file_id)
    assert failed["response"]["status_code"] == 400
    assert failed["response"]["body"]["error"]["message"]


def test_a_whole_batch_can_fail_and_an_answer_can_be_lost_or_cut(
    sandbox: StartSandbox, client_of: ClientOf
) -> None:
    at = sandbox(
        batch_seconds=0,
        faults=faults(
            {
                "service": "batches",
                "match": {"operation": "create"},
                "calls": [1],
                "failure": "token_limit_exceeded",
            },
            {"service": "batches", "match": {"operation": "create"}, "calls": [2], "lost": True},
            {"service": "batches", "match": {"operation": "content"}, "first": 1, "truncate": 10},
        ),
    )
    client = client_of(at)
    failed = ended(client, started(client, jsonl(request_line(1))))
    assert (failed.status, failed.errors.data[0].code) == ("failed", "token_limit_exceeded")
    with pytest.raises(openai.APIConnectionError):
        started(client, jsonl(request_line(1)), name="lost")
    newest = next(iter(client.batches.list()))
    assert newest.metadata == {"name": "lost"}
    output = ended(client, newest).output_file_id
    assert len(client.files.content(output).read()) == 10
    assert rows(client, output)


@pytest.mark.parametrize(
    "rule",
    [
        {"service": "batch_lines", "drop": True},
        {"service": "batch_lines", "status": 500, "delay": 1},
        {"service": "batch_lines", "body": "x"},
        {"service": "batches", "answer": "refusal"},
        {"service": "batches", "failure": "x"},
        {"service": "batches", "match": {"operation": "list"}, "failure": "x"},
        {"service": "openai", "line": "missing"},
        {"service": "openai", "match": {"operation": "list"}, "drop": True},
        {"service": "batches", "match": {"paper_id": "2603.00001"}, "drop": True},
    ],
)
def test_rules_that_cannot_be_are_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(rule)


def test_a_form_without_boundary_or_names_has_no_fields() -> None:
    assert form_fields("multipart/form-data", b"x") == {}
    assert form_fields("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n") == {}
