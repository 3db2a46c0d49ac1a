"""Independent work on two cores: arrays and kernels let go of the interpreter, so threads are enough.

Never for the graph library: it calls back into Python for its random numbers and can lock up beside a kernel that is
being compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

_WORKERS = 2

T = TypeVar("T")
S = TypeVar("S")


def each(work: Callable[[S], T], items: Iterable[S]) -> list[T]:
    """``[work(item) for item in items]``, two at a time; ``work`` is pure, so the answer is the same.

    Raises:
        Exception: whatever ``work`` raises, of the first item that does.
    """
    listed = list(items)
    if len(listed) < 2:
        return [work(item) for item in listed]
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        return list(pool.map(work, listed))


@contextmanager
def one_matrix_thread() -> Iterator[None]:
    """Meanwhile the matrix libraries that are loaded use one thread; as a decorator, while the function runs.

    They add in another order with every number of threads, so the last digits would tell how many cores a machine has;
    and on matrices as small as ours a second thread mostly waits, which burns a core.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        yield
