"""The example of a GitHub Actions workflow: it parses, and what it runs exists."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from flows.cli import app
from flows.settings import Settings

TEXT = (Path(__file__).parents[1] / "examples/github-actions/daily.yml").read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOB = WORKFLOW["jobs"]["daily"]
STEPS: list[dict[str, Any]] = JOB["steps"]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]
COMMANDS = re.findall(r"daily-papers (\S.*)", "\n".join(SCRIPTS))
TRIGGERS = WORKFLOW[True]
"""YAML 1.1 reads the key ``on`` as true."""


def test_it_runs_daily_one_at_a_time_and_may_write_contents_alone() -> None:
    assert [re.fullmatch(r"\d+ \d+ \* \* \*", entry["cron"]) is None for entry in TRIGGERS["schedule"]] == [
        False
    ]
    assert WORKFLOW["permissions"] == {"contents": "write"}
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    assert JOB["timeout-minutes"] > 0


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one_that_the_command_line_takes(command: str) -> None:
    name, *arguments = shlex.split(command)
    # Parses the options as a person's call would and runs nothing.
    get_command(app).commands[name].make_context(name, arguments)  # type: ignore[attr-defined]


def test_it_fetches_then_commits_and_pushes() -> None:
    assert [command.split()[0] for command in COMMANDS] == ["run", "publish"]
    assert COMMANDS[1] == "publish --digest-git ../digest --push"
    assert {"digest", "program"} <= {step.get("with", {}).get("path") for step in STEPS}


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_is_one_and_holds_no_expression(script: str) -> None:
    # An expression in a script is pasted into it: whoever words a title or a branch would word the script.
    assert "${{" not in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_each_setting_exists_and_the_secret_reaches_one_step() -> None:
    named = {name.removeprefix("DAILY_PAPERS_").lower() for name in re.findall(r"DAILY_PAPERS_[A-Z_]+", TEXT)}
    assert named <= Settings.model_fields.keys()
    assert {"home", "model"} <= named
    assert [step.get("id") for step in STEPS if "secrets." in str(step)] == ["run"]


def test_the_lake_is_kept_where_the_next_run_looks_for_it_however_this_one_ended() -> None:
    restore, save = (step for step in STEPS if step.get("uses", "").startswith("actions/cache/"))
    assert restore["with"]["path"] == save["with"]["path"] == Path(WORKFLOW["env"]["DAILY_PAPERS_HOME"]).name
    assert restore["with"]["key"] == save["with"]["key"]
    assert save["with"]["key"].startswith(restore["with"]["restore-keys"])
    assert "always()" in save["if"]
    # A lake that was lost is said and not paid for again.
    assert restore["with"]["fail-on-cache-miss"] == "${{ !inputs.fresh }}"
    assert "fresh" in TRIGGERS["workflow_dispatch"]["inputs"]
