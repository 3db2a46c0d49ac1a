"""Herd accounting on worlds whose truth is known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import plaudit
from plaudit.app.units import herd_part
from plaudit.kernels.exposure import SHAPES, before, counts_without, height
from plaudit.model import EventLog
from plaudit.report.words import Words
from plaudit.tally import Tally
from plaudit.tally.herd import Herd, herd_of
from plaudit.tally.shocks import shocks
from plaudit.tally.split import LEAST_PLACEBOS, Said, Split, split
from plaudit.testing.loop import KINDS, LoopSpec, compare, events, found, pick_orders, play, standing
from plaudit.testing.loop.rankers import newest

SPEC = LoopSpec(visits=60_000, posts=20)


def _world(spec: LoopSpec, seed: int):
    ground = found(spec, seed)
    orders = [o for k, kind in enumerate(KINDS) for o in pick_orders(ground, kind, count=8, seed=k)]
    orders = list({o.comment: o for o in orders}.values())
    attacked, clean = play(ground, ranker=newest, orders=orders), play(ground, ranker=newest)
    log, bought = standing(attacked)
    return log, bought, compare(attacked, clean)


@pytest.fixture(scope="module")
def quiet():
    return _world(replace(SPEC, herd=0), 1)


def _sums(told: Herd, log: EventLog) -> None:
    shown = np.bincount(log.target, minlength=log.n_targets)
    assert np.allclose(told.purchased + told.induced + told.organic, shown)
    for name in ("purchased", "induced", "organic"):
        low, middle, high = (getattr(told, name + end) for end in ("_low", "", "_high"))
        assert (low <= middle + 1e-9).all() and (middle <= high + 1e-9).all() and (low >= 0).all()
    assert told.total_low <= told.total_induced <= told.total_high


def test_no_herd_is_found_to_be_none(quiet):
    log, bought, effect = quiet
    told = herd_of(log, np.where(bought, 0.97, 0.0))
    _sums(told, log)
    assert effect.induced_count.sum() == 0
    assert told.measured and told.total_low == 0.0 and told.log_lift_low < 1.0
    hit = effect.bought_count > 0
    assert (told.induced_low[hit] <= 0.5).mean() > 0.85
    assert told.total_induced < 0.1 * bought.sum()


def test_missed_likes_do_not_pass_for_a_herd(quiet):
    log, bought, _ = quiet
    seen = np.random.default_rng(1).random(log.n) < 0.85
    told = herd_of(log, np.where(bought & seen, 0.97, 0.0))
    assert told.total_low == 0.0 and told.log_lift_low < 1.0


def test_a_herd_is_found_and_its_likes_lie_inside():
    true = told_sum = low = high = 0.0
    inside = []
    for seed in (1, 2):
        log, bought, effect = _world(replace(SPEC, herd=1.0, herd_shape="power", quality=0.03), seed)
        told = herd_of(log, np.where(bought, 0.97, 0.0))
        _sums(told, log)
        hit = np.flatnonzero(effect.bought_count)
        net = effect.net_induced[hit]
        true, told_sum = true + net.sum(), told_sum + told.total_induced
        low, high = low + told.total_low, high + told.total_high
        inside += ((told.induced_low[hit] <= net + 0.5) & (net - 0.5 <= told.induced_high[hit])).tolist()
        assert told.log_lift > 1.1
    assert low < true < high and told_sum > 0.2 * true
    assert np.mean(inside) > 0.7


def test_a_log_without_deliveries_claims_nothing(quiet):
    log, _, _ = quiet
    told = herd_of(log, np.zeros(log.n))
    _sums(told, log)
    assert not told.measured and not told.induced.any() and told.deliveries == 0
    assert (told.lift == 1.0).all()


def test_neither_parents_nor_authors_are_needed(quiet):
    log, bought, _ = quiet
    told = herd_of(replace(log, parent=None, author=None), np.where(bought, 0.97, 0.0))
    _sums(told, log)
    assert told.lift.shape == (1,) and told.shape[2:].sum() == 0  # no neighbours, no places
    by_author = herd_of(replace(log, parent=None), np.where(bought, 0.97, 0.0))
    assert by_author.lift.shape[0] == np.unique(log.author).size


def test_the_same_seed_gives_the_same_account(quiet):
    log, bought, _ = quiet
    p = np.where(bought, 0.97, 0.0)
    one, two = herd_of(log, p, 3), herd_of(log, p, 3)
    assert np.array_equal(one.induced_high, two.induced_high) and one.total_induced == two.total_induced


def test_heights_by_hand():
    rivals = np.array([0, 3, 3, 9])
    assert height(0, 3.0, rivals) == pytest.approx(np.log(4))
    assert height(1, 3.0, rivals) == pytest.approx(np.log1p(np.log(4)))
    # One above, two level: place 1 + 1 + 2 halves.
    assert height(2, 3.0, rivals) == pytest.approx(-np.log(3.0))
    assert height(3, 3.0, rivals) == pytest.approx(np.log1p(np.log(4)) - np.log(3.0))
    assert height(2, 10.0, rivals) == 0.0 and len(SHAPES) == 4


def test_before_counts_what_lies_below():
    values = np.array([5, 1, 4, 4, 9])
    assert [before(values, 1, 5, v) for v in (0, 2, 4, 5, 10)] == [0, 1, 1, 3, 4]


def test_counts_without_is_the_recursion(quiet):
    log, bought, _ = quiet
    seen = shocks(log, np.where(bought, 1.0, 0.0), 0)
    strengths = np.array([-0.5, 0.0, 0.4])
    hit = seen.hit
    first, last = np.zeros(hit.target.shape[0], np.int64), np.full(hit.target.shape[0], 2)
    given = (
        hit.target, log.at_ms, log.target_offsets(), seen.genuine, seen.group, seen.near, seen.near_offsets, hit.edges
    )  # fmt: skip
    mean, _ = counts_without(*given, strengths, first, last, 0)
    last[0] = first[0] = 1
    one, _ = counts_without(*given, strengths, first, last, 0)
    assert np.array_equal(one[1:], mean[1:]) and np.array_equal(one[0], [0.0, mean[0, 1], 0.0])
    offsets = log.target_offsets()
    for k, target in enumerate(hit.target[:5].tolist()):
        for s, strength in enumerate(strengths.tolist()):
            kept = 0.0
            for shown, row in enumerate(range(offsets[target], offsets[target + 1])):
                if seen.genuine[row] > 0:
                    kept += min(((1 + kept) / (1 + shown)) ** strength, 20.0) * seen.genuine[row]
            assert mean[k, s] == pytest.approx(kept)
    assert np.allclose(mean[:, 1], np.bincount(log.target, seen.genuine, log.n_targets)[hit.target])


def _tally_of(shown: np.ndarray, authentic: np.ndarray, low: np.ndarray, high: np.ndarray) -> Tally:
    bought = np.rint(shown - authentic).astype(np.int64)
    counts = {"shown": shown, "verified": shown - bought, "discounted": bought, "undetermined": 0 * bought}
    edges = {"total": authentic.sum(), "total_low": low.sum(), "total_high": high.sum()}
    return Tally(**counts, authentic=authentic, low=low, high=high, **edges)


def _parts_hold(parts: Split, counted: Tally) -> None:
    known = parts.known
    assert np.allclose((parts.purchased + parts.induced + parts.organic)[known], counted.shown[known])
    assert np.allclose(parts.purchased, counted.shown - counted.authentic)
    for name in ("purchased", "induced", "organic"):
        low, middle, high = (getattr(parts, name + end)[known] for end in ("_low", "", "_high"))
        assert (low >= 0).all() and (low <= middle + 1e-9).all() and (middle <= high + 1e-9).all()
        assert (high <= counted.shown[known] + 1e-6).all()
    for name in ("induced", "organic"):
        assert all(np.isnan(getattr(parts, name + end)[~known]).all() for end in ("_low", "", "_high"))
    whole = parts.purchased_total + parts.induced_total + parts.organic_total + parts.open_total
    assert whole == pytest.approx(counted.shown.sum())


@given(st.integers(0, 500))
def test_parts_add_up_whatever_herd_and_count_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = 30
    shown = rng.integers(0, 200, size)
    touched = rng.random(size) < 0.6
    authentic = np.where(touched, shown * rng.random(size), shown)
    low = np.where(touched, authentic * rng.random(size), shown)
    high = np.where(touched, authentic + (shown - authentic) * rng.random(size), shown)
    counted = _tally_of(shown, authentic, low, high)
    # What the herd says of its own, from another idea of what was bought.
    middle = rng.uniform(0, 250, size)
    zero = np.zeros(size)
    told = Herd(
        zero, zero, zero, middle, middle * rng.random(size), middle * 1.5, zero, zero, zero, zero.astype(np.int64),
        np.ones(1), np.ones(1), np.ones(1), 1.0, 0.5, 1.5, 40.0, float(rng.integers(0, 3)), 90.0, np.full(4, 0.25),
        bool(rng.random() < 0.8), 5, int(rng.integers(0, 40)), rng.random(size) < 0.5,
    )  # fmt: skip
    parts = split(counted, told)
    _parts_hold(parts, counted)
    # Nothing bought, nothing drawn; and where something was, no figure without a comparison.
    assert (parts.induced[counted.discounted + (shown - authentic) == 0] == 0).all()
    assert np.isnan(parts.induced[touched & (shown > authentic) & ~told.delivered]).all()
    if not told.measured or told.placebos < LEAST_PLACEBOS:
        assert np.isnan(parts.induced[shown > authentic]).all() and parts.induced_total == 0.0
        assert parts.said in (Said.NO_DELIVERY, Said.NO_COMPARISON, Said.NOTHING_BOUGHT)


@pytest.fixture(scope="module")
def herded():
    """A world with a herd in which 40 orders were placed, audited; and what its purchases really drew."""
    spec = replace(SPEC, herd=1.0, herd_shape="power", quality=0.03)
    ground = found(spec, 1)
    orders = [o for k, kind in enumerate(KINDS) for o in pick_orders(ground, kind, count=10, seed=k)]
    orders = list({o.comment: o for o in orders}.values())
    attacked, clean = play(ground, ranker=newest, orders=orders), play(ground, ranker=newest)
    return plaudit.audit(events(attacked)), compare(attacked, clean)


def test_the_audit_says_where_likes_came_from(herded):
    done, effect = herded
    told, targets = done.document.herd, done.tables["targets"].to_pandas()
    assert told.outcome in ("shown", "not_shown") and told.deliveries > 0
    known = targets[targets.induced.notna()]
    assert np.allclose(known.purchased + known.induced + known.organic, known.shown)
    assert np.allclose(targets.purchased, targets.shown - targets.authentic)
    assert told.purchased + told.induced + told.organic + told.open == pytest.approx(targets.shown.sum())
    assert told.induced_low <= told.induced <= told.induced_high
    number = known.target_id.str[1:].astype(int).to_numpy()
    net = np.maximum(effect.net_induced[number], 0)
    hit = effect.bought_count[number] > 0
    inside = (known.induced_low - 0.5 <= net) & (net <= known.induced_high + 0.5)
    assert hit.sum() > 10 and inside[hit].mean() > 0.6
    open_ = targets[targets.induced.isna()]
    assert (open_.purchased > 0).all() and open_.organic_high.isna().all()


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("upper limit", "in which order")), ("zh", ("从众放大", "诱发赞", "上限"))]
)
def test_the_report_says_what_was_drawn_and_what_is_overstated(herded, lang, words):
    done, _ = herded
    page = plaudit.render_html(done.document, lang)
    assert all(word in page for word in words)
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(plaudit.report.render_summary(done.document, lang))
    text = console.export_text().replace("\n", " ")
    assert words[-1] in text


def test_nothing_is_said_of_the_herd_where_nothing_was_bought():
    table = pa.table(
        {"actor": [f"a{k}" for k in range(50)], "target": ["x", "y"] * 25, "at": range(10**12, 10**12 + 50)}
    )
    done = plaudit.audit(table, time_format="ms")
    told = done.document.herd
    assert told is not None
    assert (told.outcome, told.messages, told.induced, told.lift) == ("nothing_bought", [], None, None)
    assert done.tables["targets"]["induced"].to_pylist() == [0.0, 0.0]
    assert "so nothing was drawn by it" in plaudit.render_html(done.document, "en")


@pytest.mark.parametrize(
    ("measured", "placebos", "code"), [(False, 90, "herd_no_delivery"), (True, 3, "herd_no_comparison")]
)
def test_a_refusal_gives_its_reason_and_no_figure(quiet, measured, placebos, code):
    log, bought, _ = quiet
    told = replace(herd_of(log, np.where(bought, 0.97, 0.0)), measured=measured, placebos=placebos)
    shown = np.bincount(log.target, minlength=log.n_targets)
    left = shown - 0.97 * np.bincount(log.target, bought, log.n_targets)
    part = herd_part(split(_tally_of(shown, left, left, left), told), told)
    assert [message.code for message in part.messages] == [code]
    assert part.induced is None and part.induced_high is None and part.organic is None and part.lift is None
    for lang, words in (("en", "cannot be told"), ("zh", "无法得知")):
        assert words in Words.of(lang).say(part.messages[0])


def test_a_large_delivery_is_lent_by_a_part_of_its_likes() -> None:
    from plaudit.tally.shocks import _lendable

    weight = np.r_[np.full(3, 0.9), np.linspace(0.5, 1.0, 50_000)]
    offsets, row, lent = _lendable(np.array([0, 3, 50_003]), np.arange(50_003), weight)
    assert offsets.tolist() == [0, 3, 1003]
    assert row[:3].tolist() == [0, 1, 2] and lent[:3].tolist() == [0.9] * 3
    assert np.isclose(lent[3:].sum(), weight[3:].sum()) and np.all(np.diff(row) > 0)
    # Where the delivery stands half done, so does what is lent of it.
    assert np.isclose(np.median(row[3:]), 25_003, atol=60)
    assert [part.size for part in _lendable(np.array([0]), np.zeros(0, np.int64), np.zeros(0))] == [1, 0, 0]
