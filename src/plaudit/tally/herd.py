"""Herd accounting: purchased, induced and organic likes per target, each with a 90 % interval.

The strength of the herd is estimated, never assumed. Deliveries of bought likes are shocks to the count a target shows
that its readers did not cause: if genuine likes come faster after one than the target's neighbours and its own time
before let expect, and faster than beside a placebo, then likes drew likes. ``docs/herd.md`` has the formulas, and how
wrong this can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.kernels.beside import each
from plaudit.kernels.exposure import SHAPES, counts_without
from plaudit.model import Bools, EventLog, Floats, Ints, Verdicts
from plaudit.tally.page_herd import page_herd
from plaudit.tally.shocks import SUSPECT, Profiles, Shocks, shocks
from plaudit.tally.what_if import Shown

GRID: Floats = np.arange(-2.0, 4.0001, 0.05).astype(np.float64)
"""Strengths of herd that are weighed against each other."""
_COARSE = GRID[::2]
_SPREADS = np.array([0.0, 0.15, 0.3, 0.6])
_DRIFTS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])
_OFFSETS = np.arange(-1.5, 1.5001, 0.1)
_ZERO = int(np.argmin(np.abs(GRID)))
_LEAST_PLACEBOS = 20
_NO_PLACEBOS = 0.5
_PRIOR_SD = 1.0
_LEAST_WEIGHT = 0.02
DRAWS = 400
TEMPER = 0.02
"""Likes of one target share whatever drift it has, so many of them say little more about the shape than a few would:
evidence between shapes counts a fiftieth (a power posterior, Grünwald & van Ommen 2017), and intervals keep the
doubt."""


@dataclass(frozen=True)
class Herd:
    """What became of every target's count, ``float64[n_targets]`` unless said; lows and highs are 90 % intervals.

    Attributes:
        purchased, purchased_low, purchased_high: likes the verdict takes for bought.
        induced, induced_low, induced_high: genuine likes that would not have come without the purchased ones.
        organic, organic_low, organic_high: the rest: ``shown = purchased + induced + organic``.
        community: of each target, ``int64[n_targets]``: its post, else its author, else 0 for all.
        lift, lift_low, lift_high: per community, by how much the delivery multiplied the rate of genuine likes of a
            target that received one of usual size; 1 is no herd. Communities without a delivery share the log's.
        log_lift, log_lift_low, log_lift_high: the same for the log as a whole.
        total_induced, total_low, total_high: induced likes of all targets.
        shape: weights of :data:`plaudit.kernels.exposure.SHAPES`.
        measured: False where no target received a delivery that could be compared: then nothing is known of the herd,
            and ``induced`` is 0 with an interval of 0 that means nothing.
        deliveries, placebos: how many targets the estimate rests on.
        delivered: which targets received a delivery that was compared, ``bool[n_targets]``.
        shown: what would be if another count were shown; empty where it is not ``paged``.
        paged: whether likes decide the order pages are read in, so that a model of whole pages has told the induced
            likes (:mod:`plaudit.tally.page_herd`); ``shape`` then speaks of other targets only.
    """

    purchased: Floats
    purchased_low: Floats
    purchased_high: Floats
    induced: Floats
    induced_low: Floats
    induced_high: Floats
    organic: Floats
    organic_low: Floats
    organic_high: Floats
    community: Ints
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    log_lift: float
    log_lift_low: float
    log_lift_high: float
    total_induced: float
    total_low: float
    total_high: float
    shape: Floats
    measured: bool
    deliveries: int
    placebos: int
    delivered: Bools
    paged: bool = False
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True)
class _Belief:
    """One shape and one pair of spreads: how likely it is, and what it says of each target, community and all.

    What it says is told when asked: most pairs are too unlikely to be.

    Attributes:
        log_evidence, shape: of the pair.
        own: what each target's likes say; ``target``: its logarithm as others see it, ``float64[targets, grid]``.
        rest: log chances by community; ``mine``: community of each target; ``around``: kernel between targets.
        log_whole: log chances of the log as a whole, ``float64[grid]``.
    """

    log_evidence: float
    shape: int
    own: Floats
    target: Floats
    rest: Floats
    mine: Ints
    around: Floats
    log_whole: Floats

    def of_targets(self) -> Floats:
        """Chances of every strength by target: each against the rest of its community."""
        return _shares((_normal(self.rest[self.mine] - self.target) @ self.around) * self.own)

    def of_communities(self) -> Floats:
        """The same by community, each against the others."""
        return _normal(self.rest)

    def of_all(self) -> Floats:
        """The same of the log as a whole, ``float64[1, grid]``."""
        return _normal(self.log_whole[None, :])


def herd(log: EventLog, verdicts: Verdicts, seed: int = 0) -> Herd:
    """Split every target's count; deterministic for a seed.

    Args:
        log: the likes that stand, best with ``parent``: then neighbours are the comments of the same post.
        verdicts: only ``p_inauthentic`` is used, ``float64[log.n]``.
        seed: of the choice of placebos and of the draws behind the intervals.
    """
    return herd_of(log, verdicts.p_inauthentic, seed)


def herd_of(log: EventLog, p_inauthentic: Floats, seed: int = 0) -> Herd:
    """The same from the chance of each like to be bought, ``float64[log.n]`` in 0..1, wherever it comes from."""
    found = shocks(log, p_inauthentic, seed)
    shown = np.bincount(log.target, minlength=log.n_targets).astype(np.float64)
    community, n_communities = _communities(log)
    # Communities without a delivery are told nothing of their own and all believe the same: one row stands for them.
    reached, mine = np.unique(community[found.hit.target], return_inverse=True)
    place = np.full(n_communities, reached.shape[0], np.int64)
    place[reached] = np.arange(reached.shape[0])
    beliefs = [
        belief
        for shape in range(found.hit.dose.shape[0])
        for belief in _beliefs(found.hit, found.placebo, shape, mine, reached.shape[0] + 1)
    ]
    weight = _weights(beliefs)
    kept = np.flatnonzero(weight >= _LEAST_WEIGHT)
    weight = weight[kept] / weight[kept].sum()
    beliefs = [beliefs[k] for k in kept.tolist()]
    genuine = np.bincount(log.target, found.genuine, log.n_targets)
    draws = np.zeros((found.hit.target.shape[0], DRAWS))
    lifts, whole = np.zeros((reached.shape[0] + 1, DRAWS)), np.zeros(DRAWS)
    rng = np.random.default_rng([seed, 75])
    # The same ranks for all targets: where the herd is misjudged, it is misjudged for all of them together.
    rank = rng.permutation((np.arange(DRAWS) + 0.5) / DRAWS)
    of_draw = np.searchsorted(np.cumsum(weight)[:-1], rng.permutation((np.arange(DRAWS) + 0.5) / DRAWS))

    used = [(belief, use) for number, belief in enumerate(beliefs) if (use := np.flatnonzero(of_draw == number)).size]
    strengths = [_quantiles(belief.of_targets(), rank[use]) for belief, use in used]

    def without(shape: int) -> tuple[Floats, Floats]:
        asked = np.concatenate([one for one, (b, _) in zip(strengths, used, strict=True) if b.shape == shape], axis=1)
        found_paths: tuple[Floats, Floats] = counts_without(
            found.hit.target, log.at_ms, log.target_offsets(), found.genuine, found.group, found.near,
            found.near_offsets, found.hit.edges, _COARSE, _place(asked.min(axis=1)).astype(np.int64),
            _place(asked.max(axis=1)).astype(np.int64) + 1, shape,
        )  # fmt: skip
        return found_paths

    shapes = sorted({belief.shape for belief, _ in used})
    paths = dict(zip(shapes, each(without, shapes), strict=True))
    for strength, (belief, use) in zip(strengths, used, strict=True):
        mean, variance = paths[belief.shape]
        noise = rng.standard_normal((draws.shape[0], use.shape[0]))
        draws[:, use] = genuine[found.hit.target][:, None] - _at(mean, strength)
        draws[:, use] += noise * np.sqrt(_at(variance, strength))
        usual = _usual_dose(found.hit, belief.shape)
        lifts[:, use] = np.exp(_quantiles(belief.of_communities(), rank[use]) * usual)
        whole[use] = np.exp(_quantiles(belief.of_all(), rank[use])[0] * usual)
    paged = page_herd(log, found, np.flatnonzero(p_inauthentic >= SUSPECT), DRAWS, seed)
    if paged is not None:
        draws[paged.hit] = genuine[found.hit.target[paged.hit]][:, None] - paged.kept
        whole = np.exp(np.median(paged.lift, axis=0))
        for one in np.unique(mine[paged.hit]).tolist():
            lifts[one] = np.exp(np.median(paged.lift[mine[paged.hit] == one], axis=0))
        lifts[-1] = whole
    shares = np.asarray(np.bincount([b.shape for b in beliefs], weight, len(SHAPES)), np.float64)
    split = _split(log, shown, found, draws, community, place, lifts, whole, shares, paged is not None)
    return split if paged is None else replace(split, shown=paged.shown)


def _weights(beliefs: Sequence[_Belief]) -> Floats:
    """How much each belief counts: by evidence inside a shape, by tempered evidence between shapes."""
    evidence = np.array([b.log_evidence for b in beliefs])
    shape = np.array([b.shape for b in beliefs])
    out = np.zeros(evidence.shape[0])
    top = evidence.max()
    for one in np.unique(shape).tolist():
        mine = np.flatnonzero(shape == one)
        inside = np.exp(evidence[mine] - evidence[mine].max())
        together = np.log(inside.mean()) + evidence[mine].max() - top
        out[mine] = inside / inside.sum() * np.exp(TEMPER * together)
    return np.asarray(out / out.sum())


def _communities(log: EventLog) -> tuple[Ints, int]:
    """The post where it is known, else the author, else everything."""
    for known in (log.parent, log.author):
        if known is not None and (known >= 0).any():
            _, row = np.unique(known, return_inverse=True)
            return row.astype(np.int64), int(row.max()) + 1
    return np.zeros(log.n_targets, np.int64), 1


def _usual_dose(hit: Profiles, shape: int) -> float:
    last = hit.dose[shape][:, -1]
    return float(np.median(last)) if last.size else 0.0


def _likelihood(part: Profiles, shape: int) -> Floats:
    """Log likelihood of each profile's likes over its stretches, given their number, at every strength of the grid."""
    out = np.empty((part.target.shape[0], GRID.shape[0]))
    own, base, dose = part.own, part.base, part.dose[shape]
    total, dosed = own.sum(axis=1), (own * dose).sum(axis=1)
    log_base = np.log(base)
    for k, strength in enumerate(GRID):
        tilted = log_base + strength * dose
        top = tilted.max(axis=1)
        out[:, k] = strength * dosed - total * (top + np.log(np.exp(tilted - top[:, None]).sum(axis=1)))
    # Against no herd at all, which is the same for every shape: so shapes can be weighed against each other.
    return out - out[:, [_ZERO]]


