"""What several detectors found of the same people is one suspected group, and is doubted as one.

Detectors do not see each other. An order book is found by its audience, its fastest pairs by their pace and its farm by
its devices; each would be a group of its own, and the pace of a ring beyond doubt would stay in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.detectors.links import components, same_people
from plaudit.kernels.tails import log_evidence
from plaudit.model import EventLog, Family, Findings, Floats, Ints, Ints32, SubjectKind
from plaudit.verdict.evidence import BESIDE, DECISIVE, PAIRED, SIGNIFICANT, SURE, logit, sigmoid

_LIKELY = 0.5
_MOSTLY = 0.5
_LEADING = (Family.AUDIENCE, Family.SYNCHRONY, Family.CONTEXT)
"""Families whose groups may be the same people, the one that sees most of a ring first."""


def heard_together(log: EventLog, findings: Sequence[Findings]) -> list[Findings]:
    """The same findings; the certainty of groups in doubt is what it is with the other families heard.

    Friends who share posts, or the people of one place, would look like a ring to who asks when and with whom; they do
    not act from a few devices. Where most likes of such a group are told by evidence of a family that has no part in
    its innocent double (:data:`plaudit.verdict.evidence.PAIRED`), and that is itself beyond doubt, its nats come to
    the odds of the doubt. What was found of the same likes by pace is as certain as what was found by audience.
    """
    told = np.zeros(log.n, dtype=np.float32)
    for part in findings:
        if part.family in PAIRED:
            rows, nats = _told(part, part.certainty >= SURE)
            np.maximum.at(told, rows, nats)
    out = [_resolved(part, told) if part.family in DECISIVE else part for part in findings]
    leader, certain = np.full(log.n, -1, dtype=np.int64), [np.zeros(0)]
    for part in out:
        if part.family is Family.AUDIENCE:
            for k in _speaking(part).tolist():
                leader[_likely(part, k)] = sum(one.shape[0] for one in certain) + k
            certain.append(part.certainty)
    known = np.concatenate(certain)
    return [_led(part, leader, known) if part.family is Family.SYNCHRONY else part for part in out]


def _speaking(part: Findings) -> Ints:
    """Findings about groups that weigh anything."""
    if part.subject_kind is not SubjectKind.GROUP:
        return np.zeros(0, np.int64)
    return np.flatnonzero(part.q_value <= SIGNIFICANT)


def _likely(part: Findings, k: int) -> Ints:
    own = slice(int(part.exhibits.offsets[k]), int(part.exhibits.offsets[k + 1]))
    return part.exhibits.row[own][part.exhibits.share[own] > _LIKELY]


def _told(part: Findings, sure: np.ndarray) -> tuple[Ints, Floats]:
    """Likes that findings beyond doubt rest on, and the nats of each."""
    weight = np.where(sure & (part.q_value <= SIGNIFICANT), log_evidence(part.p_value), 0.0)
    nats = np.repeat(np.minimum(weight, BESIDE[part.family]), np.diff(part.exhibits.offsets))
    keep = nats > 0
    return part.exhibits.row[keep], nats[keep]


def _resolved(part: Findings, told: np.ndarray) -> Findings:
    certainty = part.certainty.copy()
    for k in _speaking(part).tolist():
        nats = told[_likely(part, k)]
        if certainty[k] < SURE and nats.shape[0] and float((nats > 0).mean()) > _MOSTLY:
            certainty[k] = float(sigmoid(logit(certainty[k]) + float(nats.mean())))
    return replace(part, certainty=certainty)


def _led(part: Findings, leader: Ints, known: Floats) -> Findings:
    certainty = part.certainty.copy()
    for k in _speaking(part).tolist():
        mine = leader[_likely(part, k)]
        found, count = np.unique(mine[mine >= 0], return_counts=True)
        if certainty[k] < SURE and found.shape[0] and count.max() > _MOSTLY * mine.shape[0]:
            certainty[k] = known[found[np.argmax(count)]]
    return replace(part, certainty=certainty)


@dataclass(frozen=True)
class Homes:
    """Which group findings are about the people of another.

    Attributes:
        other: of a finding, by number through all detectors, those of a leading family that consist of its people.
        rows: likely likes of every finding that is somebody's ``other``.
        size: how many findings there are.
    """

    other: dict[int, list[int]]
    rows: dict[int, Ints]
    size: int


def homes(log: EventLog, findings: Sequence[Findings]) -> Homes:
    """Findings whose people are those of another group (:func:`plaudit.detectors.links.same_people`).

    That is one of a family that leads, or of the same leading family where both are beyond doubt.
    """
    activity = np.bincount(log.actor, minlength=log.n_actors).astype(np.int64)
    number: list[int] = []
    rank: list[int] = []
    sure: list[bool] = []
    rows: list[Ints] = []
    start = 0
    for part in findings:
        for k in _speaking(part).tolist() if part.family in _LEADING else ():
            number.append(start + k)
            rank.append(_LEADING.index(part.family))
            sure.append(bool(part.certainty[k] >= SURE))
            rows.append(_likely(part, k))
        start += len(part)
    i, j, _ = same_people(log, activity, rows)
    other: dict[int, list[int]] = {}
    for a, b in sorted(zip(np.append(i, j).tolist(), np.append(j, i).tolist(), strict=True)):
        one_hand = rank[a] == rank[b] == 0 and sure[a] and sure[b] and b < a
        if rank[b] < rank[a] or one_hand:
            other.setdefault(a, []).append(b)
    # Of several families that lead, the first alone: it sees most.
    kept = {a: [b for b in led if rank[b] == min(rank[c] for c in led)] for a, led in other.items()}
    return Homes(
        {number[a]: [number[b] for b in led] for a, led in kept.items()},
        {number[b]: rows[b] for led in kept.values() for b in led},
        start,
    )


def at_home(log: EventLog, known: Homes, like: Ints, deciding: Ints32) -> Ints:
    """The finding that names the group of each like, ``int64[likes]``, given the one that decided about it.

    Where one group consists of the same people, both are one, named by whichever decided about more likes. Where
    several do (a farm that serves two rings), each like goes where its actor's other likes are, or else its target's.

    Args:
        like: rows of the log; ``deciding``: number of the finding that decided about each.
    """
    out = deciding.astype(np.int64)
    i: list[int] = []
    j: list[int] = []
    for finding, others in known.other.items():
        mine = np.flatnonzero(deciding == finding)
        if len(others) == 1:
            i.append(finding)
            j.append(others[0])
        elif mine.shape[0]:
            by_target = _most(log.target, known, like[mine], others, np.full(mine.shape[0], finding, np.int64))
            out[mine] = _most(log.actor, known, like[mine], others, by_target)
    size = np.bincount(out, minlength=known.size)
    name = np.arange(known.size)
    for members in components(known.size, np.array(i, np.int64), np.array(j, np.int64)):
        name[members] = members[np.argmax(size[members])]
    return np.asarray(name[out], dtype=np.int64)


def _most(key: Ints32, known: Homes, like: Ints, others: Sequence[int], otherwise: Ints) -> Ints:
    """For each like the one of ``others`` with most likes of the same ``key``; ``otherwise`` where none has any."""
    keys, place = np.unique(key[like], return_inverse=True)
    count = np.zeros((len(others), keys.shape[0]), np.int64)
    for number, other in enumerate(others):
        theirs = key[known.rows[other]]
        count[number] = np.bincount(np.searchsorted(keys, theirs[np.isin(theirs, keys)]), minlength=keys.shape[0])
    best = np.array(others, np.int64)[count.argmax(axis=0)]
    return np.where(count.max(axis=0)[place] > 0, best[place], otherwise)
