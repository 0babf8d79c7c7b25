"""Pending papers into Korean at half the price: each step of all their conversations is one batch.

The first batch asks about every paper, the next ones ask again about those whose answer had faults. A
request that failed or expired in its batch is put into the next one, a bounded number of times. Called by
flows/backfill.py.
"""

from collections import Counter
from collections.abc import Sequence

import polars as pl

from flows.batch import BatchOutcome, NamedRequest, answered_by_batch, open_names
from flows.budget import Reservation
from flows.errors import BudgetReached, DailyPapersError, SettingsMissing, SourceUnavailable
from flows.paid_answers import AnswerKey
from flows.progress import PROGRESS
from flows.run import Run
from flows.run_page import batch_shown
from flows.translate import pending_papers, recipe_of
from flows.translator import Pending, Translator
from schemas.tables import TRANSLATIONS
from transforms.conversation import Wanted
from transforms.translations import Retranslate, translations_of

_MOST_TRIES = 3


async def translate_by_batch(
    run: Run, papers: pl.DataFrame, *, retranslate: Retranslate | None, wait: bool
) -> list[str]:
    """Translate what is pending of these PAPERS rows by batch; the ids that got a row.

    Args:
        run: The run.
        papers: PAPERS rows.
        retranslate: What the operator asks to be paid for again.
        wait: False submits and collects what is there, and leaves the rest to a later run.
    """
    recipe = recipe_of(run.settings)
    pending = await pending_papers(run, papers, recipe, retranslate)
    PROGRESS.get().start("translate", len(pending))
    translator = Translator(run, recipe)
    try:
        await _Rounds(run, translator, wait).through(pending)
    finally:
        await translator.close()
        run.lake.upsert(TRANSLATIONS, translations_of(translator.rows))
    return [row["paper_id"] for row in translator.rows]


class _Rounds:
    """Batch after batch, until every conversation has ended or waits for a later run."""

    def __init__(self, run: Run, translator: Translator, wait: bool) -> None:
        self._run = run
        self._translator = translator
        self._wait = wait
        self._told = batch_shown(run.report.run)
        self._tries: Counter[str] = Counter()

    async def through(self, pending: Sequence[Pending]) -> None:
        """Take these papers as far as they come."""
        while True:
            asked: dict[str, tuple[Pending, NamedRequest]] = {}
            for each in pending:
                if (named := self._named(each)) is not None:
                    asked[named.name] = (each, named)
            # Also without a request: batches that earlier runs left open are collected.
            outcome = await self._answered([named for _, named in asked.values()])
            going_on = [each for name, (each, _) in asked.items() if self._goes_on(name, outcome)]
            PROGRESS.get().advance("translate", len(asked) - len(going_on))
            if not going_on:
                return
            pending = going_on

    def _named(self, pending: Pending) -> NamedRequest | None:
        """The request that the paper's conversation wants next; None when it has ended or cannot go on."""
        try:
            wanted = self._translator.wanted(pending)
        except DailyPapersError as error:
            self._translator.report(error)
            wanted = None
        if wanted is None:
            PROGRESS.get().advance("translate")
            return None
        return self._request(pending, wanted)

    def _request(self, pending: Pending, wanted: Wanted) -> NamedRequest:
        key = self._translator.key(pending.source, wanted)
        return NamedRequest(key.name, wanted.request, key._asdict())

    async def _answered(self, requests: Sequence[NamedRequest]) -> BatchOutcome:
        """Submit as many of the requests as the budget allows, and report what the batches met."""
        budget, answers = self._run.budget, self._translator.answers
        under_way = open_names(self._run.lake)
        reserved: dict[str, Reservation] = {}
        submitted: list[NamedRequest] = []
        for named in requests:
            try:
                if named.name not in under_way:
                    reserved[named.name] = budget.reserve(named.request, is_batch=True)
            except BudgetReached as reached:
                self._report(reached)
                continue
            submitted.append(named)
        outcome = await answered_by_batch(self._run, submitted, answers, wait=self._wait, told=self._told)
        for named in submitted:
            if (reservation := reserved.get(named.name)) is not None:
                budget.settle(reservation, self._cost(named, outcome))
        for error in outcome.errors:
            self._report(error)
        for sentence in outcome.sentences:
            PROGRESS.get().say(sentence)
        return outcome

    def _cost(self, named: NamedRequest, outcome: BatchOutcome) -> float | None:
        """What the request cost; None while nobody can say."""
        if named.name in outcome.waiting:
            return None
        paid = self._translator.answers.find(AnswerKey.of(named.about))
        return paid.cost_usd if paid is not None else 0.0

    def _goes_on(self, name: str, outcome: BatchOutcome) -> bool:
        """Whether the request's paper has a next step in this run; else it is counted as waiting."""
        if name in outcome.answered:
            return True
        reason = outcome.unanswered.get(name)
        self._tries[name] += 1
        if reason is not None and not outcome.errors and self._wait and self._tries[name] < _MOST_TRIES:
            return True
        self._run.report.translated["waiting"] += 1
        if name in outcome.waiting:
            self._report(
                SourceUnavailable("Some papers wait for an open batch. To collect it, run the command again.")
            )
        elif reason is not None:
            self._report(
                SourceUnavailable(f"A batch left papers without an answer ({reason}). Run the command again.")
            )
        return False

    def _report(self, error: DailyPapersError) -> None:
        """Note once what keeps papers waiting."""
        report = self._run.report
        sentences = report.refused if isinstance(error, SettingsMissing) else report.unavailable
        if str(error) not in sentences:
            sentences.append(str(error))
