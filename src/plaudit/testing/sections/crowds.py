"""Innocent crowds and traps: what looks bought and is not. Nothing here is ever labelled bought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.model import DAY_MS, HOUR_MS, MINUTE_MS, Floats, Ints
from plaudit.testing.sections.background import TALENT, ordinary
from plaudit.testing.sections.orders import place_orders
from plaudit.testing.sections.state import CODE, STEP_MS, STEPS, Batch, Build
from plaudit.testing.sections.text import pasted, sentences, texts
from plaudit.testing.simulator.draw import choose, choose_distinct, log_uniform, week_bin


def _times(b: Build, per: float, least: int = 1) -> int:
    """How many of a crowd a world of this size holds: one per ``per`` posts, at least ``least``."""
    return max(least, round(b.knobs.crowds * b.n_posts / per))


def _posts(b: Build, count: int, label: str) -> Ints:
    """Posts without a crowd of their own yet, with days to live; marks them."""
    free = (b.post_trap == 0) & (b.published < b.end - 5 * DAY_MS)
    chosen = choose_distinct(b.rng, free.astype(np.float64), min(count, max(1, int(free.sum()) // 2)))
    b.post_trap[chosen] = CODE[label]
    return chosen


def _noun(b: Build, post: int) -> str:
    nouns = b.words.topics[int(b.topic[post])]
    return nouns[int(b.rng.integers(0, len(nouns)))]


def _add(b: Build, post: Ints, from_ms: Ints, extra: Floats, hours: Floats, *, by_rhythm: bool = False) -> None:
    """More readers: ``extra`` times the usual total, from ``from_ms`` after publication, fading over ``hours``."""
    age = (np.arange(STEPS) + 0.5) * STEP_MS
    since = (age[None, :] - from_ms[:, None]) / HOUR_MS
    wave = np.where(since >= 0, np.exp(-np.maximum(since, 0) / hours[:, None]), 0.0)
    if by_rhythm:
        wave *= b.rhythm[week_bin(b.published[post][:, None] + age[None, :].astype(np.int64))]
    total = b.readers[post].sum(axis=1)
    b.readers[post] += wave * (extra * total / np.maximum(wave.sum(axis=1), 1e-9))[:, None]


def launch(b: Build) -> None:
    """A product is launched: several times the usual readers of one post."""
    post = _posts(b, _times(b, 40), "launch")
    b.base_reads[post] *= b.rng.uniform(3, 8, post.size)


def influencer(b: Build) -> None:
    """Somebody with a following shares the post: a step in readers, fading within hours."""
    post = _posts(b, _times(b, 20), "influencer")
    when = (log_uniform(b.rng, 5, 100, post.size) * HOUR_MS).astype(np.int64)
    _add(b, post, when, b.rng.uniform(0.5, 2.5, post.size), b.rng.uniform(1.0, 5.0, post.size))


def press(b: Build) -> None:
    """A newspaper picks the post up on a later day: a second, slower life in the day's rhythm."""
    post = _posts(b, _times(b, 30), "press")
    when = (b.rng.uniform(20, 110, post.size) * HOUR_MS).astype(np.int64)
    _add(b, post, when, b.rng.uniform(0.4, 1.5, post.size), b.rng.uniform(12, 30, post.size), by_rhythm=True)


def festival(b: Build) -> None:
    """One night nobody sleeps: the posts of the last two days are read until dawn."""
    for _ in range(_times(b, 200)):
        start = b.published[int(b.rng.integers(0, b.n_posts))] + int(b.rng.uniform(2, 12) * HOUR_MS)
        night = start - (start + b.zone_ms) % DAY_MS + 22 * HOUR_MS
        post = np.flatnonzero((b.published > night - 2 * DAY_MS) & (b.published < night) & (b.post_trap == 0))
        if not post.size:
            continue
        b.post_trap[post] = CODE["festival"]
        at = b.published[post][:, None] + (np.arange(STEPS) * STEP_MS)[None, :]
        awake = (at >= night) & (at < night + 6 * HOUR_MS)
        usual = b.rhythm[week_bin(at)]
        lively = b.rng.uniform(0.8, 1.3) * b.rhythm.max()
        b.readers[post] *= np.where(awake, lively / np.maximum(usual, 1e-9), 1.0)


