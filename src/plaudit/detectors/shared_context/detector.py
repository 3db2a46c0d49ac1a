"""The ``shared_context`` detector: many actors of one device or address on one target.

Sharing is innocent: families share devices; classes, offices and carriers share addresses. So a cell (context,
target) with ``k`` actors is judged against the cells of *this* log whose contexts are as busy and targets as liked.
The people behind one NAT are a group whatever they do, so an address is judged by its *tenth* most surprising sitting
(a class or an office meets a few times in a log) and never carries more than a circle of friends does. A device with
many accounts is judged by its first; devices that stand out and serve the same targets are one hand's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from plaudit.detectors.circle import SITTINGS_APART_MS
from plaudit.detectors.counts import fit_overlap_null
from plaudit.detectors.shared_context.hands import Cells, joined
from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.grouping import grouped
from plaudit.kernels.tails import log_q_values
from plaudit.model import EventLog, Exhibits, Family, Findings, Floats, Ints, Ints32, SubjectKind

SPEC = DetectorSpec(
    id="shared_context",
    version="3",
    question="Do more actors of one device or address meet on a target than this log's own sharing explains?",
    family=Family.CONTEXT,
    requires=("device|ip",),
    min_likes=200,
    parameters={"min_actors": 3.0, "link_fdr": 0.01},
    innocent=("class_behind_nat", "office_network", "carrier_nat", "shared_device_family"),
    evasions=("separate_devices",),
    beside=True,
)


ADDRESS_CERTAINTY = 0.2
"""Chance of a ring where a class, an office, a house or a carrier would look the same: even odds among the five."""

ADDRESS_SITTINGS = 10
"""Sittings an address must surprise in before its people say more than that they share it."""


@dataclass(frozen=True)
class SharedContext:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per hand (devices that serve the same targets) or address with a crowded target: actors there."""
        parts, candidates = _judged(log)
        log_p = np.concatenate([part.log_p for part in parts])
        counts = np.concatenate([np.diff(part.offsets) for part in parts])
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.concatenate([part.rows for part in parts])
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.GROUP,
            subject=np.arange(log_p.shape[0]),
            statistic=np.concatenate([part.actors for part in parts]).astype(np.float64),
            expectation=np.concatenate([part.expected for part in parts]),
            p_value=np.exp(log_p),
            q_value=np.exp(np.concatenate([part.log_q for part in parts])),
            support=counts.astype(np.int64),
            start_ms=_reduce(np.minimum, log.at_ms[rows], offsets),
            end_ms=_reduce(np.maximum, log.at_ms[rows], offsets),
            exhibits=Exhibits(offsets, rows, np.concatenate([part.share for part in parts])),
            certainty=np.concatenate([part.certainty for part in parts]),
            candidates=candidates,
        )


def _judged(log: EventLog) -> tuple[list[Cells], int]:
    """Devices, those of one hand joined, and addresses, where the log has them; and how many contexts were judged."""
    parts = []
    devices = log.device is not None and bool((log.device >= 0).any())
    if log.device is not None and devices:
        parts.append(_judge(log, log.device, 1.0, 1, 2))
    if log.ip is not None and bool((log.ip >= 0).any()):
        parts.append(_judge(log, log.ip, ADDRESS_CERTAINTY, ADDRESS_SITTINGS, int(SPEC.parameters["min_actors"])))
    # The rate of false discoveries is controlled over contexts, before any are joined.
    log_p = np.concatenate([part.log_p for part in parts])
    ends = np.cumsum([part.log_p.shape[0] for part in parts])[:-1]
    parts = [
        replace(part, log_q=log_q)
        for part, log_q in zip(parts, np.split(log_q_values(log_p, log_p.shape[0]), ends), strict=True)
    ]
    if devices:
        parts[0] = joined(log, parts[0], float(np.log(SPEC.parameters["link_fdr"])))
    return parts, log_p.shape[0]


