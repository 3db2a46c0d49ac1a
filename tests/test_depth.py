"""Recognition depth: the page's example, its parts, its interval, and what becomes a highlight."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plaudit.kernels.specifics import specifics
from plaudit.model import Counter, Floats, Section, Snapshots, Tier
from plaudit.tally.depth import Depth, SectionDepth, depth, highlights
from plaudit.tally.depth_parts import PARTS, roots
from plaudit.testing.sections import simulate_section
from tests.comment_worlds import DAY_MS, DULL, NOW_MS, RICH, comments_section

PAGE = Path(__file__).resolve().parent.parent / "docs" / "depth.md"
SPECIFICITY, THREAD, RETURNING, PERSISTENCE, EXPOSURE = range(len(PARTS))


def story() -> Section:
    """The three comments of docs/depth.md."""
    return comments_section(
        np.array([0, 0, 1]),
        np.array([9, 0, 3]),
        ["我去年在门店买了2盒，孩子很喜欢", "谢谢分享", "好"],
        parent=np.array([-1, 0, -1], np.int32),
        author=np.array([0, 1, 0], np.int32),
        created_ms=np.full(3, NOW_MS),
        observed_ms=np.full(3, NOW_MS + DAY_MS),
    )


def rows_of(made: SectionDepth) -> dict[str, tuple[Floats, float, float, float]]:
    named = {"a": (made.comments, 0), "b": (made.comments, 1), "c": (made.comments, 2)}
    named |= {"post 1": (made.posts, 0), "everything": (made.whole, 0)}
    return {k: (d.parts[r], float(d.index[r]), float(d.low[r]), float(d.high[r])) for k, (d, r) in named.items()}


def test_the_page_shows_what_the_code_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    made = rows_of(depth(story()))
    for name, (parts, index, low, high) in made.items():
        line = next(row for row in text.splitlines() if row.startswith(f"| {name} |") and "(usual)" in row)
        figures = [float(x) for x in re.findall(r"\d+\.\d", line)]
        assert figures == [round(float(x), 1) for x in (*parts, index, low, high)], name


def whole(made: SectionDepth) -> list[Depth]:
    return [made.comments, made.posts, made.whole]


@pytest.mark.parametrize("tier", [Tier.SNAPSHOT, Tier.CURVE])
def test_bounded_decomposable_and_inside_its_interval(tier: Tier) -> None:
    world = simulate_section("section_mixed", comments=1500, seed=3, tier=tier).section
    made = depth(world)
    for part in whole(made):
        assert np.allclose(part.parts.sum(axis=1), part.index)
        assert (part.low >= 0).all() and (part.high <= 100).all()
        assert (part.low <= part.index).all() and (part.index <= part.high).all()
    assert bool((made.comments.known[:, PERSISTENCE] == 0).all()) is (tier is Tier.SNAPSHOT)
    again = depth(world)
    assert all(np.array_equal(a.parts, b.parts) for a, b in zip(whole(made), whole(again), strict=True))


def test_a_missing_part_widens_and_is_neither_zero_nor_success() -> None:
    said = [RICH[k % 4] if k % 2 else DULL[k % 8] for k in range(60)]
    post = np.repeat(np.arange(3), 20)
    likes = np.arange(60) % 13
    known = comments_section(
        post, likes, said,
        author=(np.arange(60) % 45).astype(np.int32),
        created_ms=np.full(60, NOW_MS), observed_ms=np.full(60, NOW_MS + DAY_MS),
    )  # fmt: skip
    bare = replace(known, comments=replace(known.comments, author=np.full(60, -1, np.int32)))
    with_, without = depth(known).comments, depth(bare).comments
    assert (without.known[:, RETURNING] == 0).all() and (without.parts[:, RETURNING] == 10.0).all()
    width = [np.median(d.high - d.low) for d in (with_, without)]
    assert width[1] > width[0]
    # What one comment lacks is taken from what the others show.
    author = known.comments.author.copy()
    author[7] = -1
    some = depth(replace(known, comments=replace(known.comments, author=author))).comments
    rest = np.delete(some.parts[:, RETURNING], 7)
    assert rest.min() < some.parts[7, RETURNING] < rest.max() and some.known[7, RETURNING] == 0


def test_each_part_rises_with_what_it_counts() -> None:
    base = story()
    before = depth(base).comments.parts[0]
    comments = base.comments
    flags = np.zeros(3, np.int8)
    owner = np.array([0, 1, 0], np.int8)
    answered = replace(base, comments=replace(comments, by_owner=owner, author_liked=np.array([1, 0, 0], np.int8)))
    plain = replace(base, comments=replace(comments, by_owner=flags, author_liked=flags))
    assert depth(answered).comments.parts[0, THREAD] > depth(plain).comments.parts[0, THREAD]
    stranger = replace(
        base, comments=replace(comments, author=np.array([2, 1, 0], np.int32), author_is_id=np.ones(3, bool))
    )
    assert depth(stranger).comments.parts[0, RETURNING] < before[RETURNING]


def curves(section: Section, most: list[int], last: list[int]) -> Section:
    n = len(most)
    target = np.repeat(np.arange(n) + len(section.posts), 2).astype(np.int32)
    read = np.stack([most, last], axis=1).ravel()
    at = np.tile([NOW_MS, NOW_MS + DAY_MS], n)
    shots = Snapshots(target, at, Counter.exactly(read), Counter.absent(2 * n), np.full(2 * n, -1, np.int32))
    return replace(section, snapshots=shots)


def test_likes_that_fell_away_persist_less() -> None:
    made = depth(curves(story(), [100, 10, 10], [30, 10, 10])).comments
    assert made.parts[0, PERSISTENCE] < made.parts[1, PERSISTENCE] <= 20
    assert np.isclose(made.parts[0, PERSISTENCE] / 20, 0.3, atol=0.05)
    unread = depth(curves(story(), [0, 0, 0], [0, 0, 0])).comments
    assert (unread.known[:, PERSISTENCE] == 0).all()


def test_suspected_likes_are_worth_less_and_pull_their_post_less() -> None:
    post = np.repeat(np.arange(2), 30)
    said = [DULL[k % 8] + str(k) for k in range(60)]
    said[0] = RICH[0]
    likes = np.r_[500, np.full(29, 5), np.full(30, 5)]
    world = comments_section(
        post, likes, said, created_ms=np.full(60, NOW_MS), observed_ms=np.full(60, NOW_MS + DAY_MS)
    )
    suspicion = np.zeros(world.n_targets)
    suspicion[2] = 0.999
    free, doubted = depth(world), depth(world, suspicion=suspicion)
    assert doubted.comments.parts[0, EXPOSURE] < free.comments.parts[0, EXPOSURE]
    assert doubted.posts.index[0] < free.posts.index[0] and doubted.posts.index[1] <= free.posts.index[1] + 1


def test_few_comments_leave_a_post_uncertain_and_none_leave_it_blank() -> None:
    said = [RICH[k % 4] + str(k) for k in range(41)]
    world = comments_section(np.r_[np.zeros(40, np.int64), 2], np.full(41, 3), said)
    made = depth(world).posts
    assert np.isnan(made.index[1]) and np.isnan(made.parts[1]).all()
    assert made.high[2] - made.low[2] > made.high[0] - made.low[0]


def test_threads_of_any_shape_end() -> None:
    root, steps = roots(np.array([-1, 0, 1, 2, -1, 4], np.int32))
    assert root.tolist() == [0, 0, 0, 0, 4, 4] and steps.tolist() == [0, 1, 2, 3, 0, 1]
    long = np.arange(-1, 5000, dtype=np.int32)
    assert roots(long)[0].max() == 0 and roots(long)[1].tolist() == list(range(5001))
    roots(np.array([1, 0], np.int32))  # a circle is no reason to hang


def test_highlights_are_kept_for_the_right_reasons() -> None:
    world = simulate_section("section_traps", comments=2000, seed=5, tier=Tier.SNAPSHOT).section
    comments = world.comments
    owner = np.zeros(2000, np.int8)
    made = depth(world)
    best = highlights(world, made.comments)
    assert len(best) == 10 and len(set(best.tolist())) == 10
    low = made.comments.low[best]
    assert (np.diff(low) <= 0).all() and low.min() > np.quantile(made.comments.low, 0.95)
    assert len(set(comments.author[best].tolist())) == 10
    assert (specifics(comments.text).copies[best] == 1).all()
    suspicion = np.zeros(world.n_targets)
    suspicion[len(world.posts) + best[0]] = 0.5
    owner[best[1]] = 1
    hidden = np.zeros(2000, np.int8)
    hidden[best[2]] = 1
    pinned = owner.copy()
    told = replace(world, comments=replace(comments, by_owner=owner, pinned=pinned, hidden=hidden))
    again = highlights(told, made.comments, suspicion=suspicion)
    assert not set(best[:3].tolist()) & set(again.tolist())
    assert set(best[3:].tolist()) <= set(again.tolist())
    assert len(highlights(world, made.comments, most=3)) == 3


def test_great_comments_rank_above_dull_ones() -> None:
    world = simulate_section("section_traps", comments=4000, seed=2, tier=Tier.SNAPSHOT)
    label = np.array(world.truth["label"].to_pylist())[len(world.section.posts) :]
    index = depth(world.section).comments.index
    great, others = index[label == "great_comment"], index[label == "slogan_fans"]
    assert np.median(great) > np.quantile(index, 0.8) > np.median(others)


def test_an_export_without_comments_has_no_depth() -> None:
    world = story()
    none = comments_section(np.array([0]), np.array([1]), ["x"])
    empty = replace(none, comments=_nothing(none))
    made = depth(empty)
    assert len(made.comments) == 0 and np.isnan(made.whole.index[0])
    assert highlights(empty, made.comments).shape == (0,)
    assert len(world.comments) == 3


def _nothing(section: Section):
    comments = section.comments
    cut = {
        name: getattr(comments, name)[:0]
        for name in ("id", "post", "parent", "author", "text", "created_ms", "observed_ms", "region", "position",
                     "pinned", "elected", "author_liked", "by_owner", "hidden")
    }  # fmt: skip
    return replace(comments, likes=Counter.absent(0), replies=Counter.absent(0), **cut)
