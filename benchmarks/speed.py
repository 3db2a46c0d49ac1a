"""How long a whole audit takes as a process, how much memory, and how both grow with the log.

Each figure is of a whole process: start-up, imports, reading, auditing, and writing every table and the report. Beside
it, in alternating order, runs the least that any audit must do: DuckDB reading the file and counting by target.
"""

from __future__ import annotations

import math
import os
import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import (
    CACHE,
    Mark,
    circumstances,
    code_digest,
    markdown,
    marks_table,
    numbers,
    parser,
    short,
    tell,
)
from benchmarks.process import Cost, run, world

EVENTS = 1_000_000
SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
STARTUP = 2_000
"""Events of the log that shows what a process costs before there is anything to do."""

SECONDS, GIGABYTES = 15.0, 2.0


def audit_command(log: Path, out: Path) -> list[str]:
    """What a user would type."""
    return [sys.executable, "-m", "plaudit", "audit", str(log), "--out", str(out), "--force", "--quiet"]


def count_command(log: Path) -> list[str]:
    """The least any audit must do."""
    return [sys.executable, "-m", "benchmarks.count_by_target", str(log)]


def alternate(audit: Sequence[str], count: Sequence[str], runs: int, cache: Path) -> tuple[list[Cost], list[Cost]]:
    """``runs`` measured audits and as many counts, in turn, after one unmeasured of each."""
    audits: list[Cost] = []
    counts: list[Cost] = []
    for turn in range(runs + 1):
        for command, costs in ((audit, audits), (count, counts)):
            cost = run(command, cache)
            if turn:
                costs.append(cost)
    shutil.rmtree(cache / "audit", ignore_errors=True)
    return audits, counts


def comparison(audits: Sequence[Cost], counts: Sequence[Cost]) -> str:
    """Least, median and most of each figure, and the ratio of the medians."""
    rows = []
    for name, unit, scale in (("wall", "s", 1.0), ("cpu", "s", 1.0), ("peak", "GB", 1e9)):
        one, other = ([getattr(cost, name) / scale for cost in costs] for costs in (audits, counts))
        ratio = statistics.median(one) / statistics.median(other)
        rows.append([f"{name}, {unit}", _three(one), _three(other), f"{ratio:.1f}"])
    return markdown(("figure", "audit: min / median / max", "count by target: min / median / max", "ratio"), rows)


def _three(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in (min(values), statistics.median(values), max(values)))


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The exponent ``b`` of ``values ~ sizes ** b``: least squares on logarithms."""
    return statistics.linear_regression([math.log(n) for n in sizes], [math.log(v) for v in values]).slope


def n_log_n(sizes: Sequence[int]) -> float:
    """The exponent that ``n log n`` itself shows when fitted over these sizes."""
    return slope(sizes, [n * math.log(n) for n in sizes])


def scaling(costs: dict[int, Cost], startup: Cost) -> tuple[str, list[Mark]]:
    """Table and marks of audits of growing logs. The start-up is taken off: left in, it would flatter the growth."""
    sizes = sorted(costs)
    rows = [[f"{STARTUP:,} (start-up)", *_figures(startup), "–"]]
    for n in sizes:
        rows.append([f"{n:,}", *_figures(costs[n]), f"{1e6 * (costs[n].cpu - startup.cpu) / n:.1f}"])
    table = markdown(("events", "wall, s", "cpu, s", "peak, GB", "µs of cpu per event, start-up taken off"), rows)
    if len(sizes) < 2:
        return table, []
    found = []
    for name, over in (("wall", sizes), ("cpu", sizes), ("cpu", sizes[-2:])):
        values = [max(getattr(costs[n], name) - getattr(startup, name), 1e-3) for n in over]
        what = f"exponent of {name} time, {short(over[0])} to {short(over[-1])} events, start-up taken off"
        found.append(Mark(what, slope(over, values), n_log_n(over), unit=""))
    return table, found


def _figures(cost: Cost) -> list[str]:
    return [f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak / 1e9:.2f}"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="size of the comparison")
    options.add_argument("--runs", type=int, default=3, help="measured runs of the comparison, after a warm-up")
    options.add_argument("--sizes", type=numbers, default=list(SIZES), help="sizes of the scaling run, such as 100k,1M")
    options.add_argument("--no-scaling", action="store_true", help="only the comparison")
    options.add_argument("--seed", type=int, default=1, help="seed of the simulated logs")
    options.add_argument("--cache", type=Path, default=CACHE, help="folder for simulated logs")
    given = options.parse_args(argv)
    command = f"python -m benchmarks.speed --events {given.events} --runs {given.runs} --seed {given.seed}"
    command += " --no-scaling" if given.no_scaling else f" --sizes {','.join(map(str, given.sizes))}"
    head, code, load = circumstances(given.date, command), code_digest(), os.getloadavg()[0]
    cache = given.cache.resolve()
    log = world(given.events, given.seed, cache)
    audits, counts = alternate(audit_command(log, cache / "audit"), count_command(log), given.runs, cache)
    seconds = statistics.median(cost.wall for cost in audits)
    memory = statistics.median(cost.peak for cost in audits) / 1e9
    size = short(given.events)
    found = [
        Mark(f"audit of {size} events, wall, median", seconds, SECONDS, unit="s"),
        Mark(f"audit of {size} events, peak memory, median", memory, GIGABYTES, unit="GB"),
    ]
    tables = [comparison(audits, counts)]
    if not given.no_scaling:
        smallest = audit_command(world(STARTUP, given.seed, cache), cache / "audit")
        # The first one compiles what only small logs ask for.
        _, startup = run(smallest, cache), run(smallest, cache)
        costs = {}
        for n in given.sizes:
            costs[n] = run(audit_command(world(n, given.seed, cache), cache / "audit"), cache)
            print(f"{n:,}: {costs[n]}", file=sys.stderr, flush=True)
        shutil.rmtree(cache / "audit", ignore_errors=True)
        table, more = scaling(costs, startup)
        tables.append(table)
        found += more
    busy = f"Runnable processes on the machine, one-minute average: {load:.1f} before, {os.getloadavg()[0]:.1f} after."
    if code_digest() != code:
        busy += " The code was edited while this ran."
    text = "\n\n".join([f"{head}\n\n{busy}", marks_table(found), *tables])
    return tell(given, "speed", text)


if __name__ == "__main__":
    raise SystemExit(main())
