r"""What an archived paper's Markdown looked like, and that Markdown again.

A layout is one letter per line (LINE_KINDS), which says what stands there and in which order, and, where a
repair or an oddity asks for it, a JSON object behind it. Columns and layout together give the lines back, so
what a repair took away can be read off the layout. Called by transforms/archive/block.py and usual.py, which
make layouts, and by whoever wants the Markdown again.

The object's members: "+" places of a plus sign among the authors; "r" author numbers as the line repeats
them; "c" bullet number to the lengths of the pieces that its lines hold; "m" what each media line shows (-1
the thumbnail, a number that entry of media_urls, text an address that no column took); "e" texts stand
escaped; "n" lines end in CR LF; "p" line number to a patch [start, length, text] for what all this leaves.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from transforms.markdown import escaped, names_in_line

LINE_KINDS: Final = {
    "#": "### [title](https://arxiv.org/abs/id)",
    ".": "",
    "i": "![](url)",
    "p": "![media](url)",
    "w": "[Watch Video](url)",
    "W": "[Watch Video]url",
    "d": '<div><video controls src="url" muted="false"></video></div>',
    "v": "<video src='url'></video>",
    "f": '<iframe src="url" ></iframe>',
    "o": '<video width="320" height="240" controls>',
    "s": '  <source src="url" type="video/mp4">',
    "q": "</video>",
    "n": "Vote: number",
    "-": "Vote: -",
    "a": "Authors: names, parted by commas",
    "l": "Authors: names as Python writes a list",
    "b": "- text",
    "k": "- **section**: text",
    "K": "- ***section***: text",
    "B": "- text <!-- section -->",
    "c": "a line that continues the bullet above",
    "t": "  - a bullet below the bullet above",
    "?": "unparsed; the layout's patch has it",
}
_WITH_ADDRESS: Final = frozenset("ipwWdvfs")
BULLETS: Final = frozenset("bkKB")
"""Kinds that begin a bullet."""
_SECOND_MENTION: Final = frozenset("ds")
"""Kinds that show the video of the line before once more."""

Bullet = tuple[str | None, str]
"""Section (None for a plain bullet) and text of a bullet of the Korean summary."""


class Paper(NamedTuple):
    """One paper's block: the ARCHIVE columns that its own lines give, and where it stands.

    Tuples, since the garbage collector passes over tuples of text, and an archive has very many.
    """

    list_date: date
    paper_id: str
    title: str
    upvotes: int | None
    authors: tuple[str, ...]
    is_authors_truncated: bool
    thumbnail_url: str | None
    media_urls: tuple[str, ...]
    summary: tuple[Bullet, ...]
    repairs: tuple[str, ...]
    line: int
    layout: str
    raw: str


def rendered_paper(paper: Paper) -> str:
    """The paper's lines again, from its columns and its layout; ``raw`` is not looked at."""
    kinds, _, members = paper.layout.partition(" ")
    if not members:
        return "\n".join(_lines(paper, kinds, {}))
    extras: dict[str, Any] = json.loads(members)
    lines = _lines(paper, kinds, extras)
    for number, (start, length, text) in extras.get("p", {}).items():
        line = lines[int(number)]
        lines[int(number)] = line[:start] + text + line[start + length :]
    return ("\r\n" if "n" in extras else "\n").join(lines)


def is_exact(paper: Paper) -> bool:
    """Whether every line is owned by a column and renders again byte for byte."""
    return "?" not in paper.layout.partition(" ")[0] and rendered_paper(paper) == paper.raw


def layout_of(paper: Paper, kinds: str, extras: dict[str, Any], lines: Sequence[str]) -> str:
    """The layout that renders exactly these lines: the kinds, the extras and patches for the rest."""
    patches = {
        str(number): _patch(ours, theirs)
        for number, (ours, theirs) in enumerate(zip(_lines(paper, kinds, extras), lines, strict=True))
        if ours != theirs
    }
    members = extras | ({"p": patches} if patches else {})
    return f"{kinds} {json.dumps(members, separators=(',', ':'))}" if members else kinds


