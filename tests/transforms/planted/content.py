"""Faults of content: numbers, links, names, formulas, and what a sentence says."""

import random
import re
from collections.abc import Callable

from planted.edits import (
    edited,
    found,
    names_of,
    other_char,
    prose,
    sentences_of,
    swapped,
    text_of,
    with_text,
)
from planted.pairs import Good
from schemas.answer import Korean

_NAME = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*(?![A-Za-z0-9])")
_LINK = re.compile(r"https?://[!-~]{6,}(?<![.,)\]])")
_FORMULA = re.compile(r"\$[^$]+\$|\\\w+\{[^}]*\}")
_CLAIMS = (
    "또한 사람 평가에서도 가장 높은 선호도를 얻었습니다.",
    "이 방법은 산업 현장에서 이미 널리 쓰이고 있습니다.",
    "저자들은 이 결과가 의료 영상에도 그대로 적용된다고 주장합니다.",
    "모든 실험은 한 대의 노트북에서 수행되었습니다.",
    "향후 연구에서는 로봇 제어로 확장할 계획입니다.",
    "특히 저자원 언어에서 그 효과가 두드러집니다.",
)
_RIVALS = ("BERT-Large", "LLaMA", "Claude", "ResNet-50", "Mistral", "CLIP", "MMLU", "GSM8K", "DeepSeek-V3")
_NEGATIONS = (
    ("하지 않습니다", "합니다"),
    ("지 않으면서", "면서"),
    ("없습니다", "있습니다"),
    ("있습니다", "없습니다"),
    ("합니다", "하지 않습니다"),
    ("됩니다", "되지 않습니다"),
)
_OPPOSITES = (
    ("높", "낮"), ("낮", "높"), ("빠르", "느리"), ("빠릅", "느립"), ("증가", "감소"), ("감소", "증가"),
    ("향상", "저하"), ("줄어", "늘어"), ("줄이", "늘리"), ("늘어", "줄어"), 
    ("앞서", "뒤처지"), ("앞섭", "뒤처집"),
    ("많은", "적은"), ("작은", "큰"), ("더 큰", "더 작은"), ("쉽", "어렵"), 
    ("우수", "열등"), ("능가하", "밑돌"),
)  # fmt: skip


def url_altered(rng: random.Random, good: Good) -> Korean | None:
    """One letter of a link is another."""

    def change(text: str) -> str | None:
        match = _LINK.search(text)
        if not match:
            return None
        place = rng.choice([i for i in range(match.start() + 8, match.end()) if text[i].isalpha()])
        return swapped(text, place, place + 1, other_char(rng, text[place]))

    return edited(rng, good, change)


def url_added(rng: random.Random, good: Good) -> Korean | None:
    """A link that the English does not have."""
    link = rng.choice(
        ("https://example{}.org/x", "https://github.com/lab/repo{}", "www.project{}.net", "demo{}.github.io")
    )
    link = link.format(rng.randint(1, 99))
    return edited(rng, good, lambda text: f"{text} 자료는 {link} 에 있습니다.", prose(good))


def link_glued(rng: random.Random, good: Good) -> Korean | None:
    """A particle becomes part of the link."""
    return edited(
        rng, good, lambda text: re.sub(r"(https?://[!-~]*[\w/]) (?=(?:에|을|를|의|로)[ 가-힣])", r"\1", text)
    )


def name_with_digit_changed(rng: random.Random, good: Good) -> Korean | None:
    """One character of a name with a digit is another."""
    return edited(rng, good, _renaming(rng, good, lambda name: any(c.isdigit() for c in name)))


def name_changed(rng: random.Random, good: Good) -> Korean | None:
    """One character of a name without a digit is another, gone, or has changed places."""
    return edited(rng, good, _renaming(rng, good, lambda name: name.replace("-", "").isalpha()))


