"""What the steps of one run share: settings, the lake and the report.

A plain object that goes to tasks as an argument; clients are made by the step that needs them. Made by
flows/pipeline.py.
"""

from typing import Any

from prefect.client.schemas.objects import State

from flows.settings import Settings
from flows.storage import Lake
from transforms.report import Report


class Run:
    """One run of the pipeline."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.settings = settings
        self.lake = Lake(settings.home)
        self.report = Report(name)


async def settled(task_run: Any) -> State[Any]:
    """The final state of an async task called with ``return_state=True``, which Prefect types as a State."""
    state: State[Any] = await task_run
    return state
