"""A pseudo-translation: what the model stand-in says of a paper that it has no recorded Korean for.

It is marked in its title, is the same on every call and follows its source sentence by sentence in
합니다체, so a gate that compares numbers, names, placeholders, lengths and endings has something honest to
compare; its meaning is nil. Called by flows/sandbox/model.py.
"""

import re

from flows.sandbox.hangul import is_name, joined, phrase, pseudo_word
from schemas.answer import TranslationAnswer

MARK = "[샌드박스] "
_BREAK = re.compile(r"[.!?][\"”’)]*\s+(?=[^a-z\s])")
_NO_BREAK = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|vs|cf|w\.r\.t|resp|approx|Figs?|Sec|Eq|Tab|No|Dr|Prof|St)|\b\w)\.$"
)
_SHORTEST_SECTION = 25
_ENDINGS = ("합니다", "입니다")


def pseudo_answer(paper_id: str, title: str, abstract: str | None) -> TranslationAnswer:
    """The paper's pseudo-translation; without an abstract, everything is made from the title."""
    names = method_names(title)
    source = abstract if abstract and abstract.strip() else title
    korean = [sentence(text, names) for text in sentences(source)]
    new, technical, results = _sections(source, korean, names)
    return TranslationAnswer(
        paper_id=paper_id,
        title_ko=MARK + _title(title, names),
        abstract_ko=" ".join(korean),
        whats_new=_with_names(new, [technical, results], title, names),
        technical_details=technical,
        performance_highlights=results,
    )


def method_names(title: str) -> frozenset[str]:
    """Words before the title's colon, where they are one or two: "Mamba: ..." names a method."""
    head, colon, _ = title.partition(":")
    words = head.split()
    named = colon and len(words) <= 2 and all(word[:1].isupper() or word.isdigit() for word in words)
    return frozenset(word for word in words if word.isalpha()) if named else frozenset()


def sentences(text: str) -> list[str]:
    """The English sentences of the text; a full stop in parentheses or after "et al" ends none."""
    text = " ".join(text.split())
    found, start = [], 0
    for match in _BREAK.finditer(text):
        piece = text[start : match.end()]
        inside = piece.count("(") > piece.count(")") and ")" in text[match.end() :]
        if not inside and not _NO_BREAK.search(text[max(start, match.start() - 8) : match.start() + 1]):
            found.append(piece.strip())
            start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def sentence(text: str, names: frozenset[str]) -> str:
    """One sentence of pseudo-Korean in 합니다체 for one of English."""
    tokens = phrase(text, names)
    if not tokens or not _is_hangul(tokens[-1]):
        tokens.append(pseudo_word(text[-40:])[:2])
    return joined(tokens) + _ENDINGS[len(text) % len(_ENDINGS)] + "."


def _is_hangul(token: str) -> bool:
    return all("가" <= char <= "힣" for char in token)


def _title(title: str, names: frozenset[str]) -> str:
    head, colon, rest = title.partition(": ")
    parts = [head, rest] if colon else [title]
    return ": ".join(joined(phrase(part, names)) or pseudo_word(part) for part in parts)


def _sections(source: str, korean: list[str], names: frozenset[str]) -> tuple[str, str, str]:
    """First, middle and last sentences; where they are too few or too short, thirds of the source's words."""
    first = 2 if len(korean) > 3 and _is_latin(korean[0]) else 1
    last = 1
    while last < 3 and first + last + 1 < len(korean) and _is_thin(" ".join(korean[-last:])):
        last += 1
    first = 2 if len(korean) - last > 3 else first
    parts = (korean[:first], korean[first:-last][:3], korean[-last:])
    new, technical, results = (" ".join(part) for part in parts)
    if len(korean) > 2 and min(len(new), len(technical), len(results)) >= _SHORTEST_SECTION:
        return new, technical, results
    words = source.split()
    third = -(-len(words) // 3)
    cuts = [" ".join(words[start : start + third]) for start in (0, third, 2 * third)]
    new, technical, results = (sentence(cut or source, names) for cut in cuts)
    return new, technical, results


def _is_thin(text: str) -> bool:
    return len(text) < 3 * _SHORTEST_SECTION or _is_latin(text)


def _is_latin(text: str) -> bool:
    """Whether the text is more Latin than Hangul: a list of names needs a sentence beside it."""
    hangul = sum("가" <= char <= "힣" for char in text)
    return hangul < sum(char.isascii() and char.isalpha() for char in text)


def _with_names(new: str, others: list[str], title: str, names: frozenset[str]) -> str:
    """The first section, with the title's names that no section has put before it."""
    said = {token for text in [new, *others] for token in re.split(r"[\s(),.]+", text)}
    titled = [
        token for token in phrase(title, names) if token in names or (is_name(token) and token[:1].isalpha())
    ]
    missing = [token for token in dict.fromkeys(titled) if token not in said and "⟦" not in token][:3]
    return f"{', '.join(missing)}, {pseudo_word(title)[:2]} {new}" if missing else new
