"""From overlapping gatherings to cohorts: who recurs, where else they were sent, and what each like is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from plaudit.detectors.orders.gatherings import Gatherings
from plaudit.detectors.orders.web import Web
from plaudit.kernels.overlap import shared_by_label
from plaudit.kernels.sent import sent_shares
from plaudit.kernels.tails import log_negative_binomial_tail, log_q_values
from plaudit.model import Bools, EventLog, Floats, Ints, Ints32, ranges

_ROUNDS = 3
_JOIN_Q = 0.01
_CLEAR = 0.2
_TOP = 12
_REACH = 0.9
_LOG_FACTORIAL = gammaln(np.arange(_TOP + 1) + 1.0)


@dataclass(frozen=True)
class Cohort:
    """Gatherings held together by returning actors.

    Attributes:
        gatherings: rows of the gatherings, ascending.
        actors: actors present in at least two of them, ascending.
    """

    gatherings: Ints
    actors: Ints


def returning(g: Gatherings, members: Ints) -> tuple[Ints, Ints]:
    """Actors of the chosen gatherings and in how many of them each was: ``(actor, count)``.

    An actor has one standing like per target, hence one entry per gathering.
    """
    return np.unique(g.actor[g.entries(members)], return_counts=True)


def grow(g: Gatherings, members: Ints, taken: Ints) -> Cohort:
    """Seed and expand: add gatherings whose actors are enriched in the cohort's.

    First in its *returning* actors, wherever significance says so; then in all who were probably *sent*, where they
    make up most of what the gathering has beyond its target's ordinary life (the same people at another target in one
    sitting). The cohort's other likes fall anywhere in proportion to the size of a gathering; the spread around that
    is read off all gatherings (negative binomial). ``taken`` marks gatherings that belong to another cohort (1) or
    not (0).
    """
    for _ in range(_ROUNDS):
        actors, counts = returning(g, members)
        joins = _enriched(g, members, actors[counts >= 2], counts[counts >= 2], taken, 0.0)
        entry, share, _ = mixture(g, members)
        sent, counts = np.unique(g.actor[entry[share > 0.5]], return_counts=True)
        joins |= _enriched(g, members, sent, counts, taken, 0.5)
        if not joins.any():
            break
        members = np.sort(np.concatenate([members, np.flatnonzero(joins)]))
    return recount(g, members)


def prune(g: Gatherings, members: Ints) -> Ints:
    """Members whose crowd really is the cohort's, by the mixture of :func:`mixture`.

    A gathering stays while at least three of its likes are the cohort's and their part is at least a third of what is
    usual there. Repeated until nothing falls, so that gatherings cannot hold each other in place.
    """
    while members.shape[0] >= 2:
        _, _, part = mixture(g, members)
        likes = part * g.size[members]
        usual = float(np.median(np.repeat(part, np.maximum(likes, 1).astype(np.int64))))
        keep = (likes >= 3) & (part >= usual / 3)
        if keep.all():
            break
        members = members[keep]
    return members


def recount(g: Gatherings, members: Ints) -> Cohort:
    """The cohort of these gatherings, with its returning actors."""
    actors, counts = returning(g, members)
    return Cohort(members, actors[counts >= 2])


def _enriched(g: Gatherings, members: Ints, actors: Ints, counts: Ints, taken: Ints, least: float) -> Bools:
    """Free gatherings where ``actors`` are too many by chance and at least ``least`` of the excess."""
    if actors.shape[0] < 2:
        return np.zeros(len(g), dtype=bool)
    first, entry = g.by_actor
    present = np.bincount(
        g.gathering[entry[ranges(first[actors], first[actors + 1] - first[actors])]], minlength=len(g)
    )
    elsewhere = float(np.maximum(g.activity[actors] - counts, 0).sum())
    mean = g.size * elsewhere / max(g.likes, 1)
    outside = np.ones(len(g), dtype=bool)
    outside[members] = False
    spread = dispersion(present[outside], mean[outside])
    enough = present >= np.maximum(3.0, least * (g.size - g.episodes.expected))
    log_p = np.zeros(len(g))
    log_p[enough] = log_negative_binomial_tail(present[enough], np.maximum(mean[enough], 0.02), spread)
    significant = log_q_values(log_p, len(g)) < np.log(_JOIN_Q)
    return np.asarray(significant & outside & (taken == 0) & enough)


def siblings(g: Gatherings, members: Ints, sitting: tuple[Ints32, Ints32, NDArray[Any]], taken: Ints) -> Ints:
    """Gatherings on the cohort's own targets that other people made in the same way: rotated members of the ring.

    A free gathering on a target the cohort serves joins when its target's ordinary life explains little of it and most
    of its actors were, in the same sitting, also in a gathering at two or more *other* targets the cohort serves. Fans
    of a boosted author do not: publications reach them one at a time.
    """
    clear = clear_there(g, members)
    i, j, shared = sitting
    both = clear[i] & clear[j] & (g.episodes.target[i] != g.episodes.target[j])
    both &= 2 * shared >= np.minimum(g.size[i], g.size[j])
    near = np.bincount(i[both], minlength=len(g)) + np.bincount(j[both], minlength=len(g))
    joins = clear & (near >= 2) & (taken == 0)
    return np.flatnonzero(joins)


def clear_there(g: Gatherings, members: Ints) -> Bools:
    """Gatherings on the targets of ``members`` that the target's ordinary life explains little of, ``bool[g]``."""
    return np.isin(g.episodes.target, g.episodes.target[members]) & (g.episodes.expected < _CLEAR * g.size)


