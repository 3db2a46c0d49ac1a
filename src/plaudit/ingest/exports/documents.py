"""JSON as rows of text: platforms' responses with their replies, and plain lists of objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.engine import DuckEngine
from plaudit.errors import InputError
from plaudit.ingest import text as texts
from plaudit.ingest.exports.apis import Api
from plaudit.ingest.exports.opening import MAX_DEPTH, Opened, refuse_deep
from plaudit.ingest.exports.recognition import Known, places_of
from plaudit.ingest.exports.roles import COMMENT_ROLES
from plaudit.ingest.exports.selects import AS_WRITTEN, columns_of, select_of, tidied

HALF = 1 << 32
_LEVELS = 8
"""Replies to replies are followed this deep; platforms have two levels."""


def stage_documents(
    engine: DuckEngine, number: int, file: Opened, rejects: texts.Rejects, tick: Callable[[int], None]
) -> None:
    """Append to table ``docs`` each JSON value of file ``number`` with its ``doc``; an outer list is opened.

    ``doc`` is the number of the file and, in its lower half, the row of the value.
    """
    numbered = f"CAST({number * HALF} + row AS BIGINT) AS doc"
    if file.form == "document":
        whole = texts.document_of(file.path, file.source.name)
        engine.drop("document")
        engine.read("document", [pa.record_batch({"line": pa.array([whole], pa.large_string())})])
        del whole
        if not engine.arrow("SELECT json_valid(line) AS fine FROM document").column("fine")[0].as_py():
            raise InputError(
                f"{file.source.name} is not valid JSON as a whole: it may be cut off; export it again, or one object "
                "a line."
            )
        values = engine.arrow(
            "SELECT unnest(generate_series(1, len(v))) AS row, unnest(v) AS line FROM (SELECT CASE json_type(line) "
            "WHEN 'ARRAY' THEN json_extract(line, '$[*]') ELSE [CAST(line AS JSON)] END AS v FROM document)"
        )
        engine.drop("document")
        engine.read("docs", values.to_batches(), select=f"SELECT {numbered}, CAST(line AS JSON) AS line FROM batch")
        return
    batches = texts.line_batches(file.path, file.source.name, rejects, tick)
    for batch in batches:
        deep = pc.greater_equal(
            pc.add(pc.count_substring(batch.column("line"), "["), pc.count_substring(batch.column("line"), "{")),
            MAX_DEPTH,
        )
        for line in batch.column("line").filter(pc.fill_null(deep, False)).to_pylist():
            refuse_deep(line, file.source.name)
        engine.drop("lines")
        engine.read(
            "lines",
            [batch],
            select="SELECT row, line, CASE WHEN json_valid(line) THEN json_type(line) IN ('OBJECT', 'ARRAY') "
            "ELSE FALSE END AS fine FROM batch WHERE trim(line, ' \t\r') <> ''",
        )
        broken = engine.arrow("SELECT row, substr(line, 1, 200) AS content FROM lines WHERE NOT fine ORDER BY row")
        for row, content in zip(broken.column("row").to_pylist(), broken.column("content").to_pylist(), strict=True):
            rejects.add(row, "not valid JSON", content)
        fine = engine.arrow("SELECT row, line FROM lines WHERE fine")
        engine.read("docs", fine.to_batches(), select=f"SELECT {numbered}, CAST(line AS JSON) AS line FROM batch")
        engine.drop("lines")


def _stepped(source: str, keys: Sequence[str], kept: str) -> str:
    """SELECT of ``kept`` and ``j``: what stands at these keys of column ``j``, opened where it is JSON in a string."""
    for key in keys:
        there = f"json_extract(j, '$.{_quoted(key)}')"
        inside = f"json_extract_string({there}, '$')"
        source = (
            f"SELECT {kept}, CASE WHEN json_type({there}) = 'VARCHAR' THEN "
            f"CASE WHEN json_valid({inside}) THEN CAST({inside} AS JSON) END ELSE {there} END AS j FROM ({source})"
        )
    return source


def _quoted(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''") + '"'


def _path(path: str) -> str:
    return "'$." + ".".join(_quoted(key) for key in path.split(".")) + "'"


def _types(engine: DuckEngine, paths: Sequence[str]) -> dict[str, frozenset[str]]:
    """JSON types that documents have at these paths and on the way to them. One pass: a document may be large."""
    steps = sorted(
        {
            ".".join(keys[:depth])
            for path in paths
            if path
            for keys in [path.split(".")]
            for depth in range(1, len(keys) + 1)
        }
    )
    rows = engine.arrow(f"SELECT DISTINCT json_type(line, [{', '.join(map(_path, steps))}]) AS types FROM docs")
    found = rows.column("types").to_pylist()
    return {step: frozenset(types[at] for types in found if types[at]) for at, step in enumerate(steps)}


def _sources(path: str, types: Mapping[str, frozenset[str]]) -> list[str]:
    """SELECTs of ``doc``, ``place``, ``item`` and ``lone`` of what stands at ``path`` of the documents."""
    if not path:
        return ["SELECT doc, 1 AS place, line AS item, TRUE AS lone FROM docs WHERE doc IN (SELECT doc FROM bare)"]
    keys = path.split(".")
    if any("VARCHAR" in types[".".join(keys[:depth])] for depth in range(1, len(keys) + 1)):
        return [_items(_stepped("SELECT doc, line AS j FROM docs", keys, "doc"), "doc")]
    there = _path(path)
    found = []
    if "ARRAY" in types[path]:
        found.append(
            "SELECT doc, unnest(generate_series(1, len(v))) AS place, unnest(v) AS item, FALSE AS lone "
            f"FROM (SELECT doc, json_extract(line, {there[:-1]}[*]') AS v FROM docs "
            f"WHERE json_type(line, {there}) = 'ARRAY')"
        )
    if "OBJECT" in types[path]:
        found.append(
            f"SELECT doc, 1 AS place, json_extract(line, {there}) AS item, TRUE AS lone FROM docs "
            f"WHERE json_type(line, {there}) = 'OBJECT'"
        )
    return found


def _items(source: str, kept: str) -> str:
    """SELECT of ``kept``, ``place``, ``item``, ``lone``: the values of list ``j``, or ``j`` itself, an object alone."""
    return (
        f"SELECT {kept}, lone, unnest(generate_series(1, len(v))) AS place, unnest(v) AS item FROM (SELECT {kept}, "
        "json_type(j) = 'OBJECT' AS lone, "
        f"CASE json_type(j) WHEN 'ARRAY' THEN json_extract(j, '$[*]') WHEN 'OBJECT' THEN [j] END AS v "
        f"FROM ({source})) WHERE v IS NOT NULL"
    )


def stage_api(engine: DuckEngine, api: Api, table: str) -> None:
    """Comments of one platform's JSON in ``docs``, then their replies, level by level, appended to ``table``."""
    needs = " AND ".join(
        "(" + " OR ".join(f"json_exists(item, {_path(path)})" for path in alternatives) + ")"
        for alternatives in api.needs
    )
    # A document may be a comment itself; what it then holds under a key such as `comments` are its replies.
    paths = [path for alternatives in api.needs for path in alternatives]
    there = {path: f"e[{at}]" for at, path in enumerate(paths, 1)}
    bare = " AND ".join("(" + " OR ".join(there[path] for path in one) + ")" for one in api.needs)
    engine.run(
        "bare",
        f"SELECT doc FROM (SELECT doc, json_exists(line, [{', '.join(map(_path, paths))}]) AS e FROM docs) "
        f"WHERE {bare}",
    )
    places = places_of(api)
    types = _types(engine, [path for path, _ in places])
    engine.drop("found")
    for order, (path, place) in enumerate(places):
        flags = ", ".join(f"'{place.flags.get(flag, '')}' AS in_{flag}" for flag in ("pinned", "elected"))
        # An object alone is a comment only if it looks like one.
        own = f"WHERE (NOT lone OR ({needs})) AND doc NOT IN (SELECT doc FROM bare)" if path else ""
        for source in _sources(path, types):
            items = engine.arrow(f"SELECT doc, {order} AS list, place, {flags}, item FROM ({source}) {own}")
            engine.read("found", items.to_batches())
    if not engine.holds("found"):
        return
    # Rows count comments first, replies after them; within a list as it stands.
    engine.run(
        "level",
        "SELECT *, row_number() OVER (ORDER BY doc, list, place) AS key, row_number() OVER (PARTITION BY doc >> 32 "
        "ORDER BY doc, list, place) AS row, CAST(NULL AS VARCHAR) AS parent_id FROM found",
    )
    engine.drop("found")
    # A thread is a list; an object under its key is a page of one, whose replies another path names.
    wanted = "json_type(item) = 'OBJECT' AND lone = " + str(api.lone_reply).upper()
    if api.lone_reply:
        wanted += " AND coalesce(json_extract_string(item, '$.content'), '') <> ''"
    total = 0
    for depth in range(_LEVELS):
        rows = _level(engine, api, depth > 0)
        total += engine.read(table, rows.drop_columns(["key"]).to_batches())
        if not api.threads or rows.num_rows == 0:
            break
        nested = " UNION ALL ".join(
            f"SELECT doc, list, key AS above, {order} AS thread, place, parent_id, lone, item FROM ("
            + _items(
                _stepped("SELECT doc, list, key, own_id AS parent_id, item AS j FROM level", path.split("."), _KEPT),
                _KEPT,
            )
            + ")"
            for order, path in enumerate(api.threads)
        )
        engine.run(
            "next_level",
            f"SELECT doc, list, place, '' AS in_pinned, '' AS in_elected, item, parent_id, "
            f"{total} + row_number() OVER (ORDER BY above, thread, place) AS key, rows + "
            f"row_number() OVER (PARTITION BY doc >> 32 ORDER BY above, thread, place) AS row FROM ({nested}) "
            f"JOIN (SELECT file, max(row) AS rows FROM {table} GROUP BY file) ON doc >> 32 = file WHERE {wanted}",
        )
        if not engine.arrow("SELECT count(*) AS n FROM next_level").column("n")[0].as_py():
            break
        engine.run("level", "SELECT * FROM next_level")
        engine.drop("next_level")
    engine.drop("level", "next_level", "bare")


