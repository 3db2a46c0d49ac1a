"""Kinds of pictures: built with Altair and compiled once, then drawn as often as wanted with other figures.

A kind names its tables (``alt.NamedData``) and its parameters (``alt.param``) and leaves both empty. Vega-Lite compiles
to Vega, where tables and parameters keep their names, so that drawing one picture is filling them in. Building,
compiling and checking a chart again for every picture took three times as long as drawing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

FONT = "system-ui, sans-serif"
Rows = Sequence[Mapping[str, Any]]


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


@dataclass(frozen=True)
class Kind:
    """A compiled picture that lacks its figures.

    Attributes:
        vega: the Vega specification; never changed.
        tables, parameters: names of what :meth:`svg` must be given.
    """

    vega: Mapping[str, Any]
    tables: frozenset[str]
    parameters: frozenset[str]

    @classmethod
    def of(cls, chart: alt.LayerChart | alt.FacetChart) -> Kind:
        """Compile a chart; the page's look is added here, the frame when it is drawn."""
        # The charts are ours and tested: checking them against the grammar's schema once more only takes time.
        grammar = _dressed(chart).to_dict(validate=False)
        vega = vl_convert.vegalite_to_vega(grammar, vl_version=_vega_lite())
        tables = frozenset(table["name"] for table in vega["data"] if "source" not in table)
        return cls(vega, tables, frozenset(parameter["name"] for parameter in grammar["params"]))

    def svg(self, frame: Frame, tables: Mapping[str, Rows], parameters: Mapping[str, Any]) -> str:
        """Draw the picture with these figures.

        Raises:
            ValueError: a table or a parameter is missing, or the kind has none of this name.
        """
        if self.tables != tables.keys() or self.parameters != parameters.keys():
            raise ValueError(f"This picture takes {sorted(self.tables)} and {sorted(self.parameters)}.")
        filled = {
            **self.vega,
            "width": frame.width,
            "height": frame.height,
            "padding": {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
            "data": _fill(self.vega["data"], "values", tables),
            "signals": _fill(self.vega["signals"], "value", parameters),
        }
        svg: str = vl_convert.vega_to_svg(filled)
        return svg[svg.index("<svg") :]


def _fill(parts: Sequence[Mapping[str, Any]], field: str, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{**part, field: given[part["name"]]} if part["name"] in given else part for part in parts]


def _dressed(chart: alt.LayerChart | alt.FacetChart) -> Any:
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
