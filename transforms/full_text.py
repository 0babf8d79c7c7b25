"""A paper's full text out of the Hub's Markdown page of it, cut to a budget at section bounds.

The page is untrusted and long: links, pictures and HTML are left out, sections that say nothing about the
paper's content are dropped, and what is over the budget ends with the last section that fits. Called by
flows/full_text.py.
"""

import re
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from transforms.text import plain

CHARACTERS_A_TOKEN = 4
"""Of English prose, for a budget; the bill is the service's own count."""
_LONGEST_PAGE = 2_000_000
_NUMBERING = re.compile(r"^(?:(?:\d+|[A-Z]|[IVX]+)(?:\.\d+)*\.?)\s+|^appendix\s+", re.IGNORECASE)
_LEFT_OUT = re.compile(
    r"(?:abstract|references|bibliography|acknowledge?ments?|author contributions?|funding|appendix"
    r"|appendices|supplementary materials?|broader impacts?|ethics statement|reproducibility statement)\b",
    re.IGNORECASE,
)


class PaperSection(NamedTuple):
    """A part of the paper under one heading of the first two levels."""

    heading: str
    text: str


def full_text_of(markdown: str, tokens: int) -> str | None:
    """Headings and prose of the page within the budget, one line a paragraph; None when it has none.

    A first section that is over the budget by itself is cut after the last paragraph that fits.
    """
    room = tokens * CHARACTERS_A_TOKEN
    kept: list[str] = []
    for section in sections_of(markdown):
        if _LEFT_OUT.match(_NUMBERING.sub("", section.heading)):
            continue
        text = f"{section.heading}\n{section.text}".strip()
        if len(text) > room:
            kept += [] if kept else [_cut(text, room)]
            break
        kept.append(text)
        room -= len(text) + 2
    return "\n\n".join(part for part in kept if part) or None


def sections_of(markdown: str) -> list[PaperSection]:
    """The page's sections in order; text before the first heading has an empty one."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown[:_LONGEST_PAGE])
    found: list[tuple[str, list[str]]] = [("", [])]
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline":
            text = plain(_prose(token))
            if before is not None and before.type == "heading_open" and before.tag in ("h1", "h2"):
                found.append((text, []))
            elif text:
                found[-1][1].append(text)
    return [PaperSection(heading, "\n".join(lines)) for heading, lines in found if lines]


def _prose(inline: Token) -> str:
    """The words of a paragraph, heading or cell, without links' addresses, pictures and HTML."""
    shown = ("text", "code_inline")
    parts = [child.content if child.type in shown else " " for child in inline.children or []]
    kinds = [child.type for child in inline.children or []]
    # Emphasis and links break no word; line breaks and pictures do.
    return "".join(
        part
        for part, kind in zip(parts, kinds, strict=True)
        if kind in (*shown, "softbreak", "hardbreak", "image")
    )


def _cut(text: str, room: int) -> str:
    """As many whole lines as fit."""
    end = text.rfind("\n", 0, room + 1)
    return text[:end] if end > 0 else ""
