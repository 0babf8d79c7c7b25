"""The quality gate: what is wrong with one paper's Korean, judged against its English.

A registry of small checks, run in order; each yields issues that quote the fault. An ``error`` refuses the
answer and is shown to the model in a re-ask; a ``warning`` is published with it. The gate finds what
script, numbers and structure betray; a negation turned round, a fluent claim too many and a text cut exactly
at a sentence end pass it unseen. Called by transforms/answers.py.
"""

import re

from schemas.answer import English, Issue, Korean
from transforms.gate import language, markup, shape, source
from transforms.gate.case import Case, Check
from transforms.text import plain

CHECKS: tuple[Check, ...] = (*shape.CHECKS, *language.CHECKS, *markup.CHECKS, *source.CHECKS)
"""Every check, in the order of its issues."""
CODES: dict[str, str] = {code: meaning for check in CHECKS for code, meaning in check.codes.items()}
"""Every code an issue may have, with its meaning in one line."""

# The syllable is optional so that every URL is consumed once, glued or not: a text of URLs stays linear.
_LINK_AND_SYLLABLE = re.compile(r"(https?://[!-~]+)([가-힣])?")


def issues(english: English, korean: Korean) -> list[Issue]:
    """Faults of the Korean, in the order of the checks and of the fields; empty when it is good."""
    case = Case(english, korean)
    return [issue for check in CHECKS for issue in check.find(case)]


def repaired(korean: Korean) -> Korean:
    """The Korean as one plain line per field, with a space between a URL and the particle glued to it.

    A glued particle becomes part of the link when Markdown is rendered. Nothing else is touched: no word
    is mended here.
    """
    return Korean(
        _mended(korean.title_ko),
        None if korean.abstract_ko is None else _mended(korean.abstract_ko),
        [section._replace(text=_mended(section.text)) for section in korean.summary_ko],
    )


def _mended(text: str) -> str:
    return _LINK_AND_SYLLABLE.sub(_spaced, plain(text))


def _spaced(match: re.Match[str]) -> str:
    """The URL and the syllable with a space between, unless a bracket or quote already parts them."""
    link, syllable = match.groups()
    return f"{link} {syllable}" if syllable and link[-1] not in ")]}>\"'" else match.group()
