"""What a translation needs next, and which of its answers is kept."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.answer import Korean
from tablerows import ABSTRACT, RECIPE, TITLE
from transforms.conversation import MAX_ANSWERS, Ended, Paid, Wanted, next_step
from transforms.prompt import messages_for, source_of

PAPER_ID = "2603.00001"
SOURCE = source_of(PAPER_ID, TITLE, ABSTRACT)
JUDGED = RECIPE._replace(judge_model="gpt-judge")
GOOD = {
    "paper_id": PAPER_ID,
    "title_ko": "Millstone: 긴 문서를 나누어 읽기",
    "abstract_ko": (
        "이 논문은 긴 문서를 나누어 읽는 작은 모델 Millstone을 제시합니다. "
        "이 모델은 공개 데이터만으로 3일 동안 학습됩니다. 연구진의 시험 집합에서 81.5%의 정확도에 이릅니다."
    ),
    "whats_new": "이 논문은 긴 문서를 여러 부분으로 나누어 읽는 작은 모델 Millstone을 제시합니다.",
    "technical_details": "모델은 문서를 나누어 읽으며 공개 데이터만으로 3일 동안 학습됩니다.",
    "performance_highlights": "연구진의 시험 집합에서 81.5%의 정확도에 이릅니다.",
}
CHINESE = GOOD | {"whats_new": "이 논문은 긴 문서를 나누어 읽는 작은 模型 Millstone을 제시합니다."}
TWICE_WRONG = CHINESE | {"technical_details": "모델은 공개 데이터만으로 9일 동안 학습된다."}
START = datetime(2026, 3, 5, 23, tzinfo=UTC)
FAULTLESS: dict[str, Any] = {"paper_id": PAPER_ID, "errors": []}
MAJOR = {
    "field": "whats_new",
    "category": "addition",
    "severity": "major",
    "korean_span": "여러 부분으로",
    "english_span": "",
    "explanation": "The abstract does not say this.",
}


def paid(content: dict[str, Any] | str, number: int = 0) -> Paid:
    """A paid answer that says this, the later the higher its number."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    choice = {"finish_reason": "stop", "message": {"content": text}}
    usage = {"prompt_tokens": 100, "completion_tokens": 10}
    body = json.dumps({"model": "gpt-test-1", "choices": [choice], "usage": usage})
    return Paid(body, START + timedelta(seconds=number), "gpt-test", False, 0.25)


def conversation(*contents: dict[str, Any] | str, rounds: int = 1) -> Wanted | Ended:
    """Where a conversation without a judge stands after these answers."""
    names = [
        f"{number}-{attempt}" for number in range(1, rounds + 1) for attempt in range(1, MAX_ANSWERS + 1)
    ]
    answers = {
        name: paid(content, number)
        for number, (name, content) in enumerate(zip(names, contents, strict=False))
    }
    return next_step(SOURCE, RECIPE, answers, rounds)


def test_a_paper_without_an_answer_wants_its_first() -> None:
    wanted = conversation()
    assert isinstance(wanted, Wanted)
    assert wanted.name == "1-1"
    assert wanted.request.messages == messages_for(SOURCE)
    assert (wanted.request.model, wanted.request.paper_id) == ("gpt-test", PAPER_ID)


def test_a_good_answer_ends_the_conversation() -> None:
    ended = conversation(GOOD)
    assert isinstance(ended, Ended)
    assert ended.is_ok
    assert [step.name for step in ended.steps] == ["1-1"]


@pytest.mark.parametrize("answer", [CHINESE, "no JSON", ""])
def test_a_faulty_answer_is_asked_for_again_in_the_same_conversation(answer: dict[str, Any] | str) -> None:
    wanted = conversation(answer)
    assert isinstance(wanted, Wanted)
    assert wanted.name == "1-2"
    first = messages_for(SOURCE)
    assert wanted.request.messages[: len(first)] == first
    assert len(wanted.request.messages) == len(first) + (2 if answer else 1)
    again = conversation(answer, answer)
    assert isinstance(again, Wanted)
    assert again.name == "1-3"
    assert again.request.messages[: len(wanted.request.messages)] == wanted.request.messages


