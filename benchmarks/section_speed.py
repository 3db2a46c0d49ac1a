"""How long the audit of a comment export takes as a process, and how much memory, beside merely reading it.

python -m benchmarks.section_speed --write

Each figure is of a whole process, from start-up to the last table and the report. Beside it, in alternating order on
the same file, runs the least any audit must do: DuckDB reading the comments, counting them and summing likes by post.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import (
    CACHE,
    SOURCE,
    Mark,
    circumstances,
    code_digest,
    marks_table,
    numbers,
    parser,
    short,
    tell,
)
from benchmarks.process import run
from benchmarks.speed import alternate, audit_command, comparison

SCENARIO = "section_mixed"
COMMENTS = 1_000_000
FORMATS = ("parquet", "csv")
SECONDS, GIGABYTES = 120.0, 3.0

_AS_PARQUET = """
import sys, duckdb
duckdb.sql(f"COPY (SELECT * FROM read_csv('{sys.argv[1]}', all_varchar=true)) TO '{sys.argv[2]}' (FORMAT parquet)")
"""


def export(comments: int, seed: int, form: str, cache: Path) -> Path:
    """A folder with one T0 export of ``comments`` comments and its totals, simulated once for each simulator."""
    made = code_digest(SOURCE / "testing" / "sections")
    folder = cache / f"{SCENARIO}-{comments}-{seed}-{made}"
    if not (folder / "parquet" / "comments.parquet").is_file():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        # Processes of their own: a child's peak memory would otherwise begin at ours.
        size = ("--events", str(comments), "--seed", str(seed), "--out", str(part), "--layout", "csv", "--tier", "T0")
        run([sys.executable, "-m", "plaudit", "simulate", SCENARIO, *size], cache)
        (part / "export").rename(part / "csv")
        (part / "parquet").mkdir()
        shutil.copy(part / "csv" / "totals.csv", part / "parquet")
        both = (str(part / "csv" / "comments.csv"), str(part / "parquet" / "comments.parquet"))
        run([sys.executable, "-c", _AS_PARQUET, *both], cache)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    return folder / form


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--comments", type=lambda text: numbers(text)[0], default=COMMENTS, help="comments")
    options.add_argument("--runs", type=int, default=1, help="measured runs, after a warm-up")
    options.add_argument("--formats", default=",".join(FORMATS), help="formats of the export")
    options.add_argument("--seed", type=int, default=1, help="seed of the simulated export")
    options.add_argument("--cache", type=Path, default=CACHE, help="folder for simulated exports")
    given = options.parse_args(argv)
    command = f"python -m benchmarks.section_speed --comments {given.comments} --runs {given.runs} --seed {given.seed}"
    command += f" --formats {given.formats}" if given.formats != ",".join(FORMATS) else ""
    head, load, cores = circumstances(given.date, command), os.getloadavg()[0], _cores()
    cache = given.cache.resolve()
    found, tables = [], []
    for form in given.formats.split(","):
        folder = export(given.comments, given.seed, form, cache)
        count = [
            sys.executable,
            "-m",
            "benchmarks.count_by_target",
            str(folder / f"comments.{form}"),
            "post_id",
            "likes",
        ]
        audits, counts = alternate(audit_command(folder, cache / "audit"), count, given.runs, cache)
        seconds = statistics.median(cost.wall for cost in audits)
        memory = statistics.median(cost.peak for cost in audits) / 1e9
        size = f"{short(given.comments)} comments, {form}"
        found.append(Mark(f"audit of {size}, wall, median", seconds, SECONDS, unit="s"))
        found.append(Mark(f"audit of {size}, peak memory, median", memory, GIGABYTES, unit="GB"))
        tables.append(f"{size}:\n\n{comparison(audits, counts)}")
    busy = f"Runnable processes on the machine, one-minute average: {load:.1f} before, {os.getloadavg()[0]:.1f} after; "
    busy += f"cores this process may use: {cores}."
    text = "\n\n".join([f"{head}\n\n{busy}", marks_table(found), *tables])
    return tell(given, "section-speed", text)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    raise SystemExit(main())
