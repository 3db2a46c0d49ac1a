"""Small vectorised draws the world is made of: rhythms, weighted choice, durations. Times: ms since the log began."""

from __future__ import annotations

import numpy as np

from plaudit.model import DAY_MS, HOUR_MS, Bools, Floats, Ints

Rng = np.random.Generator

EPOCH_MS = 1_714_348_800_000
"""Monday 2024-04-29 00:00 UTC: when every simulated log begins (a fixed date: worlds do not read the clock)."""

BIN_MS = 15 * 60_000
WEEK_BINS = 7 * DAY_MS // BIN_MS

ZONES: tuple[tuple[float, float, float], ...] = (
    # offset from UTC in hours, shift of the person's day in hours, share of people
    (8.0, 0.0, 0.36),
    (8.0, -1.5, 0.16),
    (8.0, 2.5, 0.17),
    (9.0, 0.0, 0.08),
    (5.5, 0.0, 0.06),
    (1.0, 0.0, 0.07),
    (-5.0, 0.0, 0.06),
    (-8.0, 1.0, 0.04),
)
"""Time zones with chronotypes: most people live in one zone, as in most logs."""


def _daily(hour: Floats, weekend: Bools) -> Floats:
    """Relative liveliness at a local hour: a trough at four, bumps in the morning, at noon, and in the evening."""

    def bump(centre: float, width: float) -> Floats:
        away = np.abs(hour - centre)
        away = np.minimum(away, 24.0 - away)
        return np.asarray(np.exp(-0.5 * (away / width) ** 2), np.float64)

    workday = 0.10 + 0.55 * bump(8.2, 1.2) + 0.60 * bump(12.6, 1.3) + 0.25 * bump(16.0, 2.0) + 1.0 * bump(21.2, 2.1)
    restday = 0.12 + 0.65 * bump(10.8, 2.2) + 0.60 * bump(15.0, 2.6) + 1.1 * bump(21.8, 2.4)
    return np.where(weekend, restday, workday)


def zone_rhythms() -> Floats:
    """Liveliness of each zone by quarter hour of the UTC week, ``float64[zones, WEEK_BINS]``, mean 1 per zone."""
    bins = (np.arange(WEEK_BINS) + 0.5) * BIN_MS / HOUR_MS
    rows = []
    for offset, shift, _ in ZONES:
        local = bins + offset
        weekend = np.isin((local // 24).astype(np.int64) % 7, (5, 6))
        row = _daily((local - shift) % 24.0, weekend)
        rows.append(row / row.mean())
    return np.stack(rows)


def week_bin(at: Ints) -> Ints:
    """Quarter hour of the UTC week of each moment; the log begins on a Monday at midnight UTC."""
    return np.asarray((at // BIN_MS) % WEEK_BINS, np.int64)


def choose(rng: Rng, weights: Floats, n: int) -> Ints:
    """``n`` independent draws of an index with the given weights."""
    cum = np.cumsum(weights)
    return np.asarray(np.searchsorted(cum, rng.random(n) * cum[-1], side="right").clip(max=weights.size - 1), np.int64)


def choose_distinct(rng: Rng, weights: Floats, n: int) -> Ints:
    """``n`` different indices, heavier ones likelier (Efraimidis and Spirakis' exponential keys), sorted."""
    keys = rng.exponential(size=weights.size) / np.maximum(weights, 1e-300)
    keys[weights <= 0] = np.inf
    n = min(n, int(np.count_nonzero(weights > 0)))
    return np.sort(np.argpartition(keys, n - 1)[:n]) if n else np.zeros(0, np.int64)


def with_rhythm(rng: Rng, start: Ints, length: Ints, table: Floats, rounds: int = 12) -> Ints:
    """One moment in ``[start, start + length)`` for each entry, likelier when ``table`` (by week bin) is high."""
    top = float(table.max())
    out = start + (rng.random(start.size) * length).astype(np.int64)
    todo = np.flatnonzero(rng.random(start.size) * top > table[week_bin(out)])
    for _ in range(rounds):
        if not todo.size:
            break
        out[todo] = start[todo] + (rng.random(todo.size) * length[todo]).astype(np.int64)
        todo = todo[rng.random(todo.size) * top > table[week_bin(out[todo])]]
    return out


def log_uniform(rng: Rng, low: float, high: float, n: int) -> Floats:
    """``n`` draws whose logarithm is uniform: small sizes as common per octave as large ones."""
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def split(total: int, sizes: Floats) -> Ints:
    """Whole numbers that add up to ``total`` in proportion to ``sizes`` (at least 1 where ``total`` allows)."""
    if not sizes.size or total <= 0:
        return np.zeros(sizes.size, np.int64)
    cum = np.floor(np.cumsum(sizes) / sizes.sum() * total + 1e-9).astype(np.int64)
    cum[-1] = total
    parts: Ints = np.diff(cum, prepend=0)
    return parts
