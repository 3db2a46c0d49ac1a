"""Curves and group pictures as static SVG, drawn offline from the compiled charts of :mod:`plaudit.report.pictures`.

Nothing in a picture depends on the fonts of the machine (margins are fixed, labels are placed here), so the same
document gives the same bytes everywhere. Ids of the log never enter a picture: they are hostile text and stand in HTML.
Colours are CSS variables of the page, so one picture serves day, night and paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from plaudit.report.drawing import Frame, Kind
from plaudit.report.words import Words
from plaudit.result import Curve, GroupView

_DAY = 86_400_000
_HOUR = 3_600_000
_MINUTE = 60_000
_NIGHT_ENDS_MS = 7 * _HOUR
_MOST_NIGHTS = 100
"""More nights than this in one curve would be a hatch, not a band."""

_STEPS = tuple(
    [k * _MINUTE for k in (1, 2, 5, 10, 15, 30)]
    + [k * _HOUR for k in (1, 2, 3, 6, 12)]
    + [k * _DAY for k in (1, 2, 3, 7, 14, 30, 61, 91, 182, 365, 730, 1826, 3652)]
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_Dash = tuple[float, float, float]
"""Left end, right end and height of one like in a group's picture."""

WIDE = Frame(864, 220)
NARROW = Frame(292, 170)
SMALL = Frame(364, 104)


