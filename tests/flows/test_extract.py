"""Day lists that grow, shrink, repeat themselves or are no lists: what is taken, kept, refused and said."""

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from daylists import record, records
from line import DAY, Line
from schemas.tables import PAPERS, REJECTED, VOTES

LATER, LAST = "2026-04-02T000000Z", "2026-04-03T000000Z"


def ids(numbers: list[int]) -> list[str]:
    return [f"2603.{number:05d}" for number in numbers]


# Lists that change -------------------------------------------------------------------------------


def test_a_paper_that_leaves_the_list_is_marked_and_one_that_returns_is_not(line: Line) -> None:
    first, second, third = records(3)
    line.day(DAY, [first, second, third])
    line.run()
    before = line.table(PAPERS)
    line.day(DAY, [first, third], LATER)
    gone = line.run()
    assert gone.code == 0
    assert gone.report is not None
    assert gone.report.listed["delisted"] == 1
    rows = line.table(PAPERS)
    assert rows["paper_id"].to_list() == ids([1, 2, 3])
    assert rows["delisted_at"].is_null().to_list() == [True, False, True]
    assert rows["first_seen_at"].to_list() == before["first_seen_at"].to_list()
    assert line.release().height == 3
    digest = (line.lake.digest / "README.md").read_text()
    assert "2603.00001" in digest
    assert "2603.00002" not in digest

    line.day(DAY, [first, second, third], LAST)
    line.run()
    back = line.table(PAPERS)
    assert back["delisted_at"].null_count() == 3
    assert back["first_seen_at"].to_list() == before["first_seen_at"].to_list()
    assert line.calls() == dict.fromkeys(ids([1, 2, 3]), 1)


def test_a_list_that_grows_keeps_what_was_first_seen_and_moves_only_its_clock(line: Line) -> None:
    line.day(DAY, records(3))
    line.run()
    before = line.table(PAPERS)
    line.day(DAY, [*records(2, first=8), *records(3)], LATER)
    ended = line.run()
    assert ended.code == 0
    assert ended.report is not None
    assert (ended.report.listed["new"], ended.report.listed["changed"]) == (2, 3)
    after = line.table(PAPERS).sort("rank")
    assert after["paper_id"].to_list() == ids([8, 9, 1, 2, 3])
    known = after.filter(pl.col("paper_id").is_in(before["paper_id"].to_list())).sort("paper_id")
    assert known["first_seen_at"].to_list() == before["first_seen_at"].to_list()
    assert (known["last_seen_at"] > before["last_seen_at"]).all()


def test_votes_are_written_down_whenever_a_fetch_finds_them_changed(line: Line) -> None:
    line.day(DAY, [record("2603.00001", votes=0), record("2603.00002", votes=5)])
    line.run()
    line.day(DAY, [record("2603.00001", votes=4), record("2603.00002", votes=5)], LATER)
    line.run()
    line.run()
    votes = line.table(VOTES).sort("paper_id", "observed_at")
    assert votes.select("paper_id", "upvotes").rows() == [
        ("2603.00001", 0),
        ("2603.00001", 4),
        ("2603.00002", 5),
    ]
    assert line.release()["upvotes"].to_list() == [4, 5]


