"""``daily-papers sql``: SQL over the lake's tables, or a named question, answered in the form asked for.

Polars' SQL engine runs the query lazily over the monthly files. It reads and nothing else: the statement is
judged first (transforms/statement.py), the engine is given lazy scans of the named tables only, and the one
thing written is the answer, to standard output or to a file outside the lake. Needs no setting but
DAILY_PAPERS_HOME, safe to rerun, and does not wait for a run that is writing: files are replaced whole.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from flows.errors import ContractBroken, DailyPapersError
from flows.settings import load_settings
from flows.storage import Lake
from flows.write_answer import FORMATS, Form, write_answer
from schemas.tables import RELEASE, TABLES, Table
from transforms.cells import readable
from transforms.complaints import complaint
from transforms.pruning import months_asked
from transforms.questions import Question, filled, question, questions, read_question
from transforms.statement import Refused, Statement, close_match, statement

NAMED: Final[Mapping[str, Table]] = {
    "release": RELEASE,
    **{table.name: table for table in TABLES if table is not RELEASE},
}
"""The lake's tables by the name that a query calls them."""
_LARGEST_FILE: Final = 1_000_000
# What Polars says when a file, not the query, is at fault.
_FILE_FAULTS: Final = (
    "parquet",
    "thrift",
    "out of specification",
    "data type mismatch for column",
    "missing_columns",
    "extra_columns",
)
_FAULTS: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def ask(
    query: str | None = None,
    file: Path | None = None,
    list_questions: bool = False,
    format: str = "table",
    limit: int | None = None,
    parameters: Sequence[str] = (),
    out: Path | None = None,
) -> int:
    """Answer one query; the exit code of design's contract.

    Args:
        query: SQL, or the name of a question.
        file: A file of SQL instead.
        list_questions: Answer with the named questions instead.
        format: One of FORMATS.
        limit: Most rows of the answer; None means a screenful for a table and all for the other formats.
        parameters: Values of a question's parameters, each ``name=value``.
        out: File for the answer, instead of standard output.

    Returns:
        0 when the answer is written, 1 when a file of the lake is broken, 2 when the query or an option
        cannot be used, 3 when the answer's file cannot be written.
    """
    # The parser's warnings about statements that it does not know would stand beside our sentence.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        lake = Lake(load_settings().home)
        _check_options(lake, [query is not None, file is not None, list_questions], format, limit, out)
        form = Form(format, limit, out)
        if list_questions:
            write_answer(_listed(), form)
        else:
            _answer(lake, _asked(query, file), _values(parameters), form)
    except BrokenPipeError:
        # Whoever read the answer has read enough.
        return 0
    except Refused as error:
        print(f"Not run: {readable(str(error))}", file=sys.stderr)
        return 2
    except DailyPapersError as error:
        print(readable(str(error)), file=sys.stderr)
        return error.exit_code
    return 0


def _check_options(lake: Lake, given: list[bool], format: str, limit: int | None, out: Path | None) -> None:
    if sum(given) != 1:
        raise Refused("give one query, one question's name, --file FILE or --list")
    if format not in FORMATS:
        raise Refused(f"no format '{format}'{close_match(format, FORMATS) or '; ' + ', '.join(FORMATS)}")
    if limit is not None and limit < 1:
        raise Refused(f"--limit {limit}: expected 1 or more")
    if format == "parquet" and out is None:
        raise Refused("--format parquet needs a file to write: --out FILE")
    if out is not None and not lake.is_shared and out.resolve().is_relative_to(str(lake.home.resolve())):
        raise Refused(f"--out {out} is inside the lake, which sql only reads; name a file elsewhere")
    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise Refused(f"--out {out}: expected a file in a folder that exists")


# What is asked -----------------------------------------------------------------------------------


