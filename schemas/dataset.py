"""The published tables as Arrow and as ``datasets.Features``: the schema that researchers meet.

Polars exports large_string and large_list; the contract says string and list, so rows are cast to
``arrow_schema`` before they are written, and ``load_dataset`` shows ``string`` and ``List``. The card's
``dataset_info`` is made here without importing datasets, which costs seconds at every daily run;
tests/schemas/test_dataset.py holds it equal to what datasets itself would write.
"""

from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

from schemas.tables import Table

if TYPE_CHECKING:
    from datasets import Features

_SIMPLE: dict[pl.DataType | type[pl.DataType], tuple[pa.DataType, str]] = {
    pl.String: (pa.string(), "string"),
    pl.Int32: (pa.int32(), "int32"),
    pl.Int64: (pa.int64(), "int64"),
    pl.Float64: (pa.float64(), "float64"),
    pl.Boolean: (pa.bool_(), "bool"),
    pl.Date: (pa.date32(), "date32"),
    pl.Datetime("us", "UTC"): (pa.timestamp("us", tz="UTC"), "timestamp[us, tz=UTC]"),
}


def _arrow_type(dtype: pl.DataType) -> pa.DataType:
    if isinstance(dtype, pl.List):
        return pa.list_(_arrow_type(_instance(dtype.inner)))
    if isinstance(dtype, pl.Struct):
        return pa.struct([(field.name, _arrow_type(_instance(field.dtype))) for field in dtype.fields])
    return _SIMPLE[dtype][0]


def _instance(dtype: Any) -> pl.DataType:
    instance: pl.DataType = dtype() if isinstance(dtype, type) else dtype
    return instance


def arrow_schema(table: Table) -> pa.Schema:
    """Arrow schema of a table, nullability included, plain string and list types."""
    polars = table.empty().schema
    columns = table.schema.columns()
    return pa.schema(
        [
            pa.field(name, _arrow_type(dtype), nullable=columns[name].nullable)
            for name, dtype in polars.items()
        ]
    )


def features_yaml(table: Table) -> list[dict[str, Any]]:
    """The table's features as the card's ``dataset_info.features`` list."""
    return [{"name": name, **_feature(dtype)} for name, dtype in table.empty().schema.items()]


def _feature(dtype: pl.DataType) -> dict[str, Any]:
    if isinstance(dtype, pl.List):
        inner = _feature(_instance(dtype.inner))
        return {"list": inner.get("struct", inner.get("dtype", inner))}
    if isinstance(dtype, pl.Struct):
        return {"struct": [{"name": f.name, **_feature(_instance(f.dtype))} for f in dtype.fields]}
    return {"dtype": _SIMPLE[dtype][1]}


def features(table: Table) -> "Features":
    """``datasets.Features`` of a table (imports datasets)."""
    from datasets import Features

    return Features.from_arrow_schema(arrow_schema(table))
