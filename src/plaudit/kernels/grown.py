"""Room for more in an array that fills while it is counted."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def grown(values: np.ndarray, used: int, room: int) -> np.ndarray:
    """The first ``used`` of ``values``, in a new array with room for ``room``."""
    out = np.empty(room, values.dtype)
    # One by one: what numba says of slices that do not fit takes seconds to compile, once per installation.
    for k in range(used):
        out[k] = values[k]
    return out
