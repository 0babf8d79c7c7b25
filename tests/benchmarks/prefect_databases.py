"""Prefect's database as its operator sees it: how many rows, how many bytes, whose they are, and a copy.

A run is read as the text of its rows, in every table that holds any of them, and that text goes back in as
new rows: so a copied run has each row, index entry and byte that the recorded one has. SQLite and PostgreSQL.
Called by tests/benchmarks/three_years.py and test_prefect_history.py.
"""

import asyncio
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

_OF_RUN = "flow_run_id = '{run}'"
_OF_TASKS = "task_run_id IN (SELECT id FROM task_run WHERE flow_run_id = '{run}')"
_EVENTS = (
    "SELECT event_id FROM event_resources WHERE resource_id = 'prefect.flow-run.{run}' OR resource_id IN "
    "(SELECT 'prefect.task-run.' || CAST(id AS text) FROM task_run WHERE flow_run_id = '{run}')"
)
ROWS = {
    "flow_run": "id = '{run}'",
    "flow_run_state": _OF_RUN,
    "task_run": _OF_RUN,
    "task_run_state": _OF_TASKS,
    "log": _OF_RUN,
    "artifact": _OF_RUN,
    "events": f"id IN ({_EVENTS})",
    "event_resources": f"event_id IN ({_EVENTS})",
}
"""Tables that grow with every run, and which of their rows are one run's."""

Run = dict[str, str]
"""The rows of one run by table, as the text in which its database takes them back."""


class Store(Protocol):
    """A database of Prefect's."""

    name: str
    url: str

    def copy(self) -> "Store":
        """Another database that holds the same."""

    def counts(self) -> dict[str, int]:
        """Rows by table."""

    def sizes(self) -> dict[str, int]:
        """Bytes by table, its indexes with it, and of everything as "total"."""

    def run(self, run_id: str) -> Run:
        """The rows of one run."""

    def ids(self, run_id: str) -> set[str]:
        """The ids that are that run's own."""

    def add(self, runs: Iterator[Run]) -> None:
        """Insert all these rows."""

    def tidy(self) -> None:
        """What an operator does by hand: give freed pages back, and count again for the planner."""


class Sqlite:
    """A file in a folder of its own, which may serve as PREFECT_HOME."""

    name = "SQLite"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "prefect.db"
        self.url = f"sqlite+aiosqlite:///{self.file}"

    def _connected(self) -> "closing[sqlite3.Connection]":
        return closing(sqlite3.connect(self.file))

    def copy(self) -> "Sqlite":
        with self._connected() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        copied = Sqlite(self.home.with_name(f"{self.home.name}-copy"))
        copied.home.mkdir(exist_ok=True)
        shutil.copy(self.file, copied.file)
        return copied

    def counts(self) -> dict[str, int]:
        with self._connected() as db:
            return {table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ROWS}

    def sizes(self) -> dict[str, int]:
        by_table = (
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s JOIN sqlite_master AS m ON m.name = s.name "
            "WHERE s.aggregate = TRUE GROUP BY 1"
        )
        with self._connected() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            found = dict(db.execute(by_table).fetchall())
        return {table: found[table] for table in ROWS} | {"total": self.file.stat().st_size}

    def run(self, run_id: str) -> Run:
        with self._connected() as db:
            return {
                table: json.dumps(
                    db.execute(f"SELECT * FROM {table} WHERE {of.format(run=run_id)}").fetchall()
                )
                for table, of in ROWS.items()
            }

    def ids(self, run_id: str) -> set[str]:
        with self._connected() as db:
            return {
                row[0]
                for table, of in ROWS.items()
                for row in db.execute(f"SELECT id FROM {table} WHERE {of.format(run=run_id)}")
            }

    def add(self, runs: Iterator[Run]) -> None:
        with self._connected() as db:
            db.execute("PRAGMA synchronous = OFF")
            for run in runs:
                for table, text in run.items():
                    rows = json.loads(text)
                    if rows:
                        marks = ", ".join("?" * len(rows[0]))
                        db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
                db.commit()

    def tidy(self) -> None:
        with self._connected() as db:
            db.execute("VACUUM")
            db.execute("ANALYZE")


class Postgres:
    """A database of a PostgreSQL server that listens on a socket and on nothing else."""

    name = "PostgreSQL"

    def __init__(self, socket: Path, database: str) -> None:
        self._socket = socket
        self._database = database
        self.url = f"postgresql+asyncpg://postgres@/{database}?host={socket}"

    async def _asked(self, *statements: str, database: str = "") -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = []
        db = await asyncpg.connect(
            host=str(self._socket), user="postgres", database=database or self._database
        )
        try:
            for statement in statements:
                found += await db.fetch(statement)
        finally:
            await db.close()
        return found

    def copy(self) -> "Postgres":
        copied = Postgres(self._socket, f"{self._database}_copy")
        create = f"CREATE DATABASE {copied._database} TEMPLATE {self._database}"
        asyncio.run(self._asked(create, database="postgres"))
        return copied

    def counts(self) -> dict[str, int]:
        asked = " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*) AS rows FROM {table}" for table in ROWS
        )
        return {each["name"]: each["rows"] for each in asyncio.run(self._asked(asked))}

    def sizes(self) -> dict[str, int]:
        asked = [f"SELECT '{table}' AS name, pg_total_relation_size('{table}') AS bytes" for table in ROWS]
        asked.append(f"SELECT 'total' AS name, pg_database_size('{self._database}') AS bytes")
        return {each["name"]: each["bytes"] for each in asyncio.run(self._asked(" UNION ALL ".join(asked)))}

    def run(self, run_id: str) -> Run:
        async def read() -> Run:
            db = await asyncpg.connect(host=str(self._socket), user="postgres", database=self._database)
            found = {}
            for table, of in ROWS.items():
                text = io.BytesIO()
                await db.copy_from_query(f"SELECT * FROM {table} WHERE {of.format(run=run_id)}", output=text)
                found[table] = text.getvalue().decode()
            await db.close()
            return found

        return asyncio.run(read())

    def ids(self, run_id: str) -> set[str]:
        asked = [f"SELECT id::text FROM {table} WHERE {of.format(run=run_id)}" for table, of in ROWS.items()]
        return {each["id"] for each in asyncio.run(self._asked(" UNION ".join(asked)))}

    def add(self, runs: Iterator[Run]) -> None:
        async def write() -> None:
            db = await asyncpg.connect(host=str(self._socket), user="postgres", database=self._database)
            # Runs and their states point at one another: no order of the tables satisfies both.
            await db.execute("SET session_replication_role = replica")
            for run in runs:
                for table, text in run.items():
                    await db.copy_to_table(table, source=io.BytesIO(text.encode()))
            await db.close()

        asyncio.run(write())

    def tidy(self) -> None:
        asyncio.run(self._asked("VACUUM FULL", "ANALYZE"))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """An empty database of a PostgreSQL server of one's own, which ends with the block.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    found = shutil.which("initdb") or next(
        iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None
    )
    if found is None:
        raise FileNotFoundError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    bin_folder = Path(found).parent
    # It refuses to run as root; a package's installation leaves a user of this name.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg") as made:
        folder = Path(made)
        if user:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(bin_folder / program), *arguments]
            subprocess.run(
                command, user=user, cwd=folder, check=True, capture_output=True, env={"LC_ALL": "C"}
            )

        run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8")
        run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", f"-k {folder} -c listen_addresses=''", "start")
        try:
            empty = Postgres(folder, "prefect")
            asyncio.run(empty._asked("CREATE DATABASE prefect", database="postgres"))
            yield empty
        finally:
            run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
