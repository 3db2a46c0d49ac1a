"""Sections of comments from plain arrays, and worlds in which likes and regions do as a test needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.model import Comments, Counter, Floats, Ints, Posts, Section, Snapshots

DAY_MS = 86_400_000
NOW_MS = 1_700_000_000_000
DULL = ("好", "支持", "不错哦", "赞赞赞", "来了来了", "nice", "哈哈哈哈", "沙发")
RICH = (
    "我去年在门店买了2盒，孩子说味道很好，已经回购3次",
    "昨天下午在公司用了4小时，电池还有一半，同事都来问",
    "2019年我陪妈妈去医院，护士也说过这件事，谢谢作者",
    "I bought two boxes last week and my kids finished them in 3 days",
)


def comments_section(post: Ints, likes: Ints, texts: list[str], **columns: Any) -> Section:
    """Comments of these posts (ascending), likes and texts; ``columns`` replace the other fields, unknown."""
    n, posts = len(texts), int(post.max()) + 1
    none = np.full(n, -1, np.int32)
    flag = np.full(n, -1, np.int8)
    moment = np.full(n, -1, np.int64)
    people = int(columns["author"].max()) + 1 if "author" in columns else 0
    names = pa.array([f"k{k}" for k in range(people)], pa.string())
    comments = Comments(
        id=pa.array([str(k) for k in range(n)], pa.string()),
        post=post.astype(np.int32),
        parent=none,
        author=none,
        author_key=names,
        author_name=names,
        author_is_id=np.ones(people, bool),
        text=pa.array(texts, pa.string()),
        likes=Counter.exactly(likes),
        replies=Counter.absent(n),
        created_ms=moment,
        observed_ms=moment,
        region=none,
        regions=tuple(f"r{k}" for k in range(int(columns["region"].max()) + 1)) if "region" in columns else (),
        position=none,
        pinned=flag,
        elected=flag,
        author_liked=flag,
        by_owner=flag,
        hidden=flag,
    )
    return Section(
        Posts(
            id=pa.array([f"p{k}" for k in range(posts)], pa.string()),
            platform=pa.array(["generic"] * posts, pa.string()),
            account=np.zeros(posts, np.int32),
            title=pa.array([""] * posts, pa.string()),
            published_ms=np.full(posts, -1, np.int64),
            totals={},
            rates={},
        ),
        replace(comments, **columns),
        Snapshots(
            np.zeros(0, np.int32), np.zeros(0, np.int64), Counter.absent(0), Counter.absent(0), np.zeros(0, np.int32)
        ),
    )


def liked_world(
    seed: int, posts: int = 20, per_post: int = 40, spread: float = 0.8, dull: float = 0.0
) -> tuple[Section, Floats]:
    """Likes by post, text and luck, in the order readers see (most liked first), and the mean each has.

    ``spread`` is the luck in nats; ``dull`` what a dull text loses.
    """
    rng = np.random.default_rng([seed, 7])
    n = posts * per_post
    post = np.repeat(np.arange(posts), per_post)
    rich = rng.random(n) < 0.5
    said = [str(rng.choice(RICH if good else DULL)) + str(k % 97) for k, good in enumerate(rich)]
    mean = np.exp(2.5 + rng.normal(0, 0.6, posts)[post] - dull * ~rich + rng.normal(0, spread, n))
    likes = rng.poisson(mean)
    order = np.lexsort((-likes, post))
    position = np.tile(np.arange(per_post, dtype=np.int32), posts)
    texts = [said[k] for k in order]
    return comments_section(post, likes[order], texts, position=position), mean[order]


def with_likes(section: Section, likes: Counter) -> Section:
    """The same section with other likes of its comments."""
    return replace(section, comments=replace(section.comments, likes=likes))


def regional_world(
    seed: int, posts: int = 20, per_post: int = 40, regions: int = 10, alike: float | None = None
) -> Section:
    """Readers of one account; ``alike`` is the concentration of posts around the base (None: no spread)."""
    rng = np.random.default_rng([seed, 11])
    n = posts * per_post
    base = rng.dirichlet(np.full(regions, 1.0))
    post = np.repeat(np.arange(posts), per_post)
    chance = [base if alike is None else rng.dirichlet(alike * base + 1e-6) for _ in range(posts)]
    region = np.concatenate([rng.choice(regions, per_post, p=chance[p]) for p in range(posts)])
    region[0] = regions - 1  # every world names all regions
    return comments_section(
        post,
        rng.poisson(np.exp(rng.normal(2, 1, n))),
        ["说点什么"] * n,
        region=region.astype(np.int32),
        author=np.arange(n, dtype=np.int32),
        created_ms=NOW_MS + np.sort(rng.integers(0, DAY_MS, (posts, per_post)), axis=1).ravel(),
    )
