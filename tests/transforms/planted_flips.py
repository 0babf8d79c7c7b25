"""Korean whose meaning was turned round: the faults that negation and comparison checks are measured with.

A flip keeps the script, the numbers, the length and the fluency, and says the opposite: a verb is negated or
its negation dropped, or a word of direction is exchanged for its antonym. Called by
tests/transforms/test_gate_meaning.py; a benchmark of the gate may use ``flipped`` in the same way.
"""

import random
import re
from collections.abc import Iterator

from schemas.answer import English, Korean

NEGATED = {
    "수 있습니다.": "수 없습니다.",
    "수 있었습니다.": "수 없었습니다.",
    "수 있다.": "수 없다.",
    "고 있습니다.": "고 있지 않습니다.",
    "합니다.": "하지 않습니다.",
    "했습니다.": "하지 못했습니다.",
    "하였습니다.": "하지 않았습니다.",
    "됩니다.": "되지 않습니다.",
    "되었습니다.": "되지 않았습니다.",
    "됐습니다.": "되지 않았습니다.",
    "시킵니다.": "시키지 못합니다.",
    "시켰습니다.": "시키지 못했습니다.",
    "보입니다.": "보이지 않습니다.",
    "보였습니다.": "보이지 못했습니다.",
    "보여줍니다.": "보여주지 못합니다.",
    "보여주었습니다.": "보여주지 않았습니다.",
    "줄입니다.": "줄이지 못합니다.",
    "줄였습니다.": "줄이지 못했습니다.",
    "높입니다.": "높이지 못합니다.",
    "높였습니다.": "높이지 못했습니다.",
    "나타났습니다.": "나타나지 않았습니다.",
    "나타냈습니다.": "나타내지 못했습니다.",
    "한다.": "하지 않는다.",
    "했다.": "하지 못했다.",
    "된다.": "되지 않는다.",
    "되었다.": "되지 않았다.",
    "보인다.": "보이지 않는다.",
    "보여준다.": "보여주지 못한다.",
}
"""Endings of an affirmative sentence and the same, negated."""

ANTONYMS = (
    ("향상", "저하"),
    ("개선", "악화"),
    ("증가", "감소"),
    ("상승", "하락"),
    ("높은", "낮은"),
    ("높습니다", "낮습니다"),
    ("높아", "낮아"),
    ("높였", "낮췄"),
    ("높이", "낮추"),
    ("높게", "낮게"),
    ("늘어", "줄어"),
    ("늘리", "줄이"),
    ("늘렸", "줄였"),
    ("빠른", "느린"),
    ("빠르게", "느리게"),
    ("빠릅니다", "느립니다"),
    ("더 많은", "더 적은"),
    ("더 큰", "더 작은"),
    ("더 나은", "더 나쁜"),
    ("이상", "이하"),
    ("초과", "미만"),
    ("최대", "최소"),
    ("최고", "최저"),
    ("성공", "실패"),
    ("우수한", "열등한"),
    ("우수합니다", "열등합니다"),
    ("뛰어난", "뒤떨어진"),
    ("능가합니다", "능가하지 못합니다"),
    ("능가했습니다", "능가하지 못했습니다"),
    ("능가하는", "능가하지 못하는"),
    ("능가하", "밑돌"),
    ("가능하", "불가능하"),
    ("가능합니다", "불가능합니다"),
    ("강화", "약화"),
    ("효율적", "비효율적"),
    ("효과적", "비효과적"),
    ("정확한", "부정확한"),
    ("필요한", "불필요한"),
    ("수 있는", "수 없는"),
    ("수 있게", "수 없게"),
    ("수 있으며", "수 없으며"),
    ("하며", "하지 않으며"),
    ("하는", "하지 않는"),
    ("하여", "하지 않고"),
)
"""Words and their opposites; each is turned both ways, but for the last four, which only negate."""

AFFIRMED = {
    "하지 않습니다": "합니다",
    "하지 못합니다": "합니다",
    "되지 않습니다": "됩니다",
    "하지 못했습니다": "했습니다",
    "되지 않았습니다": "되었습니다",
    "하지 않는": "하는",
    "하지 못하는": "하는",
    "지 않고도": "면서",
    "없습니다": "있습니다",
    "수 없는": "수 있는",
    " 없이": "을 통해",
}
"""Negations and the same, affirmed."""
_ONE_WAY = frozenset(("하며", "하는", "하여", "수 있는", "수 있게", "수 있으며"))
# 비효율적 holds 효율적: a word is turned only where its opposite does not already stand.
_NOT_AFTER = {
    "가능하": "불",
    "가능합니다": "불",
    "효율적": "비",
    "효과적": "비",
    "정확한": "부",
    "필요한": "불",
}


def kinds() -> dict[str, tuple[str, str]]:
    """Every flip by its name: the text that it looks for and the text that it puts there."""
    found = {f"negated: {old} > {new}": (old, new) for old, new in NEGATED.items()}
    found |= {f"affirmed: {old} > {new}": (old, new) for old, new in AFFIRMED.items()}
    for one, other in ANTONYMS:
        found[f"antonym: {one} > {other}"] = (one, other)
        if one not in _ONE_WAY:
            found[f"antonym: {other} > {one}"] = (other, one)
    return found


KINDS = kinds()


def flips_of(text: str, kind: str) -> Iterator[str]:
    """The text with one occurrence turned, once for every place where the flip applies."""
    old, new = KINDS[kind]
    before = f"(?<!{_NOT_AFTER[old]})" if old in _NOT_AFTER else ""
    for match in re.finditer(before + re.escape(old), text):
        yield text[: match.start()] + new + text[match.end() :]


def flipped(rng: random.Random, english: English, korean: Korean, prefix: str = "") -> Korean | None:
    """The Korean with one sentence of its summary or abstract turned; None where nothing can be turned.

    Args:
        prefix: Only flips whose name begins so: "negated", "affirmed", "antonym", or a whole name.
    """
    names = [kind for kind in KINDS if kind.startswith(prefix)]
    rng.shuffle(names)
    for name in names:
        options = list(_turned(korean, name))
        if options:
            return rng.choice(options)
    return None


def _turned(korean: Korean, kind: str) -> Iterator[Korean]:
    for index, section in enumerate(korean.summary_ko):
        for text in flips_of(section.text, kind):
            entries = [*korean.summary_ko]
            entries[index] = section._replace(text=text)
            yield korean._replace(summary_ko=entries)
    for text in flips_of(korean.abstract_ko or "", kind):
        yield korean._replace(abstract_ko=text)
