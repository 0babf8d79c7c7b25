"""Chat messages out of a day's papers."""

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.messages import LONGEST, LOOKALIKES, digest_messages, inert

DAY = date(2026, 3, 5)


def release(titles: list[str]) -> pl.DataFrame:
    """The columns of RELEASE that a digest reads, votes falling."""
    count = len(titles)
    return pl.DataFrame(
        {
            "list_date": [DAY] * count,
            "delisted_at": [None] * count,
            "upvotes": [count - number for number in range(count)],
            "rank": list(range(1, count + 1)),
            "title": titles,
            "title_ko": [None] * count,
            "paper_id": [f"2603.{number:05d}" for number in range(1, count + 1)],
        },
        schema_overrides={"title": pl.String, "title_ko": pl.String, "delisted_at": pl.Datetime("us", "UTC")},
    )


@given(st.text())
def test_no_title_stays_active_and_none_becomes_two_lines(title: str) -> None:
    shown = inert(title)
    assert not any(active in shown for active in LOOKALIKES)
    assert len(shown.splitlines()) <= 1
    assert inert(shown) == shown


@given(st.lists(st.text(max_size=700), max_size=60))
def test_every_paper_is_in_exactly_one_message_and_none_is_too_long(titles: list[str]) -> None:
    messages = digest_messages(release(titles), DAY)
    assert all(0 < len(message) <= LONGEST for message in messages)
    papers = "\n".join(messages)
    assert [line for line in papers.splitlines() if line.startswith("https://huggingface.co/papers/")] == [
        f"https://huggingface.co/papers/2603.{number:05d}" for number in range(1, len(titles) + 1)
    ]


def test_the_first_message_says_what_it_is_and_the_next_has_the_papers() -> None:
    assert digest_messages(release(["<!here> One", "Two"]), DAY) == [
        "Daily Papers 2026-03-05: 2 papers, most-voted first.",
        "1. ‹!here› One (2 votes)\nhttps://huggingface.co/papers/2603.00001\n"
        "2. Two (1 vote)\nhttps://huggingface.co/papers/2603.00002",
    ]


def test_a_day_without_papers_is_no_message() -> None:
    assert digest_messages(release([]), DAY) == []
    assert digest_messages(release(["One"]), date(2026, 3, 6)) == []
