"""Likes beyond quality: planted ones stand out, great comments and viral posts do not, counters are read kindly."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from plaudit.detectors.quality_gap import DETECTOR
from plaudit.detectors.quality_gap.expectation import expectations
from plaudit.detectors.quality_gap.judge import judge, more_innocent
from plaudit.detectors.runner import run_section_detectors, section_readiness
from plaudit.detectors.spec import SectionContext
from plaudit.model import UNBOUNDED, Counter, Findings, Floats, Ints, Outcome, Section, Tier
from plaudit.testing.sections import simulate_section
from plaudit.testing.sections.checks import CHECKS, check_section_detector
from tests.comment_worlds import NOW_MS, comments_section, liked_world, with_likes

NEVER_FLAKES = 1e-4


def find(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


def p_values(section: Section) -> Floats:
    """The p-value of every comment with known likes, findings or not."""
    context = SectionContext(section)
    readings = [
        judge(made, section.comments.post[made.row].astype(np.int64))
        for made in expectations(section, context.specifics)
    ]
    return np.exp(more_innocent(readings).log_p)


def ends(findings: Findings) -> tuple[Floats, Floats]:
    low, high = findings.exhibits.excess_low, findings.exhibits.excess_high
    assert low is not None and high is not None
    return low, high


def boosted(section: Section, rows: list[int], by: int) -> Section:
    likes = section.comments.likes.low.copy()
    likes[rows] += by
    return with_likes(section, Counter.exactly(likes))


def test_bought_likes_stand_out_with_an_honest_interval() -> None:
    caught, held, total = 0, 0, 0
    for seed in range(6):
        world, _ = liked_world(seed, spread=0.5)
        rows = [15, 420, 625]
        shown = find(boosted(world, rows, 400))
        low, high = ends(shown)
        at = {int(row): k for k, row in enumerate(shown.subject)}
        for row in rows:
            total += 1
            if row not in at:
                continue
            k = at[row]
            caught += 1
            held += bool(low[k] <= 400 <= high[k])
            assert shown.exhibits.row[k] == row + len(world.posts)
            assert shown.certainty[k] == 0.5
    assert caught >= 0.9 * total
    assert held >= 0.6 * caught


def test_few_bought_among_many_are_significant() -> None:
    rows = [15, 420, 625, 825]
    q = []
    for seed in range(4):
        shown = find(boosted(liked_world(seed, posts=100, spread=0.4)[0], rows, 400))
        q += [float(shown.q_value[shown.subject == row].min(initial=1.0)) for row in rows]
        assert set(shown.subject[shown.q_value <= 0.05]) <= set(rows)
    assert np.mean(np.array(q) <= 0.05) >= 0.75


# Where a comment in eight was bought, the bought are the tail: no null of the export's own can name them.
@pytest.mark.parametrize("check", sorted(set(CHECKS) - {"planted"}))
def test_the_battery(check: str) -> None:
    check_section_detector(DETECTOR, skip=set(CHECKS) - {check})


def test_more_bought_likes_never_look_more_innocent() -> None:
    world, _ = liked_world(3)
    p = [p_values(boosted(world, [39], by))[39] for by in (0, 50, 200, 800, 3200)]
    assert all(one >= other for one, other in pairwise(p)) and p[-1] < 0.005 < p[0]


@pytest.mark.parametrize("spread", [0.6, 1.5])
def test_where_nothing_happens_p_values_are_what_they_say(spread: float) -> None:
    own = np.array([p_values(liked_world(seed, spread=spread)[0])[(seed * 37) % 800] for seed in range(80)])
    assert stats.kstest(own, "uniform").pvalue > NEVER_FLAKES


def test_false_findings_are_rare() -> None:
    every = [find(liked_world(seed, spread=1.2)[0]) for seed in range(40)]
    assert sum(bool((f.q_value <= 0.05).any()) for f in every) <= stats.binom.isf(NEVER_FLAKES, 40, 0.05)
    assert sum(len(f) for f in every) <= 1.5 * stats.binom.isf(NEVER_FLAKES, 40 * 800, 0.01)


def test_power_laws_are_no_surprise() -> None:
    # One comment in a thousand has a thousand times the median, by itself.
    for seed in range(8):
        rng = np.random.default_rng([seed, 3])
        post = np.repeat(np.arange(4), 500)
        likes = np.floor((1 - rng.random(2000)) ** (-1 / 0.6)).astype(np.int64)
        world = comments_section(post, likes, [f"句子{k}" for k in range(2000)])
        assert not (find(world).q_value <= 0.05).any()


def test_a_viral_post_explains_its_comments() -> None:
    world, _ = liked_world(1, spread=0.5)
    likes = world.comments.likes.low.copy()
    likes[world.comments.post == 4] *= 30
    shown = find(with_likes(world, Counter.exactly(likes)))
    assert not (shown.q_value <= 0.05).any()


def flagged(section: Section, flag: str, rows: Ints) -> Section:
    marked = np.zeros(len(section.comments), np.int8)
    marked[rows] = 1
    comments = section.comments
    if flag == "pinned":
        return replace(section, comments=replace(comments, pinned=marked))
    if flag == "elected":
        return replace(section, comments=replace(comments, elected=marked))
    return replace(section, comments=replace(comments, author_liked=marked))


@pytest.mark.parametrize("flag", ["pinned", "elected", "author_liked"])
def test_flags_that_bring_likes_explain_them(flag: str) -> None:
    world, _ = liked_world(2, posts=40, spread=0.5)
    rows = np.flatnonzero(world.comments.position == 20)
    likes = world.comments.likes.low.copy()
    likes[rows] = likes[rows] * 8 + 40
    untold = with_likes(world, Counter.exactly(likes))
    told = flagged(untold, flag, rows)
    assert np.median(p_values(told)[rows]) > 0.2 > 0.05 > np.median(p_values(untold)[rows])
    assert not (find(told).q_value <= 0.05).any()


def test_detail_counts_for_a_comment() -> None:
    world, _ = liked_world(5, posts=40, dull=1.5, spread=0.4)
    rich = np.array(SectionContext(world).specifics.detail) >= 2
    at_half = [int(np.flatnonzero(rich == kind)[200]) for kind in (True, False)]
    p = [p_values(boosted(with_likes_at(world, row, 0), [row], 150))[row] for row in at_half]
    assert p[0] > p[1]


def with_likes_at(section: Section, row: int, likes: int) -> Section:
    told = section.comments.likes.low.copy()
    told[row] = likes
    return with_likes(section, Counter.exactly(told))


def test_a_censored_counter_is_read_as_the_least_it_says() -> None:
    world, _ = liked_world(4, spread=0.5)
    likes = world.comments.likes.low.copy()
    likes[39] = 1000
    exact = find(with_likes(world, Counter.exactly(likes)))
    high = likes.copy()
    high[39] = UNBOUNDED
    censored = find(with_likes(world, Counter(likes, high)))
    assert np.array_equal(exact.p_value, censored.p_value)
    assert (ends(censored)[1] <= 1000).all()


def test_unknown_counters_are_not_judged_and_do_not_count_as_zero() -> None:
    world, _ = liked_world(6)
    likes = world.comments.likes.low.copy()
    likes[::2] = -1
    half = with_likes(world, Counter.exactly(likes))
    shown = find(half)
    assert shown.candidates == 400 and (shown.subject % 2 == 1).all()


def test_small_exports_are_left_alone() -> None:
    world, _ = liked_world(0, posts=3, per_post=30)
    assert section_readiness(DETECTOR, world)[0] is Outcome.NOT_ENOUGH_DATA
    bigger, _ = liked_world(0)
    likes = np.where(np.arange(800) < 50, bigger.comments.likes.low, -1)
    answer = run_section_detectors(
        [DETECTOR],
        with_likes(bigger, Counter.exactly(likes)),
        SectionContext(with_likes(bigger, Counter.exactly(likes))),
        lambda _: None,
    )[0]
    assert (answer.outcome, len(answer)) == (Outcome.NOT_ENOUGH_DATA, 0) and "has 50" in answer.reason
    unliked = with_likes(bigger, Counter.absent(800))
    assert section_readiness(DETECTOR, unliked)[0] is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("likes", [0, 7])
def test_exports_in_which_nothing_varies(likes: int) -> None:
    post = np.repeat(np.arange(2), 100)
    shown = find(comments_section(post, np.full(200, likes), ["好"] * 200))
    assert len(shown) == 0 and shown.outcome is Outcome.MEASURED


def test_one_post_and_an_order_by_time() -> None:
    rng = np.random.default_rng(9)
    n = 600
    likes = rng.poisson(np.exp(rng.normal(2, 0.5, n)))
    likes[300] = 2000
    world = comments_section(
        np.zeros(n, np.int64), likes, [f"第{k}句" for k in range(n)],
        position=np.arange(n, dtype=np.int32),
        created_ms=NOW_MS + np.arange(n) * 60_000,
        observed_ms=np.full(n, NOW_MS + n * 60_000),
    )  # fmt: skip
    assert len(expectations(world, SectionContext(world).specifics)) == 2
    assert 300 in find(world).subject


def test_places_that_likes_made_explain_nothing() -> None:
    world, _ = liked_world(1)  # the most liked first
    assert len(expectations(world, SectionContext(world).specifics)) == 1


def test_names_and_the_order_of_posts_do_not_matter() -> None:
    world, _ = liked_world(2, posts=10, per_post=60)
    n = 600
    backwards = np.concatenate([np.arange(p * 60, p * 60 + 60) for p in reversed(range(10))])
    comments = world.comments
    turned = comments_section(
        np.repeat(np.arange(10), 60), comments.likes.low[backwards], [comments.text[int(k)].as_py() for k in backwards],
        position=comments.position[backwards],
    )  # fmt: skip
    assert np.allclose(p_values(world)[backwards], p_values(turned), rtol=1e-6)
    assert n == len(turned.comments)


def test_innocent_crowds_of_the_simulator_pass() -> None:
    for seed in (1, 2):
        world = simulate_section("section_traps", comments=3000, seed=seed, tier=Tier.SNAPSHOT)
        shown = find(world.section)
        assert not (shown.q_value <= 0.1).any() and shown.candidates == 3000


def test_dull_comments_with_bought_likes_are_what_stands_out_in_the_simulator() -> None:
    found, planted = 0, 0
    for seed in (1, 2, 3):
        world = simulate_section(
            "section_dull_boost", comments=4000, seed=seed, tier=Tier.SNAPSHOT, overrides={"attacked": 0.005}
        )
        bought = world.truth["bought_likes"].to_numpy()[len(world.section.posts) :] > 0
        p = p_values(world.section)
        planted += int(bought.sum())
        found += int((p[bought] <= 0.02).sum())
        assert (p[~bought] <= 0.02).mean() <= 0.025
    assert found >= 0.7 * planted
