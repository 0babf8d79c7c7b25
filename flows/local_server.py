"""The Prefect server that `daily-papers serve` works with: the one it is told of, or one of its own.

Schedules are a server's work: without one, Prefect serves deployments and none of them ever fires, and
nothing says so. So there is always a server here before anything is served. No Prefect is imported: its
clients read the address when they are. Called by flows/cli.py.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import IO

import httpx2

from flows.errors import SourceUnavailable

_START_SECONDS = 180.0
_STOP_SECONDS = 30.0


@contextlib.contextmanager
def local_server(port: int) -> Iterator[str]:
    """A server that answers while the block runs; what it is, for people.

    PREFECT_API_URL names it, or, while that is unset, it is the one on this port of 127.0.0.1. Where none
    answers there, one is started, and stopped when the block ends; any other is left as it is.

    Raises:
        SourceUnavailable: None answers at PREFECT_API_URL, or none could be started.
    """
    told = os.environ.get("PREFECT_API_URL")
    url = told or f"http://127.0.0.1:{port}/api"
    os.environ["PREFECT_API_URL"] = url
    if _answers(url):
        yield f"the Prefect server at {url} (it was running and is left running)"
    elif told:
        raise SourceUnavailable(
            f"No Prefect server answers at {url} (PREFECT_API_URL), and without one no schedule fires; "
            "nothing was started. Start it there: prefect server start. Or unset PREFECT_API_URL: this "
            "command then starts one itself."
        )
    else:
        with tempfile.TemporaryFile() as log, _own(port, url, log) as process:
            yield f"its own Prefect server at {url} (pid {process.pid}; it stops with this command)"


@contextlib.contextmanager
def _own(port: int, url: str, log: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    start = [sys.executable, "-m", "prefect", "server", "start"]
    command = [*start, "--host", "127.0.0.1", "--port", str(port)]
    # A session of its own: Ctrl-C is for us, and the server is still needed while the runs are being ended.
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        _wait(process, url, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: "subprocess.Popen[bytes]", url: str, log: IO[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > until:
            log.seek(0)
            said = log.read().decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise SourceUnavailable(
                f"The Prefect server for {url} did not start ({said[0].strip()}); nothing is served. Is the "
                "port taken? Try another: daily-papers serve --port 4210"
            )
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url.rstrip('/')}/health", timeout=5).text == "true"
    except httpx2.HTTPError:
        return False
