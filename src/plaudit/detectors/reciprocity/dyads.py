"""Who likes whose targets, and who is liked back: the directed graph from actors to authors, and its null.

A *dyad* is a pair of actors that are both authors; it is *mutual* when each liked something of the other's. Mutual
dyads come about by chance (busy people meet loved authors), by common taste, and by friendship. The first is the
directed configuration model: a like of actor ``j`` goes to author ``i`` with the chance ``i`` has among all likes. The
others are read off this log (Efron 2004): among actors with at least one mutual dyad, how many more do people have?
Every community of the mutual graph has one voice in that, however many members it has, so that one large pod cannot
set the measure it is judged by.

Source: directed configuration model and reciprocity: Squartini & Garlaschelli 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.detectors.links import cluster
from plaudit.kernels.tails import log_negative_binomial_tail, log_q_values
from plaudit.model import Bools, EventLog, Floats, Ints

_LEAST_VOICES = 20
"""Communities needed before what they have in common is a measure: fewer are made up to as many by pairs."""

_LEAST_SPREAD = 2.0
"""Variance over mean that is always allowed for."""

_GRANTED = 5
"""Communities of two that are assumed beside those of the log, at least."""


@dataclass(frozen=True)
class Support:
    """Likes between actors that are authors of liked targets, and nobody's on their own.

    Attributes:
        giver, receiver: one entry per ordered pair with any like, ``int64[m]``, ascending by (giver, receiver).
        mutual: whether the receiver liked something of the giver's too, ``bool[m]``.
        weight: likes of the giver on the receiver's targets, ``int64[m]``.
        given, received: likes of each actor on others' targets of known author, and on its own targets,
            ``int64[n_actors]``.
        likes: all likes on others' targets of known author.
    """

    giver: Ints
    receiver: Ints
    mutual: Bools
    weight: Ints
    given: Ints
    received: Ints
    likes: int

    @property
    def authors(self) -> Ints:
        """Actors that both gave and received: those whose likes could be mutual."""
        return np.flatnonzero((self.given > 0) & (self.received > 0)).astype(np.int64)


@dataclass(frozen=True)
class Reciprocation:
    """Actors with a mutual dyad, one entry each: how many they have, and how surprising that is.

    Attributes:
        actor: ascending.
        partners: mutual dyads of each.
        expected: mutual dyads the configuration model gives it, by what it gave to whom.
        log_p, log_q: ``ln`` of the chance of as many, given one; and of its false-discovery rate over all authors.
    """

    actor: Ints
    partners: Ints
    expected: Floats
    log_p: Floats
    log_q: Floats


def author_of_likes(log: EventLog) -> Ints:
    """Author of each like's target, ``int64[n]``; -1 where unknown and for a like of one's own."""
    if log.author is None:
        return np.full(log.n, -1, dtype=np.int64)
    author = log.author[log.target].astype(np.int64)
    return np.where(author == log.actor, -1, author)


def support_between_authors(log: EventLog, author: Ints) -> Support:
    """The directed graph among authors; ``author`` as :func:`author_of_likes` gives it."""
    known = author >= 0
    given = np.bincount(log.actor[known], minlength=log.n_actors)
    received = np.bincount(author[known], minlength=log.n_actors)
    both = known & (received[log.actor] > 0) & (given[np.maximum(author, 0)] > 0)
    key, weight = np.unique(log.actor[both].astype(np.int64) * log.n_actors + author[both], return_counts=True)
    giver, receiver = key // log.n_actors, key % log.n_actors
    back = receiver * log.n_actors + giver
    place = np.minimum(np.searchsorted(key, back), max(key.shape[0] - 1, 0))
    mutual = key[place] == back if key.shape[0] else np.zeros(0, dtype=bool)
    return Support(giver, receiver, mutual, weight, given, received, int(known.sum()))


def circles(support: Support, least_exchange: float, seed: int) -> list[Ints]:
    """Communities of the mutual graph.

    Where everybody likes at least ``least_exchange`` of the others, its square of all dyads is mutual.
    """
    rows = support.mutual & (support.giver < support.receiver)
    nodes, ends = np.unique(np.concatenate([support.giver[rows], support.receiver[rows]]), return_inverse=True)
    half = int(rows.sum())
    parts = cluster(
        nodes.shape[0], ends[:half], ends[half:], np.ones(half), seed, least_density=least_exchange * least_exchange
    )
    return [nodes[part] for part in parts]


def reciprocation(support: Support, communities: list[Ints]) -> Reciprocation:
    """Judge the number of mutual dyads of every actor that has any; ``communities`` are its :func:`circles`.

    The count is chance plus friends: negative binomial, with the friends and the spread of this log's communities.
    """
    size = support.given.shape[0]
    partners = np.bincount(support.giver[support.mutual], minlength=size)
    expected = _by_chance(support, communities)
    actor = np.flatnonzero(partners > 0).astype(np.int64)
    mine, mean = partners[actor].astype(np.int64), expected[actor]
    voices = [np.searchsorted(actor, part) for part in communities]
    middle = np.array([[np.median(mine[part]), np.median(mean[part])] for part in voices]).reshape(-1, 2)
    friends, spread = _usual(middle[:, 0], middle[:, 1])
    log_p = log_negative_binomial_tail(mine, mean + friends, spread)
    log_p[mine == 1] = 0.0
    return Reciprocation(actor, mine, mean, log_p, log_q_values(log_p, support.authors.shape[0]))


def _by_chance(support: Support, communities: list[Ints]) -> Floats:
    """Mutual dyads the directed configuration model gives each actor, ``float64[n_actors]``.

    Likes inside a community are left out of what its members live by: a pod must not explain itself.
    """
    size = support.given.shape[0]
    label = np.full(size, -1, dtype=np.int64)
    for number, part in enumerate(communities):
        label[part] = number
    inside = (label[support.giver] >= 0) & (label[support.giver] == label[support.receiver])
    giver, receiver, weight = support.giver[inside], support.receiver[inside], support.weight[inside]
    given = support.given - np.bincount(giver, weight, size)
    received = support.received - np.bincount(receiver, weight, size)
    # The last entry is for actors of no community (label -1).
    own = np.append(np.bincount(label[giver], weight, len(communities)), 0.0)
    rest = np.maximum(support.likes - own[label], 1.0)
    back = -np.expm1(-given[support.receiver] * received[support.giver] / rest[support.giver])
    return np.bincount(support.giver, back, minlength=size).astype(np.float64)


def _usual(count: Floats, mean: Floats) -> tuple[float, float]:
    """What friends (and taste) add to chance, and how it varies, by the middle of communities: ``(dyads, dispersion)``.

    Three communities in four have no more friends than that, and at least one; variance over mean is that of their
    upper half, and at least 2: middles vary less than people. Some communities of two are taken for granted, and more
    where there are few others, so that three or four of a handful are never the measure of themselves.
    """
    granted = max(_GRANTED, _LEAST_VOICES - count.shape[0])
    above = np.concatenate([np.maximum(count - mean, 1.0), np.ones(granted)])
    friends = float(np.quantile(above, 0.75, method="lower"))
    if count.shape[0] < _LEAST_VOICES:
        return friends, _LEAST_SPREAD
    low, high = np.quantile((count - mean) / np.sqrt(mean + friends), [0.5, 0.75])
    return friends, max((float(high - low) / 0.6745) ** 2, _LEAST_SPREAD)