def _kernel(spread: float, offset: float = 0.0, around: Floats = GRID) -> Floats:
    """Chance of each strength of the grid (columns) around each of ``around`` (rows)."""
    away = GRID[None, :] - around[:, None] - offset
    out = np.exp(-0.5 * (away / max(spread, 0.02)) ** 2)
    return np.asarray(out / np.maximum(out.sum(axis=1, keepdims=True), 1e-300))


def _drift(placebo: Profiles, shape: int) -> tuple[float, float, float]:
    """Mean and spread of what the comparison finds where nothing was delivered, and the log evidence it finds there."""
    if placebo.target.shape[0] < _LEAST_PLACEBOS:
        return 0.0, _NO_PLACEBOS, 0.0
    log_likelihood = _likelihood(placebo, shape)
    scale = log_likelihood.max(axis=1, keepdims=True)
    likelihood = np.exp(log_likelihood - scale)
    best, none = (-np.inf, 0.0, _NO_PLACEBOS), GRID[[_ZERO]]
    for spread in _DRIFTS:
        around = np.stack([_kernel(spread, float(offset), none)[0] for offset in _OFFSETS], axis=1)
        score = np.log(np.maximum(likelihood @ around, 1e-300)).sum(axis=0)
        top = int(np.argmax(score))
        best = max(best, (float(score[top]), float(_OFFSETS[top]), float(spread)))
    return best[1], best[2], (best[0] + float(scale.sum())) / placebo.target.shape[0]


