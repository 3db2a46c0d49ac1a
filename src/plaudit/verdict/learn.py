"""Weights from labels: what each family's evidence turned out to be worth, cross-validated by group, never by row.

Labels bear on *weights*; no like is decided by its own label. A family's map (:class:`FamilyMap`) has two parameters
with a ridge prior towards no change. Its strength is chosen by cross-validation, and the maps are used only where
likes of groups *they have not seen* are judged better by more than one standard error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plaudit.model import LOG_FAMILIES, Bools, EventLog, Exhibits, Family, Findings, Floats, Ints, Verdicts, ranges
from plaudit.verdict.evidence import CAPS, Calibration, FamilyMap, logit, sigmoid
from plaudit.verdict.weigh import weigh

LEAST_UNITS = 8
"""Independent groups a family's labels must speak of before its weights are touched. With fewer, a standard error is
itself a guess."""

LABEL_ERROR = 0.01
"""Chance that a label is a slip. It bounds what one label can say (4.6 nats), so that a single mistaken one among many
does not unseat evidence that is right."""

PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Strengths of the prior towards no change to choose from; no change at all is always one more choice."""

PSEUDO_GROUPS = 1.0
"""Groups that the weights as they were count for, beside the labelled ones: eight groups that all turn out genuine say
one in nine, not never (the smoothed targets of Platt 1999, drawn towards the audit without labels)."""

FOLDS = 10
_SLOPE_MOST = 3.0
_START_LOW = 0.2


@dataclass(frozen=True)
class Labelled:
    """Likes that labels speak of, each like once, ascending.

    Attributes:
        like: rows of the log, ``int64[m]``.
        inauthentic: ``bool[m]``.
        statement: which label said so, ``int64[m]``: likes of one label are one piece of evidence.
    """

    like: Ints
    inauthentic: Bools
    statement: Ints


@dataclass(frozen=True)
class Learned:
    """What labels taught.

    Attributes:
        calibration: maps to weigh with; ``None`` when the weights stay as they were.
        likes: labelled likes with evidence on them: the others say nothing about weights.
        units: independent groups among those.
        units_of_family: groups in which a family speaks, for every family that speaks in any.
        loss_before, loss_after: mean log loss per group, in nats, of the weights as they were and, cross-validated, of
            the learned ones; ``None`` where nothing could be learned.
        error: standard error of their difference.
    """

    calibration: Calibration | None
    likes: int
    units: int
    units_of_family: Mapping[Family, int]
    loss_before: float | None = None
    loss_after: float | None = None
    error: float | None = None