def merge(g: Gatherings, cohorts: list[Cohort], web: Web) -> list[Cohort]:
    """Join cohorts that are one pool: communities of a sparse graph split large pools.

    Two cohorts are joined while the *typical* gathering of either shares actors with the other about as far beyond
    chance as inside its own (at least a third of the geometric mean of both, and at least three times chance). The sum
    would not do: one window in which a ring served a fan club's favourite shares people with both.
    """
    shares = _Shares.of(g, cohorts, web)
    typical = shares.typical()
    size = len(cohorts)
    gain = np.zeros((size, size))
    for a in range(size):
        gain[a, a + 1 :] = _gain(typical, a)[a + 1 :]
    # Of each row only the best is looked at; joining two changes two rows and two columns.
    best = gain.argmax(axis=1) if size else np.zeros(0, np.int64)
    rows = np.arange(size)
    while size > 1:
        a = int(np.argmax(gain[rows, best]))
        b = int(best[a])
        if gain[a, b] < 1.0:
            break
        shares.join(a, b)
        typical[b], typical[:, b], gain[b], gain[:, b] = 0.0, 0.0, 0.0, 0.0
        typical[a], typical[:, a] = shares.row(a), shares.column(a)
        fresh = _gain(typical, a)
        gain[a, a + 1 :], gain[:a, a] = fresh[a + 1 :], fresh[:a]
        now = gain[rows, best]
        stale = (best == a) | (best == b) | (rows == a) | (rows == b)
        best[stale] = gain[stale].argmax(axis=1)
        better = ~stale & (rows < a) & ((gain[:, a] > now) | ((gain[:, a] == now) & (a < best)))
        best[better] = a
    return [recount(g, np.sort(part)) for part in shares.parts()]


def _gain(typical: Floats, a: int) -> Floats:
    """How far beyond what joins them cohort ``a`` and each other one share, ``float64[cohorts]``; 1 is enough."""
    own = np.diag(typical)
    out = np.minimum(typical[a], typical[:, a]) / np.maximum(np.sqrt(own[a] * own) / 3.0, 3.0)
    out[a] = 0.0
    return np.asarray(out, dtype=np.float64)