def test_after_two_re_asks_the_answer_with_the_fewest_errors_is_kept_with_its_issues() -> None:
    ended = conversation(TWICE_WRONG, CHINESE, "no JSON")
    assert isinstance(ended, Ended)
    assert not ended.is_ok
    assert ended.best.name == "1-2"
    assert [issue.code for issue in ended.best.judgement.errors] == ["foreign_script"]
    assert isinstance(ended.korean, Korean)
    assert len(ended.steps) == 3


def test_a_later_round_begins_afresh_and_keeps_what_the_earlier_one_paid() -> None:
    faulty = (CHINESE, CHINESE, CHINESE)
    wanted = conversation(*faulty, rounds=2)
    assert isinstance(wanted, Wanted)
    assert (wanted.name, wanted.request.messages) == ("2-1", messages_for(SOURCE))
    ended = conversation(*faulty, GOOD, rounds=2)
    assert isinstance(ended, Ended)
    assert (ended.is_ok, ended.best.name, len(ended.steps), ended.rounds) == (True, "2-1", 4, 2)


def test_a_round_that_is_not_needed_is_not_begun() -> None:
    ended = conversation(GOOD, rounds=3)
    assert isinstance(ended, Ended)
    assert ended.rounds == 1


# The judge ---------------------------------------------------------------------------------------


def test_the_judge_is_asked_about_korean_that_the_gate_lets_pass_and_about_no_other() -> None:
    wanted = next_step(SOURCE, JUDGED, {"1-1": paid(GOOD)}, 1)
    assert isinstance(wanted, Wanted)
    assert (wanted.name, wanted.request.model) == ("1-1-judge", "gpt-judge")
    assert GOOD["abstract_ko"] in wanted.request.messages[-1]["content"]
    refused = next_step(SOURCE, JUDGED, {"1-1": paid(CHINESE)}, 1)
    assert isinstance(refused, Wanted)
    assert (refused.name, refused.request.model) == ("1-2", "gpt-test")


def test_a_judge_without_complaint_ends_the_conversation_and_is_paid() -> None:
    ended = next_step(SOURCE, JUDGED, {"1-1": paid(GOOD), "1-1-judge": paid(FAULTLESS, 1)}, 1)
    assert isinstance(ended, Ended)
    assert ended.is_ok
    assert [step.name for step in ended.steps] == ["1-1", "1-1-judge"]
    assert [step.judgement.usage.input_tokens for step in ended.steps] == [100, 100]


def test_an_error_that_the_judge_marks_is_quoted_back_to_the_translator() -> None:
    answers = {"1-1": paid(GOOD), "1-1-judge": paid(FAULTLESS | {"errors": [MAJOR]}, 1)}
    wanted = next_step(SOURCE, JUDGED, answers, 1)
    assert isinstance(wanted, Wanted)
    assert wanted.name == "1-2"
    assert "여러 부분으로" in wanted.request.messages[-1]["content"]


# Properties --------------------------------------------------------------------------------------

CONTENTS = st.lists(st.sampled_from([GOOD, CHINESE, TWICE_WRONG, "no JSON", ""]), min_size=9, max_size=9)


@given(CONTENTS, st.integers(1, 3))
def test_a_conversation_replayed_from_its_kept_answers_wants_the_same_and_ends_the_same(
    contents: list[dict[str, Any] | str], rounds: int
) -> None:
    answers: dict[str, Paid] = {}
    step = next_step(SOURCE, RECIPE, answers, rounds)
    number = 0
    while isinstance(step, Wanted):
        assert step.name not in answers
        assert next_step(SOURCE, RECIPE, dict(answers), rounds) == step
        answers[step.name] = paid(contents[number], number)
        number += 1
        step = next_step(SOURCE, RECIPE, answers, rounds)
    assert number <= rounds * MAX_ANSWERS
    assert [each.paid for each in step.steps] == list(answers.values())
    fewest = min(len(each.judgement.errors) for each in step.steps)
    assert len(step.best.judgement.errors) == fewest or step.korean is not None
    assert step.is_ok == any(each.judgement.korean and not each.judgement.errors for each in step.steps)
