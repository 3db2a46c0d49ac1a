"""Near-duplicate comments: planted ones are found, slogans, quotes and whatever was asked for are not."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from plaudit.detectors.kin import blocks_of_kin, likes_unexplained
from plaudit.detectors.near_duplicate import DETECTOR
from plaudit.detectors.near_duplicate.liked import _log_p_above, log_liked, log_p_levels
from plaudit.detectors.spec import SectionContext
from plaudit.model import DAY_MS, Findings, Ints, Section
from plaudit.testing.sections.checks import check_section_detector
from tests.comment_worlds import NOW_MS, comments_section
from tests.test_kernels_text import chatter, templated

N, POSTS = 1_500, 10
SLOGANS = ("新年快乐", "加油加油", "来了来了", "好看", "哈哈哈哈", "第一", "打卡", "前程似锦")


def planted(
    seed: int,
    *,
    copies: int = 30,
    boost: float = 60,
    likes: bool = True,
    names: bool = True,
    texts: list[str] | None = None,
    spread: bool = False,
    one_author: bool = False,
    **columns: Any,
) -> tuple[Section, Ints]:
    """A section of chatter and slogans with ``copies`` comments of one wording on post 3; and their rows."""
    rng = np.random.default_rng(seed)
    post = np.sort(rng.integers(0, POSTS, N))
    words = chatter(rng, N)
    for k in np.flatnonzero(rng.random(N) < 0.15):
        words[k] = SLOGANS[min(int(rng.pareto(1.0)), len(SLOGANS) - 1)]
    created = NOW_MS + post * 3 * DAY_MS + (rng.exponential(0.5, N) * DAY_MS).astype(np.int64)
    given = rng.negative_binomial(0.6, 0.05, N).astype(np.int64)
    rows = rng.choice(np.flatnonzero(post == 3), copies, replace=False) if copies else np.zeros(0, np.int64)
    author = rng.integers(0, N, N)
    for row, text in zip(rows, texts or templated(rng, copies), strict=True):
        words[row] = text
    if not spread:
        created[rows] = NOW_MS + 9 * DAY_MS + rng.integers(0, DAY_MS // 12, copies)
    half = rows[: copies // 2 + 1] if boost else rows[:0]
    given[half] += rng.poisson(boost, half.shape[0])
    author[rows] = 0 if one_author else N + np.arange(copies)
    columns.setdefault("by_owner", np.zeros(N, np.int8))
    made = comments_section(
        post,
        given if likes else np.full(N, -1),
        words,
        created_ms=created,
        **({"author": author.astype(np.int32), "author_is_id": np.ones(int(author.max()) + 1, bool)} if names else {}),
        **columns,
    )
    return made, np.sort(rows)


def found(section: Section) -> Findings:
    return DETECTOR.find(section, SectionContext(section))


def members(findings: Findings, section: Section, least: float = 0.0, q: float = 0.05) -> Ints:
    ends = findings.exhibits.offsets
    rows = [
        findings.exhibits.row[ends[k] : ends[k + 1]] - len(section.posts)
        for k in range(len(findings))
        if findings.q_value[k] <= q and findings.certainty[k] >= least
    ]
    return np.sort(np.concatenate(rows)) if rows else np.zeros(0, np.int64)


@pytest.mark.parametrize("seed", range(4))
def test_a_bought_template_is_found_with_its_likes(seed: int) -> None:
    section, rows = planted(seed)
    findings = found(section)
    flagged = members(findings, section, least=1.0)
    assert np.isin(rows, flagged).mean() >= 0.9
    assert np.isin(flagged, rows).all()
    exhibits = findings.exhibits
    assert exhibits.excess is not None and exhibits.excess_low is not None and exhibits.excess_high is not None
    mine = np.isin(exhibits.row - len(section.posts), rows)
    bought = 60 * (30 // 2 + 1)
    assert exhibits.excess_low[mine].sum() <= bought <= exhibits.excess_high[mine].sum() * 1.1
    assert 0.7 * bought <= exhibits.excess[mine].sum() <= 1.5 * bought
    likes = section.comments.likes.low[exhibits.row - len(section.posts)]
    assert ((exhibits.excess >= 0) & (exhibits.excess <= likes)).all()
    assert (exhibits.excess_low <= exhibits.excess).all() and (exhibits.excess <= exhibits.excess_high).all()


@pytest.mark.parametrize("seed", range(4))
def test_copies_that_nobody_liked_are_at_most_even_odds(seed: int) -> None:
    section, _ = planted(seed, boost=0)
    findings = found(section)
    assert members(findings, section, least=1.0).shape[0] == 0
    assert (findings.certainty <= 0.5).all()


def test_liked_copies_at_the_pace_of_the_section_are_a_slogan() -> None:
    sure = 0
    for seed in range(6):
        section, rows = planted(seed, spread=True)
        sure += int(members(found(section), section, least=1.0).shape[0] > 0)
        assert np.isin(members(found(section), section), rows).all()
    assert sure <= 4  # even odds in about half of such worlds, by construction


def test_one_author_repeating_himself_is_no_crowd() -> None:
    section, rows = planted(0, one_author=True)
    assert not np.isin(rows, found(section).exhibits.row - len(section.posts)).any()


def test_without_names_a_crowd_may_be_one_person() -> None:
    section, rows = planted(0, names=False)
    findings = found(section)
    assert np.isin(rows, members(findings, section)).mean() >= 0.9
    assert (findings.certainty == 0.5).all()


def test_short_slogans_are_common_by_chance_however_liked() -> None:
    section, rows = planted(1, copies=40, boost=200, texts=["新年快乐"] * 40)
    assert not np.isin(rows, members(found(section), section)).any()


def test_words_the_title_asked_for_are_innocent() -> None:

    phrase = "我要参加春季读书打卡抽奖活动祝大家好运连连"
    section, rows = planted(2, texts=[phrase + tail for tail in chatter(np.random.default_rng(1), 30, length=3)])
    assert np.isin(rows, members(found(section), section)).mean() >= 0.9
    titles = [f"第{k}篇" if k != 3 else f"留言“{phrase}”有机会中奖" for k in range(POSTS)]
    asked = replace(section, posts=replace(section.posts, title=pa.array(titles)))
    assert not np.isin(rows, found(asked).exhibits.row - POSTS).any()


@pytest.mark.parametrize("who", ["by_owner", "pinned"])
def test_words_of_the_owner_or_a_pin_are_quotes(who: str) -> None:
    section, rows = planted(3, texts=["时间会回答成长，成长会回答梦想，梦想会回答生活"] * 30)
    flag = np.zeros(N, np.int8)
    flag[rows[0]] = 1

    quoted = replace(
        section,
        comments=replace(section.comments, by_owner=flag)
        if who == "by_owner"
        else replace(section.comments, pinned=flag),
    )
    assert np.isin(rows, members(found(section), section)).mean() >= 0.9
    assert not np.isin(rows, found(quoted).exhibits.row - POSTS).any()


def test_replies_that_quote_what_they_answer_are_no_copies() -> None:

    section, rows = planted(4, texts=["跃入人海各有风雨灿烂愿你我都是奔涌的浪花"] * 30)
    parent = np.full(N, -1, np.int32)
    parent[rows[1:]] = rows[0]
    quoted = replace(section, comments=replace(section.comments, parent=parent))
    assert not np.isin(rows, found(quoted).exhibits.row - POSTS).any()


def test_where_no_likes_are_shown_words_and_the_bunch_speak_at_even_odds() -> None:
    section, rows = planted(5, copies=40, likes=False)
    findings = found(section)
    assert np.isin(rows, members(findings, section)).mean() >= 0.9
    assert (findings.certainty == 0.5).all() and findings.exhibits.excess is None


def test_p_values_are_no_smaller_than_stated_when_nothing_was_bought() -> None:
    p: list[float] = []
    flagged = 0
    for seed in range(40):
        rng = np.random.default_rng(1_000 + seed)
        # A culture of copying: sayings of all sizes, innocently, liked as anything is.
        section, _ = planted(seed, copies=0)
        words = section.comments.text.to_pylist()
        for saying in chatter(rng, 25, length=12):
            size = min(2 + int(rng.pareto(2.0) * 2), 60)
            for k in rng.choice(N, size, replace=False):
                words[k] = saying

        made = replace(section, comments=replace(section.comments, text=pa.array(words)))
        findings = found(made)
        p += findings.p_value.tolist()
        flagged += int((findings.q_value <= 0.05).any())
    assert len(p) > 100
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(p) <= level) <= level + 3 * np.sqrt(level * (1 - level) / len(p))
    assert flagged <= 6  # 40 worlds at 0.05: 2 expected at most, 6 with chance 0.014


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 9, 20])
def test_levels_of_likes_follow_the_law_of_sums_of_uniforms(count: int) -> None:
    draws = np.random.default_rng(count).random((200_000, count)).sum(axis=1)
    for share in (0.5, 0.9, 0.99):
        total = float(np.quantile(draws, share))
        told = float(np.exp(log_p_levels(np.array([total]), np.array([count])))[0])
        # The normal law above eight is the heavier: never smaller than the truth, by more than sampling.
        assert 0.94 * (1 - share) <= told <= 1.2 * (1 - share)


def test_the_likes_of_groups_drawn_from_their_kin_are_uniform_or_quieter() -> None:
    rng = np.random.default_rng(3)
    post = np.repeat(np.arange(20), 100)
    likes = rng.negative_binomial(0.5, 0.05, 2_000).astype(np.int64)
    section = comments_section(post, likes, ["好"] * 2_000, created_ms=rng.integers(0, DAY_MS, 2_000))
    kin = [blocks_of_kin(section.comments, np.ones(2_000, np.int64))]
    told: list[float] = []
    for _ in range(400):
        k = int(rng.integers(2, 30))
        within = rng.choice(np.flatnonzero(post == int(rng.integers(0, 20))), k, replace=False)
        anywhere = rng.choice(2_000, k, replace=False)
        for rows in (within, anywhere):
            told.append(float(np.exp(log_liked(kin, np.array([0, k]), np.sort(rows))[0][0])))
    for level in (0.01, 0.05, 0.1, 0.3):
        assert np.mean(np.array(told) <= level) <= level + 3 * np.sqrt(level * (1 - level) / len(told))
    best = np.argsort(-likes[post == 4])[:10] + 400
    assert float(log_liked(kin, np.array([0, 10]), np.sort(best))[0][0]) < np.log(1e-6)


def test_kin_are_of_one_post_and_the_group_itself_is_left_out() -> None:
    rng = np.random.default_rng(4)
    post = np.repeat([0, 1], 40)
    likes = np.r_[np.full(40, 10), np.full(40, 1_000)].astype(np.int64)
    likes[:5] = 70
    section = comments_section(post, likes, ["好"] * 80, created_ms=rng.integers(0, DAY_MS, 80))
    kin = blocks_of_kin(section.comments, np.ones(80, np.int64))
    group = np.where(np.arange(80) < 5, 0, -1)
    rows = np.arange(5)
    excess, low, high = likes_unexplained(rows, group, np.zeros(5, np.int64), likes, kin.block, np.ones(80, bool))
    assert np.allclose([excess, low, high], 60)
    likes[39] = 100_000  # one viral comment lifts the mean of its kin above their 95th percentile
    excess, low, high = likes_unexplained(rows, group, np.zeros(5, np.int64), likes, kin.block, np.ones(80, bool))
    assert (low <= excess).all() and (excess <= high).all()


@pytest.mark.parametrize("top", [0.25, 0.1])
def test_more_of_the_best_liked_than_chance_is_the_hypergeometric_tail(top: float) -> None:

    for above, members_, there, size in itertools.product((1.0, 3.0), (5, 12), (6.0, 15.0), (60.0,)):
        told = _log_p_above(
            np.array([above]), np.zeros(1, np.int64), np.array([members_]), np.array([there]), np.array([size])
        )
        assert told[0] == pytest.approx(stats.hypergeom.logsf(above - 1, size, there, members_))


@pytest.mark.slow
def test_the_battery() -> None:
    check_section_detector(DETECTOR)
