"""Checks against the English: placeholders, formulas, links, numbers and names with digits.

A summary of a paper without an abstract was written from more than we hold, so its numbers, names and
formulas are not judged; a link must be ours even there. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from schemas.answer import Issue
from transforms.gate.case import Case, Check, Field, around, error, pieces_of, quoted, warning
from transforms.number_words import korean_vague_numbers, korean_word_numbers, word_numbers
from transforms.placeholders import protected
from transforms.quantities import Number, identifiers, mantissa, numbers, values

_MOST_PER_FIELD = 8
_LATEX = re.compile(r"[$\\]")
_LEFTOVER = re.compile(r"⟦[^⟦⟧]{0,20}⟧?|⟧")
# Printable ASCII that a URL may hold, brackets and quotes aside: what is glued to it is not part of it.
_URL_CHAR = r"[!#-&(-;=?-Z_a-z~]"
_TOP_LEVEL = "com|org|io|ai|net|dev|edu|gov|co|me|gg"
_LINK = re.compile(
    rf"https?://{_URL_CHAR}+|(?<![A-Za-z0-9@/.-])www\.{_URL_CHAR}+"
    rf"|(?<![A-Za-z0-9@/.-])[A-Za-z0-9-]{{2,40}}(?:\.[A-Za-z0-9-]{{2,40}}){{0,3}}\.(?:{_TOP_LEVEL})(?![A-Za-z0-9-])"
    rf"{_URL_CHAR}*"
)
_LINK_EDGE = ".,;:!?)]}>'\"*_`"
_LEAST_SCALE = 1000
_SPLIT_NAME = re.compile(r"[-_.@+/]")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])(?!\.[0-9])[^0-9a-z]+(?=[0-9])")
_SQUEEZED_OUT = re.compile(r"(?<![0-9])\.|\.(?![0-9])|[^0-9a-z.|]+")


def _placeholders(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        for leftover in list(dict.fromkeys(_LEFTOVER.findall(field.text)))[:_MOST_PER_FIELD]:
            yield error(
                "placeholder",
                field.name,
                f"The placeholder {quoted(leftover)} was not asked for; copy only those given.",
            )
        if not field.source:
            continue
        missing = [piece for piece in pieces_of(field.source) if piece not in field.text]
        for piece in missing[:_MOST_PER_FIELD]:
            is_link = piece.startswith("http")
            code, kind = ("url_missing", "link") if is_link else ("placeholder", "formula or code")
            yield error(code, field.name, f"The {kind} {quoted(piece)} of the English is missing.")


def _formulas(case: Case) -> Iterator[Issue]:
    for field in _judged(case):
        originals = protected(field.bare).originals if _LATEX.search(field.bare) else {}
        invented = [
            piece for name, piece in originals.items() if name.startswith("M") and piece not in field.support
        ]
        for piece in invented[:_MOST_PER_FIELD]:
            yield error("formula_invented", field.name, f"The formula {quoted(piece)} is not in the English.")


def _links(case: Case) -> Iterator[Issue]:
    known = _known_links(case.support)
    for field in case.fields:
        found = dict.fromkeys(link.rstrip(_LINK_EDGE) for link in _LINK.findall(field.text))
        # A bare host name may be a part of a link that the source broke ("https: //example.org").
        unknown = [
            link for link in found if link not in known and ("://" in link or link not in field.support)
        ]
        for link in unknown[:_MOST_PER_FIELD]:
            yield error("url_invented", field.name, f"The link {quoted(link)} is not in the English.")


def _known_links(support: str) -> set[str]:
    """Links of the English, with and without scheme and closing slash."""
    found = {link.rstrip(_LINK_EDGE) for link in _LINK.findall(support)}
    found |= {link.split("://", 1)[-1] for link in found}
    return found | {link.rstrip("/") for link in found}


def _numbers(case: Case) -> Iterator[Issue]:
    known = case.known
    claims = [*(number for number in numbers(case.support) if number.has_scale), *_scaled_words(case.support)]
    for field in _judged(case):
        misfits = [number for number in _claimed(field) if not number.fits(known)]
        for number in misfits[:_MOST_PER_FIELD]:
            yield _misfit(field, number, known, claims)
        vague = [
            word for word in korean_vague_numbers(field.bare) if not _has_magnitude(word[2][0][0], known)
        ]
        for text, _, _ in vague[:_MOST_PER_FIELD]:
            yield warning(
                "number_scale", field.name, f"{quoted(text)} has no number of that size in the English."
            )


def _scaled_words(support: str) -> Iterator[Number]:
    """English number words with a power of ten: "one million", "a hundred thousand"."""
    for text, start, options in word_numbers(support):
        if options[0][0] >= _LEAST_SCALE:
            yield Number(text, start, options, has_scale=True, is_word=True)


def _claimed(field: Field) -> Iterator[Number]:
    """Numbers that the Korean claims, in digits and in words; 한 and 첫 count nothing."""
    yield from numbers(field.bare)
    for text, start, options in korean_word_numbers(field.bare):
        if options[0][0] > 1 or len(options) > 1:
            yield Number(text, start, options, is_word=True)


def _misfit(field: Field, number: Number, known: set[Fraction], claims: list[Number]) -> Issue:
    value = number.options[0][0]
    if number.is_word and not number.text.endswith("배"):
        return warning(
            "number_invented", field.name, f"The number word {quoted(number.text)} is not in the English."
        )
    digits = mantissa(value)
    is_telling = number.has_scale or len(digits) > 1
    near = [claim for claim in claims if is_telling and mantissa(claim.options[0][0]) == digits]
    if near:
        read, meant = _grouped(value), _grouped(near[0].options[0][0])
        message = (
            f"{quoted(number.text)} is {read}, but the English says {quoted(near[0].text)}, which is {meant}."
        )
        return error("number_scale", field.name, message)
    if number.has_scale and len(digits) > 1 and any(mantissa(other) == digits for other in known):
        message = (
            f"{quoted(number.text)} is {_grouped(value)}: the English has its digits at another power of ten."
        )
        return error("number_scale", field.name, message)
    return error("number_invented", field.name, f"The number {quoted(number.text)} is not in the English.")


def _grouped(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):g}"


def _has_magnitude(value: Fraction, known: set[Fraction]) -> bool:
    return any(value <= other < 10 * value for other in known)


def _missing_numbers(case: Case) -> Iterator[Issue]:
    field = next((field for field in case.fields if field.name == "abstract_ko"), None)
    if field is None or not field.source:
        return
    prose = protected(field.source).texts[0]
    present = values(field.text)
    missing = [number for number in numbers(_without_tokens(prose)) if not number.fits(present)]
    for number in missing[:_MOST_PER_FIELD]:
        context = around(field.source, max(field.source.find(number.text), 0), len(number.text))
        yield error(
            "number_missing",
            field.name,
            f"The number {quoted(number.text)} of the English is missing: {context}.",
        )


def _without_tokens(prose: str) -> str:
    """The text without placeholders, whose own numbers are not the paper's."""
    return re.sub(r"⟦[MUC]\d+⟧", "※", prose)


