"""What the stages of tables and of JSON share: which columns are read, and the SELECT that names them by role."""

from __future__ import annotations

from collections.abc import Mapping

from plaudit.ingest.exports.recognition import Known
from plaudit.ingest.exports.roles import COMMENT_ROLES, OUTCOME_ROLES, READING_ROLES

ROLES: Mapping[str, tuple[str, ...]] = {
    "comment": COMMENT_ROLES,
    "reading": READING_ROLES,
    "outcome": OUTCOME_ROLES,
}
IDS = frozenset({"post", "comment", "parent", "author_id", "target", "actor"})
AS_WRITTEN = frozenset({"text", "author_name", "title"})


def columns_of(known: Known) -> list[str]:
    """The columns that play a role, each once."""
    return list(dict.fromkeys(known.roles.values()))


def select_of(number: int, known: Known, names: Mapping[str, str]) -> str:
    """SELECT of every role from a batch whose columns are texts named by ``names`` (column -> SQL name)."""
    parts = [f"CAST({number} AS INTEGER) AS file", "CAST(row AS BIGINT) AS row"]
    for role in ROLES[known.sort]:
        column = known.roles.get(role)
        parts.append(f"{tidied(role, names[column]) if column else 'CAST(NULL AS VARCHAR)'} AS {role}")
    if known.sort == "comment":
        parts.append("CAST(row AS BIGINT) AS place, FALSE AS reply")
    return f"SELECT {', '.join(parts)}"


def tidied(role: str, text: str) -> str:
    """SQL for a text without white space around it, NULL where it is then empty; what people wrote keeps its own."""
    return f"nullif({text}, '')" if role in AS_WRITTEN else f"nullif(trim({text}, ' \t\r\n'), '')"
