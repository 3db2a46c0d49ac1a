"""Sections written by hand, and findings of made-up detectors about them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from plaudit.model import (
    DAY_MS,
    HOUR_MS,
    UNKNOWN,
    Comments,
    Counter,
    Exhibits,
    Family,
    Findings,
    Ints32,
    Outcome,
    Posts,
    Section,
    Snapshots,
    SubjectKind,
)

START_MS = 1_700_000_000_000
NAMES = ("小明同学", "Quentin Longname", "老王", "雨后彩虹")


def section(
    comment_likes: Sequence[int],
    post_likes: Sequence[int] = (100,),
    *,
    high: dict[int, int] | None = None,
    curves: bool = True,
    texts: Sequence[str] | None = None,
) -> Section:
    """Comments on posts in turn, four authors in turn; ``high`` censors targets; ``curves`` reads all four times."""
    c, p = len(comment_likes), len(post_likes)
    post = np.sort(np.arange(c, dtype=np.int32) % p)
    words = list(texts) if texts is not None else [f"这是第{k}条留言，写得很认真" for k in range(c)]
    ends = np.array([*post_likes, *comment_likes], np.int64)
    tops = ends.copy()
    for place, top in (high or {}).items():
        tops[place] = top
    known = np.flatnonzero(ends >= 0)
    target: Ints32
    if curves:
        target = np.repeat(known, 4).astype(np.int32)
        share = np.tile([0.2, 0.5, 0.9, 1.0], known.shape[0])
        at = START_MS + 2 * DAY_MS + np.tile(np.arange(4) * HOUR_MS, known.shape[0])
        low = np.floor(ends[target] * share).astype(np.int64)
        last = np.tile([False, False, False, True], known.shape[0])
        counter = Counter(low, np.where(last, tops[target], low))
    else:
        target, at, counter = np.zeros(0, np.int32), np.zeros(0, np.int64), Counter.absent(0)
    flags = np.zeros(c, np.int8)
    return Section(
        Posts(
            id=pa.array([f"p{k}" for k in range(p)]),
            platform=pa.array(["wechat"] * p),
            account=np.zeros(p, np.int32),
            title=pa.array([f"文章{k}" for k in range(p)]),
            published_ms=np.full(p, START_MS),
            totals={"likes": Counter(ends[:p], tops[:p]), "reads": Counter.exactly(np.full(p, 10_000))},
            rates={},
        ),
        Comments(
            id=pa.array([f"c{k}" for k in range(c)]),
            post=post,
            parent=np.full(c, -1, np.int32),
            author=(np.arange(c) % len(NAMES)).astype(np.int32),
            author_key=pa.array([f"key{k}" for k in range(len(NAMES))]),
            author_name=pa.array(list(NAMES)),
            author_is_id=np.zeros(len(NAMES), bool),
            text=pa.array(words),
            likes=Counter(ends[p:], tops[p:]),
            replies=Counter.exactly(np.zeros(c, np.int64)),
            created_ms=START_MS + DAY_MS + np.arange(c) * 60_000,
            observed_ms=np.full(c, START_MS + 3 * DAY_MS),
            region=(np.arange(c) % 2).astype(np.int32),
            regions=("广东", "北京"),
            position=np.arange(c, dtype=np.int32),
            pinned=flags,
            elected=flags + 1,
            author_liked=flags,
            by_owner=flags,
            hidden=flags - 1,
        ),
        Snapshots(target, at, counter, Counter.absent(target.shape[0]), np.full(target.shape[0], UNKNOWN, np.int32)),
        ("acct",),
    )


def found(
    family: Family,
    targets: Sequence[int],
    *,
    detector: str = "made_up",
    p: float | Sequence[float] = 1e-9,
    q: float | Sequence[float] = 1e-6,
    excess: Sequence[float] | None = None,
    spread: float = 5.0,
    certainty: float = 1.0,
    share: float = 1.0,
    windows: Sequence[tuple[int, int]] | None = None,
    group: bool = False,
) -> Findings:
    """One finding per target, or one about all of them (``group``)."""
    n = 1 if group else len(targets)
    told = None if excess is None else np.asarray(excess, np.float64)
    spans = windows or [(0, 0)] * n
    return Findings(
        detector=detector,
        version="1",
        family=family,
        subject_kind=SubjectKind.GROUP if group else SubjectKind.TARGET,
        subject=np.zeros(1, np.int64) if group else np.asarray(targets, np.int64),
        statistic=np.full(n, 9.0),
        expectation=np.full(n, 2.0),
        p_value=np.broadcast_to(np.asarray(p, np.float64), n).copy(),
        q_value=np.broadcast_to(np.asarray(q, np.float64), n).copy(),
        support=np.full(n, 10, np.int64),
        start_ms=np.array([s for s, _ in spans], np.int64),
        end_ms=np.array([e for _, e in spans], np.int64),
        exhibits=Exhibits(
            np.array([0, len(targets)]) if group else np.arange(n + 1),
            np.asarray(targets, np.int64),
            np.full(len(targets), share),
            told,
            None if told is None else told - 1.6448536 * spread,
            None if told is None else told + 1.6448536 * spread,
        ),
        certainty=np.full(n, certainty),
        candidates=100,
        outcome=Outcome.MEASURED,
    )
