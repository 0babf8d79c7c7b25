"""What a normal day costs on the wire, and what loading the release costs beside one plain file."""

import time
from datetime import date
from pathlib import Path

import datasets
import polars as pl
import pytest
from history import write_month_of_history
from proving_ground import Ratio, show, spread

from flows.push import push
from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.sandbox.config import SandboxConfig
from flows.sandbox.server import Sandbox
from flows.settings import load_settings
from flows.storage import Lake
from hubs import Hub
from schemas.tables import ABSTRACTS, PAPERS, RELEASE, VOTES

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

_LAST = date(2060, 3, 1)
"""Late enough that 360 months before it still have arXiv identifiers of this century."""
_ROWS_OLD, _ROWS_NEW = 30, 1000
_REPO = "sandbox/papers"
_UPLOADS = {"lfs_put", "lfs_verify"}
_RUNS = 5


def months_until(last: date, count: int) -> list[date]:
    newest = last.year * 12 + last.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(newest - count + 1, newest + 1)]


def write_month_of_words(lake: Lake, month: date, rows: int) -> None:
    """A month of history whose texts compress as real ones do, to a third, and not to nothing."""
    write_month_of_history(lake, month, rows)
    name = f"{month:%Y-%m}"
    for table in (ABSTRACTS, RELEASE):
        known = lake.read(table, [name])
        worded = known.with_columns(
            abstract=_words(60), **({"abstract_ko": _words(40)} if table is RELEASE else {})
        )
        if table is RELEASE:
            lake.write_release(name, worded)
        else:
            lake.upsert(table, worded)


def _words(count: int) -> pl.Expr:
    return pl.concat_str(
        [pl.col("paper_id").hash(seed).cast(pl.String) for seed in range(count)], separator=" "
    )


def day_after_history(
    home: Path, months: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[int, int, dict[str, int]]:
    """Bytes sent for a day after so many months, bytes of the files that changed, requests by operation."""
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(home))
    with Sandbox(SandboxConfig()) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        hub = Hub(sandbox, monkeypatch, _REPO)
        run = Run(load_settings(), "benchmark")
        for month in months_until(_LAST, months):
            write_month_of_words(run.lake, month, _ROWS_NEW if month == _LAST else _ROWS_OLD)
        newest = f"{_LAST:%Y-%m}"
        write_release(run, {newest}, write_month, write_pages)
        push(run, _REPO, may_create=lambda _: True)
        before = hub.files()
        more = pl.col("upvotes") + (pl.col("list_date") == pl.col("list_date").max()).cast(pl.Int64)
        for table in (PAPERS, VOTES):
            run.lake.upsert(table, run.lake.read(table, [newest]).with_columns(upvotes=more))
        write_release(run, {newest}, write_month, write_pages)
        hub.forget()
        push(run, _REPO, may_create=lambda _: False)
        after = hub.files()
        changed = sum(len(content) for path, content in after.items() if before.get(path) != content)
        return hub.sent(), changed, dict(hub.asked())


def test_a_normal_day_sends_what_changed_and_asks_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = day_after_history(tmp_path / "few", 36, monkeypatch)
    many = day_after_history(tmp_path / "many", 360, monkeypatch)
    rows = [
        Ratio(
            f"bytes sent, {months} months", f"{sent / 1e6:.3f} MB", f"changed files {changed / 1e6:.3f} MB",
            f"{sent / changed:.3f} x", "<= 1.2 x",
        )
        for months, (sent, changed, _) in ((36, few), (360, many))
    ]  # fmt: skip
    for months, (_, _, asked) in ((36, few), (360, many)):
        api = sum(count for operation, count in asked.items() if operation not in _UPLOADS)
        uploads = sum(asked.get(operation, 0) for operation in _UPLOADS)
        rows.append(
            Ratio(
                f"requests, {months} months",
                f"{api}",
                f"{uploads} more carry and confirm the files (LFS)",
                str(asked),
                "<= 6",
            )
        )
    show("A normal day on the wire", rows)


def loading(*arguments: str, folder: Path, **options: object) -> list[float]:
    """Seconds of each load with an empty cache."""
    seconds = []
    for number in range(_RUNS):
        began = time.perf_counter()
        datasets.load_dataset(*arguments, split="train", cache_dir=str(folder / str(number)), **options)
        seconds.append(time.perf_counter() - began)
    return seconds


def test_loading_the_release_takes_what_one_plain_file_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(tmp_path / "lake"))
    datasets.disable_progress_bars()
    run = Run(load_settings(), "benchmark")
    for month in months_until(_LAST, 36):
        write_month_of_words(run.lake, month, _ROWS_NEW)
    write_pages(run)
    lake: Lake = run.lake
    plain = tmp_path / "plain.parquet"
    pl.read_parquet(lake.dataset / "data/*.parquet").write_parquet(plain)
    mine = loading(str(lake.dataset), folder=tmp_path / "mine")
    theirs = loading("parquet", folder=tmp_path / "theirs", data_files=str(plain))
    show(
        "load_dataset with an empty cache, fastest of each side compared",
        [
            Ratio(
                "the release, 36 months of 1,000 rows", spread(mine), f"one plain file {spread(theirs)}",
                f"{min(mine) / min(theirs):.2f} x", "<= 1.2 x",
            )
        ],
    )  # fmt: skip
