"""What if readers were shown another count: what a bought like would draw and gain, and what late comments would get.

Asked of the model of whole pages (:mod:`plaudit.tally.pages`), whose strengths are those of *this* log's readers. Pages
are lived through again twice for each way of showing, with and without what was bought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.pages import fill_pages
from plaudit.kernels.shown import pages_shown
from plaudit.kernels.visits import SHOWN
from plaudit.model import HOUR_MS, EventLog, Floats, Ints
from plaudit.tally.pages import Pages

LATE_H = 6.0
"""Hours after the first comment of its page from which a comment is late."""
WAYS = ("raw", "bucket", "hidden", "honest")
"""As the log was, in powers of ten, not at all: all ordered as the log was. ``honest``: bought likes are neither shown
nor ordered by. Hiding that of young comments only is not among them: in closed loops the model was wrong."""
_MOST_CELLS, _WORK = 300_000, 2_000_000
_LEAST_SETS, _MOST_SETS = 4, 12


@dataclass(frozen=True)
class Shown:
    """One way of showing the count; each figure as middle, low and high of 90 %.

    How much of a pull is the number's and how much the place's, one log hardly tells. So where only the number is
    changed, intervals reach to what would be if all of it were the place's: to the log as it was.

    Attributes:
        way: one of :data:`WAYS`.
        drawn: genuine likes that a bought one draws onto its comment.
        places: places by likes a delivery gains its comment until the end of the log.
        late: genuine likes of late comments, as a multiple of what they got.
    """

    way: str
    drawn: tuple[float, float, float]
    places: tuple[float, float, float]
    late: tuple[float, float, float]


def what_if(
    log: EventLog, genuine: Floats, cut: Pages, expected: Floats, pages: int, strength: Floats, bought: Floats
) -> tuple[Shown, ...]:
    """All of :data:`WAYS` on the first ``pages`` pages of ``cut``, or as many of them as are affordable.

    Args:
        log, genuine: the log, and the chance of each like not to be bought.
        cut, expected: pages, and genuine likes the model expects of each cell.
        strength: draws of the strengths, ``float64[sets, traits]``; at most a dozen of them are used.
        bought: expected bought likes of each target, ``float64[n_targets]``.
    """
    ends = np.searchsorted(cut.page, np.arange(1, pages + 1))
    pages = max(1, int(np.searchsorted(ends, _MOST_CELLS, side="right")))
    last, cells = int(cut.member_offsets[pages]), int(np.searchsorted(cut.page, pages))
    edges = cut.edge_offsets[: pages + 1]
    shape = (cut.member[:last], cut.member_offsets[: pages + 1], cut.edges[: edges[-1]], edges)
    given, _, _ = fill_pages(*shape, log.at_ms, log.target_offsets(), 1.0 - genuine, log.born_ms)
    sets = strength[: int(np.clip(_WORK // max(cells, 1), _LEAST_SETS, _MOST_SETS))]
    mine = bought[cut.member[:last]]
    page = np.repeat(np.arange(pages), np.diff(cut.member_offsets[: pages + 1]))
    born = log.born_ms[cut.member[:last]]
    first = np.full(pages, np.iinfo(np.int64).max)
    np.minimum.at(first, page, born)
    late = born - first[page] >= LATE_H * HOUR_MS
    hit = mine > 0.5
    got = float(np.bincount(late[cut.who[:cells]], cut.likes[:cells], 2)[1])
    out: list[Shown] = []
    as_it_was: list[tuple[float, float, float]] = []
    for way in WAYS:
        with_it, without = pages_shown(
            *shape,
            log.born_ms,
            cut.likes[:cells],
            given,
            expected[:cells],
            cut.traits[:cells],
            sets,
            SHOWN.index("raw" if way == "honest" else way),
            way == "honest",
        )
        drawn = (with_it - without)[hit].sum(axis=0) / mine.sum()
        counted = with_it if way == "honest" else with_it + mine[:, None]
        gained = _places(without, page)[hit] - _places(counted, page)[hit]
        figures = (drawn, gained.mean(axis=0), with_it[late].sum(axis=0) / max(got, 1e-9))
        told = [_range(one) for one in figures]
        as_it_was = as_it_was or told
        if way != "honest":
            told = [
                (mid, min(low, *was), max(high, *was)) for (mid, low, high), was in zip(told, as_it_was, strict=True)
            ]
        out.append(Shown(way, *told))
    return tuple(out)


def _places(count: Floats, page: Ints) -> Floats:
    """Place of each comment by ``count`` among all, page by page, ``float64[members, sets]``: only differences mean."""
    out = np.empty(count.shape)
    for s in range(count.shape[1]):
        order = np.lexsort((-count[:, s], page))
        rank = np.empty(order.shape[0])
        rank[order] = np.arange(order.shape[0])
        out[:, s] = rank
    return out


def _range(values: Floats) -> tuple[float, float, float]:
    middle, low, high = np.quantile(values, [0.5, 0.05, 0.95])
    return float(middle), float(low), float(high)
