"""Gains of windows under many precisions: the kernel is its plain twin, and a mass is a mass."""

from __future__ import annotations

import numpy as np
import pytest

from plaudit.kernels.precision import log_mixtures, log_mixtures_plain

KAPPAS = np.geomspace(0.5, 8000.0, 24)


@pytest.mark.parametrize("burst", [0.0, 0.25, 16.0])
def test_the_kernel_is_its_plain_twin(burst: float) -> None:
    rng = np.random.default_rng(7)
    n = np.concatenate([rng.integers(0, 40, 60), rng.integers(0, 200_000, 40)])
    w = rng.beta(0.3, 3.0, n.size).clip(1e-9, 1 - 1e-9)
    k = np.concatenate([rng.binomial(n[:60], w[:60]), rng.integers(0, n[60:] + 1)])
    told = log_mixtures(k, n, w, KAPPAS, burst, 0.02)
    assert told.shape == (24, 100)
    # The library's own beta function loses digits of large numbers too.
    assert told == pytest.approx(log_mixtures_plain(k, n, w, KAPPAS, burst, 0.02), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("n", "w", "burst"), [(1, 0.2, 0.0), (11, 0.4, 1.0), (12, 0.01, 4.0), (13, 0.9, 0.0), (60, 0.5, 8.0)]
)
def test_masses_of_all_counts_add_up_to_one(n: int, w: float, burst: float) -> None:
    k = np.arange(n + 1)
    told = log_mixtures(k, np.full(n + 1, n), np.full(n + 1, w), KAPPAS, burst, 0.02)
    assert np.exp(told).sum(axis=1) == pytest.approx(np.ones(24))


def test_no_window_is_no_row() -> None:
    none = np.zeros(0, np.int64)
    assert log_mixtures(none, none, np.zeros(0), KAPPAS, 0.0, 0.02).shape == (24, 0)
