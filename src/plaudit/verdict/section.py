"""The verdict on a section: has this post or comment received bought likes? No like has a name, so none is judged.

The weighing is that of :mod:`plaudit.verdict.weigh`: calibrated nats, one finding per family, family caps, a prior read
off the data. The rules are stricter, because one witness always has an innocent twin: an influencer's share makes a
step, a lottery makes likes that no text explains. So at T0 nothing is ever discounted, and at T1 only where the curve
stands together with a second family.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.kernels.tails import log_evidence
from plaudit.model import STATUSES, Bools, Family, Findings, Floats, Ints, Ints32, Section, Status, Tier
from plaudit.verdict.bearing import Held, bearing, by_row
from plaudit.verdict.evidence import (
    SECTION_CAPS,
    SECTION_WITNESS,
    SIGNIFICANT,
    estimate_prior,
    logit,
    sigmoid,
)
from plaudit.verdict.weigh import DISCOUNT_AT, UNDETERMINED_AT

FAMILIES: tuple[Family, ...] = tuple(SECTION_CAPS)
"""Families that speak of sections, in the order of :attr:`SectionVerdicts.family_weight`."""

LEVELS = ("abstain", "weak", "medium", "strong")
"""Evidence levels, ascending: 弃权, 弱, 中, 强."""

_PRIOR_LEAST = 1e-3
"""A section is a hand-picked few posts, not a platform: no section is taken to be cleaner than this."""

COMMON = 0.5
"""Share of a family's doubt that is one innocent cause with the others: nobody measured it, so half."""

_EVEN = 0.5
"""Doubt no agreement takes for less: together, witnesses at even odds come to three quarters at most, which is never
enough to discount. Only a finding that shuts out its innocent twins by itself can lead there."""

_SPEAKS = 1.0
"""Nats from which a family counts as a witness beside another: odds of e to one (Kass & Raftery 1995: "positive")."""

_STRONG = 3.0
"""Nats called strong there: twenty to one."""


@dataclass(frozen=True)
class SectionVerdicts:
    """One opinion per target of a section (posts first). Arrays have one entry per target.

    Attributes:
        p: chance that the target received bought likes.
        status: what becomes of the likes the null does not explain, ``int8``, index into ``STATUSES``; the other
            likes of the target stay verified, and all of them where no finding says how many it does not explain.
        family_weight: nats of each family, ``float32[families, targets]``, in the order of :data:`FAMILIES`.
        witnesses: families that speak (at least one nat).
        share: share times certainty of the deciding finding, or what families that agree make of it (:func:`agreed`);
            ``deciding`` the number of that finding through all detectors, -1 none.
        finding_offsets, finding: CSR of the findings that bear on each target.
        level: evidence level, ``int8``, index into :data:`LEVELS`.
        weight: nats of every finding before the cap, and ``finding_level`` the level of each alone.
        prior, prior_low, prior_high: share of targets with likes that received bought ones, with bounds.
        caps: nats each family can carry.
    """

    p: Floats
    status: NDArray[np.int8]
    family_weight: NDArray[np.float32]
    witnesses: NDArray[np.int8]
    share: Floats
    deciding: Ints32
    finding_offsets: Ints
    finding: Ints32
    level: NDArray[np.int8]
    weight: Floats
    finding_level: NDArray[np.int8]
    prior: float
    prior_low: float
    prior_high: float
    caps: Mapping[str, float]


