"""Paid answers under their names: the same request has one, another request another one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.batch import BatchAnswer
from flows.paid_answers import AnswerKey, PaidAnswers
from flows.run import Run
from flows.settings import load_settings

KEY = AnswerKey("0123456789ab", "2603.00001", "ab" * 32, "1-1", "gpt-5-mini")
AT = datetime(2026, 3, 5, 23, tzinfo=UTC)
BODY = (
    '{"choices": [{"message": {"content": "x"}}],'
    ' "usage": {"prompt_tokens": 1000000, "completion_tokens": 1000000}}'
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "lake"))
    return Run(load_settings(), "test")


def test_an_answer_is_found_again_under_what_was_asked(run: Run) -> None:
    answers = PaidAnswers(run)
    assert answers.find(KEY) is None
    paid = answers.keep_as(KEY, BODY, "req_1", AT, is_batch=False)
    assert answers.find(KEY) == paid
    assert answers.has(KEY.name)
    kept = run.lake.home / "answers/0123456789ab/2603/2603.00001-abababababababab-1-1.json"
    assert kept.is_file()


@pytest.mark.parametrize(
    "other",
    [
        {"paper_id": "2603.00002"},
        {"source_sha256": "cd" * 32},
        {"source_sha256": "ab" * 7 + "a" + "c" + "ab" * 24},
        {"recipe_id": "ffffffffffff"},
        {"step": "1-2"},
        {"step": "1-1-judge"},
    ],
)
def test_what_makes_a_request_another_one_makes_its_name_another_one(other: dict[str, str]) -> None:
    assert KEY._replace(**other).name != KEY.name


def test_a_name_fits_a_batch_s_custom_id() -> None:
    longest = KEY._replace(paper_id="2603.00001", step="12-3-judge")
    assert len(longest.name) <= 64


def test_a_batch_s_answer_costs_half_and_is_the_same_answer(run: Run) -> None:
    answers = PaidAnswers(run)
    alone = answers.keep_as(KEY, BODY, None, AT, is_batch=False)
    other = KEY._replace(step="1-2")
    answers.keep(BatchAnswer(other.name, other._asdict(), BODY, None, AT))
    batched = answers.find(other)
    assert batched is not None
    assert alone.cost_usd is not None
    assert batched.cost_usd == alone.cost_usd / 2
    assert batched.is_batch
    assert run.report.usage["calls"] == 2
    assert run.report.cost_usd == 1.5 * alone.cost_usd


def test_an_answer_of_a_model_without_a_price_costs_an_unknown_sum(run: Run) -> None:
    paid = PaidAnswers(run).keep_as(KEY._replace(model="own-model"), BODY, None, AT, is_batch=False)
    assert paid.cost_usd is None
    assert run.report.cost_usd is None
