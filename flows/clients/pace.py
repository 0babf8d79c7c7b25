"""When the next model call may go: so many at once, so many a minute, and nobody during a pause.

All calls stand in one line, first come first served, and each that ends lets the next one go, so a thousand
waiting calls cost nothing. Quotas are flows/clients/quota.py's; here is what is left when a service refuses
all the same: the calls allowed at once halve with a refusal, once a round trip, and grow by one with each
answer after it; a Retry-After is kept by everyone; without one, everyone pauses a moment and then one call
at a time feels whether the service is open again. Workers that share a lake share the settings' limits too
(flows/shared_pace.py). Called by flows/clients/openai.py.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from flows.clients.quota import Quota
from flows.shared_pace import LATE_SECONDS, SharedPace, Turns

# A pause that nobody asked for doubles up to so many times the first one.
_LONGEST_PAUSE = 4
# Timers are not finer than this.
_SOON = 0.001
# Tokens of an answer, until some have come; then their moving average.
_FIRST_ANSWER, _WEIGHT = 1000.0, 0.1
_CHARACTERS_A_TOKEN, _HANGUL_A_TOKEN = 4.0, 1.5
_ASCII = re.compile(r"[\x00-\x7f]+")


def estimated_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """About how many tokens the messages are: four ASCII characters, or one and a half others, are one.

    >>> estimated_tokens([{"role": "user", "content": "Attention 어텐션"}])
    4
    """
    content = "".join(message["content"] for message in messages)
    ascii_count = sum(len(run) for run in _ASCII.findall(content))
    return round(ascii_count / _CHARACTERS_A_TOKEN + (len(content) - ascii_count) / _HANGUL_A_TOKEN)


class Turn(NamedTuple):
    """One call's leave to be sent."""

    number: int
    model: str
    messages: float
    """Tokens of its messages, about."""
    tokens: float
    """What it was taken to cost, its answer included."""
    sent: tuple[float, float]
    """Requests and tokens that this model was ever sent, this call included."""
    sent_at: float


class _Waiting(NamedTuple):
    """A call in the line."""

    model: str
    messages: float
    turn: "asyncio.Future[Turn]"


