"""Saved responses of platforms: what a browser or a script stored, one file per post and reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.model import UNBOUNDED, Counter
from plaudit.testing.sections.world import SectionWorld


def shown(counter: Counter) -> list[str]:
    """Counters as people see them: digits, ``10万+`` for "at least", nothing where unknown."""
    low, high = counter.low, counter.high
    words = low.astype(np.str_).astype(object)
    for row in np.flatnonzero(high == UNBOUNDED).tolist():
        least = int(low[row])
        words[row] = f"{least // 10_000}万+" if least % 10_000 == 0 else f"{least}+"
    words[low < 0] = ""
    return words.tolist()  # type: ignore[no-any-return]


def words_of(world: SectionWorld) -> dict[str, list[Any]]:
    """Texts of each comment that need looking up: author, nickname, region (empty where unknown)."""
    c = world.section.comments
    author = np.asarray(c.author, np.int64)
    nothing = [""] * len(c)
    known = bool(c.n_authors)
    at = pa.array(np.maximum(author, 0))
    regions = pa.array([*c.regions, ""]).take(pa.array(np.where(c.region >= 0, c.region, len(c.regions)))).to_pylist()
    return {
        "author": c.author_key.take(at).to_pylist() if known else nothing,
        "name": c.author_name.take(at).to_pylist() if known else nothing,
        "region": regions,
        "id": c.id.to_pylist(),
        "text": c.text.to_pylist(),
    }


def as_json(value: Any) -> bytes:
    """One line of compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def stamp(at_ms: int) -> str:
    """A moment as names of files carry it."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


def responses(world: SectionWorld, layout: str, keys: list[str], readings: int) -> Iterator[tuple[str, bytes]]:
    """One response per post and saved reading; the moment stands in the file's name."""
    s, words = world.section, words_of(world)
    c, posts = s.comments, len(s.posts)
    build = _RESPONSES[layout]
    first = np.searchsorted(c.post, np.arange(posts))
    last = np.searchsorted(c.post, np.arange(posts), side="right")
    offsets, shots = s.curve_offsets, s.snapshots
    tops = c.parent < 0
    for post in range(posts):
        rows = np.arange(first[post], last[post])
        at_all = shots.observed_ms[offsets[post] : offsets[post + 1]]
        exported = int(c.observed_ms.max())
        spread = np.unique(np.linspace(0, max(at_all.size - 1, 0), readings + 1).round().astype(np.int64)[1:])
        for at in at_all[spread].tolist() if at_all.size else [exported]:
            likes, there = c.likes.take(rows), np.ones(rows.size, np.bool_)
            if at_all.size:
                begin, end = offsets[posts + first[post]], offsets[posts + last[post]]
                read = begin + np.flatnonzero(shots.observed_ms[begin:end] == at)
                there = np.isin(rows + posts, shots.target[read])
                likes = shots.likes.take(read)
            mine = rows[there]
            place = np.lexsort((np.arange(mine.size), -likes.low, c.pinned[mine] != 1))
            order = mine[place]
            shown_by_row = dict(zip(mine.tolist(), shown(likes), strict=True))
            threads: dict[int, list[int]] = {row: [] for row in order[tops[order]].tolist()}
            for row in order[~tops[order]][np.argsort(c.created_ms[order[~tops[order]]], kind="stable")].tolist():
                threads.setdefault(int(c.parent[row]), []).append(row)
            if not threads and layout == "bilibili":
                continue  # an empty response does not say whose it is
            body = build(world, post, keys[post], words, shown_by_row, threads)
            yield f"comments/{s.posts.id[post].as_py()}_{stamp(at)}.json", as_json(body)


def number(text: str) -> int | str:
    """Digits as a number, as responses have them; anything else as it is."""
    return int(text) if text.isdigit() else text


