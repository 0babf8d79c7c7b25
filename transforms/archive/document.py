"""A Markdown document of the archive as a run of parts that renders back byte for byte.

A block that cannot be read stays together, so that nothing in it is taken for another paper's. Called by
flows/import_archive.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from transforms.archive.block import read_block
from transforms.archive.layout import Paper, rendered_paper
from transforms.archive.parts import is_plain
from transforms.archive.usual import read_usual

_BOM: Final = "\ufeff"
_DAY: Final = re.compile(r"## Daily Papers \(([0-9]{4}-[0-9]{2}-[0-9]{2})\)(\s*)")
_PATH: Final = re.compile(r"(?:^|/)([0-9]{4})/([0-9]{2})/([0-9]{2})\.md\Z")
_OWN_HEADINGS: Final = frozenset(
    ("# Daily Papers", "## Project Description", "## License", "## Citation", "## Star History")
)


class Unparsed(NamedTuple):
    """A line that no field holds, and why, by name."""

    line: int
    text: str
    reason: str


class DayHeading(NamedTuple):
    """A day's heading and the lines below it, down to its first paper."""

    list_date: date
    line: int
    tail: str
    """White space behind the heading."""
    below: list[str]


class Kept(NamedTuple):
    """Lines that are no paper's: the page's own (description, licence, citation) or unparsed."""

    line: int
    lines: list[str]
    is_own: bool


class Section(NamedTuple):
    """One day's list as a document has it."""

    list_date: date
    line: int
    blocks: list[Paper]


@dataclass(frozen=True)
class Document:
    """One Markdown document, whole: its parts in order, and what of them is unparsed."""

    file: str
    newline: str
    has_bom: bool
    parts: list[DayHeading | Paper | Kept]
    unparsed: list[Unparsed]

    @property
    def sections(self) -> list[Section]:
        """The days in the document's order; a date may come twice."""
        sections: list[Section] = []
        for part in self.parts:
            if isinstance(part, DayHeading):
                sections.append(Section(part.list_date, part.line, []))
            elif isinstance(part, Paper):
                sections[-1].blocks.append(part)
        return sections

    @property
    def papers(self) -> Iterator[Paper]:
        """The papers of all days in the document's order."""
        return (part for part in self.parts if isinstance(part, Paper))

    @property
    def own_lines(self) -> list[str]:
        """The page's own lines: title, description, licence, citation, star history."""
        return [line for part in self.parts if isinstance(part, Kept) and part.is_own for line in part.lines]

    @property
    def conflicts(self) -> list[str]:
        """A sentence for each day whose heading and path disagree; the heading's date is taken."""
        expected = path_date(self.file)
        return [
            f"{self.file}:{part.line} is headed {part.list_date}, its path says {expected}: "
            f"the heading's date is taken."
            for part in self.parts
            if isinstance(part, DayHeading) and expected and part.list_date != expected
        ]


def parsed(text: str, file: str) -> Document:
    """The document that the text is; never an error, whatever it is."""
    has_bom = text.startswith(_BOM)
    body = text.removeprefix(_BOM)
    # Line ends of both kinds: a CR is then white space at the end of its line, which layouts keep.
    newline = "\r\n" if "\r\n" in body and body.count("\n") == body.count("\r\n") else "\n"
    lines = (body.replace("\r\n", "\n") if newline == "\r\n" else body).split("\n")
    reader = _Reader(lines, newline, is_plain("".join(lines)))
    heads = [
        number
        for number, line in enumerate(lines)
        if line[:1] == "#" and line.startswith(("# ", "## ", "### "))
    ]
    for start, end in pairwise([0, *heads, len(lines)]):
        reader.block(start, end)
    return Document(file, newline, has_bom, reader.parts, reader.unparsed)


def rendered(document: Document) -> str:
    """The document's text, from what was read of it."""
    lines: list[str] = []
    for part in document.parts:
        if isinstance(part, Paper):
            lines.append(rendered_paper(part))
        elif isinstance(part, DayHeading):
            lines += [f"## Daily Papers ({part.list_date}){part.tail}", *part.below]
        else:
            lines += part.lines
    return _BOM * document.has_bom + document.newline.join(lines)


def path_date(file: str) -> date | None:
    """The date that a log's path names; None if it names none.

    >>> path_date("paper_logs/2024/11/12.md"), path_date("README.md")
    (datetime.date(2024, 11, 12), None)
    """
    match = _PATH.search(file)
    return _date("-".join(match.groups())) if match else None


class _Reader:
    """Reads a document's blocks in order; knows which day it is in, and if none, why."""

    def __init__(self, lines: list[str], newline: str, is_clean: bool) -> None:
        self.lines = lines
        self.newline = newline
        self.is_clean = is_clean
        self.day: date | None = None
        self.why = "above_any_heading"
        self.parts: list[DayHeading | Paper | Kept] = []
        self.unparsed: list[Unparsed] = []

    def block(self, start: int, end: int) -> None:
        if start == end:
            return
        head = self.lines[start]
        if head.startswith("### "):
            self.paper(start, end)
        elif head.startswith("## Daily Papers"):
            self.heading(start, end)
        elif head.rstrip() in _OWN_HEADINGS:
            self.day, self.why = None, "outside_a_day"
            self.parts.append(Kept(start + 1, self.lines[start:end], is_own=True))
        elif head.startswith(("# ", "## ")):
            self.refuse(start, end, "heading_unknown")
            self.day, self.why = None, "below_an_unknown_heading"
        else:
            self.refuse(start, end, self.why)

    def heading(self, start: int, end: int) -> None:
        match = _DAY.fullmatch(self.lines[start])
        self.day = _date(match[1]) if match else None
        if match is None or self.day is None:
            self.refuse(start, end, "day_unreadable")
            self.why = "below_an_unreadable_day"
            return
        self.parts.append(DayHeading(self.day, start + 1, match[2], self.lines[start + 1 : end]))
        self.note(start + 1, end, "above_the_first_paper")

    def paper(self, start: int, end: int) -> None:
        if self.day is None:
            self.refuse(start, end, self.why)
            return
        block = self.lines[start:end]
        if self.is_clean and self.newline == "\n" and (usual := read_usual(block, start + 1, self.day)):
            self.parts.append(usual)
            return
        found = read_block(block, start + 1, self.day, self.newline, is_clean=self.is_clean)
        if found is None:
            self.refuse(start, end, "not_an_arxiv_paper")
            return
        paper, strays = found
        self.parts.append(paper)
        self.unparsed += [
            Unparsed(start + stray.place + 1, block[stray.place], stray.reason) for stray in strays
        ]

    def refuse(self, start: int, end: int, reason: str) -> None:
        self.parts.append(Kept(start + 1, self.lines[start:end], is_own=False))
        self.note(start, end, reason)

    def note(self, start: int, end: int, reason: str) -> None:
        self.unparsed += [
            Unparsed(number, line, reason)
            for number, line in enumerate(self.lines[start:end], start + 1)
            if line and not line.isspace()
        ]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
