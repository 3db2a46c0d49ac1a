"""The six verbs on embedded DuckDB."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa

from plaudit.engine.base import BATCH, Kind, checked, mapped
from plaudit.engine.files import write_parquet
from plaudit.errors import InputError

_SIZE = re.compile(r"\d+(\.\d+)?\s*([KMGT]i?B)\Z", re.IGNORECASE)
_CHUNK = 1 << 18
_SLICE = 1 << 16


class DuckEngine:
    """One in-memory database that spills to ``temp_dir`` and touches no network. A context manager: closes at the end.

    Args:
        threads: worker threads.
        memory_limit: such as ``"4GB"``; beyond it DuckDB spills to disk. ``None`` leaves DuckDB's own limit.
        temp_dir: where to spill; ``None`` takes a fresh directory of the system's temporary place.

    Raises:
        InputError: ``memory_limit`` is not a size.
    """

    def __init__(self, *, threads: int = 2, memory_limit: str | None = None, temp_dir: Path | None = None) -> None:
        if memory_limit is not None and not _SIZE.match(memory_limit.strip()):
            raise InputError(f"memory limit {memory_limit!r} is not a size: write it like 4GB or 512MB.")
        self._spill = tempfile.TemporaryDirectory(prefix="plaudit-", dir=temp_dir)
        # Extensions are never fetched: an audit must give the same answer on a machine without a network.
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "temp_directory": self._spill.name,
            "autoinstall_known_extensions": False,
            "preserve_insertion_order": False,
        }
        if memory_limit is not None:
            config["memory_limit"] = memory_limit.strip()
        self._connection = duckdb.connect(":memory:", config=config)
        self._connection.execute("SET TimeZone = 'UTC'")
        # In a notebook it would draw a bar of its own among ours.
        self._connection.execute("SET enable_progress_bar = false")
        self._tables: set[str] = set()
        self._views: set[str] = set()

    def __enter__(self) -> DuckEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the database and its spilled files."""
        self._connection.close()
        self._spill.cleanup()

    def read(self, name: str, batches: Iterable[pa.RecordBatch], *, select: str = f"SELECT * FROM {BATCH}") -> int:
        """See :meth:`plaudit.engine.base.Engine.read`."""
        table = checked(name)
        before = self._count(table) if table in self._tables else 0
        for batch in batches:
            # Several threads scan several batches, one thread scans one.
            parts = [batch.slice(start, _SLICE) for start in range(0, batch.num_rows, _SLICE)] or [batch]
            self._connection.register(BATCH, pa.Table.from_batches(parts))
            try:
                self._connection.execute(
                    f"INSERT INTO {table} {select}" if table in self._tables else f"CREATE TABLE {table} AS {select}"
                )
            finally:
                self._connection.unregister(BATCH)
            self._tables.add(table)
        return (self._count(table) if table in self._tables else 0) - before

    def run(self, name: str, select: str, *, kind: Kind = "table") -> None:
        """See :meth:`plaudit.engine.base.Engine.run`."""
        table = checked(name)
        self.drop(table)
        self._connection.execute(f"CREATE {kind.upper()} {table} AS {select}")
        (self._tables if kind == "table" else self._views).add(table)

    def holds(self, name: str) -> bool:
        """Whether a relation of this name was made and not dropped. Asking the database's own catalogue takes longer
        than reading a short file.
        """
        return name in self._tables or name in self._views

    def drop(self, *names: str) -> None:
        """Forget relations that exist; their memory is free again."""
        for name in map(checked, names):
            for kind, made in (("TABLE", self._tables), ("VIEW", self._views)):
                if name in made:
                    self._connection.execute(f"DROP {kind} {name}")
                    made.remove(name)

    def iterate(self, name: str, step: str, *, rounds: int) -> int:
        """See :meth:`plaudit.engine.base.Engine.iterate`."""
        table, following = checked(name), f"{checked(name)}_next"
        for done in range(1, rounds + 1):
            self.run(following, step)
            changed = self._connection.execute(
                f"SELECT count(*) FROM ((TABLE {following} EXCEPT ALL TABLE {table}) "
                f"UNION ALL (TABLE {table} EXCEPT ALL TABLE {following}))"
            ).fetchall()
            self.drop(table)
            self._connection.execute(f"ALTER TABLE {following} RENAME TO {table}")
            self._tables.discard(following)
            self._tables.add(table)
            if changed == [(0,)]:
                return done
        return rounds

    def map_batches(self, name: str, select: str, function: Callable[[pa.RecordBatch], pa.RecordBatch]) -> int:
        """See :meth:`plaudit.engine.base.Engine.map_batches`."""
        self.drop(name)
        # A separate cursor: the reader must stay open while results are inserted.
        cursor = self._connection.cursor()
        try:
            reader = cursor.sql(select).to_arrow_reader(_CHUNK)
            return self.read(name, mapped(reader, reader.schema, function))
        finally:
            cursor.close()

    def arrow(self, select: str) -> pa.Table:
        """See :meth:`plaudit.engine.base.Engine.arrow`."""
        return self._connection.sql(select).to_arrow_table()

    def write(self, select: str, path: Path) -> int:
        """See :meth:`plaudit.engine.base.Engine.write`."""
        reader = self._connection.sql(select).to_arrow_reader(_CHUNK)
        return write_parquet(reader, path, reader.schema)

    def _count(self, table: str) -> int:
        # fetchall, not fetchone: a result left open blocks the connection.
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
