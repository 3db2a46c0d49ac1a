"""Readings of one counter: one for each target and moment, and the last that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.errors import InputError
from plaudit.ingest.exports.moments import shown
from plaudit.model import UNKNOWN, Bools, Counter, Ints


@dataclass(frozen=True)
class Readings:
    """What was read of targets, one entry per row of any file.

    Attributes:
        target: dense target, ``int64[r]``.
        at_ms: moment, UTC milliseconds, -1 where nothing says it, ``int64[r]``.
        file, row: where it stands, ``int64[r]``.
        counts: counters by name, each of length ``r``.
        position: place among the comments of the post, -1 unknown, ``int64[r]``.
    """

    target: Ints
    at_ms: Ints
    file: Ints
    row: Ints
    counts: dict[str, Counter]
    position: Ints


@dataclass(frozen=True)
class Merged:
    """One entry per target and moment, ordered by both; a moment nobody knows (-1) comes first.

    Attributes:
        target, at_ms, position: as in :class:`Readings`, ``int64[g]``.
        counts: by name, each of length ``g``; where one moment shows two numbers, the interval that holds both.
        repeated: rows that say again what another row of the same moment says.
        conflicting: rows whose target another row of the same moment gives another count.
    """

    target: Ints
    at_ms: Ints
    counts: dict[str, Counter]
    position: Ints
    repeated: int
    conflicting: int


def merged(
    rows: Readings,
    names: Sequence[str],
    what: str,
    targets: Sequence[str] | None = None,
    days: Mapping[int, int] | None = None,
) -> Merged:
    """One reading per target and moment.

    Rows of one file without a moment are one reading. A reading without a moment beside others of its target can only
    be told to be the same reading where it shows the same counts.

    Args:
        rows: every row.
        names: of the files, for messages.
        what: ``comment`` or ``post``, for messages.
        targets: the id of each target, for messages.
        days: files whose moment is a date alone, and that moment.

    Raises:
        InputError: one target shows different counts in two files and nothing says which came first, or no more than
            that both were taken on one day.
    """
    order = np.lexsort((rows.row, rows.file, rows.at_ms, rows.target))
    target, at = rows.target[order], rows.at_ms[order]
    if order.size == 0:
        return Merged(target, at, {name: one.take(order) for name, one in rows.counts.items()}, target, 0, 0)
    starts = np.flatnonzero(np.r_[True, (np.diff(target) != 0) | (np.diff(at) != 0)])
    sizes = np.diff(np.r_[starts, order.size])
    counts: dict[str, Counter] = {}
    differ = np.zeros(starts.size, np.bool_)
    for name, counter in rows.counts.items():
        counts[name], apart = _hull(counter.take(order), starts)
        differ |= apart
    _refuse_untimed(rows, order, starts, differ, counts, names, what, targets, days or {})
    conflicting = int(sizes[differ].sum())
    repeated = int((sizes[~differ] - 1).sum())
    position = _first_known(rows.position[order], starts)
    # A reading without a moment that has passed so far says again what a timed one says.
    alone = np.r_[np.diff(target[starts]) != 0, True]
    keep = (at[starts] != UNKNOWN) | alone
    repeated += int(sizes[~keep].sum())
    return Merged(
        target[starts][keep],
        at[starts][keep],
        {name: one.take(np.flatnonzero(keep)) for name, one in counts.items()},
        position[keep],
        repeated,
        conflicting,
    )


def last_known(target: Ints, counter: Counter, size: int) -> tuple[Counter, Ints]:
    """Last known counter of each of ``size`` targets, and the entry it stands in (-1: never known).

    Args:
        target: target of each entry, ascending, entries of one target by moment.
        counter: of each entry.
        size: number of targets.
    """
    entry = np.full(size, UNKNOWN, np.int64)
    rows = np.flatnonzero(counter.known)
    entry[target[rows]] = rows  # later entries overwrite earlier ones
    low, high = np.full(size, UNKNOWN, np.int64), np.full(size, UNKNOWN, np.int64)
    found = entry >= 0
    low[found], high[found] = counter.low[entry[found]], counter.high[entry[found]]
    return Counter(low, high), entry


def _hull(counter: Counter, starts: Ints) -> tuple[Counter, Bools]:
    """The smallest interval around all known counters of each group, and where they are not all the same."""
    top = np.iinfo(np.int64).max
    known = counter.known
    low = np.minimum.reduceat(np.where(known, counter.low, top), starts)
    lowest_high = np.minimum.reduceat(np.where(known, counter.high, top), starts)
    high = np.maximum.reduceat(np.where(known, counter.high, UNKNOWN), starts)
    highest_low = np.maximum.reduceat(np.where(known, counter.low, UNKNOWN), starts)
    absent = high == UNKNOWN
    low = np.where(absent, UNKNOWN, low)
    apart = ~absent & ((low != highest_low) | (lowest_high != high))
    return Counter(low, high), np.asarray(apart)


def _first_known(values: Ints, starts: Ints) -> Ints:
    top = np.iinfo(np.int64).max
    first = np.minimum.reduceat(np.where(values >= 0, values, top), starts)
    return np.where(first == top, UNKNOWN, first)


def _refuse_untimed(
    rows: Readings,
    order: Ints,
    starts: Ints,
    differ: Bools,
    counts: dict[str, Counter],
    names: Sequence[str],
    what: str,
    targets: Sequence[str] | None,
    days: Mapping[int, int],
) -> None:
    file, at, target = rows.file[order], rows.at_ms[order], rows.target[order]
    untimed = at[starts] == UNKNOWN
    several = np.minimum.reduceat(file, starts) != np.maximum.reduceat(file, starts)
    dated = np.zeros(order.size, np.bool_)
    for number, moment in days.items():
        dated |= (file == number) & (at == moment)
    bad = (untimed | np.logical_and.reduceat(dated, starts)) & several & differ
    # Beside timed readings of the same target, an untimed one has to say again what one of them says.
    owner = target[starts]
    beside = np.flatnonzero(untimed & np.r_[np.diff(owner) == 0, False] & ~bad)
    if beside.size:
        of = np.full(int(owner.max()) + 1, UNKNOWN, np.int64)
        of[owner[beside]] = beside
        timed = np.flatnonzero(~untimed & (of[owner] >= 0))
        mine = of[owner[timed]]
        agrees = np.ones(timed.size, np.bool_)
        for counter in counts.values():
            silent = counter.low[mine] == UNKNOWN
            same = (counter.low[mine] == counter.low[timed]) & (counter.high[mine] == counter.high[timed])
            agrees &= silent | same
        confirmed = np.zeros(starts.size, np.bool_)
        confirmed[mine[agrees]] = True
        bad[beside] = ~confirmed[beside]
    if not bad.any():
        return
    group = int(np.flatnonzero(bad)[0])
    here = target[starts[group]]
    only_day = bool(not untimed[group])
    found = sorted({names[int(one)] for one in file[(target == here) & ((at == at[starts[group]]) | (not only_day))]})
    moments = sorted({shown(int(one)) for one in at[target == here] if one != UNKNOWN})
    known = f" (known: {', '.join(moments[:3])})" if moments else ""
    label = f" {targets[int(here)]!r}" if targets is not None else ""
    when = "at what time of that day" if only_day else "when"
    raise InputError(
        f"the same {what}{label} shows different counts in {' and '.join(found[:3])}, and nothing says {when} each was "
        f"taken{known}: name the files after the moment, such as comments_2024-05-01T12-30.json, or add a field "
        "observed_at to them; their dates on disk are not used."
    )
