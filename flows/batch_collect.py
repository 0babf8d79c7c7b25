"""One batch's answers: looked for, received, kept as they came, and handed over line by line.

A batch that is over is downloaded once; from then on a run needs no service to go on where another died. An
answer that is kept already is passed over. Called by flows/batch.py.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from flows.batch_folder import BatchFolder
from flows.clients.batches import BatchService
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable
from flows.progress import PROGRESS
from transforms.batches import counted, faults_of, results_of, shortfall


class BatchAnswer(NamedTuple):
    """One paid answer out of a batch."""

    name: str
    about: dict[str, Any]
    """What its request said about itself (transforms/batches.py)."""
    body: str
    request_id: str | None
    answered_at: datetime
    """When the batch ended."""


class Answers(Protocol):
    """Where answers are kept."""

    def has(self, name: str) -> bool:
        """True when the answer of this name is kept."""

    def keep(self, answer: BatchAnswer) -> None:
        """Make the answer durable.

        Raises:
            LakeUnwritable: The disk refused.
        """


@dataclass
class BatchOutcome:
    """What became of the requests; each name that was asked for is in one of the first three."""

    answered: set[str] = field(default_factory=set)
    unanswered: dict[str, str] = field(default_factory=dict)
    """Why a request has no answer; it is in no batch any more."""
    waiting: set[str] = field(default_factory=set)
    """Requests in batches that are open, or may be."""
    sentences: list[str] = field(default_factory=list)
    """What a person should know about the batches that were collected."""
    errors: list[DailyPapersError] = field(default_factory=list)
    """Why a batch could not be submitted or collected."""


class Collector:
    """Collects batches and notes in the outcome what became of their requests."""

    def __init__(self, service: BatchService, answers: Answers, outcome: BatchOutcome) -> None:
        self._service = service
        self._answers = answers
        self._outcome = outcome
        self._shown: dict[str, int] = {}
        """Requests of each batch that the progress bar shows as done."""

    @property
    def done(self) -> int:
        """Answers that the service has made so far, of all batches looked at."""
        return sum(self._shown.values())

    async def look(self, folder: BatchFolder) -> None:
        """Collect the batch if it is over.

        Raises:
            DailyPapersError: The service or the disk refused; the batch stays open.
        """
        if folder.state.status is None:
            batch = await self._service.retrieve(folder.state.batch_id or "")
            if batch is None:
                raise SettingsMissing(
                    f"The model service does not know {folder.state.batch_id} ({folder}): it was submitted "
                    "with another key or to another OPENAI_BASE_URL. Set those again, or delete that folder "
                    "to pay for its requests once more, and run the same command again."
                )
            self.show(folder, batch.done)
            if not batch.is_over:
                return
            output, errors = [
                await self._received(folder, each) for each in (batch.output_file_id, batch.error_file_id)
            ]
            folder.keep_results(output, errors)
            ended_at = batch.ended_at or datetime.now(UTC)
            folder.save(status=batch.status, ended_at=ended_at, failure=batch.failure)
        self._hand_over(folder)

    async def _received(self, folder: BatchFolder, file_id: str | None) -> bytes:
        content = await self._service.content(file_id) if file_id else b""
        if content is None:
            raise SourceUnavailable(
                f"The results of {folder} are gone from the model service ({file_id}). Delete {folder} to "
                "pay for its requests once more, and run the same command again."
            )
        return content

    def _hand_over(self, folder: BatchFolder) -> None:
        """Hand each answer over that is not kept yet, then note that the batch is collected."""
        lines, state = folder.lines(), folder.state
        custom_ids = {line.custom_id for line in lines}
        results = results_of(*folder.results, custom_ids)
        reasons = shortfall(results, custom_ids, _silence(folder))
        for line in lines:
            if (reason := reasons.get(line.custom_id)) is not None:
                self._outcome.unanswered[line.name] = reason
                continue
            if not self._answers.has(line.name):
                found = results.answers[line.custom_id]
                self._answers.keep(
                    BatchAnswer(line.name, line.about, *found, state.ended_at or state.made_at)
                )
            self._outcome.answered.add(line.name)
        self.show(folder, state.requests)
        folder.save(collected=counted(results, reasons))
        if faults := faults_of(results, reasons):
            self._outcome.sentences.append(f"{folder} ended {state.status}: {faults}.")

    def show(self, folder: BatchFolder, done: int) -> None:
        """Show how many of the batch's requests are done."""
        progress = PROGRESS.get()
        if folder.name not in self._shown:
            progress.start("batch", folder.state.requests)
            self._shown[folder.name] = 0
        if done > self._shown[folder.name]:
            progress.advance("batch", done - self._shown[folder.name])
            self._shown[folder.name] = done


def _silence(folder: BatchFolder) -> str:
    """Why a line that no file mentions has no answer."""
    state = folder.state
    if state.status == "failed":
        return f"the batch failed ({state.failure or 'the service gave no reason'})"
    return f"the batch ended {state.status} without a line for it"
