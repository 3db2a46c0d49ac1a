"""One test on every engine: what fails on one of them fails on purpose, or the test is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from plaudit.engine import DuckEngine, Engine
from plaudit.testing.parity import NotHere, spark

NAMES = ("duckdb", "spark")


@contextmanager
def engine_named(name: str) -> Iterator[Engine]:
    """A fresh engine; the test that asks is skipped, loudly, where the engine is not on this machine."""
    if name == "duckdb":
        with DuckEngine() as duck:
            yield duck
        return
    try:
        with spark() as other:
            yield other
    except NotHere as missing:
        pytest.skip(str(missing))


def on_every_engine(fails: Mapping[str, str] | None = None) -> Callable[[Any], Any]:
    """Run a test once per engine, as its argument ``engine``; ``fails`` names those it must fail on, and why."""
    marks = {
        name: [pytest.mark.xfail(reason=why, raises=AssertionError, strict=True)] for name, why in (fails or {}).items()
    }
    return pytest.mark.parametrize(
        "engine", [pytest.param(name, marks=marks.get(name, [])) for name in NAMES], indirect=True
    )
