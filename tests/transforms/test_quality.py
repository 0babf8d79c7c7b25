"""Every code of the gate fires on its planted fault and stays silent on its near miss."""

from collections.abc import Callable

import pytest

from schemas.answer import English, Korean, Section
from schemas.tables import SECTIONS
from transforms.gate import language, links, markup, numbers, shape, source
from transforms.quality import CODES, issues, repaired

TITLE = "Lantern-2: A 7B Router for Long Video with $k$ Experts"
ABSTRACT = (
    "We present Lantern-2, a router with 7B parameters that reads videos of up to 1.5 million frames. "
    "It is trained on 120K clips and lowers the cost to $O(n \\log n)$ while being 3.2x faster than GPT-4. "
    "On LongBench-3D it gains 12.5% over the best of four baselines; two-thirds of its layers are frozen. "
    'Prompted with "think before you route the frame", it emits a <route> token for each expert. '
    "Code is at https://example.org/lantern and the flag is `--route`."
)
ENGLISH = English("2406.00001", TITLE, ABSTRACT)
TITLE_KO = "Lantern-2: $k$개의 전문가를 갖춘 긴 비디오용 7B 라우터"
ABSTRACT_KO = (
    "이 논문은 최대 150만 프레임의 비디오를 읽는 7B 파라미터 라우터 Lantern-2를 제시합니다. "
    "이 라우터는 12만 개의 클립으로 학습되며, GPT-4보다 3.2배 빠르면서 비용을 $O(n \\log n)$으로 낮춥니다. "
    "LongBench-3D에서는 네 가지 기준 모델 가운데 가장 좋은 것보다 12.5% 높고, 레이어의 3분의 2는 고정됩니다. "
    '"think before you route the frame"이라는 프롬프트를 주면 전문가마다 <route> 토큰을 출력합니다. '
    "코드는 https://example.org/lantern 에 있으며 플래그는 `--route`입니다."
)
SUMMARY = (
    "긴 비디오를 처음부터 끝까지 읽는 7B 라우터 Lantern-2를 새로 제안합니다.",
    "12만 개의 클립으로 학습하고 레이어의 3분의 2를 고정합니다. 비용은 $O(n \\log n)$입니다.",
    "GPT-4보다 3.2배 빠르고, LongBench-3D에서 12.5% 더 높은 점수를 얻습니다.",
)
GOOD = Korean(TITLE_KO, ABSTRACT_KO, [Section(n, t) for n, t in zip(SECTIONS, SUMMARY, strict=True)])
# Names, support, terms, flips and leaks have tests of their own.
OWN_CODES = {
    code
    for module in (shape, language, markup, links, source, numbers)
    for check in module.CHECKS
    for code in check.codes
}

Edit = Callable[[Korean], Korean]


def title(text: str) -> Edit:
    return lambda korean: korean._replace(title_ko=text)


def abstract(old: str, new: str) -> Edit:
    assert old in ABSTRACT_KO
    return lambda korean: korean._replace(abstract_ko=ABSTRACT_KO.replace(old, new, 1))


def abstract_is(text: str | None) -> Edit:
    return lambda korean: korean._replace(abstract_ko=text)


def last(old: str, new: str) -> Edit:
    """An edit of the last section's text."""
    assert old in SUMMARY[2]
    return lambda korean: korean._replace(
        summary_ko=[*korean.summary_ko[:2], Section(SECTIONS[2], SUMMARY[2].replace(old, new, 1))]
    )


def sections(*names: str | None) -> Edit:
    return lambda korean: korean._replace(
        summary_ko=[Section(name, text) for name, text in zip(names, SUMMARY, strict=False)]
    )


def only_title(korean: Korean) -> Korean:
    return Korean(korean.title_ko, None, [])


