"""Knobs of simulated worlds: frozen numbers, of which some may be replaced by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

from plaudit.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

K = TypeVar("K", bound="DataclassInstance")


def overridden(
    knobs: K,
    overrides: Mapping[str, float] | None,
    simulator: str,
    *,
    lowest: Mapping[str, float],
    highest: Mapping[str, float],
) -> K:
    """``knobs`` with some replaced, each between its ``lowest`` (0 unless named) and ``highest`` (1e9 unless named).

    Raises:
        InputError: an override has an unknown name or a value out of range; ``simulator`` says whose knobs they are.
    """
    if not overrides:
        return knobs
    names = [field.name for field in fields(knobs)]
    for name, value in overrides.items():
        if name not in names:
            raise InputError(f"{simulator} has no knob {name!r}; it has {', '.join(names)}.")
        low, high = lowest.get(name, 0.0), highest.get(name, 1e9)
        if not low <= float(value) <= high:
            raise InputError(f"The simulator's knob {name!r} must be between {low:g} and {high:g}, not {value}.")
    return replace(knobs, **{name: float(value) for name, value in overrides.items()})
