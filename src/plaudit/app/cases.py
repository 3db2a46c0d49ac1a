"""One verdict with its evidence, rebuilt from the tables of an audit: for the report and for ``plaudit explain``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plaudit.detectors import BUILT_IN, all_detectors
from plaudit.result import Case, Message, Step

_EXONERATING = {
    "orders": ("fewer_returns", "apart_in_time"),
    "lockstep": ("fewer_returns", "apart_in_time"),
    "burst": ("timing_explained",),
    "throwaway": ("one_off_normal",),
    "shared_context": ("context_separate",),
    "reciprocity": ("likes_not_returned",),
    "curve": ("curve_as_others",),
    "quality_gap": ("likes_as_expected",),
    "ratio": ("ratio_as_usual",),
    "near_duplicate": ("own_words",),
    "author_ring": ("authors_apart",),
    "region": ("regions_as_usual",),
}


def logit(p: float) -> float:
    """``ln(p / (1 - p))``, clipped to finite values."""
    q = min(max(p, 1e-12), 1 - 1e-12)
    return math.log(q) - math.log1p(-q)


def build_case(
    subject_kind: str,
    subject_id: str,
    like: Mapping[str, Any],
    bearing: Sequence[Mapping[str, Any]],
    *,
    prior: float,
    caps: Mapping[str, float],
    likes: int,
    expected: float,
    discounted: int | None = None,
    undetermined: int | None = None,
) -> Case:
    """The waterfall of one like, which stands for its subject.

    Args:
        subject_kind, subject_id: whom the case is about.
        like: row of ``likes`` (``p_inauthentic``, ``status``).
        bearing: rows of ``findings`` named in the like's reasons.
        prior: share of bought likes before any evidence.
        caps: nats a family can carry.
        likes, expected: likes of the subject, and how many of them are expected to be inauthentic.
        discounted, undetermined: how many of them are; None where likes have no names.
    """
    posterior = float(like["p_inauthentic"])
    strongest: dict[str, Mapping[str, Any]] = {}
    for finding in bearing:
        family = str(finding["family"])
        if family not in strongest or finding["weight"] > strongest[family]["weight"]:
            strongest[family] = finding
    steps = [_step("prior", logit(prior))]
    steps += [
        _step("evidence", min(float(f["weight"]), caps[family]), f)
        for family, f in sorted(strongest.items(), key=lambda item: -min(float(item[1]["weight"]), caps[item[0]]))
    ]
    # What is left is the chance that this like only passed by, or that something innocent looks exactly the same.
    rest = logit(posterior) - sum(step.weight for step in steps)
    steps.append(_step("passer_by", rest))
    detectors = list(dict.fromkeys(str(f["detector"]) for f in strongest.values()))
    return Case(
        subject_kind=subject_kind,
        subject_id=subject_id,
        posterior=posterior,
        status=str(like["status"]),
        steps=steps,
        likes=likes,
        expected_inauthentic=expected,
        exonerating=_once(message for f in strongest.values() for message in exonerating(f))
        or [Message(code="no_evidence")],
        innocent=innocent(detectors),
        discounted=discounted,
        undetermined=undetermined,
    )


def _once(messages: Iterable[Message]) -> list[Message]:
    """Two detectors may be cleared by the same thing: it is said once."""
    told: list[Message] = []
    for message in messages:
        if message not in told:
            told.append(message)
    return told


def innocent(detectors: Sequence[str]) -> list[Message]:
    """Known innocent explanations of what these detectors see, most common first, each once."""
    # Asking what is installed reads the description of every package; our own need no asking.
    specs = {d.spec.id: d.spec for d in BUILT_IN}
    if not set(detectors) <= specs.keys():
        from plaudit.detectors import SECTION

        specs |= {d.spec.id: d.spec for d in SECTION}
    if not set(detectors) <= specs.keys():
        specs |= {detector.spec.id: detector.spec for detector in all_detectors()}
    codes = [code for name in detectors if name in specs for code in specs[name].innocent]
    return [Message(code=code) for code in dict.fromkeys(codes)]


def _step(kind: str, weight: float, finding: Mapping[str, Any] | None = None) -> Step:
    f = finding or {}
    return Step(
        kind=kind,
        family=str(f.get("family", "")),
        detector=str(f.get("detector", "")),
        finding_id=str(f.get("finding_id", "")),
        statistic=f.get("statistic"),
        expectation=f.get("expectation"),
        p_value=f.get("p"),
        support=f.get("support"),
        raw_weight=float(f.get("weight", weight)),
        weight=weight,
    )


def exonerating(finding: Mapping[str, Any]) -> list[Message]:
    """What would have shown this finding (a row of ``findings``) to be innocent."""
    values = {"observed": finding["statistic"], "expected": finding["expectation"]}
    plain = {"apart_in_time", "context_separate"}
    codes = _EXONERATING.get(str(finding["detector"]), ("fewer_returns",))
    return [Message(code=code, values={} if code in plain else values) for code in codes]
