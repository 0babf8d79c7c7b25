"""Stored day lists served as Daily Papers serves them: by date, fifty at a time.

The files are what a client once received, so they are sent byte for byte where a page holds the whole
list, broken ones too; only a longer list is cut into pages. The folder is read anew for every request:
a file put there while the sandbox runs is a list that has grown. Called by flows/sandbox/app.py, and by
flows/sandbox/arxiv.py for the papers' own texts.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request

from flows.sandbox.faults import Call, Fault
from flows.sandbox.reply import Reply, json_reply

PAGE = 50
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})@(\d{4}-?\d{2}-?\d{2}T\d{2}:?\d{2}:?\d{2}Z)-.*\.json")


class StoredList(NamedTuple):
    """One file: the day it lists and when it was fetched."""

    list_date: str
    fetched_at: datetime
    path: Path


class PayloadStore:
    """The folder of stored day lists, as it stood at a moment."""

    def __init__(self, folder: Path, as_of: datetime | None) -> None:
        if not folder.is_dir():
            raise ValueError(f"payloads: expected a folder of <list_date>@<fetched_at>Z-*.json, got {folder}")
        self._folder = folder
        self._as_of = as_of

    def lists(self) -> list[StoredList]:
        """Files fetched by then, oldest fetch first; files named otherwise are not day lists."""
        found = []
        for path in self._folder.iterdir():
            if match := _NAME.fullmatch(path.name):
                stored = StoredList(match[1], datetime.fromisoformat(match[2]).astimezone(UTC), path)
                if self._as_of is None or stored.fetched_at <= self._as_of:
                    found.append(stored)
        return sorted(found, key=lambda stored: (stored.fetched_at, stored.path.name))

    def latest(self, list_date: str) -> bytes | None:
        """The bytes of the day's last fetch; None for a day without one."""
        paths = [stored.path for stored in self.lists() if stored.list_date == list_date]
        return paths[-1].read_bytes() if paths else None

    def papers(self) -> Iterator[dict[str, Any]]:
        """The paper objects of all days, oldest fetch first; what is no paper is skipped."""
        for stored in self.lists():
            records = _records(stored.path.read_bytes())
            for record in records if records is not None else []:
                paper = record.get("paper") if isinstance(record, dict) else None
                if isinstance(paper, dict) and isinstance(paper.get("id"), str):
                    yield paper


def _records(body: bytes) -> list[Any] | None:
    """The list in the body; None when there is none."""
    try:
        records = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return records if isinstance(records, list) else None


class DailyPapers:
    """``GET /api/daily_papers``."""

    def __init__(self, store: PayloadStore) -> None:
        self._store = store

    def call(self, request: Request, body: bytes) -> Call:
        """The request's date and page."""
        return Call("daily_papers", request.query_params.get("date", ""), _whole_number(request, "p", 0))

    def refusal(self, request: Request) -> Reply | None:
        """Nothing: anyone may ask."""
        return None

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The page that was asked for; 400 for what cannot be asked."""
        asked = request.query_params.get("date", "")
        if not _is_date(asked):
            return json_reply({"error": f"date: expected YYYY-MM-DD, got {asked!r}"}, 400)
        limit, p = _whole_number(request, "limit", PAGE), _whole_number(request, "p", 0)
        if limit is None or limit < 1 or p is None:
            return json_reply({"error": "limit must be a number from 1, p a number from 0"}, 400)
        return self._page(asked, min(limit, PAGE), p)

    def _page(self, list_date: str, limit: int, p: int) -> Reply:
        stored = self._store.latest(list_date)
        if stored is None:
            return json_reply([])
        records = _records(stored)
        if p == 0 and (records is None or len(records) <= limit):
            return Reply(stored)
        return json_reply((records or [])[p * limit : (p + 1) * limit])


def _is_date(text: str) -> bool:
    try:
        return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _whole_number(request: Request, name: str, default: int) -> int | None:
    text = request.query_params.get(name, str(default))
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None
