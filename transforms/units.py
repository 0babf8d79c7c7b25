"""Numbers with their units, so that a digit that stands elsewhere in the English supports no other quantity.

"4초" is supported by "4 seconds" and not by the 4 of GPT-4. Units are few and plain on purpose: a count of
something (개, 가지) has too many nouns to compare. Called by transforms/gate/numbers.py.
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from transforms.number_words import word_numbers
from transforms.quantities import Number, numbers

_UNITS = {
    "second": ("초(?!기|반|과|점|안)", "s|secs?|seconds?"),
    "minute": ("분(?![의류야포산리석해기할])", "min|mins|minutes?"),
    "hour": ("시간", "h|hrs?|hours?"),
    "day": ("일(?![반부정관])", "days?"),
    "month": ("개월", "months?"),
    "year": ("년", "years?"),
    "step": ("단계", "steps?|stages?|phases?|NFEs?"),
    "dimension": ("차원", "D|dimensions?|dimensional"),
    "bit": ("비트", "bits?"),
    "GPU": (r"(?:개의?|대의?|장의?)? ?(?:[A-Z][A-Za-z0-9]* )?GPU", "GPUs?"),
    "language": ("개의? 언어", "languages?"),
}
_KOREAN = re.compile("|".join(f"(?P<{name}>{korean})" for name, (korean, _) in _UNITS.items()))
# An adjective or the rest of a range may stand between: "8 NVIDIA A100 GPUs", "2 to 4 steps".
_WORD = re.compile(r"\b[a-z](?=[a-z]{2})")


def _english(units: str) -> re.Pattern[str]:
    """A number with one of the units behind it; a title writes them with a capital."""
    units = _WORD.sub(lambda match: f"[{match[0].upper()}{match[0]}]", units)
    return re.compile(
        rf"[0-9.,]+ ?(?:{units})(?![A-Za-z])"
        rf"|[0-9A-Za-z.,]+(?:[- ][0-9A-Za-z.]+){{0,4}}?[- ](?:{units})(?![A-Za-z])"
    )


_ENGLISH = {name: _english(english) for name, (_, english) in _UNITS.items()}
# "41 seconds instead of 173": what counts nothing of its own may share a unit.
_ELIDED = re.compile(
    r"\s*(?:[.,;:)\]]|$|(?:and|or|to|from|for|in|on|at|by|while|but|with|than|compared|vs)\b)"
)


def with_units(text: str) -> Iterator[tuple[Number, str]]:
    """Numbers of a Korean text that have one of the units, with the unit's name."""
    for number in numbers(text):
        match = _KOREAN.match(text, number.start + len(number.text))
        if match and match.lastgroup:
            yield number, match.lastgroup


class Measured(NamedTuple):
    """What an English text has in a unit."""

    values: set[Fraction]
    """Values that are in the unit, or that may share it."""
    spellings: list[str]
    """The quantities as written; none where the text does not use the unit."""


def measured_in(english: str, unit: str) -> Measured:
    """The quantities of an English text in one of the units.

    >>> measured_in("It took 41 seconds instead of 173 on 8 GPUs.", "second").spellings
    ['41 seconds']
    """
    found = Measured(set(), [])
    counts = [(number.start, number.options) for number in numbers(english)]
    for start, options in (*counts, *((start, options) for _, start, options in word_numbers(english))):
        if match := _ENGLISH[unit].match(english, start):
            found.values.update(value for option in options for value in option)
            found.spellings.append(match.group())
    for number in numbers(english) if found.spellings else ():
        if _ELIDED.match(english, number.start + len(number.text)):
            found.values.update(value for option in number.options for value in option)
    return found
