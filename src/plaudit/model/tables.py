"""The Arrow schemas of the tables an audit writes."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

SCHEMA_VERSION = "1.4"
"""Version of every table and of ``result.json``; a breaking change raises the first number."""

_status = pa.dictionary(pa.int8(), pa.string())
_word = pa.dictionary(pa.int32(), pa.string())


def _not_null(*fields: tuple[str, pa.DataType]) -> list[pa.Field]:
    return [pa.field(name, kind, nullable=False) for name, kind in fields]


_counted = _not_null(
    ("verified", pa.int64()),
    ("discounted", pa.int64()),
    ("undetermined", pa.int64()),
    ("authentic", pa.float64()),
    ("authentic_low", pa.float64()),
    ("authentic_high", pa.float64()),
)


_estimated = [*_counted[:-1], _counted[-1].with_nullable(True)]
"""Of exports: the upper end is null where the counter says only "at least"."""
_PARTS = ("purchased", "induced", "organic")


def _may_be_null(*fields: tuple[str, pa.DataType]) -> list[pa.Field]:
    return [pa.field(name, kind) for name, kind in fields]


SCHEMAS: Mapping[str, pa.Schema] = {
    "likes": pa.schema(
        [
            *_not_null(
                ("event_id", pa.string()),
                ("actor_id", pa.string()),
                ("target_id", pa.string()),
                ("at_ms", pa.int64()),
                ("p_inauthentic", pa.float64()),
                ("status", _status),
            ),
            pa.field("group_id", _word),
            pa.field("reasons", pa.list_(_word), nullable=False),
        ]
    ),
    "targets": pa.schema(
        [
            *_not_null(("target_id", pa.string()), ("shown", pa.int64())),
            *_counted,
            *_may_be_null(
                ("parent_id", pa.string()),
                ("born_ms", pa.int64()),
                ("author_id", pa.string()),
                ("campaign_id", pa.string()),
                *((part + end, pa.float64()) for part in _PARTS for end in ("", "_low", "_high")),
                ("unheard", pa.int64()),
            ),
        ]
    ),
    "counts": pa.schema(
        [
            *_not_null(("kind", _word), ("id", pa.string()), ("targets", pa.int64()), ("shown", pa.int64())),
            *_counted,
        ]
    ),
    "actors": pa.schema(
        [
            *_not_null(
                ("actor_id", pa.string()),
                ("likes", pa.int64()),
                ("verified", pa.int64()),
                ("discounted", pa.int64()),
                ("undetermined", pa.int64()),
                ("expected_inauthentic", pa.float64()),
            ),
            pa.field("group_ids", pa.list_(_word), nullable=False),
        ]
    ),
    "groups": pa.schema(
        [
            *_not_null(
                ("group_id", pa.string()),
                ("detector", _word),
                ("members", pa.list_(pa.string())),
                ("targets", pa.list_(pa.string())),
                ("likes", pa.int64()),
                ("start_ms", pa.int64()),
                ("end_ms", pa.int64()),
                ("statistic", pa.float64()),
                ("null_expectation", pa.float64()),
                ("p", pa.float64()),
                ("q", pa.float64()),
                ("posterior", pa.float64()),
            ),
            pa.field("reasons", pa.list_(pa.string()), nullable=False),
        ]
    ),
    "findings": pa.schema(
        [
            *_not_null(
                ("finding_id", pa.string()),
                ("detector", _word),
                ("version", _word),
                ("family", _word),
                ("subject_kind", _word),
                ("subject_id", pa.string()),
                ("outcome", _word),
            ),
            pa.field("statistic", pa.float64()),
            pa.field("expectation", pa.float64()),
            pa.field("p", pa.float64()),
            pa.field("q", pa.float64()),
            pa.field("support", pa.int64()),
            pa.field("start_ms", pa.int64()),
            pa.field("end_ms", pa.int64()),
            pa.field("weight", pa.float64()),
            pa.field("reason", pa.string()),
            pa.field("exhibits", pa.list_(pa.string()), nullable=False),
        ]
    ),
    "comments": pa.schema(
        [
            *_not_null(("comment_id", pa.string()), ("post_id", pa.string())),
            *_may_be_null(
                ("parent_id", pa.string()),
                ("author_key", pa.string()),
                ("created_ms", pa.int64()),
                ("likes_low", pa.int64()),
                ("likes_high", pa.int64()),
            ),
            *_not_null(("p_inauthentic", pa.float64())),
            *_estimated,
            *_may_be_null(("depth", pa.float64()), ("depth_low", pa.float64()), ("depth_high", pa.float64())),
            pa.field("reasons", pa.list_(_word), nullable=False),
            *_may_be_null(("text", pa.string()), ("author_name", pa.string())),
        ]
    ),
    "posts": pa.schema(
        [
            *_not_null(("post_id", pa.string()), ("platform", _word)),
            *_may_be_null(
                ("account", pa.string()),
                ("title", pa.string()),
                ("published_ms", pa.int64()),
                ("likes_low", pa.int64()),
                ("likes_high", pa.int64()),
                ("reads_low", pa.int64()),
                ("reads_high", pa.int64()),
            ),
            *_not_null(("p_inauthentic", pa.float64())),
            *_estimated,
            *_not_null(("comments", pa.int64()), ("comment_likes", pa.int64()), ("comment_authentic", pa.float64())),
            pa.field("reasons", pa.list_(_word), nullable=False),
        ]
    ),
    "snapshots": pa.schema(
        [
            *_not_null(("target_id", pa.string()), ("target_kind", _word), ("observed_ms", pa.int64())),
            *_may_be_null(
                ("likes_low", pa.int64()),
                ("likes_high", pa.int64()),
                ("reads_low", pa.int64()),
                ("reads_high", pa.int64()),
                ("position", pa.int32()),
            ),
        ]
    ),
    "quarantine": pa.schema(
        [
            *_not_null(("file", pa.string())),
            pa.field("row", pa.int64()),
            *_not_null(("reason", pa.string())),
            pa.field("content", pa.string()),
        ]
    ),
}
"""The tables an audit writes, by name (``DIR/<name>.parquet``). Documented column by column in ``docs/outputs.md``."""

LOG_TABLES = ("likes", "targets", "counts", "actors", "groups", "findings", "quarantine")
"""Tables of an audit of an event log."""

SECTION_TABLES = ("comments", "posts", "snapshots", "targets", "groups", "findings", "quarantine")
"""Tables of an audit of comment exports and curves. An audit of both writes all of :data:`SCHEMAS`."""


def without_content(quarantine: pa.Table, names: Mapping[str, str] | None = None) -> pa.Table:
    """Rejected rows (schema ``quarantine``) without what they held, which may name people; files as in ``names``."""
    file = quarantine["file"]
    if names is not None:
        file = pa.array([names[name] for name in file.to_pylist()], pa.string())
    return pa.table(
        {
            "file": file,
            "row": quarantine["row"],
            "reason": quarantine["reason"],
            "content": pa.nulls(quarantine.num_rows, pa.string()),
        }
    ).cast(SCHEMAS["quarantine"])
