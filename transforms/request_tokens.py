"""What one request takes before it is sent: tokens by script, output by what is asked for.

Nobody but the service can count its tokens, so there are two figures. The expected one is right on average;
the upper one bounds a single call for the budget: the tokenizer's worst plausible text and, where the
request caps its output, that cap. Called by transforms/estimate.py and flows/budget.py.
"""

import json
import re
from typing import Final, NamedTuple

from transforms.prices import Prices
from transforms.requests import ChatRequest

_HANGUL: Final = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣᄀ-ᇿ]")
_PER_MESSAGE: Final = 4
# What is expected to come back for each key of the answer; abstract_ko follows the abstract's length.
_KEY_TOKENS: Final = {
    "paper_id": 15,
    "title_ko": 40,
    "whats_new": 120,
    "technical_details": 190,
    "performance_highlights": 120,
    "errors": 120,
}
_OTHER_KEY: Final = 100
_ABSTRACT_GROWS: Final = 1.5
"""Tokens of Korean for one of English."""
_LONGEST_ABSTRACT: Final = 700
_REASONING_MODELS: Final = re.compile(r"gpt-[5-9]|o[0-9]")
_REASONING: Final = {"none": 0, "minimal": 50, "low": 400, "medium": 1_200, "high": 4_000, "xhigh": 8_000}
"""Output tokens of thought by ``reasoning_effort``: guesses, until the model's own answers say better."""
_REASONS_AT_MOST: Final = 8
"""Times the expected thought that one call may take."""
_WRITES_AT_MOST: Final = 4
_CAPS: Final = ("max_completion_tokens", "max_tokens")


class Ratios(NamedTuple):
    """Tokens per character."""

    ascii: float
    hangul: float
    other: float


EXPECTED: Final = Ratios(0.25, 0.65, 1.0)
"""Of today's tokenizers: four letters of English, one and a half syllables of Korean to a token."""
UPPER: Final = Ratios(0.5, 1.5, 4.0)
"""Dense LaTeX, an older tokenizer, a rare character in all its bytes."""


class Tokens(NamedTuple):
    """Tokens of one call."""

    input: float
    output: float


def tokens_of(text: str, ratios: Ratios = EXPECTED) -> float:
    """Tokens of a text by the scripts of its characters.

    >>> tokens_of("four letters here"), tokens_of("한국어")
    (4.25, 1.9500000000000002)
    """
    ascii_count = len(text.encode("ascii", "ignore"))
    hangul = len(_HANGUL.findall(text))
    other = len(text) - ascii_count - hangul
    return ascii_count * ratios.ascii + hangul * ratios.hangul + other * ratios.other


def expected_tokens(request: ChatRequest) -> Tokens:
    """What one call takes on average, before anything is known of the model."""
    return Tokens(_input(request, EXPECTED), _visible(request) + _reasoning(request))


def upper_tokens(request: ChatRequest) -> Tokens:
    """What one call takes at most.

    The output is the request's own cap where it has one, which the service holds; else several times the
    expected, which nobody holds.
    """
    caps = [request.parameters[name] for name in _CAPS if isinstance(request.parameters.get(name), int)]
    guess = _WRITES_AT_MOST * _visible(request) + _REASONS_AT_MOST * _reasoning(request)
    return Tokens(_input(request, UPPER), min(caps, default=guess))


def upper_cost(request: ChatRequest, prices: Prices, *, is_batch: bool = False) -> float | None:
    """US dollars that one call costs at most; None when its model has no price."""
    price = prices.price(request.model)
    if price is None:
        return None
    tokens = upper_tokens(request)
    return price.cost(round(tokens.input + 0.5), 0, round(tokens.output + 0.5), is_batch=is_batch)


def _input(request: ChatRequest, ratios: Ratios) -> float:
    # The schema is shown to the model too.
    schema = tokens_of(json.dumps(request.schema, ensure_ascii=False), ratios)
    said = sum(tokens_of(message["content"], ratios) + _PER_MESSAGE for message in request.messages)
    return schema + said


def _visible(request: ChatRequest) -> float:
    """Expected tokens of the answer itself."""
    keys = request.schema.get("properties", {})
    shown = [tokens_of(message["content"]) for message in request.messages if message["role"] == "user"]
    source = min(max(shown, default=0.0), _LONGEST_ABSTRACT)
    fixed = sum(_KEY_TOKENS.get(key, _OTHER_KEY) for key in keys if key != "abstract_ko")
    return fixed + (source * _ABSTRACT_GROWS if "abstract_ko" in keys else 0)


def _reasoning(request: ChatRequest) -> float:
    effort = request.parameters.get("reasoning_effort")
    if effort is None:
        effort = "medium" if _REASONING_MODELS.match(request.model) else "none"
    return _REASONING.get(str(effort), _REASONING["high"])
