"""One pace for the model over all workers that share a lake: when each call may go, agreed upon in advance.

The lake keeps one moment: when the next call of anybody may go. Whoever wants to send a few calls moves it on
by their time and has the span in between for itself; two who do so at once are told apart by the store
(flows/object_store.py), so one worker or eight never send more together than the settings allow. The moments
are by the machines' clocks, which must agree to a second or so (NTP). A block is a second at most, so all
workers together ask the store a few times a second, and one that dies takes no more than its block with it.

Whoever began to ask first has most of the limit, so that months which began together end one after the other:
in step, all of them would be published and fetched at once, and nobody would ask the model meanwhile.
Called by flows/clients/pace.py; made by flows/translator.py.
"""

import asyncio
import json
import math
import random
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from upath import UPath

from flows import object_store
from flows.errors import LakeBusy
from flows.storage import Lake

LATE_SECONDS = 1.0
"""How long after its moment a call may get its turn, and after its turn may go."""
# So the calls of 62 seconds of moments may go within a minute.
_MINUTE = 60.0 + 2 * LATE_SECONDS
_MOST_RACES = 50
# What a later one gets of the calls it wants at once, while somebody who began before asks too.
_SHARE_OF_LATER = 1 / 8
# Who has reserved nothing for so long asks no more, and the next is the first.
_SILENCE_SECONDS = 3.0
# Who reserves less at once, at its end or because little is allowed, stands in nobody's way.
_LITTLE_SECONDS = 0.25


class _Agreed(NamedTuple):
    """What the lake keeps; seconds since 1970."""

    next: float
    """When the next call of anybody may go."""
    began_at: float
    """When the one who has most of the limit began to ask."""
    asked_at: float
    """When that one reserved last."""


class SharedPace:
    """The moment that the lake keeps.

    Args:
        path: The object that holds it.
        requests_per_minute: Most calls a minute by all workers together, None for no limit.
        tokens_per_minute: Most tokens a minute, likewise.
    """

    def __init__(self, path: UPath, requests_per_minute: int | None, tokens_per_minute: int | None) -> None:
        self._path = path
        self._requests, self._tokens = requests_per_minute, tokens_per_minute
        self._began_at = time.time()

    def seconds_a_call(self, tokens: float) -> float:
        """How long one call of so many tokens keeps the next one waiting."""
        by_requests = _MINUTE / self._requests if self._requests else 0.0
        by_tokens = tokens * _MINUTE / self._tokens if self._tokens else 0.0
        return max(by_requests, by_tokens)

    def reserved(self, calls: int, tokens: float) -> list[float]:
        """Moments (seconds since 1970) at which so many calls of so many tokens each may go.

        Fewer, but at least one, while somebody who began before asks too.

        Raises:
            LakeBusy: Others reserved faster every time.
            LakeUnwritable: The store was away or refused.
        """
        step = self.seconds_a_call(tokens)
        with object_store.faults_named(self._path):
            for race in range(_MOST_RACES):
                document, version = object_store.read(self._path)
                agreed = _agreed(document)
                now = time.time()
                first = max(now, agreed.next)
                is_asking = abs(now - agreed.asked_at) < _SILENCE_SECONDS
                is_later = is_asking and agreed.began_at < self._began_at
                # With no moment ahead reserved, nobody is in the way, whoever began before.
                granted = math.ceil(calls * _SHARE_OF_LATER) if is_later and agreed.next > now else calls
                if not is_later and calls * step >= _LITTLE_SECONDS:
                    agreed = agreed._replace(began_at=self._began_at, asked_at=now)
                following = agreed._replace(next=first + granted * step)
                new = json.dumps({**following._asdict(), "nonce": random.random()})
                try:
                    object_store.put(self._path, new.encode(), version)
                except object_store.Changed:
                    time.sleep(random.uniform(0, 0.02 * (race + 1)))
                else:
                    return [first + number * step for number in range(granted)]
        raise LakeBusy(
            f"No turn could be reserved in {self._path}: others were faster {_MOST_RACES} times. What was "
            "paid for is kept; run the same command again."
        )


class Turns:
    """The moments reserved for this process, fetched in a thread while calls wait.

    Args:
        pace: Where they are reserved.
        wake: Called in the loop when there are new ones.
        fail: Called with the error when none can be had.
    """

    def __init__(self, pace: SharedPace, wake: Callable[[], None], fail: Callable[[Exception], None]) -> None:
        self._pace, self._wake, self._fail = pace, wake, fail
        self._moments: deque[float] = deque()
        self._granted = 0
        self._fetching: asyncio.Task[None] | None = None

    def wait(self, wanted: int, tokens: float) -> float | None:
        """Seconds until the next call may go; None while that is being found out, and ``wake`` follows.

        Args:
            wanted: Calls that could go now if they were allowed to.
            tokens: What one of them costs, about.
        """
        now = time.time()
        while self._moments and self._moments[0] < now - LATE_SECONDS:
            self._moments.popleft()
        block = max(1, math.floor(1 / self._pace.seconds_a_call(tokens)))
        # Half a block ahead, or of what was granted: who has little of the limit keeps no store of it.
        ahead = max(1, min(block, self._granted) // 2)
        if self._fetching is None and len(self._moments) < min(wanted, ahead):
            calls = min(wanted - len(self._moments), block)
            self._fetching = asyncio.get_running_loop().create_task(self._fetch(calls, tokens))
        return max(0.0, self._moments[0] - now) if self._moments else None

    def take(self) -> None:
        """Use the next moment."""
        self._moments.popleft()

    async def _fetch(self, calls: int, tokens: float) -> None:
        try:
            moments = await asyncio.to_thread(self._pace.reserved, calls, tokens)
            self._granted = len(moments)
            self._moments += moments
        except Exception as error:
            # Whatever it is: the calls that wait for a moment would wait for ever.
            self._fail(error)
        finally:
            self._fetching = None
        self._wake()


def shared_pace(
    lake: Lake, requests_per_minute: int | None, tokens_per_minute: int | None
) -> SharedPace | None:
    """The pace that this lake's workers share; None where there is one writer, or no limit to share."""
    if not lake.is_shared or not (requests_per_minute or tokens_per_minute):
        return None
    return SharedPace(lake.home / "leases" / "pace.json", requests_per_minute, tokens_per_minute)


def _agreed(content: bytes | None) -> _Agreed:
    nothing = _Agreed(0.0, 0.0, 0.0)
    try:
        said = json.loads(content or b"{}")
        agreed = _Agreed(*(float(said[name]) for name in _Agreed._fields))
    except (ValueError, TypeError, KeyError):
        return nothing
    # A moment far ahead was written by a clock that is wrong; nobody waits an hour for it.
    return agreed if agreed.next < time.time() + 3600 else nothing
