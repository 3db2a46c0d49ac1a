"""Memory that is free again, given back to the machine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

_WORTH_IT = 500_000


def give_back(likes: int) -> None:
    """Give the machine back what the allocator keeps of arrays that are gone; nothing happens for a small log.

    The C library keeps freed blocks below 32 MB for later. An audit's steps each leave such blocks behind in pieces
    the next step cannot use, which doubled what an audit of some million likes held.

    Args:
        likes: how many likes the log has: below half a million it is not worth the time.
    """
    if likes >= _WORTH_IT and (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """``malloc_trim`` where the C library has one (glibc); others give back by themselves."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return None
    return found
