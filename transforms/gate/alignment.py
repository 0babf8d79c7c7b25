"""Checks of completeness: does every English sentence of the abstract have its Korean, and nothing besides.

Both texts are cut into sentences and set side by side in order: one to one, or two of one side to one of
the other, as translators merge and split. What the sentences share (transforms/gate/counterpart.py) and how
long they are decide; a sentence that fits nowhere is a claim dropped, or one too many. A text cut exactly at
a sentence end is found so. Called by transforms/quality.py.
"""

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, error, quoted, warning
from transforms.gate.counterpart import Passage, passage_of
from transforms.korean import sentences

_USUAL_RATIO = 0.46
"""Korean characters for one English one in a whole translation."""
_SMOOTHING = 8
"""Characters added to both lengths, so that the ratio of two short sentences says little."""
_LENGTH_WEIGHT, _MERGE_COST, _SKIP_COST = 2.0, 2.0, 0.5
_MOST_SHARED = 4.0
# What a sentence left alone may yet share with the neighbours of its place: more, and it was merged there.
_LEAST_SHARED_ENGLISH, _LEAST_SHARED_KOREAN = 1.5, 1.0
_STEPS = ((1, 1), (2, 1), (1, 2), (1, 0), (0, 1))
_BAND = 4
"""How many sentences the two texts may drift apart from the diagonal."""
_MOST_SENTENCES = 40
_MOSTLY_KNOWN = 0.75
_TELLING = 0.5
_COUNT_RATIO = 0.5
_FEWEST_SENTENCES = 5
_LIST_MARK = re.compile(r"[;:] ")


class Group(NamedTuple):
    """Sentences that stand for each other; one side is empty where a sentence fits nowhere."""

    english: range
    korean: range


class Alignment(NamedTuple):
    """An abstract beside its Korean."""

    passage: Passage
    korean: list[str]
    groups: list[Group]

    def shared(self, group: Group) -> float:
        """What the two sides of a group share."""
        rows = (self.passage.scores(self.korean[index]) for index in group.korean)
        return sum(row[index] for row in rows for index in group.english)

    @property
    def is_telling(self) -> bool:
        """True when most groups share enough: else the Korean is no translation of this that we can read."""
        telling = sum(self.shared(group) >= _LEAST_SHARED_ENGLISH for group in self.groups)
        return telling >= _TELLING * len(self.groups)


def alignment_of(case: Case) -> Alignment | None:
    """The abstract beside abstract_ko; None where one is missing or too long to compare."""
    field = next((field for field in case.fields if field.name == "abstract_ko"), None)
    if field is None or not field.source:
        return None
    found = _aligned(field.source, case.title, field.text)
    return found if max(len(found.passage.sentences), len(found.korean)) <= _MOST_SENTENCES else None


@lru_cache(maxsize=8)
def _aligned(english: str, title: str, korean: str) -> Alignment:
    passage, lines = passage_of(english, title), sentences(korean)
    if max(len(passage.sentences), len(lines)) > _MOST_SENTENCES:
        return Alignment(passage, lines, [])
    shared = [passage.scores(line) for line in lines]
    if len(lines) == len(passage.sentences) and all(
        _is_at_home(row, place) for place, row in enumerate(shared)
    ):
        pairs = [Group(range(place, place + 1), range(place, place + 1)) for place in range(len(lines))]
        return Alignment(passage, lines, pairs)
    return Alignment(passage, lines, _groups(passage.sentences, lines, shared))


def _is_at_home(row: list[float], place: int) -> bool:
    """True when the sentence shares most with the one at its own place, and enough."""
    return row[place] >= _LEAST_SHARED_ENGLISH and row[place] == max(row)


def _groups(english: list[str], korean: list[str], shared: list[list[float]]) -> list[Group]:
    """The best way through both texts, as groups in order."""
    best: dict[tuple[int, int], tuple[float, int, int]] = {(0, 0): (0.0, 0, 0)}
    lengths = [_USUAL_RATIO * len(sentence) for sentence in english], [len(line) for line in korean]
    slope = len(korean) / len(english)
    for i in range(len(english) + 1):
        for j in range(max(int(i * slope) - _BAND, 0), min(int(i * slope) + _BAND, len(korean)) + 1):
            if (i, j) not in best:
                continue
            for more_english, more_korean in _STEPS:
                end = (i + more_english, j + more_korean)
                if end[0] <= len(english) and end[1] <= len(korean):
                    gain = best[i, j][0] + _gain(lengths, shared, (i, j), end)
                    if end not in best or gain > best[end][0]:
                        best[end] = (gain, i, j)
    return _path(best, len(english), len(korean))


