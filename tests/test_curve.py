"""Curves: every shape is found and named where it was planted, and what explains itself stays silent."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from plaudit.detectors.curve import DETECTOR, interval_scores
from plaudit.detectors.curve.intervals import curves_of
from plaudit.detectors.runner import section_readiness
from plaudit.detectors.spec import SectionContext
from plaudit.kernels.curves import DEPTH, best_window, best_window_plain, log_tail, log_tail_plain
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, UNBOUNDED, Counter, Findings, Ints, Outcome, Section
from plaudit.testing.sections import simulate_section
from tests.curve_worlds import World, deliver, often, quiet

NEVER_FLAKES = 1e-4
WORLDS = 40
SEEDS = (0, 1, 2)
KINDS = {
    "handfuls": {"posts": 25},
    "poisson": {"posts": 25, "burst": 0.0},
    "own paces": {"posts": 25, "paces": 0.4},
    "few": {"posts": 8},
    "reads": {"posts": 25, "with_reads": True},
}


def find(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


def row_of(found: Findings, target: int) -> int:
    return int(np.flatnonzero(found.subject == target)[0])


def loud(found: Findings) -> list[int]:
    return [int(target) for target in found.subject[found.q_value <= 0.05]]


@lru_cache(maxsize=8)
def _answers(kind: str) -> list[Findings]:
    return [find(quiet(seed, **KINDS[kind]).section()) for seed in range(WORLDS)]  # type: ignore[arg-type]


@given(st.integers(1, 200), st.integers(0, 200), st.floats(0.001, 0.9), st.floats(0.5, 5000))
def test_the_tail_is_the_beta_binomials(n: int, k: int, w: float, alpha: float) -> None:
    k = min(k, n)
    plain = log_tail_plain(k, n, w, alpha)
    # Beyond this the oracle itself loses its digits: it subtracts from 1.
    if plain > np.log(1e-9):
        assert log_tail(k, n, w, alpha) == pytest.approx(plain, rel=1e-4, abs=1e-5)
    else:
        assert log_tail(k, n, w, alpha) < np.log(1e-8)


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0.01, 3.0)), min_size=3, max_size=30), st.sampled_from([0, 1]))
@settings(max_examples=60)
def test_the_best_window_is_as_surprising_as_its_plain_twin_says(rows: list[tuple[int, float]], wide: int) -> None:
    low = np.concatenate([[0], np.cumsum([gain for gain, _ in rows])]).astype(np.int64)
    cum = np.concatenate([[0.0], np.cumsum([worth for _, worth in rows])])
    kappa = np.full(DEPTH, 50.0)
    plain = best_window_plain(low, low + wide, cum, kappa, 1.0, 3)
    p, a, b, _ = best_window(low, low + wide, cum, kappa, 1.0, 3)
    # The kernel judges only windows whose likelihood ratio comes near the largest one; never more than the twin.
    assert p >= plain[0] - 1e-6
    assert p == pytest.approx(plain[0], abs=max(1.0, 0.35 * abs(plain[0])))
    assert (b > a) == (p < 0)


@pytest.mark.parametrize("kind", ["handfuls", "poisson", "reads"])
def test_p_values_are_uniform_where_nothing_happens(kind: str) -> None:
    scans = [found.p_value[seed * 7 % len(found)] for seed, found in enumerate(_answers(kind))]
    # Weak tests share the level, so one p-value per curve is near uniform from above, and never below.
    assert stats.kstest(scans, "uniform", alternative="greater").pvalue > NEVER_FLAKES
    assert stats.kstest(scans, "uniform").statistic < 0.35


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_p_values_are_not_too_small_in_the_tail(kind: str) -> None:
    p = np.concatenate([found.p_value for found in _answers(kind)])
    for level in (0.05, 0.01):
        assert (p <= level).sum() <= 1.5 * stats.binom.isf(NEVER_FLAKES, p.size, level), level


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_worlds_without_purchases_are_silent_as_promised(kind: str) -> None:
    alarms = sum(bool(loud(found)) for found in _answers(kind))
    assert alarms <= stats.binom.isf(NEVER_FLAKES, WORLDS, 0.07)


def _planted(name: str, seed: int) -> World:
    world = quiet(seed)
    life = often(world, 3)
    if name == "step":
        deliver(life, 6, 6.25, 120)
    elif name == "straight":
        deliver(life, 60, 84, 240)
    elif name == "second_day":
        deliver(life, 30, 30.5, 120)
    elif name == "wave":
        for start in (10, 34, 58, 82):
            deliver(life, start, start + 0.25, 60)
    elif name == "round_stop":
        before = int(life.likes[:40].sum())
        life.likes[40:] = 0
        deliver(life, 9.5, 10, 300 - before % 100)
    elif name == "top_up":
        deliver(life, 8, 8.25, 150)
        life.likes[4 * 50] -= 60
        deliver(life, 60, 60.25, 60)
    elif name == "drop":
        life.likes[4 * 50] -= int(0.6 * life.likes[: 4 * 50].sum())
    return world


@pytest.mark.parametrize("name", ["step", "straight", "second_day", "wave", "round_stop", "top_up", "drop"])
def test_a_planted_shape_is_found_and_named(name: str) -> None:
    named, others = [], 0
    for seed in SEEDS:
        found = find(_planted(name, seed).section())
        row = row_of(found, 3)
        assert 3 in loud(found)
        others += len(loud(found)) - 1
        named.append(found.shape[row])
        assert found.notes[found.shape[row]] >= 1
        assert found.certainty[row] == 0.5, "without reads a share looks the same"
    assert others <= 2, "of 117 curves on which nothing happens"
    # Words are for people: a wave of which two crests merge reads as a step.
    assert named.count(name) >= 2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "bought"), [("step", 120), ("second_day", 120), ("wave", 240)])
def test_the_excess_is_what_was_bought(name: str, bought: int, seed: int) -> None:
    found = find(_planted(name, seed).section())
    row, shown = row_of(found, 3), found.exhibits
    assert shown.excess is not None and shown.excess_low is not None and shown.excess_high is not None
    assert shown.row[row] == 3
    assert shown.excess[row] == pytest.approx(bought, rel=0.25)
    assert shown.excess_low[row] <= shown.excess[row] <= shown.excess_high[row]
    assert shown.excess_low[row] <= 1.1 * bought and shown.excess_high[row] >= 0.9 * bought


@pytest.mark.parametrize("seed", SEEDS)
def test_a_share_that_brings_readers_explains_itself_and_likes_without_readers_do_not(seed: int) -> None:
    shared, bought = (quiet(seed, with_reads=True) for _ in range(2))
    deliver(often(shared, 3), 30, 32, 120, reads=2400)
    deliver(often(bought, 3), 30, 32, 120)
    assert 3 not in loud(find(shared.section()))
    found = find(bought.section())
    assert 3 in loud(found)
    assert found.certainty[row_of(found, 3)] == 1.0


def test_shared_comments_are_explained_by_the_reads_of_their_post_and_pinned_or_elected_ones_pass() -> None:
    alarms, judged = 0, 0
    for seed in (1, 2):
        world = simulate_section("traps", comments=1500, seed=seed)
        found = find(world.section)
        label = np.array(world.truth["label"].to_pylist(), object)[found.subject]
        innocent = label != "group_share"  # one comment sent round with no reads of its own: even odds, not silence
        alarms += int(((found.q_value <= 0.05) & innocent).sum())
        judged += int(innocent.sum())
        assert (found.certainty[found.subject >= len(world.section.posts)] == 0.5).all()
    assert judged > 500
    assert alarms <= 0.01 * judged


def test_bought_shapes_of_the_simulator_are_found_and_a_clean_one_is_silent() -> None:
    world = simulate_section("mixed", comments=2000, seed=5)
    found = find(world.section)
    label = np.array(world.truth["label"].to_pylist(), object)[found.subject]
    plain = np.isin(label, ["step", "second_day", "round_stop", "drop_top_up"])
    assert plain.sum() >= 15
    assert (found.q_value[plain] <= 0.05).mean() >= 0.8
    clean = find(simulate_section("clean", comments=2000, seed=5).section)
    assert len(clean) > 200 and (clean.q_value <= 0.05).mean() <= 0.005


def test_a_minority_of_bought_curves_does_not_teach_the_null() -> None:
    world = quiet(5)
    fair = []
    for post in range(8):
        life = often(world, post)
        # One like in twenty, within an hour that brings as many by itself, is no order anybody could see.
        fair += [post] if life.likes.sum() < 1500 else []
        deliver(life, 30, 30.25, 150)
    assert len(fair) >= 6 and set(fair) <= set(loud(find(world.section())))


def test_orders_of_every_shape_on_three_posts_in_ten_do_not_hide_each_other() -> None:
    seen, others = 0, 0
    for seed in SEEDS:
        world = quiet(seed, posts=24, polls=120, burst=1.0)
        for post in range(7):
            life = often(world, post, 30)
            if post % 3 == 0:
                deliver(life, 10, 10.25, 150)
            elif post % 3 == 1:
                deliver(life, 30, 32, 150)
            else:
                for start in (10, 34, 58):
                    deliver(life, start, start + 0.5, 60)
        found = loud(find(world.section()))
        seen += len(set(found) & set(range(7)))
        others += len(set(found) - set(range(7)))
    assert seen >= 0.6 * 7 * len(SEEDS) and others <= 3


def test_capped_and_rounded_counters_are_ranges_and_invent_no_step() -> None:
    world = quiet(2, middle=4000.0)

    def rounded(target: Ints, likes: Ints) -> Counter:
        high = np.where(likes >= 2000, likes // 1000 * 1000 + 999, likes)
        low = np.where(likes >= 2000, likes // 1000 * 1000, likes)
        over = likes >= 10_000
        return Counter(np.where(over, 10_000, low), np.where(over, UNBOUNDED, high))

    section = world.section(rounded)
    assert (section.snapshots.likes.high == UNBOUNDED).any()
    found = find(section)
    assert loud(found) == []
    assert curves_of(section).high.max() < UNBOUNDED


def test_a_stale_reading_is_no_fall_and_a_fall_is_no_gain() -> None:
    world = quiet(3)
    life = often(world, 0)
    plain = world.section()
    shown = plain.snapshots.likes.low.copy()
    dip = 200
    shown[dip] = max(shown[dip] - 7, 0)
    stale = replace(plain, snapshots=replace(plain.snapshots, likes=Counter.exactly(shown)))
    assert curves_of(stale).fallen.sum() == 0
    life.likes[4 * 70] -= 9
    fell = curves_of(world.section())
    assert fell.fallen.sum() == 9
    assert (np.diff(fell.low)[~fell.opening[1:]] >= 0).all()
    assert fell.total[0] >= curves_of(plain).total[0]


def test_one_reading_is_no_curve_and_few_curves_are_not_compared() -> None:
    world = quiet(1)
    for life in world.lives:
        life.polls_ms = life.polls_ms[-1:]
    assert section_readiness(DETECTOR, world.section())[0] is Outcome.NOT_APPLICABLE
    few = find(World(quiet(1).lives[:4]).section())
    assert few.outcome is Outcome.NOT_ENOUGH_DATA and len(few) == 0 and "5 curves" in few.reason


def test_missing_reads_for_some_posts_judge_each_kind_among_its_own() -> None:
    world = quiet(4, posts=40, with_reads=True)
    section = world.section()
    hidden = section.snapshots.target < 15
    reads = Counter.exactly(np.where(hidden, -1, section.snapshots.reads.low))
    mixed = replace(section, snapshots=replace(section.snapshots, reads=reads))
    curves = curves_of(mixed)
    assert curves.by_reads.tolist() == (curves.target >= 15).tolist()
    assert loud(find(mixed)) == []


def test_answers_do_not_depend_on_order_of_rows_or_on_an_earlier_run() -> None:
    section = _planted("wave", 1).section()
    first, again = find(section), find(section)
    assert first.p_value.tobytes() == again.p_value.tobytes() and first.shape == again.shape


def test_an_unfinished_curve_may_be_shifted_in_time_by_whole_days() -> None:
    world = _planted("step", 0)
    early = find(world.section())
    for life in world.lives:
        life.born_ms += 7 * DAY_MS
        life.polls_ms = life.polls_ms + 7 * DAY_MS
    later = find(world.section())
    assert np.allclose(early.p_value, later.p_value)
    assert (later.start_ms - early.start_ms == 7 * DAY_MS).all()


def test_interval_scores_put_the_bought_interval_first() -> None:
    world = quiet(6, polls=30)
    life = often(world, 3, 240)
    deliver(life, 50, 50.25, 400)
    section = world.section()
    scored = interval_scores(section, SectionContext(section))
    best = int(np.argmax(scored.score))
    assert scored.target[best] == 3
    assert scored.start_ms[best] - life.born_ms <= 50.25 * HOUR_MS <= scored.end_ms[best] - life.born_ms + MINUTE_MS
    assert scored.gain[best] >= 400 and scored.ratio[best] > 1
