"""What was asked and what became of it: the sandbox's own record of every request.

Two lines a request, one when it starts and one when it is answered, so that a client that was killed in
between leaves evidence of what it had under way. Called by flows/sandbox/app.py.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.sandbox.faults import Call


class Journal:
    """Requests in order of arrival, in memory and, where asked for, in a file."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._started = 0
        self.entries: list[dict[str, Any]] = []

    def start(self, call: Call, seen: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The new entry of a request that has just come in; ``seen`` is what else is known of it."""
        self._started += 1
        entry: dict[str, Any] = {
            "n": self._started,
            "service": call.service,
            "key": call.key,
            "p": call.p,
            **(seen or {}),
            "status": None,
            "fault": None,
            "started_at": datetime.now(UTC).isoformat(),
            "ended_at": None,
            "ms": None,
        }
        self.entries.append(entry)
        self._write("start", entry)
        return entry

    def end(self, entry: dict[str, Any], status: int, fault: str | None, began: float) -> None:
        """Complete the entry; ``began`` is the monotonic time of its start."""
        entry.update(
            status=status,
            fault=fault,
            ended_at=datetime.now(UTC).isoformat(),
            ms=round((time.monotonic() - began) * 1000, 3),
        )
        self._write("end", entry)

    def clear(self) -> None:
        """Forget the entries; the file keeps its lines and numbering goes on."""
        self.entries = []

    def _write(self, event: str, entry: dict[str, Any]) -> None:
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": event, **entry}, ensure_ascii=False) + "\n")
