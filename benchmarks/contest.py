"""Plaudit beside its peers on one log: each peer a process of its own, bounded in time and memory."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.common import average, markdown, percent
from benchmarks.peers import NAMES, peer
from benchmarks.process import Cost, Limit, Unfinished, run
from plaudit.model import Bools, Floats
from plaudit.testing.scoring import average_precision
from plaudit.testing.simulator import BOUGHT_LABELS, CROWD_LABELS

LIMIT = Limit(seconds=60.0, peak=4e9)
OURS = "Plaudit"
_WARM = 20
"""Actors, and targets they all like, of the log every peer is first run on, so that no compilation is timed."""


@dataclass(frozen=True)
class Standing:
    """How one method did on one log.

    Attributes:
        method, paper: its name and where it was published.
        ap: average precision over likes, neutral ones left out; ``None`` when it gave no answer.
        recall: share of the likes of each attack it flags.
        genuine: share of all genuine likes it flags.
        trap, trap_share: the genuine crowd of which it flags the largest share.
        cost: what the process took; ``None`` for Plaudit (timed by ``benchmarks.speed``) and where there is no answer.
        failed: why there is no answer.
    """

    method: str
    paper: str
    ap: float | None = None
    recall: Mapping[str, float] | None = None
    genuine: float | None = None
    trap: str = ""
    trap_share: float = 0.0
    cost: Cost | None = None
    failed: str = ""


def compete(
    likes: pa.Table,
    p: Floats,
    discounted: Bools,
    bought: Bools,
    neutral: Bools,
    label: NDArray[np.object_],
    names: Sequence[str] = NAMES,
    limit: Limit | None = None,
) -> tuple[Standing, ...]:
    """All methods on the same likes: Plaudit by its own verdict, each peer at its best threshold on this very log.

    Args:
        likes: ``actor_id, target_id, at_ms`` of the likes that stand.
        p, discounted: Plaudit's posterior, and whether it discounted, per like.
        bought, neutral, label: the truth per like.
        names: peers to ask, of :data:`benchmarks.peers.NAMES`.
        limit: what a peer may take; :data:`LIMIT` when not given.
    """
    out = [judge(OURS, "verdict `discounted`, no oracle", p, discounted, bought, neutral, label)]
    with tempfile.TemporaryDirectory() as folder:
        table = likes.select(["actor_id", "target_id", "at_ms"])
        log, small, scores = (Path(folder) / name for name in ("likes.parquet", "warm.parquet", "scores.npy"))
        pq.write_table(table, log)
        pq.write_table(_warm_up(), small)
        for name in names:
            asked = peer(name)
            if asked.needs and importlib.util.find_spec(asked.needs) is None:
                out.append(Standing(asked.name, asked.paper, failed=f"not run: {asked.needs} is not installed"))
                continue
            command = [sys.executable, "-m", "benchmarks.peers", name]
            run([*command, str(small), str(scores)])
            try:
                cost = run([*command, str(log), str(scores)], limit=limit or LIMIT)
            except Unfinished as why:
                out.append(Standing(asked.name, asked.paper, failed=f"did not finish: {why}"))
                continue
            except SystemExit as why:
                print(why, file=sys.stderr)
                out.append(Standing(asked.name, asked.paper, failed=f"failed: {str(why).splitlines()[-1]}"))
                continue
            found = np.load(scores)
            flagged = found >= best_threshold(found[~neutral], bought[~neutral])
            out.append(judge(asked.name, asked.paper, found, flagged, bought, neutral, label, cost))
    return tuple(out)


def _warm_up() -> pa.Table:
    """A log in which everybody meets everybody, often: every part of every peer has something to do."""
    k = np.arange(_WARM * _WARM)
    names = pa.array(k % _WARM).cast(pa.string()), pa.array(k // _WARM).cast(pa.string())
    return pa.table({"actor_id": names[0], "target_id": names[1], "at_ms": 1000 * k})


def best_threshold(value: Floats, positive: Bools) -> float:
    """The positive threshold on ``value`` with the best F1 against ``positive``; infinite where nothing is above 0."""
    order = np.argsort(-value, kind="stable")
    ranked, hits = value[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    last = last[ranked[last] > 0]
    if not last.size:
        return float("inf")
    f1 = 2.0 * hits[last] / (last + 1 + max(int(positive.sum()), 1))
    return float(ranked[last[int(np.argmax(f1))]])


def judge(
    method: str,
    paper: str,
    value: Floats,
    flagged: Bools,
    bought: Bools,
    neutral: Bools,
    label: NDArray[np.object_],
    cost: Cost | None = None,
) -> Standing:
    """Compare what a method ranks (``value``) and flags with the truth."""
    attacks = [name for name in BOUGHT_LABELS if (bought & (label == name)).any()]
    crowds = {name: float(flagged[label == name].mean()) for name in CROWD_LABELS if (label == name).any()}
    trap = max(crowds, key=lambda name: crowds[name], default="")
    genuine = ~bought & ~neutral
    return Standing(
        method=method,
        paper=paper,
        ap=average_precision(bought[~neutral], value[~neutral]),
        recall={name: float(flagged[bought & (label == name)].mean()) for name in attacks},
        genuine=float(flagged[genuine].mean()) if genuine.any() else None,
        trap=trap,
        trap_share=crowds.get(trap, 0.0),
        cost=cost,
    )


def table(standings: Sequence[Standing]) -> str:
    """Methods as rows; several runs of one method (seeds) are averaged, and its worst trap is the worst of all."""
    attacks = [a for a in BOUGHT_LABELS if any(a in (s.recall or {}) for s in standings)]
    words = [attack.replace("_", " ") for attack in attacks]
    headers = ["method", "published", "AP", *words, "genuine", "worst trap", "wall, s", "peak, GB"]
    rows = []
    for method in dict.fromkeys(s.method for s in standings):
        mine = [s for s in standings if s.method == method]
        done = [s for s in mine if not s.failed]
        row = [method, mine[0].paper]
        if not done:
            rows.append([*row, *["–"] * (len(attacks) + 1), "–", mine[0].failed, "–", "–"])
            continue
        worst = max(done, key=lambda s: s.trap_share)
        row += [average([s.ap for s in done], lambda v: f"{v:.2f}")]
        row += [average([(s.recall or {}).get(a) for s in done], lambda v: f"{v:.2f}") for a in attacks]
        row += [average([s.genuine for s in done], lambda v: percent(v, 2))]
        row += [f"{percent(worst.trap_share)} of {worst.trap.replace('_', ' ')}" if worst.trap_share > 0.01 else "–"]
        row += [average([s.cost.wall for s in done if s.cost], lambda v: f"{v:.1f}")]
        row += [average([s.cost.peak / 1e9 for s in done if s.cost], lambda v: f"{v:.2f}")]
        if len(done) < len(mine):
            row[-2] += f" ({len(mine) - len(done)} of {len(mine)} did not finish)"
        rows.append(row)
    return markdown(headers, rows, left=2)
