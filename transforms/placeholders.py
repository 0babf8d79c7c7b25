r"""Formulas, links and code kept out of the model's hands.

JSON eats LaTeX ("\text" arrives as TAB + "ext") and models mend what they should copy, so the prompt
shows ⟦M1⟧ for a formula, ⟦U1⟧ for a URL and ⟦C1⟧ for code, and the answer's tokens are put back here.
Numbering runs per kind over the title and then the abstract. Called by transforms/prompt.py and
transforms/answers.py.
"""

import re
from typing import NamedTuple

TOKEN = re.compile(r"⟦([MUC]\d+)⟧")

# A Markdown link ends its text before "](".
_URL = r"https?://(?:(?!\]\()[^\s<>\"'`{}|\\^⟦⟧])+(?<![.,;:!?)\]])"
# What TeX quotes (`light' and ``light'') is no code, nor is what stands between two such quotes.
_CODE = r"(?<!`)`(?![`\s])(?![^`\n]{0,200}'(?:[\s.,;:)'-]|$))[^`\n]{1,200}(?<!\s)`(?!`)"
# $$…$$, $…$ (a closing dollar is not followed by a digit: "$5 and $6" is money), \(…\), \[…\].
FORMULA = (
    r"\$\$[^$]{1,800}\$\$|(?<!\\)\$(?![\s\d]+(?:[.,]\d+)?\s)[^$\n]{1,400}?(?<!\s)\$(?!\d)"
    r"|\\\(.{1,400}?\\\)|\\\[.{1,400}?\\\]"
)
"""Pattern of a delimited formula."""
_COMMAND = r"\\[A-Za-z]+\*?(?:\{[^{}]{0,200}\})*(?:[_^](?:\{[^{}]{0,100}\}|\w))*"
_PROTECTED = re.compile(f"(?P<U>{_URL})|(?P<C>{_CODE})|(?P<M>{FORMULA}|{_COMMAND})")

_SIGNS = ("http", "`", "$", "\\")


class Protected(NamedTuple):
    """Texts with placeholders, in the order given, and what each placeholder stands for."""

    texts: list[str]
    originals: dict[str, str]


def protected(*texts: str) -> Protected:
    """The texts with formulas, URLs and code replaced by numbered placeholders.

    White brackets that stand in the source are turned into square ones first, so that no abstract can
    forge a placeholder.

    >>> protected("Scaling $O(n^2)$", "See https://example.org/x.")
    Protected(texts=['Scaling ⟦M1⟧', 'See ⟦U1⟧.'], originals={'M1': '$O(n^2)$', 'U1': 'https://example.org/x'})
    """
    originals: dict[str, str] = {}
    names: dict[tuple[str, str], str] = {}
    counts = {"M": 0, "U": 0, "C": 0}

    def name_of(match: re.Match[str]) -> str:
        kind = match.lastgroup or "M"
        original = match.group()
        if (kind, original) not in names:
            counts[kind] += 1
            names[kind, original] = f"{kind}{counts[kind]}"
            originals[names[kind, original]] = original
        return f"⟦{names[kind, original]}⟧"

    safe = (text.replace("⟦", "[").replace("⟧", "]") for text in texts)
    # Most texts have nothing to protect, and to see that costs a tenth of the pattern.
    return Protected(
        [_PROTECTED.sub(name_of, text) if any(sign in text for sign in _SIGNS) else text for text in safe],
        originals,
    )


def restored(text: str, originals: dict[str, str]) -> str:
    """The text with each known placeholder put back; an unknown one stays as it is, for the gate to see."""
    return TOKEN.sub(lambda match: originals.get(match.group(1), match.group()), text)


def tokens(text: str) -> list[str]:
    """Names of the placeholders in the text, in order, repeats kept."""
    return TOKEN.findall(text)