def _asked(query: str | None, file: Path | None) -> Question:
    if file is not None:
        return read_question(str(file), _text(file))
    query = (query or "").strip()
    is_name = query.replace("-", "").replace("_", "").isalnum()
    # No SQL is one word.
    return question(query) if is_name else read_question("the query", query)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise Refused(f"--file {file} is larger than {_LARGEST_FILE:,} bytes; it is no query")
        return content.decode("utf-8-sig").strip()
    except OSError as error:
        raise Refused(f"--file {file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Refused(f"--file {file} is not UTF-8 text") from None


def _values(parameters: Sequence[str]) -> dict[str, str]:
    pairs = [parameter.partition("=") for parameter in parameters]
    for name, equals, _ in pairs:
        if not equals:
            raise Refused(f"--set {name}: expected name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _listed() -> pl.LazyFrame:
    rows = [
        {
            "question": each.name,
            "description": each.description,
            "parameters": [f"{one.name}={one.default}" for one in each.parameters],
        }
        for each in questions()
    ]
    schema = {"question": pl.String(), "description": pl.String(), "parameters": pl.List(pl.String)}
    return pl.LazyFrame(rows, schema=schema)


# The answer --------------------------------------------------------------------------------------


def _answer(lake: Lake, asked: Question, values: dict[str, str], form: Form) -> None:
    sql = filled(asked, values, lake.months(RELEASE))
    read = statement(sql, list(NAMED))
    try:
        if read.is_list:
            write_answer(_tables(lake), form)
        elif read.described:
            write_answer(_described(NAMED[read.described]), form)
        else:
            write_answer(_lazy(lake, sql, read), form)
    except BrokenPipeError:
        raise
    except _FAULTS as error:
        raise _said(error, lake, read) from None
    if not any(lake.months(table) for table in NAMED.values()):
        print(f"{lake.home} holds no tables yet. Fill it: daily-papers run", file=sys.stderr)


def _lazy(lake: Lake, sql: str, read: Statement) -> pl.LazyFrame:
    context = pl.SQLContext(eager=False)
    for name in read.tables:
        rows = _scan(lake, NAMED[name], months_asked(read.tree, name, lake.months(NAMED[name])))
        context.register_many({name: rows, name.upper(): rows})
    answer = context.execute(sql)
    binary = [name for name, dtype in answer.collect_schema().items() if dtype == pl.Binary]
    if binary:
        raise Refused(f"column {binary[0]} is binary, which has no readable form; cast it to VARCHAR")
    return answer


def _scan(lake: Lake, table: Table, months: Sequence[str]) -> pl.LazyFrame:
    paths = [str(lake.path(table, month)) for month in months]
    # The schema given, no file is opened to learn it.
    schema = table.empty().schema
    if not paths:
        return table.empty().lazy()
    return pl.scan_parquet(paths, schema=schema, glob=False, hive_partitioning=False)


def _tables(lake: Lake) -> pl.LazyFrame:
    rows = [
        {
            "table": name,
            "months": len(months := lake.months(table)),
            "first": months[0] if months else None,
            "latest": months[-1] if months else None,
            "holds": (table.schema.__doc__ or "").split("\n")[0],
        }
        for name, table in NAMED.items()
    ]
    texts = dict.fromkeys(["first", "latest", "holds"], pl.String)
    return pl.LazyFrame(rows, schema={"table": pl.String, "months": pl.Int64, **texts})


def _described(table: Table) -> pl.LazyFrame:
    types = table.empty().schema
    rows = [
        {
            "column": name,
            "type": str(types[name]),
            "key": name in table.key,
            "meaning": (column.metadata or {}).get("meaning", ""),
        }
        for name, column in table.schema.columns().items()
    ]
    texts = dict.fromkeys(["column", "type"], pl.String)
    return pl.LazyFrame(rows, schema={**texts, "key": pl.Boolean, "meaning": pl.String})


def _said(error: BaseException, lake: Lake, read: Statement) -> Exception:
    """The error to raise for what Polars met: a broken file is the lake's fault, all else the query's."""
    message = str(error)
    first = message.strip().split("\n")[0][:300]
    if isinstance(error, OSError) or any(fault in first.lower() for fault in _FILE_FAULTS):
        return ContractBroken(
            f"A file of {', '.join(sorted(read.tables))} in {lake.home} cannot be read: {first}. Nothing was "
            "changed. Find it: daily-papers check"
        )
    return Refused(complaint(message, read.tree, {name: _columns(name) for name in read.tables}))


def _columns(name: str) -> list[str]:
    return NAMED[name].schema.column_names()
