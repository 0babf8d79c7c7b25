"""Claims turned round, dropped or added: what the gate sees of them, and that good Korean is left alone.

The measured shares are printed (pytest -s) and held a little below what they are today: half of the flips of
a sentence's last verb, a quarter of the antonyms, nearly every cut of abstract_ko at a sentence end. Never
seen: a denial lost or a sentence cut in a summary, and praise for what the English calls worse.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted.pairs import Good, good_pairs
from planted_flips import KINDS, flipped, flips_of

from schemas.answer import English, Issue, Korean, Section
from transforms.gate.alignment import alignment_of
from transforms.gate.case import Case
from transforms.gate.counterpart import english_sentences, passage_of
from transforms.gate.senses import DENIAL, NEGATION, senses_of
from transforms.korean import sentences
from transforms.quality import issues

CODES = {"negation", "comparison", "claim_unaligned", "sentence_count", "claim_unsupported"}
ENGLISH = English(
    "2406.00031",
    "Ferrywell: Cheap Routing for Long Contexts",
    "Long contexts make attention slow and costly. We propose Ferrywell, a router that sends each token to "
    "one of four experts. Ferrywell improves accuracy by 3.1 points on HarborQA. It reduces memory use by "
    "up to 40% and does not need retraining. Our code is available to everyone.",
)
ABSTRACT_KO = (
    "긴 문맥은 어텐션을 느리고 비싸게 만듭니다. 이 논문은 각 토큰을 네 전문가 중 하나로 보내는 라우터 "
    "Ferrywell을 제안합니다. Ferrywell은 HarborQA에서 정확도를 3.1점 향상시킵니다. 메모리 사용량을 최대 40% "
    "줄이며 재학습이 필요하지 않습니다. 코드는 누구나 이용할 수 있습니다."
)


def found(korean: Korean, english: English = ENGLISH) -> list[Issue]:
    return [issue for issue in issues(english, korean) if issue.code in CODES]


def codes(korean: Korean, english: English = ENGLISH) -> set[str]:
    return {issue.code for issue in found(korean, english)}


def summary(*texts: str) -> Korean:
    return Korean(None, None, [Section(None, text) for text in texts])


def abstract(text: str) -> Korean:
    return Korean(None, text, [])


def test_good_korean_has_no_issue() -> None:
    assert not found(abstract(ABSTRACT_KO))
    assert not found(summary(*sentences(ABSTRACT_KO)))


@pytest.mark.parametrize(
    ("text", "code", "severity"),
    [
        ("이 논문은 라우터 Ferrywell을 제안하지 않습니다.", "negation", "error"),
        ("Ferrywell은 HarborQA에서 정확도를 향상시키지 못합니다.", "negation", "error"),
        ("Ferrywell은 각 토큰을 네 전문가 중 하나로 보내지 않습니다.", "negation", "warning"),
        ("Ferrywell은 HarborQA에서 정확도를 3.1점 저하시킵니다.", "comparison", "warning"),
        ("메모리 사용량을 최소 40% 줄입니다.", "comparison", "error"),
        ("메모리 사용량을 40% 이상 줄입니다.", "comparison", "error"),
        (
            "병원 환자의 영상 진단에서 의사의 판단을 돕는 음성 대화 기능도 제공합니다.",
            "claim_unsupported",
            "warning",
        ),
        ("이 방법은 산업 현장에서 이미 널리 쓰이고 있습니다.", "claim_unsupported", "warning"),
    ],
)
def test_a_turned_claim_of_the_summary_is_doubted(text: str, code: str, severity: str) -> None:
    assert [(issue.code, issue.severity) for issue in found(summary(text))] == [(code, severity)]


@pytest.mark.parametrize(
    "text",
    [
        "재학습 없이 메모리 사용량을 줄이며, 추가 학습이 필요하지 않습니다.",
        "기존 방법은 긴 문맥을 제대로 다루지 못합니다.",
        "정확도뿐만 아니라 메모리 사용량도 개선합니다.",
        "정확도 저하 없이 메모리 사용량을 최대 40% 줄입니다.",
        "Ferrywell은 현저하게 높은 정확도를 보입니다.",
        "어텐션이 느린 긴 문맥에 적합합니다.",
    ],
)
def test_denials_that_are_no_reversal_pass(text: str) -> None:
    assert not found(summary(text))


def test_a_verb_that_papers_never_deny_is_seen_without_an_abstract() -> None:
    english = ENGLISH._replace(abstract=None)
    assert codes(summary("이 논문은 라우터 Ferrywell을 제안하지 않습니다."), english) == {"negation"}
    assert not found(summary("Ferrywell은 토큰을 보내지 않습니다."), english)


def test_a_summary_of_full_text_is_not_held_against_the_abstract() -> None:
    english = ENGLISH._replace(full_text="The long text of the paper.")
    assert not found(
        summary("병원 환자의 영상 진단에서 의사의 판단을 돕는 음성 대화 기능도 제공합니다."), english
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("재학습이 필요하지 않습니다", "재학습이 필요합니다"), ("하나로 보내는", "하나로 보내지 않는")],
)
def test_abstract_ko_is_held_against_its_own_sentence(old: str, new: str) -> None:
    assert codes(abstract(ABSTRACT_KO.replace(old, new))) == {"negation"}


@pytest.mark.parametrize("index", range(5))
def test_a_dropped_sentence_is_found_wherever_it_stood(index: int) -> None:
    lines = sentences(ABSTRACT_KO)
    assert codes(abstract(" ".join(lines[:index] + lines[index + 1 :]))) == {"claim_unaligned"}


def test_a_sentence_too_many_is_found() -> None:
    claim = "병원 환자의 진단에도 쓰입니다."
    [issue] = found(abstract(f"{ABSTRACT_KO} {claim}"))
    assert (issue.code, issue.severity) == ("claim_unaligned", "warning")
    assert claim in issue.message


def test_merged_and_split_sentences_are_no_loss() -> None:
    merged = ABSTRACT_KO.replace("제안합니다. Ferrywell은", "제안하며, 이 라우터는")
    split = ABSTRACT_KO.replace("줄이며 재학습", "줄입니다. 또한 재학습")
    assert not found(abstract(merged))
    assert not found(abstract(split))


def test_an_abstract_in_one_sentence_has_too_few() -> None:
    assert "sentence_count" in codes(abstract(ABSTRACT_KO.replace("니다. ", "니다, ")))


def test_english_is_cut_only_where_sentences_end() -> None:
    text = "We beat Li et al. 2024 (cf. Fig. 2) by 3.5 points. J. Doe's Q.E.D. holds, i.e. Always... It ends."
    assert [part[:8] for part in english_sentences(text)] == ["We beat ", "J. Doe's", "It ends."]


def test_the_items_of_a_list_stay_in_their_sentence() -> None:
    assert len(english_sentences("We propose two steps: 1. Windows for space; 2. Sharing for time.")) == 1


def test_a_number_leads_to_its_sentence() -> None:
    passage = passage_of(ENGLISH.abstract or "")
    [place] = passage.near("HarborQA에서 3.1점 올랐습니다.")
    assert passage.sentences[place].startswith("Ferrywell improves")


@pytest.mark.parametrize("word", ["not", "can't", "unable", "free", "fails"])
def test_words_that_deny(word: str) -> None:
    assert NEGATION in senses_of(word)


@pytest.mark.parametrize("word", ["under", "unique", "unified", "understand", "improves"])
def test_words_that_deny_nothing(word: str) -> None:
    assert DENIAL not in senses_of(word)


SENTENCE = st.sampled_from([*sentences(ABSTRACT_KO), "가.", "제안하지 않습니다.", "최대 40%.", "3.1", "H"])


@given(st.lists(SENTENCE, max_size=12))
def test_every_sentence_stands_in_one_group_in_order(lines: list[str]) -> None:
    aligned = alignment_of(Case(ENGLISH, abstract(" ".join(lines))))
    if aligned is not None:
        assert [i for group in aligned.groups for i in group.english] == list(
            range(len(aligned.passage.sentences))
        )
        assert [j for group in aligned.groups for j in group.korean] == list(range(len(aligned.korean)))


def judged_pairs() -> list[Good]:
    """Pairs whose Korean was written from the abstract that we hold."""
    return [good for source in ("bullets", "own", "sample") for good in good_pairs().get(source, [])]


def test_good_pairs_are_left_alone() -> None:
    flagged = {good.english.paper_id for good in judged_pairs() if found(good.korean, good.english)}
    assert len(flagged) <= 0.005 * len(judged_pairs()), flagged


@pytest.mark.parametrize(("prefix", "floor"), [("negated", 0.5), ("antonym", 0.15)])
def test_a_share_of_the_flips_is_seen(prefix: str, floor: float) -> None:
    rng = random.Random(prefix)
    seen = planted = 0
    for good in judged_pairs():
        turned = flipped(rng, good.english, good.korean._replace(abstract_ko=None), prefix)
        if turned is not None:
            planted += 1
            seen += bool(codes(turned, good.english) - codes(good.korean, good.english))
    print(f"\n{prefix}: {seen} of {planted} seen")
    assert planted >= 30
    assert seen >= floor * planted


def test_nearly_every_cut_at_a_sentence_end_is_seen_in_the_abstract() -> None:
    seen = planted = 0
    for good in judged_pairs():
        if good.korean.abstract_ko:
            planted += 1
            cut = abstract(" ".join(sentences(good.korean.abstract_ko)[:-1]))
            seen += "claim_unaligned" in codes(cut, good.english)
    print(f"\ncut: {seen} of {planted} seen")
    assert seen >= 0.85 * planted


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_a_flip_changes_its_text(kind: str, text: str) -> None:
    whole = f"{text}{KINDS[kind][0]}{text}"
    assert all(turned != whole for turned in flips_of(whole, kind))
