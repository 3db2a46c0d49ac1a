"""What audits hold of the sides of a comparison: targets, posts and comments, and who each belongs to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMA_VERSION

COUNTS = ("target_id", "shown", "authentic", "authentic_low", "authentic_high")


@dataclass(frozen=True)
class Held:
    """One audit as tables. ``owner`` of a row is who it belongs to, null where nothing says.

    Attributes:
        name: what the audit is called here.
        targets: :data:`COUNTS` and ``owner``.
        posts: rows of ``posts.parquet`` and ``owner``; none of an event log.
        comments: rows of ``comments.parquet`` and ``owner``; none of an event log.
        total: 90 % interval of the authentic likes of everything.
        depth: recognition depth of everything, its interval, and the comments it is of; None where there is none.
    """

    name: str
    targets: pa.Table
    posts: pa.Table | None
    comments: pa.Table | None
    total: tuple[float, float]
    depth: tuple[float, float, float] | None


def held(folder: Path, name: str, by: str, targets: Path | None) -> Held:
    """Read an audit.

    Args:
        folder: what ``plaudit audit`` has written.
        name: what to call it.
        by: ``dir``, ``campaign``, ``author``, ``post`` or ``account``.
        targets: a table of ``target_id`` and ``by``.

    Raises:
        ResultError: it is no whole audit of this version of the schema.
        InputError: the table of targets cannot be used.
    """
    told = None if targets is None or by == "dir" else _told(targets, by)
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        version = str(manifest["schema_version"])
        if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise ResultError(f"{folder} was written with schema {version}, this is {SCHEMA_VERSION}; audit it again.")
        of_section = "posts.parquet" in manifest["outputs"]
        rows = pq.read_table(folder / "targets.parquet")
        posts = pq.read_table(folder / "posts.parquet") if of_section else None
        comments = pq.read_table(folder / "comments.parquet") if of_section else None
        document = json.loads((folder / "result.json").read_text("utf-8"))
        total = float(document["total"]["authentic_low"]), float(document["total"]["authentic_high"])
        deep = (document.get("section") or {}).get("depth")
        depth = None if deep is None else (float(deep["index"]), float(deep["low"]), float(deep["high"]))
        return Held(
            name,
            _owned(rows, "target_id", _owner_of_targets(rows, posts, comments, by), "parent_id", told).select(
                [*COUNTS, "owner"]
            ),
            None if posts is None else _owned(posts, "post_id", _owner_of_posts(posts, by), None, told),
            None
            if comments is None
            else _owned(comments, "comment_id", _of_comments(comments, posts, by), "post_id", told),
            total,
            depth,
        )
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None


def _owned(table: pa.Table, id: str, own: pa.Array, above: str | None, told: Mapping[str, str] | None) -> pa.Table:
    """With the column ``owner``: as a table of targets says of the row or of the post above it, else as the audit."""
    if told is not None:
        ids, words = pa.array(list(told), pa.string()), pa.array(list(told.values()), pa.string())
        own = words.take(pc.index_in(_texts(table, id), value_set=ids))
        if above is not None:
            own = pc.coalesce(own, words.take(pc.index_in(_texts(table, above), value_set=ids)))
    return table.append_column("owner", own)


def _owner_of_targets(rows: pa.Table, posts: pa.Table | None, comments: pa.Table | None, by: str) -> pa.Array:
    nobody = pa.nulls(rows.num_rows, pa.string())
    ids, above = _texts(rows, "target_id"), _texts(rows, "parent_id")
    if by == "campaign" and "campaign_id" in rows.column_names:
        above = pc.coalesce(_texts(rows, "campaign_id"), above)
    of_author = _texts(rows, "author_id") if "author_id" in rows.column_names else nobody
    if posts is None or comments is None:
        return {"campaign": above, "post": above, "author": of_author}.get(by, nobody)
    own = _texts(posts, "post_id")
    under = pc.coalesce(above, pc.if_else(pc.is_in(ids, value_set=own), ids, nobody))
    if by in ("campaign", "post"):
        return under
    if by == "account":
        return _texts(posts, "account").take(pc.index_in(under, value_set=own))
    if by == "author":
        place = pc.index_in(ids, value_set=_texts(comments, "comment_id"))
        return pc.coalesce(of_author, _texts(comments, "author_key").take(place))
    return nobody


def _owner_of_posts(posts: pa.Table, by: str) -> pa.Array:
    named = {"campaign": "post_id", "post": "post_id", "account": "account"}.get(by)
    return pa.nulls(posts.num_rows, pa.string()) if named is None else _texts(posts, named)


def _of_comments(comments: pa.Table, posts: pa.Table | None, by: str) -> pa.Array:
    if posts is None:
        return pa.nulls(comments.num_rows, pa.string())
    return _owner_of_posts(posts, by).take(pc.index_in(_texts(comments, "post_id"), value_set=_texts(posts, "post_id")))


def _texts(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name).combine_chunks()
    return (column.chunk(0) if isinstance(column, pa.ChunkedArray) else column).cast(pa.string())


def numbers(table: pa.Table, name: str) -> np.ndarray:
    """A column as ``float64``, NaN where null."""
    return np.asarray(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def _told(path: Path, by: str) -> Mapping[str, str]:
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        # Ids are text, also where they look like numbers.
        texts = pa_csv.ConvertOptions(column_types={"target_id": pa.string(), by: pa.string()})
        table = pq.read_table(path) if parquet else pa_csv.read_csv(path, convert_options=texts)
    except FileNotFoundError:
        raise InputError(f"--targets {path} does not exist: check the path.") from None
    except (OSError, pa.ArrowException) as broken:
        raise InputError(f"--targets {path} cannot be read ({str(broken).splitlines()[0]}).") from None
    if missing := [name for name in ("target_id", by) if name not in table.column_names]:
        raise InputError(
            f"--targets {path} has no column {missing[0]!r} (found {', '.join(table.column_names)}): it needs "
            f"target_id and {by}."
        )
    pairs = zip(*(table.column(name).cast(pa.string()).to_pylist() for name in ("target_id", by)), strict=True)
    told: dict[str, str] = {}
    for target, owner in pairs:
        if target is None or not owner:
            continue
        if told.setdefault(target, owner) != owner:
            raise InputError(f"--targets {path} gives target {target!r} two of {by}: {told[target]!r} and {owner!r}.")
    return told
