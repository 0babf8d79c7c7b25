"""The quality gate: what is wrong with one paper's Korean, judged against its English.

A registry of small checks, run in order; each yields issues that quote the fault. An ``error`` refuses the
answer and is shown to the model in a re-ask; a ``warning`` is published with it. The gate finds what
script, numbers, names and structure betray, and part of what was turned round, dropped or added: a lost
denial or a cut at a sentence end in a summary, and praise for what the English calls worse, pass it unseen.
Called by transforms/answers.py and flows/check_answers.py.
"""

import re

from schemas.answer import Code, English, Issue, Korean
from transforms.gate import (
    alignment,
    claims,
    comparison,
    language,
    leakage,
    links,
    markup,
    names,
    negation,
    numbers,
    shape,
    source,
    support,
    terms,
)
from transforms.gate.case import Case, Check
from transforms.glossary import Term, with_fixed_spacing
from transforms.text import plain

CHECKS: tuple[Check, ...] = (
    *shape.CHECKS,
    *language.CHECKS,
    *markup.CHECKS,
    *links.CHECKS,
    *source.CHECKS,
    *numbers.CHECKS,
    *names.CHECKS,
    *support.CHECKS,
    *terms.CHECKS,
    *negation.CHECKS,
    *comparison.CHECKS,
    *alignment.CHECKS,
    *claims.CHECKS,
    *leakage.CHECKS,
)
"""Every check, in the order of its issues."""
CODES: dict[str, Code] = {name: code for check in CHECKS for name, code in check.codes.items()}
"""Every code an issue may have, with its meaning in one line."""
MENDED = frozenset({"link_glued"})
"""Codes of what ``repaired`` mends, so that nobody is asked again and nothing is published about them."""

# The syllable is optional so that every URL is consumed once, glued or not: a text of URLs stays linear.
_FORMULA_OR_ESCAPE = re.compile(r"(\$[^$]{1,500}\$)|\\([%&#])")
_LINK_AND_SYLLABLE = re.compile(r"(https?://[!-~]+)([가-힣])?")


def issues(english: English, korean: Korean, terms: tuple[Term, ...] = ()) -> list[Issue]:
    """Faults of the Korean, in the order of the checks and of the fields; empty when it is good.

    Args:
        english: The paper's English.
        korean: Its Korean, in whole or in part.
        terms: Terms that the translator was given renderings of; only these are held to their rendering.
    """
    case = Case(english, korean, terms)
    return [issue for check in CHECKS for issue in check.find(case)]


def repaired(korean: Korean, terms: tuple[Term, ...] = ()) -> Korean:
    """The Korean as one plain line per field, with what can be mended without asking again.

    A space parts a URL from the particle glued to it, which would become part of the link when Markdown is
    rendered; a sign outside formulas loses the backslash of LaTeX; the terms that the translator was given
    get the glossary's spaces and hyphens.
    """
    return Korean(
        None if korean.title_ko is None else _mended(korean.title_ko, terms),
        None if korean.abstract_ko is None else _mended(korean.abstract_ko, terms),
        [section._replace(text=_mended(section.text, terms)) for section in korean.summary_ko],
    )


def _mended(text: str, terms: tuple[Term, ...]) -> str:
    unescaped = _FORMULA_OR_ESCAPE.sub(lambda match: match[1] or match[2], plain(text))
    return with_fixed_spacing(_LINK_AND_SYLLABLE.sub(_spaced, unescaped), terms)


def _spaced(match: re.Match[str]) -> str:
    """The URL and the syllable with a space between, unless a bracket or quote already parts them."""
    link, syllable = match.groups()
    return f"{link} {syllable}" if syllable and link[-1] not in ")]}>\"'" else match.group()
