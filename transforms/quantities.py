"""Numbers by value, as English and Korean write them: 7B, 70억, 1.5 million, 5억 1,300만, 3분의 2, 두 배.

Ten-fold unit slips (1.7B → 1.7억) are the worst fault of machine Korean and no comparison of digits
finds them, so every notation is read into one exact value. Reading is strict for what a text claims
(``numbers``) and generous for what may support a claim (``values``): a digit inside GPT-4 supports a 4 but
claims nothing. Called by transforms/percents.py, transforms/amounts.py and several modules of
transforms/gate/.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from transforms.literals import Literal, scanned
from transforms.number_words import LATIN_SCALES, vague_numbers, word_numbers

_RANGE = re.compile(r"\s?(?:[-–—~∼/,·]|to|and|or|, and|, or|에서|부터|및|와|과)\s?")
_ENUMERATION = re.compile(r"\d\)(?<![^\s(;,:.]..)")
# From the last character of a number on: "2x", "2×", "2 times", "two-fold", "twofold".
_FACTOR = re.compile(r"[xX×]|.(?:\s?[xX×]| times|-?fold)(?![A-Za-z0-9])|[A-Za-z]*fold")
_DIGITS_IN_NAME = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)([A-Za-z]*)")


class Number(NamedTuple):
    """A quantity in a text and the ways it may be read."""

    text: str
    start: int
    options: tuple[tuple[Fraction, ...], ...]
    """Readings; one holds when all its values are there ("5억 1,300만" is one value, or two)."""
    has_scale: bool = False
    """Written with a word or letter for a power of ten: 억, B, million."""
    is_word: bool = False

    def fits(self, values: set[Fraction]) -> bool:
        """True when some reading is wholly among the values."""
        return any(values.issuperset(option) for option in self.options)


class _Reading(NamedTuple):
    """A text with 4x4 as 4×4, positions unchanged, and all that is written with digits in it."""

    flat: str
    literals: tuple[Literal, ...]
    merged: tuple[Number, ...]
    numbers: tuple[Number, ...]
    """The merged quantities without list numbers such as "(1)"."""
    names: tuple[str, ...]


def numbers(text: str) -> list[Number]:
    """Quantities written with digits, in order; digits inside names (GPT-4, 3D, 1.2.3) are not quantities.

    >>> [(n.text, n.options[0]) for n in numbers("LLaMA-2는 5억 1,300만 개")]
    [('5억 1,300만', (Fraction(513000000, 1),))]
    """
    return list(_read(text).numbers)


def identifiers(text: str) -> list[str]:
    """Names that hold a digit, in order: GPT-4, LLaMA-3.1-8B, H100, 3D, 1.2.3."""
    return list(_read(text).names)


def values(text: str) -> set[Fraction]:
    """Every value the text may be said to mention: quantities, digits in names, number words.

    What is n times as fast takes one n-th of the time, so a factor supports its reciprocal too.
    """
    reading = _read(text)
    found = {literal.whole for literal in reading.literals}
    for number in reading.merged:
        found.update(value for option in number.options for value in option)
        if _FACTOR.match(reading.flat, number.start + len(number.text) - 1):
            found.update(_reciprocals(number.options))
    for name in reading.names:
        found.update(_values_in_name(name))
    for word, start, options in word_numbers(reading.flat):
        found.update(value for option in options for value in option)
        if reading.flat.startswith("factor of ", max(start - 10, 0)) or _FACTOR.match(
            reading.flat, start + len(word) - 1
        ):
            found.update(_reciprocals(options))
        elif word.endswith("magnitude"):
            # "An order of magnitude fewer" is a tenth.
            found.update(_reciprocals(options))
    for _, _, options in vague_numbers(reading.flat):
        found.update(value for option in options for value in option)
    return found


def _reciprocals(options: tuple[tuple[Fraction, ...], ...]) -> Iterator[Fraction]:
    return (1 / option[0] for option in options if option[0])


def mantissa(value: Fraction) -> str:
    """Significant digits of a value, so that 3.8 and 380,000,000 give the same; empty for 0 and thirds.

    >>> mantissa(Fraction("0.38")), mantissa(Fraction(3800)), mantissa(Fraction(1, 3))
    ('38', '38', '')
    """
    denominator = value.denominator
    if value == 0 or denominator > 10**12:
        return ""
    scaled = value * 10**13
    return str(scaled.numerator).strip("0") if scaled.denominator == 1 else ""


# The gate asks for the quantities, the names and the values of the same text in turn.
@lru_cache(maxsize=64)
def _read(text: str) -> _Reading:
    """The text read once for all."""
    flat, literals, names = scanned(text)
    merged = tuple(_merged(flat, literals))
    listed = {match.end() - 1 for match in _ENUMERATION.finditer(flat) if _is_listed(flat, match.start())}
    claimed = tuple(number for number in merged if number.start + len(number.text) not in listed)
    return _Reading(flat, literals, merged, claimed, names)


def _is_listed(flat: str, start: int) -> bool:
    """True when a bracket opens, a clause ends or the text begins before the digit."""
    before = flat[max(start - 2, 0) : start]
    return not before or before[-1] in "(;,:." or (before[-1].isspace() and before[0] in ";,:.")


def _merged(flat: str, items: Sequence[Literal]) -> Iterator[Number]:
    """Quantities, with 5억 1,300만 and 3분의 2 and 2/3 as one each and the scale of "3-5 million" shared."""
    shared = _shared_scales(flat, items)
    index = 0
    while index < len(items):
        last = _compound_end(flat, items, index)
        group = items[index : last + 1]
        text = flat[group[0].start : group[-1].end]
        has_scale = any(item.scale != 1 for item in group)
        if len(group) == 1:
            item = group[0]
            options: list[tuple[Fraction, ...]] = [(item.whole,)]
            if shared[index] != item.scale:
                options.append((item.value * shared[index],))
            if item.is_maybe_bare:
                options.append((item.value,))
        else:
            options = _compound_options(flat, group)
        yield Number(text, group[0].start, tuple(options), has_scale)
        index = last + 1


def _compound_end(flat: str, items: Sequence[Literal], first: int) -> int:
    """Index of the last literal that belongs to the quantity that begins at ``first``."""
    last = first
    while last + 1 < len(items):
        item, follower = items[last], items[last + 1]
        gap = flat[item.end : follower.start]
        if last == first and gap in ("/", "분의", "분의 ") and item.scale == follower.scale == 1:
            return last + 1
        is_lower = (
            item.is_korean and follower.whole < item.scale and (follower.is_korean or follower.scale == 1)
        )
        if gap not in ("", " ") or not is_lower:
            return last
        last += 1
    return last


def _compound_options(flat: str, group: Sequence[Literal]) -> list[tuple[Fraction, ...]]:
    first, second = group[0], group[1]
    gap = flat[first.end : second.start]
    if gap.startswith("분의"):
        return [(second.value / first.value,)] if first.value else [(second.value, first.value)]
    parts = tuple(item.whole for item in group)
    if gap == "/":
        return [(first.value / second.value,), parts] if second.value else [parts]
    return [(sum(parts, Fraction(0)),), parts]


def _shared_scales(flat: str, items: Sequence[Literal]) -> list[Fraction]:
    """For each literal without a scale, the scale of the one it is listed with: 3 in "3-5 million"."""
    scales = [item.scale for item in items]
    for index in range(len(items) - 2, -1, -1):
        gap = flat[items[index].end : items[index + 1].start]
        if scales[index] == 1 and len(gap) <= 6 and _RANGE.fullmatch(gap):
            scales[index] = scales[index + 1]
    return scales


def _values_in_name(name: str) -> Iterator[Fraction]:
    """Values of the digit groups in a name, with and without the letter that may scale them."""
    for match in _DIGITS_IN_NAME.finditer(name):
        value = Fraction(match[1])
        yield value
        if match[2] in LATIN_SCALES:
            yield value * LATIN_SCALES[match[2]]