_KEPT = "doc, list, key, parent_id"
_PLAIN = "list_transform({}, lambda x: CASE WHEN x[1] NOT IN ('{{', '[') THEN x END)"
"""A list of texts without those that are objects or lists. Said once for all of them: planning a query that says it of
each takes longer than reading a short file."""


def _level(engine: DuckEngine, api: Api, reply: bool) -> pa.Table:
    """The rows of table ``level`` as texts of roles, and their ``key``; gives the table its column ``own_id``."""
    asked: dict[str, int] = {}
    above: dict[str, int] = {}

    def text(path: str) -> str:
        if path.startswith("^"):
            return f"plain_u[{above.setdefault(path[1:], len(above) + 1)}]"
        whole = path.endswith("[]")
        at = asked.setdefault(path.removesuffix("[]"), len(asked) + 1)
        return f"v[{at}]" if whole else f"plain_v[{at}]"

    def as_written(path: str) -> str:
        # A comment may begin with a bracket: that is how emoji are written.
        if path.startswith("^"):
            return text(path)
        return f"v[{asked.setdefault(path, len(asked) + 1)}]"

    roles: dict[str, str] = {}
    for role in COMMENT_ROLES:
        spoken = (api.replies.get(role) if reply else None) or api.roles.get(role)
        if spoken is None:
            roles[role] = "CAST(NULL AS VARCHAR)"
        elif callable(spoken):
            roles[role] = spoken(text)
        else:
            one = as_written if role in AS_WRITTEN else text
            roles[role] = f"coalesce({', '.join([*map(one, spoken), 'NULL'])})"
    roles["parent"] = f"coalesce({roles['parent']}, parent_id)" if reply else roles["parent"]
    for flag in ("pinned", "elected"):
        roles[flag] = f"CASE WHEN in_{flag} = '1' THEN '1' ELSE {roles[flag]} END"
    shown = ", ".join(f"{tidied(role, sql)} AS {role}" for role, sql in roles.items())
    item = f"json_extract_string(l.item, [{', '.join(_path(path) for path in asked)}])" if asked else "[]"
    outer = f"json_extract_string(d.line, [{', '.join(_path(path) for path in above)}])" if above else "['']"
    select = (
        f"SELECT CAST(doc >> 32 AS INTEGER) AS file, CAST(row AS BIGINT) AS row, {shown}, "
        f"CAST(row AS BIGINT) AS place, {reply} AS reply, key FROM (SELECT *, {_PLAIN.format('v')} AS plain_v FROM "
        f"(SELECT l.*, {item} AS v, plain_u FROM level AS l JOIN (SELECT nth, {_PLAIN.format('u')} AS plain_u FROM "
        f"(SELECT d.doc AS nth, {outer} AS u FROM docs AS d)) ON l.doc = nth)) ORDER BY key"
    )
    rows = engine.arrow(select)
    engine.read("own_ids", [*rows.select(["key", "comment"]).to_batches()])
    if rows.num_rows:
        engine.run(
            "with_ids",
            "SELECT l.*, o.comment AS own_id FROM level AS l JOIN own_ids AS o ON l.key = o.key",
        )
    else:
        engine.run("with_ids", "SELECT *, CAST(NULL AS VARCHAR) AS own_id FROM level")
    engine.run("level", "SELECT * FROM with_ids")
    engine.drop("with_ids", "own_ids")
    return rows


