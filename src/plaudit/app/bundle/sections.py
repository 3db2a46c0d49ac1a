"""Exports (tiers T0 and T1) as members of a bundle, and back: the same numbers under other names.

Of the words only figures travel, unless the words themselves are asked for: what detectors and the recognition depth
read of them (:class:`~plaudit.detectors.TextFigures`), which is all anything here ever reads of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.bundle.archive import Archive, to_bytes
from plaudit.app.bundle.events import parquet
from plaudit.app.bundle.names import Names, swapped
from plaudit.app.bundle.pseudonyms import numbered
from plaudit.app.bundle.unpacking import counter, flags, int32, int64, shares, texts, within, yes_or_no
from plaudit.detectors import TextFigures
from plaudit.detectors.near_duplicate.wording import Wording, read_wording
from plaudit.errors import InputError
from plaudit.ingest.exports import ExportFile, ExportRead, ExportSummary, Kind
from plaudit.kernels.specifics import KINDS, Specifics, specifics
from plaudit.kernels.text import Alike
from plaudit.model import (
    SCHEMAS,
    SECTION_TABLES,
    Comments,
    Counter,
    Posts,
    Section,
    Snapshots,
    SubjectKind,
    without_content,
)

ABOUT, POSTS, COMMENTS = "input/section.json", "input/posts.parquet", "input/comments.parquet"
AUTHORS, READINGS, REJECTED = "input/authors.parquet", "input/readings.parquet", "input/rejected.parquet"
WORDS, WORDINGS = "input/words.parquet", "input/wordings.parquet"
INPUTS = (ABOUT, POSTS, COMMENTS, AUTHORS, READINGS, REJECTED)
_FLAGS = ("pinned", "elected", "author_liked", "by_owner", "hidden")
_MEASURES = ("letters", "information", "first_person", "question", "emoji", "copies")
_ID_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "comments": {"comment_id": "target", "post_id": "target", "parent_id": "target", "author_key": "author"},
    "posts": {"post_id": "target", "account": "account"},
    "snapshots": {"target_id": "target"},
    "targets": {"target_id": "target", "parent_id": "target", "author_id": "author"},
    "groups": {"members": "author", "targets": "target"},
    "findings": {"exhibits": "target"},
    "quarantine": {},
}


def masked(read: ExportRead, names: Names, with_texts: bool) -> ExportRead:
    """The same exports under pseudonyms: every number, time and flag as it was; texts and titles only if asked for."""
    section, told = read.section, read.summary
    posts, comments = section.posts, section.comments
    target, author = names.swap("target"), names.swap("author")
    sources = {file.name: f"source-{number}" for number, file in enumerate(told.files, 1)}
    rejected = without_content(read.quarantine, sources)
    summary = replace(
        told,
        files=tuple(replace(file, name=sources[file.name], notes=()) for file in told.files),
        left_out=(),
        notes=(),
    )
    hidden = Section(
        replace(
            posts,
            id=target(posts.id),
            title=posts.title if with_texts else pa.array([""] * len(posts), pa.string()),
        ),
        replace(
            comments,
            id=target(comments.id),
            author_key=author(comments.author_key),
            author_name=pa.array([""] * comments.n_authors, pa.string()),
            text=comments.text if with_texts else pa.nulls(len(comments), pa.string()),
            regions=tuple(numbered("region-", len(comments.regions)).to_pylist()),
        ),
        section.snapshots,
        tuple(names.swap("account")(pa.array(section.accounts, pa.string())).to_pylist()),
    )
    return ExportRead(hidden, None, (), summary, rejected)


def figures_of(section: Section) -> TextFigures | None:
    """What is read of the words of a section; None where it has no comments."""
    if len(section.comments) == 0:
        return None
    return TextFigures(specifics(section.comments.text), read_wording(section.posts, section.comments))


def renamed(tables: Mapping[str, pa.Table], names: Names, hidden: ExportRead, with_texts: bool) -> dict[str, pa.Table]:
    """Tables of an audit of exports under pseudonyms, so that both audits can be laid side by side."""
    out: dict[str, pa.Table] = {}
    for name in SECTION_TABLES:
        table = tables[name]
        for column, kind in _ID_COLUMNS[name].items():
            table = swapped(table, column, names.swap(kind))
        out[name] = table
    findings = out["findings"]
    subject = findings["subject_id"].combine_chunks()
    kinds = findings["subject_kind"].combine_chunks().cast(pa.string())
    homes = {SubjectKind.ACTOR: "author", **dict.fromkeys(_TARGETS, "target")}
    for kind, home in homes.items():
        subject = pc.if_else(pc.equal(kinds, kind.value), names.swap(home)(subject), subject)
    out["findings"] = findings.set_column(findings.column_names.index("subject_id"), "subject_id", subject)
    # Words and nicknames of an audit that was told to reveal them are no part of any bundle's own audit.
    gone = {"comments": ("text", "author_name"), "posts": () if with_texts else ("title",)}
    for name, columns in gone.items():
        for column in columns:
            table = out[name]
            out[name] = table.set_column(
                table.column_names.index(column), column, pa.nulls(table.num_rows, pa.string())
            )
    out["quarantine"] = hidden.quarantine
    return out


_TARGETS = (SubjectKind.TARGET, SubjectKind.POST, SubjectKind.COMMENT)


def pack(read: ExportRead, figures: TextFigures | None) -> dict[str, bytes]:
    """Members that hold exports under pseudonyms: with figures in place of texts, or with the texts."""
    section = read.section
    posts, comments, shots = section.posts, section.comments, section.snapshots
    of_posts: dict[str, Any] = {
        "post_id": posts.id,
        "platform": posts.platform,
        "account": posts.account,
        "published_ms": posts.published_ms,
    }
    for name, total in posts.totals.items():
        of_posts |= _ends(f"total_{name}", total)
    of_posts |= {f"rate_{name}": values for name, values in posts.rates.items()}
    of_comments: dict[str, Any] = {
        "comment_id": comments.id,
        "post": comments.post,
        "parent": comments.parent,
        "author": comments.author,
        **_ends("likes", comments.likes),
        **_ends("replies", comments.replies),
        "created_ms": comments.created_ms,
        "observed_ms": comments.observed_ms,
        "region": comments.region,
        "position": comments.position,
        **{name: getattr(comments, name) for name in _FLAGS},
    }
    if figures is None:
        of_posts["title"], of_comments["text"] = posts.title, comments.text
    readings = {
        "target": shots.target,
        "observed_ms": shots.observed_ms,
        **_ends("likes", shots.likes),
        **_ends("reads", shots.reads),
        "position": shots.position,
    }
    about = {
        "accounts": list(section.accounts),
        "regions": list(comments.regions),
        "totals": list(posts.totals),
        "rates": list(posts.rates),
        "summary": {
            **asdict(read.summary),
            "files": [{**asdict(file), "kind": file.kind.value} for file in read.summary.files],
        },
    }
    members = {
        ABOUT: to_bytes(about),
        POSTS: parquet(pa.table(of_posts)),
        COMMENTS: parquet(pa.table(of_comments)),
        AUTHORS: parquet(pa.table({"author_key": comments.author_key, "is_id": comments.author_is_id})),
        READINGS: parquet(pa.table(readings)),
        REJECTED: parquet(read.quarantine),
    }
    if figures is not None:
        said, wording = figures.specifics, figures.wording
        words = {name: getattr(said, name) for name in _MEASURES}
        words |= {f"tells_{kind}": said.kinds[:, k] for k, kind in enumerate(KINDS)}
        words |= {"group": wording.alike.group, "similarity": wording.alike.similarity}
        words |= {"speaks": wording.told, "tokens": wording.tokens}
        members[WORDS] = parquet(pa.table(words))
        members[WORDINGS] = parquet(pa.table({"voices": wording.voices, "nats": wording.nats}))
    return members


def unpack(archive: Archive) -> tuple[ExportRead, TextFigures | None]:
    """What :func:`pack` has packed.

    Raises:
        InputError: a member is missing, or does not hold what an audit could read.
    """
    try:
        about = archive.document(ABOUT)
        posts = _posts(archive.table(POSTS), about)
        comments = _comments(archive.table(COMMENTS), archive.table(AUTHORS), about, len(posts))
        section = Section(
            posts, comments, _snapshots(archive.table(READINGS), posts, comments), _accounts(about, posts)
        )
        told = about["summary"]
        files = tuple(ExportFile(**{**one, "kind": Kind(one["kind"]), "notes": ()}) for one in told["files"])
        summary = ExportSummary(**{**told, "files": files, "left_out": (), "notes": ()})
        quarantine = archive.table(REJECTED).cast(SCHEMAS["quarantine"])
        read = ExportRead(section, None, (), summary, quarantine)
        if WORDS not in archive.names:
            return read, None
        return read, _figures(archive.table(WORDS), archive.table(WORDINGS), comments)
    except (KeyError, TypeError, ValueError, AttributeError, pa.ArrowException) as broken:
        why = (str(broken).splitlines() or [type(broken).__name__])[0][:120]
        raise InputError(
            f"{archive.path} is no bundle that can be verified: its input is not an audit's ({why}); "
            "ask for the file again."
        ) from None


def _ends(name: str, values: Counter) -> dict[str, Any]:
    return {f"{name}_low": values.low, f"{name}_high": values.high}


def _posts(table: pa.Table, about: Mapping[str, Any]) -> Posts:
    rows = table.num_rows
    return Posts(
        id=texts(table, "post_id"),
        platform=texts(table, "platform"),
        account=int32(table, "account"),
        title=texts(table, "title") if "title" in table.column_names else pa.array([""] * rows, pa.string()),
        published_ms=int64(table, "published_ms"),
        totals={str(name): counter(table, f"total_{name}") for name in about["totals"]},
        rates={str(name): shares(table, f"rate_{name}") for name in about["rates"]},
    )


def _comments(table: pa.Table, authors: pa.Table, about: Mapping[str, Any], posts: int) -> Comments:
    rows, people = table.num_rows, authors.num_rows
    regions = tuple(str(name) for name in about["regions"])
    post, parent, author = int32(table, "post"), int32(table, "parent"), int32(table, "author")
    region = int32(table, "region")
    within(post, 0, posts, "post")
    within(parent, -1, rows, "parent")
    within(author, -1, people, "author")
    within(region, -1, len(regions), "region")
    if np.any(np.diff(post) < 0):
        raise ValueError("the comments are not in the order of their posts")
    return Comments(
        id=texts(table, "comment_id"),
        post=post,
        parent=parent,
        author=author,
        author_key=texts(authors, "author_key"),
        author_name=pa.array([""] * people, pa.string()),
        author_is_id=yes_or_no(authors, "is_id"),
        text=texts(table, "text") if "text" in table.column_names else pa.nulls(rows, pa.string()),
        likes=counter(table, "likes"),
        replies=counter(table, "replies"),
        created_ms=int64(table, "created_ms"),
        observed_ms=int64(table, "observed_ms"),
        region=region,
        regions=regions,
        position=int32(table, "position"),
        **{name: flags(table, name) for name in _FLAGS},
    )


def _snapshots(table: pa.Table, posts: Posts, comments: Comments) -> Snapshots:
    target, observed_ms = int32(table, "target"), int64(table, "observed_ms")
    within(target, 0, len(posts) + len(comments), "target")
    if np.any(np.diff(target) < 0) or np.any((np.diff(observed_ms) < 0) & (np.diff(target) == 0)):
        raise ValueError("the readings are not in the order of target and time")
    return Snapshots(target, observed_ms, counter(table, "likes"), counter(table, "reads"), int32(table, "position"))


def _accounts(about: Mapping[str, Any], posts: Posts) -> tuple[str, ...]:
    accounts = tuple(str(name) for name in about["accounts"])
    within(posts.account, -1, max(len(accounts), int(posts.account.max(initial=-1)) + 1), "account")
    return accounts


def _figures(words: pa.Table, wordings: pa.Table, comments: Comments) -> TextFigures:
    n = len(comments)
    if words.num_rows != n:
        raise ValueError("what the words tell is not told of every comment")
    group, told = int64(words, "group"), yes_or_no(words, "speaks")
    within(group, -1, wordings.num_rows, "group")
    voices = int64(wordings, "voices")
    # Who speaks is known of the comments themselves.
    voice = np.where(comments.author < 0, comments.n_authors + np.arange(n), comments.author).astype(np.int64)
    nobody = np.full(n, -1, np.int64)
    alike = Alike(group, np.full(wordings.num_rows, -1, np.int64), shares(words, "similarity"), nobody)
    lines = int(np.unique(voice[told]).shape[0])
    said = Specifics(
        letters=int64(words, "letters"),
        information=shares(words, "information"),
        kinds=np.column_stack([yes_or_no(words, f"tells_{kind}") for kind in KINDS]),
        first_person=int64(words, "first_person"),
        question=yes_or_no(words, "question"),
        emoji=shares(words, "emoji"),
        copies=int64(words, "copies"),
    )
    wording = Wording(alike, told, voice, voices, shares(wordings, "nats"), lines, int64(words, "tokens"))
    return TextFigures(said, wording)
