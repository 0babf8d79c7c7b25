"""``daily-papers cost``: what was paid, as people and machines read it."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from daylists import records
from flows.cli import app
from flows.storage import Lake
from line import DAY, Line
from schemas.tables import TRANSLATIONS
from tablerows import paid_answer, translation, translations

NOVEMBER, DECEMBER = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    for name in [name for name in os.environ if name.startswith("DAILY_PAPERS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "lake"))
    return Lake(tmp_path / "lake")


def fill(lake: Lake, **of_the_last: Any) -> None:
    """Two papers of different months with three answers in two months; the last one as told."""
    first = paid_answer(answered_at=NOVEMBER, cost_usd=1.5)
    judge = paid_answer(answered_at=DECEMBER, purpose="judge", model="j", cost_usd=0.25)
    last = paid_answer(**{"answered_at": DECEMBER, "is_batch": True, "cost_usd": 0.25} | of_the_last)
    rows = (
        translation("2602.00001", answers=[first, judge]),
        translation("2611.00001", answers=[last]),
    )
    lake.upsert(TRANSLATIONS, translations(*rows))


def shown(*arguments: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, ["cost", *arguments])
    return ended.exit_code, ended.stdout, ended.stderr


def test_the_table_has_a_row_for_each_month_of_answers_and_a_total(lake: Lake) -> None:
    fill(lake)
    code, out, _ = shown()
    lines = [line.split() for line in out.splitlines() if line.strip()]
    assert code == 0
    assert lines[0][:3] == ["month", "answers", "papers"]
    rows = {line[0]: " ".join(line[1:]) for line in lines if line[0] in ("2026-11", "2026-12", "all")}
    assert rows == {
        "2026-11": "1 1 900 0 400 0 $1.5000 $1.5000 0% 0%",
        "2026-12": "2 2 1,800 0 800 0 $0.5000 $0.2500 50% 50%",
        "all": "3 2 2,700 0 1,200 0 $2.0000 $1.0000 33% 33%",
    }


def test_days_and_models_can_be_asked_for_and_bounds_given(lake: Lake) -> None:
    fill(lake)
    _, out, _ = shown("--by", "day", "--since", "2026-12-01", "--format", "json")
    assert [(row["day"], row["answers"]) for row in json.loads(out)] == [("2026-12-01", 2)]
    _, out, _ = shown("--by", "model", "--until", "2026-11-30", "--format", "json")
    assert [row["model"] for row in json.loads(out)] == ["gpt-test"]


def test_csv_and_json_hold_the_rows_alone(lake: Lake) -> None:
    fill(lake)
    _, out, _ = shown("--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["month"], row["cost_usd"]) for row in rows] == [("2026-11", "1.5"), ("2026-12", "0.5")]
    _, out, _ = shown("--format", "json")
    assert [row["cost_usd"] for row in json.loads(out)] == [1.5, 0.5]


def test_an_unknown_price_is_unknown_and_said_in_a_sentence(lake: Lake) -> None:
    fill(lake, cost_usd=None, model="house-model")
    code, out, _ = shown("--by", "model")
    assert code == 0
    (row,) = [line.split() for line in out.splitlines() if line.startswith("house-model")]
    assert row.count("unknown") == 2
    assert "- 1 answer of house-model has no price" in out
    assert "DAILY_PAPERS_PRICES" in out
    _, out, err = shown("--format", "csv")
    assert "house-model" not in out
    assert "1 answer of house-model has no price" in err


def test_a_price_given_later_is_used_for_what_was_unpriced(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, cost_usd=None, model="house-model")
    own = tmp_path / "own.toml"
    own.write_text('[models]\n"house-model" = { input = 1000, output = 1000 }')
    monkeypatch.setenv("DAILY_PAPERS_PRICES", str(own))
    _, out, _ = shown("--by", "model")
    (row,) = [line.split() for line in out.splitlines() if line.startswith("house-model")]
    assert "$1.3000" in row
    assert "no price" not in out


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_an_empty_lake_costs_nothing(lake: Lake, format: str) -> None:
    code, out, _ = shown("--format", format)
    assert code == 0
    if format == "table":
        assert "No answer was paid for" in out
    elif format == "json":
        assert json.loads(out) == []
    else:
        assert len(out.splitlines()) == 1


def test_a_broken_file_is_named_and_wrong_usage_refused(lake: Lake) -> None:
    path = lake.path(TRANSLATIONS, "2026-11")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 no more")
    code, _, err = shown()
    assert code == 1
    assert "translations/2026-11.parquet cannot be read" in err
    assert shown("--by", "year")[0] == 2
    assert shown("--since", "2026-12-02", "--until", "2026-12-01")[0] == 2


# Runs --------------------------------------------------------------------------------------------


def priced(line: Line, dollars: int = 1) -> None:
    """Give the sandbox's model a price of so many dollars per million tokens."""
    own = line.home.parent / "own.toml"
    own.write_text(f'[models]\n"sandbox-pseudo" = {{ input = {dollars}, output = {dollars} }}')
    line.set(DAILY_PAPERS_PRICES=own)


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, list(arguments))
    return ended.exit_code, " ".join(ended.output.split())