def lottery(b: Build) -> None:
    """Real people write the phrase that enters them in a draw, for the prize; they like the post too."""
    for post in _posts(b, _times(b, 80), "lottery").tolist():
        b.base_reads[post] *= float(b.rng.uniform(1.5, 3))
        size = int(np.clip(0.02 * b.comments * b.rng.uniform(0.5, 1.5), 15, 400))
        where = np.full(size, post)
        phrase = b.words.giveaway.format(noun=_noun(b, post))
        half = size // 2
        author = np.concatenate([b.fans(int(b.account[post]), size - half), _strangers(b, half)])
        b.planted.append(_later(b, where, author, pasted(b.rng, b.words, phrase, size), "lottery"))


def slogan_fans(b: Build) -> None:
    """Fans write the same cheer under one post."""
    for post in _posts(b, _times(b, 40), "slogan_fans").tolist():
        size = int(b.rng.integers(8, int(np.clip(0.01 * b.comments, 12, 60))))
        where = np.full(size, post)
        phrase = b.words.cheer.format(noun=_noun(b, post))
        author = b.fans(int(b.account[post]), size)
        b.planted.append(_later(b, where, author, pasted(b.rng, b.words, phrase, size), "slogan_fans"))


def local_event(b: Build) -> None:
    """The post is about one place, and people from there answer it."""
    for post in _posts(b, _times(b, 60), "local_event").tolist():
        size = int(b.rng.integers(15, int(np.clip(0.02 * b.comments, 20, 80))))
        place = int(choose(b.rng, b.region_weight, 1)[0])
        local = b.rng.random(size) < b.rng.uniform(0.55, 0.85)
        region = np.where(local, place, choose(b.rng, b.region_weight, size))
        batch = ordinary(b, np.full(size, post), b.newcomers(size, region), "local_event", b.new_group("local_event"))
        b.planted.append(batch)