def _names(case: Case) -> Iterator[Issue]:
    source = _squeezed(case.support)
    counted = {value for number in numbers(case.support) for option in number.options for value in option}
    for field in _judged(case):
        names = dict.fromkeys(identifiers(_LINK.sub(" ", field.bare)))
        unknown = [name for name in names if not _is_known_name(name, source, counted)]
        for name in unknown[:_MOST_PER_FIELD]:
            message = f"{quoted(name)} is not in the English; names are copied as they stand."
            yield error("name_invented", field.name, message)


def _is_known_name(name: str, source: str, counted: set[Fraction]) -> bool:
    """True when the name stands in the English, whatever its hyphens and capitals, or is made of its parts.

    "LLaMA3 8B and 70B" makes LLaMA3-70B; a digit from inside another name makes nothing.
    """
    if _stands_in(_squeezed(name), source):
        return True
    parts = [part for part in _SPLIT_NAME.split(name) if part]
    return len(parts) > 1 and all(
        _stands_in(_squeezed(part), source)
        if not part[0].isdigit()
        else any(number.fits(counted) for number in numbers(part))
        for part in parts
    )


def _stands_in(name: str, source: str) -> bool:
    """True when the squeezed name is in the squeezed source, not as a part of a longer number."""
    before = r"(?<![\d.])" if name[:1].isdigit() else ""
    after = r"(?!\.?\d)" if name[-1:].isdigit() else ""
    return re.search(before + re.escape(name) + after, source) is not None


def _squeezed(text: str) -> str:
    """Lower-case letters and digits, with decimal points, and a bar wherever two numbers would touch."""
    return _SQUEEZED_OUT.sub("", _BETWEEN_DIGITS.sub("|", text.lower()))


def _judged(case: Case) -> list[Field]:
    """Fields whose facts the English at hand can support."""
    if case.abstract is None:
        return [field for field in case.fields if field.source is not None]
    return case.fields


CHECKS = (
    Check(
        {
            "placeholder": "A formula or code of the English is missing, or a placeholder was left.",
            "url_missing": "A link of the English is missing.",
        },
        _placeholders,
    ),
    Check({"formula_invented": "A formula that is not in the English."}, _formulas),
    Check({"url_invented": "A link that is not in the English."}, _links),
    Check(
        {
            "number_scale": "The digits of an English number at another power of ten (만, 억, B).",
            "number_invented": "A number that is not in the English.",
        },
        _numbers,
    ),
    Check(
        {"number_missing": "A number of the English abstract that is nowhere in abstract_ko."},
        _missing_numbers,
    ),
    Check({"name_invented": "A name with digits that is not in the English."}, _names),
)
