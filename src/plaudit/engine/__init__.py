"""The only place that knows which engine runs: six verbs (read · run · iterate · map_batches · arrow · write)."""

from plaudit.engine.base import Engine
from plaudit.engine.duckdb import DuckEngine
from plaudit.engine.files import atomic_path, write_parquet

__all__ = ["DuckEngine", "Engine", "atomic_path", "write_parquet"]
