"""Korean about another paper is refused, in every field that can show it, and free wording is not."""

import pytest

from schemas.answer import English, Issue, Korean, Section
from transforms.gate.case import Case
from transforms.gate.support import CHECKS
from transforms.lexicon import abbreviations, entries_in, has_stem, spaced, well_known_names

ROBOT = English(
    "2603.00001",
    "GripNet: Learning Tactile Grasping from Simulation",
    "Robot hands drop objects that they cannot feel. We train a grasping policy by reinforcement learning in "
    "simulation and transfer it to a real hand with tactile sensors. The policy recovers from slips and "
    "handles transparent and deformable objects without a camera.",
)
ROBOT_KO = Korean(
    "GripNet: 시뮬레이션에서 학습하는 촉각 파지",
    "로봇 손은 느끼지 못하는 물체를 떨어뜨립니다. 이 논문은 강화 학습으로 시뮬레이션에서 파지 정책을 "
    "학습하고 촉각 센서를 갖춘 실제 손으로 전이합니다. 이 정책은 미끄러짐에서 회복하며 "
    "카메라 없이 투명하거나 변형되는 물체를 다룹니다.",
    [Section(None, "강화 학습으로 얻은 파지 정책을 촉각 센서가 있는 로봇 손으로 전이합니다.")],
)
MUSIC_KO = Korean(
    "GripNet: 다국어 노래를 위한 음악 번역",
    "이 논문은 가사와 멜로디의 박자를 함께 맞추는 음악 번역 모델을 제안합니다. 다국어 말뭉치의 노래를 "
    "화자별로 나누어 음성 합성기를 학습하고, 피아노 반주와 함께 들려주는 청취 설문을 실시합니다.",
    [Section(None, "다국어 노래를 번역하고 음성 합성과 피아노 반주로 들려주는 음악 모델입니다.")],
)


def found(english: English, korean: Korean) -> list[Issue]:
    return [issue for check in CHECKS for issue in check.find(Case(english, korean))]


def test_right_korean_is_let_through() -> None:
    assert found(ROBOT, ROBOT_KO) == []


def test_korean_of_another_paper_is_refused_in_every_field() -> None:
    issues = found(ROBOT, MUSIC_KO)
    assert {(issue.code, issue.severity) for issue in issues} == {("unsupported", "error")}
    assert [issue.field for issue in issues] == ["title_ko", "abstract_ko", "summary_ko"]
    assert "GripNet" in issues[1].message
    assert "다국어 (multilingual/multi lingual)" in issues[1].message


def test_a_summary_of_another_paper_is_refused_beside_a_right_abstract() -> None:
    mixed = ROBOT_KO._replace(summary_ko=MUSIC_KO.summary_ko)
    assert [issue.field for issue in found(ROBOT, mixed)] == ["summary_ko"]


def test_a_word_or_two_of_the_translators_own_are_no_other_paper() -> None:
    free = "이 로봇 파지 정책은 교육 영상처럼 촉각 시뮬레이션을 반복합니다."
    assert found(ROBOT, ROBOT_KO._replace(summary_ko=[Section(None, free)])) == []


def test_only_the_title_is_judged_when_the_title_is_all_there_is() -> None:
    bare = ROBOT._replace(abstract=None)
    assert found(bare, ROBOT_KO._replace(abstract_ko=None)) == []
    other = MUSIC_KO._replace(title_ko="다국어 노래와 음악의 번역을 위한 음성 합성", abstract_ko=None)
    assert [issue.field for issue in found(bare, other)] == ["title_ko"]


def test_the_text_of_the_paper_supports_what_its_abstract_does_not_say() -> None:
    read = ROBOT._replace(
        abstract="We grasp.",
        full_text="A multilingual corpus of songs is translated; speech is synthesised; a piano plays music.",
    )
    assert found(read, Korean(None, None, MUSIC_KO.summary_ko)) == []


def test_nothing_is_asked_of_fields_that_were_not_asked_for() -> None:
    assert found(ROBOT, Korean(None, None, [])) == []


@pytest.mark.parametrize(
    ("korean", "english", "is_supported"),
    [
        ("강화학습으로", "reinforcement", True),
        ("강화 학습으로", "RLHF", True),
        ("비디오를", "short clips", True),
        ("비디오를", "images", False),
        ("음성", "TTS", True),
        ("음성", "mattss", False),
    ],
)
def test_a_korean_word_is_known_by_the_english_behind_it(
    korean: str, english: str, is_supported: bool
) -> None:
    entries = entries_in(korean)
    assert entries
    assert all(has_stem(entry.stems, spaced(english)) == is_supported for entry in entries)


def test_a_word_inside_another_is_no_word() -> None:
    assert "도로" not in entries_in("어느 정도로").values()


def test_every_row_of_the_word_lists_can_be_read() -> None:
    assert len(abbreviations()) > 100
    assert all(name[0].isupper() and name.isalpha() for name in well_known_names())
    assert len(entries_in("이미지 비디오 오디오 음성 음악 노래 화자 악기 텍스트 자막")) == 10
