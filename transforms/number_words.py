"""Number words of English and Korean, and the words for powers of ten.

Words count loosely ("both", "두 배", "절반", "millions", "수백만"), so each comes with every value it may
stand for. Called by transforms/quantities.py,
transforms/percents.py and transforms/gate/numbers.py.
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

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
# Whoever tops a list is its first.
_ONCE = "a an single once unique sole mono top tops topped topping best winner"
_TWICE = (
    "both pair pairs paired couple dual double doubles doubled doubling twice twin binary bilingual bi "
    "either duo quadratic secondary biped bipedal"
)
_THRICE = "triple triples tripled triplet triplets thrice tri trio cubic"
_FOUR_TIMES = (
    "quadruple quadruples quadrupled quadruplet quadruplets quartet quadruped quadrupeds quadrupedal"
)
_MONTHS = "January February March April May June July August September October November December"
_ENGLISH: dict[str, tuple[int, ...]] = {
    **{word: (value,) for value, word in enumerate(_ONES.split(), 1)},
    **{word: (value * 10,) for value, word in enumerate(_TENS.split(), 2)},
    **{word: (value,) for value, word in enumerate(_ORDINALS.split(), 1)},
    **dict.fromkeys(_ONCE.split(), (1,)),
    **dict.fromkeys(_TWICE.split(), (2,)),
    **dict.fromkeys(_THRICE.split(), (3,)),
    **dict.fromkeys(_FOUR_TIMES.split(), (4,)),
    **{"quarter": (4, 25), "quarters": (4,), "quintuple": (5,), "quintuplet": (5,)},
    # Half an hour is 30 minutes.
    **{"half": (2, 50, 30), "halved": (2, 50), "halves": (2, 50), "halving": (2, 50), "zero": (0,)},
    **{"dozen": (12,), "dozens": (12,), "decade": (10,), "century": (100,)},
    **{"hundred": (100,), "thousand": (10**3,), "million": (10**6,), "billion": (10**9,)},
    "trillion": (10**12,),
}
_MONTH = {month: (Fraction(place),) for place, month in enumerate(_MONTHS.split(), 1)}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DENOMINATORS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "tenth": 10}
_SCALE = "|".join(_SCALES)
_GROUPS = {"dozen": 12, "decades": 10, "decade": 10, "centuries": 100}


def _by_first_letter(words: Iterable[str]) -> str:
    """A pattern of the words, branched by first letter, which the engine can reject at a glance."""
    groups: dict[str, list[str]] = {}
    for word in sorted(words, key=lambda word: (-len(word), word)):
        groups.setdefault(word[0], []).append(word[1:])
    return "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in groups.items())


# "a" and "an" count only in "a million", "a third", "an order of magnitude": 1 is no claim anywhere.
_BASES = _by_first_letter({*_ENGLISH} - {"a", "an"})
_COUNTED = re.compile(
    rf"(?<![A-Za-z])(?:(?P<month>{_MONTHS.replace(' ', '|')})|(?P<base>(?i:{_BASES}))(?i:fold)?"
    rf"|(?P<article>[Aa]n?)(?=[ -](?i:{_SCALE}|{'|'.join(_DENOMINATORS)}|order)))(?![A-Za-z])"
)
_AFTER_WORD = re.compile(
    rf"(?:[ -](?P<scale>{_SCALE})s?(?:[ -](?P<more>{_SCALE})s?)?|-(?P<ones>{'|'.join(_ONES.split()[:9])})"
    rf"|[ -](?P<group>{'|'.join(_GROUPS)})"
    rf"|[ -](?P<denominator>{'|'.join(_DENOMINATORS)})s?| (?P<orders>orders? of magnitude))?(?![A-Za-z])",
    re.IGNORECASE,
)
_ENGLISH_VAGUE = re.compile(
    r"(?<![A-Za-z])(?:(?:(?P<many>tens|dozens|hundreds|thousands) of )?"
    rf"(?P<scale>{_SCALE})s|(?P<tens>tens|dozens|decades|centuries)|(?P<orders>orders of magnitude))"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
_VAGUE_WORDS = (*(f"{scale}s" for scale in _SCALES), "tens", "dozens", "decades", "centuries", "orders of")
_SEVERAL_ORDERS = (10, 100, 1000)
_MANY = {"tens": 10, "dozens": 10, "decades": 10, "hundreds": 100, "centuries": 100, "thousands": 1000}

_NATIVE = {
    "두": 2,
    "둘": 2,
    "세": 3,
    "네": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
}
_NATIVE |= {"열한": 11, "열두": 12, "열세": 13, "열네": 14, "열다섯": 15, "스무": 20, "스물": 20}
_NATIVE |= {
    "셋": 3,
    "넷": 4,
    "열": 10,
    "한": 1,
    "하나": 1,
    "첫": 1,
    "단일": 1,
    "이중": 2,
    "삼중": 3,
    "제로": 0,
}
# Each counter with the syllables that make another word of it: 개념, 번역, 장면.
_COUNTERS = (
    "배(?![경치열])|가지|개(?![념선발인별입방체요편괄골])|단계|번(?!역)|명(?![령시확칭])|종(?![류합속래])|곳|축(?![소적])|쪽|마리"
    "|편(?![향집리])|층|장(?![면기점벽치르소])|차례"
)
# Alone, 두 and 다섯 count what follows; 세, 네, 열 and 셋 are also an age, a yes, heat and a set.
# Each pattern begins with the letters it may begin with, so that the engine can skip to them.
_NATIVE_WORDS = "|".join(
    f"{word[0]}(?<![가-힣]{word[0]}){word[1:]}" for word in sorted(_NATIVE, key=len, reverse=True)
)
_KOREAN_WORD = re.compile(
    rf"(?P<word>{_NATIVE_WORDS})"
    rf"(?: ?(?P<counter>{_COUNTERS})|(?<![세네열셋넷])(?![가-힣])|샷)"
)
_HALF = "절반"
_HALVES = ((Fraction(1, 2),), (Fraction(50),), (Fraction(2),))
_SINO = re.compile(r"[십백천](?<![가-힣\d].)[만억조](?![가-힣]{2})")
# 수만 is also "only the number", 수조 a tank: alone they need something countable behind them.
_COUNTABLE = "개|장|건|명|편|번|쌍|곳|시간|토큰|단계|스텝|샘플|데이터|파라미터|매개변수|이미지|문서|단어"
_KOREAN_VAGUE = re.compile(
    r"수(?<![가-힣]수)(?P<scale>[십백천][만억조]?(?![건명직])"
    rf"|(?!조[건명])[만억조](?= ?(?:{_COUNTABLE})))(?!식)"
)


def word_numbers(text: str) -> tuple[Word, ...]:
    """Number words of both languages, in order per language; English ones only support, never claim."""
    return _word_numbers(text)


# Several checks ask for the words of the same texts in turn.
@lru_cache(maxsize=64)
def _word_numbers(text: str) -> tuple[Word, ...]:
    return (*_english_words(text), *(korean_word_numbers(text) if HANGUL.search(text) else ()))


def _english_words(text: str) -> Iterator[Word]:
    for match in _COUNTED.finditer(text):
        if match["month"]:
            yield match.group(), match.start(), (_MONTH[match.group()],)
            continue
        bases = _ENGLISH[match["base"].lower()] if match["base"] else (1,)
        if after := _AFTER_WORD.match(text, match.end()):
            yield match.group() + after.group(), match.start(), _english_options(bases, after)


def korean_word_numbers(text: str) -> Iterator[Word]:
    """Korean number words with a counter, 절반, and bare powers of ten such as 백만."""
    for match in _KOREAN_WORD.finditer(text):
        yield match.group(), match.start(), ((Fraction(_NATIVE[match["word"]]),),)
    if _HALF in text:
        yield _HALF, text.index(_HALF), _HALVES
    for match in _SINO.finditer(text):
        yield match.group(), match.start(), ((_korean_scale(match.group()),),)


def vague_numbers(text: str) -> Iterator[Word]:
    """Magnitudes without a count, at the power of ten they name: "millions" and 수백만 are both 10^6."""
    lower = text.lower()
    # A search for plain words costs a tenth of the pattern, and most texts have none.
    is_vague = any(word in lower for word in _VAGUE_WORDS)
    for match in _ENGLISH_VAGUE.finditer(text) if is_vague else ():
        if match["orders"]:
            yield match.group(), match.start(), tuple((Fraction(many),) for many in _SEVERAL_ORDERS)
            continue
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
    if after["group"]:
        return ((Fraction(bases[0] * _GROUPS[after["group"].lower()]),), *whole)
    if after["ones"]:
        return ((Fraction(bases[0] + _ENGLISH[after["ones"].lower()][0]),), *whole)
    if after["denominator"]:
        denominator = _DENOMINATORS[after["denominator"].lower()]
        halves = ((Fraction(50),), (Fraction(2),)) if denominator == 2 else ()
        return ((Fraction(bases[0], denominator),), (Fraction(denominator),), *whole, *halves)
    if after["orders"]:
        return ((Fraction(10) ** bases[0],), *whole)
    return (*whole, (Fraction(1, 2),)) if 50 in bases else whole
