"""The English sentences that a Korean sentence speaks of, found without a translation.

A summary has no sentence of the English to stand beside, yet whether a claim was turned round can only be
judged there. Korean and English sentences share numbers, Latin words and, by way of a list of two syllables
and the beginnings of English words (transforms/words/counterparts.txt), common terms; what stands in few
English sentences weighs most. The list leads to a place in the text and proves nothing by itself. Called
by alignment.py, claims.py, comparison.py and negation.py beside it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from transforms.gate.case import Case, Field

# Some abstracts have lost the space between sentences: "budgets.While".
_SENTENCE_END = re.compile(
    r"[.!?…][\"'”’)\]]{0,3}\s+(?=[\"'“‘(\[]?[A-Z0-9$\\⟦])|(?<=[a-z]{3})\.(?=[A-Z][a-z]* [a-z])"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:et al|e\.g|i\.e|vs|cf|etc|approx|resp|w\.r\.t|a\.k\.a|Figs?|Eqs?|Secs?|Tabs?|Nos?|Dr|Mr"
    r"|Ms|Prof|St|Inc|Jr|[A-Z])\.$|(?:^|[:;,] )\d{1,2}\.$"
)
_WORD = re.compile(r"[a-z]+(?:'t\b)?|[0-9]+(?:[.,][0-9]+)*")
_LATIN = re.compile(r"[a-z]{2,}|[0-9]+(?:[.,][0-9]+)*")
_SMALL = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {str(number): (word,) for number, word in enumerate(_SMALL.split(), 1)}
_LONGEST_ABBREVIATION = 12
_NUMBER_WEIGHT = 2.0
# The best English sentence and those that are nearly as good are all read for evidence.
_NEARLY = 0.7
_LEAST_SCORE = 1.0


def english_sentences(text: str) -> list[str]:
    """Sentences in order; "et al.", "e.g.", initials, decimals and "Fig. 2" end none.

    >>> english_sentences("We beat Li et al. 2024 by 3.5 points. Code, e.g. for T5, is out.")
    ['We beat Li et al. 2024 by 3.5 points.', 'Code, e.g. for T5, is out.']
    """
    found, begin = [], 0
    for match in _SENTENCE_END.finditer(text):
        end = match.start() + 1
        if _ABBREVIATION.search(text[max(begin, end - _LONGEST_ABBREVIATION) : end]):
            continue
        found.append(text[begin : match.end()].strip())
        begin = match.end()
    return [*found, rest] if (rest := text[begin:].strip()) else found


MOST_SENTENCES = 60
"""Sentences of one text that are looked at; an abstract has about ten."""
SCENE = re.compile(
    r"^(?:또한, |특히, )?(?:기존|그러나|하지만|최근|현재|일반적|반면|대부분|전통적|이전)"
    r"|종종|여전히|아직|거의|지만|으나|불구|필요|요구|한계|기존|조차|불과|충분|채 "
)
"""A sentence that says what others did or could not do."""


class Passage:
    """An English text as sentences, with an index of what a Korean sentence may share with them."""

    def __init__(self, sentences: list[str], title: str = "") -> None:
        self.sentences = sentences
        self.words = [_words_of(sentence) for sentence in sentences]
        self._in_sentences = (1 << len(sentences)) - 1
        self._reads: dict[str, tuple[list[float], int, int]] = {}
        # One bit per sentence that holds the word or a word with the stem; the last is the title's.
        self._places: dict[str, int] = defaultdict(int)
        for index, words in enumerate([*self.words, _words_of(title)]):
            for word in words:
                for key in _keys_of(word):
                    self._places[key] |= 1 << index

    def scores(self, korean: str) -> list[float]:
        """How much the Korean sentence shares with each English one: 1 for what no other has, else a part."""
        return self._read(korean)[0]

    def shared(self, korean: str) -> tuple[int, int]:
        """How many cues the Korean sentence has, and how many of them lead anywhere in the text."""
        return self._read(korean)[1:]

    def _read(self, korean: str) -> tuple[list[float], int, int]:
        found = self._reads.get(korean)
        if found is None:
            scores = [0.0] * len(self.sentences)
            cues = _cues_of(korean)
            hits = 0
            for weight, keys in cues:
                places = 0
                for key in keys:
                    places |= self._places.get(key, 0)
                if places:
                    hits += 1
                    _share(scores, weight, places & self._in_sentences)
            found = self._reads[korean] = (scores, len(cues), hits)
        return found

    def near(self, korean: str) -> list[int]:
        """Indices of the English sentences that the Korean one may speak of; all where nothing tells."""
        scores = self.scores(korean)
        best = max(scores, default=0.0)
        if best < _LEAST_SCORE:
            return list(range(len(scores)))
        return [index for index, score in enumerate(scores) if score >= _NEARLY * best]


def _share(scores: list[float], weight: float, places: int) -> None:
    """Adds the weight, in equal parts, to the scores whose bit is set."""
    part = weight / max(places.bit_count(), 1)
    while places:
        lowest = places & -places
        scores[lowest.bit_length() - 1] += part
        places ^= lowest


@lru_cache(maxsize=8)
def passage_of(text: str, title: str = "") -> Passage:
    """The text as a passage; several checks ask for the same abstract in turn.

    The title stands for no sentence of the Korean, yet what it has is known.
    """
    return Passage(english_sentences(text)[:MOST_SENTENCES], title)


def may_judge(case: Case, field: Field) -> bool:
    """True when all that the field may say is in the abstract; full text is too long to find a place in."""
    if case.abstract is None:
        return False
    return field.name == "abstract_ko" or len(case.support) == len(case.title) + 1 + len(case.abstract)


def passage_for(case: Case) -> Passage:
    """The abstract's sentences, which all checks of meaning share."""
    return passage_of(case.abstract or "", case.title)