def _beliefs(hit: Profiles, placebo: Profiles, shape: int, community: Ints, n_communities: int) -> list[_Belief]:
    """Posteriors for every pair of spreads, between targets and between communities, partially pooled on the grid."""
    offset, spread, idle = _drift(placebo, shape)
    # What drifts without a cause drifts here too: the strength is what is left.
    log_likelihood = _likelihood(hit, shape)
    scale = log_likelihood.max(axis=1, keepdims=True)
    own = np.exp(log_likelihood - scale) @ _kernel(spread, offset).T
    prior = np.exp(-0.5 * (GRID / _PRIOR_SD) ** 2)
    prior /= prior.sum()
    out = []
    for between_targets in _SPREADS:
        around = _kernel(float(between_targets))
        target = np.log(np.maximum(own @ around.T, 1e-300))
        together = np.zeros((n_communities, GRID.shape[0]))
        np.add.at(together, community, target)
        for between in _SPREADS:
            near = _kernel(float(between))
            top = together.max(axis=1, keepdims=True)
            upward = np.log(np.maximum(np.exp(together - top) @ near.T, 1e-300)) + top
            whole = upward.sum(axis=0) + np.log(prior)
            evidence = float(np.log(np.exp(whole - whole.max()).sum()) + whole.max() + scale.sum())
            # A shape that follows any drift well follows this one too: only what it does better here speaks for it.
            evidence -= idle * hit.target.shape[0]
            others = _normal(whole[None, :] - upward) @ near
            rest = np.log(np.maximum(others, 1e-300)) + together
            out.append(_Belief(evidence, shape, own, target, rest, community, around, whole))
    return out


