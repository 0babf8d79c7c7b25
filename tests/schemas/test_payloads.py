"""Every stored day list of the Hub, all its eras: read whole, and its oddities pinned.

Where a count here changes, the reader changed (or the stored lists did): look before you refresh it.
"""

import json
from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from schemas.payloads import DailyPaper, HubPaper
from schemas.tables import PAPERS, VOTES
from transforms.listings import change_counts, merged_papers, new_votes
from transforms.papers import DayList, day_list

STORED = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not STORED.exists(), reason="the stored payloads are not beside this checkout (../shared/data)"
)


@cache
def days() -> dict[str, DayList]:
    """Every stored list by file name, in order of date and fetch."""
    return {path.name: read(path) for path in sorted((STORED / "daily_papers").glob("*.json"))}


def read(path: Path) -> DayList:
    list_date, _, rest = path.name.partition("@")
    fetched_at = datetime.strptime(rest[:18], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    return day_list([path.read_bytes()], date.fromisoformat(list_date), fetched_at)


def fetches(list_date: str) -> list[DayList]:
    return [day for name, day in days().items() if name.startswith(f"{list_date}@")]


def of(day: DayList, column: str) -> list[object]:
    values: list[object] = day.papers[column].to_list()
    return values


def test_every_record_of_every_stored_list_is_accounted_for() -> None:
    assert len(days()) == 101
    for name, day in days().items():
        assert day.record_count == len(json.loads((STORED / "daily_papers" / name).read_bytes())), name
        assert day.record_count == day.papers.height + day.repeated_count + day.rejected.height, name
        assert day.is_whole
        PAPERS.schema.validate(day.papers)


def test_totals_are_the_measured_ones() -> None:
    totals = Counter[str]()
    for day in days().values():
        totals.update(
            records=day.record_count,
            accepted=day.papers.height,
            repeated=day.repeated_count,
            rejected=day.rejected.height,
            ignored=day.ignored_fields.total(),
        )
    assert totals == {"records": 1623, "accepted": 1621, "repeated": 2, "rejected": 0, "ignored": 0}
    listings = pl.concat([day.papers.select(PAPERS.key) for day in days().values()]).unique()
    assert listings.height == 1414
    assert listings["paper_id"].n_unique() == 1412


def test_no_field_that_every_record_has_is_lost() -> None:
    rows = pl.concat([day.papers for day in days().values()])
    for name in ("hub_abstract", "published_at", "comment_count", "thumbnail_url"):
        assert rows[name].null_count() == 0, name
    assert rows["authors"].list.len().min() == 1
    assert rows["authors"].list.len().max() == 533


def test_titles_and_abstracts_are_one_line_and_ids_keep_their_zeros() -> None:
    rows = pl.concat([day.papers for day in days().values()])
    for name in ("title", "hub_abstract"):
        assert not rows[name].str.contains(r"[\n\t]|  ").any()
    assert rows["paper_id"].str.len_chars().unique().to_list() == [10]
    assert rows["paper_id"].str.ends_with("0").any()


def test_no_two_papers_of_a_list_share_a_rank() -> None:
    for name, day in days().items():
        assert of(day, "rank") == list(range(1, day.papers.height + 1)), name


def test_the_first_era_has_its_thumbnail_under_another_name() -> None:
    before, after = fetches("2024-06-11")[0], fetches("2024-06-12")[0]
    assert None not in of(before, "thumbnail_url")
    assert None not in of(after, "thumbnail_url")
    assert set(of(before, "submitted_by")) == {None}
    assert None not in of(fetches("2024-06-13")[0], "submitted_by")


def test_2024_06_12_grew_by_two_and_changed_its_order_after_the_day() -> None:
    first, second = fetches("2024-06-12")
    known = merged_papers(PAPERS.empty(), first)
    merged = merged_papers(known, second)
    assert change_counts(known, merged)["new"] == 2
    assert (known.height, merged.height) == (14, 16)
    assert set(merged["paper_id"]) - set(known["paper_id"]) == {"2406.07188", "2406.07520"}
    assert merged["delisted_at"].null_count() == 16
    assert of(first, "paper_id")[4:6] == ["2406.06563", "2406.06608"]
    assert merged["paper_id"].to_list()[4:6] == ["2406.06608", "2406.06563"]
    assert merged["first_seen_at"].value_counts().sort("first_seen_at")["count"].to_list() == [14, 2]


def test_2025_03_10_published_at_changed_its_meaning_between_two_fetches() -> None:
    first, second, third = fetches("2025-03-10")
    assert first.papers.height == 13
    # Until then the top publishedAt is when the paper was listed: the evening before or the day itself.
    assert {moment.date().isoformat() for moment in of(first, "submitted_at")} <= {  # type: ignore[attr-defined]
        "2025-03-09",
        "2025-03-10",
    }
    for later in (second, third):
        assert later.papers.height == 23
        assert set(of(later, "submitted_at")) == {None}
        assert set(of(later, "submitted_by")) == {None}
    for gap in ("2025-03-11", "2025-03-12", "2025-03-13", "2025-03-14"):
        assert set(of(fetches(gap)[0], "submitted_at")) == {None}


def test_since_2025_the_listing_time_stands_in_the_paper_and_is_of_the_day_asked_for() -> None:
    for name, day in days().items():
        if name >= "2025-06":
            assert {moment.date() for moment in of(day, "submitted_at")} == {day.list_date}, name  # type: ignore[attr-defined]


def test_2025_06_03_repeats_one_paper_and_holds_the_cap_of_fifty() -> None:
    for day, rank in zip(fetches("2025-06-03"), (40, 35), strict=True):
        assert (day.record_count, day.papers.height, day.repeated_count) == (50, 49, 1)
        (row,) = day.papers.filter(pl.col("paper_id") == "2506.01920").to_dicts()
        assert row["rank"] == rank


def test_2026_08_14_grew_to_28_and_one_of_them_is_withdrawn() -> None:
    first, second, third = fetches("2026-08-14")
    assert [day.papers.height for day in (first, second, third)] == [23, 28, 28]
    assert not first.papers["is_withdrawn"].any()
    for day in (second, third):
        assert day.papers.filter("is_withdrawn")["paper_id"].to_list() == ["2608.12313"]
    withdrawn = [name for name, day in days().items() if day.papers["is_withdrawn"].any()]
    assert {name[:10] for name in withdrawn} == {"2026-08-14"}


def test_fields_that_came_later_are_read_when_they_come() -> None:
    def filled(list_date: str, column: str) -> int:
        return fetches(list_date)[0].papers[column].count()

    assert filled("2024-11-12", "github_repo") == 0
    assert filled("2025-03-10", "github_repo") == 5
    assert (filled("2025-06-03", "github_stars"), filled("2025-07-14", "github_stars")) == (0, 8)
    assert (filled("2025-09-26", "organization"), filled("2025-10-03", "organization")) == (0, 16)
    assert (filled("2025-03-10", "ai_summary"), filled("2025-06-03", "ai_summary")) == (0, 48)


def test_merging_all_fetches_in_order_twice_changes_nothing_the_second_time() -> None:
    papers, votes = PAPERS.empty(), VOTES.empty()
    for day in days().values():
        known = papers.filter(pl.col("list_date") == day.list_date)
        others = papers.filter(pl.col("list_date") != day.list_date)
        papers = pl.concat([others, merged_papers(known, day)])
        seen = votes.filter(pl.col("list_date") == day.list_date)
        votes = pl.concat([votes, new_votes(seen, day)])
    PAPERS.schema.validate(papers)
    VOTES.schema.validate(votes)
    assert papers.height == 1414
    latest = {day.list_date: day for day in days().values()}
    for list_date, day in latest.items():
        known = papers.filter(pl.col("list_date") == list_date)
        assert merged_papers(known, day).equals(known)
        assert new_votes(votes.filter(pl.col("list_date") == list_date), day).is_empty()


def test_the_single_paper_answer_is_read_by_the_same_model() -> None:
    (path,) = (STORED / "paper_info").glob("*.json")
    paper = HubPaper.model_validate_json(path.read_bytes())
    assert paper.id == path.stem
    assert paper.authors


def test_a_payload_model_ignores_what_it_does_not_know() -> None:
    sent = {"paper": {"id": "2603.00001", "title": "T", "upvotes": 0, "authors": [], "new": 1}, "newer": []}
    assert not hasattr(DailyPaper.model_validate(sent).paper, "new")
