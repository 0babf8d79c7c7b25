"""A check for what was said to the model or by it: prompt, chat manners and chat tokens in the Korean.

Some words never stand in a text about a paper ("요청하신", "As an AI", "<|im_start|>"). Others are a subject
too: papers speak of system prompts, JSON and translations. Those are faults only where the English does not
speak of them, and are not looked for where there is no abstract to ask. Both kinds are patterns in
transforms/words/leaks.tsv. Our own prompt is known by any four words in a row. Called by
transforms/quality.py.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, around, error, quoted
from transforms.prompt import SYSTEM_PROMPT

_MOST_PER_FIELD = 3
_SHINGLE = 4
_START = r"[\s\"'“‘*#>(\[<-]{0,6}"
_ROLES = (
    "assistant|system|user|human|translator|translation|summary|output|answer|response|title|abstract|notes?"
    "|disclaimer|번역|번역문|번역본|번역 결과|한국어 번역|한국어|요약|요약문|답변|응답|출력|결과물|어시스턴트"
    "|사용자|시스템|제목|초록|참고|주의|비고|주석|역주|설명"
)
_OF_A_SENTENCE = frozenset(
    (
        "a",
        "an",
        "the",
        "you",
        "your",
        "it",
        "its",
        "is",
        "are",
        "and",
        "or",
        "never",
        "only",
        "each",
        "every",
    ),
)
_WORD = re.compile(r"[A-Za-z]+|[가-힣]+")
_LATIN_RUN = re.compile(r"(?<![A-Za-z])[A-Za-z]+(?:[^A-Za-z가-힣]{1,3}[A-Za-z]+){3}")


class _Leak(NamedTuple):
    """What one kind of leak looks like."""

    triggers: tuple[str, ...]
    """Words of which one must stand in the text, in lower case; none for what is tried at the beginning."""
    pattern: re.Pattern[str]
    excuse: re.Pattern[str] | None
    """English by which the paper speaks of it itself."""


def _found(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        found = dict.fromkeys((*_said_of_a_task(case, field), *_said_by_us(field)))
        for place, length in islice(found, _MOST_PER_FIELD):
            leak, beside = quoted(field.text[place : place + length]), around(field.text, place, length)
            message = f"{leak} was said to the model or by it, not by the paper: {beside}."
            yield error("prompt_leak", field.name, message)


def _said_of_a_task(case: Case, field: Field) -> Iterator[tuple[int, int]]:
    lowered = field.text.lower()
    begun, triggered, any_trigger = _leaks()
    for leak in begun if not any_trigger.search(lowered) else (*begun, *triggered):
        if leak.triggers and not any(trigger in lowered for trigger in leak.triggers):
            continue
        match = leak.pattern.search(field.text) if leak.triggers else leak.pattern.match(field.text)
        if match and not _is_excused(case, field, leak, match.group()):
            yield match.start(), len(match.group())


def _is_excused(case: Case, field: Field, leak: _Leak, found: str) -> bool:
    """True when the paper itself speaks of it, or may: there is no abstract to ask."""
    english = field.support.lower()
    if leak.excuse is not None:
        return case.abstract is None or leak.excuse.search(english) is not None
    # What the paper quotes may be quoted: "Note:", "Sure, here is".
    return found.strip().lower() in english


def _said_by_us(field: Field) -> Iterator[tuple[int, int]]:
    """Four words in a row of our own prompt that the English does not have in a row too."""
    match = _LATIN_RUN.search(field.text)
    if not match:
        return
    words = [word.lower() for word in _WORD.findall(field.text[match.start() :])]
    for shingle in _shingles(words):
        if shingle in _own_words() and " ".join(shingle) not in " ".join(
            _WORD.findall(field.support.lower())
        ):
            yield match.start(), len(match.group())
            return


def _shingles(words: list[str]) -> Iterator[tuple[str, ...]]:
    return (tuple(words[index : index + _SHINGLE]) for index in range(len(words) - _SHINGLE + 1))


@lru_cache(maxsize=1)
def _own_words() -> frozenset[tuple[str, ...]]:
    """Every four words in a row of the system prompt, but for its glossary, whose terms are every paper's."""
    shingles = _shingles(_WORD.findall(SYSTEM_PROMPT.lower()))
    return frozenset(shingle for shingle in shingles if not _OF_A_SENTENCE.isdisjoint(shingle))


@lru_cache(maxsize=1)
def _leaks() -> tuple[list[_Leak], list[_Leak], re.Pattern[str]]:
    """Leaks at the beginning of a text, leaks with a trigger, and any of the triggers."""
    text = files("transforms.words").joinpath("leaks.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("# "))
    leaks = [_leak(*row) for row in rows]
    triggers = sorted({trigger for leak in leaks for trigger in leak.triggers})
    return (
        [leak for leak in leaks if not leak.triggers],
        [leak for leak in leaks if leak.triggers],
        re.compile("|".join(map(re.escape, triggers))),
    )


def _leak(triggers: str, pattern: str, excuse: str | None = None) -> _Leak:
    begin = "" if triggers else _START
    return _Leak(
        tuple(triggers.split(";")) if triggers else (),
        re.compile(begin + pattern.replace("{roles}", _ROLES), re.IGNORECASE),
        re.compile(excuse) if excuse else None,
    )


CHECKS = (
    Check({"prompt_leak": Code("Words of the prompt, of a chat assistant or of a chat template.")}, _found),
)
