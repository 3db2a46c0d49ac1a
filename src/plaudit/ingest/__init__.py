"""Any log or export -> the contract: dense integer ids, UTC milliseconds, no nulls in keys, bad rows set apart."""

from plaudit.ingest.contract import Ingested
from plaudit.ingest.read import read_events

__all__ = ["Ingested", "read_events"]
