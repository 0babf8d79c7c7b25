"""Logs as the predecessor wrote them, in our own words, and what must be true of any document read."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from schemas.tables import ARCHIVE
from transforms.archive import Document, Paper, archive_rows, is_exact, parsed, rendered, rendered_paper
from transforms.archive.document import DayHeading
from transforms.text import plain

SITE = "https://cdn.example.org"
HEADING = "### [Waves of Attention](https://arxiv.org/abs/2411.00001)"
PICTURE = f"![]({SITE}/2411.00001.png)"
NEWS = "- ***What's New***: 새 방법입니다."
HEAD = (HEADING, "", PICTURE, "", "Vote: 7", "", "Authors: Ada Kim, Bo Lee", "")
USUAL = (*HEAD, NEWS, "")
PLAIN_ROW = {
    "list_date": date(2024, 11, 12),
    "paper_id": "2411.00001",
    "rank": 1,
    "title": "Waves of Attention",
    "upvotes": 7,
    "authors": ["Ada Kim", "Bo Lee"],
    "is_authors_truncated": False,
    "thumbnail_url": f"{SITE}/2411.00001.png",
    "media_urls": [],
    "summary_ko": [{"section": "What's New", "text": "새 방법입니다."}],
    "repairs": [],
    "model": "gpt-4o",
    "file": "2024/11/12.md",
    "line": 3,
}


SECOND = HEADING.replace("00001", "00002")


def log(*lines: str, day: str = "2024-11-12") -> str:
    return "\n".join([f"## Daily Papers ({day})", "", *lines, ""])


def instead(old: str, *new: str) -> tuple[str, ...]:
    """The usual block with other lines in the place of one."""
    return tuple(line for usual in USUAL for line in (new if usual == old else (usual,)))


README = f"""# Daily Papers

## Project Description

우리말 요약입니다.

{log(*USUAL)}
## License

