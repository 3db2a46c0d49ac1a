"""What a count may hold where no like can be named: the excess of one-off actors below any line of significance.

A finding too weak to weigh on a like still says something about the *count*: of a hundred targets that show a little
too much, some were sold to, and how many and how much is read off all targets of the log at once
(:mod:`plaudit.kernels.excess`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.kernels.excess import joint_chances, learn
from plaudit.kernels.stays import came_once
from plaudit.kernels.tails import log_evidence
from plaudit.model import Bools, EventLog, Family, Findings, Floats, Ints, SubjectKind
from plaudit.tally.hands import counted, seller_hands
from plaudit.verdict.evidence import CAPS, SIGNIFICANT

_NEGLIGIBLE = 0.02
"""Chance of an excess below which a target is left alone."""
_TURNS = 3
_SURE = 0.5
"""Chance of an excess from which a target says who comes with one-offs."""
_UNSEEN = 0.5
"""Relative standard error of how many hands came along: those whose other orders are too small to show are not told."""


@dataclass(frozen=True)
class Excess:
    """Possible purchases by target, one entry per finding with an excess.

    Attributes:
        finding: number of the finding through all detectors, ``int64[m]``; ``target`` dense, ``int64[m]``.
        chance: that there is an excess, ``float64[m]``; ``certainty``: that an excess is a purchase.
        likes: its size if it was; ``spread`` its standard deviation, ``float64[m]``.
    """

    finding: Ints
    target: Ints
    chance: Floats
    certainty: Floats
    likes: Floats
    spread: Floats


def possible_excess(log: EventLog, findings: Sequence[Findings], explained: Bools) -> Excess:
    """All target findings of the account family that count more than they expect.

    Args:
        log: the likes that stand.
        findings: of all detectors.
        explained: likes that belong to something else found, ``bool[n]``.
    """
    parts: list[Excess] = []
    start = 0
    for part in findings:
        if part.family is Family.ACCOUNT and part.subject_kind is SubjectKind.TARGET and len(part):
            parts.append(_of(part, start, log, explained))
        start += len(part)
    empty_i, empty_f = np.zeros(0, np.int64), np.zeros(0)
    return Excess(
        np.concatenate([*(one.finding for one in parts), empty_i]).astype(np.int64),
        np.concatenate([*(one.target for one in parts), empty_i]).astype(np.int64),
        np.concatenate([*(one.chance for one in parts), empty_f]),
        np.concatenate([*(one.certainty for one in parts), empty_f]),
        np.concatenate([*(one.likes for one in parts), empty_f]),
        np.concatenate([*(one.spread for one in parts), empty_f]),
    )


def _of(part: Findings, start: int, log: EventLog, explained: Bools) -> Excess:
    points = part.support
    count = np.clip(np.rint(part.statistic).astype(np.int64), 0, points)
    mean = np.clip(part.expectation / np.maximum(points, 1), 1e-4, 1 - 1e-4)
    # What belongs to something else found is counted there, and not again.
    home = np.repeat(np.arange(len(part)), np.diff(part.exhibits.offsets))
    again = np.bincount(home[explained[part.exhibits.row]], minlength=len(part))
    again = np.minimum(again, count)
    points, count = points - again, count - again
    kinds = _kinds(part.subject)
    usual = [learn(count[rows], points[rows], mean[rows]) for rows in kinds]

    def posterior(points: Ints) -> tuple[Floats, Floats, Floats]:
        chance, likes, spread = (np.zeros(len(part)) for _ in range(3))
        for rows, own in zip(kinds, usual, strict=True):
            chance[rows], likes[rows], spread[rows] = own.posterior(count[rows], points[rows], mean[rows])
        return chance, likes, spread

    # By target and kind: what a target has too many of one kind, it may have of another.
    target, place = np.unique(part.subject, return_inverse=True)
    kind = np.empty(len(part), np.int64)
    for number, rows in enumerate(kinds):
        kind[rows] = number
    shares, beside = np.array([own.part for own in usual]), np.zeros(len(part))
    for _ in range(_TURNS):
        # What there is too much of another kind is no witness of how many of this one belong there.
        chance, likes, _ = posterior(np.maximum(points - np.rint(beside).astype(np.int64), count))
        alone, expected = (np.zeros((target.shape[0], len(kinds))) for _ in range(2))
        alone[place, kind] = chance
        joint = joint_chances(alone, shares)
        chance = joint[place, kind]
        expected[place, kind] = chance * likes
        beside = expected.sum(axis=1)[place] - chance * likes
        if len(kinds) < 2:
            break
    surest = np.maximum(joint.max(axis=1, initial=0.0), 1e-9)
    named = joint[:, 1:].max(axis=1, initial=0.0) / surest
    came, doubt_of = _companions(log, target, surest, expected.sum(axis=1) / surest, named, explained)
    # Whoever came with them is put down to the kind with most.
    main = kind == expected.argmax(axis=1)[place] if len(kinds) else kind
    others, doubt = np.where(main, came[place], 0.0), np.where(main, doubt_of[place], 0.0)
    rows = np.flatnonzero((likes >= 1.0) & (chance >= _NEGLIGIBLE))
    # Nor are those who came with them.
    fewer = np.maximum(points - np.rint(beside + (surest * came)[place]).astype(np.int64), count)
    _, likes, spread = posterior(fewer)
    likes, spread = likes[rows], np.hypot(spread, doubt / (1.0 - mean))[rows]
    return Excess(rows + start, part.subject[rows], chance[rows], part.certainty[rows], likes + others[rows], spread)


def _kinds(subject: Ints) -> list[Ints]:
    """Findings of each kind of account, ascending: of several about one target each is about a kind of its own."""
    order = np.argsort(subject, kind="stable")
    first = np.r_[True, np.diff(subject[order]) > 0]
    place = np.arange(subject.shape[0])
    kind = np.empty(subject.shape[0], np.int64)
    kind[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return [np.flatnonzero(kind == number) for number in range(int(kind.max(initial=-1)) + 1)]


def _companions(
    log: EventLog, target: Ints, chance: Floats, likes: Floats, named: Floats, explained: Bools
) -> tuple[Floats, Floats]:
    """Bought likes by accounts used for several orders: how many come with an excess, and how surely.

    A seller uses most accounts once and some again: on which targets is told by where else these were.

    Args:
        chance: of any excess on each target, ``float64[m]``; ``likes`` of all kinds if there is one, ``float64[m]``.
        named: chance that accounts with several likes in one visit are in excess there, and counted so, ``float64[m]``.

    Returns:
        expected number and standard deviation given that there is an excess, ``float64[m]`` each.
    """
    if not (chance >= _SURE).any():
        return np.zeros(target.shape[0]), np.zeros(target.shape[0])
    rows = np.flatnonzero((np.bincount(log.actor, minlength=log.n_actors)[log.actor] > 1) & ~explained)
    hand = seller_hands(log, rows, target, chance, likes)
    own = np.zeros(log.n_targets)
    own[target] = named
    once = came_once(log.actor, log.at_ms, log.n_actors)[rows]
    hand = np.where(once, hand * (1.0 - own[log.target[rows]]), hand)
    number, noise = (told[target] for told in counted(log, rows, hand))
    return number, np.sqrt(noise + (_UNSEEN * number) ** 2)


def trust(findings: Sequence[Findings], weight: Floats) -> float:
    """How much of the account family's weight labels have left, 0 to 1; 1 without labels.

    What labels say about excesses in which likes can be named they say about those in which none can.

    Args:
        findings: all of them.
        weight: nats of each finding as weighed, through all detectors in order.
    """
    cap, before, after, start = CAPS[Family.ACCOUNT], 0.0, 0.0, 0
    for part in findings:
        if part.family is Family.ACCOUNT:
            own = np.where(part.q_value <= SIGNIFICANT, log_evidence(part.p_value), 0.0)
            before += float(np.minimum(own, cap).sum())
            after += float(np.minimum(weight[start : start + len(part)], cap).sum())
        start += len(part)
    return min(after / before, 1.0) if before > 0 else 1.0
