"""Day lists out of bytes: every record accepted, repeated or kept aside with a reason."""

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daylists import record
from schemas.tables import PAPERS, REJECTED
from transforms.papers import DayList, day_list, github_repo, http_url, paper_ids_of

DAY = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 23, 0, 1, tzinfo=UTC)


def read(*pages: Any) -> DayList:
    encoded = [page if isinstance(page, bytes) else json.dumps(page).encode() for page in pages]
    return day_list(encoded, DAY, AT)


def paper_of(**changed: Any) -> dict[str, Any]:
    """The only PAPERS row of a list with one record whose ``paper`` is changed."""
    (row,) = read([record("2603.00001", **changed)]).papers.to_dicts()
    return row


def is_accounted_for(day: DayList) -> bool:
    return day.record_count == day.papers.height + day.repeated_count + day.rejected.height


def test_a_record_becomes_one_row_with_our_names() -> None:
    sent = record(
        "2603.00001",
        votes=7,
        title="Grinding\n  Long  Documents",
        summary="First line\nsecond line.",
        publishedAt="2026-03-03T17:59:59.000Z",
        submittedOnDailyAt="2026-03-05T01:02:03.004Z",
        githubRepo="https://github.com/lab/kit/tree/main\n",
        githubStars=12,
        projectPage="https://example.org/kit",
        mediaUrls=["https://example.org/a.mp4"],
        organization={"_id": "o", "name": "lab", "fullname": "The Lab"},
        ai_keywords=["", "long inputs"],
    )
    sent["mediaUrls"] = ["https://example.org/b.qt", "https://example.org/a.mp4"]
    assert read([sent]).papers.to_dicts() == [
        {
            "list_date": DAY,
            "paper_id": "2603.00001",
            "rank": 1,
            "upvotes": 7,
            "comment_count": 1,
            "submitted_at": datetime(2026, 3, 5, 1, 2, 3, 4000, tzinfo=UTC),
            "submitted_by": "millwright",
            "first_seen_at": AT,
            "last_seen_at": AT,
            "delisted_at": None,
            "title": "Grinding Long Documents",
            "authors": ["Bo-ra Kim", "Alva Lind"],
            "published_at": datetime(2026, 3, 3, 17, 59, 59, tzinfo=UTC),
            "hub_abstract": "First line second line.",
            "is_withdrawn": False,
            "organization": "The Lab",
            "github_repo": "https://github.com/lab/kit",
            "github_stars": 12,
            "project_page": "https://example.org/kit",
            "thumbnail_url": "https://example.org/thumbnails/2603.00001.png",
            "media_urls": ["https://example.org/b.qt", "https://example.org/a.mp4"],
            "ai_summary": "A compact model reads long inputs in parts.",
            "ai_keywords": ["long inputs"],
        }
    ]


def test_a_record_with_the_required_fields_alone_is_a_row() -> None:
    sent = {"paper": {"id": "2603.00001", "title": "Mill", "upvotes": 0, "authors": []}}
    (row,) = read([sent]).papers.to_dicts()
    filled = {name: value for name, value in row.items() if value is not None}
    assert filled == {
        "list_date": DAY,
        "paper_id": "2603.00001",
        "rank": 1,
        "upvotes": 0,
        "first_seen_at": AT,
        "last_seen_at": AT,
        "title": "Mill",
        "authors": [],
        "is_withdrawn": False,
        "media_urls": [],
        "ai_keywords": [],
    }


def test_ranks_run_over_all_pages_and_skip_what_is_refused_or_repeated() -> None:
    broken = record("2603.00003", upvotes=-1)
    day = read(
        [record("2603.00002"), broken, record("2603.00001")], [record("2603.00002"), record("2603.00004")]
    )
    assert day.papers.select("rank", "paper_id").rows() == [
        (1, "2603.00002"),
        (2, "2603.00001"),
        (3, "2603.00004"),
    ]
    assert (day.record_count, day.repeated_count, day.rejected.height) == (5, 1, 1)
    assert day.is_whole


def test_of_two_records_of_one_paper_the_first_counts() -> None:
    day = read([record("2603.00001", votes=9), record("2603.00001", votes=2)])
    assert day.papers["upvotes"].to_list() == [9]
    assert (day.record_count, day.repeated_count) == (2, 1)


