"""Who did what after engaging: outcomes joined to people, and rates of groups of them. Description only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import DAY_MS, Bools, Ints, Outcomes
from plaudit.result import Message, Rate
from plaudit.result.cells import SMALL
from plaudit.tally.effects import AFTER, BEFORE, Acts, observed
from plaudit.tally.proportions import wilson

KINDS = ("read_finish", "follow", "purchase", "repurchase", "referral")
WINDOW_MS = 7 * DAY_MS
WINDOWS = {"first": (0, 1), "later": (1, AFTER)}
"""Windows after the engagement that rates are told of: the first, and the three after it."""


@dataclass(frozen=True)
class Engagement:
    """Likes, or comments, as the value audit sees them: one row each.

    Attributes:
        person: dense person, ``int64[v]``, -1 where nobody is known.
        at_ms: UTC milliseconds, ``int64[v]``, -1 unknown.
        status: place in :data:`plaudit.model.STATUSES`, ``int8[v]``.
        focal: whether it counts among what is asked about, ``bool[v]``.
        ids: id of each person, as outcomes name them.
    """

    person: Ints
    at_ms: Ints
    status: np.ndarray
    focal: Bools
    ids: pa.Array


def doers(outcomes: Outcomes, ids: pa.Array, there: Ints) -> tuple[Ints, Bools]:
    """Who each outcome is of, ``int64[o]`` (-1 nobody known), and whether that person engaged at all, ``bool[o]``.

    Args:
        outcomes: what people did.
        ids: of the people, as outcomes name them.
        there: people who engaged at a known moment.
    """
    place = pc.index_in(outcomes.actor_id, value_set=ids.cast(outcomes.actor_id.type))
    person = np.asarray(pc.fill_null(place, -1)).astype(np.int64)
    touched = np.zeros(len(ids), bool)
    touched[there] = True
    own = person >= 0
    own[own] = touched[person[own]]
    return person, own


def acts_of(person: Ints, at_ms: Ints, rows: Bools) -> Acts:
    """These outcomes, ordered by person and time."""
    who, when = person[rows], at_ms[rows]
    order = np.lexsort((when, who))
    return Acts(who[order], when[order])


def tellable(rate: Rate) -> Rate:
    """A rate as it may be reported: small cells, of those who did it or of those who did not, are not told."""
    did, people = rate.acts or 0, rate.people
    if 0 < did < SMALL:
        least, most = 1, SMALL - 1
    elif 0 < people - did < SMALL:
        least, most = people - SMALL + 1, people - 1
    else:
        return rate
    return rate.model_copy(
        update={"acts": None, "rate": None, "low": wilson(least, people)[0], "high": wilson(most, people)[1]}
    )


def of_small_cells(rates: Sequence[Rate]) -> list[Message]:
    """What has to be said where a cell is not told."""
    return (
        [Message(code="value_small_cells", values={"small": SMALL})] if any(one.acts is None for one in rates) else []
    )


def rates_of(
    kind: str,
    window: str,
    done: Acts,
    names: Sequence[str],
    group: Ints,
    index_ms: Ints,
    tracked: tuple[int, int],
    window_ms: int,
) -> dict[str, Rate]:
    """How many of each group did something in a window, of those whose window was recorded to its end.

    As it may be reported: see :func:`tellable`.

    Args:
        kind: what was done.
        window: one of :data:`WINDOWS`.
        done: the acts.
        names: of the groups; those of fewer than five people are left out.
        group: place in ``names`` of each person, -1 for nobody asked about.
        index_ms: when each person engaged.
        tracked: first and last moment outcomes were recorded at.
        window_ms: length of the first window.
    """
    start, stop = WINDOWS[window]
    out: dict[str, Rate] = {}
    for code, name in enumerate(names):
        people = np.flatnonzero(group == code)
        people = people[observed(index_ms[people], start, stop, tracked, window_ms)]
        if people.shape[0] < SMALL:
            continue
        grid = done.grid(people, index_ms[people], window_ms)
        did = int((grid[:, BEFORE + start : BEFORE + stop].sum(axis=1) > 0).sum())
        low, high = wilson(did, people.shape[0])
        share = did / people.shape[0]
        out[name] = tellable(
            Rate(group=name, kind=kind, window=window, people=people.shape[0], acts=did, rate=share, low=low, high=high)
        )
    return out
