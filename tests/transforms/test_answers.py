"""What a paid answer is worth: Korean, or faults by name, and its usage in any case."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.answer import Section
from schemas.payloads import PromptTokensDetails, Usage
from schemas.tables import SECTIONS
from tablerows import ABSTRACT, TITLE
from transforms.answers import CODES, Judgement, is_completion, judged
from transforms.prompt import source_of

PAPER_ID = "2603.00001"
SOURCE = source_of(PAPER_ID, TITLE, ABSTRACT)
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
USAGE = {"prompt_tokens": 900, "completion_tokens": 400, "prompt_tokens_details": {"cached_tokens": 128}}
PAID = Usage(
    prompt_tokens=900, completion_tokens=400, prompt_tokens_details=PromptTokensDetails(cached_tokens=128)
)


def body(content: Any = None, finish: str = "stop", refusal: str | None = None, **changed: Any) -> str:
    """A chat completion that says this content; a dict is sent as JSON."""
    if isinstance(content, dict):
        content = json.dumps(content, ensure_ascii=False)
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "finish_reason": finish, "message": message}
    return json.dumps({"model": "gpt-test-1", "choices": [choice], "usage": USAGE} | changed)


def codes(judgement: Judgement) -> list[str]:
    return [issue.code for issue in judgement.errors]


def test_a_good_answer_is_korean_without_errors_and_with_its_usage() -> None:
    judgement = judged(body(GOOD), SOURCE)
    assert judgement.issues == []
    assert judgement.korean is not None
    assert judgement.korean.title_ko == GOOD["title_ko"]
    assert judgement.korean.abstract_ko == GOOD["abstract_ko"]
    assert judgement.korean.summary_ko == [
        Section(SECTIONS[0], GOOD["whats_new"]),
        Section(SECTIONS[1], GOOD["technical_details"]),
        Section(SECTIONS[2], GOOD["performance_highlights"]),
    ]
    assert (judgement.model, judgement.usage) == ("gpt-test-1", PAID)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (body(None, refusal="I cannot."), "refusal"),
        (body(GOOD, finish="length"), "length"),
        (body(None, finish="content_filter"), "filter"),
        (body(None), "empty"),
        (body(" \n"), "empty"),
        (body("Here is the translation."), "bad_json"),
        (body("<html>busy</html>"), "bad_json"),
        (body(json.dumps(GOOD)[:-40]), "bad_json"),
        (body('{"paper_id": "\\ud800"}'), "bad_json"),
        (body("[]"), "schema"),
        (body({name: text for name, text in GOOD.items() if name != "whats_new"}), "schema"),
        (body(GOOD | {"note": "done"}), "schema"),
        (body(GOOD | {"title_ko": 5}), "schema"),
        (body(GOOD | {"abstract_ko": None}), "schema"),
        (body(GOOD | {"paper_id": "2603.00002"}), "wrong_paper"),
        (body(choices=[]), "not_a_completion"),
        (body(choices="none"), "not_a_completion"),
        ("", "not_a_completion"),
        ("<html>502 Bad Gateway</html>", "not_a_completion"),
        ("null", "not_a_completion"),
        ("[" * 100_000, "not_a_completion"),
    ],
)
def test_each_way_to_fail_has_its_name_and_quotes_what_came(sent: str, code: str) -> None:
    judgement = judged(sent, SOURCE)
    (issue,) = judgement.issues
    assert (issue.code, issue.severity, issue.field) == (code, "error", "answer")
    assert issue.message.startswith(CODES[code].meaning)
    assert len(issue.message) < 400
    assert judgement.korean is None
    if code != "not_a_completion":
        assert judgement.usage == PAID


def test_every_name_of_a_fault_is_reached_by_a_test_above() -> None:
    marks = test_each_way_to_fail_has_its_name_and_quotes_what_came.pytestmark  # type: ignore[attr-defined]
    assert {code for _, code in marks[0].args[1]} == set(CODES)


@pytest.mark.parametrize(
    "fence", ["```json\n{}\n```", "```\n{}\n```", "\n```JSON\n{}\n```\n", "  ```json \n{}```"]
)
def test_a_fence_around_the_json_is_taken_off(fence: str) -> None:
    content = fence.replace("{}", json.dumps(GOOD, ensure_ascii=False))
    judgement = judged(body(content), SOURCE)
    assert judgement.errors == []
    assert json.loads(judgement.content) == GOOD


def test_usage_may_be_missing_in_whole_or_in_part() -> None:
    assert judged(body(GOOD, usage=None), SOURCE).usage == Usage()
    partly = judged(body(GOOD, usage={"prompt_tokens": 5, "prompt_tokens_details": None}), SOURCE)
    assert partly.usage == Usage(prompt_tokens=5)
    assert partly.errors == []


@pytest.mark.parametrize("choices", [None, [{"finish_reason": "content_filter", "message": None}]])
def test_usage_is_counted_whatever_is_wrong_with_the_choices(choices: Any) -> None:
    assert judged(body(choices=choices), SOURCE).usage == PAID


@pytest.mark.parametrize("usage", [{"prompt_tokens": 5.0}, {"prompt_tokens": -1}, "free"])
def test_a_good_answer_with_odd_usage_is_still_a_good_answer(usage: Any) -> None:
    assert codes(judged(body(GOOD, usage=usage), SOURCE)) == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (body(GOOD), True),
        (body(None, refusal="No."), True),
        (body(choices=[]), True),
        (body(GOOD, usage=None), True),
        (body(choices=[], usage=None), False),
        ("<html>busy</html>", False),
        (body(GOOD)[:-20], False),
        ("{}", False),
        ("[]", False),
        ("", False),
    ],
)
def test_only_what_the_model_said_or_charged_for_is_a_completion(sent: str, expected: bool) -> None:
    assert is_completion(sent) is expected


@pytest.mark.parametrize(
    "sent",
    [
        body(choices=[{"finish_reason": "content_filter", "message": None}]),
        body(GOOD, usage={"prompt_tokens": 5.0}),
        body(GOOD, model=5),
    ],
)
def test_whatever_was_charged_for_is_a_completion(sent: str) -> None:
    assert is_completion(sent)


def test_what_the_gate_finds_is_told_with_the_korean_it_found_it_in() -> None:
    judgement = judged(body(GOOD | {"abstract_ko": GOOD["abstract_ko"].replace("81.5", "85.1")}), SOURCE)
    assert "number_missing" in codes(judgement)
    assert judgement.korean is not None


def test_placeholders_are_put_back_before_the_gate_looks() -> None:
    source = source_of(
        PAPER_ID, TITLE, ABSTRACT[:-1] + " at $O(n)$ cost, see https://example.org/mill for code."
    )
    ending = "정확도에 이르며 비용은 ⟦M1⟧이고 코드는 ⟦U1⟧에 있습니다."
    answer = GOOD | {"abstract_ko": GOOD["abstract_ko"].replace("정확도에 이릅니다.", ending)}
    judgement = judged(body(answer), source)
    assert judgement.errors == []
    assert judgement.korean is not None
    assert judgement.korean.abstract_ko is not None
    assert judgement.korean.abstract_ko.endswith(
        "비용은 $O(n)$이고 코드는 https://example.org/mill 에 있습니다."
    )


def test_a_forged_placeholder_is_refused() -> None:
    answer = GOOD | {"abstract_ko": GOOD["abstract_ko"].replace("정확도", "⟦M7⟧ 정확도")}
    assert "placeholder" in codes(judged(body(answer), SOURCE))


@pytest.mark.timeout(60)
def test_an_endless_run_of_line_breaks_after_a_fence_does_not_hang() -> None:
    assert codes(judged(body("```json" + "\n" * 100_000 + "x"), SOURCE)) == ["bad_json"]


@settings(deadline=None)
@given(st.text(st.characters(), max_size=80))
def test_no_body_and_no_content_raises(text: str) -> None:
    assert codes(judged(text, SOURCE)) == ["not_a_completion"]
    assert judged(body(text), SOURCE).korean is None


FIELDS = st.sampled_from(list(GOOD))
ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["⟦M1⟧", "⟦U9⟧", "$", "81.5%", "합니다.", "```", "http://x.kr가", "(", "<b>", "", "\u200b", "다. " * 50]
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(FIELDS, st.lists(ODD, max_size=4).map("".join)))
def test_no_answer_in_the_right_shape_raises(changed: dict[str, str]) -> None:
    judgement = judged(body(GOOD | changed), SOURCE)
    assert judgement.usage == PAID
    assert judgement.errors or judgement.korean is not None
    assert judgement == judged(body(GOOD | changed), SOURCE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": JSON,
            "usage": JSON
            | st.fixed_dictionaries({}, optional={"prompt_tokens": JSON, "completion_tokens": JSON}),
            "choices": JSON
            | st.lists(
                st.fixed_dictionaries(
                    {
                        "message": JSON
                        | st.fixed_dictionaries({}, optional={"content": JSON, "refusal": JSON})
                    },
                    optional={"finish_reason": JSON},
                )
            ),
        },
    )
)
def test_no_json_raises(sent: dict[str, Any]) -> None:
    assert judged(json.dumps(sent), SOURCE).korean is None
