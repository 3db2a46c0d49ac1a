"""The ``throwaway`` detector: an excess of actors who came once.

Two kinds of accounts are made to be thrown away: those of one single like, and those that work off several orders in
the one visit they ever pay. Each kind is judged by itself, for how usual it is, and how much targets differ in it,
has nothing to do with the other.

Most one-off actors are innocent newcomers, so no single one is suspect. A target's *number* of them is judged against
a beta-binomial whose mean follows the time of its likes (near the end of a log everybody looks like a one-off) and
whose spread is learned from this log's targets together with how large the excesses of some are; and their crowding in
one stretch of the target's likes is scanned for.
Each like carries the posterior of the excess around it, and no more: friends called in to vote and bought throw-aways
look alike here, and a viral hour's newcomers are told by the regulars who came along
(:mod:`plaudit.detectors.throwaway.company`), never for sure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.detectors.throwaway.company import by_target, ordered, regulars_came
from plaudit.kernels.excess import Excesses, learn
from plaudit.kernels.scan import log_p_value, scan_targets
from plaudit.kernels.stays import came_once
from plaudit.kernels.tails import empirical_score, log_p_of_score, log_q_values, normal_score
from plaudit.model import Bools, EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind

SPEC = DetectorSpec(
    id="throwaway",
    version="5",
    question="Does the target have more actors who came once than this log's targets have at such times?",
    family=Family.ACCOUNT,
    min_likes=200,
    parameters={"min_points": 5.0, "neighbours": 20.0},
    innocent=("newcomers_in_viral_hour", "friends_called_in", "lottery", "product_launch"),
    evasions=("warm_accounts", "spread_delivery"),
    beside=True,
)

_TIME_BINS = 64
_LEAST = 5
_ALONE = 0.7
_SINGLE = 0.9
"""Part of the level that accounts of one like keep: whoever throws accounts away mostly throws them away at once."""
_HEARD = 30.0
"""Likes a target may speak for when the usual is learned."""
_BORROWED = 5.0
"""Likes at the log's own rate that every stretch of time is lent."""
_TURNS = 3
_SOME = 1e-9


@dataclass(frozen=True)
class Throwaway:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """Actors of a kind against the number expected, one finding per target with enough likes and kind.

        All targets of the first kind in ascending order, then all of the second, where anybody is of it.
        """
        offsets = log.target_offsets()
        points = np.diff(offsets)
        targets = np.flatnonzero(points >= self.spec.parameters["min_points"])
        single = context.activity[log.actor] == 1
        once = came_once(log.actor, log.at_ms, log.n_actors)
        came = regulars_came(log, context.rhythm.episodes, once)
        several = once & ~single
        stretch = _stretches_of_time(log)
        kinds = [self._kind(log, targets, single, came, stretch)]
        if several.any():
            kinds.append(self._kind(log, targets, several, came, stretch))
        subject = np.tile(targets, len(kinds))
        log_p, log_q = _log_weighted([kind.log_p for kind in kinds])
        bounds = np.cumsum(np.concatenate([[0], *(kind.exhibited for kind in kinds)]))
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.TARGET,
            subject=subject,
            statistic=np.concatenate([kind.count for kind in kinds]).astype(np.float64),
            expectation=np.concatenate([kind.expected for kind in kinds]),
            p_value=np.exp(log_p),
            q_value=np.exp(log_q),
            support=points[subject],
            start_ms=log.at_ms[offsets[subject]],
            end_ms=log.at_ms[offsets[subject + 1] - 1],
            exhibits=Exhibits(
                bounds.astype(np.int64),
                np.concatenate([kind.row for kind in kinds]),
                np.concatenate([kind.share for kind in kinds]),
            ),
            certainty=np.concatenate([kind.certainty for kind in kinds]),
            candidates=subject.shape[0],
        )

    def _kind(self, log: EventLog, targets: Ints, once: Bools, came: Floats, stretch: Ints) -> _Kind:
        """All targets asked about one kind of actor, whose likes are ``once``.

        Args:
            came: nats for regulars having come along with each like, ``float64[n]``.
            stretch: of time, of each like, see :func:`_stretches_of_time`.
        """
        offsets = log.target_offsets()
        points = np.diff(offsets)[targets]
        count = np.add.reduceat(np.append(once, False).astype(np.int64), offsets[:-1])[targets]
        near = _nearby(log, targets, once, self.spec.parameters["neighbours"])
        usual, chance, mean, excess = _usual(once, log, targets, count, near, stretch)
        log_p = _log_either(usual.log_tail(count, points, mean), _log_local(once, offsets, targets))
        share = near.share(chance)
        keep = share > 0
        row, share = near.row[keep], share[keep]
        home = np.searchsorted(targets, log.target[row])
        certainty, beside = by_target(ordered(came[row], share * excess[home]), share, home, targets.shape[0])
        exhibited = np.bincount(home, minlength=targets.shape[0])
        return _Kind(count, usual.level(mean) * points, log_p, certainty, row, share * beside, exhibited)


