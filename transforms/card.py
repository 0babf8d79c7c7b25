"""The dataset card: front matter that `datasets` and the Hub read, and a page that people read.

The column tables come from the contract (schemas/tables.py), counts and sizes from the footers of the files
that it stands beside. No clock and no timestamps: an unchanged release gives an unchanged card, so nothing is
committed for it. A config without files is explained on the page and not promised to loaders: a pattern that
matches nothing fails every one of them. Called by flows/release.py.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import dataframely as dy
import polars as pl
import yaml
from polars.datatypes import DataTypeClass

from schemas.tables import CONFIGS, SCHEMA_VERSION, STATUSES, Table
from transforms.counts import CardCounts
from transforms.templating import rendered

_GRAINS: Final = {
    "papers": "list date and paper",
    "votes": "list date, paper and fetch that found its votes changed",
    "parallel": "paper and text: title, abstract, each section of the summary",
}
_GROUP_STARTS: Final = {
    "list_date": "Listing",
    "title": "Paper",
    "title_ko": "Korean",
    "translation_status": "Provenance",
}
"""First column of each group of RELEASE, in table order."""
_SIZES: Final = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
)
_LARGEST: Final = "10M<n<100M"
_TYPES: Final = {pl.Date: "date", pl.Datetime: "time (UTC)", pl.Boolean: "true or false", pl.String: "text"}
_FRONT_MATTER: Final = re.compile(r"---\r?\n.*?\n---\r?\n", re.DOTALL)
_LICENSE: Final = "cc-by-nc-4.0"
_ARCHIVE_LICENSE: Final = "cc-by-nc-nd-4.0"


class DataFile(NamedTuple):
    """One Parquet file of the release."""

    path: str
    """Within the dataset: the folder of its config and its month."""
    rows: int
    bytes: int


class CardConfig(NamedTuple):
    """One config as the page shows it."""

    name: str
    table: Table
    rows: int
    grain: str
    """What it has one row for."""


class CardColumn(NamedTuple):
    """One line of a column table."""

    group: str
    name: str
    type: str
    meaning: str


def card_markdown(
    features_yaml: Mapping[str, list[dict[str, Any]]],
    files: list[DataFile],
    counts: CardCounts,
    repo: str | None,
    *,
    has_pictures: bool = False,
) -> str:
    """The card, ``README.md`` of the dataset: YAML front matter and the page below it.

    Args:
        features_yaml: ``schemas.dataset.features_yaml`` of each config.
        files: Every Parquet file that stands beside the card.
        counts: What those of ``papers`` hold.
        repo: Dataset on the Hub, "owner/name"; None for the card of a folder.
        has_pictures: The pictures stand beside the card.
    """
    front = yaml.safe_dump(_front_matter(features_yaml, files, counts), sort_keys=False, allow_unicode=True)
    page = rendered(
        "card.md.j2",
        configs=[
            CardConfig(name, table, sum(file.rows for file in _of(table, files)), _GRAINS[name])
            for name, table in CONFIGS.items()
        ],
        columns={name: table_columns(table) for name, table in CONFIGS.items()},
        counts=counts,
        statuses=[(status, counts.by_status.get(status, 0)) for status in STATUSES],
        models=sorted(set(counts.models)),
        prompt_versions=sorted(set(counts.prompt_versions)),
        schema_version=SCHEMA_VERSION,
        repo=repo,
        has_pictures=has_pictures,
    )
    return f"---\n{front}---\n\n{page}"


def with_page_of(card: str, other: str) -> str:
    """The card's front matter over the page of another one, which somebody wrote by hand."""
    front = _FRONT_MATTER.match(card)
    page = other[match.end() :] if (match := _FRONT_MATTER.match(other)) else other
    return (front[0] if front else "") + page


def table_columns(table: Table) -> list[CardColumn]:
    """Columns of a table in its order, with group (RELEASE's alone), type in plain words and meaning."""
    lines, group = [], ""
    is_grouped = "translation_status" in table.schema.column_names()
    for name, column in table.schema.columns().items():
        group = _GROUP_STARTS.get(name, group) if is_grouped else ""
        optional = ", may be null" if column.nullable else ""
        lines.append(CardColumn(group, name, _in_words(column.dtype) + optional, _meaning(column)))
    return lines


def _meaning(column: dy.Column) -> str:
    return str((column.metadata or {})["meaning"])


def _in_words(dtype: pl.DataType | DataTypeClass) -> str:
    if isinstance(dtype, pl.List):
        return f"list of {_in_words(dtype.inner)}"
    if isinstance(dtype, pl.Struct):
        return "{" + ", ".join(field.name for field in dtype.fields) + "}"
    return "whole number" if dtype.is_integer() else _TYPES[dtype.base_type()]


def _of(table: Table, files: list[DataFile]) -> list[DataFile]:
    return [file for file in files if file.path.startswith(f"{table.folder}/")]


def _front_matter(
    features_yaml: Mapping[str, list[dict[str, Any]]], files: list[DataFile], counts: CardCounts
) -> dict[str, Any]:
    present = {name: table for name, table in CONFIGS.items() if _of(table, files)}
    configs = [
        {
            "config_name": name,
            **({"default": True} if name == next(iter(CONFIGS)) else {}),
            "data_files": [{"split": "train", "path": f"{table.folder}/*.parquet"}],
        }
        for name, table in present.items()
    ]
    infos = [_info(name, features_yaml[name], _of(table, files)) for name, table in present.items()]
    licenses = [_LICENSE, _ARCHIVE_LICENSE] if counts.by_status.get("archived") else _LICENSE
    return {
        "pretty_name": "Daily Papers in Korean",
        "language": ["en", "ko"],
        "license": licenses,
        "size_categories": [
            next((name for limit, name in _SIZES if counts.papers < limit), _LARGEST),
        ],
        "task_categories": ["translation", "summarization"],
        "tags": ["text", "daily-papers", "scientific-papers", "korean", "machine-translation"],
        **({"configs": configs, "dataset_info": infos} if present else {}),
    }


def _info(name: str, features_yaml: list[dict[str, Any]], files: list[DataFile]) -> dict[str, Any]:
    rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
    return {
        "config_name": name,
        "features": features_yaml,
        # A stale num_examples makes load_dataset serve stale rows or fail; the sizes are only shown.
        "splits": [{"name": "train", "num_bytes": size, "num_examples": rows}],
        "download_size": size,
        "dataset_size": size,
    }
