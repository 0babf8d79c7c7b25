"""Tables over the answers that were paid for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables import TRANSLATIONS
from transforms.costs import (
    answers_of,
    cost_table,
    in_days,
    priced,
    spent_in_month,
    total_row,
    unpriced_sentences,
)
from transforms.prices import parsed_prices

NOVEMBER = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
PRICES = parsed_prices('[models]\n"m" = { input = 1, output = 10, batch_discount = 0.5 }')


def paid(answered_at: datetime = NOVEMBER, **values: Any) -> dict[str, Any]:
    """One entry of TRANSLATIONS' answers: a live translation of 1,100 tokens for one cent."""
    return {
        "answered_at": answered_at,
        "model": "m",
        "purpose": "translate",
        "is_batch": False,
        "input_tokens": 1000,
        "cached_tokens": 0,
        "output_tokens": 100,
        "reasoning_tokens": 40,
        "cost_usd": 0.01,
    } | values


def answers(**papers: list[dict[str, Any]]) -> pl.DataFrame:
    """The answers of these papers ("p1" stands for 2611.00001)."""
    rows = [{"paper_id": f"2611.{name[1:]:0>5}", "answers": entries} for name, entries in papers.items()]
    schema = {name: TRANSLATIONS.empty().schema[name] for name in ("paper_id", "answers")}
    return answers_of(pl.DataFrame(rows, schema=schema))


TWO = answers(
    p1=[
        paid(),
        paid(DECEMBER, purpose="judge", model="j", cost_usd=0.03),
        paid(DECEMBER, input_tokens=500, cached_tokens=400, cost_usd=0.005),
    ],
    p2=[paid(is_batch=True, cost_usd=0.005)],
)


def test_a_month_is_the_one_in_which_an_answer_came_and_papers_are_counted_once() -> None:
    november, december = cost_table(TWO, "month").iter_rows(named=True)
    assert november == {
        "month": "2026-11",
        "answers": 2,
        "papers": 2,
        "input_tokens": 2000,
        "cached_tokens": 0,
        "output_tokens": 200,
        "reasoning_tokens": 80,
        "cost_usd": pytest.approx(0.015),
        "cost_per_paper_usd": pytest.approx(0.0075),
        "batch_share": 0.5,
        "judge_share": 0.0,
        "unpriced_answers": 0,
    }
    assert (december["month"], december["answers"], december["papers"]) == ("2026-12", 2, 1)
    assert december["judge_share"] == 0.5
    assert december["cached_tokens"] == 400
    assert total_row(TWO)["papers"].item() == 2


def test_days_and_models_are_rows_too_in_order() -> None:
    assert cost_table(TWO, "day")["day"].to_list() == ["2026-11-30", "2026-12-01"]
    by_model = cost_table(TWO, "model")
    assert by_model.select("model", "answers").rows() == [("j", 1), ("m", 3)]


def test_since_and_until_are_both_included() -> None:
    first, second = date(2026, 11, 30), date(2026, 12, 1)
    assert in_days(TWO, None, None).height == 4
    assert in_days(TWO, first, first).height == 2
    assert in_days(TWO, second, None).height == 2
    assert in_days(TWO, None, first).height == 2
    assert in_days(TWO, second, first).height == 0


def test_an_unknown_price_is_in_the_tokens_and_not_in_the_dollars() -> None:
    some = answers(p1=[paid(), paid(cost_usd=None)], p2=[paid(cost_usd=None, model="other")])
    (month,) = cost_table(some, "month").iter_rows(named=True)
    assert (month["answers"], month["unpriced_answers"], month["input_tokens"]) == (3, 2, 3000)
    assert month["cost_usd"] == pytest.approx(0.01)
    assert month["cost_per_paper_usd"] is None
    none = cost_table(some, "model").filter(pl.col("model") == "other")
    assert none["cost_usd"].to_list() == [None]


def test_a_price_that_is_known_by_now_is_put_in_and_a_paid_one_is_not_changed() -> None:
    some = answers(
        p1=[paid(cost_usd=None), paid(cost_usd=None, is_batch=True), paid(cost_usd=0.5)],
        p2=[paid(cost_usd=None, model="other"), paid(cost_usd=None, input_tokens=0, output_tokens=0)],
    )
    assert priced(some, PRICES)["cost_usd"].to_list() == [
        pytest.approx(0.002),
        pytest.approx(0.001),
        0.5,
        None,
        None,
    ]


def test_unpriced_answers_are_told_by_model_with_the_reason() -> None:
    some = answers(
        p1=[paid(), paid(cost_usd=None, model="house"), paid(cost_usd=None, model="house")],
        p2=[paid(cost_usd=None, input_tokens=0, output_tokens=0)],
    )
    assert unpriced_sentences(some) == [
        "2 answers of house have no price and are not in the dollars; name a file with it by "
        "DAILY_PAPERS_PRICES.",
        "1 answer of m has no cost: the service sent no token counts.",
    ]
    assert unpriced_sentences(TWO) == []


def test_no_answers_give_no_rows_and_no_sentence() -> None:
    none = answers()
    assert cost_table(none, "model").is_empty()
    assert unpriced_sentences(priced(none, PRICES)) == []
    assert spent_in_month(none, "2026-11") == 0.0
    assert total_row(none).row(0, named=True)["cost_per_paper_usd"] is None


def test_a_row_without_answers_is_no_answer() -> None:
    assert answers(p1=[]).is_empty()


def test_a_month_of_spending_counts_each_answer_of_that_month_once() -> None:
    assert spent_in_month(TWO, "2026-11") == pytest.approx(0.015)
    assert spent_in_month(pl.concat([TWO, TWO]), "2026-11") == pytest.approx(0.015)
    assert spent_in_month(TWO, "2026-10") == 0.0
    assert spent_in_month(answers(p1=[paid(cost_usd=None)]), "2026-11") == 0.0


ANSWERS = st.lists(
    st.builds(
        paid,
        st.integers(0, 365 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
        model=st.sampled_from(["m", "j"]),
        purpose=st.sampled_from(["translate", "judge"]),
        is_batch=st.booleans(),
        input_tokens=st.integers(0, 10**6),
        output_tokens=st.integers(0, 10**6),
        cost_usd=st.none() | st.floats(0, 10),
    ),
    max_size=5,
)


@given(ANSWERS, ANSWERS, st.sampled_from(["day", "month", "model"]))
def test_rows_add_up_to_the_total_whatever_they_stand_for(
    first: list[dict[str, Any]], second: list[dict[str, Any]], by: Any
) -> None:
    frame = answers(p1=first, p2=second)
    table, total = cost_table(frame, by), total_row(frame).row(0, named=True)
    for name in ("answers", "input_tokens", "output_tokens", "unpriced_answers"):
        assert table[name].sum() == total[name]
    assert table["cost_usd"].sum() == pytest.approx(total["cost_usd"] or 0.0)
    assert total["answers"] == len(first) + len(second)
