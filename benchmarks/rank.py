"""How right the honest rank is, beside the formulas of public sites, on closed loops, in one command.

    python -m benchmarks.rank --write

Regret is the share of quality a perfect order would have shown that a ranker's did not, weighted by how far readers
read. The honest rank is told what an audit finds; how much that is, is varied.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.common import Mark, circumstances, listed, markdown, marks_table, numbers, parser, percent, tell
from plaudit.testing.loop import (
    KINDS,
    RANKERS,
    Defence,
    Ground,
    LoopSpec,
    Order,
    compare,
    found,
    newcomers_share,
    pick_orders,
    places_per_100_yuan,
    play,
)

WORLDS: dict[str, LoopSpec] = {
    "usual": LoopSpec(),
    "no herd": LoopSpec(herd=0),
    "few readers": LoopSpec(visits=20_000),
    "long boards": LoopSpec(visits=300_000, comments=80),
    "unequal quality": LoopSpec(variety=0.4),
    "read to the end": LoopSpec(position=0.6, variety=3.0),
}
HONEST = "honest rank"
SEEDS = (1, 2, 3)
EACH = 25
DEFENCES = {
    "finds nothing": Defence(),
    "half, after 6 h": Defence(0.5, 0.001, 6),
    "93 %, after 6 h": Defence(0.93, 0.001, 6),
    "93 %, after 1 h": Defence(0.93, 0.001, 1),
    "all, after 1 h": Defence(1.0, 0.001, 1),
}
USUAL = "93 %, after 1 h"


@dataclass(frozen=True)
class Result:
    """One ranker in one world under one seed."""

    world: str
    ranker: str
    defence: str
    clean: float
    attacked: float
    newcomers: float
    places: float


def attack(ground: Ground, seed: int) -> list[Order]:
    """Orders of all kinds for comments of the less liked half, one per comment."""
    every = [
        one
        for k, kind in enumerate(KINDS)
        for one in pick_orders(ground, kind, count=EACH, seed=10 * seed + k, wanted="weak")
    ]
    return list({one.comment: one for one in every}.values())


def measure(world: str, seed: int, defences: Sequence[str]) -> list[Result]:
    """Every ranker in one world, in peace and under attack; the honest one with each defence."""
    ground = found(WORLDS[world], seed)
    placed, out = attack(ground, seed), []
    for name, ranker in RANKERS.items():
        for defence in defences if name == HONEST else ("–",):
            guard = DEFENCES.get(defence)
            # In peace a defence can only do harm: its false alarms are counted.
            clean = play(ground, ranker=ranker, defence=guard)
            attacked = play(ground, ranker=ranker, orders=placed, defence=guard)
            effect = compare(attacked, clean)
            out.append(
                Result(
                    world,
                    name,
                    defence,
                    clean.regret,
                    attacked.regret,
                    newcomers_share(clean),
                    places_per_100_yuan(effect, attacked),
                )
            )
    return out


def _mean(results: Sequence[Result], field: str) -> float:
    return float(np.mean([getattr(one, field) for one in results]))


def _of(results: Sequence[Result], ranker: str, defence: str = "–", world: str | None = None) -> list[Result]:
    return [r for r in results if r.ranker == ranker and r.defence == defence and world in (None, r.world)]


def marks(results: Sequence[Result]) -> list[Mark]:
    """Never worse than the best formula in peace; at most a third of each under attack."""
    others = [name for name in RANKERS if name != HONEST]
    worlds = list(dict.fromkeys(one.world for one in results))
    peace = max(
        _mean(_of(results, HONEST, USUAL, w), "clean") / min(_mean(_of(results, o, world=w), "clean") for o in others)
        for w in worlds
    )
    mine = _mean(_of(results, HONEST, USUAL), "attacked")
    out = [Mark("regret in peace, honest over the best formula, worst world", peace, 1.0, unit="×")]
    for other in others:
        ratio = mine / _mean(_of(results, other), "attacked")
        out.append(Mark(f"regret under attack, honest over {other}", ratio, 1 / 3, unit="×"))
    return out


def world_table(results: Sequence[Result]) -> str:
    """Regret in peace and under attack by world."""
    rows = []
    for world in dict.fromkeys(one.world for one in results):
        cells = [world]
        for name in RANKERS:
            mine = _of(results, name, USUAL if name == HONEST else "–", world)
            cells.append(f"{percent(_mean(mine, 'clean'))} → {percent(_mean(mine, 'attacked'))}")
        rows.append(cells)
    return markdown(("regret, peace → attack", *RANKERS), rows)


def ranker_table(results: Sequence[Result]) -> str:
    """All worlds together, the honest rank by what its audit finds."""
    rows = []
    for name in RANKERS:
        for defence in DEFENCES if name == HONEST else ("–",):
            mine = _of(results, name, defence)
            if mine:
                rows.append(
                    [
                        name,
                        defence,
                        percent(_mean(mine, "clean")),
                        percent(_mean(mine, "attacked")),
                        f"{_mean(mine, 'newcomers'):.2f}",
                        f"{_mean(mine, 'places'):.1f}",
                    ]
                )
    heads = ("ranker", "audit finds", "regret in peace", "under attack", "newcomers' due", "places per 100元")
    return markdown(heads, rows, left=2)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=numbers, default=list(SEEDS), help="seeds of the worlds")
    options.add_argument("--visits", type=int, default=0, help="visits of every world; 0: its own")
    given = options.parse_args(argv)
    command = (
        f"python -m benchmarks.rank --seeds {listed(given.seeds)}{f' --visits {given.visits}' * bool(given.visits)}"
    )
    head = circumstances(given.date, command)
    if given.visits:
        WORLDS.update({name: replace(spec, visits=given.visits) for name, spec in WORLDS.items()})
    results: list[Result] = []
    for world in WORLDS:
        for seed in given.seeds:
            results += measure(world, seed, list(DEFENCES))
        print(world_table(results).splitlines()[-1], file=sys.stderr, flush=True)
    text = "\n\n".join([head, marks_table(marks(results)), world_table(results), ranker_table(results)])
    return tell(given, "rank", text)


if __name__ == "__main__":
    raise SystemExit(main())
