"""Which post each row is about, and the posts themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plaudit.ingest.exports.arrays import SEPARATOR, coded, is_known, joined, last_rows, mapped, picked, picked_texts
from plaudit.ingest.exports.judge import FileFacts, Judged
from plaudit.ingest.exports.naming import post_of
from plaudit.model import UNKNOWN, Bools, Ints

UNSAID = "generic"
"""Platform of a plain table that names none: its rows may be about a post that another file places."""


@dataclass(frozen=True)
class Homes:
    """Where posts live, by what may name them (an id, a title): ``(platform, post)`` of those some row places."""

    of: Mapping[str, frozenset[tuple[str, str]]]

    @staticmethod
    def known(platform: pa.Array, post: pa.Array, *names: pa.Array) -> Homes:
        """Homes of the rows that say a platform and a post, by post and by further names; null names nothing."""
        found: dict[str, set[tuple[str, str]]] = {}
        for name in (post, *names):
            told = pa.table({"platform": platform, "post": post, "name": name})
            told = told.filter(pc.and_(pc.is_valid(post), pc.is_valid(name))).group_by(told.column_names).aggregate([])
            for one in told.to_pylist():
                if one["platform"] != UNSAID:
                    found.setdefault(one["name"], set()).add((one["platform"], one["post"]))
        return Homes({name: frozenset(homes) for name, homes in found.items()})

    def beside(self, other: Homes) -> Homes:
        """Both together."""
        names = {**self.of, **other.of}
        return Homes({name: self.of.get(name, frozenset()) | other.of.get(name, frozenset()) for name in names})

    def one(self, name: str) -> tuple[str, str] | None:
        """The only post of this name; None where there is none, or several."""
        homes = self.of.get(name, frozenset())
        return next(iter(homes)) if len(homes) == 1 else None

    def several(self, name: str) -> bool:
        """Whether posts of more than one platform have this name."""
        return len({platform for platform, _ in self.of.get(name, ())}) > 1


def settled(platform: pa.Array, post: pa.Array, homes: Homes) -> tuple[pa.Array, pa.Array]:
    """Platforms and posts, where rows that say no platform are about the one post elsewhere that their post names."""
    unsaid = pc.equal(platform, UNSAID)
    found = {name: home for name in pc.unique(post).to_pylist() if name is not None and (home := homes.one(name))}
    there = [mapped(post, {name: home[part] for name, home in found.items()}.get) for part in (0, 1)]
    return (
        pc.if_else(unsaid, pc.coalesce(there[0], platform), platform),
        pc.if_else(unsaid, pc.coalesce(there[1], post), post),
    )


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


def placed(
    rows: Judged, files: Sequence[FileFacts], file: Ints, titles: Mapping[tuple[str, str], str], homes: Homes
) -> Place:
    """The post of each comment: the id the row holds, else its title, else the name of its file.

    A title, or the name of a file, that is the title of exactly one known post means that post. Files that hold
    the same comments hold comments of one post, whatever the files are called.

    Args:
        rows: judged comments.
        files: by number.
        file: number of each row's file.
        titles: (platform, title) -> post, where one title is one post's.
        homes: posts that other tables place, for rows that say no platform.
    """
    platform = platforms(rows, files, file)
    post = mapped(rows.column("post"), post_of)
    title = rows.column("title")
    derived = ~is_known(post) & ~is_known(title)
    names = [one.post for one in files]
    if derived.any():
        names = _united(rows, files, file, platform, derived, names)
    named = pc.coalesce(title, pa.array(names, pa.string()).take(pa.array(file)))

    def meant(key: str) -> str | None:
        home, name = key.split(SEPARATOR)[:2]
        return titles.get((home, name), titles.get((UNSAID, name)))

    post = pc.coalesce(post, mapped(joined(platform, named), meant), named)
    return Place(*settled(platform, post, homes), derived)


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
