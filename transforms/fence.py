"""Untrusted text as data in a prompt: one JSON object between tags that the text cannot close.

The tags are named by the hash of what stands between them, so no text can hold its own closing tag, and
the same paper gives the same prompt, which a kept or batched request needs. Called by transforms/prompt.py
and transforms/judge.py.
"""

import json
from typing import Any

from transforms.text import sha256_of


def fenced(paper: dict[str, Any]) -> str:
    """The paper as one line of JSON between ``<paper-…>`` tags."""
    tag = f"paper-{sha256_of(paper)[:12]}"
    return f"<{tag}>\n{json.dumps(paper, ensure_ascii=False)}\n</{tag}>"
