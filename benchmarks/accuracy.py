"""How right an audit is: every mark, simulated worlds, small orders, calibration, peers and real data, in one command.

    python -m benchmarks.accuracy --write

Worlds are simulated with planted truth; real logs are used where there are any (see :mod:`benchmarks.real`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import contest, nulls, real
from benchmarks.common import circumstances, listed, markdown, marks_table, numbers, parser, put_between, short
from benchmarks.marks import HEADLINE, MIXED, Results, marks
from benchmarks.measure import Run, measure
from benchmarks.peers import NAMES
from benchmarks.tables import (
    GROUP_HEADERS,
    ORDER_HEADERS,
    WORLD_HEADERS,
    calibration_table,
    coverage_rows,
    group_rows,
    label_headers,
    label_rows,
    order_rows,
    own_rows,
    world_rows,
)
from plaudit.testing.simulator import Knobs, ScenarioSpec, scenarios

EVENTS, SIZES, SEEDS = 1_000_000, (20_000, 100_000), (1, 2, 3)
ORDER_EVENTS, ORDER_SIZES, ORDER_SEEDS = 20_000, (30, 50, 70, 100), 10
ORDER_KINDS = ("naive_ring", "crowd_order", "throwaway")
NULLS = 200


def worlds(
    names: Sequence[str], sizes: Sequence[int], events: int, seeds: Sequence[int], peers: Sequence[str]
) -> list[Run]:
    """All scenarios at ``sizes``, headline worlds also at ``events``; peers compete on the largest headline runs."""
    out = []
    for name in names:
        largest = [events] if name in HEADLINE and events else []
        for size in sorted({*sizes, *largest}):
            asked = peers if name in HEADLINE and size == max([*sizes, *largest]) else ()
            out += [measure(name, size, seed, peers=asked) for seed in seeds]
            print("  ".join(world_rows(out)[-1]), file=sys.stderr, flush=True)
    return out


def one_order(kind: str) -> ScenarioSpec:
    """A world of all genuine crowds in which a single order of one kind was placed."""
    return replace(scenarios()["traps"], name=f"one_{kind}", attacks={kind: 1.0}, knobs=Knobs())


def orders(sizes: Sequence[int], seeds: int, events: int = ORDER_EVENTS) -> list[Run]:
    """Small worlds with one single order each, on one target: the usual size for a comment."""
    out = []
    for kind in ORDER_KINDS:
        for size in sizes if seeds else ():
            # A ring no larger than its one order needs: it has no other to serve.
            pool = math.ceil(size / 0.9) if kind == "naive_ring" else 0
            knobs = {"share_bought": size / events, "order_size": size, "pool": pool, "top_up": 0, "viral": 0}
            out += [measure(one_order(kind), events, seed, knobs) for seed in range(1, seeds + 1)]
            print("  ".join(order_rows(out)[-1]), file=sys.stderr, flush=True)
    return out


def report(found: Results) -> str:
    """All tables under their headings; what was not measured is left out."""
    parts = [marks_table(marks(found))]

    def add(heading: str, text: str) -> None:
        parts.append(f"### {heading}\n\n{text}")

    if found.runs:
        add("Worlds", markdown(WORLD_HEADERS, world_rows(found.runs), left=1))
        tables = (("attack", "bought_by_label"), ("genuine", "genuine_by_label"), ("neither", "neutral_by_label"))
        for what, key in tables:
            rows = label_rows(found.runs, key)
            if rows:
                parts.append(markdown(label_headers(found.runs, what, key), rows))
        if rows := own_rows(found.runs):
            parts.append(markdown(("genuine likes of", "likes", "discounted", "worst world", "undetermined"), rows))
        if rows := coverage_rows(found.runs):
            heads = ("targets hit by", "targets", "90 % interval holds", "worst world")
            add("Intervals by attack", markdown(heads, rows))
        if rows := group_rows(found.headline()):
            add("Groups, headline worlds", markdown(GROUP_HEADERS, rows))
    mixed = [run for run in found.runs if run.scenario == MIXED]
    if mixed:
        add(f"Calibration, {MIXED} worlds", calibration_table(mixed))
    if found.orders:
        add(f"One order in {short(found.orders[0].events)} events", markdown(ORDER_HEADERS, order_rows(found.orders)))
    if found.nulls:
        add("Worlds in which nothing happens", nulls.table(found.nulls))
    for scenario in HEADLINE:
        asked = [run for run in found.headline() if run.scenario == scenario and run.standings]
        if asked:
            size = short(asked[0].events)
            heading = f"Peers on {scenario}, {size} events, {len(asked)} seed{'s' * (len(asked) > 1)}"
            add(heading, contest.table([standing for run in asked for standing in run.standings]))
    return "\n\n".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--scenarios", default=listed(scenarios()), help="worlds to make; empty for none")
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="size of headline worlds")
    options.add_argument("--sizes", type=numbers, default=list(SIZES), help="events of every world, such as 20k,100k")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    options.add_argument("--peers", default=listed(NAMES), help="peers to ask on the headline worlds; empty for none")
    options.add_argument("--orders", type=numbers, default=list(ORDER_SIZES), help="sizes of single orders")
    options.add_argument("--order-seeds", type=int, default=ORDER_SEEDS, help="small worlds per kind and size; 0: none")
    options.add_argument("--nulls", type=int, default=NULLS, help="null worlds; 0: none")
    options.add_argument("--data", type=Path, default=real.data_folder(), help="folder of the real logs")
    options.add_argument("--no-real", action="store_true", help="leave out the real logs")
    given = options.parse_args(argv)
    names, peers = ([part for part in text.split(",") if part] for text in (given.scenarios, given.peers))
    command = f"python -m benchmarks.accuracy --events {given.events} --sizes {listed(given.sizes)}"
    command += f" --seeds {listed(given.seeds)} --orders {listed(given.orders)} --order-seeds {given.order_seeds}"
    command += f" --nulls {given.nulls}{' --no-real' * given.no_real}"
    for option, chosen, usual in (("scenarios", names, list(scenarios())), ("peers", peers, list(NAMES))):
        command += f" --{option} '{listed(chosen)}'" if chosen != usual else ""
    # Noted first: the code may be edited while a long run goes on with what it has loaded.
    head = circumstances(given.date, command)
    lacking = [] if given.no_real else real.missing(given.data)
    if lacking:
        print(f"No real logs: {given.data} lacks {listed(lacking)}.", file=sys.stderr)
    found = Results(
        runs=worlds(names, given.sizes, given.events, given.seeds, peers),
        orders=orders(given.orders, given.order_seeds),
        nulls=nulls.measure(given.nulls) if given.nulls else [],
        real=[] if given.no_real or lacking else real.runs(given.data, given.seeds),
    )
    text = f"{head}\n\n{report(found)}"
    print(text)
    if found.real:
        print(f"\n{real.section(found.real, head)}")
    if given.write:
        put_between(given.docs, "accuracy", text)
        if found.real:
            put_between(given.docs, "real", real.section(found.real, head))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
