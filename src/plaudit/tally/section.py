"""The honest count of a section, where likes have no names: how many, never which.

``shown = verified + discounted + undetermined`` in whole likes for every target. What no finding questions is verified.
Of the likes that no null explains, those the verdict discounts are not counted, as far as the lower end of their
interval goes; the rest stay undetermined. A censored counter (``10万+``) is counted at what it certainly says.

``authentic`` is ``shown`` less ``Bernoulli(posterior) * excess``, a mixture whose quantiles give the 90 % interval.
Everything together is surer than its parts only where they can err apart: targets of one kind of evidence are right or
wrong together, and where something shows, the lower end leaves room for what was bought beside it and left no trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtri

from plaudit.kernels.tails import log_evidence
from plaudit.model import STATUSES, Bools, Family, Findings, Floats, Ints, Section, Status
from plaudit.tally.bought import DRAWS, MODEL_ERROR
from plaudit.tally.overlap import Z90, Excess, pooled_excess
from plaudit.verdict.evidence import SECTION_CAPS, SIGNIFICANT, logit, sigmoid
from plaudit.verdict.section import FAMILIES, SectionVerdicts

_NEGLIGIBLE, _PILE = 0.02, 2.0

OF_LIKES: frozenset[Family] = frozenset((Family.TIMING, Family.QUALITY))
"""Families that see likes bought for a comment that was there; the others see bought comments."""


@dataclass(frozen=True)
class Sight:
    """What this export would show of orders as they are sold, measured by planting some (``tally.planted``).

    Attributes:
        orders, seen: orders planted, and those of them that showed.
        smallest: likes of the smallest order sold.
        mean, spread: likes of an order that did not show, and their standard deviation.
        reach: likes of an order that showed over the likes found of it, of 19 in 20 at most this (conformal: Vovk,
            Gammerman & Shafer 2005). Windows miss the slow end of an order and what came before they begin.
    """

    orders: int
    seen: int
    smallest: int
    mean: float
    spread: float
    reach: float = 1.0

    def room(self, section: Section, shown: Ints) -> Floats:
        """Likes an order that does not show could be at most, by target: of the size of such orders, on a target with
        as many likes as the smallest, and no more of them than it has beyond the middle comment of its post.
        """
        post, first = section.comments.post.astype(np.int64), len(section.posts)
        order = np.lexsort((shown[first:], post))
        size = np.bincount(post, minlength=first)
        middle = np.minimum(np.cumsum(size) - size + size // 2, max(post.shape[0] - 1, 0))
        usual = np.concatenate([np.zeros(first), shown[first:][order][middle][post] if post.shape[0] else np.zeros(0)])
        return np.where(shown >= self.smallest, np.clip(shown - usual, 0.0, self.mean), 0.0)

    def beside(self, found: Ints, rng: np.random.Generator, more: int = 0) -> Floats:
        """Draws of the likes of orders that left no trace, beside ``found`` orders that did, one for each entry.

        The share that shows is a Beta around what was planted (Jeffreys); given it, orders missed beside those found
        are negative binomial. Nothing stands beside nothing, unless ``more`` are granted: with one, the upper quantiles
        are what finding nothing cannot exclude.
        """
        share = rng.beta(self.seen + 0.5, self.orders - self.seen + 0.5, found.shape[0])
        known = found + more
        missed = rng.negative_binomial(np.maximum(known, 1), np.clip(share, 1e-4, 1.0)) * (known > 0)
        drawn = missed * self.mean + np.sqrt(missed) * self.spread * rng.standard_normal(found.shape[0])
        return np.asarray(np.maximum(drawn, 0.0), dtype=np.float64)


@dataclass(frozen=True)
class Whole:
    """Counts of many targets together, with the 90 % interval of the authentic count."""

    shown: int
    verified: int
    discounted: int
    undetermined: int
    authentic: float
    low: float
    high: float


@dataclass(frozen=True)
class SectionTally:
    """Counts per target of a section, posts first; arrays ``[n_targets]``.

    Attributes:
        known: where the export shows a counter; all other fields are 0 elsewhere.
        shown: likes the counter certainly says, whole numbers.
        verified, discounted, undetermined: they add up to ``shown`` exactly.
        authentic, low, high: the estimate and its 90 % interval, within 0 and ``shown``.
        excess, excess_low, excess_high: likes the nulls do not explain, were the findings right.
        chance: that they were bought.
        posts, comments, total: everything together.
        beyond: bought likes that this export cannot exclude beside what shows, 95 %; None where nothing was planted.
        sight: what was planted to know it.
    """

    known: Bools
    shown: Ints
    verified: Ints
    discounted: Ints
    undetermined: Ints
    authentic: Floats
    low: Floats
    high: Floats
    excess: Floats
    excess_low: Floats
    excess_high: Floats
    chance: Floats
    posts: Whole
    comments: Whole
    total: Whole
    beyond: float | None = None
    sight: Sight | None = None


def tally_section(
    section: Section, findings: Sequence[Findings], verdicts: SectionVerdicts, seed: int, sight: Sight | None = None
) -> SectionTally:
    """Count every target of the section; deterministic for a seed. Without ``sight`` only what shows is counted."""
    n = section.n_targets
    known = section.likes.known
    shown = np.where(known, section.likes.low, 0).astype(np.int64)
    certain = _widened(pooled_excess(findings, verdicts.weight > 0, verdicts.weight, n))
    weak, weak_chance = _unnamed(findings, verdicts.prior, n)
    named = certain.told & (verdicts.p > 0)
    chance = np.where(named, verdicts.p, np.where(weak.told, weak_chance, 0.0))
    mean = np.where(named, certain.mean, weak.mean)
    spread = np.maximum(np.where(named, certain.spread, weak.spread), 1e-9)
    chance = np.where(shown > 0, chance, 0.0)
    causes = _causes(verdicts, named)
    reach = np.where(_of_likes(causes), 1.0 if sight is None else sight.reach, 1.0)
    inside = _Clipped.of(mean, spread, shown, reach)
    bought = chance * inside.mean
    verified, discounted, undetermined = _split(shown, certain, verdicts)
    authentic = shown - bought
    low = np.minimum(shown - inside.quantile(0.95, chance), authentic)
    high = np.maximum(shown - inside.quantile(0.05, chance), authentic)
    told = chance > 0
    tally = (shown, verified, discounted, undetermined, authentic)
    rng = np.random.default_rng(seed)
    drawn, orders = _draws(chance, inside, causes, len(section.posts), rng)
    first = np.arange(n) < len(section.posts)
    room, most = np.zeros(n), None
    beside = np.zeros(DRAWS)
    if sight is not None and sight.orders:
        # How much more was bought than shows is one number of the section, and may lie anywhere in it.
        room = sight.room(section, shown)
        # Bought comments are no order of the kind that was planted, but where they are, one at least is about.
        orders = np.maximum(orders, (drawn.sum(axis=0) >= sight.smallest).astype(np.int64))
        beside = sight.beside(orders, rng)
        most = float(min(np.quantile(sight.beside(orders, rng, 1), 0.95), room.sum()))
    return SectionTally(
        known=known,
        shown=shown,
        verified=verified,
        discounted=discounted,
        undetermined=undetermined,
        authentic=authentic,
        low=low,
        high=high,
        excess=np.where(told, inside.mean, 0.0),
        excess_low=np.where(told, inside.quantile(0.05, np.ones(n)), 0.0),
        excess_high=np.where(told, inside.quantile(0.95, np.ones(n)), 0.0),
        chance=chance,
        posts=_whole(tally, first, drawn[0], np.minimum(beside, room[first].sum())),
        comments=_whole(tally, ~first, drawn[1], np.minimum(beside, room[~first].sum())),
        total=_whole(tally, np.ones(n, bool), drawn.sum(axis=0), np.minimum(beside, room.sum())),
        beyond=most,
        sight=sight,
    )


def _unnamed(findings: Sequence[Findings], prior: float, n: int) -> tuple[Excess, Floats]:
    """Excesses below the line of significance: too weak to speak of a target, they still widen its count.

    The chance that one is real is its posterior, were it heard, and at most one minus its local false-discovery rate:
    the tail rate over the power by which p-values pile up at zero (Efron 2010, chapter 5), for which one half is taken.
    Only its own p- and q-value are used, for most detectors report the smallest p-values alone.
    """
    q, chance = np.zeros(0), np.zeros(0)
    for part in findings:
        heard = np.minimum(log_evidence(part.p_value), SECTION_CAPS.get(part.family, 0.0))
        real = np.minimum(sigmoid(logit(prior) + heard), np.clip(1.0 - _PILE * part.q_value, 0.0, 1.0))
        q, chance = np.append(q, part.q_value), np.append(chance, real * part.certainty)
    use = (q > SIGNIFICANT) & (chance >= _NEGLIGIBLE)
    best, start = np.zeros(n), 0
    for part in findings:
        if part.exhibits.excess is not None:
            number = np.repeat(np.arange(len(part)), np.diff(part.exhibits.offsets))
            keep = use[start + number]
            real = (chance[start + number] * part.exhibits.share)[keep]
            np.maximum.at(best, part.exhibits.row[keep], real)
        start += len(part)
    return _widened(pooled_excess(findings, use, chance, n)), best


def _widened(excess: Excess) -> Excess:
    """With the error no finding knows of itself: a window cut a little early or late."""
    return replace(excess, spread=np.hypot(excess.spread, MODEL_ERROR * excess.mean))


def _split(shown: Ints, excess: Excess, verdicts: SectionVerdicts) -> tuple[Ints, Ints, Ints]:
    status = verdicts.status
    questioned = np.where(
        (status != STATUSES.index(Status.VERIFIED)) & excess.told, np.rint(np.maximum(excess.mean, 0.0)), 0.0
    )
    questioned = np.minimum(questioned, shown)
    sure = np.floor(np.clip(excess.mean - Z90 * excess.spread, 0.0, questioned))
    discounted = np.where(status == STATUSES.index(Status.DISCOUNTED), sure, 0.0).astype(np.int64)
    undetermined = questioned.astype(np.int64) - discounted
    return shown - discounted - undetermined, discounted, undetermined


@dataclass(frozen=True)
class _Clipped:
    """Excesses held between none and all of what is shown; what lies beyond counts as the bound itself. Two halves of
    normals: ``above`` the mean they spread as far as orders that were planted were larger than what was found of them.

    Not cut off at the bounds: of a target of which nearly everything is unexplained, all may have been bought.
    """

    mean: Floats
    spread: Floats
    above: Floats
    shown: Floats

    @staticmethod
    def of(mean: Floats, spread: Floats, shown: Ints, reach: Floats) -> _Clipped:
        most = shown.astype(np.float64)
        middle = np.clip(mean, 0.0, most)
        return _Clipped(middle, spread, np.maximum(spread, (reach - 1.0) * middle / Z90), most)

    def quantile(self, q: float, chance: Floats) -> Floats:
        """Quantile of ``Bernoulli(chance) * excess``."""
        left = np.clip((q - (1.0 - chance)) / np.maximum(chance, 1e-12), 0.0, 1.0)
        place = ndtri(np.clip(left, 1e-300, 1 - 1e-16))
        value = self.mean + np.where(place > 0, self.above, self.spread) * place
        return np.asarray(np.where((chance > 0) & (left > 0), np.clip(value, 0.0, self.shown), 0.0), np.float64)


def _causes(verdicts: SectionVerdicts, named: Bools) -> Ints:
    """Who shares a coin: all targets of which one family says most. If its innocent twin is real, all of them fall."""
    family = np.argmax(verdicts.family_weight, axis=0)
    return np.asarray(np.where(named, family, verdicts.family_weight.shape[0]), dtype=np.int64)


def _of_likes(cause: Ints) -> Bools:
    """Whether a cause, as :func:`_causes` numbers them, sees likes that were bought and not comments."""
    return np.asarray(np.isin(cause, [number for number, family in enumerate(FAMILIES) if family in OF_LIKES]))


def _draws(chance: Floats, inside: _Clipped, causes: Ints, posts: int, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Bought likes of all posts and of all comments together, ``float64[2, DRAWS]``, and targets that received any
    by what the families of likes say, ``int64[DRAWS]``.
    """
    out, count = np.zeros((2, DRAWS)), np.zeros(DRAWS, np.int64)
    touched = np.flatnonzero(chance > 0)
    for cause in np.unique(causes[touched]):
        rows = touched[causes[touched] == cause]
        coin = rng.random(DRAWS)
        for half, own in enumerate((rows[rows < posts], rows[rows >= posts])):
            # One coin for all: whoever is likelier than the coin is in, so sums are read off a running total.
            order = own[np.argsort(-chance[own], kind="stable")]
            taken = np.searchsorted(-chance[order], -coin, side="left")
            means = np.r_[0.0, np.cumsum(inside.mean[order])][taken]
            place = rng.standard_normal(DRAWS)
            spreads = [np.r_[0.0, np.cumsum(one[order] ** 2)][taken] for one in (inside.spread, inside.above)]
            out[half] += np.maximum(means + np.sqrt(np.where(place > 0, spreads[1], spreads[0])) * place, 0.0)
            count += taken * bool(_of_likes(cause))
    return out, count


def _whole(tally: tuple[Ints, Ints, Ints, Ints, Floats], rows: Bools, draws: Floats, beyond: Floats) -> Whole:
    shown, verified, discounted, undetermined = (int(part[rows].sum()) for part in tally[:4])
    authentic = float(tally[4][rows].sum())
    # What left no trace may be nothing at all: it moves the lower end only.
    low = float(np.clip(shown - np.quantile(draws + beyond, 0.95), 0.0, shown))
    high = float(np.clip(shown - np.quantile(draws, 0.05), 0.0, shown))
    return Whole(shown, verified, discounted, undetermined, authentic, min(low, authentic), max(high, authentic))
