"""Words of an archived block as plain text, with a record of what that changed.

Called by transforms/archive/block.py and summary.py, whose reader keeps one record per paper.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final, NamedTuple

from transforms.archive.parts import is_leak, is_plain
from transforms.markdown import unescaped
from transforms.text import plain

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_REPEATS: Final = (date(2023, 12, 15), date(2024, 1, 22))
"""Lists on which the predecessor printed a name two or three times running; on others such are namesakes."""


def may_repeat(list_date: date) -> bool:
    """Whether a name that stands twice running on this list is the predecessor's repeat, not a namesake."""
    return _REPEATS[0] <= list_date <= _REPEATS[1]


def may_be_escaped(text: str) -> bool:
    """Whether the text could be one that transforms/markdown.py wrote; most are not."""
    return "\\" in text or "&" in text or "<span>" in text


def _is_usual(text: str) -> bool:
    return text[-1:] != " " and text[:1] not in " [{" and not may_be_escaped(text) and "  " not in text


class Stray(NamedTuple):
    """A line of a block that no column holds: its place in the block and why, by name."""

    place: int
    reason: str


class Words:
    """What was read of one paper's lines so far, as plain text, and the repairs that this took."""

    def __init__(self, *, is_clean: bool) -> None:
        self.is_clean = is_clean
        """Whether the whole file is known to hold nothing that ``plain`` would change, except spaces."""
        self.repairs: set[str] = set()
        self.extras: dict[str, Any] = {}
        self.is_odd = False
        """Whether kinds alone do not give the lines back (transforms/archive/layout.py)."""
        self.kinds: list[str] = []
        """One for each line read (layout.LINE_KINDS)."""
        self.strays: list[Stray] = []
        self.is_open = False
        """Whether the line above belongs to a bullet, which this one may continue."""

    def stray(self, reason: str) -> str:
        """The kind of a line that no column holds; the reason is kept."""
        self.strays.append(Stray(len(self.kinds), reason))
        self.is_odd, self.is_open = True, False
        return "?"

    def words(
        self, text: str, repair: str = "text_normalised", read: Callable[[str], str] = unescaped
    ) -> str:
        """The text as plain text; what that changes is the repair named.

        Args:
            text: A part of a line.
            repair: Name of the repair.
            read: Inverse of what our own pages write there.
        """
        if self.is_clean and _is_usual(text):
            return text
        words = text.strip()
        shown = read(words) if may_be_escaped(words) else words
        if shown != words:
            self.extras["e"] = 1
        if is_leak(shown):
            self.repairs.add("repr_leak")
        if _CONTROL.search(text.rstrip("\r")):
            self.repairs.add("control_characters_removed")
        result = shown if is_plain(shown) and "  " not in shown else plain(shown)
        if result != shown or words != text.rstrip("\r"):
            self.repairs.add(repair)
        self.is_odd |= result != text
        return result

    def names(self, written: list[str], read: Callable[[str], str], *, has_repeats: bool) -> list[str]:
        """The names without plus signs, repeats and what is invisible; the layout keeps where they were."""
        authors: list[str] = []
        numbers: list[int] = []
        pluses: list[int] = []
        for place, name in enumerate(written):
            if name == "+":
                pluses.append(place)
            elif has_repeats and authors and name == written[place - 1]:
                numbers.append(len(authors) - 1)
            elif author := self.words(name, "authors_normalised", read):
                numbers.append(len(authors))
                authors.append(author)
        if pluses:
            self.extras["+"] = pluses
            self.repairs.add("authors_truncated")
        if len(numbers) > len(authors):
            self.extras["r"] = numbers
            self.repairs.add("authors_deduplicated")
        self.is_odd |= len(authors) < len(written)
        return authors
