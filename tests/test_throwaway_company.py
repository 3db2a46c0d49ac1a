"""Who came with the one-offs: regulars tell a viral hour from an order, and never for sure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.detectors import Context
from plaudit.detectors.throwaway.company import DOUBT, EVEN, by_target, ordered, regulars_came
from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, EventLog, Floats
from tests.worlds import START_MS, log_of

TARGETS, CROWD = 60, 60
REGULARS = np.arange(400)


def _log(regulars: int, one_offs: int, seed: int = 0) -> EventLog:
    """Sixty targets liked by regulars over twenty days; on the first, a crowd comes in one half hour."""
    rng = np.random.default_rng(seed)
    actor = [rng.choice(REGULARS, 80, replace=False) for _ in range(TARGETS)]
    at = [START_MS + (rng.random(80) * 20 * DAY_MS).astype(np.int64) for _ in range(TARGETS)]
    free = np.setdiff1d(REGULARS, actor[0])[:regulars]
    actor.append(np.concatenate([free, 1_000 + np.arange(one_offs)]))
    at.append(START_MS + 10 * DAY_MS + (rng.random(actor[-1].size) * 30 * MINUTE_MS).astype(np.int64))
    target = np.concatenate([np.repeat(np.arange(TARGETS), 80), np.zeros(actor[-1].size, np.int64)])
    return log_of(np.concatenate(actor), target, np.concatenate(at), born_ms=np.full(TARGETS, START_MS - HOUR_MS))


def _nats(log: EventLog) -> Floats:
    context = Context(log, 0)
    once = context.activity[log.actor] == 1
    nats = regulars_came(log, context.rhythm.episodes, once)
    assert nats.shape == (log.n,) and (nats >= 0).all()
    assert once.any()
    return np.asarray(nats[once], np.float64)


def test_an_order_brings_no_regulars_and_a_viral_hour_does() -> None:
    assert _nats(_log(0, CROWD)).max() < 1.0, "one-offs alone"
    viral = _nats(_log(CROWD, CROWD))
    assert np.median(viral) > 8.0, "everybody came"


@given(st.lists(st.floats(0.0, 700.0), min_size=1, max_size=40), st.floats(0.01, 10.0))
def test_no_company_makes_an_excess_sure_or_nothing(nats: list[float], mass: float) -> None:
    chance = ordered(np.array(nats), np.full(len(nats), mass))
    assert ((chance >= DOUBT[0]) & (chance <= DOUBT[1])).all()
    order = np.argsort(nats)
    assert (np.diff(chance[order]) <= 1e-9).all(), "the more regulars came, the less"
    assert chance.mean() <= EVEN + DOUBT[0], "half of all, but for what is left in any doubt"


def test_half_of_all_excess_was_ordered() -> None:
    assert ordered(np.zeros(10), np.ones(10)) == pytest.approx(np.full(10, EVEN)), "nothing tells them apart"
    half = np.r_[np.zeros(10), np.full(10, 300.0)]
    assert ordered(half, np.ones(20)) == pytest.approx(np.repeat(DOUBT[::-1], 10))
    assert ordered(np.zeros(3), np.zeros(3)).tolist() == [EVEN] * 3


def test_a_target_is_as_certain_as_its_likes_and_none_of_them_more() -> None:
    chance, weight = np.array([0.8, 0.8, 0.2, 0.5]), np.array([1.0, 0.5, 0.5, 1.0])
    home = np.array([0, 0, 0, 2])
    whole, beside = by_target(chance, weight, home, 4)
    assert whole == pytest.approx([0.65, EVEN, 0.5, EVEN])
    assert ((beside > 0) & (beside <= 1)).all()
    assert (beside * whole[home] <= chance + 1e-12).all()
    assert beside[2] * whole[0] == pytest.approx(0.2)