ENDING = "점수를 얻습니다."
FAULTS: list[tuple[str, Edit]] = [
    ("empty_field", title(" ")),
    ("empty_field", abstract_is("")),
    ("empty_field", last(SUMMARY[2], "없음.")),
    ("empty_field", last(SUMMARY[2], "GPT-4보다 빠릅니다.")),
    ("empty_field", lambda korean: korean._replace(summary_ko=[])),
    ("section_set", sections(SECTIONS[0], SECTIONS[2])),
    ("section_set", sections(SECTIONS[1], SECTIONS[0], SECTIONS[2])),
    ("section_set", sections(SECTIONS[0], None, None)),
    ("section_set", lambda korean: korean._replace(summary_ko=korean.summary_ko * 20)),
    ("too_long", abstract_is("가" * 30_000)),
    ("length_ratio", abstract_is("라우터를 제시합니다.")),
    ("length_ratio", title("긴 비디오를 위한 라우터 " * 20)),
    ("length_ratio", title("라우터")),
    ("cut_off", abstract("입니다.", "입")),
    ("cut_off", abstract("GPT-4보다", "(GPT-4보다")),
    ("cut_off", last(ENDING, "점수를 얻습니다:")),
    ("repetition", last(ENDING, f"{ENDING} {SUMMARY[0]}")),
    ("repetition", last(ENDING, "점수를 점수를 점수를 점수를 점수를 얻습니다.")),
    ("repetition", last(ENDING, "점수를 얻고 더 얻고 더 얻고 더 얻고 더 얻습니다.")),
    ("repetition", last("GPT-4보다", "GPT-4보다 더 빠른 더 빠른")),
    ("repetition", last(ENDING, "하하하하하하하하하하하하 얻습니다.")),
    ("repetition", last("점수를", "7B 7B 7B 7B 7B 7B 점수를")),
    ("hangul_share", abstract_is("We present a router. It is fast 입니다.")),
    ("hangul_share", last(SUMMARY[2], "1, 2, 3, 4, 5, 6, 7.")),
    ("title_not_korean", title("Lantern-2: A 7B Router with $k$ Experts")),
    ("untranslated", last(ENDING, f"{ENDING} It is trained on the clips and lowers the cost 합니다.")),
    ("untranslated", last(ENDING, "much better scores than before 얻습니다.")),
    ("untranslated", last("점수", "gains 12.5% over the best of four baselines; 점수")),
    ("untranslated", last("점수", "점수(it is trained on clips and it lowers the cost)")),
    ("untranslated", title("Lantern-2: a router for long video 연구 $k$")),
    ("foreign_script", last("점수", "分数")),
    ("foreign_script", last("점수", "оценка")),
    ("foreign_script", last("점수", "점ㅜ")),
    ("foreign_script", last("점수", "μοντέλο 점수")),
    ("register", last("얻습니다", "얻는다")),
    ("register", last("빠르고,", "빠르다.")),
    ("register", last("얻습니다", "얻어요")),
    ("register", last("얻습니다", "얻은 것은 아니다")),
    ("register", last("얻습니다", "얻음")),
    ("register", last(ENDING, "다음과 같습니다: 1) 점수를 얻음.")),
    ("register", title("Lantern-2는 $k$개의 전문가를 갖춘 7B 라우터입니다")),
    ("invisible_character", last("점수", "점\u200b수")),
    ("invisible_character", last("점수", "\u202e점수")),
    ("invisible_character", last("점수", "\x08eta 점수")),
    ("newline", last("점수", "\text 점수")),
    ("newline", abstract("제시합니다. ", "제시합니다.\n\n")),
    ("markup", last("점수", "<b>점수</b>")),
    ("markup", last("점수", "<img src=x onerror=alert(1)> 점수")),
    ("markup", last("점수", "A&amp;B 점수")),
    ("markup", last("점수", "[점수](https://example.org/lantern)")),
    ("markup", last("점수", "![점수](x.png)")),
    ("markup", last("GPT-4보다", "- GPT-4보다")),
    ("markup", last("GPT-4보다", "## GPT-4보다")),
    ("markup", last("점수", "**점수**")),
    ("markup", last("점수", "`점수`")),
    ("markup", last("점수", "|점수|순위|")),
    ("markup", last(SUMMARY[2], f"{{'결과': '{SUMMARY[2]}'}}")),
    ("markup", last(SUMMARY[2], f'["{SUMMARY[2]}"]')),
    ("placeholder", last("점수", "⟦M1⟧ 점수")),
    ("placeholder", title("Lantern-2: 긴 비디오용 7B 라우터")),
    ("placeholder", abstract("$O(n \\log n)$", "$O(n)$")),
    ("placeholder", abstract("`--route`", "--route")),
    ("url_missing", abstract("https://example.org/lantern ", "웹")),
    ("formula_invented", abstract("$O(n \\log n)$", "$O(n)$")),
    ("formula_invented", last("점수", "\\alpha 점수")),
    ("link_glued", abstract("https://example.org/lantern 에", "https://example.org/lantern에")),
    ("percent", last("3.2배", "3.2%")),
    ("percent", abstract("12.5%", "12.5점")),
    ("url_invented", last("점수", "https://example.com/lantern 점수")),
    ("url_invented", abstract("example.org/lantern", "example.org/lantem")),
    ("url_invented", last("점수", "github.io/x와 www.example.net 점수")),
    ("number_scale", abstract("150만", "15만")),
    ("number_scale", abstract("7B", "7억")),
    ("number_scale", abstract("12만", "120만")),
    ("number_scale", last("점수를", "수천억 점수를")),
    ("number_invented", last("12.5%", "13.5%")),
    ("number_invented", last("12.5%", "2024년에 12.5%")),
    ("number_invented", last("3.2배", "다섯 배")),
    ("number_invented", abstract("네 가지", "다섯 가지")),
    ("number_missing", abstract("12만 개의 클립", "클립")),
    ("number_missing", abstract("12.5% ", "")),
    ("name_invented", last("GPT-4", "GPT-5")),
    ("name_invented", last("LongBench-3D", "LongBench-4D")),
    ("name_invented", abstract("Lantern-2", "Lantern-3")),
]