def curve_svg(curve: Curve, words: Words, frame: Frame) -> str:
    """The curve stacked by status (verified below, discounted on top), nights shaded; ``""`` for an empty curve."""
    bins = len(curve.verified)
    if bins == 0 or curve.bin_ms <= 0:
        return ""
    rows: list[dict[str, int]] = []
    for index in range(bins):
        low = curve.verified[index]
        middle = low + curve.undetermined[index]
        rows.append({"x": index, "a": low, "b": middle, "c": middle + curve.discounted[index], "o": 0})
    top = max(1, *(row["c"] for row in rows))
    rows.append({**rows[-1], "x": bins})  # a step needs its last right edge
    span = (curve.start_ms, curve.start_ms + bins * curve.bin_ms)
    nights = night_bands(*span, words.offset_minutes) if has_night(curve) else []
    bands = [{"x": (a - span[0]) / curve.bin_ms, "x2": (b - span[0]) / curve.bin_ms} for a, b in nights]
    shown = ticks(*span, max(2, frame.width // 62), words)
    steps = whole_steps(top, 4 if frame.height > 150 else 2)
    return Kind.named("curve").svg(
        frame,
        {"nights": bands, "bins": rows},
        {
            "end": bins,
            "top": top,
            "x_at": [(at - span[0]) / curve.bin_ms for at, _ in shown],
            "x_text": [text for _, text in shown],
            "y_at": steps,
            "y_text": [f"{step:,}" for step in steps],
        },
    )


def has_night(curve: Curve) -> bool:
    """Whether nights can be told apart in this curve."""
    span = len(curve.verified) * curve.bin_ms
    return 0 < curve.bin_ms <= 12 * _HOUR and span <= _MOST_NIGHTS * _DAY


def night_bands(start_ms: int, end_ms: int, offset_minutes: int) -> list[tuple[int, int]]:
    """The hours 00:00 to 07:00 of every local day that fall into the window, UTC milliseconds."""
    offset = offset_minutes * _MINUTE
    first = (start_ms + offset) // _DAY
    last = (end_ms + offset) // _DAY
    bands = []
    for day in range(first, last + 1):
        low = max(start_ms, day * _DAY - offset)
        high = min(end_ms, day * _DAY - offset + _NIGHT_ENDS_MS)
        if low < high:
            bands.append((low, high))
    return bands


def ticks(start_ms: int, end_ms: int, most: int, words: Words) -> list[tuple[int, str]]:
    """At most ``most`` round local times inside the window, with their labels."""
    span = max(1, end_ms - start_ms)
    step = next((s for s in _STEPS if span // s <= most - 1), -(-span // most))
    offset = words.offset_minutes * _MINUTE
    first = -(-(start_ms + offset) // step) * step
    return [(at - offset, _label(at - offset, step, words)) for at in range(first, end_ms + offset + 1, step)][:most]


def _label(at_ms: int, step: int, words: Words) -> str:
    year, month, day, hour, minute = (int(part) for part in words.clock(at_ms, "%Y %m %d %H %M").split())
    if step < _DAY and (hour or minute):
        return f"{hour:02d}:{minute:02d}"
    if step >= 182 * _DAY:
        return f"{year}-{month:02d}"
    return f"{month}月{day}日" if words.lang == "zh" else f"{day} {_MONTHS[month - 1]}"


def whole_steps(top: int, most: int) -> list[int]:
    """Round whole numbers from 0 to ``top``, at most ``most`` above zero."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if top // (step * factor) <= most:
                return list(range(0, top + 1, step * factor))
        step *= 10


def group_svg(group: GroupView, words: Words, wide: bool) -> str:
    """Who moved together: one row per member; left the moments of their likes, right the targets they went to.

    The two halves share rows, so a delivery shows as a vertical line on the left, and a shared list of targets as
    filled columns on the right. Targets stand in the order in which they were served and alternate in tone, left and
    right alike. ``""`` when the group carries no likes to draw.
    """
    members, targets = len(group.members), len(group.targets)
    edges = [e for e in group.edges if 0 <= e.member < members and 0 <= e.target < targets]
    if not edges:
        return ""
    width = 904 if wide else 336
    row = max(3.0, min(11.0, (260 if wide else 220) / members))
    height = max(24, round(row * members))
    cell = max(2.0, min(row * 1.4, 16.0, (0.36 if wide else 0.38) * width / targets))
    matrix_left = width - 8 - cell * targets
    first, last = min(e.at_ms for e in edges), max(e.at_ms for e in edges)
    room = max(30_000, (last - first) // 40)
    first, last = first - room, last + room
    time_right = matrix_left - (28 if wide else 14)
    scale = (time_right - 6) / (last - first)
    rows = _row_order(group)
    column = {target: place for place, target in enumerate(order_served(group))}

    likes: tuple[list[_Dash], list[_Dash]] = ([], [])
    for edge in edges:
        place = column[edge.target]
        y = (rows[edge.member] + 0.5) * row
        x = 6 + (edge.at_ms - first) * scale
        left = matrix_left + place * cell
        likes[place % 2].extend([(x - 1.2, x + 1.2, y), (left + 0.5, left + cell - 0.5, y)])
    marks = [(6 + (at - first) * scale, text) for at, text in ticks(first, last, max(2, int(time_right) // 58), words)]
    marks = [(x, text) for x, text in marks if x < time_right - 16]
    under = [(max(18.0, x), text) for x, text in marks]
    under += [(matrix_left + (place - 0.5) * cell, str(place)) for place in sorted({1, targets})]
    texts = [{"x": x, "y": height + 15, "t": text, "align": "center"} for x, text in under]
    texts.append({"x": 6, "y": -9, "t": words.ui("picture_when"), "align": "left"})
    texts.append({"x": width - 8, "y": -9, "t": words.ui("picture_what"), "align": "right"})
    return Kind.named("group").svg(
        Frame(width, height, left=0, right=0, top=22, bottom=24),
        {
            "box": [{"x": matrix_left, "x2": matrix_left + cell * targets, "y": 0, "y2": height}],
            "rules": [{"x": x, "y": 0, "y2": height} for x, _ in marks],
            "likes0": _path(likes[0]),
            "likes1": _path(likes[1]),
            "texts": texts,
        },
        {"thick": max(2.0, row - 1)},
    )


def order_served(group: GroupView) -> list[int]:
    """Indices of the group's targets by the middle of their likes' times: the column order of the picture."""
    times: dict[int, list[int]] = {target: [] for target in range(len(group.targets))}
    for edge in group.edges:
        if edge.target in times:
            times[edge.target].append(edge.at_ms)
    middle = {t: sorted(at)[len(at) // 2] if at else 1 << 62 for t, at in times.items()}
    return sorted(times, key=lambda target: (middle[target], target))


def _row_order(group: GroupView) -> dict[int, int]:
    """Row of each member. On one single target, arrival order: the rows then climb as the order was delivered."""
    if len(group.targets) > 1:
        return {member: member for member in range(len(group.members))}
    first: dict[int, int] = {}
    for edge in group.edges:
        first[edge.member] = min(edge.at_ms, first.get(edge.member, edge.at_ms))
    ranked = sorted(range(len(group.members)), key=lambda member: (-first.get(member, -1), member))
    return {member: place for place, member in enumerate(ranked)}


def _path(dashes: Iterable[_Dash]) -> list[dict[str, Any]]:
    left, right, y = np.round(np.array(list(dashes), dtype=np.float64).reshape(-1, 3).T, 1)
    lines = np.stack([np.stack([left, y], axis=-1), np.stack([right, y], axis=-1)], axis=1).tolist()
    return [{"type": "MultiLineString", "coordinates": lines}]
