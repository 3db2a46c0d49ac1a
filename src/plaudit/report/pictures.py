"""What the report's pictures look like: Altair charts, compiled to Vega once, when Plaudit is made.

Drawing needs the compiled pictures only (``compiled/*.json``): loading Altair and compiling would take longer than an
audit of a small log. ``python -m plaudit.report.pictures`` compiles them again after a change here; a test fails where
that was forgotten. A chart names its tables (``alt.NamedData``) and its parameters (``alt.param``) and leaves both
empty; Vega keeps their names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from plaudit.report.drawing import FONT, PICTURES, Frame, Kind

Chart = alt.LayerChart | alt.FacetChart


def compiled(chart: Chart) -> Kind:
    """Compile a chart; the page's look is added here, the frame when it is drawn."""
    # The charts are ours and tested: checking them against the grammar's schema once more only takes time.
    grammar = _dressed(chart).to_dict(validate=False)
    vega = vl_convert.vegalite_to_vega(grammar, vl_version=_vega_lite())
    return Kind(vega, tuple(sorted(parameter["name"] for parameter in grammar["params"])))


def _curve() -> Chart:
    """Tables ``nights`` (x, x2) and ``bins`` (x, and o, a, b, c, the edges of the stack); x counts bins."""
    end = alt.param(name="end", value=1)
    top = alt.param(name="top", value=1)
    texts = [alt.param(name=name, value=[]) for name in ("x_at", "x_text", "y_at", "y_text")]
    x = alt.X(
        "x:Q", title=None, scale=_scale(0, end), axis=_axis("x", extent=20, grid=False, tickSize=4, labelPadding=4)
    )
    y_axis = _axis("y", extent=Frame.left - 8, grid=True, domain=False, ticks=False)
    nights = (
        alt.Chart(alt.NamedData("nights"))
        .mark_rect(color="var(--night)")
        .encode(x=x, x2="x2:Q", y=alt.value(0), y2=alt.value(alt.expr("height")))
    )
    areas = [
        alt.Chart(alt.NamedData("bins"))
        .mark_area(interpolate="step-after", color=f"var(--{colour})")
        .encode(x=x, y=alt.Y(f"{high}:Q", title=None, scale=_scale(0, top), axis=y_axis), y2=f"{low}:Q")
        for low, high, colour in (("o", "a", "verified"), ("a", "b", "undetermined"), ("b", "c", "discounted"))
    ]
    return alt.layer(nights, *areas).add_params(end, top, *texts)


def _group() -> Chart:
    """Tables ``box`` (x, x2, y, y2), ``rules`` (x, y, y2), ``texts`` (x, y, t, align); by tone ``likes0``, ``likes1``.

    All in pixels; the likes of one tone are one geometry.
    """
    thick = alt.param(name="thick", value=1)
    x = alt.X("x:Q", title=None, scale=_scale(0, alt.expr("width"), zero=False), axis=None)
    y = alt.Y("y:Q", title=None, scale=_scale(alt.expr("height"), 0, zero=False), axis=None)

    def layer(table: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(table)).encode(x=x, y=y)

    # One broken path instead of a mark per like: a tenth of the weight of the page, and drawn in half the time.
    likes = [
        alt.Chart(alt.NamedData(f"likes{tone}"))
        .mark_geoshape(filled=False, clip=False, stroke=f"var(--group{tone})", strokeWidth=thick, strokeCap="butt")
        .project(type="identity", scale=1, translate=[0, 0])
        for tone in (0, 1)
    ]
    box = layer("box").mark_rect(color="var(--night)").encode(x2="x2:Q", y2="y2:Q")
    rules = layer("rules").mark_rule(color="var(--line)", strokeWidth=1).encode(y2="y2:Q")
    texts = (
        layer("texts")
        .mark_text(align=alt.expr("datum.align"), baseline="middle", fontSize=11, font=FONT, color="var(--soft)")
        .encode(text="t:N")
    )
    return alt.layer(box, rules, *likes, texts).add_params(thick)


