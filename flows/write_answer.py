"""An answer into a table, CSV, JSON, Parquet or Markdown, on standard output or in a file.

Rows come batch by batch out of a running query, so that an answer of any length passes through little
memory. Called by flows/ask.py.
"""

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.errors import LakeUnwritable
from flows.watch import watched
from transforms.cells import column_widths, readable, spreadsheet_columns
from transforms.markdown import escaped

FORMATS: Final = ("table", "csv", "json", "parquet", "markdown")
_TABLE_ROWS: Final = 50
_NARROWEST: Final = 12
"""Width below which a column of text says nothing."""
_GAP: Final = 2
_FEW_ROWS: Final = 30
_FEW_LINES: Final = 160
"""Up to so many rows of texts no longer than that, texts are folded instead of cut."""
_LONGEST_CELL: Final = 1_000


@dataclass(frozen=True)
class Form:
    """How an answer is wanted."""

    format: str
    limit: int | None = None
    out: Path | None = None


def write_answer(answer: pl.LazyFrame, form: Form) -> None:
    """Run the query and write its answer.

    Raises:
        LakeUnwritable: The file cannot be written; one that stood there is as it was.
        TooLarge: The query took too much memory.
    """
    wanted = answer if form.limit is None else answer.head(form.limit)
    with _opened(form.out) as stream:
        if form.format == "parquet":
            _drain(lambda: wanted.sink_parquet(stream, engine="streaming"))
        elif form.format == "csv":
            flat = wanted.select(spreadsheet_columns(wanted.collect_schema()))
            _drain(lambda: flat.sink_csv(stream, engine="streaming"))
        else:
            for part in _parts(answer, wanted, form):
                stream.write(part)
        stream.flush()


def _drain(work: Callable[[], object]) -> None:
    """Let Polars write by itself: four times as fast as batch by batch."""
    try:
        for _ in watched(work() for _ in [None]):
            pass
    except OSError as error:
        # Polars' own has the number of the error in its text only.
        if "Broken pipe" in str(error):
            raise BrokenPipeError from None
        raise


def _parts(answer: pl.LazyFrame, wanted: pl.LazyFrame, form: Form) -> Iterator[bytes]:
    if form.format == "json":
        return _json(wanted)
    if form.format == "markdown":
        return _markdown(wanted)
    return _table(answer, form.limit or _TABLE_ROWS)


def _batches(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    return watched(rows.collect_batches(engine="streaming", maintain_order=True, lazy=True))


# Where it goes -----------------------------------------------------------------------------------


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        with _standard_output() as stream:
            yield stream
        return
    with _replacing(out) as target, target.open("wb") as stream:
        yield stream


@contextmanager
def _standard_output() -> Iterator[IO[bytes]]:
    # Bytes, not text: Korean goes out as UTF-8 whatever the terminal's locale.
    try:
        yield sys.stdout.buffer
    except FileNotFoundError:
        raise  # a file of the lake went away
    except OSError as error:
        # What is still buffered has nowhere to go, and Python would complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise LakeUnwritable(f"The answer could not be written to standard output ({error}).") from error


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """A new file beside ``out`` that takes its place when all is written."""
    try:
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
            target = Path(folder) / out.name
            yield target
            target.replace(out)
    except FileNotFoundError:
        raise  # a file of the lake went away
    except OSError as error:
        raise LakeUnwritable(
            f"{out} could not be written ({error}); what stood there is as it was. Give another --out."
        ) from error


# Machines ----------------------------------------------------------------------------------------


def _json(rows: pl.LazyFrame) -> Iterator[bytes]:
    """One array with an object to a line: JSON as a whole and readable line by line."""
    between = b"[\n"
    for batch in _batches(rows):
        if batch.height:
            lines = io.BytesIO()
            batch.write_ndjson(lines)
            # A line break inside a text is written as an escape, so each one ends an object.
            yield between + lines.getvalue().rstrip(b"\n").replace(b"\n", b",\n")
            between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"


# People ------------------------------------------------------------------------------------------


def _markdown(rows: pl.LazyFrame) -> Iterator[bytes]:
    schema = rows.collect_schema()
    rules = ["---:" if dtype.is_numeric() else "---" for dtype in schema.dtypes()]
    yield f"| {' | '.join(map(escaped, schema.names()))} |\n| {' | '.join(rules)} |\n".encode()
    for batch in _batches(rows):
        lines = (" | ".join(escaped(readable(value)) for value in row) for row in batch.iter_rows())
        yield "".join(f"| {line} |\n" for line in lines).encode()


def _table(answer: pl.LazyFrame, limit: int) -> Iterator[bytes]:
    schema = answer.collect_schema()
    rows = pl.concat([schema.to_frame(), *_batches(answer.head(limit + 1))])
    terminal = io.StringIO()
    width = shutil.get_terminal_size((100, 24)).columns
    console = Console(file=terminal, width=width, force_terminal=sys.stdout.isatty(), highlight=False)
    _print_table(console, rows.head(limit))
    if rows.height > limit:
        # Counted in a second run, which reads no column that the count does not need.
        total = sum(int(batch.item()) for batch in _batches(answer.select(pl.len())))
        console.print(f"… {total - limit:,} more rows (--limit {total}, or --format csv)", style="dim")
    yield terminal.getvalue().encode()


def _print_table(console: Console, rows: pl.DataFrame) -> None:
    cells = {
        name: [readable(value)[:_LONGEST_CELL] for value in rows[name].to_list()] for name in rows.columns
    }
    wanted = {name: max(map(cell_len, [readable(name), *texts])) for name, texts in cells.items()}
    widths = _widths(rows.schema, wanted, console.width)
    if rows.height == 1 and len(widths) < len(wanted):
        _print_record(console, {name: texts[0] for name, texts in cells.items()})
        return
    longest = max((wanted[name] for name in widths), default=0)
    is_tall = rows.height > _FEW_ROWS or longest > _FEW_LINES
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name, width in widths.items():
        table.add_column(
            Text(readable(name)),
            width=width,
            no_wrap=is_tall,
            overflow="ellipsis" if is_tall else "fold",
            justify="right" if rows.schema[name].is_numeric() else "left",
        )
    for line in zip(*(cells[name] for name in widths), strict=True):
        table.add_row(*map(Text, line))
    console.print(table)
    if left := list(wanted)[len(widths) :]:
        more = f"… {len(left)} more columns (name those you want): {', '.join(map(readable, left))}"
        console.print(Text(more, style="dim"))


def _widths(schema: pl.Schema, wanted: dict[str, int], width: int) -> dict[str, int]:
    """Widths of the first columns that fit side by side: numbers and dates whole, texts as room is left."""
    texts = [name for name, dtype in schema.items() if dtype.is_nested() or dtype == pl.String]
    least = {name: min(wanted[name], _NARROWEST) if name in texts else wanted[name] for name in wanted}
    shown: list[str] = []
    left = width
    for name in wanted:
        left -= least[name] + _GAP
        if left < 0 and shown:
            break
        shown.append(name)
    soft = [name for name in shown if name in texts]
    room = width - _GAP * len(shown) - sum(wanted[name] for name in shown if name not in soft)
    given = dict(zip(soft, column_widths([wanted[name] for name in soft], room), strict=True))
    return {name: given.get(name, wanted[name]) for name in shown}


def _print_record(console: Console, record: dict[str, str]) -> None:
    """One row as a line for each column, which may then be long."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, text in record.items():
        table.add_row(Text(readable(name)), Text(text))
    console.print(table)
