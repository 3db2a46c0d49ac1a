"""How right an audit was, against a planted truth. Neutral likes (camouflage, pods) count neither for nor against."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.table import Table

from plaudit.errors import InputError
from plaudit.model import Bools, Floats, Ints, Status
from plaudit.testing.recovery import grouping, score_groups

_NEEDS = {
    "truth": ("event_id", "bought", "label", "neutral"),
    "likes": ("event_id", "target_id", "p_inauthentic", "status"),
    "targets": ("target_id", "authentic", "authentic_low", "authentic_high"),
}


def score(truth: pa.Table, likes: pa.Table, targets: pa.Table | None = None) -> dict[str, Any]:
    """Compare an audit's likes (and counts) with the truth, joined on ``event_id``.

    Args:
        truth: ``event_id, bought, label, neutral`` (one row per event; a simulated world's ``truth`` or your labels).
        likes: ``likes.parquet`` of an audit, or any table with ``event_id, target_id, p_inauthentic, status``.
        targets: ``targets.parquet`` of the audit; without it the counts are not scored.

    Returns:
        A dictionary ready for JSON. Shares lie in 0..1 and are ``None`` where nothing was there to count:

        - ``likes, bought, neutral``: sizes; ``unmatched``: likes whose event the truth does not know.
        - ``average_precision``: over all likes but neutral ones, ranked by ``p_inauthentic``; ties rank together.
        - ``precision``: share of discounted likes that were bought; ``recall``: share of bought likes discounted.
        - ``bought_by_label``, ``genuine_by_label``, ``neutral_by_label``: for each label ``likes``, ``discounted``,
          ``undetermined`` (shares) and ``caught``, the sum of both.
        - ``background_discounted``: share of all genuine likes that were discounted.
        - ``calibration_error`` (expected, ten equal bins of p) and ``calibration``: ``likes, p, bought`` per bin.
        - ``coverage``: ``targets, attacked`` (numbers), ``all, of_attacked`` (share of targets whose 90 % interval
          holds the true count; neutral likes may count either way), ``count_error`` and ``shown_error``
          (mean relative error of ``authentic`` and of the shown count over attacked targets).
        - ``groups``: what :func:`plaudit.testing.recovery.score_groups` says; ``None`` unless ``truth`` has ``group``
          and ``likes`` has ``group_id``.

    Raises:
        InputError: a table lacks a column, or no like matches the truth.
    """
    for name, table in (("truth", truth), ("likes", likes), ("targets", targets)):
        missing = [column for column in _NEEDS[name] if table is not None and column not in table.column_names]
        if missing:
            raise InputError(f"The table {name!r} to score lacks the column {missing[0]!r}.")
    row = pc.index_in(likes["event_id"].cast(pa.string()), truth["event_id"].cast(pa.string()).combine_chunks())
    known = np.asarray(pc.is_valid(row))
    if not known.any():
        raise InputError("No like of the audit occurs in the truth; score an audit of the very log the truth is about.")
    at = np.asarray(pc.fill_null(row, 0), np.int64)[known]
    bought = _flags(truth["bought"])[at]
    neutral = _flags(truth["neutral"])[at]
    label = np.asarray(truth["label"].cast(pa.string()).to_numpy(zero_copy_only=False), object)[at]
    p = np.asarray(likes["p_inauthentic"].to_numpy(), np.float64)[known]
    status = np.asarray(likes["status"].cast(pa.string()).to_numpy(zero_copy_only=False), object)[known]
    discounted, undetermined = status == Status.DISCOUNTED.value, status == Status.UNDETERMINED.value
    counted = ~neutral
    genuine = counted & ~bought

    def by_label(rows: Bools) -> dict[str, dict[str, float]]:
        return {
            str(name): {
                "likes": int((mine := rows & (label == name)).sum()),
                "discounted": float(discounted[mine].mean()),
                "undetermined": float(undetermined[mine].mean()),
                "caught": float((discounted | undetermined)[mine].mean()),
            }
            for name in sorted(set(label[rows].tolist()))
        }

    error, bins = _calibration(p[counted], bought[counted])
    return {
        "likes": int(known.sum()),
        "bought": int(bought.sum()),
        "neutral": int(neutral.sum()),
        "unmatched": int((~known).sum()),
        "average_precision": average_precision(bought[counted], p[counted]),
        "precision": _mean(bought[counted & discounted]),
        "recall": _mean(discounted[bought]),
        "bought_by_label": by_label(bought),
        "genuine_by_label": by_label(genuine),
        "neutral_by_label": by_label(neutral),
        "background_discounted": _mean(discounted[genuine]),
        "calibration_error": error,
        "calibration": bins,
        "coverage": None if targets is None else _coverage(likes.filter(pa.array(known)), targets, bought, neutral),
        "groups": score_groups(label, grouping(truth["group"], at), grouping(likes["group_id"], np.flatnonzero(known)))
        if "group" in truth.column_names and "group_id" in likes.column_names
        else None,
    }


def average_precision(positive: Bools, value: Floats) -> float | None:
    """Area under precision over recall, stepwise; equal ``value`` enters together. ``None`` without positives."""
    total = int(positive.sum())
    if not total:
        return None
    order = np.argsort(-value, kind="stable")
    hits = np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(value[order]) != 0, True))
    precision = hits[last] / (last + 1)
    return float((precision * np.diff(hits[last], prepend=0)).sum() / total)


def _flags(column: pa.ChunkedArray) -> Bools:
    return np.asarray(column.to_numpy(), np.bool_)


def _mean(values: NDArray[Any]) -> float | None:
    return float(values.mean()) if values.size else None


def _calibration(p: Floats, bought: Bools) -> tuple[float | None, list[dict[str, float]]]:
    if not p.size:
        return None, []
    bin_of: Ints = np.minimum((p * 10).astype(np.int64), 9)
    size = np.bincount(bin_of, minlength=10)
    mean_p = np.bincount(bin_of, weights=p, minlength=10) / np.maximum(size, 1)
    share = np.bincount(bin_of, weights=bought.astype(np.float64), minlength=10) / np.maximum(size, 1)
    error = float((size * np.abs(mean_p - share)).sum() / size.sum())
    rows = [
        {"likes": int(n), "p": float(a), "bought": float(s)} for n, a, s in zip(size, mean_p, share, strict=True) if n
    ]
    return error, rows


def _coverage(likes: pa.Table, targets: pa.Table, bought: Bools, neutral: Bools) -> dict[str, Any]:
    ids = targets["target_id"].cast(pa.string()).combine_chunks()
    row = np.asarray(pc.fill_null(pc.index_in(likes["target_id"].cast(pa.string()), ids), -1), np.int64)
    if (row < 0).any():
        raise InputError("The table 'targets' to score lacks targets that 'likes' names; take both from one audit.")

    def count(rows: Bools) -> Floats:
        return np.bincount(row[rows], minlength=len(ids)).astype(np.float64)

    shown, least, open_ = count(np.ones(row.size, np.bool_)), count(~bought & ~neutral), count(neutral)
    low, high, authentic = (
        np.asarray(targets[name].to_numpy(), np.float64) for name in ("authentic_low", "authentic_high", "authentic")
    )
    covered = (low <= least + open_ + 1e-9) & (high >= least - 1e-9)
    counted, attacked = shown > 0, count(bought) > 0

    def error(value: Floats) -> float | None:
        nearest = np.clip(value, least, least + open_)
        return _mean((np.abs(value - nearest) / np.maximum(nearest, 1.0))[attacked])

    return {
        "targets": int(counted.sum()),
        "attacked": int(attacked.sum()),
        "all": _mean(covered[counted]),
        "of_attacked": _mean(covered[attacked]),
        "count_error": error(authentic),
        "shown_error": error(shown),
    }


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f} %" if 0 < value < 0.0995 else f"{100 * value:.1f} %"


def format_score(scored: dict[str, Any]) -> RenderableType:
    """The result of :func:`score` as Rich tables: one line per label, then the marks that matter."""
    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    table.add_column("what was planted")
    for heading in ("likes", "discounted", "undetermined"):
        table.add_column(heading, justify="right")
    for title, key in (("bought", "bought_by_label"), ("genuine", "genuine_by_label"), ("neutral", "neutral_by_label")):
        for label, row in scored[key].items():
            name = f"{title}: {label.replace('_', ' ')}"
            table.add_row(name, f"{row['likes']:,}", _percent(row["discounted"]), _percent(row["undetermined"]))
    marks = Table(box=None, pad_edge=False, show_header=False)
    marks.add_column()
    marks.add_column(justify="right")
    ap = scored["average_precision"]
    marks.add_row("average precision over likes", "–" if ap is None else f"{ap:.3f}")
    marks.add_row("of the likes discounted, bought", _percent(scored["precision"]))
    marks.add_row("of the likes bought, discounted", _percent(scored["recall"]))
    marks.add_row("of the genuine likes, discounted", _percent(scored["background_discounted"]))
    coverage = scored["coverage"]
    if coverage is not None:
        marks.add_row("90 % interval holds the true count, all targets", _percent(coverage["all"]))
        marks.add_row("90 % interval holds the true count, attacked targets", _percent(coverage["of_attacked"]))
        marks.add_row("mean error of the shown count, attacked targets", _percent(coverage["shown_error"]))
        marks.add_row("mean error of the honest count, attacked targets", _percent(coverage["count_error"]))
    groups = scored["groups"]
    if groups is not None and groups["ami"] is not None:
        found = [row for row in groups["planted"] if row["recall"] >= 0.5]
        marks.add_row(
            "rings and pods of which one group holds at least half", f"{len(found)} of {len(groups['planted'])}"
        )
        marks.add_row("agreement of planted and found groups (adjusted mutual information)", f"{groups['ami']:.3f}")
    return Group(table, "", marks)
