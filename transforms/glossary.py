"""Terms of AI research with the one Korean rendering that each is to have.

The file words/glossary.tsv, read into ``GLOSSARY``; it says itself how it is written. A model left alone
writes one term in nine ways, so the prompt gives the renderings of the terms that a paper has, the gate
compares, and a difference in spacing alone is mended here, in code: the last syllable stays, and with it
the particle. Called by transforms/prompt.py, transforms/gate/terms.py, transforms/answers.py and
transforms/recipe.py.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader

from transforms.text import sha256_of

_EMPTY = "-"
_RENDERING = re.compile(r"(?P<text>[^\[\];]+?)(?: \[(?P<unless>[^\[\]]+)\])?(?:; |$)")
_GLOSS = re.compile(r"\([^()]*\)$")
_GAP = re.compile("[ -]")
_EXACT = re.compile(r"[A-Za-z0-9][A-Z]|[A-Z]$")
_HYPHENS = "‐‑–-"
# What may follow a rendering: a particle, an ending of 하다, 되다 or 이다, or no Hangul at all.
_ENDING = (
    r"(?![가-힣])|(?=[은는이가을를과와의에로도만인일임입였들별용형나라하한할함합해했되된될됨됩됐]"
    r"|으로|부터|까지|보다|처럼)"
)


class Rendering(NamedTuple):
    """A Korean rendering that a term is not to have."""

    text: str
    unless: tuple[str, ...]
    """Beginnings of English words, in lower case, with which it may stand."""


class Term(NamedTuple):
    """An English term and its Korean."""

    english: str
    forms: tuple[str, ...]
    """How the English may be written, ``english`` first: other words, abbreviations, verbs with a star."""
    korean: str
    """The rendering; with the English in parentheses where the first use must have it."""
    variants: tuple[Rendering, ...]
    """Renderings that mean the same."""
    wrong: tuple[Rendering, ...]
    """Renderings that mean something else."""

    @property
    def rendering(self) -> str:
        """The Korean without an English gloss."""
        return _GLOSS.sub("", self.korean)

    @property
    def abbreviation(self) -> str | None:
        """The short form in capitals, where the term has one: LLM."""
        return next((form for form in self.forms[1:] if " " not in form and _EXACT.search(form)), None)


def read_glossary(text: str) -> tuple[Term, ...]:
    """The terms of a glossary file, in its order."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(_term(*line.split("\t")) for line in lines)


def _term(english: str, korean: str, variants: str, wrong: str) -> Term:
    forms = tuple(english.split("; "))
    return Term(forms[0], forms, korean, _renderings(variants), _renderings(wrong))


def _renderings(cell: str) -> tuple[Rendering, ...]:
    if cell == _EMPTY:
        return ()
    return tuple(
        Rendering(match["text"], tuple((match["unless"] or "").split("; ")) if match["unless"] else ())
        for match in _RENDERING.finditer(cell)
    )


# The loader that questions and templates come by: part of the code, wherever the package is installed.
_FILE: Final = PackageLoader("transforms", "words").get_source(Environment(loader=None), "glossary.tsv")[0]
GLOSSARY: Final = read_glossary(_FILE)
"""Every term, in the order of the file."""
GLOSSARY_VERSION: Final = sha256_of(_FILE)[:12]
"""Short hash of the file: a changed glossary is another recipe."""


def terms_in(text: str) -> list[Term]:
    """Terms that the English has, each once, in order of occurrence.

    The longest match counts: "large language models" is not also a "language model".

    >>> [term.korean for term in terms_in("Fine-tuned LLMs hallucinate; language models do.")]
    ['미세 조정', '대규모 언어 모델', '환각', '언어 모델']
    """
    pattern, terms = _all_terms()
    matches = pattern.finditer(text)
    return list(dict.fromkeys(terms[match.lastindex - 1] for match in matches if match.lastindex))