def weigh_section(section: Section, findings: Sequence[Findings]) -> SectionVerdicts:
    """Join all findings into one opinion per target. Findings are numbered through all detectors in order."""
    n = section.n_targets
    p_values = np.concatenate([*(f.p_value for f in findings), np.zeros(0)])
    q_values = np.concatenate([*(f.q_value for f in findings), np.zeros(0)])
    certainty = np.concatenate([*(f.certainty for f in findings), np.zeros(0)])
    weight = np.where(q_values <= SIGNIFICANT, log_evidence(p_values), 0.0)
    held = Held.nothing(len(FAMILIES), n)
    rows: list[Ints] = []
    numbers: list[Ints32] = []
    counted = np.zeros(n, bool)
    start = 0
    for part in findings:
        own = weight[start : start + len(part)]
        row, number, share = bearing(part, own)
        counted[_counted(part, own)] = True
        # A family this table does not name (an event log's, from a plug-in) cannot speak of a section.
        if part.family in SECTION_CAPS:
            capped = np.minimum(own[number], SECTION_CAPS[part.family])
            held.absorb(FAMILIES.index(part.family), row, number, share, capped, start)
            rows.append(row)
            numbers.append((number + start).astype(np.int32))
        start += len(part)
    share, deciding = held.deciding(certainty, {})
    share = np.maximum(share, agreed(held))
    evidence = held.weight.sum(axis=0, dtype=np.float64)
    # A target without likes has none to be wrong about.
    liked = section.likes.low > 0
    prior = estimate_prior(np.where(liked, evidence, 0.0), share, int(liked.sum()), _PRIOR_LEAST)
    p = np.where((evidence > 0) & liked, sigmoid(logit(prior) + evidence) * share, 0.0)
    witnesses = (held.weight >= _SPEAKS - 1e-6).sum(axis=0).astype(np.int8)
    status = _status(np.where(counted, p, 0.0), held.weight, witnesses, section.tier)
    offsets, finding = by_row(rows, numbers, n)
    discounted, verified = STATUSES.index(Status.DISCOUNTED), STATUSES.index(Status.VERIFIED)
    at_risk = p[liked]
    return SectionVerdicts(
        p=p,
        status=status,
        family_weight=held.weight,
        witnesses=witnesses,
        share=share,
        deciding=deciding,
        finding_offsets=offsets,
        finding=finding,
        level=_level(status, p, witnesses),
        weight=weight,
        finding_level=_finding_level(weight, certainty),
        prior=prior,
        prior_low=min(prior, float(np.where(status[liked] == discounted, at_risk, 0.0).mean())) if liked.any() else 0.0,
        prior_high=max(prior, float(np.where(status[liked] != verified, 1.0, at_risk).mean())) if liked.any() else 1.0,
        caps={family.value: cap for family, cap in SECTION_CAPS.items()},
    )


def agreed(held: Held) -> Floats:
    """Chance that a target stands where its families say, each taken at even odds at most, ``float64[n_targets]``.

    Of each family's doubt a part (:data:`COMMON`) is an innocent cause that would move the others as well: a group that
    was called together makes a step, likes no text explains and one region at once. That part stays however many
    agree; the rest are twins of their own (a push for the curve, wit for the text), which would all have to be true.
    """
    speaks = held.weight >= _SPEAKS - 1e-6
    doubt = np.where(speaks, np.maximum(1.0 - held.share, _EVEN), 1.0)
    common = COMMON * doubt.min(axis=0)
    apart = np.where(speaks, doubt - common, 1.0).prod(axis=0)
    return np.where(speaks.sum(axis=0) >= 2, 1.0 - common - apart, 0.0)


def _counted(part: Findings, weight: Floats) -> Ints:
    """Targets of which a weighty finding says how many likes it does not explain: only those can be in question."""
    shown = part.exhibits
    if shown.excess is None or part.family not in SECTION_CAPS:
        return np.zeros(0, np.int64)
    number = np.repeat(np.arange(len(part)), np.diff(shown.offsets))
    return shown.row[(weight[number] > 0) & (shown.share > 0) & (shown.excess > 0)]


def _status(p: Floats, family_weight: NDArray[np.float32], witnesses: NDArray[np.int8], tier: Tier) -> NDArray[np.int8]:
    out = np.full(p.shape[0], STATUSES.index(Status.VERIFIED), dtype=np.int8)
    out[p >= UNDETERMINED_AT] = STATUSES.index(Status.UNDETERMINED)
    if tier is Tier.CURVE:
        watched: Bools = family_weight[FAMILIES.index(SECTION_WITNESS)] >= _SPEAKS - 1e-6
        out[(p >= DISCOUNT_AT) & watched & (witnesses >= 2)] = STATUSES.index(Status.DISCOUNTED)
    return out


def _level(status: NDArray[np.int8], p: Floats, witnesses: NDArray[np.int8]) -> NDArray[np.int8]:
    """Strong where something is discounted; medium for two witnesses or better than even odds; weak for the rest."""
    out = np.zeros(p.shape[0], np.int8)
    out[status == STATUSES.index(Status.UNDETERMINED)] = LEVELS.index("weak")
    out[(out > 0) & ((witnesses >= 2) | (p > 0.5))] = LEVELS.index("medium")
    out[status == STATUSES.index(Status.DISCOUNTED)] = LEVELS.index("strong")
    return out


def _finding_level(weight: Floats, certainty: Floats) -> NDArray[np.int8]:
    """A finding alone: by its nats, and never strong where something innocent would look exactly the same."""
    out = np.zeros(weight.shape[0], np.int8)
    out[weight > 0] = LEVELS.index("weak")
    out[weight >= _SPEAKS] = LEVELS.index("medium")
    out[(weight >= _STRONG) & (certainty >= DISCOUNT_AT)] = LEVELS.index("strong")
    return out
