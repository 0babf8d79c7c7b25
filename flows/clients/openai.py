"""The model: one chat completion as raw bytes, patient with limits, quick to stop on what cannot mend.

The raw body is returned, not a parsed object: the SDK's ``parse()`` throws usage away with an answer
that is not JSON, and a paid answer must be kept before it is read. The SDK's own retries are off because
they stop at a Retry-After above 120 s and retry an exhausted quota. When a call may go is
flows/clients/pace.py's to say, so that a thousand may be asked for at once. Called by flows/translator.py.
"""

import asyncio
import random
import time
from typing import TYPE_CHECKING, NamedTuple

from flows.clients.http import retry_after
from flows.clients.pace import Pace, Turn, estimated_tokens
from flows.clients.refusals import concerns_every_call, refusal, wait_before_retry, without_key
from flows.clients.structured import StructuredModes
from flows.errors import DailyPapersError, SourceUnavailable
from flows.settings import Settings
from flows.shared_pace import SharedPace
from transforms.answers import content_of, is_completion
from transforms.requests import ChatRequest, Structured

if TYPE_CHECKING:
    from openai import APIStatusError

_MAX_WAIT = 60.0
_MAX_LOST = 4


class RawAnswer(NamedTuple):
    """A response as it came."""

    body: str
    request_id: str | None


class _NotACompletion(Exception):
    """A successful answer that is none: a proxy's page, a truncated body. The model never spoke."""


class Model:
    """The models behind one OpenAI-compatible address.

    Args:
        settings: The settings.
        shared: The pace of all workers together, where several share a lake and a limit.
    """

    def __init__(self, settings: Settings, shared: SharedPace | None = None) -> None:
        # Imported here: the SDK costs two seconds that a run without model calls does not owe.
        from openai import AsyncOpenAI

        self._settings = settings
        self._key = settings.require_model_key().get_secret_value().strip()
        self._client = AsyncOpenAI(
            api_key=self._key,
            base_url=settings.openai_base_url,
            timeout=settings.model_timeout,
            max_retries=0,
        )
        self._pace = Pace(
            settings.concurrency,
            None if shared else settings.requests_per_minute,
            None if shared else settings.tokens_per_minute,
            settings.retry_wait,
            shared,
        )
        self._modes = StructuredModes(settings.structured)
        self._answered = 0

    @property
    def structured(self) -> Structured:
        """How the service is held to JSON: the setting, or what was found out."""
        return self._modes.mode

    async def answer(self, request: ChatRequest, subject: str) -> RawAnswer:
        """One paid answer to this request; waits for its turn, so any number may be asked for at once.

        Args:
            request: What to ask.
            subject: What is asked for ("2406.00001"), for errors.

        Raises:
            SourceUnavailable: The service did not answer within the run's patience, or its quota is used
                up; then every later call ends at once.
            SettingsMissing: The service refused the key or the model; every later call ends at once too.
        """
        tokens = estimated_tokens(request.messages)
        trouble = _Trouble(self._settings)
        again = False
        while True:
            async with self._pace.turn(request.model, tokens, again=again) as turn:
                answer = await self._tried(request, subject, turn, trouble)
            if isinstance(answer, RawAnswer):
                return answer
            await asyncio.sleep(answer)
            again = True

    def stop(self, why: DailyPapersError) -> None:
        """End every later call with this error, and those that wait for their turn."""
        self._pace.stop(why)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _tried(
        self, request: ChatRequest, subject: str, turn: Turn, trouble: "_Trouble"
    ) -> RawAnswer | float:
        """The answer, or the seconds until the call stands in line again."""
        from openai import APIConnectionError, APIStatusError

        # Not before the turn: while a call waits for it, another may find out what the service takes.
        mode = self._modes.of(request.schema_name)
        try:
            return await self._call(request, mode, turn)
        except APIStatusError as error:
            if self._modes.is_relaxed(error, request.schema_name, mode):
                return 0.0
            if (wait := trouble.wait_after_refusal(error)) is None:
                # Not "from error": a traceback of it, in Prefect's log, may quote the refused key.
                raise self._final(error, subject, trouble) from None
        except (APIConnectionError, _NotACompletion) as error:
            if (wait := trouble.wait_after_loss()) is None:
                raise SourceUnavailable(
                    f"The model service did not answer for {subject} ({error} {error.__cause__ or ''}). "
                    "Answers that came are kept; run the same command again later."
                ) from error
        if trouble.answered_before is None:
            trouble.answered_before = self._answered
        return wait

    async def _call(self, request: ChatRequest, mode: Structured, turn: Turn) -> RawAnswer:
        import httpx2
        from openai import RateLimitError

        try:
            # Not chat.completions.create(): it knows OpenAI's parameters and no other server's.
            response = await self._client.post(
                "/chat/completions", body=request.body(mode), cast_to=httpx2.Response
            )
        except RateLimitError as error:
            if wait_before_retry(error, self._settings.patience):
                headers = error.response.headers
                self._pace.refused(turn, headers, retry_after(headers))
            raise
        body = without_key(response.content, self._key).decode("utf-8", "replace")
        if not is_completion(body):
            raise _NotACompletion(f"expected a chat completion, got {body[:60]!r}")
        usage = content_of(body).usage
        self._pace.answered(turn, response.headers, usage.input_tokens + usage.output_tokens)
        self._modes.worked(request.schema_name, mode)
        self._answered += 1
        return RawAnswer(body, response.headers.get("x-request-id"))

    def _final(self, error: "APIStatusError", subject: str, trouble: "_Trouble") -> DailyPapersError:
        """The error to raise for a refusal; where no later call can do better, it ends them all."""
        ended = refusal(error, self._key, subject)
        is_passing = wait_before_retry(error, self._settings.patience) is not False
        is_silent = is_passing and trouble.answered_before == self._answered
        if is_silent:
            patience = self._settings.patience
            ended = SourceUnavailable(f"The model service answered no call for {patience:g} s. {ended}")
        if is_silent or concerns_every_call(error):
            self.stop(ended)
        return ended


class _Trouble:
    """What one call has met so far, and whether and when it is tried again."""

    def __init__(self, settings: Settings) -> None:
        self._patience = settings.patience
        self._first_wait = self._next_wait = settings.retry_wait
        self.answered_before: int | None = None
        """Answers that the run's calls had got when this one first failed."""
        self._lost = 0
        self._began: float | None = None

    def wait_after_refusal(self, error: "APIStatusError") -> float | None:
        """Seconds to wait before the call stands in line again, None when it is not tried again."""
        asked = wait_before_retry(error, self._patience)
        if asked is False:
            return None
        if error.status_code == 429:
            # The pace makes this call and all others wait.
            return 0.0 if self._is_patient(0.0 if asked is True else asked) else None
        wait = self._backed_off() if asked is True else asked
        return wait if self._is_patient(wait) else None

    def wait_after_loss(self) -> float | None:
        """The same after an answer that was lost: the model may have worked, and been paid, for each."""
        self._lost += 1
        wait = self._backed_off()
        return wait if self._lost < _MAX_LOST and self._is_patient(wait) else None

    def _is_patient(self, wait: float) -> bool:
        """Whether the run's patience, which begins with the call's first trouble, lasts that long."""
        now = time.monotonic()
        self._began = self._began if self._began is not None else now
        return now + wait - self._began <= self._patience

    def _backed_off(self) -> float:
        wait = self._next_wait
        self._next_wait = min(2 * wait, max(self._first_wait, _MAX_WAIT))
        return wait + random.uniform(0, self._first_wait)
