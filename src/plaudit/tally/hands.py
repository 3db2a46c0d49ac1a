"""Whose hands came along? Accounts with several likes, told by where else they were.

A seller uses some accounts more than once, on his orders and nowhere else. An account whose likes all stand on targets
with an excess of one-offs is his hand more likely than one with likes on targets of all kinds.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from plaudit.model import EventLog, Floats, Ints

_TURNS = 12
_INNER = 20
_SOME = 0.01  # of a like, so that no target is impossible
_RARE = 1e-5  # share of such accounts that no log is below
_MOST = 0.98  # of a target's likes that such hands may be, and of what there was to know that may be left open
_BEGIN = 0.05
_FEW = 0.02


def seller_hands(log: EventLog, rows: Ints, target: Ints, chance: Floats, likes: Floats) -> Floats:
    """Chance of each like to be by a seller's hand if its target has an excess, ``float64[k]``.

    Two kinds of accounts, one that spreads its likes over targets as sold likes lie, one as all others do, told apart
    by expectation-maximisation (a mixture of multinomials). How many likes of the first kind a target has is learned,
    as far as its chance to have been served goes: no other company of accounts is taken for a seller's. An excess may
    be too small to show, so that no chance is below that of any target.

    Args:
        log: the likes that stand.
        rows: likes of accounts that may be such hands, ``int64[k]``.
        target: targets that may have an excess, ascending, ``int64[m]``.
        chance: that each has one, ``float64[m]``; ``likes``: how large it is if it has, ``float64[m]``.
    """
    home = log.target[rows]
    there = np.bincount(home, minlength=log.n_targets).astype(np.float64)
    least = float(chance.mean()) if chance.shape[0] else 0.0
    sure, served = np.full(log.n_targets, least), _FEW * there
    sure[target] = np.maximum(chance, least)
    served[target] = np.maximum(chance * np.minimum(likes, there[target] / 2), served[target])
    who, place = np.unique(log.actor[rows], return_inverse=True)
    share, hand = _BEGIN, np.zeros(rows.shape[0])
    for _ in range(_TURNS):
        sold, rest = sure * served + _SOME, np.maximum(there - sure * served, (1 - _MOST) * there) + _SOME
        nats = np.log(sold / sold.sum()) - np.log(rest / rest.sum())
        # Of a target that was served for certain.
        left = np.maximum(there - served, (1 - _MOST) * there) + _SOME
        own = np.log((served + _SOME) / sold.sum()) - np.log(left / rest.sum())
        told = np.bincount(place, nats[home], who.shape[0])
        for _ in range(_INNER):
            share = float(np.clip(expit(logit(share) + told).mean() if who.shape[0] else 0.0, _RARE, 0.5))
        hand = expit(logit(share) + told[place] + (own - nats)[home])
        served = np.asarray(np.bincount(home, hand, log.n_targets), np.float64)
    return np.asarray(hand, np.float64)


def counted(log: EventLog, rows: Ints, hand: Floats) -> tuple[Floats, Floats]:
    """Likes by such hands on every target, and the variance of that number, ``float64[n_targets]`` each.

    The variance is that of a share learned by maximum likelihood: what the posterior leaves open of each like, over
    the part of what there was to know that it does not leave open (Louis 1982).
    """
    home = log.target[rows]
    there, served, still = (
        np.asarray(np.bincount(home, weight, log.n_targets), np.float64)
        for weight in (np.ones(rows.shape[0]), hand, hand * (1.0 - hand))
    )
    whole = served * (1.0 - served / np.maximum(there, 1.0))
    missing = np.clip(still / np.maximum(whole, 1e-9), 0.0, _MOST)
    return served, still / (1.0 - missing)
