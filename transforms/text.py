"""Plain text out of untrusted text: one line, NFC, nothing invisible.

Tables hold plain text always; escaping for Markdown happens when it is rendered
(transforms/markdown.py). Called wherever text from outside enters a table.
"""

import hashlib
import json
import re
import unicodedata

# C0 and C1 controls, zero-width and bidirectional marks, tag characters, private use, U+FFFD:
# none is visible, and each can spoof, split or reorder what a reader sees.
INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffd\ue000-\uf8ff\U000e0000-\U000e0fff"
    "\U000f0000-\U0010ffff\ud800-\udfff]"
)
_WHITESPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """The text in NFC on one line, invisible characters dropped and white space folded.

    >>> plain(" Long   Horizon tasks ")
    'Long Horizon tasks'
    """
    # White space first, since some of it is a control; NFC after nothing stands between letter and mark.
    visible = INVISIBLE.sub("", _WHITESPACE.sub(" ", text))
    return _WHITESPACE.sub(" ", unicodedata.normalize("NFC", visible)).strip()


def sha256_of(value: object) -> str:
    """Hex SHA-256 of a value's canonical JSON (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def encodable(text: str) -> str:
    """The text with lone surrogates spelt out, so that UTF-8 and Parquet can hold it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
