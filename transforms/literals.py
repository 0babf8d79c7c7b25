"""Digits of a text as they stand: each literal with its power of ten, and the names that hold digits.

A literal is what was written in one go ("7B", "5억", "1.5 million"); a name (GPT-4, 3D, 1.2.3) is none. Only
words with a digit in them are searched, and every pattern is linear in its text. Called by
transforms/quantities.py, which makes quantities of neighbouring literals.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from transforms.number_words import KOREAN_SCALES, LATIN_SCALES

# More digits than any quantity has; beyond it the text is a name, compared as text.
_MOST_DIGITS = 30
_UNITS = (
    "x X times s ms h hr hrs min fps Hz kHz MHz GHz KB MB GB TB km m cm mm nm px p g kg W kW dB st nd rd th"
)
_SUFFIXES = sorted({*LATIN_SCALES, *_UNITS.split()}, key=lambda unit: (-len(unit), unit))
# Patterns that begin with a digit let the engine skip to the digits of a text, which are few.
_TIMES = re.compile(r"\d\s?(?:[xX]|times)\s?(?=[\dA-Z])")
_DIGIT = re.compile(r"\d")
# 만 is also the particle "only": "2만 사용합니다" counts two or twenty thousand.
_MAYBE_ONLY = re.compile(
    r" ?(?:필요|사용|쓰|남|줄|늘|낮|높|증가|감소|있|해결|활성|추가|학습|이용|포함|희생|손실|떨어"
    r"|올|하락|상승|처리|선택|고르|으로|을)"
)
_SCAN = re.compile(
    # Possessive: a word without a digit is left at once, so a text of words and hyphens stays linear.
    r"(?P<name>(?<![A-Za-z0-9])[A-Za-z]++(?:[-_.@+][A-Za-z]++){0,6}+[-_.@+]?+\d[A-Za-z0-9]*+"
    r"(?:[-_.@+][A-Za-z0-9]++)*+)"
    r"|(?P<literal>(?:\d{1,3}(?:,\d{3}){1,8}(?!\d)|\d+)(?:\.\d+)*|(?<![\d.])\.\d+)"
    r"(?:(?P<power>e[-+]?\d{1,2}(?![A-Za-z0-9])|\^\{?[-+]?\d{1,2}\}?)"
    rf"|(?P<suffix>{'|'.join(_SUFFIXES)})(?![A-Za-z0-9])"
    r"|(?P<letters>[A-Za-z][A-Za-z0-9]*(?:[-_.@+][A-Za-z]*\d[A-Za-z0-9]*)*)"
    r"|[ -]?(?P<word>(?i:(?:hundred[ -])?(?:hundred|thousand|million|billion|trillion)))s?(?![A-Za-z])"
    r"| ?(?P<korean>[십백천]?(?:만(?!큼)|억|조(?![각건합직사정명]))|(?<=\d)[천백]))?"
)
_ONE = Fraction(1)
_MYRIADS = (10**12, 10**8, 10**4)
_WORD_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


class Literal(NamedTuple):
    """Digits with the unit or word behind them that scales them."""

    start: int
    end: int
    value: Fraction
    scale: Fraction
    is_korean: bool
    is_maybe_bare: bool = False
    """Its 만 may be the particle "only", which scales nothing."""

    @property
    def whole(self) -> Fraction:
        """The value at its power of ten."""
        return self.value if self.scale == 1 else self.value * self.scale


class Scan(NamedTuple):
    """A text with 4x4 as 4×4, positions unchanged, and what is written with digits in it, in order."""

    flat: str
    literals: tuple[Literal, ...]
    names: tuple[str, ...]


def scanned(text: str) -> Scan:
    """The literals and names of a text.

    >>> [str(literal.whole) for literal in scanned("LLaMA-2는 5억 1,300만 개").literals]
    ['500000000', '13000000']
    """
    flat = _TIMES.sub(lambda match: match.group()[0] + "×".center(len(match.group()) - 1), text)
    literals: list[Literal] = []
    names: list[str] = []
    for match in _matches(flat):
        if match["name"]:
            names.append(match["name"])
        elif literal := _literal(match):
            literals.append(literal)
        else:
            names.append(match.group())
    return Scan(flat, _under_one_scale(flat, literals), tuple(names))


def _matches(flat: str) -> Iterator[re.Match[str]]:
    """Literals and names with digits, in order; only words with a digit in them are searched."""
    end = 0
    while digit := _DIGIT.search(flat, end):
        # A match begins in the word of the digit at the latest at the digit itself.
        begin = max(flat.rfind(" ", end, digit.start()), flat.rfind("\n", end, digit.start())) + 1
        match = _SCAN.search(flat, max(begin, end))
        if match is None:
            return
        yield match
        end = match.end()


def _under_one_scale(flat: str, items: list[Literal]) -> tuple[Literal, ...]:
    """The literals, with the 2천 of "2천 5백만" counted in 만, as it is read."""
    for index in range(len(items) - 2, -1, -1):
        item, follower = items[index], items[index + 1]
        if not (item.is_korean and follower.is_korean and flat[item.end : follower.start] in ("", " ")):
            continue
        scale = next((scale for scale in _MYRIADS if follower.scale >= scale), None)
        if scale and item.scale < _MYRIADS[-1] and follower.whole < item.scale * scale:
            items[index] = item._replace(scale=item.scale * scale)
    return tuple(items)


def _literal(match: re.Match[str]) -> Literal | None:
    """The literal as a quantity, or None where it is part of a name."""
    digits = match["literal"]
    if digits.count(".") > 1 or len(digits) > _MOST_DIGITS or match["letters"]:
        return None
    start, end = match.span()
    value = _fraction(digits.replace(",", ""))
    if match["power"]:
        return Literal(start, end, _powered(value, match["power"]), _ONE, False)
    if match["korean"] == "만" and (value < 1 or match.string.endswith(("분의", "분의 "), 0, start)):
        # "3분의 1만", "0.6만": the particle again.
        return Literal(start, match.end("literal"), value, _ONE, False)
    is_maybe_bare = match["korean"] == "만" and bool(_MAYBE_ONLY.match(match.string, end))
    return Literal(start, end, value, _scale(match), bool(match["korean"]), is_maybe_bare)


@lru_cache(maxsize=4096)
def _fraction(literal: str) -> Fraction:
    return Fraction(literal if literal[0] != "." else f"0{literal}")


def _scale(match: re.Match[str]) -> Fraction:
    scale = LATIN_SCALES.get(match["suffix"] or "", 1)
    if match["word"]:
        for word in re.split("[ -]", match["word"].lower()):
            scale *= _WORD_SCALES[word]
    elif match["korean"]:
        for syllable in match["korean"]:
            scale *= KOREAN_SCALES[syllable]
    return _ONE if scale == 1 else Fraction(scale)


def _powered(value: Fraction, power: str) -> Fraction:
    exponent = int(power.lstrip("e^").strip("{}"))
    if power[0] == "e":
        return value * Fraction(10) ** exponent
    return value**exponent if value and value < 100 and value.denominator == 1 else value
