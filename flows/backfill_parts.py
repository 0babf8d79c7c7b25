"""A backfill over a work pool: one run for each month, each on whatever worker is free.

The run that was asked for orders the months as runs of the deployment ``backfill-part``, shows how far they
are, orders a month again whose run crashed, with its worker or without, and at the end draws the release's
pictures; it writes nothing else. What such a run had paid for is kept, so its successor pays for no more
than was under way. How many months run at once is the limit of their queue (prefect.yaml) and the number of
workers. Called by flows/backfill.py.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from prefect import Flow, runtime
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterParentFlowRunId
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments.flow_runs import arun_deployment
from prefect.states import Cancelling

from flows.budget import spent_since
from flows.errors import RunIncomplete
from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.release import write_pages
from flows.run import Run
from flows.settings import load_settings
from transforms.report import Report

WHOLE: Final = "backfill"
"""The deployment that splits."""
PART: Final = "backfill-part"
"""The deployment of its parts."""
_MOST_CRASHES: Final = 3
_LOOK_SECONDS: Final = 3.0


async def is_split() -> bool:
    """True for a run of the deployment ``backfill`` on a work pool; ``serve`` and the command have none."""
    if runtime.deployment.name != WHOLE:
        return False
    async with get_client() as client:
        return (await client.read_flow_run(UUID(str(runtime.flow_run.id)))).work_pool_name is not None


def is_part() -> bool:
    """True for a run that such a run has ordered."""
    return bool(runtime.deployment.name == PART)


async def over_the_pool(
    name: str, months: Sequence[list[date]], max_cost: float | None, options: dict[str, Any]
) -> Report:
    """Have the months done by runs of their own, and wait for them.

    Args:
        name: The run as people know it.
        months: The days of each run, in order.
        max_cost: US dollars for all of them together. With it, or with a monthly budget, they run one after
            another, so that each knows what those before it have left.
        options: The other parameters of each run.

    Returns:
        A report without faults; the counts and the cost are on the pages of the months' runs.

    Raises:
        RunIncomplete: A month failed, or the limit was reached before it; the others are done.
    """
    run = Run(load_settings(), name)
    await run.arxiv.close()
    is_limited = max_cost is not None or run.settings.monthly_budget is not None
    parts = [_Part(days) for days in months]
    begun_at = datetime.now(UTC)
    said = _progress(name, parts)
    shown = await acreate_progress_artifact(0.0, key="progress", description=said)
    while waiting := [part for part in parts if not part.is_over]:
        for part in waiting[:1] if is_limited else waiting:
            if part.run_id is None:
                await _order(part, run, max_cost, begun_at, options)
        await _look([part for part in parts if part.run_id and not part.is_over])
        done = sum(part.is_over for part in parts)
        # Only news: the server keeps every update.
        if said != (said := _progress(name, parts)):
            await aupdate_progress_artifact(shown, 100 * done / len(parts), said)
        if done < len(parts):
            await asyncio.sleep(_LOOK_SECONDS)
    run.report.unavailable += [part.fault for part in parts if part.fault]
    if not options["dry_run"]:
        await asyncio.to_thread(_finish, run)
    if run.report.is_failed:
        raise RunIncomplete(run.report)
    return run.report


async def cancel_parts(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Cancel the months that a cancelled backfill has ordered: who cancels it wants to pay for no more."""
    ordered = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[flow_run.id]))
    async with get_client() as client:
        for part in await client.read_flow_runs(flow_run_filter=ordered):
            if part.state is None or not part.state.is_final():
                await client.set_flow_run_state(part.id, Cancelling(message="Its backfill was cancelled."))


def _finish(run: Run) -> None:
    """Write the pages over all months once more, with the pictures that no part draws for itself."""
    with one_writer(run.lake, run.report.run, run.settings.lock_wait, PROGRESS.get().say):
        write_pages(run)


async def _order(
    part: "_Part", run: Run, max_cost: float | None, begun_at: datetime, options: dict[str, Any]
) -> None:
    """Order a run of this part, with what the limit leaves for it."""
    left = max_cost
    if max_cost is not None:
        left = max_cost - await asyncio.to_thread(spent_since, run.lake, begun_at)
        if left <= 0:
            part.fault = f"{part}: the limit of ${max_cost:,.2f} (max_cost) was reached before it."
            return
    await part.order({**options, "max_cost": left})


@dataclass(eq=False)
class _Part:
    """One month and its runs."""

    days: list[date]
    run_id: UUID | None = None
    crashes: int = 0
    is_done: bool = False
    fault: str = field(default="")

    @property
    def is_over(self) -> bool:
        return self.is_done or bool(self.fault)

    async def order(self, parameters: dict[str, Any]) -> None:
        """Order a run; the same one again where a retry of the whole has ordered it already."""
        days = {"since": self.days[0].isoformat(), "until": self.days[-1].isoformat()}
        ordered = await arun_deployment(
            f"backfill/{PART}",
            parameters={**days, **parameters},
            timeout=0,
            idempotency_key=f"{runtime.flow_run.id}-{self.days[0]}-{self.crashes}",
        )
        self.run_id = ordered.id

    def note(self, flow_run: FlowRun) -> None:
        """Learn how its run ended, if it did; a crash asks for another."""
        state = flow_run.state
        if state is None or not state.is_final():
            return
        if state.is_completed():
            self.is_done = True
        elif state.is_crashed() and self.crashes + 1 < _MOST_CRASHES:
            self.crashes += 1
            self.run_id = None
        else:
            times = f" for the {_MOST_CRASHES}rd time" if state.is_crashed() else ""
            self.fault = (
                f"{self}: its run {flow_run.name} is {state.name}{times}. {state.message or ''}".strip()
            )

    def __str__(self) -> str:
        return f"{self.days[0]} to {self.days[-1]}"


async def _look(parts: Sequence[_Part]) -> None:
    """Learn how the runs of these parts are."""
    by_id = {part.run_id: part for part in parts if part.run_id}
    if by_id:
        only = FlowRunFilter(id=FlowRunFilterId(any_=list(by_id)))
        async with get_client() as client:
            for flow_run in await client.read_flow_runs(flow_run_filter=only, limit=len(by_id)):
                by_id[flow_run.id].note(flow_run)


def _progress(name: str, parts: Sequence[_Part]) -> str:
    crashes = sum(part.crashes for part in parts)
    again = f", {crashes} begun again after a crash" if crashes else ""
    return f"{name}: {sum(part.is_over for part in parts)} of {len(parts)} months{again}"
