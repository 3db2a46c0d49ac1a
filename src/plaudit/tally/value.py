"""The value audit: what verified and suspect likers went on to do, what an authentic like cost, and what may be said.

Three questions, from the safest to the boldest. *Rates*: how many of each group bought, followed, read to the end.
*Groups*: whether verified likers do so more often than suspect ones (a description: people who like differ from people
who do not before they like; liking does not by itself raise purchase, John et al. 2017). *Effects*: whether something
changed with the like, in the first window and in the three after it, because bought applause lifts sales for a short
while and then reverses (He, Hollenbeck & Proserpio 2022). A causal sentence is written only where
:mod:`plaudit.tally.effects` finds comparable people who were just as present, no trend before the like, and an effect
larger than any trend seen; else the reason it is not stands in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.model import STATUSES, Ints, Outcomes, Status
from plaudit.result import Contrast, Cost, Message, Rate, ValuePart
from plaudit.result.cells import SMALL
from plaudit.tally.described import KINDS, WINDOW_MS, WINDOWS, Engagement, acts_of, doers, of_small_cells, rates_of
from plaudit.tally.effects import AFTER, BEFORE, Acts, Effect, Matched, Visits, alone, change, effect, match, observed
from plaudit.tally.proportions import fisher, holm, newcombe

GROUPS = ("verified", "suspect", "mixed", "undetermined")
FEWEST_PEOPLE, FEWEST_ACTS = 30, 20
"""Treated and controls, and acts among them, below which an error computed from them cannot be trusted."""
LEAST_OVERLAP = 0.8
TREND_AT, EFFECT_AT = 0.10, 0.05


@dataclass(frozen=True)
class Spent:
    """What the applause cost, and the count it is divided by: shown, and authentic with its 90 % interval."""

    money: float
    currency: str
    shown: float
    authentic: float
    low: float
    high: float


def value_audit(
    engagement: Engagement,
    outcomes: Outcomes,
    *,
    spent: Spent | None = None,
    incentive: bool = False,
    window_ms: int = WINDOW_MS,
    seed: int = 0,
) -> ValuePart:
    """What became of those who engaged.

    Args:
        engagement: likes with their verdicts, or comments.
        outcomes: what people did, over the whole stretch in which it was recorded.
        spent: cost of the campaign, for the cost per authentic engagement.
        incentive: whether likes were rewarded (a lottery, a coupon): then no effect is ascribed to them.
        window_ms: length of the first window.
        seed: draws among comparable people.
    """
    known = (engagement.person >= 0) & (engagement.at_ms >= 0)
    visits = Visits(
        engagement.person[known].astype(np.int64),
        engagement.at_ms[known],
        engagement.focal[known],
        len(engagement.ids),
    )
    person, own = doers(outcomes, engagement.ids, visits.person)
    costs, messages = costs_of(spent), []
    first, last = (int(outcomes.at_ms.min()), int(outcomes.at_ms.max())) if len(outcomes) else (None, None)
    rates: list[Rate] = []
    contrasts: list[Contrast] = []
    if first is None or last is None:
        messages.append(Message(code="value_no_outcomes"))
    elif not own.any():
        messages.append(Message(code="value_no_match", values={"outcomes": len(outcomes)}))
    else:
        messages.append(Message(code="value_tracking", values={"first": first, "last": last}))
        group, index_ms = groups_of(visits, engagement.status[known])
        told = np.asarray(outcomes.kind.to_pylist())
        asked = [kind for kind in KINDS if (told[own] == kind).any()]
        acts = {kind: acts_of(person, outcomes.at_ms, own & (told == kind)) for kind in asked}
        rates, described = _describe(acts, group, index_ms, (first, last), window_ms)
        if not rates:
            after = int((index_ms[group >= 0] + window_ms > last + 1).sum())
            messages.append(Message(code="value_no_after", values={"people": after, "window": window_ms}))
        rng = np.random.default_rng(seed)
        judged = _effects(acts, visits, group, index_ms, (first, last), window_ms, incentive, rng)
        contrasts = [*described, *judged]
        messages += _said(judged)
        messages += of_small_cells(rates)
        messages += [Message(code="value_note_liking"), Message(code="value_note_short")]
    return ValuePart(
        outcomes=len(outcomes),
        matched=int(own.sum()),
        people=int(np.unique(person[own]).shape[0]),
        first_ms=first,
        last_ms=last,
        window_ms=window_ms,
        rates=rates,
        contrasts=contrasts,
        costs=costs,
        messages=messages,
    )


def groups_of(visits: Visits, status: np.ndarray) -> tuple[Ints, Ints]:
    """Each person's group (place in :data:`GROUPS`, -1 for nobody asked about) and the moment it is entered by.

    A like, not a person: whoever has verified and suspect likes is ``mixed``, and compared with nobody.
    """
    far = np.iinfo(np.int64).max
    first = np.full((len(STATUSES), visits.people), far)
    for code in range(len(STATUSES)):
        rows = visits.focal & (status == code)
        np.minimum.at(first[code], visits.person[rows], visits.at_ms[rows])
    has = first < far
    verified, discounted, undetermined = (
        STATUSES.index(one) for one in (Status.VERIFIED, Status.DISCOUNTED, Status.UNDETERMINED)
    )
    group = np.full(visits.people, -1, np.int64)
    group[has[verified]] = GROUPS.index("verified")
    group[has[undetermined]] = GROUPS.index("undetermined")
    group[has[discounted]] = GROUPS.index("suspect")
    group[has[discounted] & has[verified]] = GROUPS.index("mixed")
    return group, np.asarray(first.min(axis=0))


def cost_alone(spent: Spent | None) -> ValuePart:
    """What can be told without outcomes: what the likes cost."""
    return ValuePart(
        outcomes=0,
        matched=0,
        people=0,
        first_ms=None,
        last_ms=None,
        window_ms=WINDOW_MS,
        rates=[],
        contrasts=[],
        costs=costs_of(spent),
        messages=[Message(code="value_cost_alone")],
    )


def costs_of(spent: Spent | None) -> list[Cost]:
    """Cost per like shown and per authentic like; the interval is that of the count, turned over."""
    if spent is None or spent.shown <= 0:
        return []
    each = spent.money / spent.shown
    out = [Cost(code="per_shown", currency=spent.currency, value=each, low=each, high=each)]
    if spent.authentic > 0:
        out.append(
            Cost(
                code="per_authentic",
                currency=spent.currency,
                value=spent.money / spent.authentic,
                low=spent.money / spent.high,
                high=spent.money / spent.low if spent.low > 0 else None,
            )
        )
    return out


def _describe(
    acts: dict[str, Acts], group: Ints, index_ms: Ints, tracked: tuple[int, int], window_ms: int
) -> tuple[list[Rate], list[Contrast]]:
    """Rates of every group, and verified likers beside suspect ones."""
    rates: list[Rate] = []
    contrasts: list[Contrast] = []
    for kind, done in acts.items():
        for window in WINDOWS:
            found = rates_of(kind, window, done, GROUPS, group, index_ms, tracked, window_ms)
            rates += found.values()
            both = [found[name] for name in ("verified", "suspect") if name in found]
            # A difference would tell what a hidden cell does not.
            if len(both) == 2 and all(one.acts is not None for one in both):
                contrasts.append(_groups(kind, window, *((one.acts or 0, one.people) for one in both)))
    return rates, contrasts


def _groups(kind: str, window: str, verified: tuple[int, int], suspect: tuple[int, int]) -> Contrast:
    difference, low, high = newcombe(verified, suspect)
    values = {"kind": kind, "window": f"{window}_window", "difference": difference, "low": low, "high": high}
    if low > 0:
        message = Message(code="value_groups_more", values=values)
    elif high < 0:
        message = Message(code="value_groups_fewer", values=values)
    else:
        message = Message(code="value_groups_alike", values=values)
    return Contrast(
        kind=kind,
        window=window,
        design="groups",
        treated=verified[1],
        controls=suspect[1],
        overlap=None,
        difference=difference,
        low=low,
        high=high,
        p_value=fisher(verified, suspect),
        p_adjusted=None,
        trend=None,
        trend_low=None,
        trend_high=None,
        causal=False,
        message=message,
    )


@dataclass(frozen=True)
class _Judged:
    """One effect before the tests are corrected for each other."""

    kind: str
    window: str
    design: str
    treated: int
    controls: int
    overlap: float | None
    found: Effect
    trend: Effect | None
    refusal: Message | None


def _effects(
    acts: dict[str, Acts],
    visits: Visits,
    group: Ints,
    index_ms: Ints,
    tracked: tuple[int, int],
    window_ms: int,
    incentive: bool,
    rng: np.random.Generator,
) -> list[Contrast]:
    """What changed with a verified like, in both windows, for every kind of outcome."""
    verified = np.flatnonzero(group == GROUPS.index("verified"))
    judged: list[_Judged] = []
    for window, stop in (("first", 1), ("later", AFTER)):
        people = verified[observed(index_ms[verified], -BEFORE, stop, tracked, window_ms)]
        if people.shape[0] < SMALL:
            continue
        matched = match(visits, people, index_ms[people], window_ms, stop, tracked, rng)
        for kind, done in acts.items():
            judged.append(_judge(kind, window, done, matched, people, index_ms[people], window_ms, incentive))
    if not judged:
        return []
    adjusted = holm(np.array([one.found.p_value for one in judged]))
    return [_contrast(one, float(p)) for one, p in zip(judged, adjusted, strict=True)]


def _judge(
    kind: str,
    window: str,
    done: Acts,
    matched: Matched,
    people: Ints,
    index_ms: Ints,
    window_ms: int,
    incentive: bool,
) -> _Judged:
    controls = int(np.unique(matched.control).shape[0])
    values: dict[str, Any] = {"kind": kind, "window": f"{window}_window"}
    if matched.treated.shape[0] < SMALL or controls < SMALL:
        # Before and after the same people: told, and never called an effect.
        mine = done.grid(people, index_ms, window_ms)
        return _Judged(
            kind,
            window,
            "before_after",
            people.shape[0],
            0,
            None,
            alone(change(mine, window)),
            alone(change(mine, "trend")),
            Message(code="value_refused_control", values=values),
        )
    mine = done.grid(matched.treated, matched.index_ms, window_ms)
    theirs = done.grid(matched.control, matched.control_ms, window_ms)
    found = effect(matched, change(mine, window), change(theirs, window))
    trend = effect(matched, change(mine, "trend"), change(theirs, "trend"))
    treated, seen = matched.treated.shape[0], int(mine.sum() + theirs.sum())
    refusal = None
    if incentive:
        refusal = Message(code="value_refused_incentive", values=values)
    elif matched.design == "not_yet":
        refusal = Message(code="value_refused_presence", values=values)
    elif min(treated, controls) < FEWEST_PEOPLE or seen < FEWEST_ACTS:
        people_ = min(treated, controls)
        refusal = Message(code="value_refused_few", values={**values, "people": people_, "acts": seen})
    elif matched.overlap < LEAST_OVERLAP:
        refusal = Message(code="value_refused_overlap", values={**values, "overlap": matched.overlap})
    elif trend.p_value < TREND_AT:
        refusal = Message(code="value_refused_trend", values={**values, "trend": trend.value})
    return _Judged(kind, window, matched.design, treated, controls, matched.overlap, found, trend, refusal)


def _contrast(one: _Judged, adjusted: float) -> Contrast:
    low, high = one.found.interval()
    trend_low, trend_high = one.trend.interval() if one.trend else (None, None)
    values = {
        "kind": one.kind,
        "window": f"{one.window}_window",
        "difference": one.found.value,
        "low": low,
        "high": high,
    }
    # What remains if the trend seen before the like went on after it, in either direction.
    wide = one.found.interval(abs(one.trend.value) if one.trend else 0.0)
    causal = one.refusal is None and adjusted < EFFECT_AT and not wide[0] <= 0 <= wide[1]
    if one.refusal is not None:
        message = one.refusal
    elif causal and one.found.value > 0:
        message = Message(code="value_effect_more", values=values)
    elif causal:
        message = Message(code="value_effect_fewer", values=values)
    else:
        message = Message(code="value_no_effect", values=values)
    return Contrast(
        kind=one.kind,
        window=one.window,
        design=one.design,
        treated=one.treated,
        controls=one.controls,
        overlap=one.overlap,
        difference=one.found.value,
        low=low,
        high=high,
        p_value=one.found.p_value,
        p_adjusted=adjusted,
        trend=one.trend.value if one.trend else None,
        trend_low=trend_low,
        trend_high=trend_high,
        causal=causal,
        message=message,
    )


def _said(judged: list[Contrast]) -> list[Message]:
    """What the effects amount to together: a rise that reverses, or the one thing that is missing throughout."""
    if not judged:
        return [Message(code="value_no_before"), Message(code="value_no_cause")]
    out = []
    for kind in dict.fromkeys(one.kind for one in judged):
        windows = {one.window: one for one in judged if one.kind == kind}
        if len(windows) == 2 and all(one.causal for one in windows.values()):
            first, later = windows["first"].difference, windows["later"].difference
            if first > 0 > later:
                out.append(Message(code="value_reversal", values={"kind": kind, "first": first, "later": later}))
    if "later" not in {one.window for one in judged}:
        out.append(Message(code="value_no_later"))
    if not any(one.causal for one in judged):
        out.append(Message(code="value_no_cause"))
    return out
