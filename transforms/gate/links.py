"""Checks of links: none that the English does not have, none with Korean glued to it.

A summary of a paper whose text we do not hold may name a page that only the paper names; it is let through
when it is named after the paper. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, error, quoted, warning

_MOST_PER_FIELD = 8
# Printable ASCII that a URL may hold, brackets and quotes aside: what is glued to it is not part of it.
_URL_CHAR = r"[!#-&(-;=?-Z_a-z~]"
_TOP_LEVELS = ("com", "org", "io", "ai", "net", "dev", "edu", "gov", "co", "me", "gg")
_LINK = re.compile(
    rf"https?://{_URL_CHAR}+|(?<![A-Za-z0-9@/.-])www\.{_URL_CHAR}+"
    rf"|(?<![A-Za-z0-9@/.-])[A-Za-z0-9-]{{2,40}}(?:\.[A-Za-z0-9-]{{2,40}}){{0,3}}\.(?:{'|'.join(_TOP_LEVELS)})"
    rf"(?![A-Za-z0-9-]){_URL_CHAR}*"
)
# A link has one of these in it, and finding that there is none is ten times as fast.
_SIGNS = ("://", "www.", *(f".{top}" for top in _TOP_LEVELS))
_LINK_EDGE = ".,;:!?)]}>'\"*_`"
# The syllable is optional so that every URL is consumed once, glued or not: a text of URLs stays linear.
_GLUED = re.compile(r"https?://[!-~]+(?:(?<![)\]}>\"'])(?P<syllable>[가-힣]+))?")
_TITLE_WORD = re.compile(r"[A-Za-z]{3,}")
_SHORTEST_WORD = 5


def links(text: str) -> list[str]:
    """Links of a text, with or without a scheme, without the marks that end a clause."""
    if not any(sign in text for sign in _SIGNS):
        return []
    return list(dict.fromkeys(link.rstrip(_LINK_EDGE) for link in _LINK.findall(text)))


def without_links(text: str) -> str:
    """The text with a space for every link."""
    return _LINK.sub(" ", text) if any(sign in text for sign in _SIGNS) else text


def _links(case: Case) -> Iterator[Issue]:
    known: set[str] | None = None
    for field in case.fields:
        found = links(field.text)
        if not found:
            continue
        known = known if known is not None else _known_links(case.support)
        # A bare host name may be a part of a link that the source broke ("https: //example.org").
        unknown = [
            link for link in found if link not in known and ("://" in link or link not in field.support)
        ]
        if field not in case.judged:
            unknown = [link for link in unknown if not _is_of(case.title, link)]
        for link in unknown[:_MOST_PER_FIELD]:
            yield error("url_invented", field.name, f"The link {quoted(link)} is not in the English.")


def _is_of(title: str, link: str) -> bool:
    """True when the link is named after the paper: it has a long word or an abbreviation of the title."""
    link = link.lower()
    words = (
        word for word in _TITLE_WORD.findall(title) if len(word) >= _SHORTEST_WORD or not word[1:].islower()
    )
    return any(word.lower() in link for word in words)


def _known_links(support: str) -> set[str]:
    """Links of the English, with and without scheme and closing slash."""
    found = set(links(support))
    found |= {link.split("://", 1)[-1] for link in found}
    return found | {link.rstrip("/") for link in found}


def _glued(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if "://" not in field.text:
            continue
        glued = [match.group() for match in _GLUED.finditer(field.text) if match["syllable"]]
        for link in glued[:_MOST_PER_FIELD]:
            message = (
                f"Korean is glued to a link and becomes part of it: {quoted(link)}. Put a space between."
            )
            yield warning("link_glued", field.name, message)


CHECKS = (
    Check({"url_invented": Code("A link that is not in the English.")}, _links),
    Check(
        {"link_glued": Code("A Korean particle is glued to a link and becomes part of it.", "warning")},
        _glued,
    ),
)
