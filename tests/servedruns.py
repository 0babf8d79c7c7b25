"""Prefect's side of a test: runs of deployments, the states they end in and the artifacts that they leave."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import Artifact, FlowRun, State
from prefect.client.schemas.responses import DeploymentResponse
from prefect.states import Scheduled

T = TypeVar("T")


def asked(question: Callable[[PrefectClient], Awaitable[T]]) -> T:
    """What the session's server answers."""

    async def ask() -> T:
        async with get_client() as client:
            return await question(client)

    return asyncio.run(ask())


def deployments() -> dict[str, DeploymentResponse]:
    """Every deployment by its name."""
    return {each.name: each for each in asked(lambda client: client.read_deployments())}


def ordered(deployment: str, due: datetime | None = None, **parameters: Any) -> UUID:
    """Ask for a run of "flow/deployment", due at this time; its id."""

    async def order(client: PrefectClient) -> UUID:
        found = await client.read_deployment_by_name(deployment)
        state: State[Any] | None = Scheduled(scheduled_time=due) if due else None
        run = await client.create_flow_run_from_deployment(found.id, parameters=parameters, state=state)
        return run.id

    return asked(order)


def flow_run(run_id: UUID) -> FlowRun:
    """The run as the server has it now."""
    return asked(lambda client: client.read_flow_run(run_id))


def task_runs(run_id: UUID) -> dict[str, str]:
    """State by name of the run's task runs."""
    only = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
    found = asked(lambda client: client.read_task_runs(flow_run_filter=only))
    return {each.name: str(each.state_name) for each in found}


def latest(key: str) -> Artifact:
    """The artifact of this key that was left last."""
    only = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    found = asked(lambda client: client.read_artifacts(artifact_filter=only))
    return max(found, key=lambda each: str(each.created))


def left_by(run_id: UUID) -> dict[str | None, Artifact]:
    """The run's artifacts by key."""
    only = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
    found = asked(lambda client: client.read_artifacts(artifact_filter=only))
    return {each.key: each for each in found}
