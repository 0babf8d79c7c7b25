"""The predecessor's Markdown logs into the lake: every line a field, or kept as unparsed.

No Prefect flow: it runs once, by hand, touches no service and has nothing to retry. Safe to rerun: the same
tree changes no file. Run by ``daily-papers import-archive``.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.received import keep_rejected
from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.settings import Settings
from schemas.tables import ABSTRACTS, ARCHIVE, PAPERS, REJECTED
from transforms.archive import Document, Unparsed, archive_rows, is_exact, parsed, path_date
from transforms.reconcile import conflicts, ledger
from transforms.text import encodable, sha256_of

# For lines of a file that no date is known of.
_NO_DATE = date(1, 1, 1)


@dataclass
class ImportReport:
    """What an import found; every non-blank line is in a field, the page's own, or unparsed."""

    files: int = 0
    papers: int = 0
    exact_papers: int = 0
    """Papers whose lines render again byte for byte from the columns and the layout."""
    exact_files: int = 0
    ledger_rows: int = 0
    ledger_only: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    sentences: list[str] = field(default_factory=list)
    """One for each paper that stands twice and each date that its path contradicts."""
    unparsed: list[str] = field(default_factory=list)
    """file:line, reason and text of each line that no field holds."""
    files_written: int = 0

    @property
    def exit_code(self) -> int:
        """0 when every line was read, else 1."""
        return int(bool(self.unparsed))


def import_archive(settings: Settings, tree: Path) -> ImportReport:
    """Read the tree's .md files and its ledger into ARCHIVE and publish the months they touch.

    Raises:
        LakeBusy: Another run holds the lake.
        ContractBroken: A table does not match its contract.
    """
    run = Run(settings, f"import of {tree}")
    report = ImportReport()
    with one_writer(run.lake, run.report.run, settings.lock_wait, PROGRESS.get().say):
        # In a function of its own, so that the documents are gone before the release is written.
        rows, lost = _read(tree, report)
        _write(run, rows, lost, report)
    return report


def _read(tree: Path, report: ImportReport) -> tuple[pl.DataFrame, list[tuple[str, Unparsed]]]:
    """ARCHIVE rows of the tree's logs and ledgers, and the lines that none of them holds."""
    documents, lost = _read_tree(tree, report)
    made = archive_rows(documents)
    report.sentences += made.duplicates
    rows = made.rows
    for path in sorted(tree.rglob("*.csv")):
        name = path.relative_to(tree).as_posix()
        found = ledger(path.read_text(encoding="utf-8-sig", errors="replace"), name, rows)
        lost += [(name, Unparsed(*line)) for line in found.unparsed]
        rows = pl.concat([rows, found.rows])
        report.ledger_rows += found.listed
        report.ledger_only += found.rows.height
        report.conflicts["ledger title"] += found.titles_differing
    return rows, lost


def _read_tree(tree: Path, report: ImportReport) -> tuple[list[Document], list[tuple[str, Unparsed]]]:
    documents: list[Document] = []
    lost: list[tuple[str, Unparsed]] = []
    paths = [
        Path(folder) / name for folder, _, names in os.walk(tree) for name in names if name.endswith(".md")
    ]
    PROGRESS.get().start("read", len(paths))
    for path in sorted(paths):
        name = path.relative_to(tree).as_posix()
        PROGRESS.get().advance("read")
        report.files += 1
        try:
            content = path.read_bytes().decode("utf-8")
        except (UnicodeDecodeError, OSError) as error:
            lost.append((name, Unparsed(1, str(error)[:200], "not_utf8")))
            continue
        document = parsed(content, name)
        documents.append(document)
        report.sentences += document.conflicts
        lost += [(name, line) for line in document.unparsed]
        exact = [is_exact(block) for section in document.sections for block in section.blocks]
        report.papers += len(exact)
        report.exact_papers += sum(exact)
        report.exact_files += all(exact) and not document.unparsed
    return documents, lost


def _write(run: Run, rows: pl.DataFrame, lost: list[tuple[str, Unparsed]], report: ImportReport) -> None:
    months = set(rows["list_date"].dt.strftime("%Y-%m"))
    report.repairs.update(rows["repairs"].explode().drop_nulls().to_list())
    papers = run.lake.read(PAPERS, months)
    report.conflicts += conflicts(rows, papers, run.lake.read_papers(ABSTRACTS, rows["paper_id"]))
    run.lake.upsert(ARCHIVE, rows)
    keep_rejected(run.lake, _rejected(lost))
    report.unparsed = [f"{file}:{line.line} {line.reason}: {line.text[:80]}" for file, line in lost]
    write_release(run, months, write_month, write_pages)
    report.files_written = run.report.files_written


def _rejected(lost: list[tuple[str, Unparsed]]) -> pl.DataFrame:
    """REJECTED rows for the unparsed lines."""
    rows = [
        {
            "list_date": path_date(file) or _NO_DATE,
            "step": "import-archive",
            "row_sha256": sha256_of([file, line.line, encodable(line.text)]),
            "reason": line.reason,
            "detail": f"{file}:{line.line}",
            "row": encodable(line.text),
            "rejected_at": datetime.now(UTC),
        }
        for file, line in lost
    ]
    return pl.DataFrame(rows, schema=REJECTED.empty().schema).unique(REJECTED.key, maintain_order=True)


def import_lines(report: ImportReport) -> list[tuple[str, str]]:
    """The report's table: (what, how many)."""
    papers = f"{report.exact_papers:,} of {report.papers:,} papers"
    files = f"{report.exact_files:,} of {report.files:,} files"
    lines = [
        ("Files", f"{report.files:,}"),
        ("Papers", f"{report.papers:,}"),
        ("Rendered again byte for byte", f"{papers}, {files}"),
        ("Ledger", f"{report.ledger_rows:,} rows, {report.ledger_only:,} of them in no log"),
        ("Repairs", _counts(report.repairs)),
        ("Conflicts", _counts(report.conflicts)),
        ("Unparsed lines", f"{len(report.unparsed):,}"),
        ("Release", f"{report.files_written} files written"),
    ]
    return [(what, how_many) for what, how_many in lines if how_many]


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{counter[name]:,} {name}" for name in sorted(counter) if counter[name])
