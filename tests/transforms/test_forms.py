"""The five forms beside the seeds they copy, read back, and judged as a browser would see them.

``told`` is a reader of its own, as small as the forms are regular; the project's reader
(transforms/archive.py) must find the same in them, and in the house style.
"""

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tablerows import DAY, SEEN, release_rows, released
from transforms.archive import Document, archive_rows, parsed
from transforms.digest import AUTHORS_SHOWN, day_markdown
from transforms.forms import FORMS, form_markdown
from transforms.markdown import address, destination, escaped, name_list, names_in_line, unescaped
from transforms.papers import day_list
from transforms.text import plain

SHARED = Path(__file__).parents[3] / "shared" / "data"
SEEDS = {path.name[:7]: path for path in sorted((SHARED / "seeds").glob("*.md"))}
READER = MarkdownIt("gfm-like", {"html": True})
THUMBNAIL = "https://cdn.example.org/t.png"
FIELDS = ("paper_id", "title", "upvotes", "authors", "thumbnail_url", "media_urls", "summary_ko")

needs_seeds = pytest.mark.skipif(not SEEDS, reason="the seeds are not beside this checkout")


def told(text: str) -> list[dict[str, Any]]:
    """The papers that a page in one of the forms tells of."""
    body = text[text.index("## Daily Papers (") :].partition("\n## License\n")[0]
    return [_told_of("### " + block) for block in re.split(r"^### ", body, flags=re.M)[1:]]


def _told_of(block: str) -> dict[str, Any]:
    lines = block.splitlines()
    heading = re.fullmatch(r"### \[(.*)\]\(https://arxiv\.org/abs/(\d{4}\.\d{4,5})\)", lines[0])
    assert heading, lines[0]
    votes = re.search(r"^Vote: (\d+)$", block, re.M)
    authors = re.search(r"^Authors: (.*)$", block, re.M)
    thumbnail = re.search(r"^!\[\]\((\S+)\)$", block, re.M)
    media = re.findall(
        r'^(?:!\[media\]\((\S+)\)|\[Watch Video\]\((\S+)\)|<iframe src="(\S+)" ></iframe>)$', block, re.M
    )
    summary = [_bullet(line[2:]) for line in lines if line.startswith("- ")]
    return {
        "paper_id": heading[2],
        "title": unescaped(heading[1]),
        "upvotes": int(votes[1]) if votes else None,
        "authors": name_list(authors[1]) if authors else [],
        "thumbnail_url": address(thumbnail[1]) if thumbnail else None,
        "media_urls": [address("".join(urls)) for urls in media],
        "summary_ko": summary or None,
    }


def _bullet(text: str) -> dict[str, str | None]:
    named = re.fullmatch(r"\*\*\*(.+?)\*\*\*: (.*)", text) or re.fullmatch(
        r"(?P<text>.*) <!-- (.+) -->", text
    )
    if not named:
        return {"section": None, "text": unescaped(text)}
    behind = "text" in named.groupdict()
    section, words = (named[2], named[1]) if behind else (named[1], named[2])
    return {"section": unescaped(section), "text": unescaped(words)}


def expected(rows: pl.DataFrame, form: str) -> list[dict[str, Any]]:
    """What a page in the form should tell of the rows."""
    papers = rows.sort("rank").select(FIELDS).to_dicts()
    statuses = rows.sort("rank")["translation_status"]
    for paper, status in zip(papers, statuses, strict=True):
        if form == "2023-11":
            paper["upvotes"] = None
        if status not in ("ok", "archived"):
            paper["summary_ko"] = None
    return papers


def seed_rows(form: str) -> tuple[pl.DataFrame, date]:
    """The seed's papers as archived rows; its own text, nothing repaired."""
    text = SEEDS[form].read_text(encoding="utf-8")
    list_date = date.fromisoformat(SEEDS[form].name[:10])
    papers = [
        released(rank=rank, list_date=list_date, translation_status="archived", model="m") | paper
        for rank, paper in enumerate(told(text), 1)
    ]
    return release_rows(*papers), list_date


