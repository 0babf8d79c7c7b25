"""The model stand-in: chat completions as an OpenAI-compatible service sends them.

It answers with the recorded Korean of the bundled sample and with a marked pseudo-translation for any
other paper, and its ``model`` says which; it never pretends to be a model. Latency and the request limit
are real, so that concurrency, timeouts and back-off can be tested. Called by flows/sandbox/app.py.
"""

import json
import math
import random
import time
import uuid
from collections import Counter
from typing import Any

from starlette.requests import Request

from flows.sandbox.config import SandboxConfig
from flows.sandbox.faults import Call, Fault
from flows.sandbox.model_paper import Paper, paper_in, text_of
from flows.sandbox.pseudo import pseudo_answer
from flows.sandbox.reply import Reply, json_reply
from flows.sandbox.sample import Sample
from flows.sandbox.spoilt import choice, spoilt_choice

PSEUDO_MODEL = "sandbox-pseudo"
RECORDED_MODEL = "sandbox-recorded"
_WINDOW = 60.0
_SIGMA = 0.5
# Providers cache a prompt's prefix from 1,024 tokens on, in steps of 128.
_CACHED_FROM, _CACHED_STEP = 1024, 128


class RequestLimit:
    """So many requests in each minute, counted from the first request on."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._began: float | None = None
        self._window = 0
        self._used = 0

    def admit(self, now: float) -> tuple[bool, dict[str, str]]:
        """Whether the request may pass, and the headers that tell the client where it stands."""
        if self._began is None:
            self._began = now
        window, past = divmod(now - self._began, _WINDOW)
        if window != self._window:
            self._window, self._used = int(window), 0
        admitted = self._used < self._per_minute
        self._used += admitted
        left = math.ceil(_WINDOW - past)
        headers = {
            "x-ratelimit-limit-requests": str(self._per_minute),
            "x-ratelimit-remaining-requests": str(self._per_minute - self._used),
            "x-ratelimit-reset-requests": f"{left}s",
        }
        return admitted, headers if admitted else {**headers, "retry-after": str(left)}


class Model:
    """``POST /v1/chat/completions``."""

    def __init__(self, config: SandboxConfig, sample: Sample) -> None:
        self._latency = config.latency
        self._seed = config.seed
        self._sample = sample
        self._limit = RequestLimit(config.requests_per_minute) if config.requests_per_minute else None
        self._calls: Counter[str] = Counter()
        self._limit_headers: dict[str, str] = {}

    def call(self, request: Request, body: bytes) -> Call:
        """The paper that the request asks about; no key when it names none."""
        paper = _asked(body)[1]
        key = paper.paper_id if paper else ""
        return Call("openai", key, paper_ids=frozenset({key} if key else ()))

    def refusal(self, request: Request) -> Reply | None:
        """401 without a bearer token, 429 over the limit; both come before any fault."""
        if (unauthorized := unauthorized_reply(request)) or self._limit is None:
            return unauthorized
        admitted, headers = self._limit.admit(time.monotonic())
        self._limit_headers = {name: text for name, text in headers.items() if name != "retry-after"}
        if admitted:
            return None
        return error_reply(
            429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded", headers
        )

    def reply(self, request: Request, body: bytes, fault: Fault | None) -> Reply:
        """The completion; 400 for a request that asks for none of what is offered here."""
        asked, paper = _asked(body)
        if paper is None or not isinstance(asked.get("model"), str) or asked.get("stream"):
            return error_reply(400, "Expected a model, no stream, and <paper-...> in the first user message.")
        self._calls[paper.paper_id] += 1
        completion = self._completion(paper, asked["messages"], fault)
        latency = self._drawn_latency(paper.paper_id, self._calls[paper.paper_id])
        headers = {**self._limit_headers, "openai-processing-ms": str(round(latency * 1000))}
        content = json.dumps(completion, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return Reply(content, "application/json", headers=headers, latency=latency)

    def _drawn_latency(self, paper_id: str, number: int) -> float:
        if not self._latency:
            return 0.0
        draw = random.Random(f"{self._seed} {paper_id} {number}")
        return draw.lognormvariate(math.log(self._latency), _SIGMA)

    def _completion(
        self, paper: Paper, messages: list[dict[str, Any]], fault: Fault | None
    ) -> dict[str, Any]:
        recorded = self._sample.answer(paper.paper_id, paper.title)
        answer = (recorded or pseudo_answer(*paper)).model_dump()
        kind = fault.answer if fault else None
        only = spoilt_choice(kind, answer, paper) if kind else choice(json.dumps(answer, ensure_ascii=False))
        return {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": RECORDED_MODEL if recorded else PSEUDO_MODEL,
            "choices": [] if kind == "no_choices" else [only],
            "usage": None if kind == "no_usage" else _usage(messages, only["message"]["content"]),
            "service_tier": "default",
            "system_fingerprint": "fp_sandbox",
        }


def _asked(body: bytes) -> tuple[dict[str, Any], Paper | None]:
    try:
        asked = json.loads(body)
    except ValueError:
        return {}, None
    messages = asked.get("messages") if isinstance(asked, dict) else None
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return {}, None
    return asked, paper_in(messages)


def _usage(messages: list[dict[str, Any]], content: str | None) -> dict[str, Any]:
    """Token counts at four characters each; the fixed first message counts as cached from 1,024 on."""
    prompt = sum(_tokens(text_of(message)) for message in messages)
    fixed = _tokens(text_of(messages[0]))
    cached = fixed - fixed % _CACHED_STEP if fixed >= _CACHED_FROM else 0
    completion = _tokens(content or "")
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
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
) -> Reply:
    """An error as OpenAI's services word it."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json_reply({"error": error}, status, **(headers or {}))
