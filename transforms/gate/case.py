"""One paper as the gate's checks see it: each Korean field beside its English.

Formulas, URLs and code stand verbatim in both languages, so ``bare`` is the Korean without the pieces it
shares with its source: what is left is prose, and LaTeX or links in it are the model's own. Texts beyond
``LONGEST`` are cut here, which bounds the time of every check. Called by transforms/quality.py and every
module of transforms/gate/.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from schemas.answer import Code, English, Issue, Korean, Section
from transforms.glossary import Term
from transforms.korean import sentences
from transforms.placeholders import protected
from transforms.quantities import Number, numbers, values

LONGEST = 10_000
"""Characters of one field that are looked at; the longest abstract on arXiv has about 2,000."""
MOST_ENTRIES = 50
"""Entries of a summary that are looked at; the most that a log ever had is 12."""
MARK = "\N{REFERENCE MARK}"
"""Stands in ``bare`` where a formula, URL or code of the source stood."""
_LATIN_WORD = re.compile(r"[a-z]+")
_MOST_PIECES = 300
_QUOTED = 80


@dataclass(frozen=True)
class Field:
    """A Korean text, what it translates, and what it may draw on."""

    name: str
    raw: str
    source: str | None
    """English that this field translates; None for a summary, which has no counterpart."""
    support: str
    """English that this field may draw its facts from: title and abstract."""
    pieces: tuple[str, ...]
    """Formulas, URLs and code of the support, longest first."""

    @cached_property
    def text(self) -> str:
        """The text in NFC, as far as the checks look."""
        return unicodedata.normalize("NFC", self.raw[:LONGEST])

    @cached_property
    def bare(self) -> str:
        """The text with each formula, URL and code of the source replaced by MARK."""
        text = self.text
        for piece in self.pieces:
            text = text.replace(piece, MARK)
        return text

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences of ``bare``, in order."""
        return sentences(self.bare)

    @property
    def is_title(self) -> bool:
        """True for the title, which is a name and no sentence."""
        return self.name == "title_ko"


class Case:
    """A paper's English and Korean, with every Korean field that has text."""

    def __init__(self, english: English, korean: Korean, terms: tuple[Term, ...] = ()) -> None:
        self.korean = korean
        self.terms = terms
        """Terms that whoever wrote the Korean was given renderings of."""
        self.title = english.title[:LONGEST]
        self.abstract = None if english.abstract is None else english.abstract[:LONGEST]
        self.support = self.title if self.abstract is None else f"{self.title}\n{self.abstract}"
        self.has_full_text = english.full_text is not None
        if english.full_text is not None:
            self.support = f"{self.support}\n{english.full_text}"
        self.pieces = pieces_of(self.support)
        self.fields = [field for field in self._all_fields() if field.raw.strip()]

    @cached_property
    def words(self) -> frozenset[str]:
        """Every run of Latin letters in the English, in lower case."""
        return frozenset(_LATIN_WORD.findall(self.support.lower()))

    @cached_property
    def known(self) -> set[Fraction]:
        """Every value that the English mentions."""
        return values(self.support)

    @cached_property
    def counted(self) -> list[Number]:
        """Every quantity that the English writes with digits."""
        return numbers(self.support)

    @cached_property
    def judged(self) -> list[Field]:
        """Fields whose facts the English at hand can support.

        A summary of a paper of which we hold neither abstract nor text was written from more than we hold.
        """
        if self.abstract is None and not self.has_full_text:
            return [field for field in self.fields if field.source is not None]
        return self.fields

    @property
    def summary(self) -> list[Field]:
        """The fields of the summary, in order."""
        return [field for field in self.fields if field.source is None]

    def _all_fields(self) -> Iterator[Field]:
        yield self._field("title_ko", self.korean.title_ko or "", self.title)
        yield self._field("abstract_ko", self.korean.abstract_ko or "", self.abstract or "")
        for index, section in enumerate(self.korean.summary_ko[:MOST_ENTRIES]):
            yield self._field(entry_name(index, section), section.text, None)

    def _field(self, name: str, raw: str, source: str | None) -> Field:
        return Field(name, raw, source, self.support, self.pieces)


class Check(NamedTuple):
    """One check: the faults it can find, by their codes, and the search itself."""

    codes: dict[str, Code]
    find: Callable[[Case], Iterator[Issue]]


def entry_name(index: int, section: Section) -> str:
    """Name of a summary's entry: its section, or its place where it has none."""
    return f"summary_ko[{index if section.section is None else visible(section.section[:_QUOTED])}]"


def pieces_of(text: str) -> tuple[str, ...]:
    """Formulas, URLs and code of an English text, each once, longest first so that none hides in another."""
    originals = dict.fromkeys(protected(text).originals.values())
    return tuple(sorted(originals, key=lambda piece: (-len(piece), piece)))[:_MOST_PIECES]


def error(code: str, field: str, message: str) -> Issue:
    """A fault that refuses the answer."""
    return Issue(code, "error", field, message)


def warning(code: str, field: str, message: str) -> Issue:
    """A fault that is published with the answer."""
    return Issue(code, "warning", field, message)


def quoted(text: str) -> str:
    """The text in double quotes, visible characters only, cut in the middle when it is long.

    What MARK stands for is right as it is, so an ellipsis shows in its place.
    """
    text = text.replace(MARK, "…")
    shown = text if len(text) <= _QUOTED else f"{text[: _QUOTED - 30]} … {text[-25:]}"
    return f'"{visible(shown)}"'


def visible(text: str) -> str:
    """The text with every character that does not print written as its code."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def around(text: str, start: int, length: int) -> str:
    """The words about a place in a text, quoted."""
    begin = text.rfind(" ", 0, max(start - 25, 0)) + 1 if start > 25 else 0
    end = text.find(" ", min(start + length + 25, len(text)))
    return quoted(text[begin : end if end >= 0 else len(text)].strip()[:_QUOTED])
