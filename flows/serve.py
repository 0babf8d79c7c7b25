"""The deployments of prefect.yaml on one machine, without work pool or worker, until the command is stopped.

The same definitions as for `prefect deploy --all`, so nothing is said twice. One run at a time: they share a
lake. Needs PREFECT_API_URL set before it is imported (flows/local_server.py). Called by flows/cli.py.
"""

import asyncio
import contextlib
import importlib
import signal
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.console import console

_PREFECT_YAML = Path(__file__).parents[1] / "prefect.yaml"


class _Runner(Runner):
    """Prefect's runner, which ends in order: the run under way is cancelled and said to be."""

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        """Stop; Prefect's own way ends before the run's process is told, and leaves it "Running" for ever."""
        if not self.started:
            raise KeyboardInterrupt
        asyncio.get_running_loop().create_task(self.astop())


def serve_deployments(server: str) -> None:
    """Serve all deployments until the command is stopped; ``server`` says by which server, for people."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_served(server))
    console.print("Stopped; no schedule fires until this command runs again.", markup=False)


async def _served(server: str) -> None:
    runner = _Runner(limit=1)
    console.print(f"Serving by {server}. Stop with Ctrl-C.", markup=False)
    for entry in entries():
        if "part" in entry["tags"]:
            # Without a work pool a backfill does its months itself.
            continue
        await runner.aadd_deployment(await _deployment(entry))
        crons = [f"{each['cron']} ({each['timezone']})" for each in entry["schedules"]]
        console.print(f"- {entry['name']}: {', '.join(crons) or 'when somebody starts it'}", markup=False)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, runner.handle_sigterm)
    await runner.start()


def entries() -> list[dict[str, Any]]:
    """The deployments of prefect.yaml, as they stand there."""
    found: list[dict[str, Any]] = yaml.safe_load(_PREFECT_YAML.read_text(encoding="utf-8"))["deployments"]
    return found


async def _deployment(entry: dict[str, Any]) -> RunnerDeployment:
    module, _, name = entry["entrypoint"].rpartition(".")
    flow: Flow[..., Any] = getattr(importlib.import_module(module), name)
    return await flow.ato_deployment(
        name=entry["name"],
        description=entry["description"],
        tags=entry["tags"],
        parameters=entry["parameters"],
        schedules=[Cron(each["cron"], timezone=each["timezone"]) for each in entry["schedules"]],
        concurrency_limit=ConcurrencyLimitConfig(**entry["concurrency_limit"]),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
