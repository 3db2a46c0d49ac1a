"""What each fixture of comments says, comment by comment, in words."""

from __future__ import annotations

from typing import Any

from plaudit.ingest import Kind
from plaudit.model import UNBOUNDED


def comment(*said: Any, **more: Any) -> dict[str, Any]:
    post, author, text, likes, created = said
    exact = likes if isinstance(likes, tuple) else (likes, likes)
    rest = {"parent": None, "replies": -1, "observed": -1, "region": None, "position": -1, "flags": (-1,) * 5}
    return {"post": post, "author": author, "text": text, "likes": exact, "created": created, **rest, **more}


ARTICLE, S = "MzA5:2247483650:1", 1_714_500_000_000
EXPECTED: dict[str, tuple[Kind, dict[str, dict[str, Any]]]] = {
    "wechat_2018.json": (
        Kind.WECHAT,
        {
            "1234567890123456789": comment(
                "wechat_2018", "甲", "[强]写得真好", 37, 1_526_000_000_000, position=0, flags=(1, 1, -1, -1, -1)
            ),
            "1234567890123456789#1": comment(
                *("wechat_2018", None, "谢谢", 4, 1_526_000_600_000),
                **{"parent": "1234567890123456789", "flags": (-1, -1, -1, 1, -1)},
            ),
            "1234567890123456790": comment(
                "wechat_2018", "乙", "第二条", 0, 1_526_000_300_000, position=1, flags=(0, 1, -1, -1, -1)
            ),
        },
    ),
    "wechat_current.json": (
        Kind.WECHAT,
        {
            "6180434816318407177": comment(
                *(ARTICLE, "甲", "我妈上周在这家买过，老板娘多送了两根葱", 128, S),
                **{"replies": 2, "region": "广东", "position": 0, "flags": (1, 1, 1, -1, -1)},
            ),
            "6180434816318407177#1": comment(
                *(ARTICLE, "号主", "替我谢谢阿姨", 9, S + 600_000),
                **{"parent": "6180434816318407177", "flags": (-1, 1, 0, 1, 0)},
            ),
            "6180434816318407177#2": comment(
                *(ARTICLE, "乙", "同款老板娘", 2, S + 1_200_000),
                **{"parent": "6180434816318407177", "region": "浙江", "flags": (-1, 1, 0, 0, 0)},
            ),
            "6180434816318407178": comment(
                *(ARTICLE, "丙", "好文", 5, S + 300_000),
                **{"replies": 0, "region": "美国", "position": 1, "flags": (0, 1, 0, -1, -1)},
            ),
        },
    ),
    **{
        f"wechat_office_{form}.json": (
            Kind.WECHAT_OFFICE,
            {
                "8000000000000000007": comment(
                    "2247483650", "甲", "后台看到的留言", 15, S, region="广东", flags=(0, 1, -1, -1, 0)
                ),
                "8000000000000000007#1": comment(
                    *("2247483650", None, "收到", 1, S + 500_000),
                    **{"parent": "8000000000000000007", "flags": (-1, -1, -1, 1, -1)},
                ),
                "8000000000000000008": comment(
                    "2247483650", "乙", "没被精选的留言", 0, S + 100_000, region="北京", flags=(0, 0, -1, -1, 1)
                ),
            },
        )
        for form in ("strings", "objects")
    },
    "wechat_api.json": (
        Kind.WECHAT_API,
        {
            "1": comment("wechat_api", "", "官方接口的留言", -1, S, flags=(-1, 1, -1, -1, -1)),
            "1#1": comment("wechat_api", None, "谢谢", -1, S + 900_000, parent="1", flags=(-1, -1, -1, 1, -1)),
            "2": comment("wechat_api", None, "没有 openid", -1, S + 50_000, flags=(-1, 0, -1, -1, -1)),
        },
    ),
    "bilibili.json": (
        Kind.BILIBILI,
        {
            "1152921504606846977": comment(
                *("113000000000001", "甲", "置顶的[doge]", 4096, S),
                **{"replies": 1, "region": "上海", "position": 0, "flags": (1, -1, 1, 0, 0)},
            ),
            "1152921504606846979": comment(
                *("113000000000001", "UP", "谢谢支持", 20, S + 100_000),
                **{"parent": "1152921504606846977", "replies": 0, "flags": (-1, -1, 0, 1, 0)},
            ),
            "1152921504606846978": comment(
                *("113000000000001", "乙", "前排", 3, S + 50_000),
                **{"replies": 0, "region": "日本", "position": 1, "flags": (-1, -1, 0, 0, 0)},
            ),
        },
    ),
    "weibo.json": (
        Kind.WEIBO,
        {
            "5029000000000001": comment(
                "5028999999999999", "甲", "支持[赞]！", 88, 1_714_537_800_000, replies=1, region="广东", position=0
            ),
            "5029000000000002": comment(
                "5028999999999999", "乙", "+1", 1, 1_714_537_860_000, parent="5029000000000001"
            ),
        },
    ),
    "douyin.json": (
        Kind.DOUYIN,
        {
            "7363000000000000001": comment(
                *("7362000000000000000", "甲", "[比心]好看", 1203, S),
                **{
                    "replies": 1,
                    "observed": 1_714_560_000_000,
                    "region": "四川",
                    "position": 0,
                    "flags": (1, -1, 1, 0, 0),
                },
            ),
            "7363000000000000002": comment(
                *("7362000000000000000", "作者", "谢谢", 6, S + 200_000),
                **{"parent": "7363000000000000001", "observed": 1_714_560_000_000, "region": "重庆"},
                flags=(0, -1, 0, 1, 0),
            ),
        },
    ),
    "xiaohongshu.json": (
        Kind.XIAOHONGSHU,
        {
            "6630b0000000000001": comment(
                *("6630a0000000000001", "甲", "求链接", (11_500, 12_999), S + 123),
                **{"replies": 1, "region": "江苏", "position": 0, "flags": (-1, -1, -1, 0, -1)},
            ),
            "6630b0000000000002": comment(
                *("6630a0000000000001", "乙", "已私", (100_000, UNBOUNDED), S + 60_000),
                **{"parent": "6630b0000000000001", "region": "上海", "flags": (-1, -1, -1, 1, -1)},
            ),
        },
    ),
    "youtube.json": (
        Kind.YOUTUBE,
        {
            "UgzA": comment(
                "dQw4w9WgXcQ", "@a", "Great & good", 12, 1_714_537_800_000, replies=1, flags=(-1, -1, -1, 0, -1)
            ),
            "UgzA.r1": comment(
                "dQw4w9WgXcQ", "@owner", "thanks", 3, 1_714_539_600_000, parent="UgzA", flags=(-1, -1, -1, 1, -1)
            ),
        },
    ),
    "instagram.json": (
        Kind.INSTAGRAM,
        {
            "17900000000000001": comment(
                "17800000000000009", "a", "love it 😍", 5, 1_714_537_800_000, flags=(-1, -1, -1, -1, 0)
            ),
            "17900000000000002": comment(
                *("17800000000000009", "b", "same", 1, 1_714_538_400_000),
                **{"parent": "17900000000000001", "flags": (-1, -1, -1, -1, 1)},
            ),
        },
    ),
    "comments.csv": (
        Kind.COMMENTS,
        {
            "9007199254740993": comment("n1", "甲", "好文", 1234, 1_714_537_800_000, region="广东"),
            "9007199254740995": comment(
                "n1", "乙", "同意", (999, UNBOUNDED), 1_714_537_860_000, region="美国", parent="9007199254740993"
            ),
            "9007199254740997": comment("n1", "丙", "父评论不在", (10_000, 19_999), 1_714_537_860_123),
        },
    ),
    "comments.jsonl": (
        Kind.COMMENTS,
        {
            "9007199254741993": comment("n1", "甲", "好文", 3, 1_714_537_800_000),
            "9007199254741995": comment("n1", "乙", "同意", 4, 1_714_537_860_000),
        },
    ),
}
