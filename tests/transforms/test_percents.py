"""Per cent is read in every notation, and where a sign may be shared nothing is said."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.percents import percents


@pytest.mark.parametrize(
    "text", ["12.5%", "12.5 %", r"12.5\%", "12.5 percent", "12.5 per cent", "12.5퍼센트", "12.5 퍼센트"]
)
def test_every_sign_is_one(text: str) -> None:
    found = percents(text)
    assert (set(found.signed), set(found.bare)) == ({Fraction("12.5")}, set())


@pytest.mark.parametrize("text", ["12.5%p", "12.5 %포인트", "12.5포인트", "12.5 percentage points", "12.5pp"])
def test_percentage_points_are_neither(text: str) -> None:
    assert percents(text) == ({}, {}, {})


@pytest.mark.parametrize(
    "text",
    ["2.5x faster", "2.5× speedup", "2.5배 빠릅니다", "2.5times more", "2.5 times higher", "2.5-fold", "×2.5",
     "by a factor of 2.5", r"$2.5\times$ less"],
)  # fmt: skip
def test_every_factor_is_one(text: str) -> None:
    found = percents(text)
    assert [set(kind) for kind in found] == [set(), {Fraction("2.5")}, set()]


@pytest.mark.parametrize("text", ["384×640", "384x640", "384 times 640", "384times 640"])
def test_a_size_has_no_factor(text: str) -> None:
    found = percents(text)
    assert (set(found.factors), set(found.bare)) == (set(), {Fraction(384), Fraction(640)})


def test_what_happens_so_many_times_is_counted() -> None:
    assert set(percents("restarted 37 times; then").bare) == {Fraction(37)}


@pytest.mark.parametrize("text", ["60~75%", "60-75%", "60에서 75%로", "60, 75%", "between 60 and 75 percent"])
def test_a_sign_that_may_be_shared_says_nothing_of_the_first(text: str) -> None:
    found = percents(text)
    assert (set(found.signed), set(found.bare)) == ({Fraction(75)}, set())


def test_words_are_counts_unless_they_are_half() -> None:
    assert set(percents("three of 8 runs reach 50%, half of them").bare) == {Fraction(3), Fraction(8)}


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = percents(text)
    assert all(isinstance(spelling, str) for spelling in (*found.signed.values(), *found.bare.values()))
