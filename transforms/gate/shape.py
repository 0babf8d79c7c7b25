"""Checks of shape: which fields there are, how long they are, how they end, whether they repeat.

Called by transforms/quality.py.
"""

import operator
import re
from collections.abc import Iterator

from schemas.answer import Issue
from schemas.tables import SECTIONS
from transforms.gate.case import (
    LONGEST,
    MARK,
    MOST_ENTRIES,
    Case,
    Check,
    Field,
    entry_name,
    error,
    quoted,
    warning,
)
from transforms.korean import HANGUL, sentences

_SHORTEST_SECTION = 12
_REFUSED_RATIO = (0.2, 1.2)
_USUAL_RATIO = (0.33, 0.75)
# Under this many characters of English a ratio says little: one long name decides it.
_SHORTEST_FOR_RATIO = 80
_ENDED = re.compile(r"[.!?…。][\"'”’」』》)\]\s]*$")
_ENDS_IN_LINK = re.compile(rf"(?:{MARK}|https?://\S+)[\"'”’)\]\s]*$")
_LIST_NUMBER = re.compile(r"(?:^|[\s,;])(?:\d{1,2}|[a-z]|[ivx]{1,4})\)$")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("「", "」"), ("『", "』"), ("《", "》"), ("“", "”"))
_CHARACTER_LOOP = re.compile(r"([가-힣A-Za-z])\1{9}|([가-힣A-Za-z ]{2,8})\2{4}")
_SHORTEST_REPEAT = 15
_FEWEST_REPEATS = 3


def _empty_fields(case: Case) -> Iterator[Issue]:
    korean = case.korean
    if not korean.title_ko.strip():
        yield error("empty_field", "title_ko", "title_ko is empty.")
    has_abstract = bool((korean.abstract_ko or "").strip())
    if case.abstract is not None and case.abstract.strip():
        if not has_abstract:
            yield error("empty_field", "abstract_ko", "abstract_ko is empty but the paper has an abstract.")
        if not korean.summary_ko:
            yield error("empty_field", "summary_ko", "The summary is empty.")
    elif has_abstract:
        yield error(
            "abstract_invented",
            "abstract_ko",
            "The paper has no English abstract, so abstract_ko must be empty.",
        )
    for index, section in enumerate(korean.summary_ko[:MOST_ENTRIES]):
        if len(section.text[:LONGEST].strip()) < _SHORTEST_SECTION:
            message = f"The text is empty or too short: {quoted(section.text[:LONGEST])}."
            yield error("empty_field", entry_name(index, section), message)


def _section_set(case: Case) -> Iterator[Issue]:
    names = [section.section for section in case.korean.summary_ko]
    if len(names) > MOST_ENTRIES:
        yield error(
            "section_set",
            "summary_ko",
            f"The summary has {len(names)} entries; at most {MOST_ENTRIES} are read.",
        )
    elif any(name is not None for name in names) and names != list(SECTIONS):
        shown = quoted(", ".join(str(name) for name in names))
        yield error(
            "section_set", "summary_ko", f"The sections are {shown}; expected {quoted(', '.join(SECTIONS))}."
        )


