"""README says what the code does: columns, commands, settings. REFRESH=1 rewrites the column table."""

import os
import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from flows.cli import app
from flows.settings import Settings
from schemas.tables import RELEASE
from transforms.card import table_columns

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COLUMNS = re.compile(r"(<!-- columns: [^\n]* -->\n).*?(<!-- /columns -->)", re.DOTALL)


def column_table() -> str:
    lines = ["| Group | Column | Type | Meaning |", "| --- | --- | --- | --- |"]
    lines += [f"| {c.group} | `{c.name}` | {c.type} | {c.meaning} |" for c in table_columns(RELEASE)]
    return "\n".join(lines) + "\n"


def test_readme_lists_the_columns_of_the_contract() -> None:
    text = README.read_text()
    expected = COLUMNS.sub(lambda match: match[1] + column_table() + match[2], text)
    if os.environ.get("REFRESH"):
        README.write_text(expected)
    assert README.read_text() == expected, "refresh it: REFRESH=1 uv run pytest tests/test_docs.py"


def test_readme_shows_every_command() -> None:
    text = README.read_text()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    assert commands
    for name in commands:
        assert f"daily-papers {name}" in text, name


@pytest.mark.parametrize("variable", re.findall(r"`(DAILY_PAPERS_[A-Z_]+)`", README.read_text()))
def test_every_setting_named_in_readme_exists(variable: str) -> None:
    assert variable.removeprefix("DAILY_PAPERS_").lower() in Settings.model_fields


def test_defaults_in_readme_are_the_defaults() -> None:
    rows = re.findall(r"^\| `DAILY_PAPERS_([A-Z_]+)` \| `([^`]+)` \|", README.read_text(), re.MULTILINE)
    assert rows
    for name, default in rows:
        expected = Settings.model_fields[name.lower()].default
        assert default == (f"{expected:g}" if isinstance(expected, float) else str(expected)), name


def test_ci_and_workflow_run_the_same_script() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = [step.get("run", "") for step in workflow["jobs"]["check"]["steps"]]
    assert "bash .ci/run" in steps
    script = (ROOT / ".ci/run").read_text()
    for command in ("ruff check", "ruff format --check", "mypy", "pytest", "daily-papers demo"):
        assert command in script, command
