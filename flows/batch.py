"""Answers at half the price, by batch: submit what is wanted, wait as long as it takes, keep what comes.

Nothing is paid for twice. A batch's folder is written before its file is uploaded; a batch that a run which
died may have made is looked for before anything else happens; and what is in a batch is not submitted
again until that batch is collected (flows/batch_collect.py). Called by flows/translate.py.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Self

from flows.batch_collect import Answers, BatchAnswer, BatchOutcome, Collector
from flows.batch_folder import BatchFolder, open_folders, open_names, remove_unfinished
from flows.clients.batches import BatchService
from flows.errors import DailyPapersError, LakeUnwritable
from flows.progress import PROGRESS
from flows.run import Run
from transforms.batches import MAX_BYTES, MAX_LINES, BatchFile, NamedRequest, batch_files
from transforms.requests import Structured

__all__ = [
    "Answers",
    "BatchAnswer",
    "BatchOutcome",
    "NamedRequest",
    "answered_by_batch",
    "collect_batches",
    "open_names",
]

_LONGEST_PAUSE = 60.0
_GROWTH = 1.5


async def answered_by_batch(
    run: Run,
    requests: Sequence[NamedRequest],
    answers: Answers,
    *,
    wait: bool = True,
    max_lines: int = MAX_LINES,
    max_bytes: int = MAX_BYTES,
    told: Callable[[int, int], Awaitable[None]] | None = None,
) -> BatchOutcome:
    """Have these requests answered by batch; batches that earlier runs left open are collected first.

    Args:
        run: The run.
        requests: What is wanted. What is kept already, or in an open batch, is not submitted.
        answers: Where answers are kept.
        wait: False submits, looks at each open batch once and returns.
        max_lines: Most requests in one batch.
        max_bytes: Most bytes of one batch's file.
        told: Told after each look how many answers are made, and how many are wanted.

    Raises:
        LakeUnwritable: The disk refused; what was submitted waits in its batch for the next run.
    """
    wanted = {named.name: named for named in requests}
    async with _Batches(run, answers) as batches:
        with batches.noting_errors():
            await batches.collect()
            under_way = open_names(run.lake)
            new = [named for name, named in wanted.items() if name not in under_way and not answers.has(name)]
            await batches.submit(new, max_lines, max_bytes)
            while wait and (folders := batches.awaited(wanted)):
                await batches.look_again(folders)
                if told is not None:
                    await told(batches.done, len(wanted))
        return batches.outcome_for(wanted)


async def collect_batches(run: Run, answers: Answers) -> BatchOutcome:
    """Collect what earlier runs submitted and is over by now; ``waiting`` names what is not.

    Costs nothing where no batch is open, and needs no key then.

    Raises:
        LakeUnwritable: As for ``answered_by_batch``.
    """
    async with _Batches(run, answers) as batches:
        with batches.noting_errors():
            await batches.collect()
        return batches.outcome_for(())


class _Batches:
    """The lake's batches during one call of the functions above."""

    def __init__(self, run: Run, answers: Answers) -> None:
        self._run = run
        self._answers = answers
        self._service = BatchService(run.settings)
        self._outcome = BatchOutcome()
        self._collector = Collector(self._service, answers, self._outcome)
        self._troubled: set[str] = set()
        """Batches that met an error: not waited for any more."""
        self._pause = run.settings.retry_wait

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._service.close()

    @contextmanager
    def noting_errors(self, folder: BatchFolder | None = None) -> Iterator[None]:
        """Note what the block raises, except for a disk that refuses: then nothing may be paid for."""
        try:
            yield
        except LakeUnwritable:
            raise
        except DailyPapersError as error:
            if folder is not None:
                self._troubled.add(folder.name)
            if str(error) not in map(str, self._outcome.errors):
                self._outcome.errors.append(error)

    @property
    def done(self) -> int:
        """Answers that the service has made so far."""
        return self._collector.done

    def outcome_for(self, names: Iterable[str]) -> BatchOutcome:
        """The outcome, with each of these names in its place."""
        outcome = self._outcome
        with self.noting_errors():
            outcome.waiting = open_names(self._run.lake)
        for name in names:
            if self._answers.has(name):
                outcome.answered.add(name)
                outcome.unanswered.pop(name, None)
            elif name not in outcome.waiting:
                outcome.unanswered.setdefault(name, "it was not submitted")
        return outcome

    # Submitting -----------------------------------------------------------------------------------

    async def submit(self, requests: Sequence[NamedRequest], max_lines: int, max_bytes: int) -> None:
        """Submit the requests in as many batches as it takes; the first that is refused is the last."""
        setting = self._run.settings.structured
        mode: Structured = "strict" if setting == "auto" else setting
        by_name = {named.name: named for named in requests}
        for file in batch_files(requests, mode, max_lines, max_bytes):
            folder = BatchFolder.prepared(self._run.lake, file, by_name, datetime.now(UTC))
            with self.noting_errors(folder):
                await self._submit(folder, file)
            if folder.name in self._troubled:
                return

    async def _submit(self, folder: BatchFolder, file: BatchFile) -> None:
        """Upload the file and make a batch of it, each noted before the next."""
        file_id = await self._service.upload(file.content, f"{folder.name}.jsonl")
        folder.save(file_id=file_id)
        batch = await self._service.create(file_id, folder.name)
        folder.save(batch_id=batch.id)
        for name in file.names.values():
            self._outcome.unanswered.pop(name, None)
        self._collector.show(folder, 0)
        PROGRESS.get().say(f"Submitted {len(file.names):,} requests as {batch.id} ({folder})")

    # Collecting -----------------------------------------------------------------------------------

    async def collect(self) -> None:
        """Settle what earlier runs left: take up batches that were made, drop what was not, collect."""
        remove_unfinished(self._run.lake)
        for folder in open_folders(self._run.lake):
            with self.noting_errors(folder):
                if folder.state.batch_id is None and not await self._taken_up(folder):
                    folder.discard()
                else:
                    await self._collector.look(folder)

    async def _taken_up(self, folder: BatchFolder) -> bool:
        """Whether a batch was made of the folder's file before its run died; notes its id."""
        state = folder.state
        if state.file_id is None:
            return False
        found = await self._service.find(folder.name, state.file_id, state.made_at)
        if found is not None:
            folder.save(batch_id=found.id)
        return found is not None

    def awaited(self, names: Iterable[str]) -> list[BatchFolder]:
        """Open batches that hold some of these names and met no error."""
        wanted = set(names)
        return [
            folder
            for folder in open_folders(self._run.lake)
            if folder.name not in self._troubled and any(line.name in wanted for line in folder.lines())
        ]

    async def look_again(self, folders: Sequence[BatchFolder]) -> None:
        """Wait a while, longer each time, then look at each of these batches once."""
        await asyncio.sleep(self._pause)
        self._pause = min(self._pause * _GROWTH, max(_LONGEST_PAUSE, self._run.settings.retry_wait))
        for folder in folders:
            with self.noting_errors(folder):
                await self._collector.look(folder)
