"""What the services send: only the fields that are used, extras ignored.

The Daily Papers list has changed shape about fifteen times since 2024 and never sends null: a key is
there or it is absent. So a few fields are required (a record without them cannot stand in the table)
and all others are optional. transforms/papers.py and transforms/answers.py read through these models;
bytes are kept under raw/ and answers/ before anything here sees them.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from schemas.tables import PAPER_ID_PATTERN

PaperId = Annotated[str, StringConstraints(pattern=PAPER_ID_PATTERN, strict=True)]
Text = Annotated[str, StringConstraints(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a date that UTC cannot hold") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


def _none_if_unusable(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError:
        return None


Tolerated = WrapValidator(_none_if_unusable)
"""Makes an unusable value None: what was paid for must be read as far as it can be."""


class _Payload(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Author(_Payload):
    """One entry of ``paper.authors``."""

    name: Text
    hidden: bool = False


class Account(_Payload):
    """A Hub user: ``submittedBy`` has the handle in ``name``, ``submittedOnDailyBy`` in ``user``."""

    name: Text | None = None
    user: Text | None = None


class Organization(_Payload):
    """The organisation the Hub shows, since 2025-10."""

    name: Text | None = None
    fullname: Text | None = None


class HubPaper(_Payload):
    """The ``paper`` object of a record; also what ``/api/papers/{id}`` sends."""

    id: PaperId
    title: Text
    upvotes: Count
    authors: list[Author]
    summary: Text | None = None
    published_at: Moment | None = Field(default=None, alias="publishedAt")
    submitted_on_daily_at: Moment | None = Field(default=None, alias="submittedOnDailyAt")
    submitted_on_daily_by: Account | None = Field(default=None, alias="submittedOnDailyBy")
    withdrawn_at: Moment | None = Field(default=None, alias="withdrawnAt")
    media_urls: list[Text] = Field(default=[], alias="mediaUrls")
    ai_summary: Text | None = None
    ai_keywords: list[Text] = []
    github_repo: Text | None = Field(default=None, alias="githubRepo")
    github_stars: Count | None = Field(default=None, alias="githubStars")
    project_page: Text | None = Field(default=None, alias="projectPage")
    organization: Organization | None = None


class DailyPaper(_Payload):
    """One record of ``GET /api/daily_papers``."""

    paper: HubPaper
    published_at: Moment | None = Field(default=None, alias="publishedAt")
    comment_count: Count | None = Field(default=None, alias="numComments")
    thumbnail: Text | None = None
    media_url: Text | None = Field(default=None, alias="mediaUrl")
    """The social thumbnail's name until 2024-06-11."""
    media_urls: list[Text] = Field(default=[], alias="mediaUrls")
    submitted_by: Account | None = Field(default=None, alias="submittedBy")
    organization: Organization | None = None


REQUIRED = {("paper",), ("paper", "id"), ("paper", "title"), ("paper", "upvotes"), ("paper", "authors")}
"""Places whose fault refuses the record; a fault anywhere else costs only that field."""


Tokens = Annotated[Annotated[int, Field(ge=0, lt=2**40)] | None, Tolerated]
"""A token count; whole numbers written as 5.0 count too."""


class PromptTokensDetails(_Payload):
    """Where the input tokens came from."""

    cached_tokens: Tokens = None


class CompletionTokensDetails(_Payload):
    """What the output tokens went into."""

    reasoning_tokens: Tokens = None


class Usage(_Payload):
    """Tokens of one chat completion; other servers leave any of it out."""

    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None
    prompt_tokens_details: Annotated[PromptTokensDetails | None, Tolerated] = None
    completion_tokens_details: Annotated[CompletionTokensDetails | None, Tolerated] = None

    @property
    def input_tokens(self) -> int:
        """Input tokens, 0 where the service does not say."""
        return self.prompt_tokens or 0

    @property
    def cached_tokens(self) -> int:
        """Input tokens that were read from the service's prompt cache."""
        details = self.prompt_tokens_details
        return min((details.cached_tokens or 0) if details else 0, self.input_tokens)

    @property
    def output_tokens(self) -> int:
        """Output tokens, reasoning included."""
        return self.completion_tokens or 0

    @property
    def reasoning_tokens(self) -> int:
        """Output tokens that went into reasoning."""
        details = self.completion_tokens_details
        return min((details.reasoning_tokens or 0) if details else 0, self.output_tokens)


class Message(_Payload):
    """The assistant's message."""

    content: Annotated[Text | None, Tolerated] = None
    refusal: Annotated[Text | None, Tolerated] = None


class Choice(_Payload):
    """One choice of a chat completion."""

    finish_reason: Annotated[Text | None, Tolerated] = None
    message: Annotated[Message | None, Tolerated] = None


class Completion(_Payload):
    """Body of ``POST /v1/chat/completions``; each part is read whatever is wrong with the others."""

    model: Annotated[Text | None, Tolerated] = None
    choices: Annotated[list[Choice] | None, Tolerated] = None
    usage: Annotated[Usage | None, Tolerated] = None
