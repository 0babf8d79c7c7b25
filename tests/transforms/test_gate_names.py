"""A name in the Korean is one of the English's, or it is quoted with the one that was meant."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.answer import English, Issue, Korean, Section
from transforms.gate.case import Case
from transforms.gate.names import CHECKS
from transforms.spelling import is_slip
from transforms.vocabulary import Vocabulary

ENGLISH = English(
    "2603.00002",
    "Marlin-VQ: Quantized Speech Tokens for VideoTalk",
    "We present Marlin-VQ, a text-to-speech codec for large language models. Marlin-VQ replaces the Fréchet "
    "loss of Brindle with direct preference optimization and beats SoundOtter and LLaMA3 8B. A 70B model is "
    "distilled on RiverQA. Retrieval-augmented generation with Tundra needs multilingual prompts, "
    "see https://example.org/marlinvq.",
)


def found(text: str, english: English = ENGLISH) -> list[Issue]:
    case = Case(english, Korean(None, None, [Section(None, text)]))
    return [issue for check in CHECKS for issue in check.find(case)]


@pytest.mark.parametrize(
    "text",
    [
        "Marlin VQ와 marlin-vq, MarlinVQ는 같은 코덱입니다.",
        "대규모 언어 모델(LLM)과 LLMs에 직접 선호 최적화(DPO)를 적용합니다.",
        "TTS 코덱은 GPU 한 장에서 RAG와 함께 쓰입니다.",
        "Frechet 손실과 Fréchet 손실은 같습니다.",
        "LLaMA3-70B와 LLaMA3-8B를 비교합니다.",
        "비디오Talk은 VideoTalk의 다른 이름입니다.",
        "SoundOtter's 손실과 SoundOtters를 비교합니다.",
        "다국어(Multi-lingual) 프롬프팅(prompting)과 최적화(Optimisation)를 씁니다.",
        "환각(Hallucination)을 줄이는 미세 조정(fine-tuning)입니다.",
        "자세한 내용은 https://example.org/MarlinXQ 에 있습니다.",
        "변수 XY와 ID를 씁니다.",
    ],
)
def test_a_known_name_may_be_written_in_its_own_way(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Marlin-VG", "Marlin-VQ"),
        ("Malrin-VQ", "Marlin-VQ"),
        ("SoundOter", "SoundOtter"),
        ("soundottar", "SoundOtter"),
        ("Brimdle", "Brindle"),
        ("Tundrra", "Tundra"),
        ("RiverAQ", "RiverQA"),
        ("VideoTalc", "VideoTalk"),
        ("mulitlingual", "multilingual"),
        ("LaMA3-8B", "LLaMA"),
    ],
)
def test_a_misspelt_name_is_quoted_with_the_one_that_was_meant(name: str, meant: str) -> None:
    (issue,) = found(f"{name}보다 높은 점수를 얻습니다.")
    assert (issue.code, issue.severity, issue.field) == ("name_invented", "error", "summary_ko[0]")
    assert f'"{name}"' in issue.message
    assert f'"{meant}' in issue.message


@pytest.mark.parametrize("name", ["ImageNet", "RLHF", "GPT-4", "LLaMA3-13B", "Gemini", "MMLU-Pro", "xLSTM"])
def test_a_name_of_elsewhere_is_refused(name: str) -> None:
    assert [issue.code for issue in found(f"{name}에서 높은 점수를 얻습니다.")] == ["name_invented"]


@given(st.integers(min_value=0, max_value=10**6))
def test_any_one_letter_amiss_in_a_coined_name_is_found(seed: int) -> None:
    rng = random.Random(seed)
    place = rng.randrange(len("SoundOtter"))
    letter = rng.choice([c for c in string.ascii_lowercase if c != "SoundOtter"[place].lower()])
    name = "SoundOtter"[:place] + letter + "SoundOtter"[place + 1 :]
    assert [issue.code for issue in found(f"{name}를 씁니다.")] == ["name_invented"]


@given(st.text("abcde1", max_size=12), st.text("abcde1", max_size=12))
def test_a_slip_is_one_in_both_directions(one: str, other: str) -> None:
    assert is_slip(one, other) == is_slip(other, one)


def test_names_are_not_judged_without_the_text_they_come_from() -> None:
    assert found("ImageNet에서 높은 점수를 얻습니다.", ENGLISH._replace(abstract=None)) == []
    text = ENGLISH._replace(abstract=None, full_text="Evaluated on ImageNet.")
    assert found("ImageNet에서 높은 점수를 얻습니다.", text) == []


def missing(
    title_ko: str, english: English = ENGLISH, abstract_ko: str | None = None
) -> list[tuple[str, str]]:
    case = Case(english, Korean(title_ko, abstract_ko, []))
    issues = (issue for check in CHECKS for issue in check.find(case))
    return [(issue.field, issue.message.split('"')[1]) for issue in issues if issue.code == "name_missing"]


def test_the_titles_own_name_stays_in_latin_letters() -> None:
    assert missing("Marlin-VQ: VideoTalk을 위한 양자화 음성 토큰") == []
    assert missing("말린-VQ: VideoTalk을 위한 양자화 음성 토큰") == [("title_ko", "Marlin-VQ")]


def test_a_coined_name_counts_anywhere_in_the_title_when_the_abstract_has_it() -> None:
    english = ENGLISH._replace(title="Speech Tokens Beyond SoundOtter in a SECOnd")
    assert missing("사운드오터를 넘어서는 음성 토큰", english) == [("title_ko", "SoundOtter")]
    assert missing("SoundOtter를 넘어서는 음성 토큰", english) == []


def test_a_plain_word_before_the_colon_is_a_name_when_it_is_always_written_as_one() -> None:
    english = English("1", "Tundra: Cold Starts", "We present Tundra. See https://example.org/tundra.")
    assert missing("툰드라: 콜드 스타트", english) == [("title_ko", "Tundra")]
    assert (
        missing("주의: 콜드 스타트", English("1", "Attention: Cold Starts", "Attention is attention.")) == []
    )
    assert missing("LLM을 평가하기", English("1", "LLMs: Cold Starts", None)) == []


def test_an_abstract_that_has_the_name_keeps_it() -> None:
    title = "Marlin-VQ: VideoTalk을 위한 양자화 음성 토큰"
    assert missing(title, abstract_ko="말린을 제안합니다.") == [("abstract_ko", "Marlin-VQ")]
    assert missing(title, abstract_ko="Marlin-VQ를 제안합니다.") == []


def test_a_hostile_pair_of_texts_takes_no_square_of_their_length() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdeABCDE", k=6)) for _ in range(1500)]
    slips = [f"{word[:3]}x{word[4:]}" for word in words]
    english = English("1", " ".join(words), " ".join(words))
    assert found(" ".join(slips), english)
    assert not Vocabulary("a" * 9_000).holds("a" * 8_000)
