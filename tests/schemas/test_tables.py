"""The contracts themselves: every column means something, and every table can be built."""

from collections import defaultdict
from datetime import UTC, date, datetime
from typing import Any

import dataframely as dy
import polars as pl
import pyarrow as pa
import pytest

from schemas.dataset import arrow_schema, features
from schemas.tables import (
    ABSTRACTS,
    PAPERS,
    PARALLEL,
    REJECTED,
    RELEASE,
    STATUSES,
    TABLES,
    TRANSLATIONS,
    VOTES,
    Table,
)
from tablerows import abstract, frame, paper, released, translation, vote

NAMES = [table.name for table in TABLES]
every_table = pytest.mark.parametrize("table", TABLES, ids=NAMES)


@every_table
def test_every_column_has_a_meaning_in_one_line(table: Table) -> None:
    for name, column in table.schema.columns().items():
        meaning = (column.metadata or {}).get("meaning", "")
        assert meaning.endswith("."), f"{table.name}.{name}"
        assert "\n" not in meaning
        assert "TODO" not in meaning


@every_table
def test_a_table_says_its_grain(table: Table) -> None:
    assert "One row per" in (table.schema.__doc__ or "") or "one row per" in (table.schema.__doc__ or "")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (PAPERS, ["list_date", "paper_id"]),
        (VOTES, ["list_date", "paper_id", "observed_at"]),
        (ABSTRACTS, ["paper_id"]),
        (TRANSLATIONS, ["paper_id", "source_sha256", "recipe_id"]),
        (REJECTED, ["list_date", "step", "row_sha256"]),
        (RELEASE, ["list_date", "paper_id"]),
    ],
    ids=["papers", "votes", "abstracts", "translations", "rejected", "release"],
)
def test_keys_are_those_of_the_design(table: Table, key: list[str]) -> None:
    assert table.key == key
    assert not any(table.schema.columns()[name].nullable for name in key)


def test_no_two_tables_share_a_folder() -> None:
    assert len(set(NAMES)) == len(NAMES)


@every_table
def test_a_table_can_be_built_empty_in_polars_arrow_and_datasets(table: Table) -> None:
    empty = table.empty()
    assert empty.height == 0
    assert table.schema.is_valid(empty)
    columns = table.schema.column_names()
    assert empty.columns == columns
    assert arrow_schema(table).names == columns
    assert list(features(table)) == columns
    assert empty.select(table.month).height == 0
    assert empty.to_arrow().cast(arrow_schema(table)).num_rows == 0


def test_a_column_that_tables_share_has_one_type_and_one_meaning() -> None:
    seen: dict[str, set[Any]] = defaultdict(set)
    for table in (*TABLES, PARALLEL):
        schema = table.empty().schema
        for name, column in table.schema.columns().items():
            seen[name].add((str(schema[name]), (column.metadata or {})["meaning"]))
    assert {name: kinds for name, kinds in seen.items() if len(kinds) > 1} == {}


def test_suffixes_carry_their_meaning() -> None:
    for table in TABLES:
        for name, dtype in table.empty().schema.items():
            if name.endswith("_at"):
                assert dtype == pl.Datetime("us", "UTC"), name
            if name.endswith("_date"):
                assert dtype == pl.Date, name
            if name.startswith(("is_", "has_")):
                assert dtype == pl.Boolean, name
            if name.endswith("_count"):
                assert dtype.is_integer(), name
            if name.endswith("_ko"):
                assert name.removesuffix("_ko") in {*RELEASE.schema.column_names(), "summary"}


@pytest.mark.parametrize(
    ("table", "row", "month"),
    [
        (PAPERS, paper(list_date=date(2024, 5, 31)), "2024-05"),
        (VOTES, vote(list_date=date(2024, 12, 1)), "2024-12"),
        (RELEASE, released(list_date=date(2026, 1, 1)), "2026-01"),
        (ABSTRACTS, abstract("2405.12345"), "2024-05"),
        (TRANSLATIONS, translation("0704.0001"), "2007-04"),
    ],
)
def test_a_row_lives_in_the_month_of_its_list_or_of_its_paper(
    table: Table, row: dict[str, Any], month: str
) -> None:
    rows = frame(table, row)
    table.schema.validate(rows)
    assert rows.select(table.month).item() == month


REFUSED: list[tuple[Table, dict[str, Any]]] = [
    (PAPERS, paper("2603.1")),
    (PAPERS, paper("2603.00001v1")),
    (PAPERS, paper("2603.00001\n")),
    (PAPERS, paper(rank=0)),
    (PAPERS, paper(upvotes=-1)),
    (PAPERS, paper(upvotes=None)),
    (PAPERS, paper(title="")),
    (PAPERS, paper(authors=None)),
    (PAPERS, paper(authors=[""])),
    (PAPERS, paper(github_repo="https://github.com/lab")),
    (PAPERS, paper(thumbnail_url="/avatars/1.svg")),
    (PAPERS, paper(media_urls=["javascript:alert(1)"])),
    (ABSTRACTS, abstract(abstract=None)),
    (ABSTRACTS, abstract(abstract_source="scholar")),
    (TRANSLATIONS, translation(translation_status="pending")),
    (TRANSLATIONS, translation(source_sha256="abc")),
    (TRANSLATIONS, translation(recipe_id="")),
    (TRANSLATIONS, translation(title_ko=None)),
    (TRANSLATIONS, translation(title_ko="")),
    (TRANSLATIONS, translation(summary_ko=[{"section": None, "text": ""}])),
    (TRANSLATIONS, translation(translation_status="rejected", title_ko=None, summary_ko=None)),
    (TRANSLATIONS, translation(input_tokens=-1)),
    (RELEASE, released(translation_status="done")),
    (RELEASE, released(source_sha256="ABC")),
]


@pytest.mark.parametrize(("table", "row"), REFUSED)
def test_a_row_that_breaks_a_rule_is_refused(table: Table, row: dict[str, Any]) -> None:
    with pytest.raises(dy.exc.ValidationError):
        table.schema.validate(frame(table, row))


def test_the_same_key_twice_is_refused() -> None:
    with pytest.raises(dy.exc.ValidationError, match="primary_key"):
        PAPERS.schema.validate(frame(PAPERS, paper(), paper(rank=2)))


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_may_stand_in_the_release(status: str) -> None:
    RELEASE.schema.validate(frame(RELEASE, released(translation_status=status)))


def test_arrow_keeps_what_may_be_null() -> None:
    schema = arrow_schema(RELEASE)
    assert not schema.field("paper_id").nullable
    assert schema.field("title_ko").nullable
    assert schema.field("first_seen_at").type == pa.timestamp("us", tz="UTC")
    rows = frame(RELEASE, released(submitted_at=datetime(2026, 3, 5, tzinfo=UTC)))
    assert rows.to_arrow().cast(schema).num_rows == 1
