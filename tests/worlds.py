"""Small worlds for the tests of the statistical core: made by hand, or simulated and audited once for all tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.app.judge import Audit
from plaudit.app.pipeline import audit
from plaudit.model import DAY_MS, HOUR_MS, EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind
from plaudit.testing import scoring
from plaudit.testing.simulator import World, simulate

START_MS = 1_714_348_800_000

LARGE_POOL = "crowd_orders, 700 workers"
"""Crowd orders by more people than can all know each other."""


def log_of(
    actor: Sequence[int] | Ints,
    target: Sequence[int] | Ints,
    at_ms: Sequence[int] | Ints,
    *,
    born_ms: Ints | None = None,
    device: Sequence[int] | Ints | None = None,
    ip: Sequence[int] | Ints | None = None,
    author: Ints | None = None,
    end_ms: int | None = None,
) -> EventLog:
    """Likes as a log, one per (actor, target), the first that is named.

    Args:
        actor, target: dense numbers.
        at_ms: UTC milliseconds.
        born_ms: publications per target; without them a target is born with its first like.
        device, ip: dense numbers per like, -1 where absent.
        author: actor number per target, -1 where unknown.
        end_ms: end of the log; its last like by default.
    """
    who, what = np.asarray(actor, np.int64), np.asarray(target, np.int64)
    at = np.asarray(at_ms, np.int64)
    people, targets = int(who.max()) + 1, int(what.max()) + 1 if born_ms is None else int(born_ms.shape[0])
    people = people if author is None else max(people, int(author.max()) + 1)
    _, rows = np.unique(who * targets + what, return_index=True)
    rows = rows[np.lexsort((who[rows], at[rows], what[rows]))]
    first = np.full(targets, np.iinfo(np.int64).max)
    np.minimum.at(first, what, at)
    born = np.minimum(first, at.max()) if born_ms is None else np.asarray(born_ms, np.int64)
    context = [None if c is None else np.asarray(c, np.int32)[rows] for c in (device, ip)]
    return EventLog(
        actor=who[rows].astype(np.int32),
        target=what[rows].astype(np.int32),
        at_ms=at[rows],
        n_actors=people,
        n_targets=targets,
        born_ms=born,
        born_known=np.full(targets, born_ms is not None),
        start_ms=int(min(at.min(), born.min())),
        end_ms=int(at.max()) if end_ms is None else end_ms,
        device=context[0],
        ip=context[1],
        author=None if author is None else np.asarray(author, np.int32),
    )


@dataclass(frozen=True)
class Draft:
    """Events before they are a log, so that something can be planted among them."""

    actor: Ints
    target: Ints
    at_ms: Ints
    born_ms: Ints
    device: Ints
    ip: Ints
    end_ms: int
    author: Ints | None = None

    @property
    def actors(self) -> int:
        """Numbers from here on are free."""
        return int(self.actor.max()) + 1

    def plus(self, actor: Any, target: Any, at_ms: Any, device: Any = None, ip: Any = None) -> Draft:
        """With more likes; they come first, so that they are kept where the actor liked the target anyway."""
        who, what, at = np.broadcast_arrays(*(np.asarray(a, np.int64).ravel() for a in (actor, target, at_ms)))

        def joined(own: Any, old: Ints) -> Ints:
            new = 10**6 + who if own is None else np.broadcast_to(np.asarray(own, np.int64), who.shape)
            return np.concatenate([new, old])

        return Draft(
            np.concatenate([who, self.actor]),
            np.concatenate([what, self.target]),
            np.concatenate([at, self.at_ms]),
            self.born_ms,
            joined(device, self.device),
            joined(ip, self.ip),
            max(self.end_ms, int(at.max())),
            self.author,
        )

    def log(self, context: bool = False, born: bool = True) -> EventLog:
        """As a log; devices, addresses and authors only with ``context``, publications only with ``born``."""
        return log_of(
            self.actor,
            self.target,
            self.at_ms,
            born_ms=self.born_ms if born else None,
            device=np.unique(self.device, return_inverse=True)[1] if context else None,
            ip=np.unique(self.ip, return_inverse=True)[1] if context else None,
            author=self.author if context else None,
            end_ms=self.end_ms,
        )


def quiet(
    seed: int, *, targets: int = 80, actors: int = 500, likes: int = 2500, days: int = 20, uneven: bool = False
) -> Draft:
    """A world in which nothing happens: every like draws its actor, its target and its age independently.

    Targets appear through the first three quarters of the log and age alike (log-normal, half a day); people sleep at
    night. Two people share a device, a few to a few dozen an address, whatever they like. Anybody may be a target's
    author. With ``uneven``, a few actors and a few targets have a large part of all likes.
    """
    rng = np.random.default_rng([seed, 771])
    born = START_MS + (rng.random(targets) * 0.75 * days * DAY_MS).astype(np.int64)
    end = START_MS + days * DAY_MS
    weight = rng.pareto(1.2, targets) + 0.3 if uneven else rng.gamma(2.0, 1.0, targets)
    zeal = rng.pareto(1.1, actors) + 0.1 if uneven else rng.gamma(1.0, 1.0, actors) + 0.05
    draws = likes * 4
    what = rng.choice(targets, draws, p=weight / weight.sum())
    at = born[what] + np.exp(np.log(12 * HOUR_MS) + 1.3 * rng.standard_normal(draws)).astype(np.int64)
    hour = (at // HOUR_MS) % 24
    keep = (at < end) & (rng.random(draws) < np.where((hour >= 1) & (hour < 7), 0.25, 1.0))
    what, at = what[keep][:likes], at[keep][:likes]
    who = rng.choice(actors, what.shape[0], p=zeal / zeal.sum())
    address = np.searchsorted(np.cumsum(rng.zipf(1.7, actors).clip(1, 40)), np.arange(actors), side="right")
    author = np.random.default_rng([seed, 772]).integers(0, actors, targets)
    return Draft(who, what, at, born, who // 2, address[who], end, author)


def findings_of(
    exhibits: Iterable[Sequence[int] | Ints],
    p_value: Sequence[float],
    *,
    detector: str = "orders",
    family: Family = Family.AUDIENCE,
    kind: SubjectKind = SubjectKind.GROUP,
    share: float | Sequence[Floats] = 1.0,
    certainty: float = 1.0,
    q_value: Sequence[float] | None = None,
) -> Findings:
    """Findings made by hand, one per entry of ``exhibits``."""
    rows = [np.asarray(r, np.int64) for r in exhibits]
    n = len(rows)
    shares = [np.full(len(r), share) for r in rows] if isinstance(share, float) else list(share)
    offsets = np.concatenate([[0], np.cumsum([len(r) for r in rows])]).astype(np.int64)
    zero = np.zeros(n, np.int64)
    p = np.asarray(p_value, np.float64)
    return Findings(
        detector=detector,
        version="1",
        family=family,
        subject_kind=kind,
        subject=np.arange(n),
        statistic=np.array([float(len(r)) for r in rows]),
        expectation=np.ones(n),
        p_value=p,
        q_value=p if q_value is None else np.asarray(q_value, np.float64),
        support=np.array([len(r) for r in rows], np.int64),
        start_ms=zero,
        end_ms=zero,
        exhibits=Exhibits(
            offsets,
            np.concatenate([*rows, zero[:0]]).astype(np.int64),
            np.concatenate([*shares, np.zeros(0)]),
        ),
        certainty=np.full(n, certainty),
        candidates=n,
    )


@lru_cache(maxsize=24)
def world(scenario: str, events: int, seed: int) -> World:
    """A simulated world, made once."""
    if scenario == LARGE_POOL:
        return simulate("crowd_orders", events=events, seed=seed, overrides={"pool": 700, "share_bought": 0.1})
    return simulate(scenario, events=events, seed=seed)


@lru_cache(maxsize=24)
def audited(scenario: str, events: int, seed: int) -> Audit:
    """Its audit, made once."""
    return audit(world(scenario, events, seed).events, time_format="ms")


@lru_cache(maxsize=24)
def scored(scenario: str, events: int, seed: int) -> dict[str, Any]:
    """How right that audit was."""
    done = audited(scenario, events, seed)
    return scoring.score(world(scenario, events, seed).truth, done.tables["likes"], done.tables["targets"])


def table_of(log: EventLog) -> pa.Table:
    """A log as the table a user would hand in."""
    return pa.table(
        {
            "event_id": pa.array([f"e{row:07d}" for row in range(log.n)]),
            "actor": pa.array([f"a{actor:07d}" for actor in log.actor.tolist()]),
            "target": pa.array([f"t{target:07d}" for target in log.target.tolist()]),
            "at": pa.array(log.at_ms),
        }
    )
