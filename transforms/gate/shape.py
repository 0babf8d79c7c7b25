"""Checks of shape: which fields there are, how long they are, how they end, whether they repeat.

Called by transforms/quality.py.
"""

import operator
import re
from collections.abc import Iterator

from schemas.answer import Code, Issue
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
from transforms.korean import HANGUL

# The shortest entry of 1,345 good papers has 19 characters.
_SHORTEST_ENTRY = 15
_LONGEST_ENTRY, _LONGEST_ENTRY_RATIO = 300, 0.38
_REFUSED_RATIO = (0.2, 1.2)
_USUAL_RATIO = (0.33, 0.75)
# Under this many characters of English a ratio says little: one long name decides it.
_SHORTEST_FOR_RATIO = 80
_ENDED = re.compile(r"[.!?…。][\"'”’」』》)\]\s]*$")
_ENDS_IN_LINK = re.compile(rf"(?:{MARK}|https?://\S+)[\"'”’)\]\s]*$")
_LIST_NUMBER = re.compile(r"(?:^|[\s,;])(?:\d{1,2}|[a-z]|[ivx]{1,4})\)$")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"), ("「", "」"), ("『", "』"), ("《", "》"), ("“", "”"))
_SHORTEST_TITLE = 30
_LEAST_TITLE_RATIO = 0.15
_CHARACTER_LOOP = re.compile(r"([가-힣A-Za-z])\1{9}|([가-힣A-Za-z ]{2,8})\2{4}")
# In a loop of up to eight characters, four in a row stand again within the next eight.
_LOOP_STEP, _LOOP_SIZE = 4, 8
_SHORTEST_REPEAT = 10
# In 1,500 good papers no summary says seven words twice; an abstract does, with its English.
_CLAUSE_WORDS = 7
_LONGEST_DOUBLED = 6
_INFLECTED = re.compile(r"[가-힣]{2}(?:을|를|은|는|의|한|하는|하며|하고|된|되는|으로|에서)$")
_CLAUSE_MARKS = ",.;:"
_FEWEST_REPEATS = 3
# Numbers and names alone may follow themselves a few times, as in a row of a table.
_FEWEST_BARE_REPEATS = 6


def _empty_fields(case: Case) -> Iterator[Issue]:
    korean = case.korean
    if korean.title_ko is not None and not korean.title_ko.strip():
        yield error("empty_field", "title_ko", "title_ko is empty.")
    has_abstract = bool((korean.abstract_ko or "").strip())
    if case.abstract is not None and case.abstract.strip():
        if korean.abstract_ko is not None and not has_abstract:
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
        if len(section.text[:LONGEST].strip()) < _SHORTEST_ENTRY:
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
        if field.is_title:
            yield from _title_length(field, case.title)
        elif field.name != "abstract_ko":
            yield from _entry_length(field, case)
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


def _entry_length(field: Field, case: Case) -> Iterator[Issue]:
    """A doubt about an entry as long as the whole abstract in Korean; of good ones none is half as long."""
    longest = max(_LONGEST_ENTRY, int(_LONGEST_ENTRY_RATIO * len(case.support)))
    if case.abstract and len(field.text) > longest:
        message = f"The entry has {len(field.text):,} characters, at most {longest:,} sum up such a paper."
        yield warning("length_ratio", field.name, message)


def _title_length(field: Field, title: str) -> Iterator[Issue]:
    if len(field.text) > 2 * len(title) + 40:
        yield error("length_ratio", field.name, "title_ko is more than twice as long as the English title.")
    elif len(title) >= _SHORTEST_TITLE and len(field.text.strip()) < _LEAST_TITLE_RATIO * len(title):
        yield error(
            "length_ratio", field.name, f"title_ko is too short for {quoted(title)}: {quoted(field.text)}."
        )


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
        opened, closed = field.bare.count(opening), field.bare.count(closing)
        if opened == closed and (not opened or field.bare.find(opening) < field.bare.find(closing)):
            continue
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
        repeated = _loop(field) or _doubled(field) or _said_twice(field)
        if repeated:
            yield error("repetition", field.name, f"The text repeats itself: {quoted(repeated)}.")
    yield from _repeated_sentences([field for field in case.fields if field.name == "abstract_ko"])
    yield from _repeated_sentences(case.summary)


