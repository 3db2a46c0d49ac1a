"""Posts, authors and campaigns: exact sums, intervals drawn as a whole, and the road from a column to a table."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

import plaudit
from plaudit.app.bundle import bundle, verify
from plaudit.app.units import SHOWN_UNITS
from plaudit.ingest import read_events
from plaudit.model import Ints
from plaudit.tally import Purchases, Sums, Tally, sums, worlds_of
from plaudit.tally.bought import DRAWS, summed
from tests.worlds import world

TARGETS = 60


def _may(seed: int, coins: int, rows: int, shown: int = 200) -> Purchases:
    """Rows of findings on random targets."""
    rng = np.random.default_rng(seed)
    target = np.sort(rng.integers(0, TARGETS, rows))
    posterior = rng.uniform(0.05, 0.99, rows)
    return Purchases(
        target=target,
        posterior=posterior,
        at_worst=posterior,
        mean=rng.uniform(1.0, 40.0, rows),
        spread=rng.uniform(0.5, 6.0, rows),
        coin=rng.integers(0, coins, rows),
        coins=coins,
        shown=np.full(TARGETS, shown, np.int64),
    )


def _tally(may: Purchases, seed: int) -> Tally:
    """The targets' own counts, as the tally makes them of these purchases."""
    bought, shown = may.expected(), may.shown
    low, high, whole = shown.astype(float), shown.astype(float), np.zeros(DRAWS)
    for own, drawn, _ in may.draws(seed):
        few, many = np.quantile(drawn, [0.05, 0.95], axis=1)
        low[own], high[own] = shown[own] - many, shown[own] - few
        whole += drawn.sum(axis=0)
    taken = np.minimum(bought.astype(np.int64), shown)
    open_ = np.minimum(taken, shown - taken)
    total = float((shown - bought).sum())
    few, many = np.quantile(whole, [0.05, 0.95])
    return Tally(
        shown=shown,
        verified=shown - taken - open_,
        discounted=taken,
        undetermined=open_,
        authentic=shown - bought,
        low=np.minimum(low, shown - bought),
        high=np.maximum(high, shown - bought),
        total=total,
        total_low=min(float(shown.sum() - many), total),
        total_high=max(float(shown.sum() - few), total),
    )


@given(st.integers(0, 40), st.integers(1, 30), st.integers(0, 90), st.integers(1, 20))
def test_sums_are_exact_and_their_intervals_in_order(seed: int, coins: int, rows: int, units: int) -> None:
    may = _may(seed, coins, rows)
    counted = _tally(may, seed)
    unit = np.random.default_rng(seed).integers(-1, units, TARGETS).astype(np.int32)
    found = sums(counted, may, unit, seed)
    assert found.unit.tolist() == sorted(set(unit.tolist()) - {-1})
    for row, number in enumerate(found.unit.tolist()):
        mine = unit == number
        assert found.targets[row] == mine.sum()
        for name in ("shown", "verified", "discounted", "undetermined"):
            assert getattr(found, name)[row] == getattr(counted, name)[mine].sum()
        assert found.authentic[row] == pytest.approx(counted.authentic[mine].sum())
        # Never surer than nothing, never less sure than targets that all err the same way.
        assert counted.low[mine].sum() - 0.02 * found.shown[row] <= found.low[row] + 1e-3
        assert found.high[row] <= counted.high[mine].sum() + 0.02 * found.shown[row]
    assert np.array_equal(found.shown, found.verified + found.discounted + found.undetermined)
    assert (found.low >= 0).all() and (found.high <= found.shown + 1e-6).all()
    assert (found.low <= found.authentic + 1e-9).all() and (found.authentic <= found.high + 1e-9).all()
    again = sums(counted, may, unit, seed)
    assert all(np.array_equal(getattr(found, f.name), getattr(again, f.name)) for f in fields(Sums))


