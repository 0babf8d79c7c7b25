"""How a fault is put into a good pair: one field is chosen, one place in it changed.

The patterns here are our own on purpose: a generator that reads text with the gate's own eyes would be
blind where the gate is.
"""

import random
import re
from collections.abc import Callable, Iterable

from planted.pairs import Good
from schemas.answer import Korean

Change = Callable[[str], str | None]
Plant = Callable[[random.Random, Good], Korean | None]
"""The Korean with one fault; None where the pair has no place for it."""

_SENTENCE = re.compile(r"(?<=[다요까]\.) +")
ENGLISH_SENTENCE = re.compile(r"(?<=[a-z)]\.) +(?=[A-Z])")
_LINK = re.compile(r"https?://[!-~]+")
NUMBER = re.compile(
    r"(?<![A-Za-z0-9.,@_/=^{-])\d+(?:,\d{3})*(?:\.\d+)?"
    r"(?P<unit>%p?|[KMBT](?![A-Za-z0-9])|[×x]| ?[만억조]|천|배)?"
    # Not a part of a name, and not the number of a list's entry.
    r"(?![0-9A-Za-z.,-]*[A-Za-z0-9@_/]|\))"
)


def names_of(korean: Korean) -> list[str]:
    """Fields that have text: "title", "abstract" and the places of the summary."""
    found = [name for name in ("title", "abstract") if getattr(korean, f"{name}_ko")]
    return [*found, *(str(index) for index in range(len(korean.summary_ko)))]


def text_of(korean: Korean, name: str) -> str:
    """The text of a field by its name."""
    if name.isdigit():
        return korean.summary_ko[int(name)].text
    return getattr(korean, f"{name}_ko") or ""


def with_text(korean: Korean, name: str, text: str) -> Korean:
    """The Korean with one field's text replaced."""
    if name == "title":
        return korean._replace(title_ko=text)
    if name == "abstract":
        return korean._replace(abstract_ko=text)
    summary = list(korean.summary_ko)
    summary[int(name)] = summary[int(name)]._replace(text=text)
    return korean._replace(summary_ko=summary)


def edited(
    rng: random.Random, good: Good, change: Change, fields: Iterable[str] | None = None
) -> Korean | None:
    """The Korean with the first field in random order changed that can be; None when none can."""
    names = [name for name in names_of(good.korean) if fields is None or name in fields]
    rng.shuffle(names)
    for name in names:
        text = text_of(good.korean, name)
        changed = change(text)
        if changed is not None and changed != text:
            return with_text(good.korean, name, changed)
    return None


def prose(good: Good) -> list[str]:
    """The fields that hold sentences: every one but the title."""
    return [name for name in names_of(good.korean) if name != "title"]


def swapped(text: str, start: int, end: int, new: str) -> str:
    """The text with a stretch replaced."""
    return text[:start] + new + text[end:]


def found(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Matches of a pattern outside links."""
    links = [match.span() for match in _LINK.finditer(text)]
    return [
        match
        for match in pattern.finditer(text)
        if not any(begin <= match.start() < end for begin, end in links)
    ]


def sentences_of(text: str) -> list[str]:
    """Korean sentences of a text."""
    return [sentence for sentence in _SENTENCE.split(text) if sentence]


def inserted(rng: random.Random, text: str, piece: str) -> str:
    """The text with a piece put between two of its words."""
    gaps = [match.start() for match in re.finditer(" ", text)]
    place = rng.choice(gaps) if gaps else len(text)
    return f"{text[:place]} {piece}{text[place:]}"


def other_char(rng: random.Random, char: str) -> str:
    """Another character of the same class: digit, lower case or capital."""
    pool = "0123456789" if char.isdigit() else "abcdefghijklmnopqrstuvwxyz"
    pool = pool.upper() if char.isupper() else pool
    return rng.choice([other for other in pool if other != char])
