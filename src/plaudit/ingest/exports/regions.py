"""Regions, coarse: a province of China or a country, never a city."""

from __future__ import annotations

import re

_WORDS = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 重庆 "
    "四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾"
)
_PROVINCES = tuple(_WORDS.split())
_TRADITIONAL = str.maketrans("內遼龍蘇東廣慶貴雲陝肅寧臺灣門蒙", "内辽龙苏东广庆贵云陕肃宁台湾门蒙")
_BEFORE = re.compile(
    r"^\s*(IP\s*属地|IP\s*屬地|IP\s*归属地|IP\s*location|属地|来自|來自|发布于|發布於)\s*[:：]?\s*", re.IGNORECASE
)
_CHINA = re.compile(r"^(中国|中國|China|CN)[\s,，·/|-]*", re.IGNORECASE)
_NOTHING = frozenset({"", "-", "--", "未知", "未知地区", "unknown", "null", "none", "nan", "n/a", "局域网", "保密"})
_CLIENT = re.compile(r"[<>0-9]|客户端|iphone|android|微博|手机|网页", re.IGNORECASE)
MOST_LETTERS = 40
"""A region longer than this is an address, and nothing that precise is kept."""


def region_of(province: str | None, country: str | None = None) -> str | None:
    """The coarse region of one comment: province (China) or country; None where the export says nothing usable.

    ``IP属地：广东``, ``来自广东``, ``中国广东深圳`` and ``广东省`` are all ``广东``.
    """
    for word in (province, country):
        plain = _plain(word) if word else None
        if plain:
            return plain
    return None


def _plain(word: str) -> str | None:
    rest = _BEFORE.sub("", word).strip().translate(_TRADITIONAL)
    if rest.lower() in _NOTHING or _CLIENT.search(rest):
        return None
    inside = _CHINA.sub("", rest).strip()
    if not inside:
        return "中国"
    for name in _PROVINCES:
        if inside.startswith(name):
            return name
    # Western order ends with the country, Chinese order begins with it.
    parts = [part for part in re.split(r"[,，·/|]", rest) if part.strip()]
    if not parts:
        return None
    part = (parts[-1] if rest.isascii() else re.split(r"\s", parts[0].strip())[0]).strip()
    return part if 0 < len(part) <= MOST_LETTERS else None