NEAR_MISSES: list[tuple[str, Edit]] = [
    ("empty_field", last(SUMMARY[2], "이 라우터는 GPT-4보다 훨씬 더 빠릅니다.")),
    ("section_set", sections(None, None, None)),
    ("too_long", abstract("제시합니다.", "제시합니다. " + "그렇습니다. " * 100)),
    ("length_ratio", abstract("이 논문은", "이 논문은 아주 긴 비디오를 위해")),
    ("cut_off", last(ENDING, "점수를 얻습니다: 1) 첫째이고 (2) 둘째입니다.")),
    ("cut_off", last(ENDING, "점수를 얻습니다. 코드: https://example.org/lantern")),
    ("repetition", last(ENDING, "더 나은 점수를 더 자주 얻습니다.")),
    (
        "hangul_share",
        last(
            SUMMARY[2], "LongBench-3D(Long Video Understanding Benchmark in Three Dimensions)에서 앞섭니다."
        ),
    ),
    ("title_not_korean", title("Lantern-2: 7B $k$ Router 연구")),
    ("untranslated", last(ENDING, '"think before you route the frame"으로 점수를 얻습니다.')),
    ("untranslated", last(ENDING, "Long Video Understanding Benchmark Suite 점수를 얻습니다.")),
    ("untranslated", last(ENDING, "reinforcement learning from human feedback 점수를 얻습니다.")),
    ("untranslated", last(ENDING, "점수(the score that we get on the benchmark)를 얻습니다.")),
    ("foreign_script", last("점수", "O(n²) · ½ · ≤ → “점수” 😀 é")),
    ("foreign_script", last("점수", "β와 Δ의 비(非)선형 점수")),
    ("register", last(ENDING, "Li et al. 2024와 달리 점수를 얻습니까? 확인해 보십시오.")),
    ("register", last(ENDING, '점수를 얻습니다(그림 참조). 저자는 "맞습니다."')),
    (
        "register",
        abstract(
            "코드는 https://example.org/lantern 에 있으며 플래그는 `--route`입니다.",
            "코드: https://example.org/lantern",
        ),
    ),
    ("register", title("Lantern-2: $k$와 람다")),
    ("register", last(ENDING, "점수를 얻습니다. 단계는 둘로 나뉩니다: 1) 수집, 2) 정제.")),
    ("register", last(ENDING, "점수를 얻습니다. 질문은 이렇습니다: 모델은 왜 잊는가?")),
    ("invisible_character", last("점수", "점수—‘값’")),
    ("newline", last(ENDING, f"{ENDING}\n")),
    ("markup", last("점수", "<route> 점수 3 < 5, A&B, A*")),
    ("markup", last("점수", "'가'와 \"나\" [1] 점수")),
    ("placeholder", abstract("이 논문은", "[이] 논문은")),
    ("placeholder", title(TITLE_KO.replace("$k$", "k"))),
    ("url_missing", abstract("https://example.org/lantern 에", "https://example.org/lantern에")),
    ("link_glued", last(ENDING, "점수를 얻습니다. 코드는 (https://example.org/lantern)에 있습니다.")),
    ("percent", last("12.5%", "12.5%포인트")),
    ("percent", last("12.5%", "12.5 퍼센트")),
    ("formula_invented", last("점수", "$k$ 점수")),
    ("url_invented", last(ENDING, "점수를 얻습니다. 코드는 (https://example.org/lantern)에 있습니다.")),
    ("url_invented", last("점수", "Node.js와 example.org/lantern의 점수")),
    ("number_scale", abstract("7B", "70억")),
    ("number_scale", abstract("150만", "1.5M")),
    ("number_scale", abstract("12만", "120,000")),
    ("number_invented", last("3.2배", "3.20배")),
    ("number_invented", abstract("3분의 2", "2/3")),
    ("number_invented", abstract("네 가지", "4가지")),
    ("number_missing", abstract("12만", "120K")),
    ("name_invented", last("GPT-4", "GPT4")),
    ("name_invented", last("LongBench-3D", "LongBench 3D")),
    ("abstract_invented", lambda korean: korean),
]


