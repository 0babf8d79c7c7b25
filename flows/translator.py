"""One recipe's conversations with the model: ask, keep the paid answer, judge it, ask again if it must be.

Every answer is durable before it is used and is found again by a later run, so a kill at any moment costs at
most the calls in flight. What is wanted next is transforms/conversation.py's to say; here it is looked for
and paid for. Called by flows/translate.py and flows/translate_by_batch.py.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, ParamSpec, TypeVar

from flows.batch import open_names
from flows.clients.openai import Model
from flows.errors import (
    ContractBroken,
    DailyPapersError,
    LakeBusy,
    LakeUnwritable,
    SettingsMissing,
    SourceUnavailable,
)
from flows.paid_answers import AnswerKey, PaidAnswers
from flows.progress import PROGRESS
from flows.received import keep_recipe
from flows.run import Run
from flows.shared_pace import shared_pace
from transforms.conversation import Ended, Paid, Wanted, next_step
from transforms.prompt import Source
from transforms.recipe import Recipe
from transforms.translations import translation_row

_Given = ParamSpec("_Given")
_Got = TypeVar("_Got")


class Pending(NamedTuple):
    """One paper to be translated."""

    source: Source
    rounds: int
    """Conversations that may have been begun by the end of this run."""


class Translator:
    """Translates papers by one recipe; ``rows`` collects their TRANSLATIONS rows."""

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.rows: list[dict[str, Any]] = []
        self.answers = PaidAnswers(run)
        self._run = run
        self._recipe = recipe
        limits = run.settings.requests_per_minute, run.settings.tokens_per_minute
        self._model = Model(run.settings, shared_pace(run.lake, *limits))
        self._under_way = open_names(run.lake)
        self._so_far: dict[str, dict[str, Paid]] = {}
        keep_recipe(run.lake, recipe)

    async def translate(self, pending: Pending) -> DailyPapersError | None:
        """Make the paper's row, or give the error that kept the model from answering.

        A paper without an answer stays pending; its answers so far are kept.
        """
        try:
            while (wanted := self._step(pending)) is not None:
                paid = await self._beside(self.answers.find, self.key(pending.source, wanted))
                self._note(pending, wanted, paid or await self._ask(pending.source, wanted))
        except DailyPapersError as error:
            self.report(error)
            return error
        finally:
            PROGRESS.get().advance("translate")
        return None

    def wanted(self, pending: Pending) -> Wanted | None:
        """The answer that must be paid for next, or None when the paper has its row.

        Raises:
            ContractBroken: A kept answer cannot be read.
        """
        while (step := self._step(pending)) is not None:
            kept = self.answers.find(self.key(pending.source, step))
            if kept is None:
                return step
            self._note(pending, step, kept)
        return None

    def _step(self, pending: Pending) -> Wanted | None:
        """The answer that the conversation needs next, kept or not; None when the paper has its row."""
        source = pending.source
        answers = self._so_far.setdefault(source.english.paper_id, {})
        step = next_step(source, self._recipe, answers, pending.rounds)
        if isinstance(step, Ended):
            self._end(source, step)
            return None
        return step

    def _note(self, pending: Pending, wanted: Wanted, paid: Paid) -> None:
        self._so_far[pending.source.english.paper_id][wanted.name] = paid

    async def _beside(
        self, call: Callable[_Given, _Got], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Got:
        """The call's result; in a thread where it takes a round trip that would hold up everybody else."""
        if self._run.lake.is_shared:
            return await asyncio.to_thread(call, *args, **kwargs)
        return call(*args, **kwargs)

    def key(self, source: Source, wanted: Wanted) -> AnswerKey:
        """What the wanted answer is kept as."""
        english, model = source.english, wanted.request.model
        return AnswerKey(self._recipe.recipe_id, english.paper_id, source.source_sha256, wanted.name, model)

    async def _ask(self, source: Source, wanted: Wanted) -> Paid:
        """Pay for the answer and keep it; the kept answer.

        Raises:
            DailyPapersError: The budget, the service or the disk refused, or a batch has the request.
        """
        self._run.require_held()
        key = self.key(source, wanted)
        if key.name in self._under_way:
            raise SourceUnavailable(
                "Some papers wait for an open batch, which has been paid for. To collect it, run the command "
                "that began it again: daily-papers backfill --since … --until … --batch"
            )
        reservation = await self._run.budget.admitted(wanted.request)
        cost: float | None = 0.0
        try:
            raw = await self._model.answer(wanted.request, source.english.paper_id)
            cost = None
            paid = await self._beside(
                self.answers.keep_as, key, raw.body, raw.request_id, datetime.now(UTC), is_batch=False
            )
            cost = paid.cost_usd
            self._run.require_held()
        except (LakeUnwritable, LakeBusy) as error:
            # What cannot be kept, or is another run's by now, must not be paid for.
            self._model.stop(error)
            raise
        finally:
            self._run.budget.settle(reservation, cost)
        return paid

    def _end(self, source: Source, ended: Ended) -> None:
        """Note the paper's row and count what became of it."""
        row = translation_row(source, self._recipe, ended)
        self.rows.append(row)
        self._so_far.pop(source.english.paper_id)
        report = self._run.report
        report.translated[row["translation_status"]] += 1
        if not ended.is_ok:
            report.codes.update({issue.code for issue in ended.best.judgement.errors})

    def report(self, error: DailyPapersError) -> None:
        """Count a paper that got no answer, and say why once."""
        report = self._run.report
        report.translated["waiting"] += 1
        sentences = report.unavailable
        if isinstance(error, SettingsMissing):
            sentences = report.refused
        elif isinstance(error, ContractBroken):
            sentences = report.broken
        if str(error) not in sentences:
            sentences.append(str(error))

    async def close(self) -> None:
        """Close the model's connections."""
        await self._model.close()
