"""``daily-papers fix``: one paper's Korean corrected by a person, from the command line to the Hub."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from daylists import record, records
from flows.check import problems
from flows.cli import app
from flows.console import run_publish
from flows.lock import one_writer
from hubs import Hub
from line import DAY, Line
from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PARALLEL, RELEASE, TRANSLATIONS
from tablerows import archive, archived

PAPER, OTHER = "2603.00001", "2603.00002"
WHO = ("--by", "Kim Minji", "--why", "The title was clumsy.")
TITLE = "긴 문서를 작은 단계로 나누어 갈기, 제1부"


@pytest.fixture
def filled(line: Line) -> Line:
    """Two papers in March, one of which an April list has again; no key and no model from here on."""
    line.day(DAY, records(2))
    line.day("2026-04-02", [record(PAPER, votes=9)])
    line.run()
    line.run("2026-04-02")
    line.set(OPENAI_API_KEY=None)
    line.faults()
    return line


def daily_papers(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "400"})
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    return ended.exit_code, ended.output


@pytest.fixture
def paper_file(filled: Line, tmp_path: Path) -> Callable[..., str]:
    """Writes what ``--show`` prints, with changes, and gives the file's name."""

    def written(paper_id: str = PAPER, **changed: Any) -> str:
        code, shown = daily_papers("fix", paper_id, "--show")
        assert code == 0, shown
        path = tmp_path / "paper.json"
        path.write_text(json.dumps(json.loads(shown) | changed, ensure_ascii=False))
        return str(path)

    return written


def release_files(line: Line) -> dict[str, bytes]:
    return {name: content for name, (_, content) in line.files().items() if name.startswith("release/")}


def of_paper(line: Line, paper_id: str = PAPER) -> pl.DataFrame:
    return line.table(RELEASE).filter(pl.col("paper_id") == paper_id)


def test_show_prints_english_and_korean_as_they_stand_and_writes_nothing(filled: Line) -> None:
    before = filled.files()
    code, shown = daily_papers("fix", PAPER, "--show")
    pair = json.loads(shown)
    assert code == 0
    assert list(pair) == ["paper_id", "title", "abstract", "title_ko", "abstract_ko", "summary_ko"]
    row = of_paper(filled).row(0, named=True)
    assert pair == {name: row[name] for name in pair}
    assert filled.files() == before


