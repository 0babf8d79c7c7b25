"""A month of a published table as the bytes of its Parquet file, and what the footer of one says.

One writer for all three configs: the same rows give the same bytes, so a month without news is neither
written nor uploaded. The footer names the schema's version and holds the month's counts
(transforms/counts.py), which is all that the card needs of old months. Touches no disk but to read a footer;
called by flows/storage.py and flows/release.py.
"""

import io
from typing import NamedTuple

import polars as pl
from upath import UPath

from flows.object_store import is_shared
from schemas.tables import SCHEMA_VERSION, Table
from transforms.counts import MonthCounts, counts_line, month_counts, parsed_counts


class Footer(NamedTuple):
    """What a published file says of itself."""

    bytes: int
    """Size of the file."""
    schema_version: str
    counts: MonthCounts


def month_bytes(table: Table, rows: pl.DataFrame) -> bytes:
    """The Parquet file of these rows of a published table; some must be there, for loaders fail without."""
    # Imported here: half a second that a run with nothing to publish does not owe.
    import pyarrow.parquet as pq

    from schemas.dataset import arrow_schema

    about = {"schema_version": SCHEMA_VERSION, "counts": counts_line(month_counts(rows))}
    # One chunk: pyarrow's bytes depend on the chunk layout, and the same rows must give the same bytes.
    arrow = rows.to_arrow().cast(arrow_schema(table)).combine_chunks().replace_schema_metadata(about)
    buffer = io.BytesIO()
    pq.write_table(
        arrow,
        buffer,
        compression="zstd",
        compression_level=3,
        use_content_defined_chunking=True,
        write_page_index=True,
    )
    return buffer.getvalue()


def footer(file: UPath | bytes) -> Footer:
    """What the footer of a published month says.

    Raises:
        ValueError: The footer has no counts: ``month_bytes`` did not write the file.
        PolarsError: It is no Parquet file.
    """
    # Polars hands out the key-value pairs in a fifth of the time that pyarrow needs to parse all of a footer.
    if not isinstance(file, bytes) and is_shared(file):
        file = file.read_bytes()
    said = pl.read_parquet_metadata(io.BytesIO(file) if isinstance(file, bytes) else str(file))
    size = len(file) if isinstance(file, bytes) else file.stat().st_size
    counts = parsed_counts(said.get("counts", "null"))
    return Footer(size, said.get("schema_version", "none"), counts)
