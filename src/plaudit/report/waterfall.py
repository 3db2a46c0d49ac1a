"""The geometry of a waterfall, shared by the page and the terminal: where each bar begins, ends, what it says."""

from __future__ import annotations

from dataclasses import dataclass

from plaudit.report import figures
from plaudit.report.words import Words
from plaudit.result import Case, Step

_WEAK = 1.1  # nats: odds change less than threefold
_STRONG = 3.0  # nats: odds change more than twentyfold


@dataclass(frozen=True)
class Bar:
    """One bar: ``low`` and ``high`` are shares of the drawing's width; ``kind`` adds ``posterior`` to a step's kinds.

    ``figures`` is "observed against expected", empty where the step rests on no statistic; ``note`` says the rest.
    """

    kind: str
    name: str
    family: str
    low: float
    high: float
    weight: float
    observed: str
    expected: str
    p_value: str
    strength: str
    note: str
    finding_id: str


@dataclass(frozen=True)
class Waterfall:
    """Bars from the prior to the posterior; ``zero`` is where the odds are even, as a share of the width."""

    bars: list[Bar]
    zero: float


def waterfall(case: Case, words: Words) -> Waterfall:
    """Each step of ``case`` from where the one before it ended, and their sum as the last bar."""
    edges = [0.0]
    for step in case.steps:
        edges.append(edges[-1] + step.weight)
    least, most = min(edges), max(edges)
    span = max(most - least, 1e-9)

    def place(value: float) -> float:
        return 0.01 + 0.98 * (value - least) / span

    bars = [
        _bar(step, place(min(before, after)), place(max(before, after)), words, case.subject_kind)
        for step, before, after in zip(case.steps, edges[:-1], edges[1:], strict=True)
    ]
    total = edges[-1]
    bars.append(
        Bar(
            kind="posterior",
            name=words("step_posterior"),
            family="",
            low=place(min(0.0, total)),
            high=place(max(0.0, total)),
            weight=total,
            observed="",
            expected="",
            p_value="",
            strength="",
            note=words.ui("posterior") + " " + words.percent(case.posterior),
            finding_id="",
        )
    )
    return Waterfall(bars, place(0.0))


def _bar(step: Step, low: float, high: float, words: Words, subject: str) -> Bar:
    notes = []
    if step.kind in ("prior", "passer_by"):
        name = words.name("step", step.kind)
        notes.append(words(f"step_note_{step.kind}"))
    else:
        name = words.name("detector_name", step.detector) if step.detector else words("step_evidence")
    # What is known of a post or comment rests on comments or readings, not on likes.
    if step.support is not None and subject not in ("post", "comment"):
        notes.append(words.ui("support", support=step.support))
    if abs(step.raw_weight) > abs(step.weight) + 0.05:
        notes.append(words.ui("capped", raw=step.raw_weight))
    size = abs(step.weight)
    grade = "weak" if size < _WEAK else "strong" if size >= _STRONG else "medium"
    return Bar(
        kind=step.kind,
        name=name,
        family=words.name("family", step.family) if step.family else "",
        low=low,
        high=high,
        weight=step.weight,
        observed="" if step.statistic is None else figures.decimal(step.statistic),
        expected="" if step.expectation is None else figures.decimal(step.expectation),
        p_value="" if step.p_value is None else figures.chance(step.p_value),
        strength=words(f"strength_{grade}") if step.kind == "evidence" else "",
        note=(" · ").join(notes),
        finding_id=step.finding_id,
    )


def facts_of(case: Case, words: Words) -> str:
    """What became of the likes of a case that has several."""
    facts = words.ui("case_facts", likes=case.likes, expected=case.expected_inauthentic)
    if case.discounted is None or case.undetermined is None:
        return facts
    told = words.ui("case_statuses", discounted=case.discounted, undetermined=case.undetermined)
    return f"{facts}{told}"
