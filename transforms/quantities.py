"""Numbers by value, as English and Korean write them: 7B, 70억, 1.5 million, 5억 1,300만, 3분의 2, 두 배.

Ten-fold unit slips (1.7B → 1.7억) are the worst fault of machine Korean and no comparison of digits
finds them, so every notation is read into one exact value. Reading is strict for what a text claims
(``numbers``) and generous for what may support a claim (``values``): a digit inside GPT-4 supports a 4 but
claims nothing. Every pattern is linear in its text. Called by transforms/gate/source.py.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from transforms.number_words import KOREAN_SCALES, LATIN_SCALES, vague_numbers, word_numbers

# More digits than any quantity has; beyond it the text is a name, compared as text.
_MOST_DIGITS = 30
_UNITS = (
    "x X times s ms h hr hrs min fps Hz kHz MHz GHz KB MB GB TB km m cm mm nm px p g kg W kW dB st nd rd th"
)
_SUFFIXES = sorted({*LATIN_SCALES, *_UNITS.split()}, key=lambda unit: (-len(unit), unit))
_TIMES = re.compile(r"(?<=\d)\s?(?:[xX]|times)\s?(?=[\dA-Z])")
_SCAN = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9]*(?:[-_.@+][A-Za-z0-9]+)*)"
    r"|(?P<literal>(?:\d{1,3}(?:,\d{3}){1,8}(?!\d)|\d+)(?:\.\d+)*|(?<![\d.])\.\d+)"
    r"(?:(?P<power>e[-+]?\d{1,2}(?![A-Za-z0-9])|\^\{?[-+]?\d{1,2}\}?)"
    rf"|(?P<suffix>{'|'.join(_SUFFIXES)})(?![A-Za-z0-9])"
    r"|(?P<letters>[A-Za-z][A-Za-z0-9]*(?:[-_.@+][A-Za-z]*\d[A-Za-z0-9]*)*)"
    r"|[ -]?(?P<word>(?i:(?:hundred[ -])?(?:hundred|thousand|million|billion|trillion)))s?(?![A-Za-z])"
    r"| ?(?P<korean>[십백천]?(?:만(?!큼)|억|조(?![각건합직사정]))|(?<=\d)[천백]))?"
)
_RANGE = re.compile(r"\s?(?:[-–—~∼/,·]|to|and|or|, and|, or|에서|부터|및|와|과)\s?")
_ENUMERATION = re.compile(r"\(\d\)|(?:^|[;,:.]\s?)\d\)")
_DIGITS_IN_NAME = re.compile(r"(\d{1,30}(?:\.\d{1,30})?)([A-Za-z]*)")
_DIGIT = re.compile(r"\d")
_MYRIADS = (10**12, 10**8, 10**4)
_WORD_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


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


class _Item(NamedTuple):
    """A literal as scanned, before neighbours are merged."""

    start: int
    end: int
    value: Fraction
    scale: Fraction
    is_korean: bool

    @property
    def whole(self) -> Fraction:
        return self.value * self.scale


def numbers(text: str) -> list[Number]:
    """Quantities written with digits, in order; digits inside names (GPT-4, 3D, 1.2.3) are not quantities.

    >>> [(n.text, n.options[0]) for n in numbers("LLaMA-2는 5억 1,300만 개")]
    [('5억 1,300만', (Fraction(513000000, 1),))]
    """
    flat, items, _ = _scanned(text)
    listed = {match.end() - 1 for match in _ENUMERATION.finditer(flat)}
    return [number for number in _merged(flat, items) if number.start + len(number.text) not in listed]


def identifiers(text: str) -> list[str]:
    """Names that hold a digit, in order: GPT-4, LLaMA-3.1-8B, H100, 3D, 1.2.3."""
    return list(_scanned(text)[2])


def values(text: str) -> set[Fraction]:
    """Every value the text may be said to mention: quantities, digits in names, number words."""
    flat, items, names = _scanned(text)
    found = {item.whole for item in items}
    for number in _merged(flat, items):
        found.update(value for option in number.options for value in option)
    for name in names:
        found.update(_values_in_name(name))
    for _, _, options in (*word_numbers(flat), *vague_numbers(flat)):
        found.update(value for option in options for value in option)
    return found


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
def _scanned(text: str) -> tuple[str, tuple[_Item, ...], tuple[str, ...]]:
    """The text with 4x4 as 4×4, positions unchanged, its literals, and its names with digits."""
    flat = _TIMES.sub(lambda match: "×".center(len(match.group())), text)
    items: list[_Item] = []
    names: list[str] = []
    for match in _SCAN.finditer(flat):
        if match["name"]:
            if not match["name"].isalpha() and _DIGIT.search(match["name"]):
                names.append(match["name"])
        elif item := _item(match):
            items.append(item)
        else:
            names.append(match.group())
    return flat, _under_one_scale(flat, items), tuple(names)


def _under_one_scale(flat: str, items: list[_Item]) -> tuple[_Item, ...]:
    """The literals, with the 2천 of "2천 5백만" counted in 만, as it is read."""
    for index in range(len(items) - 2, -1, -1):
        item, follower = items[index], items[index + 1]
        if not (item.is_korean and follower.is_korean and flat[item.end : follower.start] in ("", " ")):
            continue
        scale = next((scale for scale in _MYRIADS if follower.scale >= scale), None)
        if scale and item.scale < _MYRIADS[-1] and follower.whole < item.scale * scale:
            items[index] = item._replace(scale=item.scale * scale)
    return tuple(items)


def _item(match: re.Match[str]) -> _Item | None:
    """The literal as a quantity, or None where it is part of a name."""
    literal = match["literal"]
    if literal.count(".") > 1 or len(literal) > _MOST_DIGITS or match["letters"]:
        return None
    start, end = match.span()
    scale = Fraction(LATIN_SCALES.get(match["suffix"] or "", 1))
    if match["word"]:
        for word in re.split("[ -]", match["word"].lower()):
            scale *= _WORD_SCALES[word]
    elif match["korean"]:
        for syllable in match["korean"]:
            scale *= KOREAN_SCALES[syllable]
    value = Fraction(literal.replace(",", "") if literal[0] != "." else "0" + literal)
    if match["power"]:
        return _Item(start, end, _powered(value, match["power"]), scale, False)
    return _Item(start, end, value, scale, bool(match["korean"]))


def _powered(value: Fraction, power: str) -> Fraction:
    exponent = int(power.lstrip("e^").strip("{}"))
    if power[0] == "e":
        return value * Fraction(10) ** exponent
    return value**exponent if value and value < 100 and value.denominator == 1 else value


def _merged(flat: str, items: Sequence[_Item]) -> Iterator[Number]:
    """Quantities, with 5억 1,300만 and 3분의 2 and 2/3 as one each and the scale of "3-5 million" shared."""
    shared = _shared_scales(flat, items)
    index = 0
    while index < len(items):
        last = _compound_end(flat, items, index)
        group = items[index : last + 1]
        text = flat[group[0].start : group[-1].end]
        has_scale = any(item.scale != 1 for item in group)
        if len(group) == 1:
            own: list[tuple[Fraction, ...]] = [(group[0].whole,)]
            options = own if shared[index] == group[0].scale else [*own, (group[0].value * shared[index],)]
        else:
            options = _compound_options(flat, group)
        yield Number(text, group[0].start, tuple(options), has_scale)
        index = last + 1


def _compound_end(flat: str, items: Sequence[_Item], first: int) -> int:
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


def _compound_options(flat: str, group: Sequence[_Item]) -> list[tuple[Fraction, ...]]:
    first, second = group[0], group[1]
    gap = flat[first.end : second.start]
    if gap.startswith("분의"):
        return [(second.value / first.value,)] if first.value else [(second.value, first.value)]
    parts = tuple(item.whole for item in group)
    if gap == "/":
        return [(first.value / second.value,), parts] if second.value else [parts]
    return [(sum(parts, Fraction(0)),), parts]


def _shared_scales(flat: str, items: Sequence[_Item]) -> list[Fraction]:
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
