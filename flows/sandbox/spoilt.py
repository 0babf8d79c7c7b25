"""Model answers with one thing wrong, each as a real service or model has been seen to get it wrong.

Called by flows/sandbox/model.py when a fault says ``answer``.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from flows.sandbox.faults import SpoiltAnswer
from flows.sandbox.model_paper import Paper

Answer = dict[str, str]
_TEXTS = ("title_ko", "abstract_ko", "whats_new", "technical_details", "performance_highlights")
_CHINESE = "该模型在所有基准测试中都取得了最好的结果。"
_MARKUP = ' [자세히 보기](https://example.org/x) <script>alert("x")</script>'
_NUMBER = re.compile(r"(?<![\w⟦.,-])(\d+(?:\.\d+)?)(?=%|배|x|\s|[BMK]\b)")
_POLITE = re.compile(r"([가-힣])니다(?=[.!?]|$)")


def spoilt_choice(kind: SpoiltAnswer, answer: Answer, paper: Paper) -> dict[str, Any]:
    """The ``choices`` entry that answers with this fault."""
    content = json.dumps(_ANSWERS[kind](answer, paper) if kind in _ANSWERS else answer, ensure_ascii=False)
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


_ANSWERS: dict[str, Callable[[Answer, Paper], Answer]] = {
    "wrong_paper": _wrong_paper,
    "chinese": _chinese,
    "schema": _schema,
    "english": _english,
    "number": _number,
    "plain": _plain,
    "markup": _markup,
}
_CONTENTS: dict[str, Callable[[str], str | None]] = {
    "fenced": lambda content: f"```json\n{content}\n```",
    "html": lambda content: "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>",
    "empty": lambda content: "",
    "null": lambda content: None,
    "half": lambda content: content[: len(content) // 2],
}
