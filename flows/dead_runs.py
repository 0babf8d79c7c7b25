"""Runs whose process died without a word: Prefect is told to call them crashed.

A run that is killed with its worker stays "Running" for ever, holds its place in the queue, and no daily run
starts any more. Every run says twice a minute that it lives (``flows.heartbeat_frequency`` in prefect.toml);
an automation on the server takes one that has not for two minutes as crashed, which frees its place, sounds
the alarm and has a backfill order the month again. Each run sees to it that the automation is there, so
nobody can forget it. Called by flows/pipeline.py and flows/backfill.py.
"""

from datetime import timedelta
from typing import Final

from prefect import runtime
from prefect.automations import AutomationCore, ChangeFlowRunState, EventTrigger, Posture
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType

from flows.wanted_alarms import WATCHED

NAME: Final = "daily-papers dead runs"
SILENCE: Final = timedelta(seconds=120)
"""How long a run may be silent: four heartbeats."""
_BEAT: Final = "prefect.flow-run.heartbeat"
_ENDS: Final = {
    f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut")
}


async def watch_for_dead_runs() -> None:
    """Make the automation where it is missing; for runs of deployments, which outlive this process."""
    if runtime.deployment.id is None:
        return
    async with get_client() as client:
        if not await client.read_automations_by_name(NAME):
            await client.create_automation(wanted_automation())


def wanted_automation(silence: timedelta = SILENCE) -> AutomationCore:
    """The automation as it should be on the server."""
    return AutomationCore(
        name=NAME,
        description="A run that is silent for two minutes has died: it counts as crashed.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            after={_BEAT},
            expect={_BEAT, *_ENDS},
            for_each={"prefect.resource.id"},
            match_related={"prefect.resource.role": "flow", "prefect.resource.name": list(WATCHED)},
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"Nothing was heard of this run for {silence.total_seconds():.0f} s: its process or "
                "machine has died. What it wrote and paid for is kept; the next run continues.",
            )
        ],
    )
