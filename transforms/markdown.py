"""Plain text into Markdown that displays that text and does nothing else.

Tables hold plain text from outside; the digest and the card pass every string through here. Two devices
are used. A character that Markdown itself reads is escaped. A character that GitHub reads *after* Markdown
(dollars of a formula, @mentions, e-mail addresses, #123, :emoji:) would come back to life from any escape,
so it stands alone in a <span>, which is what GitHub documents for a literal dollar. Both can be undone, so
that a page can be read back: ``unescaped``, ``name_list`` and ``address`` are the inverses. Called by
transforms/templating.py as template filters, by transforms/forms.py and by readers of rendered pages.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from transforms.text import plain

_SPECIAL: Final = re.compile(
    r"""(?P<alone>\$                    # $x$ is a formula on GitHub
        | (?<!\w)@(?=\w)                # @mention; "pass@1" is left as it is
        | @(?=[\w-]+\.\w)               # e-mail address
        | \#(?=\d)                      # issue reference
        | :(?=[\w+-]+:)                 # :emoji:
    )
    | (?P<entity>[&<>\\])               # the backslash too: \\( opens a formula on the Hub
    | (?P<escape>[`*_\[\]|~]
        | :(?=/) | /(?=/)               # https://…
        | (?<=\w)\.(?=[^\W\d_])         # example.org; "3.5" is left as it is
        | (?<=www)\.
        | (?<!\S)\#                     # heading, and the closing hashes of one
        | !(?=\[|$)                     # would make a picture of a link
        | ^[-+=:]                       # list, setext underline
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_ESCAPED: Final = re.compile(
    r"<span>(?P<alone>[$@#:])</span>|&(?P<entity>amp|lt|gt|#92);|\\(?P<escape>[`*_\[\]|~:/.#!\-+=)])"
)
_REFERENCE: Final = re.compile(r"&#(\d{1,6});")
_LIST_NUMBER: Final = re.compile(r"^(\d{1,9})([.)])(?!\S)")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;"}
_ENTITY_CHARS: Final = {"amp": "&", "lt": "<", "gt": ">", "#92": "\\"}

# No user name before the host ("https://github.com@example.org") and no brackets in it.
_WEB: Final = re.compile(
    r"https?://[\w-]+(?:\.[\w-]+)*\.?(?::\d{1,5})?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL
)
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


def escaped(text: str) -> str:
    r"""Markdown that displays exactly the text, on one line, with nothing in it active.

    >>> escaped("1. *Scaling* to $5, see example.org")
    '1\\. \\*Scaling\\* to <span>$</span>5, see example\\.org'
    """
    return _LIST_NUMBER.sub(r"\1\\\2", _SPECIAL.sub(_inert, plain(text)))


def unescaped(text: str) -> str:
    r"""The text that ``escaped`` turned into this; a text that it did not write comes back as it is.

    A page may be ours or somebody's raw Markdown, where a backslash is LaTeX and means itself. Only what
    ``escaped`` would write again, character by character, is taken for escaped.

    >>> unescaped(r"1\. \*Scaling\* to <span>$</span>5"), unescaped(r"keeps \_ and M$^{2}$")
    ('1. *Scaling* to $5', 'keeps \\_ and M$^{2}$')
    """
    text_behind = _ESCAPED.sub(_alive, text)
    return text_behind if text_behind == text or escaped(text_behind) == text else text


def names_in_line(names: Sequence[str]) -> str:
    """The names escaped and joined by commas, so that ``name_list`` finds the same names again.

    A comma inside a name is spelt as a reference. So is the first letter of a namesake that would stand
    right after the same name: old logs repeat authors by mistake, and a reader drops what is repeated.

    >>> names_in_line(["Ada Kim, Jr.", "Bo Lee", "Bo Lee"])
    'Ada Kim&#44; Jr., Bo Lee, &#66;o Lee'
    """
    parts: list[str] = []
    for name in names:
        part = escaped(name).replace(",", "&#44;")
        if parts and parts[-1] == part and part[:1].isalnum():
            part = f"&#{ord(part[0])};{part[1:]}"
        parts.append(part)
    return ", ".join(parts)


def name_list(line: str) -> list[str]:
    """The names that ``names_in_line`` wrote, or those of an old log's line.

    >>> name_list("Ada Kim&#44; Jr., Bo Lee, &#66;o Lee")
    ['Ada Kim, Jr.', 'Bo Lee', 'Bo Lee']
    """
    return [unescaped(_REFERENCE.sub(_spelt_out, part)) for part in line.split(", ")]


def link(text: str, url: str) -> str:
    """A link, or only its text where the URL is no plain http(s) address."""
    target = destination(url)
    label = escaped(text)
    return f"[{label or _alt(url)}]({target})" if target else label


def image(url: str, alt: str, href: str | None = None) -> str:
    """A picture, linked where ``href`` is given; only its text where the URL is no plain http(s) address."""
    source = destination(url)
    if not source:
        return link(alt, href) if href else escaped(alt)
    picture = f"![{_alt(alt)}]({source})"
    target = destination(href) if href else None
    return f"[{picture}]({target})" if target else picture


def _inert(match: re.Match[str]) -> str:
    char = match.group()
    if match.lastgroup == "alone":
        return f"<span>{char}</span>"
    return _ENTITIES.get(char, f"\\{char}")


def destination(url: str) -> str | None:
    """The URL with everything encoded that could end a Markdown destination; None if not http(s)."""
    url = url.strip()
    if not _WEB.fullmatch(url):
        return None
    encoded = quote(_STRAY_PERCENT.sub("%25", url), safe="%/:?#@!$&*+,;=~-._", errors="replace")
    return encoded.replace("&", "&amp;")


def address(written: str) -> str:
    """The URL that ``destination`` wrote so, still percent-encoded where it had to be."""
    return written.replace("&amp;", "&")


def _alive(match: re.Match[str]) -> str:
    entity = match["entity"]
    return _ENTITY_CHARS[entity] if entity else match["alone"] or match["escape"]


def _spelt_out(match: re.Match[str]) -> str:
    char = chr(int(match[1]))
    return char if char == "," or char.isalnum() else match[0]


def _alt(text: str) -> str:
    """Text for an attribute, which GitHub does not read again and where a tag would be shown."""
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), f"\\{match.group()}"), plain(text))
