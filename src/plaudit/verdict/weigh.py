"""The verdict: prior, families' weights, the chance of a passer-by, and one of three statuses per like.

``p = sigmoid(logit prior + sum of family weights) * share``: the first factor is about the *finding* (was there an
order here?), ``share`` about the *like* (was it part of it, or did somebody pass by?). Both can be drawn as one
waterfall.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.tails import log_evidence
from plaudit.model import (
    LOG_FAMILIES,
    STATUSES,
    Bools,
    EventLog,
    Findings,
    Floats,
    Groups,
    Ints,
    Ints32,
    Status,
    SubjectKind,
    Verdicts,
)
from plaudit.verdict.bearing import Held, bearing, by_row
from plaudit.verdict.evidence import (
    BESIDE,
    CAPS,
    DECISIVE,
    PAIRED,
    SIGNIFICANT,
    TRADED,
    Calibration,
    FamilyMap,
    estimate_prior,
    logit,
    sigmoid,
)
from plaudit.verdict.together import at_home, homes

DISCOUNT_AT = 0.9
"""Posterior from which a like is not counted: of ten likes at the line, one would be genuine; most lie far above it."""

UNDETERMINED_AT = 0.1
"""Posterior below which a like is counted as verified."""

NAMED_AT = 0.2
"""Chance of a group to be bought or traded from which it is named."""

_VERIFIED = STATUSES.index(Status.VERIFIED)
_PRIOR_LEAST = 1e-4
"""Share of bought likes that no log is assumed to be below."""


def weigh(log: EventLog, findings: Sequence[Findings], learned: Calibration | None = None) -> Verdicts:
    """Join all findings into one opinion per like. Findings are numbered through all detectors in order.

    With ``learned``, every family's weights pass through its map first, and the prior is the one they were learned
    beside. Caps, certainty and the rules of who may discount hold all the same.
    """
    n = log.n
    p_values = np.concatenate([f.p_value for f in findings]) if findings else np.zeros(0)
    q_values = np.concatenate([f.q_value for f in findings]) if findings else np.zeros(0)
    certainty = np.concatenate([f.certainty for f in findings] + [np.zeros(0)])
    weight = np.where(q_values <= SIGNIFICANT, log_evidence(p_values), 0.0)
    told, bearing_like, bearing_finding = [], [], []
    start = 0
    for part in findings:
        own = weight[start : start + len(part)]
        if learned is not None:
            own[:] = learned.maps.get(part.family, FamilyMap())(own, CAPS[part.family])
        like, number, share = bearing(part, own)
        told.append((LOG_FAMILIES.index(part.family), number, share, np.minimum(own[number], CAPS[part.family]), start))
        bearing_like.append(like)
        bearing_finding.append((number + start).astype(np.int32))
        start += len(part)
    # Of most likes nothing is said: what is held of each is held of the others only.
    evident = _named(bearing_like, n)
    held = Held.nothing(len(LOG_FAMILIES), evident.shape[0])
    for like, (family, number, part_share, capped, first) in zip(bearing_like, told, strict=True):
        held.absorb(family, np.searchsorted(evident, like), number, part_share, capped, first)
    del told
    family_weight = held.weight
    traded = LOG_FAMILIES.index(TRADED)
    decisive = [LOG_FAMILIES.index(family) for family in DECISIVE]
    family_weight[traded, family_weight[decisive].max(axis=0) > 0] = 0.0
    row = LOG_FAMILIES.index
    resolves = {row(family): [row(partner) for partner in sorted(partners)] for family, partners in PAIRED.items()}
    share, deciding = held.deciding(certainty, resolves)
    evidence = family_weight.sum(axis=0, dtype=np.float64)
    prior = (
        learned.prior
        if learned
        else estimate_prior(np.where(family_weight[traded] > 0, 0.0, evidence), share, n, _PRIOR_LEAST)
    )
    p = np.where(evidence > 0, sigmoid(logit(prior) + evidence) * share, 0.0)
    status = _spread(_status(p, family_weight, share, logit(prior) + evidence), evident, n, _VERIFIED)
    p, share, deciding = _spread(p, evident, n, 0.0), _spread(share, evident, n, 0.0), _spread(deciding, evident, n, -1)
    del held, evidence
    offsets, finding = by_row(bearing_like, bearing_finding, n)
    group, groups = _groups(log, findings, p, deciding, weight, prior)
    return Verdicts(
        p_inauthentic=p,
        status=status,
        group=group,
        finding_offsets=offsets,
        finding=finding,
        evident=evident,
        evident_weight=family_weight,
        share=share,
        deciding=deciding,
        weight=weight,
        prior=prior,
        prior_low=min(prior, float(np.mean(np.where(status == STATUSES.index(Status.DISCOUNTED), p, 0.0))))
        if n
        else 0.0,
        prior_high=max(prior, float(np.mean(np.where(status != STATUSES.index(Status.VERIFIED), 1.0, p))))
        if n
        else 1.0,
        caps={family.value: CAPS[family] for family in LOG_FAMILIES},
        groups=groups,
    )


def _named(rows: Sequence[Ints], n: int) -> Ints:
    """Rows below ``n`` that any of these names, ascending."""
    seen = np.zeros(n, dtype=bool)
    for some in rows:
        seen[some] = True
    return np.flatnonzero(seen)


def _spread(values: NDArray[Any], rows: Ints, n: int, other: float) -> NDArray[Any]:
    """``values`` at their rows of ``n``, ``other`` elsewhere."""
    out = np.full(n, other, dtype=values.dtype)
    out[rows] = values
    return out


def _status(p: Floats, family_weight: np.ndarray, share: Floats, odds: Floats) -> NDArray[np.int8]:
    """Three statuses; a discount needs a decisive family, or a pair of families that do not share an innocent cause.

    A pair must reach the line with what one of them may bring (:data:`plaudit.verdict.evidence.BESIDE`).

    Args:
        odds: log-odds of each like with all its evidence.
    """
    speaks = {family: family_weight[row] > 1.0 - 1e-6 for row, family in enumerate(LOG_FAMILIES)}
    may: Bools = np.zeros(p.shape[0], dtype=bool)
    for family in DECISIVE:
        may |= speaks[family]
    for family, partners in PAIRED.items():
        over = np.maximum(family_weight[LOG_FAMILIES.index(family)] - BESIDE[family], 0.0)
        reaches = sigmoid(odds - over) * share >= DISCOUNT_AT
        for partner in partners:
            may |= speaks[family] & speaks[partner] & reaches
    out = np.full(p.shape[0], _VERIFIED, dtype=np.int8)
    out[p >= UNDETERMINED_AT] = STATUSES.index(Status.UNDETERMINED)
    out[(p >= DISCOUNT_AT) & may] = STATUSES.index(Status.DISCOUNTED)
    return out


def _groups(
    log: EventLog, findings: Sequence[Findings], p: Floats, deciding: Ints32, weight: Floats, prior: float
) -> tuple[Ints32, Groups]:
    """Group findings become groups; a like belongs to the one that decided about it, if it is at all suspect.

    What several detectors found of the same people is one group (:mod:`plaudit.verdict.together`). A group accuses
    people together, so it takes more than a like: one that is hardly a ring (a class that meets by its timetable) is
    not named, and its likes are undetermined one by one.
    """
    is_group = np.concatenate(
        [np.full(len(f), f.subject_kind is SubjectKind.GROUP) for f in findings] + [np.zeros(0, dtype=bool)]
    )
    caps = np.concatenate([np.full(len(f), CAPS[f.family]) for f in findings] + [np.zeros(0)])
    certainty = np.concatenate([f.certainty for f in findings] + [np.zeros(0)])
    member = (deciding >= 0) & (p >= UNDETERMINED_AT)
    chance = sigmoid(logit(prior) + np.minimum(weight, caps)) * certainty
    member[member] &= (is_group & (chance >= NAMED_AT))[deciding[member]]
    rows = np.flatnonzero(member)
    named, row = np.unique(at_home(log, homes(log, findings), rows, deciding[rows]), return_inverse=True)
    group = np.full(log.n, -1, dtype=np.int32)
    group[rows] = row
    like = rows[np.argsort(row, kind="stable")]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=named.shape[0]))]).astype(np.int64)
    return group, Groups(named.astype(np.int64), offsets, like, chance[named])
