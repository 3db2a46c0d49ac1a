"""Shared derived tables: one plain SELECT per ``.sql`` file, in a subset that every engine answers alike.

The header of a file says what it makes, what it reads and which columns come out::

    -- relation: standing
    -- makes: table
    -- reads: pair_steps
    -- columns: target BIGINT, actor BIGINT

Below the header stands one SELECT. Allowed: integer joins and equality of id strings, group by, count/sum/min/max,
row_number and lag over a total order, case, coalesce, union, explicit NULL order. Casts, hashes, logarithms,
clocks, randomness and ``SELECT *`` are not: engines answer them differently. (One cast is: ``row_number`` to BIGINT.)
A test polices this, and another runs every relation on both engines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from plaudit.engine import Engine
from plaudit.engine.base import Kind

_HEADER = re.compile(r"-- (relation|makes|reads|columns): (.+)")


@dataclass(frozen=True)
class Relation:
    """One derived table: its ``name``, the names it ``reads``, its ``columns`` (name, type) and its ``select``."""

    name: str
    kind: Kind
    reads: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    select: str


@cache
def names() -> tuple[str, ...]:
    """Every relation there is, in alphabetical order."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(file.name.removesuffix(".sql") for file in files if file.name.endswith(".sql")))


@cache
def load(name: str) -> Relation:
    """The relation ``name`` as written in ``name.sql``. Raises ``ValueError`` when its header is not complete."""
    text = resources.files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    header = {found[1]: found[2] for found in map(_HEADER.match, text.splitlines()) if found}
    if set(header) != {"relation", "makes", "reads", "columns"} or header["relation"] != name:
        raise ValueError(f"{name}.sql needs the header lines relation (= {name}), makes, reads and columns")
    if header["makes"] not in ("table", "view"):
        raise ValueError(f"{name}.sql makes {header['makes']!r}: say table or view")
    columns = tuple(tuple(column.split(" ", 1)) for column in header["columns"].split(", "))
    select = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    return Relation(
        name=name,
        kind="table" if header["makes"] == "table" else "view",
        reads=tuple(header["reads"].split(", ")),
        columns=tuple((column[0], column[1]) for column in columns),
        select=select,
    )


def create(engine: Engine, *wanted: str) -> None:
    """Make the relations ``wanted`` on ``engine``, in this order; what they read must be there already."""
    for name in wanted:
        relation = load(name)
        engine.run(relation.name, relation.select, kind=relation.kind)
