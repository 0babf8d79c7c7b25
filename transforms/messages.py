"""Chat messages out of a day's papers: plain text that no chat service reads as anything else.

Slack, Discord, e-mail and the rest of apprise's services each have a markup and none a common escape, so
each character that one of them reads becomes one that looks like it. Called by flows/announce.py; flows/
alarms.py puts the same table into its templates.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from transforms.text import plain

LOOKALIKES: Final = {
    "<": "‹", ">": "›", "@": "＠", "&": "＆", "*": "∗", "_": "＿", "~": "∼", "`": "ˋ",
    "|": "∣", "[": "［", "]": "］", "\\": "＼", "#": "＃", "://": ":∕∕",
}  # fmt: skip
"""What makes a mention, a link, a picture or a style somewhere, and what stands in its place."""
LONGEST: Final = 1900
"""Characters of a message: Discord takes 2,000, Slack far more."""
_LONGEST_TITLE: Final = 300


def inert(text: str) -> str:
    """The text on one line with nothing in it that a chat service would act on.

    >>> inert("<!channel> *Scaling* see https://example.org")
    '‹!channel› ∗Scaling∗ see https:∕∕example.org'
    """
    text = plain(text)
    for active, lookalike in LOOKALIKES.items():
        text = text.replace(active, lookalike)
    return text


def digest_messages(release: pl.DataFrame, list_date: date) -> list[str]:
    """The day as messages: one that says what it is, then the papers, most-voted first; none without papers.

    Args:
        release: Rows of RELEASE with that day's among them.
        list_date: The day.
    """
    listed = release.filter(pl.col("list_date") == list_date, pl.col("delisted_at").is_null())
    if listed.is_empty():
        return []
    ordered = listed.sort("upvotes", "rank", descending=[True, False], nulls_last=True)
    rows = ordered.select("upvotes", pl.coalesce("title_ko", "title"), "paper_id").rows()
    papers = [
        f"{place}. {_shortened(inert(title))} ({_votes(votes or 0)})\nhttps://huggingface.co/papers/{paper_id}"
        for place, (votes, title, paper_id) in enumerate(rows, 1)
    ]
    count = "1 paper" if len(papers) == 1 else f"{len(papers)} papers"
    return [f"Daily Papers {list_date}: {count}, most-voted first.", *_packed(papers)]


def _votes(count: int) -> str:
    return "1 vote" if count == 1 else f"{count:,} votes"


def _packed(entries: Sequence[str]) -> list[str]:
    """The entries in order, as many to a message as it may hold."""
    messages = [""]
    for entry in entries:
        if messages[-1] and len(messages[-1]) + 1 + len(entry) > LONGEST:
            messages.append("")
        messages[-1] += ("\n" if messages[-1] else "") + entry
    return messages


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
