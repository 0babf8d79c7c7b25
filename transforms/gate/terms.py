"""Checks of terms: a rendering that means something else, and one that is not the glossary's.

A wrong rendering is wrong in any translation. Another rendering that means the same is only held against
whoever was given the glossary's (``Case.terms``): elsewhere it is a matter of taste. A difference in spacing
is none here, since code mends it, and a missing English gloss is none either: loan words and abbreviations
rightly have none, and no rule tells them apart. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, around, error, quoted, warning
from transforms.glossary import GLOSSARY, Rendering, Term, mention, squeezed, standing, terms_in

_MOST = 8
# The Korean is searched for all of these at once, so each is kept as it is looked for.
_WRONG = tuple((squeezed(each.text), term, each) for term in GLOSSARY for each in term.wrong)


def _wrong(case: Case) -> Iterator[Issue]:
    text = squeezed("\n".join(field.bare for field in case.fields))
    suspects = [(term, rendering) for letters, term, rendering in _WRONG if letters in text]
    if not suspects:
        return
    support = case.support.replace("\n", " ")
    present = terms_in(support)
    for term, rendering in suspects:
        found = _first(case.fields, rendering)
        english = mention(term, support)
        if found and english and not _is_excused(rendering, term, present, support):
            field, match = found
            message = (
                f"{quoted(match.group())} does not mean {quoted(english.group())}; "
                f"write {quoted(term.korean)} for it. "
                f"The English: {around(support, english.start(), len(english.group()))}."
            )
            yield error("term_wrong", field.name, message)


def _variants(case: Case) -> Iterator[Issue]:
    if not case.terms:
        return
    text = squeezed("\n".join(field.bare for field in case.fields))
    for term in case.terms:
        letters = squeezed(term.rendering)
        for rendering in term.variants:
            variant = squeezed(rendering.text)
            if variant == letters or variant not in text:
                continue
            found = _first(case.fields, rendering)
            if found and not _is_excused(rendering, term, case.terms, case.support):
                field, match = found
                message = (
                    f"{quoted(match.group())} is not the given rendering of {quoted(term.english)}: "
                    f"write {quoted(term.korean)} in its place, wherever it stands."
                )
                yield warning("term_variant", field.name, message)


def _first(fields: list[Field], rendering: Rendering) -> tuple[Field, re.Match[str]] | None:
    """The first field where the rendering stands as words of its own."""
    matches = ((field, standing(rendering.text, field.bare)) for field in fields)
    return next(((field, match) for field, match in matches if match), None)


def _is_excused(rendering: Rendering, term: Term, present: Iterable[Term], english: str) -> bool:
    """True when another term of the English is rendered so, or one of its words may well be."""
    letters = squeezed(rendering.text)
    if any(letters in squeezed(other.rendering) for other in present if other is not term):
        return True
    words = english.lower()
    return any(re.search(rf"(?<![a-z]){re.escape(beginning)}", words) for beginning in rendering.unless)


CHECKS = (
    Check(
        {"term_wrong": Code("A term of the English is rendered by a word that means something else.")},
        lambda case: islice(_wrong(case), _MOST),
    ),
    Check(
        {"term_variant": Code("A term has another rendering than the one that was given for it.", "warning")},
        lambda case: islice(_variants(case), _MOST),
    ),
)
