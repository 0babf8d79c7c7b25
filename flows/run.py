"""What the steps of one run share: settings, the lake, prices and budget, and the report.

A plain object that goes to tasks as an argument. Made by flows/pipeline.py.
"""

import asyncio
from collections.abc import Awaitable

from flows.budget import Budget
from flows.clients.arxiv import Arxiv
from flows.errors import BudgetReached, ContractBroken, DailyPapersError, SettingsMissing, SourceUnavailable
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
