"""Dollars of an answer: the bundled prices, a person's own, and what is not known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.payloads import Usage
from transforms.prices import PRICES_DATE, Price, Prices, PricesUnusable, bundled_prices, parsed_prices

TOKENS = st.integers(0, 10**7)
DOLLARS = st.floats(0, 1000)


def usage(input_tokens: int, output_tokens: int, cached_tokens: int = 0, **more: Any) -> Usage:
    return Usage.model_validate(
        {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "prompt_tokens_details": {"cached_tokens": cached_tokens},
        }
        | more
    )


OWN = parsed_prices(
    """
    [models]
    "house-model" = { input = 1, output = 4.0 }
    "gpt-5-mini" = { input = 100, cached_input = 10, output = 200, batch_discount = 0.25 }
    """
)


def test_tokens_are_paid_by_the_million_and_cached_ones_at_their_own_price() -> None:
    prices = bundled_prices()
    assert prices.cost("gpt-5-mini", usage(1_000_000, 0), is_batch=False) == pytest.approx(0.25)
    assert prices.cost("gpt-5-mini", usage(1_000_000, 0, 1_000_000), is_batch=False) == pytest.approx(0.025)
    assert prices.cost("gpt-5-mini", usage(0, 1_000_000), is_batch=False) == pytest.approx(2.0)
    assert prices.cost("gpt-4o-mini", usage(2000, 1000, 1024), is_batch=False) == pytest.approx(
        (976 * 0.15 + 1024 * 0.075 + 1000 * 0.6) / 1e6
    )


def test_a_batch_costs_half() -> None:
    prices = bundled_prices()
    live = prices.cost("gpt-5", usage(2000, 1000, 500), is_batch=False)
    batch = prices.cost("gpt-5", usage(2000, 1000, 500), is_batch=True)
    assert live is not None
    assert batch == pytest.approx(live / 2)


def test_reasoning_is_part_of_output() -> None:
    thought = usage(100, 1000, completion_tokens_details={"reasoning_tokens": 900})
    prices = bundled_prices()
    assert prices.cost("o3", thought, is_batch=False) == prices.cost("o3", usage(100, 1000), is_batch=False)


def test_input_is_paid_as_written_to_the_cache_where_that_has_a_price() -> None:
    cost = bundled_prices().cost("gpt-6-luna", usage(1_000_000, 0, 400_000), is_batch=False)
    assert cost == pytest.approx(0.6 * 0.125 + 0.4 * 0.01)


@pytest.mark.parametrize(
    "model", ["sandbox-pseudo", "sandbox-recorded", "gpt-5-mini-turbo", "", "gpt-5-2025"]
)
def test_a_model_without_a_price_costs_an_unknown_sum_and_never_nothing(model: str) -> None:
    assert bundled_prices().cost(model, usage(0, 0), is_batch=False) is None


@pytest.mark.parametrize("sent", [{}, {"prompt_tokens": 5}, {"completion_tokens": 5}, {"prompt_tokens": "x"}])
def test_an_answer_without_token_counts_costs_an_unknown_sum(sent: dict[str, Any]) -> None:
    assert bundled_prices().cost("gpt-5-mini", Usage.model_validate(sent), is_batch=False) is None


def test_a_dated_name_has_its_bases_price_unless_it_has_one_of_its_own() -> None:
    prices = bundled_prices()
    assert prices.price("gpt-5-mini-2025-08-07") == prices.price("gpt-5-mini")
    assert prices.price("gpt-4o-2024-11-20") == prices.price("gpt-4o")
    assert prices.price("gpt-4o-2024-05-13") != prices.price("gpt-4o")


def test_a_persons_own_models_win_and_the_others_stay() -> None:
    both = bundled_prices().overridden_by(OWN)
    assert both.price("gpt-5-mini") == OWN.price("gpt-5-mini")
    assert both.price("gpt-5") == bundled_prices().price("gpt-5")
    assert both.cost("house-model", usage(1_000_000, 1_000_000, 500_000), is_batch=True) == pytest.approx(5)
    assert both.cost("gpt-5-mini", usage(1_000_000, 0), is_batch=True) == pytest.approx(75)


def test_the_bundled_file_has_a_date_a_source_and_discounts_as_published() -> None:
    prices = bundled_prices()
    assert prices.date == PRICES_DATE
    assert PRICES_DATE is not None
    assert prices.source
    for name, price in prices.models.items():
        assert 0 < price.input < price.output, name
        assert price.batch_discount == 0.5, name
        assert price.cached_input is None or price.cached_input < price.input, name
        assert price.cache_write is None or price.cache_write == pytest.approx(1.25 * price.input), name
    for names, share in (
        (("gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5.1"), 0.1),
        (("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano"), 0.25),
        (("gpt-4o", "gpt-4o-mini"), 0.5),
    ):
        for name in names:
            price = prices.models[name]
            assert price.cached_input == pytest.approx(share * price.input), name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("models = ", "it is not TOML"),
        ("", "key models: Field required"),
        ("models = 3", "key models: "),
        ("modles = 3\n[models]", "key modles: no such key; expected date, source, models"),
        ('[models]\n"m" = 3', "model m: "),
        ('[models]\n"m" = { input = 1 }', "model m, key output: Field required"),
        (
            '[models]\n"m" = { input = 1, output = "2" }',
            "model m, key output: Input should be a valid number",
        ),
        ('[models]\n"m" = { input = -1, output = 2 }', "model m, key input: "),
        ('[models]\n"m" = { input = nan, output = 2 }', "model m, key input: "),
        ('[models]\n"m" = { input = 1, output = inf }', "model m, key output: "),
        ('[models]\n"m" = { input = 1, output = true }', "model m, key output: "),
        ('[models]\n"m" = { input = 1, output = 2, batch_discount = 50 }', "model m, key batch_discount: "),
        (
            '[models]\n"m" = { input = 1, outptu = 2, output = 3 }',
            "model m, key outptu: no such key; expected",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_which_model_and_which_key(text: str, said: str) -> None:
    with pytest.raises(PricesUnusable) as caught:
        parsed_prices(text)
    assert said in str(caught.value)


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(PricesUnusable, match=r"model a, key output: .*; model b, key input: "):
        parsed_prices('[models]\n"a" = { input = 1 }\n"b" = { output = 1 }')


@given(TOKENS, TOKENS, TOKENS, DOLLARS, DOLLARS, st.booleans())
def test_cost_is_never_negative_and_grows_with_the_tokens(
    fresh: int, cached: int, output: int, price_in: float, price_out: float, is_batch: bool
) -> None:
    prices = Prices(models={"m": Price(input=price_in, output=price_out, batch_discount=0.5)})
    cost = prices.cost("m", usage(fresh + cached, output, cached), is_batch=is_batch)
    more = prices.cost("m", usage(fresh + cached + 1, output + 1, cached), is_batch=is_batch)
    assert cost is not None
    assert more is not None
    assert 0 <= cost <= more