def test_a_unit_of_all_targets_is_the_log_and_a_unit_of_one_is_the_target() -> None:
    may = _may(3, 12, 80)
    counted = _tally(may, 5)
    whole = sums(counted, may, np.zeros(TARGETS, np.int32), 5)
    assert whole.low[0] == pytest.approx(counted.total_low, rel=1e-6)
    assert whole.high[0] == pytest.approx(counted.total_high, rel=1e-6)
    each = sums(counted, may, np.arange(TARGETS, dtype=np.int32), 5)
    assert np.allclose(each.low, counted.low) and np.allclose(each.high, counted.high)


def _two(coin: tuple[int, int]) -> tuple[Purchases, Tally]:
    may = Purchases(
        target=np.array([0, 1]),
        posterior=np.full(2, 0.5),
        at_worst=np.full(2, 0.5),
        mean=np.full(2, 50.0),
        spread=np.full(2, 1.0),
        coin=np.array(coin),
        coins=2,
        shown=np.full(TARGETS, 100, np.int64),
    )
    return may, _tally(may, 0)


def test_a_group_is_an_order_everywhere_or_nowhere() -> None:
    unit = np.zeros(TARGETS, np.int32)
    may, counted = _two((0, 0))
    one = sums(counted, may, unit, 0)
    # Both or none: a hundred likes stand or fall together.
    assert one.high[0] == pytest.approx(6000, abs=1) and one.low[0] == pytest.approx(5898, abs=4)
    may, counted = _two((0, 1))
    # Two groups, two coins: in half of the worlds exactly one of them, in a quarter both.
    halves = np.concatenate([drawn.sum(axis=0) for _, drawn, _ in may.draws(0)])
    assert np.mean((halves > 25) & (halves < 75)) == pytest.approx(0.5, abs=0.05)
    rare = Purchases(**{**vars(may), "posterior": np.full(2, 0.15), "at_worst": np.full(2, 0.15)})
    apart = sums(_tally(rare, 0), rare, unit, 0)
    # Each target alone may well have fifty bought likes (15 % > 5 %); both at once would be rarer than one in twenty.
    assert _tally(rare, 0).low[:2].max() < 55
    assert apart.low[0] > 5940


