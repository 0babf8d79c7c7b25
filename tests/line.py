"""The line from day lists to the release as tests drive it: in this process or as a command.

Nothing is replaced: the flows, the clients and the lake are production's, pointed at a sandbox by the same
variables that a person would set.
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import polars as pl
import pytest

from daylists import write_day
from flows.sandbox.faults import Fault
from flows.sandbox.server import Sandbox
from flows.storage import Lake
from schemas.tables import RELEASE, Table
from transforms.report import Report

StartSandbox = Callable[..., Sandbox]

COMMAND = [str(Path(sys.executable).parent / "daily-papers")]
CLOCKS = ("first_seen_at", "last_seen_at", "delisted_at", "translated_at", "observed_at", "fetched_at")
DAY = "2026-03-05"
"""A Thursday without a holiday near it."""


class Ended(NamedTuple):
    """How a run in this process ended."""

    code: int
    report: Report | None


class Line:
    """A lake of its own, a folder of day lists and a sandbox that serves them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, start: StartSandbox) -> None:
        self.payloads = folder / "payloads"
        self.payloads.mkdir()
        self.home = folder / "lake"
        self.lake = Lake(self.home)
        self._start = start
        self._monkeypatch = monkeypatch
        self.set(
            DAILY_PAPERS_HOME=self.home,
            DAILY_PAPERS_RETRY_WAIT=0.01,
            DAILY_PAPERS_PATIENCE=5,
            DAILY_PAPERS_LOCK_WAIT=0.3,
        )
        self.serve()

    def set(self, **variables: Any) -> None:
        """Set environment variables; None removes one."""
        for name, value in variables.items():
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, str(value))

    def serve(self, **options: Any) -> Sandbox:
        """Point the line at a new sandbox over its day lists."""
        self.sandbox = self._start(payloads=self.payloads, **options)
        self.set(**self.sandbox.environment())
        return self.sandbox

    def faults(self, *rules: dict[str, Any]) -> None:
        """Put these fault rules in force and forget the request log."""
        parsed = [Fault.model_validate(rule).model_dump(mode="json", exclude_unset=True) for rule in rules]
        httpx2.put(f"{self.sandbox.url}/_sandbox/faults", json=parsed).raise_for_status()
        httpx2.delete(f"{self.sandbox.url}/_sandbox/requests").raise_for_status()

    def requests(self, service: str | None = None) -> list[dict[str, Any]]:
        """What the sandbox was asked since its log was last forgotten."""
        entries: list[dict[str, Any]] = httpx2.get(f"{self.sandbox.url}/_sandbox/requests").json()
        return [entry for entry in entries if service in (None, entry["service"])]

    def calls(self) -> Counter[str]:
        """Model calls by paper."""
        return Counter(entry["key"] for entry in self.requests("openai"))

    def day(self, list_date: str, day: list[Any] | bytes, fetched_at: str = "2026-04-01T000000Z") -> None:
        """Store a fetch of a day's list for the sandbox to serve; the latest ``fetched_at`` wins."""
        write_day(self.payloads, list_date, fetched_at, day)

    def run(self, list_date: str = DAY, refresh_days: int = 0) -> Ended:
        """Run the daily flow in this process, as ``daily-papers run`` does."""
        from flows.daily import daily

        one_shot = daily.with_options(retries=0)
        return self._ended(lambda: one_shot(date.fromisoformat(list_date), refresh_days))

    def backfill(self, since: str, until: str, **options: Any) -> Ended:
        """Run the backfill flow in this process, as ``daily-papers backfill`` does."""
        from flows.backfill import backfill

        return self._ended(lambda: backfill(date.fromisoformat(since), date.fromisoformat(until), **options))

    def _ended(self, flow_run: Callable[[], Any]) -> Ended:
        from flows.console import run_to_end
        from flows.errors import RunIncomplete

        reports: list[Report] = []

        async def reported() -> Report:
            try:
                report: Report = await flow_run()
            except RunIncomplete as error:
                reports.append(error.report)
                raise
            reports.append(report)
            return report

        code = run_to_end(reported, "the same command")
        return Ended(code, reports[0] if reports else None)

    def command(self, *arguments: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
        """Run ``daily-papers`` with these arguments in a process of its own."""
        return subprocess.run(
            [*COMMAND, *arguments], capture_output=True, text=True, timeout=timeout, check=False, env=wide()
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start ``daily-papers`` with these arguments and do not wait for it."""
        return subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=wide()
        )

    def table(self, table: Table) -> pl.DataFrame:
        """Every row of a table of the lake."""
        return self.lake.read(table, self.lake.months(table))

    def release(self) -> pl.DataFrame:
        """Every row of RELEASE, times left out."""
        return timeless(self.table(RELEASE))

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Modification time and bytes of every file of the lake, locks aside."""
        return {
            path.relative_to(self.home).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and not path.name.startswith(".lock")
        }


def wide() -> dict[str, str]:
    """The environment with a terminal so wide that no sentence is wrapped."""
    return {**os.environ, "COLUMNS": "400"}


def timeless(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without what tells when something happened to be done."""
    if "answers" in rows.columns:
        undated = pl.element().struct.with_fields(answered_at=pl.lit(None))
        rows = rows.with_columns(pl.col("answers").list.eval(undated))
    return rows.drop(name for name in CLOCKS if name in rows.columns)
