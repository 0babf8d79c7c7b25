"""What was published stays: no column goes or changes its type without a new major version.

features.json holds the columns of the version it names. After a change: raise schemas.tables.SCHEMA_VERSION,
say so in transforms/templates/card_changes.md.j2 and CHANGELOG, and
REFRESH=1 uv run pytest tests/schemas/test_features.py writes the file again, if the version is high enough.
"""

import json
import os
from pathlib import Path

import pytest

from schemas.dataset import arrow_schema
from schemas.tables import CONFIGS, SCHEMA_VERSION

COMMITTED = Path(__file__).parent / "features.json"
Columns = dict[str, dict[str, str]]
"""Type of each column, by config."""


def todays_columns() -> Columns:
    """A type that may be null reads another way for whoever loads it, so that it may is part of it."""
    return {
        name: {
            field.name: f"{field.type}{'' if field.nullable else ', never null'}"
            for field in arrow_schema(table)
        }
        for name, table in CONFIGS.items()
    }


def least_version(version: str, before: Columns, now: Columns) -> str:
    """The lowest version that these columns may be published as after those."""
    major, minor, _ = map(int, version.split("."))
    if any(
        now.get(config, {}).get(name) != type_ for config in before for name, type_ in before[config].items()
    ):
        return f"{major + 1}.0.0"
    return version if now == before else f"{major}.{minor + 1}.0"


def parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_the_published_columns_are_those_of_the_version_they_name() -> None:
    committed = json.loads(COMMITTED.read_text())
    least = least_version(committed["schema_version"], committed["configs"], todays_columns())
    assert parts(SCHEMA_VERSION) >= parts(least), (
        f"SCHEMA_VERSION is {SCHEMA_VERSION}; the columns of CONFIGS differ from those of "
        f"{committed['schema_version']} (features.json) so that it must be {least} or later"
    )
    today = {"schema_version": SCHEMA_VERSION, "configs": todays_columns()}
    if os.environ.get("REFRESH"):
        COMMITTED.write_text(json.dumps(today, indent=2) + "\n")
    assert json.loads(COMMITTED.read_text()) == today, (
        "refresh it: REFRESH=1 uv run pytest tests/schemas/test_features.py"
    )


BEFORE: Columns = {"papers": {"a": "string", "b": "int64, never null"}, "votes": {"a": "string"}}


@pytest.mark.parametrize(
    ("change", "least"),
    [
        ({}, "1.4.2"),
        ({"papers": {"b": "int64, never null", "a": "string"}}, "1.4.2"),
        ({"papers": BEFORE["papers"] | {"c": "bool"}}, "1.5.0"),
        ({"parallel": {"en": "string"}}, "1.5.0"),
        ({"papers": {"a": "string"}}, "2.0.0"),
        ({"papers": {"a": "string", "b": "int32, never null"}}, "2.0.0"),
        ({"papers": {"a": "string", "b": "int64"}}, "2.0.0"),
        ({"papers": {"a": "string", "B": "int64, never null"}}, "2.0.0"),
        ({"votes": {}}, "2.0.0"),
    ],
    ids=["none", "order", "new", "new config", "gone", "retyped", "may be null", "renamed", "config gone"],
)
def test_the_rule_asks_for_the_version_that_a_change_needs(change: Columns, least: str) -> None:
    assert least_version("1.4.2", BEFORE, BEFORE | change) == least
