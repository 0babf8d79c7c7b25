"""The large numbers of an English text with the Korean that is right for each.

Left to convert by itself a model writes 1.7 billion as 1.7억 in one paper of twenty, ten times too little,
so the prompt brings the table ready: words become 만, 억 and 조 by exact arithmetic, digits and letters
(120,000, 2.1B, 100K) stay as they are. Called by transforms/prompt.py.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from transforms.number_words import KOREAN_SCALES, Word, vague_numbers, word_numbers
from transforms.quantities import Number, numbers

_LEAST = 10_000
_LEAST_WORD = 1000
_SCALES = {KOREAN_SCALES[name]: name for name in ("조", "억", "만")}
_MANY = {10**power: name for power, name in enumerate(("", "십", "백", "천"))}
_WORD = re.compile("(?i:thousand|million|billion|trillion)")
# Digits with a scale letter, a unit or words; exponents and fractions are left as they stand anyway.
_NOTATION = re.compile(r"[0-9.,]+(?:[A-Za-z]{1,3}|[ -][A-Za-z]+(?:[ -][A-Za-z]+)?)?")
_CARDINAL = re.compile(
    r"(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    r"|thousand)[ -]",
    re.IGNORECASE,
)
_PART_OF_MORE = re.compile(r"(?:half|quarter|third|thirds|quarters) (?:of )?$", re.IGNORECASE)
_JOINED = re.compile(r"(?:[ -]| and )?")
_RANGE = re.compile(r" ?[-–—~∼] ?| to ")
Found = tuple[int, str, str]
"""Where a number begins, its English, its Korean."""


def amounts_in(text: str) -> list[tuple[str, str]]:
    """Numbers of 10,000 and more, or with a word or letter for a power of ten, each beside its Korean.

    In order of occurrence, each once. The English is digits, number words and scale letters only, whatever
    the text holds.

    >>> amounts_in("2.1B weights, 3-5 billion tokens, hundreds of millions of users")
    [('2.1B', '2.1B'), ('3-5 billion', '30억~50억'), ('hundreds of millions', '수억')]
    """
    found = sorted([*_in_digits(text), *_in_words(text), *_vague(text)], key=_longest_first)
    kept: dict[str, str] = {}
    end = 0
    for start, english, korean in found:
        if start >= end:
            kept.setdefault(english, korean)
            end = start + len(english)
    return list(kept.items())


def _longest_first(found: Found) -> tuple[int, int]:
    return found[0], -len(found[1])


def in_korean(value: Fraction) -> str:
    """A value as Korean writes it, in 조, 억 and 만, exactly.

    >>> in_korean(Fraction(513_000_000)), in_korean(Fraction("2500.5"))
    ('5억 1,300만', '2,500.5')
    """
    parts = []
    for scale, name in _SCALES.items():
        count, value = divmod(value, scale)
        if count:
            parts.append(f"{count:,}{name}")
    if value or not parts:
        parts.append(_decimal(value))
    return " ".join(parts)


def _decimal(value: Fraction) -> str:
    """The value with its decimals, of which a number read from decimal digits has finitely many."""
    whole, rest = divmod(value, 1)
    decimals = ""
    while rest:
        digit, rest = divmod(rest * 10, 1)
        decimals += str(digit)
    return f"{whole:,}.{decimals}" if decimals else f"{whole:,}"


def _in_digits(text: str) -> Iterator[Found]:
    """Numbers in digits; "3-5 million" is one, since its 3 has the scale of the 5."""
    before: Number | None = None
    end = 0
    for number in numbers(text):
        gap = text[end : number.start]
        first, before, end = before, number, number.start + len(number.text)
        if gap == "/" or not _is_large(number) or not _NOTATION.fullmatch(number.text):
            continue
        value, lower = number.options[0][0], _shared(first)
        start = number.start
        korean = in_korean(value)
        if first and lower and lower < value and _RANGE.fullmatch(gap):
            start = first.start
            korean = f"{in_korean(lower)}~{korean}"
        english = text[start:end]
        yield start, english, korean if _WORD.search(english) else english


def _shared(number: Number | None) -> Fraction | None:
    """The number at the scale of the one after it; None where it has its own or there is none."""
    return number.options[1][0] if number and not number.has_scale and len(number.options) > 1 else None


def _is_large(number: Number) -> bool:
    return number.has_scale or number.options[0][0] >= _LEAST


def _in_words(text: str) -> Iterator[Found]:
    """Numbers in words with a scale: two million."""
    for word, start, options in _lone_words(text):
        is_scaled = len(options) == 1 and options[0][0] >= _LEAST_WORD and _CARDINAL.match(word)
        if is_scaled and not _PART_OF_MORE.search(text[max(start - 14, 0) : start]):
            yield start, word, in_korean(options[0][0])


def _lone_words(text: str) -> Iterator[Word]:
    """Number words that are no part of a longer number, as the "five million" of "twenty-five million" is."""
    run: list[Word] = []
    end = 0
    for word in word_numbers(text):
        start, stop = word[1], word[1] + len(word[0])
        if not word[0].isascii() or (run and stop <= end):
            continue
        if run and (start < end or _JOINED.fullmatch(text[end:start])):
            run.append(word)
        else:
            yield from run if len(run) == 1 else ()
            run = [word]
        end = stop
    yield from run if len(run) == 1 else ()


def _vague(text: str) -> Iterator[Found]:
    """Magnitudes without a count: thousands, hundreds of millions."""
    for word, start, options in vague_numbers(text):
        value = options[0][0]
        if word.isascii() and value >= _LEAST_WORD:
            yield start, word, f"수{_magnitude(value)}"


def _magnitude(value: Fraction) -> str:
    """A power of ten in syllables: 10^8 is 억, 10^6 is 백만."""
    scale, name = next(((scale, name) for scale, name in _SCALES.items() if value >= scale), (1, ""))
    return _MANY[int(value / scale)] + name
