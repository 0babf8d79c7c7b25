"""The paper in a chat completion request.

The first user message shows it as one JSON object between <paper-…> tags; later messages only ask again.
Called by flows/sandbox/model.py.
"""

import json
import re
from typing import Any, NamedTuple

_FENCED = re.compile(r"<(paper-[0-9a-f]+)>\s*(\{.*?\})\s*</\1>", re.DOTALL)


class Paper(NamedTuple):
    """The paper as the model is shown it, placeholders and all."""

    paper_id: str
    title: str
    abstract: str | None


def paper_in(messages: list[dict[str, Any]]) -> Paper | None:
    """The paper of the first user message; None when there is none to be found."""
    users = [message for message in messages if message.get("role") == "user"]
    match = _FENCED.search(text_of(users[0])) if users else None
    if match is None:
        return None
    try:
        shown = json.loads(match[2])
    except ValueError:
        return None
    paper = Paper(shown.get("paper_id"), shown.get("title"), shown.get("abstract"))
    is_paper = isinstance(paper.paper_id, str) and isinstance(paper.title, str)
    return paper if is_paper and isinstance(paper.abstract, str | None) else None


def text_of(message: dict[str, Any]) -> str:
    """The message's text, whether it is one string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
    )
