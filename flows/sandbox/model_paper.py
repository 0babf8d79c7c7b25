"""The paper in a chat completion request.

A user message shows it as one JSON object between <paper-…> tags, maybe after other words; later messages
only ask again. A request that shows a translation beside it asks for a judgement. Called by
flows/sandbox/model.py.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_OPENING = re.compile(r"<(paper-[0-9a-f]{1,64})>")


class Paper(NamedTuple):
    """The paper as the model is shown it, placeholders and all."""

    paper_id: str
    title: str
    abstract: str | None
    translation: dict[str, str] | None = None
    """The Korean to judge; None when the Korean is what is asked for."""


def paper_in(messages: list[dict[str, Any]]) -> Paper | None:
    """The paper of the first user message that shows one; None when there is none to be found."""
    texts = (text_of(message) for message in messages if message.get("role") == "user")
    return next((paper for text in texts for shown in _shown(text) if (paper := _paper(shown))), None)


def _shown(text: str) -> Iterator[Any]:
    """Each JSON object between paper tags."""
    for opening in _OPENING.finditer(text):
        end = text.find(f"</{opening[1]}>", opening.end())
        try:
            shown = json.loads(text[opening.end() : end]) if end > 0 else None
        except ValueError:
            continue
        if isinstance(shown, dict):
            yield shown


def _paper(shown: Any) -> Paper | None:
    paper = Paper(shown.get("paper_id"), shown.get("title"), shown.get("abstract"), shown.get("translation"))
    is_paper = isinstance(paper.paper_id, str) and isinstance(paper.title, str)
    is_whole = isinstance(paper.abstract, str | None) and isinstance(paper.translation, dict | None)
    return paper if is_paper and is_whole else None


def text_of(message: dict[str, Any]) -> str:
    """The message's text, whether it is one string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
    )
