"""The honest count of a section: exact identities, pooled excesses, intervals that cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.detectors import SectionContext
from plaudit.model import HOUR_MS, UNBOUNDED, Family, Findings, Section, Tier
from plaudit.tally import SectionTally, tally_section
from plaudit.tally.bought import MODEL_ERROR
from plaudit.tally.overlap import pooled_excess
from plaudit.tally.planted import sight_of
from plaudit.tally.section import Sight
from plaudit.testing.sections import simulate_section
from plaudit.verdict import weigh_section
from tests.sections import START_MS, found, section

MANY = [5] * 100


def count(held: Section, findings: list[Findings], seed: int = 0, sight: Sight | None = None) -> SectionTally:
    return tally_section(held, findings, weigh_section(held, findings), seed, sight)


def pooled(findings: list[Findings], targets: int = 3) -> tuple[list[float], list[float]]:
    weight = np.concatenate([np.full(len(f), 5.0) for f in findings])
    out = pooled_excess(findings, weight > 0, weight, targets)
    return out.mean.tolist(), out.spread.tolist()


def test_without_findings_all_shown_likes_are_verified() -> None:
    tally = count(section([7, 0, -1], (50,)), [])
    assert tally.verified.tolist() == [50, 7, 0, 0] == tally.shown.tolist()
    assert tally.known.tolist() == [True, True, True, False]
    assert (tally.total.authentic, tally.total.low, tally.total.high) == (57.0, 57.0, 57.0)
    assert (tally.posts.shown, tally.comments.shown) == (50, 7)


def test_likes_are_split_by_what_the_verdict_says() -> None:
    held = section([300, 300, *MANY], (100,))
    curve = found(Family.TIMING, [1, 2], excess=[200, 200])
    tally = count(held, [curve, found(Family.QUALITY, [1], excess=[200], certainty=0.5)])
    # Pooled: 200 with a deviation of 5/sqrt 2, and what windows miss; the lower end is what is surely not counted.
    spread = np.hypot(5 / np.sqrt(2), MODEL_ERROR * 200)
    assert tally.discounted[1] == int(200 - 1.6448536 * spread) and tally.undetermined[1] == 200 - tally.discounted[1]
    assert (tally.discounted[2], tally.undetermined[2], tally.verified[2]) == (0, 200, 100)
    assert tally.discounted[3:].sum() == tally.undetermined[3:].sum() == 0


def test_a_censored_counter_is_counted_at_what_it_certainly_says() -> None:
    held = section([100_000, *MANY], (100,), high={1: UNBOUNDED})
    tally = count(held, [found(Family.TIMING, [1], excess=[40_000.0])])
    assert tally.shown[1] == 100_000 and tally.high[1] <= 100_000
    assert tally.undetermined[1] == 40_000


def test_an_interval_reaches_as_far_as_planted_orders_were_larger_than_what_was_found() -> None:
    held = section([300, *MANY])
    curve = found(Family.TIMING, [1], excess=[100.0])
    near, far = (count(held, [curve], sight=Sight(60, 50, 20, 100.0, 50.0, reach)) for reach in (1.0, 2.0))
    assert near.low[1] > 170 and far.low[1] < near.low[1] - 40
    same = ("authentic", "high", "undetermined", "excess", "excess_low")
    assert all(getattr(near, name)[1] == getattr(far, name)[1] for name in same)
    # What no planted order tests keeps its own interval: these are comments that were bought.
    words = found(Family.WORDING, [1], excess=[100.0])
    assert count(held, [words], sight=Sight(60, 50, 20, 100.0, 50.0, 2.0)).low[1] > 170


def test_a_finding_that_does_not_say_how_many_questions_none() -> None:
    tally = count(section([300, *MANY]), [found(Family.TIMING, [1])])
    assert tally.verified[1] == 300 and tally.authentic[1] == 300


def test_overlapping_windows_of_a_family_do_not_add_and_separate_ones_do() -> None:
    one = (START_MS, START_MS + HOUR_MS)
    inside = (START_MS + HOUR_MS // 2, START_MS + 2 * HOUR_MS)
    later = (START_MS + 9 * HOUR_MS, START_MS + 10 * HOUR_MS)
    first, again, other = (
        found(Family.TIMING, [1], excess=[n], windows=[w]) for n, w in ((100.0, one), (80.0, inside), (30.0, later))
    )
    assert pooled([first, again])[0][1] == pytest.approx(100)
    assert pooled([first, other])[0][1] == pytest.approx(130)
    assert pooled([first, again, other])[0][1] == pytest.approx(130)
    assert pooled([first, other])[1][1] == pytest.approx(np.hypot(5, 5))


def test_a_window_never_reaches_into_another_target() -> None:
    long = found(
        Family.TIMING,
        [0, 1],
        excess=[100.0, 50.0],
        windows=[(START_MS, START_MS + 99 * HOUR_MS), (START_MS + HOUR_MS, START_MS + 2 * HOUR_MS)],
    )
    late = found(Family.TIMING, [1], excess=[20.0], windows=[(START_MS + 5 * HOUR_MS, START_MS + 6 * HOUR_MS)])
    assert pooled([long, late])[0] == pytest.approx([100, 70, 0])


def test_families_are_pooled_by_precision_and_disagreement_widens() -> None:
    sure = found(Family.TIMING, [1], excess=[100.0], spread=2.0)
    vague = found(Family.QUALITY, [1], excess=[110.0], spread=20.0)
    mean, spread = pooled([sure, vague])
    assert 100 < mean[1] < 101 and spread[1] < 2.0
    mean, spread = pooled([sure, found(Family.QUALITY, [1], excess=[200.0], spread=2.0)])
    assert mean[1] == pytest.approx(150, abs=1) and spread[1] > 30


def test_weak_evidence_widens_the_count_but_names_no_like() -> None:
    held = section([300] * 60)
    # Where many targets are suspect the section is no stranger to it, and a weak hint counts for something.
    strong = found(Family.TIMING, list(range(2, 30)), excess=[200.0] * 28)
    hint = found(Family.TIMING, [1], p=0.01, q=0.1, excess=[200.0], detector="hints")
    tally = count(held, [strong, hint])
    assert tally.verified[1] == 300
    assert tally.low[1] < 120 < tally.authentic[1] < 300 and 0.3 < tally.chance[1] <= 0.8
    # In a clean section the same hint is noise.
    assert count(held, [hint]).authentic[1] == 300


def test_the_same_seed_gives_the_same_count() -> None:
    held = section([300] * 40)
    parts = [found(Family.TIMING, list(range(1, 30)), excess=[100.0] * 29, certainty=0.5)]
    one, two = count(held, parts, 3), count(held, parts, 3)
    assert one.total == two.total and (one.low == two.low).all()


def test_what_one_innocent_cause_would_explain_falls_together() -> None:
    held = section([300] * 200)
    targets = list(range(1, 101))
    single = found(Family.TIMING, targets, excess=[100.0] * 100, certainty=0.5)
    alone = count(held, [single]).total
    paired = count(held, [single, found(Family.QUALITY, targets, excess=[100.0] * 100, certainty=0.5)]).total
    # If one twin is innocent all may be: the interval spans both worlds, with one doubtful witness or two.
    for total in (alone, paired):
        assert total.high == total.shown and total.low < total.shown - 10_000
    assert paired.authentic < alone.authentic
    # Whose innocent twins are shut out stands firm.
    firm = count(held, [found(Family.TIMING, targets, excess=[100.0] * 100)]).total
    assert firm.high < firm.shown - 8_000


def test_a_total_leaves_room_for_orders_that_do_not_show_beside_those_that_do() -> None:
    held = section([300] * 201 + [5] * 300)
    ten = [found(Family.QUALITY, list(range(1, 11)), excess=[100.0] * 10)]
    alone = count(held, ten)
    verdicts = weigh_section(held, ten)
    lows = []
    for seen in (57, 30, 6):  # of 60 planted: nearly all, half, a tenth
        sight = Sight(60, seen, 20, 100.0, 50.0)
        wide = tally_section(held, ten, verdicts, 0, sight)
        lows.append(wide.total.low)
        # It moves no target, no estimate and never the upper end.
        assert (wide.low == alone.low).all() and wide.total.high == alone.total.high
        assert wide.total.authentic == alone.total.authentic and wide.beyond is not None
        # What nothing found cannot exclude grows as less shows; nothing found widens nothing.
        none = tally_section(held, [], weigh_section(held, []), 0, sight)
        assert none.total.low == none.total.shown and none.beyond is not None and none.beyond < wide.beyond
    assert alone.total.low >= lows[0] > lows[1] > lows[2]
    # Ten orders found of twice as many: about a thousand likes more.
    assert 400 < alone.total.low - lows[1] < 3_000


def test_orders_planted_into_curves_show_and_into_one_snapshot_mostly_do_not() -> None:
    shares = {}
    for tier in (Tier.SNAPSHOT, Tier.CURVE):
        world = simulate_section("section_clean", comments=1200, seed=5, tier=tier)
        nothing = weigh_section(world.section, [])
        told = SectionContext(world.section).specifics
        one, two = (sight_of(world.section, nothing, told, 3) for _ in range(2))
        assert one == two and one.orders >= 12 and 20 <= one.mean <= 500
        shares[tier] = one.seen / one.orders
    assert shares[Tier.SNAPSHOT] < 0.5 < shares[Tier.CURVE]


@given(data=st.data())
@settings(max_examples=80, deadline=None)
def test_counts_always_add_up_and_intervals_hold_their_estimate(data: Any) -> None:
    likes = data.draw(st.lists(st.integers(-1, 2000), min_size=3, max_size=12))
    posts = data.draw(st.lists(st.integers(-1, 100_000), min_size=1, max_size=3))
    held = section(likes, posts, curves=data.draw(st.booleans()), high={0: UNBOUNDED} if posts[0] >= 0 else None)
    n = held.n_targets
    parts = []
    for family in data.draw(st.lists(st.sampled_from([Family.TIMING, Family.QUALITY, Family.WORDING]), max_size=4)):
        targets = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True))
        numbers = st.lists(st.floats(0, 5000), min_size=len(targets), max_size=len(targets))
        excess = data.draw(st.one_of(st.none(), numbers))
        parts.append(
            found(
                family,
                targets,
                p=data.draw(st.floats(1e-300, 0.5)),
                q=data.draw(st.floats(0, 0.4)),
                excess=excess,
                spread=data.draw(st.floats(0, 500)),
                certainty=data.draw(st.sampled_from([0.5, 1.0])),
                group=data.draw(st.booleans()),
            )
        )
    tally = count(held, parts)
    assert (tally.shown == tally.verified + tally.discounted + tally.undetermined).all()
    assert (tally.shown == np.where(held.likes.known, held.likes.low, 0)).all()
    assert min(tally.verified.min(), tally.discounted.min(), tally.undetermined.min()) >= 0
    assert (tally.low <= tally.authentic + 1e-9).all() and (tally.authentic <= tally.high + 1e-9).all()
    assert (tally.low >= -1e-9).all() and (tally.high <= tally.shown + 1e-9).all()
    for whole, rows in ((tally.posts, slice(0, len(posts))), (tally.comments, slice(len(posts), None))):
        assert whole.shown == whole.verified + whole.discounted + whole.undetermined == tally.shown[rows].sum()
        assert whole.low <= whole.authentic <= whole.high
        assert whole.authentic == pytest.approx(tally.authentic[rows].sum())
    if not np.isin(held.tier.value, ["T1"]):
        assert tally.discounted.sum() == 0


@pytest.mark.parametrize(("p_true", "certainty"), [(1.0, 1.0), (0.5, 0.5)])
def test_intervals_cover_what_was_bought_when_the_findings_are_honest(p_true: float, certainty: float) -> None:
    """Excesses with honest errors, innocent as often as the certainty says: the intervals cover at their level."""
    held_totals, runs = 0, 20
    for seed in range(runs):
        covered, total = covers(seed, p_true, certainty)
        assert 0.80 <= covered <= 1.0
        held_totals += total
    assert held_totals >= 15


def covers(seed: int, p_true: float, certainty: float) -> tuple[float, bool]:
    rng = np.random.default_rng(seed)
    n, likes, spread = 300, 400, 20.0
    bought = np.where(rng.random(n) < p_true, 150, 0)
    # What stands out does so whether bought or not: an innocent crowd of the same size.
    seen = 150 + rng.normal(0, spread, n)
    held = section([likes] * n)
    curve = found(Family.TIMING, list(range(1, n + 1)), excess=seen.tolist(), spread=spread, certainty=certainty)
    tally = count(held, [curve])
    genuine = likes - bought
    covered = (tally.low[1:] <= genuine + 0.5) & (genuine - 0.5 <= tally.high[1:])
    whole = int(genuine.sum()) + int(held.likes.low[0])
    return float(covered.mean()), bool(tally.total.low <= whole <= tally.total.high)
