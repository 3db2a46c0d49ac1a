"""Making a comment world: posts, crowds, comments, likes, orders; then what an owner would hold, and its truth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.errors import InputError
from plaudit.model import Bools, Comments, Counter, Flags, Ints, Posts, Section, Snapshots, Tier
from plaudit.testing.sections.attacks import buy_comments, deliver
from plaudit.testing.sections.background import answer, expected_likes, live, places
from plaudit.testing.sections.crowds import ON_COMMENTS, ON_POSTS, ON_SECTIONS
from plaudit.testing.sections.curves import counter, snapshots
from plaudit.testing.sections.spec import (
    COMMENT_LABELS,
    LABELS,
    MAX_COMMENTS,
    MIN_COMMENTS,
    PLATFORMS,
    SectionSpec,
    section_scenario_named,
)
from plaudit.testing.sections.state import FIRST_BOUGHT, Batch, Build, found
from plaudit.testing.sections.text import sentences
from plaudit.testing.simulator.draw import EPOCH_MS


@dataclass(frozen=True)
class SectionWorld:
    """A section and what is true about it.

    Attributes:
        section: what the owner holds; its targets are posts, then comments.
        truth: one row per target, in their order: ``target`` (int64), ``kind`` (``post``, ``comment``), ``target_id``,
            ``label`` (of what was bought there, else of the innocent crowd, else ``organic``), ``trap`` (the innocent
            crowd there, ``""`` for none), ``group`` (null for none), ``bought_comment`` (bool: the comment itself was
            bought), ``bought_likes``, ``genuine_likes``, ``induced_likes`` (always 0: nobody was drawn by bought
            likes), which add up to the likes the uncensored counter shows at the end.
        clusters: one row per member of a planted group of comments: ``group, label, bought, target``.
        orders: one row per delivery: ``target, label, group, start_ms, end_ms, likes, dropped, price_yuan``.
        posts: one row per post: ``target, post_id, account, published_ms, reads, genuine_likes, bought_likes, trap``.
        description: scenario, seed, knobs, sizes and counts per label, ready for JSON.
    """

    section: Section
    truth: pa.Table
    clusters: pa.Table
    orders: pa.Table
    posts: pa.Table
    description: dict[str, Any]


def simulate_section(
    scenario: str | SectionSpec,
    *,
    comments: int,
    seed: int,
    tier: Tier = Tier.CURVE,
    overrides: Mapping[str, float] | None = None,
) -> SectionWorld:
    """Make a section of exactly ``comments`` comments; the same arguments give the same bytes.

    Both tiers of one seed hold the same posts, comments and counts; T1 adds how the counters grew.

    Args:
        scenario: a key of :func:`~plaudit.testing.sections.section_scenarios` (``mixed``, ``traps``, ``clean``,
            ``null`` and labels of attacks may leave out ``section_``), or a spec of your own.
        comments: comments and replies together, 200 to 5,000,000.
        seed: any whole number >= 0.
        tier: T0 (one export) or T1 (repeated readings).
        overrides: knobs to replace, see :class:`~plaudit.testing.sections.spec.Knobs`.

    Raises:
        InputError: unknown scenario or knob, or a number out of range.
    """
    spec = section_scenario_named(scenario)
    if not MIN_COMMENTS <= comments <= MAX_COMMENTS:
        raise InputError(f"A simulated section has {MIN_COMMENTS:,} to {MAX_COMMENTS:,} comments, not {comments:,}.")
    if seed < 0:
        raise InputError(f"A seed is a whole number of at least 0, not {seed}.")
    if tier is Tier.EVENTS:
        raise InputError(
            "A simulated section is of tier T0 or T1; for an event log (T2) use plaudit.testing.simulator."
        )
    knobs = spec.knobs.overridden(overrides)
    rng = np.random.default_rng([seed, *spec.name.encode()])
    b = found(spec, knobs, comments, rng)
    batch = _comments(b)
    reads = rng.poisson(b.weight)
    rate = rng.lognormal(np.log(0.018), 0.25, b.n_accounts)[b.account] * rng.lognormal(0, 0.2, b.n_posts)
    post_likes = rng.binomial(reads, np.minimum(rate, 0.5))
    likes = rng.poisson(expected_likes(b, batch))
    if knobs.attacked > 0:
        deliver(b, batch, likes, post_likes)
    bought, extra = _ordered(b, len(batch))
    post_likes, likes = post_likes + extra[: b.n_posts], likes + extra[b.n_posts :]
    shown = likes + bought[b.n_posts :]
    place = places(b, batch, shown.astype(np.float64))
    ids = _ids(seed, b.n_posts, len(batch), batch)
    order = np.lexsort((ids[1], place, batch.post))
    row_of = np.empty(len(batch), np.int64)
    row_of[order] = np.arange(len(batch))
    target_of = np.concatenate([np.arange(b.n_posts), b.n_posts + row_of])
    held = Snapshots(
        np.zeros(0, np.int32), np.zeros(0, np.int64), Counter.absent(0), Counter.absent(0), np.zeros(0, np.int32)
    )
    if tier is Tier.CURVE:
        again = np.random.default_rng([seed, 1, *spec.name.encode()])
        # Likes of a crowd's own deliveries (a group's share) have their moments there.
        held = snapshots(b, batch, likes - extra[b.n_posts :], post_likes - extra[: b.n_posts], reads, target_of, again)
        held = _in_utc(held)
    section = Section(
        posts=_posts(b, batch, ids[0], reads, post_likes + bought[: b.n_posts]),
        comments=_held(b, batch, order, row_of, ids[1], place, shown, seed),
        snapshots=held,
        accounts=tuple(f"account-{k + 1}" for k in range(b.n_accounts)),
    )
    return _with_truth(b, batch, section, order, target_of, post_likes, likes, bought, reads, seed, tier)


def _comments(b: Build) -> Batch:
    """All comments: crowds and bought ones as planned, ordinary ones to fill the section."""
    spec, room = b.spec, b.comments
    crowds = [label for label in spec.traps if b.knobs.crowds > 0]
    for label in crowds:
        if label in ON_POSTS:
            ON_POSTS[label](b)
    b.settle()
    for batch in b.planted:
        unset = batch.created < 0
        batch.created[unset] = b.moment(batch.post[unset], b.rng.random(int(unset.sum())))
    for label in crowds:
        if label in ON_SECTIONS:
            ON_SECTIONS[label](b)
    per = round(b.knobs.attacked * b.comments / max(1, len(spec.attacks)))
    for label in spec.attacks:
        if label in COMMENT_LABELS and b.knobs.attacked > 0:
            buy_comments(b, label, max(8, per))
    planted = sum(len(batch) for batch in b.planted)
    if planted > 0.8 * room:
        raise InputError(
            f"The {spec.name!r} world plants {planted:,} comments, too many for {room:,}; "
            "ask for more comments, fewer crowds or fewer attacked comments."
        )
    batch = Batch.concat([live(b, room - planted), *b.planted])
    answer(b, batch)
    for label in crowds:
        if label in ON_COMMENTS:
            ON_COMMENTS[label](b, batch)
    return batch


def _ordered(b: Build, comments: int) -> tuple[Ints, Ints]:
    """Likes that deliveries leave on each target in planting order: bought ones, and genuine ones of crowds."""
    target, kept = b.orders.column("target"), b.orders.column("likes") - b.orders.column("dropped")
    is_bought = b.orders.column("label") >= FIRST_BOUGHT
    size = b.n_posts + comments
    both = [np.bincount(target[m], weights=kept[m], minlength=size) for m in (is_bought, ~is_bought)]
    return both[0].astype(np.int64), both[1].astype(np.int64)


def _ids(seed: int, posts: int, comments: int, batch: Batch) -> tuple[Ints, Ints]:
    """Ids of posts (10 digits) and of comments (19 digits, rising with time as platforms' do)."""
    base = int.from_bytes(hashlib.blake2b(b"ids%d" % seed, digest_size=4).digest(), "big") % 500_000_000
    by_time = np.empty(comments, np.int64)
    by_time[np.argsort(batch.created, kind="stable")] = np.arange(comments)
    return 2_247_000_000 + base + np.arange(posts) * 17, 4_611_686_018_427_387_904 + base * 1_000 + by_time * 4_099


def _in_utc(held: Snapshots) -> Snapshots:
    return Snapshots(held.target, held.observed_ms + EPOCH_MS, held.likes, held.reads, held.position)


def _strings(values: Ints) -> pa.StringArray:
    return pa.array(values).cast(pa.string())


def _posts(b: Build, batch: Batch, ids: Ints, reads: Ints, likes: Ints) -> Posts:
    rng, k = b.rng, b.knobs
    comments = np.bincount(batch.post, minlength=b.n_posts)
    totals = {
        "likes": counter(likes, k.censor_likes),
        "shares": Counter.exactly(rng.binomial(reads, 0.02)),
        "wow": Counter.exactly(rng.binomial(reads, 0.006)),
        "comments": Counter.exactly(comments),
    }
    if k.reads >= 0.5:
        totals["reads"] = counter(reads, k.censor_reads)
    finish = np.clip(rng.normal(0.45, 0.06, b.n_posts), 0.05, 0.95)
    return Posts(
        id=_strings(ids),
        platform=pa.array([PLATFORMS[round(k.platform)]] * b.n_posts),
        account=b.account.astype(np.int32),
        title=sentences(rng, b.words, "title", b.topic),
        published_ms=b.published + EPOCH_MS,
        totals=totals,
        rates={"finish": finish},
    )


def _held(
    b: Build, batch: Batch, order: Ints, row_of: Ints, ids: Ints, place: Ints, shown: Ints, seed: int
) -> Comments:
    """The comments as an export holds them, in the order of (post, place, id)."""
    k, n = b.knobs, len(batch)
    people, first, author = np.unique(batch.author[order], return_index=True, return_inverse=True)
    rank = np.empty(people.size, np.int64)
    rank[np.argsort(first)] = np.arange(people.size)
    known = people[np.argsort(first)]
    by_owner = batch.by_owner[order]
    region = np.where(by_owner, -1, b.people_region[batch.author[order]])
    # A few people travel.
    away = (b.rng.random(n) < 0.03) & ~by_owner
    region[away] = b.rng.integers(0, b.region_weight.size, int(away.sum()))
    seen, dense = np.unique(region[region >= 0], return_inverse=True)
    region[region >= 0] = dense
    names = sentences(b.rng, b.words, "nick", np.zeros(known.size, np.int64))
    parent = batch.parent[order]
    answers = np.bincount(batch.parent[batch.parent >= 0], minlength=n)[order]
    no_author, no_region = k.authors < 0.5, k.regions < 0.5
    return Comments(
        id=_strings(ids[order]),
        post=batch.post[order].astype(np.int32),
        parent=np.where(parent >= 0, row_of[np.maximum(parent, 0)], -1).astype(np.int32),
        author=np.full(n, -1, np.int32) if no_author else rank[author].astype(np.int32),
        author_key=pa.array([] if no_author else _keys(seed, known), pa.string()),
        author_name=pa.array([], pa.string()) if no_author else names,
        author_is_id=np.ones(0 if no_author else known.size, np.bool_),
        text=batch.text.take(pa.array(order)),
        likes=counter(shown[order], k.censor_likes),
        replies=Counter.exactly(np.where(parent < 0, answers, 0)),
        created_ms=batch.created[order] + EPOCH_MS if k.created >= 0.5 else np.full(n, -1, np.int64),
        observed_ms=np.full(n, b.end + EPOCH_MS),
        region=np.full(n, -1, np.int32) if no_region else region.astype(np.int32),
        regions=() if no_region else tuple(b.words.regions[r][0] for r in seen.tolist()),
        position=place[order].astype(np.int32) if k.positions >= 0.5 else np.full(n, -1, np.int32),
        pinned=_flag(batch.pinned[order], True),
        elected=_elected(b, batch, order),
        author_liked=_flag(batch.author_liked[order], k.platform < 1.5),
        by_owner=_flag(by_owner, True),
        hidden=_flag(np.zeros(n, np.bool_), True),
    )


def _flag(values: Bools, known: bool) -> Flags:
    return values.astype(np.int8) if known else np.full(values.size, -1, np.int8)


def _elected(b: Build, batch: Batch, order: Ints) -> Flags:
    """Where the owner's own view is simulated some are elected; a reader's view of WeChat holds only elected ones."""
    if "elected" in b.spec.traps:
        return _flag(batch.elected[order], True)
    return _flag(np.ones(len(batch), np.bool_), round(b.knobs.platform) == 0)


def _keys(seed: int, people: Ints) -> list[str]:
    salt = b"people%d/" % seed
    return [hashlib.blake2b(salt + b"%d" % who, digest_size=8).hexdigest() for who in people.tolist()]


def _with_truth(
    b: Build, batch: Batch, section: Section, order: Ints, target_of: Ints, post_likes: Ints, likes: Ints,
    bought: Ints, reads: Ints, seed: int, tier: Tier,
) -> SectionWorld:  # fmt: skip
    n_posts, names = b.n_posts, np.array(["", *LABELS[1:]], object)
    ordered = b.orders
    post_label = np.zeros(n_posts, np.int64)
    group = np.concatenate([np.full(n_posts, -1), batch.group])
    target, label = ordered.column("target"), ordered.column("label")
    on_post = (target < n_posts) & (label >= FIRST_BOUGHT)
    post_label[target[on_post]] = label[on_post]
    free = group[target] < 0
    group[target[free]] = ordered.column("group")[free]
    group = np.concatenate([group[:n_posts], group[n_posts:][order]])
    trap = np.concatenate([b.post_trap, batch.trap[order]])
    labels = np.concatenate([post_label, batch.label[order]])
    labels = np.where(labels > 0, labels, trap)
    group_names = np.array([*b.groups, None], object)
    bought_comment = np.isin(labels, [LABELS.index(name) for name in COMMENT_LABELS])
    bought_now = np.concatenate([bought[:n_posts], bought[n_posts:][order]])
    genuine = np.concatenate([post_likes, likes[order]])
    n = labels.size
    truth = pa.table(
        {
            "target": pa.array(np.arange(n)),
            "kind": pa.array(np.where(np.arange(n) < n_posts, "post", "comment").astype(object), pa.string()),
            "target_id": pa.concat_arrays([section.posts.id, section.comments.id]),
            "label": pa.array(np.array(LABELS, object)[labels], pa.string()),
            "trap": pa.array(names[trap], pa.string()),
            "group": pa.array(group_names[group], pa.string()),
            "bought_comment": pa.array(bought_comment),
            "bought_likes": pa.array(bought_now),
            "genuine_likes": pa.array(genuine),
            "induced_likes": pa.array(np.zeros(n, np.int64)),
        }
    )
    member = np.flatnonzero(batch.group[order] >= 0)
    of = batch.group[order][member]
    first = np.array([name.split("/")[0] for name in b.groups], object)[of]
    clusters = pa.table(
        {
            "group": pa.array(group_names[of], pa.string()),
            "label": pa.array(first, pa.string()),
            "bought": pa.array(np.isin(first, COMMENT_LABELS)),
            "target": pa.array(member + n_posts),
        }
    ).sort_by([("group", "ascending"), ("target", "ascending")])
    paid = label >= FIRST_BOUGHT
    orders = pa.table(
        {
            "target": pa.array(target_of[target[paid]]),
            "label": pa.array(np.array(LABELS, object)[label[paid]], pa.string()),
            "group": pa.array(group_names[ordered.column("group")[paid]], pa.string()),
            "start_ms": pa.array(ordered.column("start")[paid] + EPOCH_MS),
            "end_ms": pa.array(ordered.column("end")[paid] + EPOCH_MS),
            "likes": pa.array(ordered.column("likes")[paid]),
            "dropped": pa.array(ordered.column("dropped")[paid]),
            "price_yuan": pa.array(np.round(ordered.column("likes")[paid] * ordered.column("yuan")[paid] / 1000, 2)),
        }
    )
    posts = pa.table(
        {
            "target": pa.array(np.arange(n_posts)),
            "post_id": section.posts.id,
            "account": pa.array(b.account),
            "published_ms": pa.array(b.published + EPOCH_MS),
            "reads": pa.array(reads),
            "genuine_likes": pa.array(post_likes),
            "bought_likes": pa.array(bought[:n_posts]),
            "trap": pa.array(names[b.post_trap], pa.string()),
        }
    )
    count = np.bincount(labels, minlength=len(LABELS))
    description = {
        "scenario": b.spec.name,
        "seed": seed,
        "tier": tier.value,
        "comments": len(batch),
        "posts": n_posts,
        "accounts": b.n_accounts,
        "snapshots": len(section.snapshots),
        "span_days": round((b.end - int(b.published[0])) / 86_400_000, 2),
        "knobs": asdict(b.knobs),
        "likes": {"genuine": int(genuine.sum()), "bought": int(bought_now.sum())},
        "targets_by_label": {name: int(c) for name, c in zip(LABELS, count, strict=True) if c},
        "share_repeated_texts": _repeated(section.comments.text),
    }
    return SectionWorld(section, truth, clusters, orders, posts, description)


def _repeated(text: pa.StringArray) -> float:
    """Share of comments whose very text another comment has too."""
    counts = np.asarray(pc.value_counts(text).field("counts"))
    return round(float(counts[counts > 1].sum() / max(1, len(text))), 4)
