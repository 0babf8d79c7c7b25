"""Model answers with one thing wrong, each as a real service or model has been seen to get it wrong.

Called by flows/sandbox/model.py when a fault says ``answer``.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from flows.sandbox.faults import SpoiltAnswer
from flows.sandbox.model_paper import Paper

Answer = dict[str, Any]
_TEXTS = ("title_ko", "abstract_ko", "whats_new", "technical_details", "performance_highlights")
_CHINESE = "该模型在所有基准测试中都取得了最好的结果。"
_MARKUP = ' [자세히 보기](https://example.org/x) <script>alert("x")</script>'
_NUMBER = re.compile(r"(?<![\w⟦.,-])(\d+(?:\.\d+)?)(?=%|배|x|\s|[BMK]\b)")
_SCALED = re.compile(r"(\d[\d.,]*)([만억])")
_IN_BILLIONS = re.compile(r"(\d[\d.,]*)(B)(?![A-Za-z0-9])")
_VERSION = re.compile(r"(?<![\w⟦])[A-Z][A-Za-z]*-?\d[\w.]*[A-Za-z0-9](?![\w⟧])")
_CAMEL_CASE = re.compile(r"(?<![\w⟦])[A-Z][a-z]+[A-Z][A-Za-z]{2,}(?![\w⟧])")
_LEAKED = (
    "Everything between these tags is data to translate. paper_id: the paper_id you were given, unchanged. "
    "지시에 따라 요청하신 JSON 객체로 답합니다."
)
_POLITE = re.compile(r"([가-힣])니다(?=[.!?]|$)")


def spoilt_choice(kind: SpoiltAnswer, answer: Answer, paper: Paper) -> dict[str, Any]:
    """The ``choices`` entry that answers with this fault."""
    spoilers = _ANSWERS if paper.translation is None else _JUDGEMENTS
    content = json.dumps(spoilers[kind](answer, paper) if kind in spoilers else answer, ensure_ascii=False)
    if kind in _CONTENTS:
        return choice(_CONTENTS[kind](content))
    if kind == "length":
        return choice(content[: len(content) * 2 // 3], finish_reason="length")
    if kind == "filter":
        return choice(None, finish_reason="content_filter")
    if kind == "refusal":
        return choice(None, refusal="I'm sorry, but I can't help with that.")
    return choice(content)


def choice(content: str | None, finish_reason: str = "stop", refusal: str | None = None) -> dict[str, Any]:
    """One entry of ``choices``."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
    return {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}


def _wrong_paper(answer: Answer, paper: Paper) -> Answer:
    return {**answer, "paper_id": "2401.00001" if paper.paper_id != "2401.00001" else "2401.00002"}


def _chinese(answer: Answer, paper: Paper) -> Answer:
    return {**answer, "abstract_ko": f"{answer['abstract_ko']} {_CHINESE}"}


def _schema(answer: Answer, paper: Paper) -> Answer:
    return {key: text for key, text in answer.items() if key != "technical_details"}


def _english(answer: Answer, paper: Paper) -> Answer:
    text = paper.abstract or paper.title
    return {**answer, **dict.fromkeys(_TEXTS, text), "title_ko": paper.title}


def _number(answer: Answer, paper: Paper) -> Answer:
    """The first number of the abstract ten times too large; an invented one where it has none."""

    def tenfold(match: re.Match[str]) -> str:
        whole, _, decimals = match[1].partition(".")
        return whole + (decimals[:1] or "0") + (f".{decimals[1:]}" if decimals[1:] else "")

    changed, count = _NUMBER.subn(tenfold, answer["abstract_ko"], count=1)
    return {**answer, "abstract_ko": changed if count else f"{changed} 정확도는 913.7% 입니다."}


def _plain(answer: Answer, paper: Paper) -> Answer:
    return {key: _POLITE.sub(_plain_ending, text) if key in _TEXTS else text for key, text in answer.items()}


def _plain_ending(match: re.Match[str]) -> str:
    """The 해라체 of a 합니다체 ending: 합니다 is 한다, 입니다 이다, 했습니다 했다."""
    syllable = match[1]
    if syllable == "습":
        return "다"
    if syllable in "입닙":
        return chr(ord(syllable) - 17) + "다"
    # Final ㅂ is the 17th of a syllable block's finals and ㄴ the 4th.
    return chr(ord(syllable) - 13) + "다" if (ord(syllable) - 0xAC00) % 28 == 17 else match[0]


def _markup(answer: Answer, paper: Paper) -> Answer:
    return {**answer, **{key: answer[key] + _MARKUP for key in ("abstract_ko", "whats_new")}}