def test_the_interval_holds_the_sum_as_often_as_it_says() -> None:
    held: list[bool] = []
    for seed in range(60):
        may = _may(seed, 25, 120)
        counted = _tally(may, seed)
        unit = (np.arange(TARGETS) // 6).astype(np.int32)
        found = sums(counted, may, unit, seed)
        rng = np.random.default_rng([seed, 9])
        there = rng.random(may.coins)[may.coin] < may.posterior
        bought = there * np.clip(rng.normal(may.mean, may.spread), 0, 200)
        true = found.shown - np.bincount(unit[may.target], bought, found.unit.shape[0])
        held += ((found.low - 1e-6 <= true) & (true <= found.high + 1e-6)).tolist()
    assert 0.86 <= np.mean(held) <= 0.96


def test_doubt_about_what_a_finding_means_widens_the_low_end_alone() -> None:
    sure = _may(7, 25, 120)
    half = Purchases(**{**vars(sure), "posterior": sure.posterior / 2})
    for own, drawn, worst in half.draws(3):
        assert (drawn <= worst).all() and own.size
    likely = sums(_tally(half, 3), half, (np.arange(TARGETS) // 6).astype(np.int32), 3)
    before = sums(_tally(sure, 3), sure, (np.arange(TARGETS) // 6).astype(np.int32), 3)
    # As low as if nobody doubted, as high as the doubt allows.
    assert np.allclose(likely.low, before.low) and (likely.high >= before.high).all()
    assert (likely.authentic > before.authentic).all()


def test_how_much_is_held_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    may = _may(4, 12, 90)
    counted = _tally(may, 2)
    unit = np.random.default_rng(1).integers(0, 9, TARGETS).astype(np.int32)
    whole = sums(counted, may, unit, 2)
    monkeypatch.setattr("plaudit.tally.units.AT_ONCE", 2)
    parts = sums(counted, may, unit, 2)
    assert np.allclose(whole.low, parts.low) and np.allclose(whole.high, parts.high)


def test_chunks_passed_over_leave_the_others_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plaudit.tally.bought._CHUNK", 4)
    may = _may(6, 9, 80)
    all_of_them = {int(t): row for own, drawn, _ in may.draws(1) for t, row in zip(own, drawn, strict=True)}
    wanted = np.zeros(TARGETS, bool)
    wanted[[7, 31]] = True
    some = {int(t): row for own, drawn, _ in may.draws(1, wanted) for t, row in zip(own, drawn, strict=True)}
    assert 0 < len(some) <= 8 < len(all_of_them)
    assert all(np.array_equal(row, all_of_them[target]) for target, row in some.items())


def _log(**columns: Any) -> pa.Table:
    actors = [f"a{k}" for k in range(6)]
    return pa.table(
        {"actor": actors, "target": list("xxxyyz"), "at": list(range(1_700_000_000_000, 1_700_000_000_006))}
    ).append_column("utm_campaign", pa.array(columns["campaign"], pa.string()))


def test_a_target_is_of_the_campaign_most_of_its_rows_name() -> None:
    read = read_events(_log(campaign=["b", "b", "a", "d", "c", None]))
    assert read.campaign_ids is not None and read.campaign_ids.to_pylist() == ["a", "b", "c", "d"]
    assert read.log.campaign is not None
    # b twice; c and d once each, the first by id; none.
    assert read.log.campaign.tolist() == [1, 2, -1]
    assert read.summary.columns["campaign"] == "utm_campaign"
    assert read_events(_log(campaign=["b"] * 6).drop_columns(["utm_campaign"])).log.campaign is None


def _named() -> pa.Table:
    """A planted world with posts and campaigns written beside its authors."""
    table = world("small", 20_000, 1).events
    number = pc.cast(pc.replace_substring_regex(table["target"], r"\D", ""), pa.int64()).to_numpy()
    table = table.append_column("parent", pa.array([f"p{n % 40}" for n in number.tolist()]))
    return table.append_column("campaign", pa.array([None if n % 7 == 0 else f"c{n % 3}" for n in number.tolist()]))


@pytest.fixture(scope="module")
def audited() -> plaudit.Audit:
    return plaudit.audit(_named(), time_format="ms")


def _by(table: pa.Table, column: str) -> dict[str, dict[str, Any]]:
    names = ("shown", "verified", "discounted", "undetermined", "authentic")
    found = (
        table.filter(pc.is_valid(table[column]))
        .group_by(column)
        .aggregate([*((name, "sum") for name in names), ("target_id", "count")])
    )
    return {row[column]: row for row in found.to_pylist()}


def test_the_table_of_counts_is_the_sum_of_the_targets(audited: plaudit.Audit) -> None:
    counts, targets = audited.tables["counts"], audited.tables["targets"]
    rows = counts.to_pylist()
    assert {row["kind"] for row in rows} == {"post", "author", "campaign"}
    for kind, column in (("post", "parent_id"), ("author", "author_id"), ("campaign", "campaign_id")):
        wanted = _by(targets, column)
        mine = [row for row in rows if row["kind"] == kind]
        assert [row["id"] for row in mine] == sorted(wanted)
        for row in mine:
            one = wanted[row["id"]]
            assert row["targets"] == one["target_id_count"]
            for name in ("shown", "verified", "discounted", "undetermined"):
                assert row[name] == one[f"{name}_sum"]
            assert row["authentic"] == pytest.approx(one["authentic_sum"])
            assert row["authentic_low"] <= row["authentic"] <= row["authentic_high"]
    total = audited.document.total
    campaigns = [row for row in rows if row["kind"] == "campaign"]
    assert sum(row["shown"] for row in campaigns) < total.shown


def test_the_document_shows_those_most_in_question(audited: plaudit.Audit) -> None:
    views, rows = audited.document.counts, audited.tables["counts"].to_pylist()
    assert len(views) + audited.document.counts_omitted == len(rows)
    for kind in ("post", "author", "campaign"):
        mine = [view for view in views if view.kind == kind]
        assert 0 < len(mine) <= SHOWN_UNITS
        taken = [(view.count.discounted, view.count.undetermined) for view in mine]
        assert taken == sorted(taken, reverse=True)
        assert taken[0] == max((r["discounted"], r["undetermined"]) for r in rows if r["kind"] == kind)
    for lang, words in (
        ("en", ("Posts, authors and campaigns", "never of the author")),
        ("zh", ("内容、作者与活动", "不评价作者本人")),
    ):
        page = plaudit.render_html(audited.document, lang)
        assert all(word in page for word in words) and f">{views[0].id}</bdi>" in page


def test_without_the_columns_there_is_nothing_to_sum() -> None:
    table = _named().select(["actor", "target", "at", "kind", "event_id"])
    done = plaudit.audit(table, time_format="ms")
    assert done.tables["counts"].num_rows == 0 and done.document.counts == []
    for name in ("parent_id", "author_id", "campaign_id"):
        assert done.tables["targets"][name].null_count == done.tables["targets"].num_rows
    assert "Posts, authors and campaigns" not in plaudit.render_html(done.document, "en")


def test_campaigns_change_no_verdict(audited: plaudit.Audit) -> None:
    plain = plaudit.audit(_named().drop_columns(["campaign"]), time_format="ms")
    for name in ("likes", "groups", "findings", "actors"):
        assert plain.tables[name].equals(audited.tables[name]), name


def test_a_bundle_hides_the_names_of_posts_authors_and_campaigns_and_verifies(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(_named(), tmp_path / "events.parquet")
    plaudit.audit(str(tmp_path / "events.parquet"), time_format="ms").write(tmp_path / "audit")
    made = bundle(tmp_path / "audit", tmp_path / "a.plaudit", bytes(range(32)))
    found = verify(made.path)
    assert all(check.passed for check in found.checks), found
    inside = made.path.read_bytes()
    counts = pq.read_table(tmp_path / "audit" / "counts.parquet")
    names = [row["id"] for row in counts.to_pylist() if row["kind"] == "author"]
    assert names and not any(name.encode() in inside for name in names[:20])


def test_units_hold_for_any_ints(audited: plaudit.Audit) -> None:
    nothing: Ints = np.full(TARGETS, -1)
    may = _may(1, 3, 10)
    assert sums(_tally(may, 0), may, nothing, 0).unit.shape == (0,)


@given(st.integers(0, 60), st.integers(1, 30), st.integers(0, 200), st.integers(1, 20))
def test_units_that_listen_while_targets_are_drawn_hear_what_they_would_draw(
    seed: int, coins: int, rows: int, units: int
) -> None:
    may, rng = _may(seed, coins, rows), np.random.default_rng(seed)
    counted = _tally(may, seed)
    kinds = {kind: rng.integers(-1, units, TARGETS).astype(np.int32) for kind in ("post", "author")}
    worlds = worlds_of(may, kinds)
    for chunk in may.draws(seed):
        for one in worlds.values():
            one.add(*chunk)
    for kind, unit in kinds.items():
        mine, listened = sums(counted, may, unit, seed), sums(counted, may, unit, seed, worlds=worlds[kind])
        assert all(np.array_equal(getattr(mine, f.name), getattr(listened, f.name)) for f in fields(Sums))


@given(st.integers(0, 10_000), st.integers(1, 12))
def test_rows_are_summed_by_target_as_numpy_does_to_the_last_bit(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    length = rng.integers(1, most + 1, 40)
    begins = np.cumsum(length) - length
    values = rng.standard_normal((int(length.sum()), 17)).astype(np.float32)
    assert np.array_equal(summed(values, begins), np.add.reduceat(values, begins, axis=0))
