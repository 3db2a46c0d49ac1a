"""The battery every detector passes: ours, and yours.

``check_detector(my_detector)`` runs all of it on simulated worlds; every check is also a function of its own that
raises ``AssertionError`` with one sentence saying what went wrong. None of them needs to know how the detector works.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.detectors.spec import Detector, DetectorSpec
from plaudit.model import EventLog, Findings, SubjectKind
from plaudit.testing import cases, wellformed
from plaudit.testing.cases import Case
from plaudit.testing.logs import named_log
from plaudit.testing.parity import NotHere, check_engines_agree
from plaudit.testing.wellformed import SIGNIFICANT

EVENTS = 30_000
"""Size of the worlds the battery plants, unless asked otherwise."""

PASSED = "passed"
"""What :func:`check_detector` says of a check that ran; of any other it says why it could not run."""


def check_detector(
    detector: Detector,
    *,
    seeds: Sequence[int] = (0,),
    events: int = EVENTS,
    finds: Collection[str] | None = None,
    sees: Collection[str] | None = None,
    skip: Collection[str] = (),
) -> dict[str, str]:
    """Run every check on worlds of each seed.

    Args:
        detector: has a ``spec`` and ``find(log, context)``.
        seeds: seeds of the worlds.
        events: size of the worlds.
        finds: labels of bought likes of which the detector must find at least one; by default those of its family,
            :data:`plaudit.testing.cases.FINDS`.
        sees: labels of genuine crowds that really show what the detector measures; by default those of its family,
            :data:`plaudit.testing.cases.SEES`.
        skip: names of checks to leave out, e.g. ``"more_is_more"``.

    Returns:
        What became of each check that was not left out: :data:`PASSED`, or the reason why it could not run on this
        machine (``engines_agree`` where there is no Spark; also told as a warning).

    Raises:
        AssertionError: a check failed; the sentence says which and why.
        ValueError: ``skip`` names a check that does not exist.
    """
    if unknown := sorted(set(skip) - set(CHECKS)):
        raise ValueError(f"there is no check {unknown[0]!r}; the checks are {', '.join(CHECKS)}")
    became = {}
    for name, check in CHECKS.items():
        if name in skip:
            continue
        became[name] = PASSED
        try:
            for seed in seeds:
                check(detector, seed, events, finds, sees)
        except NotHere as missing:
            became[name] = f"not run: {missing}"
            warnings.warn(f"check {name!r} is {became[name]}", stacklevel=2)
    return became


def check_spec(spec: DetectorSpec) -> None:
    """The declaration is complete: id, version, a question, a family, numbers with units, explanations, evasions."""
    wellformed.check_spec(spec, {"device", "ip", "author"})


def check_findings(findings: Findings, log: EventLog, spec: DetectorSpec) -> None:
    """Findings are well formed: lengths, types, ranges, exhibits inside the log, names as declared."""
    subjects = {SubjectKind.TARGET: log.n_targets, SubjectKind.ACTOR: log.n_actors}
    wellformed.check_findings(findings, spec, rows=log.n, row="like", whole="log", subjects=subjects)


def check_schema(detector: Detector, *, seed: int = 0, events: int = EVENTS) -> None:
    """Spec and findings are well formed, also on a log without device, address and author where none is required."""
    check_spec(detector.spec)
    log = cases.world("small", events, seed).log
    check_findings(cases.run(detector, log, seed), log, detector.spec)
    if not detector.spec.requires:
        bare = _bare(log)
        check_findings(cases.run(detector, bare, seed), bare, detector.spec)


def check_tiny_logs(detector: Detector) -> None:
    """Nothing breaks where there is little to see: one target, one actor, one moment, everyone once."""
    n = max(1, detector.spec.min_likes)
    ids = np.arange(n)
    for actor, target, at in (
        (ids, np.zeros(n), ids * 1000),
        (np.zeros(n), ids, ids * 1000),
        (ids, ids, np.zeros(n)),
        (ids, np.zeros(n), np.zeros(n)),
    ):
        log = _tiny(actor.astype(np.int32), target.astype(np.int32), at.astype(np.int64))
        try:
            findings = cases.run(detector, log, 0)
        except Exception as error:
            raise AssertionError(
                f"detector {detector.spec.id!r}: fails on a log of {n} likes by {log.n_actors} actors on "
                f"{log.n_targets} targets: {type(error).__name__}: {error}"
            ) from error
        check_findings(findings, log, detector.spec)


def check_determinism(detector: Detector, *, seed: int = 0, events: int = EVENTS) -> None:
    """The same log and seed give the same findings, to the last bit, and the log is left as it was."""
    case = cases.world("small", events, seed)
    log, who = case.log, f"detector {detector.spec.id!r}"
    columns = ("actor", "target", "at_ms", "born_ms", "device", "ip", "author")
    before = {name: None if getattr(log, name) is None else getattr(log, name).copy() for name in columns}
    one, other = cases.run(detector, log, seed), cases.run(detector, log, seed)
    for name, column in before.items():
        assert column is None or np.array_equal(column, getattr(log, name)), f"{who}: changes the log's column {name}"
    for name in ("subject", "statistic", "expectation", "p_value", "q_value", "support", "start_ms", "end_ms"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), f"{who}: {name} differs from run to run"
    for name in ("offsets", "row", "share"):
        same = np.array_equal(getattr(one.exhibits, name), getattr(other.exhibits, name))
        assert same, f"{who}: exhibits differ from run to run"


def check_row_order(detector: Detector, *, seed: int = 0, events: int = EVENTS) -> None:
    """Shuffling the rows of the input changes nothing."""
    case = cases.world("small", events, seed)
    shuffled = case.table.take(pa.array(np.random.default_rng(seed).permutation(case.table.num_rows)))
    _same(detector, case, shuffled, seed, "the order of rows")


def check_renaming(detector: Detector, *, seed: int = 0, events: int = EVENTS) -> None:
    """Other names for actors, targets, devices and addresses give the same findings about the same likes.

    A seeded draw may fall otherwise when numbers change; what is found, and how strongly, may not.
    """
    case = cases.world("small", events, seed)
    rng = np.random.default_rng(seed + 1)
    people = pc.unique(pa.chunked_array([c for n in ("actor", "author") for c in case.table[n].chunks]))
    table = case.table
    for name in ("actor", "author", "target", "device", "ip"):
        known = people if name in ("actor", "author") else pc.unique(table[name])
        # Actors and authors are one space of names; the same shuffle keeps them so.
        fresh = np.random.default_rng(seed + 2) if name in ("actor", "author") else rng
        names = pa.array(
            [f"{name[0]}{i:09d}" if name != "author" else f"a{i:09d}" for i in fresh.permutation(len(known))]
        )
        column = names.take(pc.index_in(table[name], known).combine_chunks())
        table = table.set_column(table.column_names.index(name), name, column)
    _same(detector, case, table, seed, "names")


def check_null_calibrated(detector: Detector, *, seed: int = 0, events: int = EVENTS) -> None:
    """In a world where nothing happens, p-values are no smaller than stated and nothing is significant."""
    log = cases.world("null", events, seed).log
    findings = cases.run(detector, log, seed)
    wellformed.check_p_values(findings, np.ones(len(findings), np.bool_), f"detector {detector.spec.id!r}, null world")
    loud = int((findings.q_value <= 0.01).sum())
    assert not loud, f"detector {detector.spec.id!r}: {loud} findings at q <= 0.01 in a world where nothing happens"


def check_genuine_spikes(
    detector: Detector, *, seed: int = 0, events: int = EVENTS, sees: Collection[str] | None = None
) -> None:
    """On genuine crowds p-values are no smaller than stated: nothing was bought, so nothing is significant.

    Findings that say themselves that something innocent would look the same (``certainty`` up to 0.5) do not count.
    """
    case = cases.world("traps", events, seed)
    findings = cases.run(detector, case.log, seed)
    allowed = cases.SEES[detector.spec.family] if sees is None else sees
    counted = ~cases.about(findings, case, allowed) & (findings.certainty > 0.5)
    who = f"detector {detector.spec.id!r}, genuine crowds"
    wellformed.check_p_values(findings, counted, who)
    loud = np.flatnonzero(counted & (findings.q_value <= SIGNIFICANT))
    if loud.size > 1 + SIGNIFICANT * len(findings):
        worst = int(loud[np.argmin(findings.p_value[loud])])
        labels, sizes = np.unique(case.label[cases.exhibits(findings, worst)].astype(str), return_counts=True)
        raise AssertionError(
            f"{who}: {loud.size} findings at q <= {SIGNIFICANT} where nothing was bought, the strongest "
            f"(p = {findings.p_value[worst]:.2g}) about {str(labels[np.argmax(sizes)])!r}"
        )


def check_planted_ring(
    detector: Detector,
    *,
    seed: int = 0,
    events: int = EVENTS,
    finds: Collection[str] | None = None,
    sees: Collection[str] | None = None,
) -> None:
    """What was bought is found (q <= 0.05), and ranks above every genuine crowd beside it."""
    case, findings, row = _planted(detector, seed, events, finds)
    allowed = cases.SEES[detector.spec.family] if sees is None else sees
    genuine = cases.share_with(findings, ~case.bought & ~np.isin(case.label, ["camouflage"])) > 0.5
    genuine &= ~cases.about(findings, case, allowed) & (findings.certainty > 0.5)
    if genuine.any():
        best = int(np.flatnonzero(genuine)[np.argmin(findings.p_value[genuine])])
        assert findings.p_value[row] <= findings.p_value[best], (
            f"detector {detector.spec.id!r}: a genuine crowd ({_label(case, findings, best)!r}, "
            f"p = {findings.p_value[best]:.2g}) ranks above what was bought (p = {findings.p_value[row]:.2g})"
        )


def check_more_is_more(
    detector: Detector, *, seed: int = 0, events: int = EVENTS, finds: Collection[str] | None = None
) -> None:
    """Adding coordinated likes to what was found never lowers its statistic."""
    case, findings, row = _planted(detector, seed, events, finds)
    mine = cases.exhibits(findings, row)
    log, old = cases.more_of_the_same(case.log, mine, np.random.default_rng(seed + 3))
    after = cases.run(detector, log, seed)
    # The same finding is the one that shares most exhibits.
    common = np.array([np.isin(old[cases.exhibits(after, i)], mine).sum() for i in range(len(after))], np.int64)
    who = f"detector {detector.spec.id!r}"
    assert common.size and common.max() > 0, f"{who}: no longer finds anything there after more coordinated likes"
    same = int(np.argmax(common))
    assert after.statistic[same] >= findings.statistic[row] * (1 - 1e-9), (
        f"{who}: {log.n - case.log.n} more coordinated likes lowered the statistic from "
        f"{findings.statistic[row]:.6g} to {after.statistic[same]:.6g}"
    )


def check_removal(
    detector: Detector, *, seed: int = 0, events: int = EVENTS, finds: Collection[str] | None = None
) -> None:
    """Without the likes a finding shows, nothing significant remains there: the exhibits are the whole evidence."""
    case, findings, row = _planted(detector, seed, events, finds)
    mine = cases.exhibits(findings, row)
    log, _ = cases.without(case.log, mine)
    after = cases.run(detector, log, seed)
    people = np.unique(case.log.actor[mine])
    for i in np.flatnonzero(after.q_value <= SIGNIFICANT).tolist():
        if findings.subject_kind is SubjectKind.TARGET:
            overlap = min(after.end_ms[i], findings.end_ms[row]) - max(after.start_ms[i], findings.start_ms[row])
            again = bool(after.subject[i] == findings.subject[row] and overlap > 0)
        elif findings.subject_kind is SubjectKind.ACTOR:
            again = bool(after.subject[i] == findings.subject[row])
        else:
            again = bool(np.isin(np.unique(log.actor[cases.exhibits(after, i)]), people).mean() > 0.5)
        assert not again, (
            f"detector {detector.spec.id!r}: after its {mine.size} exhibits are removed the same "
            f"{findings.subject_kind.value} is still found (q = {after.q_value[i]:.2g}), so they were not the evidence"
        )


def _planted(detector: Detector, seed: int, events: int, finds: Collection[str] | None) -> tuple[Case, Findings, int]:
    """The family's planted world, the detector's findings, and the strongest about likes it must find."""
    case = cases.world(cases.PLANTED[detector.spec.family], events, seed)
    findings = cases.run(detector, case.log, seed)
    wanted = sorted(cases.FINDS[detector.spec.family] if finds is None else finds)
    good = np.flatnonzero((findings.q_value <= SIGNIFICANT) & cases.about(findings, case, wanted))
    assert good.size, f"detector {detector.spec.id!r}: finds nothing (q <= {SIGNIFICANT}) of what was bought: {wanted}"
    return case, findings, int(good[np.argmin(findings.p_value[good])])


def _label(case: Case, findings: Findings, row: int) -> str:
    names, sizes = np.unique(case.label[cases.exhibits(findings, row)].astype(str), return_counts=True)
    return str(names[np.argmax(sizes)])


def _same(detector: Detector, case: Case, table: pa.Table, seed: int, what: str) -> None:
    other = named_log(table)
    one = cases.signature(cases.run(detector, case.log, seed), case.named.event_ids)
    two = cases.signature(cases.run(detector, other.log, seed), other.event_ids)
    parts = [i for i, (a, b) in enumerate(zip(one, two, strict=False)) if not cases.same_findings([a], [b])]
    assert cases.same_findings(one, two), (
        f"detector {detector.spec.id!r}: findings depend on {what} "
        f"({len(one)} and {len(two)} findings, {len(parts)} of them differ)"
    )


def _bare(log: EventLog) -> EventLog:
    return EventLog(log.actor, log.target, log.at_ms, log.n_actors, log.n_targets, log.born_ms, log.born_known,
                    log.start_ms, log.end_ms)  # fmt: skip


def _tiny(actor: np.ndarray[tuple[int], np.dtype[np.int32]], target: np.ndarray[tuple[int], np.dtype[np.int32]],
          at: np.ndarray[tuple[int], np.dtype[np.int64]]) -> EventLog:  # fmt: skip
    names = {"actor": actor, "target": target}
    columns = {key: pa.array([f"{key[0]}{v:09d}" for v in value.tolist()]) for key, value in names.items()}
    same = pa.array(["x"] * at.size)
    events = pa.array([f"e{i:09d}" for i in range(at.size)])
    return named_log(
        pa.table({"event_id": events, **columns, "at": at, "device": same, "ip": same, "author": same})
    ).log


CHECKS: dict[str, Callable[..., None]] = {
    "schema": lambda d, seed, events, finds, sees: check_schema(d, seed=seed, events=events),
    "tiny_logs": lambda d, seed, events, finds, sees: check_tiny_logs(d),
    "determinism": lambda d, seed, events, finds, sees: check_determinism(d, seed=seed, events=events),
    "row_order": lambda d, seed, events, finds, sees: check_row_order(d, seed=seed, events=events),
    "renaming": lambda d, seed, events, finds, sees: check_renaming(d, seed=seed, events=events),
    "null_calibrated": lambda d, seed, events, finds, sees: check_null_calibrated(d, seed=seed, events=events),
    "genuine_spikes": lambda d, seed, events, finds, sees: check_genuine_spikes(d, seed=seed, events=events, sees=sees),
    "planted_ring": lambda d, seed, events, finds, sees: check_planted_ring(
        d, seed=seed, events=events, finds=finds, sees=sees
    ),
    "more_is_more": lambda d, seed, events, finds, sees: check_more_is_more(d, seed=seed, events=events, finds=finds),
    "removal": lambda d, seed, events, finds, sees: check_removal(d, seed=seed, events=events, finds=finds),
    "engines_agree": lambda d, seed, events, finds, sees: check_engines_agree(d, seed=seed, events=events),
}
"""Checks by name, in the order they run."""