@dataclass
class _Shares:
    """Who shares whom among the gatherings of cohorts that are being joined.

    Attributes:
        inside: the gatherings; below, a member is a place in it.
        cohort: number of each member's cohort, ``int64[members]``; changes as cohorts are joined.
        x: what activity expects each to share, see :attr:`Gatherings.chance`; ``reach`` its sum by cohort.
        seen: what each member shares with all of each cohort together, ``int32[members, cohorts]``.
    """

    inside: Ints
    cohort: Ints
    x: Floats
    reach: Floats
    seen: Ints32

    @classmethod
    def of(cls, g: Gatherings, cohorts: list[Cohort], web: Web) -> _Shares:
        label = np.full(len(g), -1, dtype=np.int64)
        for number, cohort in enumerate(cohorts):
            label[cohort.gatherings] = number
        inside = np.flatnonzero(label >= 0)
        row = np.full(len(g), -1, dtype=np.int64)
        row[inside] = np.arange(inside.shape[0])
        seen = shared_by_label(web.offsets, web.j, web.shared, row, label[inside], len(cohorts))
        x = g.chance[inside]
        reach = np.asarray(np.bincount(label[inside], x, len(cohorts)), np.float64)
        return cls(inside, label[inside], x, reach, seen)

    def parts(self) -> list[Ints]:
        """The gatherings of each cohort that is left."""
        return [self.inside[self.cohort == number] for number in np.unique(self.cohort).tolist()]

    def join(self, a: int, b: int) -> None:
        """Make cohort ``b`` a part of cohort ``a``."""
        self.cohort[self.cohort == b] = a
        self.reach[a] += self.reach[b]
        self.reach[b] = 0.0
        self.seen[:, a] += self.seen[:, b]
        self.seen[:, b] = 0

    def typical(self) -> Floats:
        """What the median gathering of each cohort (rows) shares with each, in units of chance."""
        return np.array([self.row(a) for a in range(self.reach.shape[0])]).reshape(2 * self.reach.shape)

    def row(self, a: int) -> Floats:
        """Row ``a`` of :meth:`typical`."""
        part = np.flatnonzero(self.cohort == a)
        seen, out = self.seen[part], np.zeros(self.reach.shape[0])
        if part.shape[0]:
            # Where most share nobody, neither does the median: nearly all cohorts.
            to = np.flatnonzero(2 * np.count_nonzero(seen, axis=0) >= part.shape[0])
            out[to] = np.median(self._in_chance(part[:, None], to, seen[:, to]), axis=0)
        return out

    def column(self, a: int) -> Floats:
        """Column ``a`` of :meth:`typical`."""
        size, seen = self.reach.shape[0], self.seen[:, a]
        likely = 2 * np.bincount(self.cohort[seen > 0], minlength=size) >= np.bincount(self.cohort, minlength=size)
        out = np.zeros(size)
        asked = np.flatnonzero(likely[self.cohort])
        asked = asked[np.argsort(self.cohort[asked], kind="stable")]
        value = self._in_chance(asked, np.int64(a), seen[asked])
        # The middle of each part, or the mean of its two middles: parts are many and small.
        at = np.lexsort((value, self.cohort[asked]))
        numbers, first, held = np.unique(self.cohort[asked], return_index=True, return_counts=True)
        out[numbers] = (value[at[first + (held - 1) // 2]] + value[at[first + held // 2]]) / 2.0
        return out

    def _in_chance(self, member: Ints, to: Ints | np.int64, seen: Ints32) -> Floats:
        x = self.x[member]
        chance = x * self.reach[to] - np.where(self.cohort[member] == to, x**2, 0.0)
        return np.asarray(seen / np.maximum(chance, 0.5), dtype=np.float64)


def dispersion(count: Ints | Floats, mean: np.ndarray) -> float:
    """Variance over mean of the bulk (squared median deviation), at least 1."""
    use = mean > 0.5
    if int(use.sum()) < 20:
        return 2.0
    score = (count[use] - mean[use]) / np.sqrt(mean[use])
    mad = float(np.median(np.abs(score - np.median(score)))) / 0.6745
    return max(1.0, mad * mad)


def mixture(g: Gatherings, members: Ints, told: Bools | None = None) -> tuple[Ints, Floats, Floats]:
    """Who in these gatherings was sent, and who passed by?

    Two facts speak: how many likes the target's ordinary life puts into the window (``expected``), and how often the
    actor was in the other gatherings, compared between workers and passers-by of the same activity. How busy workers
    are is learned, too: readers of everything pass by everywhere. A passer-by may be a worker off duty: of the log's
    other likes as many are theirs as they give outside the gatherings. The workers'
    distribution and the part of each gathering that is theirs are learned together by expectation-maximisation.

    Returns:
        ``(entry, share, part)``: the entries of the gatherings, the chance of each to be a worker's, and the workers'
        part of each gathering (in the order of ``members``).
    """
    entry = g.entries(members)
    actors, where = np.unique(g.actor[entry], return_inverse=True)
    size = g.size[members]
    home = np.repeat(np.arange(members.shape[0]), size)
    counts = np.ones(entry.shape[0], dtype=np.int64) if told is None else told[home].astype(np.int64)
    others = np.bincount(where, counts, minlength=actors.shape[0]).astype(np.int64)[where] - counts
    inside = np.bincount(where, minlength=actors.shape[0])
    seen = np.minimum(others, _TOP)
    kinds, alike = np.unique((g.activity[g.actor[entry]] - 1) * (_TOP + 1) + seen, return_inverse=True)
    share, part = sent_shares(
        home,
        where,
        seen,
        alike,
        kinds // (_TOP + 1),
        kinds % (_TOP + 1),
        1.0 - np.clip(g.episodes.expected[members], 0.3, 0.95 * size) / size,
        np.ones(size.shape[0]) if told is None else told.astype(np.float64),
        np.minimum(inside, _TOP),
        np.maximum(g.activity[actors] - inside, 0),
        g.likes,
        _LOG_FACTORIAL,
        g.busy[g.actor[entry]],
        g.usual,
    )
    return entry, share, part


def people_behind(sent: Ints) -> tuple[float, Ints]:
    """How many people a cohort has, and which of them came back.

    Those seen once and twice tell how many were never seen (Chao 1984, a lower bound).

    Args:
        sent: actor of each like that is probably the cohort's, ``int64[m]``.

    Returns:
        ``(pool, members)``: the estimate, and actors sent twice or more, ascending.
    """
    actors, times = np.unique(sent, return_counts=True)
    once, twice = float((times == 1).sum()), float((times == 2).sum())
    unseen = once * max(once - 1.0, 0.0) / (2.0 * (twice + 1.0))
    return actors.shape[0] + unseen, actors[times >= 2]


def stragglers(log: EventLog, g: Gatherings, cohort: Cohort, there: Ints, activity: Ints) -> tuple[Ints, Floats]:
    """Likes of returning actors on served targets just outside the windows: the thin tail of a delivery.

    ``there`` are all rows of these actors on these targets; those further from every window than the cohort's
    deliveries take are the actors' own. The share is the excess over what the same actors' activity puts on the target
    by itself: ``(row, share)``.
    """
    rows = np.setdiff1d(there, g.row[g.entries(cohort.gatherings)], assume_unique=True)
    target, at, count = np.unique(log.target[rows], return_inverse=True, return_counts=True)
    if rows.shape[0] == 0:
        return rows, np.zeros(0)
    _, in_windows = returning(g, cohort.gatherings)
    elsewhere = max(float(activity[cohort.actors].sum()) - float(in_windows[in_windows >= 2].sum()), 0.0)
    size = np.diff(log.target_offsets())[target]
    share = np.clip(1.0 - elsewhere * size / max(log.n, 1) / count, 0.0, 0.99)
    keep = (share[at] > 0) & _in_reach(log, g, cohort.gatherings, rows)
    return rows[keep], share[at][keep]


def _in_reach(log: EventLog, g: Gatherings, members: Ints, rows: Ints) -> Bools:
    """Rows no further from a window on their target than nine in ten of the windows are long, ``bool[rows]``."""
    order = members[np.argsort(g.episodes.first[members])]
    first, last = g.episodes.first[order], g.episodes.last[order]
    reach = float(np.quantile(log.at_ms[last] - log.at_ms[first], _REACH))
    place = np.searchsorted(first, rows)
    before, behind = np.maximum(place - 1, 0), np.minimum(place, order.shape[0] - 1)
    late = (log.target[last[before]] == log.target[rows]) & (log.at_ms[rows] - log.at_ms[last[before]] <= reach)
    early = (log.target[first[behind]] == log.target[rows]) & (log.at_ms[first[behind]] - log.at_ms[rows] <= reach)
    return np.asarray(((place > 0) & late) | ((place < order.shape[0]) & early), dtype=bool)