def _normal(log_weight: Floats) -> Floats:
    return _shares(np.exp(log_weight - log_weight.max(axis=1, keepdims=True)))


def _shares(weight: Floats) -> Floats:
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def _quantiles(chance: Floats, rank: Floats) -> Floats:
    """Strength at each rank under each row's chances, ``float64[rows, ranks]``."""
    out = np.empty((chance.shape[0], rank.shape[0]))
    half = 0.5 * (GRID[1] - GRID[0])
    for row in range(chance.shape[0]):
        out[row] = np.interp(rank, np.cumsum(chance[row]), GRID + half)
    return out


def _place(strength: Floats) -> Floats:
    """Where strengths lie on the coarse grid, in its steps; always before its last point."""
    steps = (strength - _COARSE[0]) / (_COARSE[1] - _COARSE[0])
    return np.asarray(np.clip(steps, 0.0, _COARSE.shape[0] - 1.000001))


def _at(values: Floats, strength: Floats) -> Floats:
    """Rows of ``values`` (on the coarse grid) read off at ``strength``."""
    place = _place(strength)
    left = place.astype(np.int64)
    part = place - left
    row = np.arange(values.shape[0])[:, None]
    return np.asarray(values[row, left] * (1 - part) + values[row, left + 1] * part)


def _split(
    log: EventLog,
    shown: Floats,
    found: Shocks,
    draws: Floats,
    community: Ints,
    place: Ints,
    lifts: Floats,
    whole: Floats,
    shares: Floats,
    paged: bool,
) -> Herd:
    size, hit, purchased, spread = log.n_targets, found.hit.target, found.purchased, found.spread
    low_bought = np.clip(purchased - 1.645 * spread, 0.0, purchased)
    high_bought = np.clip(purchased + 1.645 * spread, purchased, shown)
    induced, low, high = np.zeros(size), np.zeros(size), np.zeros(size)
    totals = np.zeros(3)
    if hit.size:
        room = (shown - purchased)[hit]
        # Below zero a delivery would have driven likes away: as an estimate of the sum that must be allowed, or many
        # small errors would add up to a herd; of one target it reads as none.
        induced[hit] = np.clip(np.median(draws, axis=1), 0.0, room)
        low[hit] = np.clip(np.quantile(draws, 0.05, axis=1), 0.0, induced[hit])
        high[hit] = np.clip(np.quantile(draws, 0.95, axis=1), induced[hit], room)
        total = draws.sum(axis=0)
        totals = np.maximum([np.median(total), np.quantile(total, 0.05), np.quantile(total, 0.95)], 0.0)
    organic = shown - purchased - induced
    edges = (np.quantile(lifts, [0.5, 0.05, 0.95], axis=1) if hit.size else np.ones((3, lifts.shape[0])))[:, place]
    middle = np.quantile(whole, [0.5, 0.05, 0.95]) if hit.size else np.ones(3)
    return Herd(
        purchased=purchased,
        purchased_low=low_bought,
        purchased_high=high_bought,
        induced=induced,
        induced_low=low,
        induced_high=high,
        organic=organic,
        organic_low=np.maximum(shown - high_bought - high, 0.0),
        organic_high=np.maximum(shown - low_bought - low, organic),
        community=community,
        lift=edges[0],
        lift_low=edges[1],
        lift_high=edges[2],
        log_lift=float(middle[0]),
        log_lift_low=float(middle[1]),
        log_lift_high=float(middle[2]),
        total_induced=float(totals[0]),
        total_low=float(totals[1]),
        total_high=float(totals[2]),
        shape=shares,
        measured=bool(hit.size),
        deliveries=int(hit.shape[0]),
        placebos=int(found.placebo.target.shape[0]),
        delivered=np.isin(np.arange(size), hit),
        paged=paged,
    )
