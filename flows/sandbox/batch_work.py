"""What becomes of a batch's lines: checked as the batch service checks them, answered by the model stand-in.

Each line is a call of the service ``batch_lines`` to the faults and to the request log, under its
custom_id. Called by flows/sandbox/batches.py.
"""

import json
import random
import time
import uuid
from dataclasses import replace
from typing import Any, NamedTuple

from starlette.requests import Request

from flows.sandbox.fault_book import FaultBook
from flows.sandbox.journal import Journal
from flows.sandbox.model import Model
from flows.sandbox.reply import scripted

URL = "/v1/chat/completions"
MAX_LINES = 50_000
MAX_BYTES = 200_000_000


class Line(NamedTuple):
    """One request of a batch."""

    custom_id: str
    body: dict[str, Any]


def lines_of(content: bytes) -> list[Line] | dict[str, Any]:
    """The file's lines, or the error for which the whole batch fails."""
    if len(content) > MAX_BYTES:
        return _error("file_too_large", f"The file has {len(content)} bytes; {MAX_BYTES} are taken.")
    rows = content.splitlines()
    if len(rows) > MAX_LINES:
        return _error("too_many_requests", f"The file has {len(rows)} requests; {MAX_LINES} are taken.")
    if not rows:
        return _error("empty_file", "The file has no requests.")
    lines: dict[str, Line] = {}
    for number, row in enumerate(rows, start=1):
        line = _line(row)
        if line is None:
            return _error("invalid_json_line", f"Expected custom_id, POST, {URL} and a body.", number)
        if line.custom_id in lines:
            return _error("duplicate_custom_id", f"The custom_id {line.custom_id!r} is not unique.", number)
        lines[line.custom_id] = line
    if len({line.body.get("model") for line in lines.values()}) > 1:
        return _error("mismatched_model", "All requests of a batch must be to one model.")
    return list(lines.values())


def _line(row: bytes) -> Line | None:
    try:
        line = json.loads(row)
    except ValueError:
        return None
    if not isinstance(line, dict) or (line.get("method"), line.get("url")) != ("POST", URL):
        return None
    custom_id, body = line.get("custom_id"), line.get("body")
    return Line(custom_id, body) if isinstance(custom_id, str) and isinstance(body, dict) else None


def _error(code: str, message: str, line: int | None = None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


class Worked:
    """The two files of a batch as they grow."""

    def __init__(self, request: Request, model: Model, faults: FaultBook, journal: Journal) -> None:
        self._request = request
        self._model = model
        self._faults = faults
        self._journal = journal
        self._output: list[bytes] = []
        self._errors: list[bytes] = []
        self.completed = 0
        self.failed = 0
        self.has_expired = False
        """A line did not get its turn before the batch's time was over."""

    def answer(self, line: Line) -> None:
        """Answer one line, or let happen to it what a fault says."""
        body = json.dumps(line.body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        call = replace(self._model.call(self._request, body), service="batch_lines", key=line.custom_id)
        entry, began = self._journal.start(call), time.monotonic()
        fault = self._faults.next(call)
        kind = fault.line if fault else None
        if kind == "expired":
            self.has_expired = True
            self._fail(line, None, {"code": "batch_expired", "message": "The batch's time was over."})
            status = 0
        else:
            reply = (scripted(fault) if fault else None) or self._model.reply(self._request, body, fault)
            status = reply.status
            response = {"status_code": status, "request_id": _id("req"), "body": json.loads(reply.body)}
            if status == 200:
                self._complete(line, response, kind)
            else:
                self._fail(line, response, None)
        self._journal.end(entry, status, fault.label if fault else None, began)

    def _complete(self, line: Line, response: dict[str, Any], kind: str | None) -> None:
        self.completed += 1
        custom_id = f"nobody-{uuid.uuid4().hex}" if kind == "unknown" else line.custom_id
        row = _row(custom_id, response, None)
        if kind == "garbage":
            row = row[: len(row) // 2] + b"\n"
        if kind != "missing":
            self._output.append(row)
        if kind == "repeated":
            self._output.append(_row(custom_id, response, None))

    def _fail(self, line: Line, response: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
        self.failed += 1
        self._errors.append(_row(line.custom_id, response, error))

    def files(self, seed: int) -> tuple[bytes, bytes]:
        """Output and errors, in no order that could be relied on."""
        return _shuffled(self._output, seed), _shuffled(self._errors, seed)


def _row(custom_id: str, response: dict[str, Any] | None, error: dict[str, Any] | None) -> bytes:
    row = {"id": _id("batch_req"), "custom_id": custom_id, "response": response, "error": error}
    return f"{json.dumps(row, ensure_ascii=False)}\n".encode("utf-8", "surrogatepass")


def _id(kind: str) -> str:
    return f"{kind}_{uuid.uuid4().hex}"


def _shuffled(rows: list[bytes], seed: int) -> bytes:
    """The rows mixed up, and never in the order they came in."""
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return b"".join(mixed if mixed != rows else reversed(rows))