def _too_long(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if len(field.raw) > LONGEST:
            message = f"The text has {len(field.raw):,} characters; at most {LONGEST:,} are read. Shorten it."
            yield error("too_long", field.name, message)


def _length_ratio(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if field.name == "title_ko" and len(field.text) > 2 * len(case.title) + 40:
            yield error(
                "length_ratio", field.name, "title_ko is more than twice as long as the English title."
            )
        if field.name != "abstract_ko" or not field.source or len(field.source) < _SHORTEST_FOR_RATIO:
            continue
        ratio = len(field.text) / len(field.source)
        message = (
            f"abstract_ko has {ratio:.0%} of the characters of the English abstract; "
            f"a whole translation has {_USUAL_RATIO[0]:.0%} to {_USUAL_RATIO[1]:.0%}."
        )
        if not _REFUSED_RATIO[0] <= ratio <= _REFUSED_RATIO[1]:
            yield error("length_ratio", field.name, message)
        elif not _USUAL_RATIO[0] <= ratio <= _USUAL_RATIO[1]:
            yield warning("length_ratio", field.name, message)


def _cut_off(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if (
            not field.is_title
            and not _ENDED.search(field.bare[-40:])
            and not _ENDS_IN_LINK.search(field.bare[-200:])
        ):
            tail = quoted(field.text.rstrip()[-30:])
            yield error("cut_off", field.name, f"The text does not end with a full sentence: … {tail}.")
        yield from _unbalanced(field)


def _unbalanced(field: Field) -> Iterator[Issue]:
    """Brackets that open and never close; a stray closing one is only worth a warning."""
    for opening, closing in _BRACKETS:
        unclosed, stray = _unmatched(field.bare, opening, closing)
        if (unclosed or stray) and any(_unmatched(field.support, opening, closing)):
            continue
        if unclosed:
            yield error(
                "cut_off", field.name, f"{quoted(opening)} is opened and never closed: {quoted(field.text)}."
            )
        if stray:
            yield warning("cut_off", field.name, f"{quoted(closing)} is closed and was never opened.")


def _unmatched(text: str, opening: str, closing: str) -> tuple[int, int]:
    """How many brackets stay open, and how many close nothing; a list number such as "1)" may."""
    depth = stray = 0
    for match in re.finditer(rf"[{re.escape(opening + closing)}]", text):
        if match.group() == opening:
            depth += 1
        elif depth:
            depth -= 1
        elif not _LIST_NUMBER.search(text[max(match.start() - 6, 0) : match.end()]):
            stray += 1
    return depth, stray


def _repetition(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        loop = _loop(field)
        if loop:
            yield error("repetition", field.name, f"The text repeats itself: {quoted(loop)}.")
    yield from _repeated_sentences([field for field in case.fields if field.name == "abstract_ko"])
    yield from _repeated_sentences(case.summary)


def _repeated_sentences(fields: list[Field]) -> Iterator[Issue]:
    seen: set[str] = set()
    for field in fields:
        for sentence in sentences(field.bare):
            key = "".join(sentence.split())
            if len(key) >= _SHORTEST_REPEAT and key in seen:
                yield error("repetition", field.name, f"The sentence stands twice: {quoted(sentence)}.")
            seen.add(key)


def _loop(field: Field) -> str | None:
    """Words or characters that follow themselves again and again, the mark of a model in a loop."""
    match = _CHARACTER_LOOP.search(field.bare)
    if match and match.group() not in field.support:
        return match.group()
    words = field.bare.split()
    if len(words) - len(set(words)) < _FEWEST_REPEATS:
        return None
    for size in range(1, 9):
        # One byte per word: 1 where it equals the word that stands ``size`` words before it.
        same = bytes(map(operator.eq, words[size:], words))
        begin = same.find(b"\1" * (max(3, 5 - size) * size - size))
        block = " ".join(words[begin : begin + size])
        if begin >= 0 and HANGUL.search(block):
            return block
    return None


CHECKS = (
    Check(
        {
            "empty_field": "A field that must have text is empty or too short.",
            "abstract_invented": "There is Korean for an abstract that the paper does not have.",
        },
        _empty_fields,
    ),
    Check(
        {"section_set": "The summary does not have exactly the three sections in order, or plain bullets."},
        _section_set,
    ),
    Check({"too_long": "A field is longer than any translation."}, _too_long),
    Check(
        {"length_ratio": "Korean and English differ in length more than a whole translation does."},
        _length_ratio,
    ),
    Check({"cut_off": "A text stops before its sentence ends, or leaves a bracket open."}, _cut_off),
    Check({"repetition": "A sentence or a stretch of words is repeated."}, _repetition),
)
