"""Ratios: a post with likes its reads do not bring is found; censored and scarce totals say nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from plaudit.detectors.ratio import DETECTOR
from plaudit.detectors.spec import SectionContext
from plaudit.model import UNBOUNDED, Counter, Findings, Outcome, Section
from tests.curve_worlds import quiet

NEVER_FLAKES = 1e-4
WORLDS = 200


def account(
    seed: int, *, posts: int = 40, wander: float = 0.35, others: bool = True, bought: int = 0, popular: float = 1.0
) -> Section:
    """Posts of one account; ``bought`` likes on post 5, or everything about it ``popular`` times as liked."""
    rng = np.random.default_rng([seed, 43])
    plain = quiet(0, posts=posts, polls=2).section()
    reads = rng.lognormal(8, 1, posts).astype(np.int64) + 1
    appeal = np.exp(rng.normal(0, wander, posts))
    appeal[5] *= popular
    likes = rng.poisson(0.02 * reads * appeal)
    likes[5] += bought
    totals = {"reads": Counter.exactly(reads), "likes": Counter.exactly(likes)}
    if others:
        totals["comments"] = Counter.exactly(rng.poisson(0.004 * reads * appeal))
        totals["wow"] = Counter.exactly(rng.poisson(0.01 * reads * appeal))
    return replace(plain, posts=replace(plain.posts, totals=totals))


def find(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


def loud(found: Findings) -> list[int]:
    return [int(target) for target in found.subject[found.q_value <= 0.05]]


@pytest.mark.parametrize("posts", [10, 40])
@pytest.mark.parametrize("others", [True, False])
def test_p_values_are_uniform_where_nothing_happens(posts: int, others: bool) -> None:
    answers = [find(account(seed, posts=posts, others=others)) for seed in range(WORLDS)]
    one = [found.p_value[seed * 7 % len(found)] for seed, found in enumerate(answers)]
    assert stats.kstest(one, "uniform").pvalue > NEVER_FLAKES
    p = np.concatenate([found.p_value for found in answers])
    for level in (0.05, 0.01):
        assert (p <= level).sum() <= 1.5 * stats.binom.isf(NEVER_FLAKES, p.size, level)
    assert sum(bool(loud(found)) for found in answers) <= stats.binom.isf(NEVER_FLAKES, WORLDS, 0.08)


@pytest.mark.parametrize("seed", range(5))
def test_bought_likes_stand_out_and_are_counted(seed: int) -> None:
    section = account(seed, bought=600)
    found, likes = find(section), section.posts.totals["likes"].low
    assert loud(found) == [5]
    shown = found.exhibits
    assert shown.excess is not None and shown.excess_low is not None and shown.excess_high is not None
    assert shown.excess_low[5] <= 600 <= shown.excess_high[5]
    assert shown.excess[5] + found.expectation[5] == pytest.approx(likes[5])
    assert (found.certainty == 0.5).all(), "a lottery would look the same"


def test_a_post_that_readers_also_comment_on_and_recommend_explains_part_of_itself() -> None:
    p = np.array([[find(account(seed, others=o, popular=3.0)).p_value[5] for o in (True, False)] for seed in range(20)])
    assert np.median(p[:, 0]) > 2 * np.median(p[:, 1])


def test_many_reads_explain_many_likes() -> None:
    section = account(1)
    totals = dict(section.posts.totals)
    reads, likes = totals["reads"].low.copy(), totals["likes"].low.copy()
    for row in (reads, likes):
        row[5] *= 20
    totals["reads"], totals["likes"] = Counter.exactly(reads), Counter.exactly(likes)
    for name in ("comments", "wow"):
        totals[name] = Counter.exactly(np.where(np.arange(40) == 5, totals[name].low * 20, totals[name].low))
    assert 5 not in loud(find(replace(section, posts=replace(section.posts, totals=totals))))


def test_of_reads_that_only_say_at_least_nothing_follows() -> None:
    section = account(2, bought=600)
    reads = section.posts.totals["reads"].low
    capped = Counter(np.where(np.arange(40) == 5, 1000, reads), np.where(np.arange(40) == 5, UNBOUNDED, reads))
    found = find(replace(section, posts=replace(section.posts, totals={**section.posts.totals, "reads": capped})))
    assert 5 not in found.subject and len(found) == 39


def test_a_range_of_reads_is_read_in_the_innocent_direction() -> None:
    section = account(2, bought=60)
    reads = section.posts.totals["reads"].low
    wide = Counter(reads, np.where(np.arange(40) == 5, reads * 3, reads))
    loose = find(replace(section, posts=replace(section.posts, totals={**section.posts.totals, "reads": wide})))
    assert loose.p_value[5] > find(section).p_value[5]


def test_accounts_are_compared_with_themselves_and_few_posts_with_nothing() -> None:
    section = account(3)
    split = np.where(np.arange(40) < 5, 1, 0).astype(np.int32)
    found = find(replace(section, posts=replace(section.posts, account=split)))
    assert found.subject.tolist() == list(range(5, 40))
    few = find(account(3, posts=7))
    assert few.outcome is Outcome.NOT_ENOUGH_DATA and "8 posts" in few.reason


def test_likes_that_say_at_least_count_as_that_many() -> None:
    section = account(4, bought=600)
    likes = section.posts.totals["likes"].low
    capped = Counter(np.minimum(likes, 400), np.where(likes > 400, UNBOUNDED, likes))
    found = find(replace(section, posts=replace(section.posts, totals={**section.posts.totals, "likes": capped})))
    assert found.statistic[5] == 400
    assert found.p_value[5] >= find(section).p_value[5]
