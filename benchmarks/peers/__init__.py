"""Published methods, to compare with: each gives every like of a log a score, the higher the more suspected.

Every peer is written for speed and in its own favour (see the notes in its module), and is judged at the threshold that
suits it best on the very world it is judged on: an oracle that no user has. ``python -m benchmarks.peers NAME LIKES
OUT`` runs one as a process of its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from benchmarks.peers.log import Log, Peer

NAMES = (
    "co_like",
    "synchrotrap",
    "co_selection",
    "low_activity",
    "copycatch",
    "fraudar",
    "catchsync",
    "midas_r",
    "isolation_forest",
)
"""Modules of this folder that hold a peer, in the order of the tables."""


def peer(name: str) -> Peer:
    """One peer by the name of its module.

    Raises:
        KeyError: there is no such peer.
    """
    if name not in NAMES:
        raise KeyError(f"There is no peer {name!r}; choose among {', '.join(NAMES)}.")
    return cast(Peer, import_module(f"benchmarks.peers.{name}").PEER)


__all__ = ["NAMES", "Log", "Peer", "peer"]
