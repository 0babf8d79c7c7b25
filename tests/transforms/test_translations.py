"""Which papers need Korean, and what becomes of an answer."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.answer import Issue, Korean, Section
from schemas.payloads import CompletionTokensDetails, PromptTokensDetails, Usage
from schemas.tables import ABSTRACTS, TRANSLATIONS
from tablerows import (
    ABSTRACT,
    LATER,
    RECIPE,
    TITLE,
    abstract,
    abstracts,
    rejection,
    translation,
    translations,
)
from transforms.answers import Judgement
from transforms.conversation import MAX_ROUNDS, Ended, Paid, Step
from transforms.prompt import PROMPT_VERSION, source_of
from transforms.translations import (
    given_up,
    pending_translations,
    translation_row,
    translation_sources,
    translations_of,
)

SOURCE = source_of("2603.00001", TITLE, ABSTRACT)
KOREAN = Korean("제목", "초록입니다.", [Section("What's New", "새롭습니다.")])
ERROR = Issue("register", "error", "abstract_ko", "Not 합니다체.")
WARNING = Issue("length_ratio", "warning", "abstract_ko", "Short.")


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


def test_a_translated_paper_is_not_pending() -> None:
    sources = translation_sources(abstracts(abstract()))
    assert pending_translations(sources, translations(translation()), RECIPE).is_empty()


@pytest.mark.parametrize("changed", [{"abstract": "Other words."}, {"title": "Other title"}])
def test_a_changed_source_is_pending_again(changed: dict[str, str]) -> None:
    sources = translation_sources(abstracts(abstract(**changed)))
    assert ids(pending_translations(sources, translations(translation()), RECIPE)) == ["2603.00001"]


OTHER = RECIPE._replace(model="gpt-other")


def test_another_recipe_redoes_only_what_the_operator_asks_for() -> None:
    sources = translation_sources(abstracts(abstract(fetched_at=LATER)))
    known = translations(translation())
    assert pending_translations(sources, known, OTHER).is_empty()
    assert pending_translations(sources, known, OTHER, "recipe")["rounds"].to_list() == [1]
    own = translations(translation(), translation(recipe_id=OTHER.recipe_id))
    assert pending_translations(sources, own, OTHER, "recipe").is_empty()


def test_a_rejected_paper_is_tried_again_a_bounded_number_of_times() -> None:
    sources = translation_sources(abstracts(abstract()))
    for rounds in range(1, MAX_ROUNDS):
        known = translations(rejection(rounds=rounds))
        assert pending_translations(sources, known, RECIPE)["rounds"].to_list() == [rounds + 1]
        assert given_up(sources, known) == []
    known = translations(rejection(rounds=MAX_ROUNDS))
    assert pending_translations(sources, known, RECIPE).is_empty()
    assert given_up(sources, known) == ["2603.00001"]
    asked = pending_translations(sources, known, RECIPE, "rejected")
    assert asked["rounds"].to_list() == [MAX_ROUNDS + 1]


def test_rounds_of_all_recipes_count_towards_the_bound() -> None:
    sources = translation_sources(abstracts(abstract()))
    known = translations(rejection(rounds=2))
    assert pending_translations(sources, known, OTHER)["rounds"].to_list() == [1]
    more = translations(rejection(rounds=2), rejection(recipe_id=OTHER.recipe_id))
    assert pending_translations(sources, more, OTHER).is_empty()
    assert given_up(sources, more) == ["2603.00001"]
    mended = translations(rejection(rounds=3), translation(recipe_id=OTHER.recipe_id))
    assert pending_translations(sources, mended, RECIPE).is_empty()
    assert given_up(sources, mended) == []


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


# What becomes of a conversation ------------------------------------------------------------------


def step(name: str, *issues: Issue, korean: Korean | None = KOREAN, usage: Usage | None = None) -> Step:
    judgement = Judgement(korean, list(issues), "{}", "gpt-test-1", usage or Usage())
    return Step(name, Paid("", LATER, "gpt-test", False, 0.25), judgement)


def row(*steps: Step, best: int = 0, rounds: int = 1) -> dict[str, Any]:
    made = translation_row(SOURCE, RECIPE, Ended(steps[best], list(steps), rounds))
    TRANSLATIONS.schema.validate(translations_of([made]))
    return made


def test_an_answer_without_errors_is_ok_and_keeps_its_warnings() -> None:
    details = PromptTokensDetails(cached_tokens=128)
    reasoning = CompletionTokensDetails(reasoning_tokens=64)
    usage = Usage(
        prompt_tokens=900,
        completion_tokens=400,
        prompt_tokens_details=details,
        completion_tokens_details=reasoning,
    )
    tokens = {"input_tokens": 900, "cached_tokens": 128, "output_tokens": 400, "reasoning_tokens": 64}
    assert row(step("1-1", WARNING, usage=usage)) == {
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
        "rounds": 1,
        "answers": [
            {"answered_at": LATER, "model": "gpt-test", "purpose": "translate", "is_batch": False}
            | tokens
            | {"cost_usd": 0.25}
        ],
        "calls": 1,
        **tokens,
        "cost_usd": 0.25,
    }


def test_a_conversation_whose_best_answer_has_an_error_is_rejected_with_its_reasons() -> None:
    made = row(step("1-1", ERROR, WARNING))
    assert (made["translation_status"], made["title_ko"]) == ("rejected", "제목")
    assert [issue["code"] for issue in made["translation_issues"]] == ["register", "length_ratio"]


def test_every_answer_is_counted_whichever_is_kept() -> None:
    first = step("1-1", ERROR, usage=Usage(prompt_tokens=10, completion_tokens=1))
    verdict = step("1-2-judge", usage=Usage(prompt_tokens=5, completion_tokens=3))
    second = step("1-2", usage=Usage(prompt_tokens=20, completion_tokens=2))
    made = row(first, second, verdict, best=1, rounds=2)
    assert (made["translation_status"], made["calls"], made["rounds"]) == ("ok", 3, 2)
    assert (made["input_tokens"], made["output_tokens"], made["cost_usd"]) == (35, 6, 0.75)
    assert [answer["purpose"] for answer in made["answers"]] == ["translate", "translate", "judge"]


def test_the_cost_is_unknown_when_that_of_one_answer_is() -> None:
    known = step("1-1", ERROR)
    unknown = known._replace(paid=known.paid._replace(cost_usd=None))
    assert row(known, unknown)["cost_usd"] is None


def test_an_absurd_usage_does_not_break_the_table() -> None:
    absurd = step("1-1", ERROR, usage=Usage.model_validate({"prompt_tokens": 2**63 - 1}))
    row(absurd, absurd)


def test_an_unread_answer_is_rejected_and_named_after_the_model_that_was_asked() -> None:
    fault = Issue("not_a_completion", "error", "answer", "Got: half\ud800pair")
    unread = Judgement(None, [fault], "", None, Usage())
    made = row(step("1-1")._replace(judgement=unread))
    assert (made["translation_status"], made["model"], made["title_ko"]) == ("rejected", "gpt-test", None)
    assert made["translation_issues"][0]["message"] == "Got: half\\ud800pair"


def test_rows_are_sorted_by_key() -> None:
    rows = [translation(paper_id, translated_at=LATER) for paper_id in ("2603.00002", "2603.00001")]
    assert ids(translations_of(rows)) == ["2603.00001", "2603.00002"]
