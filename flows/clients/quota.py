"""How much of a quota is left: requests or tokens, as settings allow them and as the service says.

A quota is reckoned as a bucket that fills evenly over time. What the service says in its
``x-ratelimit-*`` headers is true of the moment it let that call in, so what was sent since is taken off and
what has filled since is added. That follows a token bucket exactly. A fixed window does not fill evenly, so
it refuses a call now and then, says how long it stays shut, and flows/clients/pace.py waits. Called by
flows/clients/pace.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["requests", "tokens"]

_MINUTE = 60.0
# Headers may mean something else than they seem to; a call that is refused costs nothing and settles it.
_LONGEST_WAIT = 60.0
# A larger "reset" is a moment (seconds since 1970), not a span.
_LONGEST_RESET = 86_400.0
_SPAN = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|us|µs|ns|[dhms]))+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|us|µs|ns|[dhms])")
_UNITS = {"d": 86_400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def span_seconds(text: str) -> float | None:
    """Seconds of a span such as ``6m0s``, ``59.5s``, ``200ms`` or ``12``; None for anything else.

    >>> span_seconds("6m0s"), span_seconds("200ms"), span_seconds("12"), span_seconds("soon")
    (360.0, 0.2, 12.0, None)
    """
    text = text.strip()
    if _SPAN.fullmatch(text):
        seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    elif re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text):
        seconds = float(text)
    else:
        return None
    return seconds if seconds <= _LONGEST_RESET else None


@dataclass
class Bucket:
    """An amount that is taken from and fills evenly up to its capacity."""

    capacity: float
    rate: float
    """What it gains in a second."""
    level: float
    at: float
    """When ``level`` was so, in the loop's seconds."""

    def take(self, amount: float, now: float) -> None:
        """Take the amount out, below zero if need be; a negative amount goes back in."""
        self.level = self._level(now) - amount
        self.at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount is there; what is larger than the bucket waits until it is full."""
        return max(0.0, (min(amount, self.capacity) - self._level(now)) / self.rate)

    def _level(self, now: float) -> float:
        return min(self.capacity, self.level + self.rate * (now - self.at))


class Quota:
    """One kind of quota: what the settings allow, and what the service says of one model.

    Args:
        kind: Of what.
        per_minute: The settings' limit, None for none. Its bucket holds a second's worth, so that no
            minute, wherever it begins, gets more than that above the limit.
    """

    def __init__(self, kind: Kind, per_minute: int | None) -> None:
        self._kind = kind
        rate = (per_minute or 0) / _MINUTE
        self._own = Bucket(max(1.0, rate), rate, max(1.0, rate), 0.0) if per_minute else None
        self._told: dict[str, _Told] = {}

    def wait(self, model: str, amount: float, now: float) -> float:
        """Seconds until this amount may be sent to this model."""
        told = self._told.get(model)
        own_wait = self._own.wait(amount, now) if self._own else 0.0
        return max(own_wait, told.wait(amount, now) if told else 0.0)

    def take(self, model: str, amount: float, now: float) -> float:
        """Note that so much is sent; all that was ever sent to this model, for ``hear``."""
        if self._own:
            self._own.take(amount, now)
        told = self._told.setdefault(model, _Told())
        return told.take(amount, now)

    def correct(self, surplus: float, now: float) -> None:
        """Give back what was noted too much; the service's own count is left to its headers."""
        if self._own:
            self._own.take(-surplus, now)

    def hear(self, model: str, headers: Mapping[str, str], sent: float, sent_at: float, now: float) -> None:
        """Believe the headers of an answer.

        Args:
            model: The model asked.
            headers: The answer's.
            sent: What ``take`` said when the call was sent.
            sent_at: When that was.
            now: The loop's time.
        """
        limit = _amount(headers.get(f"x-ratelimit-limit-{self._kind}"))
        remaining = _amount(headers.get(f"x-ratelimit-remaining-{self._kind}"))
        if not limit or remaining is None:
            return
        rate = limit / _MINUTE
        reset = span_seconds(headers.get(f"x-ratelimit-reset-{self._kind}", ""))
        if reset and remaining < limit:
            # Some limits are a day's: what was used comes back by the reset, whatever the period is.
            rate = min(rate, (limit - remaining) / reset)
        self._told.setdefault(model, _Told()).hear(limit, rate, remaining, sent, sent_at, now)


class _Told:
    """What the service said is left of one quota of one model."""

    def __init__(self) -> None:
        self._sent = 0.0
        self._sent_at = 0.0
        self._heard = -1.0
        self._bucket: Bucket | None = None

    def wait(self, amount: float, now: float) -> float:
        if self._bucket is None:
            return 0.0
        return min(self._bucket.wait(amount, now), max(0.0, self._sent_at + _LONGEST_WAIT - now))

    def take(self, amount: float, now: float) -> float:
        if self._bucket is not None:
            self._bucket.take(amount, now)
        self._sent += amount
        self._sent_at = now
        return self._sent

    def hear(
        self, limit: float, rate: float, remaining: float, sent: float, sent_at: float, now: float
    ) -> None:
        if sent < self._heard:
            # The answer to an earlier call came later: what it says is older than what is known.
            return
        self._heard = sent
        level = remaining - (self._sent - sent) + rate * (now - sent_at)
        self._bucket = Bucket(limit, rate, min(level, limit), now)


def _amount(text: str | None) -> float | None:
    """The header's number; None when it is absent or is none (-1 means "unlimited" to some services)."""
    return float(text) if text is not None and re.fullmatch(r"[0-9]{1,18}(\.[0-9]+)?", text.strip()) else None
