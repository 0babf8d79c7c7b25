"""The Prefect automations of this project: what each waits for, and the message that it sends.

Four of them: a run that failed, crashed or took too long; a run that passed a bound; a daily run that does
not start; no daily run at all. Their texts are templates that the server fills in, so what comes from outside
is made harmless by the template itself. Called by flows/alarms.py.
"""

import json
from datetime import timedelta
from typing import Final
from uuid import UUID

from prefect.automations import AutomationCore, EventTrigger, Posture, SendNotification
from prefect.settings import get_current_settings

from flows.announce import ALARM_EVENT
from transforms.messages import LONGEST, LOOKALIKES

WATCHED: Final = ["daily", "refresh-votes", "backfill", "publish", "check"]
"""Flows of this project whose failure is an alarm."""
BOUND_PASSED: Final = "daily-papers bound passed"
_DAILY: Final = ["daily"]
_DAY: Final = timedelta(hours=24)
_BAD_ENDS: Final = {f"prefect.flow-run.{end}" for end in ("Failed", "Crashed", "TimedOut")}
_NEWS: Final = _BAD_ENDS | {f"prefect.flow-run.{state}" for state in ("Running", "Completed", "Cancelled")}


def wanted_alarms(block_id: UUID, late: timedelta, period: timedelta = _DAY) -> list[AutomationCore]:
    """The automations as they should be on the server.

    Args:
        block_id: The notification block that knows the address.
        late: How long a daily run may be late.
        period: How often there is a daily run.
    """
    return [
        _automation(block_id, *parts)
        for parts in (_failed(), _bound_passed(), _late(late), _missing(period + late))
    ]


_Parts = tuple[str, str, EventTrigger, str, str]


def _failed() -> _Parts:
    message = '(flow_run.state.message or "") | replace("Flow run encountered an exception: ", "")'
    return (
        "daily-papers failed",
        "A run failed, crashed or took too long.",
        EventTrigger(expect=_BAD_ENDS, match_related=_flows(WATCHED)),
        "{{ flow_run.name }}: {{ flow_run.state.name }}",
        f"{_inert(message)}\n{_link()}",
    )


def _bound_passed() -> _Parts:
    return (
        BOUND_PASSED,
        "A run ended, and refused or cost more than its bounds (DAILY_PAPERS_ALARM_REJECTED, _COST).",
        EventTrigger(expect={ALARM_EVENT}),
        "{{ event.payload.run }}",
        f"{_inert('event.payload.sentence')}{{% if flow_run %}}\n{_link()}{{% endif %}}",
    )


def _late(late: timedelta) -> _Parts:
    trigger = EventTrigger(
        posture=Posture.Proactive,
        after={"prefect.flow-run.Late"},
        expect=_NEWS,
        for_each={"prefect.resource.id"},
        match_related=_flows(_DAILY),
        within=late,
    )
    return (
        "daily-papers late",
        "A scheduled daily run does not start (DAILY_PAPERS_ALARM_LATE).",
        trigger,
        "{{ flow_run.name }}: late",
        "It should have started at {{ flow_run.expected_start_time }} and has not. Is a worker running? "
        f"prefect worker start --pool local\n{_link()}",
    )


def _missing(longest: timedelta) -> _Parts:
    trigger = EventTrigger(
        posture=Posture.Proactive,
        # Both the start and what is expected: each completed run sets the clock back.
        after={"prefect.flow-run.Completed"},
        expect={"prefect.flow-run.Completed"},
        match_related=_flows(_DAILY),
        within=longest,
    )
    return (
        "daily-papers missing",
        "No daily run was completed within a day and DAILY_PAPERS_ALARM_LATE, whatever the reason.",
        trigger,
        "No daily run",
        f"No daily run was completed for {longest / timedelta(hours=1):.3g} hours. Is its schedule on, and a "
        f"worker running? To do it now: daily-papers run\n{_runs()}",
    )


def _automation(
    block_id: UUID, name: str, meaning: str, trigger: EventTrigger, subject: str, body: str
) -> AutomationCore:
    action = SendNotification(block_document_id=block_id, subject=subject, body=body)
    wanted = AutomationCore(name=name, description=meaning, trigger=trigger, actions=[action])
    # An update sends the fields that were set: those of trigger and action must be, since the server tells
    # them apart by their type, and the owner must not be.
    return AutomationCore.model_validate(wanted.model_dump(exclude={"owner_resource"}))


def _flows(names: list[str]) -> dict[str, str | list[str]]:
    return {"prefect.resource.role": "flow", "prefect.resource.name": names}


def _runs() -> str:
    return f"{get_current_settings().ui_url}/runs"


def _link() -> str:
    return f"{_runs()}/flow-run/{{{{ flow_run.id }}}}"


def _inert(expression: str) -> str:
    """A template of this expression's text, short enough and with nothing in it that a chat would act on."""
    for active, lookalike in LOOKALIKES.items():
        expression += f" | replace({json.dumps(active)}, {json.dumps(lookalike)})"
    return f"{{{{ {expression} | truncate({LONGEST - 400}, true) }}}}"
