"""The lake: monthly Parquet partitions, validated at its doors.

A month is the partition everywhere, so a daily run reads and writes one or two small files whatever the
history. The same rows give the same bytes. How a file is written whole, on a disk or on an object store, is
flows/lake_files.py's; received bytes are flows/received.py. Called by the flows; nothing else opens these
files.
"""

import io
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import dataframely as dy
import polars as pl
from upath import UPath

from flows.errors import ContractBroken
from flows.lake_files import LakeFiles
from flows.month_file import Footer, footer, month_bytes
from schemas.tables import RELEASE, Table

_MONTH_FILE = re.compile(r"(\d{4}-\d{2})\.parquet")


class Lake(LakeFiles):
    """The lake below one folder, or below one address of an object store."""

    def __init__(self, home: Path | str) -> None:
        super().__init__(home)
        self.dataset = self.home / "release" / "dataset"
        self.digest = self.home / "release" / "digest"
        self.public = self.home / "release" / "public"
        """Data and logs without the archive's Korean, of the months that have some."""

    def path(self, table: Table, month: str) -> UPath:
        """Where a month of a table stands."""
        return self.home / table.name / f"{month}.parquet"

    def months(self, table: Table) -> list[str]:
        """Months that the table has, sorted."""
        names = (_MONTH_FILE.fullmatch(path.name) for path in (self.home / table.name).glob("*.parquet"))
        return sorted(match[1] for match in names if match)

    def read(self, table: Table, months: Iterable[str]) -> pl.DataFrame:
        """The table's rows of these months, validated; a month without a file has none.

        Raises:
            ContractBroken: A file cannot be read or does not match the table's contract.
        """
        paths = [path for month in sorted(set(months)) if (path := self.path(table, month)).exists()]
        return pl.concat([table.empty(), *(self._stored(table, path) for path in paths)])

    def public_path(self, table: Table, month: str) -> UPath:
        """Where a month of a published table stands that must not go out as it is."""
        return self.public / table.folder / f"{month}.parquet"

    def read_public(self, table: Table, months: Iterable[str]) -> pl.DataFrame:
        """The rows of these months as they may go out, validated.

        Raises:
            ContractBroken: As for ``read``.
        """
        paths = [
            public if (public := self.public_path(table, month)).exists() else self.path(table, month)
            for month in sorted(set(months))
        ]
        read = [self._stored(table, path) for path in paths if path.exists()]
        return pl.concat([table.empty(), *read])

    def read_columns(self, table: Table, months: Iterable[str], columns: list[str]) -> pl.DataFrame:
        """A few columns of these months, not validated: for counting over many months in little memory."""
        paths = [path for month in sorted(set(months)) if (path := self.path(table, month)).exists()]
        return pl.concat([table.empty().select(columns), *(self._parquet(path, columns) for path in paths)])

    def read_papers(self, table: Table, paper_ids: pl.Series) -> pl.DataFrame:
        """Rows of a table partitioned by paper, for these papers only."""
        wanted = pl.DataFrame({"paper_id": paper_ids.cast(pl.String).unique()})
        months = wanted.select(table.month.alias("month"))["month"].to_list()
        return self.read(table, months).join(wanted, on="paper_id", how="semi")

    def upsert(self, table: Table, rows: pl.DataFrame) -> list[UPath]:
        """Put these rows in by key and return the files that changed.

        A row with a known key replaces it; all others of its month stay. Months without a row here are
        not opened, and a month whose rows are the same afterwards is not written.

        Raises:
            ContractBroken: The rows do not match the table's contract; their month is as it was.
            LakeUnwritable: The disk refused; months before this one are written, this one is as it was.
        """
        changed = []
        parts = rows.with_columns(table.month.alias("__month")).partition_by("__month", as_dict=True)
        for (month,), part in sorted(parts.items()):
            path = self.path(table, str(month))
            part = self.validated(table, part.drop("__month"), path)
            if self.replaced(path, partial(self._merged, table, str(month), part)):
                changed.append(path)
        return changed

    def _merged(self, table: Table, month: str, part: pl.DataFrame) -> bytes | None:
        """The month's file with these rows in it, None when it has them."""
        known = self.read(table, [month])
        merged = pl.concat([known.join(part, on=table.key, how="anti", nulls_equal=True), part])
        merged = self.validated(table, merged.sort(table.key), self.path(table, month))
        if merged.equals(known):
            return None
        # Into memory first: on a full disk Polars' own writer hides the reason.
        buffer = io.BytesIO()
        merged.write_parquet(buffer)
        return buffer.getvalue()

    def write_release(self, month: str, frame: pl.DataFrame, table: Table = RELEASE) -> bool:
        """Write a month of a published table (``month_bytes``); True when the file changed.

        The file of a month without rows is removed: an empty file makes ``load_dataset`` fail.
        """
        path = self.path(table, month)
        if frame.is_empty():
            existed = path.exists()
            path.unlink(missing_ok=True)
            return existed
        return self.write_bytes(path, month_bytes(table, self.validated(table, frame, path)))

    def footer(self, table: Table, month: str) -> Footer:
        """What the file of a published month says of itself; no row is read.

        Raises:
            ContractBroken: It cannot be read, or was not written by this version.
        """
        path = self.path(table, month)
        try:
            return footer(path)
        except (ValueError, pl.exceptions.PolarsError, OSError) as error:
            raise ContractBroken(
                f"The footer of {self.name(path)} cannot be used ({error}); the file was left as it is. "
                "Write it again from the lake: daily-papers publish"
            ) from error

    def validated(self, table: Table, frame: pl.DataFrame, path: Path | UPath) -> pl.DataFrame:
        """The frame with the contract's columns in order.

        Raises:
            ContractBroken: It does not match; the message names the file, the columns and the rules.
        """
        try:
            return table.schema.validate(frame).select(table.schema.column_names())
        except (dy.exc.SchemaError, dy.exc.ValidationError) as error:
            raise ContractBroken(
                f"{self.name(path)} does not match {table.schema.__name__} (schemas/tables.py); the file on "
                f"disk is as it was. {error}"
            ) from error

    def _stored(self, table: Table, path: UPath) -> pl.DataFrame:
        """The file's rows, validated; a column that is younger than the file and may be null is null."""
        rows = self._parquet(path)
        columns, types = table.schema.columns(), table.empty().schema
        younger = [name for name in types if name not in rows.columns and columns[name].nullable]
        return self.validated(
            table, rows.with_columns(pl.lit(None, types[name]).alias(name) for name in younger), path
        )

    def _parquet(self, path: UPath, columns: list[str] | None = None) -> pl.DataFrame:
        try:
            if self.is_shared:
                return pl.read_parquet(io.BytesIO(self.content(path) or b""), columns=columns)
            return pl.read_parquet(str(path), columns=columns, glob=False)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise ContractBroken(
                f"{self.name(path)} cannot be read as Parquet ({error}); it was left as it is. Restore it "
                "from a copy, or remove it and run: daily-papers backfill --since … --until … (its month)"
            ) from error
