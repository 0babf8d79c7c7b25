"""RELEASE rows of one day into the five document forms of the archive, as its authors laid them out.

People who read or parse the older documents can go on doing so. Layout is the seeds', to the blank line;
what a paper says is ours: every author, in the paper's order, and text that is made harmless where
Markdown would read it as anything but text (ordinary text stays as it is). The papers stand in list order,
not by votes, so that a page read back gives the same ``rank``. A form that has plain bullets keeps the name
of a section in a comment behind its bullet, invisible on the page; dropping it would lose it for whoever
reads the page back. Inverses are in transforms/markdown.py; docs of the marks are at FORMS. Called by
flows/release.py.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import polars as pl

from transforms.markdown import destination, escaped, link, names_in_line
from transforms.templating import rendered

Row = dict[str, Any]

_VIDEO_TYPES: Final = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".qt": "video/quicktime",
}
_TRANSLATED: Final = ("ok", "archived")


class Form(NamedTuple):
    """How one of the archive's document kinds lays a day out."""

    is_readme: bool
    """A preamble stands before the day, and licence and citation after it."""
    paper: Callable[[Row], str]
    """One paper, from its heading to the blank line before its bullets."""
    bullet: Callable[[str | None, str], str]
    """One entry of the summary; section and text are Markdown already."""


def form_markdown(rows: pl.DataFrame, list_date: date, form: str) -> str:
    """One day in a form of FORMS; other days' rows and delisted papers are left out.

    A paper without Korean (pending, rejected) has no bullets.
    """
    shape = FORMS[form]
    listed = rows.filter(pl.col("list_date") == list_date, pl.col("delisted_at").is_null())
    papers = [_paper(row, shape) for row in listed.sort("rank", "paper_id").iter_rows(named=True)]
    day = f"## Daily Papers ({list_date.isoformat()})\n\n" + "".join(papers)
    if not shape.is_readme:
        return day
    return f"{rendered('form_preamble.md.j2')}\n\n{day}\n\n{rendered('form_trailer.md.j2')}"


def _paper(row: Row, shape: Form) -> str:
    summary = row["summary_ko"] if row["translation_status"] in _TRANSLATED else None
    bullets = [
        shape.bullet(entry["section"] and escaped(entry["section"]), escaped(entry["text"]))
        for entry in summary or []
    ]
    return shape.paper(row) + "".join(f"{bullet}\n" for bullet in bullets) + ("\n" if bullets else "")


def _earliest_paper(row: Row) -> str:
    """A paper as in November 2023: no votes, a picture against its neighbours, videos set apart."""
    tight = "\n".join([_heading(row), *_thumbnail(row)])
    media = [block for item in _media(row) for block in _frame_and_player(item)]
    authors = _authors(row)
    if authors and not media:
        return f"{tight}\n{authors[0]}\n\n"
    return "".join(f"{block}\n\n" for block in [tight, *media, *authors])


def _later_paper(row: Row) -> str:
    """A paper as from December 2023 on: one block each for its pictures, videos, votes and authors."""
    media = [_link_and_player(item) for item in _media(row)]
    votes = f"Vote: {'-' if row['upvotes'] is None else row['upvotes']}"
    blocks = [_heading(row), *_thumbnail(row), *media, votes, *_authors(row)]
    return "".join(f"{block}\n\n" for block in blocks)


def _heading(row: Row) -> str:
    return "### " + link(row["title"], f"https://arxiv.org/abs/{row['paper_id']}")


def _authors(row: Row) -> list[str]:
    return [f"Authors: {names_in_line(row['authors'])}"] if row["authors"] else []


def _thumbnail(row: Row) -> list[str]:
    url = destination(row["thumbnail_url"] or "")
    return [f"![]({url})"] if url else []


class _Medium(NamedTuple):
    url: str
    """As it is written in Markdown and HTML."""
    video_type: str | None
    """None for a picture."""


def _media(row: Row) -> list[_Medium]:
    written = ((destination(url), url) for url in row["media_urls"])
    return [_Medium(target, _video_type(url)) for target, url in written if target]


def _video_type(url: str) -> str | None:
    path = urlsplit(url).path
    return _VIDEO_TYPES.get("".join(path.rpartition(".")[1:]).lower())


def _picture(url: str) -> str:
    """An attached picture; its alternative text tells it from the thumbnail, which has none."""
    return f"![media]({url})"


def _frame_and_player(medium: _Medium) -> list[str]:
    if medium.video_type is None:
        return [_picture(medium.url)]
    player = (
        f'<video width="320" height="240" controls>\n'
        f'  <source src="{medium.url}" type="{medium.video_type}">\n'
        f"</video>"
    )
    return [f'<iframe src="{medium.url}" ></iframe>', player]


def _link_and_player(medium: _Medium) -> str:
    if medium.video_type is None:
        return _picture(medium.url)
    player = f'<div><video controls src="{medium.url}" muted="false"></video></div>'
    return f"[Watch Video]({medium.url})\n{player}"


def _plain_bullet(section: str | None, text: str) -> str:
    # Behind the text: a line that begins with a comment would be HTML to its end.
    return f"- {text} <!-- {section} -->" if section else f"- {text}"


def _named_bullet(section: str | None, text: str) -> str:
    return f"- ***{section}***: {text}" if section else f"- {text}"


FORMS: Final = {
    "2023-11": Form(True, _earliest_paper, _plain_bullet),
    "2023-12": Form(True, _later_paper, _plain_bullet),
    "2024-01": Form(False, _later_paper, _plain_bullet),
    "2024-02": Form(False, _later_paper, _plain_bullet),
    "2024-11": Form(False, _later_paper, _named_bullet),
}
"""Forms by the month of their first document."""
