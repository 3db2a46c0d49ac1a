"""Deliveries of likes: how one is noted, and how it spreads over its time."""

from __future__ import annotations

import numpy as np

from plaudit.model import MINUTE_MS, Floats, Ints
from plaudit.testing.sections.state import CODE, Build
from plaudit.testing.simulator.draw import Rng, with_rhythm

SHAPES: tuple[str, ...] = ("even", "rhythm", "pulses", "bursty")
"""How a delivery spreads over its time: one pace, the day's rhythm, equal pulses, a burst with a tail."""


def place_orders(
    b: Build,
    target: Ints,
    label: str,
    group: Ints,
    likes: Ints,
    start: Ints,
    length: Ints,
    shape: str,
    yuan: Floats,
    drops: tuple[Ints, Ints, Ints] | None = None,
) -> None:
    """Note deliveries; all end before the export. ``yuan`` per like; ``drops``: how many fall away, when."""
    n = target.size
    start = np.minimum(start, b.end - 2 * MINUTE_MS).astype(np.int64)
    end = np.minimum(start + length, b.end - MINUTE_MS).astype(np.int64)
    o = b.orders
    none = np.zeros(n, np.int64)
    lost, drop_from, drop_to = drops if drops is not None else (none, none, none)
    for column, values in (
        (o.target, target),
        (o.label, np.full(n, CODE[label])),
        (o.group, group),
        (o.likes, likes),
        (o.start, start),
        (o.end, end),
        (o.shape, np.full(n, SHAPES.index(shape))),
        (o.dropped, lost),
        (o.drop_from, np.minimum(drop_from, b.end - 2 * MINUTE_MS)),
        (o.drop_to, np.minimum(drop_to, b.end - MINUTE_MS)),
        (o.yuan, np.round(1000 * yuan)),
    ):
        column.append(np.asarray(values).astype(np.int64))


def moments(b: Build, rng: Rng) -> tuple[Ints, Ints, Ints]:
    """Every ordered like and every one that falls away: ``(target, at, +1 or -1)``, in the order of the deliveries."""
    o = b.orders
    likes, start, end = o.column("likes"), o.column("start"), o.column("end")
    length = np.maximum(end - start, 1)
    order = np.repeat(np.arange(likes.size), likes)
    shape = o.column("shape")[order]
    at = start[order] + (rng.random(order.size) * length[order]).astype(np.int64)
    rows = np.flatnonzero(shape == SHAPES.index("rhythm"))
    at[rows] = with_rhythm(rng, start[order[rows]], length[order[rows]], b.rhythm)
    rows = np.flatnonzero(shape == SHAPES.index("pulses"))
    if rows.size:
        pulses = rng.integers(3, 8, likes.size)[order[rows]]
        width = np.minimum(15 * MINUTE_MS, length[order[rows]] // pulses)
        at_pulse = (rng.random(rows.size) * pulses).astype(np.int64) * (length[order[rows]] - width) // (pulses - 1)
        at[rows] = start[order[rows]] + at_pulse + (rng.random(rows.size) * width).astype(np.int64)
    rows = np.flatnonzero(shape == SHAPES.index("bursty"))
    if rows.size:
        # Most workers answer at once, the rest trickles in.
        part = np.minimum(rng.exponential(0.3, rows.size), 1.0)
        at[rows] = start[order[rows]] + (part * length[order[rows]]).astype(np.int64)
    lost = o.column("dropped")
    fallen = np.repeat(np.arange(lost.size), lost)
    span = np.maximum(o.column("drop_to") - o.column("drop_from"), 1)[fallen]
    off = o.column("drop_from")[fallen] + (rng.random(fallen.size) * span).astype(np.int64)
    target = np.concatenate([o.column("target")[order], o.column("target")[fallen]])
    delta = np.concatenate([np.ones(order.size, np.int64), -np.ones(fallen.size, np.int64)])
    return target, np.minimum(np.concatenate([at, off]), b.end - 1), delta
