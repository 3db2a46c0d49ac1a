"""The chance of each like to be a worker's, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from plaudit.kernels.sent import sent_shares, sent_shares_plain


@pytest.mark.parametrize("seed", range(6))
def test_shares_are_as_defined(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_gatherings, n_actors, m = 9, 120, 400
    home, where = np.sort(rng.integers(0, n_gatherings, m)), rng.integers(0, n_actors, m)
    times = np.bincount(where, minlength=n_actors)
    seen = np.minimum(times[where] - 1, 12)
    activity = times + rng.integers(0, 300, n_actors) * (rng.random(n_actors) < 0.5)
    further = activity[where] - 1
    prior, heard = rng.uniform(0.05, 0.97, n_gatherings), (rng.random(n_gatherings) < 0.7).astype(float)
    inside, outside = np.minimum(times, 12), activity - times
    likes = int(activity.sum()) + 1000
    kinds, alike = np.unique(np.stack([further, seen]), axis=1, return_inverse=True)
    busy = np.frexp(activity[where].astype(float))[1].astype(np.int64)
    usual = np.bincount(busy, activity[where].astype(np.float64)).astype(np.float64) + 1.0
    usual /= usual.sum()
    rest = (prior, heard, inside, outside, likes)
    share, part = sent_shares(home, where, seen, alike, *kinds, *rest, gammaln(np.arange(13) + 1.0), busy, usual)
    plain_share, plain_part = sent_shares_plain(home, where, seen, further, *rest, 13, busy, usual)
    assert np.allclose(share, plain_share, rtol=1e-7, atol=1e-10)
    assert np.allclose(part, plain_part, rtol=1e-7, atol=1e-10)
    assert share.min() < 0.2 and share.max() > 0.8


def test_a_reader_of_everything_is_the_less_likely_sent() -> None:
    """Ten workers of thirty likes come to nine of ten gatherings; somebody who came to three has given 400 likes."""
    home, where = np.repeat(np.arange(10), 11), np.tile(np.arange(11), 10)
    keep = (where < 10) & ((home + where) % 10 > 0) | (where == 10) & (home < 3)
    home, where = home[keep], where[keep]
    times = np.bincount(where, minlength=11)
    told = {}
    for activity in (30, 400):
        given = np.r_[np.full(10, 30), activity]
        seen, further = times[where] - 1, given[where] - 1
        busy = np.frexp(given[where].astype(float))[1].astype(np.int64)
        usual = np.full(busy.max() + 1, 1.0 / (busy.max() + 1))
        flat = np.full(10, 0.8), np.ones(10), times, given - times, 20_000
        told[activity] = sent_shares_plain(home, where, seen, further, *flat, 13, busy, usual)[0][where == 10].max()
        without = sent_shares_plain(home, where, seen, further, *flat, 13, 0 * busy, np.ones(1))[0]
        assert told[activity] <= without[where == 10].max() + 1e-9
    assert told[400] < told[30]
