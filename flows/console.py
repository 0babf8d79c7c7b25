"""The terminal's side of a run: progress bars, the closing table, the last line, the exit code.

Called by flows/cli.py and flows/demo.py.
"""

import asyncio
import importlib
import os
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.check import check_sentence, problems, table_sizes
from flows.errors import DailyPapersError, RunIncomplete
from flows.import_archive import import_archive, import_lines
from flows.lock import one_writer
from flows.object_store import folder
from flows.progress import PROGRESS
from flows.release import write_form, write_month, write_pages, write_release
from flows.run import Run
from flows.settings import load_settings
from flows.storage import Lake
from schemas.tables import ARCHIVE, PAPERS
from transforms.report import Report, report_lines, report_sentences

# The one-shot server records task runs once a second; what has not reached it when the process ends is lost.
# So more than a second for the few of a run with nothing to translate, and two more for any day's.
_RECORDING_SECONDS = 3.0
_FEW_RECORDING_SECONDS = 1.5
_LISTED = 20

console = Console(soft_wrap=True)


class Bars:
    """One progress bar for each step of a run."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description:>12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._bars: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        PROGRESS.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def start(self, step: str, total: int) -> None:
        """Show a bar, or let the step's bar grow."""
        bar, so_far = self._bars.get(step) or (self._progress.add_task(step, total=0), 0)
        self._bars[step] = (int(bar), so_far + total)
        self._progress.update(self._bars[step][0], total=so_far + total)  # type: ignore[arg-type]

    def advance(self, step: str, units: int = 1) -> None:
        """Move the step's bar."""
        self._progress.advance(self._bars[step][0], units)  # type: ignore[arg-type]

    def say(self, sentence: str) -> None:
        """Print a sentence above the bars."""
        self._progress.print(sentence, markup=False)


def run_to_end(flow_run: Callable[[], Awaitable[Report]], again: str, *, is_dry: bool = False) -> int:
    """Run a flow with bars and say how it ended; the exit code of design's contract.

    Args:
        flow_run: Starts the flow.
        again: The command that continues, for the last line.
        is_dry: The run asks no model, so it needs no key and writes no release.
    """
    try:
        # Before Prefect starts a server, which takes ten seconds.
        settings = load_settings()
        settings.known_prices()
        if not is_dry:
            settings.require_model_key()
        threading.Thread(target=_import_early, daemon=True).start()
        with Bars():
            report = asyncio.run(_awaited(flow_run))
    except RunIncomplete as error:
        report = error.report
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    show(report)
    home = folder(load_settings().home)
    where = f"dataset {home / 'release/dataset'}, digest {home / 'release/digest'}"
    if is_dry:
        console.print(
            f"Dry run: no model was called. What the Hub and arXiv sent is kept in {home}; translations and "
            f"release are as they were. To translate: {again}",
            style="green" if report.exit_code == 0 else "yellow",
            markup=False,
        )
    elif report.exit_code == 0:
        console.print(f"Done. Written: {where}", style="green", markup=False)
    else:
        console.print(f"Done with faults. Written: {where}. Next: {again}", style="yellow", markup=False)
    if "PREFECT_API_URL" not in os.environ:
        time.sleep(_RECORDING_SECONDS if report.translated else _FEW_RECORDING_SECONDS)
    return report.exit_code


def run_import(tree: Path) -> int:
    """Import a tree of Markdown logs and say what was found; 0 when every line was read, else 1."""
    try:
        settings = load_settings()
        with Bars():
            report = import_archive(settings, tree)
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    table = Table(title=f"import of {tree}", title_justify="left", show_header=False)
    for what, how_many in import_lines(report):
        table.add_row(what, how_many)
    console.print(table, markup=False)
    for sentence in [*report.sentences, *report.unparsed[:_LISTED]]:
        console.print(f"- {sentence}", markup=False)
    if len(report.unparsed) > _LISTED:
        console.print(f"- … and {len(report.unparsed) - _LISTED:,} more unparsed lines", markup=False)
    home = folder(settings.home)
    where = f"{home / 'archive'}, {home / 'release'}"
    if report.exit_code:
        console.print(
            f"Done with faults. Written: {where}. The unparsed lines are kept in {home / 'rejected'}. "
            f"Next: mend the files named and run: daily-papers import-archive {tree}",
            style="yellow",
            markup=False,
        )
    else:
        console.print(f"Done. Written: {where}", style="green", markup=False)
    return report.exit_code


def run_publish(form: str | None) -> int:
    """Write the release again, and every day in ``form`` beside it; the exit code."""
    try:
        settings = load_settings()
        run = Run(settings, "publish")
        with Bars(), one_writer(run.lake, "publish", settings.lock_wait, PROGRESS.get().say):
            months = {*run.lake.months(PAPERS), *run.lake.months(ARCHIVE)}
            write_release(run, months, write_month, write_pages)
            folder = write_form(run, form) if form else run.lake.digest
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    written = f"{run.report.files_written} files. Dataset {run.lake.dataset}, digest {folder}"
    console.print(f"Done. Written: {written}", style="green", markup=False)
    return 0


def run_check() -> int:
    """Check the lake and say what was found; 0 when nothing is wrong, else 1."""
    try:
        settings = load_settings()
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    lake = Lake(settings.home)
    with Bars():
        found = list(problems(lake))
    for problem in found:
        console.print(f"- {problem}", style="red", markup=False)
    if found:
        console.print(check_sentence(lake, found), style="yellow", markup=False)
        return 1
    table = Table("table", "months", "rows")
    for name, months, rows in table_sizes(lake):
        table.add_row(name, f"{months:,}", f"{rows:,}")
    console.print(table)
    console.print(check_sentence(lake, found), style="green", markup=False)
    return 0


def _import_early() -> None:
    """Import what a run's later steps need, while Prefect's server starts and this process only waits."""
    for module in ("openai", "pyarrow.parquet", "schemas.dataset"):
        importlib.import_module(module)


async def _awaited(flow_run: Callable[[], Awaitable[Report]]) -> Report:
    return await flow_run()


def show(report: Report) -> None:
    """Print the closing table and the sentences a person must know."""
    table = Table(title=report.run, title_justify="left", show_header=False)
    for what, how_many in report_lines(report):
        table.add_row(what, how_many)
    console.print(table, markup=False)
    for sentence in report_sentences(report):
        console.print(f"- {sentence}", markup=False)
