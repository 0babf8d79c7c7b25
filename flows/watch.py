"""Work in a thread of its own, watched from here for Ctrl-C and for memory.

Polars takes no notice of either while it works: an interrupt waits until the query has ended, which for a
join of everything with everything is never. Called by flows/write_answer.py.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Final, Generic, TypeVar

from flows.errors import DailyPapersError

T = TypeVar("T")

_SHARE: Final = 0.6
"""Of the machine's memory, what a process may hold before its work is stopped."""
_LOOK_EVERY: Final = 0.1


class TooLarge(DailyPapersError):
    """Work was stopped because of the memory that it took."""

    exit_code = 2


def watched(items: Iterable[T], most_bytes: int | None = None) -> Iterator[T]:
    """The items as they come, made in another thread and at most two ahead.

    Args:
        items: What is made, and how.
        most_bytes: Memory of the process at which to stop; three fifths of the machine's when None.

    Raises:
        TooLarge: The process holds more than that. The thread ends with the process.
    """
    most = most_bytes or int(_SHARE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    made = _Made(items)
    made.start()
    try:
        while True:
            if (held := _resident_bytes()) > most:
                raise TooLarge(
                    f"Stopped: the query holds {held / 1e9:.1f} GB, and {most / 1e9:.1f} GB are the most. "
                    "Ask for fewer columns or months, or join on a column with more distinct values."
                )
            try:
                item = made.ready.get(timeout=_LOOK_EVERY)
            except Empty:
                continue
            if isinstance(item, _Ended):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        made.unwanted.set()


class _Ended:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Made(threading.Thread, Generic[T]):
    def __init__(self, items: Iterable[T]) -> None:
        super().__init__(daemon=True)
        self.ready: Queue[T | _Ended] = Queue(maxsize=2)
        self.unwanted = threading.Event()
        self._items = items

    def run(self) -> None:
        """Make items until there are no more or nobody wants them."""
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as error:  # whatever it is, it belongs to the thread that watches
            self._put(_Ended(error))
        else:
            self._put(_Ended(None))

    def _put(self, item: T | _Ended) -> bool:
        while not self.unwanted.is_set():
            try:
                self.ready.put(item, timeout=_LOOK_EVERY)
            except Full:
                continue
            return True
        return False


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0  # no such file on this system: nothing is watched
    return pages * os.sysconf("SC_PAGE_SIZE")
