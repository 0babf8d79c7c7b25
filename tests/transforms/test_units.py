"""A number supports a quantity of its own unit only, unless it may share another's."""

from fractions import Fraction

import pytest

from schemas.answer import English, Korean, Section
from transforms.quality import issues
from transforms.units import measured_in, with_units

ENGLISH = English(
    "2406.00009",
    "GPT-4 on a Clock",
    "On 8 A100 GPUs it reads a page in 2 to 4 seconds instead of 9, in five steps and with 3-bit weights.",
)


def codes(text: str) -> set[str]:
    return {issue.code for issue in issues(ENGLISH, Korean(None, None, [Section(None, text)]))}


@pytest.mark.parametrize(
    "text",
    ["2초 만에 읽습니다.", "4초가 걸립니다.", "9초가 걸렸습니다.", "3비트 가중치입니다.", "5단계입니다."],
)
def test_a_quantity_in_its_own_unit_is_supported(text: str) -> None:
    assert "number_invented" not in codes(text)


@pytest.mark.parametrize(
    "text", ["8초가 걸립니다.", "4비트 가중치입니다.", "8단계로 이루어집니다.", "4개의 GPU를 씁니다."]
)
def test_a_quantity_in_the_unit_of_another_is_invented(text: str) -> None:
    assert "number_invented" in codes(text)


def test_a_unit_that_the_english_does_not_use_is_let_through() -> None:
    assert "number_invented" not in codes("4개월이 걸립니다.")
    assert measured_in(ENGLISH.abstract or "", "month").spellings == []


def test_units_are_read_after_their_number() -> None:
    assert [unit for _, unit in with_units("3초, 4비트, 5개의 언어, 6 GPU, 7분의 1, 8초과")] == [
        *("second", "bit", "language", "GPU")
    ]
    assert Fraction(9) in measured_in(ENGLISH.abstract or "", "second").values
