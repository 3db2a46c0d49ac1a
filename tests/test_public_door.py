"""The public door: a dozen names, each documented, typed, and where it says."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import plaudit

NAMES = [
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


def test_the_door_has_these_names_and_no_others() -> None:
    # A name added here is a promise for years; one taken away breaks somebody's code.
    assert sorted(plaudit.__all__) == sorted(NAMES)
    assert dir(plaudit) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_door_promises_is_there_and_explained(name: str) -> None:
    thing = getattr(plaudit, name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing)
        assert thing.__module__.startswith("plaudit")
    if inspect.isfunction(thing):
        signature = inspect.signature(thing)
        assert signature.return_annotation is not inspect.Signature.empty
        assert all(p.annotation is not inspect.Parameter.empty for p in signature.parameters.values())


def test_what_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="no attribute 'detect_everything'"):
        _ = plaudit.detect_everything


def test_errors_have_one_root() -> None:
    assert issubclass(plaudit.InputError, plaudit.PlauditError)
    assert issubclass(plaudit.ResultError, plaudit.PlauditError)


def test_schemas_are_arrow_schemas_of_the_ten_tables() -> None:
    of_logs = {"likes", "targets", "actors", "groups", "findings", "counts", "quarantine"}
    assert set(plaudit.SCHEMAS) == of_logs | {"comments", "posts", "snapshots"}
    assert all(isinstance(schema, pa.Schema) for schema in plaudit.SCHEMAS.values())


def test_the_version_is_one_and_the_same_everywhere(root: Path) -> None:
    told: dict[str, str] = {}
    exec((root / "src" / "plaudit" / "_version.py").read_text("utf-8"), told)
    assert plaudit.__version__ == told["__version__"]


def test_opening_the_door_is_instant(root: Path) -> None:
    program = (
        "import sys, plaudit; heavy = {'numba', 'scipy', 'duckdb', 'altair', 'igraph'} & set(sys.modules);"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
