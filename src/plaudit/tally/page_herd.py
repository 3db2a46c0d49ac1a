"""Induced likes on pages sorted by likes: every page once more without what was bought (:mod:`plaudit.tally.pages`).

Where a count decides who is read, a delivery lifts its comment over the others at once and for good, and takes from
them what it gives. No comparison with neighbours sees that; a model of whole pages does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.pages import TRAITS, page_traits, pages_without
from plaudit.model import EventLog, Floats, Ints
from plaudit.tally.pages import MOST_CELLS, STRETCHES, Pages, Readers, cut_pages, readers
from plaudit.tally.shocks import Shocks
from plaudit.tally.what_if import Shown, what_if

SPREAD = 0.3
"""Standard deviation of a single comment's strengths about those of all, relative: how its readers differ from others,
the likes of one comment do not tell."""
_LEAST_SETS, _MOST_SETS, _WORK = 10, 40, 8_000_000
_LEAST_COMMENTS = 3


@dataclass(frozen=True)
class PageHerd:
    """What a model of whole pages says.

    Attributes:
        hit: rows of ``found.hit`` that stand on a modelled page, ``int64[k]``.
        kept: draws of the genuine likes each would have had, ``float64[k, draws]``.
        lift: draws of the logarithm of what its delivery multiplied its share of likes by, ``float64[k, draws]``.
        shown: what would be if another count were shown.
    """

    hit: Ints
    kept: Floats
    lift: Floats
    shown: tuple[Shown, ...]


def page_herd(log: EventLog, found: Shocks, given: Ints, draws: int, seed: int) -> PageHerd | None:
    """Model the pages with deliveries; None where there are none, or likes do not decide the order they are read in.

    Args:
        log, found: the log and its deliveries; ``given``: rows of suspected likes, ``int64[k]``, by target and time.
        draws: how many; seed: of them.
    """
    if log.parent is None or not found.hit.target.size:
        return None
    rng = np.random.default_rng([seed, 78])
    parent = log.parent.astype(np.int64)
    size = np.bincount(parent[parent >= 0])
    able = np.flatnonzero(size >= _LEAST_COMMENTS)
    mine = parent[found.hit.target]
    hit = np.flatnonzero((mine >= 0) & np.isin(mine, able))
    if not hit.size:
        return None
    served = np.unique(mine[hit])
    others = rng.permutation(np.setdiff1d(able, served))
    room = MOST_CELLS / STRETCHES - size[served].sum()
    others = others[: int(np.searchsorted(np.cumsum(size[others]), room))]
    cut = cut_pages(log, found.genuine, np.concatenate([served, others]), _deliveries(log, found, given))
    told = readers(cut)
    if not told.by_count:
        return None
    last = int(cut.member_offsets[served.shape[0]])
    sets = int(np.clip(_WORK // max(int(np.searchsorted(cut.who, last)), 1), _LEAST_SETS, _MOST_SETS))
    strength = rng.multivariate_normal(told.strength, told.covariance, sets, method="eigh")
    strength *= 1.0 + told.drift * rng.standard_normal((sets, 1))
    kept, variance = _without(cut, told, log, served.shape[0], strength)
    row = np.full(log.n_targets, -1, np.int64)
    row[cut.member[:last]] = np.arange(last)
    at = row[found.hit.target[hit]]
    turn = rng.permutation(np.arange(draws) % sets)
    mean = kept[at][:, turn]
    noise = np.sqrt(variance[at][:, turn]) * rng.standard_normal(mean.shape)
    genuine = np.bincount(log.target, found.genuine, log.n_targets)[found.hit.target[hit]]
    # A comment's own readers differ from all, in how they go by places and in how they go on by themselves.
    pull = np.log((genuine[:, None] + 0.5) / (mean + 0.5))
    wide = np.hypot(told.drift, SPREAD * pull)
    own = np.exp(wide * rng.standard_normal(mean.shape) - 0.5 * wide**2)
    lift = _lifts(log, found, cut, hit, at, strength)[:, turn]
    shown = what_if(log, found.genuine, cut, told.expected, served.shape[0], strength, found.purchased)
    return PageHerd(hit, np.maximum(mean * own + noise, 0.0), lift, shown)


def _deliveries(log: EventLog, found: Shocks, given: Ints) -> Ints:
    """Target, first and last moment of each delivery: nine tenths of it, and something around them, as in profiles."""
    mine = given[np.isin(log.target[given], found.hit.target)]
    first = np.searchsorted(log.target[mine], found.hit.target, side="left")
    stop = np.searchsorted(log.target[mine], found.hit.target, side="right")
    n = stop - first
    low = log.at_ms[mine[first + n // 20]]
    high = log.at_ms[mine[np.minimum(first + 19 * n // 20, stop - 1)]]
    margin = 60_000 + (high - low) * 15 // 100
    return np.column_stack([found.hit.target, low - margin, high + margin]).astype(np.int64)


def _without(cut: Pages, told: Readers, log: EventLog, pages: int, strength: Floats) -> tuple[Floats, Floats]:
    """The first ``pages`` pages of ``cut`` without what was bought."""
    last = int(cut.member_offsets[pages])
    cells = int(np.searchsorted(cut.page, pages))
    edges = cut.edge_offsets[: pages + 1]
    answer: tuple[Floats, Floats] = pages_without(
        cut.member[:last],
        cut.member_offsets[: pages + 1],
        cut.edges[: edges[-1]],
        edges,
        log.born_ms,
        cut.likes[:cells],
        told.expected[:cells],
        cut.traits[:cells],
        strength,
    )
    return answer


def _lifts(log: EventLog, found: Shocks, cut: Pages, hit: Ints, at: Ints, strength: Floats) -> Floats:
    """Logarithm of what each delivery multiplied its comment's share by when it had come, ``float64[hits, sets]``."""
    out = np.zeros((hit.shape[0], strength.shape[0]))
    page = np.searchsorted(cut.member_offsets, at, side="right") - 1
    offsets = log.target_offsets()
    for k in range(hit.shape[0]):
        rows = slice(int(cut.member_offsets[page[k]]), int(cut.member_offsets[page[k] + 1]))
        mine = cut.member[rows]
        own = int(at[k]) - rows.start
        inside = np.flatnonzero(found.hit.during[hit[k]])
        end = int(found.hit.edges[hit[k], inside[-1] + 1]) if inside.size else log.end_ms
        count = np.array([np.searchsorted(log.at_ms[offsets[t] : offsets[t + 1]], end) for t in mine], np.float64)
        with_it, without = np.empty((mine.size, len(TRAITS))), np.empty((mine.size, len(TRAITS)))
        page_traits(count, log.born_ms[mine], end, with_it)
        count[own] = max(count[own] - found.purchased[mine[own]], 0.0)
        page_traits(count, log.born_ms[mine], end, without)
        out[k] = strength @ (with_it[own] - without[own])
    return out
