"""Values of an answer as people and spreadsheets read them.

Called by flows/write_answer.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from transforms.text import INVISIBLE

_FORMULA: Final = r"^[=+\-@\t\r]"
"""First characters that make a spreadsheet run a cell."""


def readable(value: Any) -> str:
    """The value on one line, with nothing in it that could move a terminal's cursor.

    >>> readable(["Bo-ra Kim", "Alva Lind"]), readable([{"section": None, "text": "a"}]), readable(None)
    ('Bo-ra Kim, Alva Lind', 'a', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.1f}"
    if isinstance(value, dict):
        # A bullet has a section or none, and an issue has several words.
        return ": ".join(text for text in map(readable, value.values()) if text)
    if isinstance(value, list):
        joint = " · " if any(isinstance(part, dict) for part in value) else ", "
        return joint.join(map(readable, value))
    return " ".join(INVISIBLE.sub("", str(value)).split())


def spreadsheet_columns(schema: pl.Schema) -> list[pl.Expr]:
    """Columns as CSV can hold them: lists as text, and no text that a spreadsheet takes for a formula."""
    return [_guarded(_flat(pl.col(name), dtype), dtype).alias(_name(name)) for name, dtype in schema.items()]


def column_widths(wanted: Sequence[int], available: int) -> list[int]:
    """Widths that fit together: the widest give way first, so numbers and dates stay whole.

    >>> column_widths([4, 10, 300, 90], 80)
    [4, 10, 33, 33]
    """
    cap = max(wanted, default=0)
    while cap > 1 and sum(min(width, cap) for width in wanted) > available:
        cap -= 1
    return [min(width, cap) for width in wanted]


def _flat(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Struct):
        return column.struct.json_encode()
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("iso:strict")
    if not isinstance(dtype, pl.List):
        return column
    if isinstance(dtype.inner, pl.Struct):
        rows = column.list.eval(pl.element().struct.json_encode()).list.join(",")
        return pl.when(column.is_not_null()).then(pl.format("[{}]", rows))
    return column.cast(pl.List(pl.String)).list.join("; ")


def _guarded(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if not isinstance(dtype, pl.String | pl.List):
        return column
    return pl.when(column.str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), column)).otherwise(column)


def _name(name: str) -> str:
    return f"'{name}" if name[:1] in "=+-@\t\r" and name else name