def _wechat(
    world: SectionWorld, post: int, key: str, words: Mapping[str, list[Any]], likes: Mapping[int, str],
    threads: Mapping[int, list[int]],
) -> dict[str, Any]:  # fmt: skip
    c = world.section.comments

    def common(row: int) -> dict[str, Any]:
        who = {"nick_name": words["name"][row], "openid": words["author"][row]} if c.n_authors else {"nick_name": ""}
        where = {"country_name": "中国", "province_name": words["region"][row], "city_name": ""}
        when = {} if c.created_ms[row] < 0 else {"create_time": int(c.created_ms[row] // 1000)}
        return {
            **({} if not words["region"][row] else {"ip_wording": where}),
            **when,
            **who,
            "content": words["text"][row],
            "author_like_status": int(c.author_liked[row] == 1),
            "is_from": 2 if c.by_owner[row] == 1 else 0,
            "is_from_friend": 0,
        }

    def reply(row: int) -> dict[str, Any]:
        return {
            "reply_id": row,
            "reply_like_num": number(likes[row]),
            "is_deleted": 0,
            "reply_is_elected": 1,
            **common(row),
        }

    elected = [
        {
            "id": count + 1,
            "my_id": count + 1,
            "content_id": words["id"][row],
            "like_num": number(likes[row]),
            "like_status": 0,
            "logo_url": "",
            "is_top": int(c.pinned[row] == 1),
            "is_elected": int(c.elected[row] != 0),
            "is_from_me": 0,
            "reply_new": {
                "max_reply_id": max(answers, default=0),
                "reply_total_cnt": len(answers),
                "reply_list": [reply(one) for one in answers if one in likes],
            },
            **common(row),
        }
        for count, (row, answers) in enumerate(threads.items())
    ]
    return {
        "base_resp": {"ret": 0},
        "url": key,
        "title": world.section.posts.title[post].as_py(),
        "enabled": 1,
        "continue_flag": 0,
        "elected_comment_total_cnt": len(elected),
        "elected_comment": elected,
        "friend_comment": [],
        "my_comment": [],
        "only_fans_can_comment": False,
        "reply_flag": 1,
    }


def _bilibili(
    world: SectionWorld, post: int, key: str, words: Mapping[str, list[Any]], likes: Mapping[int, str],
    threads: Mapping[int, list[int]],
) -> dict[str, Any]:  # fmt: skip
    c = world.section.comments
    owner = "0"

    def one(row: int, answers: list[int]) -> dict[str, Any]:
        top = int(c.parent[row])
        region = words["region"][row]
        mid = owner if c.by_owner[row] == 1 else str(int(words["author"][row] or "1", 16) % 10**15 + 1)
        return {
            "rpid": int(words["id"][row]),
            "rpid_str": words["id"][row],
            "oid": int(key),
            "root": 0 if top < 0 else int(words["id"][top]),
            "parent": 0 if top < 0 else int(words["id"][top]),
            "mid": int(mid),
            "like": number(likes[row]),
            "ctime": int(c.created_ms[row] // 1000),
            "rcount": len(answers),
            "member": {"mid": mid, "uname": words["name"][row]},
            "content": {"message": words["text"][row]},
            "reply_control": {"location": f"IP属地：{region}"} if region else {},
            "up_action": {"like": bool(c.author_liked[row] == 1), "reply": False},
            "invisible": False,
            "replies": [one(answer, []) for answer in answers if answer in likes],
        }

    made = [(row, one(row, answers)) for row, answers in threads.items()]
    return {
        "code": 0,
        "message": "0",
        "data": {
            "title": world.section.posts.title[post].as_py(),
            "cursor": {"all_count": len(likes), "is_end": True},
            "upper": {"mid": int(owner)},
            "top_replies": [body for row, body in made if c.pinned[row] == 1],
            "replies": [body for row, body in made if c.pinned[row] != 1],
        },
    }


_RESPONSES: Mapping[str, Callable[..., dict[str, Any]]] = MappingProxyType({"wechat": _wechat, "bilibili": _bilibili})
