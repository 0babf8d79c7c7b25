"""What the escaped Markdown means to three readers: markdown-it (CommonMark and GFM) and a sanitiser."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from transforms.markdown import escaped, image, link
from transforms.text import plain

READERS = {
    # html stays on: a tag that survives escaping must show up as a token.
    "gfm": MarkdownIt("gfm-like", {"html": True}),
    "commonmark": MarkdownIt("commonmark"),
}
DAY_LISTS = Path(__file__).parents[2].parent / "shared" / "data" / "daily_papers"

ATTACKS = [
    "# Heading",
    "###### six",
    "Title ##",
    "C# and F#",
    "Setext\n===",
    "Setext\n---",
    "===",
    "---",
    "* * *",
    "***",
    "___",
    "- item",
    "+ item",
    "* item",
    "- - nested",
    "1. first",
    "1) first",
    "123456789. nine digits",
    "1. ",
    "2024. 11. 12. dated",
    "- [ ] task",
    "> quote",
    "> [!WARNING]\n> alert",
    "    indented code",
    "\tindented by tab",
    "```python\nimport os\n```",
    "~~~\nfence\n~~~",
    "`code` and ``more``",
    "*em* **strong** ***both***",
    "_em_ __strong__ snake_case_name",
    "~one~ ~~two~~",
    "[link](https://evil.example/)",
    "[link](javascript:alert(1))",
    "[ref][1]\n\n[1]: https://evil.example/",
    "[^1] and [^note]: a footnote",
    "[nested [brackets] here](https://evil.example/)",
    "](https://evil.example/)",
    "](https://evil.example/) [x",
    "![picture](https://evil.example/beacon.png)",
    "look!",
    "<https://evil.example/>",
    "<someone@evil.example>",
    "https://evil.example/path?a=1",
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE/",
    "ftp://evil.example/x",
    "//evil.example/x",
    "www.evil.example",
    "WWW.evil.example/x",
    "www.1evil.example",
    "evil.com and hf.co/papers",
    "mail someone@evil.com or some.one+tag@mail.evil.com",
    "mailto:someone@evil.com xmpp:someone@evil.com",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<details open><summary>x</summary>",
    "<!-- comment",
    "<?php x ?> <![CDATA[ x ]]> <!DOCTYPE x>",
    "</a></h3><h1>out</h1>",
    "<b>bold</b> & <i",
    "&lt;script&gt; &amp; &#x3c; &copy; &nbsp;",
    "a < b > c && d",
    "\\*escaped\\* \\[x\\] \\\\",
    "ends in a backslash\\",
    "two trailing spaces  \nnext",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "a | b",
    "$x^2$ and $$y$$ and $5",
    "M$^{2}$UGen: $\\mathcal{O}(n)$ \\(a\\) \\[b\\]",
    "$`x`$",
    "@someone and @org/team, pass@1",
    "see #123 and org/repo#45",
    ":smile: :+1: 12:30:45",
    "line one\n\n## Daily Papers (2099-01-01)\n\n### [Fake](https://evil.example/)",
    "line one\r\n- item\u2028# heading\u0085> quote",
    "\u202etxet lacissalc\u202c \u2066isolate\u2069",
    "zero\u200bwidth\u200d and \ufeffmark",
    "tab\tand\x0bvertical\x0cfeed\x00nul\x1bescape",
    "<think> tokens </think>",
    "{{ 7 * 7 }} {% include 'x' %} {# c #}",
    "term\n: definition",
    ": leading colon",
    "*[HTML]: abbreviation",
    "H~2~O x^2^ ==mark== ++ins++",
    "한국어 **굵게**입니다. [링크](https://evil.example/)를",
    "\"quoted\" 'single' -- dashes --- ... (c) (tm)",
    "ends in a bang!",
    "*" * 500,
    "[" * 500 + "]" * 500,
    "long " * 5000,
]


def tokens_of(reader: MarkdownIt, markdown: str) -> list[Token]:
    return [inner for token in reader.parse(markdown) for inner in (token, *(token.children or []))]


class _Elements(HTMLParser):
    """Visible text and the elements with their attributes, as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.elements: list[tuple[str, list[tuple[str, Any]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.elements.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def elements_of(source: str) -> _Elements:
    parser = _Elements()
    parser.feed(source)
    parser.close()
    return parser


def visible(reader: MarkdownIt, markdown: str) -> str:
    return elements_of(reader.render(markdown)).text.removesuffix("\n")


INERT = {"paragraph_open", "paragraph_close", "inline", "text", "html_inline"}


def assert_inert(text: str) -> None:
    markdown = escaped(text)
    for reader in READERS.values():
        tokens = tokens_of(reader, markdown)
        assert {token.type for token in tokens} <= INERT, markdown
        tags = {token.content for token in tokens if token.type == "html_inline"}
        assert tags <= {"<span>", "</span>"}, markdown
        assert visible(reader, markdown) == plain(text)


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_is_shown_as_text_and_does_nothing(text: str) -> None:
    assert_inert(text)


def test_the_attacks_are_attacks() -> None:
    # Guards the corpus: most of it must be active when it is not escaped.
    active = [t for t in ATTACKS if {token.type for token in tokens_of(READERS["gfm"], t)} - INERT]
    assert len(ATTACKS) >= 60
    assert len(active) >= 45


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_stays_inside_the_heading_link_bullet_bold_quote_or_cell(text: str) -> None:
    safe, url = escaped(text), "https://arxiv.org/abs/2411.00001"
    page = (
        f"### {link(text, url)}\n\n**{safe}**\n\n- ***{safe}***: {safe}\n- {safe}\n\n> {safe}\n\n"
        f"| a | b |\n|---|---|\n| {safe} | {safe} |\n\nAuthors: {safe}, {safe}\n"
    )
    harmless = "harmless"
    model_page = page.replace(link(text, url), link(harmless, url)).replace(safe, harmless)
    for name, reader in READERS.items():
        kinds = [t.type for t in tokens_of(reader, page) if t.type not in {"text", "html_inline"}]
        assert kinds == [
            t.type for t in tokens_of(reader, model_page) if t.type not in {"text", "html_inline"}
        ], name
        shown = visible(reader, page)
        assert shown == visible(reader, model_page).replace(harmless, plain(text)), name


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_a_sanitiser_finds_nothing_to_remove(text: str) -> None:
    markdown = (
        f"{escaped(text)} {link(text, 'https://example.org/')} {image('https://example.org/a.png', text)}"
    )
    rendered = READERS["gfm"].render(markdown)
    before, after = elements_of(rendered), elements_of(nh3.clean(rendered, link_rel=None))
    assert after.elements == before.elements
    assert after.text == before.text
    assert {tag for tag, _ in before.elements} <= {"p", "span", "a", "img"}


_PUNCTUATION = st.text(alphabet="#*_`~[]()<>!|\\&;:@$/.-+=^{}'\"% \n\tax1가0", max_size=60)


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        _PUNCTUATION, st.text(max_size=80), st.lists(st.sampled_from(ATTACKS[:90]), max_size=3).map(" ".join)
    )
)
def test_any_text_is_inert_and_shown_whole(text: str) -> None:
    if len(text) < 2000:
        assert_inert(text)


@settings(max_examples=300, deadline=None)
@given(_PUNCTUATION, _PUNCTUATION)
def test_a_link_is_one_link_whatever_its_text_and_path(text: str, path: str) -> None:
    for reader in READERS.values():
        tokens = tokens_of(reader, link(text, "https://example.org/" + path))
        assert [t.type for t in tokens].count("link_open") == 1
        assert {t.type for t in tokens} <= INERT | {"link_open", "link_close"}
        href = next(t for t in tokens if t.type == "link_open").attrs["href"]
        assert str(href).startswith("https://example.org/")


@settings(max_examples=300, deadline=None)
@given(_PUNCTUATION, _PUNCTUATION)
def test_a_picture_is_one_picture_whatever_its_alternative_text(alt: str, path: str) -> None:
    for reader in READERS.values():
        rendered = reader.render(image("https://example.org/" + path, alt, "https://example.org/v.mp4"))
        elements = elements_of(rendered).elements
        assert [tag for tag, _ in elements] == ["p", "a", "img"]
        assert plain(html.unescape(dict(elements[2][1])["alt"])) == plain(alt)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "//example.org/x",
        "/relative",
        "",
        "https://",
        "https:///path",
        "https://github.com@evil.example/",
        "https://user:secret@evil.example/",
        "https://exa mple.org/",
        "https://[::1]/x",
        "https://[broken/x",
        "https://example.org)(x",
    ],
)
def test_anything_but_a_plain_web_address_becomes_text(url: str) -> None:
    assert link("a [b]", url) == r"a \[b\]"
    assert image(url, "a [b]") == r"a \[b\]"
    assert image("https://example.org/a.png", "x", url) == "![x](https://example.org/a.png)"


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://example.org/a(b)c", "https://example.org/a%28b%29c"),
        ('https://example.org/">\n<x', "https://example.org/%22%3E%0A%3Cx"),
        ("https://example.org/100%", "https://example.org/100%25"),
        ("https://example.org/%E2%9C%93?q=a&copy;=1#top", "https://example.org/%E2%9C%93?q=a&copy;=1#top"),
        ("https://example.org/한글", "https://example.org/%ED%95%9C%EA%B8%80"),
        ("https://example.org:8443/x_y*z~", "https://example.org:8443/x_y*z~"),
        ("https://example.org/\\x`y`", "https://example.org/%5Cx%60y%60"),
    ],
)
def test_a_web_address_keeps_its_meaning_and_cannot_break_out(url: str, href: str) -> None:
    for reader in READERS.values():
        elements = elements_of(reader.render(link("x", url))).elements
        assert [tag for tag, _ in elements] == ["p", "a"]
        assert dict(elements[1][1])["href"] == href


