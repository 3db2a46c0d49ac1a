"""Plaudit counts applause honestly: it finds likes suspected to be bought or coordinated and gives the honest count.

The public door. Everything else is reached through these names or through its own room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit._version import __version__
from plaudit.errors import InputError, PlauditError, ResultError

if TYPE_CHECKING:
    from plaudit.app.explain import explain
    from plaudit.app.judge import Audit
    from plaudit.app.pipeline import audit
    from plaudit.app.rank import rank
    from plaudit.app.validate import Validation, validate
    from plaudit.model import SCHEMAS
    from plaudit.report import render_html
    from plaudit.result import RankedBoard, ResultDocument
    from plaudit.testing.simulator import simulate

__all__ = [
    "SCHEMAS",
    "Audit",
    "InputError",
    "PlauditError",
    "RankedBoard",
    "ResultDocument",
    "ResultError",
    "Validation",
    "__version__",
    "audit",
    "explain",
    "rank",
    "render_html",
    "simulate",
    "validate",
]

_HOMES = {
    "SCHEMAS": "plaudit.model",
    "Audit": "plaudit.app.judge",
    "RankedBoard": "plaudit.result",
    "ResultDocument": "plaudit.result",
    "Validation": "plaudit.app.validate",
    "audit": "plaudit.app.pipeline",
    "explain": "plaudit.app.explain",
    "rank": "plaudit.app.rank",
    "render_html": "plaudit.report",
    "simulate": "plaudit.testing.simulator",
    "validate": "plaudit.app.validate",
}


def __getattr__(name: str) -> Any:
    # Opened on first use: `import plaudit` stays instant, and the command line answers --help without loading numba.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'plaudit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
