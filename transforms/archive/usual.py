"""Papers of the form that most logs have, read with a glance at each line.

What this takes is what transforms/archive/block.py would make of the same lines, and needs no repair; it
leaves anything else to that. It is here because importing must not take much longer than reading the files.
Called by transforms/archive/document.py and summary.py.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from schemas.tables import SECTIONS
from transforms.archive.layout import Bullet, Paper
from transforms.archive.parts import heading_of
from transforms.archive.words import may_repeat

_HEAD: Final = "#.i.n.a."
_MARKS: Final = {
    f"- {stars}{name}{stars}": (kind, name)
    for kind, stars in (("k", "**"), ("K", "***"))
    for name in SECTIONS
}
_PICTURES: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def read_usual(lines: Sequence[str], line: int, list_date: date) -> Paper | None:
    """The paper of a block of the usual form; None for any other.

    Args:
        lines: The block, heading first; nothing in it that ``plain`` would change, except spaces.
        line: Line of the file where it begins.
        list_date: Date of the day that it stands under.
    """
    raw = "\n".join(lines)
    if len(lines) < 9 or any(lines[1:8:2]) or not is_usual(raw, 2):
        return None
    found = heading_of(lines[0])
    url = lines[2][4:-1]
    vote = lines[4][6:]
    authors = _names(lines[6], list_date)
    below = usual_summary(lines[8:])
    if (
        found is None
        or below is None
        or lines[2] != f"![]({url})"
        or not _is_thumbnail(url)
        or lines[4] != f"Vote: {vote}"
        or not _is_number(vote)
        or authors is None
    ):
        return None
    title, paper_id = found
    kinds, summary = below
    if not title or title[0] == " " or title[-1] == " ":
        return None
    return Paper(
        list_date,
        paper_id,
        title,
        int(vote),
        tuple(authors),
        False,
        url,
        (),
        summary,
        (),
        line,
        _HEAD + kinds,
        raw,
    )


def is_usual(text: str, brackets: int) -> bool:
    """Whether no text of these lines needs a second look: for escapes, markup, leaked data, spaces.

    Args:
        text: Lines of a block.
        brackets: How many of its opening brackets are links'.
    """
    # Single characters, which are found much faster than words are.
    return not (
        "\\" in text
        or "&" in text
        or "<" in text
        or "{" in text
        or text.count("[") != brackets
        or "  " in text
    )


def _is_thumbnail(url: str) -> bool:
    return url.startswith("https://") and url.endswith(_PICTURES) and " " not in url and "(" not in url


def _is_number(vote: str) -> bool:
    return vote.isascii() and vote.isdigit() and len(vote) < 19 and (vote[0] != "0" or vote == "0")


def _names(line: str, list_date: date) -> list[str] | None:
    names = line[9:]
    if line[:9] != "Authors: " or names[:1] in " ," or names[-1] in " ,)" or "+" in names or " ," in names:
        return None
    authors = names.split(", ")
    return None if may_repeat(list_date) and len(set(authors)) < len(authors) else authors


def usual_summary(lines: Sequence[str]) -> tuple[str, tuple[Bullet, ...]] | None:
    """Kinds and bullets of the lines of a summary; None if any line is unusual.

    Args:
        lines: Lines below a paper's head; nothing in them that ``plain`` would change, and no two spaces.
    """
    kinds: list[str] = []
    summary: list[Bullet] = []
    for line in lines:
        if not line:
            kinds.append(".")
            continue
        if line[:2] != "- " or line[-1] == " ":
            return None
        if line[2:4] == "**":
            mark, _, text = line.partition(": ")
            kind, section = _MARKS.get(mark, ("", None))
        else:
            kind, section, text = "b", None, line[2:]
        if not kind or not text or text[0] == " ":
            return None
        kinds.append(kind)
        summary.append((section, text))
    return "".join(kinds), tuple(summary)