@dataclass(frozen=True)
class _Kind:
    """One kind of actor on every target: ``count`` and ``expected``, and what that says, ``[targets]`` each.

    ``row`` are likes in a stretch with an excess, by target, ``share`` of each local in time, ``exhibited`` how many
    each target has.
    """

    count: Ints
    expected: Floats
    log_p: Floats
    certainty: Floats
    row: Ints
    share: Floats
    exhibited: Ints


@dataclass(frozen=True)
class Nearby:
    """The one-off likes of targets with enough likes, and how many one-offs stand around each among its target's likes.

    Attributes:
        row: of the log, ``int64[k]``, ascending.
        count, around: one-offs among how many neighbouring likes, itself included, ``float64[k]``.
        own: what half the stretches of its target do not exceed, ``float64[k]``.
        begin, stop: the stretch, as rows of the log.
    """

    row: Ints
    count: Floats
    around: Floats
    own: Floats
    begin: Ints
    stop: Ints

    def share(self, chance: Floats) -> Floats:
        """Chance of each to belong to what is in excess around it, ``float64[k]``.

        Among the neighbouring likes a fraction ``f`` is one-off; with a base of ``m`` the bought part is ``b = (f - m)
        / (1 - m)`` of all and ``b / f`` of the one-offs. The base is the log's at that time, or the target's own where
        that is lower: one-offs are rarer among some crowds.
        """
        total = np.concatenate([[0.0], np.cumsum(chance)])
        base = (total[self.stop] - total[self.begin]) / self.around
        base = np.clip(np.minimum(base, self.own), 1e-3, 1 - 1e-3)
        # One like's worth of the base on either side: a window of two says little.
        fraction = (self.count + base) / (self.around + 1.0)
        share = (fraction - base) / ((1 - base) * np.maximum(fraction, 1e-9))
        return np.asarray(np.clip(share, 0.0, 1.0), np.float64)


