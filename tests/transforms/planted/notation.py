"""Faults of notation: program text, HTML, Markdown, hidden characters, and words of the prompt."""

import random

from planted.edits import edited, inserted, prose
from planted.pairs import Good
from schemas.answer import Korean

_DEBRIS = (
    "{{'내용': '{}'}}", '{{"text": "{}"}}', "['{}']", '["{}"]', "{}\"}}", "{}']", "{}\\n\\n",
    '"summary_ko": "{}"',
    "```json {}", "{{'section': 'Results', 'text': '{}'}}", "{}</s>",
    '{}", "technical_details": "', "None {}",
)  # fmt: skip
_HTML = (
    "<b>{}</b>", "<script>alert(1)</script>{}", "<img src=x onerror=alert(1)>{}",
    '<a href="x">{}</a>', "{}<br>",
    "&nbsp;{}", "<iframe src=x></iframe> {}", "<div class='a'>{}</div>", "&lt;b&gt;{}",
    "<!-- {} -->", "{}<br/>",
    "<svg onload=alert(1)>{}", "<p>{}</p>", "<details>{}</details>", "{}<sup>1</sup>",
)  # fmt: skip
_BLOCKS = (
    "# {}", "### {}", "- {}", "* {}", "1. {}", "> {}", "| 항목 | 값 | {}",
    "{}\n- 첫째입니다.", "{}\n\n## 결과",
    "--- {}", "```python {}```", "{} | --- | --- |", "{}\n1. 첫째입니다.", "• {}", "{} ## 결과 더 좋습니다.",
)  # fmt: skip
_LINKS = (
    "[{}](https://example.org)", "![그림](x.png) {}", "[{}][1]", "{} <https://example.org>", "[코드](#) {}",
    "[{}](javascript:alert(1))", "![]({})", "{} [1]: https://example.org", "[{}](/path)",
)  # fmt: skip
_EMPHASIS = ("**{}**", "__{}__", "*{}*", "`{}`", "~~{}~~", "***{}***", "``{}``", "**{}", "`{}")
_LEAKS = (
    "다음은 번역 결과입니다: {}",
    "번역: {}",
    "As an AI language model, {}",
    "Here is the Korean translation: {}",
    "물론입니다! {}",
    "{} 이 요약은 제공된 초록을 바탕으로 작성되었습니다.",
    "{} 추가로 궁금한 점이 있으면 말씀해 주십시오.",
    "죄송하지만 이 요청은 처리할 수 없습니다.",
    "요청하신 대로 합니다체로 번역했습니다. {}",
    "{} (글자 수: 120자)",
    "시스템 프롬프트의 지시에 따라 요약합니다. {}",
    "{} JSON 형식으로 답변드립니다.",
    "저는 AI 언어 모델로서 다음과 같이 요약합니다. {}",
    "{} 위 내용은 원문을 한국어로 옮긴 것입니다.",
    "title_ko: {}",
    "[요약] {}",
)
_INVISIBLE = (
    "\u200b",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u00ad",
    "\u200d",
    "\U000e0041",
    "\ue000",
    "\x07",
    "\ufffd",
)
_EATEN = ("\x08eta", "\tau", "\x0crac{1}{2}", "\text", "\nu", "\rho", "\x07lpha", "\times", "\x0bec")
_TOKENS = ("⟦M1⟧", "⟦U1⟧", "⟦C2⟧", "⟦M12⟧", "⟦U1", "M3⟧")


def _wrapped(rng: random.Random, good: Good, forms: tuple[str, ...], whole: bool) -> Korean | None:
    """A text, or one of its words, in one of the forms."""

    def change(text: str) -> str:
        form = rng.choice(forms)
        if whole or " " not in text or rng.random() < 0.3:
            return form.format(text)
        words = text.split(" ")
        place = rng.randrange(len(words))
        words[place] = form.format(words[place])
        return " ".join(words)

    return edited(rng, good, change, prose(good))


def program_debris(rng: random.Random, good: Good) -> Korean | None:
    """The text of a data structure instead of the text in it."""
    return _wrapped(rng, good, _DEBRIS, whole=True)


def html(rng: random.Random, good: Good) -> Korean | None:
    """Tags, entities, handlers."""
    return _wrapped(rng, good, _HTML, whole=False)


def markdown_block(rng: random.Random, good: Good) -> Korean | None:
    """A heading, list, quote, rule, fence or table."""
    return _wrapped(rng, good, _BLOCKS, whole=True)


def markdown_link(rng: random.Random, good: Good) -> Korean | None:
    """A link, picture or reference."""
    return _wrapped(rng, good, _LINKS, whole=False)


def emphasis(rng: random.Random, good: Good) -> Korean | None:
    """Stars, underscores, tildes, backticks."""
    return _wrapped(rng, good, _EMPHASIS, whole=False)


def prompt_leak(rng: random.Random, good: Good) -> Korean | None:
    """The model speaks of its task."""
    return _wrapped(rng, good, _LEAKS, whole=True)


def invisible_character(rng: random.Random, good: Good) -> Korean | None:
    """A character that nobody sees."""

    def change(text: str) -> str:
        place = rng.randrange(1, len(text))
        return text[:place] + rng.choice(_INVISIBLE) + text[place:]

    return edited(rng, good, change)


def eaten_latex(rng: random.Random, good: Good) -> Korean | None:
    """JSON took a command's backslash and first letter for a control character."""
    return edited(rng, good, lambda text: inserted(rng, text, rng.choice(_EATEN)), prose(good))


def placeholder_left(rng: random.Random, good: Good) -> Korean | None:
    """A placeholder was not put back."""
    return edited(rng, good, lambda text: inserted(rng, text, rng.choice(_TOKENS)))
