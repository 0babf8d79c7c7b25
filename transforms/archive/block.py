"""One paper's lines of an archived log into columns, whichever of the predecessor's forms they have.

Lines are told apart by their first two characters. What changes the document's words is named in ``repairs``
and undone by the layout. Called by transforms/archive/document.py for blocks that are not of the usual form.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from transforms.archive.layout import LINE_KINDS, Paper, default_media, layout_of
from transforms.archive.parts import heading_of, is_video, is_web, markup_source, python_names
from transforms.archive.summary import Summary
from transforms.archive.words import Stray, may_repeat
from transforms.markdown import address, name_list, unescaped

_CUT: Final = re.compile(r"(.*) 외 [0-9,]+명 \(총 [0-9,]+명\)", re.DOTALL)
"""How our own pages end a long list of authors."""
_MARKUP_KINDS: Final = {"div><video": "d", "video": "v", "iframe": "f", "source": "s"}


def read_block(
    lines: Sequence[str], line: int, list_date: date, newline: str, *, is_clean: bool
) -> tuple[Paper, list[Stray]] | None:
    """The paper of a block and the lines of it that no column holds; None if no arXiv paper heads it.

    Args:
        lines: The block, heading first, without line ends.
        line: Line of the file where it begins.
        list_date: Date of the day that it stands under.
        newline: Line end of the file.
        is_clean: Whether the whole file holds nothing that ``plain`` would change, except spaces.
    """
    reader = _Block(list_date, is_clean=is_clean)
    if not reader.heading(lines[0]):
        return None
    first = next((number for number, text in enumerate(lines) if text[:2] == "- "), len(lines))
    for text in lines[1:first]:
        reader.read(text)
    if not reader.take_usual(lines[first:]):
        for text in lines[first:]:
            reader.read(text)
    return reader.paper(lines, line, newline), reader.strays


class _Block(Summary):
    """Reads one block: each reader takes a line and answers its kind (layout.LINE_KINDS)."""

    def __init__(self, list_date: date, *, is_clean: bool) -> None:
        super().__init__(is_clean=is_clean)
        self.list_date = list_date
        self.title = self.paper_id = ""
        self.upvotes: int | None = None
        self.authors: list[str] | None = None
        self.thumbnail_url: str | None = None
        self.media_urls: dict[str, int] = {}
        self.shown: list[int | str] = []

    def read(self, line: str) -> None:
        """Take the next line of the block."""
        if not line or line.isspace():
            self.kinds.append(".")
            self.is_odd |= line != ""
            self.is_open = False
            return
        read = None if self.bullets else _HEAD.get(line[:2])
        if read is None and not self.bullets and line.lstrip().startswith("<"):
            read = _Block.markup
        self.kinds.append(read(self, line) if read else self.below(line))

    def heading(self, line: str) -> bool:
        """Whether the line is an arXiv paper's heading."""
        found = heading_of(line.rstrip())
        if found is None:
            return False
        title, self.paper_id = found
        self.title = self.words(title, "title_normalised")
        self.is_odd |= line != line.rstrip()
        self.kinds.append("#")
        return self.title != ""

    def vote(self, line: str) -> str:
        """Kind of a line of votes."""
        if not line.startswith("Vote:"):
            return self.stray("above_the_summary")
        if self.upvotes is not None or "vote_missing_marker" in self.repairs:
            return self.stray("second_vote")
        number = line[5:].strip()
        if number == "-":
            self.repairs.add("vote_missing_marker")
            self.is_odd |= line != "Vote: -"
            return "-"
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return self.stray("vote_unreadable")
        self.upvotes = int(number)
        self.is_odd |= line != f"Vote: {self.upvotes}"
        return "n"

    def authors_line(self, line: str) -> str:
        """Kind of a line of authors, parted by commas or as Python writes a list."""
        if not line.startswith("Authors:"):
            return self.stray("above_the_summary")
        if self.authors is not None:
            return self.stray("second_authors")
        text = line[8:].strip()
        self.is_odd |= line[8:] != f" {text}"
        if text[:1] == "[" and text[-1:] == "]":
            names = python_names(text)
            if names is None:
                return self.stray("authors_unreadable")
            self.repairs.add("authors_list_decoded")
            self.is_odd = True
            self.authors = self.names(names, unescaped, has_repeats=False)
            return "l"
        if cut := _CUT.fullmatch(text):
            self.repairs.add("authors_truncated")
            self.is_odd = True
            text = cut[1]
        self.authors = self.names(text.split(", "), _name, has_repeats=may_repeat(self.list_date))
        return "a"

    def picture(self, line: str) -> str:
        """Kind of a picture's line; our own pages name what is no thumbnail."""
        words = line.rstrip()
        alt, _, url = words.partition("](")
        if not (alt.startswith("![") and url.endswith(")")):
            return self.stray("media_unreadable")
        kind = "p" if alt == "![media" else "i"
        self.is_odd |= words != line or (kind == "i" and alt != "![")
        return self.media(kind, url[:-1])

    def watch(self, line: str) -> str:
        """Kind of a line that links to a video; for four days the parentheses were forgotten."""
        if not line.startswith("[Watch Video]"):
            return self.stray("above_the_summary")
        url = line[13:].rstrip()
        self.is_odd |= line[13:] != url
        is_link = url[:1] == "(" and url[-1:] == ")"
        return self.media("w", url[1:-1]) if is_link else self.media("W", url)

    def markup(self, line: str) -> str:
        """Kind of a line of HTML that shows a video or closes what does."""
        words = line.strip()
        found = markup_source(words)
        if found is None:
            return self.stray("media_unreadable")
        element, url = found
        kind = _MARKUP_KINDS.get(element) or ("o" if words.startswith("<video") else "q")
        self.is_odd |= line != LINE_KINDS[kind].replace("url", url, 1)
        return self.media(kind, url) if element else kind

    def media(self, kind: str, url: str) -> str:
        """The kind, or that of an unparsed line; the address goes to the column that it belongs in."""
        if not url or " " in url or not url.isprintable():
            return self.stray("media_unreadable")
        if "&amp;" in url:
            url = address(url)
            self.is_odd = True
        if not is_web(url):
            self.repairs.add("media_relative_dropped" if url.startswith("/") else "media_address_dropped")
            self.shown.append(url)
        elif kind == "i" and self.thumbnail_url in (None, url) and not is_video(url):
            self.thumbnail_url = url
            self.shown.append(-1)
        else:
            self.shown.append(self.media_urls.setdefault(url, len(self.media_urls)))
        return kind

    def paper(self, lines: Sequence[str], line: int, newline: str) -> Paper:
        """The paper that the lines made."""
        if newline != "\n":
            self.extras["n"] = 1
        self.close()
        kinds = "".join(self.kinds)
        if self.shown != default_media(kinds):
            self.extras["m"] = self.shown
        paper = Paper(
            self.list_date,
            self.paper_id,
            self.title,
            self.upvotes,
            tuple(self.authors or ()),
            "authors_truncated" in self.repairs,
            self.thumbnail_url,
            tuple(self.media_urls),
            tuple(self.bullets),
            tuple(sorted(self.repairs)),
            line,
            kinds,
            newline.join(lines),
        )
        if self.is_odd or self.extras:
            return paper._replace(layout=layout_of(paper, kinds, self.extras, lines))
        return paper


def _name(written: str) -> str:
    return name_list(written)[0]


_HEAD: Final[dict[str, Callable[[_Block, str], str]]] = {
    "- ": _Block.bullet,
    "![": _Block.picture,
    "[W": _Block.watch,
    "Vo": _Block.vote,
    "Au": _Block.authors_line,
    "<d": _Block.markup,
    "<v": _Block.markup,
    "<i": _Block.markup,
    "<s": _Block.markup,
    "</": _Block.markup,
}
"""Reader of a line above the first bullet, by its first two characters."""
