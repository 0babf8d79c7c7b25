"""Terms: a rendering that means something else is refused, another than the given one is warned of."""

import pytest

from schemas.answer import English, Issue, Korean, Section
from transforms.glossary import terms_in
from transforms.quality import issues

TERMS = ("term_wrong", "term_variant")


def found(english: str, korean: str, *, given: bool = False, title: str = "A Study") -> list[Issue]:
    """The issues of terms in an abstract."""
    terms = tuple(terms_in(f"{title}\n{english}")) if given else ()
    summary = [Section(None, "이 논문은 방법을 제안합니다.")]
    every = issues(English("2603.00001", title, english), Korean("연구", korean, summary), terms)
    return [issue for issue in every if issue.code in TERMS]


def test_a_wrong_rendering_is_an_error_that_quotes_both_sides() -> None:
    (issue,) = found("We train a diffusion model on images.", "이미지로 분산 모델을 학습합니다.")
    assert (issue.code, issue.severity, issue.field) == ("term_wrong", "error", "abstract_ko")
    assert issue.message == (
        '"분산 모델" does not mean "diffusion model"; write "확산 모델" for it. '
        'The English: "A Study We train a diffusion model on images.".'
    )


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Transformers are deep.", "변압기는 깊습니다."),
        ("Our novel view synthesis is fast.", "소설 뷰 합성이 빠릅니다."),
        ("A training-free method.", "무료훈련 방법입니다."),
        ("We do OOD detection.", "배포 외 탐지를 합니다."),
        ("A foundation model.", "재단 모델입니다."),
    ],
)
def test_wrong_renderings_are_found_in_any_spacing(english: str, korean: str) -> None:
    assert [issue.code for issue in found(english, korean)] == ["term_wrong"]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("We train a diffusion model.", "확산 모델을 학습합니다."),
        # The term is not there, so the word is not its rendering.
        ("We train a distributed model.", "분산 모델을 학습합니다."),
        # Both are there: the word renders the other one.
        ("A diffusion model and a distributed model.", "확산 모델과 분산 모델입니다."),
        ("A Transformer for electric grids.", "전력망의 변압기를 위한 트랜스포머입니다."),
        # Part of another word.
        ("A diffusion model.", "확산 모델로 분산 모델링을 합니다."),
    ],
)
def test_a_word_that_may_stand_for_something_else_is_let_be(english: str, korean: str) -> None:
    assert found(english, korean) == []


def test_a_variant_is_warned_of_only_where_the_rendering_was_given() -> None:
    english, korean = "We fine-tune LLMs.", "대형 언어 모델을 파인튜닝합니다."
    assert found(english, korean) == []
    warned = found(english, korean, given=True)
    assert {(issue.code, issue.severity, issue.field) for issue in warned} == {
        ("term_variant", "warning", "abstract_ko")
    }
    assert [issue.message.split(":")[0] for issue in warned] == [
        '"파인튜닝" is not the given rendering of "fine-tuning"',
        '"대형 언어 모델" is not the given rendering of "large language model"',
    ]


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("We fine-tune LLMs.", "대규모 언어 모델을 미세 조정합니다."),
        # Code mends the spacing.
        ("We fine-tune LLMs.", "대규모언어모델을 미세조정합니다."),
        # Kept in English, as an abbreviation is.
        ("LLMs are large.", "LLM은 큽니다."),
        # The rendering of another term that is there.
        ("Regularization and normalization.", "정칙화와 정규화입니다."),
        ("Continual learning is lifelong learning.", "지속 학습은 평생 학습입니다."),
        # Excused by the English.
        ("Perplexity grows with complexity.", "퍼플렉시티는 복잡도와 함께 커집니다."),
        ("Pruning helps.", "가지치기가 도움이 됩니다."),
    ],
)
def test_the_given_rendering_and_what_is_as_good_are_let_be(english: str, korean: str) -> None:
    assert found(english, korean, given=True) == []


def test_regularization_is_not_normalization_where_only_one_is_there() -> None:
    assert [issue.code for issue in found("Regularization.", "정규화입니다.", given=True)] == ["term_variant"]


def test_a_hostile_text_gives_few_issues() -> None:
    english = " ".join(["diffusion model, transformer, LLM law, OOD"] * 200)
    korean = " ".join(["분산 모델 변압기 배포 외"] * 500)
    assert len(found(english, korean, given=True)) == 3
