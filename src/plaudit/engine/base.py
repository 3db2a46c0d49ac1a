"""What any engine must be able to do. Relations and rooms above speak only these six verbs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

import pyarrow as pa

Kind = Literal["table", "view"]
BATCH = "batch"
"""The name under which :meth:`Engine.read` shows one incoming batch to its ``select``."""


_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class Engine(Protocol):
    """Six verbs over named relations, and ways to let go of them. A context manager: closes at the end.

    Names are plain lower-case words; rows have no order but what a SELECT gives.
    """

    def __enter__(self) -> Self:
        """The engine itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""

    def read(self, name: str, batches: Iterable[pa.RecordBatch], *, select: str = f"SELECT * FROM {BATCH}") -> int:
        """Append Arrow batches to table ``name`` (made by the first batch) and return the number of rows appended.

        Args:
            name: table to make or extend.
            batches: Arrow record batches; consumed one by one, so memory holds one at a time.
            select: a SELECT over the relation ``batch``; its result is what is appended.
        """

    def run(self, name: str, select: str, *, kind: Kind = "table") -> None:
        """Make relation ``name`` from one SELECT: a ``table`` is computed now, a ``view`` when it is read."""

    def iterate(self, name: str, step: str, *, rounds: int) -> int:
        """Replace table ``name`` by the SELECT ``step`` over it until nothing changes; return the rounds taken.

        Stops after ``rounds`` at the latest. Each round is materialised, so no engine keeps a growing plan.
        """

    def map_batches(self, name: str, select: str, function: Callable[[pa.RecordBatch], pa.RecordBatch]) -> int:
        """Make table ``name`` by passing the rows of ``select``, batch by batch in its order, through ``function``.

        ``function`` must answer an empty batch with an empty batch of its output schema. Returns the rows made.
        """

    def arrow(self, select: str) -> pa.Table:
        """The rows of ``select`` as an Arrow table, in the order the SELECT gives."""

    def write(self, select: str, path: Path) -> int:
        """Write the rows of ``select`` as Parquet by atomic rename and return their number; same rows, same bytes."""

    def drop(self, *names: str) -> None:
        """Forget relations; what they held is free again. A name that was never made is no error."""

    def close(self) -> None:
        """Forget everything and let go of what the engine holds."""


def checked(name: str) -> str:
    """``name``, when it is a plain lower-case word. Raises ``ValueError`` else: names stand in SQL unquoted."""
    if not _NAME.match(name):
        raise ValueError(f"relation name {name!r} is not a plain lower-case word")
    return name


def mapped(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, function: Callable[[pa.RecordBatch], pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """``function`` of an empty batch (so that a table has its columns even without rows), then of each batch."""
    yield function(pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema))
    for batch in batches:
        yield function(batch)
