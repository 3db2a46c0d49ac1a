"""Any log or export -> the contract: dense integer ids, UTC milliseconds, no nulls in keys, bad rows set apart."""

from plaudit.ingest.contract import Ingested
from plaudit.ingest.exports import ExportFile, ExportRead, ExportSummary, Kind, LeftOut, read_exports, recognise
from plaudit.ingest.read import read_events

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
