"""How long work says where it is. The flow calls a :class:`Progress`; who shows it (a bar, nothing) is the caller's."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told which stage runs and how far it is; must be cheap to call and never raise."""

    def stage(self, name: str) -> None:
        """A new stage begins (``read``, ``detect: burst``, ``count``, ``write`` …)."""

    def advance(self, done: int, total: int) -> None:
        """``done`` of ``total`` steps of the current stage are over."""


class Silent:
    """Shows nothing."""

    def stage(self, name: str) -> None:
        """Ignore."""

    def advance(self, done: int, total: int) -> None:
        """Ignore."""
