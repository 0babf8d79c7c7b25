"""Rows of TRANSLATIONS, and which papers still need one.

A translation is identified by (paper_id, source_sha256, recipe_id): a changed abstract, prompt or model
makes a paper pending again, and nothing else does. Called by flows/translate.py.
"""

from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from schemas.tables import TRANSLATIONS
from transforms.answers import Judgement
from transforms.prompt import PROMPT_VERSION, Source, source_of
from transforms.text import encodable, sha256_of

MAX_ANSWERS = 2
"""Paid answers per translation: the first and one re-ask."""


class Recipe(NamedTuple):
    """Everything that makes one answer differ from another for the same English."""

    model: str
    prompt_version: str

    @property
    def recipe_id(self) -> str:
        """Short hash of the recipe, for file names and the key."""
        return sha256_of(list(self))[:12]


def recipe_for(model: str) -> Recipe:
    """The recipe of a model with today's prompt."""
    return Recipe(model, PROMPT_VERSION)


def translation_sources(abstracts: pl.DataFrame) -> pl.DataFrame:
    """The English each paper is translated from: paper_id, title, abstract, source_sha256; sorted.

    Papers without an abstract are left out: a model shown a title alone invents the rest.
    """
    rows = abstracts.select("paper_id", "title", "abstract").sort("paper_id")
    sources = [source_of(*row) for row in rows.iter_rows()]
    hashes = [source.source_sha256 if source.english.abstract else None for source in sources]
    return rows.with_columns(source_sha256=pl.Series(hashes, dtype=pl.String)).drop_nulls("source_sha256")


def pending_translations(sources: pl.DataFrame, translations: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """The rows of ``sources`` that have no translation by this recipe, in paper order."""
    done = translations.filter(pl.col("recipe_id") == recipe.recipe_id)
    return sources.join(done, on=["paper_id", "source_sha256"], how="anti", maintain_order="left")


def translation_row(
    source: Source, recipe: Recipe, judgements: list[Judgement], answered_at: datetime
) -> dict[str, Any]:
    """One TRANSLATIONS row from the judgements on the answers, in the order they were paid for.

    The last answer counts: ``ok`` when none of its issues is an error, else ``rejected`` without Korean.
    """
    last = judgements[-1]
    korean = last.korean if not last.errors else None
    usages = [judgement.usage for judgement in judgements]
    details = [usage.prompt_tokens_details for usage in usages]
    return {
        "paper_id": source.english.paper_id,
        "source_sha256": source.source_sha256,
        "recipe_id": recipe.recipe_id,
        "translation_status": "ok" if korean else "rejected",
        "title_ko": korean.title_ko if korean else None,
        "abstract_ko": korean.abstract_ko or None if korean else None,
        "summary_ko": [section._asdict() for section in korean.summary_ko] if korean else None,
        "translation_issues": [
            {name: encodable(value) for name, value in issue._asdict().items()} for issue in last.issues
        ],
        "model": last.model or recipe.model,
        "prompt_version": recipe.prompt_version,
        "translated_at": answered_at,
        "calls": len(judgements),
        "input_tokens": sum(usage.prompt_tokens or 0 for usage in usages),
        "cached_tokens": sum(detail.cached_tokens or 0 for detail in details if detail),
        "output_tokens": sum(usage.completion_tokens or 0 for usage in usages),
    }


def translations_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a TRANSLATIONS frame, sorted by key."""
    return pl.DataFrame(rows, schema=TRANSLATIONS.empty().schema).sort(TRANSLATIONS.key)
