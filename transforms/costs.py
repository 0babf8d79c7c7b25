"""What translations cost: tables over the answers that were paid for.

TRANSLATIONS holds every paid answer with its tokens and dollars. An answer whose price is not known adds to
the tokens and not to the dollars, and is counted as unpriced, so that a sum never passes for all of it.
Called by flows/cost.py and flows/budget.py.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, Literal

import polars as pl

from transforms.prices import Prices

By = Literal["day", "month", "model"]

_TOKENS: Final = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
_KEYS: Final[dict[By, pl.Expr]] = {
    "day": pl.col("answered_at").dt.strftime("%Y-%m-%d"),
    "month": pl.col("answered_at").dt.strftime("%Y-%m"),
    "model": pl.col("model"),
}


def answers_of(translations: pl.DataFrame) -> pl.DataFrame:
    """One row per paid answer: paper_id and the fields of ``answers``.

    Args:
        translations: Rows of TRANSLATIONS with at least paper_id and answers.
    """
    rows = translations.select("paper_id", "answers").explode("answers", empty_as_null=False)
    return rows.unnest("answers")


def priced(answers: pl.DataFrame, prices: Prices) -> pl.DataFrame:
    """The answers, with dollars where a price has become known since they were paid for.

    An answer without tokens stays unpriced: its service sent no counts.
    """
    costs = [_cost(answer, prices) for answer in answers.iter_rows(named=True)]
    return answers.with_columns(cost_usd=pl.Series(costs, dtype=pl.Float64))


def _cost(answer: dict[str, Any], prices: Prices) -> float | None:
    price = prices.price(answer["model"])
    tokens = (answer["input_tokens"], answer["cached_tokens"], answer["output_tokens"])
    if answer["cost_usd"] is not None or price is None or not any(tokens):
        paid: float | None = answer["cost_usd"]
        return paid
    return price.cost(*tokens, is_batch=answer["is_batch"])


def in_days(answers: pl.DataFrame, since: date | None, until: date | None) -> pl.DataFrame:
    """The answers that came from ``since`` to ``until`` (UTC), both included."""
    day = pl.col("answered_at").dt.date()
    kept = [day >= since] if since else []
    kept += [day <= until] if until else []
    return answers.filter(*kept)


def spent_in_month(answers: pl.DataFrame, month: str) -> float:
    """US dollars of the answers that came in this month ("2026-11", UTC), each counted once.

    Unpriced ones count nothing.

    Args:
        answers: Paid answers with at least paper_id, answered_at and cost_usd; repeated ones are one.
        month: The month.
    """
    paid = answers.filter(pl.col("answered_at").dt.strftime("%Y-%m") == month)
    return float(paid.unique(["paper_id", "answered_at"], maintain_order=True)["cost_usd"].sum())


def cost_table(answers: pl.DataFrame, by: By) -> pl.DataFrame:
    """One row per day, month or model, in order.

    Dollars are those of priced answers, null where there is none. Dollars per paper are null while an answer
    is unpriced. Shares are of the answers.
    """
    return answers.group_by(_KEYS[by].alias(by)).agg(*_sums()).sort(by).select(by, *_COLUMNS)


def total_row(answers: pl.DataFrame) -> pl.DataFrame:
    """The same columns over all the answers, without the first."""
    return answers.select(*_sums()).select(_COLUMNS)


_COLUMNS: Final = (
    "answers",
    "papers",
    *_TOKENS,
    "cost_usd",
    "cost_per_paper_usd",
    "batch_share",
    "judge_share",
    "unpriced_answers",
)


def _sums() -> Sequence[pl.Expr]:
    cost, papers = pl.col("cost_usd"), pl.col("paper_id").n_unique()
    per_paper = pl.when(~cost.is_null().any() & (pl.len() > 0)).then(cost.sum() / papers)
    dollars = pl.when(cost.is_not_null().any()).then(cost.sum())
    return (
        pl.len().cast(pl.Int64).alias("answers"),
        papers.cast(pl.Int64).alias("papers"),
        *(pl.col(name).sum() for name in _TOKENS),
        dollars.alias("cost_usd"),
        per_paper.alias("cost_per_paper_usd"),
        pl.col("is_batch").mean().alias("batch_share"),
        (pl.col("purpose") == "judge").mean().alias("judge_share"),
        cost.is_null().sum().cast(pl.Int64).alias("unpriced_answers"),
    )


def unpriced_sentences(answers: pl.DataFrame) -> list[str]:
    """One sentence for each model of which answers have no known cost, and why."""
    has_tokens = (pl.col("input_tokens") + pl.col("output_tokens") > 0).alias("has_tokens")
    unpriced = answers.filter(pl.col("cost_usd").is_null()).group_by("model", has_tokens).len()
    return [
        _unpriced_sentence(model, has_tokens, count)
        for model, has_tokens, count in unpriced.sort("model", "has_tokens").iter_rows()
    ]


def _unpriced_sentence(model: str, has_tokens: bool, count: int) -> str:
    which = f"1 answer of {model} has" if count == 1 else f"{count:,} answers of {model} have"
    if has_tokens:
        return f"{which} no price and are not in the dollars; name a file with it by DAILY_PAPERS_PRICES."
    return f"{which} no cost: the service sent no token counts."
