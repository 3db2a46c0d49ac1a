"""Who received a delivery, who can be compared with whom, and what likes did before, during and after.

One profile per target: its own genuine likes and its neighbours' in sixteen stretches of its life, and the dose of the
delivery in each. Targets without a delivery lend themselves as placebos: a delivery that another target received, at
the age it was received, is held beside *their* likes. Whatever the comparison finds there is not herd.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.kernels.exposure import SHAPES, fill_profiles
from plaudit.model import Bools, EventLog, Floats, Ints, offsets_of, ranges

SUSPECT = 0.1
"""A like counts towards a delivery from this chance of being bought; below, it is noise of the verdict."""
LEAST_BOUGHT = 3.0
"""Expected bought likes from which a target counts as having received a delivery."""
MISSED = 0.25
"""Most likes a verdict is thought to have missed of a delivery it found, beside those it suspects."""
_LEAST_LIKES, _LEAST_CONTROLS = 5.0, 20
_MOST_PLACEBOS = 2000
_MOST_NEAR = 200
_MOST_LENT = 1000
_AGES = 12
_STEPS = 30


@dataclass(frozen=True)
class Profiles:
    """Targets in sixteen stretches each, see :func:`plaudit.kernels.exposure.fill_profiles`.

    Attributes:
        target: ``int64[k]``; ``edges``: ``int64[k, 17]``; ``own``, ``base``: genuine likes of the target and what its
            neighbours and its age let expect, up to a factor, ``float64[k, 16]``.
        dose: ``float64[shapes, k, 16]``; ``during``: stretches inside the delivery, ``bool[k, 16]``: left out, for
            bought likes that were missed would pass for its effect.
    """

    target: Ints
    edges: Ints
    own: Floats
    base: Floats
    dose: Floats
    during: Bools


@dataclass(frozen=True)
class Shocks:
    """Everything the estimate rests on.

    Attributes:
        genuine: chance of each like not to be bought, with what is below :data:`SUSPECT` taken as genuine.
        purchased: expected bought likes per target; ``spread``: their standard deviation.
        hit: profiles of the targets with deliveries; ``placebo``: of the others, each beside a delivery lent to it.
        group: of each target, its row in ``near_offsets``; ``near``: the targets of each group, most liked first.
    """

    genuine: Floats
    purchased: Floats
    spread: Floats
    hit: Profiles
    placebo: Profiles
    group: Ints
    near: Ints
    near_offsets: Ints


def shocks(log: EventLog, p_inauthentic: Floats, seed: int) -> Shocks:
    """Find deliveries, neighbours and placebos in a log with a chance of being bought per like."""
    size = log.n_targets
    bought = np.where(p_inauthentic >= SUSPECT, p_inauthentic, 0.0)
    genuine = 1.0 - bought
    # A hundred bought likes at a chance of 0.98 leave two that are perhaps genuine, all of them inside the delivery:
    # what is suspect says nothing about the pace of the rest.
    plain = (bought == 0).astype(np.float64)
    purchased = np.asarray(np.bincount(log.target, bought, size), np.float64)
    spread = np.sqrt(np.bincount(log.target, bought * genuine, size))
    hit = np.flatnonzero(purchased >= LEAST_BOUGHT)
    clean = np.bincount(log.target, bought > 0, size) == 0
    group, group_size = _groups(log, clean)
    placebo, donor = _placebos(log, clean, genuine, hit, seed)
    # Only the neighbours of those compared are put in order of time.
    asked = np.zeros(group_size, dtype=bool)
    asked[group[hit]] = asked[group[placebo]] = True
    control_rows = np.flatnonzero((clean & asked[group])[log.target])
    control_rows = control_rows[np.lexsort((log.at_ms[control_rows], group[log.target[control_rows]]))]
    control = log.at_ms[control_rows]
    control_offsets = offsets_of(group[log.target[control_rows]], group_size)
    shown = np.diff(log.target_offsets())
    near = np.lexsort((-shown, group))
    rank = np.arange(size) - offsets_of(group[near], group_size)[group[near]]
    near = near[rank < _MOST_NEAR]
    near_offsets = offsets_of(group[near], group_size)
    shapes = len(SHAPES) if log.parent is not None else 2
    given = np.flatnonzero(bought > 0)
    of_hit = given[np.isin(log.target[given], hit)]
    gift_offsets = np.searchsorted(log.target[of_hit], np.append(hit, size)).astype(np.int64)
    lend_offsets, lend, lend_weight = _lendable(gift_offsets, of_hit, bought[of_hit])
    length = np.diff(lend_offsets)[donor]
    entry = ranges(lend_offsets[donor], length)
    # A delivery is lent at the age at which it came, not at the hour.
    moved = np.repeat(log.born_ms[placebo] - log.born_ms[hit[donor]], length)

    def profiles(target: Ints, moments: Ints, weight: Floats, offsets: Ints, own: bool) -> Profiles:
        edges, mine, other, dose, during = fill_profiles(
            target,
            log.at_ms,
            log.target_offsets(),
            plain,
            log.born_ms,
            log.end_ms,
            group,
            control,
            control_offsets,
            near,
            near_offsets,
            moments,
            weight,
            offsets,
            np.full(target.shape[0], own, np.int64),
            shapes,
        )
        return Profiles(target, edges, mine, other, dose, during)

    hits = profiles(hit, log.at_ms[of_hit], bought[of_hit], gift_offsets, False)
    lent_offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    lent = profiles(placebo, log.at_ms[lend[entry]] + moved, lend_weight[entry], lent_offsets, True)
    hits, lent = _aged(log, hits, lent)
    genuine = _without_misses(log, hits, genuine, purchased)
    hits, lent = _apart(hits), _apart(lent)
    return Shocks(genuine, purchased, spread, hits, lent, group, near, near_offsets)


def _lendable(offsets: Ints, row: Ints, weight: Floats) -> tuple[Ints, Ints, Floats]:
    """Deliveries as they are lent, CSR ``(offsets, row, weight)``: of a large one evenly chosen likes stand for all.

    Every placebo gets one; a million bought likes on one target would otherwise be written out two thousand times.
    """
    length = np.diff(offsets)
    kept = np.minimum(length, _MOST_LENT)
    home = np.repeat(np.arange(length.shape[0]), kept)
    first = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    place = offsets[home] + (np.arange(home.shape[0]) - first[home]) * length[home] // np.maximum(kept[home], 1)
    whole = np.bincount(np.repeat(np.arange(length.shape[0]), length), weight, length.shape[0])
    chosen = np.bincount(home, weight[place], length.shape[0])
    return first, row[place], weight[place] * (whole / np.maximum(chosen, 1e-300))[home]


def _without_misses(log: EventLog, hit: Profiles, genuine: Floats, purchased: Floats) -> Floats:
    """Chances to be genuine with those inside deliveries held to the pace outside.

    A verdict that finds nine of ten bought likes leaves the tenth among the genuine ones, where it would be taken for
    induced. More genuine likes than the pace after the delivery (before it, where nothing came after) explain are not.
    """
    out = genuine.copy()
    after = ~hit.during & (np.cumsum(hit.during, axis=1) > 0)
    after[~after.any(axis=1)] = True
    after &= ~hit.during
    pace = ((hit.own * after).sum(axis=1) + 0.5) / np.maximum((hit.base * after).sum(axis=1), 1e-9)
    expected = pace * (hit.base * hit.during).sum(axis=1)
    inside = (hit.own * hit.during).sum(axis=1)
    missed = np.minimum(np.maximum(inside - expected, 0.0), MISSED * purchased[hit.target])
    share = 1.0 - missed / np.maximum(inside, 1e-9)
    offsets = log.target_offsets()
    for k in range(hit.target.shape[0]):
        rows = slice(offsets[hit.target[k]], offsets[hit.target[k] + 1])
        stretch = np.searchsorted(hit.edges[k, 1:-1], log.at_ms[rows], side="right")
        out[rows] *= np.where(hit.during[k][stretch] & (genuine[rows] == 1.0), share[k], 1.0)
    return out


def _apart(part: Profiles) -> Profiles:
    """The same without what happened during deliveries."""
    own, base = np.where(part.during, 0.0, part.own), np.where(part.during, 1e-9, part.base)
    return Profiles(part.target, part.edges, own, base, part.dose, part.during)


def _groups(log: EventLog, clean: np.ndarray) -> tuple[Ints, int]:
    """Row of each target's neighbours: its post where that has likes enough to compare with, else the whole log."""
    size = log.n_targets
    if log.parent is None:
        return np.zeros(size, np.int64), 1
    posts = int(log.parent.max(initial=-1)) + 1
    post = np.where(log.parent >= 0, log.parent, posts).astype(np.int64)
    likes = np.bincount(post[log.target[clean[log.target]]], minlength=posts + 1)
    members = np.bincount(post, minlength=posts + 1)
    enough = (likes >= _LEAST_CONTROLS) & (members >= 3)
    enough[posts] = False
    return np.where(enough[post], post, posts), posts + 1


