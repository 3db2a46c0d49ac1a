"""What any detector's answer has to look like, whatever it looks at: the part of both batteries that is one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import numpy as np
from scipy import stats

from plaudit.detectors.spec import DetectorSpec
from plaudit.model import Bools, Family, Findings, Outcome, SubjectKind

SIGNIFICANT = 0.05


def check_spec(spec: DetectorSpec, parts: Collection[str]) -> None:
    """The declaration is complete: id, version, a question, a family, numbers with units, explanations, evasions.

    Args:
        parts: what ``requires`` may name: optional columns of a log, or parts of a section.
    """
    who = f"detector {spec.id!r}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.id), f"{who}: the id must be a small_letters_word"
    assert spec.version, f"{who}: the version is empty"
    assert spec.question.strip().endswith("?"), f"{who}: the question must be a question and end with '?'"
    assert isinstance(spec.family, Family), f"{who}: the family must be one of {[f.value for f in Family]}"
    assert spec.min_likes >= 1, f"{who}: min_likes must be at least 1"
    for name, value in spec.parameters.items():
        assert bool(np.isfinite(value)), f"{who}: parameter {name!r} is no finite number"
    for need in spec.requires:
        assert set(need.split("|")) <= set(parts), f"{who}: requires {need!r}, but the columns are {sorted(parts)}"
    assert spec.innocent, f"{who}: name at least one innocent explanation"
    assert spec.evasions, f"{who}: name at least one way around it"


def check_findings(
    findings: Findings, spec: DetectorSpec, *, rows: int, row: str, whole: str, subjects: Mapping[SubjectKind, int]
) -> None:
    """Findings are well formed: lengths, types, ranges, exhibits inside the data, names as declared.

    Args:
        rows: how many rows exhibits may name; ``row`` and ``whole`` are the words for one of them and for the data.
        subjects: how many subjects there are of each kind that can be counted.
    """
    who, n = f"detector {spec.id!r}", len(findings)
    assert (findings.detector, findings.version, findings.family) == (spec.id, spec.version, spec.family), (
        f"{who}: findings name another detector, version or family than the spec"
    )
    assert findings.outcome is Outcome.MEASURED, f"{who}: only the runner says {findings.outcome.value!r}"
    for name in ("subject", "support", "start_ms", "end_ms"):
        column = getattr(findings, name)
        assert column.shape == (n,) and column.dtype == np.int64, f"{who}: {name} must be int64[{n}]"
    for name in ("statistic", "expectation", "p_value", "q_value", "certainty"):
        column = getattr(findings, name)
        assert column.shape == (n,) and column.dtype == np.float64, f"{who}: {name} must be float64[{n}]"
        assert np.isfinite(column).all(), f"{who}: {name} holds NaN or infinity"
    for name in ("p_value", "q_value", "certainty"):
        column = getattr(findings, name)
        assert ((column >= 0) & (column <= 1)).all(), f"{who}: {name} must lie between 0 and 1"
    assert (findings.q_value >= findings.p_value * (1 - 1e-9)).all(), f"{who}: a q-value is smaller than its p-value"
    by_p = findings.q_value[np.argsort(findings.p_value, kind="stable")]
    assert (np.diff(by_p) >= -1e-12).all(), f"{who}: q-values are not in the order of p-values"
    assert findings.candidates >= n, f"{who}: more findings than candidates it looked at"
    assert (findings.support >= 0).all(), f"{who}: negative support"
    assert (findings.start_ms <= findings.end_ms).all(), f"{who}: a finding ends before it starts"
    size = subjects.get(findings.subject_kind)
    if n and size is not None:
        inside = (findings.subject >= 0) & (findings.subject < size)
        assert inside.all(), f"{who}: a subject is no {findings.subject_kind.value} of the {whole}"
    _check_exhibits(findings, rows, row, whole, who)


def _check_exhibits(findings: Findings, rows: int, row: str, whole: str, who: str) -> None:
    shown, n = findings.exhibits, len(findings)
    assert shown.offsets.shape == (n + 1,) and shown.offsets[0] == 0, f"{who}: exhibits need {n + 1} offsets from 0"
    sizes = np.diff(shown.offsets)
    bare = (sizes == 0) & (findings.q_value <= SIGNIFICANT)
    assert (sizes >= 0).all() and not bare.any(), f"{who}: a finding at q <= {SIGNIFICANT} has no exhibits"
    m = int(shown.offsets[-1])
    assert shown.row.shape == (m,) and shown.share.shape == (m,), f"{who}: exhibits and offsets disagree in length"
    assert ((shown.row >= 0) & (shown.row < rows)).all(), f"{who}: an exhibit is no {row} of the {whole}"
    assert ((shown.share > 0) & (shown.share <= 1)).all(), f"{who}: shares of exhibits must lie in (0, 1]"
    keys = np.repeat(np.arange(n), sizes) * np.int64(rows) + shown.row
    assert np.unique(keys).size == m, f"{who}: a finding shows the same {row} twice"
    for name in ("excess", "excess_low", "excess_high"):
        column = getattr(shown, name)
        assert (column is None) == (shown.excess is None), f"{who}: {name} and excess come together or not at all"
        assert column is None or (column.shape == (m,) and np.isfinite(column).all()), (
            f"{who}: {name} is no float64[{m}]"
        )
    if shown.excess is not None and shown.excess_low is not None and shown.excess_high is not None:
        inside = (shown.excess_low <= shown.excess + 1e-9) & (shown.excess <= shown.excess_high + 1e-9)
        assert inside.all(), f"{who}: an excess lies outside its own interval"


def check_p_values(findings: Findings, counted: Bools, who: str) -> None:
    """Among the findings ``counted``, no more p-values are small than as many candidates of nothing would give."""
    for level in (0.05, 0.01, 0.001):
        seen = int((findings.p_value[counted] <= level).sum())
        most = int(stats.binom.isf(1e-5, max(1, findings.candidates), level))
        assert seen <= most, (
            f"{who}: {seen} of {findings.candidates} candidates have p <= {level}, more than the {most} "
            "that honest p-values allow"
        )
