"""A tree of logs beside what Python takes to read and split it, and whether ten times is ten times."""

import gc
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from proving_ground import Ratio, show

from flows.storage import Lake
from schemas.tables import ARCHIVE
from transforms.archive import archive_rows, parsed

ROOT = Path(__file__).parents[3] / "shared" / "data" / "archive" / "paper_logs"

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not ROOT.exists(), reason="the archive is not beside this checkout"),
]
_REPEATS = 5


def copies(folder: Path, count: int) -> list[Path]:
    """The real logs ``count`` times over, each copy four years after the one before (leap days!)."""
    paths = []
    for source in sorted(ROOT.rglob("*.md")):
        text = source.read_text(encoding="utf-8")
        year = source.parts[-3]
        for copy in range(count):
            later = str(int(year) + 4 * copy)
            path = folder / later / source.parts[-2] / source.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                text.replace(f"Daily Papers ({year}-", f"Daily Papers ({later}-"), encoding="utf-8"
            )
            paths.append(path)
    return paths


def best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_REPEATS):
        gc.collect()
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def test_importing_costs_little_more_than_reading(tmp_path: Path) -> None:
    few, many = copies(tmp_path / "few", 1), copies(tmp_path / "many", 10)

    def split(paths: list[Path]) -> int:
        return sum(len(path.read_text(encoding="utf-8").split("\n")) for path in paths)

    def read(paths: list[Path]) -> int:
        return archive_rows(
            [parsed(path.read_text(encoding="utf-8"), path.name) for path in paths]
        ).rows.height

    assert read(many) == 10 * read(few)
    rows = archive_rows([parsed(path.read_text(encoding="utf-8"), path.name) for path in few]).rows
    written = iter(range(100))
    writing = best(lambda: Lake(tmp_path / f"lake{next(written)}").upsert(ARCHIVE, rows))
    baseline, once, tenfold = best(lambda: split(few)), best(lambda: read(few)), best(lambda: read(many))
    per_file = (tenfold / len(many)) / (once / len(few))
    show(
        f"Importing {len(few)} logs, {rows.height:,} papers",
        [
            Ratio("read and split", f"{baseline * 1000:.0f} ms", "", "", ""),
            Ratio(
                "read into rows",
                f"{once * 1000:.0f} ms",
                "read and split",
                f"{once / baseline:.1f} x",
                "<= 3 x",
            ),
            Ratio("Parquet write", f"{writing * 1000:.0f} ms", "", "", "apart"),
            Ratio(
                f"a file of {len(many):,}",
                f"{tenfold / len(many) * 1e6:.0f} us",
                "of 180",
                f"{per_file:.2f} x",
                "<= 1.1 x",
            ),
        ],
    )


def test_an_archive_of_5500_papers_fits_into_300_mb(tmp_path: Path) -> None:
    # 2,229 papers twice, and as much of a third copy as makes 5,500.
    paths = copies(tmp_path / "logs", 3)
    for path in sorted(paths)[444:]:
        path.unlink()
    script = (
        "import sys; from pathlib import Path; from flows.import_archive import import_archive;"
        "from flows.settings import Settings;"
        "print(import_archive(Settings.model_validate({'home': sys.argv[1]}), Path(sys.argv[2])).papers);"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "lake"), str(tmp_path / "logs")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    papers, peak = map(int, ended.stdout.split())
    assert papers > 5000
    show(
        "Memory of an import",
        [Ratio(f"{papers:,} papers", f"{peak / 1024:.0f} MB", "", "", "<= 300 MB for 5,500")],
    )
