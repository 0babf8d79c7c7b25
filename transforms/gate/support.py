"""Is the Korean about this paper at all: how many of its telling words have their English in the source.

An answer for the neighbour in a batch is fluent and well-formed; its words give it away. Every Korean word
of the lexicon is a vote, for or against, and the votes are added up as a log-likelihood ratio: of a right
answer's words all but a few have their English in the source, of another paper's about a third. Called by
transforms/quality.py.
"""

from collections.abc import Iterator

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, error, quoted
from transforms.lexicon import Entry, entries_in, has_stem, spaced

_AGAINST, _FOR = 2.6, 1.06
"""ln(.67/.05) and ln(.95/.33): what one word without its English says, and one with it."""
_LEAST_AGAINST = 5.0
# Three words may have English that the lexicon does not know; a title has few more.
_FEWEST_MISSING = 4
# A title alone is a few words, freely put.
_LEAST_WITHOUT_ABSTRACT = 7.0
_MOST_SHOWN = 6


def _unsupported(case: Case) -> Iterator[Issue]:
    words = spaced(case.support)
    least = _LEAST_AGAINST if case.abstract or case.has_full_text else _LEAST_WITHOUT_ABSTRACT
    for name, text in _texts(case):
        missing, present = _votes(text, words)
        if name != "title_ko" and len(missing) < _FEWEST_MISSING:
            continue
        if _AGAINST * len(missing) - _FOR * present < least:
            continue
        shown = ", ".join(
            f"{form} ({'/'.join(stem.strip() for stem in entry.stems[:2])})"
            for entry, form in list(missing.items())[:_MOST_SHOWN]
        )
        message = (
            f"The Korean seems to be about another paper: {len(missing)} of its words have no English behind "
            f"them in {quoted(case.title)}, {present} have: {shown}."
        )
        yield error("unsupported", name, message)


def _votes(text: str, words: str) -> tuple[dict[Entry, str], int]:
    """The telling words without their English, and how many have it; that of a common word says nothing."""
    found = entries_in(text)
    missing = {entry: form for entry, form in found.items() if not has_stem(entry.stems, words)}
    return missing, sum(not entry.is_common for entry in found if entry not in missing)


def _texts(case: Case) -> Iterator[tuple[str, str]]:
    """Title, abstract and the summary as one text, as far as the English at hand can support them."""
    judged = case.judged
    for field in judged:
        if field.source is not None:
            yield field.name, field.bare
    summary = [field.bare for field in judged if field.source is None]
    if summary:
        yield "summary_ko", " ".join(summary)


CHECKS = (Check({"unsupported": Code("The Korean's words are those of another paper.")}, _unsupported),)
