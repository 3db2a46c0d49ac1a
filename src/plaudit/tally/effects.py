"""What a like changed, if the data can say: matched controls, before and after, and the checks that come first.

The estimate is a difference in differences on weekly indicators (did this person act in this week?), against people
who had not liked: as active likers of other targets where some targets are in focus, else people of the same log whose
own first like lies beyond the window (not-yet-treated: Callaway & Sant'Anna 2021). It is believed only where the weeks
before the like show no trend of their own, and where it is larger than a violation of that as large as the one seen
(Rambachan & Roth 2023, relative magnitudes with M = 1). People who had not liked yet were not there at that moment
either, and who is there buys more whether or not they like: against them an estimate is told, never called an effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from plaudit.model import Bools, Floats, Ints
from plaudit.tally.proportions import LEVEL

BEFORE, AFTER = 2, 4
"""Windows before the like and after it."""
CONTROLS = 5
"""Controls drawn for each of the treated."""


@dataclass(frozen=True)
class Visits:
    """Who engaged when, one row per like or comment.

    Attributes:
        person: dense person, ``int64[v]``.
        at_ms: UTC milliseconds, ``int64[v]``.
        focal: whether the target is one of those asked about, ``bool[v]``.
        people: how many persons there are.
    """

    person: Ints
    at_ms: Ints
    focal: Bools
    people: int


@dataclass(frozen=True)
class Acts:
    """Outcomes of one kind by persons the visits know, sorted by (person, at_ms); ``int64[a]`` each."""

    person: Ints
    at_ms: Ints

    def grid(self, person: Ints, index_ms: Ints, window_ms: int) -> Floats:
        """Whether each person acted in each window around a moment, ``float64[k, BEFORE + AFTER]`` of zeros and ones.

        Args:
            person: ``int64[k]``, repetitions allowed.
            index_ms: the moment of each; window ``BEFORE`` begins with it.
            window_ms: length of a window.
        """
        # One sorted key for (person, time): counting acts between two moments is two binary searches.
        if self.at_ms.shape[0] == 0 or person.shape[0] == 0:
            return np.zeros((person.shape[0], BEFORE + AFTER))
        first = min(int(self.at_ms.min()), int(index_ms.min()) - BEFORE * window_ms)
        span = max(int(self.at_ms.max()), int(index_ms.max()) + AFTER * window_ms) - first + 2
        keys = self.person * span + (self.at_ms - first)
        edges = index_ms[:, None] + np.arange(-BEFORE, AFTER + 1)[None, :] * window_ms - first
        place = np.searchsorted(keys, person[:, None] * span + edges, side="left")
        return (np.diff(place, axis=1) > 0).astype(np.float64)


@dataclass(frozen=True)
class Matched:
    """Treated persons, and for each the controls that were drawn.

    Attributes:
        treated, index_ms: persons with a control at least, and the moment of their like, ``int64[t]``.
        control, control_ms: controls and the moment each is looked at, ``int64[c]``.
        owner: row of ``treated`` each control stands beside, ``int64[c]``, ascending.
        overlap: share of those asked for who found a control.
        design: ``other_targets`` or ``not_yet``.
    """

    treated: Ints
    index_ms: Ints
    control: Ints
    control_ms: Ints
    owner: Ints
    overlap: float
    design: str


@dataclass(frozen=True)
class Effect:
    """A difference in differences with its standard error, degrees of freedom and two-sided p-value."""

    value: float
    error: float
    freedom: int
    p_value: float

    def interval(self, slack: float = 0.0) -> tuple[float, float]:
        """90 % interval, made wider by ``slack`` on both sides."""
        half = float(stdtrit(self.freedom, 0.5 + LEVEL / 2)) * self.error + slack
        return self.value - half, self.value + half


def observed(index_ms: Ints, start: int, stop: int, tracked: tuple[int, int], window_ms: int) -> Bools:
    """Whether outcomes were recorded throughout windows ``start`` to ``stop`` around each moment, ``bool[k]``."""
    begins, ends = index_ms + start * window_ms, index_ms + stop * window_ms
    return np.asarray((begins >= tracked[0]) & (ends <= tracked[1] + 1))


def match(
    visits: Visits,
    treated: Ints,
    index_ms: Ints,
    window_ms: int,
    horizon: int,
    tracked: tuple[int, int],
    rng: np.random.Generator,
) -> Matched:
    """Draw controls for the treated.

    Args:
        visits: everybody's engagement.
        treated, index_ms: persons and the moments of their likes, ``int64[k]``.
        window_ms: length of a window; also how close in time activity is matched.
        horizon: windows after the like that are looked at, in which a control must not have liked.
        tracked: first and last moment outcomes were recorded at: controls are looked at inside it, too.
        rng: draws among the comparable.
    """
    if visits.focal.all():
        return _not_yet(visits, treated, index_ms, window_ms * horizon, rng)
    usable = observed(visits.at_ms, -BEFORE, horizon, tracked, window_ms)
    return _other_targets(visits, usable, treated, index_ms, window_ms, rng)


def _not_yet(visits: Visits, treated: Ints, index_ms: Ints, free_ms: int, rng: np.random.Generator) -> Matched:
    first = np.full(visits.people, np.iinfo(np.int64).max)
    np.minimum.at(first, visits.person, visits.at_ms)
    person = np.flatnonzero(first < np.iinfo(np.int64).max)
    person = person[np.argsort(first[person], kind="stable")]
    start = np.searchsorted(first[person], index_ms + free_ms, side="right")
    room = person.shape[0] - start
    found = room > 0
    taken = np.minimum(CONTROLS, room[found])
    owner = np.repeat(np.arange(taken.shape[0]), taken)
    place = start[found][owner] + np.floor(rng.random(owner.shape[0]) * room[found][owner]).astype(np.int64)
    moment = index_ms[found][owner]
    return Matched(treated[found], index_ms[found], person[place], moment, owner, _share(found), "not_yet")


def _other_targets(
    visits: Visits, usable: Bools, treated: Ints, index_ms: Ints, window_ms: int, rng: np.random.Generator
) -> Matched:
    """Coarsened exact matching (Iacus, King & Porro 2012): week, visits in the weeks before, visits in the whole log.

    Activity beside the window matters, too: who visits often would otherwise be drawn more often, and buys more.
    """
    touched = np.zeros(visits.people, bool)
    touched[visits.person[visits.focal]] = True
    free = np.flatnonzero(~touched[visits.person] & usable)
    order = np.lexsort((visits.at_ms, visits.person))
    first = int(visits.at_ms.min()) if visits.at_ms.shape[0] else 0
    span = int(visits.at_ms.max()) - first + 2 + BEFORE * window_ms if visits.at_ms.shape[0] else 1
    keys = visits.person[order] * span + (visits.at_ms[order] - first)

    total = np.bincount(visits.person, minlength=visits.people)

    def stratum(person: Ints, at_ms: Ints) -> Ints:
        since = np.maximum(at_ms - BEFORE * window_ms, first)
        low, high = (np.searchsorted(keys, person * span + (edge - first)) for edge in (since, at_ms))
        busy, often = (np.floor(2 * np.log2(1 + n)).astype(np.int64) for n in (high - low, total[person]))
        return np.asarray(((at_ms - first) // window_ms * 64 + busy) * 64 + often, np.int64)

    cell = stratum(visits.person[free], visits.at_ms[free])
    # Any visit of theirs may be drawn, as any visit of a liker may have been the one to the target in focus.
    by_cell = np.argsort(cell, kind="stable")
    rows, cell = free[by_cell], cell[by_cell]
    mine = stratum(treated, index_ms)
    start, stop = np.searchsorted(cell, mine, side="left"), np.searchsorted(cell, mine, side="right")
    room = stop - start
    found = room > 0
    taken = np.minimum(CONTROLS, room[found])
    owner = np.repeat(np.arange(taken.shape[0]), taken)
    place = rows[start[found][owner] + np.floor(rng.random(owner.shape[0]) * room[found][owner]).astype(np.int64)]
    return Matched(
        treated[found],
        index_ms[found],
        visits.person[place],
        visits.at_ms[place],
        owner,
        _share(found),
        "other_targets",
    )


def change(grid: Floats, window: str) -> Floats:
    """Per row of a grid: the share of windows acted in after the like, less the share before it.

    ``first`` is the first window, ``later`` the others, ``trend`` the last window before less the one before that.
    """
    before = grid[:, :BEFORE].mean(axis=1)
    if window == "trend":
        return np.asarray(grid[:, BEFORE - 1] - grid[:, BEFORE - 2])
    after = grid[:, BEFORE] if window == "first" else grid[:, BEFORE + 1 :].mean(axis=1)
    return np.asarray(after - before)


def effect(matched: Matched, treated: Floats, control: Floats) -> Effect:
    """Mean change of the treated less that of their controls; errors are clustered by person.

    Args:
        matched: who stands beside whom.
        treated, control: changes, ``float64[t]`` and ``float64[c]``.
    """
    size = matched.treated.shape[0]
    weight = 1.0 / (size * np.bincount(matched.owner, minlength=size)[matched.owner])
    mean, other = float(treated.mean()), float((weight * control).sum())
    people = np.concatenate([matched.treated, matched.control])
    pull = np.concatenate([(treated - mean) / size, -weight * (control - other)])
    _, cluster = np.unique(people, return_inverse=True)
    clusters = int(cluster.max()) + 1
    error = float(np.sqrt((np.bincount(cluster, pull) ** 2).sum() * clusters / max(clusters - 1, 1)))
    freedom = max(1, min(size, int(np.unique(matched.control).shape[0])) - 1)
    return _tested(mean - other, error, freedom)


def alone(treated: Floats) -> Effect:
    """Mean change of the treated with nobody beside them."""
    size = treated.shape[0]
    return _tested(float(treated.mean()), float(treated.std(ddof=1) / np.sqrt(size)), size - 1)


def _tested(value: float, error: float, freedom: int) -> Effect:
    if error <= 0:
        # Nobody changed, or everybody alike: nothing to judge chance by.
        return Effect(value, error, freedom, 1.0)
    return Effect(value, error, freedom, float(2 * stdtr(freedom, -abs(value / error))))


def _share(found: Bools) -> float:
    return float(found.mean()) if found.shape[0] else 0.0
