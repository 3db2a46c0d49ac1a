"""The kinds of file, the columns each is read into, and the names by which plain tables call them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from plaudit.ingest.columns import folded


class Kind(StrEnum):
    """What a file is, told by its content."""

    WECHAT = "wechat"  # appmsg_comment, as readers see it
    WECHAT_OFFICE = "wechat_office"  # the back office's list_comment
    WECHAT_API = "wechat_api"  # the official comment/list
    WECHAT_TABLE = "wechat_table"  # community CSV of article comments
    WECHAT_ARTICLES = "wechat_articles"  # 公众号 已通知内容
    CHANNELS = "channels"  # 视频号助手
    BILIBILI = "bilibili"
    WEIBO = "weibo"
    DOUYIN = "douyin"
    XIAOHONGSHU = "xiaohongshu"
    YOUTUBE = "youtube"
    INSTAGRAM = "instagram"
    COMMENTS = "comments"  # a plain table of comments
    CURVE = "curve"  # counters read over time
    TOTALS = "totals"  # counters of posts, once each
    OUTCOMES = "outcomes"  # what actors went on to do
    EVENTS = "events"  # who liked what and when: tier T2, read by read_events


FLAGS = ("pinned", "elected", "author_liked", "by_owner", "hidden")
COMMENT_ROLES = (
    *("platform", "post", "title", "post_at", "account", "comment", "parent", "author_id", "author_name", "text"),
    *("likes", "replies", "created", "observed", "region", "country", "position"),
    *FLAGS,
)
COUNTS = (
    *("likes", "wow", "reads", "readers", "recommends", "shares", "sharers", "comments", "elected", "favorites"),
    *("follows", "delivered", "plays"),
)
RATES = ("finish", "open")
READING_ROLES = ("platform", "target", "title", "account", "post_at", "observed", *COUNTS, *RATES)
OUTCOME_ROLES = ("actor", "done", "kind", "value", "currency")

_SHARED = {
    "platform": "platform site 平台 来源平台",
    "title": "title post_title article_title video_title note_title 标题 文章标题 内容标题 视频描述 视频标题 笔记标题 "
    "文章 文章名 文章名称 作品 作品名称 作品标题 笔记 视频",
    "account": "account account_name mp_name biz nickname_of_account 公众号 公众号名称 账号名称 发布账号",
    "post_at": "post_at published published_at publish_time post_time_of_article 发布时间 发表时间 文章日期",
    "observed": "observed_at observed observed_ms fetched_at captured_at crawled_at collected_at crawl_time fetch_time "
    "snapshot_at snapshot_time polled_at exported_at 采集时间 抓取时间 观测时间 导出时间 监测时间",
}
_POST = (
    "post post_id article article_id video video_id note_id aweme_id content_id object_id media_id page_id url link "
    "article_url 文章链接 内容url 视频id 笔记id 帖子id 文章id 链接"
)
_COMMENT: Mapping[str, str] = {
    **_SHARED,
    "post": _POST,
    "post_at": "post_at post_published_at article_published_at 文章日期 文章发布时间",
    "comment": "comment_id id cid rpid reply_id mid comment_no 评论id 留言id",
    "parent": "parent parent_id parent_comment_id reply_to root root_id root_comment_id in_reply_to 父评论id "
    "上级评论id 回复评论id",
    "author_id": "author_id author_key user_id uid userid openid open_id user_openid member_id sec_uid 用户id 评论者id "
    "user.id user.uid user.user_id user.openid author.id member.mid from.id",
    "author_name": "author author_name nickname nick_name user_name username screen_name name 昵称 评论昵称 用户昵称 "
    "用户名 评论者 user.nickname user.name user.screen_name author.name member.uname",
    "text": "text content comment comment_text body message textoriginal 评论内容 留言内容 评论正文 留言正文 "
    "评论文本 内容 评论 留言",
    "likes": "likes like_count likecount like_num like likes_count liked_count digg_count comment_like_count upvotes "
    "thumbs 点赞数 评论点赞数 留言点赞数 留言赞 点赞 赞 赞数 获赞数 点赞量 点赞次数",
    "replies": "replies reply_count sub_comment_count reply_num replies_count reply_total_cnt 回复数 "
    "评论回复数 子评论数",
    "created": "created created_at create_time created_ms ts time timestamp date datetime publishedat comment_time "
    "post_time at 评论时间 留言时间 时间 发布时间 创建时间 "
    "评论日期 留言日期",
    "region": "region province ip_location ip_label location ip_region ip属地 属地 省份 地区 ip归属地 "
    "评论者属地 用户属地",
    "country": "country 国家",
    "position": "position rank floor_order 位次 排名 位置",
    "pinned": "pinned is_pinned is_top 置顶 是否置顶",
    "elected": "elected is_elected 精选 是否精选",
    "author_liked": "author_liked author_like_status liked_by_author 作者赞过 作者点赞",
    "by_owner": "by_owner is_author is_owner 是否作者 作者回复",
    "hidden": "hidden is_hidden is_deleted is_folded 是否隐藏 是否删除 折叠",
}
_READING: Mapping[str, str] = {
    **_SHARED,
    "target": f"target target_id comment_id id {_POST} repo repository",
    "observed": f"{_SHARED['observed']} at time timestamp ts date datetime 时间 日期 统计时间",
    "likes": "likes like_count likecount_total old_like_num digg_count liked_count stars upvotes 点赞 点赞数 点赞量 "
    "喜欢 赞 赞数 点赞次数",
    "wow": "wow like_num wow_count 在看 在看数 爱心",
    "reads": "reads read_num read_count views view_count viewcount 阅读 阅读数 阅读量 总阅读次数 "
    "阅读次数 浏览量 浏览数 浏览次数",
    "readers": "readers read_users 总阅读人数 阅读人数",
    "recommends": "recommends recommend_count 推荐 推荐数 推荐量",
    "shares": "shares share_num share_count forward_count 分享 分享量 分享次数 总分享次数 转发 转发数 转发量",
    "sharers": "sharers share_users 总分享人数 分享人数",
    "comments": "comments comment_count comment_num comments_count reply_count 评论 评论数 评论量 留言 留言数",
    "elected": "elected elected_count elected_comment_total_cnt 精选留言数",
    "favorites": "favorites favorite_count collect_count collected_count bookmarks 收藏 收藏数 收藏量",
    "follows": "follows follow_count 关注量 关注 阅读后关注人数 新增关注",
    "delivered": "delivered sent_count 送达人数",
    "plays": "plays play_count 播放 播放量 播放数",
    "finish": "finish finish_rate completion_rate 完播率 阅读完成率",
    "open": "open open_rate 送达阅读率 打开率",
}
_OUTCOME: Mapping[str, str] = {
    "actor": "actor actor_id user_id uid userid openid open_id account_id member_id customer_id 用户id 客户id 用户",
    "done": "at at_ms time timestamp ts created_at paid_at order_time date datetime 时间 下单时间 支付时间",
    "kind": "kind type event event_type action outcome 类型 行为 动作",
    "value": "value amount price revenue gmv 金额 订单金额 支付金额",
    "currency": "currency currency_code 币种",
}


def _table(words: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {role: tuple(dict.fromkeys(folded(word) for word in (role, *line.split()))) for role, line in words.items()}


ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "comment": _table(_COMMENT),
    "reading": _table(_READING),
    "outcome": _table(_OUTCOME),
}
"""Sort of row -> role -> names of its columns, best first, as :func:`plaudit.ingest.columns.folded` writes them."""

POST_NAMES = frozenset(folded(word) for word in f"{_POST} repo repository".split())
"""Names of columns whose values are posts and cannot be comments."""

OUTCOME_WORDS: Mapping[str, str] = {
    word: kind
    for kind, words in {
        "purchase": "purchase purchased buy bought order paid payment 购买 下单 支付 成交 付费",
        "repurchase": "repurchase repurchased rebuy reorder 复购 再次购买 回购",
        "referral": "referral refer referred invite invited 推荐 转介绍 邀请 拉新 裂变",
        "follow": "follow followed subscribe subscribed 关注 订阅",
        "read_finish": "read_finish finish_read read_to_end finished completed 读完 看完 完读 阅读完成 完播",
    }.items()
    for word in words.split()
}
"""Words for what an outcome is."""


def assigned(sort: str, columns: Sequence[str]) -> dict[str, str]:
    """Role -> column of a plain table read as rows of this sort (``comment``, ``reading``, ``outcome``).

    The best alias wins; of two columns named alike, the first. A column plays one role. A leaf of nested data speaks
    where no column does.
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    candidates = sorted(
        (aliases.index(name), nested, at, role, column)
        for at, column in enumerate(columns)
        for nested, name in ((0, folded(column)), (1, folded(column.rsplit(".", 1)[-1])))
        for role, aliases in ALIASES[sort].items()
        if name in aliases
    )
    # Whole names before leaves, then how well the name fits.
    for _, _, _, role, column in sorted(candidates, key=lambda one: (one[1], one[0], one[2])):
        if role not in found and column not in taken:
            found[role] = column
            taken.add(column)
    return found
