"""Plain text: one visible line, and hashes that do not move."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.text import INVISIBLE, encodable, plain, sha256_of

ANY_TEXT = st.text(st.characters())
"""Lone surrogates, controls and private characters too, which st.text() leaves out or seldom draws."""
HIDDEN = st.sampled_from(["\u200b", "\u200d", "\u202e", "\ufeff", "\u00ad", "\ue000", "\U000e0041", "\ud800"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Long \n\n Horizon\ttasks ", "Long Horizon tasks"),
        ("zero\u200bwidth\u2060", "zerowidth"),
        ("abc\u202efdp.exe", "abcfdp.exe"),
        ("no\u00a0break\u3000wide\u2028line", "no break wide line"),
        ("e\u0301t\u0065\u0301", "\u00e9t\u00e9"),
        ("\u1112\u1161\u11ab", "한"),
        ("half\ud800pair", "halfpair"),
        ("\u0000\u0007\ufffd", ""),
        ("$O(n^2)$ ≥ 5 × 10° “q” – 김민", "$O(n^2)$ ≥ 5 × 10° “q” – 김민"),
        ("", ""),
    ],
)
def test_text_becomes_one_visible_line(text: str, expected: str) -> None:
    assert plain(text) == expected


@given(ANY_TEXT)
def test_plain_text_is_one_line_without_hidden_characters_and_utf8_holds_it(text: str) -> None:
    line = plain(text)
    assert not INVISIBLE.search(line)
    assert len(line.splitlines()) <= 1
    assert line == " ".join(line.split())
    line.encode("utf-8")


@given(st.text())
def test_what_is_plain_already_stays(text: str) -> None:
    clean = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    assert plain(plain(clean)) == plain(clean)


@given(st.lists(HIDDEN | st.sampled_from(["e", "\u0301", "ㅎ"])).map("".join))
@example("e\u200b\u0301")
def test_a_hidden_character_does_not_keep_a_letter_from_its_mark(text: str) -> None:
    assert unicodedata.is_normalized("NFC", plain(text))


@pytest.mark.parametrize("space", ["\f", "\v", "\x1c", "\x85"])
def test_white_space_of_any_kind_parts_words(space: str) -> None:
    assert plain(f"two{space}words") == "two words"


def test_a_hash_depends_on_the_value_and_not_on_the_order_of_keys() -> None:
    # Spelt out: a changed hash would make every paper pending and paid for again.
    assert sha256_of(["A", "é 한"]) == "bbfa51b0df87264857ca83c0889248872f25c190c6111b7fa9e8b1fd7afe8049"
    assert sha256_of({"a": 1, "b": 2}) == sha256_of({"b": 2, "a": 1})
    assert sha256_of(["a", "b"]) != sha256_of(["ab", ""])
    assert sha256_of("\ud800") != sha256_of("\ud801")


@given(ANY_TEXT)
def test_encodable_text_can_be_written_and_differs_only_where_it_must(text: str) -> None:
    spelt = encodable(text)
    assert spelt.encode("utf-8").decode("utf-8") == spelt
    assert encodable(spelt) == spelt
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert spelt == text
