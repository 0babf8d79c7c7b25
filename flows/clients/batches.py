"""The model's batch service: a file up, a batch made of it, its state, and its files down.

Everything but making a batch is free, so it is tried again for as long as the run is patient. A batch
whose making got no answer may exist all the same and would be paid for twice, so it is looked for before
it is made again. Answers are read as raw bodies, since what a proxy sends is no batch. Called by
flows/batch.py.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import stamina
from pydantic import BaseModel, ValidationError

from flows.clients.refusals import refusal, wait_before_retry, without_key
from flows.errors import SettingsMissing, SourceUnavailable
from flows.settings import Settings
from schemas.batches import BatchState
from transforms.batches import URL

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_PAGE, _MAX_PAGES = 100, 20
_MAX_WAIT = 60.0
# The list may take a while to show a batch whose making got no answer.
_LOST_WAITS = 10
# The service's clock may be behind ours.
_CLOCK_MARGIN = timedelta(days=1)

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)


class _Page(BaseModel):
    data: list[BatchState]
    has_more: bool = False


class _StoredFile(BaseModel):
    id: str
    bytes: int | None = None


class _NotTheAnswer(Exception):
    """A successful answer that is none: a proxy's page, a body cut short."""


class BatchService:
    """The batches of one account; costs nothing, and needs no key, until it is asked something."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opened: AsyncOpenAI | None = None

    @property
    def _client(self) -> "AsyncOpenAI":
        # Imported here: the SDK costs two seconds that a run without model calls does not owe.
        from openai import AsyncOpenAI

        if self._opened is None:
            self._opened = AsyncOpenAI(
                api_key=self._key,
                base_url=self._settings.openai_base_url,
                timeout=self._settings.model_timeout,
                max_retries=0,
            )
        return self._opened

    @property
    def _key(self) -> str:
        return self._settings.require_model_key().get_secret_value().strip()

    async def upload(self, content: bytes, name: str) -> str:
        """Store a file of requests; its id.

        Raises:
            SourceUnavailable: The service did not take it within the run's patience, or the quota is used up.
            SettingsMissing: There is no key, or it was refused. All calls here raise these two; this one
                also says so where the service has no batches.
        """

        async def call() -> str:
            file = (name, content, "application/jsonl")
            answer = await self._client.files.with_raw_response.create(file=file, purpose="batch")
            return _read(_StoredFile, answer.http_response.content).id

        file_id = await self._patiently(lambda: _if_there(call), f"the file {name}")
        if file_id is None:
            raise SettingsMissing(
                "The model service has no Batch API (HTTP 404 for /files). Nothing was submitted; run the "
                "same command without --batch, or set OPENAI_BASE_URL to a service that has one."
            )
        return file_id

    async def create(self, file_id: str, name: str) -> BatchState:
        """Make a batch of an uploaded file, once: when an answer is lost, it is looked for first.

        Raises:
            SourceUnavailable: It was refused, or got no answer within the run's patience; then it may exist.
        """
        began = datetime.now(UTC)
        is_tried = False

        async def call() -> BatchState:
            nonlocal is_tried
            if is_tried and (found := await self._found(name, file_id, began)):
                return found
            is_tried = True
            answer = await self._client.batches.with_raw_response.create(
                input_file_id=file_id,
                endpoint=URL,
                completion_window="24h",
                metadata={"name": name},
            )
            return _read(BatchState, answer.http_response.content)

        return await self._patiently(call, f"the batch {name}", waits=_LOST_WAITS)

    async def find(self, name: str, file_id: str, since: datetime) -> BatchState | None:
        """The batch that was made under this name or of this file since then, if one was."""
        return await self._patiently(
            lambda: self._found(name, file_id, since), f"the list of batches, looking for {name}"
        )

    async def retrieve(self, batch_id: str) -> BatchState | None:
        """The batch as it stands; None when the service knows no such batch."""

        async def call() -> BatchState:
            answer = await self._client.batches.with_raw_response.retrieve(batch_id)
            return _read(BatchState, answer.http_response.content)

        return await self._patiently(lambda: _if_there(call), f"the batch {batch_id}")

    async def content(self, file_id: str) -> bytes | None:
        """A file's bytes, as many as the service says it has; None when the service knows no such file."""

        async def call() -> bytes:
            described = await self._client.files.with_raw_response.retrieve(file_id)
            size = _read(_StoredFile, described.http_response.content).bytes
            answer = await self._client.files.with_raw_response.content(file_id)
            content = answer.http_response.content
            if size and len(content) != size:
                raise _NotTheAnswer(f"expected {size:,} bytes, got {len(content):,}")
            return without_key(content, self._key)

        return await self._patiently(lambda: _if_there(call), f"the file {file_id}")

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    async def _found(self, name: str, file_id: str, since: datetime) -> BatchState | None:
        """Newest first, page by page, until batches are older than ``since``."""
        asked: dict[str, Any] = {"limit": _PAGE}
        for _ in range(_MAX_PAGES):
            answer = await self._client.batches.with_raw_response.list(**asked)
            page = _read(_Page, answer.http_response.content)
            for batch in page.data:
                if batch.input_file_id == file_id or (batch.metadata or {}).get("name") == name:
                    return batch
            if not page.data or not page.has_more or _is_before(page.data[-1], since):
                return None
            asked["after"] = page.data[-1].id
        return None

    async def _patiently(self, call: Callable[[], Awaitable[T]], subject: str, waits: int = 1) -> T:
        """What the call gives, tried again as long as the run is patient and the trouble may pass.

        Args:
            call: One attempt.
            subject: What it is about, for errors.
            waits: The first wait, in first waits of the settings.
        """
        from openai import APIConnectionError, APIStatusError

        first = self._settings.retry_wait * waits
        try:
            async for attempt in stamina.retry_context(
                on=self._is_worth_retrying,
                attempts=None,
                timeout=self._settings.patience,
                wait_initial=first,
                wait_max=max(first, _MAX_WAIT),
                wait_jitter=self._settings.retry_wait,
            ):
                with attempt:
                    return await call()
        except APIStatusError as error:
            raise refusal(error, self._key, subject) from None
        except (APIConnectionError, _NotTheAnswer) as error:
            raise SourceUnavailable(
                f"The model's batch service did not answer for {subject} ({error} {error.__cause__ or ''}). "
                "What was submitted goes on without this run; run the same command again later."
            ) from error
        raise AssertionError("unreachable: retry_context returns or raises")

    def _is_worth_retrying(self, error: Exception) -> bool | float:
        from openai import APIConnectionError, APIStatusError

        if isinstance(error, APIStatusError):
            return wait_before_retry(error, self._settings.patience)
        return isinstance(error, APIConnectionError | _NotTheAnswer)


async def _if_there(call: Callable[[], Awaitable[T]]) -> T | None:
    from openai import NotFoundError

    try:
        return await call()
    except NotFoundError:
        return None


def _read(shape: type[Shape], body: bytes) -> Shape:
    try:
        return shape.model_validate_json(body)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise _NotTheAnswer(f"expected JSON of the batch service ({said}), got {body[:60]!r}") from None


def _is_before(batch: BatchState, since: datetime) -> bool:
    return batch.made_at is not None and batch.made_at < since - _CLOCK_MARGIN
