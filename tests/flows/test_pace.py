"""The pace of calls, in a time of its own: a loop that leaps to its next timer runs minutes at once."""

import asyncio
import random
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.clients.pace import Pace, Turn, estimated_tokens
from flows.clients.quota import Bucket, Quota, span_seconds
from flows.errors import LakeUnwritable, SourceUnavailable
from flows.sandbox.config import SandboxConfig
from flows.sandbox.limits import RateLimits, Refused, span

A_MINUTE = 300


class _Leap(selectors.DefaultSelector):
    """Waits for nothing: the clock goes on instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "everybody waits for everybody"
        self.now += timeout
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop whose time is its timers'."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def leaping(main: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(main)


class Service:
    """A service with the sandbox's limits and a latency, whose calls are coroutines."""

    def __init__(self, pace: Pace, latency: float = 2.0, tokens: int = 1000, **limits: Any) -> None:
        self._pace = pace
        self._limits = RateLimits(SandboxConfig(**limits))
        self._latency = latency
        self._tokens = tokens
        self._draw = random.Random(1)
        self.admitted_at: list[float] = []
        self.refused_at: list[float] = []
        self.under_way = self.most_at_once = 0

    async def call(self, tokens: int = 500) -> None:
        """One call to its answer."""
        again = False
        while True:
            async with self._pace.turn("m", tokens, again=again) as turn:
                if await self._is_answered(turn):
                    return
            again = True

    async def _is_answered(self, turn: Turn) -> bool:
        now = asyncio.get_running_loop().time()
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            headers = self._limits.admit(self._tokens, now)
        except Refused as refused:
            self.refused_at.append(now)
            await asyncio.sleep(0.005)
            asked = refused.headers.get("retry-after")
            self._pace.refused(turn, refused.headers, float(asked) if asked else None)
            return False
        else:
            self.admitted_at.append(now)
            await asyncio.sleep(self._latency * self._draw.lognormvariate(0, 0.5))
            self._pace.answered(turn, headers, self._tokens)
            return True
        finally:
            self.under_way -= 1


def served(count: int, concurrency: int = 64, pace: dict[str, Any] | None = None, **service: Any) -> Service:
    """The service after so many calls, all asked for at once."""

    async def run() -> Service:
        serving = Service(Pace(concurrency, **pace or {}), **service)
        await asyncio.gather(*(serving.call() for _ in range(count)))
        return serving

    found: Service = leaping(run())
    return found


def most_in_a_minute(moments: list[float]) -> int:
    return max(sum(start <= moment < start + 60 for moment in moments) for start in moments)


# The whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("limiter", ["window", "bucket"])
@pytest.mark.parametrize("limit_headers", [True, False])
@pytest.mark.parametrize("retry_after", [True, False])
@pytest.mark.parametrize("kind", ["requests", "tokens"])
def test_a_limit_is_used_to_the_full_whatever_the_service_tells(
    kind: str, limiter: str, limit_headers: bool, retry_after: bool
) -> None:
    limit: dict[str, Any] = {f"{kind}_per_minute": A_MINUTE * (1000 if kind == "tokens" else 1)}
    service = served(1200, limiter=limiter, limit_headers=limit_headers, retry_after=retry_after, **limit)
    assert len(service.admitted_at) == 1200
    # The first minute's worth may go at once; the others come one a minute.
    soonest = 3 * 60
    assert 1200 / (service.admitted_at[-1] / 60) >= 0.95 * A_MINUTE
    assert service.admitted_at[-1] <= soonest / 0.95 + 30
    assert len(service.refused_at) < 100


def test_told_a_bucket_s_level_nothing_is_refused() -> None:
    service = served(1200, requests_per_minute=A_MINUTE, limiter="bucket")
    assert service.refused_at == []


def test_a_window_that_tells_when_it_opens_refuses_a_call_or_two_each_time() -> None:
    service = served(1200, requests_per_minute=A_MINUTE, limiter="window")
    assert 1 <= len(service.refused_at) <= 2 * 4


@pytest.mark.parametrize("limiter", ["window", "bucket"])
def test_many_calls_at_once_find_their_way_back_after_a_shut_window(limiter: str) -> None:
    silent: dict[str, Any] = {"limit_headers": False, "retry_after": False, "latency": 20}
    service = served(1200, 1000, requests_per_minute=A_MINUTE, limiter=limiter, **silent)
    assert service.admitted_at[-1] <= 6 * 60


@given(per_minute=st.integers(1, 2000), count=st.integers(1, 200))
def test_the_settings_limit_is_kept_in_every_minute(per_minute: int, count: int) -> None:
    service = served(count, pace={"requests_per_minute": per_minute}, latency=0.5)
    assert len(service.admitted_at) == count
    assert most_in_a_minute(service.admitted_at) <= per_minute + max(1, per_minute / 60) + 1


