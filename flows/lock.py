"""One writer at a time: a second run waits, then says who holds the lake.

The lock is the kernel's (released when its process dies, however it dies); the file beside it only tells
people who holds it. Called by flows/pipeline.py, flows/import_archive.py
and flows/console.py.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flows.errors import LakeBusy, LakeUnwritable
from flows.storage import Lake


@contextlib.contextmanager
def one_writer(lake: Lake, run: str, wait: float, say: Callable[[str], object]) -> Iterator[None]:
    """Hold the lake while the block runs.

    Args:
        lake: The lake to hold.
        run: What is run, for whoever waits for it.
        wait: Seconds to wait for another run.
        say: Told who holds the lake when waiting begins.

    Raises:
        LakeBusy: Another run still holds the lake after ``wait`` seconds.
        LakeUnwritable: The lake's folder cannot be made or written.
    """
    holder_path = lake.home / ".lock-holder.json"
    lock = FileLock(lake.home / ".lock")
    try:
        lake.home.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"{lake.home} is held by {_holder(holder_path)}; waiting up to {wait:g} s")
            lock.acquire(timeout=wait)
    except Timeout as error:
        raise LakeBusy(
            f"{lake.home} is being written by {_holder(holder_path)}; waited {wait:g} s and changed nothing. "
            "Run the same command again when it has ended."
        ) from error
    except OSError as error:
        raise LakeUnwritable(
            f"The lake {lake.home} cannot be written ({error}); nothing was started. Mend its permissions or "
            "set DAILY_PAPERS_HOME to a folder of yours."
        ) from error
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder = {"run": run, "pid": os.getpid(), "host": socket.gethostname(), "since": since}
        lake.write_bytes(holder_path, json.dumps(holder).encode())
        yield
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        return f"{holder['run']} (pid {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return "another run"