def test_an_empty_list_gives_empty_tables_and_is_whole() -> None:
    day = read([])
    assert day.papers.equals(PAPERS.empty())
    assert day.rejected.equals(REJECTED.empty())
    assert day.papers.schema == PAPERS.empty().schema
    assert (day.record_count, day.is_whole) == (0, True)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", "not_json"),
        (b"<html>busy</html>", "not_json"),
        (b'[{"paper": {"id": "2603.0', "not_json"),
        (b"\xff\xfe\x00[", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"[1" + b"0" * 5000 + b"]", "not_json"),
        (b"1", "not_a_list"),
        (b'{"error": "no such date"}', "not_a_list"),
        (b"null", "not_a_list"),
    ],
    ids=["empty", "html", "cut", "encoding", "deep", "number", "one", "object", "null"],
)
def test_a_page_that_is_no_list_is_one_rejection_and_the_day_is_not_whole(page: bytes, reason: str) -> None:
    day = read([record("2603.00001")], page)
    assert day.rejected.select("reason", "paper_id", "list_date").rows() == [(reason, None, DAY)]
    assert day.rejected["row"].to_list() == [page.decode("utf-8", "replace")]
    assert day.papers["paper_id"].to_list() == ["2603.00001"]
    assert day.record_count == 2
    assert not day.is_whole


@pytest.mark.parametrize(
    ("broken", "paper_id", "said"),
    [
        (1, None, "record: "),
        (None, None, "record: "),
        ({}, None, "paper: Field required"),
        ({"paper": None}, None, "paper: "),
        ({"paper": {"title": "no id", "upvotes": 1, "authors": []}}, None, "paper.id: Field required"),
        (record("2603.00001", id=2603.00001), None, "paper.id: "),
        (record("2603.00001", id="2603.1"), None, "paper.id: "),
        (record("2603.00001", id="2603.00001v2"), None, "paper.id: "),
        (record("2603.00001", id="../../etc/passwd"), None, "paper.id: "),
        (record("2603.00001", title=None), "2603.00001", "paper.title: Field required"),
        (record("2603.00001", title=5), "2603.00001", "paper.title: "),
        (record("2603.00001", upvotes="3"), "2603.00001", "paper.upvotes: "),
        (record("2603.00001", upvotes=True), "2603.00001", "paper.upvotes: "),
        (record("2603.00001", upvotes=2**63), "2603.00001", "paper.upvotes: "),
        (record("2603.00001", authors="Bo"), "2603.00001", "paper.authors: "),
        (record("2603.00001", authors=[{"name": None}]), "2603.00001", "paper.authors.0.name: "),
    ],
)
def test_a_record_without_what_the_table_needs_is_refused_and_kept_whole(
    broken: Any, paper_id: str | None, said: str
) -> None:
    day = read([broken, record("2603.00009")])
    (kept,) = day.rejected.to_dicts()
    assert (kept["step"], kept["reason"], kept["paper_id"]) == ("extract", "bad_record", paper_id)
    assert kept["detail"].startswith(said)
    assert json.loads(kept["row"]) == broken
    assert day.papers["paper_id"].to_list() == ["2603.00009"]
    assert day.is_whole


@pytest.mark.parametrize(
    "name", ["summary", "publishedAt", "githubStars", "ai_keywords", "organization", "mediaUrls"]
)
def test_an_optional_field_of_the_wrong_type_costs_that_field_only(name: str) -> None:
    odd: dict[str, Any] = {name: "odd" if name != "summary" else ["odd"]}
    day = read([record("2603.00001", **odd)])
    assert day.papers.height == 1
    assert dict(day.ignored_fields) == {name: 1}


def test_several_unusable_fields_are_counted_one_by_one() -> None:
    sent = record("2603.00001", summary=5, ai_summary=[]) | {"numComments": "many", "thumbnail": 1}
    day = read([sent])
    assert dict(day.ignored_fields) == {"summary": 1, "ai_summary": 1, "numComments": 1, "thumbnail": 1}
    assert day.papers.select("hub_abstract", "comment_count", "thumbnail_url").rows() == [(None, None, None)]


