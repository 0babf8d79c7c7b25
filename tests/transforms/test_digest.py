"""The pages as their reader sees them: rendered by markdown-it, then judged."""

from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import nh3
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from schemas.tables import RELEASE
from transforms.digest import DigestStats, day_markdown, log_path, readme_markdown
from transforms.text import plain

DAY = date(2024, 11, 12)
SEEN = datetime(2024, 11, 13, tzinfo=UTC)
STATS = DigestStats(papers=1234, days=30, recent_days=[date(2024, 11, 11), date(2024, 11, 8)], repo="org/set")
READER = MarkdownIt("gfm-like", {"html": True})
OUR_HOSTS = {"arxiv.org", "huggingface.co", "github.com", "creativecommons.org"}

HOSTILE = (
    "x](https://evil.example/) ![p](https://evil.example/p.png) <script>alert(1)</script> www.evil.example"
    "\n\n## Daily Papers (2099-01-01)\n\n### [Fake](https://evil.example/)"
    "\n- item\n| a |\n|---|\n```\n$x$ @you {{ 7*7 }}"
)


def row(**values: Any) -> dict[str, Any]:
    return {
        "list_date": DAY,
        "rank": 1,
        "paper_id": "2411.00001",
        "upvotes": 3,
        "comment_count": 0,
        "first_seen_at": SEEN,
        "last_seen_at": SEEN,
        "title": "Waves of Attention",
        "authors": ["Ada Kim", "Bo Lee"],
        "abstract": "We read long inputs as waves.",
        "abstract_source": "arxiv",
        "is_withdrawn": False,
        "media_urls": [],
        "ai_keywords": [],
        "translation_status": "pending",
        "translation_issues": [],
    } | values


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=RELEASE.empty().schema)


def section(name: str | None, text: str) -> dict[str, str | None]:
    return {"section": name, "text": text}


OK = {
    "translation_status": "ok",
    "title_ko": "어텐션의 물결",
    "abstract_ko": "긴 입력을 물결처럼 읽습니다.",
    "model": "stand-in-1",
    "summary_ko": [
        section("What's New", "긴 입력을 물결로 읽습니다."),
        section("Technical Details", "구간을 겹쳐 나눕니다."),
        section("Performance Highlights", "점수가 3.5점 올랐습니다."),
    ],
}


def tokens_of(markdown: str) -> list[Token]:
    return [inner for token in READER.parse(markdown) for inner in (token, *(token.children or []))]


def links_of(markdown: str) -> list[str]:
    return [str(t.attrs["href"]) for t in tokens_of(markdown) if t.type == "link_open"]


def pictures_of(markdown: str) -> list[str]:
    return [str(t.attrs["src"]) for t in tokens_of(markdown) if t.type == "image"]


def test_a_translated_paper_reads_as_in_the_logs_before_it() -> None:
    rows = frame(row(**OK, upvotes=34, thumbnail_url="https://example.org/t.png"))
    assert day_markdown(rows, DAY) == (
        "## Daily Papers (2024-11-12)\n\n"
        "### [Waves of Attention](https://arxiv.org/abs/2411.00001)\n\n"
        "**어텐션의 물결**\n\n"
        "![Waves of Attention](https://example.org/t.png)\n\n"
        "Vote: 34\n\n"
        "[논문](https://arxiv.org/abs/2411.00001) · [Hugging Face](https://huggingface.co/papers/2411.00001)\n\n"
        "Authors: Ada Kim, Bo Lee\n\n"
        "- ***What's New***: 긴 입력을 물결로 읽습니다.\n"
        "- ***Technical Details***: 구간을 겹쳐 나눕니다.\n"
        "- ***Performance Highlights***: 점수가 3.5점 올랐습니다.\n"
    )


def test_papers_stand_most_voted_first_then_by_rank_then_by_id() -> None:
    rows = frame(
        row(paper_id="2411.00004", title="Fourth", upvotes=1, rank=1),
        row(paper_id="2411.00003", title="Third", upvotes=9, rank=3),
        row(paper_id="2411.00002", title="Second", upvotes=9, rank=2),
        row(paper_id="2411.00001", title="First", upvotes=9, rank=2),
    )
    text = day_markdown(rows, DAY)
    places = [text.index(f"### [{title}]") for title in ("First", "Second", "Third", "Fourth")]
    assert places == sorted(places)


def test_the_order_of_the_rows_given_does_not_matter() -> None:
    rows = frame(*(row(paper_id=f"2411.0000{n}", rank=n, upvotes=n % 3) for n in range(1, 8)))
    assert day_markdown(rows, DAY) == day_markdown(rows.reverse(), DAY)
    assert readme_markdown(rows, DAY, STATS) == readme_markdown(rows.reverse(), DAY, STATS)


