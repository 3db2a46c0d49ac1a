"""Author rings: those who move together are found; loyal readers, however early and often they come, are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from plaudit.detectors.author_ring import DETECTOR
from plaudit.detectors.author_ring.pairs import meeting_pairs, visits_of
from plaudit.detectors.spec import SectionContext
from plaudit.kernels.together import concordance, p_together, p_together_plain
from plaudit.model import HOUR_MS, MINUTE_MS, Findings, Floats, Ints, Section
from plaudit.testing.sections.checks import check_section_detector
from tests.comment_worlds import NOW_MS, comments_section

POSTS, READERS, EACH = 40, 400, 60
DAY = 24 * HOUR_MS


def made(
    seed: int,
    *,
    ring: int = 0,
    served: int = 8,
    in_order: bool = True,
    together: bool = True,
    fans: int = 0,
    likes: int = 0,
) -> tuple[Section, Ints, Ints]:
    """Posts with readers of ordinary habits; ``fans`` come first to nearly all; a ``ring`` serves some.

    Returns:
        The section, rows of the ring's comments and rows of the fans'.
    """
    rng = np.random.default_rng(seed)
    post: list[int] = []
    author: list[int] = []
    delay: list[float] = []
    activity = rng.pareto(1.5, READERS) + 1
    for p in range(POSTS):
        came: Ints = rng.choice(READERS, EACH, replace=False, p=activity / activity.sum())
        post += [p] * EACH
        author += came.tolist()
        delay += rng.exponential(20 * HOUR_MS, EACH).tolist()
        for fan in range(fans):
            if rng.random() < 0.85:
                post.append(p)
                author.append(READERS + fan)
                delay.append(rng.exponential(20 * MINUTE_MS * (1 + fan)))
    targets = rng.choice(POSTS, served, replace=False)
    for p in targets if ring else []:
        start = float(np.exp(rng.uniform(np.log(0.2), np.log(20)))) * HOUR_MS
        turn = np.arange(ring) if in_order else rng.permutation(ring)
        for k in range(ring):
            post.append(int(p))
            author.append(READERS + fans + k)
            alone = float(rng.exponential(20 * HOUR_MS))
            delay.append(start + turn[k] * 3 * MINUTE_MS + rng.uniform(0, MINUTE_MS) if together else alone)
    order = np.lexsort((delay, post))
    who, where = np.array(author, np.int32)[order], np.array(post, np.int64)[order]
    given: Ints = np.asarray(rng.poisson(3, size=(who.shape[0],)), dtype=np.int64)
    mine = np.flatnonzero(who >= READERS + fans)
    given[mine] += likes
    section = comments_section(
        where,
        given,
        ["好文章"] * who.shape[0],
        author=who,
        created_ms=NOW_MS + where * 2 * DAY + np.array(delay)[order].astype(np.int64),
        by_owner=np.zeros(who.shape[0], np.int8),
    )
    return section, mine, np.flatnonzero((who >= READERS) & (who < READERS + fans))


def found(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


def flagged(findings: Findings, section: Section, least: float = 0.0) -> Ints:
    ends = findings.exhibits.offsets
    rows = [
        findings.exhibits.row[ends[k] : ends[k + 1]] - len(section.posts)
        for k in range(len(findings))
        if findings.q_value[k] <= 0.05 and findings.certainty[k] >= least
    ]
    return np.concatenate(rows) if rows else np.zeros(0, np.int64)


@pytest.mark.parametrize("seed", range(4))
def test_a_ring_is_found_whole_and_alone_beside_loyal_fans(seed: int) -> None:
    section, ring, _ = made(seed, ring=7, fans=6, likes=40)
    findings = found(section)
    rows = flagged(findings, section, least=1.0)
    assert np.isin(ring, rows).all() and np.isin(rows, ring).mean() >= 0.95
    exhibits = findings.exhibits
    assert exhibits.excess is not None and exhibits.excess_low is not None
    mine = np.isin(exhibits.row - POSTS, ring)
    assert exhibits.excess[mine].sum() == pytest.approx(40 * ring.shape[0], rel=0.1)
    assert exhibits.excess_low[mine].sum() <= 40 * ring.shape[0]


@pytest.mark.parametrize("seed", range(4))
def test_friends_who_come_together_in_no_order_are_even_odds(seed: int) -> None:
    section, ring, _ = made(seed, ring=7, in_order=False)
    assert flagged(found(section), section, least=1.0).shape[0] == 0
    assert np.isin(ring, flagged(found(section), section)).mean() >= 0.9


def test_loyal_fans_who_are_always_early_stay_innocent() -> None:
    accused = sum(
        np.isin(fans, flagged(found(section), section)).any()
        for section, _, fans in (made(seed, fans=8) for seed in range(12))
    )
    assert accused <= 3  # at 0.05 each, 3 or more of 12 happen with chance 0.02


def test_overlap_without_moving_together_is_silent() -> None:
    loud = 0
    for seed in range(12):
        section, ring, _ = made(seed, ring=7, together=False)
        findings = found(section)
        assert np.isin(ring, findings.exhibits.row - POSTS).any()  # they do meet too often ...
        loud += int(np.isin(ring, flagged(findings, section)).any())  # ... and that convicts nobody
    assert loud <= 3


def test_a_nickname_is_not_an_account() -> None:
    section, ring, _ = made(1, ring=7)
    comments = replace(section.comments, author_is_id=np.zeros(section.comments.n_authors, bool))
    named = replace(section, comments=comments)
    assert np.isin(ring, flagged(found(named), named)).all()
    assert flagged(found(named), named, least=1.0).shape[0] == 0


def test_without_moments_meeting_is_even_odds() -> None:
    section, ring, _ = made(2, ring=7)
    undated = replace(
        section, comments=replace(section.comments, created_ms=np.full(len(section.comments), -1, np.int64))
    )
    findings = found(undated)
    assert np.isin(ring, flagged(findings, undated)).all() and (findings.certainty == 0.5).all()


def test_the_owner_is_no_member() -> None:
    section, ring, _ = made(3, ring=7)
    own = np.zeros(len(section.comments), np.int8)
    own[ring] = 1
    owned = replace(section, comments=replace(section.comments, by_owner=own))
    assert not np.isin(ring, found(owned).exhibits.row - POSTS).any()


def test_pairs_of_independent_readers_are_seldom_linked() -> None:
    linked = tried = 0
    for seed in range(10):
        section, _, _ = made(100 + seed)
        visits = visits_of(section.posts, section.comments)
        pairs = meeting_pairs(visits, 3)
        linked += int((pairs.log_q <= np.log(0.05)).any())
        tried += pairs.tried
    assert tried > 100_000
    assert linked <= 3


def test_the_chance_of_a_meeting_is_the_binomial_tail() -> None:
    # Ten posts of equal crowds: two readers of three posts each, all three shared.
    post = np.repeat(np.arange(10), 4)
    author = np.arange(40, dtype=np.int32) + 2
    author[[0, 4, 8]], author[[1, 5, 9]] = 0, 1
    section = comments_section(post, np.ones(40, np.int64), ["好"] * 40, author=author)
    pairs = meeting_pairs(visits_of(section.posts, section.comments), 3)
    assert pairs.left.tolist() == [0] and pairs.right.tolist() == [1] and pairs.shared.tolist() == [3]
    assert pairs.tried == 1
    assert pairs.log_q[0] == pytest.approx(stats.binom.logsf(2, 3, 0.3))
    assert pairs.expected[0] == pytest.approx(0.9)


def test_pairs_left_out_early_change_no_rate_that_matters() -> None:
    section, _, _ = made(3, ring=6)
    visits = visits_of(section.posts, section.comments)
    every, some = meeting_pairs(visits, 3), meeting_pairs(visits, 3, 0.05)
    linked = every.log_q <= np.log(0.05)
    assert 0 < linked.sum() <= some.left.shape[0] < every.left.shape[0] and some.tried == every.tried
    told = some.log_q <= np.log(0.05)
    for name in ("left", "right", "shared", "expected", "log_q"):
        np.testing.assert_array_equal(getattr(some, name)[told], getattr(every, name)[linked])


def habits(rng: np.random.Generator, members: int, posts: int) -> Floats:
    """Members with habits of their own and no regard for each other; a third of the visits are missing."""
    moments = rng.normal(0, 1, (members, posts)) + rng.normal(0, 2, (members, 1))
    moments[rng.random((members, posts)) < 0.3] = np.nan
    return moments


def test_moving_together_is_uniform_for_those_who_do_not() -> None:
    rng = np.random.default_rng(11)
    p = np.array([p_together(habits(rng, 6, 8), 400, k) for k in range(500)])
    for column in p.T:
        for level in (0.05, 0.2, 0.5):
            assert np.mean(column <= level) <= level + 3.5 * np.sqrt(level * (1 - level) / 500)
    # Ties of whole numbers make the test of order quiet; that of closeness has none.
    assert np.mean(p[:, 0] <= 0.5) >= 0.4 and np.mean(p[:, 1] <= 0.5) >= 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_agrees_with_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    moments = habits(rng, 5, 6) + rng.normal(0, 0.7, (1, 6))
    fast, plain = p_together(moments, 4_000, seed), p_together_plain(moments, 4_000, seed)
    for one, other in zip(fast, plain, strict=True):
        # The kernel stops after 100 as extreme: a relative error of one in ten, twice.
        assert one == pytest.approx(other, rel=0.4, abs=0.004)


def test_members_in_any_order_and_one_order_throughout() -> None:
    rng = np.random.default_rng(12)
    start = rng.normal(0, 3, (1, 8))
    ring = start + np.arange(6)[:, None] * 0.1
    close, kept = p_together(ring, 5_000, 1)
    assert close < 0.001 and kept < 0.001 and concordance(ring) == pytest.approx(1.0)
    assert concordance(rng.normal(0, 1, (6, 8))) < 0.5
    assert np.isnan(concordance(np.full((6, 8), np.nan)))
    assert p_together(ring, 5_000, 1) == (close, kept)


@pytest.mark.slow
def test_the_battery() -> None:
    check_section_detector(DETECTOR)
