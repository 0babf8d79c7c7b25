"""Plain text into Markdown that displays that text and does nothing else.

Tables hold plain text from outside; the digest and the card pass every string through here. Two devices
are used. A character that Markdown itself reads is escaped. A character that GitHub reads *after* Markdown
(dollars of a formula, @mentions, e-mail addresses, #123, :emoji:) would come back to life from any escape,
so it stands alone in a <span>, which is what GitHub documents for a literal dollar. Called by
transforms/templating.py as template filters.
"""

import re
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
_LIST_NUMBER: Final = re.compile(r"^(\d{1,9})([.)])(?!\S)")
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;"}

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


def link(text: str, url: str) -> str:
    """A link, or only its text where the URL is no plain http(s) address."""
    destination = _destination(url)
    label = escaped(text)
    return f"[{label or _alt(url)}]({destination})" if destination else label


def image(url: str, alt: str, href: str | None = None) -> str:
    """A picture, linked where ``href`` is given; only its text where the URL is no plain http(s) address."""
    source = _destination(url)
    if not source:
        return link(alt, href) if href else escaped(alt)
    picture = f"![{_alt(alt)}]({source})"
    target = _destination(href) if href else None
    return f"[{picture}]({target})" if target else picture


def _inert(match: re.Match[str]) -> str:
    char = match.group()
    if match.lastgroup == "alone":
        return f"<span>{char}</span>"
    return _ENTITIES.get(char, f"\\{char}")


def _alt(text: str) -> str:
    """Text for an attribute, which GitHub does not read again and where a tag would be shown."""
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match.group(), f"\\{match.group()}"), plain(text))


def _destination(url: str) -> str | None:
    """The URL with everything encoded that could end a Markdown destination; None if not http(s)."""
    url = url.strip()
    if not _WEB.fullmatch(url):
        return None
    encoded = quote(_STRAY_PERCENT.sub("%25", url), safe="%/:?#@!$&*+,;=~-._", errors="replace")
    return encoded.replace("&", "&amp;")
