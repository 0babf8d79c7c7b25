"""Is the lake sound and the release whole? Everything a run promises, checked from the files alone.

Writes nothing. Called by flows/console.py for ``daily-papers check``, and by flows/check_lake.py.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.errors import ContractBroken
from flows.month_of_configs import month_rows
from flows.progress import PROGRESS
from flows.release import month_files, release_contents, release_pages
from flows.storage import Lake
from schemas.tables import ABSTRACTS, ARCHIVE, CONFIGS, CORRECTIONS, PAPERS, TABLES, Table
from transforms.corrections import left_behind
from transforms.counts import month_counts
from transforms.translations import translation_sources

_TABLES = tuple(dict.fromkeys((*TABLES, *CONFIGS.values())))


def problems(lake: Lake) -> Iterator[str]:
    """One sentence for each thing that is not as promised, cheapest checks first."""
    if not lake.months(PAPERS) and not lake.months(ARCHIVE):
        yield f"{lake.home} holds no papers. Fill it: daily-papers run"
        return
    broken = list(_broken_tables(lake))
    yield from broken
    yield from _leftovers(lake)
    if not broken:
        yield from _corrections_left_behind(lake)
        yield from _release_differences(lake)
        yield from _page_differences(lake)
        yield from _loading_faults(lake)


def check_sentence(lake: Lake, found: list[str]) -> str:
    """How a check ended, for people."""
    if found:
        what = "problem" if len(found) == 1 else "problems"
        return f"{len(found)} {what} in {lake.home}. Nothing was changed."
    return f"The lake and the release in {lake.home} are whole and valid."


def table_sizes(lake: Lake) -> list[tuple[str, int, int]]:
    """(table, months, rows) of every table.

    Raises:
        ContractBroken: A file cannot be read.
    """
    tables = [(table, lake.months(table)) for table in _TABLES]
    return [
        (table.name, len(months), lake.read_columns(table, months, table.key[:1]).height)
        for table, months in tables
    ]


def _broken_tables(lake: Lake) -> Iterator[str]:
    for table in _TABLES:
        months = lake.months(table)
        PROGRESS.get().start("check tables", len(months))
        for month in months:
            try:
                rows = lake.read(table, [month])
                if table in CONFIGS.values():
                    lake.footer(table, month)
                if strays := rows.filter(table.month != month).height:
                    yield f"{table.name}/{month}.parquet holds {strays} rows of another month."
            except ContractBroken as error:
                yield str(error)
            PROGRESS.get().advance("check tables")


def _leftovers(lake: Lake) -> Iterator[str]:
    for path in lake.leftovers():
        yield f"{lake.name(path)} is a leftover of a killed run. The next run removes it: daily-papers run"


def _corrections_left_behind(lake: Lake) -> Iterator[str]:
    corrections = lake.read(CORRECTIONS, lake.months(CORRECTIONS))
    sources = translation_sources(lake.read_papers(ABSTRACTS, corrections["paper_id"]))
    for paper_id in left_behind(corrections, sources):
        # Without who and why: a flow sends this to a chat.
        yield (
            f"The correction of {paper_id} was made for English that has changed since, so it is no longer "
            f"published. Look at the paper: daily-papers fix {paper_id} --show. Then correct it for its new "
            "English (--from), or let the old correction go (--undo)."
        )


def _release_differences(lake: Lake) -> Iterator[str]:
    tables = (PAPERS, ARCHIVE, *CONFIGS.values())
    months = sorted({month for table in tables for month in lake.months(table)})
    PROGRESS.get().start("check release", len(months))
    for month in months:
        expected = month_rows(lake, month)
        for name, table in CONFIGS.items():
            yield from _file_differences(lake, table, month, expected.configs[name])
        for path, content in month_files(lake, month, expected).items():
            if not path.exists() or path.read_bytes() != content:
                yield f"{lake.name(path)} is missing or not what the release gives. Run: daily-papers run"
        PROGRESS.get().advance("check release")


def _file_differences(lake: Lake, table: Table, month: str, expected: pl.DataFrame) -> Iterator[str]:
    path, got = lake.path(table, month), lake.read(table, [month])
    if not expected.equals(got):
        yield (
            f"{lake.name(path)} is not what the lake gives: expected {expected.height} rows, got "
            f"{got.height}, {_differing(expected, got)} of them differing. "
            "Publish it again: daily-papers publish"
        )
    elif path.exists() and (got.is_empty() or lake.footer(table, month).counts != month_counts(got)):
        yield f"{lake.name(path)} has a footer that miscounts it. Publish it again: daily-papers publish"


def _differing(expected: pl.DataFrame, got: pl.DataFrame) -> int:
    return expected.join(got, on=expected.columns, how="anti", nulls_equal=True).height


def _page_differences(lake: Lake) -> Iterator[str]:
    try:
        pages = release_pages(lake, release_contents(lake))
    except ContractBroken as error:
        yield str(error)
        return
    for path, expected in pages.items():
        if not path.exists() or path.read_text() != expected:
            yield f"{lake.name(path)} is missing or not what the release gives. Run: daily-papers run"


def _loading_faults(lake: Lake) -> Iterator[str]:
    """What a researcher would meet: load_dataset on the folder, declared types, every row."""
    files = release_contents(lake).files
    with tempfile.TemporaryDirectory() as copy:
        if lake.is_shared:
            lake.copied(lake.dataset, Path(copy))
        folder = copy if lake.is_shared else str(lake.dataset)
        for name, table in CONFIGS.items():
            rows = sum(file.rows for file in files if file.path.startswith(f"{table.folder}/"))
            # The card does not promise an empty config, so nobody is told to load it.
            if rows:
                yield from _faults_of_loading(folder, name, table, rows)


def _faults_of_loading(folder: str, name: str, table: Table, rows: int) -> Iterator[str]:
    # Imported here: seconds that only this check owes.
    import datasets
    from datasets.exceptions import DatasetsError

    from schemas.dataset import features

    datasets.disable_progress_bars()
    call = f"load_dataset({folder!r}, {name!r})"
    with tempfile.TemporaryDirectory() as cache:
        try:
            loaded = datasets.load_dataset(folder, name, split="train", cache_dir=cache)
        except (DatasetsError, ValueError, OSError) as error:
            yield f"{call} fails: {error}"
            return
        if loaded.num_rows != rows:
            yield f"{call} gives {loaded.num_rows} rows, expected {rows}."
        if loaded.features != features(table):
            yield f"{call} gives other features than schemas/tables.py: {loaded.features}"
