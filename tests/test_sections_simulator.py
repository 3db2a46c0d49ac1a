"""Simulated sections: exact sizes, truth beside every target, plants as ordered, and a life that looks alive."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from plaudit.errors import InputError
from plaudit.model import UNBOUNDED, Section, Tier
from plaudit.testing.sections import (
    BOUGHT_LABELS,
    COMMENT_LABELS,
    LABELS,
    SHAPE_LABELS,
    TRAP_LABELS,
    SectionWorld,
    section_scenarios,
    simulate_section,
)

HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def mixed() -> SectionWorld:
    return simulate_section("mixed", comments=3_000, seed=1)


def curve(section: Section, target: int) -> tuple[np.ndarray, np.ndarray]:
    a, z = section.curve_offsets[target : target + 2]
    return section.snapshots.observed_ms[a:z], section.snapshots.likes.low[a:z]


def ordered(world: SectionWorld, label: str) -> pd.DataFrame:
    orders = world.orders.to_pandas()
    return orders[orders.label == label]


@pytest.mark.parametrize("tier", [Tier.SNAPSHOT, Tier.CURVE])
@pytest.mark.parametrize("name", list(section_scenarios()))
def test_every_world_is_whole(name: str, tier: Tier) -> None:
    world = simulate_section(name, comments=600, seed=5, tier=tier)
    section, truth, spec = world.section, world.truth.to_pandas(), section_scenarios()[name]
    c, p, s = section.comments, section.posts, section.snapshots
    assert len(c) == 600 and section.tier is tier and world.truth.num_rows == section.n_targets
    assert truth.target_id.tolist() == [*p.id.to_pylist(), *c.id.to_pylist()]
    assert len(set(c.id.to_pylist())) == 600 and len(set(p.id.to_pylist())) == len(p)
    # The order the nouns promise.
    assert (np.diff(p.published_ms) >= 0).all()
    assert (np.lexsort((c.id.to_numpy(zero_copy_only=False), c.position, c.post)) == np.arange(600)).all()
    assert (np.lexsort((s.observed_ms, s.target)) == np.arange(len(s))).all()
    for post in range(len(p)):
        own = c.position[(c.post == post) & (c.parent < 0)]
        assert sorted(own.tolist()) == list(range(own.size))
    assert (c.position[c.parent >= 0] == -1).all()
    # What is said of parents, times and people holds together.
    reply = c.parent >= 0
    assert (c.post[c.parent[reply]] == c.post[reply]).all() and (c.parent[c.parent[reply]] == -1).all()
    assert (c.created_ms[reply] > c.created_ms[c.parent[reply]]).all()
    assert (c.created_ms >= p.published_ms[c.post]).all() and (c.created_ms < c.observed_ms).all()
    assert c.author.max() < c.n_authors == len(set(c.author_key.to_pylist())) and c.region.max() < len(c.regions)
    assert all(text for text in c.text.to_pylist())
    # Labels, and likes that add up.
    assert (truth.bought_likes + truth.genuine_likes == section.likes.low).all() and (truth.induced_likes == 0).all()
    assert set(truth.label) <= {"organic", *spec.attacks, *spec.traps} <= set(LABELS)
    assert set(spec.attacks) <= set(truth.label)
    assert (truth.bought_likes[~truth.label.isin(BOUGHT_LABELS)] == 0).all()
    assert (truth.bought_comment == truth.label.isin(COMMENT_LABELS)).all()
    assert truth.group[truth.label == "organic"].isna().all()
    orders = world.orders.to_pandas()
    kept = (orders.likes - orders.dropped).groupby(orders.target).sum()
    assert (truth.bought_likes[kept.index] == kept).all() and truth.bought_likes.sum() == kept.sum()
    assert (orders.end_ms >= orders.start_ms).all() and (orders.end_ms <= c.observed_ms.max()).all()


@pytest.mark.parametrize("name", ["mixed", "null"])
def test_the_same_arguments_give_the_same_bytes(name: str) -> None:
    one, two, other = (simulate_section(name, comments=500, seed=seed) for seed in (3, 3, 4))
    for world, same in ((two, True), (other, False)):
        assert one.truth.equals(world.truth) is same and one.posts.equals(world.posts) is same
        assert one.section.comments.text.equals(world.section.comments.text) is same
        assert np.array_equal(one.section.snapshots.likes.low, world.section.snapshots.likes.low) is same
    assert one.description == two.description


def test_both_tiers_of_a_seed_hold_the_same_counts(mixed: SectionWorld) -> None:
    flat = simulate_section("mixed", comments=3_000, seed=1, tier=Tier.SNAPSHOT)
    assert flat.truth.equals(mixed.truth) and flat.orders.equals(mixed.orders)
    assert flat.section.comments.text.equals(mixed.section.comments.text)
    assert len(flat.section.snapshots) == 0 and flat.section.tier is Tier.SNAPSHOT


def test_curves_end_at_what_is_shown_and_reads_never_fall(mixed: SectionWorld) -> None:
    section, shots = mixed.section, mixed.section.snapshots
    last = section.curve_offsets[1:] - 1
    assert (np.diff(section.curve_offsets) >= 1).all()
    assert (shots.likes.low[last] == section.likes.low).all()
    posts = len(section.posts)
    assert (shots.reads.low[last[:posts]] == mixed.posts["reads"].to_numpy()).all()
    for post in range(posts):
        a, z = section.curve_offsets[post : post + 2]
        assert (np.diff(shots.reads.low[a:z]) >= 0).all()
    assert not shots.reads.known[section.curve_offsets[posts] :].any()
    # Somebody who reads by hand leaves nights out and gaps of hours; a service leaves few.
    gaps = [np.diff(curve(section, post)[0]).max() for post in range(posts)]
    assert max(gaps) > 12 * HOUR_MS


def test_life_looks_alive(mixed: SectionWorld) -> None:
    clean = simulate_section("clean", comments=20_000, seed=2, tier=Tier.SNAPSHOT)
    c, likes = clean.section.comments, clean.section.comments.likes.low
    assert 0.2 < (likes == 0).mean() < 0.75 and likes.max() > 40 * likes.mean()
    assert 0.05 <= clean.description["share_repeated_texts"] <= 0.25
    # Likes follow the place, the reads of the post, and what the comment says.
    top = c.parent < 0
    assert likes[top & (c.position < 5)].mean() > 3 * likes[top & (c.position > 20)].mean()
    reads = clean.posts["reads"].to_numpy()
    of_post = np.bincount(c.post, weights=likes, minlength=reads.size)
    assert np.corrcoef(np.log(reads + 1), np.log(of_post + 1))[0, 1] > 0.3
    length = np.array([len(text) for text in c.text.to_pylist()])
    assert likes[top & (length > 30)].mean() > 1.5 * likes[top & (length < 8)].mean()
    hour = (c.created_ms // HOUR_MS + 8) % 24
    assert np.isin(hour, (2, 3, 4, 5)).mean() < 0.06
    authors = np.bincount(c.author)
    assert (authors == 1).mean() > 0.3 and authors.max() >= 8
    accounts = clean.section.posts.account[c.post]
    for account in range(len(clean.section.accounts)):
        regions = np.bincount(c.region[(accounts == account) & (c.region >= 0)])
        assert regions.max() / regions.sum() > 0.15
    assert (c.likes.low <= 0.06 * reads[c.post] + 30).mean() > 0.999


def test_shapes_are_what_sellers_call_them() -> None:
    world = simulate_section("mixed", comments=6_000, seed=3, overrides={"attacked": 0.1, "overlap": 0})
    hours = {
        label: (rows := ordered(world, label)).end_ms.to_numpy() - rows.start_ms.to_numpy() for label in SHAPE_LABELS
    }
    assert hours["step"].max() <= HOUR_MS + 1
    assert hours["straight_line"].min() >= 7.9 * HOUR_MS and hours["straight_line"].max() <= 16 * HOUR_MS
    assert 11 * HOUR_MS <= np.median(hours["rented_rhythm"]) <= 48 * HOUR_MS
    sizes = world.orders["likes"].to_numpy()
    assert np.quantile(sizes, 0.05) >= 20 and np.quantile(sizes, 0.98) <= 2_000
    section, posts = world.section, len(world.section.posts)
    births = np.concatenate([section.posts.published_ms, section.comments.created_ms])
    second = ordered(world, "second_day")
    age = (second.start_ms.to_numpy() - births[second.target]) / HOUR_MS
    assert (age >= 19.9).all() and (age <= 30.1).all()
    # A step is in the curve: most of the order falls between the readings around it.
    for row in ordered(world, "step").itertuples():
        at, likes = curve(section, row.target)
        before = likes[np.searchsorted(at, row.start_ms) - 1] if at[0] < row.start_ms else 0
        assert likes[np.searchsorted(at, row.end_ms)] - before >= row.likes
    for row in ordered(world, "drop_top_up").drop_duplicates("target").itertuples():
        at, likes = curve(section, row.target)
        assert row.dropped > 0 and (np.diff(likes[at >= row.end_ms]).min() < 0 or at.size < 40)
    rounds = ordered(world, "round_stop")
    exact = 0
    for row in rounds.itertuples():
        at, likes = curve(section, row.target)
        k = np.searchsorted(at, row.end_ms)
        exact += int(likes[k] >= 50 and np.isin(likes[max(k - 1, 0) : k + 2], ROUND).any())
    assert exact >= 0.5 * len(rounds)
    lines = ordered(world, "straight_line")
    night = [(np.arange(r.start_ms, r.end_ms, HOUR_MS) // HOUR_MS + 8) % 24 for r in lines.itertuples()]
    assert all(np.isin((2, 3), hour).all() for hour in night)
    assert posts > 0


ROUND = [50, 66, 88, 99, 100, 150, 200, 250, 300, 400, 500, 600, 666, 800, 888, *range(1_000, 20_001, 500)]


def test_bought_comments_are_what_they_are_called() -> None:
    world = simulate_section("mixed", comments=6_000, seed=4, overrides={"attacked": 0.1})
    clusters, c, posts = world.clusters.to_pandas(), world.section.comments, len(world.section.posts)
    assert set(clusters.label[clusters.bought]) == set(COMMENT_LABELS)
    truth = world.truth.to_pandas()
    for label in COMMENT_LABELS:
        assert set(truth.target[truth.label == label]) == set(clusters.target[clusters.label == label])
    text = np.array(c.text.to_pylist(), object)
    for name, rows in clusters.groupby("group"):
        row = rows.target.to_numpy() - posts
        label = str(name).split("/")[0]
        if label == "copy_paste":
            stems = {"".join(ch for ch in words if ch.isalpha()) for words in text[row]}
            assert all(min(stems, key=len) in stem for stem in stems) and np.unique(c.post[row]).size == 1
        elif label == "template":
            assert np.unique(text[row]).size > 0.5 * row.size
        elif label == "purchased_region" and row.size >= 20:
            assert np.bincount(c.region[row]).max() > 0.45 * row.size
        elif label == "author_ring":
            orders = [
                c.author[row[c.post[row] == post]][np.argsort(c.created_ms[row[c.post[row] == post]])].tolist()
                for post in np.unique(c.post[row])
            ]
            assert len(orders) >= 4 and all(order == orders[0] for order in orders)
        elif label == "fan_club":
            orders = [c.author[row[c.post[row] == post]].tolist() for post in np.unique(c.post[row])]
            assert len({tuple(order) for order in orders}) > 1
    dull = truth[(truth.label == "dull_boost") & (truth.kind == "comment")]
    assert np.median([len(text[t - posts]) for t in dull.target]) < 16


def test_innocent_crowds_bring_readers_not_orders() -> None:
    world = simulate_section("traps", comments=6_000, seed=5)
    truth, posts = world.truth.to_pandas(), world.posts.to_pandas()
    assert set(TRAP_LABELS) <= set(truth.label) and world.orders.num_rows == 0 and truth.bought_likes.sum() == 0
    usual = posts.reads[posts.trap == ""].median()
    assert posts.reads[posts.trap == "launch"].median() > 2 * usual
    flags = world.section.comments
    n = len(world.section.posts)
    for label, flag in (("pinned", flags.pinned), ("elected", flags.elected), ("author_liked", flags.author_liked)):
        rows = truth.target[truth.label == label].to_numpy() - n
        assert (flag[rows] == 1).all() and flag.sum() == rows.size
    comments = truth[truth.kind == "comment"]
    great = comments.genuine_likes[comments.label == "great_comment"]
    assert great.median() > 10 * comments.genuine_likes[comments.label == "organic"].median() + 10
    lottery = [t - n for t in truth.target[(truth.label == "lottery") & (truth.kind == "comment")]]
    assert len(lottery) >= 15
    # An influencer's share is a step in readers and likes alike.
    steps = []
    for post in posts.target[posts.trap == "influencer"]:
        a, z = world.section.curve_offsets[post : post + 2]
        reads, likes = (
            x.low[a:z].astype(float) for x in (world.section.snapshots.reads, world.section.snapshots.likes)
        )
        steps.append(np.corrcoef(np.diff(reads), np.diff(likes))[0, 1])
    assert np.median(steps) > 0.5


def test_what_an_export_lacks_or_censors() -> None:
    gone = dict.fromkeys(("regions", "authors", "reads", "positions", "created"), 0.0)
    section = simulate_section("traps", comments=600, seed=1, overrides={**gone, "censor_likes": 40}).section
    for part in ("regions", "authors", "positions", "created"):
        assert not section.has(part)
    assert not section.snapshots.reads.known.any() and "reads" not in section.posts.totals
    likes = section.comments.likes
    capped = likes.high == UNBOUNDED
    assert capped.any() and (likes.low[capped] == 40).all() and (likes.low[~capped] < 40).all()
    bilibili = simulate_section("clean", comments=300, seed=1, overrides={"platform": 1}).section
    assert (bilibili.comments.elected == -1).all() and set(bilibili.posts.platform.to_pylist()) == {"bilibili"}
    english = simulate_section("clean", comments=300, seed=1, overrides={"english": 1}).section
    assert sum(text.isascii() for text in english.comments.text.to_pylist()) > 150
    assert isinstance(english.comments.text, pa.StringArray)


def test_the_null_world_is_exchangeable() -> None:
    world = simulate_section("null", comments=4_000, seed=6)
    assert world.description["share_repeated_texts"] < 0.02
    assert set(world.truth["label"].to_pylist()) == {"organic"}
    # Without rhythm, nights are as lively as days.
    hour = (world.section.comments.created_ms // HOUR_MS) % 24
    published = (world.section.posts.published_ms[world.section.comments.post] // HOUR_MS) % 24
    late = (hour - published) % 24
    assert np.bincount(late, minlength=24)[18:].sum() > 0.03 * late.size


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"scenario": "nowhere"}, "no comment world 'nowhere'"),
        ({"comments": 10}, "200 to 5,000,000 comments"),
        ({"seed": -1}, "at least 0"),
        ({"tier": Tier.EVENTS}, "T0 or T1"),
        ({"overrides": {"nothing": 1}}, "no knob 'nothing'"),
        ({"overrides": {"attacked": 2}}, "between 0 and 0.5"),
        ({"comments": 200, "overrides": {"crowds": 20}}, "too many for 200"),
    ],
)
def test_bad_arguments_are_told_in_one_sentence(arguments: dict[str, Any], said: str) -> None:
    given = {"scenario": "mixed", "comments": 500, "seed": 0, **arguments}
    with pytest.raises(InputError, match=said):
        simulate_section(given.pop("scenario"), **given)
