"""The batch service stand-in: chat completions for a file of requests, later and at half the price.

A batch goes through its states with time whether or not anybody looks, and its lines are answered one by
one meanwhile. Everything is in memory and gone with the sandbox. Called by flows/sandbox/app.py.
"""

import asyncio
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from starlette.requests import Request

from flows.sandbox.batch_work import URL, Line, Worked, lines_of
from flows.sandbox.config import SandboxConfig
from flows.sandbox.fault_book import FaultBook
from flows.sandbox.faults import Call, Fault
from flows.sandbox.files import Files, StoredFile
from flows.sandbox.journal import Journal
from flows.sandbox.model import Model, error_reply, unauthorized_reply
from flows.sandbox.reply import Reply, json_reply

_WINDOW = 24 * 3600
_PAGE, _LARGEST_PAGE = 20, 100
# Shares of a batch's time that it is validating and finalizing; in between its lines are answered.
_BEFORE, _AFTER = 0.1, 0.1

Handler = Callable[[Request, bytes, Fault | None], Reply]


class Operation(NamedTuple):
    """One thing that can be done with files or batches: a service of flows/sandbox/app.py."""

    name: str
    handler: Handler

    def call(self, request: Request, body: bytes) -> Call:
        """The operation's name is what faults match."""
        return Call("batches", self.name)

    def refusal(self, request: Request) -> Reply | None:
        """401 without a bearer token."""
        return unauthorized_reply(request)

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The handler's reply."""
        return self.handler(request, body, fault)


@dataclass
class Batch:
    """One batch and where it stands."""

    file: StoredFile
    metadata: dict[str, str] | None
    worked: Worked
    batch_id: str = field(default_factory=lambda: f"batch_{uuid.uuid4().hex}")
    status: str = ""
    times: dict[str, int] = field(default_factory=dict)
    total: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)

    def enter(self, status: str) -> None:
        """Go to a state and note when."""
        self.status = status
        moment = "created_at" if status == "validating" else f"{status}_at"
        self.times[moment] = int(time.time())

    def fail(self, error: dict[str, Any]) -> None:
        """End without a line answered."""
        self.errors = [error]
        self.enter("failed")

    def as_json(self) -> dict[str, Any]:
        """The batch as the service describes it."""
        states = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
        return {
            "id": self.batch_id,
            "object": "batch",
            "endpoint": URL,
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "input_file_id": self.file.file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.times["created_at"],
            "expires_at": self.times["created_at"] + _WINDOW,
            **{f"{state}_at": self.times.get(f"{state}_at") for state in states},
            "request_counts": {
                "total": self.total,
                "completed": self.worked.completed,
                "failed": self.worked.failed,
            },
            "metadata": self.metadata,
        }


