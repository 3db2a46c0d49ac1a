"""Which post each row is about, and the posts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plaudit.ingest.exports.arrays import coded, is_known, joined, last_rows, mapped, picked, picked_texts
from plaudit.ingest.exports.judge import FileFacts, Judged
from plaudit.ingest.exports.naming import post_of
from plaudit.model import UNKNOWN, Bools, Ints


@dataclass(frozen=True)
class Place:
    """Where each row of one sort belongs: platform and id of its post, and whether only a name said so."""

    platform: pa.Array
    post: pa.Array
    derived: Bools


def platforms(rows: Judged, files: Sequence[FileFacts], file: Ints) -> pa.Array:
    """The platform of each row: its own column, else the file's."""
    own = pc.utf8_lower(rows.column("platform"))
    return pc.coalesce(own, pa.array([one.platform for one in files], pa.string()).take(pa.array(file)))


def placed(rows: Judged, files: Sequence[FileFacts], file: Ints, titles: Mapping[tuple[str, str], str]) -> Place:
    """The post of each comment: the id the row holds, else its title, else the name of its file.

    A title, or the name of a file, that is the title of exactly one known post means that post. Files that hold
    the same comments hold comments of one post, whatever the files are called.

    Args:
        rows: judged comments.
        files: by number.
        file: number of each row's file.
        titles: (platform, title) -> post, where one title is one post's.
    """
    platform = platforms(rows, files, file)
    post = mapped(rows.column("post"), post_of)
    title = rows.column("title")
    derived = ~is_known(post) & ~is_known(title)
    names = [one.post for one in files]
    if derived.any():
        names = _united(rows, files, file, platform, derived, names)
    named = pc.coalesce(title, pa.array(names, pa.string()).take(pa.array(file)))
    meant = mapped(joined(platform, named), lambda key: titles.get((key.split("\x1f")[0], key.split("\x1f")[1])))
    return Place(platform, pc.coalesce(post, meant, named), derived)


def _united(
    rows: Judged, files: Sequence[FileFacts], file: Ints, platform: pa.Array, derived: Bools, names: list[str]
) -> list[str]:
    worldwide = np.array([one.global_ids for one in files], np.bool_)
    code, words = coded(joined(platform, rows.column("comment")))
    here = derived & worldwide[file] & (code >= 0)
    if not here.any():
        return names
    edges = coo_array(
        (np.ones(int(here.sum()), np.int8), (file[here], len(files) + code[here])),
        shape=(len(files) + len(words), len(files) + len(words)),
    )
    _, label = connected_components(edges, directed=False)
    least: dict[int, str] = {}
    for at in np.unique(file[here]).tolist():
        one = int(label[at])
        least[one] = min(names[at], least.get(one, names[at]))
    inside = set(np.unique(file[here]).tolist())
    return [least[int(label[at])] if at in inside else name for at, name in enumerate(names)]


@dataclass(frozen=True)
class Mentions:
    """What rows of any sort say about posts, in order of time: one entry per row, texts null where they are silent."""

    platform: pa.Array
    post: pa.Array
    title: pa.Array
    account: pa.Array
    published_ms: Ints


@dataclass(frozen=True)
class PostTable:
    """Posts numbered in the order of (published_ms, id); ``keys`` are (platform, id) joined, by number."""

    keys: pa.Array
    platform: pa.Array
    id: pa.Array
    title: pa.Array
    account: Ints
    accounts: tuple[str, ...]
    published_ms: Ints


def post_table(mentions: Mentions) -> PostTable:
    """One entry per post; of several things said about it, the last."""
    key, words = coded(joined(mentions.platform, mentions.post))
    size = len(words)
    published = picked(mentions.published_ms, last_rows(key, mentions.published_ms != UNKNOWN, size))
    account_code, accounts = coded(mentions.account)
    account = picked(account_code, last_rows(key, account_code >= 0, size))
    title = picked_texts(mentions.title, last_rows(key, is_known(mentions.title), size))
    last = last_rows(key, np.ones(key.size, np.bool_), size)
    platform, id = picked_texts(mentions.platform, last), picked_texts(mentions.post, last)
    # An id that two platforms use is told apart by their names: it stands alone in tables and reports.
    id_code, ids = coded(id)
    twice = np.bincount(id_code, minlength=len(ids))[id_code] > 1
    id = pc.if_else(pa.array(twice), pc.binary_join_element_wise(platform, id, ":"), id)
    id_rank, _ = coded(id)
    order = np.lexsort((id_rank, published))
    at = pa.array(order)
    return PostTable(
        words.take(at),
        platform.take(at),
        id.take(at),
        title.take(at),
        account[order],
        tuple(accounts.to_pylist()),
        published[order],
    )
