"""Pictures of comment exports: a counter as it was read, with nights and the suspect window, and likes against due.

As in :mod:`plaudit.report.charts`: compiled once per kind, no text of the export in a picture, colours of the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from plaudit.report import figures
from plaudit.report.charts import night_bands, ticks, whole_steps
from plaudit.report.drawing import Frame, Kind
from plaudit.report.words import Words
from plaudit.result import CurvePoints, GapPoint

_HOUR = 3_600_000
_DAY = 24 * _HOUR
_MOST_NIGHTS = 45

WIDE = Frame(820, 190)
NARROW = Frame(292, 170)
SQUARE = Frame(420, 300, left=52, bottom=40)
SQUARE_NARROW = Frame(280, 240, left=44, bottom=40)


@dataclass(frozen=True)
class Pane:
    """The stretch of a curve that is drawn: around its suspect window, or all of it.

    Attributes:
        start_ms, end_ms: the stretch; ``at_ms``, ``likes``, ``reads`` the readings in it, ends included.
        whole: whether it is the whole curve.
    """

    start_ms: int
    end_ms: int
    at_ms: Sequence[int]
    likes: Sequence[float]
    reads: Sequence[float]
    whole: bool

    @property
    def nights(self) -> bool:
        """Whether nights can be told apart."""
        return _HOUR * 6 <= self.end_ms - self.start_ms <= _MOST_NIGHTS * _DAY


def pane_of(curve: CurvePoints, start_ms: int | None, end_ms: int | None) -> Pane | None:
    """What to draw of a curve: a window and two days (or four times its length) around it; None for a single moment."""
    first, last = curve.at_ms[0], curve.at_ms[-1]
    if last <= first:
        return None
    low, high = first, last
    if start_ms is not None and end_ms is not None:
        room = max(2 * _DAY, 4 * (end_ms - start_ms))
        low, high = max(first, start_ms - room), min(last, end_ms + room)
        # Cutting away less than half of the curve hides more than it shows.
        if high - low > 0.5 * (last - first) or high <= low:
            low, high = first, last
    inside = [at for at in curve.at_ms if low < at < high]
    moments = [low, *inside, high]
    reads = curve.reads
    known = all(one is not None for one in reads) and bool(reads) and (reads[-1] or 0) > 0
    told = [float(one or 0) for one in reads] if known else []
    return Pane(
        low,
        high,
        moments,
        [_between(curve.at_ms, [float(n) for n in curve.likes], at) for at in moments],
        [_between(curve.at_ms, told, at) for at in moments] if known else [],
        (low, high) == (first, last),
    )


def counter_svg(pane: Pane, window: tuple[int, int] | None, words: Words, frame: Frame) -> str:
    """The counter of ``pane`` with nights and the suspect window shaded; reads scaled to its height where known."""
    span = max(1, pane.end_ms - pane.start_ms)

    def place(at: float) -> float:
        return 1000.0 * (at - pane.start_ms) / span

    peak = max(1.0, *pane.likes)
    bands = night_bands(pane.start_ms, pane.end_ms, words.offset_minutes) if pane.nights else []
    shaded = []
    if window is not None:
        low, high = place(window[0]), place(window[1])
        wide = max(high - low, 4.0)  # a window of minutes in days must still be seen
        shaded = [{"x": max(0.0, (low + high - wide) / 2), "x2": min(1000.0, (low + high + wide) / 2)}]
    most = max(pane.reads, default=0.0)
    drawn = [{"x": place(at), "y": n} for at, n in zip(pane.at_ms, pane.likes, strict=True)]
    shown = ticks(pane.start_ms, pane.end_ms, max(2, frame.width // 62), words)
    steps = whole_steps(int(peak), 4)
    return Kind.named("counter").svg(
        frame,
        {
            "nights": [{"x": place(a), "x2": place(b)} for a, b in bands],
            "window": shaded,
            "reads": [{"x": place(at), "y": n * peak / most} for at, n in zip(pane.at_ms, pane.reads, strict=True)]
            if most
            else [],
            "likes": drawn,
            "points": drawn[1:-1] if len(drawn) <= frame.width // 4 else [],
        },
        {
            "end": 1000,
            "top": 1.04 * peak,  # a line along the edge would be half a line
            "x_at": [place(at) for at, _ in shown],
            "x_text": [text for _, text in shown],
            "y_at": steps,
            "y_text": [f"{step:,}" for step in steps],
        },
    )


def gap_svg(points: Sequence[GapPoint], frame: Frame) -> str:
    """Likes shown (upwards) against likes explained (to the right), by decades; the dashed line is "as explained"."""
    values = [math.log10(max(value, 1.0)) for point in points for value in (point.observed, point.expected)]
    low, high = 0.0, max(1.0, max(values, default=1.0) * 1.05)
    marks = [k for k in range(0, math.ceil(high) + 1) if k <= high]

    def rows(marked: bool) -> list[dict[str, float]]:
        return [
            {"x": math.log10(max(p.expected, 1.0)), "y": math.log10(max(p.observed, 1.0))}
            for p in points
            if p.marked is marked
        ]

    labels = [figures.count(10.0**k) for k in marks]
    return Kind.named("scatter").svg(
        frame,
        {"even": [{"x": low, "y": low}, {"x": high, "y": high}], "plain": rows(False), "marked": rows(True)},
        {"low": low, "high": high, "x_at": marks, "x_text": labels, "y_at": marks, "y_text": labels},
    )


def _between(at_ms: Sequence[int], values: Sequence[float], at: int) -> float:
    """The value at a moment, on the straight line between the readings around it."""
    after = next((k for k, moment in enumerate(at_ms) if moment >= at), len(at_ms) - 1)
    if after == 0 or at_ms[after] <= at:
        return values[after]
    part = (at - at_ms[after - 1]) / (at_ms[after] - at_ms[after - 1])
    return values[after - 1] + part * (values[after] - values[after - 1])
