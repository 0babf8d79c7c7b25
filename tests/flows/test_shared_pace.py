"""The pace that workers share: whoever asks, and however many, no minute holds more than the limit."""

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from flows import object_store
from flows.clients.pace import Pace
from flows.errors import LakeUnwritable
from flows.shared_pace import SharedPace, shared_pace
from flows.storage import Lake

AHEAD = b'{"next": 0, "began_at": 0, "asked_at": 1e12}'


@given(
    st.integers(1, 6000) | st.none(),
    st.integers(1_000, 10_000_000) | st.none(),
    st.floats(1, 20_000),
)
def test_a_minute_of_moments_and_two_seconds_of_lateness_hold_no_more_than_either_limit(
    requests: int | None, tokens: int | None, tokens_a_call: float
) -> None:
    step = SharedPace(UPath("pace.json"), requests, tokens).seconds_a_call(tokens_a_call)
    calls = 62 / step if step else float("inf")
    assert requests is None or calls <= requests * (1 + 1e-9)
    assert tokens is None or calls * tokens_a_call <= tokens * (1 + 1e-9)


def test_moments_that_eight_workers_reserve_at_once_are_all_apart(bucket: UPath) -> None:
    step = 62 / 600
    with ThreadPoolExecutor(8) as pool:
        paces = [SharedPace(bucket / "pace.json", 600, None) for _ in range(8)]
        blocks = list(pool.map(lambda pace: [pace.reserved(3, 1) for _ in range(2)], paces))
    moments = sorted(moment for worker in blocks for block in worker for moment in block)
    assert 16 <= len(moments) <= 48
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert min(gaps) > step * 0.999


def test_who_began_to_ask_first_has_most_of_the_limit_until_it_asks_no_more(
    bucket: UPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (SharedPace(bucket / "pace.json", 1200, None) for _ in range(2))
    granted = [len(pace.reserved(16, 1)) for pace in (second, first, second, first, second)]
    # Alone, whoever asks has all it wants; the earlier one takes the lead as soon as it asks.
    assert granted == [16, 16, 2, 16, 2]
    assert len(second.reserved(1, 1)) == 1
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 6)
    assert len(second.reserved(16, 1)) == 16


def test_a_moment_far_ahead_or_a_broken_file_holds_nobody_up(bucket: UPath) -> None:
    path = bucket / "pace.json"
    for content in (b'{"next": 1e12}', b"no json", b'["x"]', b'{"next": "soon"}', AHEAD):
        object_store.overwrite(path, content)
        moments = SharedPace(path, 600, None).reserved(8, 1)
        assert len(moments) == 8
        assert moments[0] < time.time() + 60


async def sent(pace: Pace, calls: int) -> list[float]:
    moments: list[float] = []

    async def call() -> None:
        async with pace.turn("a model", 100):
            moments.append(time.time())
            await asyncio.sleep(0.05)

    await asyncio.gather(*(call() for _ in range(calls)))
    return moments


async def test_calls_of_two_workers_together_keep_the_pace_and_all_get_their_turn(bucket: UPath) -> None:
    paces = [Pace(16, shared=SharedPace(bucket / "pace.json", 1200, None)) for _ in range(2)]
    begun = time.time()
    together = sorted(itertools.chain(*await asyncio.gather(*(sent(pace, 30) for pace in paces))))
    assert len(together) == 60
    # 60 calls are 59 steps: however fast the machine, they cannot be through sooner.
    assert together[-1] - begun >= 59 * 62 / 1200 - 1


async def test_a_store_that_is_away_ends_every_call_with_its_sentence(away: UPath) -> None:
    pace = Pace(4, shared=SharedPace(away / "pace.json", 1200, None))
    ended = await asyncio.gather(*(sent(pace, 1) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(error, LakeUnwritable) for error in ended), ended
    assert all("did not answer or refused" in str(error) for error in ended), ended


def test_a_lake_on_a_disk_and_one_without_limits_share_no_pace(bucket: UPath, tmp_path: object) -> None:
    assert shared_pace(Lake(str(tmp_path)), 100, None) is None
    assert shared_pace(Lake(str(bucket)), None, None) is None
    assert shared_pace(Lake(str(bucket)), None, 1000) is not None


def test_a_bucket_that_is_not_there_is_named(bucket: UPath) -> None:
    shared = shared_pace(Lake("s3://there-is-none/lake"), 10, None)
    assert shared is not None
    with pytest.raises(LakeUnwritable, match="no bucket there-is-none"):
        shared.reserved(1, 1)
