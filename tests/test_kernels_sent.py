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
    share, part = sent_shares(
        home, where, seen, alike, *kinds, prior, heard, inside, outside, likes, gammaln(np.arange(13) + 1.0)
    )
    plain_share, plain_part = sent_shares_plain(home, where, seen, further, prior, heard, inside, outside, likes, 13)
    assert np.allclose(share, plain_share, rtol=1e-7, atol=1e-10)
    assert np.allclose(part, plain_part, rtol=1e-7, atol=1e-10)
    assert share.min() < 0.2 and share.max() > 0.8
