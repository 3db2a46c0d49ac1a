"""The sweeps as small multiples, written as SVG: one panel per knob, four lines each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import escape

from benchmarks.sweep_points import Point

COLUMNS, WIDTH, HEIGHT = 3, 230, 110
"""Panels beside each other; size of one plot in pixels."""
_LEFT, _GAP, _TOP, _BELOW, _LEGEND = 46, 62, 26, 44, 50
_EDGE = 26
"""Pixels between the plot's sides and its first and last value."""

LINES: Mapping[str, tuple[str, str, str]] = {
    "bought: discounted": ("discounted", "#a4262c", ""),
    "bought: discounted or undetermined": ("caught", "#d98a1f", "7 3"),
    "genuine: discounted": ("genuine", "#2b6cb0", ""),
    "90 % interval holds, attacked": ("attacked", "#6b6b6b", "2 3"),
}
"""What each line shows: field of a point, colour, dashes (lines often lie on top of each other)."""


def draw(points: Sequence[Point]) -> str:
    """The picture as SVG on a white ground; the same points give the same bytes."""
    names = list(dict.fromkeys(p.sweep.name for p in points))
    columns = max(1, min(COLUMNS, len(names)))
    wide = max(_LEFT + columns * (WIDTH + _GAP) - _GAP + 16, 560)
    high = _LEGEND + -(-len(names) // columns) * (_TOP + HEIGHT + _BELOW)
    panels = []
    for k, name in enumerate(names):
        x, y = _LEFT + k % columns * (WIDTH + _GAP), _LEGEND + _TOP + k // columns * (_TOP + HEIGHT + _BELOW)
        inside = _panel(name, [p for p in points if p.sweep.name == name])
        panels.append(f'<g transform="translate({x},{y})">{inside}</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'font-family="sans-serif" font-size="10" fill="#333">\n<rect width="{wide}" height="{high}" fill="#fff"/>\n'
        + "\n".join([_legend(), *panels])
        + "\n</svg>\n"
    )


def _legend() -> str:
    """Two by two, above all panels."""
    marks = []
    for k, (label, (_, colour, dash)) in enumerate(LINES.items()):
        x, y = _LEFT + k % 2 * 240, 16 + k // 2 * 18
        marks.append(_stroke([(x, y), (x + 26, y)], colour, dash) + _text(x + 32, y + 4, label, "start", 12))
    return "".join(marks)


def _panel(name: str, points: Sequence[Point]) -> str:
    """Title, scale, values and lines of one sweep; the origin is the plot's upper left corner."""
    marks = [_text(0, -8, name, "start", 11)]
    for share in (0, 50, 100):
        y = _height(share / 100)
        marks.append(_stroke([(0, y), (WIDTH, y)], "#ddd", "", 1) + _text(-5, y + 3, f"{share} %", "end"))
    step = (WIDTH - 2 * _EDGE) / max(len(points) - 1, 1)
    across = [_EDGE + k * step if len(points) > 1 else WIDTH / 2 for k in range(len(points))]
    marks += [_text(x, HEIGHT + 13, f"{p.value:,g}", "middle") for x, p in zip(across, points, strict=True)]
    marks.append(_text(WIDTH / 2, HEIGHT + 27, points[0].sweep.unit, "middle"))
    for field, colour, dash in LINES.values():
        shares = [getattr(p, field) for p in points]
        spots = [(x, _height(share)) for x, share in zip(across, shares, strict=True) if share is not None]
        marks.append(_stroke(spots, colour, dash))
        marks += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in spots]
    return "".join(marks)


def _height(share: float) -> float:
    return HEIGHT * (1 - share)


def _stroke(spots: Sequence[tuple[float, float]], colour: str, dash: str, thick: float = 1.8) -> str:
    if len(spots) < 2:
        return ""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{thick:g}"{dashes}/>'


def _text(x: float, y: float, text: str, anchor: str, size: int = 10) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>' if text else ""
    )
