"""What one paid model answer is worth: Korean, or faults by name, and always its usage.

The body is read as it came over the wire, usage first, so that a broken answer is still an accounted
one. Each way to fail has its own code (refusal, length, filter, empty, bad_json, schema, wrong_paper,
not_a_completion), and only an answer that is none of these meets the quality gate. Called by
transforms/conversation.py, on answers fresh from the model and on answers kept by an earlier run alike.
"""

import json
from typing import NamedTuple

from pydantic import ValidationError

from schemas.answer import Code, Issue, Korean, Section, TranslationAnswer
from schemas.payloads import Choice, Completion, Message, Usage
from schemas.tables import SECTIONS
from transforms.gate.case import visible
from transforms.placeholders import restored
from transforms.prompt import Source, terms_given
from transforms.quality import MENDED, issues, repaired
from transforms.text import encodable, plain

_LONGEST_NAME = 100

CODES = {
    "not_a_completion": Code("The service's answer is not a chat completion."),
    "refusal": Code("The model refused."),
    "length": Code("The answer was cut off at the token limit."),
    "filter": Code("The service's content filter withheld the answer."),
    "empty": Code("The answer holds no text."),
    "bad_json": Code("The answer is not JSON."),
    "schema": Code("The JSON lacks a key, has one too many or a value of the wrong type."),
    "wrong_paper": Code("The answer names another paper."),
}


def is_completion(body: str) -> bool:
    """True when the body is a chat completion, or anything with usage; else the model never spoke."""
    completion = _completion(body)
    return bool(completion and (completion.choices or completion.usage))


def _completion(body: str) -> Completion | None:
    try:
        return Completion.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return None


class Judgement(NamedTuple):
    """One answer, read: Korean when it could be read at all, issues, and what it cost."""

    korean: Korean | None
    issues: list[Issue]
    content: str
    """What the model said, for quoting it back in a re-ask; empty when it said nothing."""
    model: str | None
    usage: Usage

    @property
    def errors(self) -> list[Issue]:
        """The issues that refuse the answer."""
        return [issue for issue in self.issues if issue.severity == "error"]


class Content(NamedTuple):
    """What a chat completion says, or why it says nothing that can be used."""

    text: str
    fault: Issue | None
    model: str | None
    usage: Usage


def content_of(body: str) -> Content:
    """The text of a raw response body, its Markdown fence taken off, and always its usage."""
    completion = _completion(body)
    if completion is None or not completion.choices:
        usage = (completion.usage if completion else None) or Usage()
        return Content("", _fault("not_a_completion", body), None, usage)
    choice = completion.choices[0]
    message = choice.message or Message()
    # JSON can spell lone surrogates, which neither a request nor a table can hold.
    text = encodable(_unfenced(message.content or ""))
    model = plain(completion.model or "")[:_LONGEST_NAME] or None
    return Content(text, _service_fault(choice, message), model, completion.usage or Usage())


def judged(body: str, source: Source) -> Judgement:
    """The judgement on a raw response body for this paper."""
    said = content_of(body)
    answer = said.fault or _answer(said.text, source.english.paper_id)
    if isinstance(answer, Issue):
        return Judgement(None, [answer], said.text, said.model, said.usage)
    # Judged as it came: mending would wash away what betrays an eaten formula.
    korean = _korean(answer, source)
    terms = terms_given(source)
    found = [issue for issue in issues(source.english, korean, terms) if issue.code not in MENDED]
    return Judgement(repaired(korean, terms), found, said.text, said.model, said.usage)


def _service_fault(choice: Choice, message: Message) -> Issue | None:
    if message.refusal:
        return _fault("refusal", message.refusal)
    if choice.finish_reason == "length":
        return _fault("length", (message.content or "")[-80:])
    if choice.finish_reason == "content_filter":
        return _fault("filter", "content_filter")
    if not (message.content or "").strip():
        return _fault("empty", repr(message.content))
    return None


def _unfenced(content: str) -> str:
    """The content without a Markdown fence around the whole of it."""
    stripped = content.strip()
    if not (stripped.startswith("```") and stripped.endswith("```")):
        return content
    language, _, inner = stripped[3:-3].partition("\n")
    return inner if language.strip().lower() in ("", "json") else content


def _answer(content: str, paper_id: str) -> TranslationAnswer | Issue:
    try:
        answer = TranslationAnswer.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return _fault("bad_json", f"{first['msg']}, got {content[:60]!r}")
        return _fault("schema", f"{'.'.join(map(str, first['loc'])) or 'answer'}: {first['msg']}")
    if answer.paper_id != paper_id:
        return _fault("wrong_paper", f"expected {paper_id}, got {answer.paper_id[:40]!r}")
    return answer


def _fault(code: str, got: str) -> Issue:
    return Issue(code, "error", "answer", f"{CODES[code].meaning} Got: {visible(got[:200])}")


def _korean(answer: TranslationAnswer, source: Source) -> Korean:
    originals = source.shown.originals
    texts = (answer.whats_new, answer.technical_details, answer.performance_highlights)
    sections = [Section(name, restored(text, originals)) for name, text in zip(SECTIONS, texts, strict=True)]
    title, abstract = restored(answer.title_ko, originals), restored(answer.abstract_ko, originals)
    return Korean(title, abstract, sections)
