"""Faults of numbers: another digit or unit, invented, lost, per cent or not."""

import random
import re

from planted.edits import NUMBER, edited, found, prose, swapped
from planted.pairs import Good
from schemas.answer import Korean

_SCALES = {"만": "억천", "억": "만조", "조": "억", "천": "만", "K": "MB", "M": "KB", "B": "MT", "T": "B"}
_SCALED = re.compile(
    r"(?<![A-Za-z0-9.,-])\d[\d,]*(?:\.\d+)? ?(?P<unit>[만억조천KMBT])(?![A-Za-z0-9가-힣](?<!개|장|건|편))"
)
_COUNTED = re.compile(
    r"(?<![A-Za-z0-9.,@_/=^~-])(?P<number>\d+(?:\.\d+)?) ?(?:배|개|점|명|장|건|가지|단계)(?=[가-힣 .,])"
)
# The last of a list keeps the sign for all.
_SIGNED = re.compile(r"(?<![A-Za-z0-9.,~-])\d+(?:\.\d+)?%(?![p,~]| ?포인트|에서|와|과)")
_COUNT = re.compile(r"(?<![가-힣])(?P<word>두|세|네|다섯|여섯|열두) (?=가지|개|배|단계|종)")
_COUNTS = ("두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열두")
_INVENTED = (
    " 정확도는 {a}.{b}%입니다.",
    " 기존 방법보다 {a}.{b}배 빠릅니다.",
    " 총 {a}만 개의 표본을 사용합니다.",
    " {a}{b}개의 데이터셋에서 확인했습니다.",
    " 점수가 {a}.{b}점 올랐습니다.",
)


def digit_changed(rng: random.Random, good: Good) -> Korean | None:
    """One digit of a quantity is another."""

    def change(text: str) -> str | None:
        matches = found(NUMBER, text)
        if not matches:
            return None
        match = rng.choice(matches)
        place = rng.choice([i for i in range(*match.span()) if text[i].isdigit()])
        digits = "123456789" if place == match.start() else "0123456789"
        return swapped(text, place, place + 1, rng.choice([d for d in digits if d != text[place]]))

    return edited(rng, good, change)


def unit_scale(rng: random.Random, good: Good) -> Korean | None:
    """A number keeps its digits and gets another power of ten."""

    def change(text: str) -> str | None:
        matches = found(_SCALED, text)
        if not matches:
            return None
        start, end = rng.choice(matches).span("unit")
        return swapped(text, start, end, rng.choice(_SCALES[text[start:end]]))

    return edited(rng, good, change)


def latin_to_myriad(rng: random.Random, good: Good) -> Korean | None:
    """1.7B becomes 1.7억: the worst fault of machine Korean."""

    def change(text: str) -> str | None:
        matches = [match for match in found(_SCALED, text) if match["unit"] in "KMB"]
        if not matches:
            return None
        start, end = rng.choice(matches).span("unit")
        return swapped(text, start, end, {"K": "만", "M": "만", "B": "억"}[text[start:end]])

    return edited(rng, good, change)


def number_invented(rng: random.Random, good: Good) -> Korean | None:
    """A sentence with a number that the English does not have."""
    claim = rng.choice(_INVENTED).format(a=rng.randint(11, 98), b=rng.randint(1, 9))
    return edited(rng, good, lambda text: text + claim, prose(good))


def number_dropped(rng: random.Random, good: Good) -> Korean | None:
    """A number of the abstract is replaced by a vague word."""

    def change(text: str) -> str | None:
        matches = [match for match in found(NUMBER, text) if text.count(match.group()) == 1]
        if not matches:
            return None
        match = rng.choice(matches)
        return swapped(text, *match.span(), rng.choice(("여러 ", "상당한 ", "높은 ")))

    return edited(rng, good, change, ["abstract"])


def number_word_changed(rng: random.Random, good: Good) -> Korean | None:
    """네 가지 becomes another count."""

    def change(text: str) -> str | None:
        matches = found(_COUNT, text)
        if not matches:
            return None
        match = rng.choice(matches)
        other = rng.choice([word for word in _COUNTS if word != match["word"]])
        return swapped(text, *match.span("word"), other)

    return edited(rng, good, change)


def percent_gained(rng: random.Random, good: Good) -> Korean | None:
    """A count or factor of the English has become per cent."""

    def change(text: str) -> str | None:
        matches = [match for match in found(_COUNTED, text) if not _is_percent(match["number"], good)]
        if not matches:
            return None
        match = rng.choice(matches)
        return swapped(text, *match.span(), f"{match['number']}%")

    return edited(rng, good, change)


def _is_percent(number: str, good: Good) -> bool:
    return (
        re.search(rf"(?<![\d.]){re.escape(number)}[\d.]* ?(?:%|percent)", good.english.abstract or "")
        is not None
    )


def percent_lost(rng: random.Random, good: Good) -> Korean | None:
    """A per cent sign is gone from the abstract."""

    def change(text: str) -> str | None:
        matches = found(_SIGNED, text)
        if not matches:
            return None
        match = rng.choice(matches)
        return swapped(text, *match.span(), match.group().rstrip("%"))

    return edited(rng, good, change, ["abstract"])