def test_a_correction_is_in_every_month_that_lists_the_paper_and_nowhere_else(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    others = filled.table(RELEASE).filter(pl.col("paper_id") != PAPER)
    code, out = daily_papers("fix", PAPER, "--from", paper_file(title_ko=TITLE), *WHO)
    assert code == 0, out
    assert "The Korean of 2603.00001 is corrected" in out
    assert "2026-03, 2026-04" in out
    rows = of_paper(filled)
    assert rows["title_ko"].to_list() == [TITLE] * 2
    assert rows["corrected_at"].null_count() == 0
    assert rows["translation_status"].to_list() == ["ok"] * 2
    assert TITLE in filled.table(PARALLEL)["ko"].to_list()
    assert TITLE in (filled.lake.digest / "paper_logs/2026/03/05.md").read_text()
    assert filled.table(RELEASE).filter(pl.col("paper_id") != PAPER).equals(others)
    assert list(problems(filled.lake)) == []
    assert filled.requests() == []


def test_who_and_why_stay_in_the_lake(filled: Line, paper_file: Callable[..., str]) -> None:
    daily_papers("fix", PAPER, "--from", paper_file(title_ko=TITLE), *WHO)
    (row,) = filled.table(CORRECTIONS).to_dicts()
    assert (row["corrected_by"], row["correction_reason"]) == ("Kim Minji", "The title was clumsy.")
    code, out = daily_papers("sql", "SELECT corrected_by FROM corrections", "--format", "csv")
    assert (code, out.split()) == (0, ["corrected_by", "Kim", "Minji"])
    for name, content in release_files(filled).items():
        text = pl.read_parquet(content).write_ndjson() if name.endswith(".parquet") else ""
        assert "Minji" not in text, name
        assert b"Minji" not in content, name


def test_taking_it_back_restores_the_release_byte_for_byte_and_is_recorded(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    before = release_files(filled)
    daily_papers("fix", PAPER, "--from", paper_file(title_ko=TITLE), *WHO)
    once = release_files(filled)
    daily_papers("fix", PAPER, "--from", paper_file(title_ko="두 번째 제목: 긴 문서 읽기"), *WHO)
    assert before != once != release_files(filled)
    code, out = daily_papers("fix", PAPER, "--undo", *WHO)
    assert code == 0, out
    assert release_files(filled) == once
    assert daily_papers("fix", PAPER, "--undo", *WHO)[0] == 0
    assert release_files(filled) == before
    assert filled.table(CORRECTIONS).height == 4
    code, out = daily_papers("fix", PAPER, "--undo", *WHO)
    assert (code, filled.table(CORRECTIONS).height) == (2, 4)
    assert "No correction of 2603.00001 stands" in out


def test_the_same_again_records_nothing_and_writes_nothing(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    file = paper_file(title_ko=TITLE)
    daily_papers("fix", PAPER, "--from", file, *WHO)
    before = filled.files()
    code, out = daily_papers("fix", PAPER, "--from", file, *WHO)
    assert code == 0
    assert "already" in out
    assert filled.files() == before


def test_what_the_gate_refuses_is_refused_by_its_codes_unless_the_person_knows_better(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    before = filled.files()
    bare = "Grinding Long Documents"
    file = paper_file(title_ko=bare)
    code, out = daily_papers("fix", PAPER, "--from", file, *WHO)
    assert code == 1
    assert "title_ko [" in out
    assert "--anyway" in out
    assert filled.files() == before
    assert daily_papers("fix", PAPER, "--from", file, *WHO, "--anyway")[0] == 0
    row = of_paper(filled).row(0, named=True)
    assert (row["title_ko"], row["translation_status"]) == (bare, "ok")
    assert "error" in {issue["severity"] for issue in row["translation_issues"]}
    assert list(problems(filled.lake)) == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["2603.99999", "--show"], "No list in"),
        (["2603.99999", "--undo", *WHO], "No list in"),
        (["2603.00001v2", "--show"], "no arXiv id without a version"),
        (["../../etc", "--show"], "no arXiv id without a version"),
        ([PAPER], "give one of --show, --from FILE and --undo"),
        ([PAPER, "--show", "--undo"], "give one of --show, --from FILE and --undo"),
        ([PAPER, "--show", "--by", "x"], "--show changes nothing"),
        ([PAPER, "--undo", *WHO, "--anyway"], "--anyway goes with --from"),
        ([PAPER, "--undo"], "Name both: --by NAME --why REASON"),
        ([PAPER, "--undo", "--by", " ", "--why", "x"], "--by: expected 1 to 200 visible characters"),
        ([PAPER, "--undo", *WHO], "No correction of 2603.00001 stands"),
        ([PAPER, "--from", "missing.json", *WHO], "missing.json cannot be read"),
    ],
)
def test_what_cannot_be_used_is_said_and_changes_nothing(
    filled: Line, arguments: list[str], expected: str
) -> None:
    before = filled.files()
    code, out = daily_papers("fix", *arguments)
    assert code == 2
    assert expected in " ".join(out.replace("│", " ").split())
    assert filled.files() == before


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"not JSON", "expected one JSON object"),
        (b'{"paper_id": "2603.00001"}', "title: expected text, got no such key"),
        (b" " * (2**20 + 1), "at most 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_no_paper_is_refused(
    filled: Line, tmp_path: Path, content: bytes, expected: str
) -> None:
    path = tmp_path / "paper.json"
    path.write_bytes(content)
    before = filled.files()
    code, out = daily_papers("fix", PAPER, "--from", str(path), *WHO)
    assert code == 2
    assert expected in out
    assert filled.files() == before


