"""The chance of each like to be a worker's, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from plaudit.kernels.sent import sent_share, sent_share_plain


@pytest.mark.parametrize("reach", [0.0, 1e-6, 0.01, 0.7])
def test_shares_are_as_defined(reach: float) -> None:
    rng = np.random.default_rng(11)
    home, seen = rng.integers(0, 9, 400), rng.integers(0, 13, 400)
    further = rng.integers(0, 300, 400)
    lift, off = rng.normal(-3, 4, (9, 13)), np.log(rng.random(13) / 20 + 1e-300)
    with np.errstate(divide="ignore"):
        log_further = np.log(np.maximum(further, 1e-300))
    ours = sent_share(home, seen, further, log_further, reach, lift, off, -0.05, gammaln(np.arange(13) + 1.0))
    assert np.allclose(ours, sent_share_plain(home, seen, further, reach, lift, off, -0.05), rtol=1e-9, atol=1e-13)
    assert ours.min() < 0.1 and ours.max() > 0.9
