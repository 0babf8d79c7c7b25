"""Is the lake sound and the release whole? Everything a run promises, checked from the files alone.

Writes nothing. Run by ``daily-papers check``.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.errors import ContractBroken
from flows.progress import PROGRESS
from flows.release import latest_readme, release_card, release_contents, release_month
from flows.storage import Lake
from schemas.tables import ARCHIVE, PAPERS, RELEASE, TABLES
from transforms.digest import day_markdown, log_path


def problems(lake: Lake) -> Iterator[str]:
    """One sentence for each thing that is not as promised, cheapest checks first."""
    if not lake.months(PAPERS) and not lake.months(ARCHIVE):
        yield f"{lake.home} holds no papers. Fill it: daily-papers run"
        return
    broken = list(_broken_tables(lake))
    yield from broken
    yield from _leftovers(lake)
    if not broken:
        yield from _release_differences(lake)
        yield from _page_differences(lake)
        yield from _loading_faults(lake)


def table_sizes(lake: Lake) -> list[tuple[str, int, int]]:
    """(table, months, rows) of every table.

    Raises:
        ContractBroken: A file cannot be read.
    """
    tables = [(table, lake.months(table)) for table in TABLES]
    return [
        (table.name, len(months), lake.read_columns(table, months, table.key[:1]).height)
        for table, months in tables
    ]


def _broken_tables(lake: Lake) -> Iterator[str]:
    for table in TABLES:
        months = lake.months(table)
        PROGRESS.get().start("check tables", len(months))
        for month in months:
            try:
                rows = lake.read(table, [month])
                if strays := rows.filter(table.month != month).height:
                    yield f"{table.name}/{month}.parquet holds {strays} rows of another month."
            except ContractBroken as error:
                yield str(error)
            PROGRESS.get().advance("check tables")


def _leftovers(lake: Lake) -> Iterator[str]:
    for path in lake.leftovers():
        yield f"{lake.name(path)} is a leftover of a killed run. The next run removes it: daily-papers run"


def _release_differences(lake: Lake) -> Iterator[str]:
    months = sorted({*lake.months(PAPERS), *lake.months(ARCHIVE), *lake.months(RELEASE)})
    PROGRESS.get().start("check release", len(months))
    for month in months:
        expected, got = release_month(lake, month), lake.read(RELEASE, [month])
        if not expected.equals(got):
            yield (
                f"release/dataset/data/{month}.parquet is not what the lake gives: expected "
                f"{expected.height} rows, got {got.height}, {_differing(expected, got)} of them differing. "
                f"Publish it again: daily-papers backfill --since {month}-01 --until {month}-28"
            )
        for list_date in expected["list_date"].unique().sort():
            path = lake.digest / log_path(list_date)
            if not path.exists() or path.read_text() != day_markdown(expected, list_date):
                yield f"{lake.name(path)} is missing or not what the release gives. Run: daily-papers run"
        PROGRESS.get().advance("check release")


def _differing(expected: pl.DataFrame, got: pl.DataFrame) -> int:
    return expected.join(got, on=expected.columns, how="anti", nulls_equal=True).height


def _page_differences(lake: Lake) -> Iterator[str]:
    contents = release_contents(lake)
    pages = {lake.dataset / "README.md": release_card(contents)}
    if contents.listed_days:
        pages[lake.digest / "README.md"] = latest_readme(lake, contents)
    for path, expected in pages.items():
        if not path.exists() or path.read_text() != expected:
            yield f"{lake.name(path)} is missing or not what the release gives. Run: daily-papers run"


def _loading_faults(lake: Lake) -> Iterator[str]:
    """What a researcher would meet: load_dataset on the folder, declared types, every row."""
    # Imported here: seconds that only this check owes.
    import datasets
    from datasets.exceptions import DatasetsError

    from schemas.dataset import features

    rows = sum(file.rows for file in release_contents(lake).files)
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        try:
            loaded = datasets.load_dataset(str(lake.dataset), split="train", cache_dir=Path(cache).as_posix())
        except (DatasetsError, ValueError, OSError) as error:
            yield f"load_dataset({str(lake.dataset)!r}) fails: {error}"
            return
        if loaded.num_rows != rows:
            yield f"load_dataset gives {loaded.num_rows} rows, expected {rows}."
        if loaded.features != features(RELEASE):
            yield f"load_dataset gives other features than schemas/tables.py: {loaded.features}"
