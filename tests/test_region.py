"""Regions that crowd: found where planted, silent where a topic, a base or chance explains them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from plaudit.detectors.region import DETECTOR
from plaudit.detectors.region.voices import voices
from plaudit.detectors.runner import section_readiness
from plaudit.detectors.spec import SectionContext
from plaudit.model import Counter, Findings, Ints, Outcome, Section, Tier
from plaudit.testing.sections import simulate_section
from plaudit.testing.sections.checks import CHECKS, check_section_detector
from tests.comment_worlds import regional_world

NEVER_FLAKES = 1e-4


def find(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_the_battery(check: str) -> None:
    check_section_detector(DETECTOR, skip=set(CHECKS) - {check})


def moved(section: Section, rows: Ints, region: int) -> Section:
    where = section.comments.region.copy()
    where[rows] = region
    return replace(section, comments=replace(section.comments, region=where))


def rarest(section: Section) -> int:
    return int(np.argmin(np.bincount(section.comments.region)))


@pytest.mark.parametrize("alike", [None, 60.0])
def test_commenters_bought_in_one_region_are_found(alike: float | None) -> None:
    found = 0
    for seed in range(8):
        world = regional_world(seed, alike=alike)
        far = rarest(world)
        rows = np.arange(80, 100)  # half of the comments of the third post
        shown = find(moved(world, rows, far))
        hit = np.flatnonzero((shown.subject == 2) & (shown.q_value <= 0.05))
        found += hit.size
        for k in hit:
            a, b = shown.exhibits.offsets[k : k + 2]
            named = shown.exhibits.row[a:b] - len(world.posts)
            assert set(named) >= set(rows) or shown.support[k] < 20
            assert shown.statistic[k] == b - a == shown.support[k] and shown.expectation[k] < shown.statistic[k]
            assert shown.certainty[k] == 0.5 and 0 < shown.exhibits.share[a] < 1
            assert world.comments.created_ms[named].min() == shown.start_ms[k]
    assert found >= 7


def test_a_region_crowded_among_the_most_liked_is_found_in_a_post_that_has_always_had_it() -> None:
    world = regional_world(1, posts=6, per_post=100, regions=4)
    region = np.tile(np.repeat(np.arange(4), 25), 6).astype(np.int32)
    likes = np.random.default_rng(3).integers(0, 50, 600)
    likes[25:34] = 500  # nine of the most liked ten of the first post, from the second region
    comments = replace(world.comments, region=region, likes=Counter.exactly(likes))
    shown = find(replace(world, comments=comments))
    assert shown.subject[np.argmin(shown.p_value)] == 0 and shown.p_value.min() < 1e-3
    assert set(shown.exhibits.row[: shown.support[0]] - 6) >= set(range(25, 34))


def test_a_region_crowded_within_moments_is_found() -> None:
    world = regional_world(1, posts=4, per_post=100, regions=5)
    region = np.random.default_rng(4).permuted(np.tile(np.repeat(np.arange(5), 20), (4, 1)), axis=1).astype(np.int32)
    region[1] = np.r_[
        np.full(16, 2), np.random.default_rng(5).permutation(np.r_[np.full(4, 2), np.repeat([0, 1, 3, 4], 20)])
    ]
    shown = find(replace(world, comments=replace(world.comments, region=region.ravel())))
    assert shown.subject.tolist() == [1] and shown.p_value[0] < 1e-4


@pytest.mark.parametrize("alike", [None, 40.0, 5.0])
def test_where_nothing_happens_p_values_are_no_smaller_than_they_say(alike: float | None) -> None:
    every = [find(regional_world(seed, alike=alike)) for seed in range(60)]
    tested = sum(f.candidates for f in every)
    p = np.concatenate([f.p_value for f in every])
    for level in (0.05, 0.01):
        assert (p <= level).sum() <= 1.5 * stats.binom.isf(NEVER_FLAKES, tested, level)
    loud = sum(bool((f.q_value <= 0.05).any()) for f in every)
    assert loud <= stats.binom.isf(NEVER_FLAKES, len(every), 0.05)


def test_an_account_whose_posts_are_local_is_hard_to_surprise() -> None:
    # Every post is about another province: so is the next.
    world = regional_world(0, posts=12, per_post=40, regions=12)
    own = np.repeat(np.arange(12), 40)
    region = np.where(np.random.default_rng(1).random(480) < 0.7, own, world.comments.region)
    shown = find(replace(world, comments=replace(world.comments, region=region.astype(np.int32))))
    assert not (shown.q_value <= 0.05).any()


def test_one_author_is_one_voice_and_the_owner_none() -> None:
    world = regional_world(2)
    rows = np.arange(80, 100)
    far = rarest(world)
    one = moved(world, rows, far)
    author = one.comments.author.copy()
    author[rows] = author[rows[0]]
    chatty = replace(one, comments=replace(one.comments, author=author))
    assert 2 in find(one).subject and 2 not in find(chatty).subject
    owned = np.zeros(len(author), np.int8)
    owned[rows] = 1
    assert 2 not in find(replace(one, comments=replace(one.comments, by_owner=owned))).subject
    assert voices(chatty).row.shape[0] == len(author) - 19


def test_little_or_missing_data() -> None:
    world = regional_world(0, posts=2, per_post=10)
    assert section_readiness(DETECTOR, world)[0] is Outcome.NOT_ENOUGH_DATA
    unknown = replace(world, comments=replace(world.comments, region=np.full(20, -1, np.int32)))
    assert section_readiness(DETECTOR, unknown)[0] is Outcome.NOT_APPLICABLE
    assert len(find(unknown)) == 0
    alone = regional_world(0, posts=1, per_post=60)
    assert not (find(alone).q_value <= 0.05).any()
    bare = replace(
        world.comments,
        likes=Counter.absent(20),
        created_ms=np.full(20, -1, np.int64),
        author=np.full(20, -1, np.int32),
    )
    assert find(replace(world, comments=bare)).outcome is Outcome.MEASURED


def test_three_of_three_from_one_place_is_no_finding() -> None:
    world = regional_world(3, posts=15, per_post=4, regions=6)
    region = world.comments.region.copy()
    region[:4] = np.bincount(region).argmax()
    assert not (find(moved(world, np.arange(4), int(region[0]))).q_value <= 0.05).any()


def test_accounts_are_their_own_base() -> None:
    # Two accounts of one owner, each with its own province: no post of either crowds.
    world = regional_world(5, posts=12, per_post=50, regions=6)
    account = (np.arange(12) % 2).astype(np.int32)
    home = account[world.comments.post].astype(np.int32)
    region = np.where(np.random.default_rng(2).random(600) < 0.8, home, world.comments.region).astype(np.int32)
    told = replace(world.comments, region=region)
    apart = find(replace(world, posts=replace(world.posts, account=account), comments=told))
    assert not (apart.q_value <= 0.05).any()


def test_the_simulator_agrees() -> None:
    hits = 0
    for seed in (1, 2, 3):
        world = simulate_section("section_purchased_region", comments=3000, seed=seed, tier=Tier.SNAPSHOT)
        label = np.array(world.truth["label"].to_pylist())
        shown = find(world.section)
        for k in np.flatnonzero(shown.q_value <= 0.05):
            rows = shown.exhibits.row[shown.exhibits.offsets[k] : shown.exhibits.offsets[k + 1]]
            assert (label[rows] == "purchased_region").mean() > 0.6
            hits += 1
        clean = simulate_section("section_clean", comments=3000, seed=seed, tier=Tier.SNAPSHOT)
        assert not (find(clean.section).q_value <= 0.05).any()
    assert hits >= 3
