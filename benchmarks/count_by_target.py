"""The least an audit must do, as a process of its own: DuckDB reads a log and counts by target.

Run by :mod:`benchmarks.speed`: ``python -m benchmarks.count_by_target FILE``.
"""

from __future__ import annotations

import sys

import duckdb


def main(path: str) -> int:
    """Count and print the number of targets; two threads, as an audit has."""
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        counted = connection.execute("SELECT target, count(*) FROM read_parquet(?) GROUP BY target", [path]).fetchall()
    print(len(counted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
