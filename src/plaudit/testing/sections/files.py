"""Worlds as the files a person would hold: saved responses, spreadsheets, curves; the truth in a folder of its own."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from plaudit.errors import InputError
from plaudit.model import HOUR_MS, Counter, Ints, Tier
from plaudit.testing.sections.responses import number, responses, shown, stamp, words_of
from plaudit.testing.sections.world import SectionWorld

LAYOUTS: tuple[str, ...] = ("wechat", "bilibili", "csv")
"""``wechat``: ``appmsg_comment`` responses, the back office's XLSX, totals and curves; ``bilibili``: its responses,
totals and curves; ``csv``: plain tables of everything."""


def write_section(
    world: SectionWorld, out_dir: str | Path, layout: str = "wechat", *, readings: int = 6, curves: bool = True
) -> list[Path]:
    """Write a world the way somebody would hold it.

    Args:
        world: what to write.
        out_dir: a folder, made when missing. Exports go to ``export/``, the truth to ``truth/`` (``truth.parquet``,
            ``clusters.parquet``, ``orders.parquet``, ``posts.parquet``, ``world.json``), so that no audit of ``export``
            reads it by accident.
        layout: one of :data:`LAYOUTS`.
        readings: how many of a post's readings are saved as responses, the last always (T1; JSON layouts).
        curves: also write every reading of every counter as ``curves.csv`` (T1): posts in the JSON layouts, posts and
            comments in ``csv``.

    Returns:
        The files written, exports first.

    Raises:
        InputError: an unknown layout, or the folder cannot be written.
    """
    if layout not in LAYOUTS:
        raise InputError(f"A simulated section is written as {', '.join(LAYOUTS)}, not {layout!r}.")
    out = Path(out_dir)
    files: list[Path] = []
    try:
        for name, content in _exports(world, layout, max(1, readings), curves):
            path = out / "export" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            files.append(path)
        (out / "truth").mkdir(parents=True, exist_ok=True)
        names = pa.array(target_names(world, layout), pa.string())
        place = world.truth.column_names.index("target_id")
        tables = {"truth": world.truth.set_column(place, "target_id", names), "clusters": world.clusters}
        for name, table in {**tables, "orders": world.orders, "posts": world.posts}.items():
            files.append(out / "truth" / f"{name}.parquet")
            pq.write_table(table, files[-1], compression="zstd")
        files.append(out / "truth" / "world.json")
        files[-1].write_text(json.dumps(world.description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"Cannot write the section to {out}: {error}; choose a folder you may write to.") from None
    return files


def post_keys(world: SectionWorld, layout: str) -> list[str]:
    """What the files of a layout call each post: the article's address on WeChat, the id elsewhere."""
    ids: list[str] = world.section.posts.id.to_pylist()
    if layout != "wechat":
        return ids
    return [f"https://mp.weixin.qq.com/s?__biz=MzA5NTY4OTg3NA==&mid={one}&idx=1&sn=0" for one in ids]


def target_names(world: SectionWorld, layout: str) -> list[str]:
    """What the files of a layout call each target; a WeChat reply is numbered within its comment, ``comment#reply``."""
    c = world.section.comments
    ids: list[str] = c.id.to_pylist()
    names = list(ids)
    if layout == "wechat":
        for row in np.flatnonzero(c.parent >= 0).tolist():
            names[row] = f"{ids[int(c.parent[row])]}#{row}"
    return [*post_keys(world, layout), *names]


def _exports(world: SectionWorld, layout: str, readings: int, curves: bool) -> Iterator[tuple[str, bytes]]:
    keys = post_keys(world, layout)
    if layout == "csv":
        yield "comments.csv", _csv(_comment_table(world, keys))
    else:
        yield from responses(world, layout, keys, readings)
    if layout == "wechat":
        yield f"articles_{stamp(int(world.section.comments.observed_ms.max()))}.xlsx", _articles(world, keys)
    # Everything in one folder is of one platform: responses of another would make every post two.
    platform = world.section.posts.platform
    platform = platform if layout == "csv" else pa.array([layout] * len(platform), pa.string())
    yield "totals.csv", _csv(_totals(world, keys, platform))
    if curves and world.section.tier is Tier.CURVE:
        yield "curves.csv", _csv(_curves(world, keys, platform, everything=layout == "csv"))


def _iso(ms: Ints) -> list[str]:
    whole = pa.array(np.maximum(ms, 0), pa.timestamp("ms", "UTC"))
    texts = [f"{one:%Y-%m-%dT%H:%M:%S}.{one.microsecond // 1000:03d}Z" for one in whole.to_pylist()]
    return ["" if at < 0 else text for at, text in zip(ms.tolist(), texts, strict=True)]


def _csv(table: pa.Table) -> bytes:
    held = io.BytesIO()
    pyarrow.csv.write_csv(table, held)
    return held.getvalue()


