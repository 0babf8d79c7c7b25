"""Checks of names: none invented or misspelt, and the method's own name kept in the title.

Names stay in Latin letters, so those of the Korean must stand in the English: as they are, as parts, or as
an abbreviation of words there. An ordinary English word is a gloss and may be in another form, unless it is
a slip of a name or a long word of the English. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, error, quoted
from transforms.gate.links import without_links
from transforms.lexicon import abbreviations, well_known_names
from transforms.quantities import identifiers, numbers
from transforms.vocabulary import Vocabulary, is_name_shaped, key_of, unaccented

_MOST_PER_FIELD = 8
_WORD = re.compile(r"[A-Za-z0-9]+(?:[-_.'’&/+@][A-Za-z0-9]+)*")
_DIGIT = re.compile(r"[0-9]")
# A point inside a number parts nothing.
_PARTING = re.compile(r"[-_@+/&'’]|(?<![0-9])\.|\.(?![0-9])")
# A lone pair of capitals is a unit or a variable as often as a name.
_SHORTEST_ALONE = 3
_COINED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}")
_NUMBERED = re.compile(r"([A-Za-z][A-Za-z_-]{1,30}?)[-_]?([0-9]{1,6})")
_VERSION = re.compile(r"[vV]?[0-9.]+")
_BRANDS = "chatgpt deepmind deepseek github javascript linkedin openai tiktok wikipedia youtube"
_HANGUL_AS_WELL = frozenset(_BRANDS.split())


def _invented(case: Case) -> Iterator[Issue]:
    vocabulary = Vocabulary(case.support)
    for field in case.judged:
        text = unaccented(without_links(field.bare))
        unknown = [
            *(
                name
                for name in dict.fromkeys(identifiers(text))
                if not _is_known_number_name(name, case, vocabulary)
            ),
            *(word for word in dict.fromkeys(_WORD.findall(text)) if _is_fault(word, case, vocabulary)),
        ]
        for name in unknown[:_MOST_PER_FIELD]:
            candidates = (vocabulary.nearest(part) for part in (name, *_PARTING.split(name)))
            meant = next(filter(None, candidates), None)
            hint = f"the closest name there is {quoted(meant)}" if meant else "names are copied as they stand"
            yield error("name_invented", field.name, f"{quoted(name)} is not in the English; {hint}.")


def _is_known_number_name(name: str, case: Case, vocabulary: Vocabulary) -> bool:
    """True when a name with digits stands in the English or is made of parts that do.

    "LLaMA3 8B and 70B" makes LLaMA3-70B; a digit from inside another name makes nothing.
    """
    if vocabulary.holds(name) or vocabulary.lists(name) or _is_enumerated(name, case.support):
        return True
    if vocabulary.nearest(name):
        return False
    parts = [part for part in _PARTING.split(name) if part]
    return vocabulary.abbreviates(name) or (
        len(parts) > 1 and all(_is_known_part(part, case, vocabulary) for part in parts)
    )


def _is_enumerated(name: str, english: str) -> bool:
    """True for AIME25 where the English has "AIME24 & 25"."""
    match = _NUMBERED.fullmatch(name)
    if not match:
        return False
    stem, number = map(re.escape, match.groups())
    return bool(
        re.search(
            rf"\b{stem}[-_ ]?[0-9]+(?:\s?(?:,|&|/|and|or)\s?[0-9]+){{0,4}}?"
            rf"\s?(?:,|&|/|and|or)\s?{number}(?![0-9A-Za-z])",
            english,
        )
    )


def _is_known_part(part: str, case: Case, vocabulary: Vocabulary) -> bool:
    if part[0].isdigit():
        counted = {value for number in case.counted for option in number.options for value in option}
        return vocabulary.holds(part) or any(number.fits(counted) for number in numbers(part))
    # "2D-based" and "GPT-4-style" are Korean for nothing in particular.
    return part.islower() or vocabulary.holds(part) or vocabulary.lists(part)


def _is_fault(word: str, case: Case, vocabulary: Vocabulary) -> bool:
    """True when a word without digits is a name that the English has not, or a slip of one that it has."""
    if _DIGIT.search(word) or word.lower() in case.words or vocabulary.holds(word):
        return False
    parts = [part for part in _PARTING.split(word) if part]
    if len(parts) > 1 and _is_slip_of_compound(word, len(parts), vocabulary):
        return True
    unknown = (part for part in parts if len(part) > 1 and part.lower() not in case.words)
    return any(_is_faulty_part(part, len(parts) > 1, vocabulary) for part in unknown)


def _is_slip_of_compound(word: str, count: int, vocabulary: Vocabulary) -> bool:
    """True for kNN-LLM where the English has kNN-LM, though it has LLM as well."""
    meant = None if word.islower() else vocabulary.nearest(word)
    return meant is not None and len(_PARTING.split(meant)) == count


def _is_faulty_part(part: str, is_in_compound: bool, vocabulary: Vocabulary) -> bool:
    if vocabulary.holds(part) or vocabulary.lists(part):
        return False
    if vocabulary.nearest(part):
        return True
    if not is_name_shaped(part):
        return part in well_known_names()
    return (is_in_compound or len(part) >= _SHORTEST_ALONE) and not vocabulary.abbreviates(part)


def _missing(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if field.name not in ("title_ko", "abstract_ko"):
            continue
        kept = key_of(unaccented(field.text))
        for name in _own_names(case):
            is_due = field.is_title or name in (case.abstract or "")
            if is_due and key_of(name).removesuffix("s") not in kept:
                message = (
                    f"The name {quoted(name)} of the English title is missing; names stay in Latin letters."
                )
                yield error("name_missing", field.name, message)


def _own_names(case: Case) -> list[str]:
    """Names in the title that no translation may lose: the word before the colon and every coined one.

    A word in the rest of the title is coined when the abstract writes it so as well: SECOnd is a joke.
    """
    title, abstract = unaccented(case.title), unaccented(without_links(case.abstract or ""))
    for piece in case.pieces:
        title = title.replace(piece, " ")
    head, colon, _ = title.partition(":")
    words = [word for word in _WORD.findall(head) if not _VERSION.fullmatch(word)]
    own = words if colon and len(words) == 1 and _is_own(words[0], abstract) else []
    parts = (part for word in _WORD.findall(title) if word not in own for part in _PARTING.split(word))
    coined = (part for part in parts if _COINED.search(part) and _is_rare(part) and part in abstract)
    return list(dict.fromkeys([*own, *coined]))


def _is_own(word: str, abstract: str) -> bool:
    """True when the only word before the colon is a name: shaped as one, or always written as one."""
    if any(is_name_shaped(part) and _is_rare(part) for part in _PARTING.split(word)):
        return len(word) >= _SHORTEST_ALONE
    lower = word.lower()
    return word[0].isupper() and word in abstract and lower not in abstract


def _is_rare(name: str) -> bool:
    """False for abbreviations and brands that Korean writes out or in Hangul as well."""
    name = name.lower().removesuffix("s")
    return name not in abbreviations() and name not in _HANGUL_AS_WELL


CHECKS = (
    Check({"name_invented": Code("A name that is not in the English, or one misspelt.")}, _invented),
    Check({"name_missing": Code("The method's own name is not in the Korean title or abstract.")}, _missing),
)
