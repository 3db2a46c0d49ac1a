"""What the benchmarks share. Standard library only: a process that measures others must itself stay small."""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "plaudit"
DOCS = ROOT / "docs" / "benchmarks.md"
CACHE = ROOT / "build" / "benchmarks"
"""Simulated logs are kept here between runs; git ignores the folder."""

_LIBRARIES = ("duckdb", "numpy", "numba", "pyarrow", "scipy")


@dataclass(frozen=True)
class Mark:
    """A figure to reach.

    Attributes:
        what: what is measured.
        figure: the measured value, in ``unit``.
        bound: the value to reach.
        at_least: True where larger is better.
        unit: written behind both numbers.
    """

    what: str
    figure: float
    bound: float
    at_least: bool = False
    unit: str = "%"

    @property
    def met(self) -> bool:
        """Whether the figure reaches the bound."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def row(self) -> list[str]:
        """Cells: what, mark, figure, met or missed by how much."""
        sign = "≥" if self.at_least else "≤"
        off = abs(self.figure - self.bound)
        verdict = "met" if self.met else f"missed by {self._text(off)}"
        return [self.what, f"{sign} {self._text(self.bound)}", self._text(self.figure), verdict]

    def _text(self, value: float) -> str:
        number = f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
        return f"{number} {self.unit}".rstrip()


def marks_table(marks: Sequence[Mark]) -> str:
    """All marks as one Markdown table."""
    return markdown(("mark", "wanted", "figure", "verdict"), [mark.row() for mark in marks], left=1)


def markdown(headers: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A Markdown table, padded so that it also reads as plain text; all but the first ``left`` columns align right."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [headers, *rows]]
    wide = [max(len(row[k]) for row in cells) for k in range(len(headers))]

    def line(row: Sequence[str]) -> str:
        at = enumerate(zip(row, wide, strict=True))
        padded = (cell.ljust(width) if k < left else cell.rjust(width) for k, (cell, width) in at)
        return f"| {' | '.join(padded)} |"

    rule = ["-" * w if k < left else "-" * (w - 1) + ":" for k, w in enumerate(wide)]
    return "\n".join([line(cells[0]), line(rule), *map(line, cells[1:])])


def put_between(document: Path, name: str, text: str) -> None:
    """Replace what stands between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->`` in ``document``.

    Raises:
        ValueError: the document lacks one of the two lines.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    whole = document.read_text(encoding="utf-8")
    start, stop = whole.find(begin), whole.find(end)
    if start < 0 or stop < start:
        raise ValueError(f"{document} lacks the lines {begin} and {end}; put them where the table belongs.")
    document.write_text(f"{whole[: start + len(begin)]}\n{text.strip()}\n{whole[stop:]}", encoding="utf-8")


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage; nothing measured is a dash, and what is not nothing never reads as 0."""
    if share is None or share != share:
        return "–"
    least = 10.0 ** -(digits + 2)
    return f"< {100 * least:.{digits}f} %" if 0 < share < least else f"{100 * share:.{digits}f} %"


def average(values: Iterable[float | None], text: Callable[[float], str]) -> str:
    """The mean of what was measured, in words; a dash where nothing was."""
    known = [value for value in values if value is not None]
    return text(fmean(known)) if known else "–"


def spread(values: Iterable[float | None], worst: Callable[[list[float]], float], text: Callable[[float], str]) -> str:
    """The mean and, in brackets, the worst where that reads differently."""
    known = [value for value in values if value is not None]
    mean = average(known, text)
    bad = text(worst(known)) if known else mean
    return mean if mean == bad else f"{mean} ({bad})"


def short(events: int) -> str:
    """A number of events as people write it: 20 k, 1 M."""
    return f"{events / 1e6:g} M" if events >= 1_000_000 else f"{events / 1e3:g} k"


def listed(values: Iterable[object]) -> str:
    """Values with commas between them, as options take them."""
    return ",".join(map(str, values))


def code_digest(folder: Path = SOURCE) -> str:
    """Twelve hexadecimal digits that name the state of the code in ``folder``."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".py", ".sql"):
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def circumstances(when: str, command: str) -> str:
    """One line: date, code, machine size, versions and command."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{when} · code `{code_digest()}` · {os.cpu_count()} cores, {gib:.0f} GiB · {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(_versions())} · `{command}`"
    )


def _versions() -> list[str]:
    found = []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


def parser(about: str | None) -> argparse.ArgumentParser:
    """Options every benchmark has; the first line of ``about``, a module's docstring, describes it."""
    first = (about or "").split("\n")[0]
    made = argparse.ArgumentParser(description=first, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    made.add_argument("--write", action="store_true", help="put the tables into the document")
    made.add_argument("--docs", type=Path, default=DOCS, metavar="FILE", help="the document --write changes")
    made.add_argument("--date", default=date.today().isoformat(), help="date written into the document")
    return made


def tell(given: argparse.Namespace, name: str, text: str) -> int:
    """Print what was measured, and with ``--write`` put it into the document as section ``name``; an exit code."""
    print(text)
    if given.write:
        put_between(given.docs, name, text)
    return 0


def numbers(text: str) -> list[int]:
    """``"1,2,3"``, ``"100k,1M"`` as whole numbers, for options."""
    scale = {"k": 1_000, "K": 1_000, "M": 1_000_000}
    return [int(float(part.strip().rstrip("kKM")) * scale.get(part.strip()[-1], 1)) for part in text.split(",")]