def _as_text(line: str) -> str:
    """A rendered line with its escapes undone, which is how the seed has it."""
    if match := re.fullmatch(r"(### \[)(.*)(\]\(\S+)", line):
        return match[1] + unescaped(match[2]) + match[3]
    if line.startswith("Authors: "):
        return "Authors: " + ", ".join(name_list(line[9:]))
    if match := re.fullmatch(r"(- \*\*\*)(.+?)(\*\*\*: )(.*)", line):
        return match[1] + unescaped(match[2]) + match[3] + unescaped(match[4])
    return "- " + unescaped(line[2:]) if line.startswith("- ") else line


def _day(text: str) -> str:
    return text[text.index("## Daily Papers (") :].partition("## License\n")[0]


@needs_seeds
@pytest.mark.parametrize("form", FORMS)
def test_a_seeds_papers_rendered_in_its_form_are_the_seed_again(form: str) -> None:
    rows, list_date = seed_rows(form)
    ours = "\n".join(map(_as_text, _day(form_markdown(rows, list_date, form)).split("\n")))
    seed = _day(SEEDS[form].read_text(encoding="utf-8"))
    if form == "2023-11":  # written by hand: two blank lines stand before two of its papers
        assert seed.count("\n\n\n### ") == 2
        seed = seed.replace("\n\n\n### ", "\n\n### ")
    assert ours == seed


@needs_seeds
@pytest.mark.parametrize("form", ["2023-11", "2023-12"])
def test_a_readme_has_the_seeds_frame_in_our_own_words(form: str) -> None:
    seed = SEEDS[form].read_text(encoding="utf-8")
    rows, list_date = seed_rows(form)
    ours = form_markdown(rows, list_date, form)

    def frame(text: str) -> str:
        """Headings and blank lines around the day; every other line is a word."""
        before, _, rest = text.partition("## Daily Papers (")
        after = rest[rest.index("## License") :]
        after = after[: after.index("## Citation")]
        return re.sub(r"^(?!#).+$", "words", before + after, flags=re.M)

    assert frame(ours) == frame(seed)
    sentences = [line for line in seed.splitlines() if "project" in line or "kindly" in line]
    assert sentences
    assert not [line for line in sentences if line in ours]


OURS = {
    "title": "Waves of $n^2$ [v2]",
    "upvotes": 7,
    "authors": ["Ada Kim, Jr.", "Bo Lee", "Bo Lee", "+"],
    "thumbnail_url": THUMBNAIL,
    "media_urls": [
        "https://cdn.example.org/a.mp4?x=1&y=2",
        "https://cdn.example.org/b.gif",
        "https://cdn.example.org/c.qt",
    ],
    "translation_status": "ok",
    "title_ko": "물결",
    "summary_ko": [
        {"section": "What's New", "text": "새 방법을 제시합니다."},
        {"section": None, "text": "이름 없는 항목입니다."},
    ],
}


def test_a_paper_with_everything_in_the_form_of_november_2023() -> None:
    text = _day(form_markdown(release_rows(released(**OURS)), DAY, "2023-11"))
    assert text == (
        "## Daily Papers (2026-03-05)\n\n"
        r"### [Waves of <span>$</span>n^2<span>$</span> \[v2\]](https://arxiv.org/abs/2603.00001)" "\n"
        "![](https://cdn.example.org/t.png)\n\n"
        '<iframe src="https://cdn.example.org/a.mp4?x=1&amp;y=2" ></iframe>\n\n'
        '<video width="320" height="240" controls>\n'
        '  <source src="https://cdn.example.org/a.mp4?x=1&amp;y=2" type="video/mp4">\n'
        "</video>\n\n"
        "![media](https://cdn.example.org/b.gif)\n\n"
        '<iframe src="https://cdn.example.org/c.qt" ></iframe>\n\n'
        '<video width="320" height="240" controls>\n'
        '  <source src="https://cdn.example.org/c.qt" type="video/quicktime">\n'
        "</video>\n\n"
        "Authors: Ada Kim&#44; Jr., Bo Lee, &#66;o Lee, \\+\n\n"
        "- 새 방법을 제시합니다. <!-- What's New -->\n"
        "- 이름 없는 항목입니다.\n\n\n\n"
    )  # fmt: skip


