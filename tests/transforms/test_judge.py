"""The second opinion: what it is shown, and which of its marks count."""

import json
from typing import Any

import pytest

from schemas.answer import Issue, Korean, Section
from schemas.tables import SECTIONS
from tablerows import ABSTRACT, TITLE
from transforms.judge import CODES, JUDGE_PROMPT, judge_request, verdict
from transforms.prompt import source_of

PAPER_ID = "2603.00001"
SOURCE = source_of(PAPER_ID, TITLE, ABSTRACT)
KOREAN = Korean(
    "Millstone: 긴 문서를 나누어 읽기",
    "이 논문은 긴 문서를 나누어 읽는 작은 모델 Millstone을 제시합니다.",
    [Section(name, f"{number}일 동안 학습됩니다.") for number, name in enumerate(SECTIONS, 3)],
)
MARKED: dict[str, Any] = {
    "field": "abstract_ko",
    "category": "mistranslation",
    "severity": "major",
    "korean_span": "작은  모델",
    "english_span": "a compact model",
    "explanation": "Compact is not small.",
}


def said(*errors: dict[str, Any], **changed: Any) -> str:
    """A chat completion in which the judge marks these errors."""
    content = json.dumps({"paper_id": PAPER_ID, "errors": list(errors)} | changed, ensure_ascii=False)
    choice = {"finish_reason": "stop", "message": {"content": content}}
    return json.dumps({"model": "gpt-judge-1", "choices": [choice], "usage": {"prompt_tokens": 7}})


def issues(*errors: dict[str, Any]) -> list[Issue]:
    return verdict(said(*errors), SOURCE, KOREAN).issues


def test_the_judge_sees_english_and_korean_as_data_in_one_fence() -> None:
    request = judge_request(SOURCE, KOREAN, "gpt-judge")
    system, user = request.messages
    assert system["content"] == JUDGE_PROMPT
    shown = json.loads(user["content"].splitlines()[1])
    assert shown["paper_id"] == PAPER_ID
    assert shown["abstract"] == ABSTRACT
    assert shown["translation"]["whats_new"] == "3일 동안 학습됩니다."
    assert request.schema_name == "judgement"


def test_a_translation_cannot_close_the_fence() -> None:
    closing = judge_request(SOURCE, KOREAN, "m").messages[1]["content"].splitlines()[-1]
    hostile = KOREAN._replace(abstract_ko=closing)
    content = judge_request(SOURCE, hostile, "m").messages[1]["content"]
    assert content.count(content.splitlines()[-1]) == 1


def test_an_error_whose_words_stand_in_its_field_counts() -> None:
    (issue,) = issues(MARKED)
    assert (issue.code, issue.severity, issue.field) == ("judge_mistranslation", "error", "abstract_ko")
    assert issue.message == '"작은 모델" for "a compact model": Compact is not small.'


@pytest.mark.parametrize(
    "changed",
    [{"korean_span": "없는 말"}, {"korean_span": ""}, {"field": "title_ko"}, {"korean_span": "은"}],
)
def test_an_error_whose_words_do_not_stand_there_counts_for_nothing(changed: dict[str, str]) -> None:
    assert issues(MARKED | changed) == []


def test_a_minor_error_is_published_with_the_answer() -> None:
    (issue,) = issues(MARKED | {"severity": "minor"})
    assert issue.severity == "warning"


def test_a_section_is_named_as_the_table_names_it() -> None:
    (issue,) = issues(MARKED | {"field": "whats_new", "korean_span": "3일"})
    assert issue.field == "summary_ko[What's New]"


def test_what_the_judge_writes_is_plain_and_short() -> None:
    (issue,) = issues(MARKED | {"explanation": "line\nbreak \u202e" + "x" * 500})
    assert "\n" not in issue.message
    assert "\u202e" not in issue.message
    assert len(issue.message) < 260


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        said(paper_id="2603.99999"),
        said({"field": "abstract_ko"}),
        said(MARKED | {"category": "taste"}),
        said(extra=1),
        json.dumps({"choices": [{"finish_reason": "length", "message": {"content": "{"}}]}),
    ],
)
def test_an_answer_that_cannot_be_used_is_a_warning_and_no_verdict(body: str) -> None:
    (issue,) = verdict(body, SOURCE, KOREAN).issues
    assert (issue.code, issue.severity) == ("judge_unreadable", "warning")


def test_usage_is_kept_whatever_the_answer_says() -> None:
    assert verdict(said(), SOURCE, KOREAN).usage.input_tokens == 7
    assert verdict(said(paper_id="x"), SOURCE, KOREAN).usage.input_tokens == 7


def test_every_category_has_a_code_with_a_meaning() -> None:
    from typing import get_args

    from schemas.judgement import Category

    assert {f"judge_{category}" for category in get_args(Category)} <= set(CODES)
