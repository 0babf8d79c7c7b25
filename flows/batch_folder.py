"""A batch as the lake knows it: one folder with its requests, its state and, later, its results.

Every step is written down before the next is taken, so a run that died finds where it was. The folder
``batches/<name>/`` holds requests.jsonl (what is uploaded), names.jsonl (whose each line is), state.json,
and output.jsonl and errors.jsonl as they were received. Called by flows/batch.py and flows/batch_collect.py.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ValidationError
from upath import UPath

from flows.errors import ContractBroken
from flows.storage import Lake
from transforms.batches import BatchFile, NamedRequest


class State(BaseModel):
    """How far a batch is; the ids are saved when the service has given them."""

    made_at: AwareDatetime
    model: str
    requests: int
    file_id: str | None = None
    """The uploaded file; from then on a batch may have been made of it."""
    batch_id: str | None = None
    status: str | None = None
    """How the batch ended; output.jsonl and errors.jsonl are whole then."""
    ended_at: AwareDatetime | None = None
    failure: str = ""
    """Why the whole batch failed, in the service's words."""
    collected: dict[str, int] | None = None
    """What became of the lines, counted, when all answers are kept."""


class Line(BaseModel):
    """Whose a line of the batch is."""

    custom_id: str
    name: str
    about: dict[str, Any]


class BatchFolder:
    """One batch's folder."""

    def __init__(self, lake: Lake, name: str, state: State) -> None:
        self.name = name
        self.state = state
        self._lake = lake
        self._path = _home(lake) / name

    @classmethod
    def prepared(
        cls, lake: Lake, file: BatchFile, requests: Mapping[str, NamedRequest], made_at: datetime
    ) -> Self:
        """The new folder of a batch that is not submitted yet.

        Args:
            lake: The lake.
            file: The batch's file.
            requests: The requests by name.
            made_at: Now; part of the batch's name.
        """
        digest = hashlib.sha256(file.content).hexdigest()[:12]
        while (_home(lake) / (name := f"{made_at:%Y%m%dT%H%M%SZ}-{digest}")).exists():
            made_at += timedelta(seconds=1)
        folder = cls(lake, name, State(made_at=made_at, model=file.model, requests=len(file.names)))
        lines = (
            Line(custom_id=line_id, name=name, about=requests[name].about)
            for line_id, name in file.names.items()
        )
        lake.write_bytes(folder._path / "requests.jsonl", file.content)
        lake.write_bytes(folder._path / "names.jsonl", "".join(_json_lines(lines)).encode())
        # Last: a folder without a state was never finished, and nothing of it was sent.
        folder.save()
        return folder

    @property
    def results(self) -> tuple[bytes, bytes]:
        """Output and errors as they were received.

        Raises:
            ContractBroken: A file cannot be read.
        """
        try:
            return (self._path / "output.jsonl").read_bytes(), (self._path / "errors.jsonl").read_bytes()
        except OSError as error:
            raise _broken(self._lake, self._path / "output.jsonl", error) from error

    def lines(self) -> list[Line]:
        """Whose the batch's lines are.

        Raises:
            ContractBroken: The file that says so cannot be read.
        """
        path = self._path / "names.jsonl"
        try:
            return [Line.model_validate_json(row) for row in path.read_bytes().splitlines()]
        except (ValidationError, OSError) as error:
            raise _broken(self._lake, path, error) from error

    def save(self, **changed: Any) -> None:
        """Note how far the batch is now."""
        self.state = self.state.model_copy(update=changed)
        self._lake.write_bytes(self._path / "state.json", self.state.model_dump_json(indent=1).encode())

    def keep_results(self, output: bytes, errors: bytes) -> None:
        """Keep what was received before anything is done with it."""
        self._lake.write_bytes(self._path / "output.jsonl", output)
        self._lake.write_bytes(self._path / "errors.jsonl", errors)

    def discard(self) -> None:
        """Remove the folder of a batch that was never made."""
        # The state first: what is left without it is removed by the next run.
        (self._path / "state.json").unlink(missing_ok=True)
        self._lake.remove(self._path)

    def __str__(self) -> str:
        """The folder as people know it."""
        return self._lake.name(self._path)


def open_folders(lake: Lake) -> list[BatchFolder]:
    """Batches whose answers are not all collected yet, oldest first.

    Raises:
        ContractBroken: A batch's state cannot be read; what it holds might be paid for twice.
    """
    folders = []
    for path in sorted(_home(lake).glob("*/state.json")):
        try:
            state = State.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise _broken(lake, path, error) from error
        if state.collected is None:
            folders.append(BatchFolder(lake, path.parent.name, state))
    return folders


def open_names(lake: Lake) -> set[str]:
    """Names of requests that are under way in a batch, or may be: nobody may ask for them again.

    Raises:
        ContractBroken: A batch's files cannot be read.
    """
    under_way = (folder for folder in open_folders(lake) if folder.state.file_id is not None)
    return {line.name for folder in under_way for line in folder.lines()}


def remove_unfinished(lake: Lake) -> None:
    """Remove what runs left that died while they prepared a batch: nothing of it was sent."""
    for path in _home(lake).glob("*"):
        if not {file.name for file in path.glob("*")} - {"requests.jsonl", "names.jsonl"}:
            lake.remove(path)


def _home(lake: Lake) -> UPath:
    return lake.home / "batches"


def _json_lines(lines: Iterable[Line]) -> Iterable[str]:
    return (f"{json.dumps(line.model_dump(), ensure_ascii=False)}\n" for line in lines)


def _broken(lake: Lake, path: UPath, error: Exception) -> ContractBroken:
    said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
    return ContractBroken(
        f"{lake.name(path)} cannot be read ({said}); no batch was submitted. Restore it from a copy, or "
        f"delete {lake.name(path.parent)} to pay for its requests once more, and run the same command again."
    )
