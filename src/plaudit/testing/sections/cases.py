"""Worlds and book-keeping behind the battery of :mod:`plaudit.testing.sections.checks`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from plaudit.detectors.spec import SectionContext, SectionDetector
from plaudit.model import Bools, Comments, Counter, Family, Findings, Ints, Section, Snapshots, Tier
from plaudit.testing.cases import share_with
from plaudit.testing.sections.spec import BOUGHT_LABELS, SHAPE_LABELS
from plaudit.testing.sections.world import simulate_section

MIXED = "section_mixed"
"""The world in which every detector must find something."""

PARTS = ("texts", "authors", "regions", "created", "positions", "curves", "reads", "totals", "accounts", "likes")
"""Parts of a section a detector may require (see :meth:`plaudit.model.Section.has`)."""

FINDS: Mapping[Family, frozenset[str]] = MappingProxyType(
    {
        Family.WORDING: frozenset({"copy_paste", "template"}),
        Family.TIMING: frozenset(SHAPE_LABELS) - {"rented_rhythm"},
        Family.QUALITY: frozenset({"dull_boost", "likes_without_reads"}) | frozenset(SHAPE_LABELS),
        Family.CONTEXT: frozenset({"purchased_region"}),
        Family.AUDIENCE: frozenset({"author_ring"}),
    }
)
"""Planted labels of which a section detector of a family must find at least one."""

SEES: Mapping[Family, frozenset[str]] = MappingProxyType(
    {
        # The very phrase a lottery or a fan club prescribes is a repeated phrase.
        Family.WORDING: frozenset({"lottery", "slogan_fans"}),
        # A comment passed on in a chat group does jump, and its likes are not of the comment's own making.
        Family.TIMING: frozenset({"group_share"}),
        Family.QUALITY: frozenset({"group_share"}),
        # People of one place do answer a post about that place.
        Family.CONTEXT: frozenset({"local_event"}),
        Family.AUDIENCE: frozenset[str](),
    }
)
"""Innocent crowds that really show what a family measures, so that a finding about them is no false alarm."""

_LOUD = MappingProxyType({"overlap": 0.0, "attacked": 0.12, "order_size": 300.0})
"""In the world a detector must find something in, every attack is there in numbers and no order is small."""


@dataclass(frozen=True)
class SectionCase:
    """A section as a detector meets it, with the truth of each target.

    Attributes:
        label: of each target, ``object[n_targets]``; bought: whether it is one of the bought labels.
    """

    section: Section
    label: NDArray[np.object_]
    bought: Bools


@lru_cache(maxsize=8)
def world(scenario: str, comments: int, seed: int, tier: Tier = Tier.CURVE) -> SectionCase:
    """A simulated section ready for a detector; kept, since the battery looks at each several times."""
    made = simulate_section(
        scenario, comments=comments, seed=seed, tier=tier, overrides=_LOUD if scenario == MIXED else None
    )
    label = made.truth["label"].to_numpy(zero_copy_only=False).astype(object)
    return SectionCase(made.section, label, np.isin(label, BOUGHT_LABELS))


def ready(detector: SectionDetector, section: Section) -> bool:
    """Whether the runner would ask the detector about this section."""
    needs = (any(section.has(part) for part in need.split("|")) for need in detector.spec.requires)
    return all(needs) and (len(section.comments) or len(section.posts)) >= detector.spec.min_likes


def run(detector: SectionDetector, section: Section, seed: int) -> Findings:
    """Ask a detector, with a fresh context."""
    return detector.find(section, SectionContext(section, seed))


def about(findings: Findings, case: SectionCase, labels: Collection[str], at_least: float = 0.5) -> Bools:
    """Findings whose exhibits are mostly targets of the given labels."""
    return share_with(findings, np.isin(case.label, list(labels))) > at_least


def about_traps(findings: Findings, case: SectionCase) -> Bools:
    """Findings mostly about targets where nothing was bought."""
    return share_with(findings, ~case.bought) > 0.5


def loudest(findings: Findings, case: SectionCase, row: int) -> str:
    """The commonest label among the exhibits of a finding, for a sentence."""
    rows = findings.exhibits.row[findings.exhibits.offsets[row] : findings.exhibits.offsets[row + 1]]
    names, counts = np.unique(case.label[rows].astype(str), return_counts=True)
    return str(names[np.argmax(counts)]) if names.size else "no target"


def renamed(section: Section, rng: np.random.Generator) -> Section:
    """Other numbers for authors and regions, other pseudonyms and nicknames, other words for regions."""
    c = section.comments
    people, places = rng.permutation(c.n_authors), rng.permutation(len(c.regions))
    back = np.argsort(people)
    comments = replace(
        c,
        author=np.where(c.author >= 0, people[c.author] if people.size else -1, -1).astype(np.int32),
        author_key=pa.array([f"k{i:012d}" for i in back.tolist()], pa.string()),
        author_name=pa.array([f"n{i}" for i in back.tolist()], pa.string()) if len(c.author_name) else c.author_name,
        author_is_id=c.author_is_id[back],
        region=np.where(c.region >= 0, places[c.region] if places.size else -1, -1).astype(np.int32),
        regions=tuple(f"region {i}" for i in range(len(c.regions))),
    )
    return replace(section, comments=comments)


def reordered(section: Section, rng: np.random.Generator) -> tuple[Section, Ints]:
    """The same section where places are unknown and ids rise otherwise, so comments stand in another order.

    Returns:
        The section, and the old target of each of its targets.
    """
    c, p = section.comments, len(section.posts)
    order = np.lexsort((rng.random(len(c)), c.post))
    row = np.empty(len(c), np.int64)
    row[order] = np.arange(len(c))
    old = np.concatenate([np.arange(p), p + order])
    new = np.concatenate([np.arange(p), p + row])
    s = section.snapshots
    target = new[s.target]
    by = np.lexsort((s.observed_ms, target))
    taken = take(c, order)
    fresh = pa.array([f"{i:019d}" for i in range(len(c))], pa.string())
    parent = np.where(taken.parent >= 0, row[np.maximum(taken.parent, 0)], -1).astype(np.int32)
    unknown = np.full(len(c), -1, np.int32)
    shots = Snapshots(
        target[by].astype(np.int32),
        s.observed_ms[by],
        s.likes.take(by),
        s.reads.take(by),
        np.full(by.size, -1, np.int32),
    )
    return replace(
        section, comments=replace(taken, id=fresh, parent=parent, position=unknown), snapshots=shots
    ), old.astype(np.int64)


def without_places(section: Section) -> Section:
    """The same section, places unknown."""
    c, s = section.comments, section.snapshots
    return replace(
        section,
        comments=replace(c, position=np.full(len(c), -1, np.int32)),
        snapshots=replace(s, position=np.full(len(s), -1, np.int32)),
    )


def take(c: Comments, rows: Ints) -> Comments:
    """Comments ``rows``, in that order; parents still name the old rows."""
    at = pa.array(rows)
    plain = {name: getattr(c, name)[rows] for name in _ARRAYS}
    return replace(
        c, id=c.id.take(at), text=c.text.take(at), likes=c.likes.take(rows), replies=c.replies.take(rows), **plain
    )


_ARRAYS = (
    *("post", "parent", "author", "created_ms", "observed_ms", "region", "position"),
    *("pinned", "elected", "author_liked", "by_owner", "hidden"),
)

Signature = tuple[tuple[int, ...], float, float, float, float, int]
"""One finding without numbers that depend on order: exhibits, statistic, expectation, p, q, support."""


def signature(findings: Findings, old: Ints) -> list[Signature]:
    """Findings by the targets they show, sorted; ``old`` names each target of the section."""
    out: list[Signature] = []
    shown = findings.exhibits
    for k in range(len(findings)):
        rows = tuple(sorted(old[shown.row[shown.offsets[k] : shown.offsets[k + 1]]].tolist()))
        statistic, expectation = float(findings.statistic[k]), float(findings.expectation[k])
        p, q = float(findings.p_value[k]), float(findings.q_value[k])
        out.append((rows, statistic, expectation, p, q, int(findings.support[k])))
    return sorted(out)


def stripped(section: Section) -> dict[str, Section]:
    """The same section as poorer exports would hold it, by what they lack."""
    c, p, s = section.comments, section.posts, section.snapshots
    n = len(c)
    no32, no64, no8 = np.full(n, -1, np.int32), np.full(n, -1, np.int64), np.full(n, -1, np.int8)
    none = np.zeros(0, np.int64)
    bare_totals = replace(p, totals={}, rates={})
    flags: dict[str, Any] = {"pinned": no8, "elected": no8, "author_liked": no8, "by_owner": no8, "hidden": no8}
    nobody: dict[str, Any] = {
        "author": no32,
        "author_key": pa.array([], pa.string()),
        "author_name": pa.array([], pa.string()),
        "author_is_id": np.zeros(0, np.bool_),
    }
    no_shots = Snapshots(none.astype(np.int32), none, Counter.absent(0), Counter.absent(0), none.astype(np.int32))
    out = {
        "authors": replace(section, comments=replace(c, **nobody)),
        "regions": replace(section, comments=replace(c, region=no32, regions=())),
        "moments": replace(section, comments=replace(c, created_ms=no64, observed_ms=no64)),
        "places": without_places(section),
        "flags": replace(section, comments=replace(c, **flags)),
        "likes": replace(section, comments=replace(c, likes=Counter.absent(n))),
        "totals": replace(section, posts=bare_totals),
        "reads": replace(
            section,
            posts=replace(p, totals={k: v for k, v in p.totals.items() if k != "reads"}),
            snapshots=replace(s, reads=Counter.absent(len(s))),
        ),
        "publication": replace(section, posts=replace(p, published_ms=np.full(len(p), -1, np.int64))),
        "accounts": replace(section, posts=replace(p, account=np.full(len(p), -1, np.int32)), accounts=()),
        "curves": replace(section, snapshots=no_shots),
        "texts": replace(section, comments=replace(c, text=pa.array([""] * n, pa.string()))),
        "answers": replace(section, comments=replace(c, parent=no32, replies=Counter.absent(n))),
    }
    poor = replace(c, region=no32, regions=(), created_ms=no64, observed_ms=no64, position=no32, parent=no32)
    poor = replace(poor, replies=Counter.absent(n), **flags, **nobody)
    out["all but texts and likes"] = Section(bare_totals, poor, no_shots)
    return out
