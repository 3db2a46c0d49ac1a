"""Run one peer as a process: ``python -m benchmarks.peers NAME LIKES OUT`` writes its scores to OUT (``.npy``)."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.peers import peer
from benchmarks.peers.log import read


def main(name: str, likes: str, out: str) -> int:
    """Read a table of likes, score it, write one ``float64`` per like in the order of the table."""
    log = read(likes)
    np.save(out, log.in_order(peer(name).score(log)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:4]))
