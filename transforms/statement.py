"""What an analyst's SQL asks of which tables, or why it is refused.

Polars' SQL engine opens files that a query names (read_csv and its kin) and runs any cross join, so the
statement is judged before the engine sees it: one query that reads the lake's tables by name, and joins
that say what they match on. Called by flows/ask.py.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError

_FIRST_WORDS: Final = ("SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE")
_KEYWORDS: Final = (
    *("SELECT", "FROM", "WHERE", "GROUP", "ORDER", "BY", "HAVING", "QUALIFY", "LIMIT", "OFFSET", "JOIN"),
    *("UNION", "INTERSECT", "EXCEPT", "DISTINCT", "BETWEEN", "LIKE", "ILIKE", "OVER", "PARTITION", "USING"),
)
_READERS: Final = re.compile(r"\b(?:read|scan)_[a-z0-9]+\b", re.IGNORECASE)
_CHANGES: Final = (exp.DML, exp.DDL, exp.Into, exp.Lock, exp.Command, exp.Drop, exp.Alter, exp.TruncateTable)
_LONGEST: Final = 100_000
_FEW: Final = 1_000
"""Rows that sources joined without a condition may multiply a query by."""
_ALLOWED: Final = "write one SELECT (or WITH … SELECT), SHOW TABLES or DESCRIBE table"


class Refused(ValueError):
    """A query that is not run; the message is the sentence that says why."""


@dataclass(frozen=True)
class Statement:
    """A statement that only reads."""

    tree: exp.Expr
    tables: frozenset[str]
    """The lake's tables that it names, as the lake spells them."""

    @property
    def is_list(self) -> bool:
        """Whether it asks for the tables' names."""
        return isinstance(self.tree, exp.Show)

    @property
    def described(self) -> str | None:
        """The table whose columns it asks for."""
        return next(iter(self.tables)) if isinstance(self.tree, exp.Describe) else None


def statement(sql: str, known: Collection[str]) -> Statement:
    """The statement, when it is one that only reads these tables and is bounded.

    Raises:
        Refused: It changes something, reads a file, is more than one statement, joins without a condition,
            names no known table or is not SQL.
    """
    if len(sql) > _LONGEST:
        raise Refused(f"the query has {len(sql):,} characters; {_LONGEST:,} are the most that is read")
    if "\0" in sql:
        raise Refused("the query holds a null character; it is not text")
    try:
        tree = _parsed(sql)
        # Also where the judge takes it for text: the engine's parser is another one.
        if reader := _READERS.search(sql):
            raise Refused(f"{reader[0]} would read a file by its path; only the lake's tables can be asked")
        _require_reading(tree)
        names = _tables(tree, known)
        for select in tree.find_all(exp.Select, exp.Subquery, exp.Table):
            _row_factor(select, _ctes(tree))
    except RecursionError:
        raise Refused("the query is nested too deeply to be read") from None
    return Statement(tree, frozenset(names))


def close_match(word: str, known: Collection[str]) -> str:
    """``; did you mean upvotes?`` or nothing.

    >>> close_match("upvote", ["upvotes", "title"]), close_match("zzz", ["title"])
    ('; did you mean upvotes?', '')
    """
    lowered = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), lowered, n=1)
    return f"; did you mean {lowered[found[0]]}?" if found else ""


# Reading the text --------------------------------------------------------------------------------


def _parsed(sql: str) -> exp.Expr:
    try:
        tokens = sqlglot.tokenize(sql, dialect="duckdb")
    except SqlglotError:
        raise Refused("the query cannot be read: a quote or a comment is not closed") from None
    first = next((token.text for token in tokens if token.token_type is not TokenType.L_PAREN), None)
    if first is None:
        raise Refused(f"the query is empty; {_ALLOWED}")
    if first.upper() not in _FIRST_WORDS:
        meant = close_match(first, _FIRST_WORDS)
        raise Refused(f"'{first}' is not run, daily-papers sql only reads{meant or f'; {_ALLOWED}'}")
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect="duckdb") if tree is not None]
    except ParseError as error:
        raise Refused(_misspelt(error, tokens)) from None
    if len(trees) != 1:
        raise Refused(f"{len(trees)} statements came; {_ALLOWED}")
    return trees[0]


def _misspelt(error: ParseError, tokens: list[Token]) -> str:
    fault = error.errors[0] if error.errors else {}
    line, column, near = fault.get("line"), fault.get("col"), fault.get("highlight")
    # A misspelt keyword reads as an alias, and the parser stops a word later.
    before = [token for token in tokens if (token.line, token.col) <= (line or 0, column or 0)]
    meant = [
        f"; did you mean {found[0]} for '{token.text}'?"
        for token in before[-3:]
        if token.token_type is TokenType.VAR
        and (found := get_close_matches(token.text.upper(), _KEYWORDS, n=1, cutoff=0.7))
    ]
    place = f"line {line}, column {column}" if line else "the query"
    return f"{place}: this is not SQL near '{near or ''}'{meant[0] if meant else ''}"


