"""A loopback HTTP server with a queue of replies and a history of requests, for tests of one client."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import TracebackType
from typing import Any, NamedTuple, Self


@dataclass(frozen=True)
class Reply:
    """What one request is answered with."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds before anything is sent."""
    drop: bool = False
    """Promise the whole body, send half of it and close."""
    hang_up: bool = False
    """Close without a byte."""


class Asked(NamedTuple):
    """One request as it came."""

    at: float
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Scripted:
    """Serves the queued replies in order; the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                reply = script._next(self.path, dict(self.headers.items()), self.rfile.read(length))
                time.sleep(reply.delay)
                if reply.hang_up:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                if reply.drop:
                    self.close_connection = True
                self.wfile.write(reply.body[: len(reply.body) // 2] if reply.drop else reply.body)

            do_POST = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Nothing: a client that has given up is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def _next(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        with self._lock:
            self.asked.append(Asked(time.monotonic(), path, headers, body))
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def gaps(self) -> list[float]:
        """Seconds between one request and the next."""
        moments = [asked.at for asked in self.asked]
        return [later - earlier for earlier, later in pairwise(moments)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
