"""The feed as a feed reader sees it: valid by Atom's rules, sixty days, nothing active from outside."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser
import lxml.html
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atomrules import ATOM, atom
from tablerows import DAY, LATER, SEEN, TITLE, release_rows, released
from transforms.feed import COLUMNS, DAYS, feed_days, feed_xml

KOREAN = {
    "translation_status": "ok",
    "title_ko": "밀스톤: 긴 문서 갈기",
    "model": "gpt-test-1",
    "translated_at": SEEN,
    "summary_ko": [
        {"section": "What's New", "text": "긴 문서를 나누어 읽습니다."},
        {"section": "Performance Highlights", "text": "정확도가 81.5%입니다."},
    ],
}
LINKS = re.compile(r"https://(huggingface\.co/papers|arxiv\.org/abs)/\d{4}\.\d{5}")


def rows(*given_rows: dict[str, Any]) -> pl.DataFrame:
    return release_rows(*given_rows).select(COLUMNS)


def days_of(document: str) -> list[str]:
    return [str(entry.findtext(f"{ATOM}title"))[:10] for entry in atom(document).iter(f"{ATOM}entry")]


def content_of(document: str) -> str:
    """The HTML of the newest entry."""
    return str(atom(document).findtext(f".//{ATOM}content"))


def updated_of(document: str) -> str:
    return str(atom(document).findtext(f"{ATOM}entry/{ATOM}updated"))


def test_a_translated_paper_is_shown_with_its_summary() -> None:
    assert content_of(feed_xml(rows(released(**KOREAN, upvotes=34)), DAY)) == (
        '<h3><a href="https://huggingface.co/papers/2603.00001">밀스톤: 긴 문서 갈기</a></h3>\n'
        "<p>Millstone: Grinding Long Documents<br/>추천 34 · "
        '<a href="https://arxiv.org/abs/2603.00001">arXiv:2603.00001</a></p>\n'
        "<ul>\n"
        "<li><strong>What&#39;s New</strong>: 긴 문서를 나누어 읽습니다.</li>\n"
        "<li><strong>Performance Highlights</strong>: 정확도가 81.5%입니다.</li>\n"
        "</ul>\n"
        "<p>이 글의 한국어는 기계 번역입니다. 번역한 모델: gpt-test-1.</p>\n"
    )


def test_a_day_is_one_entry_newest_first_and_most_voted_papers_first() -> None:
    document = feed_xml(
        rows(
            released("2603.00001", list_date=DAY - timedelta(days=1)),
            released("2603.00002", rank=1, upvotes=1),
            released("2603.00003", rank=2, upvotes=9),
            released("2603.00004", rank=3, upvotes=None),
        ),
        DAY,
    )
    titles = [entry.findtext(f"{ATOM}title") for entry in atom(document).iter(f"{ATOM}entry")]
    assert titles == ["2026-03-05 (목) 논문 3편", "2026-03-04 (수) 논문 1편"]
    shown = re.findall(r"papers/([\d.]+)", content_of(document))
    assert shown == ["2603.00003", "2603.00002", "2603.00004"]


def test_the_feed_holds_sixty_days_to_the_day() -> None:
    listed = [DAY - timedelta(days=back) for back in range(-1, 70)]
    document = feed_xml(rows(*(released(list_date=day) for day in listed)), DAY)
    expected = [(DAY - timedelta(days=back)).isoformat() for back in range(60)]
    assert days_of(document) == expected
    assert days_of(document)[-1] == "2026-01-05"


@given(st.dates(date(2023, 1, 1), date(2060, 12, 31)))
def test_sixty_days_never_reach_beyond_three_months(latest: date) -> None:
    days = feed_days(latest)
    assert len(days) == DAYS == 60
    assert (days[0], days[-1]) == (latest, latest - timedelta(days=59))
    assert len({f"{day:%Y-%m}" for day in days}) <= 3


def test_delisted_papers_and_days_without_papers_are_left_out() -> None:
    document = feed_xml(
        rows(
            released("2603.00001"),
            released("2603.00002", rank=2, delisted_at=LATER, title="Vanished"),
            released("2603.00003", list_date=DAY - timedelta(days=1), delisted_at=LATER),
        ),
        DAY,
    )
    assert days_of(document) == ["2026-03-05"]
    assert "Vanished" not in document


def test_a_feed_without_papers_is_a_feed() -> None:
    assert days_of(feed_xml(rows(), DAY)) == []


@pytest.mark.parametrize(
    ("status", "note"), [("pending", "번역 대기 중"), ("rejected", "품질 검사를 통과하지 못해")]
)
def test_a_paper_without_korean_says_why_and_quotes_the_english(status: str, note: str) -> None:
    row = released(**KOREAN | {"translation_status": status}, abstract="Lengths <1% matter.")
    html = content_of(feed_xml(rows(row), DAY))
    assert note in html
    assert "<blockquote>Lengths &lt;1% matter.</blockquote>" in html
    assert "밀스톤" not in html
    assert "나누어" not in html
    assert "gpt-test-1" not in html


def test_a_paper_without_any_text_says_so_and_plain_bullets_have_no_section_name() -> None:
    bullets = [{"section": None, "text": "첫 문장입니다."}]
    html = content_of(
        feed_xml(
            rows(
                released("2603.00001", abstract=None),
                released("2603.00002", rank=2, translation_status="archived", summary_ko=bullets),
                released("2603.00003", rank=3, is_withdrawn=True),
            ),
            DAY,
        )
    )
    assert "영어 초록도 아직 없습니다." in html
    assert "<li>첫 문장입니다.</li>" in html
    assert html.count("철회됨") == 1


# Times -------------------------------------------------------------------------------------------


def test_an_entry_moves_when_a_paper_comes_goes_or_gets_its_korean_and_not_for_votes() -> None:
    def moved(**values: Any) -> str:
        return updated_of(feed_xml(rows(released("2603.00001"), released("2603.00002", **values)), DAY))

    before = moved(rank=2)
    assert before == "2026-03-05T23:00:01+00:00"
    assert moved(rank=1, upvotes=99, last_seen_at=LATER) == before
    after = "2026-03-06T23:00:02+00:00"
    assert moved(first_seen_at=LATER) == after
    assert moved(delisted_at=LATER) == after
    assert moved(**KOREAN | {"translated_at": LATER}) == after


def test_listings_that_only_the_archive_has_are_dated_by_their_day() -> None:
    row = released(first_seen_at=None, last_seen_at=None, translation_status="archived")
    assert updated_of(feed_xml(rows(row), DAY)) == "2026-03-05T00:00:00+00:00"


def test_fractions_of_a_second_are_dropped() -> None:
    row = released(first_seen_at=datetime(2026, 3, 5, 1, 2, 3, 456789, tzinfo=UTC))
    assert updated_of(feed_xml(rows(row), DAY)) == "2026-03-05T01:02:03+00:00"


def test_the_same_rows_in_any_order_give_the_same_bytes() -> None:
    frame = rows(*(released(f"2603.0000{n}", **KOREAN, rank=n, upvotes=n % 3) for n in range(1, 8)))
    assert feed_xml(frame, DAY) == feed_xml(frame, DAY) == feed_xml(frame.reverse(), DAY)


# Readers -----------------------------------------------------------------------------------------


def test_a_feed_reader_understands_every_part_of_it() -> None:
    read = feedparser.parse(feed_xml(rows(released(**KOREAN)), DAY).encode())
    assert not read.bozo
    assert read.version == "atom10"
    assert read.feed.language == "ko"
    assert read.feed.author == "daily-papers-ko"
    (entry,) = read.entries
    assert entry.id == "tag:daily-papers-ko.invalid,2026:digest/2026-03-05"
    assert entry.link == "https://huggingface.co/papers/date/2026-03-05"
    assert entry.published_parsed[:3] == (2026, 3, 5)
    assert "밀스톤" in entry.content[0].value


def hostile(text: str) -> pl.DataFrame:
    """The text wherever text from outside can stand."""
    summary = [{"section": text, "text": text}]
    texts = {"title": text, "abstract": text, "title_ko": text, "summary_ko": summary, "model": text}
    statuses = ("ok", "archived", "pending", "rejected")
    return rows(
        *(
            released(f"2603.0000{rank}", rank=rank, translation_status=status, **texts)
            for rank, status in enumerate(statuses, 1)
        )
    )


# Surrogates cannot stand in a frame; every other character can, those that XML forbids among them.
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
    | st.text("<>&\"'/!-[]{}%#;\x00\x0b\x1b\x85\u2028\ufffe\uffff=ax1가", min_size=1, max_size=60)
)
def test_no_text_breaks_the_xml_or_adds_an_element(text: str) -> None:
    html = lxml.html.fromstring(content_of(feed_xml(hostile("w" + text), DAY)))
    harmless = lxml.html.fromstring(content_of(feed_xml(hostile("w"), DAY)))
    assert [e.tag for e in html.iter()] == [e.tag for e in harmless.iter()]
    links = [str(a.get("href")) for a in html.iter("a")]
    assert links == [str(a.get("href")) for a in harmless.iter("a")]
    assert all(LINKS.fullmatch(link) for link in links)
    assert len(links) == 8


def test_a_title_of_nothing_that_can_be_shown_leaves_the_papers_number_to_click() -> None:
    html = content_of(feed_xml(rows(released(title="\ufffe\uffff")), DAY))
    assert '<h3><a href="https://huggingface.co/papers/2603.00001">2603.00001</a></h3>' in html
    assert TITLE not in html
