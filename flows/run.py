"""What the steps of one run share: settings, the lake and what it holds of it, prices and budget, the report.

A plain object that goes to tasks as an argument. Made by flows/pipeline.py.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator

from flows.budget import Budget
from flows.clients.arxiv import Arxiv
from flows.errors import BudgetReached, ContractBroken, DailyPapersError, SettingsMissing, SourceUnavailable
from flows.lease import Lease, leased, lost
from flows.progress import PROGRESS
from flows.settings import Settings
from flows.storage import Lake
from transforms.report import Report


class Run:
    """One run of the pipeline."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.settings = settings
        self.arxiv = Arxiv(settings)
        """One client for the run: arXiv's pace holds across the months of a backfill."""
        self.lake = Lake(settings.home)
        self.prices = settings.known_prices()
        self.budget = Budget(self.prices)
        """Without a limit until flows/pipeline.py gives it one."""
        self.report = Report(name)
        self.draws_pictures = True
        """False for a part of a backfill: whoever ordered it draws them when all parts are there."""
        self._leases: list[Lease] = []

    @contextlib.contextmanager
    def holding(self, *parts: str, wait: float | None = None) -> Iterator[None]:
        """Hold these parts of a shared lake while the block runs; on a disk the run holds all of it already.

        Args:
            parts: Months, "release" or "batches"; always taken in the same order, so that no two runs wait
                for each other.
            wait: Seconds to wait for another run; default DAILY_PAPERS_LOCK_WAIT.

        Raises:
            LakeBusy: Another run still holds one after that.
            LakeUnwritable: The store was away or refused.
        """
        if not self.lake.is_shared:
            yield
            return
        wait, say = self.settings.lock_wait if wait is None else wait, PROGRESS.get().say
        with contextlib.ExitStack() as stack:
            taken = [
                stack.enter_context(leased(self.lake, part, self.report.run, wait, say))
                for part in sorted(parts)
            ]
            self._leases += taken
            try:
                yield
            finally:
                self._leases = [lease for lease in self._leases if lease not in taken]

    @contextlib.asynccontextmanager
    async def held(self, *parts: str) -> AsyncIterator[None]:
        """As ``holding``, in a flow: whoever waits for another run must not stop this one's other work."""
        with contextlib.ExitStack() as stack:
            await asyncio.to_thread(stack.enter_context, self.holding(*parts))
            yield

    def require_held(self) -> None:
        """Nothing, while the run holds what it took.

        Raises:
            LakeBusy: Another run may have taken a part over; nothing more may be paid for.
        """
        for lease in self._leases:
            if not lease.is_held:
                raise lost(lease.part, self.lake)


async def settled(*task_runs: Awaitable[object]) -> list[DailyPapersError]:
    """Wait for all the task runs, and give the errors of those that ended for a reason to live with.

    A service that is away, a limit on spending, a refused setting and a kept file that is broken concern one
    task each, which has reported them. Anything else is raised, but only after every other task has kept
    what it paid for.
    """
    outcomes = await asyncio.gather(*task_runs, return_exceptions=True)
    errors: list[DailyPapersError] = []
    for outcome in outcomes:
        if isinstance(outcome, BudgetReached | SourceUnavailable | SettingsMissing | ContractBroken):
            errors.append(outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
    return errors