def units_of(verdicts: Verdicts, labelled: Labelled) -> Ints:
    """The independent group of each labelled like, dense, numbered by first like.

    Likes that share a finding, or a label, are not independent: a group is an order everywhere or nowhere, and two
    detectors may look at one order. Whatever is connected in this way is one unit.
    """
    m = labelled.like.shape[0]
    length = np.diff(verdicts.finding_offsets)[labelled.like]
    finding = verdicts.finding[ranges(verdicts.finding_offsets[labelled.like], length)].astype(np.int64)
    _, statement = np.unique(labelled.statement, return_inverse=True)
    # Likes, findings and labels are the vertices of one graph.
    row = np.concatenate([np.repeat(np.arange(m), length), np.arange(m)])
    column = np.concatenate([m + finding, m + verdicts.weight.shape[0] + statement])
    size = m + int(verdicts.weight.shape[0]) + int(statement.max(initial=-1)) + 1
    graph = coo_array((np.ones(row.shape[0], np.int8), (row, column)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    _, first, inverse = np.unique(component[:m], return_index=True, return_inverse=True)
    rank = np.empty(first.shape[0], np.int64)
    rank[np.argsort(first)] = np.arange(first.shape[0])
    return np.asarray(rank[inverse], dtype=np.int64)


def learn(
    log: EventLog,
    findings: Sequence[Findings],
    verdicts: Verdicts,
    labelled: Labelled,
    seed: int,
    unit: Ints | None = None,
) -> Learned:
    """Learn from labels what each family's evidence is worth; deterministic for a seed.

    Args:
        log, findings, verdicts: the audit without labels.
        labelled: likes with labels.
        seed: seed of the folds.
        unit: what is held out together, per labelled like; by default :func:`units_of`.

    Returns:
        What was learned; its ``calibration`` is ``None`` unless groups held out are judged better by more than one
        standard error (the larger of the spread seen and of the spread there would be if the maps were right).
    """
    speaks = verdicts.deciding[labelled.like] >= 0
    unit = (units_of(verdicts, labelled) if unit is None else unit)[speaks]
    kept = Labelled(labelled.like[speaks], labelled.inauthentic[speaks], labelled.statement[speaks])
    _, unit = np.unique(unit, return_inverse=True)
    unit = np.asarray(unit, np.int64)
    units = int(unit.max(initial=-1)) + 1
    weight = verdicts.weight_of(kept.like)
    by_family = {family: int(np.unique(unit[weight[row] > 0]).shape[0]) for row, family in enumerate(LOG_FAMILIES)}
    by_family = {family: number for family, number in by_family.items() if number}
    learnt = [family for family, number in by_family.items() if number >= LEAST_UNITS]
    told = Learned(None, int(kept.like.shape[0]), units, by_family)
    if not learnt:
        return told
    trial = _Trial.of(log, findings, verdicts, kept, unit, learnt)
    before = trial.losses(np.arange(units), {})
    fold = _folds(trial, seed)
    every = np.tile(before[:, None], (1, len(PENALTIES) + 1))
    doubt = np.zeros_like(every)
    for number in range(int(fold.max()) + 1):
        seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        for column, penalty in enumerate(PENALTIES):
            maps = trial.fit(seen, penalty)
            every[held, column] = trial.losses(held, maps)
            doubt[held, column] = trial.doubts(held, maps)
    # The strength for a fold is chosen by the other folds, so that the choice itself is not paid for by what judges it.
    choice = np.array([_strongest(every[fold != number]) for number in range(int(fold.max()) + 1)])[fold]
    after, own = every[np.arange(units), choice], doubt[np.arange(units), choice]
    gain = before - after
    # A few groups that happen to agree have no spread; what they could have said, were the weights right, has.
    seen_error = float(gain.std(ddof=1)) / np.sqrt(units)
    error = float(max(seen_error, np.sqrt((own**2).sum()) / units))
    final = _strongest(every)
    better = final < len(PENALTIES) and float(gain.mean()) > error
    maps = trial.fit(np.arange(units), PENALTIES[final]) if better else {}
    return replace(
        told,
        calibration=Calibration(maps, verdicts.prior) if any(one != FamilyMap() for one in maps.values()) else None,
        loss_before=float(before.mean()),
        loss_after=float(after.mean()),
        error=error,
    )


def _strongest(losses: Floats) -> int:
    """Column of the least mean loss; of equals, the one nearest to no change."""
    mean = np.round(losses.mean(axis=0), 12)
    return int(losses.shape[1] - 1 - np.argmin(mean[::-1]))


def _folds(trial: _Trial, seed: int) -> Ints:
    """Fold of each unit; every fold gets its part of the suspicious and of the innocent."""
    units = trial.share_inauthentic.shape[0]
    shuffled = np.random.default_rng([seed, 0x1ABE1]).permutation(units)
    dealt = shuffled[np.argsort(trial.share_inauthentic[shuffled], kind="stable")]
    fold = np.empty(units, np.int64)
    fold[dealt] = np.arange(units) % min(FOLDS, units)
    return fold


@dataclass(frozen=True)
class _Trial:
    """Labelled likes as a small log of their own: the very :func:`weigh` of an audit judges a map on them.

    Attributes:
        log, findings: the small log, and all findings cut down to it.
        inauthentic, unit: per like of it.
        each: weight of each like, such that every unit weighs 1.
        share_inauthentic: per unit.
        rows, family: rows of ``Verdicts.family_weight`` that are learned, and their families.
        nats, share: family weights ``float64[families, m]`` and share of the verdict as it was.
        prior: of the whole log.
    """

    log: EventLog
    findings: Sequence[Findings]
    inauthentic: Bools
    unit: Ints
    each: Floats
    share_inauthentic: Floats
    rows: Ints
    family: Sequence[Family]
    nats: Floats
    share: Floats
    prior: float

    @staticmethod
    def of(
        log: EventLog,
        findings: Sequence[Findings],
        verdicts: Verdicts,
        labelled: Labelled,
        unit: Ints,
        families: Sequence[Family],
    ) -> _Trial:
        like = labelled.like
        each = 1.0 / np.bincount(unit)[unit]
        return _Trial(
            log=replace(log, actor=log.actor[like], target=log.target[like], at_ms=log.at_ms[like]),
            findings=[_cut(part, like, log.n) for part in findings],
            inauthentic=labelled.inauthentic,
            unit=unit,
            each=each,
            share_inauthentic=_per_unit(unit, labelled.inauthentic * each, int(unit.max()) + 1),
            rows=np.array([LOG_FAMILIES.index(family) for family in families]),
            family=families,
            nats=verdicts.weight_of(like).astype(np.float64),
            share=verdicts.share[like],
            prior=verdicts.prior,
        )

    def judged(self, maps: Mapping[Family, FamilyMap]) -> Floats:
        """Chance that a label says inauthentic, per like, under these maps."""
        p = weigh(self.log, self.findings, Calibration(maps, self.prior)).p_inauthentic
        return np.asarray(LABEL_ERROR + (1 - 2 * LABEL_ERROR) * p, dtype=np.float64)

    def losses(self, units: Ints, maps: Mapping[Family, FamilyMap]) -> Floats:
        """Mean log loss of each of ``units``, nats."""
        q = self.judged(maps)
        loss = -np.log(np.where(self.inauthentic, q, 1 - q))
        return _per_unit(self.unit, loss * self.each, self.share_inauthentic.shape[0])[units]

    def doubts(self, units: Ints, maps: Mapping[Family, FamilyMap]) -> Floats:
        """Standard deviation of each unit's gain if the maps were right: its likes share one coin."""
        old, new = self.judged({}), self.judged(maps)
        swing = np.abs(logit(new) - logit(old)) * np.sqrt(new * (1 - new))
        return _per_unit(self.unit, swing * self.each, self.share_inauthentic.shape[0])[units]

    def fit(self, units: Ints, penalty: float) -> dict[Family, FamilyMap]:
        """Maps with the least penalised loss on ``units``, each unit with weight 1."""
        chosen = np.isin(self.unit, units)
        each, y, share = self.each[chosen], self.inauthentic[chosen].astype(np.float64), self.share[chosen]
        nats = self.nats[:, chosen]
        own = nats[self.rows]
        caps = np.array([CAPS[family] for family in self.family])
        base = float(logit(self.prior)) + nats.sum(axis=0) - own.sum(axis=0)
        on = (own > 0) * caps[:, None]
        size = len(self.family)
        groups = np.array([np.unique(self.unit[chosen][row > 0]).shape[0] for row in own], dtype=np.float64)
        # A like is as well known as the least known of the families that speak on it; where none of them does, it
        # holds nothing back.
        known = np.where(own > 0, groups[:, None], np.inf).min(axis=0)
        as_was = LABEL_ERROR + (1 - 2 * LABEL_ERROR) * share * sigmoid(base + own.sum(axis=0))
        y = y + (as_was - y) * PSEUDO_GROUPS / (known + PSEUDO_GROUPS)

        def value(x: Floats) -> tuple[float, Floats]:
            chance = sigmoid(base + x[:size] @ own + x[size:] @ on)
            q = LABEL_ERROR + (1 - 2 * LABEL_ERROR) * share * chance
            loss = -(each * (y * np.log(q) + (1 - y) * np.log1p(-q))).sum()
            pull = each * ((1 - y) / (1 - q) - y / q) * (1 - 2 * LABEL_ERROR) * share * chance * (1 - chance)
            away = np.concatenate([x[:size] - 1, x[size:]])
            return (
                float(loss + penalty / 2 * (away @ away)),
                np.concatenate([own @ pull, on @ pull]) + penalty * away,
            )

        # Far above even odds the loss is flat, so the search also sets out from where families say little.
        same = np.concatenate([np.ones(size), np.zeros(size)])
        starts = [same, np.where(np.arange(2 * size) < size, _START_LOW, 0.0)]
        starts += [np.where(np.arange(2 * size) == one, _START_LOW, same) for one in range(size if size > 1 else 0)]
        bounds = [(0.0, _SLOPE_MOST)] * size + [(-1.0, 1.0)] * size
        found = [minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
        best = min(found, key=lambda one: float(one.fun)).x
        # Rounded, so that the last bits of another machine's arithmetic do not reach the result.
        return {
            family: FamilyMap(round(float(best[k]), 3), round(float(best[size + k] * caps[k]), 3))
            for k, family in enumerate(self.family)
        }


def _per_unit(unit: Ints, values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(unit, values, minlength=size), dtype=np.float64)


def _cut(part: Findings, like: Ints, n: int) -> Findings:
    """A detector's findings with exhibits among ``like`` only, renumbered to the places there."""
    place = np.full(n, -1, np.int64)
    place[like] = np.arange(like.shape[0])
    here = place[part.exhibits.row]
    number = np.repeat(np.arange(len(part)), np.diff(part.exhibits.offsets))[here >= 0]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(number, minlength=len(part)))]).astype(np.int64)
    return replace(part, exhibits=Exhibits(offsets, here[here >= 0], part.exhibits.share[here >= 0]))
