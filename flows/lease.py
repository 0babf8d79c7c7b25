"""One writer of a part of a shared lake: a month, the release, the open batches.

A lease is an object that its holder writes anew every few seconds, each time into the version it wrote last
(flows/object_store.py). A lease that is not written for a minute, by the clock of whoever waits for it, has
lost its holder and is taken over; so clocks need not agree, and a worker that was killed holds nobody up for
longer. A holder that was cut off finds out by the same minute and stops paying. Tables are merged by the same
condition on their own, so even then no row is lost. Called by flows/lock.py and flows/run.py.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

from flows import object_store
from flows.errors import DailyPapersError, LakeBusy, LakeUnwritable
from flows.storage import Lake

LIFE_SECONDS = 60.0
"""How long a lease that nobody writes is believed to be held."""
_BEATS = 4
_LOOK_SECONDS = 1.0


class Lease:
    """A part of the lake held by this process; use ``leased``."""

    def __init__(self, lake: Lake, part: str, run: str, life: float) -> None:
        self.part = part
        self._lake, self._life = lake, life
        self._path = lake.home / "leases" / f"{part}.json"
        self._about = {
            "run": run,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "token": uuid4().hex,
        }
        self._beat = 0
        self._version: str | None = None
        self._written = 0.0
        self._seen: tuple[str | None, float] = (None, 0.0)
        self._ended = threading.Event()

    @property
    def is_held(self) -> bool:
        """False once another run may have taken the part over."""
        return self._version is not None and time.monotonic() - self._written < self._life

    def taken(self) -> str | None:
        """None when this took the lease, else who holds it."""
        with object_store.faults_named(self._lake.home):
            document, found = object_store.read(self._path)
            holder = _parsed(document) if found else {}
            if found and not holder.get("is_released") and not self._is_dead(found):
                return f"{holder.get('run', 'another run')} (pid {holder.get('pid')} on {holder.get('host')})"
            try:
                self._write(found)
            except object_store.Changed:
                return "another run, just now"
        return None

    def keep(self) -> None:
        """Write the lease again and again until it is released or lost."""
        while not self._ended.wait(self._life / _BEATS):
            try:
                with object_store.faults_named(self._lake.home):
                    self._write(self._version)
            except object_store.Changed:
                self._version = None
                return
            except (LakeUnwritable, OSError):
                # The store is away: tried again until the lease has run out, which ``is_held`` tells.
                if not self.is_held:
                    self._version = None
                    return

    def end(self) -> None:
        """Stop writing it."""
        self._ended.set()

    def release(self) -> None:
        """Let the next run have it at once."""
        if self._version is None:
            return
        # What fails here runs out by itself.
        with (
            contextlib.suppress(object_store.Changed, LakeUnwritable, OSError),
            object_store.faults_named(self._lake.home),
        ):
            object_store.put(self._path, self._document(is_released=True), self._version)

    def _is_dead(self, found: str) -> bool:
        """Whether this version has been there for a lease's life, as seen from here."""
        now = time.monotonic()
        if self._seen[0] != found:
            self._seen = found, now
        return now - self._seen[1] >= self._life

    def _write(self, read: str | None) -> None:
        began = time.monotonic()
        self._beat += 1
        try:
            self._version = object_store.put(self._path, self._document(is_released=False), read)
        except object_store.Changed:
            # By ourselves, where the answer to a write was lost and the client sent it again.
            document, found = object_store.read(self._path)
            if _parsed(document).get("token") != self._about["token"]:
                raise
            self._version = found
        self._written = began

    def _document(self, *, is_released: bool) -> bytes:
        return json.dumps({**self._about, "beat": self._beat, "is_released": is_released}).encode()


@contextlib.contextmanager
def leased(
    lake: Lake,
    part: str,
    run: str,
    wait: float,
    say: Callable[[str], object],
    *,
    life: float = LIFE_SECONDS,
) -> Iterator[Lease]:
    """Hold a part of a shared lake while the block runs.

    Args:
        lake: The lake.
        part: "2024-06", "release" or "batches".
        run: What is run, for whoever waits for it.
        wait: Seconds to wait for another run.
        say: Told who holds the part when waiting begins.
        life: Seconds after which a lease that nobody writes is taken over.

    Raises:
        LakeBusy: Another run still holds the part after ``wait`` seconds.
        LakeUnwritable: The store was away or refused.
    """
    lease = Lease(lake, part, run, life)
    until, is_waiting = time.monotonic() + wait, False
    while (holder := lease.taken()) is not None:
        if time.monotonic() > until:
            raise LakeBusy(
                f"{part} of {lake.home} is being written by {holder}; waited {wait:g} s and changed nothing "
                "of it. Run the same command again when that has ended."
            )
        if not is_waiting:
            say(f"{part} of {lake.home} is held by {holder}; waiting up to {wait:g} s")
            is_waiting = True
        time.sleep(min(_LOOK_SECONDS, life / _BEATS))
    keeper = threading.Thread(target=lease.keep, name=f"lease of {part}", daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        lease.end()
        keeper.join()
        lease.release()


def lost(part: str, lake: Lake) -> DailyPapersError:
    """The error of a run whose lease was taken over, or could not be renewed in time."""
    return LakeBusy(
        f"This run no longer holds {part} of {lake.home}: it could not say for {LIFE_SECONDS:g} s that it "
        "lives, and another may have taken over. Nothing more is asked of the model here; what was paid for "
        "is kept, and the other run uses it."
    )


def _parsed(content: bytes | None) -> dict[str, object]:
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
