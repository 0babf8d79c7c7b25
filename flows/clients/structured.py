"""How strictly a service can be held to JSON, found out by asking.

Services that speak OpenAI's protocol enforce a JSON Schema, or only JSON, or nothing. A request starts as
strict as it can be; a service that refuses the request for that is asked less strictly from then on. An
answer that ignores the schema is no matter here: every answer is checked by transforms/answers.py. Called
by flows/clients/openai.py.
"""

import re
from typing import TYPE_CHECKING, Any, Literal, get_args

from flows.progress import PROGRESS
from transforms.requests import Structured

if TYPE_CHECKING:
    from openai import APIStatusError

_MODES: tuple[Structured, ...] = get_args(Structured)
_IN_WORDS = {
    "strict": "with an enforced JSON Schema",
    "json_object": "in its JSON mode",
    "prompt": "by the prompt alone",
}
_ABOUT_IT = re.compile(
    r"response_?format|json[ _]?(?:schema|object|mode)|\bschema\b|grammar|structured[ _]output|guided_",
    re.IGNORECASE,
)
# A refusal may quote the request, whose paper may speak of schemas and grammars.
_WORDING = 300


class StructuredModes:
    """The mode in which each kind of request is asked.

    Args:
        setting: A mode to keep to, or ``auto`` to begin with the strictest and find out.
    """

    def __init__(self, setting: Structured | Literal["auto"]) -> None:
        self.mode: Structured = "strict" if setting == "auto" else setting
        """The mode of requests whose kind has no answer yet."""
        self._is_fixed = setting != "auto"
        self._proven: dict[str, Structured] = {}

    def of(self, schema_name: str) -> Structured:
        """The mode to ask this kind of request in: the one that worked for it, or the one to try."""
        return self._proven.get(schema_name, self.mode)

    def worked(self, schema_name: str, mode: Structured) -> None:
        """Note that a request of this kind was answered in this mode: a later refusal has other causes."""
        self._proven.setdefault(schema_name, mode)

    def is_relaxed(self, error: "APIStatusError", schema_name: str, mode: Structured) -> bool:
        """True when the refused request is worth asking again less strictly; says so the first time."""
        if self._is_fixed or error.status_code not in (400, 422) or not is_about_structure(error):
            return False
        if (better := self.of(schema_name)) != mode:
            # Another call found out while this one was under way.
            return _MODES.index(better) > _MODES.index(mode)
        if schema_name in self._proven or mode == _MODES[-1]:
            return False
        self.mode = _MODES[_MODES.index(mode) + 1]
        PROGRESS.get().say(
            f"The model service does not answer {_IN_WORDS[mode]} (HTTP {error.status_code}), so this run "
            f"asks {_IN_WORDS[self.mode]}. To begin with that: DAILY_PAPERS_STRUCTURED={self.mode}"
        )
        return True


def is_about_structure(error: "APIStatusError") -> bool:
    """True when the refusal names the response format, by parameter, code or words."""
    said = [error.param, error.code, *_words(error.body)]
    return any(_ABOUT_IT.search(str(words)[:_WORDING]) for words in said if words)


def _words(body: Any) -> list[Any]:
    """What a service says in words: OpenAI's ``message``, FastAPI's ``detail`` but not its echo."""
    if not isinstance(body, dict):
        return [body]
    detail = body.get("detail")
    places = [fault for fault in detail if isinstance(fault, dict)] if isinstance(detail, list) else []
    return [
        body.get("message"),
        detail if isinstance(detail, str) else None,
        *(f"{fault.get('loc')} {fault.get('msg')}" for fault in places[:5]),
    ]