def test_a_picture_that_cannot_be_shown_keeps_its_link() -> None:
    assert image("data:x", "clip", "https://example.org/v.mp4") == "[clip](https://example.org/v.mp4)"


def test_a_link_without_visible_text_shows_its_address() -> None:
    assert visible(READERS["gfm"], link("\u200b", "https://example.org/x")) == "https://example.org/x"


def test_what_github_reads_after_markdown_stands_alone() -> None:
    # GitHub's passes see text nodes, in which every escape is already undone.
    shown = READERS["gfm"].render(escaped("$x$ @someone a@evil.com #12 :smile:"))
    nodes = re.split(r"<[^>]+>", shown)
    assert not any(re.search(r"\$\S|@\w|#\d|:smile:", node) for node in nodes)


def test_github_links_www_without_a_known_ending_so_its_dot_is_escaped_too() -> None:
    # markdown-it wants a known top-level domain; GitHub's own parser links "www.1evil" as it stands.
    assert escaped("www.1evil WWW.2evil") == r"www\.1evil WWW\.2evil"


def test_common_prose_stays_readable_in_the_source() -> None:
    prose = "A state-of-the-art (SOTA) model, 3.5B: pass@1 of 71.3% -- it's good; so far. C++ too!"
    assert escaped(prose) == prose[:-1] + r"\!"


@pytest.mark.skipif(not DAY_LISTS.is_dir(), reason="the recorded day lists are not beside this checkout")
def test_every_recorded_title_abstract_and_author_is_shown_as_it_is() -> None:
    texts: set[str] = set()
    for path in sorted(DAY_LISTS.glob("*.json")):
        for record in json.loads(path.read_text("utf-8")):
            paper = record["paper"]
            texts |= {paper["title"], paper["summary"], *(a["name"] for a in paper["authors"])}
    assert len(texts) > 1000
    for text in texts:
        assert_inert(text)
