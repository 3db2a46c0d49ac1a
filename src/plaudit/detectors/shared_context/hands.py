"""One hand, many devices: contexts that stand out and serve the same targets are one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, triu

from plaudit.detectors.links import components
from plaudit.kernels.tails import log_poisson_tail, log_q_values
from plaudit.model import EventLog, Floats, Ints, ranges


@dataclass(frozen=True)
class Cells:
    """Contexts with a crowded target, one entry each, their likes as CSR.

    Attributes:
        actors, expected: actors in its cells, and how many the log's own sharing expects, ``[contexts]``.
        log_p, log_q: ``ln p`` of its most surprising sitting and ``ln`` of its false-discovery rate, ``[contexts]``.
        offsets: ``int64[contexts + 1]``; ``rows`` of the log and their ``share``, ``[likes]``.
        certainty: see :class:`plaudit.model.Findings`.
    """

    actors: Ints
    expected: Floats
    log_p: Floats
    offsets: Ints
    rows: Ints
    share: Floats
    certainty: Floats
    log_q: Floats


def joined(log: EventLog, cells: Cells, log_fdr: float) -> Cells:
    """Contexts that stand out by themselves and serve the same targets more than such contexts do, as one entry each.

    Two that serve ``a`` and ``b`` targets share ``a b sum(p_t^2)`` by chance, ``p_t`` being the part of all their
    servings that target ``t`` has: a target they all serve links nobody. What does not stand out joins nothing.

    Args:
        log_fdr: ``ln`` of the false-discovery rate of standing out and of a link.
    """
    if cells.log_p.shape[0] == 0:
        return cells
    own = np.flatnonzero(cells.log_q < log_fdr)
    size = np.diff(cells.offsets)
    rows = cells.rows[ranges(cells.offsets[own], size[own])]
    holder = np.repeat(np.arange(own.shape[0]), size[own])
    served = coo_array((np.ones(rows.shape[0]), (holder, log.target[rows])), (own.shape[0], log.n_targets)).tocsr()
    served.data[:] = 1.0
    both = triu(served @ served.T, k=1).tocoo()
    count, part = np.diff(served.indptr), np.bincount(served.indices, minlength=log.n_targets) / max(served.nnz, 1)
    log_p = log_poisson_tail(both.data, count[both.row] * count[both.col] * float((part**2).sum()))
    link = log_q_values(log_p, own.shape[0] * (own.shape[0] - 1) // 2) < log_fdr
    label = np.arange(size.shape[0])
    for members in components(own.shape[0], both.row[link], both.col[link]):
        label[own[members]] = own[members[0]]
    _, label = np.unique(label, return_inverse=True)
    order = np.argsort(label, kind="stable")
    among = np.bincount(label)
    start = np.cumsum(among) - among
    taken = ranges(cells.offsets[order], size[order])
    likes = np.bincount(label, weights=size).astype(np.int64)
    return Cells(
        actors=np.bincount(label, weights=cells.actors).astype(np.int64),
        expected=np.bincount(label, weights=cells.expected).astype(np.float64),
        # The most surprising of them, of so many looked at.
        log_p=np.minimum(np.minimum.reduceat(cells.log_p[order], start) + np.log(among), 0.0),
        offsets=np.concatenate([[0], np.cumsum(likes)]).astype(np.int64),
        rows=cells.rows[taken],
        share=cells.share[taken],
        certainty=cells.certainty[order][start],
        log_q=np.minimum.reduceat(cells.log_q[order], start),
    )
