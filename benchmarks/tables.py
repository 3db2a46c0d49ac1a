"""Tables of audited worlds: what was found, what was wrongly accused, whether p and intervals mean what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.common import markdown, percent, short, spread
from benchmarks.measure import Run, Share

BINS = 10
"""Equal bins of ``p_inauthentic`` of :func:`plaudit.testing.scoring.score`."""

WORLD_HEADERS = (
    "world", "events", "bought", "AP", "discounted, of bought", "discounted, of genuine", "undetermined, of genuine",
    "interval holds, all", "interval holds, attacked", "interval width, attacked", "shown off by", "authentic off by",
)  # fmt: skip


def world_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row per scenario and size: the mean over seeds and, in brackets, the worst of them where that is worse."""
    rows = []
    for scenario, events in dict.fromkeys((run.scenario, run.events) for run in runs):
        chosen = [run for run in runs if (run.scenario, run.events) == (scenario, events)]
        mine = [run.scored for run in chosen]
        covered = [scored["coverage"] for scored in mine]
        open_share = [pooled([scored], "genuine_by_label", "undetermined") for scored in mine]
        rows.append(
            [
                scenario,
                f"{events:,}",
                f"{np.mean([scored['bought'] for scored in mine]):,.0f}",
                spread([scored["average_precision"] for scored in mine], min, lambda v: f"{v:.3f}"),
                spread([scored["recall"] for scored in mine], min, percent),
                spread([scored["background_discounted"] for scored in mine], max, lambda v: percent(v, 2)),
                spread(open_share, max, lambda v: percent(v, 2)),
                spread([one["all"] for one in covered], min, percent),
                spread([one["of_attacked"] for one in covered], min, percent),
                spread([run.width_attacked for run in chosen], max, percent),
                spread([one["shown_error"] for one in covered], max, percent),
                spread([one["count_error"] for one in covered], max, percent),
            ]
        )
    return rows


def label_rows(runs: Sequence[Run], key: str) -> list[list[str]]:
    """One row per label of ``key`` (such as ``bought_by_label``), all scenarios and seeds of a size pooled.

    Genuine crowds also show the worst single world, because a mark holds on every seed.
    """
    sizes = sorted({run.events for run in runs})
    labels = sorted({label for run in runs for label in run.scored[key]})
    digits = 2 if key == "genuine_by_label" else 1
    rows = []
    for label in labels:
        cells = [label.replace("_", " ")]
        for events in sizes:
            mine = [run.scored for run in runs if run.events == events and label in run.scored[key]]
            cells.append(f"{sum(scored[key][label]['likes'] for scored in mine):,}")
            cells.append(percent(pooled(mine, key, "discounted", label), digits))
            if key == "genuine_by_label":
                cells.append(percent(max((s[key][label]["discounted"] for s in mine), default=None), digits))
            cells.append(percent(pooled(mine, key, "undetermined", label), digits))
        rows.append(cells)
    return rows


def label_headers(runs: Sequence[Run], what: str, key: str) -> list[str]:
    """Headers to :func:`label_rows`."""
    worst = ("worst world",) if key == "genuine_by_label" else ()
    words = ("likes", "discounted", *worst, "undetermined")
    return [what, *(f"{word}, {short(events)}" for events in sorted({r.events for r in runs}) for word in words)]


def pooled(scored: Sequence[dict[str, Any]], key: str, status: str, label: str = "") -> float | None:
    """Share of ``status`` among the likes of ``key`` (of one label, or of all), several worlds together."""
    rows = [row for one in scored for name, row in one[key].items() if label in ("", name)]
    likes = sum(row["likes"] for row in rows)
    return sum(row["likes"] * row[status] for row in rows) / likes if likes else None


def merged(shares: Sequence[Share | None]) -> Share | None:
    """Several shares as one, weighed by likes."""
    known = [share for share in shares if share is not None]
    likes = sum(share.likes for share in known)
    if not likes:
        return None
    parts = [sum(s.likes * getattr(s, name) for s in known) / likes for name in ("discounted", "undetermined")]
    return Share(likes, *parts)


