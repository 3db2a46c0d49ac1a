"""How readers of pages go by place and count: one model of all pages of a log, estimated from it.

The genuine likes of one stretch of a page fall on its comments in proportion to ``quality * exp(strength . traits)``,
with a gamma distribution of qualities and the traits of :data:`plaudit.kernels.pages.TRAITS`: places in the orders a
page may be read in, and the count. How many likes a stretch has in all is left free, so nights, fame and the age of a
page say nothing. Qualities are estimated together with the strengths, and traits are those *before* the stretch: what
makes a comment liked early and late is not taken for influence.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from plaudit.kernels.pages import TRAITS, fill_pages
from plaudit.model import Bools, EventLog, Floats, Ints, offsets_of

STRETCHES = 48
MOST_CELLS = 150_000
"""Cells the strengths are estimated from; of a log with more, so many pages as come first."""
_PRIOR_SD = 1.0
_SHAPE = 1.0
"""Of the gamma distribution of qualities on a page: exponential, which says least of a number whose mean is known."""
_STEPS = 20
_LEAST_DRIFT = 0.05


@dataclass(frozen=True)
class Pages:
    """Pages cut into stretches; cells page by page, stretch by stretch, see :func:`plaudit.kernels.pages.fill_pages`.

    Attributes:
        member, member_offsets: comments of each page, CSR; ``edges``, ``edge_offsets``: moments that part its
            stretches, CSR.
        likes, out: genuine likes, and presence, ``float64[cells]``; ``traits``: ``float64[cells, TRAITS]``.
        page, who, when: page, member and stretch (numbered through all pages) of each cell, ``int64[cells]``.
        told: cells that say something, ``bool[cells]``: not those inside a comment's own delivery.
    """

    member: Ints
    member_offsets: Ints
    edges: Ints
    edge_offsets: Ints
    likes: Floats
    out: Floats
    traits: Floats
    page: Ints
    who: Ints
    when: Ints
    told: Bools


@dataclass(frozen=True)
class Readers:
    """How readers go by traits.

    Attributes:
        strength, covariance: ``float64[TRAITS]``, ``float64[TRAITS, TRAITS]``; errors clustered by page.
        expected: genuine likes the model expects of each cell, ``float64[cells]``.
        drift: standard deviation of what becomes of a comment's likes from its earlier to its later half beside what
            the model expects, in logarithms, chance taken off.
    """

    strength: Floats
    covariance: Floats
    expected: Floats
    drift: float

    @property
    def by_count(self) -> bool:
        """Whether pages are read in an order that likes decide: its pull is above noise, and above that of age."""
        places = self.strength[:3]
        first = 0 if places[0] >= places[2] else 2
        error = float(np.sqrt(self.covariance[first, first]))
        return bool(places[first] > max(places[1], 0.1, 2.0 * error))


def cut_pages(log: EventLog, genuine: Floats, pages: Ints, deliveries: Ints) -> Pages:
    """Cut pages into stretches with equally many likes, and at the ends of deliveries.

    Args:
        log: with ``parent``.
        genuine: chance of each like not to be bought, ``float64[log.n]``.
        pages: parents, ``int64[p]``, in the order they shall have.
        deliveries: target, first and last moment of each, ``int64[d, 3]``.
    """
    assert log.parent is not None
    number = np.full(int(log.parent.max()) + 1, -1, np.int64)
    number[pages] = np.arange(pages.shape[0])
    of_target = np.where(log.parent >= 0, number[np.maximum(log.parent, 0)], -1)
    member = np.flatnonzero(of_target >= 0)
    member = member[np.lexsort((log.born_ms[member], of_target[member]))]
    member_offsets = offsets_of(of_target[member], pages.shape[0])
    use = np.flatnonzero((of_target[log.target] >= 0) & (genuine > 0.5))
    use = use[np.lexsort((log.at_ms[use], of_target[log.target[use]]))]
    moments, moment_offsets = log.at_ms[use], offsets_of(of_target[log.target[use]], pages.shape[0])
    first, last = np.full(log.n_targets, np.iinfo(np.int64).max), np.full(log.n_targets, -1)
    first[deliveries[:, 0]], last[deliveries[:, 0]] = deliveries[:, 1], deliveries[:, 2]
    edges, when, who, page, begin = [], [], [], [], []
    turn = 0
    for p in range(pages.shape[0]):
        mine = moments[moment_offsets[p] : moment_offsets[p + 1]]
        rows = np.arange(member_offsets[p], member_offsets[p + 1])
        start = int(log.born_ms[member[rows]].min())
        cuts = mine[(np.arange(1, STRETCHES) * mine.size) // STRETCHES] if mine.size else mine
        given = member[rows][last[member[rows]] >= 0]
        cut = np.concatenate([[start], cuts, first[given], last[given] + 1, [log.end_ms + 1]])
        edges.append(np.unique(cut[(cut >= start) & (cut <= log.end_ms + 1)]).astype(np.int64))
        stretches = edges[-1].size - 1
        who.append(np.tile(rows, stretches))
        when.append(np.repeat(np.arange(turn, turn + stretches), rows.size))
        page.append(np.full(rows.size * stretches, p))
        begin.append(np.repeat(edges[-1][:-1], rows.size))
        turn += stretches
    edge_offsets = np.concatenate([[0], np.cumsum([one.size for one in edges])]).astype(np.int64)
    flat, whose, at = np.concatenate(edges), np.concatenate(who), np.concatenate(begin)
    likes, out, traits = fill_pages(
        member, member_offsets, flat, edge_offsets, log.at_ms, log.target_offsets(), genuine, log.born_ms
    )
    told = (out > 0) & ~((at >= first[member[whose]]) & (at <= last[member[whose]]))
    return Pages(
        member=member,
        member_offsets=member_offsets,
        edges=flat,
        edge_offsets=edge_offsets,
        likes=likes,
        out=out,
        traits=traits,
        page=np.concatenate(page),
        who=whose,
        when=np.concatenate(when),
        told=told,
    )


def readers(cut: Pages) -> Readers:
    """Estimate the strengths: the mode of their posterior, qualities profiled out page by page (Newton's method)."""
    bounds = np.searchsorted(cut.page, np.arange(cut.member_offsets.shape[0]))
    blocks = [_Block(cut, int(p0), int(p1), p) for p, (p0, p1) in enumerate(pairwise(bounds))]
    sizes = np.cumsum([block.likes.size for block in blocks])
    used = [block for block, size in zip(blocks, sizes.tolist(), strict=True) if size <= max(MOST_CELLS, sizes[0])]
    strength = np.zeros(len(TRAITS))
    inverse = np.eye(len(TRAITS))
    for _ in range(_STEPS):
        parts = [block.turn(strength) for block in used]
        slope = sum((part.slope for part in parts), -strength / _PRIOR_SD**2)
        bend = sum((part.bend for part in parts), np.eye(len(TRAITS)) / _PRIOR_SD**2)
        inverse = np.asarray(np.linalg.inv(bend), np.float64)
        step = np.clip(inverse @ slope, -0.5, 0.5)
        strength = strength + step
        for block, part in zip(used, parts, strict=True):
            block.quality *= np.exp(np.clip(part.own - part.lean @ step, -1.0, 1.0))
        if np.abs(step).max() < 1e-3:
            break
    score = np.stack([block.turn(strength).slope for block in used])
    expected = np.concatenate([block.settle(strength) for block in blocks])
    drift = _drift(np.where(cut.told, cut.likes, 0.0), np.where(cut.told, expected, 0.0), cut.who, cut.member.shape[0])
    return Readers(strength, inverse + inverse @ (score.T @ score) @ inverse, expected, drift)


@dataclass(frozen=True)
class _Turn:
    """A page's part of one step: slope and bend of the strengths with qualities profiled out.

    The step of the logarithms of qualities is ``own - lean @ step of strengths``.
    """

    slope: Floats
    bend: Floats
    own: Floats
    lean: Floats


class _Block:
    """One page: ``likes``, ``out`` and ``told`` as ``float64[stretches, comments]``, ``traits`` with one axis more."""

    def __init__(self, cut: Pages, first: int, stop: int, page: int) -> None:
        size = int(cut.member_offsets[page + 1] - cut.member_offsets[page])
        grid = (-1, size)
        self.told = cut.told[first:stop].reshape(grid)
        self.out = cut.out[first:stop].reshape(grid)
        self.all_likes = cut.likes[first:stop].reshape(grid)
        self.likes = np.where(self.told, self.all_likes, 0.0)
        self.traits = cut.traits[first:stop].reshape(*grid, len(TRAITS))
        self.got, self.came = self.likes.sum(axis=0), self.likes.sum(axis=1)
        self.quality = np.ones(size)

    def _weight(self, strength: Floats) -> Floats:
        return np.asarray(self.out * np.exp(np.clip(self.traits @ strength, -20.0, 20.0)))

    def turn(self, strength: Floats) -> _Turn:
        """Expectations at ``strength``, and what they say about the next step."""
        weight = np.where(self.told, self._weight(strength), 0.0) * self.quality
        expected = weight * (self.came / np.maximum(weight.sum(axis=1), 1e-12))[:, None]
        mine = expected.sum(axis=0)
        per = np.maximum(self.came, 1e-12)[:, None]
        pulled = np.einsum("tn,tnk->tk", expected, self.traits)
        bend = np.einsum("tn,tnk,tnl->kl", expected, self.traits, self.traits) - (pulled / per).T @ pulled
        cross = np.einsum("tn,tnk->nk", expected, self.traits) - expected.T @ (pulled / per)
        inner = np.diag(mine + _SHAPE * self.quality + 1e-9) - (expected / per).T @ expected
        slope_own = self.got - mine + _SHAPE * (1.0 - self.quality)
        solved = np.linalg.solve(inner, np.column_stack([slope_own, cross]))
        own, lean = solved[:, 0], solved[:, 1:]
        slope = np.einsum("tn,tnk->k", self.likes - expected, self.traits) - cross.T @ own
        return _Turn(slope, bend - cross.T @ lean, own, lean)

    def settle(self, strength: Floats) -> Floats:
        """Qualities at given strengths, and what is then expected of every cell, deliveries included."""
        for _ in range(_STEPS):
            own = self.turn(strength).own
            self.quality *= np.exp(np.clip(own, -1.0, 1.0))
            if np.abs(own).max() < 1e-3:
                break
        weight = self._weight(strength) * self.quality
        pull = self.came / np.maximum(np.where(self.told, weight, 0.0).sum(axis=1), 1e-12)
        return np.asarray((weight * pull[:, None]).ravel())


def _drift(y: Floats, expected: Floats, who: Ints, width: int) -> float:
    """See :class:`Readers`; comments with five likes expected in either half."""
    order = np.argsort(who, kind="stable")
    total = np.bincount(who, expected, width)
    before = np.cumsum(expected[order]) - np.repeat(np.cumsum(total) - total, np.bincount(who, minlength=width))
    late = before > 0.5 * total[who[order]]
    halves = [
        np.bincount(who[order][side], values[order][side], width) for values in (y, expected) for side in (~late, late)
    ]
    able = (halves[2] >= 5) & (halves[3] >= 5)
    if able.sum() < 10:
        return 0.5
    early, later, hoped, hoped_later = (half[able] + 0.5 for half in halves)
    moved = np.log(later / hoped_later) - np.log(early / hoped)
    return float(np.sqrt(max(np.mean(moved**2 - 1.0 / early - 1.0 / later), _LEAST_DRIFT**2)))