def _renaming(rng: random.Random, good: Good, wanted: Callable[[str], bool]) -> Callable[[str], str | None]:
    english = f"{good.english.title} {good.english.abstract or ''}"

    def change(text: str) -> str | None:
        matches = [
            match
            for match in found(_NAME, text)
            if wanted(match.group()) and len(match.group()) >= 4 and match.group() in english
            and any(char.isupper() for char in match.group())
        ]  # fmt: skip
        if not matches:
            return None
        match = rng.choice(matches)
        return swapped(text, *match.span(), _misspelt(rng, match.group()))

    return change


def _misspelt(rng: random.Random, name: str) -> str:
    places = [i for i, char in enumerate(name) if char.isalnum()]
    place = rng.choice(places)
    kind = rng.choice(("other", "other", "gone", "swapped"))
    if kind == "gone" and 0 < place < len(name) - 1 and not name[place].isdigit():
        return name[:place] + name[place + 1 :]
    if (
        kind == "swapped"
        and name[place : place + 2].isalnum()
        and len({*name[place : place + 2].lower()}) == 2
    ):
        return name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    return swapped(name, place, place + 1, other_char(rng, name[place]))


def title_name_lost(rng: random.Random, good: Good) -> Korean | None:
    """The method that the title names is nowhere in the Korean title, or nowhere at all."""
    head = good.english.title.partition(":")[0].strip()
    places = [name for name in names_of(good.korean) if head in text_of(good.korean, name)]
    if ":" not in good.english.title or not _NAME.fullmatch(head) or "title" not in places:
        return None
    korean = good.korean
    for name in ["title"] if rng.random() < 0.5 else places:
        korean = with_text(korean, name, text_of(korean, name).replace(head, "제안된 방법"))
    return korean


def name_invented(rng: random.Random, good: Good) -> Korean | None:
    """A sentence about a model or benchmark that the English does not have."""
    english = f"{good.english.title} {good.english.abstract}".lower()
    rivals = [name for name in _RIVALS if name.lower() not in english]
    return edited(
        rng, good, lambda text: f"{text} 이는 {rng.choice(rivals)}보다 높은 결과입니다.", prose(good)
    )


def wrong_paper(rng: random.Random, good: Good) -> Korean | None:
    """The Korean of another paper of the same source."""
    return good.neighbour


def formula_changed(rng: random.Random, good: Good) -> Korean | None:
    """A formula of the abstract is altered or lost."""

    def change(text: str) -> str | None:
        matches = list(_FORMULA.finditer(text))
        if not matches:
            return None
        match = rng.choice(matches)
        inner = match.group()
        place = rng.choice([i for i, char in enumerate(inner) if char.isalnum()])
        altered = swapped(inner, place, place + 1, other_char(rng, inner[place]))
        return swapped(text, *match.span(), rng.choice((altered, "그 값", inner.strip("$"))))

    return edited(rng, good, change, ["abstract"])


def negation_flip(rng: random.Random, good: Good) -> Korean | None:
    """A sentence says that it is not so."""
    return edited(rng, good, _flipping(rng, _NEGATIONS), prose(good))


def comparison_flip(rng: random.Random, good: Good) -> Korean | None:
    """Higher becomes lower, faster slower."""
    return edited(rng, good, _flipping(rng, _OPPOSITES), prose(good))


def _flipping(rng: random.Random, pairs: tuple[tuple[str, str], ...]) -> Callable[[str], str | None]:
    def change(text: str) -> str | None:
        places = [(m.start(), old, new) for old, new in pairs for m in re.finditer(old, text)]
        if not places:
            return None
        start, old, new = rng.choice(places)
        return swapped(text, start, start + len(old), new)

    return change


def extra_claim(rng: random.Random, good: Good) -> Korean | None:
    """A fluent sentence that the English does not support."""
    return edited(rng, good, lambda text: f"{text} {rng.choice(_CLAIMS)}", prose(good))


def cut_at_sentence_end(rng: random.Random, good: Good) -> Korean | None:
    """The last sentence of a text is missing."""

    def change(text: str) -> str | None:
        parts = sentences_of(text)
        return " ".join(parts[:-1]) if len(parts) > 1 else None

    return edited(rng, good, change, prose(good))
