"""``daily-papers check`` over a lake that is whole and over every way it can be spoilt."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from daylists import records
from flows.cli import app
from line import DAY, Line


@pytest.fixture
def filled(line: Line) -> Line:
    line.day(DAY, records(5))
    line.run()
    return line


def check() -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["check"])
    return ended.exit_code, ended.output


def test_a_lake_that_a_run_has_written_is_whole(filled: Line) -> None:
    before = filled.files()
    code, out = check()
    assert code == 0, out
    assert "are whole and valid" in out
    assert filled.files() == before


def test_an_empty_lake_is_said_to_be_empty(line: Line) -> None:
    code, out = check()
    assert code == 1
    assert "holds no papers" in out


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def dirty(path: Path) -> None:
    path.write_text(path.read_text() + "x")


SPOILT: dict[str, Callable[[Path], None]] = {
    "papers/2026-03.parquet": cut,
    "translations/2026-03.parquet": cut,
    "release/dataset/data/2026-03.parquet": cut,
    "release/dataset/README.md": dirty,
    "release/digest/README.md": Path.unlink,
    "release/digest/paper_logs/2026/03/05.md": dirty,
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_file_is_named_and_left_alone(filled: Line, name: str) -> None:
    SPOILT[name](filled.home / name)
    before = filled.files()
    code, out = check()
    assert code == 1
    assert name in out
    assert "Traceback" not in out
    assert filled.files() == before


def test_rows_lost_from_the_release_are_counted(filled: Line) -> None:
    (filled.home / "papers/2026-03.parquet").replace(filled.home.parent / "aside")
    filled.day(DAY, records(3), "2026-04-02T000000Z")
    filled.run()
    (filled.home.parent / "aside").replace(filled.home / "papers/2026-03.parquet")
    code, out = check()
    assert code == 1
    assert "expected 5 rows, got 3" in out


@pytest.mark.parametrize("table", ["papers", "abstracts", "translations", "votes"])
def test_a_run_over_a_corrupted_table_stops_with_a_sentence_and_leaves_every_table(
    filled: Line, table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cut(filled.home / f"{table}/2026-03.parquet")
    before = {name: file for name, file in filled.files().items() if name.endswith(".parquet")}
    filled.day(DAY, records(7), "2026-04-02T000000Z")
    assert filled.run().code == 1
    out = capsys.readouterr().out
    assert f"{table}/2026-03.parquet cannot be read as Parquet" in out
    assert "Traceback" not in out
    after = {name: file for name, file in filled.files().items() if name.endswith(".parquet")}
    changed = {name for name in before if after[name] != before[name]}
    assert f"{table}/2026-03.parquet" not in changed
    assert not {name for name in changed if name.startswith("release/")}


def test_columns_that_are_not_the_contract_are_refused_by_name(
    filled: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled.home / "papers/2026-03.parquet"
    pl.read_parquet(path).with_columns(pl.col("upvotes").cast(pl.String)).write_parquet(path)
    before = path.read_bytes()
    assert filled.run().code == 1
    out = capsys.readouterr().out
    assert "papers/2026-03.parquet does not match Papers" in out
    assert "upvotes" in out
    assert path.read_bytes() == before
