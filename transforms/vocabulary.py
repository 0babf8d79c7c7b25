"""Which names an English text holds, so that a name in its Korean can be told known, misspelt or invented.

A name is compared by its pieces, runs of letters and of digits, whatever hyphens, spaces and capitals stand
between: "Seed TTS", "SeedTTS" and "seed-tts" are one. A piece of a piece is no name, so LaMA is not in
LLaMA. Called by transforms/gate/names.py.
"""

import re
import unicodedata
from functools import cached_property
from itertools import product

from transforms.lexicon import abbreviations, has_stem, spaced
from transforms.spelling import NAME_ENDINGS, is_inflection, is_misspelt, is_slip

_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[-_.'’&/+@][A-Za-z0-9]+)*")
_RUN = re.compile(r"[A-Za-z0-9]+(?:(?<=[0-9])\.[0-9]+[A-Za-z0-9]*)*")
_PIECE = re.compile(r"[A-Za-z]+|[0-9]+(?:\.[0-9]+)*")
# VideoGPT is made of two words, LLaVA is not.
_COMPOUND = re.compile(r"(?:[A-Z][a-z]{2,}|[A-Z]{2,}(?=[A-Z][a-z]{2}|s?$))+s?")
_WORD_OF_COMPOUND = re.compile(r"[A-Z]{2,}s?$|[A-Z][a-z]+|[A-Z]+(?![a-z])")
# "2xA800" counts A800.
_COUNTED = re.compile(r"(?<=[0-9])[x×](?=[A-Z][A-Za-z]*[0-9])")
_LINK = re.compile(r"https?://[!-~]+")
_ACCENTED = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_NAME_SHAPED = re.compile(r"[a-z][A-Z]|[A-Z]{2}|[A-Za-z]-?[0-9]|[0-9]-?[A-Z]")
_PLURAL = re.compile(r"[^s0-9]s$")
_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")
_SEGMENT = re.compile(r"[A-Z][a-z]*|[0-9]")
_NUMBER_WORDS = {"2": ("2", "to", "two"), "3": ("3", "three"), "4": ("4", "for", "four")}
_LITTLE = "a an and as by for from in of on the to via with"
_LITTLE_WORDS = frozenset(_LITTLE.split())
_MOST_SEGMENTS = 8
_MOST_LOOKED_UP = 100
# Anything but the end of a sentence or line before a word: its capital is its own.
_INSIDE = re.compile(r"[^\s.!?:\"“‘'][ \"“‘'(]{0,2}$")
_SHORTEST_NEAR_NAME, _SHORTEST_NEAR_WORD, _LONGEST_NEAR = 4, 5, 40
_LONG_NAME = 8
# Longer words are no And, This or While even where a sentence begins.
_LONGEST_OPENING = 6


class Vocabulary:
    """The words and names of an English text."""

    def __init__(self, english: str) -> None:
        self._text = _COUNTED.sub(" ", unaccented(english))
        self._nearest: dict[str, str | None] = {}

    def holds(self, name: str) -> bool:
        """True when the name stands in the English, whatever its hyphens, capitals and plural.

        >>> Vocabulary("Seed-TTS and VideoGPTs").holds("seedtts"), Vocabulary("LLaMA").holds("LaMA")
        (True, False)
        """
        if name[:1].isalpha() and _stands_alone(name, self._text):
            return True
        key = key_of(name)
        return self._stands(key) or (
            name.endswith("s") and not name.endswith("ss") and self._stands(key[:-1])
        )

    def lists(self, name: str) -> bool:
        """True when an abbreviation is at home here: a word of its long form stands in the English."""
        stems = abbreviations().get(_singular(name).lower())
        return stems is not None and (not stems or has_stem(stems, self._spaced))

    def abbreviates(self, name: str) -> bool:
        """True when words in a row of the English begin as the name does.

        >>> Vocabulary("Text-to-Video diffusion transformers").abbreviates("T2V")
        True
        """
        name = _singular(name)
        segments = [segment.lower() for segment in _SEGMENT.findall(name)]
        if not 2 <= len(segments) <= _MOST_SEGMENTS or "".join(segments) != name.lower():
            return False
        return any(_stand_for(segments, words, initials) for words, initials in self._initials)

    def nearest(self, name: str) -> str | None:
        """The name or word of the English that this one misspells, as it stands there, or None.

        One letter more, less, other or swapped; two between names of eight letters; never a digit. Of
        ordinary words only long ones count, and no inflection: a gloss may say "training" for "trained".
        """
        if name not in self._nearest:
            # A hostile text is full of words that are nearly ours, and each is compared with all of them.
            is_over = len(self._nearest) >= _MOST_LOOKED_UP
            self._nearest[name] = None if is_over else self._looked_up(name)
        return self._nearest[name]

    def _looked_up(self, name: str) -> str | None:
        key, is_name = key_of(_singular(name)), is_name_shaped(name)
        if not _SHORTEST_NEAR_NAME - is_name <= len(key) <= _LONGEST_NEAR:
            return None
        for other, written in self._names.items():
            is_other_name = is_name_shaped(written)
            most = 2 if is_name and is_other_name and len(key) >= _LONG_NAME else 1
            if (
                (key[0] == other[0] or key[-1] == other[-1])
                and max(len(key), len(other)) >= _SHORTEST_NEAR_NAME
                and is_slip(key, other, most)
                and (is_name or is_other_name or not is_inflection(key, other, NAME_ENDINGS))
            ):
                return written
        if len(key) < _SHORTEST_NEAR_WORD:
            return None
        return next((word for word in self._words if is_misspelt(key, word)), None)

    def _stands(self, key: str) -> bool:
        """True when the squeezed text is a run of whole pieces of the English."""
        text, starts, ends = self._squeezed
        start = text.find(key) if key else -1
        while start >= 0:
            if start in starts and start + len(key) in ends:
                return True
            start = text.find(key, start + 1)
        return False

    @cached_property
    def _spaced(self) -> str:
        return spaced(self._text)

    @cached_property
    def _pieces(self) -> list[str]:
        return [word for piece in _PIECE.findall(self._text) for word in _words_of(piece)]

    @cached_property
    def _squeezed(self) -> tuple[str, set[int], set[int]]:
        """All runs of letters and digits in lower case, joined, and where words begin and end in it.

        A bar stands where two numbers would touch; a word ends before its plural s as well.
        """
        parts: list[str] = []
        starts, ends, end, last = set(), set(), 0, ""
        for run in _RUN.findall(self._text):
            if last.isdigit() and run[0].isdigit():
                parts.append("|")
                end += 1
            for word in _words_of(run):
                starts.add(end)
                end += len(word)
                ends.add(end)
                if _PLURAL.search(word):
                    ends.add(end - 1)
            parts.append(run.lower())
            last = run[-1]
        return "".join(parts), starts, ends

    @cached_property
    def _initials(self) -> list[tuple[list[str], str]]:
        """Words that make an acronym and their first letters, with and without the little ones.

        Acronyms count letter by letter.
        """
        words: list[str] = []
        for piece in self._pieces:
            acronym = _singular(piece)
            words += list(acronym.lower()) if len(acronym) > 1 and acronym.isupper() else [piece.lower()]
        telling = [word for word in words if word not in _LITTLE_WORDS]
        return [(each, "".join(word[0] for word in each)) for each in (words, telling)]

    @cached_property
    def _words(self) -> list[str]:
        found = dict.fromkeys(piece for piece in _PIECE.findall(self._text) if piece.islower())
        return [word for word in found if len(word) >= _SHORTEST_NEAR_WORD]

    @cached_property
    def _names(self) -> dict[str, str]:
        """Words written as names, by squeezed form: shaped as one, or with a capital inside a sentence."""
        text = _LINK.sub(" ", self._text)
        found: dict[str, str] = {}
        seen: set[str] = set()
        for match in _TOKEN.finditer(text):
            token, start = match.group(), match.start()
            is_inside = start == 0 or _INSIDE.search(text, max(start - 3, 0), start)
            for written in dict.fromkeys((token, *_PIECE.findall(token))):
                is_again = written in seen
                seen.add(written)
                is_proper = is_inside or is_again or len(written) >= _LONGEST_OPENING
                if is_name_shaped(written) or (is_proper and not written.islower()):
                    found.setdefault(key_of(_singular(written)), written)
        lower = {piece for piece in _PIECE.findall(text) if piece.islower()}
        return {
            key: written
            for key, written in found.items()
            if len(key) >= _SHORTEST_NEAR_NAME - is_name_shaped(written)
            and (key not in lower or is_name_shaped(written))
        }


def key_of(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(_PIECE.findall(name)).lower()


def is_name_shaped(word: str) -> bool:
    """True for what only names look like: LLaVA, TTS, GPT-4; not for Mamba or Self-Attention.

    >>> [is_name_shaped(word) for word in ("LLaVA", "TTS", "Mamba", "Self-Attention")]
    [True, True, False, False]
    """
    return _NAME_SHAPED.search(word) is not None


def unaccented(text: str) -> str:
    """The text with plain letters for accented ones: Fréchet is written Frechet as often."""
    return text if text.isascii() else _ACCENTED.sub(lambda m: unicodedata.normalize("NFD", m[0])[0], text)


def _singular(name: str) -> str:
    return name[:-1] if _PLURAL_ACRONYM.fullmatch(name) else name


def _stands_alone(name: str, text: str) -> bool:
    """True when no letter or digit touches the name where it first stands; so most names are found."""
    start = text.find(name)
    if start < 0:
        return False
    before, after = text[start - 1 : start], text[start + len(name) : start + len(name) + 2]
    return not before.isalnum() and not after[:1].isalnum() and not (after[:1] == "." and after[1:].isdigit())


def _words_of(piece: str) -> list[str]:
    if piece.islower() or piece.istitle() or piece.isupper() or not _COMPOUND.fullmatch(piece):
        return [piece]
    return _WORD_OF_COMPOUND.findall(piece)


def _stand_for(segments: list[str], words: list[str], initials: str) -> bool:
    """True when words in a row begin with the segments of an abbreviation."""
    readings = [_NUMBER_WORDS.get(segment, (segment,)) for segment in segments]
    for letters in product(*({reading[0] for reading in options} for options in readings)):
        start = initials.find(heads := "".join(letters))
        while start >= 0:
            row = words[start : start + len(segments)]
            if all(word.startswith(options) for word, options in zip(row, readings, strict=True)):
                return True
            start = initials.find(heads, start + 1)
    return False