def test_a_list_that_loses_more_than_half_delists_nothing_and_fails_the_run(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day(DAY, records(9))
    line.run()
    line.day(DAY, [record("2603.00001", votes=1), *records(3, first=2)], LATER)
    ended = line.run()
    assert ended.code == 1
    rows = line.table(PAPERS)
    assert rows.height == 9
    assert rows["delisted_at"].null_count() == 9
    assert rows["upvotes"][0] == 1
    assert "expected about the 9 papers known before, got 4; kept the 9" in capsys.readouterr().out
    line.day(DAY, records(5), LAST)
    assert line.run().code == 0
    assert line.table(PAPERS)["delisted_at"].null_count() == 5


# Completeness ------------------------------------------------------------------------------------


def test_a_weekday_that_comes_back_empty_fails_the_run_with_a_sentence(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = line.run()
    assert ended.code == 1
    out = capsys.readouterr().out
    assert "2026-03-05: expected papers on a weekday, got an empty list" in out
    assert "Next: the same command" in out
    assert line.release().is_empty()


def test_a_thin_day_fails_against_the_recent_weekdays_and_is_published_all_the_same(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, day in enumerate(range(9, 14)):
        line.day(f"2026-03-{day:02d}", records(12, first=100 * number + 1))
    assert line.backfill("2026-03-09", "2026-03-13").code == 0
    line.day("2026-03-16", records(2, first=900))
    ended = line.run("2026-03-16")
    assert ended.code == 1
    assert "2026-03-16: expected about 12 papers as on recent weekdays, got 2" in capsys.readouterr().out
    assert line.release().filter(pl.col("list_date") == date(2026, 3, 16)).height == 2
    line.day("2026-03-17", records(3, first=950))
    assert line.run("2026-03-17").code == 0


# Payloads that are broken ------------------------------------------------------------------------

BROKEN_PAGES = {
    "not_json": b'[{"paper": {"id": "2603.000',
    "html": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
    "empty_body": b"",
    "one": b"1",
    "dict": b'{"error": "Internal Error"}',
    "null": b"null",
    "text": b'"2603.00001"',
    "bad_utf8": b'[{"paper": "\xff\xfe"}]',
}
REASONS = {"one": "not_a_list", "dict": "not_a_list", "null": "not_a_list", "text": "not_a_list"}


@pytest.mark.parametrize("name", BROKEN_PAGES)
def test_a_page_that_is_no_list_is_kept_refused_by_name_and_harms_no_other_day(line: Line, name: str) -> None:
    line.day("2026-03-04", records(4))
    line.run("2026-03-04")
    before = line.release()
    line.day(DAY, BROKEN_PAGES[name])
    ended = line.run(refresh_days=1)
    assert ended.code == 1
    assert ended.report is not None
    assert ended.report.listed["rejected"] == 1
    rejected = line.table(REJECTED)
    assert rejected.select("list_date", "step", "reason", "paper_id").rows() == [
        (date(2026, 3, 5), "extract", REASONS.get(name, "not_json"), None)
    ]
    assert rejected["row"][0] == BROKEN_PAGES[name].decode("utf-8", "replace")
    assert line.release().equals(before)
    (kept,) = (line.home / "raw/daily_papers/2026/03/05").iterdir()
    assert kept.read_bytes() == BROKEN_PAGES[name]


def test_a_page_nested_beyond_reading_is_refused_like_any_other(line: Line) -> None:
    line.faults({"service": "daily_papers", "body": "[" * 100_000})
    assert line.run().code == 1
    assert line.table(REJECTED)["reason"].to_list() == ["not_json"]


def test_a_page_that_breaks_on_a_later_fetch_leaves_the_day_as_it_was(line: Line) -> None:
    line.day(DAY, records(6))
    line.run()
    before = line.release()
    line.day(DAY, b"1", LATER)
    assert line.run().code == 1
    assert line.release().equals(before)
    assert line.table(PAPERS)["delisted_at"].null_count() == 6


def without(field: str) -> dict[str, Any]:
    lacking: dict[str, Any] = {field: None}
    return record("2603.00009", **lacking)


BROKEN_RECORDS = {
    "no_paper": {"title": "A record without a paper", "publishedAt": "2026-03-05T00:00:00.000Z"},
    "paper_is_text": {"paper": "2603.00009"},
    "no_id": without("id"),
    "numeric_id": record("2603.00009", id=2603.00009),
    "integer_id": record("2603.00009", id=260300009),
    "old_style_id": record("2603.00009", id="cs/0603009"),
    "versioned_id": record("2603.00009", id="2603.00009v2"),
    "id_with_newline": record("2603.00009", id="2603.00009\n"),
    "path_id": record("2603.00009", id="../../etc/passwd"),
    "no_title": without("title"),
    "no_votes": without("upvotes"),
    "votes_as_text": record("2603.00009", upvotes="7"),
    "negative_votes": record("2603.00009", upvotes=-1),
    "no_authors": without("authors"),
    "record_is_a_number": 3,
    "record_is_null": None,
}


def test_records_that_cannot_stand_are_refused_one_by_one_and_the_others_stand(line: Line) -> None:
    line.day(DAY, [records(1)[0], *BROKEN_RECORDS.values(), *records(2, first=2)])
    ended = line.run()
    assert ended.code == 1
    assert ended.report is not None
    assert ended.report.listed["new"] == 3
    assert ended.report.listed["rejected"] == len(BROKEN_RECORDS)
    assert line.release()["paper_id"].to_list() == ids([1, 2, 3])
    assert line.release()["rank"].to_list() == [1, 2, 3]
    rejected = line.table(REJECTED)
    assert set(rejected["reason"]) == {"bad_record"}
    kept = {json.dumps(json.loads(row), sort_keys=True) for row in rejected["row"]}
    assert kept == {json.dumps(row, sort_keys=True) for row in BROKEN_RECORDS.values()}


def test_an_id_in_the_digits_of_another_script_is_refused(line: Line) -> None:
    line.day(DAY, [*records(2), record("2603.00009", id="２６０３.００００９")])
    assert line.run().code == 1
    assert line.release().height == 2


def test_refused_records_are_kept_once_however_often_they_come(line: Line) -> None:
    line.day(DAY, [*records(2), record("2603.00009", id=2603.1)])
    line.run()
    before = line.files()
    assert line.run().code == 1
    assert line.files() == before
    assert line.table(REJECTED).height == 1


def test_a_paper_that_stands_twice_in_one_list_is_taken_once_with_its_first_place(line: Line) -> None:
    line.day(DAY, [*records(3), record("2603.00001", votes=9), record("2603.00004", votes=1)])
    ended = line.run()
    assert ended.code == 0
    assert ended.report is not None
    assert ended.report.listed["repeated"] == 1
    assert line.release().select("paper_id", "upvotes").rows() == [
        ("2603.00001", 9999),
        ("2603.00002", 9998),
        ("2603.00003", 9997),
        ("2603.00004", 1),
    ]


def test_optional_fields_of_the_wrong_type_cost_the_field_and_not_the_paper(line: Line) -> None:
    wrong = record("2603.00001", githubStars="many", ai_keywords="model", mediaUrls=[7])
    wrong["numComments"] = -3
    line.day(DAY, [wrong])
    ended = line.run()
    assert ended.code == 0
    assert ended.report is not None
    assert set(ended.report.ignored_fields) == {"githubStars", "ai_keywords", "mediaUrls", "numComments"}
    row = line.release().row(0, named=True)
    assert (row["github_stars"], row["ai_keywords"], row["media_urls"], row["comment_count"]) == (
        None,
        [],
        [],
        None,
    )


def test_an_id_keeps_its_trailing_zeros(line: Line) -> None:
    line.day(DAY, [record("2603.01230"), record("2603.10000")])
    assert line.run().code == 0
    assert line.release()["paper_id"].to_list() == ["2603.01230", "2603.10000"]


def test_a_truncated_page_refuses_itself_and_delists_nobody(line: Line) -> None:
    line.day(DAY, records(120))
    line.backfill(DAY, DAY)
    before = line.release()
    for refused, page in enumerate([0, 1, 2], start=1):
        line.faults({"service": "daily_papers", "match": {"p": page}, "truncate": 700})
        assert line.run().code == 1
        rejected = line.table(REJECTED)
        assert rejected["reason"].to_list() == ["not_json"] * refused
        assert max(map(len, rejected["row"])) <= 700
        assert line.table(PAPERS)["delisted_at"].null_count() == 120
        assert line.release().equals(before)
    line.faults()
    assert line.run().code == 0
    assert line.release().equals(before)


def test_a_first_fetch_with_a_truncated_later_page_takes_what_came_and_the_next_run_the_rest(
    line: Line,
) -> None:
    line.day(DAY, records(120))
    line.faults({"service": "daily_papers", "match": {"p": 1}, "truncate": 700, "first": 1})
    assert line.backfill(DAY, DAY).code == 1
    assert line.release()["paper_id"].to_list() == ids(list(range(1, 51)))
    assert line.backfill(DAY, DAY).code == 0
    assert line.release()["paper_id"].to_list() == ids(list(range(1, 121)))


# A service that fails ----------------------------------------------------------------------------

TRANSIENT: dict[str, dict[str, Any]] = {
    "500 twice": {"status": 500, "first": 2},
    "429 with Retry-After": {"status": 429, "headers": {"Retry-After": "0.05"}, "first": 2},
    "429 without": {"status": 429, "first": 1},
    "503 with a date": {
        "status": 503,
        "headers": {"Retry-After": "Wed, 04 Mar 2026 00:00:00 GMT"},
        "first": 1,
    },
    "drop mid-body": {"drop": True, "first": 1},
    "lost answer": {"lost": True, "first": 1},
}


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_passing_fault_of_the_day_list_is_waited_out(line: Line, name: str) -> None:
    line.day(DAY, records(4))
    line.faults({"service": "daily_papers", **TRANSIENT[name]})
    assert line.run().code == 0
    assert line.release().height == 4
    assert len(line.requests("daily_papers")) == TRANSIENT[name]["first"] + 1


LASTING: dict[str, dict[str, Any]] = {
    "HTTP 500": {"status": 500},
    "HTTP 404": {"status": 404},
    "asking to wait 7200 s": {"status": 429, "headers": {"Retry-After": "7200"}},
    "RemoteProtocolError": {"drop": True},
}


@pytest.mark.parametrize("said", LASTING)
def test_a_day_that_cannot_be_had_is_said_and_the_other_days_go_on(
    line: Line, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day("2026-03-04", records(4))
    line.day(DAY, records(4, first=11))
    line.faults({"service": "daily_papers", "match": {"date": DAY}, **LASTING[said]})
    ended = line.run(refresh_days=1)
    assert ended.code == 3
    assert line.release()["list_date"].unique().to_list() == [date(2026, 3, 4)]
    assert line.release()["translation_status"].to_list() == ["ok"] * 4
    out = capsys.readouterr().out
    assert f"Hugging Face Daily Papers did not give page 0 of the list of {DAY}" in out
    assert said in out
    line.faults()
    assert line.run(refresh_days=1).code == 0
    assert line.release().height == 8
    assert sum(line.calls().values()) == 4


def test_a_service_that_is_not_there_at_all_ends_the_run_with_3_and_leaves_the_lake(line: Line) -> None:
    line.day(DAY, records(3))
    line.run()
    before = line.files()
    line.set(HF_ENDPOINT="http://127.0.0.1:9")
    assert line.run().code == 3
    assert line.files() == before