@pytest.mark.parametrize(
    ("published", "listed", "expected"),
    [
        ("2025-03-07T08:36:05.000Z", "2025-03-09T22:20:09.137Z", "2025-03-09T22:20:09.137Z"),
        ("2025-03-07T08:36:05.000Z", "2025-03-07T03:36:05.000Z", None),
        ("2025-03-10T17:59:03.000Z", "2025-03-10T13:59:03.000Z", None),
        (None, "2025-03-09T22:20:09.137Z", "2025-03-09T22:20:09.137Z"),
    ],
    ids=["listed", "winter", "summer", "no date of the paper"],
)
def test_the_top_date_is_the_listing_time_unless_it_is_the_papers_own_date_shifted(
    published: str | None, listed: str, expected: str | None
) -> None:
    sent = record("2503.00001", publishedAt=published, submittedOnDailyAt=None) | {"publishedAt": listed}
    (row,) = read([sent]).papers.to_dicts()
    assert row["submitted_at"] == (datetime.fromisoformat(expected) if expected else None)


def test_dates_with_an_offset_are_stored_as_utc() -> None:
    row = paper_of(publishedAt="2026-03-03T20:00:00+09:00")
    assert row["published_at"] == datetime(2026, 3, 3, 11, tzinfo=UTC)


def test_a_date_without_a_zone_is_unusable_and_never_guessed() -> None:
    day = read([record("2603.00001", publishedAt="2026-03-03T20:00:00")])
    assert day.papers["published_at"].to_list() == [None]
    assert dict(day.ignored_fields) == {"publishedAt": 1}


def test_the_submitter_is_read_from_either_place() -> None:
    first = record("2603.00001")
    second = {name: value for name, value in record("2603.00002").items() if name != "submittedBy"}
    nobody = record("2603.00003", submittedOnDailyBy=None) | {"submittedBy": {}}
    assert read([first, second, nobody]).papers["submitted_by"].to_list() == [
        "millwright",
        "millwright",
        None,
    ]


def test_hidden_and_nameless_authors_are_left_out_and_the_others_keep_their_order() -> None:
    names = [("Zoe", False), (":", False), ("Ada", True), ("  Bo\n Lee ", False), ("김민", False)]
    row = paper_of(authors=[{"name": name, "hidden": hidden} for name, hidden in names])
    assert row["authors"] == ["Zoe", "Bo Lee", "김민"]


def test_a_withdrawn_paper_is_marked() -> None:
    assert paper_of(withdrawnAt="2026-03-04T00:00:00.000Z")["is_withdrawn"] is True


def test_the_thumbnail_of_the_first_era_is_read_from_its_old_name() -> None:
    sent = {name: value for name, value in record("2406.00001").items() if name != "thumbnail"}
    (row,) = read([sent | {"mediaUrl": "https://example.org/old.png"}]).papers.to_dicts()
    assert row["thumbnail_url"] == "https://example.org/old.png"