def test_delisted_papers_and_other_days_are_left_out() -> None:
    rows = frame(
        row(title="Kept"),
        row(paper_id="2411.00002", title="Vanished", delisted_at=SEEN),
        row(paper_id="2411.00003", title="Yesterday", list_date=date(2024, 11, 11)),
    )
    text = day_markdown(rows, DAY)
    assert "Kept" in text
    assert "Vanished" not in text
    assert "Yesterday" not in text


def test_a_video_is_linked_from_the_picture_and_below_it_mp4_first() -> None:
    media = [
        "https://example.org/a.qt",
        "https://example.org/b.MP4?download=1",
        "https://example.org/c.gif",
        "https://example.org/d.png",
        "https://example.org/a.qt",
    ]
    text = day_markdown(frame(row(thumbnail_url="https://example.org/t.png", media_urls=media)), DAY)
    assert "[![Waves of Attention](https://example.org/t.png)](https://example.org/b.MP4?download=1)" in text
    assert (
        "[▶ 영상 보기 1](https://example.org/b.MP4?download=1) · [▶ 영상 보기 2](https://example.org/a.qt)\n"
        in text
    )
    assert pictures_of(text) == ["https://example.org/t.png", "https://example.org/c.gif"]


def test_a_single_video_without_a_thumbnail_is_still_linked() -> None:
    text = day_markdown(frame(row(media_urls=["https://example.org/a.webm"])), DAY)
    assert "\n\n[▶ 영상 보기](https://example.org/a.webm)\n\nVote:" in text
    assert pictures_of(text) == []


def test_a_media_address_that_cannot_be_read_is_no_video() -> None:
    text = day_markdown(frame(row(media_urls=["https://[broken/a.mp4"])), DAY)
    assert "broken" not in text


def test_code_and_project_are_linked_with_stars() -> None:
    rows = frame(
        row(
            github_repo="https://github.com/a/b",
            github_stars=12345,
            project_page="https://waves.example.org/",
        )
    )
    line = " · [코드](https://github.com/a/b) (★ 12,345) · [프로젝트](https://waves.example.org/)\n"
    assert line in day_markdown(rows, DAY)


def test_a_long_author_list_is_cut_and_counted_in_the_papers_order() -> None:
    text = day_markdown(frame(row(authors=[f"Person {n}" for n in range(3303)])), DAY)
    assert "Authors: Person 0, Person 1, " in text
    assert "Person 19 외 3,283명 (총 3,303명)\n" in text
    assert "Person 20" not in text


def test_twenty_authors_are_all_named() -> None:
    text = day_markdown(frame(row(authors=[f"Person {n}" for n in range(20)])), DAY)
    assert "Person 19\n" in text
    assert "외 " not in text


@pytest.mark.parametrize(
    ("status", "note"), [("pending", "번역 대기 중"), ("rejected", "품질 검사를 통과하지 못해")]
)
def test_a_paper_without_korean_says_why_and_quotes_the_english(status: str, note: str) -> None:
    text = day_markdown(frame(row(translation_status=status, abstract="Lengths <1% matter.")), DAY)
    assert note in text
    assert "\n> Lengths &lt;1% matter.\n" in text


@pytest.mark.parametrize("status", ["pending", "rejected", "ok"])
def test_a_paper_without_any_text_says_so(status: str) -> None:
    text = day_markdown(frame(row(translation_status=status, abstract=None)), DAY)
    assert "영어 초록도 아직 없습니다." in text
    assert "\n>" not in text


def test_a_rejected_row_shows_no_korean_even_if_it_holds_some() -> None:
    text = day_markdown(frame(row(**OK | {"translation_status": "rejected"})), DAY)
    assert "어텐션의 물결" not in text
    assert "What's New" not in text


def test_plain_bullets_have_no_section_name() -> None:
    summary = [section(None, "첫 문장입니다."), section("", "둘째 문장입니다.")]
    text = day_markdown(frame(row(translation_status="archived", summary_ko=summary)), DAY)
    assert "\n- 첫 문장입니다.\n- 둘째 문장입니다.\n" in text


def test_a_withdrawn_paper_is_marked() -> None:
    assert "**철회됨**" in day_markdown(frame(row(is_withdrawn=True)), DAY)
    assert "철회됨" not in day_markdown(frame(row()), DAY)


def test_a_day_without_papers_is_a_friendly_page() -> None:
    empty = frame()
    assert "목록에 오른 논문이 없습니다" in day_markdown(empty, DAY)
    readme = readme_markdown(empty, DAY, STATS)
    assert "목록에 오른 논문이 없습니다" in readme
    assert "|---" not in readme
    assert "paper_logs/2024/11/11.md" in readme


def test_the_readme_shows_the_day_as_its_log_does() -> None:
    rows = frame(row(**OK), row(paper_id="2411.00002", rank=2))
    assert day_markdown(rows, DAY).strip() in readme_markdown(rows, DAY, STATS)


