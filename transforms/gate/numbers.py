"""Checks of numbers: none invented, none at another power of ten, none lost, per cent kept.

A summary of a paper without an abstract was written from more than we hold, so its numbers are not judged.
Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, around, error, quoted, warning
from transforms.number_words import korean_vague_numbers, korean_word_numbers, word_numbers
from transforms.percents import Percents, percents
from transforms.placeholders import protected
from transforms.quantities import Number, mantissa, numbers, values
from transforms.units import measured_in, with_units

_MOST_PER_FIELD = 8
_LEAST_SCALE = 1000
# Two or three of something are often counted by the writer ("두 가지"): a list of them has no number.
_LEAST_COUNTED = 4
_ONE_OF = re.compile(r"1 ?(?:개|대|명|장|종|가지|곳|쌍|편|건|회|번|단계|인|부|층|줄|문장)(?![월년])")
_TOKEN = re.compile(r"⟦[MUC]\d+⟧")


def _numbers(case: Case) -> Iterator[Issue]:
    known = case.known
    for field in case.judged:
        misfits = [number for number in _claimed(field) if not number.fits(known)]
        for number in misfits[:_MOST_PER_FIELD]:
            yield _misfit(field, number, case)
        yield from _other_units(field, case)
        vague = [
            word for word in korean_vague_numbers(field.bare) if not _has_magnitude(word[2][0][0], known)
        ]
        for text, _, _ in vague[:_MOST_PER_FIELD]:
            yield warning(
                "number_scale", field.name, f"{quoted(text)} has no number of that size in the English."
            )


def _other_units(field: Field, case: Case) -> Iterator[Issue]:
    """Numbers that the English has, but not in this unit, although it has others in it."""
    # "The final minute" is 1분: what English counts by no number.
    read = [
        (number, unit)
        for number, unit in with_units(field.bare)
        if number.text != "1" and number.fits(case.known)
    ]
    english = {unit: measured_in(case.support, unit) for unit in {unit for _, unit in read}}
    misfits = [
        (number, unit)
        for number, unit in read
        if english[unit].spellings and not number.fits(english[unit].values)
    ]
    for number, unit in misfits[:_MOST_PER_FIELD]:
        have = ", ".join(quoted(text) for text in english[unit].spellings[:3])
        message = f"The English has no {quoted(number.text)} of this unit ({unit}) but {have}."
        yield error("number_invented", field.name, message)


def _claimed(field: Field) -> Iterator[Number]:
    """Numbers that the Korean claims: all digits, and words from ``_LEAST_COUNTED`` on or of times."""
    for number in numbers(field.bare):
        # What English counts by its article: "a laryngophone" is 후두 마이크 1개.
        if number.text != "1" or not _ONE_OF.match(field.bare, number.start):
            yield number
    for text, start, options in korean_word_numbers(field.bare):
        value = options[0][0]
        if value >= _LEAST_COUNTED or len(options) > 1 or (value > 1 and text.endswith("배")):
            yield Number(text, start, options, is_word=True)


def _misfit(field: Field, number: Number, case: Case) -> Issue:
    value = number.options[0][0]
    if number.is_word and not number.text.endswith("배"):
        return warning(
            "number_invented", field.name, f"The number word {quoted(number.text)} is not in the English."
        )
    digits = mantissa(value)
    is_telling = number.has_scale or len(digits) > 1
    near = [claim for claim in _scaled(case) if is_telling and mantissa(claim.options[0][0]) == digits]
    if near:
        read, meant = _grouped(value), _grouped(near[0].options[0][0])
        message = (
            f"{quoted(number.text)} is {read}, but the English says {quoted(near[0].text)}, which is {meant}."
        )
        return error("number_scale", field.name, message)
    if number.has_scale and len(digits) > 1 and any(mantissa(other) == digits for other in case.known):
        message = (
            f"{quoted(number.text)} is {_grouped(value)}: the English has its digits at another power of ten."
        )
        return error("number_scale", field.name, message)
    return error("number_invented", field.name, f"The number {quoted(number.text)} is not in the English.")


def _scaled(case: Case) -> Iterator[Number]:
    """Numbers of the English with a power of ten, in digits ("1.5M") and in words ("a hundred thousand")."""
    yield from (number for number in case.counted if number.has_scale)
    yield from _large_words(case.support)


def _large_words(english: str) -> Iterator[Number]:
    for text, start, options in word_numbers(english):
        # "billion-scale" names a size and no number, "three orders of magnitude" are 1,000 and more.
        if options[0][0] >= _LEAST_SCALE and not text.isalpha() and "magnitude" not in text:
            yield Number(text, start, options, has_scale=True, is_word=True)


def _grouped(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):g}"


def _has_magnitude(value: Fraction, known: set[Fraction]) -> bool:
    return any(value <= other < 10 * value for other in known)


def _missing_numbers(case: Case) -> Iterator[Issue]:
    field = _abstract(case)
    if field is None or not field.source:
        return
    present = values(field.text)
    # What stands for a formula has a number of its own, which is not the paper's.
    prose = _TOKEN.sub("※", protected(field.source).texts[0])
    claimed = [*numbers(prose), *_large_words(prose)]
    missing = [number for number in claimed if not number.fits(present)]
    for number in missing[:_MOST_PER_FIELD]:
        message = f"The number {quoted(number.text)} of the English is missing"
        yield error("number_missing", field.name, f"{message}: {_context(field.source, number.text)}.")


def _percents(case: Case) -> Iterator[Issue]:
    """Numbers that are per cent, a factor or neither, and that the English has as another of the three."""
    english: Percents | None = None
    for field in case.judged:
        korean = percents(field.bare)
        if any(korean):
            english = english or percents(case.support)
            misfits = [*_gained(korean, english), *_lost(korean, english)]
            for text, meant in misfits[:_MOST_PER_FIELD]:
                message = f"{quoted(text)} is {quoted(meant)} in the English"
                yield error("percent", field.name, f"{message}: {_context(case.support, meant)}.")


def _gained(korean: Percents, english: Percents) -> Iterator[tuple[str, str]]:
    """Per cent signs and times on numbers that never have them in the English, which has them as others."""
    for value, text in korean.signed.items():
        others = english.bare | english.factors
        if value in others and value not in english.signed:
            yield f"{text}%", others[value]
    for value, text in korean.factors.items():
        if value in english.signed and value not in english.bare | english.factors:
            yield f"{text}배", f"{english.signed[value]}%"


def _lost(korean: Percents, english: Percents) -> Iterator[tuple[str, str]]:
    """Plain numbers that the English has as per cent or as factors only."""
    for value, text in korean.bare.items():
        if value in korean.signed | korean.factors | english.bare:
            continue
        if value in english.signed:
            yield text, f"{english.signed[value]}%"
        elif value in english.factors:
            factor = english.factors[value]
            yield text, f"{factor} times" if factor[-1].isdigit() else factor


def _abstract(case: Case) -> Field | None:
    return next((field for field in case.fields if field.name == "abstract_ko"), None)


def _context(english: str, text: str) -> str:
    return around(english, max(english.find(text), 0), len(text))


CHECKS = (
    Check(
        {
            "number_scale": Code(
                "The digits of an English number at another power of ten (만, 억, B).", "error, warning"
            ),
            "number_invented": Code("A number that is not in the English.", "error, warning"),
        },
        _numbers,
    ),
    Check(
        {"number_missing": Code("A number of the English abstract that is nowhere in abstract_ko.")},
        _missing_numbers,
    ),
    Check(
        {"percent": Code("A number, a per cent and a factor (%, 배) were taken for one another.")}, _percents
    ),
)
