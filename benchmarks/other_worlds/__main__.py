"""How right an audit is on worlds made another way, and what it costs twenty innocent crowds.

python -m benchmarks.other_worlds --write
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import plaudit
from benchmarks.common import Mark, circumstances, markdown, marks_table, numbers, parser, percent, tell
from benchmarks.other_worlds import further, planted
from benchmarks.other_worlds.ground import GROUNDS, World
from benchmarks.other_worlds.planted import NEUTRAL
from plaudit.testing.scoring import average_precision

_START_MS = 1_767_225_600_000
_EVERY, _CROWD, _HIRED = 0.02, 0.5, 1.0
"""Marks: percent discounted, of all genuine likes, of each innocent crowd, of what hired people like by themselves."""

SETS = {"first": (planted,), "second": (further,), "both": (planted, further)}
"""What is planted, by name."""

ATTACKS = {**planted.ATTACKS, **further.ATTACKS}
"""Every attack by the label of its likes."""


@dataclass(frozen=True)
class Run:
    """One audit; shares are 0..1, by label ``(discounted, undetermined, likes)``.

    ``strangers`` and ``hired`` are the two parts of ``genuine``: the genuine likes of accounts that gave no bought one,
    and those of the others.
    """

    ground: str
    plants: str
    days: int
    seed: int
    attacked: bool
    likes: int
    bought: float
    precision: float | None
    genuine: float
    doubted: float
    by_label: dict[str, tuple[float, float, int]]
    strangers: float = 0.0
    hired: float = 0.0

    def row(self) -> list[str]:
        """Cells of the table of worlds."""
        found = "–" if self.precision is None else f"{self.precision:.3f}"
        return [
            self.ground,
            self.plants,
            str(self.days),
            str(self.seed),
            f"{self.likes:,}",
            percent(self.bought),
            found,
            percent(self.genuine, 2),
            percent(self.doubted),
        ]


def world(ground: str, days: int, seed: int, likes: int, attacked: bool, plants: str = "first") -> pa.Table:
    """A log of about so many background likes and what is planted: ``event_id, actor, target, at, label``."""
    w = World(np.random.default_rng([seed, days, len(ground)]), days)
    GROUNDS[ground](w, likes)
    for crowd in [crowd for part in SETS[plants] for crowd in part.CROWDS]:
        crowd(w)
    for attack in [attack for part in SETS[plants] for attack in part.ATTACKS.values()] if attacked else ():
        attack(w)
    names = sorted({part[3] for part in w.parts})
    actor, target, at = (np.concatenate([np.asarray(part[k]) for part in w.parts]) for k in range(3))
    label = np.concatenate([np.full(part[0].size, names.index(part[3])) for part in w.parts])
    order = np.lexsort((at, target, actor))
    actor, target, at, label = actor[order], target[order], at[order].astype(np.int64), label[order]
    # One like per actor and target: the first reason counts.
    keep = np.r_[True, (actor[1:] != actor[:-1]) | (target[1:] != target[:-1])]
    actor, target, at, label = actor[keep], target[keep], at[keep], label[keep]
    order = np.argsort(at, kind="stable")
    who, what = w.rng.permutation(w.actors), w.rng.permutation(w.born.size)
    return pa.table(
        {
            "event_id": [f"e{k}" for k in range(order.size)],
            "actor": [f"a{k}" for k in who[actor[order]]],
            "target": [f"t{k}" for k in what[target[order]]],
            "at": pa.array(at[order] + _START_MS, pa.timestamp("ms", tz="UTC")),
            "label": [names[k] for k in label[order]],
        }
    )


def measure(ground: str, days: int, seed: int, likes: int, attacked: bool, plants: str = "first") -> Run:
    """Make one world, audit what a log would show of it, and compare."""
    made = world(ground, days, seed, likes, attacked, plants)
    judged = plaudit.audit(made.drop_columns(["label"])).tables["likes"]
    label = dict(zip(made["event_id"].to_pylist(), made["label"].to_pylist(), strict=True))
    labels = np.array([label[one] for one in judged["event_id"].to_pylist()])
    status = np.array(judged["status"].to_pylist())
    value = judged["p_inauthentic"].to_numpy(zero_copy_only=False)
    bought, neutral = np.isin(labels, list(ATTACKS)), np.isin(labels, NEUTRAL)
    free = ~bought & ~neutral
    actor = np.unique(judged["actor_id"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    hired = np.isin(actor, actor[bought])
    off, open_ = status == "discounted", status == "undetermined"
    shares = {
        str(name): (float(off[labels == name].mean()), float(open_[labels == name].mean()), int((labels == name).sum()))
        for name in np.unique(labels)
    }
    return Run(
        ground=ground,
        plants=plants,
        days=days,
        seed=seed,
        attacked=attacked,
        likes=labels.size,
        bought=float(bought.mean()),
        precision=average_precision(bought[~neutral], value[~neutral]) if attacked else None,
        genuine=float(off[free].mean()),
        doubted=float(open_[free].mean()),
        by_label=shares,
        strangers=_mean(off[free & ~hired]),
        hired=_mean(off[free & hired]),
    )


def _mean(part: NDArray[np.bool_]) -> float:
    return float(part.mean()) if part.size else 0.0


def _pooled(runs: Sequence[Run], name: str) -> list[str]:
    held = [run.by_label[name] for run in runs if name in run.by_label]
    likes = np.array([one[2] for one in held])
    off, doubt = (np.array([one[k] for one in held]) for k in (0, 1))
    worst = percent(float(off.max() if name not in ATTACKS else off.min()), 2)
    return [name, f"{likes.sum():,}", percent(float(off @ likes / likes.sum()), 2), worst,
            percent(float(doubt @ likes / likes.sum()))]  # fmt: skip


def section(runs: Sequence[Run], head: str) -> str:
    """Marks and tables."""
    names = sorted({name for run in runs for name in run.by_label} - set(ATTACKS) - set(NEUTRAL))
    crowds = [name for name in names if name != "organic"]
    marks = [Mark("genuine likes discounted, worst world", 100 * max(run.genuine for run in runs), _EVERY)]
    marks += [
        Mark("of accounts that gave no bought like, worst world", 100 * max(run.strangers for run in runs), _EVERY),
        Mark("own likes of hired people, worst world", 100 * max(run.hired for run in runs), _HIRED),
    ]
    for name in crowds:
        worst = max(run.by_label[name][0] for run in runs if name in run.by_label)
        marks.append(Mark(f"{name} discounted, worst world", 100 * worst, _CROWD))
    attacks = [name for name in ATTACKS if any(name in run.by_label for run in runs)]
    columns = ("what", "likes", "discounted", "worst world", "undetermined")
    return "\n\n".join(
        [
            head,
            marks_table(marks),
            markdown(
                (
                    "background",
                    "plants",
                    "days",
                    "seed",
                    "likes",
                    "bought",
                    "AP",
                    "genuine: discounted",
                    "genuine: undetermined",
                ),
                [run.row() for run in runs],
            ),
            markdown(columns, [_pooled([r for r in runs if r.attacked], name) for name in attacks]),
            markdown(columns, [_pooled(runs, name) for name in names]),
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Make, audit and score every world; print, and with ``--write`` keep, the tables."""
    options = parser(__doc__)
    options.add_argument("--likes", type=lambda text: numbers(text)[0], default=150_000, help="background likes")
    options.add_argument("--days", type=numbers, default=[30, 90], help="lengths of the log")
    options.add_argument(
        "--plants", nargs="+", choices=sorted(SETS), default=["first", "second"], help="what is planted"
    )
    options.add_argument("--seeds", type=numbers, default=[1, 2], help="seeds of the worlds")
    given = options.parse_args(argv)
    runs = []
    for attacked in (True, False):
        for plants, ground, days, seed in product(given.plants, GROUNDS, given.days, given.seeds):
            runs.append(measure(ground, days, seed, given.likes, attacked, plants))
            print("  ".join(runs[-1].row()), flush=True)
    command = f"python -m benchmarks.other_worlds --likes {given.likes} --days {','.join(map(str, given.days))}"
    command += f" --seeds {','.join(map(str, given.seeds))} --plants {' '.join(given.plants)}"
    return tell(given, "other-worlds", section(runs, circumstances(given.date, command)))


if __name__ == "__main__":
    sys.exit(main())