def _repeated_sentences(fields: list[Field]) -> Iterator[Issue]:
    seen: set[str] = set()
    for field in fields:
        for sentence in field.sentences:
            key = "".join(sentence.split())
            if len(key) >= _SHORTEST_REPEAT and key in seen:
                yield error("repetition", field.name, f"The sentence stands twice: {quoted(sentence)}.")
            seen.add(key)


def _doubled(field: Field) -> str | None:
    """Words that follow themselves at once; one word is a noun as often, two may be the members of a list."""
    words = field.bare.split()
    for size in range(1, _LONGEST_DOUBLED + 1):
        for place in range(len(words) - 2 * size + 1):
            middle = place + size
            if words[place] == words[middle] and words[place:middle] == words[middle : middle + size]:
                block = " ".join(words[place:middle])
                if (
                    _INFLECTED.search(block)
                    if size == 1
                    else HANGUL.search(block) and (size > 2 or "," not in block)
                ):
                    return block
    return None


def _said_twice(field: Field) -> str | None:
    """A clause that stands twice, word for word, within one entry of the summary."""
    if field.name == "abstract_ko":
        return None
    words = [word.strip(_CLAUSE_MARKS) for word in field.bare.split()]
    seen: dict[tuple[str, ...], int] = {}
    for place in range(len(words) - _CLAUSE_WORDS + 1):
        clause = tuple(words[place : place + _CLAUSE_WORDS])
        if place - seen.setdefault(clause, place) >= _CLAUSE_WORDS:
            text = " ".join(clause)
            if HANGUL.search(text) and text not in field.support:
                return text
    return None


def _may_loop(text: str) -> bool:
    """False when no characters loop; a look at every fourth place costs less than the pattern."""
    return any(
        text[i : i + _LOOP_STEP] in text[i + 1 : i + _LOOP_STEP + _LOOP_SIZE]
        for i in range(0, len(text) - _LOOP_STEP, _LOOP_STEP)
    )


def _loop(field: Field) -> str | None:
    """Words or characters that follow themselves again and again, the mark of a model in a loop."""
    match = _CHARACTER_LOOP.search(field.bare) if _may_loop(field.bare) else None
    if match and match.group() not in field.support:
        return match.group()
    words = [word.strip(_CLAUSE_MARKS) for word in field.bare.split()]
    if len(words) - len(set(words)) < _FEWEST_REPEATS:
        return None
    for size in range(1, 9):
        # One byte per word: 1 where it equals the word that stands ``size`` words before it.
        same = bytes(map(operator.eq, words[size:], words))
        begin = same.find(b"\1" * (max(3, 5 - size) * size - size))
        block = " ".join(words[begin : begin + size])
        if begin >= 0 and (HANGUL.search(block) or b"\1" * ((_FEWEST_BARE_REPEATS - 1) * size) in same):
            return block
    return None


CHECKS = (
    Check(
        {
            "empty_field": Code("A field that must have text is empty or too short."),
            "abstract_invented": Code("There is Korean for an abstract that the paper does not have."),
        },
        _empty_fields,
    ),
    Check(
        {
            "section_set": Code(
                "The summary does not have exactly the three sections in order, or plain bullets."
            )
        },
        _section_set,
    ),
    Check({"too_long": Code("A field is longer than any translation.")}, _too_long),
    Check(
        {
            "length_ratio": Code(
                "Korean and English differ in length more than a whole translation does.", "error, warning"
            )
        },
        _length_ratio,
    ),
    Check(
        {
            "cut_off": Code(
                "A text stops before its sentence ends, or leaves a bracket open.", "error, warning"
            )
        },
        _cut_off,
    ),
    Check({"repetition": Code("A sentence or a stretch of words is repeated.")}, _repetition),
)
