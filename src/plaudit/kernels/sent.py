"""One step of telling who was sent from who passed by: the chance of each like, given what is believed of all."""

from __future__ import annotations

import numba
import numpy as np

from plaudit.model import Floats, Ints

_LEAST_MEAN = 1e-4
_MOST_ODDS = 30.0


@numba.njit(cache=True, nogil=True)
def sent_share(
    home: np.ndarray,
    seen: np.ndarray,
    further: np.ndarray,
    log_further: np.ndarray,
    reach: float,
    log_lift: np.ndarray,
    log_off: np.ndarray,
    log_on: float,
    log_factorial: np.ndarray,
) -> np.ndarray:
    """Chance of each like to be a worker's, ``float64[m]``.

    A passer-by of ``further`` other likes was seen ``k`` times elsewhere as Poisson of mean ``further * reach`` (with
    chance ``exp(log_on)``), or is a worker off duty (``log_off``).

    Args:
        home, seen: gathering of each like and how often its actor was in others, ``int64[m]``.
        further, log_further: other likes of the actor, ``int64[m]``, and their logarithm.
        reach: chance that a like falls in here.
        log_lift: ``ln`` odds of a like to be bought times the chance of workers to be seen so often, by gathering and
            number, ``float64[gatherings, numbers]``.
        log_off: ``ln`` chance to be a worker off duty seen so often, ``float64[numbers]``.
        log_factorial: ``ln k!``, ``float64[numbers]``.
    """
    out = np.empty(home.shape[0], np.float64)
    log_reach, floor = np.log(max(reach, 1e-300)), np.log(_LEAST_MEAN)
    for e in range(home.shape[0]):
        k = seen[e]
        log_mean = max(log_further[e] + log_reach, floor)
        on = k * log_mean - max(further[e] * reach, _LEAST_MEAN) - log_factorial[k] + log_on
        off = log_off[k]
        passer = max(on, off) + np.log1p(np.exp(-abs(on - off)))
        odds = min(max(log_lift[home[e], k] - passer, -_MOST_ODDS), _MOST_ODDS)
        out[e] = 1.0 / (1.0 + np.exp(-odds))
    return out


def sent_share_plain(
    home: Ints, seen: Ints, further: Ints, reach: float, log_lift: Floats, log_off: Floats, log_on: float
) -> Floats:
    """The same by definition. The oracle in tests."""
    mean = np.maximum(further * reach, _LEAST_MEAN)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, log_off.shape[0])))])
    log_passer = np.logaddexp(seen * np.log(mean) - mean - log_factorial[seen] + log_on, log_off[seen])
    odds = np.clip(log_lift[home, seen] - log_passer, -_MOST_ODDS, _MOST_ODDS)
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)
