"""Relations are plain SELECTs in a subset that every engine answers alike; this lint polices it."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from plaudit import relations
from plaudit.engine import DuckEngine
from plaudit.ingest import read_events

FUNCTIONS = frozenset(["count", "sum", "min", "max", "row_number", "lag", "coalesce", "floor", "abs", "ln"])
TYPES = frozenset(["BIGINT", "INTEGER", "VARCHAR", "DOUBLE", "BOOLEAN"])


# The one cast there is: row_number is a BIGINT on DuckDB and an INTEGER on Spark, and becomes the wider of the two.
_WIDENED = re.compile(r"CAST\((row_number\(\) OVER \([^()]*\)(?: - 1)?) AS BIGINT\)", re.IGNORECASE)


def faults(select: str) -> list[str]:
    """What in a SELECT engines would answer differently."""
    found = []
    select = _WIDENED.sub(r"\1", select)
    if re.search(r"\*(?!\s*\))|\.\*", select.replace("count(*)", "")):
        found.append("SELECT * hides columns")
    found += [
        f"function {name}" for name in re.findall(r"\b([a-z_]+)\s*\(", select) if name not in FUNCTIONS | _CLAUSES
    ]
    found += [f"operator {sign}" for sign in ("::", "/", "%", "||", "~", "^", "!=") if sign in select]
    found += [f"literal {text}" for text in re.findall(r"\d+\.\d+|\d+[eE]\d+", select)]
    for order in re.findall(r"ORDER BY (.*?)(?:\)|$)", select, re.DOTALL):
        found += [
            f"order of nulls: {key.strip()}"
            for key in order.split(",")
            if not re.search(r"NULLS (FIRST|LAST)$", key.strip())
        ]
    for words in (
        "limit",
        "offset",
        "cast",
        "try_cast",
        "now",
        "current_date",
        "random",
        "rand",
        "hash",
        "using",
        "qualify",
    ):
        found += [f"word {words}"] if re.search(rf"\b{words}\b", select, re.IGNORECASE) else []
    return found


_CLAUSES = frozenset(["in", "over", "as", "from", "on", "and", "or", "not", "when", "then", "exists"])


@pytest.mark.parametrize("name", relations.names())
def test_a_relation_keeps_to_the_subset(name: str):
    relation = relations.load(name)
    select = re.sub(r"\b(OVER|AS|IN|FROM|AND|OR)\s*\(", lambda found: found[0].lower(), relation.select)
    assert faults(select) == []
    assert relation.select.startswith("SELECT") and ";" not in relation.select
    assert {kind for _, kind in relation.columns} <= TYPES
    known = {*relations.names(), "accepted"}
    assert set(relation.reads) <= known - {name}
    named = set(re.findall(r"(?:FROM|JOIN) ([a-z_]+)", relation.select))
    assert named == set(relation.reads), "the header names what is read"


@pytest.mark.parametrize(
    "select",
    [
        "SELECT * FROM events",
        "SELECT CAST(at_ms AS BIGINT) AS x FROM events",
        "SELECT at_ms / 2 AS x FROM events",
        "SELECT hash(at_ms) AS x FROM events",
        "SELECT row_number() OVER (ORDER BY at_ms) AS x FROM events",
        "SELECT at_ms::INTEGER AS x FROM events",
        "SELECT CAST(row_number() over (ORDER BY at_ms NULLS LAST) AS INTEGER) AS x FROM events",
        "SELECT CAST(max(at_ms) - 1 AS BIGINT) AS x FROM events",
        "SELECT at_ms * 0.5 AS x FROM events",
        "SELECT at_ms FROM events LIMIT 5",
    ],
)
def test_the_lint_finds_what_differs(select: str):
    assert faults(select)


def test_every_relation_is_used_and_makes_the_columns_its_header_names(monkeypatch: pytest.MonkeyPatch):
    made: dict[str, list[tuple[str, str]]] = {}
    create = relations.create

    def spy(engine: DuckEngine, *names: str) -> None:
        for name in names:
            create(engine, name)
            described = engine.arrow(f"SELECT column_name, column_type FROM (DESCRIBE {name})").to_pylist()
            made[name] = [(one["column_name"], one["column_type"]) for one in described]

    monkeypatch.setattr(relations, "create", spy)
    read_events(
        pa.table(
            {
                "actor": ["a"],
                "target": ["x"],
                "at": [1_700_000_000_000],
                "device": ["d"],
                "author": ["w"],
                "parent": ["p"],
                "campaign": ["k"],
            }
        )
    )
    assert sorted(made) == list(relations.names())
    for name, columns in made.items():
        assert tuple(columns) == relations.load(name).columns


def test_a_header_must_be_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("plaudit.relations.resources.files", lambda package: tmp_path)
    (tmp_path / "half.sql").write_text("-- relation: half\nSELECT 1 AS one")
    with pytest.raises(ValueError, match="needs the header lines"):
        relations.load("half")
    (tmp_path / "odd.sql").write_text(
        "-- relation: odd\n-- makes: soup\n-- reads: a\n-- columns: b BIGINT\nSELECT b FROM a"
    )
    with pytest.raises(ValueError, match="say table or view"):
        relations.load("odd")
