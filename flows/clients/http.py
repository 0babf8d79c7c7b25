"""GET with a timeout, bounded retries and a clear error, for the services that are read.

Retry-After is honoured, and one that asks for more than the run's patience ends the call at once with
the sentence that says so, where huggingface_hub's own back-off would sleep through it. Called by
flows/clients/daily_papers.py, arxiv.py and paper_pages.py.
"""

import email.utils
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx2
import stamina

from flows.errors import SourceUnavailable

_RETRIED_STATUS = {408, 425, 429, 500, 502, 503, 504}
_ATTEMPTS = 6
_TIMEOUT = 30.0
_USER_AGENT = "daily-papers-ko (+https://huggingface.co/papers)"


class Service:
    """One HTTP service with its retry policy.

    Args:
        name: The service as people call it, for errors.
        patience: Seconds that one request may spend, retries included.
        first_wait: Seconds before the first retry; doubles from there.
        token: Bearer token, if the service takes one.
    """

    def __init__(self, name: str, patience: float, first_wait: float, token: str | None = None) -> None:
        self.name = name
        self._patience = patience
        self._first_wait = first_wait
        headers = {"User-Agent": _USER_AGENT} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx2.AsyncClient(timeout=_TIMEOUT, headers=headers, follow_redirects=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, url: str, params: Mapping[str, Any], subject: str) -> bytes:
        """The body of a successful answer.

        Args:
            url: Address without query.
            params: Query.
            subject: What is asked for ("the list of 2025-03-14"), for errors.

        Raises:
            SourceUnavailable: The service refused, or did not answer well within the attempts and patience.
        """
        attempts = 0
        try:
            async for attempt in stamina.retry_context(
                on=lambda error: wait_before_retry(error, self._patience),
                attempts=_ATTEMPTS,
                timeout=self._patience,
                wait_initial=self._first_wait,
                wait_max=max(self._first_wait, 60.0),
                wait_jitter=self._first_wait,
            ):
                with attempt:
                    attempts = attempt.num
                    response = await self._client.get(url, params=dict(params))
                    response.raise_for_status()
                    return response.content
        except httpx2.HTTPError as error:
            raise SourceUnavailable(
                f"{self.name} did not give {subject}: {_reason(error)} ({attempts} attempts). What came "
                "before it is kept; run the same command again later."
            ) from error
        raise AssertionError("unreachable: retry_context returns or raises")

    async def find(self, url: str, subject: str) -> bytes | None:
        """The body of a successful answer, or None where the service says that there is no such thing.

        Raises:
            SourceUnavailable: As for ``get``, but for HTTP 404 and 410.
        """
        try:
            return await self.get(url, {}, subject)
        except SourceUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, httpx2.HTTPStatusError) and cause.response.status_code in (404, 410):
                return None
            raise


def wait_before_retry(error: BaseException, patience: float) -> bool | float:
    """Whether a failed request is made again: no, when the back-off says, or after the seconds asked for."""
    response = getattr(error, "response", None)
    if response is None:
        return isinstance(error, httpx2.TransportError)
    if response.status_code not in _RETRIED_STATUS:
        return False
    asked = retry_after(response.headers)
    return True if asked is None else asked <= patience and max(asked, 0.001)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header (seconds or HTTP date) asks to wait, or None."""
    value = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        # RFC 9110 dates are GMT, said or not.
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _reason(error: httpx2.HTTPError) -> str:
    if isinstance(error, httpx2.HTTPStatusError):
        asked = error.response.headers.get("retry-after")
        wait = f", asking to wait {asked} s" if asked else ""
        return f"HTTP {error.response.status_code}{wait}"
    return f"{type(error).__name__} {error}".strip()
