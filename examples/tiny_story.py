"""The tiny story of docs/concepts.md: a village paper, its readers, and thirty accounts that were paid.

    python examples/tiny_story.py

prints every number of the page. ``docs/make_numbers.py`` writes them into it and a test compares them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

import plaudit
from plaudit.detectors.circle import CIRCLE, CIRCLE_MEETS
from plaudit.kernels.overlap import shared_actors_plain
from plaudit.kernels.tails import log_evidence
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS
from plaudit.tally.count import DRAWS
from plaudit.verdict import DISCOUNT_AT, UNDETERMINED_AT
from plaudit.verdict.evidence import CAPS, SIGNIFICANT

START_MS = 1_767_225_600_000  # 2026-01-01 00:00 UTC
SEED = 6
DAYS, POSTS, READERS, RING = 90, 600, 3000, 30
READ = 18
"""Readers' own likes on the post of the story."""
SHARED = 0.15
"""Part of the posts that somebody shares with friends."""
DELIVERY_MS = 40 * MINUTE_MS
OWN = 1
"""Likes each paid account gives by itself, so that it looks alive."""

FEW = (7, 150, 290, 420, 550)
MANY = tuple(range(7, 590, 42))
"""Posts the ring was sent to, in the first and in the second telling; the first of them is the post of the story."""


@dataclass(frozen=True)
class Story:
    """The log as a table of events, and which rows were paid for, ``bool[rows]``."""

    events: pa.Table
    paid: np.ndarray[tuple[int], np.dtype[np.bool_]]


def tell(served: Sequence[int]) -> Story:
    """Plant the story: every post by its readers, and one delivery of the ring on each post of ``served``."""
    rng = np.random.default_rng(SEED)
    published = START_MS + np.sort(rng.integers(0, (DAYS - 3) * DAY_MS, POSTS))
    taste = rng.dirichlet(np.full(READERS, 0.6))
    rows: list[tuple[str, str, int, bool]] = []
    for post in range(POSTS):
        likes = READ if post == served[0] else int(rng.integers(10, 45))
        readers = rng.choice(READERS, size=likes, replace=False, p=taste)
        # Readers come over the next days, most of them soon; some posts are shared once, and friends come together.
        ages = rng.gamma(0.8, 8 * HOUR_MS, likes)
        friends = int(rng.integers(4, 10)) * int(rng.random() < SHARED and post != served[0])
        ages[:friends] = rng.uniform(2 * HOUR_MS, 40 * HOUR_MS) + rng.uniform(0, HOUR_MS / 2, friends)
        rows += [
            (f"reader-{who:04d}", _name(post), int(published[post] + age), False)
            for who, age in zip(readers, ages, strict=True)
        ]
    for post in served:
        # An order comes when somebody pays, at no particular age of the post.
        begin = published[post] + rng.integers(4 * HOUR_MS, 44 * HOUR_MS)
        when = np.sort(rng.integers(0, DELIVERY_MS, RING))
        rows += [
            (f"paid-{who:02d}", _name(post), int(begin + at), True)
            for who, at in zip(rng.permutation(RING), when, strict=True)
        ]
    for who in range(RING):
        for post in rng.choice(np.setdiff1d(np.arange(POSTS), served), OWN, replace=False):
            rows.append((f"paid-{who:02d}", _name(post), int(published[post] + rng.gamma(0.8, 8 * HOUR_MS)), False))
    actor, target, at, paid = zip(*rows, strict=True)
    events = pa.table({"actor": pa.array(actor), "target": pa.array(target), "at": pa.array(at, pa.int64())})
    return Story(events, np.array(paid, dtype=np.bool_))


def _name(post: int) -> str:
    return f"post-{post:03d}"


def facts() -> dict[str, str]:
    """Every number of the page by name, worded as the page words it."""
    out = {
        "days": f"{DAYS}",
        "posts": f"{POSTS}",
        "readers": f"{READERS:,}",
        "ring": f"{RING}",
        "read": f"{READ}",
        "own": f"{OWN}",
        "shared": f"{100 * SHARED:.0f}",
        "delivery": f"{DELIVERY_MS // MINUTE_MS}",
        "few_others": f"{len(FEW) - 1}",
        "few": f"{len(FEW)}",
        "many": f"{len(MANY)}",
        "circle": f"{CIRCLE}",
        "meets": f"{CIRCLE_MEETS}",
        "discount_at": f"{DISCOUNT_AT}",
        "undetermined_at": f"{UNDETERMINED_AT}",
        "significant": f"{SIGNIFICANT}",
        "draws": f"{DRAWS:,}",
        **{f"cap_{family.value}": f"{cap:g}" for family, cap in CAPS.items()},
    }
    for p in (0.05, 0.01, 1e-6):
        weight = float(log_evidence(np.array([p]))[0])
        out[f"nats_{p:g}".replace("-", "m").replace(".", "")] = f"{weight:.1f}"
    for name, served in (("few", FEW), ("many", MANY)):
        out |= _told(name, tell(served), served)
    return out


