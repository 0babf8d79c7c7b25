"""A batch as OpenAI's batch service describes it, and as others do who leave most of it out.

Called by flows/clients/batches.py and flows/batch.py.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OVER = {"completed", "failed", "expired", "cancelled"}


class Counts(BaseModel):
    """How far a batch is."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class BatchError(BaseModel):
    """Why a whole batch failed."""

    code: str | None = None
    message: str | None = None


class BatchErrors(BaseModel):
    """All reasons for which a whole batch failed."""

    data: list[BatchError] | None = None


class BatchState(BaseModel):
    """A batch as the service describes it; other servers leave most of it out."""

    id: str
    status: str
    input_file_id: str | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    metadata: dict[str, Any] | None = None
    request_counts: Counts | None = None
    errors: BatchErrors | None = None
    created_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelled_at: int | None = None

    @property
    def is_over(self) -> bool:
        """True when nothing of it changes any more."""
        return self.status in _OVER

    @property
    def done(self) -> int:
        """Requests that have their answer or their error."""
        counts = self.request_counts or Counts()
        return counts.completed + counts.failed

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, if the service says so."""
        return _moment(self.completed_at or self.failed_at or self.expired_at or self.cancelled_at)

    @property
    def made_at(self) -> datetime | None:
        """When it was made, if the service says so."""
        return _moment(self.created_at)

    @property
    def failure(self) -> str:
        """Why the whole batch failed, in the service's words; empty when it gives no reason."""
        errors = (self.errors.data if self.errors else None) or []
        said = (": ".join(filter(None, (error.code, error.message))) for error in errors)
        return "; ".join(filter(None, said))[:400]


def _moment(seconds: int | None) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        # Milliseconds, as some servers count.
        return None
