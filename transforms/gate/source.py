r"""Checks of what stands verbatim in both languages: formulas, code and placeholders.

A formula may be written out: "$\tau$-bench" is τ-bench and "$3\times$" is 3배, but a command without its
dollars is LaTeX that nobody renders. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, around, error, pieces_of, quoted
from transforms.placeholders import protected
from transforms.quantities import numbers, values

_MOST_PER_FIELD = 8
# A dollar before a digit may be money.
_STRAY = re.compile(r"\$(?!\s?\d)")
_LATEX = re.compile(r"[$\\]")
_LEFTOVER = re.compile(r"⟦[^⟦⟧]{0,20}⟧?|(?:\b[MUC]\d{1,2})?⟧")
_SIGNS = (
    "times × sim ~ approx ~ pm ± le ≤ leq ≤ ge ≥ geq ≥ to → rightarrow → infty ∞ cdot · ell ℓ star * neq ≠ "
    "ll ≪ alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ "
    "nu ν xi ξ pi π rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω varepsilon ε Delta Δ Gamma Γ Lambda Λ "
    "Sigma Σ Phi Φ Psi Ψ Omega Ω Theta Θ Pi Π"
)
"""Commands, each followed by the sign it stands for."""
_COMMANDS = dict(zip(_SIGNS.split()[::2], _SIGNS.split()[1::2], strict=True))
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_DRESSING = re.compile(r"[$\\{}\s]")
_UNDRESSED = str.maketrans(
    {"∼": "~", "²": "^2", "³": "^3", "ϵ": "ε", "ϕ": "φ", "⁺": "^+", "⁻": "^-", "−": "-"}
)
# A formula of these alone is a quantity, which Korean may write in its own way.
_QUANTITY = re.compile(r"(?:[\d.,\s$%+×~±<>=≤≥-]|\\%)+")


def _placeholders(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        for leftover in list(dict.fromkeys(_LEFTOVER.findall(field.text)))[:_MOST_PER_FIELD]:
            yield error(
                "placeholder",
                field.name,
                f"The placeholder {quoted(leftover)} was not asked for; copy only those given.",
            )
        if not field.source or not case.pieces:
            continue
        missing = [piece for piece in pieces_of(field.source) if not _is_kept(piece, field)]
        for piece in missing[:_MOST_PER_FIELD]:
            is_link = piece.startswith("http")
            code, kind = ("url_missing", "link") if is_link else ("placeholder", "formula or code")
            yield error(code, field.name, f"The {kind} {quoted(piece)} of the English is missing.")


def _is_kept(piece: str, field: Field) -> bool:
    """True when a piece of the English is kept, be it as a quantity or, in a title, written out."""
    if piece in field.text:
        return True
    if piece.startswith(("http", "`")):
        # A title may name code without its backticks.
        return field.is_title and piece.strip("`") in field.text
    # An author's own command for a word, such as \etc or \ours, says nothing in any language.
    if (command := _COMMAND.fullmatch(piece)) and command[1] not in _COMMANDS:
        return True
    written = written_out(piece)
    if _QUANTITY.fullmatch(written):
        # Other formulas have numbers of their own.
        present = values(field.bare)
        return all(number.fits(present) for number in numbers(written))
    return field.is_title and written in written_out(field.text)


def _formulas(case: Case) -> Iterator[Issue]:
    for field in case.judged:
        if not _LATEX.search(field.bare):
            continue
        (rest,), originals = protected(field.bare)
        if (stray := _STRAY.search(rest)) and not _STRAY.search(protected(field.support).texts[0]):
            beside = around(rest, stray.start(), 1)
            yield error(
                "formula_invented", field.name, f'A "$" opens a formula and none closes it: {beside}.'
            )
        formulas = [piece for name, piece in originals.items() if name.startswith("M")]
        english = written_out(field.support) if formulas else ""
        # A command that the English has within dollars only is no formula without them.
        invented = [
            piece
            for piece in formulas
            if (piece[0] == "\\" and piece[1] not in "([") or written_out(piece) not in english
        ]
        for piece in invented[:_MOST_PER_FIELD]:
            yield error("formula_invented", field.name, f"The formula {quoted(piece)} is not in the English.")


def written_out(text: str) -> str:
    r"""The text with LaTeX as the signs that it stands for, and without white space.

    >>> written_out(r"$\mathcal{O}(n \log n)$"), written_out(r"$3\times$"), written_out(r"$\tau$-bench")
    ('O(nlogn)', '3×', 'τ-bench')
    """
    text = _COMMAND.sub(lambda match: _COMMANDS.get(match[1], _undressed_name(match[1])), text)
    return _DRESSING.sub("", text).translate(_UNDRESSED)


def _undressed_name(command: str) -> str:
    r"""Nothing for a command that only sets the type (\mathcal, \text, \left), else its name (\log)."""
    return "" if command.startswith(("math", "text", "left", "right", "bf", "it", "rm", "cal")) else command


CHECKS = (
    Check(
        {
            "placeholder": Code("A formula or code of the English is missing, or a placeholder was left."),
            "url_missing": Code("A link of the English is missing."),
        },
        _placeholders,
    ),
    Check({"formula_invented": Code("A formula that is not in the English.")}, _formulas),
)