[CC](https://example.org)

## Citation

```bibtex
@misc{{x,
}}
```

## Star History

![Chart](https://example.org/x.svg)
"""


def bullet(section: str | None, text: str) -> dict[str, str | None]:
    return {"section": section, "text": text}


def only_row(text: str, file: str = "2024/11/12.md") -> dict[str, Any]:
    document = parsed(text, file)
    assert document.unparsed == []
    assert all(map(is_exact, document.papers))
    assert rendered(document) == text
    (row,) = archive_rows([document]).rows.iter_rows(named=True)
    return row


def owned_lines(document: Document) -> Iterator[str]:
    """The non-blank lines that a field holds, or the page itself."""
    for part in document.parts:
        if isinstance(part, Paper):
            kinds = part.layout.partition(" ")[0]
            lines = part.raw.split(document.newline)
            assert len(kinds) == len(lines)
            yield from (line for kind, line in zip(kinds, lines, strict=True) if kind not in ".?")
        elif isinstance(part, DayHeading):
            yield str(part.list_date)
        elif part.is_own:
            yield from (line for line in part.lines if line.strip())


def assert_whole(text: str, document: Document) -> None:
    """Every non-blank line is owned or unparsed, once; the rows keep the contract and render again."""
    lines = text.removeprefix("\ufeff").split(document.newline)
    filled = sum(bool(line.strip()) for line in lines)
    assert len(list(owned_lines(document))) + len(document.unparsed) == filled
    rows = archive_rows([document]).rows
    ARCHIVE.schema.validate(rows)
    for row in rows.iter_rows(named=True):
        summary = tuple((entry["section"], entry["text"]) for entry in row.pop("summary_ko") or [])
        raw = row.pop("raw")
        paper = Paper(**{name: row[name] for name in Paper._fields if name in row}, summary=summary, raw="")
        assert rendered_paper(paper) == raw
        texts = [row["title"], *row["authors"], *(text for _, text in summary)]
        assert all(text == plain(text) for text in texts)


VARIANTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "usual": (USUAL, {}),
    "title with brackets": (
        instead(HEADING, "### [[IDK] a](b) tokens](https://arxiv.org/abs/2411.00001)"),
        {"title": "[IDK] a](b) tokens"},
    ),
    "title with LaTeX": (
        instead(HEADING, r"### [$\sim$20 M$^{2}$ *A* `b` <c> \textit{d}](https://arxiv.org/abs/2411.00001)"),
        {"title": r"$\sim$20 M$^{2}$ *A* `b` <c> \textit{d}"},
    ),
    "title with two spaces": (
        instead(HEADING, "### [Waves  of Attention](https://arxiv.org/abs/2411.00001)"),
        {"repairs": ["title_normalised"]},
    ),
    "four-digit identifier": (
        instead(HEADING, "### [Old](https://arxiv.org/abs/1412.6980)"),
        {"title": "Old", "paper_id": "1412.6980"},
    ),
    "no picture": (instead(PICTURE), {"thumbnail_url": None}),
    "bare": (
        (HEADING, "", "- 가.", "- 나."),
        {
            "thumbnail_url": None,
            "upvotes": None,
            "authors": [],
            "summary_ko": [bullet(None, "가."), bullet(None, "나.")],
        },
    ),
    "no blank lines": ((HEADING, PICTURE, "Vote: 7", "Authors: Ada Kim, Bo Lee", NEWS), {}),
    "blank lines between bullets and at the end": (
        (*USUAL, "- ***Technical Details***: 둘.", "", "", ""),
        {"summary_ko": [bullet("What's New", "새 방법입니다."), bullet("Technical Details", "둘.")]},
    ),
    "white space in a blank line": ((*USUAL, " \t"), {}),
    "video": (
        instead(
            PICTURE,
            f"[Watch Video]({SITE}/a.mp4)",
            f'<div><video controls src="{SITE}/a.mp4" muted="false"></video></div>',
        ),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.mp4"]},
    ),
    "video without parentheses": (
        instead(
            PICTURE,
            f"[Watch Video]{SITE}/a.webm",
            f'<div><video controls src="{SITE}/a.webm" muted="false"></video></div>',
        ),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.webm"]},
    ),
    "two addresses of one video": (
        instead(
            PICTURE,
            f"[Watch Video]({SITE}/a.mp4)",
            f'<div><video controls src="{SITE}/b.mp4" muted="false"></video></div>',
        ),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.mp4", f"{SITE}/b.mp4"]},
    ),
    "bare video element": (
        instead(PICTURE, f"<video src='{SITE}/a.mp4'></video>"),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.mp4"]},
    ),
    "frame and source": (
        instead(
            PICTURE,
            f'<iframe src="{SITE}/a.mp4" ></iframe>',
            "",
            '<video width="320" height="240" controls>',
            f'  <source src="{SITE}/a.mp4" type="video/mp4">',
            "</video>",
        ),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.mp4"]},
    ),
    "markup of another shape": (
        instead(PICTURE, f'<video loop src="{SITE}/a.mp4" width="9"></video>'),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.mp4"]},
    ),
    "video shown as a picture": (
        instead(PICTURE, f"![]({SITE}/a.qt)"),
        {"thumbnail_url": None, "media_urls": [f"{SITE}/a.qt"]},
    ),
    "second picture": (
        instead(PICTURE, PICTURE, f"![]({SITE}/b.gif)", PICTURE),
        {"media_urls": [f"{SITE}/b.gif"]},
    ),
    "picture with words": (instead(PICTURE, PICTURE.replace("![]", "![preview]")), {}),
    "relative avatar": (
        instead(PICTURE, "![](/avatars/0123abcd.svg)"),
        {"thumbnail_url": None, "repairs": ["media_relative_dropped"]},
    ),
    "address that runs": (
        instead(PICTURE, "![](javascript:alert`1`)"),
        {"thumbnail_url": None, "repairs": ["media_address_dropped"]},
    ),
    "vote marker": (instead("Vote: 7", "Vote: -"), {"upvotes": None, "repairs": ["vote_missing_marker"]}),
    "no vote": (instead("Vote: 7"), {"upvotes": None}),
    "vote with zeros": (instead("Vote: 7", "Vote:  007 "), {}),
    "plus among the authors": (
        instead("Authors: Ada Kim, Bo Lee", "Authors: Ada Kim, +, Bo Lee, +"),
        {"is_authors_truncated": True, "repairs": ["authors_truncated"]},
    ),
    "authors as Python writes them": (
        instead("Authors: Ada Kim, Bo Lee", """Authors: ['Ada Kim', "Bo O'Lee", 'J\\xe9r\\u00f4me']"""),
        {"authors": ["Ada Kim", "Bo O'Lee", "Jérôme"], "repairs": ["authors_list_decoded"]},
    ),
    "names that look like something else": (
        instead("Authors: Ada Kim, Bo Lee", "Authors: 01. AI, o3 contributors, C. D'Amour"),
        {"authors": ["01. AI", "o3 contributors", "C. D'Amour"]},
    ),
    "namesakes": (
        instead("Authors: Ada Kim, Bo Lee", "Authors: Wei Wang, Wei Wang"),
        {"authors": ["Wei Wang", "Wei Wang"]},
    ),
    "author with stray spaces": (
        instead("Authors: Ada Kim, Bo Lee", "Authors: Ada  Kim , , Bo Lee "),
        {"repairs": ["authors_normalised"]},
    ),
    "plain bullets": (
        instead(NEWS, "- 가.", "- 나."),
        {"summary_ko": [bullet(None, "가."), bullet(None, "나.")]},
    ),
    "sections in two stars": (
        instead(NEWS, "- **What's New**: 가.", "- **고찰**: 나."),
        {"summary_ko": [bullet("What's New", "가."), bullet("고찰", "나.")]},
    ),
    "curly apostrophe": (
        instead(NEWS, "- **What’s New**: 가."),
        {"summary_ko": [bullet("What's New", "가.")], "repairs": ["section_key_normalised"]},
    ),
    "stars that do not match": (
        instead(NEWS, "- ***Technical Details*: 약 **: 3.2.", "- **고찰***: 나.", "- ***고찰**: 다."),
        {
            "summary_ko": [
                bullet("Technical Details", "약 **: 3.2."),
                bullet("고찰", "나."),
                bullet("고찰", "다."),
            ],
            "repairs": ["section_stars_mended"],
        },
    ),
    "section with a star": (
        instead(NEWS, "- ***A* Search***: 가."),
        {"summary_ko": [bullet("A* Search", "가.")]},
    ),
    "bold without a section": (
        instead(NEWS, "- **굵은** 글입니다."),
        {"summary_ko": [bullet(None, "**굵은** 글입니다.")]},
    ),
    "nested bullets": (
        instead(NEWS, "- 네 가지:", "  - 하나", "  - 둘", "- 끝."),
        {"summary_ko": [bullet(None, "네 가지: 하나 둘"), bullet(None, "끝.")], "repairs": ["nested_joined"]},
    ),
    "continuation": (
        instead(NEWS, "- **Technical Details**:", "1) 하나", "2. **둘**: 셋 ", "- **고찰**: 끝."),
        {
            "summary_ko": [bullet("Technical Details", "1) 하나 2. **둘**: 셋"), bullet("고찰", "끝.")],
            "repairs": ["continuation_joined", "text_normalised"],
        },
    ),
    "section behind, as our pages write it": (
        instead(NEWS, "- 새 방법입니다. <!-- What's New -->", "- 글 <!-- -->"),
        {"summary_ko": [bullet("What's New", "새 방법입니다."), bullet(None, "글 <!-- -->")]},
    ),
    "picture that our pages name": (
        instead(PICTURE, PICTURE, f"![media]({SITE}/b.png)"),
        {"media_urls": [f"{SITE}/b.png"]},
    ),
    "authors that our pages cut": (
        instead("Authors: Ada Kim, Bo Lee", "Authors: Ada Kim, Bo Lee 외 1,204명 (총 1,206명)"),
        {"is_authors_truncated": True, "repairs": ["authors_truncated"]},
    ),
    "leaked list": (
        instead(NEWS, "- **Technical Details**: ['가', '나']"),
        {"summary_ko": [bullet("Technical Details", "['가', '나']")], "repairs": ["repr_leak"]},
    ),
    "leaked dict": (
        instead(NEWS, "- ***고찰***: {'Efficiency': '가'}"),
        {"summary_ko": [bullet("고찰", "{'Efficiency': '가'}")], "repairs": ["repr_leak"]},
    ),
    "leaked letters": (
        instead(NEWS, r"- 이는 \uc774\ub984 입니다."),
        {"summary_ko": [bullet(None, r"이는 \uc774\ub984 입니다.")], "repairs": ["repr_leak"]},
    ),
    "eaten LaTeX": (
        instead(NEWS, "- 값은 \x08eta 와 \textit{x}, \x0crac 이다.\r"),
        {
            "summary_ko": [bullet(None, "값은 eta 와 extit{x}, rac 이다.")],
            "repairs": ["control_characters_removed", "text_normalised"],
        },
    ),
    "decomposed Korean and spaces": (
        instead(NEWS, "-  하\u1102\u1161  둘\u200b. "),
        {"summary_ko": [bullet(None, "하나 둘.")], "repairs": ["text_normalised"]},
    ),
}
