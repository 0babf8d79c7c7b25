"""Reading a service: retried where that can help, patient to a limit, plain about what was not got."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from flows.clients.arxiv import Arxiv
from flows.clients.daily_papers import DailyPapers
from flows.clients.http import Service, retry_after
from flows.errors import SourceUnavailable
from flows.settings import Settings
from scripted import Reply, Scripted

WAIT = 0.01


async def get(server: Scripted, patience: float = 5.0, token: str | None = None, wait: float = WAIT) -> bytes:
    service = Service("The service", patience, wait, token)
    try:
        return await service.get(server.url + "/list", {"date": "2026-03-05"}, "the list of 2026-03-05")
    finally:
        await service.close()


async def refused(server: Scripted, patience: float = 5.0) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        await get(server, patience)
    return str(caught.value)


async def test_a_good_answer_is_given_as_it_came() -> None:
    with Scripted(Reply(body=b"\xff\x00 raw")) as server:
        assert await get(server) == b"\xff\x00 raw"
        (asked,) = server.asked
    assert asked.path == "/list?date=2026-03-05"
    assert "daily-papers-ko" in asked.headers["User-Agent"]
    assert "Authorization" not in asked.headers


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_passing_trouble_is_tried_again(status: int) -> None:
    with Scripted(Reply(status), Reply(status), Reply()) as server:
        assert await get(server) == b"ok"
        assert len(server.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
async def test_a_refusal_is_not_tried_again(status: int) -> None:
    with Scripted(Reply(status)) as server:
        said = await refused(server)
        assert len(server.asked) == 1
    assert f"The service did not give the list of 2026-03-05: HTTP {status} (1 attempts)" in said
    assert "run the same command again later" in said


async def test_trouble_that_stays_ends_after_six_attempts() -> None:
    with Scripted(Reply(503)) as server:
        assert "HTTP 503 (6 attempts)" in await refused(server)
        assert len(server.asked) == 6


async def test_retries_end_when_patience_does() -> None:
    began = time.monotonic()
    with Scripted(Reply(503)) as server:
        with pytest.raises(SourceUnavailable):
            await get(server, patience=0.5, wait=0.2)
        assert len(server.asked) < 6
    assert time.monotonic() - began < 60


async def test_retry_after_in_seconds_is_waited_for() -> None:
    with Scripted(Reply(429, headers={"Retry-After": "0.4"}), Reply()) as server:
        assert await get(server) == b"ok"
        assert 0.4 <= server.gaps[0] < 1


async def test_retry_after_as_a_date_is_waited_for() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    with Scripted(Reply(503, headers={"Retry-After": moment}), Reply()) as server:
        assert await get(server) == b"ok"
        assert 0.8 <= server.gaps[0] < 2.5


async def test_a_retry_after_beyond_patience_ends_the_call_at_once_and_is_told() -> None:
    began = time.monotonic()
    with Scripted(Reply(429, headers={"Retry-After": "3600"})) as server:
        assert "HTTP 429, asking to wait 3600 s (1 attempts)" in await refused(server)
        assert len(server.asked) == 1
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("broken", [Reply(body=b"x" * 1000, drop=True), Reply(hang_up=True)])
async def test_a_broken_connection_is_tried_again(broken: Reply) -> None:
    with Scripted(broken, Reply(body=b"whole")) as server:
        assert await get(server) == b"whole"
        assert len(server.asked) == 2


async def test_half_a_body_is_never_given_as_a_whole_one() -> None:
    with Scripted(Reply(body=b"x" * 1000, drop=True)) as server:
        assert "RemoteProtocolError" in await refused(server)


async def test_a_service_that_does_not_listen_is_unavailable() -> None:
    with Scripted(Reply()) as server:
        pass
    assert "ConnectError" in await refused(server, patience=0.5)


async def test_an_answer_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.clients.http._TIMEOUT", 0.2)
    with Scripted(Reply(delay=1), Reply(body=b"quick")) as server:
        assert await get(server) == b"quick"


async def test_a_redirect_is_followed() -> None:
    with Scripted(Reply(307, headers={"Location": "/other"}), Reply(body=b"there")) as server:
        assert await get(server) == b"there"
        assert [asked.path for asked in server.asked] == ["/list?date=2026-03-05", "/other"]


async def test_redirects_in_a_circle_end() -> None:
    with Scripted(Reply(302, headers={"Location": "/list"})) as server:
        assert "TooManyRedirects" in await refused(server)


async def test_the_token_goes_to_its_service_and_not_to_where_that_redirects() -> None:
    with Scripted(Reply(body=b"there")) as elsewhere:
        with Scripted(Reply(307, headers={"Location": elsewhere.url + "/x"})) as server:
            assert await get(server, token="hf_secret") == b"there"
            assert server.asked[0].headers["Authorization"] == "Bearer hf_secret"
        assert "Authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        (" 2.5 ", 2.5),
        ("-3", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds
    assert retry_after({}) is None


@pytest.mark.parametrize("header", ["Wed, 21 Oct 2015 07:28:00 -0000", "Wed, 21 Oct 2015 07:28:00"])
def test_a_retry_after_without_a_zone_is_utc(header: str) -> None:
    assert retry_after({"retry-after": header}) == 0.0


# The two services --------------------------------------------------------------------------------


def settings(**values: object) -> Settings:
    return Settings.model_validate({"retry_wait": WAIT, "patience": 2.0} | values)


Page = Callable[..., bytes]


def page(*ids: int) -> bytes:
    return ("[" + ",".join(f'{{"paper": {{"id": "2603.{number:05d}"}}}}' for number in ids) + "]").encode()


async def pages(server: Scripted) -> list[bytes]:
    source = DailyPapers(settings(HF_ENDPOINT=server.url + "/"))
    try:
        return await source.pages(datetime(2026, 3, 5, tzinfo=UTC).date())
    finally:
        await source.close()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([page()], 1),
        ([page(*range(49))], 1),
        ([page(*range(50)), page(*range(50, 60))], 2),
        ([page(*range(50)), page()], 1),
        ([page(*range(50)), page(*range(50))], 1),
        ([page(*range(50)), page(*range(40))], 1),
        ([page(*range(50)), b"<html>"], 2),
        ([b"1"], 1),
    ],
    ids=["empty", "short", "two", "exact", "same again", "nothing new", "broken second", "no list"],
)
async def test_pages_are_read_until_one_is_short_or_brings_nothing_new(sent: list[bytes], kept: int) -> None:
    with Scripted(*(Reply(body=body) for body in sent)) as server:
        assert await pages(server) == sent[:kept]
        assert len(server.asked) == len(sent)
        assert server.asked[0].path == "/api/daily_papers?date=2026-03-05&limit=50&p=0"


async def test_a_list_without_an_end_is_refused() -> None:
    replies = [Reply(body=page(*range(start, start + 50))) for start in range(0, 50_000, 50)]
    with Scripted(*replies) as server:
        with pytest.raises(SourceUnavailable, match="did not end within 40 pages of 50"):
            await pages(server)
        assert len(server.asked) == 40


async def fed(server: Scripted, use: Callable[[Arxiv], Awaitable[None]], interval: float) -> None:
    source = Arxiv(settings(arxiv_url=server.url + "/api/query", arxiv_interval=interval))
    try:
        await use(source)
    finally:
        await source.close()


async def test_arxiv_is_asked_for_the_whole_batch_at_its_pace() -> None:
    async def use(source: Arxiv) -> None:
        assert await source.feed(["2603.00001", "2603.00002"]) == b"ok"
        await source.feed(["2603.00003"])

    with Scripted(Reply()) as server:
        await fed(server, use, interval=0.3)
        assert server.asked[0].path == "/api/query?id_list=2603.00001%2C2603.00002&max_results=2"
        # Less than the interval by what the first request's connection took.
        assert server.gaps[0] >= 0.2


async def test_arxivs_own_pace_is_also_the_first_wait_after_a_refusal() -> None:
    async def use(source: Arxiv) -> None:
        await source.feed(["2603.00001"])

    with Scripted(Reply(429), Reply()) as server:
        await fed(server, use, interval=0.3)
        assert server.gaps[0] >= 0.29
