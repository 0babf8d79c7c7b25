"""Pending papers into Korean: ask, keep the paid answer, judge it, ask once more if it must be.

Pending is what has no row for (paper_id, source_sha256, recipe). Every answer is durable before it is
used and is found again by a later run, so a kill at any moment costs at most the calls in flight; rows
are written once per call of ``translate``, from the kept answers. Called by flows/pipeline.py.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.clients.openai import Model
from flows.errors import ContractBroken, DailyPapersError, LakeUnwritable, SettingsMissing
from flows.progress import PROGRESS
from flows.received import KeptAnswer, answer_path, keep_answer, kept_answer
from flows.run import Run, settled
from schemas.tables import ABSTRACTS, TRANSLATIONS
from transforms.answers import Judgement, judged
from transforms.prompt import Source, messages_for, re_ask_for, source_of
from transforms.translations import (
    MAX_ANSWERS,
    Recipe,
    pending_translations,
    recipe_for,
    translation_row,
    translation_sources,
    translations_of,
)

CHUNK_SIZE = 50


async def translate(run: Run, papers: pl.DataFrame, *, chunked: bool) -> list[str]:
    """Translate what is pending of these PAPERS rows; the ids that got a row.

    Args:
        run: The run.
        papers: PAPERS rows.
        chunked: One Prefect task run for fifty papers (backfill) instead of one for each (daily): a task
            run costs the server 25 ms.
    """
    recipe = recipe_for(run.settings.model)
    abstracts = run.lake.read_papers(ABSTRACTS, papers["paper_id"])
    known = run.lake.read_papers(TRANSLATIONS, papers["paper_id"])
    pending = pending_translations(translation_sources(abstracts), known, recipe)
    PROGRESS.get().start("translate", pending.height)
    if pending.is_empty():
        return []
    sources = [source_of(*row) for row in pending.select("paper_id", "title", "abstract").iter_rows()]
    translator = Translator(run, recipe)
    try:
        await settled(*_task_runs(translator, sources, chunked=chunked))
    finally:
        await translator.close()
        run.lake.upsert(TRANSLATIONS, translations_of(translator.rows))
    return [row["paper_id"] for row in translator.rows]


def _task_runs(
    translator: "Translator", sources: Sequence[Source], *, chunked: bool
) -> list[Coroutine[Any, Any, None]]:
    """Task runs for these papers; the translator's slots bound the calls, not the number of task runs."""
    if not chunked:
        return [translate_paper(source.english.paper_id, source, translator) for source in sources]
    starts = range(0, len(sources), CHUNK_SIZE)
    return [translate_chunk(sources[start : start + CHUNK_SIZE], translator) for start in starts]


@task(task_run_name="translate {paper_id}", cache_policy=NO_CACHE, timeout_seconds=7200)
async def translate_paper(paper_id: str, source: Source, translator: "Translator") -> None:
    """Translate one paper; its error, already reported, when it got no answer."""
    if error := await translator.translate(source):
        raise error


@task(
    task_run_name="translate {sources[0].english.paper_id} …", cache_policy=NO_CACHE, timeout_seconds=6 * 3600
)
async def translate_chunk(sources: Sequence[Source], translator: "Translator") -> None:
    """Translate some papers; the first of their errors, all of them reported, when one got no answer."""
    errors = await asyncio.gather(*(translator.translate(source) for source in sources))
    if missing := [error for error in errors if error]:
        raise missing[0]


class Translator:
    """Translates papers by one recipe, within the run's concurrency; ``rows`` collects TRANSLATIONS rows."""

    def __init__(self, run: Run, recipe: Recipe) -> None:
        self.rows: list[dict[str, Any]] = []
        self._run = run
        self._recipe = recipe
        self._model = Model(run.settings)
        self._slots = asyncio.Semaphore(run.settings.concurrency)
        self._unwritable: LakeUnwritable | None = None

    async def translate(self, source: Source) -> DailyPapersError | None:
        """Make the paper's row, or give the error that kept the model from answering.

        A paper without an answer stays pending; its answers so far are kept.
        """
        async with self._slots:
            try:
                row = await self._row(source)
            except DailyPapersError as error:
                self._report(error)
                return error
            finally:
                PROGRESS.get().advance("translate")
        self.rows.append(row)
        self._run.report.translated[row["translation_status"]] += 1
        if row["translation_status"] == "rejected":
            errors = [issue for issue in row["translation_issues"] if issue["severity"] == "error"]
            self._run.report.codes.update({issue["code"] for issue in errors})
        return None

    def _report(self, error: DailyPapersError) -> None:
        report = self._run.report
        report.translated["waiting"] += 1
        sentences = report.unavailable
        if isinstance(error, SettingsMissing):
            sentences = report.refused
        elif isinstance(error, ContractBroken):
            sentences = report.broken
        if str(error) not in sentences:
            sentences.append(str(error))

    async def _row(self, source: Source) -> dict[str, Any]:
        messages = messages_for(source)
        judgements: list[Judgement] = []
        for attempt in range(1, MAX_ANSWERS + 1):
            kept, is_new = await self._answer(source, attempt, messages)
            judgement = judged(kept.body, source)
            judgements.append(judgement)
            if is_new:
                self._count(judgement)
            if not judgement.errors:
                break
            messages = re_ask_for(messages, judgement.content, judgement.errors)
        return translation_row(source, self._recipe, judgements, kept.answered_at)

    async def _answer(
        self, source: Source, attempt: int, messages: list[dict[str, str]]
    ) -> tuple[KeptAnswer, bool]:
        """The kept answer to this attempt, paid for now (True) or by an earlier run (False)."""
        paper_id, recipe_id = source.english.paper_id, self._recipe.recipe_id
        path = answer_path(self._run.lake, recipe_id, paper_id, source.source_sha256, attempt)
        if (earlier := kept_answer(self._run.lake, path)) is not None:
            return earlier, False
        if self._unwritable is not None:
            # An answer that cannot be kept must not be paid for.
            raise self._unwritable
        raw = await self._model.answer(messages, paper_id)
        kept = KeptAnswer(
            paper_id=paper_id,
            source_sha256=source.source_sha256,
            recipe_id=recipe_id,
            attempt=attempt,
            model=self._recipe.model,
            answered_at=datetime.now(UTC),
            request_id=raw.request_id,
            body=raw.body,
        )
        try:
            keep_answer(self._run.lake, path, kept)
        except LakeUnwritable as error:
            self._unwritable = error
            raise
        return kept, True

    def _count(self, judgement: Judgement) -> None:
        usage = judgement.usage
        details = usage.prompt_tokens_details
        self._run.report.usage.update(
            calls=1,
            input=usage.prompt_tokens or 0,
            cached=(details.cached_tokens or 0) if details else 0,
            output=usage.completion_tokens or 0,
        )

    async def close(self) -> None:
        """Close the model's connections."""
        await self._model.close()
