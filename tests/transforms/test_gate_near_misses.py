"""What right translations do and a check once took for a fault, each found in pairs it had not seen."""

import pytest

from schemas.answer import English, Korean, Section
from transforms.quality import issues

SCENE_EN = "Ferrywell routes tokens to experts on small devices."
SCENE_KO = "Ferrywell은 작은 기기에서 토큰을 전문가에게 보냅니다."
BULLETS = [Section(None, "Ferrywell은 작은 기기에서 토큰을 여러 전문가에게 나누어 보냅니다.")]


def found(english: str, korean: str, title: str = "Routing Tokens on Devices") -> list[str]:
    """Codes of a right pair of sentences, in an abstract of its own."""
    source = English("2603.00001", title, f"{SCENE_EN} {english}")
    answer = Korean("기기에서 토큰 보내기", f"{SCENE_KO} {korean}", BULLETS)
    # Of two sentences the lengths say little.
    return [str(issue) for issue in issues(source, answer) if issue.code != "length_ratio"]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        # Numbers.
        ("It is written in about 250k lines of Rust.", "약 25만 줄의 Rust 코드로 작성되었습니다."),
        (
            "It trains more than 100k additional routers.",
            "10만 추가 라우터보다 많은 라우터를 학습합니다.",
        ),
        ("It uses two sensors and a laryngophone.", "센서 2개와 후두 마이크 1개를 사용합니다."),
        ("It tops the HarborQA leaderboard.", "HarborQA 리더보드에서 1위를 차지합니다."),
        ("It was proposed over two decades ago.", "20여 년 전에 제안되었습니다."),
        ("Energy spans three orders of magnitude.", "에너지는 세 자릿수에 걸쳐 있습니다."),
        ("It keeps less than two percent of the weights.", "가중치의 2% 미만만 유지합니다."),
        ("It retrieves approx 30K tokens.", "약 3만 토큰을 검색합니다."),
        ("It runs on an 8 x Nvidia 6000 Ada node.", "Nvidia 6000 Ada 8개로 이루어진 노드에서 동작합니다."),
        ("It runs at 384times 640 pixels.", "384×640 픽셀에서 동작합니다."),
        ("Training was interrupted 37 times.", "학습은 37번 중단되었습니다."),
        # Names and pieces.
        (
            "It scores 74.0 and 60.2 on AIME24 & 25.",
            "AIME24와 AIME25에서 각각 74.0점과 60.2점을 얻습니다.",
        ),
        ("It trains on 2xA800 GPUs.", "A800 GPU 2개에서 학습합니다."),
        (
            "A `light' reader joins a `heavy' retriever.",
            "'가벼운' 리더와 '무거운' 리트리버를 결합합니다.",
        ),
        (
            "See [http://ferry.example.org/a](http://ferry.example.org/a).",
            "http://ferry.example.org/a 를 참고하시기 바랍니다.",
        ),
        ("It routes words, pictures \\etc on devices.", "단어와 그림 등을 기기에서 보냅니다."),
        # Denials.
        ("However, routers have yet to benefit from it.", "그러나 라우터는 아직 그 혜택을 누리지 못합니다."),
        ("It needs thorough descriptions of tokens.", "토큰에 대한 빈틈없는 설명이 필요합니다."),
        ("Routing plays an indispensable role here.", "보내기는 여기에서 없어서는 안 될 역할을 합니다."),
        ("The original pipeline is not optimal.", "기존 파이프라인이 최적이 아님을 지적합니다."),
        ("Agents should not rely solely on routers.", "에이전트는 라우터에만 의존해서는 안 됩니다."),
        ("Experts answer no more than 20% of queries.", "전문가는 질의의 20% 이하에만 답합니다."),
        ("It beats the No Skill baseline by 6.69%.", "No Skill 베이스라인보다 6.69% 높습니다."),
        ("Off-the-shelf routers are sub-optimal.", "기성 라우터는 최적이 아닙니다."),
        ("The lack of routers hurts devices.", "라우터의 부재가 기기에 해를 끼칩니다."),
    ],
)
def test_a_right_sentence_is_let_through(english: str, korean: str) -> None:
    assert found(english, korean) == []


def test_sentences_that_lost_the_space_between_them_are_told_apart() -> None:
    english = "Routers are slow.They cost much.We build a new one.It is small and quick.It wins on HarborQA."
    korean = (
        "라우터는 느립니다. 비용이 많이 듭니다. 우리는 새 라우터를 만듭니다. 작고 빠릅니다. "
        "HarborQA에서 앞섭니다."
    )
    assert found(english, korean) == []


def test_a_list_with_semicolons_may_become_sentences() -> None:
    english = (
        "Results suggest that i) routing helps small devices; ii) experts forget rare tokens; "
        "iii) devices differ in memory; iv) prompts matter for routing."
    )
    korean = (
        "결과는 다음을 시사합니다. i) 보내기는 작은 기기에 도움이 됩니다. ii) 전문가는 드문 토큰을 잊습니다. "
        "iii) 기기는 메모리가 서로 다릅니다. iv) 프롬프트는 보내기에 중요합니다."
    )
    assert found(english, korean) == []


def test_a_title_may_write_its_unit_with_a_capital() -> None:
    title = "Routing in Around 7 Steps"
    source = English("2603.00001", title, f"{SCENE_EN} Usually 3-4 inference steps are enough.")
    answer = Korean("약 7단계로 토큰 보내기", f"{SCENE_KO} 보통 3~4번의 추론 단계로 충분합니다.", BULLETS)
    assert [issue.code for issue in issues(source, answer)] == []


def test_a_bullet_may_be_a_list_of_names() -> None:
    names = "MMLU, C-Eval, CMMLU에서 MindLLM-1.3B와 TinyLLaMA-1.1B를 능가합니다."
    source = English(
        "2603.00001",
        "Routing Tokens on Devices",
        f"{SCENE_EN} It beats MindLLM-1.3B and TinyLLaMA-1.1B on MMLU, C-Eval and CMMLU.",
    )
    summary = [*BULLETS, Section(None, names)]
    assert issues(source, Korean("기기에서 토큰 보내기", None, summary)) == []
