"""What a file is, told by its content. Names of files say nothing here."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plaudit.errors import InputError, UnknownInput
from plaudit.ingest import layouts
from plaudit.ingest.columns import assign, folded, listed
from plaudit.ingest.exports.apis import APIS, WRAPPERS, Api, Place, score
from plaudit.ingest.exports.moments import BEIJING
from plaudit.ingest.exports.opening import Opened, opened
from plaudit.ingest.exports.roles import COUNTS, OUTCOME_WORDS, RATES, Kind, assigned
from plaudit.ingest.kinds import normalised
from plaudit.ingest.sources import resolve

LISTS = ("comments", "items", "data", "list", "rows", "results", "records", "events", "orderedItems")
"""Keys under which plain JSON keeps its rows."""
_SCORED = 20


@dataclass(frozen=True)
class Known:
    """A recognised file: how to read it.

    Attributes:
        kind: what it is.
        sort: ``comment``, ``reading`` or ``outcome`` rows; empty for an event log.
        platform: word for the platform.
        zone: zone its times without one are documented to be in.
        ordered: rows stand in the order readers saw.
        roles: role -> column (tables and plain JSON).
        api: the platform's JSON.
        listed: where plain JSON keeps its rows; empty: each value is a row.
        paths: column -> keys (plain JSON).
    """

    kind: Kind
    sort: str = ""
    platform: str = "generic"
    zone: str | None = None
    ordered: bool = False
    roles: Mapping[str, str] = field(default_factory=dict)
    api: Api | None = None
    listed: str = ""
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Table:
    """A table some program writes, known by columns nothing else has."""

    kind: Kind
    needs: tuple[str, ...]
    sort: str
    platform: str
    ordered: bool
    roles: Mapping[str, str]


_TABLES = (
    _Table(
        Kind.WECHAT_TABLE,
        ("评论昵称", "评论内容"),
        "comment",
        "wechat",
        True,
        {
            **{"post": "文章链接", "title": "文章标题", "post_at": "文章日期", "author_name": "评论昵称"},
            **{"text": "评论内容", "likes": "评论点赞数", "created": "留言时间", "country": "国家", "region": "省份"},
        },
    ),
    _Table(
        Kind.WECHAT_ARTICLES,
        ("内容标题", "总阅读次数", "总阅读人数"),
        "reading",
        "wechat",
        False,
        {
            **{"target": "内容url", "title": "内容标题", "post_at": "发表时间", "readers": "总阅读人数"},
            **{"reads": "总阅读次数", "sharers": "总分享人数", "shares": "总分享次数", "follows": "阅读后关注人数"},
            **{"delivered": "送达人数", "open": "送达阅读率", "finish": "阅读完成率"},
        },
    ),
    _Table(
        Kind.CHANNELS,
        ("视频描述", "播放量", "推荐", "喜欢"),
        "reading",
        "channels",
        False,
        {
            **{"target": "视频id", "title": "视频描述", "post_at": "发布时间", "finish": "完播率", "plays": "播放量"},
            **{"recommends": "推荐", "likes": "喜欢", "comments": "评论量", "shares": "分享量", "follows": "关注量"},
        },
    ),
)


def recognise(path: Path | str) -> Kind:
    """What one file is, by its content: :class:`Kind`; ``Kind.EVENTS`` is for :func:`~plaudit.ingest.read_events`.

    Raises:
        InputError: it cannot be opened, is nothing Plaudit reads, or could be two things.
    """
    with tempfile.TemporaryDirectory(prefix="plaudit-") as spool:
        sources = resolve(str(path), Path(spool))
        if len(sources) != 1:
            raise InputError(f"{path} names {len(sources)} files: name one.")
        return known(opened(sources[0], Path(spool))).kind


def known(file: Opened) -> Known:
    """What a file is and how to read it.

    Raises:
        UnknownInput: it is nothing Plaudit reads; it says what was found.
        InputError: it could be two things; it says what to add.
    """
    name = file.source.name
    if file.form in ("csv", "sheet", "parquet"):
        return _table(name, file.columns, file.samples, document=False)
    apis = _by_api(file.documents)
    if apis:
        best = max(apis.values())
        first = [api for api in APIS if apis.get(api.kind) == best]
        if len(first) > 1:
            words = " or ".join(api.kind.value for api in first)
            raise InputError(
                f"{name} could be comments from {words}; save the whole response, not the list of comments alone."
            )
        api = first[0]
        return Known(api.kind, "comment", api.platform, BEIJING, api.ordered, api=api)
    doubt: InputError | None = None
    for place in ("", *(f"{above}{'.' if above else ''}{one}" for above in WRAPPERS for one in LISTS)):
        items = [item for document in file.documents for item in (items_at(document, place) if place else [document])]
        rows = [item for item in items if isinstance(item, dict)]
        if place and not rows:
            continue
        paths = layouts.paths_of(json.dumps(row) for row in rows[:100])
        columns = tuple(paths)
        try:
            found = _table(name, columns, _sampled(rows[:100], paths), document=True)
        except UnknownInput:
            continue
        except InputError as error:
            doubt = doubt or error
            continue
        return Known(found.kind, found.sort, found.platform, found.zone, False, found.roles, None, place, paths)
    if doubt is not None:
        raise doubt
    held = next((list(one) for one in file.documents if isinstance(one, dict)), [])
    found_keys = f"keys {listed(held)}" if held else "no objects"
    raise UnknownInput(
        f"{name} is JSON of no kind Plaudit knows; found {found_keys}; {_WANTED}.", "unknown_json", listed(held)
    )


_WANTED = (
    "comments need columns such as comment_id, text, likes, created_at; curves target_id, observed_at, likes; totals "
    "post_id, likes, reads; outcomes actor, at, kind, value; event logs actor, target, at"
)


def items_at(document: Any, path: str) -> list[Any]:
    """What stands at a path of a parsed response, opened where it is JSON in a string; one thing is a list of one."""
    for key in path.split(".") if path else ():
        if not isinstance(document, dict) or key not in document:
            return []
        document = unpacked(document[key])
    if isinstance(document, list):
        return document
    return [document] if isinstance(document, dict) else []


def unpacked(value: Any) -> Any:
    """A JSON value; what a string of JSON holds where it is one."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value, parse_int=str)
        except (ValueError, RecursionError):
            return value
    return value


