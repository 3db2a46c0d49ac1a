"""From where people act: devices, homes, carrier gateways. Shared addresses are ordinary here."""

from __future__ import annotations

import numpy as np

from plaudit.model import Ints
from plaudit.testing.simulator.draw import choose
from plaudit.testing.simulator.state import CARRIER_IP, Build, Likes


def devices_and_addresses(b: Build, merged: Likes) -> tuple[Ints, Ints]:
    """Device and address of each like, ``int64[n]`` each, as arbitrary numbers.

    A fifth of people own a second device; a third of homes are shared; most people are part of the day behind a
    carrier's gateway with thousands of others. Places and farms planted with the likes take precedence.
    """
    rng, accounts = b.rng, b.n_regular + b.fresh_total
    second = rng.random(accounts) < 0.2
    home = np.arange(accounts, dtype=np.int64)
    moved = np.flatnonzero(rng.random(accounts) < 0.3)
    home[moved] = home[rng.integers(0, accounts, moved.size)]
    gateways = max(4, b.events // 15_000)
    gateway = choose(rng, rng.pareto(1.2, gateways) + 0.3, accounts)
    mobile = np.where(rng.random(accounts) < 0.25, 0.0, rng.beta(1.5, 1.5, accounts))
    actor = merged.actor
    device = 2 * actor + (second[actor] & (rng.random(len(merged)) < 0.25))
    out_and_about = rng.random(len(merged)) < mobile[actor]
    # A gateway has a few outgoing addresses; which one is used changes from like to like.
    outgoing = CARRIER_IP + gateway[actor] * 4 + rng.integers(0, 4, len(merged))
    ip = np.where(out_and_about, outgoing, home[actor])
    return np.where(merged.device >= 0, merged.device, device), np.where(merged.ip >= 0, merged.ip, ip)
