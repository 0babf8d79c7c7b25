"""Faults of form: what is missing, repeated, in another language, level or notation."""

import random
import re

from planted.edits import (
    ENGLISH_SENTENCE,
    Change,
    edited,
    inserted,
    names_of,
    prose,
    sentences_of,
    text_of,
    with_text,
)
from planted.pairs import Good
from schemas.answer import Korean

_ENGLISH = (
    "We propose a framework that learns to plan before it acts in the environment.",
    "The results show that our method outperforms all of the baselines on every task.",
    "Extensive experiments demonstrate the effectiveness of the proposed approach across domains.",
    "This makes it possible to train larger models with the same amount of memory.",
)
_CHINESE = ("模型", "数据集", "训练", "性能提升", "研究", "方法论", "推理")
_OTHER_SCRIPTS = ("обучение", "данных", "モデル", "データ", "نموذج", "การเรียนรู้", "μοντέλο", "ㅁㅏ")
_FORMAL = re.compile(r"(?P<syllable>[가-힣])니다\.")
_PIEUP, _NIEUN, _MIEUM = 17, 4, 16


def section_dropped(rng: random.Random, good: Good) -> Korean | None:
    """One of the three sections is missing."""
    if len(good.korean.summary_ko) != 3 or good.korean.summary_ko[0].section is None:
        return None
    gone = rng.randrange(3)
    return good.korean._replace(summary_ko=[s for i, s in enumerate(good.korean.summary_ko) if i != gone])


def field_emptied(rng: random.Random, good: Good) -> Korean | None:
    """A field has no text, or as good as none."""
    return edited(rng, good, lambda text: rng.choice(("", " ", "-", "없음", "N/A", "...", "해당 없음.")))


def sentence_duplicated(rng: random.Random, good: Good) -> Korean | None:
    """A sentence of the summary or of the abstract stands twice."""
    sources = [name for name in prose(good) if sentences_of(text_of(good.korean, name))]
    name = rng.choice(sources)
    sentence = rng.choice(sentences_of(text_of(good.korean, name)))
    if len(sentence) < 15:
        return None
    target = rng.choice([n for n in prose(good) if (n == "abstract") == (name == "abstract")])
    return with_text(good.korean, target, f"{text_of(good.korean, target)} {sentence}")


def section_duplicated(rng: random.Random, good: Good) -> Korean | None:
    """Two entries of the summary have the same text."""
    if len(good.korean.summary_ko) < 2:
        return None
    one, other = rng.sample(range(len(good.korean.summary_ko)), 2)
    return with_text(good.korean, str(one), good.korean.summary_ko[other].text)


def _english(good: Good) -> list[str]:
    own = [part for part in ENGLISH_SENTENCE.split(good.english.abstract or "") if len(part.split()) > 8]
    return own or list(_ENGLISH)


def sentence_in_english(rng: random.Random, good: Good) -> Korean | None:
    """One sentence was not translated."""
    english = rng.choice(_english(good))

    def change(text: str) -> str:
        parts = sentences_of(text)
        parts[rng.randrange(len(parts))] = english
        return " ".join(parts)

    return edited(rng, good, change, prose(good))


def all_in_english(rng: random.Random, good: Good) -> Korean | None:
    """Nothing was translated."""
    english, korean = _english(good), good.korean
    for name in names_of(korean):
        whole = {"title": good.english.title, "abstract": good.english.abstract or english[0]}
        korean = with_text(korean, name, whole.get(name) or rng.choice(english))
    return korean


def english_clause(rng: random.Random, good: Good) -> Korean | None:
    """Nine words in a row were left in English."""
    words = rng.choice(_english(good)).rstrip(".").split()
    begin = rng.randrange(max(len(words) - 9, 1))
    return edited(
        rng, good, lambda text: inserted(rng, text, " ".join(words[begin : begin + 9])), prose(good)
    )


def chinese_word(rng: random.Random, good: Good) -> Korean | None:
    """A Chinese word stands in the Korean."""
    return edited(rng, good, lambda text: inserted(rng, text, rng.choice(_CHINESE)))


def other_script(rng: random.Random, good: Good) -> Korean | None:
    """A Cyrillic, Japanese, Arabic, Thai or Greek word, or lone jamo, stands in the Korean."""
    return edited(rng, good, lambda text: inserted(rng, text, rng.choice(_OTHER_SCRIPTS)))


def cut_mid_sentence(rng: random.Random, good: Good) -> Korean | None:
    """A text stops inside a sentence, at a word or within it."""

    def change(text: str) -> str | None:
        cut = text[: rng.randrange(len(text) // 3, len(text) - 3)]
        cut = cut.rpartition(" ")[0] if rng.random() < 0.5 else cut
        return cut.rstrip() if len(cut) > 15 and not re.search(r"[.!?](?:\s|$)", cut[-2:]) else None

    return edited(rng, good, change, prose(good))


def speech_level(rng: random.Random, good: Good) -> Korean | None:
    """One sentence is in 한다체, 해요체 or ends in a noun."""
    return edited(rng, good, _lowering(rng), prose(good))


def _lowering(rng: random.Random) -> Change:
    def change(text: str) -> str | None:
        matches = list(_FORMAL.finditer(text))
        if not matches:
            return None
        match = rng.choice(matches)
        lower = _lowered(rng, match["syllable"])
        return None if lower is None else text[: match.start()] + lower + "." + text[match.end() :]

    return change


def _lowered(rng: random.Random, syllable: str) -> str | None:
    code = ord(syllable) - 0xAC00
    if code % 28 != _PIEUP:
        return None
    if syllable == "습":
        return rng.choice(("다", "음", "어요"))
    if syllable == "입":
        return rng.choice(("이다", "이에요", "임"))
    open_code = 0xAC00 + code - _PIEUP
    polite = "해요" if syllable == "합" else f"{chr(open_code)}요"
    return rng.choice((f"{chr(open_code + _NIEUN)}다", polite, chr(open_code + _MIEUM)))


def title_sentence(rng: random.Random, good: Good) -> Korean | None:
    """The Korean title is a sentence."""
    ends = (
        "입니다",
        "에 대해 설명합니다.",
        "을 제안합니다",
        "을 소개한다.",
        "를 다루는 논문입니다.",
        "을 제시합니다.",
    )
    return edited(rng, good, lambda text: text + rng.choice(ends), ["title"])


def loop(rng: random.Random, good: Good) -> Korean | None:
    """Words or syllables follow themselves again and again."""

    def change(text: str) -> str:
        words = text.split(" ")
        begin = rng.randrange(len(words))
        block = words[begin : begin + rng.randint(1, 5)]
        return " ".join([*words[:begin], *block * rng.randint(6, 12), *words[begin + len(block) :]])

    return edited(rng, good, change, prose(good))


def bracket_open(rng: random.Random, good: Good) -> Korean | None:
    """A bracket is opened and never closed."""

    def change(text: str) -> str:
        closing = [match.start() for match in re.finditer(r"\)(?!\w*\()", text)]
        if closing and rng.random() < 0.5:
            place = rng.choice(closing)
            return text[:place] + text[place + 1 :]
        gaps = [match.end() for match in re.finditer(" ", text)]
        place = rng.choice(gaps)
        return text[:place] + rng.choice("([{“「") + text[place:]

    return edited(rng, good, change, prose(good))
