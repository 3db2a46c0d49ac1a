"""Worlds and book-keeping behind the battery of :mod:`plaudit.testing.checks`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from plaudit.detectors.spec import Context, Detector
from plaudit.model import Bools, EventLog, Family, Findings, Floats, Ints, offsets_of
from plaudit.testing.logs import NamedLog, named_log
from plaudit.testing.simulator import simulate

FINDS: Mapping[Family, frozenset[str]] = MappingProxyType(
    {
        Family.SYNCHRONY: frozenset({"naive_ring"}),
        Family.AUDIENCE: frozenset({"naive_ring", "staggered_ring", "crowd_order"}),
        Family.TIMING: frozenset({"naive_ring", "staggered_ring", "crowd_order", "throwaway"}),
        Family.ACCOUNT: frozenset({"throwaway"}),
        Family.CONTEXT: frozenset({"naive_ring", "staggered_ring"}),
        Family.RECIPROCITY: frozenset({"pod"}),
    }
)
"""Planted labels of which a detector of a family must find at least one."""

PLANTED: Mapping[Family, str] = MappingProxyType(dict.fromkeys(Family, "small") | {Family.RECIPROCITY: "pod"})
"""The scenario in which a detector of a family must find them."""

SEES: Mapping[Family, frozenset[str]] = MappingProxyType(
    {
        Family.SYNCHRONY: frozenset[str](),
        Family.AUDIENCE: frozenset[str](),
        # "When" alone accuses nobody: these crowds do burst, and saying so is the right answer.
        Family.TIMING: frozenset(
            {"viral_hour", "front_page", "lottery", "called_to_vote", "nat_class", "launch", "group_share", "binge"}
            | {"fan_club", "employees", "organic", "feed_bot"}
        ),
        # These crowds do bring more newcomers than usual; only other evidence can tell them from bought accounts.
        Family.ACCOUNT: frozenset({"viral_hour", "front_page", "lottery", "called_to_vote", "launch"}),
        Family.CONTEXT: frozenset[str](),
        Family.RECIPROCITY: frozenset[str](),
    }
)
"""Genuine crowds that really show what a family measures, so that a finding about them is no false alarm."""


Signature = tuple[tuple[str, ...], float, float, float, float, int]
"""One finding without numbers that depend on order: exhibits, statistic, expectation, p, q, support."""


@dataclass(frozen=True)
class Case:
    """A world as a detector meets it, with the truth of each like.

    Attributes:
        table: its events.
        named: the log and the strings behind its numbers.
        label: of each like, ``object[n]``; group: likewise, ``""`` for none.
        bought: bool[n].
    """

    table: pa.Table
    named: NamedLog
    label: NDArray[np.object_]
    group: NDArray[np.object_]
    bought: Bools

    @property
    def log(self) -> EventLog:
        """The log."""
        return self.named.log


@lru_cache(maxsize=8)
def world(scenario: str, events: int, seed: int, unlikes: bool = True) -> Case:
    """A simulated world ready for a detector; kept, since the battery looks at each several times."""
    simulated = simulate(
        scenario, events=events, seed=seed, overrides=None if unlikes else {"unlikes": 0, "dropped": 0}
    )
    return case_of(simulated.events, simulated.truth)


def case_of(table: pa.Table, truth: pa.Table) -> Case:
    """A table of events with its truth (``event_id, bought, label, group``), joined on the event id."""
    named = named_log(table)
    row = pa.array(np.asarray(pc.index_in(named.event_ids, truth["event_id"].combine_chunks()), np.int64))
    label = truth["label"].take(row).to_numpy(zero_copy_only=False).astype(object)
    group = pc.fill_null(truth["group"], "").take(row).to_numpy(zero_copy_only=False).astype(object)
    return Case(table, named, label, group, np.asarray(truth["bought"].take(row).to_numpy(), np.bool_))


def run(detector: Detector, log: EventLog, seed: int) -> Findings:
    """Ask a detector, with a fresh context."""
    return detector.find(log, Context(log, seed))


def exhibits(findings: Findings, row: int) -> Ints:
    """Likes that finding ``row`` rests on."""
    return findings.exhibits.row[findings.exhibits.offsets[row] : findings.exhibits.offsets[row + 1]]


def share_with(findings: Findings, flag: Bools) -> Floats:
    """Share of each finding's exhibits with a flag, weighted by the exhibits' own share; 0 without exhibits."""
    size = len(findings)
    of = np.repeat(np.arange(size), np.diff(findings.exhibits.offsets))
    weight = findings.exhibits.share
    total = np.bincount(of, weights=weight, minlength=size)
    flagged = np.bincount(of, weights=weight * flag[findings.exhibits.row], minlength=size)
    return np.asarray(flagged / np.maximum(total, 1e-12), dtype=np.float64)


def about(findings: Findings, case: Case, labels: Collection[str], at_least: float = 0.5) -> Bools:
    """Findings whose exhibits are mostly likes of the given labels."""
    return share_with(findings, np.isin(case.label, list(labels))) >= at_least


def signature(findings: Findings, event_ids: pa.Array) -> list[Signature]:
    """Findings as values that do not depend on numbering or order: exhibits by event id, figures, support."""
    names = event_ids.to_numpy(zero_copy_only=False)
    rows = []
    for row in range(len(findings)):
        what = tuple(sorted(names[exhibits(findings, row)].tolist()))
        figures = (findings.statistic, findings.expectation, findings.p_value, findings.q_value)
        a, b, c, d = (float(column[row]) for column in figures)
        rows.append((what, a, b, c, d, int(findings.support[row])))
    return sorted(rows)


def same_findings(one: list[Signature], other: list[Signature]) -> bool:
    """The same findings but for rounding and for a seeded draw that fell otherwise.

    Exhibits and support are equal, statistics to a millionth, expectations to a hundredth, and p-values to a hundredth
    of their logarithm (or two hundredths of themselves).
    """
    if len(one) != len(other):
        return False
    for (what, statistic, expected, p, _, support), (what2, statistic2, expected2, p2, _, support2) in zip(
        one, other, strict=True
    ):
        log_p, log_p2 = np.log(max(p, 1e-300)), np.log(max(p2, 1e-300))
        if what != what2 or support != support2 or abs(log_p - log_p2) > 0.02 + 0.01 * abs(log_p):
            return False
        if not np.isclose(statistic, statistic2, rtol=1e-6) or not np.isclose(expected, expected2, rtol=0.01):
            return False
    return True


def without(log: EventLog, rows: Ints) -> tuple[EventLog, Ints]:
    """The log without some likes, numbering and window unchanged; and the old row of each like that stays."""
    kept = np.setdiff1d(np.arange(log.n), rows)
    return _rebuilt(log, log.actor[kept], log.target[kept], log.at_ms[kept], kept, log.n_actors), kept


def joined_by(log: EventLog, actor: Ints, target: Ints, at_ms: Ints, like: Ints) -> tuple[EventLog, Ints]:
    """The log with more likes, each with the device and address of an existing one; and the old row of each, or -1.

    Actors at or above ``n_actors`` are new accounts.
    """
    source = np.concatenate([np.arange(log.n), like])
    old = np.concatenate([np.arange(log.n), np.full(like.size, -1)])
    actors = np.concatenate([log.actor, actor])
    targets, at = np.concatenate([log.target, target]), np.concatenate([log.at_ms, at_ms])
    order = np.lexsort((actors, at, targets))
    total = max(log.n_actors, int(actors.max()) + 1)
    return _rebuilt(log, actors[order], targets[order], at[order], source[order], total), old[order]


def _rebuilt(
    log: EventLog,
    actor: NDArray[np.integer[Any]],
    target: NDArray[np.integer[Any]],
    at: Ints,
    source: Ints,
    n_actors: int,
) -> EventLog:
    return EventLog(
        actor=np.asarray(actor, np.int32),
        target=np.asarray(target, np.int32),
        at_ms=np.asarray(at, np.int64),
        n_actors=n_actors,
        n_targets=log.n_targets,
        born_ms=log.born_ms,
        born_known=log.born_known,
        start_ms=log.start_ms,
        end_ms=log.end_ms,
        device=None if log.device is None else log.device[source],
        ip=None if log.ip is None else log.ip[source],
        author=log.author,
    )


def more_of_the_same(log: EventLog, likes: Ints, rng: np.random.Generator) -> tuple[EventLog, Ints]:
    """The log after the same hands did more: members complete what they left out; on one target, new accounts join.

    ``likes`` are the exhibits of a finding. Every added like happens beside one of the exhibits on its target.
    """
    members, served = np.unique(log.actor[likes]), np.unique(log.target[likes])
    offsets = offsets_of(np.sort(log.target[likes]), log.n_targets)
    by_target = likes[np.argsort(log.target[likes], kind="stable")]
    if served.size > 1:
        pairs = (members[:, None].astype(np.int64) * log.n_targets + served[None, :]).ravel()
        missing = np.setdiff1d(pairs, log.actor.astype(np.int64) * log.n_targets + log.target)
        missing = rng.permutation(missing)[: max(1, likes.size // 5)]
        actor, target = missing // log.n_targets, missing % log.n_targets
    else:
        extra = max(1, likes.size // 5)
        actor, target = log.n_actors + np.arange(extra), np.full(extra, served[0], np.int64)
    width = offsets[target + 1] - offsets[target]
    beside = by_target[offsets[target] + (rng.random(target.size) * width).astype(np.int64)]
    if served.size > 1:
        # A member keeps the device and address of one of its own exhibits.
        own = likes[np.argsort(log.actor[likes], kind="stable")]
        first = np.searchsorted(log.actor[own], actor)
        return joined_by(log, actor, target, log.at_ms[beside], own[first])
    return joined_by(log, actor, target, log.at_ms[beside], beside)