def _require_reading(tree: exp.Expr) -> None:
    if isinstance(tree, exp.Show):
        if tree.name.upper() != "TABLES" or any(tree.args.get(name) for name in ("from_", "like", "db")):
            raise Refused(f"only SHOW TABLES can be shown; {_ALLOWED}")
        return
    if isinstance(tree, exp.Describe):
        if not isinstance(tree.this, exp.Table):
            raise Refused(f"only a table can be described; {_ALLOWED}")
        return
    if not isinstance(tree, exp.Query | exp.Values) or tree.find(*_CHANGES):
        raise Refused(f"this statement is not run, daily-papers sql only reads; {_ALLOWED}")
    for cte in tree.find_all(exp.CTE):
        if not isinstance(cte.this, exp.Query | exp.Values):
            raise Refused(f"WITH {cte.alias} is not a SELECT; {_ALLOWED}")


# Tables ------------------------------------------------------------------------------------------


def _ctes(tree: exp.Expr) -> dict[str, exp.Expr]:
    return {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}


def _tables(tree: exp.Expr, known: Collection[str]) -> Iterator[str]:
    named = _ctes(tree)
    spelt = {spelling: name for name in known for spelling in (name, name.upper())}
    for name in named:
        if name in spelt:
            raise Refused(f"WITH {name} hides the table {spelt[name]}; give it another name")
    for table in tree.find_all(exp.Table):
        source = table.this
        if not isinstance(source, exp.Identifier):
            raise Refused(
                f"{source.sql(dialect='duckdb')[:60]} is no table; only the lake's tables can be asked"
            )
        full = ".".join(part.name for part in table.parts)
        if full in named:
            continue
        if full not in spelt:
            raise Refused(_no_table(full, [*known, *named]))
        yield spelt[full]


def _no_table(name: str, known: Collection[str]) -> str:
    if re.search(r"[/\\.*]", name):
        return f"'{name}' looks like a file or a database; only the lake's tables can be asked: " + ", ".join(
            known
        )
    return f"no table '{name}'{close_match(name, known) or '; there are ' + ', '.join(known)}"


# Joins -------------------------------------------------------------------------------------------


def _row_factor(node: exp.Expr, ctes: dict[str, exp.Expr]) -> None:
    """Refuse joins without a condition, but with so few rows that the answer stays bounded."""
    joins = [join for join in node.args.get("joins") or () if not isinstance(join.this, exp.Unnest)]
    free = [join for join in joins if not _has_condition(join)]
    if not free:
        return
    source = node.args["from_"].this if isinstance(node, exp.Select) and node.args.get("from_") else node
    sizes = [_few_rows(join.this, ctes) for join in free]
    if len(free) == len(joins) == 1 and sizes[0] is None:
        # A long table to the right of a short one is the same product.
        sizes = [_few_rows(source, ctes)] if source is not node else sizes
    product = 1
    for size in sizes:
        product = product * size if size is not None else _FEW + 1
    if product > _FEW:
        joined = free[0].this.alias_or_name or "the second table"
        raise Refused(
            f"the join with {joined} has no condition, so every row meets every row; "
            f"write JOIN {joined} ON a.column = b.column"
        )


def _has_condition(join: exp.Join) -> bool:
    if join.args.get("using") or join.method == "NATURAL":
        return True
    condition = join.args.get("on")
    conjuncts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return any(_matches_columns(each) for each in conjuncts if each is not None)


def _matches_columns(condition: exp.Expr) -> bool:
    condition = condition.unnest()
    if not isinstance(condition, exp.EQ):
        return False
    left = {(column.table, column.name) for column in condition.this.find_all(exp.Column)}
    right = {(column.table, column.name) for column in condition.expression.find_all(exp.Column)}
    tables = {table for table, _ in left} ^ {table for table, _ in right}
    return bool(left and right and left != right and (tables or "" in {table for table, _ in left}))


def _few_rows(source: exp.Expr, ctes: dict[str, exp.Expr]) -> int | None:
    """Most rows that a source can have when its text says so, else None."""
    if isinstance(source, exp.Values):
        return len(source.expressions)
    if isinstance(source, exp.Table):
        return _few_rows(ctes[source.name], ctes) if source.name in ctes else None
    if isinstance(source, exp.Subquery):
        return None if source.args.get("joins") else _few_rows(source.this, ctes)
    if not isinstance(source, exp.Select):
        return None
    limit = source.args.get("limit")
    if isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal):
        return int(limit.expression.name) if limit.expression.name.isdigit() else None
    if source.args.get("joins") or source.find(exp.Explode):
        return None
    if not source.args.get("group") and source.expressions and all(map(_is_aggregate, source.expressions)):
        return 1
    from_ = source.args.get("from_")
    return _few_rows(from_.this, ctes) if from_ else 1


def _is_aggregate(column: exp.Expr) -> bool:
    return column.find(exp.AggFunc) is not None and column.find(exp.Window) is None
