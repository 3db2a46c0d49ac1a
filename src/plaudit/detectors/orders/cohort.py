"""From overlapping gatherings to cohorts: who recurs, where else they were sent, and what each like is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from plaudit.detectors.orders.gatherings import Gatherings, Pairs
from plaudit.kernels.tails import log_negative_binomial_tail, log_q_values
from plaudit.model import Bools, EventLog, Floats, Ints, ranges

_ROUNDS = 3
_JOIN_Q = 0.01
_CLEAR = 0.2
_TOP = 12
_EM_STEPS = 20
_PART_PRIOR = 4.0
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


def siblings(g: Gatherings, members: Ints, sitting: tuple[Ints, Ints, Ints], taken: Ints) -> Ints:
    """Gatherings on the cohort's own targets that other people made in the same way: rotated members of the ring.

    A free gathering on a target the cohort serves joins when its target's ordinary life explains little of it and most
    of its actors were, in the same sitting, also in a gathering at two or more *other* targets the cohort serves. Fans
    of a boosted author do not: publications reach them one at a time.
    """
    served = np.isin(g.episodes.target, g.episodes.target[members])
    clear = served & (g.episodes.expected < _CLEAR * g.size)
    i, j, shared = sitting
    both = clear[i] & clear[j] & (g.episodes.target[i] != g.episodes.target[j])
    both &= 2 * shared >= np.minimum(g.size[i], g.size[j])
    near = np.bincount(i[both], minlength=len(g)) + np.bincount(j[both], minlength=len(g))
    joins = clear & (near >= 2) & (taken == 0)
    return np.flatnonzero(joins)


def merge(g: Gatherings, cohorts: list[Cohort], pairs: Pairs) -> list[Cohort]:
    """Join cohorts that are one pool: communities of a sparse graph split large pools.

    Two cohorts are joined while the *typical* gathering of either shares actors with the other about as far beyond
    chance as inside its own (at least a third of the geometric mean of both, and at least three times chance). The sum
    would not do: one window in which a ring served a fan club's favourite shares people with both.
    """
    if not cohorts:
        return []
    label = np.full(len(g), -1, dtype=np.int64)
    for number, cohort in enumerate(cohorts):
        label[cohort.gatherings] = number
    # Tables have a row for each gathering of a cohort, not for each of the log.
    inside, size = np.flatnonzero(label >= 0), len(cohorts)
    row, home, x = np.full(len(g), -1, dtype=np.int64), label[inside], g.chance[inside]
    row[inside] = np.arange(inside.shape[0])
    taken = row >= 0
    known = np.flatnonzero(taken[pairs.i] & taken[pairs.j])
    one, other, shared = row[pairs.i[known]], row[pairs.j[known]], pairs.shared[known]
    cell = np.concatenate([one * size + home[other], other * size + home[one]])
    seen = np.asarray(np.bincount(cell, np.tile(shared, 2), x.shape[0] * size), np.float64).reshape(-1, size)
    chance = x[:, None] * np.bincount(home, x, minlength=size)
    chance[np.arange(x.shape[0]), home] -= x**2
    parts = [row[cohort.gatherings] for cohort in cohorts]
    typical = np.array([_typical(seen, chance, part) for part in parts]).reshape(size, size)
    while len(parts) > 1:
        own = np.diag(typical)
        both = np.minimum(typical, typical.T)
        gain = np.triu(both / np.maximum(np.sqrt(own[:, None] * own[None, :]) / 3.0, 3.0), 1)
        a, b = divmod(int(np.argmax(gain)), len(parts))
        if gain[a, b] < 1.0:
            break
        parts[a] = np.concatenate([parts[a], parts.pop(b)])
        for table in (seen, chance):
            table[:, a] += table[:, b]
        seen, chance = np.delete(seen, b, 1), np.delete(chance, b, 1)
        typical = np.delete(np.delete(typical, b, 0), b, 1)
        typical[a] = _typical(seen, chance, parts[a])
        for number, part in enumerate(parts):
            typical[number, a] = _typical(seen[:, a : a + 1], chance[:, a : a + 1], part)[0]
    return [recount(g, inside[np.sort(part)]) for part in parts]


def _typical(seen: Floats, chance: Floats, members: Ints) -> Floats:
    """What the median gathering shares with each cohort, in units of chance, ``float64[cohorts]``."""
    return np.asarray(np.median(seen[members] / np.maximum(chance[members], 0.5), axis=0), dtype=np.float64)


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
    actor was in the other gatherings, compared between workers and passers-by of the same activity. The workers'
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
    prior = 1.0 - np.clip(g.episodes.expected[members], 0.3, 0.95 * size) / size
    further = g.activity[g.actor[entry]] - 1
    seen = np.minimum(others, _TOP)
    table = home * (_TOP + 1) + seen
    share, part = np.full(entry.shape[0], 0.5), prior.copy()
    heard = np.ones(size.shape[0]) if told is None else told.astype(np.float64)
    for _ in range(_EM_STEPS):
        # How often workers return, told by the *other* gatherings with one voice each: one large honest crowd, or two
        # with the same people, must not vouch for themselves.
        each = np.bincount(table, share, minlength=size.shape[0] * (_TOP + 1)).reshape(size.shape[0], _TOP + 1)
        each = each / np.maximum(each.sum(axis=1, keepdims=True), 1.0)
        worker = each.sum(axis=0) - each + 0.01
        worker /= worker.sum(axis=1, keepdims=True)
        # Likes of passers-by are spread over the log; the chance of one falling in here is the passers' share of it.
        reach = float(((1 - part) * size * heard).sum()) / max(g.likes, 1)
        log_passer = _log_poisson(seen, np.maximum(further * reach, 1e-4))
        bought = np.clip(part[home], 0.01, 0.99)
        odds = np.log(bought) - np.log1p(-bought) + np.log(worker[home, seen]) - log_passer
        share = 1.0 / (1.0 + np.exp(-np.clip(odds, -30, 30)))
        # The window's excess is worth a few likes of prior; who was there says the rest.
        part = (np.bincount(home, share, minlength=size.shape[0]) + _PART_PRIOR * prior) / (size + _PART_PRIOR)
    return entry, share, part


def pool_and_life(g: Gatherings, cohort: Cohort, own: Pairs, sent: Ints) -> tuple[float, Floats]:
    """People behind a cohort, and the part of each returning member's likes that went elsewhere.

    The pool is estimated by capture and recapture (Schnabel 1938): pairs of gatherings of ``k_i`` and ``k_j`` people
    from a pool of ``M`` share ``k_i k_j / M``. It is no smaller than the actors who were probably ``sent``.
    """
    excess = np.maximum(g.size - g.episodes.expected, 1.0)
    pool = float((excess[own.i] * excess[own.j]).sum()) / max(float(own.shared.sum()), 1.0)
    actors, inside = returning(g, cohort.gatherings)
    back = inside >= 2
    pool = max(pool, float(np.unique(sent).shape[0]))
    return pool, np.asarray(1.0 - inside[back] / np.maximum(g.activity[actors[back]], 1), dtype=np.float64)


def stragglers(log: EventLog, g: Gatherings, cohort: Cohort, there: Ints, activity: Ints) -> tuple[Ints, Floats]:
    """Likes of returning actors on served targets outside the windows: the thin tail of a delivery.

    ``there`` are all rows of these actors on these targets. The share is the excess over what the same actors'
    activity puts on the target by itself: ``(row, share)``.
    """
    rows = np.setdiff1d(there, g.row[g.entries(cohort.gatherings)], assume_unique=True)
    target, at, count = np.unique(log.target[rows], return_inverse=True, return_counts=True)
    if rows.shape[0] == 0:
        return rows, np.zeros(0)
    _, in_windows = returning(g, cohort.gatherings)
    elsewhere = max(float(activity[cohort.actors].sum()) - float(in_windows[in_windows >= 2].sum()), 0.0)
    size = np.diff(log.target_offsets())[target]
    share = np.clip(1.0 - elsewhere * size / max(log.n, 1) / count, 0.0, 0.99)
    keep = share[at] > 0
    return rows[keep], share[at][keep]


def _log_poisson(k: Ints, mean: Floats) -> Floats:
    return np.asarray(k * np.log(mean) - mean - _LOG_FACTORIAL[k], dtype=np.float64)
