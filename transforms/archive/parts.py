r"""The parts of an archived line: names in either spelling, addresses, sections, leaks.

Each function takes untrusted text, answers None where it is not what it should be, and takes linear time.
Called by transforms/archive/block.py and words.py.
"""

import re
import unicodedata
from typing import Final

from schemas.tables import SECTIONS

# Invisible, but printable to str.isprintable: Hangul fillers, replacement characters, variation selectors.
# One by one they are found faster than by a pattern.
_PRINTABLE_INVISIBLE: Final = "\u115f\u1160\u3164\uffa0\ufffc\ufffd" + "".join(
    map(chr, range(0xFE00, 0xFE10))
)
_MORE_SELECTORS: Final = re.compile("[\U000e0100-\U000e01ef]")
_PAPER_ID: Final = re.compile(r"[0-9]{4}\.[0-9]{4,5}")
# Only the escapes that repr() writes: any other would make Python warn. Possessive, so that it is linear.
_ESCAPE: Final = r"\\(?:[\\'\"nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})"
_QUOTED: Final = rf"(?:'(?:[^'\\]|{_ESCAPE})*+'|\"(?:[^\"\\]|{_ESCAPE})*+\")"
_PYTHON_TEXT: Final = re.compile(_QUOTED)
_PYTHON_LIST: Final = re.compile(rf"\[(?:{_QUOTED}(?:\s*,\s*{_QUOTED})*+)?\s*\]")
_SECTION: Final = re.compile(r"- (\*{2,3})([^*]{1,200})\*{1,3}:(.*)", re.DOTALL)
_SECTION_WITH_STAR: Final = re.compile(r"- (\*{2,3}+)((?:[^*]|\*(?!\*)){1,200}?)\1:(.*)", re.DOTALL)
_TAGS: Final = re.compile(r"(?:\s*</?(?:div|video|iframe|source)\b[^<>]*>)+\s*")
_SOURCE: Final = re.compile(r"""<(div><video|video|iframe|source)\b[^<>]*?\ssrc=(["'])([^"'<>\s]*)\2""")
_LEAK: Final = re.compile(r"""[\[{]+['"]""")
_ESCAPED_LETTER: Final = re.compile(r"\\u[0-9a-fA-F]{4}")
_VIDEO_ENDS: Final = (".mp4", ".qt", ".webm", ".mov", ".m4v", ".avi", ".mkv")
_STRAIGHT: Final = {name.replace("'", "\u2019"): name for name in SECTIONS if "'" in name}


def is_plain(text: str) -> bool:
    """Whether ``plain`` would change nothing but spaces; all lines of a file may be asked at once."""
    return (
        text.isprintable()
        and unicodedata.normalize("NFC", text) == text  # twice as fast as is_normalized where it is true
        and not any(char in text for char in _PRINTABLE_INVISIBLE)
        and (_is_two_byte(text) or not _MORE_SELECTORS.search(text))
    )


def _is_two_byte(text: str) -> bool:
    return len(text.encode("utf-16-le")) == 2 * len(text)


def is_leak(text: str) -> bool:
    r"""Whether a data structure shows in the text: a list or dict as Python prints it, escaped letters.

    >>> is_leak("['faster', 'smaller']"), is_leak("[IDK] tokens"), is_leak(r"\uc774")
    (True, False, True)
    """
    return _LEAK.match(text) is not None or _ESCAPED_LETTER.search(text) is not None


def heading_of(line: str) -> tuple[str, str] | None:
    """Title and id of an arXiv paper's heading; None for any other heading.

    Titles have brackets too, so the last link counts.

    >>> heading_of("### [[IDK] tokens](https://arxiv.org/abs/2412.00001)")
    ('[IDK] tokens', '2412.00001')
    """
    title, _, paper_id = line.rpartition("](https://arxiv.org/abs/")
    is_heading = title.startswith("### [") and paper_id.endswith(")") and _PAPER_ID.fullmatch(paper_id[:-1])
    return (title[5:], paper_id[:-1]) if is_heading else None


def python_names(text: str) -> list[str] | None:
    r"""The names of a Python list of strings, as ``ast.literal_eval`` reads it; None if it is not one.

    >>> python_names("['Ada Kim', \"Bo O'Lee\"]")
    ['Ada Kim', "Bo O'Lee"]
    """
    if not _PYTHON_LIST.fullmatch(text):
        return None
    try:
        return [
            quoted[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape")
            for quoted in _PYTHON_TEXT.findall(text)
        ]
    except UnicodeDecodeError:  # \U00110000 and beyond are no characters
        return None


def section_of(line: str) -> tuple[str, str, str] | None:
    """Opening stars, section and the rest of a bullet that begins with a section in bold; None if none does.

    The stars behind may differ from those in front, as models write them.

    >>> section_of("- **Data**: new"), section_of("- ***Data*: new"), section_of("- **Data** is new")
    (('**', 'Data', ' new'), ('***', 'Data', ' new'), None)
    """
    match = _SECTION.fullmatch(line) or _SECTION_WITH_STAR.fullmatch(line)
    return (match[1], match[2], match[3]) if match else None


def standard_section(name: str) -> str:
    """The section's name with its apostrophe as the standard sections have it."""
    return _STRAIGHT.get(name, name)


def markup_source(line: str) -> tuple[str, str] | None:
    """Element and address of a line of video markup; ("", "") if it has none, None if it is not markup.

    >>> markup_source("<video src='https://example.org/a.mp4'></video>")
    ('video', 'https://example.org/a.mp4')
    >>> markup_source("</video>"), markup_source("<video src='a.mp4'></video> and words")
    (('', ''), None)
    """
    if not _TAGS.fullmatch(line):
        return None
    match = _SOURCE.match(line)
    return (match[1], match[3]) if match else ("", "")


def is_web(url: str) -> bool:
    """Whether this is a whole http(s) address without white space or anything invisible."""
    scheme, _, rest = url.partition("://")
    return scheme in ("https", "http") and rest != "" and " " not in url and url.isprintable()


def is_video(url: str) -> bool:
    """Whether the address names a video, whatever the markup shows it as."""
    return url.partition("?")[0].lower().endswith(_VIDEO_ENDS)