def codes(korean: Korean, english: English = ENGLISH) -> set[str]:
    return {issue.code for issue in issues(english, korean)}


def test_a_good_translation_has_no_issue() -> None:
    assert issues(ENGLISH, GOOD) == []


@pytest.mark.parametrize(("code", "edit"), FAULTS, ids=[f"{code}-{i}" for i, (code, _) in enumerate(FAULTS)])
def test_planted_fault_is_found(code: str, edit: Edit) -> None:
    assert code in codes(edit(GOOD))


@pytest.mark.parametrize(
    ("code", "edit"), NEAR_MISSES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(NEAR_MISSES)]
)
def test_near_miss_is_let_through(code: str, edit: Edit) -> None:
    assert code not in codes(edit(GOOD))


def test_every_code_is_known_and_has_a_fault_and_a_near_miss() -> None:
    assert {code for code, _ in FAULTS} | {"abstract_invented"} >= OWN_CODES
    assert {code for code, _ in NEAR_MISSES} >= OWN_CODES
    found = [issue for _, edit in FAULTS for issue in issues(ENGLISH, edit(GOOD))]
    assert all(issue.severity in CODES[issue.code].severities.split(", ") for issue in found)
    assert all(meaning.endswith(".") and "\n" not in meaning for meaning, _ in CODES.values())


def test_messages_quote_the_fault_and_the_english_beside_it() -> None:
    faulty = abstract("7B", "7억")(GOOD)
    (scale,) = [issue for issue in issues(ENGLISH, faulty) if issue.code == "number_scale"]
    assert (scale.severity, scale.field) == ("error", "abstract_ko")
    assert '"7억" is 700,000,000' in scale.message
    assert '"7B", which is 7,000,000,000' in scale.message
    (missing,) = [
        issue for issue in issues(ENGLISH, abstract("12만 개의 ", "")(GOOD)) if issue.code == "number_missing"
    ]
    assert "120K clips" in missing.message


