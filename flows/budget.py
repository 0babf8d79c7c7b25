"""The limits on spending: each call asks before it is sent, so a run stops before a limit and not after it.

What a call could cost at most is set aside while it is under way and gives way to what it did cost. Two
limits, each optional: a run's own (--max-cost) and the calendar month's (DAILY_PAPERS_MONTHLY_BUDGET, over
everything that the lake says was paid). Called by flows/run.py, which makes it, and by whoever sends
requests.
"""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from flows.errors import BudgetReached, SettingsMissing
from flows.received import kept_answer
from flows.settings import Settings
from flows.storage import Lake
from schemas.tables import TRANSLATIONS
from transforms.costs import answers_of, spent_in_month
from transforms.prices import Prices
from transforms.request_tokens import upper_cost
from transforms.requests import ChatRequest


@dataclass(eq=False)
class Reservation:
    """What one call under way could cost."""

    dollars: float


@dataclass(frozen=True)
class _Limit:
    """One limit, and what counts against it from before the run."""

    name: str
    dollars: float
    spent_before: float
    next: str


class Budget:
    """What may still be spent; without a limit, everything."""

    def __init__(
        self,
        prices: Prices,
        max_cost: float | None = None,
        monthly_budget: float | None = None,
        spent_this_month: float = 0.0,
        spent_by_run: float = 0.0,
    ) -> None:
        self._prices = prices
        self._limits = list(_limits(max_cost, monthly_budget, spent_this_month, spent_by_run))
        self._spent = 0.0
        self._under_way: set[Reservation] = set()
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._reached: str | None = None

    def require_prices(self, models: Iterable[str]) -> None:
        """Nothing, when a limit can be held.

        Raises:
            SettingsMissing: There is a limit, and one of these models has no price.
        """
        unknown = sorted({model for model in models if self._prices.price(model) is None})
        if self._limits and unknown:
            raise SettingsMissing(
                f"{self._limits[0].name} cannot be held: no price is known for {', '.join(unknown)}. Nothing "
                "was paid for. Put its price into a TOML file in the form of transforms/prices.toml and name "
                "the file by DAILY_PAPERS_PRICES, or take the limit away."
            )

    def reserve(self, request: ChatRequest, *, is_batch: bool = False) -> Reservation:
        """Set aside what this call could cost at most.

        Raises:
            BudgetReached: That, with what was spent and what is under way, could pass a limit; from then on
                for every later call too.
            SettingsMissing: There is a limit and the model has no price.
        """
        return self._set_aside(self._upper_cost(request, is_batch))

    async def admitted(self, request: ChatRequest) -> Reservation:
        """As ``reserve``, but waits for calls under way to end where what they leave could be enough.

        A call under way is counted at its most, many times what most calls cost: without waiting, a small
        limit would be reached by the number of calls at once, with most of it unspent.
        """
        dollars = self._upper_cost(request, is_batch=False)
        # First come, first served: one waits for room and the others behind it.
        async with self._turn:
            while self._is_room_to_come(dollars):
                self._settled.clear()
                await self._settled.wait()
            return self._set_aside(dollars)

    def settle(self, reservation: Reservation, cost: float | None) -> None:
        """Put the call's real cost in the place of what was set aside.

        Args:
            reservation: Of this call.
            cost: US dollars; 0 for a call that got no answer. None when nobody can say, which counts as all
                that was set aside.
        """
        self._under_way.remove(reservation)
        self._spent += reservation.dollars if cost is None else cost
        self._settled.set()

    def _upper_cost(self, request: ChatRequest, is_batch: bool) -> float:
        if not self._limits:
            return 0.0
        self.require_prices([request.model])
        return upper_cost(request, self._prices, is_batch=is_batch) or 0.0

    def _set_aside(self, dollars: float) -> Reservation:
        if self._reached is None and (limit := self._passed(dollars)):
            self._reached = self._sentence(limit, dollars)
        if self._reached is not None:
            # Each its own: one error raised for a thousand papers would carry a thousand tracebacks.
            raise BudgetReached(self._reached)
        reservation = Reservation(dollars)
        self._under_way.add(reservation)
        return reservation

    def _passed(self, dollars: float, under_way: float | None = None) -> _Limit | None:
        """The limit that one more call at its most could pass."""
        if under_way is None:
            under_way = self._promised()
        total = self._spent + under_way + dollars
        return next((limit for limit in self._limits if limit.spent_before + total > limit.dollars), None)

    def _is_room_to_come(self, dollars: float) -> bool:
        """True when one more call could pass a limit now, but not once those under way have cost little."""
        is_open = self._reached is None and bool(self._under_way)
        return is_open and bool(self._passed(dollars)) and not self._passed(dollars, under_way=0.0)

    def _promised(self) -> float:
        """What the calls under way could cost; without a limit nobody asks."""
        return sum(reservation.dollars for reservation in self._under_way) if self._limits else 0.0

    def _sentence(self, limit: _Limit, dollars: float) -> str:
        under_way = self._promised()
        waiting = f", calls under way could cost ${under_way:,.4f}" if under_way else ""
        return (
            f"{limit.name} is reached: ${limit.spent_before + self._spent:,.4f} spent{waiting}, and one "
            f"more answer could cost ${dollars:,.4f}. Answers that came are kept, papers without one stay "
            f"pending. {limit.next}"
        )


