"""Number words of English and Korean, and the words for powers of ten.

Words count loosely ("both", "두 배", "절반", "millions", "수백만"), so each comes with every value it may
stand for. Called by transforms/quantities.py and transforms/gate/source.py.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from transforms.korean import HANGUL

Options = tuple[tuple[Fraction, ...], ...]
Word = tuple[str, int, Options]
"""The word as written, where it begins, and its readings."""

LATIN_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "b": 10**9, "bn": 10**9, "T": 10**12}
KOREAN_SCALES = {"십": 10, "백": 100, "천": 10**3, "만": 10**4, "억": 10**8, "조": 10**12}

_ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_ONES += " sixteen seventeen eighteen nineteen twenty"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
_ONCE = "a an single once unique sole mono"
_TWICE = (
    "both pair pairs paired couple dual double doubles doubled doubling twice twin binary bilingual bi either"
)
_THRICE = "triple triples tripled triplet triplets thrice tri"
_ENGLISH: dict[str, tuple[int, ...]] = {
    **{word: (value,) for value, word in enumerate(_ONES.split(), 1)},
    **{word: (value * 10,) for value, word in enumerate(_TENS.split(), 2)},
    **{word: (value,) for value, word in enumerate(_ORDINALS.split(), 1)},
    **dict.fromkeys(_ONCE.split(), (1,)),
    **dict.fromkeys(_TWICE.split(), (2,)),
    **dict.fromkeys(_THRICE.split(), (3,)),
    **{
        "quadruple": (4,),
        "quarter": (4, 25),
        "quarters": (4,),
        "halves": (2,),
        "halving": (2,),
        "zero": (0,),
    },
    **{"half": (2, 50), "halved": (2, 50), "dozen": (12,), "decade": (10,), "century": (100,)},
    **{"hundred": (100,), "thousand": (1000,)},
}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DENOMINATORS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_SCALE = "|".join(_SCALES)
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_AFTER_WORD = re.compile(
    rf"(?:[ -](?P<scale>{_SCALE})(?:[ -](?P<more>{_SCALE}))?|-(?P<ones>{'|'.join(_ONES.split()[:9])})"
    rf"|[ -](?P<denominator>{'|'.join(_DENOMINATORS)})s?| (?P<orders>orders? of magnitude))?(?![A-Za-z])",
    re.IGNORECASE,
)
_ENGLISH_VAGUE = re.compile(
    r"(?<![A-Za-z])(?:(?:(?P<many>tens|dozens|hundreds|thousands) of )?"
    rf"(?P<scale>{_SCALE})s|(?P<tens>tens|dozens))(?![A-Za-z])",
    re.IGNORECASE,
)
_MANY = {"tens": 10, "dozens": 10, "hundreds": 100, "thousands": 1000}

_NATIVE = {
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "네": 4,
    "넷": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
}
_NATIVE |= {"열": 10, "열한": 11, "열두": 12, "열세": 13, "열네": 14, "열다섯": 15, "스무": 20, "스물": 20}
_NATIVE |= {"한": 1, "하나": 1, "첫": 1, "단일": 1, "이중": 2, "삼중": 3, "제로": 0}
_KOREAN_WORD = re.compile(
    rf"(?<![가-힣])(?P<word>{'|'.join(sorted(_NATIVE, key=len, reverse=True))})"
    r"(?: ?(?P<counter>배|가지|개|단계|번|명|종|곳|축|쪽|편|층|장|차례)|(?![가-힣])|샷)"
    r"|(?P<half>절반)|(?<![가-힣\d])(?P<sino>[십백천][만억조])(?![가-힣]{2})"
)
_KOREAN_VAGUE = re.compile(r"(?<![가-힣])수(?P<scale>[십백천][만억조]?|[만억조](?! ?[있없]))(?!식)")


def word_numbers(text: str) -> Iterator[Word]:
    """Number words of both languages, in order per language; English ones only support, never claim."""
    for match in _LATIN_WORD.finditer(text):
        bases = _ENGLISH.get(match.group().lower().removesuffix("fold"))
        if bases and (after := _AFTER_WORD.match(text, match.end())):
            yield match.group() + after.group(), match.start(), _english_options(bases, after)
    if HANGUL.search(text):
        yield from korean_word_numbers(text)


def korean_word_numbers(text: str) -> Iterator[Word]:
    """Korean number words with a counter, 절반, and bare powers of ten such as 백만."""
    for match in _KOREAN_WORD.finditer(text):
        if match["half"]:
            options: Options = ((Fraction(1, 2),), (Fraction(50),), (Fraction(2),))
        elif match["word"]:
            options = ((Fraction(_NATIVE[match["word"]]),),)
        else:
            options = ((_korean_scale(match["sino"]),),)
        yield match.group(), match.start(), options


def vague_numbers(text: str) -> Iterator[Word]:
    """Magnitudes without a count, at the power of ten they name: "millions" and 수백만 are both 10^6."""
    for match in _ENGLISH_VAGUE.finditer(text):
        many = _MANY[(match["many"] or match["tens"] or "").lower()] if match["many"] or match["tens"] else 1
        scale = _SCALES[match["scale"].lower()] if match["scale"] else 1
        yield match.group(), match.start(), ((Fraction(many * scale),),)
    yield from korean_vague_numbers(text)


def korean_vague_numbers(text: str) -> Iterator[Word]:
    """Korean magnitudes without a count: 수십, 수백만, 수억."""
    for match in _KOREAN_VAGUE.finditer(text):
        yield match.group(), match.start(), ((_korean_scale(match["scale"]),),)


def _korean_scale(syllables: str) -> Fraction:
    value = Fraction(1)
    for syllable in syllables:
        value *= KOREAN_SCALES[syllable]
    return value


def _english_options(bases: tuple[int, ...], after: re.Match[str]) -> Options:
    """Readings of one English number word with what follows it: scale, denominator, orders of magnitude."""
    whole = tuple((Fraction(base),) for base in bases)
    if after["scale"]:
        scale = _SCALES[after["scale"].lower()] * _SCALES.get((after["more"] or "").lower(), 1)
        return tuple((Fraction(base * scale),) for base in bases)
    if after["ones"]:
        return ((Fraction(bases[0] + _ENGLISH[after["ones"].lower()][0]),), *whole)
    if after["denominator"]:
        denominator = _DENOMINATORS[after["denominator"].lower()]
        halves = ((Fraction(50),), (Fraction(2),)) if denominator == 2 else ()
        return ((Fraction(bases[0], denominator),), (Fraction(denominator),), *whole, *halves)
    if after["orders"]:
        return ((Fraction(10) ** bases[0],), *whole)
    return (*whole, (Fraction(1, 2),)) if 50 in bases else whole
