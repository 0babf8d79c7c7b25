"""Rate limits as services keep them: so many requests and tokens a minute, by window or by bucket.

A fixed window counts from the first request on and starts anew each minute; a token bucket fills evenly and
holds a minute's worth. Services differ in what they tell: limits in ``x-ratelimit-*`` headers, a
Retry-After, both or neither. Called by flows/sandbox/model.py.
"""

import math
from typing import Protocol

from flows.sandbox.config import Limiter, SandboxConfig

_MINUTE = 60.0


class Refused(Exception):
    """A request over a limit; ``kind`` names it and ``headers`` are sent with the 429."""

    def __init__(self, kind: str, headers: dict[str, str]) -> None:
        super().__init__(f"Rate limit reached for {kind}.")
        self.kind = kind
        self.headers = headers


class Limit(Protocol):
    """One limit a minute."""

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount would pass; 0 lets it pass now."""

    def take(self, amount: float) -> None:
        """Count what was let in, at the moment that ``wait`` was asked about."""

    @property
    def remaining(self) -> int:
        """What would pass now."""

    @property
    def reset(self) -> float:
        """Seconds until all of it would."""


class Window:
    """A fixed window of a minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._began: float | None = None
        self._window = 0
        self._used = 0.0
        self.reset = _MINUTE

    def wait(self, amount: float, now: float) -> float:
        """The rest of the window when the amount is too much for it."""
        if self._began is None:
            self._began = now
        window, past = divmod(now - self._began, _MINUTE)
        if window != self._window:
            self._window, self._used = int(window), 0.0
        self.reset = math.ceil(_MINUTE - past)
        fits = self._used + min(amount, self._per_minute) <= self._per_minute
        return 0.0 if fits else _MINUTE - past

    def take(self, amount: float) -> None:
        """Count it in this window."""
        self._used += amount

    @property
    def remaining(self) -> int:
        """What is left of this window."""
        return max(0, math.floor(self._per_minute - self._used))


class TokenBucket:
    """A bucket that holds a minute's worth and fills evenly."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._rate = per_minute / _MINUTE
        self._level = float(per_minute)
        self._at: float | None = None

    def wait(self, amount: float, now: float) -> float:
        """The time that the missing rest takes to fill."""
        self._level += self._rate * (now - (now if self._at is None else self._at))
        self._level = min(self._level, self._per_minute)
        self._at = now
        return max(0.0, (min(amount, self._per_minute) - self._level) / self._rate)

    def take(self, amount: float) -> None:
        """Take it out."""
        self._level -= amount

    @property
    def remaining(self) -> int:
        """What is in the bucket."""
        return max(0, math.floor(self._level))

    @property
    def reset(self) -> float:
        """The time until the bucket is full."""
        return (self._per_minute - self._level) / self._rate


_LIMITERS: dict[Limiter, type[Window | TokenBucket]] = {"window": Window, "bucket": TokenBucket}


class RateLimits:
    """The limits of a sandbox on requests and on tokens; none where none are set."""

    def __init__(self, config: SandboxConfig) -> None:
        per_minute = {"requests": config.requests_per_minute, "tokens": config.tokens_per_minute}
        self._per_minute = {kind: limit for kind, limit in per_minute.items() if limit}
        limiter = _LIMITERS[config.limiter]
        self._limits: dict[str, Limit] = {kind: limiter(limit) for kind, limit in self._per_minute.items()}
        self._tells_limits = config.limit_headers
        self._tells_wait = config.retry_after

    def admit(self, tokens: int, now: float) -> dict[str, str]:
        """The headers that tell the client where it stands, after letting in a request of so many tokens.

        Raises:
            Refused: It is over a limit; nothing was counted.
        """
        amounts = {"requests": 1, "tokens": tokens}
        waits = {kind: limit.wait(amounts[kind], now) for kind, limit in self._limits.items()}
        longest = max(waits, key=lambda kind: waits[kind], default=None)
        if longest is not None and waits[longest] > 0:
            asked = {"retry-after": str(math.ceil(waits[longest]))} if self._tells_wait else {}
            raise Refused(longest, self._headers() | asked)
        for kind, limit in self._limits.items():
            limit.take(amounts[kind])
        return self._headers()

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for kind, limit in self._limits.items() if self._tells_limits else ():
            headers[f"x-ratelimit-limit-{kind}"] = str(self._per_minute[kind])
            headers[f"x-ratelimit-remaining-{kind}"] = str(limit.remaining)
            headers[f"x-ratelimit-reset-{kind}"] = span(limit.reset)
        return headers


def span(seconds: float) -> str:
    """The seconds as services write them.

    >>> span(0.2), span(59.5), span(60), span(372)
    ('200ms', '59.5s', '1m0s', '6m12s')
    """
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m{rest:.0f}s" if minutes else f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
