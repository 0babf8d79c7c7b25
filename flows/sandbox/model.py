"""The model stand-in: chat completions as an OpenAI-compatible service sends them.

It answers with the recorded Korean of the bundled sample and with a marked pseudo-translation for any
other paper, and its ``model`` says which; asked to judge a translation, it finds nothing. It never pretends
to be a model. Latency and limits are real, so that concurrency, timeouts and back-off can be tested. Called
by flows/sandbox/app.py.
"""

import json
import math
import random
import time
import uuid
from collections import Counter
from typing import Any, NamedTuple

from starlette.requests import Request

from flows.sandbox.config import SandboxConfig
from flows.sandbox.faults import Asks, Call, Fault
from flows.sandbox.limits import RateLimits, Refused
from flows.sandbox.model_paper import Paper, paper_in, text_of
from flows.sandbox.pseudo import pseudo_answer
from flows.sandbox.reply import Reply, json_reply
from flows.sandbox.sample import Sample
from flows.sandbox.spoilt import Answer, choice, spoilt_choice

PSEUDO_MODEL = "sandbox-pseudo"
RECORDED_MODEL = "sandbox-recorded"
_SIGMA = 0.5
# Providers cache a prompt's prefix from 1,024 tokens on, in steps of 128.
_CACHED_FROM, _CACHED_STEP = 1024, 128
_FORMATS = {"none": ("text",), "json_object": ("text", "json_object")}


class _Asked(NamedTuple):
    """A request as far as it can be read."""

    body: dict[str, Any]
    paper: Paper | None

    @property
    def asks(self) -> Asks:
        """What is asked for: a judgement where there is a translation to judge."""
        return "judgement" if self.paper and self.paper.translation is not None else "translation"

    @property
    def tokens(self) -> int:
        """Tokens that count against a limit before there is an answer: the prompt's and the most allowed."""
        allowed = self.body.get("max_completion_tokens") or self.body.get("max_tokens") or 0
        prompt = sum(_tokens(text_of(message)) for message in self.body.get("messages", ()))
        return prompt + (allowed if isinstance(allowed, int) else 0)


class Model:
    """``POST /v1/chat/completions``."""

    def __init__(self, config: SandboxConfig, sample: Sample) -> None:
        self._latency = config.latency
        self._seed = config.seed
        self._structured = config.structured
        self._reasoning = config.reasoning
        self._sample = sample
        self._limits = RateLimits(config)
        self._calls: Counter[str] = Counter()

    def call(self, request: Request, body: bytes) -> Call:
        """The paper that the request asks about and what for; no key when it names none."""
        asked = _asked(body)
        request.state.tokens = asked.tokens
        key = asked.paper.paper_id if asked.paper else ""
        return Call("openai", key, paper_ids=frozenset({key} if key else ()), asks=asked.asks)

    def refusal(self, request: Request) -> Reply | None:
        """401 without a bearer token, 429 over a limit; both come before any fault."""
        if unauthorized := unauthorized_reply(request):
            return unauthorized
        try:
            request.state.limit_headers = self._limits.admit(request.state.tokens, time.monotonic())
        except Refused as refused:
            return error_reply(429, str(refused), refused.kind, "rate_limit_exceeded", refused.headers)
        return None

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The completion; 400 for a request that asks for none of what is offered here."""
        asked = _asked(body)
        paper = asked.paper
        if paper is None or not isinstance(asked.body.get("model"), str) or asked.body.get("stream"):
            return error_reply(400, "Expected a model, no stream, and <paper-...> in the first user message.")
        if refusal := self._format_refusal(asked.body):
            return refusal
        self._calls[paper.paper_id] += 1
        completion = self._completion(asked, paper, fault)
        latency = drawn_latency(self._latency, self._seed, paper.paper_id, self._calls[paper.paper_id])
        # The lines of a batch come without having asked for admission.
        headers = dict(getattr(request.state, "limit_headers", {}))
        headers["openai-processing-ms"] = str(round(latency * 1000))
        content = json.dumps(completion, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return Reply(content, "application/json", headers=headers, latency=latency)

    def _format_refusal(self, body: dict[str, Any]) -> Reply | None:
        """400 for a stricter response_format than there is, in the words of llama.cpp and of OpenAI."""
        response_format = body.get("response_format")
        asked = response_format.get("type") if isinstance(response_format, dict) else "text"
        if self._structured == "strict" or asked in _FORMATS[self._structured]:
            return None
        if self._structured == "json_object":
            offered = '"text" or "json_object"'
            return error_reply(400, f"response_format type must be one of {offered}, but got: {asked}")
        said = f"Invalid parameter: 'response_format' of type '{asked}' is not supported with this model."
        return error_reply(400, said, param="response_format")

    def _completion(self, asked: _Asked, paper: Paper, fault: Fault | None) -> dict[str, Any]:
        answer, model = self._answer(asked.asks, paper)
        kind = fault.answer if fault else None
        content = json.dumps(answer, ensure_ascii=False)
        only = spoilt_choice(kind, answer, paper) if kind else choice(content)
        usage = _usage(asked.body["messages"], only["message"]["content"], self._reasoning)
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [] if kind == "no_choices" else [only],
            "usage": None if kind == "no_usage" else usage,
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }

    def _answer(self, asks: Asks, paper: Paper) -> tuple[Answer, str]:
        """The right answer and the model that gives it."""
        if asks == "judgement":
            return {"paper_id": paper.paper_id, "errors": []}, PSEUDO_MODEL
        recorded = self._sample.answer(paper.paper_id, paper.title)
        answer = recorded or pseudo_answer(paper.paper_id, paper.title, paper.abstract)
        return answer.model_dump(), RECORDED_MODEL if recorded else PSEUDO_MODEL


def drawn_latency(median: float, seed: int, paper_id: str, number: int) -> float:
    """Seconds that the so-manieth answer about this paper takes: log-normal, the same for the same seed."""
    if not median:
        return 0.0
    return random.Random(f"{seed} {paper_id} {number}").lognormvariate(math.log(median), _SIGMA)


def _asked(body: bytes) -> _Asked:
    try:
        asked = json.loads(body)
    except ValueError:
        return _Asked({}, None)
    messages = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return _Asked({}, None)
    return _Asked(asked, paper_in(messages))


def _usage(messages: list[dict[str, Any]], content: str | None, reasoning: float) -> dict[str, Any]:
    """Token counts at four characters each; the fixed first message counts as cached from 1,024 on."""
    prompt = sum(_tokens(text_of(message)) for message in messages)
    fixed = _tokens(text_of(messages[0]))
    cached = fixed - fixed % _CACHED_STEP if fixed >= _CACHED_FROM else 0
    said = _tokens(content or "")
    thought = round(said * reasoning / (1 - reasoning))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said + thought,
        "total_tokens": prompt + said + thought,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def _tokens(text: str) -> int:
    return -(-len(text) // 4)


def unauthorized_reply(request: Request) -> Reply | None:
    """401 for a request without a bearer token; any token will do."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return None
    return error_reply(401, "Send any API key as Authorization: Bearer.", code="invalid_api_key")


def error_reply(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    code: str | None = None,
    headers: dict[str, str] | None = None,
    param: str | None = None,
) -> Reply:
    """An error as OpenAI's services word it."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply({"error": error}, status, **(headers or {}))
