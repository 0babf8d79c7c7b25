"""Formulas, links and code: hidden from the model, put back exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.placeholders import TOKEN, protected, restored, tokens


def shown(text: str) -> str:
    return protected(text).texts[0]


def pieces(text: str) -> list[str]:
    return list(protected(text).originals.values())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("costs $O(n^2)$ time", ["$O(n^2)$"]),
        ("$$a + b$$ and $x$", ["$$a + b$$", "$x$"]),
        (r"\(x\) then \[y\]", [r"\(x\)", r"\[y\]"]),
        (r"reaches \textbf{90}\% with \alpha_{i}^2", [r"\textbf{90}", r"\alpha_{i}^2"]),
        ("see https://example.org/a_(b)?q=1#f.", ["https://example.org/a_(b)?q=1#f"]),
        ("(https://example.org/x).", ["https://example.org/x"]),
        ("call `model.fit()` twice: `model.fit()`", ["`model.fit()`"]),
        ("from $5 and $6 to $7", []),
        ("a $ b $ c", []),
        ("one ` tick", []),
        ("plain words, 32.5% and 7B", []),
        ("", []),
    ],
)
def test_what_must_not_be_translated_is_hidden(text: str, hidden: list[str]) -> None:
    assert pieces(text) == hidden
    assert len(set(tokens(shown(text)))) == len(hidden)


def test_names_count_per_kind_over_all_texts_and_a_repeat_keeps_its_name() -> None:
    result = protected("On $x$", "Here $y$, `z`, https://example.org and $x$ again")
    assert result.texts == ["On ⟦M1⟧", "Here ⟦M2⟧, ⟦C1⟧, ⟦U1⟧ and ⟦M1⟧ again"]
    assert result.originals == {"M1": "$x$", "M2": "$y$", "C1": "`z`", "U1": "https://example.org"}


def test_a_source_cannot_forge_a_placeholder() -> None:
    result = protected("We ⟦M1⟧ and $x$")
    assert result.texts == ["We [M1] and ⟦M1⟧"]
    assert restored(result.texts[0], result.originals) == "We [M1] and $x$"


def test_an_unknown_placeholder_stays_for_the_gate_to_see() -> None:
    assert restored("⟦M1⟧ ⟦M2⟧ ⟦X1⟧", {"M1": "$x$"}) == "$x$ ⟦M2⟧ ⟦X1⟧"


def test_a_restored_piece_is_not_read_again() -> None:
    assert restored("⟦M1⟧", {"M1": "⟦M2⟧", "M2": "no"}) == "⟦M2⟧"


def test_tokens_come_in_order_with_repeats() -> None:
    assert tokens("⟦M2⟧ a ⟦U1⟧ ⟦M2⟧ ⟦m1⟧ ⟦M⟧") == ["M2", "U1", "M2"]


SIGNS = (
    *("$", "$$", "\\(", "\\)", "\\[", "\\]", "\\alpha", "\\", "{", "}", "_", "^", "`", "⟦M1⟧", "⟦", "⟧"),
    *("https://", "example.org/x", " ", "\n", "5", "n", ".", "한"),
)
MARKED = st.lists(st.sampled_from(SIGNS), max_size=30).map("".join)


@given(st.lists(st.text() | MARKED, max_size=3))
def test_hiding_and_putting_back_gives_the_same_text_up_to_white_brackets(texts: list[str]) -> None:
    result = protected(*texts)
    back = [restored(text, result.originals) for text in result.texts]
    assert back == [text.replace("⟦", "[").replace("⟧", "]") for text in texts]
    named = [name for text in result.texts for name in tokens(text)]
    assert set(named) == set(result.originals)
    assert len(set(result.originals.values())) == len(result.originals)
    assert not any(mark in TOKEN.sub("", text) for text in result.texts for mark in "⟦⟧")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["$", "$ ", "\\(", "\\[", "\\a", "`", "https://", "\\a{", "$1", "\\a_{"])
def test_no_repeated_sign_makes_it_slow(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert restored(protected(text).texts[0], protected(text).originals) == text
