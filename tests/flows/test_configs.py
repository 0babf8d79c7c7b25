"""The three configs as a run writes them: what is in which month, and a card that tells the truth."""

from pathlib import Path

import datasets
import pytest

from cardlint import card_faults
from daylists import records
from flows.check import problems
from flows.console import run_publish
from flows.release import release_card, release_contents
from line import DAY, Line
from schemas.tables import CONFIGS, PARALLEL, PUBLISHED_VOTES, SCHEMA_VERSION, VOTES

LATER = "2026-04-02"


@pytest.fixture
def filled(line: Line) -> Line:
    """Two months; 2603.00002 is on a list of each."""
    line.day(DAY, records(2))
    line.day(LATER, records(3)[1:])
    assert (line.run(DAY).code, line.run(LATER).code) == (0, 0)
    return line


def papers_of(line: Line, month: str) -> set[str]:
    return set(line.lake.read(PARALLEL, [month])["paper_id"])


def test_a_run_publishes_votes_and_the_papers_texts_where_they_were_listed_first(filled: Line) -> None:
    assert filled.table(PUBLISHED_VOTES).equals(filled.table(VOTES))
    assert papers_of(filled, "2026-03") == {"2603.00001", "2603.00002"}
    assert papers_of(filled, "2026-04") == {"2603.00003"}
    assert list(problems(filled.lake)) == []


def test_an_older_list_found_later_takes_its_papers_texts_from_the_newer_month(line: Line) -> None:
    line.day(DAY, records(2))
    line.day(LATER, records(3)[1:])
    line.run(LATER)
    assert papers_of(line, "2026-04") == {"2603.00002", "2603.00003"}
    line.run(DAY)
    assert papers_of(line, "2026-03") == {"2603.00001", "2603.00002"}
    assert papers_of(line, "2026-04") == {"2603.00003"}
    assert list(problems(line.lake)) == []


def test_every_file_names_the_version_of_its_columns_and_counts_its_rows(filled: Line) -> None:
    for table in CONFIGS.values():
        for month in filled.lake.months(table):
            footer = filled.lake.footer(table, month)
            assert footer.schema_version == SCHEMA_VERSION
            assert footer.counts.rows == filled.lake.read(table, [month]).height
            assert footer.bytes == filled.lake.path(table, month).stat().st_size


def test_the_card_of_a_run_is_what_the_hub_and_a_reader_expect(filled: Line) -> None:
    assert list(card_faults(filled.lake.dataset)) == []


def test_the_rows_of_an_old_month_are_not_read_for_a_run_of_another(line: Line) -> None:
    line.day("2026-01-08", records(2))
    line.run("2026-01-08")
    path = line.lake.path(CONFIGS["papers"], "2026-01")
    whole = path.read_bytes()
    # The rows are spoilt, the footer, which counts them, is not.
    path.write_bytes(whole[:8] + b"\0" * 64 + whole[72:])
    line.day(LATER, records(5)[1:])
    assert line.run(LATER).code == 0
    assert "6 rows on 2 days" in (line.lake.dataset / "README.md").read_text()


@pytest.mark.parametrize("config", CONFIGS)
def test_a_release_of_some_months_has_a_card_of_its_own_and_loads(
    filled: Line, tmp_path: Path, config: str
) -> None:
    some, table = tmp_path / "some", CONFIGS[config]
    for each in CONFIGS.values():
        path = some / each.folder / "2026-03.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(filled.lake.path(each, "2026-03").read_bytes())
    contents = release_contents(filled.lake, {"2026-03"})
    (some / "README.md").write_text(release_card(contents, "org/set"))
    assert list(card_faults(some)) == []
    loaded = datasets.load_dataset(str(some), config, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == filled.lake.read(table, ["2026-03"]).height


def test_a_file_of_another_writer_is_named_and_publishing_puts_it_right(
    filled: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    path = filled.lake.path(PARALLEL, "2026-03")
    before = filled.files()
    filled.lake.read(PARALLEL, ["2026-03"]).write_parquet(path)
    assert any("parallel/2026-03.parquet cannot be used" in problem for problem in problems(filled.lake))
    assert filled.run(LATER).code == 1
    assert "daily-papers publish" in capsys.readouterr().out
    assert run_publish(None) == 0
    assert {name: file[1] for name, file in filled.files().items()} == {
        name: file[1] for name, file in before.items()
    }