def test_a_fault_in_a_section_is_reported_under_its_name() -> None:
    (issue,) = issues(ENGLISH, last("얻습니다", "얻는다")(GOOD))
    assert issue.field == "summary_ko[Performance Highlights]"
    bullets = sections(None, None, None)(GOOD)
    (issue,) = issues(
        ENGLISH,
        bullets._replace(
            summary_ko=[*bullets.summary_ko[:2], Section(None, "아주 빠르고 정확한 라우터이다.")]
        ),
    )
    assert issue.field == "summary_ko[2]"


def test_issues_come_in_the_order_of_the_registry() -> None:
    faulty = last("점수를 얻습니다", "**점수**를 13.7% 얻는다")(title(" ")(GOOD))
    found = [issue.code for issue in issues(ENGLISH, faulty)]
    assert found == sorted(found, key=list(CODES).index)
    assert found == ["empty_field", "register", "markup", "number_invented"]


def test_what_is_only_unusual_is_a_warning() -> None:
    longer = ABSTRACT_KO.replace("이 논문은", "그리고 " * 30 + "이 논문은").replace(
        "그리고 그리고 그리고", "그리고"
    )
    found = issues(ENGLISH, GOOD._replace(abstract_ko=f"{longer} 이 문장은 덧붙인 것입니다." * 1))
    assert all(issue.severity == "warning" for issue in found if issue.code == "length_ratio")
    (word,) = issues(ENGLISH, abstract("네 가지", "다섯 가지")(GOOD))
    assert (word.code, word.severity) == ("number_invented", "warning")


def test_without_an_abstract_a_summary_is_not_judged_by_its_numbers() -> None:
    bare = English("2406.00002", TITLE, None)
    korean = GOOD._replace(abstract_ko=None)
    assert issues(bare, korean) == []
    assert issues(bare, korean._replace(abstract_ko="")) == []
    assert "number_invented" in codes(korean._replace(title_ko=TITLE_KO.replace("7B", "9B")), bare)
    assert "abstract_invented" in codes(GOOD, bare)


def test_a_title_that_is_one_name_may_be_kept() -> None:
    english = English("2406.00003", "Lantern-2", None)
    assert issues(english, Korean("Lantern-2", None, [])) == []
    hyphenated = English("2406.00003", "Light My Lantern", "We build Light-My-Lantern.")
    summary = [Section(None, "등불을 밝히는 시스템인 Light-My-Lantern을 만들었습니다.")]
    assert issues(hyphenated, Korean("Light My Lantern", None, summary)) == []
    assert issues(hyphenated, Korean("Light Your Lantern", None, summary)) != []


def test_source_letters_may_be_kept() -> None:
    english = English("2406.00004", "Learning 道 with alpha and \\beta", "We study 道 and α.")
    korean = Korean(
        "道와 \\beta 학습", "道와 α, β를 연구합니다.", [Section(None, "道를 연구하는 논문입니다.")]
    )
    assert "foreign_script" not in codes(korean, english)


def test_repaired_takes_the_backslash_of_latex_outside_formulas_only() -> None:
    korean = Korean(None, None, [Section(None, r"R\&D를 95\% 줄이며 $p < 5\%$ 입니다.")])
    assert repaired(korean).summary_ko[0].text == r"R&D를 95% 줄이며 $p < 5\%$ 입니다."


def test_repaired_puts_a_space_after_a_link_and_touches_nothing_else() -> None:
    glued = "코드는 https://example.org/lantern에서, 자료는 (https://example.org/data)에서 \u200b봅니다.\n끝."
    korean = repaired(Korean("제목 ", glued, [Section(None, "https://example.org/a를 봅니다.")]))
    assert korean.title_ko == "제목"
    assert korean.abstract_ko == (
        "코드는 https://example.org/lantern 에서, 자료는 (https://example.org/data)에서 봅니다. 끝."
    )
    assert korean.summary_ko == [Section(None, "https://example.org/a 를 봅니다.")]
    assert repaired(korean) == korean
    assert repaired(GOOD) == GOOD
