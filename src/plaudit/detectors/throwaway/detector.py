"""The ``throwaway`` detector: an excess of actors seen once.

Most one-off actors are innocent newcomers, so no single one is suspect. A target's *number* of them is judged against
a beta-binomial whose mean follows the time of its likes (near the end of a log everybody looks like a one-off) and
whose spread is fitted to this log's targets; and their crowding in one stretch of the target's likes is scanned for.
Each like carries the posterior of the excess around it, and no more: a viral hour's newcomers, friends called in to
vote and bought throw-aways look alike here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import betaln, gammaln

from plaudit.detectors.spec import Context, DetectorSpec
from plaudit.kernels.exact import log_beta_binomial_tail
from plaudit.kernels.scan import log_p_value, scan_targets
from plaudit.kernels.tails import empirical_score, log_p_of_score, log_q_values, normal_score
from plaudit.model import Bools, EventLog, Exhibits, Family, Findings, Floats, Ints, SubjectKind

SPEC = DetectorSpec(
    id="throwaway",
    version="2",
    question="Does the target have more one-off actors than this log's targets have at such times?",
    family=Family.ACCOUNT,
    min_likes=200,
    parameters={"min_points": 5.0, "neighbours": 20.0},
    innocent=("newcomers_in_viral_hour", "friends_called_in", "lottery", "product_launch"),
    evasions=("warm_accounts", "spread_delivery"),
    beside=True,
)

_TIME_BINS = 64
_LEAST = 5
_ALONE = 0.7
_PART = 0.02
_ENOUGH = 10
_ROUNDS = 15


@dataclass(frozen=True)
class Throwaway:
    """See the module."""

    spec: DetectorSpec = SPEC

    def find(self, log: EventLog, context: Context) -> Findings:
        """One finding per target with enough likes: one-off actors, against the number expected."""
        once = context.activity[log.actor] == 1
        chance = _chance_by_time(once, log.at_ms)
        offsets = log.target_offsets()
        points = np.diff(offsets)
        targets = np.flatnonzero(points >= self.spec.parameters["min_points"])
        count = np.add.reduceat(np.append(once, False).astype(np.int64), offsets[:-1])[targets]
        mean = np.add.reduceat(np.append(chance, 0.0), offsets[:-1])[targets] / points[targets]
        whole, level = _log_tail(count, points[targets], mean)
        local = _log_local(once, offsets, targets)
        log_p = _log_either(whole, local)
        rows, home, share = self._exhibits(log, targets, once, chance)
        return Findings(
            detector=self.spec.id,
            version=self.spec.version,
            family=self.spec.family,
            subject_kind=SubjectKind.TARGET,
            subject=targets,
            statistic=count.astype(np.float64),
            expectation=level * points[targets],
            p_value=np.exp(log_p),
            q_value=np.exp(log_q_values(log_p, targets.shape[0])),
            support=points[targets],
            start_ms=log.at_ms[offsets[targets]],
            end_ms=log.at_ms[offsets[targets + 1] - 1],
            exhibits=Exhibits(np.searchsorted(home, np.arange(targets.shape[0] + 1)).astype(np.int64), rows, share),
            certainty=np.full(targets.shape[0], 0.5),
            candidates=targets.shape[0],
        )

    def _exhibits(self, log: EventLog, targets: Ints, once: Bools, chance: Floats) -> tuple[Ints, Ints, Floats]:
        """One-off likes in a stretch with an excess: ``(row, finding, share)``, the share local in time.

        Among the ``2 w`` neighbouring likes a fraction ``f`` is one-off; with a base of ``m`` the bought part is
        ``b = (f - m) / (1 - m)`` of all and ``b / f`` of the one-offs. The base is the log's at that time, or the
        target's own (the median of its stretches) where that is lower: one-offs are rarer among some crowds.
        """
        offsets = log.target_offsets()
        half = int(self.spec.parameters["neighbours"]) // 2
        finding = np.full(log.n_targets, -1, dtype=np.int64)
        finding[targets] = np.arange(targets.shape[0])
        rows = np.flatnonzero(finding[log.target] >= 0)
        begin = np.maximum(rows - half, offsets[log.target[rows]])
        stop = np.minimum(rows + half + 1, offsets[log.target[rows] + 1])
        total_once = np.concatenate([[0], np.cumsum(once)])
        total_chance = np.concatenate([[0.0], np.cumsum(chance)])
        around = stop - begin
        base = (total_chance[stop] - total_chance[begin]) / around
        nearby = (total_once[stop] - total_once[begin]).astype(np.float64)
        order = np.lexsort((nearby / around, log.target[rows]))
        size = np.diff(offsets)[targets]
        middle = (nearby / around)[order][np.cumsum(size) - size + size // 2]
        base = np.clip(np.minimum(base, np.repeat(middle, size)), 1e-3, 1 - 1e-3)
        # One like's worth of the base on either side: a window of two says little.
        fraction = (nearby + base) / (around + 1.0)
        share = np.clip((fraction - base) / ((1 - base) * np.maximum(fraction, 1e-9)), 0.0, 1.0)
        keep = once[rows] & (share > 0)
        return rows[keep], finding[log.target[rows[keep]]], share[keep]


def _log_either(count: Floats, crowding: Floats) -> Floats:
    """``ln p`` of how many one-offs there are, alone or together with how they lie among the rest.

    Given their number the two are independent (Fisher 1932). Where one-offs lie says little on most targets, so the
    number keeps most of the level (Bonferroni weights, Genovese et al. 2006).
    """
    log_x = np.minimum(count + crowding, 0.0)
    both = log_x + np.log1p(-log_x)
    alone, together = np.log(_ALONE), np.log(1.0 - _ALONE)
    return np.asarray(np.minimum(np.minimum(count - alone, both - together), 0.0), dtype=np.float64)


def _log_local(once: np.ndarray, offsets: Ints, targets: Ints) -> Floats:
    """``ln p`` that one-off actors are spread over the target's likes by chance: do they crowd in one stretch of them?

    Their ranks among the target's likes are uniform if each like is as likely as any other to be a one-off's; the scan
    statistic of those ranks is read against what targets with as many one-offs show in this log (empirical null).
    """
    out = np.zeros(targets.shape[0])
    rows = np.flatnonzero(once)
    home = np.searchsorted(offsets, rows, side="right") - 1
    size = (offsets[home + 1] - offsets[home]).astype(np.float64)
    low = (rows - offsets[home]) / size
    keep = np.isin(home, targets)
    own = np.concatenate(
        [[0], np.cumsum(np.bincount(np.searchsorted(targets, home[keep]), minlength=targets.shape[0]))]
    )
    low, high = low[keep], low[keep] + 1.0 / size[keep]
    found, statistic, *_ = scan_targets(low, high, own.astype(np.int64), _LEAST, np.inf, np.inf, 0)
    if found.shape[0] == 0:
        return out
    z = normal_score(log_p_value(statistic, np.diff(own)[found]))
    # Compared with targets of as many likes: those with as many one-offs are the bought ones themselves.
    out[found] = log_p_of_score(empirical_score(z, np.diff(offsets)[targets[found]]))
    return out


def _chance_by_time(once: np.ndarray, at_ms: Ints) -> Floats:
    """Chance that a like at that time is by a one-off actor, ``float64[n]``, from equally filled time bins."""
    if once.shape[0] == 0:
        return np.zeros(0)
    bins = int(np.clip(once.shape[0] // 500, 1, _TIME_BINS))
    edges = np.quantile(at_ms, np.linspace(0, 1, bins + 1)[1:-1]) if bins > 1 else np.zeros(0)
    cell = np.searchsorted(edges, at_ms, side="right")
    rate = (np.bincount(cell, once, bins) + 0.5) / (np.bincount(cell, minlength=bins) + 1.0)
    return np.asarray(rate[cell], dtype=np.float64)


def _log_tail(count: Ints, points: Ints, mean: Floats) -> tuple[Floats, Floats]:
    """``ln P(BetaBinomial >= count)`` and the chance of a one-off on each target, fitted with purchases set aside.

    A target is either ordinary or holds an excess of any size (two groups; the second uniform above the first's mean).
    Which is learned together with the ordinary ones' spread by expectation-maximisation: a hard cut would keep most of
    the attackers of a log that is full of them, and they would widen their own null.
    """
    mean = np.clip(mean, 1e-4, 1 - 1e-4)
    # Begin with the half that shows fewer than usual, where nothing was bought: begun with all, a log full of attackers
    # would settle on a null wide enough to hold them.
    level = _typical(count, points, mean)
    bought, part = (count > level * points).astype(np.float64), _PART
    concentration = 10.0
    for step in range(_ROUNDS):
        use = 1.0 - bought
        concentration = _concentration(count, points, level, use)
        if step:
            level = _shifted(mean, _level(count, points, mean, use))
        log_ordinary = _log_pmf(count, points, level, concentration)
        log_excess = np.where(count > level * points, -np.log(points + 1.0), -np.inf)
        odds = np.log(part) - np.log1p(-part) + log_excess - log_ordinary
        before, bought = bought, 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))
        part = float(np.clip(bought.mean(), 1e-4, 0.5))
        if count.shape[0] == 0 or (step and float(np.abs(bought - before).max()) < 1e-3):
            break
    return log_beta_binomial_tail(count, points, level * concentration, (1 - level) * concentration), level


def _typical(count: Ints, points: Ints, mean: Floats) -> Floats:
    """``mean`` shifted in log-odds until half the targets (one voice each, ten likes or more) lie above it."""
    use = points >= _ENOUGH if int((points >= _ENOUGH).sum()) >= 5 else np.ones(count.shape[0], dtype=bool)
    if not use.any():
        return mean
    ratio = np.clip((count[use] + 0.5) / (points[use] + 1.0), 1e-4, 1 - 1e-4)
    own = np.log(ratio / (1 - ratio)) - np.log(mean[use] / (1 - mean[use]))
    return _shifted(mean, float(np.median(own)))


def _shifted(mean: Floats, shift: float) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-(np.log(mean / (1 - mean)) + shift))), dtype=np.float64)


def _log_pmf(count: Ints, points: Ints, level: Floats, concentration: float) -> Floats:
    a, b = level * concentration, (1 - level) * concentration
    ways = gammaln(points + 1.0) - gammaln(count + 1.0) - gammaln(points - count + 1.0)
    return np.asarray(ways + betaln(count + a, points - count + b) - betaln(a, b), dtype=np.float64)


def _level(count: Ints, points: Ints, mean: Floats, use: Floats) -> float:
    """Shift in log-odds that makes the sum over targets ordinary, no target counting for more than thirty likes."""
    if count.shape[0] < 5:
        return 0.0
    weight = use * np.minimum(1.0, 30.0 / points)
    observed, expected = float((weight * count).sum()), float((weight * mean * points).sum())
    whole = max(float((weight * points).sum()), 1e-9)
    a, b = min(max(observed / whole, 1e-4), 1 - 1e-4), min(max(expected / whole, 1e-4), 1 - 1e-4)
    return float(np.log(a / (1 - a)) - np.log(b / (1 - b)))


def _concentration(count: Ints, points: Ints, mean: Floats, use: Floats) -> float:
    """Maximum-likelihood concentration of the beta-binomial (bounded to [1, 1e4])."""
    if count.shape[0] < 5:
        return 10.0

    def loss(log_s: float) -> float:
        a, b = mean * np.exp(log_s), (1 - mean) * np.exp(log_s)
        return -float(np.sum(use * (betaln(count + a, points - count + b) - betaln(a, b))))

    return float(np.exp(optimize.minimize_scalar(loss, bounds=(0.0, np.log(1e4)), method="bounded").x))


DETECTOR = Throwaway()
