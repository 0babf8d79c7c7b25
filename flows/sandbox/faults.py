"""Scripted faults: which calls go wrong, and how.

A rule names a service, the calls it matches and one thing that goes wrong; which of those calls it spoils
is counted in flows/sandbox/fault_book.py. Called by flows/sandbox/app.py and the services.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, TypeAdapter, model_validator

FaultyService = Literal["daily_papers", "arxiv", "paper_pages", "openai", "batches", "batch_lines", "hub"]
SpoiltAnswer = Literal[
    "fenced", "html", "empty", "null", "half", "length", "filter", "refusal", "wrong_paper", "chinese",
    "schema", "english", "number", "plain", "no_choices", "no_usage", "markup", "loop", "invisible", "eaten",
    "leak", "truncated_sentence", "name", "unit", "repr", "judge_finds",
]  # fmt: skip
Asks = Literal["translation", "judgement"]
Operation = Literal["upload", "file", "content", "delete", "create", "batch", "list", "cancel"]
HubOperation = Literal[
    "whoami", "create", "delete", "info", "tree", "paths_info", "commits", "refs", "tag", "untag",
    "validate_yaml", "preupload", "lfs_batch", "lfs_put", "lfs_verify", "commit", "resolve",
    "resolve_cache", "cdn",
]  # fmt: skip
SpoiltLine = Literal["expired", "missing", "unknown", "repeated", "garbage"]


@dataclass(frozen=True)
class Call:
    """One request, as rules and the request log see it."""

    service: str
    key: str
    """The date, the paper_id, the id_list, the operation on batches or the Hub, or the line's custom_id."""
    p: int | None = None
    paper_ids: frozenset[str] = field(default=frozenset())
    asks: Asks | None = None
    """What the model is asked for, where that is known."""


