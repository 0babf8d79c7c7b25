"""Requests for batches, a place for their answers, and a process of its own that can be killed over them.

``python tests/batching.py FOLDER COUNT`` has so many requests answered, its lake and answers below FOLDER.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from flows.batch import BatchAnswer, BatchOutcome, NamedRequest, answered_by_batch
from flows.run import Run
from flows.settings import Settings
from transforms.fence import fenced
from transforms.requests import ChatRequest

SLOWLY = 0.05


class Kept:
    """Answers as files; each may be kept once only."""

    def __init__(self, folder: Path, pause: float = 0.0) -> None:
        self.folder = folder
        self._pause = pause
        folder.mkdir(exist_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name.replace('/', '~')}.json"

    def has(self, name: str) -> bool:
        return self._path(name).exists()

    def keep(self, answer: BatchAnswer) -> None:
        time.sleep(self._pause)
        assert not self.has(answer.name)
        half = self.folder / "half"
        half.write_text(json.dumps({**answer._asdict(), "answered_at": answer.answered_at.isoformat()}))
        half.rename(self._path(answer.name))

    def all(self) -> dict[str, dict[str, Any]]:
        return {(kept := json.loads(path.read_bytes()))["name"]: kept for path in self.folder.glob("*.json")}


def request(number: int, model: str = "m", name: str | None = None) -> NamedRequest:
    """A request about a paper of its own."""
    paper_id = f"2603.{number:05d}"
    paper = {"paper_id": paper_id, "title": f"Mill {number}", "abstract": f"It grinds {number} sorts."}
    messages = [{"role": "system", "content": "Translate."}, {"role": "user", "content": fenced(paper)}]
    chat = ChatRequest(paper_id, model, messages, "translation", {"type": "object"}, {})
    return NamedRequest(name or f"recipe/{paper_id}-1-1", chat, {"paper_id": paper_id})


def requests(count: int) -> list[NamedRequest]:
    """So many requests."""
    return [request(number) for number in range(1, count + 1)]


def names(count: int) -> set[str]:
    """The names of so many requests."""
    return {named.name for named in requests(count)}


def run_in(folder: Path, **settings: Any) -> Run:
    """A run over the folder's lake, its services as the environment says."""
    patient: dict[str, Any] = {"home": folder / "lake", "retry_wait": 0.01, "patience": 5.0}
    return Run(Settings(**(patient | settings)), "batch")


async def answered(folder: Path, wanted: list[NamedRequest], **options: Any) -> BatchOutcome:
    """The outcome of these requests, answers kept below the folder."""
    return await answered_by_batch(run_in(folder), wanted, Kept(folder / "kept"), **options)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    slow = Kept(home / "kept", SLOWLY)
    asyncio.run(answered_by_batch(run_in(home), requests(int(sys.argv[2])), slow))
