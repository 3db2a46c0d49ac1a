"""Accounts a seller uses again are told by where else they were; other company is not taken for theirs."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.model import EventLog
from plaudit.tally.hands import counted, seller_hands
from tests.worlds import log_of

TARGETS, SERVED, PEOPLE, HANDS, EACH = 200, 20, 2000, 100, 3


def _log(seed: int, hands: int) -> tuple[EventLog, np.ndarray]:
    """People with a few likes anywhere, and ``hands`` accounts with as many on the first targets only."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 7, PEOPLE)
    actor = np.repeat(np.arange(PEOPLE), size)
    target = np.concatenate([rng.choice(TARGETS, k, replace=False) for k in size])
    sold = np.concatenate([rng.choice(SERVED, EACH, replace=False) for _ in range(hands)] + [np.zeros(0, int)])
    actor = np.append(actor, PEOPLE + np.repeat(np.arange(hands), EACH))
    log = log_of(actor, np.append(target, sold), np.arange(actor.shape[0]) * 60_000)
    return log, log.actor >= PEOPLE


def _told(log: EventLog, chance: np.ndarray) -> np.ndarray:
    return seller_hands(log, np.arange(log.n), np.arange(TARGETS), chance, np.full(TARGETS, 40.0) * (chance > 0))


@pytest.mark.parametrize("seed", range(3))
def test_hands_are_told_and_counted(seed: int) -> None:
    log, truth = _log(seed, HANDS)
    chance = (np.arange(TARGETS) < SERVED).astype(float)
    hand = _told(log, chance)
    assert hand[truth].mean() > 0.8
    assert hand[~truth].mean() < 0.03
    number, variance = counted(log, np.arange(log.n), hand)
    true = np.bincount(log.target[truth], minlength=TARGETS)
    assert abs(number.sum() - true.sum()) < 0.25 * true.sum()
    assert np.abs(number - true)[:SERVED].mean() < 4.0  # of fifteen
    assert (variance >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_where_nobody_came_along_hardly_anybody_is_told(seed: int) -> None:
    log, _ = _log(seed, 0)
    hand = _told(log, (np.arange(TARGETS) < SERVED).astype(float))
    assert hand.mean() < 0.05


def test_company_on_targets_without_an_excess_is_not_theirs() -> None:
    log, club = _log(5, HANDS)
    chance = (np.arange(TARGETS) >= TARGETS - SERVED).astype(float)
    assert _told(log, chance)[club].mean() < 0.05


def test_no_likes_and_no_targets() -> None:
    log, _ = _log(1, 0)
    none = np.zeros(0, np.int64)
    assert seller_hands(log, none, none, np.zeros(0), np.zeros(0)).shape == (0,)
    assert counted(log, none, np.zeros(0))[0].sum() == 0
