"""What a second model must say of a translation: its errors as spans, in the manner of MQM.

Multidimensional Quality Metrics marks spans with a category and a severity instead of giving a grade, so
that each claim of the judge can be checked: a span that does not stand in the Korean counts for nothing.
The wire contract is flat like schemas/answer.py. Called by transforms/judge.py.
"""

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Category = Literal[
    "mistranslation", "addition", "omission", "negation", "number", "name", "terminology", "style"
]
Severity = Literal["critical", "major", "minor"]
JudgedField = Literal["title_ko", "abstract_ko", "whats_new", "technical_details", "performance_highlights"]


class FoundError(BaseModel):
    """One error of a translation."""

    model_config = ConfigDict(extra="forbid", strict=True)

    field: JudgedField = Field(description="The field of the translation that has the error.")
    category: Category = Field(description="What kind of error it is.")
    severity: Severity = Field(description="critical and major change the meaning; minor does not.")
    korean_span: str = Field(description="The words of that field that are wrong, copied exactly.")
    english_span: str = Field(description="The English words they should render; empty for an addition.")
    explanation: str = Field(description="What is wrong, in one short English sentence.")


class JudgeAnswer(BaseModel):
    """The errors of one paper's translation, none when it is right."""

    model_config = ConfigDict(extra="forbid", strict=True)

    paper_id: str = Field(description="The paper_id of the paper in the request, unchanged.")
    errors: list[FoundError] = Field(description="Every error found; empty when there is none.")

    @classmethod
    def wire_schema(cls) -> dict[str, Any]:
        """JSON Schema for ``response_format``: types, enums, descriptions, required, nothing else."""
        properties = {
            name: _string(field.annotation, field.description)
            for name, field in FoundError.model_fields.items()
        }
        items = _object(properties)
        paper_id, errors = cls.model_fields["paper_id"], cls.model_fields["errors"]
        return _object(
            {
                "paper_id": {"type": "string", "description": paper_id.description},
                "errors": {"type": "array", "description": errors.description, "items": items},
            }
        )


def _string(annotation: Any, description: str | None) -> dict[str, Any]:
    """A string property, with its values where they are few."""
    values = get_args(annotation)
    return {"type": "string", "description": description} | ({"enum": list(values)} if values else {})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
