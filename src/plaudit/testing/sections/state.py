"""What a comment world is built from: posts with their readers, people, comments, orders. Times: ms since it began."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import pyarrow as pa

from plaudit.model import DAY_MS, HOUR_MS, Bools, Floats, Ints
from plaudit.testing.sections.spec import BOUGHT_LABELS, LABELS, Knobs, SectionSpec
from plaudit.testing.sections.text import APPEAL, KINDS
from plaudit.testing.sections.words import Vocabulary, vocabulary
from plaudit.testing.simulator.draw import BIN_MS, ZONES, Rng, choose, week_bin, zone_rhythms

STEP_MS = HOUR_MS // 2
STEPS = 30 * DAY_MS // STEP_MS
"""Readers of a post are followed in half hours for thirty days; hardly any come later."""

CODE = {label: code for code, label in enumerate(LABELS)}
FIRST_BOUGHT = len(LABELS) - len(BOUGHT_LABELS)


@dataclass
class Batch:
    """Comments, one entry each; ``parent`` is a row of the same batch or -1.

    ``likes`` is filled last; ``boost`` are nats of likes that no word explains; ``trap`` and ``label`` are codes of
    :data:`~plaudit.testing.sections.spec.LABELS`; ``lift_at``/``lift`` an exposure that begins later (elected, liked by
    the author, shared in a group).
    """

    post: Ints
    created: Ints
    author: Ints
    kind: Ints
    text: pa.StringArray
    boost: Floats
    parent: Ints
    label: Ints
    trap: Ints
    group: Ints
    pinned: Bools
    elected: Bools
    author_liked: Bools
    by_owner: Bools
    lift_at: Ints
    lift: Floats

    def __len__(self) -> int:
        return int(self.post.size)

    @staticmethod
    def concat(parts: list[Batch]) -> Batch:
        """All comments, in order; parents move with them."""
        shift = np.cumsum([0, *(len(part) for part in parts[:-1])])
        moved = [np.where(p.parent >= 0, p.parent + s, -1) for p, s in zip(parts, shift.tolist(), strict=True)]
        joined = {
            f.name: pa.concat_arrays([part.text for part in parts])
            if f.name == "text"
            else np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(Batch)
            if f.name != "parent"
        }
        return Batch(parent=np.concatenate(moved), **joined)


@dataclass
class Orders:
    """Bought deliveries, one entry each. ``target``: post, or ``n_posts`` + row of the comment in planting order.

    ``shape`` is a code of :data:`~plaudit.testing.sections.orders.SHAPES`; ``dropped`` of the delivered ``likes`` fall
    away between ``drop_from`` and ``drop_to``.
    """

    target: list[Ints] = field(default_factory=list)
    label: list[Ints] = field(default_factory=list)
    group: list[Ints] = field(default_factory=list)
    likes: list[Ints] = field(default_factory=list)
    start: list[Ints] = field(default_factory=list)
    end: list[Ints] = field(default_factory=list)
    shape: list[Ints] = field(default_factory=list)
    dropped: list[Ints] = field(default_factory=list)
    drop_from: list[Ints] = field(default_factory=list)
    drop_to: list[Ints] = field(default_factory=list)
    yuan: list[Ints] = field(default_factory=list)  # thousandths of a yuan per like

    def column(self, name: str) -> Ints:
        """One column of all orders."""
        parts: list[Ints] = getattr(self, name)
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


@dataclass
class Build:
    """Everything a world is made of while it is being made.

    Attributes:
        published, account, topic, base_reads, weight: per post; ``weight`` is the expected number of readers.
        readers: expected share of readers by post and half hour of age, ``float64[posts, STEPS]``; rows need not add
            up to 1 before :meth:`settle`.
        cum: cumulated share of the readers by post, ``float64[posts, STEPS + 1]``, from 0 to 1, after ``settle``.
        post_trap: code of the innocent crowd at work on the post, 0 for none.
        people_region, people_home: per author; authors ``0 .. n_accounts - 1`` are the accounts themselves.
        end: when the section was exported.
        fences: targets, moments, and how many of their genuine likes come after that moment.
    """

    spec: SectionSpec
    knobs: Knobs
    comments: int
    rng: Rng
    words: Vocabulary
    published: Ints
    account: Ints
    topic: Ints
    base_reads: Floats
    readers: Floats
    post_trap: Ints
    account_region: Ints
    region_weight: Floats
    people_region: Ints
    people_home: Ints
    people_weight: Floats
    rhythm: Floats
    end: int
    cum: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    weight: Floats = field(default_factory=lambda: np.zeros(0))
    planted: list[Batch] = field(default_factory=list)
    orders: Orders = field(default_factory=Orders)
    groups: list[str] = field(default_factory=list)
    group_counts: dict[str, int] = field(default_factory=dict)
    fences: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    @property
    def n_posts(self) -> int:
        """Posts."""
        return int(self.published.size)

    @property
    def n_accounts(self) -> int:
        """Accounts that publish."""
        return int(self.account_region.size)

    @property
    def zone_ms(self) -> int:
        """Offset of most readers' clocks from UTC: China's, or the American west coast's for English worlds."""
        return -8 * HOUR_MS if self.knobs.english >= 0.5 else 8 * HOUR_MS

    def new_group(self, label: str) -> int:
        """Number of a fresh group; its name is ``label/k``."""
        number = self.group_counts.get(label, 0)
        self.group_counts[label] = number + 1
        self.groups.append(f"{label}/{number}")
        return len(self.groups) - 1

    def newcomers(self, size: int, region: Ints) -> Ints:
        """``size`` fresh authors from the given regions."""
        first = self.people_region.size
        self.people_region = np.concatenate([self.people_region, region.astype(np.int64)])
        self.people_home = np.concatenate([self.people_home, np.full(size, -1)])
        self.people_weight = np.concatenate([self.people_weight, np.zeros(size)])
        return np.arange(first, first + size)

    def fans(self, account: int, size: int) -> Ints:
        """Authors of this account's public, active ones likelier; one may come more than once."""
        mine = np.flatnonzero(self.people_home == account)
        return np.asarray(mine[choose(self.rng, self.people_weight[mine], size)], np.int64)

    def fans_of(self, post: Ints) -> Ints:
        """One author for each comment, from the public of its post's account."""
        out = np.zeros(post.size, np.int64)
        for account in range(self.n_accounts):
            rows = np.flatnonzero(self.account[post] == account)
            out[rows] = self.fans(account, rows.size)
        return out

    def settle(self) -> None:
        """Fix when readers come: nothing after the export, cumulated shares, expected readers."""
        age = (self.end - self.published)[:, None] / STEP_MS - np.arange(STEPS)[None, :]
        self.readers *= np.clip(age, 0.0, 1.0)
        total = self.readers.sum(axis=1)
        self.weight = self.base_reads * total
        cum = np.zeros((self.n_posts, STEPS + 1))
        np.cumsum(self.readers, axis=1, out=cum[:, 1:])
        cum /= cum[:, -1:]
        cum[:, -1] = 1.0
        self.cum = cum

    def share_read(self, post: Ints, at: Ints) -> Floats:
        """Share of all readers of ``post`` that had come by ``at``."""
        age = np.clip((at - self.published[post]) / STEP_MS, 0, STEPS - 1e-9)
        step = age.astype(np.int64)
        low, high = self.cum[post, step], self.cum[post, step + 1]
        return np.asarray(low + (high - low) * (age - step), np.float64)

    def moment(self, post: Ints, share: Floats) -> Ints:
        """When ``share`` of the readers of ``post`` had come: the inverse of :meth:`share_read`."""
        flat = (self.cum[:, :-1] + np.arange(self.n_posts)[:, None]).ravel()
        place = np.searchsorted(flat, post + np.clip(share, 0.0, 1 - 1e-12), side="right") - 1
        step = np.clip(place - post * STEPS, 0, STEPS - 1)
        low, high = self.cum[post, step], self.cum[post, step + 1]
        inside = np.clip((share - low) / np.maximum(high - low, 1e-15), 0.0, 1.0)
        at = self.published[post] + ((step + inside) * STEP_MS).astype(np.int64)
        return np.asarray(np.minimum(at, self.end - 1), np.int64)

    def write(
        self,
        post: Ints,
        created: Ints,
        author: Ints,
        text: pa.StringArray,
        *,
        kind: str | Ints = "praise",
        label: str = "organic",
        trap: str = "organic",
        group: int = -1,
        boost: Floats | None = None,
    ) -> Batch:
        """Comments of their own (no replies) as a batch."""
        n = post.size
        kinds = kind if isinstance(kind, np.ndarray) else np.full(n, KINDS.index(kind))
        no, never = np.zeros(n, np.bool_), np.full(n, -1, np.int64)
        return Batch(
            post=post.astype(np.int64),
            created=np.minimum(created, self.end - 1).astype(np.int64),
            author=author.astype(np.int64),
            kind=kinds.astype(np.int64),
            text=text,
            boost=np.zeros(n) if boost is None else boost,
            parent=never.copy(),
            label=np.full(n, CODE[label]),
            trap=np.full(n, CODE[trap]),
            group=np.full(n, group),
            pinned=no.copy(),
            elected=no.copy(),
            author_liked=no.copy(),
            by_owner=no.copy(),
            lift_at=never.copy(),
            lift=np.zeros(n),
        )


