"""Checks of form: tables hold plain text on one line, so markup, debris and hidden characters are faults.

What stands in the English may stand in the Korean ("<think>" is a token some papers name). Called by
transforms/quality.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, error, quoted
from transforms.text import INVISIBLE

_NEWLINE = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")
# Pieces of one kind that are compared with the source; the first that it lacks is quoted.
_MOST_LOOKED_AT = 20


class _Kind(NamedTuple):
    """A kind of markup, by its name in a message."""

    name: str
    signs: str
    """One of these characters is in every piece of the kind: a text without them is not searched."""
    pattern: re.Pattern[str]
    is_excused: bool = True
    """A piece that stands in the English as well may stay."""


_KINDS = (
    # Blocks are never right between white space, whatever the English has.
    _Kind("a Markdown heading", "#", re.compile(r"(?:^|\s)#{1,6}\s"), False),
    _Kind(
        "a Markdown list", "-*•", re.compile(r"\s[-*•] (?=[^-*•]{2,80}\s[-*•] [^-*•]{2,80}\s[-*•] )"), False
    ),
    _Kind("a Markdown rule", "-*_=", re.compile(r"(?:^|\s)(?:-{3,}|\*{3,}|_{3,}|={3,})(?:\s|$)"), False),
    _Kind(
        "an HTML tag",
        "<",
        re.compile(
            r"</?[A-Za-z][^<>]{0,200}>|<!--|<!\[?[A-Za-z]|<\?[A-Za-z]|</?[A-Za-z][\w-]*\s[^<>]{0,200}="
        ),
    ),
    _Kind("an HTML entity", "&", re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")),
    _Kind("a script link", ":", re.compile(r"(?:javascript|vbscript|data):[^\s가-힣]", re.IGNORECASE)),
    _Kind(
        "a Markdown link",
        "[<",
        re.compile(
            r"!?\[[^\[\]]{0,200}\]\([^()]{0,300}\)|!\[[^\[\]]{0,200}\]|\[[^\[\]]{1,60}\]\[[^\[\]]{0,60}\]"
            r"|(?:^|\s)\[[^\[\]]{1,60}\]: |<https?:"
        ),
    ),
    _Kind("a Markdown table", "|", re.compile(r"\|[^|]{1,80}\|[^|]{1,80}\||\|\s?:?-{3,}")),
    _Kind(
        "Markdown emphasis",
        "*_~",
        re.compile(r"\*\*|(?<![\w_])__(?=\S)|(?<![\w*])\*[^*\s][^*]{0,200}\*(?!\w)|~~"),
    ),
    _Kind("a backtick", "`", re.compile(r"`[^`]{0,80}`?")),
    _Kind(
        "JSON or program text",
        "\"'\\_NnuU",
        re.compile(
            r"[{\[]\s?[\"'][^\"']{0,80}[\"']\s?[:,\]}]|[\"']\s?[}\]]|[\"']\s?:\s?[\"'{\[]"
            r"|\\[nrt](?![A-Za-z])|\\u[0-9A-Fa-f]{4}|^\s?(?:None|null|undefined|NaN)\b"
            r"|\b(?:title_ko|abstract_ko|whats_new|technical_details|performance_highlights|paper_id|summary_ko)\b"
        ),
    ),
)
_START = re.compile(r"\s*(?:(?P<list>[-*+•]|\d{1,2}[.)])|>)\s")
_SIGNS = frozenset("".join(kind.signs for kind in _KINDS))


def _invisible(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        found = dict.fromkeys(INVISIBLE.findall(field.text))
        if found:
            names = ", ".join(
                f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip() for char in list(found)[:5]
            )
            yield error(
                "invisible_character", field.name, f"The text holds characters that nobody sees: {names}."
            )


def _newlines(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        match = _NEWLINE.search(field.text.strip())
        if match:
            message = (
                f"A line break or tab (U+{ord(match.group()):04X}) stands in the text; one line is expected."
            )
            yield error("newline", field.name, message)


def _markup(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        start = _START.match(field.bare)
        if start:
            block = "list" if start["list"] else "quote"
            message = f"The text holds a Markdown {block}: {quoted(start.group().strip())}."
            yield error("markup", field.name, message)
        signs = _SIGNS.intersection(field.bare)
        for kind in _KINDS if signs else ():
            if signs.isdisjoint(kind.signs):
                continue
            piece = _first_piece(field, kind)
            if piece is not None:
                yield error("markup", field.name, f"The text holds {kind.name}: {quoted(piece)}.")


def _first_piece(field: Field, kind: _Kind) -> str | None:
    """The first piece of a kind that the English does not excuse."""
    pieces = (match.group().strip() for match in islice(kind.pattern.finditer(field.bare), _MOST_LOOKED_AT))
    return next((piece for piece in pieces if not kind.is_excused or piece not in field.support), None)


CHECKS = (
    Check(
        {"invisible_character": Code("A control, zero-width, bidirectional or private character.")},
        _invisible,
    ),
    Check({"newline": Code("A line break or tab inside a text; often LaTeX eaten by JSON.")}, _newlines),
    Check({"markup": Code("HTML, Markdown or program text that is not in the English.")}, _markup),
)
