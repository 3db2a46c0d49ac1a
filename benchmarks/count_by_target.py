"""The least an audit must do, as a process of its own: DuckDB reads a log (or comments) and counts by target (post).

Run by :mod:`benchmarks.speed` and :mod:`benchmarks.section_speed`:
``python -m benchmarks.count_by_target FILE [COLUMN [COLUMN TO SUM]]``, Parquet or CSV.
"""

from __future__ import annotations

import sys

import duckdb


def main(path: str, column: str = "target", summed: str = "") -> int:
    """Count and print the number of targets; two threads, as an audit has."""
    read = "read_csv" if path.endswith(".csv") else "read_parquet"
    more = f", sum(CAST({summed} AS BIGINT))" if summed else ""
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        counted = connection.execute(
            f"SELECT {column}, count(*){more} FROM {read}(?) GROUP BY {column}", [path]
        ).fetchall()
    print(len(counted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
