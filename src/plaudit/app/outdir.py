"""Where results go: a folder appears whole or not at all, and nobody's other files are ever removed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from plaudit.engine import atomic_path
from plaudit.errors import InputError
from plaudit.model import SCHEMAS


@dataclass(frozen=True)
class Kind:
    """What a command writes into its folder.

    Attributes:
        name: in a sentence: "an earlier audit".
        mark: path inside the folder by which an earlier result is known; written last.
        entries: every name the command may write at the top of the folder.
    """

    name: str
    mark: str
    entries: frozenset[str]


AUDIT = Kind(
    "an earlier audit",
    "manifest.json",
    frozenset(
        {*(f"{table}.parquet" for table in SCHEMAS), "result.json", "report.html", "report.xlsx", "manifest.json"}
    ),
)
WORLD = Kind(
    "an earlier simulation", "truth/world.json", frozenset({"events.parquet", "events.csv", "export", "truth"})
)


def write_files(out: Path, contents: Mapping[str, bytes]) -> None:
    """Write files by name into ``out``, which is made if it does not exist; each appears by atomic rename.

    Raises:
        InputError: ``out`` is a file.
    """
    _refuse_file(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with atomic_path(out / name) as part:
            part.write_bytes(content)


def _refuse_file(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder, which will be made if it does not exist.")


def check(out: Path, kind: Kind, *, force: bool = False) -> None:
    """Refuse, before any work, a folder that the result cannot or should not take.

    Raises:
        InputError: ``out`` is a file, lies in a place that cannot be written, or holds files that are not ours.
    """
    _refuse_file(out)
    parent = _existing_parent(out)
    if not parent.is_dir():
        raise InputError(f"--out {out} cannot be made because {parent} is a file; name another folder.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"--out {out} cannot be written: no permission in {parent}; name another folder.")
    if not out.is_dir() or force:
        return
    foreign = sorted(entry.name for entry in out.iterdir() if entry.name not in kind.entries)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise InputError(
            f"--out {out} holds other files ({foreign[0]}{more}); name an empty or new folder, or add --force to write "
            "beside them."
        )
    if any(out.iterdir()) and not (out / kind.mark).is_file():
        raise InputError(
            f"--out {out} is not empty and not {kind.name}; name an empty or new folder, or add --force to replace "
            "the files of the same name."
        )


def check_apart(out: Path, sources: Sequence[str]) -> None:
    """Refuse a result inside a folder that is read as a whole: the next audit would read its own tables.

    Raises:
        InputError: ``out`` is, or lies in, one of the folders among ``sources``.
    """
    there = Path(os.path.realpath(out))
    for source in sources:
        folder = Path(source).expanduser()
        if folder.is_dir() and there.is_relative_to(os.path.realpath(folder)):
            raise InputError(f"--out {out} lies in {source}, which is read as a whole; name a folder outside it.")


@contextmanager
def staged(out: Path, kind: Kind, *, force: bool = False) -> Iterator[Path]:
    """Give a hidden folder beside ``out`` to write into; its content becomes ``out`` when the block ends well.

    An earlier result is replaced as a whole. Files in ``out`` that are not ours stay (``force``). When the block fails,
    ``out`` is as it was.

    Raises:
        InputError: see :func:`check`.
    """
    check(out, kind, force=force)
    out = Path(os.path.realpath(out))
    fixed = out.is_dir() and (out.is_mount() or out == Path.cwd() or not os.access(out.parent, os.W_OK))
    beside = out if fixed else out.parent
    beside.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".partial", dir=beside))
    try:
        yield stage
        stage.chmod(0o777 & ~_umask())
        if fixed or (out.exists() and any(entry.name not in kind.entries for entry in out.iterdir())):
            _fill(stage, out, kind)
        else:
            _swap(stage, out)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _swap(stage: Path, out: Path) -> None:
    """Put ``stage`` in the place of ``out``, which holds nothing but ours."""
    if not out.exists():
        os.replace(stage, out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".old", dir=out.parent))
    os.replace(out, old)
    os.replace(stage, out)
    shutil.rmtree(old, ignore_errors=True)


def _fill(stage: Path, out: Path, kind: Kind) -> None:
    """Move what ``stage`` holds into ``out`` beside files of others, or where ``out`` itself cannot move."""
    # Without its mark the folder is not a result, so half of one is never taken for a whole one.
    (out / kind.mark).unlink(missing_ok=True)
    for name in sorted(kind.entries):
        _remove(out / name)
    top = Path(kind.mark).parts[0]
    for entry in sorted(stage.iterdir(), key=lambda path: (path.name == top, path.name)):
        os.replace(entry, out / entry.name)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _existing_parent(out: Path) -> Path:
    parent = Path(os.path.realpath(out))
    while not parent.exists():
        parent = parent.parent
    return parent


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
