"""Key figures of a section: sums, ratios and shares, each as exact as its counters are."""

from __future__ import annotations

import numpy as np

from plaudit.model import UNBOUNDED, Counter, Section
from plaudit.result import KeyFigure, SectionCount
from plaudit.tally import SectionTally, Whole

_TOTALS = ("reads", "readers", "plays", "shares", "favorites", "wow", "recommends", "follows")


def summed(counter: Counter) -> tuple[int, int | None, int, int]:
    """Sum of all known counters: ``(low, high or None where unbounded, counters, censored)``."""
    known = counter.known
    low, high = counter.low[known], counter.high[known]
    open_ended = bool((high == UNBOUNDED).any())
    return (
        int(low.sum()),
        None if open_ended else int(high.sum()),
        int(known.sum()),
        int((low != high).sum()),
    )


def open_above(shown: int, high: float, most: int | None) -> float | None:
    """The upper end of the authentic count with what the counters leave open above what they certainly show."""
    return None if most is None else high + (most - shown)


def whole_count(whole: Whole, shown: Counter) -> SectionCount:
    """A count of many targets as the document holds it."""
    _, high, counters, censored = summed(shown)
    return SectionCount(
        shown=whole.shown,
        verified=whole.verified,
        discounted=whole.discounted,
        undetermined=whole.undetermined,
        authentic=whole.authentic,
        authentic_low=whole.low,
        authentic_high=whole.high,
        shown_high=high,
        authentic_most=open_above(whole.shown, whole.high, high),
        counters=counters,
        censored=censored,
        suspect=max(whole.shown - whole.authentic, 0.0),
    )


def target_count(tally: SectionTally, section: Section, target: int) -> SectionCount:
    """The count of one target as the document holds it."""
    low, high = int(section.likes.low[target]), int(section.likes.high[target])
    most = None if high == UNBOUNDED else max(high, 0)
    return SectionCount(
        shown=int(tally.shown[target]),
        verified=int(tally.verified[target]),
        discounted=int(tally.discounted[target]),
        undetermined=int(tally.undetermined[target]),
        authentic=float(tally.authentic[target]),
        authentic_low=float(tally.low[target]),
        authentic_high=float(tally.high[target]),
        shown_high=most,
        authentic_most=open_above(int(tally.shown[target]), float(tally.high[target]), most),
        counters=int(low >= 0),
        censored=int(low >= 0 and low != high),
        suspect=float(tally.shown[target] - tally.authentic[target]),
    )


def key_figures(section: Section, tally: SectionTally) -> list[KeyFigure]:
    """Core figures, those the export cannot give left out."""
    posts, comments = section.posts, section.comments
    out = [_exact("posts", len(posts)), _exact("comments", len(comments))]
    out += [_exact("replies", int((comments.parent >= 0).sum()))]
    known = comments.author >= 0
    if known.any():
        per = np.bincount(comments.author[known])
        out.append(_exact("authors", int((per > 0).sum())))
        out.append(_share("returning_authors", float((per > 1).sum() / max((per > 0).sum(), 1))))
    for name in _TOTALS:
        if name in posts.totals and posts.totals[name].known.any():
            out.append(_counted(name, posts.totals[name]))
    on_posts = posts.totals.get("likes", Counter.absent(len(posts)))
    if on_posts.known.any():
        out.append(_counted("likes_on_posts", on_posts))
    if comments.likes.known.any():
        out.append(_counted("likes_on_comments", comments.likes))
        liked = np.sort(tally.shown[len(posts) :])[::-1]
        top = liked[: max(1, liked.shape[0] // 100)]
        out.append(_share("top_percent_share", float(top.sum() / max(int(liked.sum()), 1))))
    for code, above, below in (("likes_per_read", on_posts, "reads"), ("likes_per_play", on_posts, "plays")):
        if below in posts.totals:
            out += _ratio(code, above, posts.totals[below])
    if len(posts) and len(comments) and on_posts.known.any():
        out.append(_figure("likes_per_comment", "ratio", float(on_posts.low[on_posts.known].sum()) / len(comments)))
    for name in ("finish", "open"):
        rate = posts.rates.get(name)
        if rate is not None and np.isfinite(rate).any():
            out.append(_share(f"{name}_rate", float(np.nanmedian(rate))))
    elected = comments.elected
    if (elected >= 0).any():
        out.append(_share("elected_share", float((elected == 1).sum() / (elected >= 0).sum())))
    return out


def _figure(code: str, unit: str, value: float, low: float | None = None, high: float | None = None) -> KeyFigure:
    return KeyFigure(code=code, unit=unit, value=value, low=low, high=high)


def _exact(code: str, value: int) -> KeyFigure:
    return _figure(code, "count", float(value))


def _share(code: str, value: float) -> KeyFigure:
    return _figure(code, "share", value)


def _counted(code: str, counter: Counter) -> KeyFigure:
    low, high, _, censored = summed(counter)
    if not censored:
        return _figure(code, "count", float(low))
    return _figure(code, "count", float(low), float(low), None if high is None else float(high))


def _ratio(code: str, above: Counter, below: Counter) -> list[KeyFigure]:
    """Sum over sum, of the posts that show both exactly enough to divide."""
    both = above.known & below.known & (below.low > 0) & (above.high < UNBOUNDED) & (below.high < UNBOUNDED)
    if not both.any():
        return []
    a, b = above.take(np.flatnonzero(both)), below.take(np.flatnonzero(both))
    value = float(a.low.sum() / b.low.sum())
    if a.exact.all() and b.exact.all():
        return [_figure(code, "ratio", value)]
    return [_figure(code, "ratio", value, float(a.low.sum() / b.high.sum()), float(a.high.sum() / b.low.sum()))]
