"""One simulated world, audited and compared with its truth: the figures every table of worlds is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import plaudit
from benchmarks.contest import Standing, compete
from benchmarks.process import Limit
from plaudit.model import Bools, Floats, Status
from plaudit.result import ResultDocument
from plaudit.testing.scoring import score
from plaudit.testing.simulator import ScenarioSpec, World, simulate

HARMLESS = ("not_counted", "human_review")
"""Rungs that neutralise likes or ask a person to look; anything else would harm whoever received the likes."""


@dataclass(frozen=True)
class Share:
    """Of ``likes`` likes a share (0..1) was discounted and another left undetermined."""

    likes: int
    discounted: float
    undetermined: float


@dataclass(frozen=True)
class Truth:
    """What is known of each like of an audit, in the order of its table ``likes``."""

    bought: Bools
    neutral: Bools
    label: NDArray[np.object_]


@dataclass(frozen=True)
class Run:
    """One world audited.

    Attributes:
        scenario, events, seed, overrides: the world.
        scored: what :func:`plaudit.testing.scoring.score` says of it.
        workers_own: genuine likes of accounts that also served a crowd order, outside any order.
        pods_own: likes of pod members that were not given for the pod.
        rivals_own: genuine likes of authors whose targets a joe-job was planted on.
        accused: decisions about targets of a joe-job that go beyond :data:`HARMLESS`.
        covered: for each attack, number of its targets and the share whose 90 % interval holds the true count.
        width, width_attacked: mean width of the interval over the true count (at least 1), all and attacked targets.
        standings: how the peers did on the same log, Plaudit first; empty where they were not asked.
    """

    scenario: str
    events: int
    seed: int
    scored: dict[str, Any]
    workers_own: Share | None
    pods_own: Share | None
    rivals_own: Share | None
    accused: int
    covered: Mapping[str, tuple[int, float]]
    width: float
    width_attacked: float | None
    overrides: Mapping[str, float] = field(default_factory=dict)
    standings: tuple[Standing, ...] = ()


def measure(
    scenario: str | ScenarioSpec,
    events: int,
    seed: int,
    overrides: Mapping[str, float] | None = None,
    peers: Sequence[str] = (),
    limit: Limit | None = None,
) -> Run:
    """Simulate a world, audit its log, and compare with its truth; with ``peers`` ask them about the same likes."""
    world = simulate(scenario, events=events, seed=seed, overrides=overrides)
    done = plaudit.audit(world.events, time_format="ms")
    likes, targets = done.tables["likes"], done.tables["targets"]
    truth = truth_of(world, likes)
    status = likes["status"].cast(pa.string()).to_numpy(zero_copy_only=False)
    discounted, open_ = status == Status.DISCOUNTED.value, status == Status.UNDETERMINED.value
    actor, target = (likes[name].cast(pa.string()) for name in ("actor_id", "target_id"))
    victims = _values(target, truth.label == "joe_job")
    authors = _authors(world.events, victims)
    genuine = ~truth.bought & ~truth.neutral

    def own(people: pa.Array, rows: Bools) -> Share | None:
        mine = np.asarray(pc.is_in(actor, people)) & rows
        if not len(people) or not mine.any():
            return None
        return Share(int(mine.sum()), float(discounted[mine].mean()), float(open_[mine].mean()))

    covered, width, width_attacked = _intervals(truth, target, targets)
    standings: tuple[Standing, ...] = ()
    if peers:
        p = np.asarray(likes["p_inauthentic"].to_numpy(), np.float64)
        standings = compete(likes, p, discounted, truth.bought, truth.neutral, truth.label, peers, limit)
    return Run(
        scenario=scenario if isinstance(scenario, str) else scenario.name,
        events=events,
        seed=seed,
        scored=score(world.truth, likes, targets),
        workers_own=own(_values(actor, truth.label == "crowd_order"), genuine),
        pods_own=own(_values(actor, truth.label == "pod"), genuine),
        rivals_own=own(authors, genuine),
        accused=_accused(done.document, victims),
        covered=covered,
        width=width,
        width_attacked=width_attacked,
        overrides=dict(overrides or {}),
        standings=standings,
    )


def truth_of(world: World, likes: pa.Table) -> Truth:
    """The world's truth about each like of an audit."""
    ids = world.truth["event_id"].combine_chunks()
    known = world.truth.take(pc.index_in(likes["event_id"].cast(pa.string()), ids).combine_chunks())
    bought, neutral = (np.asarray(known[name].to_numpy(), np.bool_) for name in ("bought", "neutral"))
    return Truth(bought, neutral, np.asarray(known["label"].to_numpy(zero_copy_only=False), object))


def _values(column: pa.ChunkedArray, rows: Bools) -> pa.Array:
    return column.filter(pa.array(rows)).unique()


def _authors(events: pa.Table, targets: pa.Array) -> pa.Array:
    """Authors of the targets, where the log names them."""
    if "author" not in events.column_names:
        return pa.array([], pa.string())
    return events.filter(pc.is_in(events["target"], targets))["author"].unique()


def _accused(document: ResultDocument, victims: pa.Array) -> int:
    known = set(victims.to_pylist())
    return sum(decision.target_id in known and decision.rung not in HARMLESS for decision in document.decisions)


def _intervals(
    truth: Truth, target: pa.ChunkedArray, targets: pa.Table
) -> tuple[dict[str, tuple[int, float]], float, float | None]:
    """Coverage by attack, mean relative width over all targets with likes, and over attacked ones."""
    ids = targets["target_id"].cast(pa.string()).combine_chunks()
    row = np.asarray(pc.index_in(target, ids).to_numpy(), np.int64)

    def count(rows: Bools) -> Floats:
        return np.bincount(row[rows], minlength=len(ids)).astype(np.float64)

    least, most = count(~truth.bought & ~truth.neutral), count(~truth.bought)
    low, high = (np.asarray(targets[name].to_numpy(), np.float64) for name in ("authentic_low", "authentic_high"))
    holds = (low <= most + 1e-9) & (high >= least - 1e-9)
    width = (high - low) / np.maximum(least, 1.0)
    shown, attacked = count(np.ones(row.size, np.bool_)) > 0, count(truth.bought) > 0
    covered = {}
    for label in sorted(set(truth.label[truth.bought].tolist())):
        mine = count(truth.bought & (truth.label == label)) > 0
        covered[str(label)] = (int(mine.sum()), float(holds[mine].mean()))
    return covered, float(width[shown].mean()), float(width[attacked].mean()) if attacked.any() else None
