"""Word lists of the gate: what English may stand behind a Korean word, what an abbreviation is short for.

The lists are text, in transforms/words/, so that a reader of Korean can mend them without reading code. In
lexicon.tsv a row is Korean words, the beginnings of the English words that may stand behind them (in
capitals: the whole word), and ``common`` when so many papers have that English that its presence says
nothing. In abbreviations.tsv a row is an abbreviation and the beginnings of words that vouch for it; with
none it needs no voucher. names.txt has names that look like ordinary words. Called by
transforms/vocabulary.py, transforms/gate/names.py and transforms/gate/support.py.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader

# The loader that the templates come by: part of the code, found wherever the package is installed.
_FILES: Final = PackageLoader("transforms", "words")
_ENVIRONMENT: Final = Environment(loader=_FILES)
_HANGUL_WORD = re.compile(r"[가-힣]{2,}")
_ENGLISH_WORD = re.compile(r"[a-z0-9]+")
_KEY = 2
"""Syllables by which a Korean word is looked up."""


class Entry(NamedTuple):
    """One row of the lexicon."""

    korean: str
    """The row's first Korean word, its name."""
    stems: tuple[str, ...]
    """Beginnings of English words, or whole words, as they stand in ``spaced`` English."""
    is_common: bool
    """True when most papers have such a word."""


def entries_in(korean: str) -> dict[Entry, str]:
    """The lexicon's rows that begin a word of the Korean, each with the form that stands there.

    Only beginnings count: 로그 stands in 프로그램 and means nothing there.
    """
    rows = _rows_by_key()
    found: dict[Entry, str] = {}
    for match in _HANGUL_WORD.finditer(korean):
        start = match.start()
        for form, entry in rows.get(korean[start : start + _KEY], ()):
            if korean.startswith(form, start):
                found.setdefault(entry, form)
    return found


def spaced(english: str) -> str:
    """The English words in lower case, each between two spaces.

    >>> spaced("Text-to-Video (T2V)")
    ' text to video t2v '
    """
    return f" {' '.join(_ENGLISH_WORD.findall(english.lower()))} "


def has_stem(stems: tuple[str, ...], words: str) -> bool:
    """True when one of the stems begins a word of the ``spaced`` English."""
    return any(stem in words for stem in stems)


@lru_cache(maxsize=1)
def abbreviations() -> dict[str, tuple[str, ...]]:
    """What vouches for each abbreviation, by its lower-case form; nothing when it needs no voucher."""
    return {row[0].lower(): _stems(row[1]) if len(row) > 1 else () for row in _rows("abbreviations.tsv")}


@lru_cache(maxsize=1)
def well_known_names() -> frozenset[str]:
    """Names of models and makers that nothing but this list tells from capitalised words."""
    return frozenset(row[0] for row in _rows("names.txt"))


@lru_cache(maxsize=1)
def _rows_by_key() -> dict[str, list[tuple[str, Entry]]]:
    found: dict[str, list[tuple[str, Entry]]] = {}
    for korean, english, *rest in _rows("lexicon.tsv"):
        forms = korean.split("|")
        entry = Entry(forms[0], _stems(english), bool(rest))
        spellings = (spelling for form in forms for spelling in (form, form.replace(" ", "")))
        for form in dict.fromkeys(spellings):
            found.setdefault(form[:_KEY], []).append((form, entry))
    return found


def _stems(column: str) -> tuple[str, ...]:
    return tuple(f" {stem.lower()} " if stem.isupper() else f" {stem}" for stem in column.split("|"))


def _rows(name: str) -> list[list[str]]:
    lines = _FILES.get_source(_ENVIRONMENT, name)[0].splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
