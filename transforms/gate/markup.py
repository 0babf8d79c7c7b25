"""Checks of form: tables hold plain text on one line, so markup, debris and hidden characters are faults.

What stands in the English may stand in the Korean ("<think>" is a token some papers name). Called by
transforms/quality.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from schemas.answer import Issue
from transforms.gate.case import Case, Check, Field, error, quoted
from transforms.text import INVISIBLE

_NEWLINE = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")
# Pieces of one kind that are compared with the source; the first that it lacks is quoted.
_MOST_LOOKED_AT = 20
# Never right at the start of a text, or between white space, whatever the source has.
_BLOCKS = {
    "a Markdown heading": re.compile(r"(?:^|\s)#{1,6}\s"),
    "a Markdown list": re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s|\s[-*•] (?=[^-*•]{2,80}\s[-*•] )"),
    "a Markdown quote": re.compile(r"^\s*>\s"),
    "a Markdown rule": re.compile(r"(?:^|\s)(?:-{3,}|\*{3,}|_{3,}|={3,})(?:\s|$)"),
}
# Each may stand where the source has the very same text.
_INLINE = {
    "an HTML tag": re.compile(r"</?[A-Za-z][^<>]{0,200}>|<!--|</?[A-Za-z][\w-]*\s[^<>]{0,200}="),
    "an HTML entity": re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    "a script link": re.compile(r"(?:javascript|vbscript|data):[^\s가-힣]", re.IGNORECASE),
    "a Markdown link": re.compile(
        r"!?\[[^\[\]]{0,200}\]\([^()]{0,300}\)|\[[^\[\]]{1,60}\]\[[^\[\]]{0,60}\]"
        r"|^\[[^\[\]]{1,60}\]: |<https?:"
    ),
    "a Markdown table": re.compile(r"\|[^|]{1,80}\|[^|]{1,80}\||\|\s?:?-{3,}"),
    "Markdown emphasis": re.compile(r"\*\*|(?<![\w_])__(?=\S)|(?<![\w*])\*[^*\s][^*]{0,200}\*(?!\w)|~~"),
    "a backtick": re.compile(r"`[^`]{0,80}`?"),
    "JSON or program text": re.compile(
        r"[{\[]\s?[\"'][^\"']{0,80}[\"']\s?[:,\]}]|[\"']\s?[}\]]|[\"']\s?:\s?[\"'{\[]"
        r"|\\[nrt](?![A-Za-z])|\\u[0-9A-Fa-f]{4}|^\s?(?:None|null|undefined|NaN)\b"
        r"|\b(?:title_ko|abstract_ko|whats_new|technical_details|performance_highlights|paper_id)\b"
    ),
}


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
        for kind, piece in (*_first_pieces(field, _BLOCKS, False), *_first_pieces(field, _INLINE, True)):
            yield error("markup", field.name, f"The text holds {kind}: {quoted(piece)}.")


def _first_pieces(
    field: Field, patterns: dict[str, re.Pattern[str]], excused: bool
) -> Iterator[tuple[str, str]]:
    """The first piece of each kind; with ``excused``, the first that the source does not have too."""
    for kind, pattern in patterns.items():
        pieces = (match.group().strip() for match in islice(pattern.finditer(field.bare), _MOST_LOOKED_AT))
        piece = next((piece for piece in pieces if not excused or piece not in field.support), None)
        if piece is not None:
            yield kind, piece


CHECKS = (
    Check({"invisible_character": "A control, zero-width, bidirectional or private character."}, _invisible),
    Check({"newline": "A line break or tab inside a text; often LaTeX eaten by JSON."}, _newlines),
    Check({"markup": "HTML, Markdown or program text that is not in the English."}, _markup),
)