def own_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row per kind of person whose own likes must stay counted."""
    kinds = {
        "own likes of crowd workers": [run.workers_own for run in runs],
        "own likes of pod members": [run.pods_own for run in runs],
        "own likes of authors hit by a joe-job": [run.rivals_own for run in runs],
    }
    rows = []
    for name, shares in kinds.items():
        whole = merged(shares)
        if whole is not None:
            worst = max(share.discounted for share in shares if share is not None)
            figures = (whole.discounted, worst, whole.undetermined)
            rows.append([name, f"{whole.likes:,}", *(percent(value, 2) for value in figures)])
    return rows


def calibration(runs: Sequence[Run]) -> tuple[list[tuple[int, float, float]], float | None]:
    """Bins of ``p_inauthentic`` over several worlds (likes, mean p, share bought), and expected calibration error."""
    likes, p, bought = np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)
    for run in runs:
        for row in run.scored["calibration"]:
            at = min(int(row["p"] * BINS), BINS - 1)
            likes[at] += row["likes"]
            p[at] += row["likes"] * row["p"]
            bought[at] += row["likes"] * row["bought"]
    found = [(int(n), float(a / n), float(b / n)) for n, a, b in zip(likes, p, bought, strict=True) if n]
    whole = float(likes.sum())
    return found, sum(n * abs(a - b) for n, a, b in found) / whole if whole else None


def calibration_table(runs: Sequence[Run]) -> str:
    """The bins of :func:`calibration`."""
    bins, _ = calibration(runs)
    rows = [[f"{p:.3f}", f"{n:,}", percent(share), f"{100 * (share - p):+.1f}"] for n, p, share in bins]
    return markdown(("mean p_inauthentic", "likes", "bought", "off by, points"), rows, left=0)


def coverage_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row per attack: its targets, and how many intervals hold the true count (mean, worst world)."""
    rows = []
    for label in sorted({label for run in runs for label in run.covered}):
        mine = [run.covered[label] for run in runs if label in run.covered]
        targets = sum(n for n, _ in mine)
        share = sum(n * held for n, held in mine) / targets
        rows.append([label.replace("_", " "), f"{targets:,}", percent(share), percent(min(held for _, held in mine))])
    return rows


def group_rows(runs: Sequence[Run]) -> list[list[str]]:
    """One row per label of planted groups: how many, and how whole they were found in their best match."""
    planted = [row for run in runs for row in run.scored["groups"]["planted"]]
    rows = []
    for label in sorted({row["label"] for row in planted}):
        mine = [row for row in planted if row["label"] == label]
        whole, pure = ([row[name] for row in mine] for name in ("recall", "precision"))
        half = sum(value >= 0.5 for value in whole) / len(mine)
        cells = (percent(float(np.mean(whole))), percent(min(whole)), percent(float(np.mean(pure))), percent(half))
        rows.append([label.replace("_", " "), f"{len(mine):,}", *cells])
    return rows


GROUP_HEADERS = (
    "groups planted", "number", "in one found group, mean", "worst", "of that group, mean", "found by half or more",
)  # fmt: skip


def group_recall(run: Run, label: str) -> float | None:
    """Mean share of the likes of the planted groups of ``label`` that stand in one found group."""
    whole = [row["recall"] for row in run.scored["groups"]["planted"] if row["label"] == label]
    return float(np.mean(whole)) if whole else None


def order_rows(orders: Sequence[Run]) -> list[list[str]]:
    """Small worlds with one order each: one row per kind and size of order, all seeds pooled."""
    rows = []
    for name, size in dict.fromkeys((run.scenario, int(run.overrides["order_size"])) for run in orders):
        mine = [run for run in orders if run.scenario == name and run.overrides["order_size"] == size]
        scored = [run.scored for run in mine]
        covered = [run.scored["coverage"]["of_attacked"] for run in mine]
        rows.append(
            [
                name.removeprefix("one_").replace("_", " "),
                str(size),
                str(len(mine)),
                percent(precision(mine)),
                percent(pooled(scored, "bought_by_label", "discounted")),
                percent(pooled(scored, "bought_by_label", "undetermined")),
                percent(pooled(scored, "genuine_by_label", "discounted"), 2),
                spread(covered, lambda v: float(np.mean(v)), percent),
            ]
        )
    return rows


ORDER_HEADERS = (
    "one order of", "likes", "worlds", "precision", "discounted, of bought", "undetermined, of bought",
    "discounted, of genuine", "interval holds, target",
)  # fmt: skip


def precision(runs: Sequence[Run]) -> float | None:
    """Of the likes discounted in these worlds (neutral ones left out), the share that was bought."""
    right = sum(pool["likes"] * pool["discounted"] for run in runs for pool in run.scored["bought_by_label"].values())
    wrong = sum(pool["likes"] * pool["discounted"] for run in runs for pool in run.scored["genuine_by_label"].values())
    return right / (right + wrong) if right + wrong > 0 else None