class Batches:
    """``/v1/batches`` and ``/v1/files``."""

    def __init__(self, config: SandboxConfig, model: Model, faults: FaultBook, journal: Journal) -> None:
        self._seconds = config.batch_seconds
        self._seed = config.seed
        self._model = model
        self._faults = faults
        self._journal = journal
        self._files = Files()
        self._batches: dict[str, Batch] = {}
        self._work: set[asyncio.Task[None]] = set()

    def operations(self) -> Iterator[tuple[str, str, Operation]]:
        """Method, path and operation of everything that is offered here."""
        files = self._files
        yield "POST", "/v1/files", Operation("upload", files.upload)
        yield "GET", "/v1/files/{id}", Operation("file", files.describe)
        yield "GET", "/v1/files/{id}/content", Operation("content", files.content)
        yield "DELETE", "/v1/files/{id}", Operation("delete", files.delete)
        yield "POST", "/v1/batches", Operation("create", self._create)
        yield "GET", "/v1/batches", Operation("list", self._list)
        yield "GET", "/v1/batches/{id}", Operation("batch", self._retrieve)
        yield "POST", "/v1/batches/{id}/cancel", Operation("cancel", self._cancel)

    def _create(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        try:
            asked = json.loads(body)
            file = self._files.get(asked["input_file_id"])
            is_usual = (asked["endpoint"], asked["completion_window"]) == (URL, "24h")
        except (ValueError, KeyError, TypeError):
            return error_reply(400, "Expected input_file_id, endpoint and completion_window.")
        if file is None or file.purpose != "batch":
            return error_reply(400, f"{asked['input_file_id']!r} is no file with the purpose batch.")
        if not is_usual:
            return error_reply(400, f"Expected the endpoint {URL} and the completion_window 24h.")
        worked = Worked(request, self._model, self._faults, self._journal)
        batch = Batch(file, asked.get("metadata"), worked)
        batch.enter("validating")
        self._batches[batch.batch_id] = batch
        # The loop keeps no strong reference to a task.
        task = asyncio.get_running_loop().create_task(self._proceed(batch, fault))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return json_reply(batch.as_json())

    def _retrieve(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        batch = self._batches.get(request.path_params["id"])
        return json_reply(batch.as_json()) if batch else self._not_there(request)

    def _list(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        try:
            limit = max(1, min(int(request.query_params.get("limit", _PAGE)), _LARGEST_PAGE))
        except ValueError:
            return error_reply(400, "Expected a whole number as limit.")
        newest_first = list(reversed(self._batches.values()))
        if after := request.query_params.get("after"):
            found = [at for at, batch in enumerate(newest_first, start=1) if batch.batch_id == after]
            if not found:
                return error_reply(400, f"No such batch to list after: {after}")
            newest_first = newest_first[found[0] :]
        page = newest_first[:limit]
        return json_reply(
            {
                "object": "list",
                "data": [batch.as_json() for batch in page],
                "first_id": page[0].batch_id if page else None,
                "last_id": page[-1].batch_id if page else None,
                "has_more": len(newest_first) > limit,
            }
        )

    def _cancel(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        batch = self._batches.get(request.path_params["id"])
        if batch is None:
            return self._not_there(request)
        if batch.status not in ("validating", "in_progress"):
            return error_reply(409, f"A batch that is {batch.status} cannot be cancelled.")
        batch.enter("cancelling")
        return json_reply(batch.as_json())

    def _not_there(self, request: Request) -> Reply:
        return error_reply(404, f"No batch found with id {request.path_params['id']!r}.")

    async def _proceed(self, batch: Batch, fault: Fault | None) -> None:
        """Take the batch from validating to its end."""
        await asyncio.sleep(self._seconds * _BEFORE)
        lines = lines_of(batch.file.content)
        if fault is not None and fault.failure is not None:
            lines = {
                "code": fault.failure,
                "message": f"sandbox fault: {fault.label}",
                "param": None,
                "line": None,
            }
        if isinstance(lines, dict):
            batch.fail(lines)
            return
        batch.total = len(lines)
        if batch.status == "validating":
            batch.enter("in_progress")
        await self._answer(batch, lines)
        is_cancelled = batch.status == "cancelling"
        if not is_cancelled:
            batch.enter("finalizing")
        await asyncio.sleep(self._seconds * _AFTER)
        self._put_out(batch)
        batch.enter("cancelled" if is_cancelled else "expired" if batch.worked.has_expired else "completed")

    async def _answer(self, batch: Batch, lines: list[Line]) -> None:
        """Answer the lines, spread over the batch's time, until it is cancelled."""
        began, seconds = time.monotonic(), self._seconds * (1 - _BEFORE - _AFTER)
        for number, line in enumerate(lines, start=1):
            due = began + seconds * number / len(lines)
            # Even a batch that takes no time lets other requests be answered meanwhile.
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if batch.status == "cancelling":
                return
            batch.worked.answer(line)

    def _put_out(self, batch: Batch) -> None:
        output, errors = batch.worked.files(self._seed)
        if output:
            batch.output_file_id = self._files.add(
                f"{batch.batch_id}_output.jsonl", "batch_output", output
            ).file_id
        if errors:
            batch.error_file_id = self._files.add(
                f"{batch.batch_id}_error.jsonl", "batch_output", errors
            ).file_id
