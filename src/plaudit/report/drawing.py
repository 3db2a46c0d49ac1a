"""Pictures without their figures: compiled charts that are drawn as often as wanted with other figures.

A kind names its tables and its parameters and leaves both empty, so that drawing one picture is filling them in.
Building, compiling and checking a chart again for every picture took three times as long as drawing it. What they look
like stands in :mod:`plaudit.report.pictures`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from plaudit.report.pen import svg_of

FONT = "system-ui, sans-serif"
PICTURES = files("plaudit.report") / "compiled"
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
        parameters: names of the parameters :meth:`svg` must be given.
    """

    vega: Mapping[str, Any]
    parameters: tuple[str, ...]

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables :meth:`svg` must be given."""
        return frozenset(table["name"] for table in self.vega["data"] if "source" not in table)

    @staticmethod
    @cache
    def named(name: str) -> Kind:
        """A picture of the report: a key of :data:`plaudit.report.pictures.CHARTS`."""
        content = json.loads((PICTURES / f"{name}.json").read_text(encoding="utf-8"))
        return Kind(content["vega"], tuple(content["parameters"]))

    def svg(self, frame: Frame, tables: Mapping[str, Rows], parameters: Mapping[str, Any]) -> str:
        """Draw the picture with these figures.

        Raises:
            ValueError: a table or a parameter is missing, or the kind has none of this name.
        """
        if self.tables != tables.keys() or set(self.parameters) != parameters.keys():
            raise ValueError(f"This picture takes {sorted(self.tables)} and {list(self.parameters)}.")
        filled = {
            **self.vega,
            "width": frame.width,
            "height": frame.height,
            "padding": {"left": frame.left, "right": frame.right, "top": frame.top, "bottom": frame.bottom},
            "data": _fill(self.vega["data"], "values", tables),
            "signals": _fill(self.vega["signals"], "value", parameters),
        }
        svg = svg_of(filled)
        return svg[svg.index("<svg") :]


def _fill(parts: Sequence[Mapping[str, Any]], field: str, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [{**part, field: given[part["name"]]} if part["name"] in given else part for part in parts]