def _told(name: str, story: Story, served: Sequence[int]) -> dict[str, str]:
    """What an audit says about one telling; every name begins with ``name``."""
    post = _name(served[0])
    audit = plaudit.audit(story.events, time_format="ms")
    with tempfile.TemporaryDirectory() as folder:
        audit.write(folder)
        case = plaudit.explain(folder, "target", post)
    document, tables = audit.document, audit.tables
    row = next(row for row in tables["targets"].to_pylist() if row["target_id"] == post)
    findings = tables["findings"].to_pylist()
    burst = next(f for f in findings if f["detector"] == "burst" and f["subject_id"] == post)
    pool = max((f for f in findings if f["detector"] == "orders"), key=lambda f: f["weight"] or 0.0)
    runs = {run.detector: run for run in document.detectors}
    steps = {step.family or step.kind: step for step in case.steps}
    decision = next(d for d in document.decisions if d.target_id == post)
    likes = tables["likes"].to_pylist()
    paid = {
        (a, t)
        for a, t, sold in zip(*(story.events[c].to_pylist() for c in ("actor", "target")), story.paid, strict=True)
        if sold
    }
    sold = [like["status"] for like in likes if (like["actor_id"], like["target_id"]) in paid]
    free = [like["status"] for like in likes if (like["actor_id"], like["target_id"]) not in paid]
    values = {
        "rows": f"{document.input.rows:,}",
        "paid": f"{len(sold)}",
        "genuine": f"{len(free):,}",
        **{key: f"{row[key]}" for key in ("shown", "verified", "discounted", "undetermined")},
        "authentic": f"{row['authentic']:.0f}",
        "low": f"{row['authentic_low']:.0f}",
        "high": f"{row['authentic_high']:.0f}",
        "burst": f"{burst['statistic']:.0f}",
        "burst_expected": f"{burst['expectation']:.1g}",
        "burst_p": chance(burst["p"]),
        "both": f"{_both(story, served)}",
        "orders": f"{pool['statistic']:,.0f}",
        "orders_expected": f"{pool['expectation']:.0f}",
        "orders_p": chance(pool["p"]),
        "orders_q": chance(pool["q"]),
        "orders_raw": f"{pool['weight']:.0f}",
        "pairs": f"{runs['lockstep'].candidates:,}",
        "lockstep": f"{runs['lockstep'].significant}",
        "throwaway": f"{runs['throwaway'].significant}",
        "context": runs["shared_context"].outcome,
        "mutual": runs["reciprocity"].outcome,
        "prior": f"{100 * document.verdict.prior:.1f}",
        "prior_nats": signed(steps["prior"].weight),
        "audience": signed(steps["audience"].weight),
        "timing": signed(steps["timing"].weight),
        "passer_by": signed(steps["passer_by"].weight),
        "total": signed(sum(step.weight for step in case.steps)),
        "posterior": f"{case.posterior:.2f}",
        "rung_code": f"`{decision.rung}`",
        "decided": f"{decision.likes}",
        **{f"sold_{status}": f"{sold.count(status)}" for status in ("verified", "discounted", "undetermined")},
        **{f"free_{status}": f"{free.count(status):,}" for status in ("verified", "discounted", "undetermined")},
    }
    return {f"{name}_{key}": value for key, value in values.items()}


def _both(story: Story, served: Sequence[int]) -> int:
    """Accounts that came to the first delivery and, at least twelve hours apart, to the second: by definition."""
    sold = story.events.filter(pa.array(story.paid)).to_pylist()
    numbers = {f"paid-{who:02d}": who for who in range(RING)}
    visits = [{numbers[r["actor"]]: r["at"] for r in sold if r["target"] == _name(post)} for post in served[:2]]
    return shared_actors_plain(visits, 12 * HOUR_MS, 1 << 62)[0, 1]


def chance(p: float) -> str:
    """A probability as people write it: ``4×10⁻²⁹``."""
    digits, power = f"{p:.0e}".split("e")
    small = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits}×10{small}"


def signed(nats: float) -> str:
    """A weight with its sign."""
    tenths = round(10 * nats)
    return f"{'−' if tenths < 0 else '+' if tenths else ''}{abs(tenths) / 10:.1f}"


if __name__ == "__main__":
    for fact, value in facts().items():
        print(f"{fact:24} {value}")