def _reduce(ufunc: np.ufunc, values: Ints, offsets: Ints) -> Ints:
    return np.asarray(ufunc.reduceat(values, offsets[:-1]), np.int64) if offsets.shape[0] > 1 else np.zeros(0, np.int64)


def _nth_sitting(owner: Ints, sitting: Ints, log_p: Floats, owners: int, nth: int) -> Floats:
    """``ln p`` of each owner's ``nth`` smallest sitting, a sitting being its best cell; 0 where there are fewer."""
    order = np.lexsort((log_p, sitting, owner))
    first = np.ones(order.shape[0], dtype=bool)
    first[1:] = (np.diff(owner[order]) != 0) | (np.diff(sitting[order]) != 0)
    best = order[first]
    best = best[np.lexsort((log_p[best], owner[best]))]
    begin = np.searchsorted(owner[best], np.arange(owners))
    rank = np.arange(best.shape[0]) - begin[owner[best]]
    out = np.zeros(owners)
    out[owner[best[rank == nth - 1]]] = log_p[best[rank == nth - 1]]
    return out


def _judge(log: EventLog, column: Ints32, certainty: float, sittings: int, least: int) -> Cells:
    """Judge every cell of a column, then every context by its ``sittings``-th most surprising sitting.

    Exhibits are its cells of ``least`` actors or more.
    """
    # As narrow as may be: of many millions of likes every column here is as large as one of the log.
    known = np.flatnonzero(column >= 0).astype(np.int32)
    # Rows ascend by target already.
    order = known[grouped(column[known], int(column.max()) + 1)[1]]
    context, target = column[order], log.target[order]
    start = np.flatnonzero(np.r_[True, (context[1:] != context[:-1]) | (target[1:] != target[:-1])])
    # A standing like is unique per (actor, target), so likes in a cell are actors in a cell.
    actors = np.diff(start, append=order.shape[0])
    holder = context[start]
    busy = np.bincount(context).astype(np.int32)[holder]
    popular = np.bincount(log.target[known], minlength=log.n_targets).astype(np.int32)[target[start]]
    mean = np.maximum((busy - 1.0) * popular / max(known.shape[0], 1), 1e-9)
    del context, target, busy, popular
    null = fit_overlap_null(actors, mean)
    home = null.bins(mean)
    crowded = actors >= SPEC.parameters["min_actors"]
    log_p = null.log_p(actors[crowded], mean[crowded], home[crowded])
    owner, where = np.unique(holder[crowded], return_inverse=True)
    sitting = log.at_ms[order[start[crowded]]] // SITTINGS_APART_MS
    worst = _nth_sitting(where, sitting, log_p, owner.shape[0], sittings)
    cells = np.bincount(holder)[owner]
    # Who is judged by crowds is judged with its pairs: of a delivery over many contexts some cells stay small.
    asked = np.zeros(int(column.max()) + 1, dtype=bool)
    asked[owner] = True
    crowded = (actors >= least) & asked[holder]
    where = np.searchsorted(owner, holder[crowded])
    usual = null.moments()[0][home[crowded]]
    share = np.clip(1.0 - (usual - 1.0) / actors[crowded], 0.01, 1.0)
    by_owner = np.argsort(where, kind="stable")
    length = actors[crowded][by_owner]
    first = start[crowded][by_owner]
    rows = order[np.repeat(first - (np.cumsum(length) - length), length) + np.arange(int(length.sum()))]
    return Cells(
        actors=np.bincount(where, actors[crowded], owner.shape[0]).astype(np.int64),
        expected=np.bincount(where, usual, owner.shape[0]).astype(np.float64),
        log_p=np.minimum(worst + np.log(np.maximum(cells, 1)), 0.0),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(where, actors[crowded], owner.shape[0]))]).astype(np.int64),
        rows=rows.astype(np.int64),
        share=np.repeat(share[by_owner], length),
        certainty=np.full(owner.shape[0], certainty),
        log_q=np.zeros(owner.shape[0]),
    )


DETECTOR = SharedContext()
