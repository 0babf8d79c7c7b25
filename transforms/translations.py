"""Rows of TRANSLATIONS, and which papers still need one.

A translation is identified by (paper_id, source_sha256, recipe_id). A paper is pending while no recipe has
given it Korean that passed: a new prompt or model redoes nothing by itself, since that costs money; the
operator asks for it. Called by flows/translate.py.
"""

from typing import Any, Literal

import polars as pl

from schemas.tables import TRANSLATIONS
from transforms.conversation import MAX_ROUNDS, Ended, Step
from transforms.prompt import Source, source_of
from transforms.recipe import Recipe
from transforms.text import encodable

Retranslate = Literal["archived", "recipe", "rejected"]
"""What the operator asks to be translated, and paid for, again: papers that the archive has in Korean,
papers whose Korean is another recipe's, papers that were rejected as often as a run tries by itself."""


def translation_sources(abstracts: pl.DataFrame) -> pl.DataFrame:
    """The English each paper is translated from: paper_id, title, abstract, source_sha256; sorted.

    Papers without an abstract are left out: a model shown a title alone invents the rest.
    """
    rows = abstracts.select("paper_id", "title", "abstract").sort("paper_id")
    sources = [source_of(*row) for row in rows.iter_rows()]
    hashes = [source.source_sha256 if source.english.abstract else None for source in sources]
    return rows.with_columns(source_sha256=pl.Series(hashes, dtype=pl.String)).drop_nulls("source_sha256")


def pending_translations(
    sources: pl.DataFrame,
    translations: pl.DataFrame,
    recipe: Recipe,
    retranslate: Retranslate | None = None,
) -> pl.DataFrame:
    """The rows of ``sources`` that are to be translated now, in paper order.

    They come with ``rounds``, the conversations that this recipe may have had by the end of the run. Left
    out are papers with Korean for this English, and papers rejected MAX_ROUNDS times; ``retranslate``
    brings those back that it names.
    """
    rows = sources.join(_so_far(translations, recipe), on=_SOURCE, how="left", maintain_order="left")
    is_ok, own, total = pl.col("is_ok"), pl.col("own_rounds"), pl.col("rounds")
    wanted = ~is_ok & (total < MAX_ROUNDS)
    if retranslate == "recipe":
        wanted = wanted | ~pl.col("is_own_ok") & (own < MAX_ROUNDS)
    elif retranslate == "rejected":
        wanted = ~is_ok
    filled = rows.with_columns(
        pl.col("is_ok", "is_own_ok").fill_null(False), pl.col("rounds", "own_rounds").fill_null(0)
    )
    return filled.filter(wanted).select(*sources.columns, rounds=own + 1)


def given_up(sources: pl.DataFrame, translations: pl.DataFrame) -> list[str]:
    """Ids of the ``sources`` that were rejected as often as a run tries, and wait for the operator."""
    is_ok = (pl.col("translation_status") == "ok").any()
    so_far = translations.group_by(_SOURCE).agg(is_ok.alias("is_ok"), pl.col("rounds").sum())
    waiting = so_far.filter(~pl.col("is_ok"), pl.col("rounds") >= MAX_ROUNDS)
    return sources.join(waiting, on=_SOURCE, how="semi")["paper_id"].to_list()


_SOURCE = ["paper_id", "source_sha256"]


def _so_far(translations: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    """By English text: whether any recipe and this one have Korean, and the rounds both have had."""
    is_own = pl.col("recipe_id") == recipe.recipe_id
    is_ok = pl.col("translation_status") == "ok"
    return translations.group_by(_SOURCE).agg(
        is_ok=is_ok.any(),
        is_own_ok=(is_ok & is_own).any(),
        rounds=pl.col("rounds").sum(),
        own_rounds=pl.col("rounds").filter(is_own).sum(),
    )


def translation_row(source: Source, recipe: Recipe, ended: Ended) -> dict[str, Any]:
    """One TRANSLATIONS row from a conversation; ``rejected`` when its best answer has an error."""
    korean, best = ended.korean, ended.best
    answers = [_answer(step) for step in ended.steps]
    costs = [answer["cost_usd"] for answer in answers]
    return {
        "paper_id": source.english.paper_id,
        "source_sha256": source.source_sha256,
        "recipe_id": recipe.recipe_id,
        "translation_status": "ok" if ended.is_ok else "rejected",
        "title_ko": encodable(korean.title_ko or "") or None if korean else None,
        "abstract_ko": encodable(korean.abstract_ko or "") or None if korean else None,
        "summary_ko": _sections(ended),
        "translation_issues": [
            {name: encodable(value) for name, value in issue._asdict().items()}
            for issue in best.judgement.issues
        ],
        "model": best.judgement.model or recipe.model,
        "prompt_version": recipe.prompt_version,
        "translated_at": best.paid.answered_at,
        "rounds": ended.rounds,
        "answers": answers,
        "calls": len(answers),
        **{name: sum(answer[name] for answer in answers) for name in _TOKENS},
        "cost_usd": None if None in costs else sum(costs),
    }


_TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


def _sections(ended: Ended) -> list[dict[str, str | None]] | None:
    if ended.korean is None:
        return None
    return [
        {"section": section.section, "text": encodable(section.text)}
        for section in ended.korean.summary_ko
        if section.text
    ]


def _answer(step: Step) -> dict[str, Any]:
    """One paid answer as an entry of ``answers``."""
    usage = step.judgement.usage
    return {
        "answered_at": step.paid.answered_at,
        "model": step.paid.model,
        "purpose": "judge" if step.name.endswith("-judge") else "translate",
        "is_batch": step.paid.is_batch,
        **{name: getattr(usage, name) for name in _TOKENS},
        "cost_usd": step.paid.cost_usd,
    }


def translations_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The rows as a TRANSLATIONS frame, sorted by key."""
    return pl.DataFrame(rows, schema=TRANSLATIONS.empty().schema).sort(TRANSLATIONS.key)