def _placebos(log: EventLog, clean: np.ndarray, genuine: Floats, hit: Ints, seed: int) -> tuple[Ints, Ints]:
    """Targets without bought likes, and the hit target (a row of ``hit``) whose delivery each is lent."""
    enough = np.bincount(log.target, genuine, log.n_targets) >= _LEAST_LIKES
    able = np.flatnonzero(clean & enough)
    if not hit.size or not able.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rng = np.random.default_rng([seed, 74])
    if able.shape[0] > _MOST_PLACEBOS:
        able = np.sort(rng.permutation(able)[:_MOST_PLACEBOS])
    return able.astype(np.int64), np.asarray(rng.integers(0, hit.shape[0], able.shape[0]), dtype=np.int64)


def _aged(log: EventLog, hit: Profiles, placebo: Profiles) -> tuple[Profiles, Profiles]:
    """Neighbours' likes times what the age of a target makes of them, learned on placebos.

    ``own[i, b] ~ Poisson(level_i * neighbours[i, b] * trend[age of b])`` by iterative proportional fitting.
    """
    span = max(log.end_ms - log.start_ms, 1)
    cuts = np.geomspace(60_000, max(span, 120_000), _AGES - 1)

    def ages(part: Profiles) -> Ints:
        middle = 0.5 * (part.edges[:, :-1] + part.edges[:, 1:]) - log.born_ms[part.target][:, None]
        return np.asarray(np.searchsorted(cuts, np.maximum(middle, 1.0)), np.int64)

    # Half a like of the neighbours, spread over the stretches, keeps an empty one from proving anything.
    def base(part: Profiles) -> Floats:
        return np.asarray(part.base + 0.5 / part.base.shape[1])

    trend = np.ones(_AGES)
    age = ages(placebo)
    own, other = np.where(placebo.during, 0.0, placebo.own), np.where(placebo.during, 1e-9, base(placebo))
    total = np.bincount(age.ravel(), own.ravel(), _AGES) + 1.0
    for _ in range(_STEPS if own.size else 0):
        level = own.sum(axis=1) / (other * trend[age]).sum(axis=1)
        expected = np.bincount(age.ravel(), (level[:, None] * other).ravel(), _AGES) + 1.0
        trend = total / expected
        trend /= np.exp(np.mean(np.log(trend)))
    return tuple(  # type: ignore[return-value]
        Profiles(part.target, part.edges, part.own, base(part) * trend[ages(part)], part.dose, part.during)
        for part in (hit, placebo)
    )
