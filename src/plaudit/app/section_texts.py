"""What of a text a report may show: the beginning of it, without the names of other people."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import Ints, Section

MOST = 60
"""Characters of an excerpt."""

GONE = "…"

_MENTION = re.compile(r"([@＠])[^\s@＠,，。:：;；!！?？]+")
_REPLY = re.compile(r"^((?:回复|回覆|reply to|replying to)\s*)[^\s:：]{1,40}(\s*[:：])", re.IGNORECASE)
_REACHABLE = re.compile(r"https?://\S+|[\w.+-]+@[\w-]+\.[\w.]+|\d[\d\s-]{4,}\d")
_SPACE = re.compile(r"\s+")
_WIDE = re.compile(r"[\u3400-\u9fff\uac00-\ud7af\u3040-\u30ff]")


class Excerpts:
    """Excerpts of the comments a report shows. Nicknames of the section's own authors are looked for in all of them.

    A nickname is masked where it stands after ``@`` or ``回复``, and anywhere else from three characters on (eight
    where none of them is Chinese, Japanese or Korean): shorter ones are everyday words, and masking those would leave
    nothing to read. Addresses and numbers of six digits and more are masked as well.
    """

    def __init__(self, section: Section, rows: Ints, reveal: bool) -> None:
        """Read the texts of these comments.

        Args:
            section: where they stand.
            rows: comments, any order.
            reveal: show names as well.
        """
        unique = np.unique(rows)
        texts = section.comments.text.take(pa.array(unique)).to_pylist()
        self._reveal = reveal
        shown = {row: text or "" for row, text in zip(unique.tolist(), texts, strict=True)}
        names = frozenset[str]() if reveal else _names_in(shown.values(), section.comments.author_name)
        self._texts = {row: excerpt(text, names, reveal=reveal) for row, text in shown.items()}

    def of(self, row: int) -> str:
        """The excerpt of a comment."""
        return self._texts[row]


def excerpt(text: str, names: frozenset[str] = frozenset(), *, reveal: bool = False, most: int = MOST) -> str:
    """The beginning of a text in one line, at most ``most`` characters, without names and addresses unless revealed."""
    line = _SPACE.sub(" ", text[: most * 20]).strip()
    if not reveal:
        line = _REACHABLE.sub(GONE, line)
        line = _REPLY.sub(rf"\1{GONE}\2", line)
        line = _MENTION.sub(rf"\1{GONE}", line)
        for name in sorted(names, key=lambda one: (-len(one), one)):
            line = line.replace(name, GONE)
    return line if len(line) <= most else line[: most - 1].rstrip() + GONE


def _names_in(texts: Iterable[str], names: pa.StringArray) -> frozenset[str]:
    """Nicknames long enough to look for that stand in any of the texts."""
    pieces: set[str] = set()
    for text in texts:
        line = _SPACE.sub(" ", text[: MOST * 20]).strip()[: MOST + 30]
        for start in range(len(line)):
            for stop in range(start + 3, min(start + 24, len(line)) + 1):
                piece = line[start:stop]
                if len(piece) >= 8 or _WIDE.search(piece):
                    pieces.add(piece)
    if not pieces or len(names) == 0:
        return frozenset()
    found = pc.filter(names, pc.is_in(names, pa.array(sorted(pieces), pa.string())))
    return frozenset(found.unique().to_pylist())
