"""What every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from plaudit.engine import Engine

ROOT = Path(__file__).resolve().parent.parent

# Before anything that starts threads is imported. Tests run in two processes on two cores, on matrices so small that a
# second thread would mostly wait, and waiting burns a core: with two threads, learning from labels costs ten times as
# much.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# The Spark that tests start is chatty.
os.environ.setdefault("RUST_LOG", "off")

# In a worker of a parallel run the main module has no file; Spark's client takes that for its own doctests and leaves.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

# The same examples on every run, and no deadline: a loaded machine is no defect.
settings.register_profile("plaudit", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("plaudit")


READERS = (
    "test_packaging",
    "test_ingest_",
    "test_exports_",
    "test_engine",
    "test_parity",
    "test_layers",
    "test_kernels_text",
)
"""Files whose tests judge nothing, and so compile few kernels."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The readers go first. Of two processes one begins with them and the other in the middle, where audits are; in a
    fresh checkout that one compiles the kernels of both, instead of both the same ones at the same time.
    """
    items.sort(key=lambda item: not item.path.name.startswith(READERS))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def alone(root: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs a program in a Python of its own, where nothing has been imported yet."""

    def run(program: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(root / "src")},
        )

    return run


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The engine a test decorated with ``tests.engines.on_every_engine`` runs on."""
    from tests.engines import engine_named

    with engine_named(request.param) as made:
        yield made


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the terminal, language or debug switches of whoever runs it."""
    for name in ("PLAUDIT_DEBUG", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
