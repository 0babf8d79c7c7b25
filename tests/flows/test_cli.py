"""The command as a person meets it: exit codes, last lines, and refusals before any work."""

import pytest
from typer.testing import CliRunner

from daylists import records
from flows.cli import app
from line import DAY, Line


def test_a_run_with_faults_ends_with_1_and_names_the_next_command(line: Line) -> None:
    line.day(DAY, [*records(4), {"paper": {}}])
    ended = CliRunner().invoke(app, ["run", "--date", DAY, "--refresh-days", "0"])
    assert ended.exit_code == 1
    last = ended.output.strip().splitlines()[-1]
    assert last.startswith("Done with faults. Written: ")
    assert f"Next: daily-papers run --date {DAY}" in last
    assert "1 record of the day lists rejected and kept in rejected/." in ended.output


@pytest.mark.parametrize("key", [None, "", "   "])
@pytest.mark.parametrize("command", [["run"], ["backfill", "--since", DAY, "--until", DAY]])
def test_a_missing_key_is_named_before_any_work(line: Line, key: str | None, command: list[str]) -> None:
    line.set(OPENAI_API_KEY=key)
    ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 2
    assert "OPENAI_API_KEY is not set" in ended.output
    assert line.requests() == []
    assert not line.home.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAILY_PAPERS_CONCURRENCY", "many"),
        ("DAILY_PAPERS_CONCURRENCY", "0"),
        ("DAILY_PAPERS_FLOOR", "2"),
        ("DAILY_PAPERS_MODEL_TIMEOUT", "-1"),
        ("DAILY_PAPERS_REFRESH_DAYS", "61"),
        ("DAILY_PAPERS_PATIENCE", "nan"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_before_any_work(line: Line, name: str, value: str) -> None:
    line.set(**{name: value})
    ended = CliRunner().invoke(app, ["run", "--date", DAY])
    assert ended.exit_code == 2
    assert name in ended.output
    assert "nothing was started" in ended.output
    assert line.requests() == []
    assert not line.home.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--date", "yesterday"],
        ["run", "--date", "2026-02-30"],
        ["run", "--refresh-days", "-1"],
        ["backfill", "--since", "2026-03-05", "--until", "2026-03-04"],
        ["backfill", "--since", "2026-03-05"],
        ["unheard-of"],
    ],
)
def test_wrong_usage_ends_with_2(line: Line, arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2
    assert line.requests() == []


def test_a_service_that_is_away_ends_with_3_and_the_same_command_again(line: Line) -> None:
    line.day(DAY, records(2))
    line.faults({"service": "daily_papers", "status": 404})
    ended = CliRunner().invoke(app, ["run", "--date", DAY, "--refresh-days", "0"])
    assert ended.exit_code == 3
    assert f"Next: daily-papers run --date {DAY}" in ended.output


def test_the_next_command_repeats_the_options_that_were_given(line: Line) -> None:
    line.faults({"service": "daily_papers", "status": 404})
    ended = CliRunner().invoke(app, ["backfill", "--since", "2026-03-02", "--until", DAY])
    assert ended.exit_code == 3
    assert f"Next: daily-papers backfill --since 2026-03-02 --until {DAY}" in ended.output
