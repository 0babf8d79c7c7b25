"""The refresh-votes flow: the lists of the last weeks once more, for the votes that came since.

Environment as for the daily flow. Scheduled weekly (prefect.yaml). Safe to rerun. Only lists that this lake
has fetched before are fetched again. They take the whole line: a paper that came onto one of them late would
otherwise wait for ever, since no daily run reaches it. So the model is asked for what is pending by the rules
of transforms/translations.py, in most weeks nothing, and for nothing else.
"""

import asyncio
from typing import Annotated

from prefect import flow, runtime
from pydantic import Field

from flows.parameters import Dollars
from flows.pipeline import process_days, started_run
from flows.publish import publish_to_hub
from flows.received import was_fetched
from flows.scheduled import due_day
from transforms.catch_up import reach
from transforms.report import Report


def _run_name() -> str:
    return _name(runtime.flow_run.parameters["days"])


def _name(days: int) -> str:
    window = reach(due_day(), days)
    return f"refresh votes {window[0]} to {window[-1]}"


@flow(
    name="refresh-votes",
    flow_run_name=_run_name,
    retries=2,
    retry_delay_seconds=900,
    timeout_seconds=6 * 3600,
)
async def refresh_votes(
    days: Annotated[int, Field(ge=1, le=365)] = 30, max_cost: Dollars | None = None
) -> Report:
    """Fetch the last days' lists again and publish what changed, to the Hub too where one is set.

    Args:
        days: How many days before today.
        max_cost: US dollars that this run may spend on the model, for papers that are pending.

    Returns:
        The run's report.

    Raises:
        RunIncomplete: A service or a day's list was missing; what there was is published.
    """
    async with started_run(_name(days), max_cost) as run:
        known = [day for day in reach(due_day(), days) if was_fetched(run.lake, day)]
        await process_days(run, known, [], chunked=True)
        if run.settings.repo:
            await asyncio.to_thread(publish_to_hub, run, run.settings.repo)
    return run.report