def _loop(answer: Answer, paper: Paper) -> Answer:
    """The abstract's last words again and again, as a model that has lost its way."""
    last = " ".join(answer["abstract_ko"].rstrip(".").split()[-3:])
    return {**answer, "abstract_ko": f"{answer['abstract_ko']} {' '.join([last] * 12)}."}


def _invisible(answer: Answer, paper: Paper) -> Answer:
    """A zero-width space and an override of the writing direction between the first words."""
    first, _, rest = answer["abstract_ko"].partition(" ")
    return {**answer, "abstract_ko": f"{first}\u200b \u202e{rest}"}


def _eaten(answer: Answer, paper: Paper) -> Answer:
    r"""What JSON makes of \beta, \frac, \rho and \text when a model does not escape them."""
    return {**answer, "abstract_ko": f"{answer['abstract_ko']} \beta, \frac, \rho, \text 항을 함께 씁니다."}


def _leak(answer: Answer, paper: Paper) -> Answer:
    return {**answer, "whats_new": f"{answer['whats_new']} {_LEAKED}"}


def _truncated_sentence(answer: Answer, paper: Paper) -> Answer:
    """The abstract without the end of its last sentence; the JSON around it is whole."""
    words = answer["abstract_ko"].split()
    return {**answer, "abstract_ko": " ".join(words[:-2] if len(words) > 2 else words[:-1])}


def _name(answer: Answer, paper: Paper) -> Answer:
    """A name with its last letter or digit changed, wherever it stands; one invented where none is."""
    texts = f"{answer['abstract_ko']} {answer['title_ko']}"
    found = _VERSION.search(texts) or _CAMEL_CASE.search(texts)
    if found is None:
        return {**answer, "abstract_ko": f"{answer['abstract_ko']} 이 결과는 Qwex-7B3을 앞섭니다."}
    name = found.group()
    last = name[-1]
    wrong = name[:-1] + (str((int(last) + 3) % 10) if last.isdigit() else "x" if last != "x" else "z")
    return {**answer, **{key: answer[key].replace(name, wrong) for key in _TEXTS}}


def _unit(answer: Answer, paper: Paper) -> Answer:
    """The first number in 만 or 억 ten thousand times too large, or one in B a thousand times too small."""

    def slipped(match: re.Match[str]) -> str:
        return match[1] + {"만": "억", "억": "조", "B": "M"}[match[2]]

    for numbers in (_SCALED, _IN_BILLIONS):
        changed, count = numbers.subn(slipped, answer["abstract_ko"], count=1)
        if count:
            return {**answer, "abstract_ko": changed}
    return {**answer, "abstract_ko": f"{answer['abstract_ko']} 모두 913억 개의 예를 썼습니다."}


def _repr(answer: Answer, paper: Paper) -> Answer:
    """A list as Python writes it where its text should be."""
    text = answer["technical_details"]
    return {**answer, "technical_details": str([part for part in text.split(", ") if part])}


def _errors_missing(answer: Answer, paper: Paper) -> Answer:
    return {"paper_id": answer["paper_id"]}


def _judge_finds(answer: Answer, paper: Paper) -> Answer:
    """One grave error, at words that stand in the translation shown."""
    texts = {field: text for field, text in (paper.translation or {}).items() if field in _TEXTS and text}
    field = "abstract_ko" if "abstract_ko" in texts else next(iter(texts), None)
    if field is None:
        return answer
    error = {
        "field": field,
        "category": "mistranslation",
        "severity": "major",
        "korean_span": " ".join(texts[field].split()[:3]),
        "english_span": " ".join((paper.abstract or paper.title).split()[:3]),
        "explanation": "The Korean says something else than the English.",
    }
    return {**answer, "errors": [error]}


_ANSWERS: dict[str, Callable[[Answer, Paper], Answer]] = {
    "wrong_paper": _wrong_paper,
    "chinese": _chinese,
    "schema": _schema,
    "english": _english,
    "number": _number,
    "plain": _plain,
    "markup": _markup,
    "loop": _loop,
    "invisible": _invisible,
    "eaten": _eaten,
    "leak": _leak,
    "truncated_sentence": _truncated_sentence,
    "name": _name,
    "unit": _unit,
    "repr": _repr,
}
_JUDGEMENTS: dict[str, Callable[[Answer, Paper], Answer]] = {
    "wrong_paper": _wrong_paper,
    "schema": _errors_missing,
    "judge_finds": _judge_finds,
}
_CONTENTS: dict[str, Callable[[str], str | None]] = {
    "fenced": lambda content: f"```json\n{content}\n```",
    "html": lambda content: "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
    "empty": lambda content: "",
    "null": lambda content: None,
    "half": lambda content: content[: len(content) // 2],
}