def test_the_readme_counts_the_day_and_names_the_models_that_wrote_its_korean() -> None:
    rows = frame(
        row(**OK),
        row(**OK | {"paper_id": "2411.00002", "rank": 2, "model": "b_model"}),
        row(paper_id="2411.00003", rank=3, translation_status="archived", title_ko="옛 제목"),
        row(paper_id="2411.00004", rank=4, translation_status="rejected", model="refused-model"),
        row(paper_id="2411.00005", rank=5),
    )
    text = readme_markdown(rows, DAY, STATS)
    assert "| 2024-11-12 | 5 | 3 | 1 | 1 |" in text
    assert r"번역한 모델: b\_model, stand-in-1." in text
    assert "refused-model" not in text
    assert "기계 번역" in text


def test_the_readme_links_earlier_days_and_its_dataset() -> None:
    text = readme_markdown(frame(row()), DAY, STATS)
    assert "- [2024-11-11](paper_logs/2024/11/11.md)\n- [2024-11-08](paper_logs/2024/11/08.md)\n" in text
    assert "[org/set](https://huggingface.co/datasets/org/set)" in text
    assert "CC BY-NC 4.0" in text
    assert "@misc{daily_papers_ko" in text
    assert log_path(DAY) == "paper_logs/2024/11/12.md"


def test_an_unpublished_readme_names_no_dataset() -> None:
    text = readme_markdown(frame(row()), DAY, STATS._replace(repo=None, recent_days=[]))
    assert "huggingface.co/datasets" not in text
    assert "Previous Days" not in text


def test_a_page_rendered_twice_is_the_same() -> None:
    rows = frame(row(**OK), row(paper_id="2411.00002", rank=2, title=HOSTILE))
    assert day_markdown(rows, DAY) == day_markdown(rows, DAY)
    assert readme_markdown(rows, DAY, STATS) == readme_markdown(rows, DAY, STATS)


def hostile_rows(text: str) -> pl.DataFrame:
    summary = [section(text, text), section(None, text)]
    ours = {"thumbnail_url": "https://cdn.example.org/t.png", "project_page": "https://project.example.org/"}
    return frame(
        row(
            title=text,
            title_ko=text,
            authors=[text, text],
            summary_ko=summary,
            translation_status="ok",
            **ours,
        ),
        row(paper_id="2411.00002", rank=2, title=text, abstract=text, model=text),
        row(paper_id="2411.00003", rank=3, title="Model", model=text, **{"translation_status": "archived"}),
    )


def assert_only_the_texts_differ(text: str) -> None:
    """The page has the blocks, links and pictures of the same page with harmless texts."""
    ignored = {"text", "html_inline", "softbreak"}
    page, harmless = (readme_markdown(hostile_rows(words), DAY, STATS) for words in (text, "harmless"))
    kinds = [t.type for t in tokens_of(page) if t.type not in ignored]
    assert kinds == [t.type for t in tokens_of(harmless) if t.type not in ignored]
    assert links_of(page) == links_of(harmless)
    assert pictures_of(page) == pictures_of(harmless)
    assert {t.content for t in tokens_of(page) if t.type == "html_inline"} <= {"<span>", "</span>"}


def test_a_hostile_paper_adds_no_heading_link_picture_or_tag() -> None:
    assert_only_the_texts_differ(HOSTILE)


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="#*_`~[]()<>!|\\&;:@$/.-+={}%^'\" \nax1가", min_size=1, max_size=60).filter(
        lambda text: plain(text) != ""
    )
)
def test_no_text_changes_the_shape_of_the_page(text: str) -> None:
    assert_only_the_texts_differ("w" + text)


def test_links_lead_only_to_known_hosts_and_the_papers_own_pages() -> None:
    rows = hostile_rows(HOSTILE)
    hosts = {urlsplit(url).hostname for url in links_of(readme_markdown(rows, DAY, STATS))} - {None}
    assert hosts <= OUR_HOSTS | {"project.example.org"}


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://github.com@evil.example/", "data:text/html,x"]
)
def test_an_address_the_contract_let_slip_is_not_linked(url: str) -> None:
    rows = frame(
        row(project_page=url, thumbnail_url=url, github_repo=url, media_urls=[url + ".mp4", url + ".gif"])
    )
    text = day_markdown(rows, DAY)
    assert {urlsplit(link).hostname for link in links_of(text)} == {"arxiv.org", "huggingface.co"}
    assert pictures_of(text) == []


def test_a_sanitiser_removes_nothing_from_the_page() -> None:
    html = READER.render(readme_markdown(hostile_rows(HOSTILE), DAY, STATS))
    tags = ("h1", "h2", "h3", "a", "img", "span", "strong", "em", "li", "blockquote", "td", "code")
    cleaned = nh3.clean(html, link_rel=None)
    assert [cleaned.count(f"<{tag}") for tag in tags] == [html.count(f"<{tag}") for tag in tags]
    assert "<script" not in html


def test_a_very_long_day_is_rendered_whole() -> None:
    rows = frame(*(row(**OK | {"paper_id": f"2411.{n:05d}", "rank": n}) for n in range(1, 501)))
    assert day_markdown(rows, DAY).count("\n### [") == 500
