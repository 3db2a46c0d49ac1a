"""Memory: what is free again is given back to the machine, and what an audit will need is known beforehand."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path

_WORTH_IT = 2_000_000
LEAST_PER_LIKE = 120
"""Bytes that an audit surely needs for each like beside the log itself; measured, it takes 180 to 240."""
_LARGE = 8_000_000
_MEMINFO = Path("/proc/meminfo")


def give_back(likes: int) -> None:
    """Give the machine back what the allocator keeps of arrays that are gone; nothing happens for a small log.

    The C library keeps freed blocks below 32 MB for later. An audit's steps each leave such blocks behind in pieces
    the next step cannot use, which doubled what an audit of some million likes held. Arrays that only a circle of
    references keeps, as a function that calls itself does with all it sees, are found and let go of first.

    Args:
        likes: how many likes the log has: below two million it is not worth the time.
    """
    if likes >= _WORTH_IT:
        gc.collect()
        if (trim := _trim()) is not None:
            trim(0)


def is_large(likes: int) -> bool:
    """Whether a log has so many likes that steps which could run beside each other had better not, for memory."""
    return likes >= _LARGE


def shortage(likes: int) -> tuple[int, int] | None:
    """``(needed, free)`` bytes where the machine surely has not the memory to audit a log that is read; else None.

    Nobody is served by an audit that the system ends after half an hour without a word. None where the machine does
    not say what is free (anything but Linux).
    """
    needed, free = LEAST_PER_LIKE * likes, _free()
    return None if likes < _WORTH_IT or free is None or needed <= free else (needed, free)


def _free() -> int | None:
    """Bytes the machine can still give, swap included."""
    try:
        lines = _MEMINFO.read_text("ascii").splitlines()
        told = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
        return 1024 * (told["MemAvailable"] + told.get("SwapFree", 0))
    except (OSError, ValueError, KeyError, IndexError):
        return None


@cache
def _trim() -> Callable[[int], int] | None:
    """``malloc_trim`` where the C library has one (glibc); others give back by themselves."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found
