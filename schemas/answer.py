"""What the model is given and must return, and what the gate says about it.

``TranslationAnswer`` is the wire contract: flat, every field required, no patterns or limits, because
that is the part of JSON Schema that every structured-output service accepts. Limits belong to the
quality gate. ``English``, ``Korean`` and ``Issue`` are what the gate (transforms/quality.py) compares
and reports.
"""

from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field


class TranslationAnswer(BaseModel):
    """One paper in Korean, as the model must answer it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    paper_id: str = Field(description="The paper_id of the paper in the request, unchanged.")
    title_ko: str = Field(description="The title in Korean, nominal style, method names as in English.")
    abstract_ko: str = Field(description="The whole abstract in Korean, sentence by sentence, 합니다체.")
    whats_new: str = Field(description="What is new in this paper: one or two Korean sentences, 합니다체.")
    technical_details: str = Field(description="How it works: two or three Korean sentences, 합니다체.")
    performance_highlights: str = Field(
        description="What the results show, as the paper says: one or two Korean sentences, 합니다체."
    )

    @classmethod
    def wire_schema(cls) -> dict[str, Any]:
        """JSON Schema for ``response_format``: types, descriptions, required, nothing else."""
        properties = {
            name: {"type": "string", "description": field.description}
            for name, field in cls.model_fields.items()
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }


class English(NamedTuple):
    """A paper's English, as the table holds it."""

    paper_id: str
    title: str
    abstract: str | None
    full_text: str | None = None
    """Text of the paper itself, where the summary was written from it."""


class Section(NamedTuple):
    """One entry of ``summary_ko``; ``section`` is None for a plain bullet."""

    section: str | None
    text: str


class Korean(NamedTuple):
    """A paper's Korean, placeholders already put back; a field that was not asked for is None."""

    title_ko: str | None
    abstract_ko: str | None
    summary_ko: list[Section]


class Code(NamedTuple):
    """What an issue's code means, and how grave its issues can be."""

    meaning: str
    severities: str = "error"
    """``error``, ``warning``, or ``error, warning`` where it depends on the fault."""


class Issue(NamedTuple):
    """One fault: its code, how grave it is, the field it stands in and a message that quotes it."""

    code: str
    severity: str
    """``error`` refuses the answer, ``warning`` is published with it."""
    field: str
    message: str
