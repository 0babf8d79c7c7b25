"""What came from outside is kept as it came, once, and never overwritten."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.errors import ContractBroken
from flows.received import KeptAnswer, keep_answer, keep_day, keep_feed, kept_answer, was_fetched
from flows.storage import Lake

DAY = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 23, 0, 1, 999_999, tzinfo=UTC)
FOLDER = "raw/daily_papers/2026/03/05"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def files(lake: Lake) -> dict[str, bytes]:
    return {lake.name(path): path.read_bytes() for path in lake.home.rglob("*") if path.is_file()}


def test_pages_are_kept_byte_for_byte_under_the_date_asked_for(lake: Lake) -> None:
    pages = [b"[1, \xff]", b"<html>"]
    assert not was_fetched(lake, DAY)
    written = keep_day(lake, DAY, AT, pages)
    assert files(lake) == {
        f"{FOLDER}/20260305T230001Z-p0.json": pages[0],
        f"{FOLDER}/20260305T230001Z-p1.json": pages[1],
    }
    assert [path.read_bytes() for path in written] == pages
    assert was_fetched(lake, DAY)
    assert not was_fetched(lake, DAY + timedelta(days=1))


def test_the_same_pages_again_are_not_kept_again(lake: Lake) -> None:
    keep_day(lake, DAY, AT, [b"a", b"b"])
    before = files(lake)
    assert keep_day(lake, DAY, AT + timedelta(days=1), [b"a", b"b"]) == []
    assert files(lake) == before


@pytest.mark.parametrize("pages", [[b"a", b"c"], [b"a"], [b"a", b"b", b"c"], [b"b", b"a"]])
def test_changed_pages_are_kept_beside_the_earlier_ones(lake: Lake, pages: list[bytes]) -> None:
    keep_day(lake, DAY, AT, [b"a", b"b"])
    before = files(lake)
    later = keep_day(lake, DAY, AT + timedelta(days=1), pages)
    assert [path.name for path in later] == [f"20260306T230001Z-p{n}.json" for n in range(len(pages))]
    assert before.items() <= files(lake).items()


def test_pages_that_came_before_and_changed_back_are_kept_as_a_third_fetch(lake: Lake) -> None:
    for days, page in enumerate([b"a", b"b", b"a"]):
        keep_day(lake, DAY, AT + timedelta(days=days), [page])
    assert sorted(files(lake).values()) == [b"a", b"a", b"b"]


def test_two_fetches_in_one_second_stand_beside_each_other(lake: Lake) -> None:
    for page in (b"a", b"b", b"c"):
        keep_day(lake, DAY, AT, [page])
    assert files(lake) == {
        f"{FOLDER}/20260305T230001Z-p0.json": b"a",
        f"{FOLDER}/20260305T230002Z-p0.json": b"b",
        f"{FOLDER}/20260305T230003Z-p0.json": b"c",
    }


def test_a_fetch_of_which_a_killed_run_kept_half_is_kept_whole_beside_it(lake: Lake) -> None:
    keep_day(lake, DAY, AT, [b"a"])
    keep_day(lake, DAY, AT, [b"a", b"b"])
    assert sorted(files(lake).values()) == [b"a", b"a", b"b"]
    assert keep_day(lake, DAY, AT, [b"a", b"b"]) == []


def test_more_than_ten_pages_are_compared_in_their_order(lake: Lake) -> None:
    pages = [f"page {number}".encode() for number in range(12)]
    keep_day(lake, DAY, AT, pages)
    assert keep_day(lake, DAY, AT + timedelta(days=1), pages) == []


def test_a_feed_is_kept_under_the_day_it_came(lake: Lake) -> None:
    path = keep_feed(lake, AT, 3, b"<feed/>")
    assert lake.name(path) == "raw/arxiv/2026/03/05/20260305T230001Z-b3.xml"
    assert path.read_bytes() == b"<feed/>"


def test_two_feeds_of_one_second_stand_beside_each_other(lake: Lake) -> None:
    keep_feed(lake, AT, 0, b"<feed>one</feed>")
    keep_feed(lake, AT, 0, b"<feed>two</feed>")
    assert sorted(files(lake).values()) == [b"<feed>one</feed>", b"<feed>two</feed>"]


# Paid answers ------------------------------------------------------------------------------------


def answer(**values: Any) -> KeptAnswer:
    told = {
        "paper_id": "2603.00001",
        "source_sha256": "ab" * 32,
        "recipe_id": "0123456789ab",
        "step": "1-1",
        "model": "gpt-test",
        "answered_at": AT,
        "request_id": "req_1",
        "is_batch": False,
        "cost_usd": 0.001,
        "body": '{"content": "한국어 \\ud800 \u0000 \u2028"}',
    }
    return KeptAnswer.model_validate(told | values)


def path_of(lake: Lake) -> Path:
    return lake.home / "answers" / "one.json"


def test_an_answer_is_found_again_as_it_was_kept(lake: Lake) -> None:
    path = path_of(lake)
    assert kept_answer(lake, path) is None
    keep_answer(lake, path, answer())
    assert kept_answer(lake, path) == answer()


@pytest.mark.parametrize("left", [b"", b"{", b"null", b"[]", b'{"paper_id": "2603.00001"}', b"\xff\xfe"])
def test_a_file_that_is_no_answer_stops_the_paper_and_says_what_to_do(lake: Lake, left: bytes) -> None:
    path = path_of(lake)
    path.parent.mkdir(parents=True)
    path.write_bytes(left)
    with pytest.raises(ContractBroken) as caught:
        kept_answer(lake, path)
    assert lake.name(path) in str(caught.value)
    assert "pay for that answer once more" in str(caught.value)
    assert path.read_bytes() == left


@pytest.mark.parametrize("cut", [10, 100, 200])
def test_half_an_answer_is_not_taken_for_a_whole_one(lake: Lake, cut: int) -> None:
    path = path_of(lake)
    keep_answer(lake, path, answer())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ContractBroken):
        kept_answer(lake, path)
