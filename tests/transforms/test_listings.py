"""A day's rows after another fetch: upserted, marked, never lost, and untouched when nothing is new."""

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.tables import PAPERS, REJECTED, VOTES
from tablerows import DAY, LATER, SEEN, paper, papers, vote, votes
from transforms.listings import change_counts, merged_papers, new_votes
from transforms.papers import DayList


def fetched(*rows: dict[str, Any], at: datetime = LATER, is_whole: bool = True) -> DayList:
    """A fetch that holds these papers, as day_list() makes it."""
    seen = [row | {"first_seen_at": at, "last_seen_at": at} for row in rows]
    return DayList(DAY, at, papers(*seen), REJECTED.empty(), record_count=len(rows), is_whole=is_whole)


def test_the_first_fetch_of_a_day_is_taken_as_it_is() -> None:
    day = fetched(paper("2603.00001", rank=1), paper("2603.00002", rank=2))
    assert_frame_equal(merged_papers(PAPERS.empty(), day), day.papers)


def test_a_day_that_stays_empty_stays_empty() -> None:
    merged = merged_papers(PAPERS.empty(), fetched())
    assert_frame_equal(merged, PAPERS.empty())
    assert change_counts(PAPERS.empty(), merged) == {"new": 0, "changed": 0, "unchanged": 0, "delisted": 0}
    assert_frame_equal(new_votes(VOTES.empty(), fetched()), VOTES.empty())


def test_a_grown_list_keeps_first_seen_and_marks_what_vanished() -> None:
    known = papers(
        paper("2603.00001", rank=1, upvotes=3),
        paper("2603.00002", rank=2),
        paper("2603.00003", rank=3),
    )
    day = fetched(
        paper("2603.00002", rank=1), paper("2603.00001", rank=2, upvotes=8), paper("2603.00004", rank=3)
    )
    merged = merged_papers(known, day)
    assert_frame_equal(
        merged,
        papers(
            paper("2603.00002", rank=1, last_seen_at=LATER),
            paper("2603.00001", rank=2, upvotes=8, last_seen_at=LATER),
            paper("2603.00003", rank=3, delisted_at=LATER),
            paper("2603.00004", rank=3, first_seen_at=LATER, last_seen_at=LATER),
        ),
    )
    assert change_counts(known, merged) == {"new": 1, "changed": 2, "unchanged": 0, "delisted": 1}


def test_a_fetch_that_brings_nothing_new_moves_no_clock() -> None:
    known = papers(paper("2603.00001", rank=1), paper("2603.00002", rank=2))
    merged = merged_papers(known, fetched(paper("2603.00001", rank=1), paper("2603.00002", rank=2)))
    assert_frame_equal(merged, known)
    assert change_counts(known, merged) == {"new": 0, "changed": 0, "unchanged": 2, "delisted": 0}


def test_a_vanished_paper_keeps_the_moment_it_was_first_missed() -> None:
    known = papers(paper("2603.00001"), paper("2603.00002", rank=2, delisted_at=SEEN))
    merged = merged_papers(known, fetched(paper("2603.00001", upvotes=9)))
    assert merged.filter(pl.col("paper_id") == "2603.00002")["delisted_at"].to_list() == [SEEN]
    assert change_counts(known, merged) == {"new": 0, "changed": 1, "unchanged": 1, "delisted": 0}


def test_a_paper_that_comes_back_is_listed_again_and_keeps_its_first_date() -> None:
    known = papers(paper("2603.00001", delisted_at=SEEN))
    (row,) = merged_papers(known, fetched(paper("2603.00001"))).to_dicts()
    assert (row["delisted_at"], row["first_seen_at"], row["last_seen_at"]) == (None, SEEN, LATER)


def test_an_empty_whole_list_delists_everything() -> None:
    merged = merged_papers(papers(paper("2603.00001")), fetched())
    assert merged["delisted_at"].to_list() == [LATER]


def test_a_list_with_an_unreadable_page_delists_nothing() -> None:
    known = papers(paper("2603.00001", rank=1), paper("2603.00002", rank=2))
    merged = merged_papers(known, fetched(paper("2603.00001", upvotes=9), is_whole=False))
    assert merged["paper_id"].to_list() == ["2603.00001", "2603.00002"]
    assert merged["delisted_at"].to_list() == [None, None]


def test_votes_are_kept_when_either_count_changed_or_none_was_known() -> None:
    known = votes(
        vote("2603.00001", upvotes=1, observed_at=SEEN - timedelta(days=1)),
        vote("2603.00001", upvotes=3),
        vote("2603.00002", comment_count=None),
        vote("2603.00003"),
    )
    day = fetched(
        paper("2603.00001", upvotes=1),
        paper("2603.00002", comment_count=0),
        paper("2603.00003"),
        paper("2603.00004"),
    )
    assert_frame_equal(
        new_votes(known, day),
        votes(
            vote("2603.00001", upvotes=1, observed_at=LATER),
            vote("2603.00002", comment_count=0, observed_at=LATER),
            vote("2603.00004", observed_at=LATER),
        ),
        check_row_order=False,
    )


@pytest.mark.parametrize("comments", [None, 0])
def test_counts_that_stay_are_not_observed_again(comments: int | None) -> None:
    known = votes(vote(comment_count=comments))
    assert new_votes(known, fetched(paper(comment_count=comments))).is_empty()


LISTS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 3)), unique_by=lambda entry: entry[0], max_size=6
).map(
    lambda entries: [
        paper(f"2603.{number:05d}", rank=rank, upvotes=upvotes)
        for rank, (number, upvotes) in enumerate(entries, 1)
    ]
)


@given(LISTS, LISTS, st.booleans(), st.randoms(use_true_random=False))
def test_merging_is_idempotent_and_blind_to_row_order(
    before: list[dict[str, Any]], after: list[dict[str, Any]], is_whole: bool, order: Any
) -> None:
    known = merged_papers(PAPERS.empty(), fetched(*before, at=SEEN))
    day = fetched(*after, is_whole=is_whole)
    merged = merged_papers(known, day)

    assert_frame_equal(merged_papers(merged, day), merged)
    later = fetched(*after, at=LATER + timedelta(days=1), is_whole=is_whole)
    assert_frame_equal(merged_papers(merged, later), merged)

    shuffled = known.sample(fraction=1, shuffle=True, seed=order.randrange(1000))
    assert_frame_equal(merged_papers(shuffled, day), merged, check_row_order=not known.equals(merged))

    assert set(merged["paper_id"]) == {row["paper_id"] for row in [*before, *after]}
    assert merged.select(PAPERS.key).is_unique().all()
    listed = merged.filter(pl.col("delisted_at").is_null())["paper_id"].to_list()
    assert {row["paper_id"] for row in after} <= set(listed)
    if is_whole:
        assert len(listed) == len(after)
    assert sum(change_counts(known, merged).values()) == merged.height


@given(LISTS, LISTS)
def test_observing_the_same_counts_twice_adds_nothing(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    known = new_votes(VOTES.empty(), fetched(*before, at=SEEN))
    day = fetched(*after)
    known = pl.concat([known, new_votes(known, day)])
    assert known.select(VOTES.key).is_unique().all()
    assert new_votes(known, day).is_empty()
