"""``daily-papers check --answers``: the gate over any English and Korean pairs, one JSON object a line.

Lines go through one at a time, so a file of any length passes through little memory. No line stops the
rest, and every line that is not blank gives one line: blank ones are counted and passed over, as JSON
Lines has it. Needs no lake, no setting and no network; safe to rerun, on its own output too.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from flows.errors import DailyPapersError
from transforms import answers, judge, pairs, quality
from transforms.cells import readable
from transforms.pairs import JudgedLine, judged_line, unread_line

LONGEST_LINE: Final = 64 * 2**20
"""Bytes of a line that are read; the longest paper there is has a thousandth of it."""
_CHUNK: Final = 2**20


class CannotCheck(DailyPapersError):
    """The file of pairs or the file for the answer cannot be used; neither was changed."""

    exit_code = 2


@dataclass
class Tally:
    """What was found, in lines; each one that is not blank is in exactly one of the last four counts."""

    lines: int = 0
    blank: int = 0
    with_errors: int = 0
    with_warnings: int = 0
    """Judged, with warnings and no error."""
    clean: int = 0
    bad: int = 0
    """Not judged: no pair could be read."""
    codes: Counter[str] = field(default_factory=Counter)
    """Lines that have an issue of this code."""

    def count(self, line: JudgedLine) -> None:
        """Add one line that is not blank."""
        severities = {issue.severity for issue in line.issues}
        self.lines += 1
        self.bad += not line.is_judged
        self.with_errors += line.is_judged and "error" in severities
        self.with_warnings += line.is_judged and severities == {"warning"}
        self.clean += line.is_judged and not severities
        self.codes.update({issue.code for issue in line.issues})

    @property
    def exit_code(self) -> int:
        """0 when no line has an error and none is bad, else 1."""
        return int(bool(self.with_errors or self.bad))


def check_answers(source: Path, out: Path | None) -> int:
    """Judge every pair of the file and write it with its issues to ``out`` or standard output.

    Returns:
        0 when no line has an error, 1 when one has or could not be judged, 2 when a file cannot be used.
    """
    tally = Tally()
    try:
        with _opened(source) as stream:
            if out is None:
                _judge(stream, sys.stdout.buffer, tally)
            else:
                with _replacing(out, source) as target, _bar(_line_count(stream)) as advance:
                    _judge(stream, target, tally, advance)
    except DailyPapersError as error:
        print(readable(str(error)), file=sys.stderr)
        return error.exit_code
    except OSError as error:
        # What is still buffered has nowhere to go, and Python would complain of it at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return tally.exit_code  # whoever read the lines has read enough
        print(f"The lines could not be written to standard output ({error}).", file=sys.stderr)
        return CannotCheck.exit_code
    _say(tally, out)
    return tally.exit_code


def list_codes() -> int:
    """Print every code that an issue may have, with its severities and meaning; 0."""
    table = Table("code", "severity", "meaning", box=None, pad_edge=False)
    for code, severities, meaning in codes():
        table.add_row(code, severities, meaning)
    Console(width=None if sys.stdout.isatty() else _WIDE, soft_wrap=False).print(table, markup=False)
    return 0


_WIDE: Final = 200
"""Columns of a table that no terminal shows, so that a script finds one code on one line."""


def codes() -> list[tuple[str, str, str]]:
    """Every code as (code, severities, meaning), sorted."""
    known = {**pairs.CODES, **judge.CODES, **answers.CODES, **quality.CODES}
    return [(name, code.severities, code.meaning) for name, code in sorted(known.items())]


# Lines -------------------------------------------------------------------------------------------


def _judge(
    stream: IO[bytes], target: IO[bytes], tally: Tally, advance: Callable[[], object] = lambda: None
) -> None:
    for line in _judged(_lines(stream), tally):
        # A lone surrogate becomes the escape that JSON has for it.
        target.write(line.text.encode("utf-8", "backslashreplace") + b"\n")
        advance()
    target.flush()


def _judged(lines: Iterable[bytes | int], tally: Tally) -> Iterator[JudgedLine]:
    for number, line in enumerate(lines, start=1):
        if isinstance(line, int):
            judged = unread_line(number, f"{line:,} bytes; at most {LONGEST_LINE:,} are read")
        elif line.strip():
            judged = judged_line(number, line)
        else:
            tally.blank += 1
            continue
        tally.count(judged)
        yield judged


def _lines(stream: IO[bytes]) -> Iterator[bytes | int]:
    """The lines; of one that is too long to be read, its length."""
    try:
        while line := stream.readline(LONGEST_LINE + 1):
            if len(line) <= LONGEST_LINE or line.endswith(b"\n"):
                yield line
                continue
            length = len(line)
            while not line.endswith(b"\n") and (line := stream.readline(_CHUNK)):
                length += len(line)
            yield length
    except OSError as error:
        raise CannotCheck(f"The pairs could not be read to their end ({error}).") from error


# Files -------------------------------------------------------------------------------------------


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    try:
        stream = source.open("rb")
    except OSError as error:
        raise CannotCheck(f"--answers {source} cannot be read ({error.strerror}).") from error
    with stream:
        yield stream


def _line_count(stream: IO[bytes]) -> int:
    """Lines of a file, for the bar; 0 for a pipe, which can be read only once."""
    if not stream.seekable():
        return 0
    count = sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b""))
    stream.seek(0)
    return count


@contextmanager
def _replacing(out: Path, source: Path) -> Iterator[IO[bytes]]:
    """A new file beside ``out`` that takes its place when all is written."""
    # What a link leads to is replaced, not the link.
    out = out.resolve()
    try:
        if out.exists() and out.samefile(source):
            raise CannotCheck(f"--out {out} is the file of the pairs, which is kept; name another file.")
        if out.exists() and not out.is_file():
            raise CannotCheck(f"--out {out}: expected a file, which this is not. Name another.")
        with tempfile.TemporaryDirectory(prefix=".daily-papers-check.", dir=out.parent) as folder:
            target = Path(folder) / "pairs.jsonl"
            with target.open("wb") as stream:
                yield stream
            target.replace(out)
    except OSError as error:
        raise CannotCheck(
            f"--out {out} could not be written ({error.strerror}); what stood there is as it was. "
            "Name another file."
        ) from error


# The end -----------------------------------------------------------------------------------------


@contextmanager
def _bar(total: int) -> Iterator[Callable[[], object]]:
    """A bar of lines; what is given moves it by one."""
    with Progress("judge", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()) as progress:
        bar = progress.add_task("judge", total=total)
        yield lambda: progress.advance(bar)


def _say(tally: Tally, out: Path | None) -> None:
    """Print the closing table, beside the lines and never among them."""
    terminal = Console(stderr=out is None, soft_wrap=True)
    table = Table("lines", f"{tally.lines:,}")
    rows = {
        "judged": tally.lines - tally.bad,
        "with errors": tally.with_errors,
        "with warnings only": tally.with_warnings,
        "clean": tally.clean,
        "bad (not judged)": tally.bad,
        "blank (passed over)": tally.blank,
    }
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    table.add_section()
    for code, count in tally.codes.most_common():
        table.add_row(code, f"{count:,}")
    terminal.print(table, markup=False)
    if out is not None:
        terminal.print(
            f"Written: {out.absolute()}", style="yellow" if tally.exit_code else "green", markup=False
        )
