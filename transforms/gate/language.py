"""Checks of language: is it Korean, all of it, in one script and one speech level.

Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator

from schemas.answer import Code, Issue
from transforms.gate.case import MARK, Case, Check, Field, error, quoted
from transforms.korean import (
    HANGUL,
    ends_a_list,
    english_runs,
    foreign_letters,
    is_english_clause,
    is_formal,
    letters,
)

_LOWEST_SHARE = 0.38
# One bullet may list names; the summary as a whole may not.
_LOWEST_ENTRY_SHARE = 0.25
_NAME = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9-]{0,40}(?:[0-9]|[A-Za-z][A-Z]))[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"
)
_GLOSS = re.compile(r"\([^()가-힣]*\)")
_QUOTATION = re.compile(r"\"[^\"가-힣]{1,120}\"|“[^”가-힣]{1,120}”|(?<![A-Za-z])['‘][^'‘’가-힣]{1,120}['’]")
_MOST_QUOTED_WORDS = 10
# So few words in quotes are a name, whether or not the English at hand has them.
_FEW_QUOTED_WORDS = 5
_ENDS_IN_LINK = re.compile(rf"(?:{MARK}|https?://\S+)[\"'”’)\].\s]*$")
_TITLE_SENTENCE = re.compile(r"(?:[가-힣]니다[.!]?|[가-힣]다\.)\s*$")
_MOST_PER_FIELD = 5
_LONGEST_NAME = 4


def _hangul(case: Case) -> Iterator[Issue]:
    hangul = latin = 0
    for field in case.fields:
        if field.is_title:
            yield from _title_script(field, case)
            continue
        # Latin glosses in brackets do not count, nor do names with digits or capitals within.
        counts = letters(_NAME.sub(" ", _GLOSS.sub(" ", field.bare)))
        is_abstract = field.name == "abstract_ko"
        yield from _share(
            field.name, field.bare, counts, _LOWEST_SHARE if is_abstract else _LOWEST_ENTRY_SHARE
        )
        if not is_abstract:
            hangul, latin = hangul + counts[0], latin + counts[1]
    if case.summary:
        text = " ".join(field.bare for field in case.summary)
        yield from _share("summary_ko", text, (hangul, latin), _LOWEST_SHARE)


def _share(name: str, text: str, counts: tuple[int, int], lowest: float) -> Iterator[Issue]:
    """A fault when too few of a text's letters are Hangul."""
    share = counts[0] / sum(counts) if sum(counts) else 0.0
    if share < lowest:
        message = (
            f"Only {share:.0%} of the letters are Hangul, at least {lowest:.0%} must be: {quoted(text)}."
        )
        yield error("hangul_share", name, message)


def _title_script(field: Field, case: Case) -> Iterator[Issue]:
    """A fault when a title has no Hangul, unless it is nothing but a name and was kept."""
    if not HANGUL.search(field.bare) and not (_is_name(case) and field.text.strip() == case.title.strip()):
        yield error("title_not_korean", field.name, f"The title has no Korean: {quoted(field.text)}.")


def _is_name(case: Case) -> bool:
    """True for one word, and for a few that the abstract joins by hyphens: "Task Me Anything"."""
    words = case.title.split()
    return len(words) <= 1 or (
        len(words) <= _LONGEST_NAME and any(sign.join(words) in (case.abstract or "") for sign in ("-", ""))
    )


def _untranslated(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        for run in english_runs(_without_kept(field))[:_MOST_PER_FIELD]:
            yield error("untranslated", field.name, f"English was left in the Korean: {quoted(run)}.")


def _without_kept(field: Field) -> str:
    """The text with MARK for every aside and quotation that rightly stands in English."""
    prose = _GLOSS.sub(lambda match: _kept_gloss(match, field), field.bare)
    return _QUOTATION.sub(lambda match: _kept_quotation(match, field), prose)


def _kept_gloss(match: re.Match[str], field: Field) -> str:
    """MARK for an aside in English, which explains a term, or which is an aside of the English too.

    Any other whole clause in brackets stays to be seen.
    """
    is_kept = not is_english_clause(match.group()) or match.group() in field.support
    return f" {MARK} " if is_kept else match.group()


def _kept_quotation(match: re.Match[str], field: Field) -> str:
    """MARK for a quotation that is rightly kept, as a name or as words of the source; else itself."""
    inner = match.group()[1:-1]
    size = len(inner.split())
    is_kept = size <= _FEW_QUOTED_WORDS or (
        size <= _MOST_QUOTED_WORDS and inner.strip(" .,!?").lower() in field.support.lower()
    )
    return MARK if is_kept else match.group()


def _foreign_script(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        letters = foreign_letters(field.text, field.support)
        if letters:
            where = next(word for word in field.text.split() if letters[0] in word)
            message = (
                f"{quoted(''.join(letters[:20]))} is neither Korean nor in the English, in {quoted(where)}."
            )
            yield error("foreign_script", field.name, message)


def _register(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if field.is_title:
            if _TITLE_SENTENCE.search(field.text):
                yield error(
                    "register", field.name, f"A title is a noun phrase, not a sentence: {quoted(field.text)}."
                )
            continue
        faults = [sentence for sentence in field.sentences if not _is_in_register(sentence)]
        for sentence in faults[:_MOST_PER_FIELD]:
            message = f"Every sentence must end in 합니다체 (…ㅂ니다.): … {quoted(sentence[-40:])}."
            yield error("register", field.name, message)


def _is_in_register(sentence: str) -> bool:
    """True for the formal level, for a list, and for a line that only leads to a link ("코드: https://…")."""
    return is_formal(sentence) or bool(_ENDS_IN_LINK.search(sentence[-300:])) or ends_a_list(sentence)


CHECKS = (
    Check(
        {
            "hangul_share": Code("Less than 38 % of a text's letters are Hangul."),
            "title_not_korean": Code("The title has no Hangul, and is more than a name."),
        },
        _hangul,
    ),
    Check({"untranslated": Code("A run of English words was left in the Korean.")}, _untranslated),
    Check(
        {"foreign_script": Code("Letters of a script that neither Korean nor the English uses.")},
        _foreign_script,
    ),
    Check({"register": Code("A sentence is not in 합니다체, or the title is a sentence.")}, _register),
)