class Pace:
    """The pace of one service.

    Args:
        concurrency: Most calls at once.
        requests_per_minute: Most calls a minute, None for no limit but the service's.
        tokens_per_minute: Most tokens a minute, likewise.
        pause: Seconds that everyone waits after a refusal that does not say how long.
        shared: Holds those two limits over several workers; then they are None here.
    """

    def __init__(
        self,
        concurrency: int,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        pause: float = 1.0,
        shared: SharedPace | None = None,
    ) -> None:
        self._most = concurrency
        self._slots = float(concurrency)
        self._under_way = 0
        self._line: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._requests = Quota("requests", requests_per_minute)
        self._tokens = Quota("tokens", tokens_per_minute)
        self._answer_tokens = _FIRST_ANSWER
        self._turns = 0
        self._refused_at = 0
        """Number of the newest turn when a refusal was last counted; later turns know of it."""
        self._first_pause = self._pause = pause
        self._paused_until = 0.0
        self._is_probing = False
        self._probe: Turn | None = None
        self._stopped_by: Exception | None = None
        self._shared = Turns(shared, self._advance, self.stop) if shared else None

    @asynccontextmanager
    async def turn(self, model: str, tokens: float, *, again: bool = False) -> AsyncIterator[Turn]:
        """A turn to send one call in; the block is the call.

        Args:
            model: The model asked.
            tokens: Tokens of the call's messages, about.
            again: True for a call that had its turn before: it goes to the head of the line.

        Raises:
            Exception: What the pace was stopped by.
        """
        turn = await self._granted(model, tokens, again)
        while self._shared is not None and _now() - turn.sent_at > LATE_SECONDS:
            # The loop was held up: the moment is over, and with others' calls the minute would be too full.
            self._end(turn)
            turn = await self._granted(model, tokens, again=True)
        try:
            yield turn
        finally:
            self._end(turn)

    def answered(self, turn: Turn, headers: Mapping[str, str], tokens: int | None) -> None:
        """Learn from an answer and from the tokens that it says it cost."""
        now = _now()
        self._hear(turn, headers, now)
        if tokens:
            self._answer_tokens += _WEIGHT * (tokens - turn.messages - self._answer_tokens)
            self._tokens.correct(turn.tokens - tokens, now)
        if turn.number > self._refused_at:
            self._slots = min(self._most, self._slots + 1)
            self._is_probing = False
            self._pause = self._first_pause

    def refused(self, turn: Turn, headers: Mapping[str, str], retry_after: float | None) -> None:
        """Slow down: the service said that it was asked too much."""
        now = _now()
        self._hear(turn, headers, now)
        self._tokens.correct(turn.tokens, now)
        if turn.number > self._refused_at:
            self._refused_at = self._turns
            if not self._is_probing:
                # A probe that is refused says that the service is still shut, not that it was asked too much.
                self._slots = max(1.0, self._slots / 2)
            if not retry_after:
                self._paused_until = max(self._paused_until, now + self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE * self._first_pause)
        if retry_after:
            self._paused_until = max(self._paused_until, now + retry_after)
        self._is_probing = not retry_after

    def stop(self, error: Exception) -> None:
        """End every call in the line, and each that comes later, with this error."""
        self._stopped_by = error
        for waiting in self._line:
            if not waiting.turn.done():
                waiting.turn.set_exception(_again(error))
        self._line.clear()

    async def _granted(self, model: str, tokens: float, again: bool) -> Turn:
        if self._stopped_by is not None:
            raise _again(self._stopped_by)
        waiting = _Waiting(model, tokens, asyncio.get_running_loop().create_future())
        if again:
            self._line.appendleft(waiting)
        else:
            self._line.append(waiting)
        self._advance()
        try:
            turn = await waiting.turn
        except asyncio.CancelledError:
            if waiting.turn.done() and not waiting.turn.cancelled() and waiting.turn.exception() is None:
                self._end(waiting.turn.result())
            self._advance()
            raise
        if self._stopped_by is not None:
            # Stopped between the grant and this moment.
            self._end(turn)
            raise _again(self._stopped_by)
        return turn

    def _advance(self) -> None:
        """Let calls go while they may; else come back when the first in line may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line and self._has_room():
            first = self._line[0]
            if not first.turn.done():
                now = _now()
                if (wait := self._wait(first, now)) is None:
                    return
                if wait > _SOON:
                    self._timer = asyncio.get_running_loop().call_later(wait, self._advance)
                    return
                first.turn.set_result(self._begun(first, now))
            self._line.popleft()

    def _has_room(self) -> bool:
        is_probed = self._is_probing and self._probe is not None
        return self._under_way < int(self._slots) and not is_probed

    def _wait(self, waiting: _Waiting, now: float) -> float | None:
        """Seconds until this call may go; None while the workers' shared pace is being asked."""
        model, tokens = waiting.model, self._cost(waiting)
        requests = self._requests.wait(model, 1, now)
        wait = max(requests, self._tokens.wait(model, tokens, now), self._paused_until - now)
        if self._shared is None or wait > _SOON:
            return wait
        # Room that those under way will make in a second counts too, or each call would ask for itself.
        room = int(self._slots) - self._under_way + self._under_way // 4
        return self._shared.wait(min(len(self._line), room), tokens)

    def _cost(self, waiting: _Waiting) -> float:
        """Tokens of the call and of its answer, about."""
        return max(1.0, waiting.messages + self._answer_tokens)

    def _begun(self, waiting: _Waiting, now: float) -> Turn:
        self._turns += 1
        self._under_way += 1
        if self._shared is not None:
            self._shared.take()
        model, tokens = waiting.model, self._cost(waiting)
        sent = self._requests.take(model, 1, now), self._tokens.take(model, tokens, now)
        turn = Turn(self._turns, model, waiting.messages, tokens, sent, now)
        if self._is_probing:
            self._probe = turn
        return turn

    def _end(self, turn: Turn) -> None:
        self._under_way -= 1
        if self._probe is turn:
            self._probe = None
        self._advance()

    def _hear(self, turn: Turn, headers: Mapping[str, str], now: float) -> None:
        for quota, sent in zip((self._requests, self._tokens), turn.sent, strict=True):
            quota.hear(turn.model, headers, sent, turn.sent_at, now)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _again(error: Exception) -> Exception:
    """The error anew: one that a thousand tasks raise would grow a traceback of them all."""
    return type(error)(*error.args)
