"""Which reports are alarms."""

from collections import Counter

import pytest

from transforms.alarms import alarm_sentences
from transforms.report import Report


def report(ok: int = 0, rejected: int = 0, cost: float | None = 0.0) -> Report:
    codes = Counter(number_lost=rejected) if rejected else Counter[str]()
    translated = Counter(ok=ok, rejected=rejected)
    return Report("daily 2026-03-05", translated=translated, cost_usd=cost, codes=codes)


def test_a_run_as_it_should_be_is_no_alarm() -> None:
    assert alarm_sentences(report(ok=20, cost=0.5), 0.1, 1.0) == []
    assert alarm_sentences(report(), 0.0, 0.0) == []


def test_a_bound_that_is_just_reached_is_not_passed() -> None:
    assert alarm_sentences(report(ok=9, rejected=1, cost=1.0), 0.1, 1.0) == []


def test_refusals_above_the_bound_are_told_with_the_reports_own_sentence() -> None:
    (sentence,) = alarm_sentences(report(ok=17, rejected=3), 0.1, None)
    assert sentence.startswith("More than 10% of the answers were refused: 3 of 20 translations rejected")
    assert "3 number_lost" in sentence


def test_refusals_that_fail_the_run_are_left_to_the_failures_own_message() -> None:
    failed = report(ok=5, rejected=15)
    assert failed.is_failed
    assert alarm_sentences(failed, 0.1, None) == []


def test_cost_above_the_bound_is_told_even_when_the_run_failed() -> None:
    (sentence,) = alarm_sentences(report(ok=5, rejected=15, cost=2.5), 0.1, 2.0)
    assert sentence.startswith("The run cost $2.5000, more than the $2.00 of DAILY_PAPERS_ALARM_COST.")


@pytest.mark.parametrize(("cost", "bound"), [(None, 1.0), (100.0, None)])
def test_an_unknown_cost_or_bound_is_no_alarm(cost: float | None, bound: float | None) -> None:
    assert alarm_sentences(report(ok=1, cost=cost), 0.1, bound) == []