def found(spec: SectionSpec, knobs: Knobs, comments: int, rng: Rng) -> Build:
    """Accounts, posts over months, their readers, and the public."""
    words = vocabulary("en" if knobs.english >= 0.5 else "zh")
    n_posts = int(knobs.posts) or int(np.clip(0.5 * comments**0.6, 8, 4_000))
    n_accounts = int(knobs.accounts) or int(np.clip(comments // 5_000, 1, 8))
    n_accounts = min(n_accounts, n_posts)
    span = knobs.span_days or float(np.clip(2.5 * n_posts / n_accounts, 75, 400))
    zones = zone_rhythms()
    share = np.array([zone[2] for zone in ZONES])
    share = np.where(np.array([zone[0] for zone in ZONES]) < 0 if knobs.english >= 0.5 else share > 0.15, share, 0)
    rhythm = (zones * share[:, None]).sum(axis=0) / share.sum()
    if knobs.rhythm < 1:
        rhythm = knobs.rhythm * rhythm + (1 - knobs.rhythm)
    account = np.sort(np.concatenate([np.arange(n_accounts), rng.integers(0, n_accounts, n_posts - n_accounts)]))
    rng.shuffle(account)
    # Each account has its own hour for publishing, as editors do.
    habit = rng.choice([7.5, 11.8, 17.5, 20.2], n_accounts)
    day = np.sort(rng.random(n_posts)) * span
    offset = -8.0 if knobs.english >= 0.5 else 8.0
    hour = (habit[account] + rng.normal(0, 0.4, n_posts) - offset) % 24
    published = (np.floor(day) * DAY_MS + hour * HOUR_MS).astype(np.int64)
    order = np.argsort(published, kind="stable")
    published, account = published[order], account[order]
    size = rng.lognormal(8.6, 0.5, n_accounts)
    base_reads = size[account] * rng.lognormal(0, 0.55, n_posts)
    regions = np.array([share for _, share in words.regions])
    account_region = choose(rng, regions, n_accounts)
    n_people = max(60, int(0.7 * comments))
    home = rng.integers(0, n_accounts, n_people)
    at_home = rng.random(n_people) < np.array(rng.uniform(0.2, 0.45, n_accounts))[home]
    region = np.where(at_home, account_region[home], choose(rng, regions, n_people))
    return Build(
        spec=spec,
        knobs=knobs,
        comments=comments,
        rng=rng,
        words=words,
        published=published,
        account=account.astype(np.int64),
        topic=rng.integers(0, len(words.topics), n_accounts)[account],
        base_reads=base_reads,
        readers=_readers(rng, knobs, published, rhythm),
        post_trap=np.zeros(n_posts, np.int64),
        account_region=account_region,
        region_weight=regions / regions.sum(),
        people_region=np.concatenate([account_region, region]),
        people_home=np.concatenate([np.full(n_accounts, -1), home]),
        people_weight=np.concatenate([np.zeros(n_accounts), 1 + rng.pareto(1.3, n_people)]),
        rhythm=rhythm,
        end=int(published[-1] + rng.uniform(4, 8) * DAY_MS),
    )


def _readers(rng: Rng, knobs: Knobs, published: Ints, rhythm: Floats) -> Floats:
    """Relative number of readers by post and half hour of age: power-law decay, rhythm, and moods of their own."""
    n = published.size
    slow = knobs.platform >= 0.5
    tau = rng.lognormal(np.log(16.0 if slow else 7.0), 0.3, n)[:, None]
    power = rng.uniform(1.5, 2.0, n)[:, None] if slow else rng.uniform(1.9, 2.6, n)[:, None]
    age = (np.arange(STEPS) + 0.5) * STEP_MS / HOUR_MS
    decay = (1 + age[None, :] / tau) ** -power
    at = published[:, None] + (np.arange(STEPS) * STEP_MS)[None, :]
    half_hours = (rhythm[week_bin(at)] + rhythm[week_bin(at + BIN_MS)]) / 2
    out = decay * half_hours
    if knobs.noise > 0:
        # Moods last hours: an autoregression, written as a short moving average of independent draws.
        draws = rng.standard_normal((n, STEPS + 7))
        sums = np.cumsum(draws, axis=1)
        mood = (sums[:, 7:] - sums[:, :-7]) / np.sqrt(7)
        out *= np.exp(knobs.noise * mood)
    out /= out.sum(axis=1, keepdims=True)
    return np.asarray(out, np.float64)


def appeal(batch: Batch) -> Floats:
    """Nats of likes that the words of each comment explain, and those no word explains."""
    return np.asarray(APPEAL[batch.kind] + batch.boost, np.float64)
