"""``daily-papers sql`` over a small lake: its answers, its formats, and everything that it refuses."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from flows.ask import NAMED, ask
from flows.storage import Lake
from flows.watch import TooLarge, watched
from schemas.tables import RELEASE, TABLES, VOTES
from tablerows import release_rows, released, vote, votes

ROOT = Path(__file__).parents[2]
MONTHS = ("2026-01", "2026-02", "2026-03")


class Answer(NamedTuple):
    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


def rows_of(month: str) -> pl.DataFrame:
    first = {
        "title": "=HYPERLINK(1)",
        "title_ko": "긴 문서를 읽는 작은 모델",
        "authors": ["Bo-ra Kim", "김보라"],
    }
    second = {
        "title": "Tides | and $x$",
        "authors": [],
        "summary_ko": [{"section": "What's New", "text": "새 모델"}],
    }
    return release_rows(
        *(
            released(
                f"{month[2:4]}{month[5:]}.0000{number}",
                list_date=date.fromisoformat(f"{month}-0{number}"),
                rank=number,
                upvotes=number * 10,
                **changed,
            )
            for number, changed in ((1, first), (2, second), (3, {"title": "Part\x1b[31m three"}))
        )
    )  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    lake = Lake(tmp_path / "data")
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(lake.home))
    monkeypatch.setenv("COLUMNS", "100")
    for month in MONTHS:
        lake.write_release(month, rows_of(month))
    lake.upsert(VOTES, votes(vote("2603.00001", list_date=date(2026, 3, 1))))
    return lake


@pytest.fixture
def spoilt(lake: Lake, capsysbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """Asks a lake that the test may spoil."""

    def answered(query: str | None = None, **options: object) -> Answer:
        code = ask(query, **options)  # type: ignore[arg-type]
        out, err = capsysbinary.readouterr()
        assert b"Traceback" not in err
        return Answer(code, out.decode(), err.decode())

    return answered


@pytest.fixture
def asked(lake: Lake, spoilt: Ask) -> Iterator[Ask]:
    """Asks, and sees at the end that no file of the lake was touched."""
    before = files(lake)
    yield spoilt
    assert files(lake) == before


def files(lake: Lake) -> dict[str, tuple[bytes, int]]:
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in lake.home.rglob("*.parquet")}


def cells_wide(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


# Tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMED)
def test_every_table_of_the_lake_is_there_by_its_name_even_when_empty(asked: Ask, name: str) -> None:
    for spelt in (name, name.upper()):
        answer = asked(f"SELECT * FROM {spelt}", format="csv")
        assert answer.code == 0
        assert answer.out.splitlines()[0].split(",") == NAMED[name].schema.column_names()


def test_no_table_is_left_out() -> None:
    assert {table.name for table in NAMED.values()} == {table.name for table in TABLES}


def test_show_tables_and_describe_say_what_there_is_to_ask(asked: Ask) -> None:
    tables = json.loads(asked("SHOW TABLES", format="json").out)
    assert [row["table"] for row in tables] == list(NAMED)
    assert tables[0] | {"holds": ""} == {
        "table": "release", "months": 3, "first": "2026-01", "latest": "2026-03", "holds": "",
    }  # fmt: skip
    columns = json.loads(asked("DESCRIBE VOTES", format="json").out)
    assert [row["column"] for row in columns] == VOTES.schema.column_names()
    assert [row["key"] for row in columns] == [True, True, True, False, False]
    assert all(row["meaning"] for row in columns)


def test_an_empty_lake_answers_with_no_rows_and_says_how_to_fill_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "none"))
    assert ask("SELECT count(*) AS n FROM release", format="csv") == 0
    out, err = capsys.readouterr()
    assert out == "n\n0\n"
    assert "holds no tables yet. Fill it: daily-papers run" in err
    assert ask("top-papers") == 2
    assert not (tmp_path / "none").exists()


def test_a_question_about_a_month_opens_no_other_file(lake: Lake, spoilt: Ask) -> None:
    for month in ("2026-01", "2026-03"):
        lake.path(RELEASE, month).write_bytes(b"not a byte of this is Parquet")
    lake.path(VOTES, "2026-03").write_bytes(b"nor of this")
    for sql in (
        "SELECT paper_id FROM release WHERE list_date BETWEEN '2026-02-01' AND '2026-02-28' ORDER BY 1",
        "SELECT paper_id FROM release WHERE strftime(list_date, '%Y-%m') = '2026-02' ORDER BY 1",
    ):
        answer = spoilt(sql, format="csv")
        assert answer.out.split() == ["paper_id", "2602.00001", "2602.00002", "2602.00003"], answer.err
    for name in ("top-papers", "videos", "rising-votes"):
        assert spoilt(name, format="csv", parameters=["month=2026-02"]).code == 0
    for name in ("coverage", "top-authors", "terms", "models"):
        only = ["since=2026-02", "until=2026-02"]
        assert spoilt(name, format="csv", parameters=only).code == 0
    broken = spoilt("SELECT count(title) FROM release")
    assert broken.code == 1
    assert "cannot be read" in broken.err
    assert "Find it: daily-papers check" in broken.err


# Formats -----------------------------------------------------------------------------------------

THREE = (
    "SELECT list_date, upvotes, title, title_ko, authors, summary_ko FROM release ORDER BY list_date LIMIT 3"
)


def test_csv_is_safe_to_open_in_a_spreadsheet(asked: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(asked(THREE, format="csv").out)))
    assert [row["title"] for row in rows] == ["'=HYPERLINK(1)", "Tides | and $x$", "Part\x1b[31m three"]
    assert rows[0]["authors"] == "Bo-ra Kim; 김보라"
    assert rows[0]["upvotes"] == "10"
    assert json.loads(rows[1]["summary_ko"]) == [{"section": "What's New", "text": "새 모델"}]


def test_json_is_one_array_and_a_row_a_line(asked: Ask) -> None:
    out = asked(THREE, format="json").out
    rows = json.loads(out)
    assert [row["list_date"] for row in rows] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert rows[0]["authors"] == ["Bo-ra Kim", "김보라"]
    assert len(out.splitlines()) == 5
    assert json.loads(asked("SELECT * FROM rejected", format="json").out) == []


def test_markdown_keeps_bars_and_dollars_quiet(asked: Ask) -> None:
    lines = asked(THREE, format="markdown").out.splitlines()
    assert lines[1] == "| --- | ---: | --- | --- | --- | --- |"
    assert "Tides \\| and <span>$</span>x<span>$</span>" in lines[3]
    assert len(lines) == 5


def test_parquet_holds_the_very_rows(asked: Ask, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    out.write_bytes(b"older")
    assert asked("SELECT * FROM release", format="parquet", out=out).code == 0
    assert pl.read_parquet(out).equals(pl.concat(map(rows_of, MONTHS)))
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_answer_goes_to_a_file_whole_or_not_at_all(asked: Ask, tmp_path: Path) -> None:
    out = tmp_path / "답.csv"
    assert asked(THREE, format="csv", out=out, limit=1).code == 0
    before = out.read_text(encoding="utf-8")
    assert len(before.splitlines()) == 2
    failing = asked("SELECT CAST(title AS INT) FROM release", format="csv", out=out)
    assert failing.code == 2
    assert out.read_text(encoding="utf-8") == before
    assert {path.name for path in tmp_path.iterdir()} == {"답.csv", "data"}


@pytest.mark.parametrize("width", [40, 80, 100, 200])
def test_korean_columns_line_up_and_lines_fit(
    asked: Ask, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = asked("SELECT title_ko, upvotes, title FROM release ORDER BY list_date").out
    head, rule, *lines = [line for line in out.splitlines() if line.strip()]
    assert {cells_wide(line) for line in (head, rule, *lines)} == {cells_wide(rule)}
    assert cells_wide(rule) <= width
    end = cells_wide(head[: head.index("upvotes") + len("upvotes")])
    for line in lines:
        if any(number in line for number in ("10", "20", "30")):
            place = next(line.index(number) for number in ("10", "20", "30") if number in line)
            assert cells_wide(line[: place + 2]) == end


def test_a_table_shows_a_screenful_and_counts_the_rest(asked: Ask) -> None:
    out = asked("SELECT paper_id FROM release", limit=2).out
    assert "… 7 more rows (--limit 9, or --format csv)" in out
    assert out.count(".0000") == 2
    assert "more rows" not in asked("SELECT paper_id FROM release").out


def test_columns_that_do_not_fit_are_named_and_one_row_stands_upright(asked: Ask) -> None:
    out = asked("SELECT * FROM release").out
    assert "more columns (name those you want): " in out
    assert "translated_at" in out
    assert all(
        cells_wide(line) <= 100 for line in out.splitlines() if "more columns" not in line and "," not in line
    )
    record = asked("SELECT * FROM release ORDER BY list_date LIMIT 1").out
    assert "Bo-ra Kim, 김보라" in record
    assert "more columns" not in record


def test_no_title_moves_the_cursor(asked: Ask) -> None:
    assert "\x1b" not in asked(THREE).out
    assert "\x1b" not in asked(THREE, format="markdown").out


# Questions ---------------------------------------------------------------------------------------


def test_questions_are_listed_and_run_by_name(asked: Ask) -> None:
    listed = json.loads(asked(list_questions=True, format="json").out)
    assert "top-papers" in [row["question"] for row in listed]
    rows = json.loads(asked("top-papers", format="json", parameters=["month=2026-01", "limit=2"]).out)
    assert [(row["upvotes"], row["paper_id"]) for row in rows] == [(30, "2601.00003"), (20, "2601.00002")]


def test_a_file_is_asked_like_a_question(asked: Ask, tmp_path: Path) -> None:
    path = tmp_path / "mine.sql"
    path.write_text(
        "\ufeff-- Mine.\n-- :least number, default 20\nSELECT paper_id FROM release WHERE upvotes > :least;\n"
    )
    assert asked(file=path, format="csv").out.split()[1:] == ["2601.00003", "2602.00003", "2603.00003"]
    assert asked(file=path, format="csv", parameters=["least=30"]).out == "paper_id\n"


# Refusals ----------------------------------------------------------------------------------------

WRONG = {
    "SELECT upvote FROM release": "no column 'upvote' in release; did you mean upvotes?",
    "SELECT r.upvote FROM release r": "no column 'upvote' in release; did you mean upvotes?",
    "SELECT * FROM release ORDER BY titel": "no column 'titel' in release; did you mean title?",
    "SELECT UPVOTES FROM release": "no column 'UPVOTES' in release; did you mean upvotes?",
    "SELECT x FROM (SELECT title AS y FROM release) AS s WHERE zzz > 1": "no column",
    "SELECT q.title FROM release rel": "no table 'q' in this query",
    "SELECT r.title FROM release JOIN votes USING (paper_id)": "no table 'r' in this query",
    "SELECT * FROM relase": "no table 'relase'; did you mean release?",
    "SELECT foo(title) FROM release": "Polars' SQL has no function 'foo'",
    "SELECT * FROM release WHERE list_date > 'June'": "cannot be run",
    "SELECT title FROM release GROUP BY list_date": "GROUP BY",
    "SELECT 1, 1": "duplicate",
    "SELECT CAST(title AS BLOB) AS b FROM release": "column b is binary",
    "SELECT CAST(title AS INT) FROM release": "cannot be run",
    "INSERT INTO release SELECT 1": "only reads",
    "DROP TABLE release": "only reads",
    "SELECT * FROM read_csv('{path}')": "by its path",
    "SELECT * FROM '{path}'": "looks like a file",
    "SELECT * FROM release, votes": "no condition",
    "": "is empty",
    "top-paper": "did you mean top-papers?",
}  # fmt: skip


@pytest.mark.parametrize(("sql", "why"), WRONG.items(), ids=[sql or "nothing" for sql in WRONG])
def test_a_query_that_cannot_be_answered_ends_with_2_and_a_sentence(
    asked: Ask, tmp_path: Path, sql: str, why: str
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("password\nhunter2\n")
    answer = asked(sql.replace("{path}", str(secret)), format="json")
    assert answer.code == 2
    assert why in answer.err
    assert answer.err.startswith("Not run: ")
    assert len(answer.err.splitlines()) == 1
    assert "hunter2" not in answer.out + answer.err


OPTIONS: list[tuple[dict[str, object], str]] = [
    ({}, "give one query"),
    ({"query": "SELECT 1", "list_questions": True}, "give one query"),
    ({"query": "SELECT 1", "format": "cvs"}, "no format 'cvs'; did you mean csv?"),
    ({"query": "SELECT 1", "limit": 0}, "expected 1 or more"),
    ({"query": "SELECT 1", "format": "parquet"}, "--out FILE"),
    ({"query": "SELECT 1", "parameters": ["month"]}, "expected name=value"),
    ({"query": "SELECT 1", "parameters": ["month=2024-06"]}, "has no parameter 'month'; it takes none"),
    ({"query": "top-papers", "parameters": ["month=June"]}, "expected a month such as 2024-06"),
    ({"query": "SELECT 1", "format": "csv", "out": Path("data/x.csv")}, "inside the lake"),
    ({"query": "SELECT 1", "format": "csv", "out": Path("no/such/x.csv")}, "in a folder that exists"),
    ({"file": Path("none.sql")}, "cannot be read (No such file"),
    ({"file": Path("latin.sql")}, "is not UTF-8"),
    ({"file": Path("large.sql")}, "larger than"),
    ({"file": Path()}, "cannot be read (Is a directory"),
]


@pytest.mark.parametrize(("options", "why"), OPTIONS, ids=[why for _, why in OPTIONS])
def test_a_wrong_option_ends_with_2_and_a_sentence(
    asked: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.sql").write_bytes(b"SELECT '\xe9'")
    (tmp_path / "large.sql").write_bytes(b" " * 1_000_001)
    answer = asked(**options)
    assert answer.code == 2
    assert why in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: rows.drop("upvotes"),
        lambda rows: rows.with_columns(pl.col("upvotes").cast(pl.String)),
        lambda rows: rows.with_columns(more=1),
    ],
    ids=["a column less", "another type", "a column more"],
)
def test_a_file_that_breaks_its_contract_is_the_lakes_fault(
    lake: Lake, spoilt: Ask, spoil: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    path = lake.path(RELEASE, "2026-01")
    spoil(pl.read_parquet(path)).write_parquet(path)
    answer = spoilt("SELECT sum(upvotes) AS s FROM release")
    assert answer.code == 1
    assert "daily-papers check" in answer.err


# Bounds ------------------------------------------------------------------------------------------


def test_work_that_takes_too_much_memory_is_stopped() -> None:
    def endless() -> Iterator[int]:
        while True:
            time.sleep(0.01)
            yield 1

    with pytest.raises(TooLarge, match="GB are the most"):
        list(watched(endless(), most_bytes=1))


def test_what_fails_in_the_other_thread_fails_here() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("there")

    with pytest.raises(ValueError, match="there"):
        list(watched(failing()))


def _command(*arguments: str, stdout: int | None = None) -> "subprocess.Popen[bytes]":
    script = "import sys; from flows.ask import ask; sys.exit(ask(sys.argv[1], format=sys.argv[2]))"
    command = [sys.executable, "-c", script, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.Popen(
        command, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )


def many(count: int) -> pl.DataFrame:
    return pl.concat([rows_of("2026-01").head(1)] * count).with_columns(
        paper_id=pl.format("2601.{}", pl.int_range(pl.len()) + 10_000)
    )


def test_a_reader_that_has_read_enough_ends_the_query_quietly(lake: Lake) -> None:
    lake.write_release("2026-01", many(1500))
    with _command("SELECT *, abstract AS a2 FROM release", "csv") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10) == b"list_date,"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_behind_standard_output_is_said(lake: Lake) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        _command("SELECT 1 AS x", "csv", stdout=full.fileno()) as process,
    ):
        assert process.stderr is not None
        err = process.stderr.read().decode()
        assert process.wait() == 3
    assert err.startswith("The answer could not be written to standard output")
    assert len(err.splitlines()) == 1


def test_ctrl_c_ends_a_query_that_polars_would_not_end(lake: Lake) -> None:
    lake.write_release("2026-01", many(20))
    joins = " ".join(f"JOIN release {name} ON a.is_withdrawn = {name}.is_withdrawn" for name in "bcdefgh")
    with _command(f"SELECT count(*) FROM release a {joins}", "csv") as process:
        time.sleep(3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) != 0


def test_korean_is_written_as_utf8_whatever_the_locale(lake: Lake) -> None:
    for form in ("table", "csv"):
        with _command("SELECT title_ko FROM release WHERE title_ko IS NOT NULL", form) as process:
            out, err = process.communicate()
            assert process.returncode == 0, err
            assert "긴 문서를 읽는" in out.decode("utf-8")