def places_of(api: Api) -> list[tuple[str, Place]]:
    """Every path at which this platform's comments may stand, under every wrapper."""
    return [
        (".".join(part for part in (above, place.path) if part), place)
        for above in WRAPPERS
        for place in api.places
        if place.path or not above
    ]


def _by_api(documents: Sequence[Any]) -> dict[Kind, int]:
    scores: dict[Kind, int] = {}
    for document in documents[:_SCORED]:
        if not isinstance(document, dict):
            continue
        top = frozenset(document)
        for api in APIS:
            for path, _ in places_of(api):
                for item in items_at(document, path)[:3]:
                    if worth := score(api, item, top):
                        scores[api.kind] = max(worth, scores.get(api.kind, 0))
            if len(top & set(api.top)) > 1 and api.kind in (Kind.WECHAT, Kind.WECHAT_OFFICE):
                scores.setdefault(api.kind, 1)  # an article without comments is an answer too
    return scores


def _sampled(rows: Sequence[dict[str, Any]], paths: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    seen: dict[str, list[str]] = {}
    for column, keys in paths.items():
        values = []
        for row in rows:
            value: Any = row
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                values.append(str(value))
        seen[column] = values
    return seen


def _table(name: str, columns: Sequence[str], samples: Mapping[str, list[str]], *, document: bool) -> Known:
    by_name = {folded(column): column for column in columns}
    for table in _TABLES:
        if all(folded(need) in by_name for need in table.needs):
            roles = {role: by_name[folded(one)] for role, one in table.roles.items() if folded(one) in by_name}
            return Known(table.kind, table.sort, table.platform, BEIJING, table.ordered, roles)
    comment, reading, outcome = (assigned(sort, columns) for sort in ("comment", "reading", "outcome"))
    counts = [role for role in (*COUNTS, *RATES) if role in reading]
    event = _is_event(name, columns, document)
    literal = {"actor", "target"} <= set(by_name) or layouts.known(columns, document)
    tests: tuple[tuple[bool, Callable[[], Known]], ...] = (
        (event and bool(literal), lambda: Known(Kind.EVENTS)),
        ("text" in comment and "likes" in comment, lambda: _plain(Kind.COMMENTS, "comment", comment)),
        (
            "comment" in comment and "likes" in comment and ("author_id" in comment or "author_name" in comment),
            lambda: _plain(Kind.COMMENTS, "comment", comment),
        ),
        (
            "text" not in comment and {"target", "observed"} <= set(reading) and bool(counts),
            lambda: _plain(Kind.CURVE, "reading", reading),
        ),
        (_is_outcome(outcome, by_name, samples), lambda: _plain(Kind.OUTCOMES, "outcome", outcome)),
        (event and ("text" not in comment or "kind" in by_name), lambda: Known(Kind.EVENTS)),
        (
            not event and "text" in comment and len(comment) > 2,
            lambda: _plain(Kind.COMMENTS, "comment", comment),
        ),
        (
            "text" not in comment and bool({"target", "title"} & set(reading)) and bool(counts),
            lambda: _plain(Kind.TOTALS, "reading", reading),
        ),
    )
    for holds, answer in tests:
        if holds:
            return answer()
    if event:
        raise InputError(
            f"{name} could be an event log or comments without likes; found {listed(columns)}; name the columns actor, "
            "target and at for an event log, or add a column likes (it may be empty) for comments."
        )
    familiar = {column for roles in (comment, reading, outcome) for column in roles.values()}
    if ((counts or "likes" in comment) and len(familiar) > 1) or {"actor", "value"} <= set(outcome):
        # Half of what is needed: meant to be read, and to be left out by no means.
        raise InputError(
            f"{name} is nearly a table Plaudit knows ({listed(sorted(familiar))}) and lacks what says of whom or what; "
            f"found {listed(columns)}; {_WANTED}."
        )
    raise UnknownInput(
        f"{name} is no table Plaudit knows; found {listed(columns)}; {_WANTED}.", "unknown_table", listed(columns)
    )


def _plain(kind: Kind, sort: str, roles: Mapping[str, str]) -> Known:
    return Known(kind, sort, roles=roles, ordered=False)


def _is_event(name: str, columns: Sequence[str], document: bool) -> bool:
    if layouts.known(columns, document):
        return True
    try:
        assign(name, columns, {})
    except InputError:
        return False
    return True


def _is_outcome(roles: Mapping[str, str], by_name: Mapping[str, str], samples: Mapping[str, list[str]]) -> bool:
    if not {"actor", "done", "kind"} <= set(roles) or {"target", "targetid"} & set(by_name):
        return False
    words = [normalised(word) for word in samples.get(roles["kind"], [])]
    return bool(words) and sum(word in OUTCOME_WORDS for word in words) * 2 > len(words)
