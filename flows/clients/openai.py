"""The model: one chat completion as raw bytes, patient with limits, quick to stop on what cannot mend.

The raw body is returned, not a parsed object: the SDK's ``parse()`` throws usage away with an answer
that is not JSON, and a paid answer must be kept before it is read. The SDK's own retries are off because
they stop at a Retry-After above 120 s and retry an exhausted quota. Called by flows/translate.py.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import stamina

from flows.clients.http import retry_after
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable
from flows.settings import Settings
from schemas.answer import TranslationAnswer
from transforms.answers import is_completion

if TYPE_CHECKING:
    from openai import APIStatusError

_RETRIED_STATUS = {408, 409, 425, 429}
_MAX_WAIT = 60.0
_MAX_LOST = 4


class RawAnswer(NamedTuple):
    """A response as it came."""

    body: str
    request_id: str | None


class _NotACompletion(Exception):
    """A successful answer that is none: a proxy's page, a truncated body. The model never spoke."""


class Model:
    """One model behind one OpenAI-compatible address."""

    def __init__(self, settings: Settings) -> None:
        # Imported here: the SDK costs two seconds that a run without model calls does not owe.
        from openai import AsyncOpenAI

        self.name = settings.model
        self._settings = settings
        self._key = settings.require_model_key().get_secret_value().strip()
        self._client = AsyncOpenAI(
            api_key=self._key,
            base_url=settings.openai_base_url,
            timeout=settings.model_timeout,
            max_retries=0,
        )
        self._paused_until = 0.0
        self._stopped_by: DailyPapersError | None = None

    async def answer(self, messages: list[dict[str, str]], subject: str) -> RawAnswer:
        """One paid answer to these messages.

        Args:
            messages: The conversation.
            subject: What is asked for ("2406.00001"), for errors.

        Raises:
            SourceUnavailable: The service did not answer within the run's patience, or its quota is used
                up; then every later call ends at once.
            SettingsMissing: The service refused the key or the model; every later call ends at once too.
        """
        from openai import APIConnectionError, APIStatusError

        try:
            async for attempt in stamina.retry_context(
                on=_Retries(self._settings.patience, self._pause),
                attempts=None,
                timeout=self._settings.patience,
                wait_initial=self._settings.retry_wait,
                wait_max=_MAX_WAIT,
                wait_jitter=self._settings.retry_wait,
            ):
                with attempt:
                    await self._gate()
                    return await self._call(messages)
        except APIStatusError as error:
            # Not "from error": a traceback of it, in Prefect's log, may quote the key that was refused.
            raise self._final(error, subject) from None
        except (APIConnectionError, _NotACompletion) as error:
            raise SourceUnavailable(
                f"The model service did not answer for {subject} ({error} {error.__cause__ or ''}). Answers "
                "that came are kept; run the same command again later."
            ) from error
        raise AssertionError("unreachable: retry_context returns or raises")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _pause(self, seconds: float) -> None:
        """Let every call wait: the limit is the account's, not the call's."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    async def _gate(self) -> None:
        """Wait while the service has asked for a pause; end at once when it can only refuse."""
        while (wait := self._paused_until - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        if self._stopped_by is not None:
            raise self._stopped_by

    async def _call(self, messages: list[dict[str, str]]) -> RawAnswer:
        schema = {"name": "translation", "schema": TranslationAnswer.wire_schema(), "strict": True}
        request: dict[str, Any] = {
            "model": self.name,
            "messages": messages,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        response = await self._client.chat.completions.with_raw_response.create(**request)
        body = response.http_response.text
        if not is_completion(body):
            raise _NotACompletion(f"expected a chat completion, got {body[:60]!r}")
        return RawAnswer(body, response.headers.get("x-request-id"))

    def _final(self, error: "APIStatusError", subject: str) -> DailyPapersError:
        """The error to raise for a refusal, remembered where no later call can do better."""
        # A server may quote the key it refuses.
        message = str(error.message).replace(self._key, "***")
        said = f"HTTP {error.status_code} {error.code or ''}: {message[:200]}"
        if error.code == "insufficient_quota":
            self._stopped_by = SourceUnavailable(
                f"The model account's quota is used up ({said}). Answers that came are kept; add credit and "
                "run the same command again."
            )
        elif error.status_code in (401, 403, 404):
            self._stopped_by = SettingsMissing(
                f"The model service refused the request for {subject} ({said}). Check OPENAI_API_KEY, "
                "OPENAI_BASE_URL and DAILY_PAPERS_MODEL, then run the same command again."
            )
        else:
            return SourceUnavailable(
                f"The model service refused {subject} ({said}). Answers that came are kept; run the same "
                "command again later."
            )
        return self._stopped_by


class _Retries:
    """Whether, and after how many seconds, one call is tried again."""

    def __init__(self, patience: float, pause: Callable[[float], None]) -> None:
        self._patience = patience
        self._pause = pause
        self._lost = 0

    def __call__(self, error: Exception) -> bool | float:
        from openai import APIConnectionError, APIStatusError

        if isinstance(error, APIConnectionError | _NotACompletion):
            # The model may have worked, and been paid, for each of these.
            self._lost += 1
            return self._lost < _MAX_LOST
        if not isinstance(error, APIStatusError) or error.code == "insufficient_quota":
            return False
        if error.status_code not in _RETRIED_STATUS and error.status_code < 500:
            return False
        asked = retry_after(error.response.headers)
        if asked is None or asked > self._patience:
            return asked is None
        if error.status_code == 429:
            self._pause(asked)
        return max(asked, 0.001)