def _counter() -> Chart:
    """Tables ``nights`` and ``window`` (x, x2), ``likes`` and ``reads`` (x, y, order of reading)."""
    end, top = alt.param(name="end", value=1), alt.param(name="top", value=1)
    texts = [alt.param(name=name, value=[]) for name in ("x_at", "x_text", "y_at", "y_text")]
    x = alt.X(
        "x:Q", title=None, scale=_scale(0, end), axis=_axis("x", extent=20, grid=False, tickSize=4, labelPadding=4)
    )
    y_axis = _axis("y", extent=Frame.left - 8, grid=True, domain=False, ticks=False)
    y = alt.Y("y:Q", title=None, scale=_scale(0, top), axis=y_axis)

    def band(table: str, colour: str) -> Any:
        chart = alt.Chart(alt.NamedData(table)).mark_rect(color=f"var(--{colour})")
        return chart.encode(x=x, x2="x2:Q", y=alt.value(0), y2=alt.value(alt.expr("height")))

    reads = (
        alt.Chart(alt.NamedData("reads"))
        .mark_line(color="var(--soft)", strokeWidth=1.2, strokeDash=[4, 3], interpolate="linear")
        .encode(x=x, y=y, order="x:Q")
    )
    likes = alt.Chart(alt.NamedData("likes")).encode(x=x, y=y, order="x:Q")
    line = likes.mark_line(color="var(--accent)", strokeWidth=2, interpolate="linear")
    points = alt.Chart(alt.NamedData("points")).mark_circle(color="var(--accent)", size=14, opacity=1).encode(x=x, y=y)
    layers = [band("nights", "night"), band("window", "window"), reads, line, points]
    return alt.layer(*layers).add_params(end, top, *texts)


def _scatter() -> Chart:
    """Tables ``even`` (the diagonal), ``plain`` and ``marked`` (x, y in decades); ``names`` (x, y, t, turned)."""
    low, high = alt.param(name="low", value=0), alt.param(name="high", value=1)
    texts = [alt.param(name=name, value=[]) for name in ("x_at", "x_text", "y_at", "y_text")]
    x = alt.X("x:Q", title=None, scale=_scale(low, high, zero=False), axis=_axis("x", extent=20, labelPadding=4))
    y = alt.Y("y:Q", title=None, scale=_scale(low, high, zero=False), axis=_axis("y", extent=36, ticks=False))
    even = alt.Chart(alt.NamedData("even")).mark_line(color="var(--soft)", strokeDash=[5, 4], strokeWidth=1)

    def dots(table: str, colour: str, size: int, shape: str) -> Any:
        mark = alt.Chart(alt.NamedData(table)).mark_point(
            filled=True, color=f"var(--{colour})", size=size, shape=shape, opacity=0.85, strokeWidth=0
        )
        return mark.encode(x=x, y=y)

    layers = [even.encode(x=x, y=y), dots("plain", "verified", 26, "circle"), dots("marked", "group0", 70, "diamond")]
    return alt.layer(*layers).add_params(low, high, *texts)


def _scale(first: Any, last: Any, zero: bool = True) -> alt.Scale:
    """A scale between two values or parameters, exactly."""
    return alt.Scale(domain=[first, last], nice=False, zero=zero)


def _axis(name: str, extent: int, **style: Any) -> alt.Axis:
    """An axis with the texts of parameter ``<name>_text`` at the values of parameter ``<name>_at``."""
    label = f"{name}_text[indexof({name}_at, datum.value)]"
    return alt.Axis(values=alt.expr(f"{name}_at"), labelExpr=label, minExtent=extent, maxExtent=extent, **style)


def _dressed(chart: Chart) -> Any:
    return chart.properties(autosize=alt.AutoSizeParams(type="none")).configure(
        background="transparent",
        font=FONT,
        aria=False,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--soft)",
            labelFont=FONT,
            labelFontSize=11,
            labelLimit=0,
            labelOverlap=False,
            labelFlush=False,
            tickColor="var(--line)",
            domainColor="var(--line)",
            gridColor="var(--line)",
        ),
    )


def _vega_lite() -> str:
    """The grammar Altair speaks, as the converter names it: ``v6.1.0`` is ``6.1``."""
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


CHARTS: Mapping[str, Callable[[], Chart]] = {
    "counter": _counter,
    "curve": _curve,
    "group": _group,
    "scatter": _scatter,
}
"""Every picture of the report, by the name :meth:`plaudit.report.drawing.Kind.named` knows it by."""


def written(kind: Kind) -> str:
    """A compiled picture as its file holds it."""
    content = {"parameters": list(kind.parameters), "vega": kind.vega}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Compile every chart into its file."""
    for name, chart in CHARTS.items():
        Path(str(PICTURES / f"{name}.json")).write_text(written(compiled(chart())), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