@pytest.mark.parametrize("tokens", [200, 3000])
def test_a_limit_of_tokens_is_kept_however_wrong_the_first_estimate_is(tokens: int) -> None:
    service = served(400_000 // tokens, pace={"tokens_per_minute": 100_000}, tokens=tokens)
    later = [moment for moment in service.admitted_at if moment > 60]
    assert most_in_a_minute(later) * tokens <= 1.1 * 100_000
    # Nor is much of it left unused.
    assert most_in_a_minute(later) * tokens >= 0.85 * 100_000


def test_without_a_limit_the_calls_at_once_are_the_settings() -> None:
    service = served(500, 64)
    assert (service.most_at_once, len(service.admitted_at)) == (64, 500)


# One by one --------------------------------------------------------------------------------------


async def paced(pace: Pace, log: list[str], name: str, seconds: float = 1.0, *, again: bool = False) -> None:
    async with pace.turn("m", 100, again=again) as turn:
        log.append(name)
        await asyncio.sleep(seconds)
        pace.answered(turn, {}, None)


def scene(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """The test in a loop that leaps."""

    def run() -> None:
        async def main() -> None:
            await test()

        leaping(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def now() -> float:
    return asyncio.get_running_loop().time()


async def refuse(pace: Pace, retry_after: float | None = None, **headers: str) -> None:
    async with pace.turn("m", 100) as turn:
        await asyncio.sleep(0.005)
        pace.refused(turn, headers, retry_after)


@scene
async def test_calls_go_in_the_order_they_came_and_one_that_comes_again_goes_first() -> None:
    pace, log = Pace(1), list[str]()
    calls = [asyncio.create_task(paced(pace, log, name)) for name in "abc"]
    await asyncio.sleep(0.5)
    calls.append(asyncio.create_task(paced(pace, log, "again", again=True)))
    await asyncio.gather(*calls)
    assert log == ["a", "again", "b", "c"]


@scene
async def test_a_refusal_halves_the_calls_at_once_and_each_answer_after_it_gives_one_back() -> None:
    pace, log = Pace(8), list[str]()
    await asyncio.gather(*(refuse(pace, 5) for _ in range(8)))  # one round trip: halved once
    calls = [asyncio.create_task(paced(pace, log, "x")) for _ in range(40)]
    began: list[int] = []
    await asyncio.sleep(5.5)
    for _ in range(3):
        began.append(len(log))
        await asyncio.sleep(1)
    await asyncio.gather(*calls)
    assert began == [4, 12, 20]


@scene
async def test_a_pause_that_is_asked_for_is_kept_by_all_and_the_longest_counts() -> None:
    pace, log = Pace(8), list[str]()
    await asyncio.gather(refuse(pace, 30), refuse(pace, 5))
    await paced(pace, log, "x", 0)
    assert now() == pytest.approx(30, abs=0.02)


@scene
async def test_without_a_wait_to_keep_one_call_at_a_time_tries_with_growing_pauses() -> None:
    pace = Pace(8)
    tried: list[float] = []

    async def call() -> None:
        again = False
        while True:
            async with pace.turn("m", 100, again=again) as turn:
                tried.append(round(now(), 1))
                await asyncio.sleep(0.005)
                if now() > 12:
                    await asyncio.sleep(3)
                    pace.answered(turn, {}, None)
                    return
                pace.refused(turn, {}, None)
            again = True

    await asyncio.gather(*(call() for _ in range(20)))
    # Eight at once are refused, then one each at 1, 3, 7, 11 and 15; its answer lets the others go.
    assert tried[:13] == [0.0] * 8 + [1.0, 3.0, 7.0, 11.0, 15.0]
    assert tried[13:18] == [18.0] * 5
    assert len(tried) == 8 + 4 + 20


@scene
async def test_a_call_that_is_given_up_in_the_line_or_at_its_turn_holds_nothing_up() -> None:
    pace, log = Pace(1), list[str]()
    first = asyncio.create_task(paced(pace, log, "first"))
    waiting = [asyncio.create_task(paced(pace, log, name)) for name in ("second", "third", "fourth")]
    await asyncio.sleep(0.5)
    waiting[0].cancel()
    await asyncio.sleep(0.5)
    # Its turn has come in this very moment, and it is cancelled before it takes it.
    await first
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert log in (["first", "fourth"], ["first", "third", "fourth"])
    await paced(pace, log, "last")
    assert log[-1] == "last"


@scene
async def test_a_stopped_pace_ends_everybody_with_an_error_of_their_own() -> None:
    pace, log = Pace(1), list[str]()
    tasks = [asyncio.create_task(paced(pace, log, str(number))) for number in range(5)]
    await asyncio.sleep(0.5)
    pace.stop(SourceUnavailable("used up"))
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(error) for error in ended] == ["None", *["used up"] * 4]
    assert len({id(error) for error in ended}) == 5
    with pytest.raises(SourceUnavailable, match="used up"):
        await paced(pace, log, "later")


@scene
async def test_a_call_whose_turn_came_in_the_moment_of_the_stop_is_not_made() -> None:
    pace, log = Pace(1), list[str]()
    async with pace.turn("m", 100):
        waiting = asyncio.create_task(paced(pace, log, "second"))
        await asyncio.sleep(0.5)
    # The turn is the second call's now; it has not begun.
    pace.stop(LakeUnwritable("full"))
    with pytest.raises(LakeUnwritable):
        await waiting
    assert log == []


@scene
async def test_two_models_have_limits_of_their_own() -> None:
    pace, log = Pace(8), list[str]()
    spent = {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0"}
    async with pace.turn("judge", 100) as turn:
        pace.answered(turn, spent, None)
    await paced(pace, log, "x", 0)
    assert now() == 0
    async with pace.turn("judge", 100):
        assert now() == pytest.approx(1, abs=0.02)


# Quotas and headers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360), ("59.5s", 59.5), ("200ms", 0.2), ("1s", 1), ("12", 12), ("0.5", 0.5), ("1h2m3s", 3723),
        ("7m12s", 432), ("0s", 0), (" 3s ", 3), ("30\u00b5s", 3e-5), ("", None), ("soon", None), ("-1", None),
        ("1763700000", None), ("2026-11-21T00:00:00Z", None), ("1s2", None), ("s", None),
    ],
)  # fmt: skip
def test_a_reset_is_read_as_services_write_it(text: str, seconds: float | None) -> None:
    assert span_seconds(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.floats(0, 86_000))
def test_the_sandbox_writes_spans_that_are_read_back(seconds: float) -> None:
    assert span_seconds(span(seconds)) == pytest.approx(seconds, abs=0.6)


@given(st.text(alphabet="0123456789.smhdu\u00b5 -", max_size=2000))
def test_any_reset_is_read_or_not_and_never_negative(text: str) -> None:
    assert (span_seconds(text) or 0) >= 0


def told(limit: object, remaining: object, reset: str = "") -> dict[str, str]:
    headers = {"x-ratelimit-limit-requests": str(limit), "x-ratelimit-remaining-requests": str(remaining)}
    return headers | ({"x-ratelimit-reset-requests": reset} if reset else {})


@pytest.mark.parametrize(
    "headers", [{}, told(60, -1), told(0, 0), told("many", "few"), told(60, ""), told("\u0664\u0665", 0)]
)
def test_headers_that_say_nothing_change_nothing(headers: dict[str, str]) -> None:
    quota = Quota("requests", None)
    sent = quota.take("m", 1, 0)
    quota.hear("m", headers, sent, 0, 1)
    assert quota.wait("m", 1, 1) == 0


def test_what_was_sent_since_is_taken_off_and_what_filled_since_is_added() -> None:
    quota = Quota("requests", None)
    sent = quota.take("m", 1, 0)
    for _ in range(5):
        quota.take("m", 1, 1)
    quota.hear("m", told(60, 4), sent, 0, 2)  # 4 left, 5 sent since, 2 filled since
    assert quota.wait("m", 1, 2) == pytest.approx(0)
    assert quota.wait("m", 3, 2) == pytest.approx(2)


def test_the_word_of_the_newest_call_counts_though_an_older_one_comes_later() -> None:
    quota = Quota("requests", None)
    older, newer = quota.take("m", 1, 0), quota.take("m", 1, 0)
    quota.hear("m", told(60, 0), newer, 0, 1)
    quota.hear("m", told(60, 59), older, 0, 1)
    assert quota.wait("m", 2, 1) == pytest.approx(1)


def test_a_limit_of_a_day_fills_as_slowly_as_its_reset_says() -> None:
    quota = Quota("requests", None)
    sent = quota.take("m", 1, 0)
    quota.hear("m", told(14_400, 0, "24h0m0s"), sent, 0, 0)
    assert quota.wait("m", 1, 0) == pytest.approx(6)


def test_no_header_holds_a_call_back_for_more_than_a_minute() -> None:
    quota = Quota("requests", None)
    sent = quota.take("m", 1, 0)
    quota.hear("m", told(200, 0, "24h0m0s"), sent, 0, 0)
    assert quota.wait("m", 1, 10) == pytest.approx(50)


@given(
    takes=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 100)), max_size=20),
    capacity=st.floats(1, 100),
    rate=st.floats(0.1, 100),
)
def test_a_bucket_s_wait_is_just_long_enough(
    takes: list[tuple[float, float]], capacity: float, rate: float
) -> None:
    bucket, moment = Bucket(capacity, rate, capacity, 0.0), 0.0
    for amount, pause in takes:
        moment += pause
        bucket.take(amount, moment)
        wait = bucket.wait(amount, moment)
        assert bucket.wait(amount, moment + wait) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("content", "tokens"), [("", 0), ("four" * 10, 10), ("\ud55c\uad6d\uc5b4" * 10, 20), ("ab\uac00", 1)]
)
def test_tokens_are_estimated_by_script(content: str, tokens: int) -> None:
    assert estimated_tokens([{"role": "user", "content": content}]) == tokens
