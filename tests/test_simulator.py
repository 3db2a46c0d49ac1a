"""Simulated worlds: exact sizes, truth beside every event, plants as ordered, and a background that looks alive."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from plaudit.errors import InputError
from plaudit.testing.simulator import (
    BOUGHT_LABELS,
    CROWD_LABELS,
    LABELS,
    NEUTRAL_LABELS,
    Knobs,
    World,
    scenarios,
    simulate,
    write,
)

EVENTS = 20_000
DAY_MS = 86_400_000


def frame(world: World) -> pd.DataFrame:
    events, truth = world.events.to_pandas(), world.truth.to_pandas()
    return pd.concat([events, truth.drop(columns="event_id")], axis=1)


def hours_of(world: World) -> pd.Series:
    orders = world.orders.to_pandas()
    return (orders.end_ms - orders.start_ms) / 3.6e6


@pytest.fixture(scope="module")
def small() -> World:
    return simulate("small", events=40_000, seed=0)


@pytest.mark.parametrize("name", list(scenarios()))
def test_every_world_is_whole(name):
    world = simulate(name, events=EVENTS, seed=5)
    spec = scenarios()[name]
    events, truth = world.events, world.truth
    assert events.num_rows == truth.num_rows == EVENTS
    assert events["event_id"].equals(truth["event_id"])
    assert len(set(events["event_id"].to_pylist())) == EVENTS
    assert events.column_names == ["event_id", "actor", "target", "at", "kind", "device", "ip", "author"]
    assert all(column.null_count == 0 for column in events.columns)
    at = events["at"].to_numpy()
    assert (np.diff(at) >= 0).all()
    assert world.description["span_days"] * DAY_MS + 2000 >= at[-1] - at[0]
    rows = frame(world)
    likes = rows[rows.kind == "like"]
    assert not likes.duplicated(["actor", "target"]).any()
    labels = set(rows.label)
    assert labels <= set(LABELS)
    assert (rows.neutral == rows.label.isin(NEUTRAL_LABELS)).all()
    assert (likes.bought == likes.label.isin(BOUGHT_LABELS)).all()
    assert set(spec.attacks) <= labels and set(spec.crowds) <= labels
    assert not labels & (set(BOUGHT_LABELS) - {*spec.attacks, "naive_ring"})
    assert rows[rows.bought].group.notna().all() and rows[rows.label == "organic"].group.isna().all()
    assert all(group.split("/")[0] in LABELS for group in rows.group.dropna().unique())


@pytest.mark.parametrize("name", ["small", "mixed", "null"])
def test_the_same_arguments_give_the_same_world(name):
    one, two = (simulate(name, events=5_000, seed=3) for _ in range(2))
    other = simulate(name, events=5_000, seed=4)
    assert one.events.equals(two.events) and one.truth.equals(two.truth) and one.orders.equals(two.orders)
    assert one.description == two.description
    assert not one.events.equals(other.events)


@pytest.mark.parametrize("events", [10_000, 30_000, 100_000])
def test_worlds_of_any_size_keep_their_share_of_bought_likes(events):
    for name in ("small", "mixed", "crowd_orders"):
        world = simulate(name, events=events, seed=1)
        wanted = scenarios()[name].knobs.share_bought
        assert world.events.num_rows == events
        assert 0.75 * wanted <= world.description["share_bought"] <= 1.4 * wanted


def test_orders_are_what_was_delivered(small):
    orders, rows = small.orders.to_pandas(), frame(small)
    bought = rows[rows.bought]
    assert orders.likes.sum() == len(bought)
    by_order = orders.groupby(["target", "label", "group"]).likes.sum()
    by_truth = bought.groupby(["target", "label", "group"]).size()
    assert by_order.sort_index().equals(by_truth.sort_index().astype("int64").rename("likes"))
    assert (orders.end_ms >= orders.start_ms).all() and (orders.price_yuan > 0).all()
    for order in orders.itertuples():
        inside = bought[(bought.target == order.target) & (bought.group == order.group)]
        assert inside["at"].between(order.start_ms, order.end_ms).sum() >= order.likes


def test_the_demo_world_holds_what_the_demo_tells(small):
    orders = small.orders.to_pandas()
    counts = orders.groupby("label").likes.agg(["size", "sum"])
    assert set(counts.index) == {"naive_ring", "staggered_ring", "crowd_order", "throwaway"}
    assert counts["size"]["crowd_order"] >= 20
    assert orders[orders.label == "crowd_order"].group.nunique() == 1
    hours = hours_of(small)
    assert hours[orders.label == "naive_ring"].max() <= 1.01
    assert hours[orders.label == "staggered_ring"].median() > 48
    assert hours[orders.label == "crowd_order"].max() <= 12.1
    assert 18 < hours[orders.label == "throwaway"].median() <= 120
    likes = small.description["likes_by_label"]
    assert likes["camouflage"] > 2 * likes["staggered_ring"]
    rows = frame(small)
    once = rows.groupby("actor").size()
    assert (once[rows[rows.label == "throwaway"].actor.unique()] <= 2).all()
    lesson = rows[rows.label == "nat_class"]
    assert lesson.groupby("group").ip.nunique().eq(1).all() and lesson.actor.nunique() >= 25


def test_workers_live_a_genuine_life(small):
    rows = frame(small)
    workers = rows[rows.label == "crowd_order"].actor.unique()
    own = rows[rows.actor.isin(workers) & (rows.label == "organic")]
    assert len(own) > 0.5 * (rows.label == "crowd_order").sum()


def test_names_say_nothing(small):
    rows = frame(small)
    number = rows.actor.str[1:].astype(int)
    ranked = number.rank(pct=True)
    for label in ("organic", "throwaway", "naive_ring", "crowd_order"):
        first = ranked[rows.label == label].groupby(rows.actor).first()
        assert abs(first.mean() - 0.5) < 4 * 0.29 / len(first) ** 0.5
    lengths = {name: rows[name].str.len().nunique() for name in ("event_id", "actor", "target", "device", "ip")}
    assert set(lengths.values()) == {1}
    assert abs(np.corrcoef(rows.event_id.str[1:].astype(int), np.arange(len(rows)))[0, 1]) < 0.03


def test_the_background_is_alive():
    rows = frame(simulate("clean", events=100_000, seed=0))
    likes = rows[rows.kind == "like"]
    per_actor, per_target = likes.groupby("actor").size(), likes.groupby("target").size()
    assert 0.3 <= (per_actor == 1).mean() <= 0.6
    assert per_actor.max() > 15 * per_actor.mean() and per_target.max() > 8 * per_target.mean()
    by_hour = likes.groupby((likes["at"] // 3_600_000) % 24).size()
    assert by_hour.max() > 2 * by_hour.min()
    gaps = likes.sort_values(["actor", "at"]).groupby("actor")["at"].diff()
    assert 0.1 < (gaps < 600_000).mean() < 0.8  # sittings
    assert likes.groupby("ip").actor.nunique().max() > 500  # a carrier's gateway
    assert 0.02 < (likes.groupby("actor").device.nunique() > 1).mean() < 0.4
    assert 0.001 < (rows.kind == "unlike").mean() < 0.01
    taken = rows[rows.kind == "unlike"].merge(likes, on=["actor", "target"], suffixes=("", "_like"))
    assert len(taken) == (rows.kind == "unlike").sum() and (taken["at"] > taken.at_like).all()
    lag = likes["at"] - likes.groupby("target")["at"].transform("min")
    spread = np.log1p(lag[lag > 0] / 1000).groupby(likes.target).std().dropna()
    assert spread.quantile(0.9) > 1.5 * spread.quantile(0.1)  # targets answer differently


def test_the_null_world_has_nothing_to_find():
    rows = frame(simulate("null", events=60_000, seed=2))
    assert set(rows.label) == {"organic"} and set(rows.kind) == {"like"}
    # Audiences of liked targets overlap as much as after dealing all actors out anew; in a living world they do not.
    assert overlaps(rows).mean() == pytest.approx(overlaps(rows, dealt=True).mean(), rel=0.08)
    assert np.quantile(overlaps(rows), 0.97) < 1.1 * np.quantile(overlaps(rows, dealt=True), 0.97)
    clean = frame(simulate("clean", events=200_000, seed=2))
    assert np.quantile(overlaps(clean), 0.97) > 1.25 * np.quantile(overlaps(clean, dealt=True), 0.97)


def overlaps(rows: pd.DataFrame, dealt: bool = False) -> np.ndarray:
    """Shared actors of each pair of the forty most liked targets, beside the product of their sizes."""
    target, actor = (rows[name].astype("category").cat.codes.to_numpy() for name in ("target", "actor"))
    if dealt:
        actor = np.random.default_rng(0).permutation(actor)
    seen = sparse.csr_matrix((np.ones(target.size), (target, actor)))
    seen.data[:] = 1
    size = np.asarray(seen.sum(axis=1)).ravel()
    most = np.argsort(-size)[:40]
    shared = (seen[most] @ seen[most].T).toarray() / np.outer(size[most], size[most])
    return np.asarray(shared[np.triu_indices(40, 1)])


@pytest.mark.parametrize("label", CROWD_LABELS)
def test_crowds_look_as_described(label):
    rows = frame(simulate("traps", events=100_000, seed=1))
    crowd = rows[rows.label == label]
    assert len(crowd) >= 50 and not crowd.bought.any()
    actors_per_target = crowd.groupby(["group", "target"]).actor.nunique()
    if label in ("nat_class", "employees"):
        assert crowd.groupby("group").ip.nunique().eq(1).all()
    if label == "fan_club":
        posts = crowd.groupby("group").target.nunique()
        assert crowd.groupby(["group", "actor"]).size().median() > 0.6 * posts.min()
        assert crowd.groupby("group").author.nunique().eq(1).all()
    if label == "called_to_vote":
        assert (rows.groupby("actor").size()[crowd.actor] == 1).mean() > 0.95
        assert crowd.groupby("group").target.nunique().eq(1).all()
    if label == "binge":
        assert crowd.groupby("group").actor.nunique().eq(1).all()
        assert (crowd.groupby("group")["at"].agg(np.ptp) < 1_800_000).all()
    if label == "group_share":
        assert actors_per_target.max() <= 40
    if label in ("viral_hour", "launch", "lottery"):
        assert actors_per_target.max() >= 150


@pytest.mark.parametrize(
    ("name", "overrides", "measure"),
    [
        ("naive_ring", {"delivery_hours": 10}, lambda w: hours_of(w).max() > 5),
        ("naive_ring", {"order_size": 40}, lambda w: 15 <= w.orders.to_pandas().likes.median() <= 70),
        ("crowd_orders", {"pool": 900}, lambda w: frame(w)[lambda r: r.label == "crowd_order"].actor.nunique() > 200),
        ("staggered_ring", {"camouflage": 0}, lambda w: "camouflage" not in w.description["likes_by_label"]),
        ("throwaway", {"share_bought": 0.2}, lambda w: 0.15 < w.description["share_bought"] < 0.25),
        ("clean", {"span_days": 40}, lambda w: w.description["span_days"] == 40),
        ("clean", {"unlikes": 0.1}, lambda w: w.description["unlikes"] > 1000),
        ("clean", {"newcomers": 0.3}, lambda w: frame(w).groupby("actor").size().eq(1).mean() > 0.6),
        ("clean", {"context": 0}, lambda w: "device" not in w.events.column_names),
        ("clean", {"missing_hours": 60}, lambda w: len({t // 3_600_000 for t in w.events["at"].to_pylist()}) < 215),
        ("clean", {"publications": 1}, lambda w: set(w.events["kind"].to_pylist()) == {"like", "unlike", "publish"}),
        ("clean", {"board": 12}, lambda w: frame(w).groupby("parent").target.nunique().max() == 12),
        ("traps", {"clock_skew_s": 60}, lambda w: w.events.num_rows == EVENTS),
        ("naive_ring", {"rotate": 0.5, "pool": 100}, lambda w: frame(w)[lambda r: r.bought].actor.nunique() > 150),
        ("naive_ring", {"brush": 1, "top_up": 0}, lambda w: hours_of(w).median() > 12),
        ("crowd_orders", {"brush": 0.5}, lambda w: hours_of(w).median() > 12),
        ("throwaway", {"brush": 0.5, "delivery_hours": 1}, lambda w: hours_of(w).median() > 12),
        ("mixed", {"shared": 0.5, "viral": 1}, lambda w: w.description["bought"] > 500),
        ("naive_ring", {"dropped": 0.5}, lambda w: w.description["unlikes"] > 200),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_knobs_turn_what_they_say(name, overrides, measure):
    world = simulate(name, events=EVENTS, seed=2, overrides=overrides)
    assert world.events.num_rows == EVENTS
    assert world.description["knobs"].items() >= {key: float(value) for key, value in overrides.items()}.items()
    assert measure(world)


def test_a_world_of_ones_own_can_be_made():
    spec = replace(scenarios()["traps"], name="mine", attacks={"throwaway": 1.0}, knobs=Knobs(share_bought=0.01))
    world = simulate(spec, events=EVENTS, seed=1)
    assert world.description["scenario"] == "mine"
    assert {"throwaway", "lottery"} <= set(world.description["likes_by_label"])
    assert not set(world.description["likes_by_label"]) & (set(BOUGHT_LABELS) - {"throwaway"})


def test_publications_come_before_likes():
    rows = frame(simulate("mixed", events=EVENTS, seed=1, overrides={"publications": 1}))
    born = rows[rows.kind == "publish"].set_index("target")["at"]
    likes = rows[(rows.kind == "like") & rows.target.isin(born.index)]
    early = born[likes.target].to_numpy() - likes["at"].to_numpy()
    assert (early > 0).mean() < 0.001 and early.max() < 3_600_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"scenario": "nowhere"}, "no scenario 'nowhere'"),
        ({"events": 10}, "2,000 to 50,000,000"),
        ({"seed": -1}, "seed"),
        ({"overrides": {"volume": 11}}, "no knob 'volume'"),
        ({"overrides": {"viral": 2}}, "between 0 and 1"),
        ({"scenario": "staggered_ring", "overrides": {"share_bought": 0.5, "camouflage": 20}}, "too many"),
    ],
)
def test_what_cannot_be_simulated_is_said(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        simulate(**{"scenario": "clean", "events": 5_000, "seed": 0} | arguments)


def test_write_keeps_the_truth_apart(tmp_path):
    world = simulate("small", events=5_000, seed=0)
    files = write(world, tmp_path / "world")
    assert [str(f.relative_to(tmp_path / "world")) for f in files] == [
        "events.parquet",
        "truth/truth.parquet",
        "truth/orders.parquet",
        "truth/world.json",
    ]
    assert pq.read_table(files[0]).equals(world.events) and pq.read_table(files[1]).equals(world.truth)
    assert json.loads(files[3].read_text()) == world.description
    written = write(world, tmp_path / "text", "csv")[0]
    assert pyarrow.csv.read_csv(written)["at"].equals(world.events["at"])
    with pytest.raises(InputError, match="'parquet' or 'csv'"):
        write(world, tmp_path, "xlsx")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot write"):
        write(world, tmp_path / "file")


def test_the_smallest_worlds_still_hold_everything():
    for name in ("small", "million", "mixed", "traps"):
        world = simulate(name, events=5_000, seed=0)
        assert world.events.num_rows == 5_000
        assert world.description["likes_by_label"]["organic"] > 1_000


def test_worlds_do_not_read_the_clock():
    first = simulate("null", events=2_000, seed=0).events["at"].to_numpy()[0]
    assert pd.Timestamp(first, unit="ms").date().isoformat() == "2024-04-29"
    assert isinstance(simulate("null", events=2_000, seed=0).events, pa.Table)