@pytest.mark.parametrize(
    ("pasted", "repository"),
    [
        ("https://github.com/lab/kit", "https://github.com/lab/kit"),
        ("http://www.github.com/lab/kit.git", "https://github.com/lab/kit"),
        ("https://github.com/lab/kit/", "https://github.com/lab/kit"),
        (" https://github.com/lab/\nkit?tab=readme ", "https://github.com/lab/kit"),
        ("https://github.com/lab", None),
        ("https://github.com.evil.example/lab/kit", None),
        ("https://evil.example/?u=https://github.com/lab/kit", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
    ],
)
def test_a_repository_is_cut_out_of_what_submitters_paste(pasted: str | None, repository: str | None) -> None:
    assert github_repo(pasted) == repository


@pytest.mark.parametrize(
    ("sent", "url"),
    [
        ("https://example.org/a b\n", "https://example.org/ab"),
        ("/avatars/1.svg", None),
        ('https://example.org/"onload="x', None),
        ("https://example.org/<script>", None),
        ("ftp://example.org/a", None),
        ("https://", None),
    ],
)
def test_only_plain_http_addresses_are_kept(sent: str, url: str | None) -> None:
    assert http_url(sent) == url


def test_the_ids_of_a_page_tell_whether_another_page_is_new() -> None:
    assert paper_ids_of(json.dumps([record("2603.00001"), record("2603.00002")]).encode()) == {
        "2603.00001",
        "2603.00002",
    }
    assert paper_ids_of(b"<html>") == set()


def test_reading_the_same_bytes_twice_gives_the_same_rows() -> None:
    pages = [[record("2603.00002"), {"paper": 1}, record("2603.00001")]]
    first, second = read(*pages), read(*pages)
    assert first.papers.equals(second.papers)
    assert first.rejected.equals(second.rejected)


def test_a_broken_record_that_stands_twice_is_accounted_for_twice() -> None:
    day = read([{"paper": 1}, {"paper": 1}])
    assert is_accounted_for(day)


def test_an_id_in_other_digits_is_refused() -> None:
    assert read([record("2603.00001", id="٢٦٠٣.٠٠٠٠١")]).papers.is_empty()


def test_a_repository_name_that_the_table_refuses_is_dropped() -> None:
    PAPERS.schema.validate(read([record("2603.00001", githubRepo="https://github.com/lab/kit²")]).papers)


def test_the_id_of_a_refused_record_is_an_id_or_null() -> None:
    day = read([record("2603.00001", id="2603.00001\n")])
    assert day.rejected["paper_id"].to_list() == [None]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_every_date_in_the_table_can_be_read_back(moment: str) -> None:
    assert paper_of(publishedAt=moment, submittedOnDailyAt=moment)


# Properties --------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
HOSTILE = st.text(st.characters(), max_size=20)  # lone surrogates and controls too
MOMENT = st.integers(631_152_000, 4_102_444_800).map(lambda at: datetime.fromtimestamp(at, UTC).isoformat())


def field(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return right | right | JSON


PAPER = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["2603.00001", "2603.00002", "0704.0001"]) | field(HOSTILE),
        "title": field(HOSTILE),
        "upvotes": field(st.integers(0, 2**63 - 1)),
        "authors": field(
            st.lists(st.fixed_dictionaries({"name": HOSTILE, "hidden": st.booleans()}), max_size=3)
        ),
    },
    optional={
        "summary": field(HOSTILE),
        "publishedAt": field(MOMENT),
        "submittedOnDailyAt": field(MOMENT),
        "submittedOnDailyBy": field(st.fixed_dictionaries({"user": HOSTILE})),
        "withdrawnAt": field(MOMENT),
        "mediaUrls": field(st.lists(HOSTILE.map("https://x.example/".__add__), max_size=3)),
        "githubRepo": field(HOSTILE.map("https://x.example/".__add__)),
        "githubStars": field(st.integers()),
        "ai_keywords": field(st.lists(HOSTILE, max_size=3)),
        "organization": field(st.fixed_dictionaries({"name": HOSTILE})),
    },
)
RECORD = st.fixed_dictionaries(
    {"paper": field(PAPER)},
    optional={
        "publishedAt": field(MOMENT),
        "numComments": field(st.integers()),
        "thumbnail": field(HOSTILE),
        "submittedBy": field(st.fixed_dictionaries({"name": HOSTILE})),
    },
)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=3))
def test_no_bytes_raise_and_every_page_is_accounted_for(pages: list[bytes]) -> None:
    distinct = list({page.decode("utf-8", "replace"): page for page in pages}.values())
    day = day_list(distinct, DAY, AT)
    assert is_accounted_for(day)
    PAPERS.schema.validate(day.papers)
    REJECTED.schema.validate(day.rejected)


@settings(deadline=None, max_examples=150)
@given(st.lists(RECORD | JSON, max_size=5))
def test_no_json_raises_and_every_record_is_accounted_for(sent: list[Any]) -> None:
    distinct = list({json.dumps(item, sort_keys=True): item for item in sent}.values())
    day = read(distinct)
    assert day.record_count == len(distinct)
    assert is_accounted_for(day)
    assert day.papers["paper_id"].is_unique().all()
    assert day.papers["rank"].to_list() == list(range(1, day.papers.height + 1))
    PAPERS.schema.validate(day.papers)
    REJECTED.schema.validate(day.rejected)


@given(st.lists(st.sampled_from([f"2603.0000{n}" for n in range(6)]), max_size=12), st.integers(1, 12))
def test_paging_does_not_change_what_a_list_holds(ids: list[str], size: int) -> None:
    sent = [record(paper_id) for paper_id in ids]
    paged = read(*(sent[start : start + size] for start in range(0, len(sent), size)))
    assert paged.papers.equals(read(sent).papers)
    assert paged.papers.schema == pl.Schema(PAPERS.empty().schema)