def test_a_paper_with_everything_in_the_form_of_november_2024() -> None:
    text = form_markdown(release_rows(released(**OURS)), DAY, "2024-11")
    assert text.endswith(
        "![](https://cdn.example.org/t.png)\n\n"
        "[Watch Video](https://cdn.example.org/a.mp4?x=1&amp;y=2)\n"
        '<div><video controls src="https://cdn.example.org/a.mp4?x=1&amp;y=2" muted="false"></video></div>'
        "\n\n"
        "![media](https://cdn.example.org/b.gif)\n\n"
        "[Watch Video](https://cdn.example.org/c.qt)\n"
        '<div><video controls src="https://cdn.example.org/c.qt" muted="false"></video></div>\n\n'
        "Vote: 7\n\n"
        "Authors: Ada Kim&#44; Jr., Bo Lee, &#66;o Lee, \\+\n\n"
        "- ***What's New***: 새 방법을 제시합니다.\n"
        "- 이름 없는 항목입니다.\n\n"
    )


@pytest.mark.parametrize("form", FORMS)
def test_papers_stand_in_list_order_without_the_delisted_and_other_days(form: str) -> None:
    rows = release_rows(
        released("2603.00003", rank=3, upvotes=99, title="Third"),
        released("2603.00001", rank=1, upvotes=1, title="First"),
        released("2603.00002", rank=2, delisted_at=SEEN),
        released("2603.00004", rank=1, list_date=date(2026, 3, 4)),
    )
    assert [paper["title"] for paper in told(form_markdown(rows, DAY, form))] == ["First", "Third"]
    assert form_markdown(rows, DAY, form) == form_markdown(rows.reverse(), DAY, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", ["pending", "rejected"])
def test_a_paper_without_korean_has_no_bullets_whatever_it_holds(form: str, status: str) -> None:
    text = form_markdown(release_rows(released(**OURS | {"translation_status": status})), DAY, form)
    assert [paper["summary_ko"] for paper in told(text)] == [None]
    assert "새 방법" not in text


@pytest.mark.parametrize("form", [form for form in FORMS if form != "2023-11"])
def test_a_paper_of_unknown_votes_shows_a_dash(form: str) -> None:
    assert "\nVote: -\n" in form_markdown(release_rows(released(upvotes=None)), DAY, form)


@pytest.mark.parametrize("form", FORMS)
def test_a_day_without_papers_is_its_heading(form: str) -> None:
    assert _day(form_markdown(release_rows(), DAY, form)).strip() == "## Daily Papers (2026-03-05)"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bare", [{"authors": []}, {"thumbnail_url": THUMBNAIL, "authors": []}, {}])
def test_what_a_paper_lacks_leaves_no_line(form: str, bare: dict[str, Any]) -> None:
    rows = release_rows(released(**bare), released("2603.00002", rank=2))
    text = _day(form_markdown(rows, DAY, form))
    assert told(text) == expected(rows, form)
    assert "\n\n\n" not in text.rstrip()


def test_an_address_that_is_no_plain_web_address_is_left_out() -> None:
    rows = release_rows(released(thumbnail_url="https://a@evil.example/", media_urls=["https://[x/a.mp4"]))
    assert "evil" not in form_markdown(rows, DAY, "2024-11")
    assert "Watch" not in form_markdown(rows, DAY, "2024-11")


# Reading back ------------------------------------------------------------------------------------

ODD = "#*_`~[]()<>!|\\&;:@$/.,-+={}%^'\" ax1가"
texts = st.one_of(
    st.text(alphabet=ODD, min_size=1, max_size=40),
    st.text(min_size=1, max_size=20),
    st.sampled_from(["&#44;", "&amp;", r"\_", "<!-- x -->", "***A***: b", "Vote: 3", "- a", "['A', 'B']"]),
).map(plain).filter(bool)  # fmt: skip
urls = st.builds(
    "https://{}.example.org/{}{}".format,
    st.sampled_from(["cdn", "a-b"]),
    st.text(alphabet="ab-_.~%/?&=#()\"'가", max_size=8),
    st.sampled_from(["", ".mp4", ".webm", ".MOV", ".gif", ".png?x=1&y=2"]),
).map(lambda url: address(destination(url) or "").rstrip("/"))
names = texts.filter(lambda name: "--" not in name and "*" not in name)
"""Sections: no log's has stars in it, and two hyphens would end a comment."""
summaries = st.lists(
    st.fixed_dictionaries({"section": st.none() | names, "text": texts}),
    min_size=1,
    max_size=3,
)


@st.composite
def days(draw: st.DrawFn) -> pl.DataFrame:
    count = draw(st.integers(0, 3))
    papers = [
        released(
            f"2603.{rank:05d}",
            rank=rank,
            title=draw(texts),
            upvotes=draw(st.none() | st.integers(0, 10**6)),
            authors=draw(st.lists(texts, max_size=4)),
            thumbnail_url=draw(st.none() | st.just(THUMBNAIL)),
            media_urls=draw(st.lists(urls, max_size=3, unique=True)),
            translation_status=draw(st.sampled_from(["ok", "archived", "pending", "rejected"])),
            summary_ko=draw(summaries),
            title_ko=draw(texts),
        )
        for rank in range(1, count + 1)
    ]
    return release_rows(*papers)


@settings(deadline=None, max_examples=60)
@given(days())
def test_every_form_tells_what_the_rows_hold(rows: pl.DataFrame) -> None:
    for form in FORMS:
        assert told(form_markdown(rows, DAY, form)) == expected(rows, form)


@settings(max_examples=300)
@given(texts)
def test_escaping_can_be_undone(text: str) -> None:
    assert unescaped(escaped(text)) == text


@settings(max_examples=200)
@given(st.lists(texts, min_size=1, max_size=5))
def test_a_line_of_names_is_read_back_name_by_name(names: list[str]) -> None:
    line = names_in_line(names)
    assert name_list(line) == names
    parts = line.split(", ")
    neighbours = [a for a, b in pairwise(parts) if a == b]
    assert not [part for part in neighbours if part[:1].isalnum()]


@pytest.mark.parametrize(
    "raw", [r"M$^{2}$UGen", r"\text{a}_b and *", r"keeps \_ and <b>", "a &copy; b", r"\(x\)", "plain"]
)
def test_raw_markdown_of_others_is_not_taken_for_escaped(raw: str) -> None:
    assert unescaped(raw) == raw


@pytest.mark.skipif(not (SHARED / "archive").is_dir(), reason="the archive is not beside this checkout")
def test_nothing_in_the_archive_is_taken_for_escaped() -> None:
    lines = {
        part
        for path in sorted((SHARED / "archive").rglob("*.md"))
        for line in path.read_text(encoding="utf-8").splitlines()
        for part in ([_as_text(line)] if line.startswith(("###", "Authors:", "- ")) else [])
        if part != line
    }
    assert lines == set()


def _real_days() -> list[Path]:
    """The last stored fetch of each day."""
    return sorted(
        {path.name[:10]: path for path in sorted((SHARED / "daily_papers").glob("*.json"))}.values()
    )


def _real_rows(path: Path) -> tuple[pl.DataFrame, date]:
    list_date = date.fromisoformat(path.name[:10])
    papers = day_list([path.read_bytes()], list_date, datetime(2026, 9, 1, tzinfo=UTC)).papers
    rows = papers.drop("hub_abstract").to_dicts()
    status = ("ok", "pending", "archived")
    return release_rows(
        *(
            released(translation_status=status[n % 3], summary_ko=OURS["summary_ko"], title_ko="제목") | row
            for n, row in enumerate(rows)
        )
    ), list_date


@pytest.mark.skipif(not _real_days(), reason="the day lists are not beside this checkout")
def test_every_real_day_is_told_by_every_form() -> None:
    for path in _real_days():
        rows, list_date = _real_rows(path)
        for form in FORMS:
            assert told(form_markdown(rows, list_date, form)) == expected(rows, form), (path.name, form)


# What a browser makes of it ----------------------------------------------------------------------

HOSTILE = (
    "x](https://evil.example/) ![p](https://evil.example/p.png) <script>alert(1)</script> www.evil.example "
    "--> ## Daily Papers (2099-01-01) ### [Fake](https://arxiv.org/abs/2401.00001) - item | a | ``` $x$ @you"
)


def _shape(markdown: str) -> list[str]:
    tokens = [inner for token in READER.parse(markdown) for inner in (token, *(token.children or []))]
    shape = [
        f"{t.type} {t.attrs.get('href') or t.attrs.get('src') or ''}" for t in tokens if t.type != "text"
    ]
    html = [t.content for t in tokens if t.type == "html_inline"]
    assert all(re.fullmatch(r"</?span>|<!-- .* -->|</?(div|video|iframe)\b.*>", tag) for tag in html)
    return [kind for kind in shape if not kind.startswith(("html_inline", "softbreak"))]


def _with(text: str) -> pl.DataFrame:
    words = {"title": text, "authors": [text, text], "summary_ko": [{"section": text, "text": text}]}
    return release_rows(released(**OURS | words), released("2603.00002", rank=2))


@pytest.mark.parametrize("form", FORMS)
def test_a_hostile_paper_forges_nothing(form: str) -> None:
    page = form_markdown(_with(HOSTILE), DAY, form)
    assert _shape(page) == _shape(form_markdown(_with("harmless"), DAY, form))
    assert len(re.findall(r"^### \[", page, re.M)) == 2
    assert len(re.findall(r"^## Daily", page, re.M)) == 1


@settings(deadline=None, max_examples=40)
@given(texts)
def test_no_text_changes_the_shape_of_a_form(text: str) -> None:
    for form in FORMS:
        ours = _shape(form_markdown(_with("w" + text), DAY, form))
        assert ours == _shape(form_markdown(_with("harmless"), DAY, form))


# The project's reader ----------------------------------------------------------------------------


def _reread(text: str, list_date: date) -> pl.DataFrame:
    """ARCHIVE rows of a page in one of the forms, of which no line is lost."""
    document = parsed(text, f"paper_logs/{list_date:%Y/%m/%d}.md")
    assert document.unparsed == []
    return _archived(document)


def _archived(document: Document) -> pl.DataFrame:
    rows: pl.DataFrame = archive_rows([document]).rows
    return rows.sort("rank")


@settings(deadline=None, max_examples=60)
@given(days())
def test_the_reader_finds_generated_rows_in_every_form(rows: pl.DataFrame) -> None:
    for form in FORMS:
        assert _reread(form_markdown(rows, DAY, form), DAY).select(FIELDS).to_dicts() == expected(rows, form)


@pytest.mark.skipif(not _real_days(), reason="the day lists are not beside this checkout")
@pytest.mark.parametrize("form", FORMS)
def test_the_reader_finds_every_real_day_in_every_form(form: str) -> None:
    for path in _real_days():
        rows, list_date = _real_rows(path)
        again = _reread(form_markdown(rows, list_date, form), list_date)
        assert again.select(FIELDS).to_dicts() == expected(rows, form), path.name
        assert again["rank"].to_list() == list(range(1, rows.height + 1))


@pytest.mark.skipif(not _real_days(), reason="the day lists are not beside this checkout")
def test_the_reader_finds_every_real_day_in_the_house_style() -> None:
    fields = ("paper_id", "title", "upvotes", "summary_ko")
    for path in _real_days():
        rows, list_date = _real_rows(path)
        again = _archived(parsed(day_markdown(rows, list_date), f"paper_logs/{list_date:%Y/%m/%d}.md"))
        shown = {paper["paper_id"]: paper for paper in expected(rows, "house")}
        assert again.height == rows.height
        for paper in again.to_dicts():
            known = shown[paper["paper_id"]]
            assert [paper[name] for name in fields] == [known[name] for name in fields], path.name
            assert paper["authors"] == known["authors"][:AUTHORS_SHOWN]
            assert paper["is_authors_truncated"] == (len(known["authors"]) > AUTHORS_SHOWN)