def fan_club(b: Build) -> None:
    """Loyal readers with the bell switched on: under every other post within the hour, in no order."""
    for _ in range(_times(b, 150)):
        account = int(b.rng.integers(0, b.n_accounts))
        size = int(b.rng.integers(6, 13))
        club = np.unique(b.fans(account, size))
        mine = np.flatnonzero(b.account == account)[-min(40, max(6, b.comments // (20 * size))) :]
        _regulars(b, club, mine, 0.5, 25 * MINUTE_MS, "fan_club")


def employees(b: Build) -> None:
    """Staff comment on their own firm's posts during working hours, from the firm's town."""
    account = int(b.rng.integers(0, b.n_accounts))
    size = int(b.rng.integers(8, 20))
    staff = b.newcomers(size, np.full(size, b.account_region[account]))
    mine = np.flatnonzero(b.account == account)[-min(20, max(4, b.comments // (20 * size))) :]
    _regulars(b, staff, mine, 0.35, 3 * HOUR_MS, "employees")


def _regulars(b: Build, people: Ints, posts: Ints, chance: float, within_ms: int, trap: str) -> None:
    who, where = np.nonzero(b.rng.random((people.size, posts.size)) < chance)
    post = posts[where]
    created = b.published[post] + (b.rng.exponential(within_ms, post.size)).astype(np.int64) + MINUTE_MS
    kind = choose(b.rng, np.array([0.1, 0.2, 0.1, 0.1, 0.4, 0.1]), post.size)
    text = texts(b.rng, b.words, kind, b.topic[post])
    boost = b.rng.normal(0, TALENT, post.size)
    group = b.new_group(trap)
    b.planted.append(b.write(post, created, people[who], text, kind=kind, trap=trap, group=group, boost=boost))


def _strangers(b: Build, size: int) -> Ints:
    return b.newcomers(size, choose(b.rng, b.region_weight, size))


def _later(b: Build, post: Ints, author: Ints, text: pa.StringArray, trap: str) -> Batch:
    """Comments whose moments are drawn once the readers are settled (-1 until then)."""
    boost = b.rng.normal(0, TALENT, post.size)
    unset = np.full(post.size, -1)
    return b.write(post, unset, author, text, kind="slogan", trap=trap, group=b.new_group(trap), boost=boost)


def great_comment(b: Build, batch: Batch) -> None:
    """One of the best comments of the year, and people see it."""
    row = _rows(b, batch, 150, "great_comment")
    batch.boost[row] = b.rng.normal(3.2, 0.4, row.size)
    batch.kind[row] = 0
    # What is great is told at length: two stories in one.
    text = sentences(b.rng, b.words, "experience", b.topic[batch.post[row]]).to_pylist()
    more = sentences(b.rng, b.words, "experience", b.topic[batch.post[row]]).to_pylist()
    _rewrite(batch, row, [f"{one}{b.words.joiner}{two}" for one, two in zip(text, more, strict=True)])


def pinned(b: Build, batch: Batch) -> None:
    """The owner pins a comment: seen first by everybody, whatever it earns."""
    row = _rows(b, batch, 80, "pinned", one_per_post=True)
    batch.pinned[row] = True
    batch.lift_at[row], batch.lift[row] = batch.created[row], np.log(4.0)


def elected(b: Build, batch: Batch) -> None:
    """The owner elects a comment a day later: until then almost nobody saw it."""
    row = _rows(b, batch, 60, "elected")
    batch.elected[row] = True
    batch.lift_at[row] = batch.created[row] + (b.rng.uniform(8, 40, row.size) * HOUR_MS).astype(np.int64)
    batch.lift[row] = np.log(10.0)


def author_liked(b: Build, batch: Batch) -> None:
    """The account likes a comment, which then stands higher."""
    row = _rows(b, batch, 50, "author_liked")
    batch.author_liked[row] = True
    batch.lift_at[row] = batch.created[row] + (log_uniform(b.rng, 0.5, 20, row.size) * HOUR_MS).astype(np.int64)
    batch.lift[row] = np.log(2.5)


def group_share(b: Build, batch: Batch) -> None:
    """Somebody posts a comment to a chat group: dozens of real likes within hours."""
    row = _rows(b, batch, 200, "group_share")
    if row.size:
        start = batch.created[row] + (log_uniform(b.rng, 0.5, 60, row.size) * HOUR_MS).astype(np.int64)
        likes = log_uniform(b.rng, 15, 80, row.size).astype(np.int64)
        length = (b.rng.uniform(1, 6, row.size) * HOUR_MS).astype(np.int64)
        group = np.array([b.new_group("group_share") for _ in range(row.size)], np.int64)
        place_orders(b, b.n_posts + row, "group_share", group, likes, start, length, "bursty", np.zeros(row.size))


def _rows(b: Build, batch: Batch, per: int, trap: str, *, one_per_post: bool = False) -> Ints:
    """Ordinary comments that nothing else befell, one per ``per``; marks them."""
    free = (batch.trap == 0) & (batch.label == 0) & (batch.parent < 0)
    count = max(1, round(b.knobs.crowds * len(batch) / per))
    row = choose_distinct(b.rng, free.astype(np.float64), min(count, int(free.sum()) // 4))
    if one_per_post:
        row = row[np.unique(batch.post[row], return_index=True)[1]]
    batch.trap[row] = CODE[trap]
    return row


def _rewrite(batch: Batch, row: Ints, words: list[str]) -> None:
    mask = np.zeros(len(batch), np.bool_)
    mask[row] = True
    batch.text = pc.replace_with_mask(batch.text, pa.array(mask), pa.array(words))  # rows ascend


ON_POSTS: Mapping[str, Callable[[Build], None]] = MappingProxyType(
    {
        "launch": launch,
        "influencer": influencer,
        "press": press,
        "lottery": lottery,
        "slogan_fans": slogan_fans,
        "festival": festival,
    }
)
"""Crowds that change who reads; planted before readers are settled."""

ON_SECTIONS: Mapping[str, Callable[[Build], None]] = MappingProxyType(
    {"local_event": local_event, "fan_club": fan_club, "employees": employees}
)
"""Crowds that write comments; planted once readers are settled."""

ON_COMMENTS: Mapping[str, Callable[[Build, Batch], None]] = MappingProxyType(
    {
        "great_comment": great_comment,
        "pinned": pinned,
        "elected": elected,
        "author_liked": author_liked,
        "group_share": group_share,
    }
)
"""What befalls single comments that are already written."""
