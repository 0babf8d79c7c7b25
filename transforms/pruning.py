"""The months that a query can find rows in, read from its conditions on list_date.

A month is a file, and Polars opens every file of a table to look at its statistics. A query that names its
days in the WHERE of the very SELECT that reads the table needs no other file, so the others are not even
opened. Anything this does not understand widens the answer, never narrows it. Called by flows/ask.py.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Final

from sqlglot import exp

_MIRRORED: Final[dict[type[exp.Expr], type[exp.Expr]]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.EQ: exp.EQ,
}
_COLUMN: Final = "list_date"
_Span = tuple[str, str]
_EVER: Final[_Span] = ("", "9999-12")


def months_asked(tree: exp.Expr, table: str, months: Collection[str]) -> list[str]:
    """Those of the table's months that the query can find rows in, sorted.

    Every place that reads the table counts: one without a condition on list_date asks for all months.
    """
    spans = [_span(node) for node in tree.find_all(exp.Table) if node.name in (table, table.upper())]
    return sorted(month for month in months if any(first <= month <= last for first, last in spans))


def _span(table: exp.Table) -> _Span:
    select = table.parent.parent if isinstance(table.parent, exp.From | exp.Join) else None
    alias = table.args.get("alias")
    if not isinstance(select, exp.Select) or (alias and alias.args.get("columns")):
        return _EVER
    where = select.args.get("where")
    # A bare list_date could be another table's where several are joined.
    names = {table.alias_or_name} | (set() if select.args.get("joins") else {""})
    first, last = _EVER
    for condition in _conjuncts(where.this) if where else ():
        low, high = _bounds(condition, names)
        first, last = max(first, low), min(last, high)
    return first, last


def _conjuncts(condition: exp.Expr) -> Iterator[exp.Expr]:
    # Not recursive: a chain of conditions may be longer than the stack.
    left = [condition.unnest()]
    while left:
        part = left.pop()
        if isinstance(part, exp.And):
            left += [part.this.unnest(), part.expression.unnest()]
        else:
            yield part


def _bounds(condition: exp.Expr, names: set[str]) -> _Span:
    if isinstance(condition, exp.Between) and _is_list_date(condition.this, names):
        low, high = _date(condition.args["low"]), _date(condition.args["high"])
        return _month(low) if low else _EVER[0], _month(high) if high else _EVER[1]
    kind: type[exp.Expr] = type(condition)
    if kind not in _MIRRORED:
        return _EVER
    side, value = condition.this, condition.expression
    if _date(side) is not None:
        side, value, kind = value, side, _MIRRORED[kind]
    if kind is exp.EQ and _is_month_of(side, names) and isinstance(value, exp.Literal) and value.is_string:
        return value.name, value.name
    day = _date(value)
    return _half_open(kind, day) if day and _is_list_date(side, names) else _EVER


def _half_open(kind: type[exp.Expr], day: date) -> _Span:
    if kind is exp.EQ:
        return _month(day), _month(day)
    if kind in (exp.GT, exp.GTE):
        return _month(day + timedelta(days=kind is exp.GT)), _EVER[1]
    return _EVER[0], _month(day - timedelta(days=kind is exp.LT))


def _month(day: date) -> str:
    # Not strftime, which writes the year 999 with three digits.
    return day.isoformat()[:7]


def _is_list_date(node: exp.Expr, names: set[str]) -> bool:
    node = node.unnest()
    return isinstance(node, exp.Column) and node.name == _COLUMN and node.table in names


def _is_month_of(node: exp.Expr, names: set[str]) -> bool:
    node = node.unnest()
    form = node.args.get("format") if isinstance(node, exp.TimeToStr) else None
    return form is not None and form.name == "%Y-%m" and _is_list_date(node.this, names)


def _date(node: exp.Expr) -> date | None:
    """The day that a literal names, in the one form that needs no guessing."""
    node = node.unnest()
    if isinstance(node, exp.Cast) and node.to.is_type(exp.DType.DATE):
        node = node.this
    if not (isinstance(node, exp.Literal) and node.is_string and len(node.name) == 10):
        return None
    try:
        day = date.fromisoformat(node.name)
    except ValueError:
        return None
    # A day before or after the calendar's ends cannot be stepped over.
    return day if date.min < day < date.max else None
