"""What the sandbox is told: which day lists to serve, how fast and how faulty, and where to log.

One frozen model, so that the command line, the demo and the tests start the same thing in the same way
and a misspelt option is an error. Called by flows/sandbox/app.py, flows/sandbox/server.py and flows/cli.py.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from flows.sandbox.faults import Fault

Limiter = Literal["window", "bucket"]
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
    batch_seconds: float = Field(1.0, ge=0)
    """Seconds from a batch's creation to its end."""
    requests_per_minute: int | None = Field(None, ge=1)
    """Model calls per minute before it answers 429."""
    tokens_per_minute: int | None = Field(None, ge=1)
    """Tokens of model calls per minute before it answers 429."""
    limiter: Limiter = "window"
    """How a minute is counted: from the first call on, or as a bucket that fills evenly."""
    limit_headers: bool = True
    """Whether the model's answers say what is left of the limits."""
    retry_after: bool = True
    """Whether a 429 says how long to wait."""
    structured: Literal["strict", "json_object", "none"] = "strict"
    """The strictest response_format that the model takes; anything stricter is answered with 400."""
    reasoning: float = Field(0.0, ge=0, lt=1)
    """Share of the completion tokens that are said to be reasoning."""
    hub: Path | None = None
    """Folder that keeps the Hub's repositories; None keeps them as long as the sandbox runs."""
    as_of: Instant | None = None
    """Serve each day as it was fetched by then; None serves the latest fetch."""
    seed: int = 0
    log: Path | None = None
    """File that gets a JSON line when a request starts and another when it is answered."""
