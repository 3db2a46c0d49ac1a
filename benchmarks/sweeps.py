"""Where evidence ends: one knob of the attacker (or of the log) turned at a time, as a table and a picture.

    python -m benchmarks.sweeps --write

Every world holds all genuine crowds besides the attack in question, so that each point also shows what turning the knob
costs the innocent.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.common import circumstances, listed, markdown, numbers, parser, percent, put_between, short
from benchmarks.measure import Run, measure
from benchmarks.sweep_picture import draw
from benchmarks.sweep_points import SWEEPS, Point, Sweep
from benchmarks.tables import pooled
from plaudit.errors import InputError

EVENTS, SEEDS = 500_000, (1, 2)
FOUND = 0.5
"""Where less than this share of the bought likes is discounted, or discounted and undetermined, evidence has ended."""


def turn(sweep: Sweep, events: int, seeds: Sequence[int]) -> list[Point]:
    """Measure one sweep; values the world is too small for are left out."""
    out = []
    for value in sweep.values:
        if value > sweep.per_event * events:
            continue
        try:
            runs = [measure(sweep.world(), events, seed, sweep.knobs(value)) for seed in seeds]
        except InputError as why:
            # The simulator says what does not fit into a log of this size.
            print(f"{sweep.name} = {value:g}: {why}", file=sys.stderr, flush=True)
            continue
        out.append(point(sweep, value, runs))
        print("  ".join(rows(out)[-1]), file=sys.stderr, flush=True)
    return out


def point(sweep: Sweep, value: float, runs: Sequence[Run]) -> Point:
    """The runs of one value as one point."""
    scored = [run.scored for run in runs]

    def covered(which: str) -> float | None:
        known = [one["coverage"][which] for one in scored if one["coverage"][which] is not None]
        return sum(known) / len(known) if known else None

    return Point(
        sweep=sweep,
        value=value,
        discounted=pooled(scored, "bought_by_label", "discounted"),
        caught=pooled(scored, "bought_by_label", "caught"),
        genuine=pooled(scored, "genuine_by_label", "discounted"),
        held=pooled(scored, "genuine_by_label", "undetermined"),
        covered=covered("all"),
        attacked=covered("of_attacked"),
    )


HEADERS = (
    "what is turned", "to", "bought: discounted", "bought: discounted or undetermined", "genuine: discounted",
    "genuine: undetermined", "interval holds, all", "interval holds, attacked",
)  # fmt: skip


def rows(points: Sequence[Point]) -> list[list[str]]:
    """Cells of the table, one row per point."""
    return [
        [
            p.sweep.name,
            f"{p.value:,g} {p.sweep.unit}".strip(),
            percent(p.discounted),
            percent(p.caught),
            percent(p.genuine, 3),
            percent(p.held, 2),
            percent(p.covered),
            percent(p.attacked),
        ]
        for p in points
    ]


def ends(points: Sequence[Point]) -> list[list[str]]:
    """Per sweep with an attack: from which value on (to the end) less than ``FOUND`` is discounted, and even caught."""
    out = []
    for sweep in dict.fromkeys(p.sweep.name for p in points if p.discounted is not None):
        mine = [p for p in points if p.sweep.name == sweep]
        low, high = (_lost([(p.value, getattr(p, name)) for p in mine]) for name in ("discounted", "caught"))
        out.append([sweep, *(_bound(value, mine[0].sweep.unit) for value in (low, high))])
    return out


def _lost(values: Sequence[tuple[float, float | None]]) -> float | None:
    """The first value from which on every share stays below ``FOUND``."""
    first = None
    for value, share in reversed(values):
        if share is None or share >= FOUND:
            break
        first = value
    return first


def _bound(value: float | None, unit: str) -> str:
    return "not reached" if value is None else f"from {value:,g} {unit}".strip()


def report(points: Sequence[Point], picture: str = "") -> str:
    """Where evidence ends, the picture, and every point."""
    bounds = markdown(("what is turned", "less than half discounted", "less than half even undetermined"), ends(points))
    shown = f"![Every knob turned: what is found, what it costs the innocent]({picture})\n\n" if picture else ""
    return f"{bounds}\n\n{shown}{markdown(HEADERS, rows(points), left=2)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts table and picture into the document and beside it."""
    options = parser(__doc__)
    options.add_argument("--events", type=lambda text: numbers(text)[0], default=EVENTS, help="events of every world")
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of every world")
    options.add_argument("--only", default="", metavar="TEXT", help="only sweeps whose name or knob contains this")
    options.add_argument("--values", type=int, default=0, metavar="N", help="at most so many values per sweep; 0: all")
    given = options.parse_args(argv)
    command = f"python -m benchmarks.sweeps --events {given.events} --seeds {listed(given.seeds)}"
    command += (f" --only '{given.only}'" if given.only else "") + (f" --values {given.values}" if given.values else "")
    # Noted first: the code may be edited while a long run goes on with what it has loaded.
    head = circumstances(given.date, command)
    points = []
    for sweep in SWEEPS:
        if given.only in sweep.name or given.only in sweep.knob:
            fewer = sweep.values[:: -(-len(sweep.values) // given.values)] if given.values else sweep.values
            points += turn(replace(sweep, values=fewer), given.events, given.seeds)
    head += f"\n\nWorlds of {short(given.events)} events, seeds {listed(given.seeds)}."
    print(f"{head}\n\n{report(points)}")
    if given.write:
        picture = Path(given.docs).parent / "images" / "sweeps.svg"
        picture.parent.mkdir(exist_ok=True)
        picture.write_text(draw(points), encoding="utf-8")
        put_between(given.docs, "sweeps", f"{head}\n\n{report(points, 'images/sweeps.svg')}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
