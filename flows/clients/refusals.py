"""What the model's service means by refusing: try again, and when, or stop with this sentence.

One reading for single calls and for batches. Called by flows/clients/openai.py and
flows/clients/batches.py.
"""

from typing import TYPE_CHECKING

from flows.clients.http import retry_after
from flows.errors import DailyPapersError, SettingsMissing, SourceUnavailable

if TYPE_CHECKING:
    from openai import APIStatusError

_RETRIED_STATUS = {408, 409, 425, 429}
# A shorter key is that of a self-hosted server, which takes any word, and no secret.
_SHORTEST_SECRET = 16


def without_key(body: bytes, key: str) -> bytes:
    """The body without the key, which a server may quote and with which the answer would be kept."""
    return body.replace(key.encode(), b"***") if len(key) >= _SHORTEST_SECRET else body


def wait_before_retry(error: "APIStatusError", patience: float) -> bool | float:
    """Whether the call is worth trying again, or the seconds to wait first where the service asks for some.

    A used-up quota is not, though the SDK would; neither is a wait longer than the run's patience.
    """
    if error.code == "insufficient_quota":
        return False
    if error.status_code not in _RETRIED_STATUS and error.status_code < 500:
        return False
    asked = retry_after(error.response.headers)
    return True if asked is None else asked <= patience and max(asked, 0.001)


def concerns_every_call(error: "APIStatusError") -> bool:
    """True when no other call can do better: the quota, the key or the model is refused."""
    return error.code == "insufficient_quota" or error.status_code in (401, 403, 404)


def refusal(error: "APIStatusError", key: str, subject: str) -> DailyPapersError:
    """The error to raise for a refusal, without the key, which a server may quote.

    Raise it ``from None``: a traceback of ``error``, in Prefect's log, may quote the key too.
    """
    said = f"HTTP {error.status_code} {error.code or ''}: {str(error.message).replace(key, '***')[:200]}"
    if error.code == "insufficient_quota":
        return SourceUnavailable(
            f"The model account's quota is used up ({said}). Answers that came are kept; add credit and "
            "run the same command again."
        )
    if concerns_every_call(error):
        return SettingsMissing(
            f"The model service refused the request for {subject} ({said}). Check OPENAI_API_KEY, "
            "OPENAI_BASE_URL and DAILY_PAPERS_MODEL, then run the same command again."
        )
    return SourceUnavailable(
        f"The model service refused {subject} ({said}). Answers that came are kept; run the same "
        "command again later."
    )
