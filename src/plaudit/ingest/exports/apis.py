"""How each platform's JSON names things: where its comments stand, and at which path of a comment each role is.

The paths come from public documentation and public client code (``docs/exports.md`` has the table). A path beginning
with ``^`` starts at the response, any other at the comment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from plaudit.ingest.exports.roles import Kind

Text = Callable[[str], str]
"""Path -> SQL text of the value there, NULL where absent, an object or a list."""
Made = Callable[[Text], str]
"""A role made of several values: SQL from their texts."""


@dataclass(frozen=True)
class Place:
    """A list of comments in a response: its path, and flags every comment in it has."""

    path: str
    flags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """One platform's responses.

    Attributes:
        places: where comments stand in a response; ``""`` is the response itself.
        needs: paths every comment of this platform has; each entry lists alternatives.
        marks: paths that speak for this platform and not for another.
        top: keys of the response that speak for it.
        roles: role -> alternative paths, or SQL made of several values.
        threads: paths, from a comment, of its replies.
        replies: roles that a reply names otherwise.
        ordered: the response is what readers see, in their order.
        global_ids: an id is unique beyond its post.
        lone_reply: the one reply a comment may have stands there itself, not in a list; empty, it says there is none.
    """

    kind: Kind
    platform: str
    places: tuple[Place, ...]
    needs: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...] | Made]
    threads: tuple[str, ...] = ()
    replies: Mapping[str, tuple[str, ...] | Made] = field(default_factory=dict)
    top: tuple[str, ...] = ()
    ordered: bool = True
    global_ids: bool = True
    lone_reply: bool = False


POST = ("post_id", "article_id", "^post_id", "^article_id")
TITLE = ("^title", "^post_title", "^article_title")
LINK = ("^url", "^link", "^article_url")
OBSERVED = tuple(
    f"{above}{name}"
    for above in ("^", "")
    for name in (
        *("observed_at", "observed_ms", "fetched_at", "captured_at", "crawled_at", "collected_at", "exported_at"),
        *("crawl_time", "fetch_time", "采集时间", "抓取时间", "导出时间"),
    )
)


def _yes(text: str, *words: str) -> str:
    return (
        f"CASE WHEN {text} IN ({', '.join(repr(word) for word in words)}) THEN '1' WHEN {text} IS NOT NULL THEN '0' END"
    )


def _not_zero(*paths: str) -> Made:
    return lambda text: f"coalesce({', '.join(f'nullif({text(path)}, {chr(39)}0{chr(39)})' for path in paths)})"


def _under_parent(path: str) -> Made:
    # The number of a WeChat reply counts within its comment only.
    return lambda text: f"parent_id || '#' || coalesce({text(path)}, CAST(place AS VARCHAR))"


_WECHAT_ROLES: Mapping[str, tuple[str, ...] | Made] = {
    "post": (*POST, "^appmsgid", "^mid", *LINK),
    "title": TITLE,
    "comment": ("content_id", "id", "comment_id"),
    "author_id": ("openid",),
    "author_name": ("nick_name",),
    "text": ("content",),
    "likes": ("like_num",),
    "replies": ("reply_new.reply_total_cnt", "reply.reply_total_cnt"),
    "created": ("create_time", "post_time"),
    "observed": OBSERVED,
    "region": ("ip_wording.province_name", "ip_wording"),
    "country": ("ip_wording.country_name",),
    "pinned": ("is_top",),
    "elected": ("is_elected",),
    "author_liked": ("author_like_status",),
    "hidden": ("is_deleted",),
}
_WECHAT_REPLIES: Mapping[str, tuple[str, ...] | Made] = {
    "comment": _under_parent("reply_id"),
    "likes": ("reply_like_num", "like_num"),
    "elected": ("reply_is_elected",),
    # Up to 2018 nobody but the author could reply and replies bear no name; later ones say 2 for the author.
    "by_owner": lambda text: (
        f"CASE WHEN {text('is_from')} = '2' THEN '1' WHEN {text('is_from')} IS NOT NULL THEN '0' "
        f"WHEN {text('nick_name')} IS NULL AND {text('openid')} IS NULL THEN '1' END"
    ),
}

APIS: tuple[Api, ...] = (
    Api(
        kind=Kind.WECHAT,
        platform="wechat",
        places=(Place("elected_comment", {"elected": "1"}), Place("friend_comment"), Place("my_comment"), Place("")),
        needs=(("content_id", "id"), ("content",), ("like_num",), ("nick_name",)),
        marks=("content_id", "like_num", "nick_name", "my_id", "is_from_friend", "like_status", "logo_url"),
        top=("elected_comment", "elected_comment_total_cnt", "friend_comment", "my_comment", "base_resp"),
        roles=_WECHAT_ROLES,
        threads=("reply_new.reply_list", "reply.reply_list"),
        replies=_WECHAT_REPLIES,
    ),
    Api(
        kind=Kind.WECHAT_OFFICE,
        platform="wechat",
        places=(Place("comment_list"), Place("comment_list.comment"), Place("comment_list.list")),
        needs=(("content",), ("nick_name",), ("post_time", "create_time")),
        marks=("nick_name", "post_time", "shield_status", "is_elected", "like_num"),
        top=("comment_list", "app_msg_list", "total_shield_count", "total_elected_count"),
        roles={**_WECHAT_ROLES, "hidden": ("shield_status",), "post": ("app_msg_id", "^app_msg_id", *POST, *LINK)},
        threads=("reply.reply_list", "reply_new.reply_list"),
        replies=_WECHAT_REPLIES,
        ordered=False,
    ),
    Api(
        kind=Kind.WECHAT_API,
        platform="wechat",
        places=(Place("comment"), Place("")),
        needs=(("user_comment_id",), ("content",), ("comment_type", "create_time")),
        marks=("user_comment_id", "comment_type", "openid"),
        top=("comment", "total", "errcode"),
        roles={
            "post": (*POST, "^msg_data_id", *LINK),
            "title": TITLE,
            "comment": ("user_comment_id",),
            "author_id": ("openid",),
            "text": ("content",),
            "created": ("create_time",),
            "observed": OBSERVED,
            "elected": ("comment_type",),
        },
        threads=("reply",),
        replies={"comment": lambda text: "parent_id || '#' || place", "by_owner": lambda text: "'1'"},
        ordered=False,
        global_ids=False,
        lone_reply=True,
    ),
    Api(
        kind=Kind.BILIBILI,
        platform="bilibili",
        places=(
            Place("top_replies", {"pinned": "1"}),
            Place("upper.top", {"pinned": "1"}),
            Place("top.upper", {"pinned": "1"}),
            Place("hots"),
            Place("replies"),
            Place(""),
        ),
        needs=(("rpid", "rpid_str"), ("content.message",)),
        marks=("rpid", "rpid_str", "oid", "ctime", "content.message", "reply_control.location", "member.uname"),
        roles={
            "post": ("oid_str", "oid", "^oid", "^bvid", "^aid", *POST),
            "title": TITLE,
            "comment": ("rpid_str", "rpid"),
            "parent": _not_zero("parent_str", "parent", "root_str", "root"),
            "author_id": ("mid_str", "mid", "member.mid"),
            "author_name": ("member.uname",),
            "text": ("content.message",),
            "likes": ("like",),
            "replies": ("rcount", "count"),
            "created": ("ctime",),
            "observed": OBSERVED,
            "region": ("reply_control.location",),
            "author_liked": ("up_action.like",),
            "by_owner": lambda text: (
                f"CASE WHEN coalesce({text('mid_str')}, {text('mid')}) = {text('^data.upper.mid')} THEN '1' "
                f"WHEN coalesce({text('mid_str')}, {text('mid')}) <> {text('^data.upper.mid')} THEN '0' END"
            ),
            "hidden": ("invisible",),
        },
        threads=("replies",),
    ),
    Api(
        kind=Kind.WEIBO,
        platform="weibo",
        places=(Place("data"), Place("comments"), Place("root_comments"), Place("hot_data"), Place("")),
        needs=(("id", "idstr"), ("text", "text_raw"), ("created_at",)),
        marks=(
            "rootid",
            "rootidstr",
            "like_counts",
            "like_count",
            "source",
            "user.screen_name",
            "floor_number",
            "idstr",
        ),
        roles={
            "post": ("status.idstr", "status.id", "status_id", "^status_id", "^weibo_id", *POST),
            "title": TITLE,
            "comment": ("idstr", "id"),
            "parent": lambda text: (
                f"nullif(nullif(coalesce({text('reply_comment.idstr')}, {text('reply_comment.id')}, "
                f"{text('rootidstr')}, {text('rootid')}), '0'), coalesce({text('idstr')}, {text('id')}))"
            ),
            "author_id": ("user.idstr", "user.id"),
            "author_name": ("user.screen_name",),
            # Emoji come as pictures whose alternative text is what was typed.
            "text": lambda text: (
                f"regexp_replace(regexp_replace(coalesce({text('text_raw')}, {text('text')}), "
                "'<img[^>]*alt=\"?([^\" >]*)\"?[^>]*>', '\\1', 'g'), '<[^>]*>', '', 'g')"
            ),
            "likes": ("like_count", "like_counts"),
            "replies": ("total_number",),
            "created": ("created_at",),
            "observed": OBSERVED,
            "region": ("source",),
            "by_owner": ("is_mblog_author",),
        },
        threads=("comments",),
    ),
    Api(
        kind=Kind.DOUYIN,
        platform="douyin",
        places=(Place("comments"), Place("")),
        needs=(("cid",), ("text",), ("digg_count", "create_time")),
        marks=("cid", "digg_count", "aweme_id", "ip_label", "stick_position", "is_author_digged", "reply_id"),
        top=("cursor", "has_more", "extra"),
        roles={
            "post": ("aweme_id", "^aweme_id", *POST),
            "title": TITLE,
            "comment": ("cid",),
            "parent": _not_zero("reply_to_reply_id", "reply_id"),
            "author_id": ("user.uid", "user.sec_uid"),
            "author_name": ("user.nickname",),
            "text": ("text",),
            "likes": ("digg_count",),
            "replies": ("reply_comment_total",),
            "created": ("create_time",),
            "observed": (*OBSERVED, "^extra.now"),
            "region": ("ip_label",),
            "pinned": lambda text: (
                f"CASE WHEN TRY_CAST({text('stick_position')} AS BIGINT) > 0 THEN '1' "
                f"WHEN {text('stick_position')} IS NOT NULL THEN '0' END"
            ),
            "author_liked": ("is_author_digged",),
            "by_owner": lambda text: _yes(text("label_text"), "作者"),
            "hidden": ("is_folded",),
        },
        threads=("reply_comment",),
    ),
    Api(
        kind=Kind.XIAOHONGSHU,
        platform="xiaohongshu",
        places=(Place("comments"), Place("")),
        needs=(("id",), ("content",), ("create_time",)),
        marks=("note_id", "ip_location", "sub_comment_count", "user_info.nickname", "like_count", "target_comment.id"),
        roles={
            "post": ("note_id", "^note_id", *POST),
            "title": TITLE,
            "comment": ("id",),
            "parent": ("target_comment.id",),
            "author_id": ("user_info.user_id",),
            "author_name": ("user_info.nickname",),
            "text": ("content",),
            "likes": ("like_count",),
            "replies": ("sub_comment_count",),
            "created": ("create_time",),
            "observed": OBSERVED,
            "region": ("ip_location",),
            "by_owner": lambda text: (
                f"CASE WHEN {text('show_tags[]')} IS NULL THEN NULL "
                f"WHEN contains({text('show_tags[]')}, '\"is_author\"') THEN '1' ELSE '0' END"
            ),
        },
        threads=("sub_comments",),
    ),
    Api(
        kind=Kind.YOUTUBE,
        platform="youtube",
        places=(Place("items"), Place("comments"), Place("")),
        needs=(
            ("id",),
            ("snippet.topLevelComment.snippet.publishedAt", "snippet.publishedAt", "publishedAt"),
            (
                *("snippet.topLevelComment.snippet.textOriginal", "snippet.textOriginal", "textOriginal"),
                *("snippet.topLevelComment.snippet.textDisplay", "snippet.textDisplay", "textDisplay"),
            ),
        ),
        marks=("publishedAt", "snippet.publishedAt", "snippet.topLevelComment.id", "likeCount", "textOriginal", "etag"),
        top=("kind", "etag", "pageInfo"),
        roles={
            role: tuple(
                f"{above}{name}" for above in ("snippet.topLevelComment.snippet.", "snippet.", "") for name in names
            )
            for role, names in {
                "text": ("textOriginal", "textDisplay"),
                "likes": ("likeCount",),
                "created": ("publishedAt",),
                "author_id": ("authorChannelId.value", "authorChannelId"),
                "author_name": ("authorDisplayName",),
                "parent": ("parentId",),
                "replies": ("totalReplyCount",),
            }.items()
        }
        | {
            "post": ("snippet.videoId", "snippet.topLevelComment.snippet.videoId", "videoId", "^videoId", *POST),
            "title": TITLE,
            "comment": ("snippet.topLevelComment.id", "id"),
            "observed": OBSERVED,
            "by_owner": lambda text: (
                "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN {0} = {1} THEN '1' ELSE '0' END".format(
                    f"coalesce({text('snippet.topLevelComment.snippet.authorChannelId.value')}, "
                    f"{text('snippet.authorChannelId.value')})",
                    text("snippet.channelId"),
                )
            ),
        },
        threads=("replies.comments",),
        ordered=False,
    ),
    Api(
        kind=Kind.INSTAGRAM,
        platform="instagram",
        places=(Place("data"), Place("comments"), Place("comments.data"), Place("")),
        needs=(("id",), ("text",), ("timestamp",)),
        marks=("like_count", "timestamp", "username", "from.username", "hidden", "parent_id", "replies.data"),
        top=("paging",),
        roles={
            "post": ("media.id", "media_id", "^media_id", "^media.id", *POST),
            "title": TITLE,
            "comment": ("id",),
            "parent": ("parent_id",),
            "author_id": ("from.id", "user.id"),
            "author_name": ("from.username", "username"),
            "text": ("text",),
            "likes": ("like_count",),
            "created": ("timestamp",),
            "observed": OBSERVED,
            "hidden": ("hidden",),
        },
        threads=("replies.data", "replies"),
        ordered=False,
    ),
)
WRAPPERS = ("", "data", "response", "response.data", "result", "result.data", "body", "body.data")
"""Keys under which a saved response may stand as a whole."""


def holds(value: object, path: str) -> bool:
    """Whether a parsed comment has a value at this path (null does not count)."""
    for key in path.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return value is not None


def score(api: Api, item: object, top: frozenset[str]) -> int:
    """How much a parsed comment and the keys of its response speak for this platform; 0 where it cannot be."""
    if not isinstance(item, dict):
        return 0
    if not all(any(path in item or holds(item, path) for path in alternatives) for alternatives in api.needs):
        return 0
    return len(api.needs) + sum(holds(item, path) for path in api.marks) + 2 * len(top & set(api.top))
