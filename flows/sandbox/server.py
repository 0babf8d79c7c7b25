"""The sandbox on a port of 127.0.0.1: in a thread for tests and the demo, in the foreground for a person.

Every connection's transport goes into its requests' ASGI scope, so that a fault can cut it. Called by
flows/cli.py and the tests.
"""

import asyncio
import contextlib
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from flows.sandbox.app import create_app
from flows.sandbox.config import SandboxConfig
from flows.sandbox.model import PSEUDO_MODEL
from flows.sandbox.reply import TRANSPORT

HOST = "127.0.0.1"
# Longer than clients keep idle connections (httpx2: 5 s), or the two sides race to close one.
_KEEP_ALIVE = 75
_LONGEST_START = 30.0


class _Connection(H11Protocol):
    """A connection whose requests know their transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
            await app(scope, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    """Uvicorn that says when it listens and leaves signals to its caller."""

    def __init__(self, app: ASGIApp, on_listening: Callable[[], None]) -> None:
        # Only critical messages: uvicorn reports connections that faults cut as errors of the application.
        super().__init__(
            uvicorn.Config(
                app,
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=1,
            )
        )
        self._on_listening = on_listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would raise the signal again after a clean end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        self._on_listening()


def environment_for(url: str) -> dict[str, str]:
    """The variables that point a run at the sandbox at this address."""
    return {
        "HF_ENDPOINT": url,
        "DAILY_PAPERS_ARXIV_URL": f"{url}/api/query",
        "DAILY_PAPERS_ARXIV_INTERVAL": "0",
        "OPENAI_BASE_URL": f"{url}/v1",
        "OPENAI_API_KEY": "sandbox",
        "DAILY_PAPERS_MODEL": PSEUDO_MODEL,
        "NO_PROXY": "127.0.0.1,localhost",
        "HF_TOKEN": "hf_sandbox",
        # Uploads by LFS, and nothing sent to anywhere but HF_ENDPOINT.
        "HF_HUB_DISABLE_XET": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }


class Sandbox:
    """The sandbox in a daemon thread, listening from ``__enter__`` to ``__exit__``."""

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self._config = config or SandboxConfig()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.hub = stack.enter_context(_hub_folder(self._config))
            app = create_app(self._config, self.hub)
            sockets = [_bound(self._config.port)]
            self._folders = stack.pop_all()
        self.url = _url(sockets[0])
        listening = threading.Event()
        self._server = _Server(app, listening.set)
        self._thread = threading.Thread(target=self._server.run, args=(sockets,), name="sandbox", daemon=True)
        self._thread.start()
        if not listening.wait(_LONGEST_START):
            raise TimeoutError(f"The sandbox did not start to listen at {self.url} in {_LONGEST_START:g} s.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._folders.close()

    def environment(self) -> dict[str, str]:
        """The variables that point a run at this sandbox."""
        return environment_for(self.url)


def serve(config: SandboxConfig) -> None:
    """Return when SIGINT or SIGTERM has ended the sandbox; print its variables once it listens.

    Raises:
        ValueError: The folder of payloads is not there.
        OSError: The port is taken.
    """
    with _hub_folder(config) as hub:
        app = create_app(config, hub)
        _serve(app, _bound(config.port))


def _serve(app: ASGIApp, sock: socket.socket) -> None:
    url = _url(sock)

    def announce() -> None:
        for name, value in environment_for(url).items():
            print(f"{name}={value}", flush=True)

    server = _Server(app, announce)

    def stop(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run([sock])
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _hub_folder(config: SandboxConfig) -> Iterator[Path]:
    """The folder of the Hub's repositories: the one that was named, or one that goes with the sandbox."""
    if config.hub is not None:
        yield config.hub
        return
    with tempfile.TemporaryDirectory(prefix="daily-papers-hub-") as folder:
        yield Path(folder)


def _bound(port: int) -> socket.socket:
    # Named, because asyncio looks for it before it turns off the delay of small packets: 40 ms an answer.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((HOST, port))
    except OSError as error:
        sock.close()
        raise OSError(
            error.errno, f"Port {port} of {HOST} cannot be used: {error.strerror}. Try --port 0"
        ) from error
    return sock


def _url(sock: socket.socket) -> str:
    return f"http://{HOST}:{sock.getsockname()[1]}"
