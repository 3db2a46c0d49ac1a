"""What the names of files and folders say: when an export was taken, and of which post."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np

from plaudit.ingest.exports.moments import Stamp, local_to_utc, stamps_in

_ENDINGS = re.compile(r"(\.(csv|tsv|txt|jsonl|ndjson|json|parquet|xlsx|gz|zst))+$", re.IGNORECASE)
_PAGE = re.compile(r"[\s_\-]*(page[\s_\-]*\d+|第\s*\d+\s*页|\(\d+\)|（\d+）)\s*$", re.IGNORECASE)
_CLOCK = re.compile(r"(?<!\d)([01]\d|2[0-3])[-_:.hH时]([0-5]\d)(?:[-_:.m分]([0-5]\d))?(?!\d)")
_EDGES = " _-.,()[]【】#@"


@dataclass(frozen=True)
class Named:
    """What one file's name and folders say.

    Attributes:
        observed_ms: when it was taken, UTC milliseconds; None where no name says it, or names say two things.
        bare: the moment was a bare number, which may as well be an id.
        naive: the moment names no zone.
        day: the moment was a date alone, and stands for the end of that day.
        said: where the moment was found, or what contradicted what; for messages.
        post: name of the post, for files that hold no id of it.
    """

    observed_ms: int | None
    bare: bool
    naive: bool
    said: str
    post: str
    day: bool = False


def named(path: Path, root: Path, zone: str) -> Named:
    """Read the name of ``path``, and of its folders up to and including ``root``, moments without a zone in ``zone``.

    The file's own name speaks first, then the nearest folder that says something. A clock time in a nearer
    name joins a date in a folder's.
    """
    names = [_ENDINGS.sub("", path.name), *_folders(path, root)]
    post = next((plain for name in names if (plain := _without_stamps(name))), "post")
    for at, name in enumerate(names):
        found = stamps_in(name)
        if not found:
            continue
        clock = next((told for one in names[:at] if (told := _CLOCK.search(one))), None)
        if len(found) == 1 and clock and not _has_clock(found[0]):
            joined = stamps_in(f"{found[0].text} {clock[1]}:{clock[2]}:{clock[3] or '00'}")
            found = joined or found
            post = next(
                (
                    plain
                    for one in (*(_CLOCK.sub("", one) for one in names[:at]), *names[at:])
                    if (plain := _without_stamps(one))
                ),
                post,
            )
        if len(found) > 1:
            words = " and ".join(one.text for one in found)
            return Named(None, False, False, f"{name!r} names several moments ({words})", post)
        stamp = found[0]
        ms = _settled(stamp, zone)
        return Named(ms, stamp.bare, stamp.naive, f"the name {name!r}", post, stamp.day)
    return Named(None, False, False, "", post)


def _folders(path: Path, root: Path) -> list[str]:
    if not root.is_dir():
        return []
    folders = [one for one in path.resolve().parents if one == root.resolve() or root.resolve() in one.parents]
    return [one.name for one in folders]


def _has_clock(stamp: Stamp) -> bool:
    return stamp.bare or len(re.sub(r"\D", "", stamp.text)) > 8


def _settled(stamp: Stamp, zone: str) -> int:
    if not stamp.naive:
        return stamp.ms
    return int(local_to_utc(np.array([stamp.ms], np.int64), zone)[0])


def _without_stamps(name: str) -> str:
    for stamp in stamps_in(name):
        name = name.replace(stamp.text, " ")
    return re.sub(r"\s+", " ", _PAGE.sub("", name.strip(_EDGES))).strip(_EDGES)


def post_of(word: str) -> str:
    """The id of a post from what an export calls it: a WeChat link becomes what names the article, others stay.

    ``https://mp.weixin.qq.com/s?__biz=B&mid=M&idx=I&…`` is ``B:M:I``, whatever else the link carries;
    ``https://mp.weixin.qq.com/s/KEY`` is ``KEY``; any other link loses its fragment.
    """
    if "://" not in word:
        return word
    try:
        link = urlsplit(word.strip())
    except ValueError:
        return word
    if link.hostname == "mp.weixin.qq.com":
        asked = parse_qs(link.query)
        if "mid" in asked:
            return ":".join(asked.get(key, [""])[0] for key in ("__biz", "mid", "idx"))
        if link.path.startswith("/s/") and len(link.path) > 3:
            return link.path[3:].strip("/")
    return link._replace(fragment="").geturl()
