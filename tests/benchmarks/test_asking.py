"""Named questions on a million listings: time beside DuckDB's on the same files, bytes read, peak memory."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest
from asked_history import MONTHS, write_history
from proving_ground import ROOT, Ratio, show, spread

from flows.ask import ask
from flows.storage import Lake
from schemas.tables import RELEASE, VOTES
from transforms.questions import filled, questions

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

_ROWS = 1_000_000
_RUNS = 5
_MONTH = "2024-06"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    lake = Lake(tmp_path_factory.mktemp("asked") / "data")
    began = time.monotonic()
    rows = write_history(lake, _ROWS)
    size = sum(path.stat().st_size for path in lake.home.rglob("*.parquet")) / 2**20
    print(f"\n{rows:,} listings, {size:,.0f} MB, made in {time.monotonic() - began:.0f} s")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAILY_PAPERS_HOME", str(lake.home))
        yield lake
    shutil.rmtree(lake.home)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def test_named_questions_beside_duckdb(lake: Lake, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    other = duckdb.connect()
    for name, table in (("release", RELEASE), ("votes", VOTES)):
        files = [str(lake.path(table, month)) for month in lake.months(table)]
        other.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({files!r})")
    lines = []
    for asked in questions():
        values = {"month": _MONTH} if "month" in [each.name for each in asked.parameters] else {}
        given = [f"{name}={value}" for name, value in values.items()]
        sql = filled(asked, values, lake.months(RELEASE))
        out = tmp_path / f"{asked.name}.parquet"

        def ours(name: str = asked.name, given: list[str] = given, out: Path = out) -> None:
            assert ask(name, format="parquet", parameters=given, out=out) == 0

        def theirs(sql: str = sql) -> list[Any]:
            return list(other.execute(sql).fetchall())

        expected = theirs()
        ours()
        assert same(pl.read_parquet(out).rows(), expected), asked.name
        pairs = [(seconds(ours), seconds(theirs)) for _ in range(_RUNS)]
        mine, baseline = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        lines.append(
            Ratio(
                f"{asked.name} ({len(expected):,} rows)", spread(mine), f"DuckDB {spread(baseline)}",
                f"{median(mine) / median(baseline):.2f} x", "<= 1.20 x",
            )
        )  # fmt: skip
    show(f"Named questions on {_ROWS:,} rows, DuckDB {duckdb.__version__}, {os.cpu_count()} cores", lines)


def same(mine: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> bool:
    def plain(rows: list[tuple[Any, ...]]) -> list[str]:
        return [" ".join(str(cell)[:10] for cell in row) for row in rows]

    return plain(mine) == plain(theirs)


def bytes_read(work: Callable[[], object]) -> int:
    """Bytes that this process asked the kernel for while it worked (rchar: read and pread of any file)."""

    def so_far() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = so_far()
    work()
    return so_far() - before


def test_one_months_question_reads_at_most_that_months_bytes(lake: Lake, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    between = f"list_date BETWEEN '{_MONTH}-01' AND '{_MONTH}-30'"
    release, votes = (lake.path(table, _MONTH).stat().st_size for table in (RELEASE, VOTES))
    whole = sum(lake.path(RELEASE, month).stat().st_size for month in MONTHS)
    asked: dict[str, tuple[str, list[str], int]] = {
        "top-papers": ("top-papers", [f"month={_MONTH}"], release),
        "videos": ("videos", [f"month={_MONTH}"], release),
        "rising-votes": ("rising-votes", [f"month={_MONTH}"], release + votes),
        "every column of the month": (f"SELECT * FROM release WHERE {between}", [], release),
        "its titles": (f"SELECT title FROM release WHERE {between}", [], release),
        "every column of every month": ("SELECT * FROM release", [], whole),
    }
    lines = []
    for name, (query, given, size) in asked.items():

        def work(query: str = query, given: list[str] = given) -> None:
            assert ask(query, format="parquet", parameters=given, out=out) == 0

        work()
        read = bytes_read(work)
        lines.append(
            Ratio(name, f"{read:,} B", f"files of the month {size:,} B", f"{read / size:.2f} x", "<= 1")
        )
    show(f"Bytes read, one month of {len(MONTHS)}", lines)


def test_memory_of_a_million_rows_as_csv(lake: Lake, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from flows.ask import ask\n"
        "code = ask(sys.argv[1], format=sys.argv[2], out=Path(sys.argv[3]))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
        "sys.exit(code)"
    )
    lines = []
    for query, form in (
        ("SELECT 1", "csv"), ("SELECT * FROM release", "csv"), ("SELECT * FROM release", "json"),
        ("SELECT * FROM release", "parquet"), ("SELECT * FROM release", "table"),
    ):  # fmt: skip
        out = tmp_path / f"answer.{form}"
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-c", script, query, form, str(out)],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        took = time.monotonic() - began
        peak, size = int(ended.stdout) / 1024, out.stat().st_size / 2**20
        lines.append(Ratio(f"{query}, {form}", f"{peak:,.0f} MB, {took:.1f} s", f"answer {size:,.0f} MB", ""))
        out.unlink()
    show(f"Peak memory of an answer of {_ROWS:,} rows", lines)
