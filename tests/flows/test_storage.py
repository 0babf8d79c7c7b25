"""The lake: validated, atomic, deterministic, and untouched where nothing changed."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.errors import ContractBroken, LakeUnwritable
from flows.storage import Lake
from schemas.tables import ABSTRACTS, PAPERS, RELEASE, TABLES
from tablerows import LATER, abstract, abstracts, paper, papers, release_rows, released

MAY = date(2026, 5, 29)
JUNE = date(2026, 6, 1)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def state(lake: Lake) -> dict[str, tuple[int, bytes]]:
    """Inode-like identity and bytes of every file, hidden ones too."""
    return {
        lake.name(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in lake.home.rglob("*")
        if path.is_file()
    }


def test_an_empty_lake_gives_empty_tables(lake: Lake) -> None:
    for table in TABLES:
        assert lake.months(table) == []
        assert_frame_equal(lake.read(table, ["2026-03"]), table.empty())
        assert lake.upsert(table, table.empty()) == []
    assert not lake.home.exists()


def test_rows_are_put_into_the_files_of_their_months_and_read_back(lake: Lake) -> None:
    rows = papers(paper("2605.00002", list_date=JUNE), paper("2605.00001", list_date=MAY))
    changed = lake.upsert(PAPERS, rows)
    assert [lake.name(path) for path in changed] == ["papers/2026-05.parquet", "papers/2026-06.parquet"]
    assert lake.months(PAPERS) == ["2026-05", "2026-06"]
    assert_frame_equal(lake.read(PAPERS, ["2026-06", "2026-05", "2026-05"]), rows.sort(PAPERS.key))
    assert lake.read(PAPERS, ["2026-06"])["paper_id"].to_list() == ["2605.00002"]


def test_a_known_key_is_replaced_and_all_others_stay(lake: Lake) -> None:
    lake.upsert(PAPERS, papers(paper("2603.00001"), paper("2603.00002", rank=2)))
    lake.upsert(PAPERS, papers(paper("2603.00002", rank=2, upvotes=9), paper("2603.00003", rank=3)))
    assert lake.read(PAPERS, ["2026-03"]).select("paper_id", "upvotes").rows() == [
        ("2603.00001", 3),
        ("2603.00002", 9),
        ("2603.00003", 3),
    ]


def test_the_same_paper_on_another_day_is_another_row(lake: Lake) -> None:
    lake.upsert(PAPERS, papers(paper()))
    lake.upsert(PAPERS, papers(paper(list_date=date(2026, 3, 6))))
    assert lake.read(PAPERS, ["2026-03"]).height == 2


def test_putting_the_same_rows_in_again_touches_no_file(lake: Lake) -> None:
    rows = papers(paper("2603.00001"), paper("2603.00002", rank=2))
    lake.upsert(PAPERS, rows)
    before = state(lake)
    assert lake.upsert(PAPERS, rows.reverse()) == []
    assert lake.upsert(PAPERS, rows.head(1)) == []
    assert state(lake) == before


def test_months_without_a_row_are_neither_opened_nor_touched(lake: Lake) -> None:
    lake.upsert(PAPERS, papers(paper(list_date=MAY)))
    broken = lake.path(PAPERS, "2026-04")
    broken.write_bytes(b"no parquet")
    before = state(lake)
    lake.upsert(PAPERS, papers(paper(list_date=JUNE)))
    after = state(lake)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {"papers/2026-06.parquet"}


def test_papers_are_found_by_id_in_the_month_of_their_id(lake: Lake) -> None:
    lake.upsert(ABSTRACTS, abstracts(*(abstract(i) for i in ("2405.00001", "2405.00002", "2406.00001"))))
    lake.path(ABSTRACTS, "2407").parent.mkdir(exist_ok=True)
    wanted = pl.Series(["2406.00001", "2405.00002", "2405.00002", "2407.00001"])
    assert lake.read_papers(ABSTRACTS, wanted)["paper_id"].to_list() == ["2405.00002", "2406.00001"]
    assert_frame_equal(lake.read_papers(ABSTRACTS, pl.Series([], dtype=pl.String)), ABSTRACTS.empty())


def test_a_few_columns_are_read_over_many_months(lake: Lake) -> None:
    lake.upsert(PAPERS, papers(paper(list_date=MAY), paper(list_date=JUNE)))
    rows = lake.read_columns(PAPERS, ["2026-04", "2026-05", "2026-06"], ["list_date", "upvotes"])
    assert rows.rows() == [(MAY, 3), (JUNE, 3)]
    assert lake.read_columns(PAPERS, [], ["rank"]).schema == {"rank": pl.Int32}


ROWS = st.lists(st.integers(1, 30), unique=True, min_size=1, max_size=12).map(
    lambda numbers: [paper(f"2603.{number:05d}", rank=number, upvotes=number) for number in numbers]
)


@settings(deadline=None, max_examples=25)
@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_same_rows_give_the_same_bytes_in_any_order_and_any_portions(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], order: Any, size: int
) -> None:
    folder = tmp_path_factory.mktemp("lakes")
    whole, parts = Lake(folder / "whole"), Lake(folder / "parts")
    whole.upsert(PAPERS, papers(*rows))
    order.shuffle(rows)
    for start in range(0, len(rows), size):
        parts.upsert(PAPERS, papers(*rows[start : start + size]))
    assert parts.path(PAPERS, "2026-03").read_bytes() == whole.path(PAPERS, "2026-03").read_bytes()


# Contracts ---------------------------------------------------------------------------------------


def refused(lake: Lake, rows: pl.DataFrame) -> str:
    before = state(lake)
    with pytest.raises(ContractBroken) as caught:
        lake.upsert(PAPERS, rows)
    assert state(lake) == before
    return str(caught.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (papers(paper(rank=0)), "rank"),
        (papers(paper(), paper()), "primary_key"),
        (papers(paper(title=None)), "title"),
        (papers(paper()).drop("title"), "title"),
        (papers(paper()).cast({"upvotes": pl.String}), "upvotes"),
    ],
    ids=["rule", "key", "null", "missing", "type"],
)
def test_rows_that_break_the_contract_are_not_written_and_the_message_names_file_and_column(
    lake: Lake, rows: pl.DataFrame, said: str
) -> None:
    lake.upsert(PAPERS, papers(paper("2603.00009", rank=9)))
    message = refused(lake, rows)
    assert message.startswith("papers/2026-03.parquet does not match Papers (schemas/tables.py)")
    assert "as it was" in message
    assert said in message


def test_a_file_that_breaks_the_contract_is_not_read(lake: Lake) -> None:
    path = lake.path(PAPERS, "2026-03")
    path.parent.mkdir(parents=True)
    papers(paper(upvotes=-5)).write_parquet(path)
    with pytest.raises(ContractBroken, match=r"papers/2026-03.parquet does not match Papers"):
        lake.read(PAPERS, ["2026-03"])


@pytest.mark.parametrize("content", [b"", b"PAR1", b"<html>"])
def test_a_file_that_is_no_parquet_is_named_and_left_alone(lake: Lake, content: bytes) -> None:
    path = lake.path(PAPERS, "2026-03")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    message = refused(lake, papers(paper()))
    assert message.startswith("papers/2026-03.parquet cannot be read as Parquet")
    assert "daily-papers backfill" in message


def test_months_before_a_broken_one_are_written_and_it_is_not(lake: Lake) -> None:
    rows = papers(paper(list_date=MAY), paper(list_date=JUNE, upvotes=-1))
    with pytest.raises(ContractBroken, match="2026-06"):
        lake.upsert(PAPERS, rows)
    assert lake.months(PAPERS) == ["2026-05"]


def test_files_with_other_names_are_no_months(lake: Lake) -> None:
    folder = lake.home / "papers"
    folder.mkdir(parents=True)
    for name in ("notes.parquet", "2026-03.parquet.bak", ".2026-03.parquet.x.tmp", "2026-3.parquet"):
        (folder / name).write_bytes(b"")
    assert lake.months(PAPERS) == []


# Files -------------------------------------------------------------------------------------------


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(lake: Lake) -> None:
    path = lake.home / "a" / "file"
    lake.write_bytes(path, b"old")
    before = state(lake)

    def write_half(target: Path) -> None:
        target.write_bytes(b"half")
        raise KeyError("a bug of ours")

    with pytest.raises(KeyError):
        lake.write_atomically(path, write_half)
    assert state(lake) == before


def test_a_full_disk_is_told_and_leaves_the_old_file_and_no_other(lake: Lake) -> None:
    path = lake.home / "a" / "file"
    lake.write_bytes(path, b"old")
    before = state(lake)

    def write_to_full_disk(target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(
        LakeUnwritable, match=r"a/file could not be written .*No space left.*as it was before"
    ):
        lake.write_atomically(path, write_to_full_disk)
    assert state(lake) == before


def test_readers_see_the_old_file_or_the_new_one_and_never_half(lake: Lake) -> None:
    path = lake.home / "file"
    lake.write_bytes(path, b"old")
    seen = []

    def write(target: Path) -> None:
        target.write_bytes(b"new")
        seen.append(path.read_bytes())

    lake.write_atomically(path, write)
    assert (seen, path.read_bytes()) == ([b"old"], b"new")


def test_a_folder_that_is_a_file_is_told(lake: Lake) -> None:
    lake.home.mkdir(parents=True)
    (lake.home / "papers").write_bytes(b"")
    with pytest.raises(LakeUnwritable, match=r"papers/2026-03\.parquet could not be written"):
        lake.upsert(PAPERS, papers(paper()))


def test_bytes_are_written_when_they_differ_and_only_then(lake: Lake) -> None:
    path = lake.home / "file"
    assert lake.write_bytes(path, b"one")
    before = state(lake)
    assert not lake.write_bytes(path, b"one")
    assert state(lake) == before
    assert lake.write_bytes(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_a_killed_write_left_is_found_and_is_no_part_of_any_table(lake: Lake) -> None:
    lake.upsert(PAPERS, papers(paper()))
    lake.write_release("2026-03", release_rows(released()))
    assert lake.leftovers() == []

    left = lake.home / ".tmp" / "2026-03.parquet.abc"
    left.write_bytes(b"half")
    assert lake.leftovers() == [left]
    assert lake.months(PAPERS) == ["2026-03"]


def test_a_path_is_shown_as_people_know_it(lake: Lake, tmp_path: Path) -> None:
    assert lake.name(lake.path(PAPERS, "2026-03")) == "papers/2026-03.parquet"
    assert lake.name(tmp_path / "elsewhere") == str(tmp_path / "elsewhere")


def test_the_lake_stays_where_it_was_when_the_current_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake(Path("here"))
    monkeypatch.chdir(os.sep)
    assert lake.home == tmp_path / "here"


# The release -------------------------------------------------------------------------------------


def test_the_same_release_rows_give_the_same_bytes_however_they_came_to_be(lake: Lake) -> None:
    rows = release_rows(*(released(f"2603.{number:05d}", rank=number) for number in range(1, 40)))
    assert lake.write_release("2026-03", rows)
    before = state(lake)
    chunked = pl.concat([rows.head(7), rows.slice(7, 20), rows.tail(12)], rechunk=False)
    assert chunked.n_chunks() == 3
    assert not lake.write_release("2026-03", chunked)
    assert state(lake) == before
    assert lake.write_release("2026-03", rows.with_columns(upvotes=pl.lit(4, pl.Int64)))


def test_an_empty_month_has_no_file(lake: Lake) -> None:
    path = lake.path(RELEASE, "2026-03")
    assert not lake.write_release("2026-03", RELEASE.empty())
    assert not path.exists()
    lake.write_release("2026-03", release_rows(released()))
    assert lake.write_release("2026-03", RELEASE.empty())
    assert not path.exists()


def test_a_release_that_breaks_the_contract_is_not_written(lake: Lake) -> None:
    lake.write_release("2026-03", release_rows(released()))
    before = state(lake)
    with pytest.raises(ContractBroken, match=r"data/2026-03\.parquet does not match Release"):
        lake.write_release("2026-03", release_rows(released(translated_at=LATER, rank=0)))
    assert state(lake) == before


def test_a_column_younger_than_the_file_is_null_where_it_may_be_and_refused_where_not(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_release("2026-03", release_rows(released(corrected_at=LATER)))
    path = lake.path(RELEASE, "2026-03")
    rows = pl.read_parquet(path)
    rows.drop("corrected_at").write_parquet(path)
    assert lake.read(RELEASE, ["2026-03"])["corrected_at"].to_list() == [None]
    rows.drop("is_withdrawn").write_parquet(path)
    with pytest.raises(ContractBroken, match="is_withdrawn"):
        lake.read(RELEASE, ["2026-03"])
