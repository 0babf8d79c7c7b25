"""Checks of language: is it Korean, all of it, in one script and one speech level.

Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator

from schemas.answer import Issue
from transforms.gate.case import MARK, Case, Check, Field, error, quoted, warning
from transforms.korean import HANGUL, english_runs, foreign_letters, hangul_share, is_formal, sentences

_LOWEST_SHARE = 0.45
# One bullet may list names; the summary as a whole may not.
_LOWEST_ENTRY_SHARE = 0.25
_GLOSS = re.compile(r"\([^()가-힣]*\)")
_QUOTATION = re.compile(r"\"[^\"가-힣]{1,120}\"|“[^”가-힣]{1,120}”|(?<![A-Za-z])['‘][^'‘’가-힣]{1,120}['’]")
_MOST_QUOTED_WORDS = 10
_ENDS_IN_LINK = re.compile(rf"(?:{MARK}|https?://\S+)[\"'”’)\].\s]*$")
_TITLE_SENTENCE = re.compile(r"(?:[가-힣]니다[.!]?|[가-힣]다\.)\s*$")
_MOST_PER_FIELD = 5


def _hangul(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if field.is_title:
            yield from _title_script(field, case.title)
        else:
            lowest = _LOWEST_SHARE if field.name == "abstract_ko" else _LOWEST_ENTRY_SHARE
            yield from _share(field.name, field.bare, lowest)
    yield from _share("summary_ko", " ".join(field.bare for field in case.summary), _LOWEST_SHARE)


def _share(name: str, text: str, lowest: float) -> Iterator[Issue]:
    """A fault when too few of a text's letters are Hangul; Latin glosses in brackets do not count."""
    share = hangul_share(_GLOSS.sub(" ", text))
    if text and (share is None or share < lowest):
        message = (
            f"Only {share or 0:.0%} of the letters are Hangul, at least {lowest:.0%} must be: {quoted(text)}."
        )
        yield error("hangul_share", name, message)


def _title_script(field: Field, title: str) -> Iterator[Issue]:
    if HANGUL.search(field.bare):
        return
    if len(title.split()) <= 1 and field.text.strip() == title.strip():
        yield warning(
            "title_not_korean", field.name, f"The title is a single name and was kept: {quoted(title)}."
        )
    else:
        yield error("title_not_korean", field.name, f"The title has no Korean: {quoted(field.text)}.")


def _untranslated(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        prose = _GLOSS.sub(f" {MARK} ", field.bare)
        prose = _QUOTATION.sub(lambda match, field=field: _kept_quotation(match, field), prose)  # type: ignore[misc]
        for run in english_runs(prose)[:_MOST_PER_FIELD]:
            yield error("untranslated", field.name, f"English was left in the Korean: {quoted(run)}.")


def _kept_quotation(match: re.Match[str], field: Field) -> str:
    """MARK for a short quotation that stands in the source, which is rightly kept; else the text itself."""
    inner = match.group()[1:-1]
    is_kept = (
        len(inner.split()) <= _MOST_QUOTED_WORDS and inner.strip(" .,!?").lower() in field.support.lower()
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
        faults = [sentence for sentence in sentences(field.bare) if not _is_in_register(sentence)]
        for sentence in faults[:_MOST_PER_FIELD]:
            message = f"Every sentence must end in 합니다체 (…ㅂ니다.): … {quoted(sentence[-40:])}."
            yield error("register", field.name, message)


def _is_in_register(sentence: str) -> bool:
    """True for the formal level, and for a line that only leads to a link ("코드: https://…")."""
    return is_formal(sentence) or bool(_ENDS_IN_LINK.search(sentence[-300:]))


CHECKS = (
    Check(
        {
            "hangul_share": "Less than 45 % of a text's letters are Hangul.",
            "title_not_korean": "The title has no Hangul.",
        },
        _hangul,
    ),
    Check({"untranslated": "A run of English words was left in the Korean."}, _untranslated),
    Check(
        {"foreign_script": "Letters of a script that neither Korean nor the English uses."}, _foreign_script
    ),
    Check({"register": "A sentence is not in 합니다체, or the title is a sentence."}, _register),
)
