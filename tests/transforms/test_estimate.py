"""Tokens and dollars before anything is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.answer import TranslationAnswer
from transforms.estimate import ENOUGH, assumed, calibrated, dry_run_lines, estimated
from transforms.prices import PRICES_DATE, bundled_prices, parsed_prices
from transforms.request_tokens import UPPER, expected_tokens, tokens_of, upper_cost, upper_tokens
from transforms.requests import ChatRequest

ENGLISH = "We train a compact model on public data and report its accuracy on four benchmarks. " * 12
PRICES = parsed_prices(
    '[models]\n"m" = { input = 1, cached_input = 0.1, output = 10, batch_discount = 0.5 }\n'
    '"j" = { input = 2, output = 20, batch_discount = 0.5 }'
)


def request(
    text: str = ENGLISH, model: str = "m", schema: dict[str, Any] | None = None, **parameters: Any
) -> ChatRequest:
    messages = [{"role": "system", "content": "Translate."}, {"role": "user", "content": text}]
    known = TranslationAnswer.wire_schema() if schema is None else schema
    return ChatRequest("2611.00001", model, messages, "translation", known, parameters)


def answer(model: str = "m", purpose: str = "translate", **tokens: int) -> dict[str, Any]:
    return {
        "model": model,
        "purpose": purpose,
        "input_tokens": 0,
        "cached_tokens": 0,
        "output_tokens": 0,
    } | tokens


# One call ----------------------------------------------------------------------------------------


def test_scripts_weigh_differently() -> None:
    assert tokens_of("") == 0
    assert tokens_of("a" * 400) == pytest.approx(100)
    assert tokens_of("가" * 100) == pytest.approx(65)
    assert tokens_of("漢" * 100) == pytest.approx(100)
    assert tokens_of("\ud800") == 1.0


@given(st.text(max_size=300))
def test_no_text_has_more_tokens_than_its_upper_figure_says_bytes_permitting(text: str) -> None:
    expected, upper = tokens_of(text), tokens_of(text, UPPER)
    assert 0 <= expected <= upper <= 4 * len(text)


@given(st.text(max_size=300), st.text(max_size=300))
def test_texts_add_up(first: str, second: str) -> None:
    assert tokens_of(first + second) == pytest.approx(tokens_of(first) + tokens_of(second))


def test_a_longer_abstract_is_expected_to_give_more_korean_up_to_a_point() -> None:
    short, usual, full_text = (expected_tokens(request(ENGLISH * times)) for times in (1, 2, 400))
    assert short.input < usual.input < full_text.input
    assert short.output < usual.output
    assert full_text.output < 2 * usual.output


def test_what_is_not_asked_for_is_not_expected() -> None:
    schema = TranslationAnswer.wire_schema()
    without = {
        "properties": {key: value for key, value in schema["properties"].items() if key != "abstract_ko"}
    }
    assert expected_tokens(request(schema=without)).output < expected_tokens(request()).output
    judged = {"properties": {"paper_id": {}, "errors": {}}}
    assert expected_tokens(request(schema=judged)).output < expected_tokens(request(schema=without)).output


def test_a_model_that_reasons_is_expected_to_write_more_and_its_effort_counts() -> None:
    plain = expected_tokens(request(model="gpt-4o-mini")).output
    efforts = [
        expected_tokens(request(model="gpt-5-mini", reasoning_effort=effort)).output
        for effort in ("none", "minimal", "low", "medium", "high")
    ]
    assert plain == efforts[0]
    assert efforts == sorted(efforts)
    assert expected_tokens(request(model="gpt-5-mini")).output == efforts[3]


def test_a_cap_on_the_output_is_its_upper_figure() -> None:
    assert upper_tokens(request(max_completion_tokens=3000)).output == 3000
    assert upper_tokens(request(model="gpt-5-mini", max_tokens=2000)).output == 2000


def test_a_re_ask_is_weighed_by_the_paper_and_not_by_the_complaint() -> None:
    first = request()
    again = first._replace(messages=[*first.messages, {"role": "user", "content": "Answer again."}])
    assert expected_tokens(again).output == expected_tokens(first).output
    assert expected_tokens(again).input > expected_tokens(first).input


@given(st.text(max_size=500), st.sampled_from(["m", "gpt-5-mini", "o3"]), st.none() | st.integers(1, 10**5))
def test_the_upper_figure_is_above_the_expected_one_unless_the_service_holds_a_cap(
    text: str, model: str, cap: int | None
) -> None:
    asked = request(text, model, **({} if cap is None else {"max_completion_tokens": cap}))
    expected, upper = expected_tokens(asked), upper_tokens(asked)
    assert upper.input >= expected.input
    assert upper.output == cap if cap is not None else upper.output >= expected.output


def test_a_call_to_a_model_without_a_price_has_no_upper_cost() -> None:
    assert upper_cost(request(model="sandbox-pseudo"), bundled_prices()) is None
    live = upper_cost(request(), PRICES)
    assert live is not None
    assert upper_cost(request(), PRICES, is_batch=True) == pytest.approx(live / 2)


# Many papers -------------------------------------------------------------------------------------


def test_no_papers_cost_nothing() -> None:
    nothing = estimated([], assumed("m"), PRICES)
    assert nothing[:7] == (0, 0, 0, 0, 0, 0.0, 0.0)
    assert dry_run_lines(nothing) == [("Papers pending", "0")]


def test_what_earlier_translations_took_is_what_the_next_are_expected_to_take() -> None:
    requests = [request(ENGLISH * times) for times in (1, 2)] * (ENOUGH // 2)
    took = [
        [
            answer(input_tokens=4000, cached_tokens=1000, output_tokens=900),
            answer(input_tokens=5000, cached_tokens=2000, output_tokens=800),
            answer("j", "judge", input_tokens=1000, output_tokens=100),
        ]
        for _ in requests
    ]
    learnt = calibrated(zip(requests, took, strict=True), "m", "j")
    assert learnt.papers == ENOUGH
    expected = estimated(requests, learnt, PRICES)
    assert expected.papers == ENOUGH
    assert expected.calls == 3 * ENOUGH
    assert expected.input_tokens == pytest.approx(10_000 * ENOUGH, abs=2)
    assert expected.cached_tokens == pytest.approx(3000 * ENOUGH, abs=2)
    assert expected.output_tokens == pytest.approx(1800 * ENOUGH, abs=2)
    dollars = ENOUGH * (6000 * 1 + 3000 * 0.1 + 1700 * 10 + 1000 * 2 + 100 * 20) / 1e6
    assert expected.cost_usd == pytest.approx(dollars, rel=1e-3)
    assert expected.batch_cost_usd == pytest.approx(dollars / 2, rel=1e-3)


def test_too_few_translations_or_another_models_teach_nothing() -> None:
    one = (request(), [answer(input_tokens=9, output_tokens=9)])
    assert calibrated([one] * (ENOUGH - 1), "m") == assumed("m")
    assert calibrated([one] * ENOUGH, "other") == assumed("other")
    assert calibrated([], "m", "j") == assumed("m", "j")


def test_a_judge_that_is_new_is_assumed_beside_what_was_learnt() -> None:
    one = (request(), [answer(input_tokens=100, output_tokens=100)])
    learnt = calibrated([one] * ENOUGH, "m", "j")
    assert [(part.model, part.purpose) for part in learnt.parts] == [("m", "translate"), ("j", "judge")]
    assert learnt.parts[1] == assumed("m", "j").parts[1]


def test_a_judge_that_is_the_translator_is_a_part_of_its_own() -> None:
    answers = [
        answer(input_tokens=100, output_tokens=100),
        answer("m", "judge", input_tokens=50, output_tokens=5),
    ]
    without = calibrated([(request(), answers[:1])] * ENOUGH, "m", "m")
    both = calibrated([(request(), answers)] * ENOUGH, "m", "m")
    for learnt in (without, both):
        assert sorted(part.purpose for part in learnt.parts) == ["judge", "translate"]


def test_a_former_judge_is_not_paid_any_more() -> None:
    answers = [answer(input_tokens=100, output_tokens=100), answer("old", "judge", input_tokens=50)]
    learnt = calibrated([(request(), answers)] * ENOUGH, "m", None)
    assert [part.model for part in learnt.parts] == ["m"]


def test_one_model_without_a_price_makes_the_whole_cost_unknown_and_is_named() -> None:
    unknown = estimated([request()], assumed("m", "house-judge"), PRICES)
    assert unknown.cost_usd is None
    assert unknown.batch_cost_usd is None
    assert unknown.unpriced == ("house-judge",)
    assert dict(dry_run_lines(unknown))["Cost"] == (
        "unknown: no price for house-judge; put it into a file named by DAILY_PAPERS_PRICES"
    )


def test_the_lines_of_a_dry_run_give_papers_tokens_money_and_method() -> None:
    lines = dict(dry_run_lines(estimated([request()] * 3, assumed("m"), PRICES)))
    assert list(lines) == [
        "Papers pending",
        "Answers",
        "Tokens",
        "Cost, asked live",
        "Cost, by batch",
        "Estimated by",
    ]
    assert lines["Papers pending"] == "3"
    assert lines["Cost, asked live"].startswith("about $0.")
    assert f"fewer than {ENOUGH} papers were translated by m" in lines["Estimated by"]
    assert str(PRICES_DATE) in lines["Estimated by"]
    one = (request(), [answer(input_tokens=100, output_tokens=100)])
    learnt = dict(dry_run_lines(estimated([request()], calibrated([one] * 25, "m"), PRICES)))
    assert learnt["Estimated by"].startswith("what 25 earlier translations by m took")


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.integers(0, 20))
def test_more_papers_never_cost_less(lengths: list[int], more: int) -> None:
    requests = [request(ENGLISH * length) for length in lengths]
    fewer = estimated(requests, assumed("m"), PRICES)
    all_of_them = estimated(requests + requests[:more], assumed("m"), PRICES)
    assert fewer.cost_usd is not None
    assert all_of_them.cost_usd is not None
    assert fewer.cost_usd <= all_of_them.cost_usd
    assert fewer.calls <= all_of_them.calls