def _nearby(log: EventLog, targets: Ints, once: Bools, neighbours: float) -> Nearby:
    offsets = log.target_offsets()
    half = int(neighbours) // 2
    asked = np.zeros(log.n_targets, dtype=bool)
    asked[targets] = True
    rows = np.flatnonzero(asked[log.target])
    target = log.target[rows]
    begin = np.maximum(rows - half, offsets[target])
    stop = np.minimum(rows + half + 1, offsets[target + 1])
    total = np.concatenate([[0], np.cumsum(once)])
    around, count = stop - begin, total[stop] - total[begin]
    # So many among so many: few fractions there are, and their rank sorts quicker than they do.
    most = 2 * half + 2
    fraction, rank = np.unique(np.arange(most)[:, None] / np.maximum(np.arange(most), 1), return_inverse=True)
    ordered = np.sort(target * np.int64(fraction.shape[0]) + rank.ravel()[count * most + around])
    size = np.diff(offsets)[targets]
    middle = fraction[ordered[np.cumsum(size) - size + size // 2] % fraction.shape[0]]
    keep = once[rows]
    count, around = (one[keep].astype(np.float64) for one in (count, around))
    return Nearby(rows[keep], count, around, np.repeat(middle, size)[keep], begin[keep], stop[keep])


def _log_weighted(kinds: list[Floats]) -> tuple[Floats, Floats]:
    """``ln p`` and ``ln q`` of all targets of one kind after the other, the first with its part of the level.

    The further kind pays for its smaller part in its p-values, so that both rank together (weighted
    Benjamini-Hochberg, Genovese et al. 2006).
    """
    if len(kinds) == 1:
        return kinds[0], log_q_values(kinds[0], kinds[0].shape[0])
    first, further = kinds
    paid = further + np.log(_SINGLE) - np.log(1.0 - _SINGLE)
    log_p = np.minimum(np.concatenate([first, paid]), 0.0)
    log_q = log_q_values(log_p, log_p.shape[0]) - np.log(2.0 * _SINGLE)
    return log_p, np.minimum(np.maximum(log_q, log_p), 0.0)


def _log_either(count: Floats, crowding: Floats) -> Floats:
    """``ln p`` of how many one-offs there are, alone or together with how they lie among the rest.

    Given their number the two are independent (Fisher 1932). Where one-offs lie says little on most targets, so the
    number keeps most of the level (Bonferroni weights, Genovese et al. 2006).
    """
    log_x = np.minimum(count + crowding, 0.0)
    both = log_x + np.log1p(-log_x)
    alone, together = np.log(_ALONE), np.log(1.0 - _ALONE)
    return np.asarray(np.minimum(np.minimum(count - alone, both - together), 0.0), dtype=np.float64)


def _log_local(once: np.ndarray, offsets: Ints, targets: Ints) -> Floats:
    """``ln p`` that one-off actors are spread over the target's likes by chance: do they crowd in one stretch of them?

    Their ranks among the target's likes are uniform if each like is as likely as any other to be a one-off's; the scan
    statistic of those ranks is read against what targets with as many one-offs show in this log (empirical null).
    """
    out = np.zeros(targets.shape[0])
    rows = np.flatnonzero(once)
    home = np.searchsorted(offsets, rows, side="right") - 1
    asked = np.zeros(offsets.shape[0] - 1, dtype=bool)
    asked[targets] = True
    rows, home = rows[asked[home]], home[asked[home]]
    size = (offsets[home + 1] - offsets[home]).astype(np.float64)
    low = (rows - offsets[home]) / size
    own = np.concatenate([[0], np.cumsum(np.bincount(home, minlength=asked.shape[0])[targets])])
    high = low + 1.0 / size
    found, statistic, *_ = scan_targets(low, high, own.astype(np.int64), _LEAST, np.inf, np.inf, 0)
    if found.shape[0] == 0:
        return out
    z = normal_score(log_p_value(statistic, np.diff(own)[found]))
    # Compared with targets of as many likes: those with as many one-offs are the bought ones themselves.
    out[found] = log_p_of_score(empirical_score(z, np.diff(offsets)[targets[found]]))
    return out


def _stretches_of_time(log: EventLog) -> Ints:
    """Which of at most 64 stretches of time, with as many likes each, each like fell in, ``int64[n]``."""
    bins = int(np.clip(log.n // 500, 1, _TIME_BINS))
    edges = np.quantile(log.at_ms, np.linspace(0, 1, bins + 1)[1:-1]) if bins > 1 else np.zeros(0)
    return np.asarray(np.searchsorted(edges, log.at_ms, side="right"), dtype=np.int64)


def _usual(
    once: Bools, log: EventLog, targets: Ints, count: Ints, near: Nearby, cell: Ints
) -> tuple[Excesses, Floats, Floats, Floats]:
    """What is usual here, the chance of a one-off at each like, its mean by target, and the chance of an excess there.

    The curve over time and the spread over targets are learned in turns: likes in excess have less and less of a say
    in what is usual, and no target more than thirty likes' worth.
    """
    offsets = log.target_offsets()
    points = np.diff(offsets)
    voice = np.zeros(log.n_targets)
    voice[targets] = np.minimum(1.0, _HEARD / points[targets])
    if targets.shape[0] < _LEAST:
        voice[:] = 1.0
    weight = voice[log.target] + _SOME
    bins = int(np.clip(log.n // 500, 1, _TIME_BINS))
    home = log.target[near.row]
    bought = np.zeros(log.n_targets)
    for turn in range(_TURNS):
        overall = float((weight @ once + 0.5) / (weight.sum() + 1.0))
        known = np.bincount(cell, weight, bins)
        rate = (np.bincount(cell, weight * once, bins) + _BORROWED * overall) / (known + _BORROWED)
        # Of the times of ordinary likes: those of an order say nothing about what else the target would show.
        mine = np.add.reduceat(np.append(weight, 0.0), offsets[:-1])[targets]
        mean = np.add.reduceat(np.append(rate[cell] * weight, 0.0), offsets[:-1])[targets] / mine
        usual = learn(count, points[targets], mean)
        chance = usual.level(rate)[cell]
        if turn + 1 < _TURNS:
            bought[targets], *_ = usual.posterior(count, points[targets], mean)
            weight[near.row] = voice[home] * (1.0 - bought[home] * near.share(chance)) + _SOME
    return usual, chance, mean, bought[targets]


DETECTOR = Throwaway()
