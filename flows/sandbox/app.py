"""One application for all services: each request is read, logged, answered, spoilt if a fault says so, sent.

The services (daily_papers.py, arxiv.py, model.py, batches.py, hub.py) know what the right reply is; all that
they share is here. Control lies under /_sandbox/. Called by flows/sandbox/server.py.
"""

import asyncio
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from flows.sandbox.arxiv import Arxiv
from flows.sandbox.batches import Batches
from flows.sandbox.config import SandboxConfig
from flows.sandbox.daily_papers import DailyPapers, PayloadStore
from flows.sandbox.fault_book import FaultBook
from flows.sandbox.faults import Call, Fault, parsed_faults
from flows.sandbox.hub import hub_operations
from flows.sandbox.journal import Journal
from flows.sandbox.model import PSEUDO_MODEL, RECORDED_MODEL, Model, unauthorized_reply
from flows.sandbox.paper_pages import PaperPages
from flows.sandbox.reply import Reply, deliver, json_reply, scripted
from flows.sandbox.sample import Sample

__all__ = ["SandboxConfig", "create_app"]


class Service(Protocol):
    """One of the services that the sandbox stands in for."""

    def call(self, request: Request, body: bytes) -> Call:
        """What the request is about; never fails."""

    def refusal(self, request: Request) -> Reply | None:
        """The reply that comes before any fault and any answer, if one does."""

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The right reply, or the spoilt answer that the fault asks for."""


class Models:
    """``GET /v1/models``."""

    def call(self, request: Request, body: bytes) -> Call:
        """A call that no fault is about."""
        return Call("models", "")

    def refusal(self, request: Request) -> Reply | None:
        """401 without a bearer token."""
        return unauthorized_reply(request)

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The two names under which the stand-in answers."""
        names = (PSEUDO_MODEL, RECORDED_MODEL)
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "sandbox"} for name in names]
        return json_reply({"object": "list", "data": models})


class Endpoint:
    """A service as an ASGI application: raw, because a fault may have to break the connection."""

    def __init__(self, service: Service, faults: FaultBook, journal: Journal) -> None:
        self._service = service
        self._faults = faults
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.monotonic()
        request = Request(scope, receive)
        body = await request.body()
        call = self._service.call(request, body)
        seen = {
            "method": request.method,
            "path": request.url.path,
            "received": len(body),
            "authorized": "authorization" in request.headers,
        }
        entry = self._journal.start(call, seen)
        reply, fault = self._answered(request, body, call)
        reply = replace(reply, headers={**reply.headers, "x-request-id": f"req_{uuid.uuid4().hex}"})
        if seconds := reply.latency + ((fault.delay or 0.0) if fault else 0.0):
            await asyncio.sleep(seconds)
        # Before it is sent: a client that has its answer finds it in the log, and so does one that lost it.
        self._journal.end(entry, reply.status, fault.label if fault else None, began)
        await deliver(reply, fault, scope, receive, send)

    def _answered(self, request: Request, body: bytes, call: Call) -> tuple[Reply, Fault | None]:
        if refusal := self._service.refusal(request):
            return refusal, None
        fault = self._faults.next(call)
        if fault is not None and (instead := scripted(fault)):
            if fault.applied:
                self._service.reply(request, body, fault)
            return instead, fault
        return self._service.reply(request, body, fault), fault


def create_app(config: SandboxConfig, hub: Path) -> Starlette:
    """The sandbox as an ASGI application, its counts and its request log at zero; ``hub`` keeps repositories.

    Raises:
        ValueError: The folder of payloads is not there.
    """
    sample = Sample()
    store = PayloadStore(config.payloads or sample.payloads, config.as_of)
    faults = FaultBook(config.faults, config.seed)
    journal = Journal(config.log)

    def endpoint(service: Service) -> Endpoint:
        return Endpoint(service, faults, journal)

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            journal.clear()
            return Response(status_code=204)
        return JSONResponse(journal.entries)

    async def replace_faults(request: Request) -> Response:
        try:
            rules = parsed_faults(await request.body())
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        faults.replace(rules)
        return JSONResponse({"faults": len(rules)})

    model = Model(config, sample)
    batches = Batches(config, model, faults, journal)
    arxiv = Arxiv(store, sample, serves_sample=config.payloads is None)
    return Starlette(
        routes=[
            Route("/api/daily_papers", endpoint(DailyPapers(store)), methods=["GET"]),
            Route("/papers/{paper_id}.md", endpoint(PaperPages(store)), methods=["GET"]),
            Route("/api/query", endpoint(arxiv), methods=["GET"]),
            Route("/v1/chat/completions", endpoint(model), methods=["POST"]),
            Route("/v1/models", endpoint(Models()), methods=["GET"]),
            *(
                Route(path, endpoint(operation), methods=[method])
                for method, path, operation in batches.operations()
            ),
            *(
                Route(path, endpoint(hub_call), methods=[method])
                for method, path, hub_call in hub_operations(hub)
            ),
            Route("/_sandbox/requests", requests, methods=["GET", "DELETE"]),
            Route("/_sandbox/faults", replace_faults, methods=["PUT", "POST"]),
        ]
    )