def mention(term: Term, text: str) -> re.Match[str] | None:
    """Where the English first has the term, also inside a longer one."""
    return _one_term(term).search(text)


def standing(rendering: str, korean: str) -> re.Match[str] | None:
    """Where a rendering first stands as words of its own, whatever its spaces and hyphens."""
    return _korean_words(rendering).search(korean)


def squeezed(text: str) -> str:
    """The text without spaces and hyphens, which tell no two renderings apart."""
    return text.replace(" ", "").replace("-", "")


def with_fixed_spacing(text: str, terms: Iterable[Term]) -> str:
    """The Korean with the glossary's spaces and hyphens in the renderings of these terms.

    >>> with_fixed_spacing("비전언어 모델을 강화학습으로 학습합니다.", terms_in("VLM, RL"))
    '비전-언어 모델을 강화 학습으로 학습합니다.'
    """
    for term in terms:
        pattern = _any_spacing(term)
        if pattern:
            text = pattern.sub(term.rendering, text)
    return text


@lru_cache(maxsize=1)
def _all_terms() -> tuple[re.Pattern[str], list[Term]]:
    """One pattern of all forms, and the term of each of its groups.

    Longer forms come first. Grouping by first letter lets the search pass over most of them at once.
    """
    forms = sorted(((form, term) for term in GLOSSARY for form in term.forms), key=_by_letter_and_length)
    by_letter: dict[str, list[str]] = {}
    for form, _ in forms:
        by_letter.setdefault(form[0].lower(), []).append(f"({_english(form)})")
    groups = [f"(?=[{letter}{letter.upper()}])(?:{'|'.join(each)})" for letter, each in by_letter.items()]
    return re.compile(_as_words("|".join(groups))), [term for _, term in forms]


def _by_letter_and_length(entry: tuple[str, Term]) -> tuple[str, int]:
    return entry[0][0].lower(), -len(entry[0])


@lru_cache(maxsize=1024)
def _one_term(term: Term) -> re.Pattern[str]:
    return re.compile(_as_words("|".join(map(_english, sorted(term.forms, key=len, reverse=True)))))


def _as_words(pattern: str) -> str:
    return rf"(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z0-9])"


def _english(form: str) -> str:
    """Pattern of one English form: its plural or its verb forms, with or without hyphens."""
    is_verb = form.endswith("*")
    words = re.split("([ -])", form.removesuffix("*"))
    last = words.pop()
    before = "".join(
        {" ": rf"[\s{_HYPHENS}]", "-": rf"[\s{_HYPHENS}]?"}.get(word) or _word(word) for word in words
    )
    if is_verb:
        stem = last.removesuffix("e")
        endings = "e|es|ed|ing" if stem != last else "|s|ed|ing"
        return f"{before}{_word(stem)}(?:{endings})"
    if last.endswith("y") and last[-2] not in "aeo":
        return f"{before}{_word(last[:-1])}(?:y|ies)"
    return f"{before}{_word(last)}{'s?' if _EXACT.search(last) else '(?:s|es)?'}"


def _word(word: str) -> str:
    return re.escape(word) if _EXACT.search(word) else f"(?i:{re.escape(word)})"


@lru_cache(maxsize=4096)
def _korean_words(rendering: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![가-힣]){_any_gaps(rendering)}(?:{_ENDING})")


@lru_cache(maxsize=1024)
def _any_spacing(term: Term) -> re.Pattern[str] | None:
    """Pattern of the term's rendering in every spacing; None when it can be written in one way only."""
    letters = squeezed(term.rendering)
    spellings = [term.rendering, *(each.text for each in term.variants if squeezed(each.text) == letters)]
    if not any(map(_GAP.search, spellings)):
        return None
    return re.compile(rf"(?<![가-힣])(?:{'|'.join(map(_any_gaps, spellings))})")


def _any_gaps(rendering: str) -> str:
    return "[ -]?".join(map(re.escape, _GAP.split(rendering)))
