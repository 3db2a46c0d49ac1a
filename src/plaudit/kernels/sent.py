"""Who was sent and who passed by: the chance of each like to be a worker's, by expectation-maximisation."""

from __future__ import annotations

import numba
import numpy as np

from plaudit.model import Floats, Ints

STEPS = 20
"""How often beliefs are revised."""
PART_PRIOR = 4.0
"""Likes that the first belief about a gathering is worth."""
_LEAST_MEAN = 1e-4
_MOST_ODDS = 30.0
_NEVER = 1e-300


@numba.njit(cache=True, nogil=True)
def sent_shares(
    home: np.ndarray,
    where: np.ndarray,
    seen: np.ndarray,
    alike: np.ndarray,
    further: np.ndarray,
    often: np.ndarray,
    prior: np.ndarray,
    heard: np.ndarray,
    inside: np.ndarray,
    outside: np.ndarray,
    likes: int,
    log_factorial: np.ndarray,
    busy: np.ndarray,
    usual: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Chance of each like to be a worker's and the workers' part of each gathering: ``(float64[m], float64[g])``.

    A passer-by of ``further`` other likes was seen ``k`` times elsewhere as Poisson of mean ``further`` times the
    chance of a like to fall in here, or is a worker off duty. A worker was seen as often as the workers of the *other*
    gatherings were, with one voice each: one large honest crowd, or two with the same people, must not vouch for
    themselves. Who is busier than those are is the less likely a worker (a reader of everything passes by everywhere,
    too); who is not is none the likelier. Likes of one kind (``alike``) are all told the same of passers-by, and only
    kinds need logarithms.

    Args:
        home, where, seen: gathering and actor of each like and how often the actor was in others, ``int64[m]``.
        alike: kind of each like, ``int64[m]``; of each kind, ``further`` is the other likes of the actor and ``often``
            how often seen, ``int64[kinds]``.
        prior: workers' part of each gathering as first believed; ``heard``: 1 where what it shows counts, 0 where not.
        inside: of each actor, likes in here as far as they count; ``outside``: likes elsewhere, ``int64[actors]``.
        likes: of the whole log.
        log_factorial: ``ln k!`` of 0 to the most that is counted.
        busy: class of each like by how busy its actor is, ``int64[m]``; ``usual``: part of the log's likes that each
            class gives, ``float64[classes]``.
    """
    # Number by number throughout: written with whole arrays, it takes three times as long to compile.
    m, n_gatherings, numbers, classes = home.shape[0], prior.shape[0], log_factorial.shape[0], usual.shape[0]
    size, part = np.zeros(n_gatherings), np.empty(n_gatherings)
    for g in range(n_gatherings):
        part[g] = prior[g]
    least = 1.0 / (1.0 + np.exp(_MOST_ODDS))
    share = np.empty(m)
    for e in range(m):
        size[home[e]] += 1.0
        share[e] = 0.5
    lift, passer = np.empty((n_gatherings, numbers)), np.empty(further.shape[0])
    whole, off, sent = np.empty(numbers), np.empty(numbers), np.empty(outside.shape[0])
    fewer, every = np.empty((n_gatherings, classes)), np.empty(classes)
    for _ in range(STEPS):
        for k in range(numbers):
            whole[k] = off[k] = 0.0
            for g in range(n_gatherings):
                lift[g, k] = 0.0
        for b in range(classes):
            every[b] = 0.0
            for g in range(n_gatherings):
                fewer[g, b] = 0.0
        for a in range(outside.shape[0]):
            sent[a] = 0.0
        for e in range(m):
            lift[home[e], seen[e]] += share[e]
            fewer[home[e], busy[e]] += share[e]
            sent[where[e]] += share[e]
        for g in range(n_gatherings):
            total = 0.0
            for k in range(numbers):
                total += lift[g, k]
            for k in range(numbers):
                lift[g, k] /= max(total, 1.0)
                whole[k] += lift[g, k]
            for b in range(classes):
                fewer[g, b] /= max(total, 1.0)
                every[b] += fewer[g, b]
        reach = 0.0
        for g in range(n_gatherings):
            total = 0.0
            for k in range(numbers):
                lift[g, k] = whole[k] - lift[g, k] + 0.01
                total += lift[g, k]
            bought = min(max(part[g], 0.01), 0.99)
            for k in range(numbers):
                lift[g, k] = lift[g, k] / total * (bought / (1.0 - bought))
            total = 1.0
            for b in range(classes):
                total += every[b] - fewer[g, b]
            for b in range(classes):
                # One voice of the log's own likes, so that no class is impossible.
                part_of = (every[b] - fewer[g, b] + usual[b]) / total
                fewer[g, b] = min(part_of / max(usual[b], _NEVER), 1.0)
            reach += (1.0 - part[g]) * size[g] * heard[g]
            part[g] = PART_PRIOR * prior[g]
        reach /= max(likes, 1)
        # Of the log's other likes as many are a worker's off duty as workers give outside the gatherings.
        for a in range(outside.shape[0]):
            off[inside[a]] += min(sent[a], 1.0) * outside[a]
        total = 0.0
        for k in range(numbers):
            off[k] /= max(likes - m, 1)
            total += off[k]
        log_on = np.log1p(-min(total, 0.5))
        for u in range(further.shape[0]):
            k, mean = often[u], max(further[u] * reach, _LEAST_MEAN)
            passer[u] = np.exp(k * np.log(mean) - mean - log_factorial[k] + log_on) + off[k] + _NEVER
        for e in range(m):
            worker = lift[home[e], seen[e]] * fewer[home[e], busy[e]]
            share[e] = min(max(worker / (worker + passer[alike[e]]), least), 1.0 - least)
            # The window's excess is worth a few likes of prior; who was there says the rest.
            part[home[e]] += share[e]
        for g in range(n_gatherings):
            part[g] /= size[g] + PART_PRIOR
    return share, part


def sent_shares_plain(
    home: Ints, where: Ints, seen: Ints, further: Ints, prior: Floats, heard: Floats, inside: Ints, outside: Ints,
    likes: int, numbers: int, busy: Ints, usual: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """The same by definition, ``further`` of each like. The oracle in tests."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, numbers)))])
    n_gatherings, size = prior.shape[0], np.bincount(home, minlength=prior.shape[0])
    share, part = np.full(home.shape[0], 0.5), prior.copy()
    for _ in range(STEPS):
        each = np.bincount(home * numbers + seen, share, n_gatherings * numbers).reshape(n_gatherings, numbers)
        each = each / np.maximum(each.sum(axis=1, keepdims=True), 1.0)
        worker = each.sum(axis=0) - each + 0.01
        worker /= worker.sum(axis=1, keepdims=True)
        voice = np.bincount(home * usual.shape[0] + busy, share, n_gatherings * usual.shape[0])
        voice = voice.reshape(n_gatherings, -1) / np.maximum(np.bincount(home, share, n_gatherings), 1.0)[:, None]
        others = voice.sum(axis=0) - voice + usual
        fewer = np.minimum(others / (1.0 + (voice.sum() - voice.sum(axis=1))[:, None]) / usual, 1.0)
        mean = np.maximum(further * (((1 - part) * size * heard).sum() / max(likes, 1)), _LEAST_MEAN)
        sent = np.minimum(np.bincount(where, share, minlength=outside.shape[0]), 1.0) * outside
        off = np.bincount(inside, sent, minlength=numbers) / max(likes - home.shape[0], 1)
        log_on = np.log1p(-min(float(off.sum()), 0.5))
        bought = np.clip(part, 0.01, 0.99)
        lift = np.log(worker) + (np.log(bought) - np.log1p(-bought))[:, None]
        poisson = seen * np.log(mean) - mean - log_factorial[seen] + log_on
        log_passer = np.logaddexp(poisson, np.log(off + _NEVER)[seen])
        lifted = lift[home, seen] + np.log(fewer[home, busy])
        share = 1.0 / (1.0 + np.exp(-np.clip(lifted - log_passer, -_MOST_ODDS, _MOST_ODDS)))
        part = (np.bincount(home, share, minlength=n_gatherings) + PART_PRIOR * prior) / (size + PART_PRIOR)
    return share, part
