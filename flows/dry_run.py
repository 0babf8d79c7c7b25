"""What translating some papers would cost, with no model called.

The first request about each paper is made as a run would make it, and weighed (transforms/estimate.py) by
what the lake's own translations took. Called by flows/backfill.py.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl

from flows.received import kept_page
from flows.run import Run
from flows.translator import Pending
from schemas.tables import ABSTRACTS, TRANSLATIONS
from transforms.conversation import Wanted, next_step
from transforms.estimate import Estimate, calibrated, estimated
from transforms.full_text import full_text_of
from transforms.prompt import Source, source_of
from transforms.recipe import Recipe
from transforms.requests import ChatRequest

_SAMPLES: Final = 200
"""Latest translations that the model is measured on."""


def estimate_of(run: Run, recipe: Recipe, pending: Sequence[Pending]) -> Estimate:
    """What these papers are expected to take by this recipe; reads the lake and asks nobody."""
    samples = _samples(run, recipe)
    calibration = calibrated(samples, recipe.model, recipe.judge_model)
    requests = [_first_request(each.source, recipe) for each in pending]
    return estimated(requests, calibration, run.prices)


def _samples(run: Run, recipe: Recipe) -> Iterator[tuple[ChatRequest, list[dict[str, Any]]]]:
    """The first request and the paid answers of the model's latest translations."""
    columns = ["paper_id", "translated_at", "answers"]
    rows = run.lake.read_columns(TRANSLATIONS, run.lake.months(TRANSLATIONS), columns)
    is_by_model = pl.col("answers").list.eval(pl.element().struct["model"] == recipe.model).list.any()
    latest = rows.filter(is_by_model).sort("translated_at", "paper_id").tail(_SAMPLES)
    english = run.lake.read_papers(ABSTRACTS, latest["paper_id"]).select("paper_id", "title", "abstract")
    joined = latest.join(english, on="paper_id", maintain_order="left")
    for paper_id, _, answers, title, abstract in joined.iter_rows():
        source = source_of(paper_id, title, abstract, _kept_text(run, paper_id, recipe))
        yield _first_request(source, recipe), answers


def _kept_text(run: Run, paper_id: str, recipe: Recipe) -> str | None:
    """The paper's full text as the recipe takes it, from the page that was kept."""
    if recipe.full_text_tokens is None or (page := kept_page(run.lake, paper_id)) is None:
        return None
    return full_text_of(page.decode("utf-8", "replace"), recipe.full_text_tokens)


def _first_request(source: Source, recipe: Recipe) -> ChatRequest:
    step = next_step(source, recipe, {}, 1)
    assert isinstance(step, Wanted), "a conversation without answers wants one"
    return step.request
