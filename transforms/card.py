"""The dataset card: front matter that `datasets` and the Hub read, and a page that people read.

The column table comes from the contract (schemas/tables.py), counts and sizes from the files just written.
No clock and no timestamps: an unchanged release gives an unchanged card, so nothing is committed for it.
Called by flows/release.py.
"""

from typing import Any, Final, NamedTuple

import dataframely as dy
import polars as pl
import yaml
from polars.datatypes import DataTypeClass

from schemas.tables import STATUSES, Release
from transforms.templating import rendered

CONFIG: Final = "papers"
_GROUP_STARTS: Final = {
    "list_date": "Listing",
    "title": "Paper",
    "title_ko": "Korean",
    "translation_status": "Provenance",
}
"""First column of each group, in table order."""
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_TYPES: Final = {pl.Date: "date", pl.Datetime: "time (UTC)", pl.Boolean: "true or false", pl.String: "text"}


class DataFile(NamedTuple):
    """One Parquet file of the release."""

    path: str
    rows: int
    bytes: int


class CardCounts(NamedTuple):
    """What the release holds, for the page."""

    papers: int
    """Rows: a paper counts once for every list it stands on."""
    days: int
    first_day: str | None
    last_day: str | None
    by_status: dict[str, int]
    models: list[str]
    prompt_versions: list[str]


class CardColumn(NamedTuple):
    """One line of the column table."""

    group: str
    name: str
    type: str
    meaning: str


def card_markdown(
    features_yaml: list[dict[str, Any]],
    files: list[DataFile],
    counts: CardCounts,
    repo: str | None,
    *,
    has_pictures: bool = False,
) -> str:
    """The card, ``README.md`` of the dataset: YAML front matter and the page below it."""
    front = yaml.safe_dump(_front_matter(features_yaml, files), sort_keys=False, allow_unicode=True)
    page = rendered(
        "card.md.j2",
        columns=release_columns(),
        counts=counts,
        statuses=[(status, counts.by_status.get(status, 0)) for status in STATUSES],
        models=sorted(set(counts.models)),
        prompt_versions=sorted(set(counts.prompt_versions)),
        repo=repo,
        has_pictures=has_pictures,
    )
    return f"---\n{front}---\n\n{page}"


def card_counts(months: list[pl.DataFrame]) -> CardCounts:
    """Counts over the release from per-month groups.

    Args:
        months: Frames with list_date, translation_status, model, prompt_version and ``len``.
    """
    empty = {"list_date": pl.Date, "translation_status": pl.String, "model": pl.String}
    groups = pl.concat(
        [pl.DataFrame(schema={**empty, "prompt_version": pl.String, "len": pl.UInt32}), *months]
    )
    korean = groups.filter(pl.col("translation_status").is_in(["ok", "archived"]))
    first, last = groups.select(pl.min("list_date"), pl.max("list_date").alias("last")).row(0)
    return CardCounts(
        papers=int(groups["len"].sum()),
        days=groups["list_date"].n_unique(),
        first_day=first.isoformat() if first else None,
        last_day=last.isoformat() if last else None,
        by_status=dict(groups.group_by("translation_status").agg(pl.sum("len")).iter_rows()),
        models=korean["model"].drop_nulls().unique().sort().to_list(),
        prompt_versions=korean["prompt_version"].drop_nulls().unique().sort().to_list(),
    )


def release_columns() -> list[CardColumn]:
    """Columns of RELEASE in table order, with group, type in plain words and meaning."""
    lines, group = [], ""
    for name, column in Release.columns().items():
        group = _GROUP_STARTS.get(name, group)
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


def _front_matter(features_yaml: list[dict[str, Any]], files: list[DataFile]) -> dict[str, Any]:
    rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
    # Without files there is no data_files pattern to promise: one that matches nothing fails every loader.
    pattern = {"data_files": [{"split": "train", "path": "data/*.parquet"}]}
    configs = [{"config_name": CONFIG, "default": True, **pattern}]
    return {
        "pretty_name": "Daily Papers in Korean",
        "language": ["en", "ko"],
        "license": "cc-by-nc-4.0",
        "size_categories": [next((name for limit, name in _SIZES if rows < limit), "n>1M")],
        "task_categories": ["translation", "summarization"],
        "tags": ["daily-papers", "scientific-papers", "korean", "machine-translation"],
        **({"configs": configs} if files else {}),
        "dataset_info": {
            "config_name": CONFIG,
            "features": features_yaml,
            # A stale num_examples makes load_dataset serve stale rows or fail; the sizes are only shown.
            "splits": [{"name": "train", "num_bytes": size, "num_examples": rows}],
            "download_size": size,
            "dataset_size": size,
        },
    }
