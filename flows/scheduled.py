"""When a flow run was due, whatever the clock says when it starts.

A late run does the work of its own day, and its retries do the same work again: both ask for the time that
stands in Prefect's record of the run. Called by the flows.
"""

from datetime import UTC, date, datetime

from prefect import runtime


def due_at() -> datetime:
    """The moment (UTC) for which this flow run was scheduled, or at which somebody asked for it."""
    moment: datetime = runtime.flow_run.scheduled_start_time
    return moment.astimezone(UTC)


def due_day(asked: date | str | None = None) -> date:
    """The date asked for, else the one (UTC) for which this flow run was scheduled."""
    return due_at().date() if asked is None else date.fromisoformat(str(asked)[:10])
