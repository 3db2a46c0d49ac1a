"""The excess of a count: ordinary spread and additions of any size, told apart over all subjects."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from plaudit.kernels.excess import _Split, joint_chances, learn
from plaudit.model import Floats, Ints

SUBJECTS = 1500


def _subjects(
    seed: int, part: float, level: float = 0.2, s: float = 30.0, kind: float = 1.0
) -> tuple[Ints, Ints, Floats, Ints]:
    """Counts, points and expected means of subjects, and how many points were added (a share ``kind`` counts)."""
    rng = np.random.default_rng([seed, 29])
    points = np.exp(rng.normal(3.4, 1.0, SUBJECTS)).astype(np.int64) + 5
    own = rng.beta(level * s, (1 - level) * s, SUBJECTS)
    added = np.where(rng.random(SUBJECTS) < part, np.rint(points * rng.uniform(0.4, 2.0, SUBJECTS)), 0).astype(np.int64)
    count = rng.binomial(points, own) + rng.binomial(added, kind)
    # The expectation is off by a common factor: that is learned as well.
    return count, points + added, np.full(SUBJECTS, 0.8 * level), added


def test_the_likelihood_is_the_beta_binomial_of_what_was_not_added() -> None:
    rng = np.random.default_rng(1)
    points = rng.integers(5, 60, 40)
    added = rng.integers(0, 4, 40)
    count = added + rng.binomial(points - added, 0.3)
    for k, n, e in zip(count, points, added, strict=True):
        split = _Split.of(np.array([k]), np.array([n]), np.array([e / n]))
        one = split.log_likelihood(np.array([0.3]), 12.0)[0, 0]
        assert one == pytest.approx(stats.betabinom.logpmf(k - e, n - e, 3.6, 8.4), abs=1e-9)
    none_left = _Split.of(np.array([3.0]), np.array([10.0]), np.array([0.5]))
    assert none_left.log_likelihood(np.array([0.3]), 12.0)[0, 0] == -np.inf


@pytest.mark.parametrize("part", [0.0, 0.02, 0.1, 0.3])
def test_what_is_ordinary_is_learned_in_spite_of_the_excesses(part: float) -> None:
    count, points, mean, _ = _subjects(3, part)
    usual = learn(count, points, mean)
    assert usual.level(mean)[0] == pytest.approx(0.2, abs=0.03)
    assert 12 < usual.concentration < 80
    assert abs(usual.part - part) < 0.05 + 0.2 * part


def test_sizes_are_right_where_nothing_was_named() -> None:
    inside, error, called = [], [], []
    for seed in range(4):
        count, points, mean, added = _subjects(seed, 0.1)
        chance, size, spread = learn(count, points, mean).posterior(count, points, mean)
        large = added >= 20
        inside.append(np.abs(size - added)[large] <= 1.645 * spread[large] + 1)
        error.append((chance * size - added)[large].sum() / added[large].sum())
        called.append(chance[added == 0].mean())
        assert chance[large].mean() > 0.7
        # Nobody is charged with more than is there.
        assert (size <= points).all() and (chance >= 0).all() and (chance <= 1).all()
    assert np.concatenate(inside).mean() > 0.8
    assert abs(np.mean(error)) < 0.15
    assert np.mean(called) < 0.08


@pytest.mark.parametrize("s", [8.0, 30.0, 3000.0])
def test_where_nothing_was_added_p_values_are_uniform_and_chances_small(s: float) -> None:
    rng = np.random.default_rng(5)
    p, chance = [], []
    for seed in range(6):
        count, points, mean, _ = _subjects(seed, 0.0, s=s)
        usual = learn(count, points, mean)
        tail, beyond = (np.exp(usual.log_tail(count + more, points, mean)) for more in (0, 1))
        # Counts are discrete: uniform between the tail with and without the count itself.
        p.append(beyond + rng.random(SUBJECTS) * (tail - beyond))
        chance.append(usual.posterior(count, points, mean)[0])
    values = np.concatenate(p)
    assert (values < 0.01).mean() < 0.02 and (values < 0.05).mean() < 0.08
    assert stats.kstest(values, "uniform").statistic < 0.05
    assert np.concatenate(chance).mean() < 0.03


def test_the_order_of_subjects_changes_nothing() -> None:
    count, points, mean, _ = _subjects(1, 0.1)
    order = np.random.default_rng(0).permutation(SUBJECTS)
    one, two = learn(count, points, mean), learn(count[order], points[order], mean[order])
    assert (one.shift, one.concentration, one.part) == (two.shift, two.concentration, two.part)
    assert all(
        np.allclose(a[order], b)
        for a, b in zip(
            one.posterior(count, points, mean), two.posterior(count[order], points[order], mean[order]), strict=True
        )
    )


def test_hardly_any_subjects_are_judged_by_what_is_usual_anywhere() -> None:
    count, points = np.array([3, 40, 4]), np.array([20, 44, 21])
    usual = learn(count, points, np.full(3, 0.2))
    assert usual.part < 0.05
    chance, size, _ = usual.posterior(count, points, np.full(3, 0.2))
    assert chance[1] > 0.5 and 25 < size[1] <= 40
    assert chance[0] == chance[2] == 0
    empty = np.zeros(0, np.int64)
    assert all(part.size == 0 for part in usual.posterior(empty, empty, np.zeros(0)))


def test_more_of_the_kind_is_more_of_an_excess() -> None:
    count, points, mean, _ = _subjects(2, 0.1)
    usual = learn(count, points, mean)
    k = np.arange(0, 101, 5)
    chance, size, _ = usual.posterior(k, np.full(k.size, 100), np.full(k.size, mean[0]))
    assert (np.diff(chance) >= -1e-9).all()
    above = chance > 0
    assert (np.diff((chance * size)[above]) > 0).all()


def test_kinds_that_come_together_vouch_for_each_other() -> None:
    both, neither, half = [0.99, 0.99], [0.0, 0.001], [0.99, 0.3]
    part = np.array([0.1, 0.1])
    together = joint_chances(np.array([both] * 60 + [half] * 5 + [neither] * 400), part)
    apart = joint_chances(np.array([[0.99, 0.001]] * 60 + [half] * 5 + [neither] * 400), part)
    assert (together[60:65, 1] > 0.6).all() and (apart[60:65, 1] < 0.2).all()
    assert (together[65:] < 0.01).all() and (together[65:, 0] == 0).all()


def test_one_kind_alone_is_left_as_it_is() -> None:
    chance = np.array([[0.2], [0.0], [0.9]])
    assert np.array_equal(joint_chances(chance, np.array([0.3])), chance)