def test_a_file_of_another_paper_or_with_other_english_is_refused(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    before = filled.files()
    code, out = daily_papers("fix", PAPER, "--from", paper_file(OTHER), *WHO)
    assert (code, "paper_id: expected the paper's own" in out) == (2, True)
    code, out = daily_papers("fix", PAPER, "--from", paper_file(title="Milestone"), *WHO)
    assert (code, "title: expected the paper's own" in out) == (2, True)
    assert filled.files() == before


def test_control_characters_and_markup_reach_neither_the_release_nor_the_terminal(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    file = paper_file(title_ko=f"{TITLE}\u001b[31m\u202e <b>굵게</b> [링크](javascript:alert(1))")
    who = ("--by", "Kim\u001b[2J [bold]Minji", "--why", "a\u0000b <script>\nc")
    code, out = daily_papers("fix", PAPER, "--from", file, *who)
    assert code == 1
    assert "\u001b[31m" not in out
    code, out = daily_papers("fix", PAPER, "--from", file, *who, "--anyway")
    assert code == 0, out
    assert not {"\u001b", "\u202e"} & set(out)
    (row,) = filled.table(CORRECTIONS).to_dicts()
    assert (row["corrected_by"], row["correction_reason"]) == ("Kim[2J [bold]Minji", "ab <script> c")
    assert not {"\u001b", "\u202e"} & set(of_paper(filled)["title_ko"][0])
    page = (filled.lake.digest / "paper_logs/2026/03/05.md").read_text()
    assert "<b>" not in page
    assert "[링크](" not in page


def test_while_another_run_writes_the_lake_nothing_is_recorded(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    file = paper_file(title_ko=TITLE)
    with one_writer(filled.lake, "another run", 0, print):
        code, out = daily_papers("fix", PAPER, "--from", file, *WHO)
    assert code == 3
    assert "is being written by another run" in out
    assert filled.table(CORRECTIONS).is_empty()


def test_a_corrected_paper_is_not_asked_for_again_and_its_correction_stands(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    daily_papers("fix", PAPER, "--from", paper_file(title_ko=TITLE), *WHO)
    filled.set(**(filled.sandbox.environment() | {"DAILY_PAPERS_MODEL": "another-model"}))
    filled.faults()
    filled.backfill(DAY, DAY, retranslate="recipe")
    assert set(filled.calls()) == {OTHER}
    assert of_paper(filled)["title_ko"].to_list() == [TITLE] * 2
    assert filled.table(TRANSLATIONS).filter(pl.col("paper_id") == PAPER).height == 1


def test_when_the_english_changes_the_correction_ends_and_check_says_so(
    filled: Line, paper_file: Callable[..., str]
) -> None:
    daily_papers("fix", PAPER, "--from", paper_file(title_ko=TITLE), *WHO)
    known = filled.table(ABSTRACTS)
    filled.lake.upsert(ABSTRACTS, known.with_columns(title=pl.lit("Milling Long Documents Once More")))
    assert run_publish(None) == 0
    assert TITLE not in of_paper(filled)["title_ko"].to_list()
    code, out = daily_papers("check")
    assert code == 1
    assert "The correction of 2603.00001 was made for English that has changed since" in out
    assert "Minji" not in out
    assert daily_papers("fix", PAPER, "--undo", *WHO)[0] == 0
    assert list(problems(filled.lake)) == []


def test_a_paper_whose_abstract_is_not_known_is_named_with_the_way_to_fetch_it(filled: Line) -> None:
    filled.lake.upsert(ARCHIVE, archive(archived("2603.00077", rank=9)))
    run_publish(None)
    code, out = daily_papers("fix", "2603.00077", "--show")
    assert code == 2
    assert "--dry-run" in out


def test_where_a_repository_is_set_the_correction_goes_to_the_hub(
    filled: Line, paper_file: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(filled.sandbox, monkeypatch)
    filled.set(DAILY_PAPERS_REPO=hub.repo_id)
    file = paper_file(title_ko=TITLE)
    code, out = daily_papers("fix", PAPER, "--from", file, *WHO)
    assert code == 0, out
    there = pl.read_parquet(hub.files()["data/2026-03.parquet"])
    assert TITLE in there["title_ko"].to_list()
    assert "corrected_at" in hub.files()["README.md"].decode()
    assert not any(b"Minji" in content for content in hub.files().values())
    hub.forget()
    assert daily_papers("fix", PAPER, "--from", file, *WHO)[0] == 0
    assert hub.sent() == 0