def default_media(kinds: str) -> list[int]:
    """What each media line shows as a rule: pictures the thumbnail, videos media_urls one after another."""
    shown: list[int] = []
    video = -1
    for kind in kinds:
        if kind == "i":
            shown.append(-1)
        elif kind in _WITH_ADDRESS:
            if kind not in _SECOND_MENTION or video < 0:
                video += 1
            shown.append(video)
    return shown


def _lines(paper: Paper, kinds: str, extras: dict[str, Any]) -> list[str]:
    """The lines as kinds and extras say, without patches."""
    write = escaped if "e" in extras else str
    bullets = _bullets(paper.summary, extras.get("c", {}))
    media = _addresses(paper, kinds, extras)
    lines: list[str] = []
    for kind in kinds:
        if kind == ".":
            lines.append("")
        elif kind in BULLETS or kind in "ct":
            lines.append(_bullet_line(kind, *next(bullets), write=write))
        elif kind in _WITH_ADDRESS:
            lines.append(LINE_KINDS[kind].replace("url", next(media), 1))
        else:
            lines.append(_head_line(kind, paper, extras))
    return lines


def _bullet_line(kind: str, section: str | None, text: str, *, write: Any) -> str:
    if kind == "b":
        return f"- {write(text)}"
    if kind == "B":
        return f"- {write(text)} <!-- {write(section)} -->"
    if kind == "c":
        return str(write(text))
    if kind == "t":
        return f"  - {write(text)}"
    stars = "**" if kind == "k" else "***"
    return f"- {stars}{write(section)}{stars}: {write(text)}"


def _head_line(kind: str, paper: Paper, extras: dict[str, Any]) -> str:
    is_escaped = "e" in extras
    if kind == "#":
        title = escaped(paper.title) if is_escaped else paper.title
        return f"### [{title}](https://arxiv.org/abs/{paper.paper_id})"
    if kind == "n":
        return f"Vote: {paper.upvotes}"
    if kind == "a":
        names = _names(paper.authors, extras)
        return f"Authors: {names_in_line(names) if is_escaped else ', '.join(names)}"
    if kind == "l":
        return f"Authors: {_names(paper.authors, extras)!r}"
    return "" if kind == "?" else LINE_KINDS[kind]


def _names(authors: Sequence[str], extras: dict[str, Any]) -> list[str]:
    """Authors as the line has them: repeated as "r" says, plus signs where "+" says."""
    names = iter([authors[number] for number in extras["r"]] if "r" in extras else authors)
    pluses = set(extras.get("+", ()))
    count = len(extras.get("r", authors)) + len(pluses)
    return ["+" if place in pluses else next(names) for place in range(count)]


def _bullets(summary: Sequence[Bullet], cuts: dict[str, list[int]]) -> Iterator[Bullet]:
    """The bullets line by line: a bullet that lines continue comes in pieces."""
    if not cuts:
        yield from summary
        return
    for number, (section, text) in enumerate(summary):
        start = 0
        for length in cuts.get(str(number), [len(text)]):
            yield section, text[start : start + length]
            # Pieces are joined by a space; an empty one added none.
            start += length + (length > 0)


def _addresses(paper: Paper, kinds: str, extras: dict[str, Any]) -> Iterator[str]:
    shown: list[int | str] = extras.get("m") or [*default_media(kinds)]
    for place in shown:
        if isinstance(place, str):
            yield place
        else:
            yield (paper.thumbnail_url or "") if place < 0 else paper.media_urls[place]


def _patch(old: str, new: str) -> tuple[int, int, str]:
    """What turns old into new: where, how many characters go, what comes instead."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return start, len(old) - start - end, new[start : len(new) - end]


def _common(one: str, other: str) -> int:
    """Length of the common beginning, by halving: a line may have ten million characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
