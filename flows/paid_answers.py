"""Paid answers: priced, made durable, counted, and found again.

An answer's name says what was asked, so the same request is never paid for twice, whether it was sent by
itself or as a line of a batch, in this run or in an earlier one. Called by flows/translator.py and, for
what batches bring, by flows/batch.py.
"""

import threading
from datetime import datetime
from typing import Any, NamedTuple, Self

from upath import UPath

from flows.batch_collect import BatchAnswer
from flows.received import KeptAnswer, keep_answer, kept_answer
from flows.run import Run
from transforms.answers import content_of
from transforms.conversation import Paid


class AnswerKey(NamedTuple):
    """What one answer is the answer to."""

    recipe_id: str
    paper_id: str
    source_sha256: str
    step: str
    """Its place in the conversation (transforms/conversation.py)."""
    model: str
    """Model that is asked."""

    @property
    def name(self) -> str:
        """The answer's unique name: at most 64 characters, as a batch's custom_id must be."""
        return f"{self.recipe_id}/{self.paper_id}-{self.source_sha256[:16]}-{self.step}"

    @classmethod
    def of(cls, about: dict[str, Any]) -> Self:
        """The key that a batch's request carried."""
        return cls(**{name: str(about[name]) for name in cls._fields})


class PaidAnswers:
    """The paid answers of a lake; what is kept here counts in the run's report."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._counting = threading.Lock()

    def find(self, key: AnswerKey) -> Paid | None:
        """The answer when it is kept.

        Raises:
            ContractBroken: Its file cannot be read; asking again would pay twice unnoticed.
        """
        kept = kept_answer(self._run.lake, self._path(key.name))
        return _paid(kept) if kept is not None else None

    def has(self, name: str) -> bool:
        """True when the answer of this name is kept."""
        return self._path(name).exists()

    def keep(self, answer: BatchAnswer) -> None:
        """Make an answer that came by batch durable.

        Raises:
            LakeUnwritable: The disk refused.
        """
        key = AnswerKey.of(answer.about)
        self.keep_as(key, answer.body, answer.request_id, answer.answered_at, is_batch=True)

    def keep_as(
        self, key: AnswerKey, body: str, request_id: str | None, answered_at: datetime, *, is_batch: bool
    ) -> Paid:
        """Make an answer durable, and count it.

        Raises:
            LakeUnwritable: The disk refused.
        """
        usage = content_of(body).usage
        cost = self._run.prices.cost(key.model, usage, is_batch=is_batch)
        kept = KeptAnswer(
            **key._asdict(),
            answered_at=answered_at,
            request_id=request_id,
            is_batch=is_batch,
            cost_usd=cost,
            body=body,
        )
        keep_answer(self._run.lake, self._path(key.name), kept)
        # Answers are kept in threads where the lake is on an object store.
        with self._counting:
            self._run.report.paid(usage, cost)
        return _paid(kept)

    def _path(self, name: str) -> UPath:
        recipe_id, _, file = name.partition("/")
        return self._run.lake.home / "answers" / recipe_id / file[:4] / f"{file}.json"


def _paid(kept: KeptAnswer) -> Paid:
    return Paid(kept.body, kept.answered_at, kept.model, kept.is_batch, kept.cost_usd)
