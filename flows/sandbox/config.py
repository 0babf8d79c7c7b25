"""What the sandbox is told: which day lists to serve, how fast and how faulty, and where to log.

One frozen model, so that the command line, the demo and the tests start the same thing in the same way
and a misspelt option is an error. Called by flows/sandbox/app.py, flows/sandbox/server.py and flows/cli.py.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from flows.sandbox.faults import Fault

SAMPLE = Path(__file__).parent / "sample"


def instant(value: Any) -> Any:
    """The moment a text names, 20240613T141508Z and ISO 8601 alike; anything else as it came."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Instant = Annotated[datetime, BeforeValidator(instant), AfterValidator(_utc)]


class SandboxConfig(BaseModel):
    """Everything the sandbox may be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payloads: Path | None = None
    """Folder of stored day lists, ``<list_date>@<fetched_at>Z-*.json``; None serves the bundled sample."""
    port: int = Field(0, ge=0, le=65535)
    """Port on 127.0.0.1; 0 takes a free one."""
    latency: float = Field(0.0, ge=0)
    """Median seconds of a model answer."""
    faults: list[Fault] = []
    requests_per_minute: int | None = Field(None, ge=1)
    """Model calls per minute before it answers 429."""
    as_of: Instant | None = None
    """Serve each day as it was fetched by then; None serves the latest fetch."""
    seed: int = 0
    log: Path | None = None
    """File that gets a JSON line when a request starts and another when it is answered."""
