"""Limits on spending: no call is sent that could pass one."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.budget import Budget, Reservation, budget_for
from flows.errors import BudgetReached, SettingsMissing
from flows.received import KeptAnswer, keep_answer
from flows.settings import load_settings
from flows.storage import Lake
from schemas.tables import TRANSLATIONS
from tablerows import frame, translation
from transforms.prices import parsed_prices
from transforms.request_tokens import upper_cost
from transforms.requests import ChatRequest

PRICES = parsed_prices('[models]\n"m" = { input = 1, output = 1000, batch_discount = 0.5 }')


def request(cap: int = 1000, model: str = "m") -> ChatRequest:
    """A request that could cost about a dollar at most with the usual cap."""
    return ChatRequest("2611.00001", model, [], "translation", {}, {"max_completion_tokens": cap})


def upper(asked: ChatRequest) -> float:
    cost = upper_cost(asked, PRICES)
    assert cost is not None
    return cost


async def spend(budget: Budget, asked: ChatRequest, cost: float) -> None:
    """One call as a translator makes it."""
    reservation = await budget.admitted(asked)
    await asyncio.sleep(0)
    budget.settle(reservation, cost)


def test_without_a_limit_everything_may_be_asked_and_no_price_is_needed() -> None:
    budget = Budget(PRICES)
    budget.require_prices(["sandbox-pseudo"])
    for _ in range(100):
        budget.reserve(request(10**9, "sandbox-pseudo"))


def test_a_call_under_way_counts_at_its_most_and_a_settled_one_at_its_cost() -> None:
    budget = Budget(PRICES, max_cost=2.5)
    first, second = budget.reserve(request()), budget.reserve(request())
    budget.settle(first, 0.01)
    budget.settle(second, 0.01)
    budget.reserve(request())
    budget.reserve(request())
    with pytest.raises(BudgetReached):
        budget.reserve(request())


def test_a_limit_once_reached_stops_every_later_call_however_small() -> None:
    budget = Budget(PRICES, max_cost=1.5)
    reservation = budget.reserve(request())
    with pytest.raises(BudgetReached) as first:
        budget.reserve(request())
    budget.settle(reservation, 0.0)
    with pytest.raises(BudgetReached) as later:
        budget.reserve(request(cap=1))
    assert str(later.value) == str(first.value)


def test_the_sentence_says_which_limit_what_was_spent_and_what_to_do() -> None:
    budget = Budget(PRICES, monthly_budget=5.0, spent_this_month=4.25)
    with pytest.raises(BudgetReached) as caught:
        budget.reserve(request())
    assert str(caught.value) == (
        "The month's budget of $5.00 (DAILY_PAPERS_MONTHLY_BUDGET) is reached: $4.2500 spent, and one more "
        f"answer could cost ${upper(request()):,.4f}. Answers that came are kept, papers without one stay "
        "pending. To go on, raise it or wait for the next month (UTC), and run the same command again."
    )
    assert caught.value.exit_code == 3
    own = Budget(PRICES, max_cost=1.5)
    own.reserve(request())
    with pytest.raises(BudgetReached, match=r"\$1\.50 \(--max-cost\) is reached: .* calls under way could"):
        own.reserve(request())


def test_the_nearer_of_two_limits_holds() -> None:
    budget = Budget(PRICES, max_cost=100.0, monthly_budget=1.5, spent_this_month=1.0)
    with pytest.raises(BudgetReached, match="month's budget"):
        budget.reserve(request())
    with pytest.raises(BudgetReached, match="--max-cost"):
        Budget(PRICES, max_cost=0.0, monthly_budget=100.0).reserve(request())


def test_a_batch_is_set_aside_at_its_own_price() -> None:
    budget = Budget(PRICES, max_cost=1.6)
    for _ in range(3):
        budget.reserve(request(), is_batch=True)
    with pytest.raises(BudgetReached):
        budget.reserve(request(), is_batch=True)


def test_a_cost_that_nobody_can_say_counts_as_all_that_was_set_aside() -> None:
    budget = Budget(PRICES, max_cost=1.5)
    budget.settle(budget.reserve(request()), None)
    with pytest.raises(BudgetReached, match=f"\\${upper(request()):.4f} spent"):
        budget.reserve(request())


def test_a_limit_on_a_model_without_a_price_is_refused_before_anything_is_paid() -> None:
    budget = Budget(PRICES, max_cost=1.0)
    with pytest.raises(
        SettingsMissing, match=r"--max-cost\) cannot be held: .* for sandbox-pseudo\. Noth"
    ) as caught:
        budget.require_prices(["m", "sandbox-pseudo"])
    assert "DAILY_PAPERS_PRICES" in str(caught.value)
    with pytest.raises(SettingsMissing, match="sandbox-pseudo"):
        budget.reserve(request(model="sandbox-pseudo"))


# Waiting -----------------------------------------------------------------------------------------


async def test_many_calls_at_once_wait_for_room_instead_of_reaching_the_limit() -> None:
    budget = Budget(PRICES, max_cost=3.5)
    await asyncio.gather(*(spend(budget, request(), 0.01) for _ in range(200)))
    budget.reserve(request())
    with pytest.raises(BudgetReached, match=r"\$2\.0000 spent"):
        budget.reserve(request())


async def test_calls_that_wait_are_all_told_when_the_limit_is_reached() -> None:
    budget = Budget(PRICES, max_cost=1.5)
    outcomes = await asyncio.gather(
        *(spend(budget, request(), 0.9) for _ in range(5)), return_exceptions=True
    )
    assert outcomes[0] is None
    assert all(isinstance(outcome, BudgetReached) for outcome in outcomes[1:])


@given(
    st.floats(0, 20),
    st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 1), st.integers(0, 3)), max_size=40),
)
def test_whatever_calls_cost_within_their_bounds_the_total_never_passes_the_limit(
    limit: float, calls: list[tuple[int, float, int]]
) -> None:
    """Calls of any size, under way together, settled in any order at any share of their most."""
    budget = Budget(PRICES, max_cost=limit)
    spent = 0.0

    async def call(cap: int, share: float, turns: int) -> None:
        nonlocal spent
        asked = request(cap)
        reservation = await budget.admitted(asked)
        for _ in range(turns):
            await asyncio.sleep(0)
        spent += upper(asked) * share
        budget.settle(reservation, upper(asked) * share)

    async def run() -> list[Any]:
        return await asyncio.gather(*(call(*each) for each in calls), return_exceptions=True)

    outcomes = asyncio.run(run())
    assert spent <= limit * (1 + 1e-9)
    assert all(outcome is None or isinstance(outcome, BudgetReached) for outcome in outcomes)
    reached = [outcome for outcome in outcomes if outcome is not None]
    if not reached:
        assert spent == pytest.approx(sum(upper(request(cap)) * share for cap, share, _ in calls))


@given(
    st.floats(0, 10), st.lists(st.tuples(st.booleans(), st.integers(1, 3000), st.floats(0, 1)), max_size=60)
)
def test_reserving_and_settling_in_any_order_never_passes_the_limit(
    limit: float, moves: list[tuple[bool, int, float]]
) -> None:
    budget = Budget(PRICES, monthly_budget=limit, spent_this_month=limit / 3)
    spent, under_way = limit / 3, list[Reservation]()
    for is_new, cap, share in moves:
        if is_new:
            try:
                under_way.append(budget.reserve(request(cap)))
            except BudgetReached:
                break
        elif under_way:
            reservation = under_way.pop(0)
            spent += reservation.dollars * share
            budget.settle(reservation, reservation.dollars * share)
    at_worst = spent + sum(reservation.dollars for reservation in under_way)
    assert at_worst <= limit * (1 + 1e-9)


def test_what_earlier_attempts_of_the_run_spent_counts_against_its_own_limit_alone() -> None:
    Budget(PRICES, monthly_budget=1.5, spent_by_run=1.0).reserve(request())
    with pytest.raises(BudgetReached, match=r"--max-cost\) is reached: \$1\.0000 spent"):
        Budget(PRICES, max_cost=1.5, spent_by_run=1.0).reserve(request())


# A run's -----------------------------------------------------------------------------------------


NOW = datetime.now(UTC).replace(microsecond=0)
LAST_MONTH = datetime(2026, 1, 31, tzinfo=UTC)


def kept(step: str, cost: float | None, answered_at: datetime = NOW) -> KeptAnswer:
    return KeptAnswer(
        paper_id="2603.00001",
        source_sha256="a" * 64,
        recipe_id="r",
        step=step,
        model="m",
        answered_at=answered_at,
        request_id=None,
        is_batch=False,
        cost_usd=cost,
        body="{}",
    )


def paid(answer: KeptAnswer) -> dict[str, Any]:
    """The same answer as TRANSLATIONS has it."""
    counts = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"), 1)
    entry = answer.model_dump(include={"answered_at", "model", "is_batch", "cost_usd"})
    return {**entry, "purpose": "translate", **counts}


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    own = tmp_path / "prices.toml"
    own.write_text('[models]\n"m" = { input = 1, output = 1000 }')
    for name in [name for name in os.environ if name.startswith("DAILY_PAPERS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "lake"))
    monkeypatch.setenv("DAILY_PAPERS_MODEL", "m")
    monkeypatch.setenv("DAILY_PAPERS_PRICES", str(own))
    return Lake(tmp_path / "lake")


def run_budget(lake: Lake, max_cost: float | None = None) -> Budget:
    settings = load_settings()
    return budget_for(settings, lake, settings.known_prices(), max_cost)


def test_a_months_budget_counts_rows_and_answers_without_a_row_once_each(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, waiting = kept("1-1", 2.0), kept("1-2", 0.5, NOW + timedelta(microseconds=1))
    unpriced = kept("1-3", None, NOW + timedelta(microseconds=2))
    for answer in (done, waiting, unpriced, kept("1-4", 8.0, LAST_MONTH)):
        keep_answer(lake, lake.home / f"answers/r/2603/2603.00001-{answer.step}.json", answer)
    row = translation("2603.00001", answers=[paid(done), paid(kept("0-1", 16.0, LAST_MONTH))])
    lake.upsert(TRANSLATIONS, frame(TRANSLATIONS, row))
    monkeypatch.setenv("DAILY_PAPERS_MONTHLY_BUDGET", "3")
    with pytest.raises(BudgetReached, match=r"\$2\.5000 spent"):
        run_budget(lake).reserve(request())
    monkeypatch.setenv("DAILY_PAPERS_MONTHLY_BUDGET", "4")
    run_budget(lake).reserve(request())


def test_a_budget_of_an_empty_lake_is_whole(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAILY_PAPERS_MONTHLY_BUDGET", "1.5")
    run_budget(lake).reserve(request())
    with pytest.raises(BudgetReached):
        run_budget(lake, max_cost=0.5).reserve(request())


@pytest.mark.parametrize("variable", ["DAILY_PAPERS_MODEL", "DAILY_PAPERS_JUDGE_MODEL"])
def test_a_run_with_a_limit_and_an_unknown_model_does_not_begin(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "house-model")
    run_budget(lake)
    with pytest.raises(SettingsMissing, match=r"house-model.*DAILY_PAPERS_PRICES") as caught:
        run_budget(lake, max_cost=1.0)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("max_cost", [float("nan"), float("inf"), -1.0])
def test_a_limit_that_is_no_sum_of_money_is_refused(lake: Lake, max_cost: float) -> None:
    with pytest.raises(SettingsMissing, match="--max-cost"):
        run_budget(lake, max_cost)


@pytest.mark.parametrize("text", [None, "models = ", '[models]\n"m" = { input = 1 }', b"\xff"])
def test_a_file_of_prices_that_cannot_be_used_is_named(lake: Lake, text: str | bytes | None) -> None:
    own = load_settings().prices
    assert own is not None
    if text is None:
        own.unlink()
    else:
        own.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsMissing, match=r"DAILY_PAPERS_PRICES names .*prices\.toml, which cannot"):
        run_budget(lake)
