"""One writer at a time: a second run waits, then says who holds the lake.

On a disk a run holds the whole lake, by a lock of the kernel's (released when its process dies, however it
dies); the file beside it only tells people who holds it. On an object store it holds the part that it writes
(flows/lease.py). Called by flows/pipeline.py, flows/backfill_parts.py and the commands that are no flow.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from filelock import FileLock, Timeout
from upath import UPath

from flows.errors import LakeBusy, LakeUnwritable
from flows.lease import leased
from flows.storage import Lake

RELEASE_PART = "release"
"""The part of a shared lake that whoever publishes holds."""


def one_writer(
    lake: Lake, run: str, wait: float, say: Callable[[str], object]
) -> contextlib.AbstractContextManager[object]:
    """Hold the lake while the block runs; of a lake on an object store, its release.

    Args:
        lake: The lake to hold.
        run: What is run, for whoever waits for it.
        wait: Seconds to wait for another run.
        say: Told who holds the lake when waiting begins.

    Raises:
        LakeBusy: Another run still holds the lake after ``wait`` seconds.
        LakeUnwritable: The lake's folder cannot be made or written.
    """
    return leased(lake, RELEASE_PART, run, wait, say) if lake.is_shared else _locked(lake, run, wait, say)


@contextlib.contextmanager
def _locked(lake: Lake, run: str, wait: float, say: Callable[[str], object]) -> Iterator[None]:
    holder_path = lake.home / ".lock-holder.json"
    lock = FileLock(str(lake.home / ".lock"))
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


def _holder(path: UPath) -> str:
    try:
        holder = json.loads(path.read_bytes())
        return f"{holder['run']} (pid {holder['pid']} on {holder['host']}, since {holder['since']})"
    except (OSError, ValueError, KeyError):
        return "another run"
