"""Known shapes of exports: which column plays which role where plain aliases would be wrong or not enough.

A :class:`Plan` says, in SQL over one incoming batch, what each role's text is. Tables and JSON share it: a table column
is read by name, a JSON value by its dotted path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from plaudit.ingest.columns import FILE_NAME, assign

Expression = Callable[[str], str]
"""Column name -> SQL text expression of its value, NULL or '' where absent."""


@dataclass(frozen=True)
class Plan:
    """How one file is read.

    Attributes:
        texts: role -> SQL expression of its text over a batch (``at`` excepted).
        at: column of the time.
        shown: role -> column name, for messages and ``Input.columns``.
        guessed_id: the event id was found by a name of its column, not by a known layout or the mapping.
    """

    texts: Mapping[str, str]
    at: str
    shown: Mapping[str, str]
    guessed_id: bool


@dataclass(frozen=True)
class _Layout:
    """A recognised export: the columns that give it away, the role of each, and roles made of more than one column."""

    needs: frozenset[str]
    roles: Mapping[str, str]
    made: Mapping[str, Callable[[Expression], str]] = field(default_factory=dict)


def _reposted(text: Expression) -> str:
    return f"(coalesce({text('repost_id')}, '') NOT IN ('', 'nan', 'NULL', 'None'))"


_TABLES: tuple[_Layout, ...] = (
    # CooRTweet: content_id is the act of sharing, object_id what is shared.
    _Layout(
        frozenset({"object_id", "account_id", "content_id", "timestamp_share"}),
        {"actor": "account_id", "target": "object_id", "event_id": "content_id", "at": "timestamp_share"},
        # One content may share several objects, each a like of its own.
        {"event_id": lambda text: f"{text('content_id')} || '#' || {text('object_id')}"},
    ),
    # coordination-network-toolkit: a message that reposts is the applause; any other message publishes itself.
    _Layout(
        frozenset({"message_id", "user_id", "repost_id", "reply_id", "message", "timestamp"}),
        {"actor": "user_id", "target": "repost_id", "event_id": "message_id", "at": "timestamp", "kind": "repost_id"},
        {
            "target": lambda text: (
                f"CASE WHEN {_reposted(text)} THEN {text('repost_id')} ELSE {text('message_id')} END"
            ),
            "kind": lambda text: f"CASE WHEN {_reposted(text)} THEN 'like' ELSE 'post' END",
        },
    ),
)


def _undone(text: Expression) -> str:
    inner = f"lower({text('object.type')})"
    kind = text("type")
    return f"CASE WHEN lower({kind}) = 'undo' AND {inner} IS NOT NULL THEN 'undo_' || {inner} ELSE {kind} END"


_ACTIVITY_STREAMS = _Layout(
    frozenset({"type"}),
    {"actor": "actor", "target": "object", "at": "published", "kind": "type", "event_id": "id"},
    {
        "actor": lambda text: f"coalesce({text('actor')}, {text('actor.id')})",
        # An Undo may hold the whole activity it undoes, only its id, or (seen in the wild) the target itself.
        "target": lambda text: (
            f"CASE WHEN lower({text('type')}) = 'undo' AND {text('object.type')} IS NOT NULL "
            f"THEN coalesce({text('object.object')}, {text('object.object.id')}, {text('object.id')}) "
            f"ELSE coalesce({text('object')}, {text('object.id')}) END"
        ),
        "kind": _undone,
    },
)
_DOCUMENTS: tuple[_Layout, ...] = (
    _Layout(
        frozenset({"type", "actor.login", "repo.name", "created_at"}),  # public GitHub events
        {"actor": "actor.login", "target": "repo.name", "at": "created_at", "kind": "type", "event_id": "id"},
    ),
    _Layout(frozenset({"starred_at", "user.login"}), {"actor": "user.login", "target": FILE_NAME, "at": "starred_at"}),
    _Layout(
        frozenset({"specversion", "id", "source", "type", "time"}),  # CloudEvents 1.0: source and id name the event
        {"at": "time", "kind": "type", "event_id": "id"},
        {
            "event_id": lambda text: f"{text('source')} || '#' || {text('id')}",
            "kind": lambda text: f"regexp_extract({text('type')}, '[^./]*$')",
        },
    ),
    _Layout(
        frozenset({"type", "event", "timestamp", "messageId"}),  # Segment track
        {"at": "timestamp", "kind": "event", "event_id": "messageId"},
    ),
)


def plan(
    file: str, columns: Sequence[str], mapping: Mapping[str, str], text: Expression, *, stem: str, document: bool
) -> Plan:
    """How to read a file with these columns.

    Args:
        file: name for messages.
        columns: column names, or dotted paths of a JSON log.
        mapping: the user's mapping; it overrides every layout, role by role.
        text: SQL text of one column.
        stem: what the file is named after (the target of a stargazer list).
        document: JSON, where nested layouts apply.

    Raises:
        InputError: see :func:`plaudit.ingest.columns.assign`.
    """
    layout = _recognised(columns, document)
    given = {role: column for role, column in layout.roles.items()} if layout else {}
    present = {*columns, FILE_NAME}
    made = layout.made if layout else {}
    given = {role: column for role, column in given.items() if column in present or role in made}
    if mapping.get("target") and mapping["target"] != FILE_NAME and layout and FILE_NAME in given.values():
        given.pop("target")
    shown = assign(file, columns, mapping, given)
    texts: dict[str, str] = {}
    for role, column in shown.items():
        if role == "at":
            continue
        if column == FILE_NAME:
            texts[role] = "'" + stem.replace("'", "''") + "'"
        elif role in made and role not in mapping:
            texts[role] = made[role](text)
        else:
            texts[role] = text(column)
    names = {role: "(file name)" if column == FILE_NAME else column for role, column in shown.items()}
    guessed_id = "event_id" in shown and "event_id" not in given
    return Plan(texts, shown["at"], names, guessed_id)


def _recognised(columns: Sequence[str], document: bool) -> _Layout | None:
    present = set(columns)
    if document:
        activity = (
            {"type", "published"} <= present and present & {"actor", "actor.id"} and present & {"object", "object.id"}
        )
        if activity:
            return _ACTIVITY_STREAMS
    return next((one for one in (_DOCUMENTS if document else _TABLES) if one.needs <= present), None)


def known(columns: Sequence[str], document: bool) -> bool:
    """Whether these columns (dotted paths of JSON, where ``document``) are those of an event log with a known shape."""
    return _recognised(columns, document) is not None


def paths_of(lines: Iterable[str], most_depth: int = 3) -> dict[str, tuple[str, ...]]:
    """Dotted paths of the scalar values in a sample of JSON lines, with their keys, in order of first appearance.

    Lists are left out. A key may itself hold a dot, which is why the keys come along.
    """
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            _walk(value, (), most_depth, found)
    return found


def _walk(value: Mapping[str, object], above: tuple[str, ...], depth: int, found: dict[str, tuple[str, ...]]) -> None:
    for key, inner in value.items():
        keys = (*above, key)
        if isinstance(inner, dict):
            if depth > 1:
                _walk(inner, keys, depth - 1, found)
        elif not isinstance(inner, list) and not key.startswith("@"):
            found.setdefault(".".join(keys), keys)
