"""What goes over the wire: the part of JSON Schema that every structured-output service takes."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.answer import TranslationAnswer

ANSWER = {name: "글" for name in TranslationAnswer.model_fields}


def test_the_wire_schema_uses_the_accepted_subset_only() -> None:
    schema = TranslationAnswer.wire_schema()
    assert set(schema) == {"type", "properties", "required", "additionalProperties"}
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    for field in schema["properties"].values():
        assert set(field) == {"type", "description"}
        assert field["type"] == "string"
        assert field["description"].endswith(".")


def test_every_field_is_required_and_the_papers_id_comes_first() -> None:
    schema = TranslationAnswer.wire_schema()
    assert schema["required"] == list(schema["properties"]) == list(TranslationAnswer.model_fields)
    assert schema["required"][0] == "paper_id"


def test_the_wire_schema_says_what_pydantic_says() -> None:
    ours, pydantics = TranslationAnswer.wire_schema(), TranslationAnswer.model_json_schema()
    assert ours["required"] == pydantics["required"]
    assert {name: field["type"] for name, field in pydantics["properties"].items()} == {
        name: field["type"] for name, field in ours["properties"].items()
    }
    assert pydantics["additionalProperties"] is False


def test_the_wire_schema_is_json_and_the_same_every_time() -> None:
    assert json.dumps(TranslationAnswer.wire_schema()) == json.dumps(TranslationAnswer.wire_schema())


def test_a_whole_answer_is_read() -> None:
    assert TranslationAnswer.model_validate_json(json.dumps(ANSWER)).model_dump() == ANSWER


@pytest.mark.parametrize("name", ANSWER)
def test_no_field_may_be_missing_or_of_another_type(name: str) -> None:
    missing = {field: text for field, text in ANSWER.items() if field != name}
    changed: list[dict[str, Any]] = [missing, *(ANSWER | {name: odd} for odd in (None, 5, ["글"], {"a": 1}))]
    for answer in changed:
        with pytest.raises(ValidationError):
            TranslationAnswer.model_validate_json(json.dumps(answer))


def test_a_field_too_many_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        TranslationAnswer.model_validate_json(json.dumps(ANSWER | {"note": "x"}))
