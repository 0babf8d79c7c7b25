"""How far two spellings are apart, and whether one is a slip of the other.

Called by transforms/vocabulary.py.
"""

import re

_DIGIT = re.compile(r"[0-9]")
_LONGEST_REST = 20
_ENDINGS = "al d e ed en er es ic ing ion l ly n or r s t y"
ENDINGS = frozenset(("", *_ENDINGS.split()))
"""What English words end in, or the last letters of it."""
NAME_ENDINGS = frozenset(("", *"denrsy"))
"""The same for words that may be names: Mistra is no form of Mistral."""
# Shorter words are too close to others, unless two letters changed places; only long ones may begin amiss.
_SHORTEST, _LONG = 6, 8
_BRITISH = re.compile(r"ou(?=r)|[sz](?=[aei])|(?<=l)l|ae")
# One letter apart, and both are words that papers use.
_PAIRS = (
    "angle/angel artefacts/artifacts artefact/artifact casual/causal content/context contest/context "
    "decide/decode expand/expend expert/export mental/metal mixture/texture server/sever quiet/quite "
    "stages/states there/three though/through trail/trial"
)
_TWO_WORDS = frozenset(frozenset(pair.split("/")) for pair in _PAIRS.split())


def is_slip(one: str, other: str, most: int = 1) -> bool:
    """True when up to ``most`` letters added, dropped, changed or swapped make one word of the other.

    Digits are never slips: Llama-2 and Llama-3 are two models.

    >>> is_slip("mamba", "mamda"), is_slip("latent", "laetnt"), is_slip("gpt3", "gpt4")
    (True, True, False)
    """
    if one == other or abs(len(one) - len(other)) > most:
        return False
    start = _shared(one, other)
    one, other = one[start:], other[start:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    # Two slips far apart leave a long rest, which bounds the time; names are shorter than that.
    if _DIGIT.search(one + other) or max(len(one), len(other)) > _LONGEST_REST:
        return False
    return _distance(one, other) <= most


def _distance(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        previous, row = row, [i]
        for j, match in enumerate(other, 1):
            cost = min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (letter != match))
            if before and j > 1 and letter == other[j - 2] and one[i - 2] == match:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = previous
    return row[-1]


def is_misspelt(word: str, meant: str) -> bool:
    """True when a lower-case word is one slip away from the word meant, and no other form or word of its own.

    >>> is_misspelt("mulitlingual", "multilingual"), is_misspelt("trainer", "trained")
    (True, False)
    """
    # "merging" is no slip of "emerging", but "listillation" is one of "distillation".
    if word[:1] != meant[:1] and (len(word) != len(meant) or len(word) < _LONG):
        return False
    if not is_slip(word, meant) or is_inflection(word, meant):
        return False
    if min(len(word), len(meant)) < _SHORTEST and sorted(word) != sorted(meant):
        return False
    return frozenset({word, meant}) not in _TWO_WORDS and _BRITISH.sub("", word) != _BRITISH.sub("", meant)


def is_inflection(one: str, other: str, endings: frozenset[str] = ENDINGS) -> bool:
    """True when two words differ in their English ending only: noise, noisy; trained, trainer."""
    start = _shared(one, other)
    return {one[start:], other[start:]} <= endings


def _shared(one: str, other: str) -> int:
    """Letters at the beginning that two words have in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (letter, match) in pairs if letter != match), min(len(one), len(other)))
