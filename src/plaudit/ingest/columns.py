"""Which column plays which role: aliases, the user's mapping, and errors that say what to type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from plaudit.errors import InputError

READ_ROLES = ("actor", "target", "at", "event_id", "kind", "device", "ip", "author", "parent", "campaign")
"""Roles whose values are read. The first three must be there."""
KNOWN_ROLES = (*READ_ROLES, "value", "currency", "text")
"""Every role a column can play; those beyond READ_ROLES are recognised and not yet used."""
KIND_ROLES = ("like", "unlike", "publish")
"""Mapping keys that name kinds of event instead of columns."""
_WRAPPINGS = ("data", "event", "payload", "activity", "body", "record", "detail", "details", "attributes", "like")
FILE_NAME = "@file"
"""Mapping value for ``target``: every row of a file is about the thing the file is named after."""

_ALIASES: Mapping[str, str] = {
    "actor": "actor actor_id user user_id uid userid open_id openid union_id unionid account account_id "
    "member member_id username user_name screen_name login user.login actor.id actor.login "
    "voter voter_id liker liker_id from_user_id 用户 用户id 用户编号 用户名 点赞用户 "
    "点赞用户id 点赞者 点赞人 账号 账号id",
    "target": "target target_id item item_id object object_id object.id comment_id post_id video_id article_id note_id "
    "content_id media_id status_id tweet_id photo_id product_id repo repository repo_name repo.name aweme_id bvid rpid "
    "subject_id entity_id 目标 目标id 对象 对象id 留言id 留言编号 评论id 评论编号 视频id "
    "文章id 帖子id 作品id 内容id 笔记id 动态id 商品id",
    "at": "at at_ms timestamp timestamp_ms ts time datetime date created_at create_time created event_time "
    "event_timestamp occurred_at liked_at like_time starred_at voted_at published time_ms 时间 点赞时间 时间戳 "
    "创建时间 操作时间 发生时间",
    "event_id": "event_id id event_uuid uuid activity_id like_id message_id insert_id record_id 事件id",
    "kind": "kind type event_type action verb event event_name activity activity_type action_type reaction "
    "reaction_type 类型 动作 行为",
    "device": "device device_id device_fingerprint fingerprint did imei idfa oaid 设备 设备id 设备号",
    "ip": "ip ip_address ip_addr client_ip remote_addr remote_ip source_ip ip地址 客户端ip",
    "author": "author author_id target_author owner owner_id creator_id target_author_id target_owner_id 作者 作者id",
    "parent": "parent parent_id in_reply_to in_reply_to_id thread_id root_id",
    "campaign": "campaign campaign_id utm_campaign 活动",
    "value": "value amount price revenue 金额",
    "currency": "currency currency_code 币种",
    "text": "text content message body comment_text full_text 内容",
}


def folded(name: str) -> str:
    """A column name as it is compared: no case, byte-order mark, full-width letters, blanks, hyphens, underscores."""
    return re.sub(r"[\s_\-\ufeff]", "", unicodedata.normalize("NFKC", name)).lower()


ALIASES: Mapping[str, tuple[str, ...]] = {
    role: tuple(dict.fromkeys(folded(alias) for alias in words.split())) for role, words in _ALIASES.items()
}


def check_mapping(mapping: Mapping[str, str]) -> None:
    """Refuse a mapping with a role that does not exist."""
    for role in mapping:
        if role not in KNOWN_ROLES and role not in KIND_ROLES:
            raise InputError(
                f"the mapping {role}={mapping[role]} names no role: columns play {', '.join(KNOWN_ROLES)}; "
                f"kinds are named by {', '.join(KIND_ROLES)}."
            )


def assign(
    file: str, columns: Sequence[str], mapping: Mapping[str, str], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Role -> column of one file.

    The user's mapping wins (``role=`` with nothing after it: no column plays this role); then ``given`` (what a known
    layout says); then a column that is named like the role itself; then the one column that matches an alias.

    Args:
        file: name for messages.
        columns: column names (dotted paths in nested data), in file order.
        mapping: the user's ``role=column`` choices.
        given: roles that a recognised layout has settled already.

    Raises:
        InputError: a mapped column is not there, a role is played by two columns, or a required role by none.
    """
    settled = dict(given or {})
    for role in KNOWN_ROLES:
        if role in mapping:
            settled.pop(role, None)
            if column := _mapped(file, columns, role, mapping[role]):
                settled[role] = column
    for role in KNOWN_ROLES:
        # A column that the user or the layout has given one meaning must not be guessed to have a second one.
        free = [column for column in columns if column not in settled.values()]
        if role in settled or role in mapping or (given and role in ("event_id", "kind")):
            continue
        if column := _guessed(file, free, role):
            settled[role] = column
    missing = [role for role in READ_ROLES[:3] if role not in settled]
    if missing:
        shown = listed(columns)
        remedy = " ".join(f"--map {role}=COLUMN" for role in missing)
        raise InputError(
            f"{file}: no column is recognised as {' or '.join(missing)}; found {shown}; say it with {remedy}."
        )
    return settled