class Match(BaseModel):
    """Which calls a rule is about; what is not said matches every call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper_id: str | None = None
    date: str | None = None
    p: int | None = None
    operation: Operation | HubOperation | None = None
    asks: Asks | None = None

    def covers(self, call: Call) -> bool:
        """Whether the call is one of those."""
        return (
            (self.paper_id is None or self.paper_id in call.paper_ids)
            and (self.date is None or self.date == call.key)
            and (self.operation is None or self.operation == call.key)
            and (self.asks is None or self.asks == call.asks)
            and (self.p is None or self.p == call.p)
        )


_MATCHED_BY: dict[str, set[str]] = {
    "daily_papers": {"date", "p"},
    "arxiv": {"paper_id"},
    "paper_pages": {"paper_id"},
    "openai": {"asks", "paper_id"},
    "batches": {"operation"},
    "batch_lines": {"asks", "paper_id"},
    "hub": {"operation"},
}
_OPERATIONS = {"batches": get_args(Operation), "hub": get_args(HubOperation)}
# Those that are about no repository that is there.
_WITHOUT_REPO = {"whoami", "create", "delete", "validate_yaml"}
# Faults of one kind of answer, which the other kind cannot have.
_ASKED_FOR: dict[str, Asks] = {
    "judge_finds": "judgement",
    **dict.fromkeys(
        ("chinese", "english", "number", "plain", "markup", "loop", "invisible", "eaten", "leak",
         "truncated_sentence", "name", "unit", "repr"),
        "translation",
    ),
}  # fmt: skip
_OF_CONNECTIONS = {"status or body", "drop", "lost", "truncate"}
_ACTIONS_OF: dict[str, set[str]] = {
    "daily_papers": _OF_CONNECTIONS,
    "arxiv": _OF_CONNECTIONS,
    "paper_pages": _OF_CONNECTIONS,
    "openai": _OF_CONNECTIONS | {"answer"},
    "batches": _OF_CONNECTIONS | {"failure"},
    "batch_lines": {"status or body", "answer", "line"},
    "hub": _OF_CONNECTIONS | {"cut", "concurrent"},
}


class Fault(BaseModel):
    """One rule: calls of a service, and what goes wrong with them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: FaultyService
    match: Match = Match()

    first: PositiveInt | None = None
    """Only the first so many matching calls."""
    calls: list[PositiveInt] | None = None
    """Only these matching calls, counted from 1."""
    share: float | None = Field(None, ge=0, le=1)
    """Only this share of papers (or dates), and of those the first call."""

    status: int | None = Field(None, ge=200, le=599)
    message: str | None = None
    """What the Hub says with that status, instead of its usual words."""
    headers: dict[str, str] = {}
    body: str | None = None
    """Sent instead of the answer; status 200 unless said otherwise."""
    content_type: str = "text/html; charset=utf-8"
    """Of ``body``."""
    applied: bool = False
    """Do the work all the same, and only then send status or body."""
    delay: float | None = Field(None, ge=0)
    """Seconds to wait first; goes with any other action."""
    drop: bool = False
    """Send half of the body, then close the connection."""
    lost: bool = False
    """Do the work, log it as answered, and close the connection before a byte is sent."""
    cut: bool = False
    """Close the connection before anything is done."""
    concurrent: dict[str, str | None] | None = None
    """Let somebody else commit these texts by path (None deletes one) before the operation begins."""
    truncate: int | None = Field(None, ge=0)
    """Send so many bytes of the body as if they were all."""
    answer: SpoiltAnswer | None = None
    """What is wrong with the model's answer."""
    line: SpoiltLine | None = None
    """What becomes of a batch's line."""
    failure: str | None = None
    """The batch that is created fails as a whole, with this code."""

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        if sum(choice is not None for choice in (self.first, self.calls, self.share)) > 1:
            raise ValueError("a fault takes one of first, calls and share")
        actions = self.actions
        if len(actions) > 1:
            raise ValueError(f"a fault does one thing besides delay, not {' and '.join(actions)}")
        if not actions and self.delay is None:
            raise ValueError(
                "a fault needs one of status, body, delay, drop, lost, cut, concurrent, truncate, answer, "
                "line and failure"
            )
        if "content_type" in self.model_fields_set and self.body is None:
            raise ValueError("content_type goes with body")
        if (self.headers or self.applied) and actions != ["status or body"]:
            raise ValueError("headers and applied go with status or body")
        return self

    @model_validator(mode="after")
    def _fits_its_service(self) -> Self:
        known = _MATCHED_BY[self.service]
        if strange := sorted(self.match.model_fields_set - known):
            raise ValueError(
                f"{self.service} calls are matched by {' and '.join(sorted(known))}, not {strange[0]}"
            )
        if foreign := sorted(set(self.actions) - _ACTIONS_OF[self.service]):
            services = " and ".join(service for service, can in _ACTIONS_OF.items() if foreign[0] in can)
            raise ValueError(f"{foreign[0]} goes with the service {services}")
        if self.service == "batch_lines" and (self.delay is not None or self.body is not None):
            raise ValueError("a batch's line takes no delay and no body")
        if self.failure is not None and self.match.operation != "create":
            raise ValueError("failure goes with the operation create")
        if self.match.operation not in (None, *_OPERATIONS.get(self.service, ())):
            raise ValueError(f"{self.service} has no operation {self.match.operation}")
        return self

    @model_validator(mode="after")
    def _fits_the_hub(self) -> Self:
        if (self.message is not None or self.applied) and self.service != "hub":
            raise ValueError("message and applied go with the service hub")
        if self.message is not None and (self.status is None or self.body is not None):
            raise ValueError("message goes with status and without body")
        if self.concurrent is not None and self.match.operation in (None, *_WITHOUT_REPO):
            raise ValueError("concurrent goes with an operation on a repository")
        return self

    def concerns(self, call: Call) -> bool:
        """Whether the rule is about this call."""
        needed = _ASKED_FOR.get(self.answer or "")
        can_be = needed is None or call.asks is None or call.asks == needed
        return self.service == call.service and self.match.covers(call) and can_be

    @property
    def actions(self) -> list[str]:
        """What the rule does besides waiting, by name."""
        done = {
            "status or body": self.status is not None or self.body is not None,
            "drop": self.drop,
            "lost": self.lost,
            "cut": self.cut,
            "concurrent": self.concurrent is not None,
            "truncate": self.truncate is not None,
            "answer": self.answer is not None,
            "line": self.line is not None,
            "failure": self.failure is not None,
        }
        return [name for name, is_done in done.items() if is_done]

    @property
    def label(self) -> str:
        """The rule's action in a word or two, for the request log."""
        if self.status is not None or self.body is not None:
            return f"status {self.status or 200}" + (" applied" if self.applied else "")
        if self.truncate is not None:
            return f"truncate {self.truncate}"
        if self.answer is not None:
            return f"answer {self.answer}"
        if self.line is not None or self.failure is not None:
            return f"line {self.line}" if self.line else f"failure {self.failure}"
        named = [name for name in ("drop", "lost", "cut", "concurrent") if name in self.actions]
        return named[0] if named else f"delay {self.delay:g}"


_RULES = TypeAdapter(list[Fault])


def parsed_faults(text: str | bytes) -> list[Fault]:
    """The rules of a JSON list.

    Raises:
        ValueError: It is not a list of rules; the message says which key of which rule.
    """
    return _RULES.validate_json(text)


def load_faults(path: Path) -> list[Fault]:
    """The rules of a JSON file.

    Raises:
        ValueError: As for ``parsed_faults``.
    """
    return parsed_faults(path.read_bytes())