def _comment_table(world: SectionWorld, keys: list[str]) -> pa.Table:
    s, words = world.section, words_of(world)
    c = s.comments
    ids = pa.array([*words["id"], ""])
    columns: dict[str, Any] = {
        "platform": s.posts.platform.take(pa.array(c.post)),
        "post_id": pa.array(keys).take(pa.array(c.post)),
        "comment_id": c.id,
        "parent_id": ids.take(pa.array(np.where(c.parent >= 0, c.parent, len(c)))),
        "author_id": words["author"],
        "text": c.text,
        "likes": shown(c.likes),
        "replies": shown(c.replies),
        "created_at": _iso(c.created_ms),
        "observed_at": _iso(c.observed_ms),
        "region": words["region"],
        "position": shown(Counter.exactly(c.position)),
    }
    flags = {"pinned": c.pinned, "elected": c.elected, "author_liked": c.author_liked, "by_owner": c.by_owner}
    columns |= {name: shown(Counter.exactly(flag)) for name, flag in flags.items()}
    empty = {name for name, held in columns.items() if isinstance(held, list) and not any(held)}
    return pa.table({name: held for name, held in columns.items() if name not in empty or name == "likes"})


def _totals(world: SectionWorld, keys: list[str], platforms: pa.StringArray) -> pa.Table:
    p = world.section.posts
    taken = _iso(np.full(len(p), world.section.comments.observed_ms.max()))
    columns: dict[str, Any] = {"post_id": keys, "platform": platforms, "title": p.title}
    columns |= {"published_at": _iso(p.published_ms), "observed_at": taken}
    columns |= {name: shown(counter) for name, counter in p.totals.items()}
    return pa.table(columns)


def _curves(world: SectionWorld, keys: list[str], platforms: pa.StringArray, *, everything: bool) -> pa.Table:
    s = world.section
    shots, posts = s.snapshots, len(s.posts)
    rows = np.arange(len(shots)) if everything else np.flatnonzero(shots.target < posts)
    names = pa.array([*keys, *(s.comments.id.to_pylist() if everything else [])])
    platform = np.asarray(platforms.to_numpy(zero_copy_only=False), object)
    of_target = np.concatenate([platform, platform[s.comments.post]])
    columns: dict[str, Any] = {
        "target_id": names.take(pa.array(shots.target[rows])),
        "platform": pa.array(of_target[shots.target[rows]], pa.string()),
        "observed_at": _iso(shots.observed_ms[rows]),
        "likes": shown(shots.likes.take(rows)),
    }
    if shots.reads.known.any():
        columns["reads"] = shown(shots.reads.take(rows))
    return pa.table(columns)


_HEADER = (
    *(
        "内容标题",
        "发表时间",
        "总阅读人数",
        "总阅读次数",
        "总分享人数",
        "总分享次数",
        "阅读后关注人数",
        "送达人数",
        "公众号消息阅读次数",
    ),
    *("送达阅读率", "首次分享次数", "分享产生阅读次数", "首次分享率", "每次分享带来阅读次数", "阅读完成率", "内容url"),
)


def _articles(world: SectionWorld, keys: list[str]) -> bytes:
    """The back office's sheet of sent articles, 16 columns."""
    p = world.section.posts
    day = pa.array(p.published_ms + 8 * HOUR_MS, pa.timestamp("ms")).to_pylist()
    reads = p.totals.get("reads", Counter.absent(len(p)))
    shares = p.totals["shares"].low
    rows: list[list[Any]] = [list(_HEADER)]
    for k, (title, url) in enumerate(zip(p.title.to_pylist(), keys, strict=True)):
        seen, shared = int(reads.low[k]), int(shares[k])
        readers, delivered = round(seen * 0.82), round(max(seen, 1) * 4.5)
        words = shown(reads.take(np.array([k])))[0]
        rows.append(
            [
                *(
                    title,
                    f"{day[k]:%Y%m%d}",
                    readers,
                    number(words),
                    round(shared * 0.9),
                    shared,
                    round(readers * 0.01),
                ),
                *(delivered, round(seen * 0.55), f"{55 * seen / delivered:.2f}%", round(shared * 0.4)),
                *(round(seen * 0.3), "0.40%", "3.1", f"{100 * p.rates['finish'][k]:.2f}%", url),
            ]
        )
    return workbook(rows)


_NEVER = (1980, 1, 1, 0, 0, 0)


def workbook(rows: list[list[Any]]) -> bytes:
    """A workbook of one sheet whose bytes do not know when they were made."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("已通知内容")
    for row in rows:
        sheet.append(row)
    held, out = io.BytesIO(), io.BytesIO()
    book.save(held)
    with zipfile.ZipFile(held) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2024-01-01T00:00:00Z", old.read(name))
            new.writestr(zipfile.ZipInfo(name, _NEVER), content)
    return out.getvalue()
