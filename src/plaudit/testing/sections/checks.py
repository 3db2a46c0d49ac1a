"""The battery every detector of sections passes: ours, and yours.

``check_section_detector(my_detector)`` runs all of it on simulated sections; every check is also a function of its own
that raises ``AssertionError`` with one sentence saying what went wrong. None of them needs to know how it works.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from plaudit.detectors.spec import SectionDetector
from plaudit.model import UNBOUNDED, Counter, Findings, Ints, Outcome, Section, SubjectKind, Tier
from plaudit.testing import wellformed
from plaudit.testing.sections import cases
from plaudit.testing.wellformed import SIGNIFICANT

COMMENTS = 3_000
"""Size of the sections the battery plants, unless asked otherwise."""

REPEATS = 4
"""How many worlds of each seed the calibration checks look at together."""

TRAPS, NULL = "section_traps", "section_null"


def check_section_detector(
    detector: SectionDetector,
    *,
    seeds: Sequence[int] = (0,),
    comments: int = COMMENTS,
    finds: Collection[str] | None = None,
    sees: Collection[str] | None = None,
    skip: Collection[str] = (),
) -> None:
    """Run every check on sections of each seed.

    Args:
        detector: has a ``spec`` and ``find(section, context)``.
        seeds: seeds of the worlds.
        comments: size of the worlds.
        finds: labels of which the detector must find at least one; by default those of its family,
            :data:`plaudit.testing.sections.cases.FINDS`.
        sees: labels of innocent crowds that really show what the detector measures; by default those of its family,
            :data:`plaudit.testing.sections.cases.SEES`.
        skip: names of :data:`CHECKS` to leave out.

    Raises:
        AssertionError: a check failed; the sentence says which and why.
        ValueError: ``skip`` names a check that does not exist.
    """
    if unknown := sorted(set(skip) - set(CHECKS)):
        raise ValueError(f"there is no check {unknown[0]!r}; the checks are {', '.join(CHECKS)}")
    for name, check in CHECKS.items():
        for seed in seeds if name not in skip else ():
            check(detector, seed, comments, finds, sees)


def check_findings(findings: Findings, section: Section, detector: SectionDetector) -> None:
    """Findings are well formed: lengths, types, ranges, exhibits inside the section, names as declared.

    Whether a null can be estimated from curves or texts is often known only once they are looked at: a detector of
    sections may answer ``not_enough_data`` itself, with a reason and without findings.
    """
    if findings.outcome is Outcome.NOT_ENOUGH_DATA:
        who = f"detector {detector.spec.id!r}"
        assert not len(findings) and findings.reason, f"{who}: says not_enough_data with findings or without a reason"
        return
    posts, comments = len(section.posts), len(section.comments)
    subjects = {SubjectKind.TARGET: posts + comments, SubjectKind.POST: posts, SubjectKind.COMMENT: comments}
    subjects[SubjectKind.ACTOR] = section.comments.n_authors
    wellformed.check_findings(
        findings, detector.spec, rows=posts + comments, row="target", whole="section", subjects=subjects
    )


def check_schema(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """Spec and findings are well formed at both tiers."""
    wellformed.check_spec(detector.spec, cases.PARTS)
    for tier in (Tier.SNAPSHOT, Tier.CURVE):
        section = cases.world(cases.MIXED, comments, seed, tier).section
        if cases.ready(detector, section):
            check_findings(cases.run(detector, section, seed), section, detector)


def check_determinism(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """The same section and seed give the same findings, to the last bit, and the section is left as it was."""
    section, who = cases.world(cases.MIXED, comments, seed).section, f"detector {detector.spec.id!r}"
    c, s = section.comments, section.snapshots
    held: dict[str, NDArray[Any]] = {
        "likes": c.likes.low,
        "created_ms": c.created_ms,
        "author": c.author,
        "region": c.region,
        "readings": s.likes.low,
        "moments": s.observed_ms,
        "position": c.position,
        "post": c.post,
    }
    before = {name: column.copy() for name, column in held.items()}
    one, other = cases.run(detector, section, seed), cases.run(detector, section, seed)
    for name, column in held.items():
        assert np.array_equal(column, before[name]), f"{who}: changes the section's column {name}"
    for name in (
        "subject",
        "statistic",
        "expectation",
        "p_value",
        "q_value",
        "support",
        "start_ms",
        "end_ms",
        "certainty",
    ):
        assert np.array_equal(getattr(one, name), getattr(other, name)), f"{who}: {name} differs from run to run"
    for name in ("offsets", "row", "share", "excess", "excess_low", "excess_high"):
        a, b = getattr(one.exhibits, name), getattr(other.exhibits, name)
        assert (a is None and b is None) or np.array_equal(a, b), f"{who}: exhibits differ from run to run"


def check_renaming(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """Other numbers and names for authors and regions give the same findings about the same targets."""
    section = cases.world(cases.MIXED, comments, seed).section
    other = cases.renamed(section, np.random.default_rng(seed + 1))
    same = np.arange(section.n_targets)
    _same(detector, (section, same), (other, same), seed, "the names of authors and regions")


def check_order(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """Where places are unknown, the order in which comments of a post happen to stand changes nothing."""
    section = cases.without_places(cases.world(cases.MIXED, comments, seed).section)
    other, old = cases.reordered(section, np.random.default_rng(seed + 2))
    _same(detector, (section, np.arange(section.n_targets)), (other, old), seed, "the order of comments")


def check_null_calibrated(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """Where nothing happens, p-values are no smaller than stated and hardly anything is significant, over seeds."""
    who = f"detector {detector.spec.id!r}, null world"
    found = [cases.run(detector, cases.world(NULL, comments, seed * REPEATS + k).section, seed) for k in range(REPEATS)]
    _together(found, [np.ones(len(findings), np.bool_) for findings in found], who)
    loud = sum(int((findings.q_value <= 0.01).any()) for findings in found)
    assert loud <= 1, f"{who}: findings at q <= 0.01 in {loud} of {REPEATS} worlds in which nothing happens"


def check_innocent_crowds(
    detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS, sees: Collection[str] | None = None
) -> None:
    """On innocent crowds p-values are no smaller than stated: nothing was bought, so nothing is significant.

    Findings that say themselves that something innocent would look the same (``certainty`` up to 0.5) do not count.
    """
    who = f"detector {detector.spec.id!r}, innocent crowds"
    allowed = cases.SEES.get(detector.spec.family, frozenset()) if sees is None else sees
    found, counted = [], []
    for k in range(REPEATS):
        case = cases.world(TRAPS, comments, seed * REPEATS + k)
        findings = cases.run(detector, case.section, seed)
        mine = ~cases.about(findings, case, allowed, 0.3) & (findings.certainty > 0.5)
        loud = np.flatnonzero(mine & (findings.q_value <= SIGNIFICANT))
        if loud.size > 1 + SIGNIFICANT * len(findings):
            worst = int(loud[np.argmin(findings.p_value[loud])])
            raise AssertionError(
                f"{who}: {loud.size} findings at q <= {SIGNIFICANT} where nothing was bought, the strongest "
                f"(p = {findings.p_value[worst]:.2g}) about {cases.loudest(findings, case, worst)!r}"
            )
        found.append(findings)
        counted.append(mine)
    _together(found, counted, who)


def check_planted(
    detector: SectionDetector,
    *,
    seed: int = 0,
    comments: int = COMMENTS,
    finds: Collection[str] | None = None,
    sees: Collection[str] | None = None,
) -> None:
    """What was bought is found (q <= 0.05), and ranks above every innocent crowd beside it."""
    who, family = f"detector {detector.spec.id!r}", detector.spec.family
    case = cases.world(cases.MIXED, comments, seed)
    findings = cases.run(detector, case.section, seed)
    wanted = sorted(cases.FINDS.get(family, frozenset()) if finds is None else finds)
    good = np.flatnonzero((findings.q_value <= SIGNIFICANT) & cases.about(findings, case, wanted))
    assert good.size, f"{who}: finds nothing (q <= {SIGNIFICANT}) of what was bought: {wanted}"
    best = float(findings.p_value[good].min())
    allowed = cases.SEES.get(family, frozenset()) if sees is None else sees
    innocent = cases.about_traps(findings, case) & ~cases.about(findings, case, allowed, 0.3)
    rows = np.flatnonzero(innocent & (findings.certainty > 0.5))
    if rows.size:
        worst = int(rows[np.argmin(findings.p_value[rows])])
        assert best <= findings.p_value[worst], (
            f"{who}: an innocent crowd ({cases.loudest(findings, case, worst)!r}, p = {findings.p_value[worst]:.2g}) "
            f"ranks above what was bought (p = {best:.2g})"
        )


def check_poor_exports(detector: SectionDetector, *, seed: int = 0, comments: int = COMMENTS) -> None:
    """Nothing breaks where an export holds less, counters say "at least", or there is hardly anything to see."""
    whole = cases.world(cases.MIXED, min(comments, 1_000), seed).section
    poorer = {f"without {what}": section for what, section in cases.stripped(whole).items()}
    poorer |= {f"counters censored at {at}": _censored(whole, at) for at in (0, 1, 30)}
    poorer |= {f"of {n} comments": _few(whole, n) for n in (0, 1, 2, 5, 40)}
    poorer["all texts the same"] = replace(
        whole, comments=replace(whole.comments, text=pa.array(["好"] * len(whole.comments), pa.string()))
    )
    for what, section in poorer.items():
        if not cases.ready(detector, section):
            continue
        try:
            findings = cases.run(detector, section, seed)
        except Exception as error:
            raise AssertionError(
                f"detector {detector.spec.id!r}: fails on a section {what}: {type(error).__name__}: {error}"
            ) from error
        check_findings(findings, section, detector)


def _censored(section: Section, at: int) -> Section:
    """Every counter from ``at`` on says only "at least" it."""

    def less(counter: Counter) -> Counter:
        over = counter.known & (counter.low >= at)
        return Counter(np.where(over, at, counter.low), np.where(over, UNBOUNDED, counter.high))

    c, p, s = section.comments, section.posts, section.snapshots
    return replace(
        section,
        comments=replace(c, likes=less(c.likes), replies=less(c.replies)),
        posts=replace(p, totals={name: less(counter) for name, counter in p.totals.items()}),
        snapshots=replace(s, likes=less(s.likes), reads=less(s.reads)),
    )


def _few(section: Section, n: int) -> Section:
    """The first ``n`` comments of the section, all posts."""
    posts, c, s = len(section.posts), section.comments, section.snapshots
    kept = cases.take(c, np.arange(n))
    rows = np.flatnonzero(s.target < posts + n)
    parent = np.where(kept.parent < n, kept.parent, -1).astype(np.int32)
    shots = replace(
        s,
        target=s.target[rows],
        observed_ms=s.observed_ms[rows],
        likes=s.likes.take(rows),
        reads=s.reads.take(rows),
        position=s.position[rows],
    )
    return replace(section, comments=replace(kept, parent=parent), snapshots=shots)


def _together(
    found: Sequence[Findings], counted: Sequence[np.ndarray[tuple[int], np.dtype[np.bool_]]], who: str
) -> None:
    """p-values of several worlds judged as one crowd of candidates: at least as large as uniform ones."""
    candidates = max(1, sum(findings.candidates for findings in found))
    for level in (0.05, 0.01, 0.001):
        seen = sum(int((f.p_value[mine] <= level).sum()) for f, mine in zip(found, counted, strict=True))
        most = int(stats.binom.isf(1e-5, candidates, level))
        assert seen <= most, (
            f"{who}: {seen} of {candidates} candidates have p <= {level}, more than the {most} honest p-values allow"
        )


def _same(
    detector: SectionDetector, one: tuple[Section, Ints], two: tuple[Section, Ints], seed: int, what: str
) -> None:
    if not cases.ready(detector, one[0]):
        return
    first, second = (cases.signature(cases.run(detector, section, seed), old) for section, old in (one, two))
    assert [row[0] for row in first] == [row[0] for row in second], (
        f"detector {detector.spec.id!r}: findings depend on {what}: {len(first)} and {len(second)} findings, "
        f"{len({row[0] for row in first} ^ {row[0] for row in second})} of them about other targets"
    )
    numbers = [np.array([row[1:] for row in rows], np.float64).reshape(-1, 5) for rows in (first, second)]
    close = np.isclose(numbers[0], numbers[1], rtol=1e-6, atol=1e-9)
    off = int((~close).any(axis=1).sum())
    assert not off, f"detector {detector.spec.id!r}: findings depend on {what}: the numbers of {off} differ"


_Check = Callable[[SectionDetector, int, int, Collection[str] | None, Collection[str] | None], None]

CHECKS: Mapping[str, _Check] = MappingProxyType(
    {
        "schema": lambda d, seed, n, finds, sees: check_schema(d, seed=seed, comments=n),
        "determinism": lambda d, seed, n, finds, sees: check_determinism(d, seed=seed, comments=n),
        "renaming": lambda d, seed, n, finds, sees: check_renaming(d, seed=seed, comments=n),
        "order": lambda d, seed, n, finds, sees: check_order(d, seed=seed, comments=n),
        "poor_exports": lambda d, seed, n, finds, sees: check_poor_exports(d, seed=seed, comments=n),
        "null_calibrated": lambda d, seed, n, finds, sees: check_null_calibrated(d, seed=seed, comments=n),
        "innocent_crowds": lambda d, seed, n, finds, sees: check_innocent_crowds(d, seed=seed, comments=n, sees=sees),
        "planted": lambda d, seed, n, finds, sees: check_planted(d, seed=seed, comments=n, finds=finds, sees=sees),
    }
)
"""Checks by name, in the order they run."""
