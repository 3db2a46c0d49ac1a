"""One answer, whichever engine: a second engine for tests, and the log of a case read through both.

The one module beside the flow that knows ``engine`` and ``ingest``: what it checks is that they do not matter.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from plaudit.detectors.spec import Detector
from plaudit.engine import SparkEngine, write_parquet
from plaudit.ingest import Ingested, read_events
from plaudit.model import EventLog
from plaudit.testing import cases

REMOTE = "SPARK_REMOTE"
"""Environment variable, Spark's own, with the address of a Spark Connect server to test on (``sc://localhost:15002``)."""


class NotHere(Exception):
    """What a check needs is not on this machine; the sentence says what is missing and how to get it."""


@contextmanager
def spark() -> Iterator[SparkEngine]:
    """A Spark engine for tests: on the server that ``SPARK_REMOTE`` names, else on Sail, started in this process.

    Raises:
        NotHere: there is no such variable and neither Sail nor Spark's client is installed.
        InputError: the variable names a server that does not answer.
    """
    if remote := os.environ.get(REMOTE):
        with SparkEngine(remote) as engine:
            yield engine
        return
    try:
        import pyspark.sql  # noqa: F401
        from pysail.spark import SparkConnectServer
    except ImportError as error:
        raise NotHere(
            f"no Spark to compare DuckDB with: pip install 'plaudit[spark]' pysail, or name a server in {REMOTE}"
        ) from error
    server = SparkConnectServer()
    server.start()
    try:
        host, port = server.listening_address
        with SparkEngine(f"sc://{host}:{port}") as engine:
            yield engine
    finally:
        server.stop()


@lru_cache(maxsize=4)
def both(scenario: str, events: int, seed: int) -> tuple[Ingested, Ingested]:
    """The rows of a simulated world, written to a file and read back through DuckDB and through Spark; kept.

    Raises:
        NotHere: see :func:`spark`.
    """
    with tempfile.TemporaryDirectory(prefix="plaudit-") as folder:
        path = Path(folder) / "events.parquet"
        write_parquet(cases.world(scenario, events, seed).table, path)
        return read_events(path, time_format="ms"), read_events(path, time_format="ms", engine=spark)


def difference(one: Ingested, other: Ingested) -> str | None:
    """The first part in which two readings differ, or None: arrays with their types, ids, rejected rows, account."""
    for name in EventLog.__dataclass_fields__:
        a, b = getattr(one.log, name), getattr(other.log, name)
        if (a is None) != (b is None):
            return name
        if a is not None and (np.asarray(a).dtype != np.asarray(b).dtype or not np.array_equal(a, b)):
            return name
    for name in ("event_ids", "actor_ids", "target_ids", "parent_ids", "campaign_ids", "quarantine"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if (mine is None) != (theirs is None) or not (mine is None or mine.equals(theirs)):
            return name
    return None if one.summary == other.summary else "summary"


def check_engines_agree(detector: Detector, *, seed: int = 0, events: int = 30_000) -> None:
    """The same rows read through DuckDB and through Spark give the same log, and the same findings to the last bit.

    Raises:
        NotHere: there is no Spark on this machine; see :func:`spark`.
    """
    one, other = both("small", events, seed)
    differs = difference(one, other)
    assert differs is None, f"the log depends on the engine that read it: {differs} differs"
    findings = [cases.signature(cases.run(detector, read.log, seed), read.event_ids) for read in (one, other)]
    assert findings[0] == findings[1], f"detector {detector.spec.id!r}: findings depend on the engine that read the log"