def test_a_run_tells_what_it_cost_and_cost_tells_the_same(line: Line) -> None:
    line.day(DAY, records(3))
    priced(line)
    code, _ = run("run", "--date", DAY, "--refresh-days", "0")
    assert code == 0
    rows = line.table(TRANSLATIONS)
    tokens = rows["input_tokens"].sum() + rows["output_tokens"].sum()
    assert rows["cost_usd"].sum() == pytest.approx(tokens / 1e6)
    _, out, _ = shown("--format", "json")
    (month,) = json.loads(out)
    assert (month["answers"], month["papers"]) == (3, 3)
    assert month["cost_usd"] == pytest.approx(tokens / 1e6)


def test_the_sandbox_has_no_price_and_a_limit_on_it_is_refused_before_any_call(line: Line) -> None:
    line.day(DAY, records(2))
    code, out = run("run", "--date", DAY, "--refresh-days", "0", "--max-cost", "1")
    assert code == 2
    assert "no price is known for sandbox-pseudo" in out
    assert line.requests() == []
    code, out = run("run", "--date", DAY, "--refresh-days", "0")
    assert code == 0
    assert "unknown (DAILY_PAPERS_PRICES)" in out


def test_a_run_stops_before_its_limit_and_the_next_one_continues(line: Line) -> None:
    line.day(DAY, records(8))
    priced(line, dollars=100)
    code, out = run("run", "--date", DAY, "--refresh-days", "0", "--max-cost", "1")
    rows = line.table(TRANSLATIONS)
    assert code == 3
    assert "The limit of $1.00 (--max-cost) is reached" in out
    assert f"Next: daily-papers run --date {DAY} --refresh-days 0 --max-cost 1" in out
    assert 0 < rows.height < 8
    assert rows["cost_usd"].sum() <= 1
    assert line.calls().total() == rows.height
    assert line.release().height == 8
    code, _ = run("run", "--date", DAY, "--refresh-days", "0")
    assert code == 0
    assert line.calls().total() == 8
    assert set(line.calls().values()) == {1}


def test_a_months_budget_holds_over_runs(line: Line) -> None:
    line.day(DAY, records(8))
    priced(line, dollars=100)
    line.set(DAILY_PAPERS_MONTHLY_BUDGET=1)
    for _ in range(2):
        code, out = run("run", "--date", DAY, "--refresh-days", "0")
        assert code == 3
        assert "The month's budget of $1.00 (DAILY_PAPERS_MONTHLY_BUDGET) is reached" in out
    rows = line.table(TRANSLATIONS)
    assert 0 < rows["cost_usd"].sum() <= 1
    assert line.calls().total() == rows.height


def test_a_dry_run_calls_no_model_needs_no_key_and_says_what_it_would_cost(line: Line) -> None:
    line.day("2026-03-04", records(3, first=11))
    line.day(DAY, records(4))
    line.set(OPENAI_API_KEY=None)
    priced(line)
    code, out = run("backfill", "--since", "2026-03-04", "--until", DAY, "--dry-run")
    assert code == 0
    assert "Papers pending │ 7" in out
    assert "Cost, asked live │ about $0.0" in out
    assert "Cost, by batch │ about $0.0" in out
    assert "assumed ratios" in out
    assert "Dry run: no model was called." in out
    assert f"To translate: daily-papers backfill --since 2026-03-04 --until {DAY}" in out
    assert line.calls() == {}
    assert line.table(TRANSLATIONS).is_empty()
    assert not (line.home / "release").exists()
    before = line.files()
    assert run("backfill", "--since", "2026-03-04", "--until", DAY, "--dry-run")[0] == 0
    assert line.files() == before


def test_a_dry_run_without_a_price_says_so_and_after_a_backfill_finds_nothing_pending(line: Line) -> None:
    line.day(DAY, records(2))
    code, out = run("backfill", "--since", DAY, "--until", DAY, "--dry-run", "--max-cost", "1")
    assert code == 0
    assert "unknown: no price for sandbox-pseudo" in out
    assert run("backfill", "--since", DAY, "--until", DAY)[0] == 0
    code, out = run("backfill", "--since", DAY, "--until", DAY, "--dry-run")
    assert code == 0
    assert "Papers pending │ 0" in out
