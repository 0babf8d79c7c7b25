"""What translating some papers will cost before anything is sent.

The requests are weighed by script (transforms/request_tokens.py) and multiplied by how many answers papers
take and how long they get: measured on the lake's own translations by the same model where there are enough
of them, assumed where not. Called by flows/dry_run.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from transforms.prices import PRICES_DATE, Prices
from transforms.request_tokens import Tokens, expected_tokens
from transforms.requests import ChatRequest

ENOUGH: Final = 20
"""Translations by a model from which its own ratios are taken instead of the assumed ones."""


class Part(NamedTuple):
    """What one model is asked of each paper, measured by the paper's first request."""

    model: str
    purpose: str
    calls: float
    """Answers for a paper; the share of papers when below one."""
    input_ratio: float
    """Input tokens of all those answers over the first request's expected ones."""
    cached_share: float
    """Part of the input that is read from the prompt cache."""
    output_ratio: float


class Calibration(NamedTuple):
    """How many answers papers take and how long they get."""

    papers: int
    """Translations it was learnt from; 0 means that it is assumed."""
    parts: tuple[Part, ...]


class Estimate(NamedTuple):
    """What translating some papers is expected to take."""

    papers: int
    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None
    """US dollars when asked live; None while a price is unknown."""
    batch_cost_usd: float | None
    """The same by the Batch API."""
    unpriced: tuple[str, ...]
    """Models without a price."""
    calibration: Calibration


def assumed(model: str, judge_model: str | None = None) -> Calibration:
    """What is assumed of a model that has translated too little to be measured.

    One paper in ten is asked about again; nothing is read from a cache, which costs more than the truth.
    """
    parts = [Part(model, "translate", 1.1, 1.15, 0.0, 1.1)]
    if judge_model is not None:
        parts.append(Part(judge_model, "judge", 1.0, 1.3, 0.0, 0.3))
    return Calibration(0, tuple(parts))


def calibrated(
    samples: Iterable[tuple[ChatRequest, Sequence[Mapping[str, Any]]]],
    model: str,
    judge_model: str | None = None,
) -> Calibration:
    """What translations by this model took, or ``assumed`` when there are fewer than ENOUGH of them.

    Args:
        samples: Of papers translated before: the first request, and TRANSLATIONS' ``answers``.
        model: The model that is to translate.
        judge_model: The model that is to judge, if any.
    """
    papers, asked = 0, Tokens(0, 0)
    sums: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 4)
    for request, answers in samples:
        if not any(answer["model"] == model and answer["purpose"] == "translate" for answer in answers):
            continue
        tokens = expected_tokens(request)
        papers, asked = papers + 1, Tokens(asked.input + tokens.input, asked.output + tokens.output)
        for answer in answers:
            took = (1, answer["input_tokens"], answer["cached_tokens"], answer["output_tokens"])
            known = sums[answer["model"], answer["purpose"]]
            known[:] = map(sum, zip(known, took, strict=True))
    if papers < ENOUGH:
        return assumed(model, judge_model)
    parts = [_part(*key, known, papers, asked) for key, known in sorted(sums.items())]
    usual = {(part.model, part.purpose): part for part in assumed(model, judge_model).parts}
    kept = {(part.model, part.purpose): part for part in parts if (part.model, part.purpose) in usual}
    return Calibration(papers, tuple((usual | kept).values()))


def _part(model: str, purpose: str, known: list[float], papers: int, asked: Tokens) -> Part:
    calls, input_tokens, cached, output = known
    shares = (
        calls / papers,
        input_tokens / asked.input,
        cached / max(input_tokens, 1),
        output / asked.output,
    )
    return Part(model, purpose, *shares)


def estimated(requests: Sequence[ChatRequest], calibration: Calibration, prices: Prices) -> Estimate:
    """What translating these papers is expected to take, given the first request about each."""
    tokens = [expected_tokens(request) for request in requests]
    asked = Tokens(sum(each.input for each in tokens), sum(each.output for each in tokens))
    taken = [_taken(part, asked) for part in calibration.parts]
    unpriced = tuple(part.model for part in calibration.parts if prices.price(part.model) is None)
    sums = [sum(column) for column in zip(*taken, strict=True)] if taken else [0, 0, 0]
    return Estimate(
        papers=len(requests),
        calls=round(sum(part.calls for part in calibration.parts) * len(requests)),
        input_tokens=sums[0],
        cached_tokens=sums[1],
        output_tokens=sums[2],
        cost_usd=_dollars(calibration, taken, prices, is_batch=False),
        batch_cost_usd=_dollars(calibration, taken, prices, is_batch=True),
        unpriced=unpriced,
        calibration=calibration,
    )


def _taken(part: Part, asked: Tokens) -> tuple[int, int, int]:
    """Input, cached and output tokens that this part takes of them all."""
    input_tokens = part.input_ratio * asked.input
    return (
        round(input_tokens),
        round(input_tokens * part.cached_share),
        round(part.output_ratio * asked.output),
    )


def _dollars(
    calibration: Calibration, taken: Sequence[tuple[int, int, int]], prices: Prices, *, is_batch: bool
) -> float | None:
    dollars = 0.0
    for part, tokens in zip(calibration.parts, taken, strict=True):
        price = prices.price(part.model)
        if price is None:
            return None
        dollars += price.cost(*tokens, is_batch=is_batch)
    return dollars


def dry_run_lines(estimate: Estimate) -> list[tuple[str, str]]:
    """The table of a dry run: (what, how much), and how it was estimated."""
    tokens = (
        f"{estimate.input_tokens:,} in ({estimate.cached_tokens:,} cached), {estimate.output_tokens:,} out"
    )
    lines = [
        ("Papers pending", f"{estimate.papers:,}"),
        ("Answers", f"about {estimate.calls:,}"),
        ("Tokens", f"about {tokens}"),
        *_money_lines(estimate),
        ("Estimated by", _method(estimate)),
    ]
    return lines if estimate.papers else lines[:1]


def _money_lines(estimate: Estimate) -> list[tuple[str, str]]:
    if estimate.cost_usd is None or estimate.batch_cost_usd is None:
        models = ", ".join(dict.fromkeys(estimate.unpriced))
        return [("Cost", f"unknown: no price for {models}; put it into a file named by DAILY_PAPERS_PRICES")]
    live, batch = f"about ${estimate.cost_usd:,.4f}", f"about ${estimate.batch_cost_usd:,.4f}"
    return [("Cost, asked live", live), ("Cost, by batch", batch)]


def _method(estimate: Estimate) -> str:
    parts = estimate.calibration.parts
    models = " and ".join(dict.fromkeys(part.model for part in parts))
    counted = f"characters by script; prices of {PRICES_DATE} where you set none"
    if learnt := estimate.calibration.papers:
        return f"what {learnt:,} earlier translations by {models} took; {counted}"
    return f"assumed ratios, as fewer than {ENOUGH} papers were translated by {models}; {counted}"