def stage_plain(engine: DuckEngine, number: int, known: Known, table: str, rejects: texts.Rejects) -> int:
    """Rows of plain JSON by dotted paths."""
    used = columns_of(known)
    source = _stepped(
        f"SELECT doc % {HALF} AS row, line AS j FROM docs", known.listed.split(".") if known.listed else (), "row"
    )
    if known.listed:
        engine.run(
            "found", f"SELECT row_number() OVER (ORDER BY row, place) AS row, item FROM ({_items(source, 'row')})"
        )
    else:
        engine.run("found", f"SELECT doc % {HALF} AS row, line AS item FROM docs")
    odd = engine.arrow(
        "SELECT row, substr(CAST(item AS VARCHAR), 1, 200) AS content FROM found WHERE json_type(item) <> 'OBJECT' "
        "ORDER BY row"
    )
    for row, content in zip(odd.column("row").to_pylist(), odd.column("content").to_pylist(), strict=True):
        rejects.add(row, "not a JSON object", content)
    paths = ", ".join("'$." + ".".join(_quoted(key) for key in known.paths[column]) + "'" for column in used)
    names = {column: f"v[{at + 1}]" for at, column in enumerate(used)}
    rows = engine.arrow(
        f"{select_of(number, known, names)} FROM (SELECT row, json_extract_string(item, [{paths}]) AS v FROM found "
        "WHERE json_type(item) = 'OBJECT')"
    )
    engine.drop("found")
    return engine.read(table, rows.to_batches())
