"""The only place that knows which engine runs: six verbs (read · run · iterate · map_batches · arrow · write), twice.

Spark's client is an optional extra and is imported when a session is opened, not before.
"""

from plaudit.engine.base import Engine
from plaudit.engine.duckdb import DuckEngine
from plaudit.engine.files import atomic_path, copy, write_parquet
from plaudit.engine.spark import SparkEngine

__all__ = ["DuckEngine", "Engine", "SparkEngine", "atomic_path", "copy", "write_parquet"]
