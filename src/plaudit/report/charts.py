"""Curves and group pictures as static SVG, drawn offline from Altair specs.

Nothing in a picture depends on the fonts of the machine (margins are fixed, labels are placed here), so the same
document gives the same bytes everywhere. Ids of the log never enter a picture: they are hostile text and stand in HTML.
Colours are CSS variables of the page, so one picture serves day, night and paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

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
_Data = dict[str, list[dict[str, Any]]]
"""Rows by name. A picture's spec only names them: Altair copies and checks whatever stands inside a spec many times."""

_FONT = "system-ui, sans-serif"


@dataclass(frozen=True)
class Frame:
    """Size of a picture's plot and the room around it, in pixels."""

    width: int
    height: int
    left: int = 44
    right: int = 12
    top: int = 10
    bottom: int = 24

    @property
    def plot_span(self) -> tuple[float, float]:
        """Where the plot begins and ends, as shares of the picture's whole width."""
        whole = self.width + self.left + self.right
        return self.left / whole, (self.left + self.width) / whole


WIDE = Frame(864, 220)
NARROW = Frame(292, 170)
SMALL = Frame(364, 104)


def curve_svg(curve: Curve, words: Words, frame: Frame) -> str:
    """The curve stacked by status (verified below, discounted on top), nights shaded; ``""`` for an empty curve."""
    bins = len(curve.verified)
    if bins == 0 or curve.bin_ms <= 0:
        return ""
    rows: list[dict[str, Any]] = []
    top = 1
    for index in range(bins):
        low = curve.verified[index]
        middle = low + curve.undetermined[index]
        high = middle + curve.discounted[index]
        top = max(top, high)
        rows.append({"x": index, "a": low, "b": middle, "c": high, "o": 0})
    rows.append({**rows[-1], "x": bins})  # a step needs its last right edge
    span = (curve.start_ms, curve.start_ms + bins * curve.bin_ms)
    shown = ticks(*span, max(2, frame.width // 62), words)
    labels = {(at - span[0]) / curve.bin_ms: text for at, text in shown}
    x = alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(domain=[0, bins], nice=False),
        axis=_axis(labels),
    )
    y_scale = alt.Scale(domain=[0, top], nice=False)
    y_values = whole_steps(top, 4 if frame.height > 150 else 2)
    y_axis = alt.Axis(
        values=y_values,
        labelExpr=_lookup({float(v): f"{v:,}" for v in y_values}),
        grid=True,
        domain=False,
        ticks=False,
        minExtent=frame.left - 8,
        maxExtent=frame.left - 8,
    )
    data: _Data = {}
    layers: list[Any] = []
    nights = night_bands(*span, words.offset_minutes) if has_night(curve) else []
    if nights:
        bands = [{"x": (a - span[0]) / curve.bin_ms, "x2": (b - span[0]) / curve.bin_ms} for a, b in nights]
        layers.append(
            alt.Chart(_named(data, bands))
            .mark_rect(color="var(--night)")
            .encode(x=x, x2="x2:Q", y=alt.value(0), y2=alt.value(frame.height))
        )
    source = _named(data, rows)
    for low_name, high_name, colour in (("o", "a", "verified"), ("a", "b", "undetermined"), ("b", "c", "discounted")):
        layers.append(
            alt.Chart(source)
            .mark_area(interpolate="step-after", color=f"var(--{colour})")
            .encode(x=x, y=alt.Y(f"{high_name}:Q", title=None, scale=y_scale, axis=y_axis), y2=f"{low_name}:Q")
        )
    return _svg(alt.layer(*layers), frame, data)


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
    frame = Frame(width, height, left=0, right=0, top=22, bottom=24)
    first, last = min(e.at_ms for e in edges), max(e.at_ms for e in edges)
    room = max(30_000, (last - first) // 40)
    first, last = first - room, last + room
    time_right = matrix_left - (28 if wide else 14)
    scale = (time_right - 6) / (last - first)
    rows = _row_order(group)
    column = {target: place for place, target in enumerate(order_served(group))}

    data: _Data = {}
    layers: list[Any] = []
    for tone in (0, 1):
        likes: list[tuple[float, float, float]] = []
        for edge in edges:
            place = column[edge.target]
            if place % 2 != tone:
                continue
            y = (rows[edge.member] + 0.5) * row
            x = 6 + (edge.at_ms - first) * scale
            likes.append((x - 1.2, x + 1.2, y))
            left = matrix_left + place * cell
            likes.append((left + 0.5, left + cell - 0.5, y))
        if likes:
            layers.append(_dashes(data, likes, f"var(--group{tone})", max(2.0, row - 1), width, height))
    marks = ticks(first, last, max(2, int(time_right) // 58), words)
    rules = [(6 + (at - first) * scale, text) for at, text in marks]
    kept = [(x, text) for x, text in rules if x < time_right - 16]
    lines = _named(data, [{"x": x, "y": 0, "y2": height} for x, _ in kept])
    grid = alt.Chart(lines).mark_rule(color="var(--line)", strokeWidth=1)
    layers.insert(0, grid.encode(x=_pixel("x", width), y=_pixel("y", height, True), y2="y2:Q"))
    box = _named(data, [{"x": matrix_left, "x2": matrix_left + cell * targets, "y": 0, "y2": height}])
    layers.insert(
        0,
        alt.Chart(box)
        .mark_rect(color="var(--night)")
        .encode(x=_pixel("x", width), x2="x2:Q", y=_pixel("y", height, True), y2="y2:Q"),
    )
    under = [{"x": max(18.0, x), "y": height + 15, "t": text} for x, text in kept]
    layers.append(_texts(data, under, "center", width, height))
    layers.append(_texts(data, [{"x": 6, "y": -9, "t": words.ui("picture_when")}], "left", width, height))
    layers.append(_texts(data, [{"x": width - 8, "y": -9, "t": words.ui("picture_what")}], "right", width, height))
    ends = [{"x": matrix_left + cell / 2, "y": height + 15, "t": "1"}]
    if targets > 1:
        ends.append({"x": matrix_left + cell * (targets - 0.5), "y": height + 15, "t": str(targets)})
    layers.append(_texts(data, ends, "center", width, height))
    return _svg(alt.layer(*layers), frame, data)


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


def _dashes(
    data: _Data, likes: Sequence[tuple[float, float, float]], colour: str, thick: float, width: int, height: int
) -> Any:
    # One broken path instead of a mark per like: a tenth of the weight of the page.
    rows: list[dict[str, Any]] = []
    for left, right, y in likes:
        at = len(rows)
        rows.append({"x": round(left, 1), "y": round(y, 1), "i": at})
        rows.append({"x": round(right, 1), "y": round(y, 1), "i": at + 1})
        rows.append({"x": None, "y": None, "i": at + 2})
    return (
        alt.Chart(_named(data, rows))
        .mark_line(color=colour, strokeWidth=thick, strokeCap="butt", invalid="break-paths-show-path-domains")
        .encode(x=_pixel("x", width), y=_pixel("y", height, True), order="i:Q")
    )


def _texts(data: _Data, rows: list[dict[str, Any]], align: Any, width: int, height: int) -> Any:
    return (
        alt.Chart(_named(data, rows))
        .mark_text(align=align, baseline="middle", fontSize=11, font=_FONT, color="var(--soft)")
        .encode(x=_pixel("x", width), y=_pixel("y", height, True), text="t:N")
    )


def _pixel(name: str, length: int, down: bool = False) -> Any:
    scale = alt.Scale(domain=[length, 0] if down else [0, length], nice=False, zero=False)
    channel = alt.Y if down else alt.X
    return channel(f"{name}:Q", title=None, scale=scale, axis=None)


def _axis(labels: dict[float, str]) -> Any:
    return alt.Axis(
        values=list(labels),
        labelExpr=_lookup(labels),
        grid=False,
        domain=True,
        tickSize=4,
        labelPadding=4,
        minExtent=20,
        maxExtent=20,
    )


def _lookup(labels: dict[float, str]) -> str:
    """A Vega expression that labels the tick at each value; the texts are ours, never the log's."""
    chain = "''"
    for value, text in reversed(labels.items()):
        chain = f"abs(datum.value - {value!r}) < 1e-6 ? '{text}' : {chain}"
    return chain


def _named(data: _Data, rows: list[dict[str, Any]]) -> Any:
    name = f"rows{len(data)}"
    data[name] = rows
    return alt.NamedData(name=name)


def _vega_lite() -> str:
    """The grammar Altair speaks, as the converter names it: ``v6.1.0`` is ``6.1``."""
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def _svg(chart: Any, frame: Frame, data: _Data) -> str:
    chart = chart.properties(
        width=frame.width,
        height=frame.height,
        padding={"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
        autosize=alt.AutoSizeParams(type="none"),
    ).configure(
        background="transparent",
        font=_FONT,
        aria=False,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--soft)",
            labelFont=_FONT,
            labelFontSize=11,
            labelLimit=0,
            labelOverlap=False,
            labelFlush=False,
            tickColor="var(--line)",
            domainColor="var(--line)",
            gridColor="var(--line)",
        ),
    )
    svg: str = vl_convert.vegalite_to_svg({**chart.to_dict(validate=False), "datasets": data}, vl_version=_vega_lite())
    return svg[svg.index("<svg") :]
