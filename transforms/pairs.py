"""A line of JSON, an English and a Korean text, into the same line with what the gate says of it.

The line is not written anew: the issues are put in at its end, or in the place of issues that stood
there, so numbers, escapes, order and the keys that are not ours come out as they went in. A line that no
pair can be read from keeps its place, with an issue that says what was expected and what came. Called by
flows/check_answers.py.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, NoReturn

from schemas.answer import Code, English, Issue, Korean, Section
from transforms.gate.case import LONGEST, error, quoted
from transforms.prompt import tex_undone
from transforms.quality import issues
from transforms.text import plain

CODES: Final = {"bad_line": Code("A line of check --answers is not one JSON object.")}
"""The code of a line without an object; an object that is no pair has transforms.answers' ``schema``."""

_WHITE = " \t\r\n"
_BYTE_ORDER_MARK = "\ufeff"
_KEYS: Final = {
    "paper_id": ("text",),
    "title": ("text",),
    "abstract": ("text", "null"),
    "title_ko": ("text", "null"),
    "abstract_ko": ("text", "null"),
    "summary_ko": ("a list", "null"),
}
_ENTRY_KEYS: Final = {"section": ("text", "null"), "text": ("text",)}
_MOST_FAULTS = 20
_SHOWN = 200
# The gate reads so much of a text; what TeX's undoing takes away is far less than nine tenths.
_LOOKED_AT = 10 * LONGEST


class JudgedLine(NamedTuple):
    """One line out for one line in."""

    text: str
    """One JSON object without a line break."""
    issues: list[Issue]
    is_judged: bool
    """The gate has seen the pair; False when there was none to see."""


def judged_line(number: int, line: bytes) -> JudgedLine:
    """The line's object with ``issues``; where there is no object, one of ``line`` and ``issues``.

    Args:
        number: The line's number, for a line that holds no object.
        line: UTF-8; a byte order mark before it and white space around it are passed over.
    """
    try:
        text = line.decode("utf-8").removeprefix(_BYTE_ORDER_MARK).strip(_WHITE)
        pair = _DECODER.decode(text)
    except UnicodeDecodeError as fault:
        return unread_line(number, f"bytes that are not UTF-8 (byte {fault.start + 1:,} of the line)")
    except RecursionError:
        return unread_line(number, "JSON that is nested too deep")
    except ValueError as fault:
        return unread_line(number, f"{quoted(text[:_SHOWN])} ({fault})")
    if not isinstance(pair, dict):
        return unread_line(number, _kind(pair))
    if faults := list(islice(_faults(pair), _MOST_FAULTS)):
        return JudgedLine(_with_issues(text, pair, faults), faults, is_judged=False)
    found = issues(_english(pair), _korean(pair))
    return JudgedLine(_with_issues(text, pair, found), found, is_judged=True)


def unread_line(number: int, got: str) -> JudgedLine:
    """The line that stands for one that holds no JSON object."""
    issue = error("bad_line", "line", f"Line {number:,}: expected one JSON object, got {got}.")
    text = json.dumps({"line": number, "issues": [issue._asdict()]}, ensure_ascii=False)
    return JudgedLine(text, [issue], is_judged=False)


# Reading -----------------------------------------------------------------------------------------


class _Repeating(dict[str, Any]):
    """A JSON object in which a key stands more than once; the last value is the one that counts."""

    repeated: frozenset[str]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        found = _Repeating(found)
        found.repeated = frozenset(name for name in (*_KEYS, *_ENTRY_KEYS) if counts[name] > 1)
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_refused, object_pairs_hook=_object)


def _faults(pair: dict[str, Any]) -> Iterator[Issue]:
    yield from _faults_of(pair, _KEYS, "")
    entries = pair.get("summary_ko")
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        place = f"summary_ko[{index}]"
        if isinstance(entry, dict):
            yield from _faults_of(entry, _ENTRY_KEYS, f"{place}.")
        else:
            yield _fault(place, "an object of section and text", _kind(entry))


def _faults_of(found: dict[str, Any], keys: dict[str, tuple[str, ...]], place: str) -> Iterator[Issue]:
    repeated = found.repeated if isinstance(found, _Repeating) else ()
    for name, kinds in keys.items():
        expected = " or ".join(kinds)
        if name in repeated:
            yield _fault(place + name, "the key once", "it more than once")
        elif name not in found:
            yield _fault(place + name, expected, "no such key")
        elif _kind(found[name]) not in kinds:
            yield _fault(place + name, expected, _kind(found[name]))


def _fault(field: str, expected: str, got: str) -> Issue:
    return error("schema", field, f"{field}: expected {expected}, got {got}.")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "text", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "an object")


# Judging -----------------------------------------------------------------------------------------


def _english(pair: dict[str, Any]) -> English:
    """The English as the translator shows it, TeX's text escapes undone.

    Korean that was not made by it may quote the source's own TeX, which is then as good as English: it is
    support, but need not be copied as a formula must.
    """
    title, abstract = pair["title"][:_LOOKED_AT], (pair["abstract"] or "")[:_LOOKED_AT]
    has_tex = any("\\" in text[:LONGEST] for text in _korean_texts(pair))
    return English(
        pair["paper_id"],
        tex_undone(title),
        None if pair["abstract"] is None else tex_undone(abstract),
        plain(f"{title} {abstract}")[:_LOOKED_AT] if has_tex else None,
    )


def _korean_texts(pair: dict[str, Any]) -> Iterator[str]:
    yield pair["title_ko"] or ""
    yield pair["abstract_ko"] or ""
    yield from (entry["text"] for entry in pair["summary_ko"] or [])


def _korean(pair: dict[str, Any]) -> Korean:
    sections = [Section(entry["section"], entry["text"]) for entry in pair["summary_ko"] or []]
    return Korean(pair["title_ko"], pair["abstract_ko"], sections)


# Writing -----------------------------------------------------------------------------------------


def _with_issues(text: str, pair: dict[str, Any], found: list[Issue]) -> str:
    """The object's text with these issues, each of its other characters as it was."""
    listed = json.dumps([issue._asdict() for issue in found], ensure_ascii=False)
    if "issues" not in pair:
        comma = ", " if pair else ""
        return f'{text[:-1].rstrip(_WHITE)}{comma}"issues": {listed}}}'
    parts, at = [], 0
    for start, end in _values_of("issues", text):
        parts += [text[at:start], listed]
        at = end
    return "".join([*parts, text[at:]])


def _values_of(key: str, text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each value that the key has in the text of an object, which is good JSON."""
    at = _after("{", text, 0)
    while at:
        name, end = _DECODER.raw_decode(text, at)
        start = _after(":", text, end)
        _, end = _DECODER.raw_decode(text, start)
        if name == key:
            yield start, end
        # After the last value no comma comes, only the closing brace.
        at = _after(",", text, end)


def _after(mark: str, text: str, at: int) -> int:
    """Place of what follows the next such mark; 0 when there is none. Only white space stands before it."""
    found = text.find(mark, at)
    if found < 0:
        return 0
    at = found + 1
    while text[at] in _WHITE:
        at += 1
    return at
