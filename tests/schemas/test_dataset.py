"""The schema that researchers meet: Arrow, Features, the card's list and the file agree."""

import io
from pathlib import Path
from typing import Any

import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from flows.month_file import footer
from flows.release import contents_of, release_card
from flows.storage import Lake
from schemas.dataset import arrow_schema, features, features_yaml
from schemas.tables import CONFIGS, PARALLEL, PUBLISHED_VOTES, RELEASE, TABLES, Table
from tablerows import LATER, frame, release_rows, released, vote, votes
from transforms.parallel import parallel

ALL = tuple(dict.fromkeys((*TABLES, *CONFIGS.values())))
every_table = pytest.mark.parametrize("table", ALL, ids=[table.name for table in ALL])
ARROW_SCHEMA = arrow_schema(RELEASE)
FULL = released(
    "2603.00002",
    rank=2,
    comment_count=None,
    submitted_at=LATER,
    submitted_by="millwright",
    delisted_at=LATER,
    published_at=LATER,
    categories=["cs.CL", "cs.AI"],
    primary_category="cs.CL",
    media_urls=["https://example.org/a.mp4"],
    ai_keywords=["long inputs"],
    title_ko="제목",
    abstract_ko="초록입니다.",
    summary_ko=[{"section": "What's New", "text": "새롭습니다."}, {"section": None, "text": "좋습니다."}],
    translation_status="ok",
    translation_issues=[{"code": "c", "severity": "warning", "field": "f", "message": "m"}],
    source_sha256="0" * 64,
    translated_at=LATER,
)
ROWS = release_rows(released(), FULL)


@every_table
def test_the_cards_features_are_those_that_datasets_would_write(table: Table) -> None:
    written = datasets.Features.from_arrow_schema(arrow_schema(table))._to_yaml_list()
    assert features_yaml(table) == written
    assert datasets.Features._from_yaml_list(features_yaml(table)) == features(table)


def types_in(dtype: pa.DataType) -> list[pa.DataType]:
    """The type and all types nested in it."""
    children = [dtype.field(index).type for index in range(dtype.num_fields)]
    return [dtype, *(inner for child in children for inner in types_in(child))]


@every_table
def test_arrow_types_are_the_plain_ones(table: Table) -> None:
    for field in arrow_schema(table):
        for dtype in types_in(field.type):
            assert "large" not in str(dtype), field.name
            assert "view" not in str(dtype), field.name
            assert not pa.types.is_null(dtype), field.name


def test_the_published_schema_is_spelt_out_for_readers() -> None:
    shown = {field.name: str(field.type) for field in ARROW_SCHEMA}
    assert shown["list_date"] == "date32[day]"
    assert shown["rank"] == "int32"
    assert shown["authors"] == "list<item: string>"
    assert shown["summary_ko"] == "list<item: struct<section: string, text: string>>"
    assert shown["is_withdrawn"] == "bool"
    assert list(shown) == RELEASE.schema.column_names()


def test_a_parquet_round_trip_changes_nothing() -> None:
    buffer = io.BytesIO()
    pq.write_table(ROWS.to_arrow().cast(ARROW_SCHEMA), buffer)
    buffer.seek(0)
    back = pl.read_parquet(buffer)
    assert back.schema == ROWS.schema
    assert_frame_equal(back, ROWS)
    assert pq.read_schema(buffer).remove_metadata().equals(ARROW_SCHEMA)


def published(folder: Path, *rows: dict[str, Any]) -> Lake:
    """A release of these papers, of two votes and of what can be aligned, with its card."""
    lake = Lake(folder)
    months = {
        RELEASE: frame(RELEASE, *rows),
        PUBLISHED_VOTES: votes(vote(), vote(observed_at=LATER, comment_count=None)),
        PARALLEL: parallel(frame(RELEASE, *rows), pl.Series([], dtype=pl.String)),
    }
    for table, of_table in months.items():
        lake.write_release("2026-03", of_table, table)
    write_card(lake)
    return lake


def write_card(lake: Lake) -> None:
    files = sorted(lake.dataset.rglob("*.parquet"))
    contents = contents_of({path.relative_to(lake.dataset).as_posix(): footer(path) for path in files})
    lake.write_bytes(lake.dataset / "README.md", release_card(contents).encode())


@pytest.mark.parametrize("rows", [[released()], [released(), FULL]], ids=["all null", "full"])
def test_load_dataset_gives_the_declared_features_and_every_row(
    tmp_path: Path, rows: list[dict[str, Any]]
) -> None:
    lake = published(tmp_path / "lake", *rows)
    cache = (tmp_path / "cache").as_posix()
    loaded = datasets.load_dataset(str(lake.dataset), split="train", cache_dir=cache)
    assert loaded.features == features(RELEASE)
    assert loaded.num_rows == len(rows)
    assert loaded[0]["paper_id"] == "2603.00001"
    assert loaded[0]["submitted_by"] is None


def test_streaming_gives_the_declared_features_too(tmp_path: Path) -> None:
    lake = published(tmp_path / "lake", released(), FULL)
    streamed = datasets.load_dataset(str(lake.dataset), split="train", streaming=True)
    assert streamed.features == features(RELEASE)
    assert [row["paper_id"] for row in streamed] == ["2603.00001", "2603.00002"]


def test_polars_reads_the_release_as_it_was(tmp_path: Path) -> None:
    lake = published(tmp_path / "lake", released(), FULL)
    assert_frame_equal(pl.scan_parquet(lake.dataset / "data" / "*.parquet").collect(), ROWS)


@pytest.mark.parametrize(("config", "rows"), [("papers", 2), ("votes", 2), ("parallel", 4)])
@pytest.mark.parametrize("is_streamed", [False, True], ids=["loaded", "streamed"])
def test_every_config_loads_with_the_declared_features(
    tmp_path: Path, config: str, rows: int, is_streamed: bool
) -> None:
    lake = published(tmp_path / "lake", released(), FULL)
    cache = (tmp_path / "cache").as_posix()
    loaded = datasets.load_dataset(
        str(lake.dataset), config, split="train", streaming=is_streamed, cache_dir=cache
    )
    assert loaded.features == features(CONFIGS[config])
    assert len(list(loaded)) == rows


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("is_streamed", [False, True], ids=["loaded", "streamed"])
def test_old_months_without_a_new_column_load_beside_new_ones(
    tmp_path: Path, config: str, is_streamed: bool
) -> None:
    lake = published(tmp_path / "lake", released(), FULL)
    table = CONFIGS[config]
    new = {"papers": "translation_issues", "votes": "comment_count", "parallel": "issues"}[config]
    path = lake.path(table, "2026-03")
    written = pq.read_table(path)
    pq.write_table(written.drop_columns([new]), lake.path(table, "2026-02"))
    pq.write_table(written.drop_columns([new]), lake.path(table, "2026-04"))
    loaded = datasets.load_dataset(
        str(lake.dataset),
        config,
        split="train",
        streaming=is_streamed,
        cache_dir=(tmp_path / "cache").as_posix(),
        verification_mode="no_checks",
    )
    assert loaded.features == features(table)
    rows = list(loaded)
    assert len(rows) == 3 * written.num_rows
    assert all(row[new] is None for row in rows[: written.num_rows])
    assert rows[written.num_rows][new] == written[new][0].as_py()
