"""Worlds in which nothing happens: whether p-values are as large as they say, and how often a detector cries out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchmarks.common import markdown, percent
from plaudit.detectors import BUILT_IN, Context
from plaudit.testing.logs import log_from_table
from plaudit.testing.simulator import simulate

SIZES = (2_000, 2_500, 3_000, 3_500)
LEAST = 30
"""Worlds that must yield a p-value for a distribution to be judged."""
RATE = 0.05


@dataclass(frozen=True)
class Null:
    """One detector over many null worlds.

    Attributes:
        detector: its id.
        worlds: how many worlds.
        judged: worlds in which it gave every subject a p-value; one subject of each is taken.
        ks: p-value of Kolmogorov and Smirnov's test against p-values smaller than they say; ``None`` below ``LEAST``.
        loud: share of worlds with any finding at a false-discovery rate of ``RATE``: since nothing is true in these
            worlds, the realised rate.
    """

    detector: str
    worlds: int
    judged: int
    ks: float | None
    loud: float


def measure(worlds: int) -> list[Null]:
    """Every built-in detector on ``worlds`` null worlds."""
    p: dict[str, list[float]] = {detector.spec.id: [] for detector in BUILT_IN}
    loud = dict.fromkeys(p, 0)
    for seed in range(worlds):
        log = log_from_table(simulate("null", events=SIZES[seed % len(SIZES)], seed=seed).events)
        context = Context(log, 0)
        for detector in BUILT_IN:
            found = detector.find(log, context)
            loud[detector.spec.id] += bool((found.q_value <= RATE).any())
            # A detector that reports only what stands out has no distribution of p-values to judge.
            if len(found) and len(found) == found.candidates:
                p[detector.spec.id].append(float(found.p_value[seed * 7 % len(found)]))
    return [
        Null(name, worlds, len(values), _smaller(values), loud[name] / max(worlds, 1)) for name, values in p.items()
    ]


def _smaller(values: Sequence[float]) -> float | None:
    if len(values) < LEAST:
        return None
    return float(stats.kstest(np.array(values), "uniform", alternative="greater").pvalue)


def table(found: Sequence[Null]) -> str:
    """One row per detector."""
    rows = [
        [n.detector, str(n.worlds), str(n.judged), "–" if n.ks is None else f"{n.ks:.3f}", percent(n.loud)]
        for n in found
    ]
    headers = ("detector", "null worlds", "with a p-value", "Kolmogorov–Smirnov", f"any finding at q ≤ {RATE:g}")
    return markdown(headers, rows)
