"""Which papers need Korean, and what becomes of an answer."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.answer import Issue, Korean, Section
from schemas.payloads import PromptTokensDetails, Usage
from schemas.tables import ABSTRACTS, TRANSLATIONS
from tablerows import (
    ABSTRACT,
    LATER,
    RECIPE,
    TITLE,
    abstract,
    abstracts,
    translation,
    translations,
)
from transforms.answers import Judgement
from transforms.prompt import PROMPT_VERSION, source_of
from transforms.translations import (
    Recipe,
    pending_translations,
    recipe_for,
    translation_row,
    translation_sources,
    translations_of,
)

SOURCE = source_of("2603.00001", TITLE, ABSTRACT)
KOREAN = Korean("제목", "초록입니다.", [Section("What's New", "새롭습니다.")])
ERROR = Issue("register", "error", "abstract_ko", "Not 합니다체.")
WARNING = Issue("length_ratio", "warning", "abstract_ko", "Short.")


def judgement(*issues: Issue, korean: Korean | None = KOREAN, usage: Usage | None = None) -> Judgement:
    return Judgement(korean, list(issues), "{}", "gpt-test-1", usage or Usage())


def ids(rows: pl.DataFrame) -> list[str]:
    found: list[str] = rows["paper_id"].to_list()
    return found


# What is pending ---------------------------------------------------------------------------------


def test_the_english_of_a_paper_is_the_best_title_and_abstract_known() -> None:
    known = abstracts(abstract("2603.00002"), abstract("2603.00001", title="arXiv's $n$"))
    sources = translation_sources(known)
    assert sources.drop("source_sha256").rows() == [
        ("2603.00001", "arXiv's $n$", ABSTRACT),
        ("2603.00002", TITLE, ABSTRACT),
    ]
    assert sources["source_sha256"].to_list() == [
        source_of("2603.00001", "arXiv's $n$", ABSTRACT).source_sha256,
        source_of("2603.00002", TITLE, ABSTRACT).source_sha256,
    ]


def test_nothing_listed_needs_nothing() -> None:
    sources = translation_sources(ABSTRACTS.empty())
    assert sources.schema == {
        "paper_id": pl.String,
        "title": pl.String,
        "abstract": pl.String,
        "source_sha256": pl.String,
    }
    assert pending_translations(sources, TRANSLATIONS.empty(), RECIPE).is_empty()
    assert translations_of([]).equals(TRANSLATIONS.empty())


def test_an_abstract_of_which_nothing_is_left_without_its_tex_is_not_asked_for() -> None:
    assert translation_sources(abstracts(abstract(abstract=r"\textbf{}"))).is_empty()


@pytest.mark.parametrize("status", ["ok", "rejected"])
def test_a_translated_paper_is_not_pending_whatever_became_of_it(status: str) -> None:
    sources = translation_sources(abstracts(abstract()))
    known = translations(translation(translation_status=status))
    assert pending_translations(sources, known, RECIPE).is_empty()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"abstract": "Other words."}, "abstract"),
        ({"title": "Other title"}, "title"),
    ],
)
def test_a_changed_source_is_pending_again(changed: dict[str, str], why: str) -> None:
    sources = translation_sources(abstracts(abstract(**changed)))
    assert ids(pending_translations(sources, translations(translation()), RECIPE)) == ["2603.00001"], why


def test_another_model_or_prompt_makes_everything_pending_and_nothing_else_does() -> None:
    sources = translation_sources(abstracts(abstract(fetched_at=LATER)))
    known = translations(translation())
    assert pending_translations(sources, known, RECIPE).is_empty()
    for recipe in (recipe_for("gpt-other"), Recipe(RECIPE.model, "another prompt")):
        assert pending_translations(sources, known, recipe).height == 1


def test_a_recipe_is_today_s_prompt_with_a_model_and_its_id_is_short() -> None:
    recipe = recipe_for("gpt-test")
    assert recipe == ("gpt-test", PROMPT_VERSION)
    # Spelt out: another id would pay for every paper again.
    assert Recipe("m", "p").recipe_id == "564d66bf4326"


NUMBERS = st.lists(st.integers(1, 6), unique=True)


@given(NUMBERS, NUMBERS, st.integers(0, 9))
def test_pending_and_done_are_all_and_row_order_does_not_matter(
    listed: list[int], done: list[int], seed: int
) -> None:
    known = abstracts(*(abstract(f"2603.{number:05d}") for number in listed))
    finished = translations(*(translation(f"2603.{number:05d}") for number in done))
    pending = pending_translations(translation_sources(known), finished, RECIPE)
    assert ids(pending) == [f"2603.{number:05d}" for number in sorted(set(listed) - set(done))]
    shuffled = [table.sample(fraction=1, shuffle=True, seed=seed) for table in (known, finished)]
    again = pending_translations(translation_sources(shuffled[0]), shuffled[1], RECIPE)
    assert_frame_equal(again, pending)


# What becomes of an answer -----------------------------------------------------------------------


def row(*judgements: Judgement) -> dict[str, Any]:
    made = translation_row(SOURCE, RECIPE, list(judgements), LATER)
    TRANSLATIONS.schema.validate(translations_of([made]))
    return made


def test_an_answer_without_errors_is_ok_and_keeps_its_warnings() -> None:
    details = PromptTokensDetails(cached_tokens=128)
    usage = Usage(prompt_tokens=900, completion_tokens=400, prompt_tokens_details=details)
    assert row(judgement(WARNING, usage=usage)) == {
        "paper_id": "2603.00001",
        "source_sha256": SOURCE.source_sha256,
        "recipe_id": RECIPE.recipe_id,
        "translation_status": "ok",
        "title_ko": "제목",
        "abstract_ko": "초록입니다.",
        "summary_ko": [{"section": "What's New", "text": "새롭습니다."}],
        "translation_issues": [WARNING._asdict()],
        "model": "gpt-test-1",
        "prompt_version": PROMPT_VERSION,
        "translated_at": LATER,
        "calls": 1,
        "input_tokens": 900,
        "cached_tokens": 128,
        "output_tokens": 400,
    }


def test_an_answer_with_an_error_is_rejected_without_korean_and_with_its_reasons() -> None:
    made = row(judgement(ERROR, WARNING))
    assert made["translation_status"] == "rejected"
    assert (made["title_ko"], made["abstract_ko"], made["summary_ko"]) == (None, None, None)
    assert [issue["code"] for issue in made["translation_issues"]] == ["register", "length_ratio"]


def test_the_last_answer_counts_and_every_answer_is_paid_for() -> None:
    first = judgement(ERROR, usage=Usage(prompt_tokens=10, completion_tokens=1))
    second = judgement(usage=Usage(prompt_tokens=20, completion_tokens=2))
    mended = row(first, second)
    assert (mended["translation_status"], mended["calls"]) == ("ok", 2)
    assert (mended["input_tokens"], mended["output_tokens"], mended["cached_tokens"]) == (30, 3, 0)
    assert row(second, first)["translation_status"] == "rejected"


def test_an_absurd_usage_does_not_break_the_table() -> None:
    absurd = judgement(ERROR, usage=Usage.model_validate({"prompt_tokens": 2**63 - 1}))
    row(absurd, absurd)


def test_an_unread_answer_is_rejected_and_named_after_the_model_that_was_asked() -> None:
    fault = Issue("not_a_completion", "error", "answer", "Got: half\ud800pair")
    made = row(Judgement(None, [fault], None, None, Usage()))
    assert (made["translation_status"], made["model"]) == ("rejected", "gpt-test")
    assert made["translation_issues"][0]["message"] == "Got: half\\ud800pair"


def test_rows_are_sorted_by_key() -> None:
    rows = [translation(paper_id, translated_at=LATER) for paper_id in ("2603.00002", "2603.00001")]
    assert ids(translations_of(rows)) == ["2603.00001", "2603.00002"]
