"""RELEASE rows into an Atom feed of the last sixty days: one entry a day, with its Korean summaries.

A day, not a paper, is an entry: a list has some forty papers, and two months of them would be more unread
articles than feed readers keep, or than anybody wants in the morning. A day is read like the digest's log,
most-voted first, and a list that changes afterwards changes its entry instead of making new ones.

Times are the data's and never a clock's, so an unchanged release gives the same bytes. An entry's time moves
when a paper comes, goes or gets its Korean; votes, which move all day, do not touch it. Text from outside
stands only inside the entries, escaped for HTML by the template; titles and addresses are ours. Called by
flows/release.py.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

import polars as pl
from feedgen.feed import FeedGenerator

from transforms.templating import rendered
from transforms.text import plain

DAYS: Final = 60
COLUMNS: Final = [
    "list_date", "rank", "paper_id", "upvotes", "first_seen_at", "delisted_at", "title", "abstract",
    "is_withdrawn", "title_ko", "summary_ko", "translation_status", "model", "translated_at",
]  # fmt: skip
"""Columns of RELEASE that the feed is made of."""
# RFC 4151 wants a name that is the minter's. RFC 2606 gives .invalid to nobody, so nobody else mints there.
_TAG: Final = "tag:daily-papers-ko.invalid,2026:digest"
_NAME: Final = "daily-papers-ko"
_LISTS: Final = "https://huggingface.co/papers"
_WEEKDAYS: Final = "월화수목금토일"
_TRANSLATED: Final = ("ok", "archived")
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedPaper(NamedTuple):
    """One paper as an entry shows it; text is plain, the template escapes it."""

    paper_id: str
    title: str
    title_ko: str | None
    upvotes: int | None
    is_withdrawn: bool
    status: str
    sections: list[dict[str, str]]
    abstract: str

    @property
    def hub_url(self) -> str:
        """The paper's page on the Hub."""
        return f"{_LISTS}/{self.paper_id}"

    @property
    def arxiv_url(self) -> str:
        """The paper's page on arXiv."""
        return f"https://arxiv.org/abs/{self.paper_id}"


def feed_days(latest: date) -> list[date]:
    """The days that the feed of this latest day may hold, newest first: sixty, over at most three months."""
    return [latest - timedelta(days=back) for back in range(DAYS)]


def feed_xml(rows: pl.DataFrame, latest: date) -> str:
    """The Atom document; days outside its sixty, delisted papers and days without papers are left out.

    Args:
        rows: COLUMNS of RELEASE for these days at least.
        latest: The newest day with papers, which is where the sixty end.
    """
    feed = FeedGenerator()
    feed.id(_TAG)
    feed.title("Daily Papers 한국어 요약")
    feed.subtitle(
        "Hugging Face Daily Papers의 논문을 날마다 한국어로 옮기고 요약합니다. 한국어는 기계 번역입니다."
    )
    feed.author({"name": _NAME})
    # Relative: wherever the digest is put, this is the address that the feed was fetched from.
    feed.link([{"href": "feed.xml", "rel": "self"}, {"href": _LISTS, "rel": "alternate"}])
    feed.language("ko")
    feed.rights("제목과 초록은 저자에게 속합니다. 한국어는 기계 번역이며 CC BY-NC 4.0으로 나눕니다.")
    # feedgen would name its own version here, and another version would be another feed.
    feed.generator(_NAME)
    updated = [_midnight(latest)]
    for list_date in feed_days(latest):
        day = rows.filter(pl.col("list_date") == list_date)
        if day["delisted_at"].null_count():
            updated.append(_updated(day, list_date))
            _add_day(feed, day, list_date, updated[-1])
    feed.updated(max(updated))
    text: str = feed.atom_str(pretty=True).decode()
    return text


def _add_day(feed: FeedGenerator, day: pl.DataFrame, list_date: date, updated: datetime) -> None:
    listed = day.filter(pl.col("delisted_at").is_null())
    ordered = listed.sort("upvotes", "rank", "paper_id", descending=[True, False, False], nulls_last=True)
    entry = feed.add_entry(order="append")
    entry.id(f"{_TAG}/{list_date.isoformat()}")
    entry.title(f"{list_date.isoformat()} ({_WEEKDAYS[list_date.weekday()]}) 논문 {listed.height:,}편")
    # The Hub's own page of the day: an entry without an address cannot be opened in some readers.
    entry.link(href=f"{_LISTS}/date/{list_date.isoformat()}", rel="alternate")
    entry.published(_midnight(list_date))
    entry.updated(updated)
    translated = listed.filter(pl.col("translation_status").is_in(_TRANSLATED))
    models = [_shown(model) for model in translated["model"].drop_nulls().unique().sort()]
    papers = [_paper(row) for row in ordered.iter_rows(named=True)]
    entry.content(rendered("feed_day.html.j2", papers=papers, models=models), type="html")


def _paper(row: dict[str, Any]) -> FeedPaper:
    is_translated = row["translation_status"] in _TRANSLATED
    sections = (row["summary_ko"] or []) if is_translated else []
    return FeedPaper(
        paper_id=row["paper_id"],
        title=_shown(row["title"]),
        title_ko=_shown(row["title_ko"] or "") if is_translated else None,
        upvotes=row["upvotes"],
        is_withdrawn=row["is_withdrawn"],
        status=row["translation_status"],
        sections=[{name: _shown(text or "") for name, text in part.items()} for part in sections],
        abstract=_shown(row["abstract"] or ""),
    )


def _updated(day: pl.DataFrame, list_date: date) -> datetime:
    """When the day's list or its Korean last changed; delisted papers count, so that it never goes back."""
    moved = day.select("first_seen_at", "translated_at", "delisted_at").max().row(0)
    latest: datetime = max([_midnight(list_date), *(moment for moment in moved if moment)])
    return latest.replace(microsecond=0)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _shown(text: str) -> str:
    """The text on one line, without what is invisible and what XML cannot hold."""
    return _NOT_XML.sub("", plain(text))
