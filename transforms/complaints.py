"""What Polars says of a query, as a sentence that points at the column or table meant.

Polars' messages carry plans and Rust names; only their first line is about the query. Called by
flows/ask.py.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sqlglot import exp

from transforms.statement import close_match

_NO_COLUMN: Final = re.compile(
    r'unable to find column "(?P<name>[^"]*)"; valid columns: \[(?P<valid>[^\]]*)\]'
)
_NO_COLUMN_IN: Final = re.compile(r"no column named '(?P<name>[^']*)' found in table '(?P<table>[^']*)'")
_NO_ALIAS: Final = re.compile(r"no table or struct column named '(?P<name>[^']*)' found")
_NO_FUNCTION: Final = re.compile(r"unsupported function '(?P<name>[^']*)'")
_LONGEST: Final = 300


def complaint(message: str, tree: exp.Expr, tables: Mapping[str, Sequence[str]]) -> str:
    """One sentence for Polars' message about this query.

    Args:
        message: What Polars said.
        tree: The query.
        tables: Columns of the tables that it names.
    """
    aliases = {table.alias_or_name: table.name.lower() for table in tree.find_all(exp.Table)}
    for pattern, sentence in _SENTENCES.items():
        if match := pattern.search(message):
            return sentence(match, aliases, tables)
    first = re.sub(r"^sql parser error: ", "", message.strip().split("\n")[0])
    return f"the query cannot be run: {first[:_LONGEST]}"


_Aliases = Mapping[str, str]
_Tables = Mapping[str, Sequence[str]]


def _no_column(match: re.Match[str], aliases: _Aliases, tables: _Tables) -> str:
    valid = re.findall(r'"([^"]*)"', match["valid"])
    # A join gives a column that both sides have the other side's name after a colon.
    names = {name.split(":")[0] for name in valid}
    inside = [table for table, columns in tables.items() if set(columns) <= names]
    where = f" in {' or '.join(sorted(inside or tables))}" if tables else ""
    known = dict.fromkeys([*valid, *(column for table in inside for column in tables[table])])
    return f"no column '{match['name']}'{where}{_meant(match['name'], list(known))}"


def _no_column_in(match: re.Match[str], aliases: _Aliases, tables: _Tables) -> str:
    table = aliases.get(match["table"], match["table"])
    return f"no column '{match['name']}' in {table}{_meant(match['name'], tables.get(table, ()))}"


def _no_alias(match: re.Match[str], aliases: _Aliases, tables: _Tables) -> str:
    return f"no table '{match['name']}' in this query{_meant(match['name'], list(aliases))}"


def _no_function(match: re.Match[str], aliases: _Aliases, tables: _Tables) -> str:
    return f"Polars' SQL has no function '{match['name']}'"


def _meant(name: str, known: Sequence[str]) -> str:
    return close_match(name, known) or (f"; there are {', '.join(known)}" if known else "")


_SENTENCES: Final[dict[re.Pattern[str], Callable[[re.Match[str], _Aliases, _Tables], str]]] = {
    _NO_COLUMN: _no_column,
    _NO_COLUMN_IN: _no_column_in,
    _NO_ALIAS: _no_alias,
    _NO_FUNCTION: _no_function,
}
