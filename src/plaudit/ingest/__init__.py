"""Any log or export -> the contract: dense integer ids, UTC milliseconds, no nulls in keys, bad rows set apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plaudit.ingest.contract import Ingested
from plaudit.ingest.read import read_events

if TYPE_CHECKING:
    from plaudit.ingest.exports import ExportFile, ExportRead, ExportSummary, Kind, LeftOut, read_exports, recognise

__all__ = [
    "ExportFile",
    "ExportRead",
    "ExportSummary",
    "Ingested",
    "Kind",
    "LeftOut",
    "read_events",
    "read_exports",
    "recognise",
]


def __getattr__(name: str) -> Any:
    # Opened on first use, see plaudit.ingest.exports.
    if name in __all__:
        from plaudit.ingest import exports

        return getattr(exports, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
