"""A response and the ways it can fail to arrive.

A service makes the reply that is right; a fault changes the reply or breaks the connection that carries
it. Broken connections need the transport itself, which flows/sandbox/server.py puts into the ASGI scope.
Called by flows/sandbox/app.py.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.types import Receive, Scope, Send

from flows.sandbox.faults import Fault
from flows.sandbox.hub_errors import scripted_error

TRANSPORT = "sandbox.transport"


@dataclass(frozen=True)
class Reply:
    """One complete response."""

    body: bytes
    content_type: str = "application/json; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    latency: float = 0.0
    """Seconds until it is ready."""


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """The value as a JSON response; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), status=status, headers=named
    )


def scripted(fault: Fault) -> Reply | None:
    """The response that the fault puts in the answer's place; None where it leaves the answer to be made."""
    if fault.cut:
        # Never sent, and so the log shows that there was no answer.
        return Reply(b"", status=0)
    if fault.status is None and fault.body is None:
        return None
    if fault.body is not None:
        return Reply(fault.body.encode(), fault.content_type, fault.status or 200, fault.headers)
    status = fault.status or 200
    if fault.service == "hub":
        refused = scripted_error(status, fault.message)
        return replace(
            json_reply({"error": refused.message}, status), headers=refused.headers | fault.headers
        )
    error: Any = f"sandbox fault: status {status}"
    if fault.service in ("openai", "batches", "batch_lines"):
        error = {"message": error, "type": "sandbox_fault", "param": None, "code": None}
    return replace(json_reply({"error": error}, status), headers=fault.headers)


async def deliver(reply: Reply, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the reply, or as much of it as the fault lets through."""
    if fault is not None and (fault.lost or fault.cut):
        scope["extensions"][TRANSPORT].abort()
        await _disconnected(receive)
        return
    body = reply.body
    if fault is not None and fault.truncate is not None:
        body = body[: fault.truncate]
    headers = {"content-type": reply.content_type, **reply.headers, "content-length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    if fault is not None and fault.drop:
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        scope["extensions"][TRANSPORT].close()
        await _disconnected(receive)
        return
    await send({"type": "http.response.body", "body": body})


async def _disconnected(receive: Receive) -> None:
    """Return when the server has seen the connection go, so that it does not mend the response itself."""
    while (await receive())["type"] != "http.disconnect":
        pass
