"""Numbers are read by value whatever the notation, and names with digits are no numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.number_words import korean_vague_numbers, korean_word_numbers
from transforms.quantities import identifiers, mantissa, numbers, values

MYRIADS = ((10**12, "조"), (10**8, "억"), (10**4, "만"), (1, ""))


def first_readings(text: str) -> list[Fraction]:
    return [number.options[0][0] for number in numbers(text)]


def korean_notation(value: int) -> str:
    parts = []
    for scale, unit in MYRIADS:
        count, value = divmod(value, scale)
        if count:
            parts.append(f"{count:,}{unit}")
    return " ".join(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7B", "7000000000"),
        ("70억", "7000000000"),
        ("1.5 million frames", "1500000"),
        ("16 Billion Parameters", "16000000000"),
        ("1.5-billion-parameter", "1500000000"),
        ("150만 프레임", "1500000"),
        ("5억 1,300만 개", "513000000"),
        ("1억 2천 5백만 파라미터", "125000000"),
        ("3천 200만", "32000000"),
        ("1만2345개", "12345"),
        ("3천5백", "3500"),
        ("10백만", "10000000"),
        ("2,048 tokens", "2048"),
        (".5", "1/2"),
        ("12.50%", "25/2"),
        ("3분의 2", "2/3"),
        ("2/3", "2/3"),
        ("10^6", "1000000"),
        ("1e-4", "1/10000"),
        ("3.2x faster", "16/5"),
        ("3.2배", "16/5"),
        ("1.45times", "29/20"),
        ("80GB", "80"),
        ("비용의 10분의 1만 필요합니다", "1/10"),
        ("0.6만 낮아집니다", "3/5"),
        ("25만 줄을 썼습니다", "250000"),
        ("2만 개를 사용합니다", "20000"),
        ("1.2조 개", "1200000000000"),
        ("3조명", "3"),
    ],
)
def test_notation_is_read_as_its_value(text: str, expected: str) -> None:
    assert first_readings(text) == [Fraction(expected)]


@pytest.mark.parametrize("text", ["2만 사용합니다", "2만을 넘습니다"])
def test_a_particle_that_may_scale_leaves_both_readings_open(text: str) -> None:
    (number,) = numbers(text)
    assert number.options == ((Fraction(20_000),), (Fraction(2),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-4와 LLaMA-3.1-8B", ["GPT-4", "LLaMA-3.1-8B"]),
        ("H100에서 2D와 3D를", ["H100", "2D", "3D"]),
        ("pass@1", ["pass@1"]),
        ("1.2.3 버전", ["1.2.3"]),
        ("9" * 40, ["9" * 40]),
    ],
)
def test_digits_inside_a_name_claim_nothing(text: str, expected: list[str]) -> None:
    assert numbers(text) == []
    assert identifiers(text) == expected


def test_digits_inside_a_name_support_a_claim() -> None:
    assert {Fraction(8), Fraction(8 * 10**9), Fraction("3.1")} <= values("LLaMA-3.1-8B")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a range of 2.1B~32.5B", [2_100_000_000, 32_500_000_000]),
        ("256x256 on 8xH100", [256, 256, 8]),
        ("7B-13B", [7 * 10**9, 13 * 10**9]),
        ("3조각과 4만큼", [3, 4]),
        ("(1) 먼저 2.5%, (2) 다음", [Fraction("2.5")]),
    ],
)
def test_neighbours_are_kept_apart(text: str, expected: list[int | Fraction]) -> None:
    assert first_readings(text) == [Fraction(value) for value in expected]


def test_a_range_shares_its_scale() -> None:
    three = numbers("3-5 million steps")[0]
    assert three.fits({Fraction(3)})
    assert three.fits({Fraction(3_000_000)})
    assert not three.fits({Fraction(30_000_000)})


def test_a_number_after_a_korean_unit_may_be_its_rest_or_its_neighbour() -> None:
    (number,) = numbers("2억 2,024개")
    assert number.fits({Fraction(200_002_024)})
    assert number.fits({Fraction(200_000_000), Fraction(2024)})
    assert not number.fits({Fraction(200_000_000)})


def test_a_swapped_fraction_is_another_number() -> None:
    assert not numbers("2분의 3")[0].fits(values("two-thirds of the layers"))
    assert numbers("3분의 2")[0].fits(values("two-thirds of the layers"))


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("four baselines", "네 가지"),
        ("twice as fast", "두 배"),
        ("doubles the speed", "두 배"),
        ("half of it", "절반"),
        ("50% of it", "절반"),
        ("a million images", "백만 장"),
        ("twelve tasks", "열두 개"),
        ("a quadruplet", "네 개"),
        ("quadratic cost", "두 배"),
    ],
)
def test_korean_number_words_find_their_english(english: str, korean: str) -> None:
    words = list(korean_word_numbers(korean))
    assert len(words) == 1
    assert any(set(option) <= values(english) for option in words[0][2])


def test_english_words_and_korean_digits_meet() -> None:
    known = values(
        "three runs, twenty-five tasks, two hundred million clips, tenfold, two orders of magnitude"
    )
    assert {Fraction(n) for n in (3, 25, 200_000_000, 10, 100)} <= known


@pytest.mark.parametrize(
    ("english", "korean"),
    [("millions", "수백만"), ("tens of thousands", "수만 개"), ("hundreds", "수백"), ("billions", "수십억")],
)
def test_vague_magnitudes_are_the_same_power_of_ten(english: str, korean: str) -> None:
    (_, _, options), *rest = korean_vague_numbers(korean)
    assert not rest
    assert options[0][0] in values(english)


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("half an hour", "30분"),
        ("a factor of four fewer errors", "4분의 1"),
        ("four times smaller", "4분의 1"),
        ("5x less memory", "5분의 1"),
        ("an order of magnitude faster", "10배"),
        ("several orders of magnitude", "100배"),
        ("released in May 2024", "2024년 5월"),
        ("3.2 percentage points", "3.2%p"),
        ("0.1B to 405B", "0.1B에서 405B"),
        ("top-1 accuracy", "top-1 정확도"),
        ("k=5", "k=5"),
        ("16x16 patches", "16×16 패치"),
        ("a million samples", "1M개"),
    ],
)
def test_what_is_said_in_another_way_is_supported(english: str, korean: str) -> None:
    assert all(number.fits(values(english)) for number in numbers(korean))


def test_a_factor_supports_no_other_fraction() -> None:
    assert not numbers("3분의 1")[0].fits(values("two-thirds of the layers, 2x faster"))
    assert not numbers("5월")[0].fits(values("this may help"))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "할 수만 있다면",
            "변수만 바꿉니다",
            "샘플 수만 늘립니다",
            "수많은 모델",
            "수조건",
            "조건",
            "조명",
            "세대",
            "한다",
        ),
        *("데이터 셋", "3D 열 장면", "네, 그렇습니다", "두개골"),
    ],
)
def test_syllables_of_other_words_are_not_numbers(text: str) -> None:
    assert [*korean_word_numbers(text), *korean_vague_numbers(text)] == []


@given(st.integers(min_value=1, max_value=10**16 - 1))
def test_korean_and_english_notation_of_a_count_are_equal(value: int) -> None:
    korean = numbers(f"총 {korean_notation(value)} 개입니다")
    assert len(korean) == 1
    assert korean[0].fits({Fraction(value)})
    assert first_readings(f"{value:,} items") == first_readings(f"{value}개") == [Fraction(value)]


@given(st.integers(1, 9999), st.integers(0, 3), st.sampled_from(["K", "M", "B", "T"]))
def test_letter_word_and_korean_unit_of_a_scaled_decimal_are_equal(
    digits: int, places: int, letter: str
) -> None:
    word = {"K": "thousand", "M": "million", "B": "billion", "T": "trillion"}[letter]
    scale = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}[letter]
    decimal = f"{digits / 10**places:.{places}f}"
    value = Fraction(digits, 10**places) * scale
    assert first_readings(f"{decimal}{letter} and") == first_readings(f"{decimal} {word} and") == [value]
    assert value in values(f"Qwen-{decimal}{letter}")
    if value.denominator == 1:
        assert numbers(f"{korean_notation(int(value))} 개")[0].fits({value})
    ten_fold = numbers(f"{decimal}{letter}")[0]
    assert not ten_fold.fits({value * 10})


@given(st.integers(1, 10**9), st.integers(-6, 6))
def test_mantissa_ignores_the_power_of_ten(value: int, power: int) -> None:
    assert mantissa(Fraction(value) * Fraction(10) ** power) == mantissa(Fraction(value)) != ""


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    known = values(text)
    assert all(number.fits(known) for number in numbers(text))
