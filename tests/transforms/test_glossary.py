"""The glossary: its file is sound, its terms are found however they are written, code mends spacing."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.glossary import (
    GLOSSARY,
    GLOSSARY_VERSION,
    Rendering,
    Term,
    mention,
    read_glossary,
    squeezed,
    standing,
    terms_in,
    with_fixed_spacing,
)

TERM = {term.english: term for term in GLOSSARY}
HANGUL = re.compile("[가-힣]")


def english_in(text: str) -> list[str]:
    return [term.english for term in terms_in(text)]


# The file ----------------------------------------------------------------------------------------


def test_the_file_has_the_terms_that_models_render_in_the_most_ways() -> None:
    wanted = (
        "large language model; diffusion model; reinforcement learning; benchmark; fine-tuning; zero-shot; "
        "pre-training; state-of-the-art; vision-language model; chain-of-thought; instruction tuning; "
        "retrieval-augmented generation; downstream task; ablation study; multimodal; reasoning; inference"
    )
    assert set(wanted.split("; ")) <= set(TERM)
    assert len(GLOSSARY) >= 150


def test_no_english_form_belongs_to_two_terms() -> None:
    counts = Counter(form for term in GLOSSARY for form in term.forms)
    assert [form for form, count in counts.items() if count > 1] == []


def test_only_reasoning_and_inference_share_a_rendering_and_one_of_them_is_glossed() -> None:
    by_korean: dict[str, list[str]] = {}
    for term in GLOSSARY:
        by_korean.setdefault(term.rendering, []).append(term.english)
    assert [shared for shared in by_korean.values() if len(shared) > 1] == [["reasoning", "inference"]]
    assert (TERM["reasoning"].korean, TERM["inference"].korean) == ("추론", "추론(inference)")


@pytest.mark.parametrize("term", GLOSSARY, ids=[term.english for term in GLOSSARY])
def test_each_term_is_sound(term: Term) -> None:
    letters = squeezed(term.rendering)
    others = [squeezed(each.text) for each in (*term.variants, *term.wrong)]
    assert HANGUL.search(term.korean)
    assert len(set(others)) == len(others), "a rendering is listed twice"
    assert all(HANGUL.search(each.text) for each in (*term.variants, *term.wrong))
    # What holds the right rendering cannot be told from it.
    assert [other for other in others if letters in other and other != letters] == []
    assert letters not in [squeezed(each.text) for each in term.wrong]
    assert term in terms_in(term.english)
    assert with_fixed_spacing(term.rendering, GLOSSARY) == term.rendering


def test_a_changed_file_is_another_version() -> None:
    assert re.fullmatch("[0-9a-f]{12}", GLOSSARY_VERSION)


def test_a_line_is_read_with_its_forms_renderings_and_excuses() -> None:
    line = ("diffusion model; DM", "확산 모델", "디퓨전 모델", "분산 모델 [distribut; varia]; 보급 모델")
    text = "# a comment\n\n" + "\t".join(line) + "\n"
    wrong = (Rendering("분산 모델", ("distribut", "varia")), Rendering("보급 모델", ()))
    forms = ("diffusion model", "DM")
    assert read_glossary(text) == (
        Term("diffusion model", forms, "확산 모델", (Rendering("디퓨전 모델", ()),), wrong),
    )
    assert read_glossary("token\t토큰\t-\t-\n") == (Term("token", ("token",), "토큰", (), ()),)
    assert read_glossary(text)[0].abbreviation == "DM"
    assert read_glossary("# nothing\n") == ()


# English -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "english"),
    [
        ("Large Language Models", "large language model"),
        ("LLMs", "large language model"),
        ("large-language-model", "large language model"),
        ("finetuning", "fine-tuning"),
        ("fine tuned", "fine-tuning"),
        ("Pretrained", "pre-training"),
        ("pre‑trains", "pre-training"),
        ("distilling", "distillation"),
        ("pruned", "pruning"),
        ("modalities", "modality"),
        ("Chain-of-Thought", "chain-of-thought"),
        ("CoT", "chain-of-thought"),
        ("3D Gaussian Splatting", "Gaussian splatting"),
        ("RAG", "retrieval-augmented generation"),
        ("SoTA", "state-of-the-art"),
        ("policies", None),
        ("rag", None),
        ("cot", None),
        ("datasetting", None),
        ("XLLM", None),
        ("", None),
    ],
)
def test_a_term_is_found_however_it_is_written(written: str, english: str | None) -> None:
    assert english_in(written) == ([english] if english else [])


def test_terms_come_in_order_of_occurrence_and_once_each() -> None:
    text = "Benchmarks for LLMs: a benchmark of zero-shot reasoning by a large language model."
    assert english_in(text) == ["benchmark", "large language model", "zero-shot", "reasoning"]


def test_the_longest_term_counts() -> None:
    assert english_in("multimodal large language models") == ["multimodal large language model"]
    assert english_in("language models") == ["language model"]
    assert english_in("reinforcement learning from human feedback") == [
        "reinforcement learning from human feedback"
    ]


@given(st.text(st.sampled_from("LMlargeuod -‑ns"), max_size=60))
def test_every_term_found_is_mentioned(text: str) -> None:
    assert all(mention(term, text) for term in terms_in(text))


# Korean ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("korean", "found"),
    [
        ("분산 모델을 학습합니다.", "분산 모델"),
        ("분산모델은", "분산모델"),
        ("(분산-모델)", "분산-모델"),
        ("분산 모델링을 합니다.", None),
        ("비분산 모델을", None),
    ],
)
def test_a_rendering_stands_as_words_of_its_own(korean: str, found: str | None) -> None:
    match = standing("분산 모델", korean)
    assert (match.group() if match else None) == found


@pytest.mark.parametrize(
    ("english", "written", "fixed"),
    [
        ("LLM", "대규모언어모델은 대규모 언어모델과", "대규모 언어 모델은 대규모 언어 모델과"),
        ("RL", "강화학습으로", "강화 학습으로"),
        ("VLM", "비전 언어 모델을", "비전-언어 모델을"),
        ("end-to-end", "엔드 투 엔드로", "엔드투엔드로"),
        ("zero-shot", "제로-샷", "제로샷"),
        ("inference", "추론(inference)을", "추론(inference)을"),
        ("RL", "비강화학습", "비강화학습"),
        ("benchmark", "강화학습", "강화학습"),
    ],
)
def test_spacing_becomes_the_glossarys_for_the_terms_given(english: str, written: str, fixed: str) -> None:
    assert with_fixed_spacing(written, terms_in(english)) == fixed


KOREAN = st.lists(
    st.sampled_from(
        sorted({part for term in GLOSSARY for part in re.split("[ -]", term.rendering)} | set(" -은을"))
    ),
    max_size=12,
).map("".join)


@given(KOREAN)
def test_mended_spacing_changes_no_letter_and_is_mended_once(korean: str) -> None:
    fixed = with_fixed_spacing(korean, GLOSSARY)
    assert squeezed(fixed) == squeezed(korean)
    assert with_fixed_spacing(fixed, GLOSSARY) == fixed
