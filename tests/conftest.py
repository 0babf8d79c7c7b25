"""What every test stands on: a quiet offline environment, a sandbox to order, a lake of one's own.

The environment is set before anything imports prefect or huggingface_hub, which read theirs on import. One
Prefect server serves the whole session and is started by the first test that runs a flow: a one-shot start
costs fifteen seconds, a run against a server three. Real clients talk to the loopback sandbox; sockets to
anywhere else refuse to connect.
"""

import atexit
import ipaddress
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import certifi
import httpx2
import hypothesis
import pytest
from upath import UPath

from flows.settings import apply_prefect_settings


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


_PREFECT_PORT = _free_port()
_HOME = Path(tempfile.mkdtemp(prefix="daily-papers-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
for _name in [
    name for name in os.environ if name.startswith(("DAILY_PAPERS_", "OPENAI_", "HF_", "PREFECT_"))
]:
    del os.environ[_name]
os.environ.update(
    PREFECT_HOME=str(_HOME / "prefect"),
    PREFECT_API_URL=f"http://127.0.0.1:{_PREFECT_PORT}/api",
    PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL",
    DO_NOT_TRACK="1",
    NO_PROXY="127.0.0.1,localhost",
    HF_HOME=str(_HOME / "huggingface"),
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_UPDATE_DOWNLOAD_COUNTS="0",
)
# Nothing here speaks TLS, and each of a run's seven clients would load 140 root certificates in 20 ms.
_ONE_ROOT = _HOME / "root.pem"
_ONE_ROOT.write_text(
    Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
)
os.environ["SSL_CERT_FILE"] = str(_ONE_ROOT)
apply_prefect_settings()
# No test asserts a time, and forty examples find here what a hundred do in two fifths of the wait.
hypothesis.settings.register_profile("suite", deadline=None, max_examples=40)
hypothesis.settings.load_profile("suite")

from flows.object_store import folder  # noqa: E402, the environment comes first
from flows.sandbox.config import SandboxConfig  # noqa: E402, the environment comes first
from flows.sandbox.server import Sandbox  # noqa: E402
from line import Line, StartSandbox  # noqa: E402

_CONNECTS: dict[str, Callable[..., Any]] = {
    name: getattr(socket.socket, name) for name in ("connect", "connect_ex")
}


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Sockets reach this machine and no other."""

    def guarded(name: str) -> Callable[[socket.socket, Any], Any]:
        def connect(sock: socket.socket, address: Any) -> Any:
            if sock.family != socket.AF_UNIX and not _is_loopback(str(address[0])):
                raise PermissionError(f"tests stay on this machine; a connection to {address[0]} was refused")
            return _CONNECTS[name](sock, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        for name in _CONNECTS:
            patch.setattr(socket.socket, name, guarded(name))
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pytest_configure(config: pytest.Config) -> None:
    # Prefect's clients leave sockets to their server for the garbage collector to close. Ours must not.
    unclosed = rf"[\s\S]*raddr=\('127.0.0.1', {_PREFECT_PORT}\)"
    config.addinivalue_line("filterwarnings", f"ignore:{unclosed}:ResourceWarning")
    config.addinivalue_line("filterwarnings", f"ignore:{unclosed}:pytest.PytestUnraisableExceptionWarning")
    # Hypothesis looks whether the global random state moved while it drew; Prefect's threads move it too.
    chance = "Do not use the `random` module inside strategies"
    config.addinivalue_line(
        "filterwarnings", f"ignore:{chance}:hypothesis.errors.HypothesisDeprecationWarning"
    )


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[Path]:
    """The home of the session's Prefect server, which the first test that asks for it starts."""
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer(port=_PREFECT_PORT)
    server.start(timeout=120)
    yield _HOME / "prefect"
    _drain()
    server.stop()


def _drain() -> None:
    """Let Prefect's clients say their last, or they try to reach a server that is gone for a minute."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=10)


@pytest.fixture
def sandbox() -> Iterator[StartSandbox]:
    """Starts sandboxes that live as long as the test: ``sandbox(payloads=…, faults=[…], latency=…)``."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Sandbox(SandboxConfig(**options)))


@pytest.fixture(scope="session")
def object_store() -> Iterator[dict[str, str]]:
    """The variables of an S3-compatible server, which the first test that asks for it starts."""
    port = _free_port()
    server = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(server, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        while not _answers(port):
            assert process.poll() is None, "the S3-compatible server did not start"
            time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "tests",
            "AWS_SECRET_ACCESS_KEY": "tests",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def bucket(object_store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A folder in a new bucket of the S3-compatible server, which the environment points to."""
    for name, value in object_store.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid4().hex[:12]}"
    httpx2.put(f"{object_store['AWS_ENDPOINT_URL']}/{name}").raise_for_status()
    return folder(f"s3://{name}/lake")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A folder on an object store that does not run, which the environment points to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
    return folder(f"s3://away-{uuid4().hex[:12]}/lake")


@pytest.fixture
def line(
    tmp_path: Path, prefect_server: Path, monkeypatch: pytest.MonkeyPatch, sandbox: StartSandbox
) -> Line:
    """The whole line over an empty lake and an empty folder of day lists, against its own sandbox."""
    return Line(tmp_path, monkeypatch, sandbox)
