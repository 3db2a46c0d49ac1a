"""The six verbs on Spark, through a session of Spark Connect. Needs the extra ``plaudit[spark]``."""

from __future__ import annotations

import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from plaudit.engine.base import BATCH, Kind, checked, mapped
from plaudit.engine.files import write_parquet
from plaudit.errors import InputError

_SLICE = 1 << 16
"""Rows sent to the server in one message."""
_PORT = 15002
"""Where a Spark Connect server listens unless its address says otherwise."""
_PATIENCE_S = 10.0


class SparkEngine:
    """Named relations as temporary views of one Spark session. A context manager: closes at the end.

    A ``table`` is written out as Parquet and read back: a cached plan would keep its whole lineage and be computed
    again when memory is short. What :meth:`arrow`, :meth:`write` and :meth:`map_batches` bring here passes through the
    memory of this process; everything else stays with Spark.

    Args:
        spark: address of a Spark Connect server (``"sc://host:15002"``), for a session of the engine's own; or a
            session (its temporary views of the same names are replaced, and it is left open at the end).
        folder: where tables are written, for as long as the engine is open; both Spark's workers and this process must
            see it under this path. ``None`` takes the system's temporary place: right for Spark on this machine.

    Raises:
        InputError: Spark's client is not installed, nothing answers at the address, or Spark does not see the folder.
    """

    def __init__(self, spark: str | Any, *, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise InputError(f"directory {folder} does not exist: create it where Spark's workers see it too.")
        self._own = isinstance(spark, str)
        self._spark: Any = _connected(spark) if isinstance(spark, str) else spark
        self._folder = tempfile.TemporaryDirectory(prefix="plaudit-", dir=folder)
        self._numbers = count()
        self._tables: dict[str, tuple[Path, Any]] = {}
        self._views: set[str] = set()
        try:
            self._see_what_spark_writes()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget all relations, delete their files, and end the session if it is the engine's own."""
        try:
            self.drop(*self._tables, *self._views)
        finally:
            self._folder.cleanup()
            if self._own:
                self._spark.stop()

    def read(self, name: str, batches: Iterable[pa.RecordBatch], *, select: str = f"SELECT * FROM {BATCH}") -> int:
        """See :meth:`plaudit.engine.base.Engine.read`."""
        table = checked(name)
        before = self._count(table) if table in self._tables else 0
        try:
            for batch in batches:
                # A message has a largest size; rows of a batch may travel in several.
                for start in range(0, max(1, batch.num_rows), _SLICE):
                    self._show(batch.slice(start, _SLICE))
                    try:
                        self._append(table, self._spark.sql(select))
                    finally:
                        self._spark.catalog.dropTempView(BATCH)
        finally:
            if table in self._tables:
                self._register(table)
        return self._count(table) - before if table in self._tables else 0

    def run(self, name: str, select: str, *, kind: Kind = "table") -> None:
        """See :meth:`plaudit.engine.base.Engine.run`."""
        table = checked(name)
        if kind == "view":
            self.drop(table)
            self._spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW {table} AS {select}")
            self._views.add(table)
            return
        made = self._written(self._spark.sql(select))
        self.drop(table)
        self._tables[table] = made
        self._register(table)

    def drop(self, *names: str) -> None:
        """Forget relations that exist, and delete their files."""
        for name in map(checked, names):
            if name in self._tables or name in self._views:
                self._spark.catalog.dropTempView(name)
            self._views.discard(name)
            path, _ = self._tables.pop(name, (None, None))
            if path is not None:
                shutil.rmtree(path, ignore_errors=True)

    def iterate(self, name: str, step: str, *, rounds: int) -> int:
        """See :meth:`plaudit.engine.base.Engine.iterate`."""
        table, following = checked(name), f"{checked(name)}_next"
        for done in range(1, rounds + 1):
            self.run(following, step)
            new, old = f"SELECT * FROM {following}", f"SELECT * FROM {table}"
            changed = self._number(
                f"SELECT count(*) AS n FROM (({new} EXCEPT ALL {old}) UNION ALL ({old} EXCEPT ALL {new}))"
            )
            made = self._tables.pop(following)
            self._spark.catalog.dropTempView(following)
            self.drop(table)
            self._tables[table] = made
            self._register(table)
            if changed == 0:
                return done
        return rounds

    def map_batches(self, name: str, select: str, function: Callable[[pa.RecordBatch], pa.RecordBatch]) -> int:
        """See :meth:`plaudit.engine.base.Engine.map_batches`."""
        rows = self.arrow(select)
        self.drop(name)
        return self.read(name, mapped(rows.to_batches(_SLICE), rows.schema, function))

    def arrow(self, select: str) -> pa.Table:
        """See :meth:`plaudit.engine.base.Engine.arrow`."""
        rows: pa.Table = self._spark.sql(select).toArrow()
        return rows.cast(pa.schema([(field.name, _plain(field.type)) for field in rows.schema]))

    def write(self, select: str, path: Path) -> int:
        """See :meth:`plaudit.engine.base.Engine.write`."""
        return write_parquet(self.arrow(select), path)

    def _show(self, batch: pa.RecordBatch) -> None:
        """The rows of ``batch`` as temporary view :data:`BATCH`."""
        table = pa.Table.from_batches([batch])
        table = table.cast(pa.schema([(field.name, _plain(field.type)) for field in table.schema]))
        if table.num_rows:
            frame = self._spark.createDataFrame(table)
        else:
            # Spark does not take the types of a table without rows.
            one = pa.table({field.name: pa.nulls(1, field.type) for field in table.schema}, schema=table.schema)
            frame = self._spark.createDataFrame(one).limit(0)
        frame.createOrReplaceTempView(BATCH)

    def _append(self, table: str, frame: Any) -> None:
        if table not in self._tables:
            self._tables[table] = self._written(frame)
            return
        path, schema = self._tables[table]
        # Like INSERT INTO: by position, in the types the table has. Parquet would take any others, silently.
        frame = frame.toDF(*schema.names)
        frame = frame.select(*[frame[field.name].cast(field.dataType).alias(field.name) for field in schema.fields])
        frame.write.mode("append").parquet(path.as_uri())

    def _written(self, frame: Any) -> tuple[Path, Any]:
        path = Path(self._folder.name) / f"t{next(self._numbers)}"
        schema = frame.schema
        frame.write.parquet(path.as_uri())
        return path, schema

    def _register(self, table: str) -> None:
        """Show what is written of ``table``. Anew after each writing: the list of files is taken here."""
        path, schema = self._tables[table]
        if any(path.glob("*.parquet")):
            frame = self._spark.read.schema(schema).parquet(path.as_uri())
        else:
            frame = self._spark.createDataFrame([], schema=schema)
        frame.createOrReplaceTempView(table)

    def _see_what_spark_writes(self) -> None:
        # A table whose files are not seen here would pass for an empty one.
        path, _ = self._written(self._spark.sql("SELECT 1 AS one"))
        if not any(path.glob("*.parquet")):
            raise InputError(
                f"Spark writes to {path.parent} and nothing appears there: "
                "name a directory that its workers and this process both see (folder=)."
            )
        shutil.rmtree(path, ignore_errors=True)

    def _number(self, select: str) -> int:
        return int(self._spark.sql(select).toArrow().column("n")[0].as_py())

    def _count(self, table: str) -> int:
        return self._number(f"SELECT count(*) AS n FROM {table}")


def _connected(url: str) -> Any:
    """A new session of the Spark Connect server at ``url``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORT
    except ValueError:  # a port that is none
        host, port = None, _PORT
    if not host or not url.startswith("sc://"):
        raise InputError(f"{url!r} is no address of a Spark Connect server: write it like sc://localhost:{_PORT}.")
    try:
        with warnings.catch_warnings():
            # Arrow travels both ways; what Spark's client says about pandas does not concern it.
            warnings.simplefilter("ignore", FutureWarning)
            import pyspark.sql.connect.session  # noqa: F401  # asks for all that the client needs
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            "the Spark engine needs Spark's client, which is not installed: pip install 'plaudit[spark]'."
        ) from error
    try:
        # The client itself would go on trying for many minutes.
        socket.create_connection((host, port), timeout=_PATIENCE_S).close()
    except OSError as error:
        raise InputError(f"no Spark Connect server answers at {url}: start one, or correct the address.") from error
    session = SparkSession.builder.remote(url).create()
    try:
        _ = session.version  # the first thing that is asked of the server
    except PySparkException as error:
        session.stop()
        raise InputError(f"the server at {url} refuses a session: {' '.join(str(error).split())[:300]}") from error
    return session


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type as every engine gives and takes it: text is text, however it is stored."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    text = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return pa.string() if text else kind
