"""A ranked board for a terminal, in English and 简体中文."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plaudit.report import figures
from plaudit.report.screen import Sentence
from plaudit.result import RankedBoard

SHOWN_ROWS = 50
_SHOWN_GROUPS, _SHOWN_MOVED = 5, 3
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "percent": "\N{NO-BREAK SPACE}%",
        "place": "place",
        "raw": "by likes",
        "target": "target",
        "likes": "likes shown",
        "counted": "counted",
        "range": "place, 90 %",
        "stable": "stable",
        "pushed": "pushed down by",
        "guest": "* Little is known of it: it stands here for once, to be seen.",
        "unheard": "Of these likes, {n} are too fast, alike or often together for readers: counted, they lift nothing.",
        "more": "{n} more rows: --json shows all.",
        "exposure": "Sorted by likes that count per time it was seen.",
        "votes": "Sorted by the share of up-votes among votes.",
        "age": "Sorted by likes that count for the time there was to get them: how often rows were seen is not known.",
        "count": "Sorted by likes that count: neither age nor how often rows were seen is known.",
        "group": "With the {likes} likes of suspected group {group} counted: {moves}.",
        "still": "no row would change its place",
        "moved": "{target} would stand {places} lower",
        "suspected": "What is not counted is suspected, not proven; it speaks of likes, never of a person.",
    },
    "zh": {
        "percent": "%",
        "place": "位次",
        "raw": "按表观赞数",
        "target": "对象",
        "likes": "表观赞数",
        "counted": "计入",
        "range": "位次 90% 区间",
        "stable": "稳定度",
        "pushed": "位次挤占",
        "guest": "* 所知尚少，此次试排于此，以便被看到。",
        "unheard": "其中 {n} 个赞来得过快、账号过于雷同或总是结伴而来，不像读者所为：仍计入各项计数，但不提升位次。",
        "more": "另有 {n} 行：--json 可看全部。",
        "exposure": "按每次曝光的有效赞数排序。",
        "votes": "按赞成票占比排序。",
        "age": "按发布以来应得关注折算的有效赞数排序：曝光次数未知。",
        "count": "按有效赞数排序：发布时间与曝光次数均未知。",
        "group": "若计入疑似同步组 {group} 的 {likes} 个赞：{moves}。",
        "still": "没有位次变化",
        "moved": "{target} 将下降 {places} 位",
        "suspected": "不计入的赞只是疑似异常，并非定论；结论针对点赞，不针对任何人。",
    },
}
"""Every word of the view, by language."""


def render_board(board: RankedBoard, lang: str = "en") -> RenderableType:
    """The board from the top with both orders and both counts, and what each suspected group would change."""
    words = WORDS[lang]
    table = Table(box=None, pad_edge=False)
    for name in ("place", "target", "raw", "likes", "counted", "range", "stable", "pushed"):
        table.add_column(words[name], justify="left" if name == "target" else "right")
    for row in board.rows[:SHOWN_ROWS]:
        table.add_row(
            f"{row.place} *" if row.guest else str(row.place),
            Text(figures.short(row.target, 40)),
            str(row.raw_place),
            f"{row.likes:,}",
            f"{row.counted:,.1f}".removesuffix(".0"),
            f"{row.place_low}–{row.place_high}",
            f"{100 * row.stability:.0f}{words['percent']}",
            str(row.displaced) if row.displaced > 0 else "",
        )
    lines: list[RenderableType] = [Sentence(words[board.method]), table]
    if len(board.rows) > SHOWN_ROWS:
        lines.append(Sentence(words["more"].format(n=len(board.rows) - SHOWN_ROWS)))
    if any(row.guest for row in board.rows[:SHOWN_ROWS]):
        lines.append(Sentence(words["guest"]))
    if missed := sum(row.unheard for row in board.rows):
        lines.append(Sentence(words["unheard"].format(n=f"{missed:,}")))
    for group in board.groups[:_SHOWN_GROUPS]:
        moved = [
            words["moved"].format(target=figures.short(m.target, 40), places=m.places)
            for m in group.pushed_down[:_SHOWN_MOVED]
        ]
        moves = ("；" if lang == "zh" else "; ").join(moved) or words["still"]
        lines.append(Sentence(words["group"].format(group=group.group_id, likes=group.likes, moves=moves)))
    lines.append(Sentence(words["suspected"]))
    return Group(*lines)