def _gain(
    lengths: tuple[list[float], list[int]],
    shared: list[list[float]],
    begin: tuple[int, int],
    end: tuple[int, int],
) -> float:
    """How well the sentences between two places fit: what they share, less what their lengths say."""
    (i, j), (end_i, end_j) = begin, end
    if i == end_i or j == end_j:
        return -_SKIP_COST
    expected, length, common, cost = lengths[0][i], lengths[1][j], min(shared[j][i], _MOST_SHARED), 0.0
    if end_i - i == 2:
        expected += lengths[0][i + 1]
        common += min(shared[j][i + 1], _MOST_SHARED)
        cost = _MERGE_COST
    if end_j - j == 2:
        length += lengths[1][j + 1]
        common += min(shared[j + 1][i], _MOST_SHARED)
        cost = _MERGE_COST
    return common - cost - _LENGTH_WEIGHT * abs(math.log((length + _SMOOTHING) / (expected + _SMOOTHING)))


def _path(best: dict[tuple[int, int], tuple[float, int, int]], i: int, j: int) -> list[Group]:
    """The groups that lead to the end; one group of everything where the band cut the way off."""
    if (i, j) not in best:
        return [Group(range(i), range(j))]
    found = []
    while (i, j) != (0, 0):
        _, before_i, before_j = best[i, j]
        found.append(Group(range(before_i, i), range(before_j, j)))
        i, j = before_i, before_j
    return found[::-1]


def _unaligned(case: Case) -> Iterator[Issue]:
    found = alignment_of(case)
    if found is None or not found.is_telling:
        return
    shared = [found.passage.scores(line) for line in found.korean]
    for group in found.groups:
        if not group.korean:
            place = group.english.start
            beside = [shared[j][place] for j in _beside(group.korean.start, len(found.korean))]
            if max(beside, default=0.0) < _LEAST_SHARED_ENGLISH:
                missing = quoted(found.passage.sentences[place])
                yield error(
                    "claim_unaligned", "abstract_ko", f"The English sentence {missing} has no Korean."
                )
        elif not group.english:
            line = group.korean.start
            beside = [shared[line][i] for i in _beside(group.english.start, len(found.passage.sentences))]
            cues, known = found.passage.shared(found.korean[line])
            # What every sentence speaks of weighs little, yet a sentence of nothing else adds no claim.
            if max(beside, default=0.0) < _LEAST_SHARED_KOREAN and known < _MOSTLY_KNOWN * cues:
                extra = quoted(found.korean[line])
                yield warning("claim_unaligned", "abstract_ko", f"{extra} stands for no English sentence.")


def _beside(place: int, count: int) -> range:
    """The sentences before and after a gap."""
    return range(max(place - 1, 0), min(place + 1, count))


def _sentence_count(case: Case) -> Iterator[Issue]:
    found = alignment_of(case)
    if found is None:
        return
    english, korean = len(found.passage.sentences), len(found.korean)
    # What a list divides by semicolons and colons may be sentences in Korean.
    parts = english + len(_LIST_MARK.findall(" ".join(found.passage.sentences)))
    is_over = korean >= _FEWEST_SENTENCES and parts < _COUNT_RATIO * korean
    is_under = english >= _FEWEST_SENTENCES and korean < _COUNT_RATIO * english
    if is_over or is_under:
        message = (
            f"abstract_ko has {korean} sentences, the English {english}: translate sentence by sentence."
        )
        yield warning("sentence_count", "abstract_ko", message)


CHECKS = (
    Check(
        {
            "claim_unaligned": Code(
                "A sentence of abstract or abstract_ko without a counterpart.", "error, warning"
            )
        },
        _unaligned,
    ),
    Check(
        {
            "sentence_count": Code(
                "abstract_ko has more than twice or under half the sentences of the abstract.", "warning"
            )
        },
        _sentence_count,
    ),
)
