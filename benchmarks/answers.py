"""What counts, herd and ranks add to the audit of a large log, step by step, in one command.

    python -m benchmarks.answers --write

Every step is timed by itself on what the detectors found, one after the other (in an audit the herd is drawn beside the
others), wall and processor seconds, the middle of several runs. Simulated logs name no posts; here targets next to each
other in birth are pages of thirty, so that posts are counted, pages are modelled and boards are ranked.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.common import (
    CACHE,
    Mark,
    circumstances,
    listed,
    markdown,
    marks_table,
    numbers,
    parser,
    short,
    tell,
)
from benchmarks.process import world
from plaudit.app import tables as rows
from plaudit.app.boards import board_views
from plaudit.app.units import counts_table
from plaudit.detectors import all_detectors
from plaudit.ingest import Ingested, read_events
from plaudit.tally import purchases, tally
from plaudit.tally.boards import unheard_likes
from plaudit.tally.herd import herd
from plaudit.tally.split import split
from plaudit.verdict.reach import reach_verdicts

EVENTS, RUNS, SECONDS = 1_000_000, 3, 15.0
PAGE = 30
"""Targets of one page."""


@dataclass(frozen=True)
class Step:
    """One step: seconds of each run."""

    name: str
    wall: list[float]
    cpu: list[float]


def on_pages(read: Ingested) -> Ingested:
    """The same log with targets next to each other in birth on one page."""
    log = read.log
    parent = np.empty(log.n_targets, np.int32)
    parent[np.argsort(log.born_ms, kind="stable")] = np.arange(log.n_targets) // PAGE
    ids = pa.array([f"p{page:06d}" for page in range(int(parent.max()) + 1)])
    return replace(read, log=replace(log, parent=parent), parent_ids=ids)


def steps(read: Ingested, runs: int) -> list[Step]:
    """Detect once, then count, draw the herd and rank ``runs`` times, after once unmeasured."""
    log = read.log
    findings, verdicts = reach_verdicts(log, all_detectors())
    names = rows.names(findings, verdicts.groups)
    out: dict[str, Step] = {}

    def timed(name: str, made: Callable[[], Any], keep: bool) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = made()
        step = out.setdefault(name, Step(name, [], []))
        if keep:
            step.wall.append(time.perf_counter() - wall)
            step.cpu.append(time.process_time() - cpu)
        return answer

    for turn in range(runs + 1):
        keep = turn > 0
        may = timed("what may be bought, per target", lambda: purchases(log, findings, verdicts), keep)
        counts = timed("honest counts of targets", lambda: tally(log, findings, verdicts, 0, may=may), keep)  # noqa: B023
        timed("honest counts of posts, authors, campaigns", lambda: counts_table(read, counts, may, 0), keep)  # noqa: B023
        drawn = timed("herd: what bought likes drew", lambda: herd(log, verdicts, 0), keep)
        timed("purchased, induced, organic", lambda: split(counts, drawn), keep)  # noqa: B023
        missed = timed("likes that earn no place", lambda: unheard_likes(log, findings, verdicts), keep)
        timed(
            "boards with and without each group",
            lambda: board_views(read, verdicts, counts, missed, names.group, log.end_ms, 0),  # noqa: B023
            keep,
        )
    return list(out.values())


def section(head: str, found: dict[str, tuple[Ingested, list[Step]]]) -> str:
    """Marks and one table."""
    marks, table = [], []
    for name, (read, measured) in found.items():
        wall, cpu = ([statistics.median(getattr(step, kind)) for step in measured] for kind in ("wall", "cpu"))
        size = f"{name}, {short(read.summary.rows)} events"
        for kind, took in (("wall", wall), ("processor", cpu)):
            marks.append(Mark(f"{size}: counts, herd and ranks, {kind}", sum(took), SECONDS, unit="s"))
        table += [[size, step.name, f"{w:.2f}", f"{c:.2f}"] for step, w, c in zip(measured, wall, cpu, strict=True)]
        table.append([size, "all", f"{sum(wall):.2f}", f"{sum(cpu):.2f}"])
    busy = f"Runnable processes on the machine, one-minute average: {os.getloadavg()[0]:.1f} after: the wall waits."
    return "\n\n".join(
        [f"{head}\n\n{busy}", marks_table(marks), markdown(("log", "step", "wall, s", "processor, s"), table, left=2)]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="size of the logs")
    options.add_argument("--worlds", default="million,mixed", help="scenarios of the simulator")
    options.add_argument("--runs", type=int, default=RUNS, help="measured runs, after a warm-up")
    options.add_argument("--seed", type=int, default=1, help="seed of the simulated logs")
    options.add_argument("--cache", type=Path, default=CACHE, help="folder for simulated logs")
    given = options.parse_args(argv)
    names = given.worlds.split(",")
    command = f"python -m benchmarks.answers --events {given.events} --worlds {listed(names)} --runs {given.runs}"
    found = {}
    for name in names:
        read = on_pages(read_events(world(given.events, given.seed, given.cache.resolve(), name)))
        found[name] = (read, steps(read, given.runs))
    return tell(given, "answers", section(circumstances(given.date, f"{command} --seed {given.seed}"), found))


if __name__ == "__main__":
    sys.exit(main())
