"""Where evidence ends: one knob of the attacker (or of the log) turned at a time, as a table and a picture.

    python -m benchmarks.sweeps --write

Every world holds all genuine crowds besides the attack in question, so that each point also shows what turning the knob
costs the innocent.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.common import circumstances, listed, markdown, numbers, parser, percent, put_between, short
from benchmarks.measure import Run, measure
from benchmarks.sweep_picture import draw
from benchmarks.tables import pooled
from plaudit.errors import InputError
from plaudit.testing.simulator import Knobs, ScenarioSpec, scenarios

EVENTS, SEEDS = 500_000, (1, 2)
FOUND = 0.5
"""Where less than this share of the bought likes is discounted, or discounted and undetermined, evidence has ended."""
_LONG = {"span_days": 35.0}
"""A log long enough for deliveries of three weeks."""


@dataclass(frozen=True)
class Sweep:
    """One knob and the values it takes.

    Attributes:
        name: what the table and the picture call it.
        knob: a knob of :class:`plaudit.testing.simulator.Knobs`.
        values: what it is set to, in order.
        attacks: what is sold in these worlds, in equal parts; nothing where the question is about the innocent.
        unit: of the values.
        fixed: other knobs, the same at every value.
        along: knobs that grow with the value, as multiples of it (a ring cannot serve an order larger than itself).
        per_event: the largest value a world can hold, per event (a pool cannot outgrow the people there are).
    """

    name: str
    knob: str
    values: tuple[float, ...]
    attacks: tuple[str, ...]
    unit: str = ""
    fixed: Mapping[str, float] = field(default_factory=dict)
    along: Mapping[str, float] = field(default_factory=dict)
    per_event: float = float("inf")

    def knobs(self, value: float) -> dict[str, float]:
        """Every knob that is set where this one is set to ``value``."""
        return {**self.fixed, **{name: factor * value for name, factor in self.along.items()}, self.knob: value}

    def world(self) -> ScenarioSpec:
        """All genuine crowds, and the attacks of this sweep."""
        attacks = dict.fromkeys(self.attacks, 1.0)
        return replace(scenarios()["traps"], name=f"sweep_{listed(self.attacks)}", attacks=attacks, knobs=Knobs())


_HOURS = (0.1, 1, 6, 24, 72, 168, 504)
_POOLS = (500, 1_000, 3_000, 10_000, 50_000)
_SIZES = (20, 50, 100, 300, 1_000, 2_000)
_PARTS = (0, 0.25, 0.5, 0.75, 1)
_FOUR = ("naive_ring", "staggered_ring", "crowd_order", "throwaway")
_RING, _CROWD, _ONCE = _FOUR[:1], _FOUR[2:3], _FOUR[3:]

SWEEPS: tuple[Sweep, ...] = (
    Sweep("ring: length of a delivery", "delivery_hours", _HOURS, _RING, "h", _LONG),
    Sweep("crowd orders: length of a delivery", "delivery_hours", _HOURS, _CROWD, "h", _LONG),
    Sweep("throwaway: length of a delivery", "delivery_hours", _HOURS, _ONCE, "h", _LONG),
    Sweep("staggered ring: camouflage per bought like", "camouflage", (0, 1, 2, 5, 10, 20), _FOUR[1:2]),
    Sweep("crowd orders: size of the pool", "pool", _POOLS, _CROWD, "accounts", per_event=0.1),
    Sweep("ring: size of the ring", "pool", _POOLS, _RING, "accounts", per_event=0.1),
    Sweep("ring: likes of one order", "order_size", _SIZES, _RING, "likes", along={"pool": 1.5}, per_event=0.01),
    Sweep("crowd orders: likes of one order", "order_size", _SIZES, _CROWD, "likes", per_event=0.01),
    Sweep("throwaway: likes of one order", "order_size", _SIZES, _ONCE, "likes", per_event=0.01),
    Sweep("warmed-up ring: likes of its own per account", "warm", (0, 5, 12, 40, 100), ("warm_ring",)),
    Sweep("ring: members replaced from order to order", "rotate", (0, 0.1, 0.25, 0.5, 0.75, 1), _RING),
    Sweep("rings: members shared with the next ring", "shared", _PARTS, _RING, fixed={"pool": 40}),
    Sweep("ring: moments copied from the target (perfect brush)", "brush", _PARTS, _RING),
    Sweep("crowd orders: moments copied from the target", "brush", _PARTS, _CROWD),
    Sweep("ring: orders on the most liked targets", "viral", _PARTS, _RING),
    Sweep("four attacks: share of the log bought", "share_bought", (0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4), _FOUR,
          fixed={"camouflage": 1}),
    Sweep("four attacks: error of the clocks", "clock_skew_s", (0, 1, 10, 60, 600, 3600), _FOUR, "s"),
    Sweep("four attacks: hours lost", "missing_hours", (0, 6, 24, 72, 144), _FOUR, "h"),
    Sweep("nothing bought: honest feed bots", "feed_bots", (0, 5, 20, 100, 300), (), fixed={"share_bought": 0}),
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One value of one knob, over all seeds; shares are 0..1, ``None`` where there was nothing to measure.

    Attributes:
        sweep, value: what was turned, and to what.
        discounted, caught: shares of the bought likes discounted; discounted or undetermined.
        genuine, held: shares of the genuine likes discounted; undetermined.
        covered, attacked: shares of all and of attacked targets whose 90 % interval holds the true count.
    """

    sweep: Sweep
    value: float
    discounted: float | None
    caught: float | None
    genuine: float | None
    held: float | None
    covered: float | None
    attacked: float | None


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
