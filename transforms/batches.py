"""Batches of chat completions as files: requests into lines, lines into answers.

A batch's output comes in any order, and parts of it may be missing, repeated, strange or cut, so every
line is matched by its custom_id and a line that cannot be used costs that line alone. Called by
flows/batch.py.
"""

import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Final, NamedTuple

from transforms.answers import is_completion
from transforms.requests import ChatRequest, Structured

URL: Final = "/v1/chat/completions"
MAX_LINES = 50_000
"""Requests that the service takes in one batch."""
MAX_BYTES = 64_000_000
"""Bytes of one batch's file. The service takes 200 MB; a third of it fits into a small machine's memory."""
_MAX_ID = 64
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_REASON = 200
_REASONS = 3


class NamedRequest(NamedTuple):
    """One request and the name under which its answer is kept."""

    name: str
    """Unique among all requests; the same name always means the same request."""
    request: ChatRequest
    about: dict[str, Any]
    """What whoever keeps the answer must know besides, as JSON; it comes back with the answer."""


class BatchFile(NamedTuple):
    """The file of one batch, and whose its lines are."""

    model: str
    content: bytes
    names: dict[str, str]
    """Names by custom_id, in the file's order."""


class LineAnswer(NamedTuple):
    """One answered line."""

    body: str
    """The chat completion as JSON."""
    request_id: str | None


class Results(NamedTuple):
    """What a batch's output and error files hold, by custom_id."""

    answers: dict[str, LineAnswer]
    failures: dict[str, str]
    """Why a line has no answer."""
    unknown: int
    """Lines under a custom_id that the batch does not have."""
    repeated: int
    """Lines under a custom_id that has its answer; the first is used."""
    unreadable: int
    """Lines that are no result at all: cut, or not JSON."""


def custom_id(name: str) -> str:
    """The name as a line's custom_id: itself, or its hash where a service may find it too long."""
    return name if len(name) <= _MAX_ID else hashlib.sha256(name.encode()).hexdigest()


def batch_files(
    requests: Iterable[NamedRequest],
    structured: Structured,
    max_lines: int = MAX_LINES,
    max_bytes: int = MAX_BYTES,
) -> Iterator[BatchFile]:
    """The requests as as few files as the limits allow, one model to a file, in order.

    A single request above ``max_bytes`` gets a file of its own: only the service can refuse it.
    """
    by_model: dict[str, list[NamedRequest]] = {}
    for named in requests:
        by_model.setdefault(named.request.model, []).append(named)
    for model, of_model in by_model.items():
        content, names = io.BytesIO(), dict[str, str]()
        for name, request, _ in of_model:
            line = _line(custom_id(name), request.body(structured))
            if names and (len(names) == max_lines or content.tell() + len(line) > max_bytes):
                yield BatchFile(model, content.getvalue(), names)
                content, names = io.BytesIO(), {}
            content.write(line)
            names[custom_id(name)] = name
        yield BatchFile(model, content.getvalue(), names)


def _line(line_id: str, body: dict[str, Any]) -> bytes:
    line = {"custom_id": line_id, "method": "POST", "url": URL, "body": body}
    return f"{_json(line)}\n".encode()


def _json(value: Any) -> str:
    """The value as JSON that UTF-8 can hold: lone surrogates, which a service may send, stay escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if _SURROGATE.search(text) else text


def results_of(output: bytes, errors: bytes, custom_ids: Set[str]) -> Results:
    """What these two files say about the batch's lines; a line that neither mentions is in no answer.

    Args:
        output: The batch's output file; empty when it has none.
        errors: The batch's error file; empty when it has none.
        custom_ids: The batch's lines.
    """
    answers: dict[str, LineAnswer] = {}
    failures: dict[str, str] = {}
    unknown = repeated = unreadable = 0
    for raw in (*output.splitlines(), *errors.splitlines()):
        if not raw.strip():
            continue
        line = _parsed(raw)
        line_id = line.get("custom_id")
        if not isinstance(line_id, str):
            unreadable += 1
        elif line_id not in custom_ids:
            unknown += 1
        elif line_id in answers:
            repeated += 1
        elif isinstance(found := _result(line), LineAnswer):
            answers[line_id] = found
            failures.pop(line_id, None)
        else:
            failures[line_id] = found
    return Results(answers, failures, unknown, repeated, unreadable)


def shortfall(results: Results, custom_ids: Iterable[str], silence: str) -> dict[str, str]:
    """Why each of these lines has no answer, by custom_id; ``silence`` for what no file mentions."""
    missing = (line_id for line_id in custom_ids if line_id not in results.answers)
    return {line_id: results.failures.get(line_id, silence) for line_id in missing}


def counted(results: Results, reasons: Mapping[str, str]) -> dict[str, int]:
    """What became of the lines; ``reasons`` is ``shortfall``'s."""
    return {
        "answered": len(results.answers),
        "unanswered": len(reasons),
        "unknown": results.unknown,
        "repeated": results.repeated,
        "unreadable": results.unreadable,
    }


def faults_of(results: Results, reasons: Mapping[str, str]) -> str:
    """What a person should know about the lines, in words; empty when each has its answer and no more."""
    said = []
    if reasons:
        most = Counter(reasons.values()).most_common(_REASONS)
        listed = ", ".join(f"{count:,} × {reason}" for reason, count in most)
        total = len(reasons) + len(results.answers)
        said.append(f"{len(reasons):,} of {total:,} requests without answer ({listed})")
    said += [
        f"{what} lines ignored: {count:,}"
        for what, count in counted(results, reasons).items()
        if count and what in ("unknown", "repeated", "unreadable")
    ]
    return "; ".join(said)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return line if isinstance(line, dict) else {}


def _result(line: dict[str, Any]) -> LineAnswer | str:
    """The line's answer, or in words why it has none."""
    response = line.get("response")
    if not isinstance(response, dict):
        return _reason("", line.get("error"))
    body, status, request_id = response.get("body"), response.get("status_code"), response.get("request_id")
    if status != 200:
        return _reason(f"HTTP {status} ", body.get("error") if isinstance(body, dict) else None)
    text = _json(body)
    if not is_completion(text):
        return f"expected a chat completion, got {text[:60]!r}"
    return LineAnswer(text, request_id if isinstance(request_id, str) else None)


def _reason(before: str, error: Any) -> str:
    fields = error if isinstance(error, dict) else {}
    said = ": ".join(str(text) for name in ("code", "message") if (text := fields.get(name)))
    return f"{before}{said}".strip()[:_MAX_REASON] or "the service gave no reason"