def listed(columns: Sequence[str], most: int = 20) -> str:
    """Column names for a message."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(repr(column) for column in columns[:most]) + more


def _mapped(file: str, columns: Sequence[str], role: str, wanted: str) -> str | None:
    wanted = wanted.strip()
    if not wanted:
        return None
    if role == "target" and wanted == FILE_NAME:
        return FILE_NAME
    exact = [column for column in columns if column == wanted]
    close = exact or [column for column in columns if folded(column) == folded(wanted)]
    if len(close) > 1:
        raise InputError(f"{file}: several columns are named {wanted!r}; rename all but one, then map {role} to it.")
    if not close:
        raise InputError(f"{file}: there is no column {wanted!r} to map {role} to; found {listed(columns)}.")
    return close[0]


def _guessed(file: str, columns: Sequence[str], role: str) -> str | None:
    named = [column for column in columns if folded(column) == folded(role)]
    if len(named) == 1:
        return named[0]
    full = [one for one in columns if _full_names(one) & set(ALIASES[role])]
    # In nested data a leaf speaks only where no column does: {"data": {"user_id": …}}. An id is that of what holds it.
    found = full or [
        column
        for column in columns
        if "." in column and folded(_leaf(column)) in ALIASES[role] and not _is_id_of_thing(column)
    ]
    if len(found) > 1:
        if role not in READ_ROLES or role in ("parent", "campaign"):
            # Of a direct parent and the root of a thread, the nearer one; what is above it does not contradict it.
            return min(found, key=lambda column: (_rank(role, column), column))
        raise InputError(
            f"{file}: {listed(found)} could each be the {role}; say which with --map {role}={_typed(found[0])}"
            + ("." if role in READ_ROLES[:3] else f" (or --map {role}= for none of them).")
        )
    return found[0] if found else None


def _full_names(column: str) -> set[str]:
    """What a column may be called: in nested data ``post.id`` is both a ``post`` and a ``post_id``."""
    above = column.removesuffix(".id")
    names = {folded(column), folded(above)}
    return names | {folded(f"{above}_id")} if above != column and "." not in above else names


def _leaf(column: str) -> str:
    return column.rsplit(".", 1)[1]


def _is_id_of_thing(column: str) -> bool:
    """Whether a leaf is the id of what holds it: a thing of its own, not the event or the wrapping around one."""
    return _leaf(column) == "id" and folded(column.rsplit(".", 2)[-2]) not in _WRAPPINGS


def _rank(role: str, column: str) -> int:
    aliases = ALIASES[role]
    return aliases.index(folded(column)) if folded(column) in aliases else len(aliases)


def _typed(column: str) -> str:
    return f"'{column}'" if re.search(r"\s", column) else column
