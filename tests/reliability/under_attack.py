"""Answers with an attack in them, and what of a rendered page is active: what the tests of attacks share."""

import json
from typing import NamedTuple

import lxml.html
from markdown_it import MarkdownIt

from daylists import record
from flows.sandbox.pseudo import pseudo_answer
from transforms.prompt import source_of

FIELDS = ("title_ko", "abstract_ko", "whats_new", "technical_details", "performance_highlights")
READER = MarkdownIt("gfm-like", {"html": True})


def good_answer(paper_id: str) -> dict[str, str]:
    """The Korean that the sandbox gives for a harmless paper."""
    paper = record(paper_id)["paper"]
    shown = source_of(paper_id, paper["title"], paper["summary"]).shown.texts
    answer: dict[str, str] = pseudo_answer(paper_id, *shown).model_dump()
    return answer


def body_of(content: str) -> str:
    """A completion that says this."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    usage = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
    return json.dumps(
        {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
    )


def spoilt(paper_id: str, /, **fields: str) -> str:
    """A completion with the good answer, some fields of it replaced."""
    return body_of(json.dumps({**good_answer(paper_id), **fields}))


class Shape(NamedTuple):
    """What of a page is active: all that an attack must not change."""

    tags: list[str]
    links: list[str]
    pictures: list[str]


def shape(markdown: str) -> Shape:
    """The page's tags in order, the spans of single characters aside, and its links and pictures."""
    return shape_of(READER.render(markdown))


def shape_of(html: str) -> Shape:
    tree = lxml.html.fromstring(f"<div>{html}</div>")
    elements = [e for e in tree.iter() if e.tag != "span" or len(e.attrib)]
    # A form of old logs has the title in a comment, whose end no text can write.
    tags = [e.tag if isinstance(e.tag, str) else "comment" for e in elements]
    links = [str(e.get("href")) for e in tree.iter("a")]
    return Shape(tags, links, [str(e.get("src")) for e in tree.iter("img")])
