"""Large numbers: the Korean beside each is exactly the English value, and nothing else gets a line."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.amounts import amounts_in, in_korean
from transforms.number_words import korean_vague_numbers
from transforms.quantities import numbers

SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
LINE = re.compile(r"[0-9.,]+[A-Za-z]{0,3}|(?:[0-9.,A-Za-z]|[-–—~∼ ])+")


@pytest.mark.parametrize(
    ("english", "amounts"),
    [
        ("1.5 million hours", {"1.5 million": "150만"}),
        ("7 billion parameters", {"7 billion": "70억"}),
        ("513 million", {"513 million": "5억 1,300만"}),
        ("1.2 trillion", {"1.2 trillion": "1조 2,000억"}),
        ("a 100-million-word corpus", {"100-million": "1억"}),
        ("5 thousand and 50 thousand", {"5 thousand": "5,000", "50 thousand": "5만"}),
        ("2 hundred thousand", {"2 hundred thousand": "20만"}),
        ("2.1B, 100K, 1.5M and 3T", {"2.1B": "2.1B", "100K": "100K", "1.5M": "1.5M", "3T": "3T"}),
        ("120,000 of 9,999 at 32.5% in 2026", {"120,000": "120,000"}),
        ("between 3-5 billion", {"3-5 billion": "30억~50억"}),
        ("10 to 50 million", {"10 to 50 million": "1,000만~5,000만"}),
        ("3–5B", {"3–5B": "3–5B"}),
        ("from 20 to 2 million", {"2 million": "200만"}),
        ("in 2023, 5 million", {"5 million": "500만"}),
        ("two million, a hundred thousand", {"two million": "200만", "a hundred thousand": "10만"}),
        ("hundreds of millions of users", {"hundreds of millions": "수억"}),
        ("tens of thousands, thousands", {"tens of thousands": "수만", "thousands": "수천"}),
        ("7 billion, again 7 billion", {"7 billion": "70억"}),
    ],
)
def test_each_amount_stands_beside_its_korean(english: str, amounts: dict[str, str]) -> None:
    assert dict(amounts_in(english)) == amounts


@pytest.mark.parametrize(
    "text",
    [
        "half a million",
        "twenty-five million",
        "two hundred fifty million",
        "ten thousand five hundred",
        "the first million",
        "several million",
        "orders of magnitude",
        "LLaMA-7B and GPT-4",
        "2/3 million",
        "5만 12억",
        "hundreds of tasks, dozens",
        "",
    ],
)
def test_what_is_not_surely_an_amount_has_no_line(text: str) -> None:
    assert amounts_in(text) == []


def read_back(korean: str) -> set[Fraction]:
    return {number.options[0][0] for number in numbers(korean)}


@given(
    st.decimals(min_value="0.001", max_value=99_999, places=3),
    st.sampled_from(sorted(SCALES)),
    st.sampled_from(" -"),
)
def test_the_korean_reads_back_as_the_same_value(count: Decimal, scale: str, gap: str) -> None:
    written = f"{count.normalize():,f}"
    ((english, korean),) = amounts_in(f"about {written}{gap}{scale} of them")
    assert english == f"{written}{gap}{scale}"
    assert read_back(korean) == {Fraction(count) * SCALES[scale]}


@given(st.fractions(min_value=0, max_value=10**16, max_denominator=1))
def test_every_whole_number_reads_back(value: Fraction) -> None:
    assert read_back(in_korean(value)) == {value}


@given(st.integers(1, 499), st.integers(500, 999), st.sampled_from(sorted(SCALES)))
def test_a_range_reads_back_as_both_its_ends(low: int, high: int, scale: str) -> None:
    ((_, korean),) = amounts_in(f"{low}-{high} {scale}")
    assert read_back(korean) == {Fraction(low * SCALES[scale]), Fraction(high * SCALES[scale])}


@pytest.mark.parametrize("many", ["", "tens of ", "hundreds of ", "thousands of "])
@pytest.mark.parametrize("scale", sorted(SCALES))
def test_a_vague_amount_reads_back_at_its_power_of_ten(many: str, scale: str) -> None:
    ((_, korean),) = amounts_in(f"{many}{scale}s of users")
    ((_, _, options),) = korean_vague_numbers(f"{korean} 개의 문서")
    assert options == (
        (
            Fraction(
                {"": 1, "tens of ": 10, "hundreds of ": 100, "thousands of ": 1000}[many] * SCALES[scale]
            ),
        ),
    )


WORDS = [
    "3",
    "1,000",
    "20,000",
    "million",
    "B",
    "K",
    "-",
    " ",
    " to ",
    "two",
    "of",
    "tens",
    "→",
    "\n",
    "억",
    "half a ",
]


@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join) | st.text())
def test_no_line_holds_anything_but_a_number(text: str) -> None:
    for english, _ in amounts_in(text):
        assert english in text
        assert LINE.fullmatch(english)
