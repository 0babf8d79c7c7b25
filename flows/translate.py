"""Pending papers into Korean.

Pending is what no recipe has given Korean for its present English (transforms/translations.py); the
conversations are flows/translator.py's. Rows are written once per call of ``translate``, from the kept
answers. Called by flows/pipeline.py.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.full_text import full_texts
from flows.progress import PROGRESS
from flows.run import Run, settled
from flows.settings import Settings
from flows.translator import Pending, Translator
from schemas.tables import ABSTRACTS, CORRECTIONS, TRANSLATIONS
from transforms.corrections import without_corrected
from transforms.prompt import source_of
from transforms.recipe import Recipe, recipe_for
from transforms.translations import (
    Retranslate,
    given_up,
    pending_translations,
    translation_sources,
    translations_of,
)

CHUNK_SIZE = 50


async def translate(
    run: Run, papers: pl.DataFrame, *, chunked: bool, retranslate: Retranslate | None = None
) -> list[str]:
    """Translate what is pending of these PAPERS rows; the ids that got a row.

    Args:
        run: The run.
        papers: PAPERS rows.
        chunked: One Prefect task run for fifty papers (backfill) instead of one for each (daily): a task
            run costs the server 25 ms.
        retranslate: What the operator asks to be paid for again.
    """
    recipe = recipe_of(run.settings)
    pending = await pending_papers(run, papers, recipe, retranslate)
    PROGRESS.get().start("translate", len(pending))
    if not pending:
        return []
    translator = Translator(run, recipe)
    try:
        await settled(*_task_runs(translator, pending, chunked=chunked))
    finally:
        await translator.close()
        run.lake.upsert(TRANSLATIONS, translations_of(translator.rows))
    return [row["paper_id"] for row in translator.rows]


def recipe_of(settings: Settings) -> Recipe:
    """How papers are asked about under these settings."""
    parameters = {
        "temperature": settings.temperature,
        "reasoning_effort": settings.reasoning_effort,
        "max_completion_tokens": settings.max_output_tokens,
    }
    given = {name: value for name, value in parameters.items() if value is not None}
    return recipe_for(
        settings.model, settings.content, settings.full_text_tokens, given, settings.judge_model
    )


async def pending_papers(
    run: Run, papers: pl.DataFrame, recipe: Recipe, retranslate: Retranslate | None
) -> list[Pending]:
    """The papers to translate, with their full text where the recipe asks for it."""
    sources = translation_sources(run.lake.read_papers(ABSTRACTS, papers["paper_id"]))
    # What a person has put right is asked of no model again.
    sources = without_corrected(sources, run.lake.read_papers(CORRECTIONS, papers["paper_id"]))
    known = run.lake.read_papers(TRANSLATIONS, papers["paper_id"])
    rows = pending_translations(sources, known, recipe, retranslate)
    if retranslate != "rejected":
        run.report.given_up |= set(given_up(sources, known))
    texts = await full_texts(run, rows["paper_id"].to_list(), recipe)
    columns = rows.select("paper_id", "title", "abstract", "rounds").iter_rows()
    return [
        Pending(source_of(paper_id, title, abstract, texts[paper_id]), rounds)
        for paper_id, title, abstract, rounds in columns
        if paper_id in texts
    ]


def _task_runs(
    translator: Translator, pending: Sequence[Pending], *, chunked: bool
) -> list[Coroutine[Any, Any, None]]:
    """Task runs for these papers; the client bounds the calls, not the number of task runs."""
    if not chunked:
        return [translate_paper(each.source.english.paper_id, each, translator) for each in pending]
    starts = range(0, len(pending), CHUNK_SIZE)
    return [translate_chunk(pending[start : start + CHUNK_SIZE], translator) for start in starts]


@task(task_run_name="translate {paper_id}", cache_policy=NO_CACHE, timeout_seconds=7200)
async def translate_paper(paper_id: str, pending: Pending, translator: Translator) -> None:
    """Translate one paper; its error, already reported, when it got no answer."""
    if error := await translator.translate(pending):
        raise error


@task(
    task_run_name="translate {chunk[0].source.english.paper_id} …",
    cache_policy=NO_CACHE,
    timeout_seconds=6 * 3600,
)
async def translate_chunk(chunk: Sequence[Pending], translator: Translator) -> None:
    """Translate some papers; the first of their errors, all of them reported, when one got no answer."""
    errors = await asyncio.gather(*(translator.translate(pending) for pending in chunk))
    if missing := [error for error in errors if error]:
        raise missing[0]
