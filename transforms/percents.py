"""Which numbers of a text are per cent ("12.5%", "60~75%", "12 퍼센트"), and which are factors ("3x", "3배").

Where a sign may or may not be shared ("24 to 98%", "2.0에서 65.1%"), and in percentage points, a number is
none of these: nothing is said about it. Called by transforms/gate/numbers.py.
"""

import re
from fractions import Fraction
from itertools import chain
from typing import Literal, NamedTuple

from transforms.number_words import word_numbers
from transforms.quantities import Number, numbers

_SIGN = re.compile(r"\s?(?:\\?%|퍼센트|per ?cent|pct)")
_POINTS = re.compile(
    r"\s?(?:\\?%\s?(?:p|포인트)|퍼센트\s?포인트|per ?cent(?:age)?[ -]points?|pp(?![a-z])|포인트)"
)
# A size ("384×640") and a count ("8x A100") have no factor, and what happens 37 times is a count.
_MORE = r"times(?= (?:more|less|fewer|as|the|[a-z]+er)\b)"
_TIMES = re.compile(
    rf"\s?(?:[x×](?![A-Za-z0-9])|배(?![치열경포선])|\\times|{_MORE}|-?fold\b)(?!\}}?\$?\s?[0-9A-Z])"
)
_TIMES_WITHIN = re.compile(r"[xX×]$")
_FACTOR_BEFORE = re.compile(
    r"(?:(?<![0-9A-Za-z])[×x]\s?|factors? of (?:about |around |over |up to |nearly )?)$"
)
_SIZE = re.compile(r"\s?[0-9A-Z]")
_JOINED = re.compile(
    r"\s?(?:[-–—~∼/,·&±]|to|and|or|vs\.?|versus|에서|부터|및|와|과|, ?(?:and|or|그리고|및)|\+/?-|\(±)\s?"
)
_LONGEST_JOIN = 8
_LONGEST_FACTOR = 24


class Percents(NamedTuple):
    """Values of a text, each with one of its spellings."""

    signed: dict[Fraction, str]
    """Those that are per cent somewhere."""
    factors: dict[Fraction, str]
    """Those that something is multiplied by somewhere."""
    bare: dict[Fraction, str]
    """Those that are a plain number somewhere."""


def percents(text: str) -> Percents:
    """The numbers of a text by what stands behind them.

    >>> percents("from 60 to 75% of 8 runs, 2x faster")
    Percents(signed={Fraction(75, 1): '75'}, factors={Fraction(2, 1): '2x'}, bare={Fraction(8, 1): '8'})
    """
    found = Percents({}, {}, {})
    for word, start, options in word_numbers(text):
        end = start + len(word)
        if _SIGN.match(text, end):
            found.signed.setdefault(options[0][0], word)
        # "half" is 50 % as well; whatever has one reading only is a plain count.
        elif len(options) == 1 and not _POINTS.match(text, end):
            found.bare.setdefault(options[0][0], word)
    follower: int | None = None
    for number in reversed(numbers(text)):
        end = number.start + len(number.text)
        kind = _kind(text, number)
        may_share = (
            follower is not None
            and follower - end <= _LONGEST_JOIN
            and _JOINED.fullmatch(text, end, follower)
        )
        if not _POINTS.match(text, end) and (kind != "bare" or not may_share):
            for value in chain(*_readings(number, kind)):
                getattr(found, kind).setdefault(value, number.text)
        # Only a number before one with a sign, or before one that shares its sign, may share it.
        follower = number.start if kind != "bare" or may_share else None
    return found


def _kind(text: str, number: Number) -> Literal["signed", "factors", "bare"]:
    end = number.start + len(number.text)
    if _SIGN.match(text, end):
        return "signed"
    is_factor = (
        (_TIMES_WITHIN.search(number.text) and not _SIZE.match(text, end))
        or _TIMES.match(text, end)
        or (number.text.endswith("times") and _TIMES.match(text, end - len("times")))
        or _FACTOR_BEFORE.search(text, max(number.start - _LONGEST_FACTOR, 0), number.start)
    )
    return "factors" if is_factor else "bare"


def _readings(number: Number, kind: str) -> tuple[tuple[Fraction, ...], ...]:
    """The first reading; of a plain number every single value that it may be.

    "18만" may be 180,000 or 18 and a particle, which has lost its sign.
    """
    others = number.options[1:] if kind == "bare" else ()
    return (number.options[0], *(option for option in others if len(option) == 1))
