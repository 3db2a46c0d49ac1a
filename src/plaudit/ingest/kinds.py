"""Which kinds of event count as a like, which take one back, and which publish a target.

Without a kind column every row is a like. With one, words are compared in lower case with ``-`` and blanks as ``_``.
``like=share`` (any words, separated by commas) in the mapping says which kinds count as a like *instead*; the words
that take it back then follow (``unshare``, ``undo_share``, ``remove_share`` …) unless ``unlike=`` names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from plaudit.errors import InputError

OTHER, LIKE, UNLIKE, PUBLISH, COMMENT, UNDO = 0, 1, 2, 3, 4, 5
"""Classes of kinds. ``UNDO`` may name the event it undoes instead of a target, and is resolved before counting."""

MOST_KINDS = 1000
"""A kind column with more different words than this is not one."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LIKES = _set(
    "like liked likes favorite favorited favourite favourited fav heart hearted love loved star starred watchevent "
    "upvote upvoted vote_up thumbs_up thumbsup thumb_up +1 clap applaud applause kudos digg recommend "
    "点赞 赞 喜欢 点赞评论 推荐 在看 爱心"
)
_UNLIKES = _set("取消点赞 取消赞 取消喜欢 取消推荐 取消在看 unliked unlikes withdraw retract")
_PUBLISH = _set("create created post posted publish published upload note article 发布 发表")
_COMMENT = _set("comment commented reply replied 评论 回复 留言")
_BACK = ("un", "un_", "undo_", "remove_", "delete_", "cancel_", "revoke_", "取消")


def normalised(word: str) -> str:
    """A kind word as it is compared."""
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def classify(words: Iterable[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Class of each (normalised) kind word of a log.

    Args:
        words: the different kinds found.
        mapping: the user's mapping; ``like``, ``unlike`` and ``publish`` hold words separated by commas.

    Raises:
        InputError: no word counts as a like, or a word of the mapping would count as two things.
    """
    found = sorted(words)
    likes = _words(mapping, "like") or _LIKES
    unlikes = _words(mapping, "unlike") or frozenset(
        {f"{back}{word}" for word in likes for back in _BACK} | (_UNLIKES if "like" not in mapping else frozenset())
    )
    publish = _words(mapping, "publish") or (_PUBLISH - likes - unlikes)
    for one, other, names in ((likes, unlikes, "like and unlike"), (likes, publish, "like and publish")):
        if both := sorted(one & other):
            raise InputError(f"the mapping makes kind {both[0]!r} count as {names} at once: name each kind once.")
    classes: dict[str, int] = {}
    for word in found:
        if word in likes:
            classes[word] = LIKE
        elif word in unlikes:
            classes[word] = UNLIKE
        elif word == "undo":
            classes[word] = UNDO
        elif word in publish:
            classes[word] = PUBLISH
        else:
            classes[word] = COMMENT if word in _COMMENT else OTHER
    return classes


def require_likes(file: str, column: str, counts: Mapping[str, int], classes: Mapping[str, int]) -> None:
    """Refuse a log whose kind column holds no like, saying what it holds and what to type."""
    if any(classes[word] == LIKE for word in counts):
        return
    busiest = sorted(counts, key=lambda word: (-counts[word], word))
    likely = min(busiest, key=lambda word: classes[word] in (UNLIKE, UNDO))
    shown = ", ".join(f"{word} ({counts[word]})" for word in busiest[:8])
    more = f" and {len(busiest) - 8} more" if len(busiest) > 8 else ""
    raise InputError(
        f"{file}: column {column!r} says what kind each event is, and no kind found counts as a like: "
        f"{shown}{more}; say which does with --map like={likely}, or --map kind= if the column "
        "means something else and every row is a like."
    )


def _words(mapping: Mapping[str, str], role: str) -> frozenset[str]:
    return frozenset(normalised(word) for word in mapping.get(role, "").split(",") if word.strip())
