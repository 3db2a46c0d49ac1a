"""Small cells: what is reported by region or author must not single a few people out."""

from __future__ import annotations

from collections.abc import Mapping

SMALL = 5
"""Cells below this many are not reported on their own."""

OTHER = "other"
"""Name of the cell that small ones are merged into."""


def merged(cells: Mapping[str, int], small: int = SMALL) -> dict[str, str]:
    """The name each cell is reported under, its own or :data:`OTHER`.

    Cells below ``small`` are merged. Where the merged cell is itself below ``small``, the next smallest cells join it:
    a single hidden cell could be had by subtracting the others from their total. Where everything together is below
    ``small``, everything is one cell.

    Args:
        cells: people or comments by name; empty cells are left out.
    """
    order = sorted((name for name in cells if cells[name] > 0), key=lambda name: (cells[name], name))
    hidden: list[str] = []
    held = 0
    for name in order:
        if cells[name] >= small and (not hidden or held >= small):
            break
        hidden.append(name)
        held += cells[name]
    return {name: OTHER if name in hidden else name for name in order}
