"""What any engine must be able to do. Relations and rooms above speak only these six verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

Kind = Literal["table", "view"]
BATCH = "batch"
"""The name under which :meth:`Engine.read` shows one incoming batch to its ``select``."""


class Engine(Protocol):
    """Six verbs over named relations. Names are plain lower-case words; rows have no order but what a SELECT gives."""

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