def _limits(
    max_cost: float | None, monthly_budget: float | None, spent_this_month: float, spent_by_run: float
) -> Iterable[_Limit]:
    if max_cost is not None:
        again = "To go on, run the same command again: its --max-cost counts from nothing."
        yield _Limit(f"The limit of ${max_cost:,.2f} (--max-cost)", max_cost, spent_by_run, again)
    if monthly_budget is not None:
        again = "To go on, raise it or wait for the next month (UTC), and run the same command again."
        name = f"The month's budget of ${monthly_budget:,.2f} (DAILY_PAPERS_MONTHLY_BUDGET)"
        yield _Limit(name, monthly_budget, spent_this_month, again)


def budget_for(
    settings: Settings, lake: Lake, prices: Prices, max_cost: float | None, spent_by_run: float = 0.0
) -> Budget:
    """The budget of a run that begins now, or is retried and has spent something before.

    Raises:
        SettingsMissing: The limit is no number of dollars, or a model of the settings has no price.
        ContractBroken: There is a monthly budget, and a file that tells what was spent cannot be read.
    """
    if max_cost is not None and not 0 <= max_cost < math.inf:
        raise SettingsMissing(f"--max-cost {max_cost}: expected US dollars, 0 or more. Nothing was done.")
    spent = 0.0
    if settings.monthly_budget is not None:
        month = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        spent = spent_in_month(_paid_answers(lake, month), f"{month:%Y-%m}")
    budget = Budget(prices, max_cost, settings.monthly_budget, spent, spent_by_run)
    budget.require_prices(filter(None, [settings.model, settings.judge_model]))
    return budget


def spent_since(lake: Lake, moment: datetime) -> float:
    """US dollars of the answers of all runs that came since then, each counted once; unpriced ones count 0.

    Raises:
        ContractBroken: A file that tells what was spent cannot be read.
    """
    answers = _paid_answers(lake, moment).filter(pl.col("answered_at") >= moment)
    return float(answers.unique(["paper_id", "answered_at"], maintain_order=True)["cost_usd"].sum())


def _paid_answers(lake: Lake, since: datetime) -> pl.DataFrame:
    """Every answer that the lake knows of, and of those since then the ones that have no row yet too.

    A conversation that was stopped half way, by a budget or a kill, has paid for answers that stand in
    answers/ only. Files are chosen by the time they were written, which is never before the answer came.
    """
    rows = lake.read_columns(TRANSLATIONS, lake.months(TRANSLATIONS), ["paper_id", "answers"])
    paths = [path for path in lake.files_since(lake.home / "answers", since) if path.name != "recipe.json"]
    kept = [answer for path in paths if (answer := kept_answer(lake, path))]
    columns = ["paper_id", "answered_at", "cost_usd"]
    known = answers_of(rows).select(columns)
    return pl.concat([known, pl.DataFrame([answer.model_dump() for answer in kept], schema=known.schema)])