def may_speak_of(korean: str, words: Iterable[str]) -> bool:
    """True when the Korean sentence may stand for each of these English words."""
    cues = _cue_keys(korean)
    return all(not cues.isdisjoint(_keys_of(word)) for word in words)


@lru_cache(maxsize=32)
def _cue_keys(korean: str) -> frozenset[str]:
    return frozenset(key for _, keys in _cues_of(korean) for key in keys)


def _words_of(sentence: str) -> frozenset[str]:
    return frozenset(_WORD.findall(sentence.lower().replace("’", "'")))


def _cues_of(korean: str) -> list[tuple[float, tuple[str, ...]]]:
    """What to look for in the English: alternatives of one cue, and its weight."""
    stems = _stems()
    pairs = filter(stems.__contains__, map(str.__add__, korean, korean[1:]))
    found = [(1.0, stems[pair]) for pair in dict.fromkeys(pairs)]
    for word in dict.fromkeys(_LATIN.findall(korean.lower())):
        found.append((_NUMBER_WEIGHT if word[0].isdigit() else 1.0, (word, *_NUMBER_WORDS.get(word, ()))))
    return found


@lru_cache(maxsize=1)
def _stems() -> dict[str, tuple[str, ...]]:
    """Beginnings of English words by the two Korean syllables they may stand for."""
    text = files("transforms.words").joinpath("counterparts.txt").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    # A stem is looked up with its hyphen, so that it is never taken for the whole word.
    return {row[0]: tuple(f"{stem}-" for stem in row[1:]) for row in rows}


@lru_cache(maxsize=1)
def _stems_by_start() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for keys in _stems().values():
        for key in keys:
            found[key[:2]].add(key)
    return {start: tuple(sorted(keys)) for start, keys in found.items()}


@lru_cache(maxsize=20_000)
def _keys_of(word: str) -> tuple[str, ...]:
    """The English word and every stem that it begins with."""
    starts = _stems_by_start().get(word[:2], ())
    return (word, *(key for key in starts if word.startswith(key[:-1])))
