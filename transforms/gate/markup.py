"""Checks of form: tables hold plain text on one line, so markup, debris and hidden characters are faults.

What stands in the English may stand in the Korean ("<think>" is a token some papers name). Called by
transforms/quality.py.
"""

import re
import unicodedata
from collections.abc import Iterator

from schemas.answer import Issue
from transforms.gate.case import Case, Check, Field, error, quoted
from transforms.text import INVISIBLE

_NEWLINE = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")
_MOST_PER_FIELD = 5
# Each may stand where the source has the very same text.
_MARKUP = {
    "an HTML tag": re.compile(
        r"</?[A-Za-z][^<>]{0,200}>|<!--|</?[A-Za-z][\w-]*\s[^<>]{0,200}=|<!?/?script", re.IGNORECASE
    ),
    "an HTML entity": re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    "a script link": re.compile(r"(?:javascript|vbscript|data):[^\s가-힣]", re.IGNORECASE),
    "a Markdown link": re.compile(
        r"!?\[[^\[\]]{0,200}\]\([^()]{0,300}\)|\[[^\[\]]{1,60}\]\[[^\[\]]{0,60}\]"
        r"|^\[[^\[\]]{1,60}\]: |<https?:"
    ),
    "a Markdown heading": re.compile(r"(?:^|\s)#{1,6}\s"),
    "a Markdown list": re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s|\s[-*•] (?=[^-*•]{2,80}\s[-*•] )"),
    "a Markdown quote": re.compile(r"^\s*>\s"),
    "a Markdown rule": re.compile(r"(?:^|\s)(?:-{3,}|\*{3,}|_{3,}|={3,})(?:\s|$)"),
    "a Markdown table": re.compile(r"\|[^|]{1,80}\|[^|]{1,80}\||\|\s?:?-{3,}"),
    "Markdown emphasis": re.compile(r"\*\*|(?<![\w_])__(?=\S)|(?<![\w*])\*[^*\s][^*]{0,200}\*(?!\w)|~~"),
    "a backtick": re.compile(r"`"),
    "JSON or program text": re.compile(
        r"[{\[]\s?[\"'][^\"']{0,80}[\"']\s?[:,\]}]|[\"']\s?[}\]]|[\"']\s?:\s?[\"'{\[]|\\[nrt](?![A-Za-z])|\\u[0-9A-Fa-f]{4}"
        r"|\b(?:title_ko|abstract_ko|whats_new|technical_details|performance_highlights|paper_id)\b|^\s?(?:None|null|undefined|NaN)\b"
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
        for kind, pattern in _MARKUP.items():
            for match in list(pattern.finditer(field.bare))[:_MOST_PER_FIELD]:
                if not _is_in_source(match.group(), field):
                    yield error(
                        "markup", field.name, f"The text holds {kind}: {quoted(match.group().strip())}."
                    )
                    break


def _is_in_source(piece: str, field: Field) -> bool:
    return piece.strip() in field.support


CHECKS = (
    Check({"invisible_character": "A control, zero-width, bidirectional or private character."}, _invisible),
    Check({"newline": "A line break or tab inside a text; often LaTeX eaten by JSON."}, _newlines),
    Check({"markup": "HTML, Markdown or program text that is not in the English."}, _markup),
)
