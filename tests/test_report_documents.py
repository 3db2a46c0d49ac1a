"""Result documents that look like real audits, for the tests of the report; their own arithmetic is tested here."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from plaudit.report import render_html
from plaudit.result import (
    BoardView,
    Case,
    Count,
    Curve,
    Decision,
    DetectorRun,
    Edge,
    GroupEffect,
    GroupView,
    HerdPart,
    Input,
    InputFile,
    Message,
    Method,
    Moved,
    RankedBoard,
    RankedRow,
    ResultDocument,
    Step,
    TargetView,
    Verdict,
    WhatIf,
)

START = 1_772_323_200_000  # 2026-03-01 00:00 UTC
HOUR = 3_600_000
DAY = 24 * HOUR
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</svg>'
HUGE = "ключ/留言-" + "x" * 40_000 + "\u202eevil\x1b[31m"


def count(verified: int, undetermined: int, discounted: int, slack: float = 0.02) -> Count:
    """A count whose estimate lies a little above the verified likes."""
    authentic = verified + 0.6 * undetermined + 0.05 * discounted
    wide = slack * (verified + undetermined) + 1.3 * math.sqrt(undetermined + 0.2 * discounted)
    shown = verified + undetermined + discounted
    low, high = max(0.0, authentic - wide), min(float(shown), authentic + wide)
    return Count(
        shown=shown,
        verified=verified,
        discounted=discounted,
        undetermined=undetermined,
        authentic=authentic,
        authentic_low=low,
        authentic_high=high,
    )


def curve(rng: np.random.Generator, total: Count, bins: int, bin_ms: int, bursts: int) -> Curve:
    """A day rhythm that fades, with the discounted likes in a few bursts."""
    at = np.arange(bins) * bin_ms / HOUR
    rhythm = (1.15 + np.sin((at - 9) / 24 * 2 * np.pi)) * np.exp(-at / (at[-1] / 2 + 1)) if bins > 1 else np.ones(1)
    spikes = np.full(bins, 1e-9)
    for middle in rng.integers(0, bins, bursts):
        spikes += np.exp(-(((np.arange(bins) - middle) / max(1, bins / 90)) ** 2))
    parts = [
        rng.multinomial(n, p / p.sum()).tolist()
        for n, p in (
            (total.verified, rhythm),
            (total.undetermined, rhythm + spikes * rhythm.mean()),
            (total.discounted, spikes),
        )
    ]
    return Curve(start_ms=START, bin_ms=bin_ms, verified=parts[0], undetermined=parts[1], discounted=parts[2])


def group(
    rng: np.random.Generator, name: str, detector: str, members: int, targets: int, spread_ms: int, fill: float
) -> GroupView:
    """Members who each like a share ``fill`` of the targets, within ``spread_ms`` of each target's order."""
    order = np.sort(rng.integers(DAY, 27 * DAY, targets)) + START
    edges = [
        Edge(member=m, target=t, at_ms=int(order[t] + rng.integers(0, spread_ms)))
        for m in range(members)
        for t in rng.permutation(targets).tolist()
        if rng.random() < fill
    ]
    return GroupView(
        group_id=name,
        detector=detector,
        members_total=members + (160 if detector == "orders" else 0),
        targets_total=targets + (9 if detector == "orders" else 0),
        likes=len(edges) + (1200 if detector == "orders" else 0),
        start_ms=min(e.at_ms for e in edges),
        end_ms=max(e.at_ms for e in edges),
        statistic=float(len(edges)),
        expectation=0.043 * len(edges),
        p_value=3.2e-41,
        q_value=1.4e-36,
        posterior=0.99997,
        members=[f"acct-{rng.integers(10**9):09d}" for _ in range(members)],
        targets=[f"comment/{rng.integers(10**6):06d}" for _ in range(targets)],
        edges=edges,
        innocent=[Message(code="fan_club"), Message(code="group_chat_share")],
    )


def step(kind: str, weight: float, detector: str = "", family: str = "", **more: Any) -> Step:
    """A step of a waterfall; what is not given is absent."""
    fields: dict[str, Any] = {"statistic": None, "expectation": None, "p_value": None, "support": None}
    raw = more.pop("raw_weight", weight)
    return Step(
        kind=kind,
        family=family,
        detector=detector,
        finding_id=f"{detector}/12" if detector else "",
        raw_weight=raw,
        weight=weight,
        **{**fields, **more},
    )


def case(kind: str, name: str, prior: float, evidence: list[Step], status: str, likes: int) -> Case:
    """A case whose posterior is the sum of its steps."""
    steps = [step("prior", math.log(prior / (1 - prior))), *evidence]
    posterior = 1 / (1 + math.exp(-sum(s.weight for s in steps)))
    return Case(
        subject_kind=kind,
        subject_id=name,
        posterior=posterior,
        status=status,
        steps=steps,
        likes=likes,
        expected_inauthentic=likes * posterior,
        exonerating=[
            Message(code="fewer_returns", values={"observed": 214, "expected": 4.31}),
            Message(code="timing_explained", values={"observed": 96, "expected": 11.2}),
        ],
        innocent=[Message(code="fan_club"), Message(code="press_pickup"), Message(code="lottery")],
    )


def detector_runs() -> list[DetectorRun]:
    """Four detectors that answered and one that could not be asked."""
    rows = [
        ("lockstep", "synchrony", "measured", "", 18_204, 2, 2),
        ("orders", "audience", "measured", "", 6_112, 1, 1),
        ("burst", "timing", "measured", "", 1_204, 31, 9),
        ("throwaway", "account", "measured", "", 1_204, 3, 3),
        ("shared_context", "context", "not_applicable", "no_device", 0, 0, 0),
    ]
    return [
        DetectorRun(
            detector=name,
            version="1",
            family=family,
            question=f"The question of {name}?",
            outcome=outcome,
            reason=reason,
            candidates=candidates,
            findings=findings,
            significant=significant,
            innocent=["fan_club", "front_page", "group_chat_share"],
            evasions=["spread_delivery", "rotate_members"],
            notes={},
        )
        for name, family, outcome, reason, candidates, findings, significant in rows
    ]


def decision(number: int, target: str, rung: str, likes: int, reasons: list[str], appeal: str) -> Decision:
    """One rung of the ladder, valid for 180 days after the log ends."""
    return Decision(
        decision_id=f"d-{number:04d}",
        target_id=target,
        rung=rung,
        likes=likes,
        reasons=reasons,
        policy_version="1",
        needs_human=rung == "human_review",
        expires_ms=START + 210 * DAY,
        appeal=appeal,
    )


def board(post: str | None, targets: list[str], given: int) -> BoardView:
    """A board whose last row bought its way to the top; it stands last again where its group does not count."""
    names = [*targets[1:], targets[0]]
    rows = [
        RankedRow(
            target=name,
            place=place,
            raw_place=place % len(names) + 1,
            displaced=1 if place < len(names) else 1 - len(names),
            likes=400 - 10 * place if place < len(names) else 400,
            counted=400.0 - 10 * place if place < len(names) else 400.5 - given,
            discounted=0 if place < len(names) else given,
            undetermined=0,
            unheard=0,
            score_low=1.0,
            score_high=2.0,
            place_low=max(1, place - 1),
            place_high=min(len(names), place + 1),
            stability=1.0 - place / (2 * len(names)),
            guest=False,
        )
        for place, name in enumerate(names, 1)
    ]
    moved = [Moved(target=name, places=1) for name in names[:-1]]
    lifted = [Moved(target=names[-1], places=len(names) - 1)] if moved else []
    effect = GroupEffect(group_id="G1", likes=given, order=targets, pushed_down=moved, lifted=lifted)
    told = [Message(code="board_firm", values={"rows": len(names), "firm": 1})]
    if moved:
        values = {"rows": len(names), "pushed": len(moved), "target": names[0], "places": 1}
        told = [Message(code="board_pushed", values=values), *told]
        told.append(Message(code="board_group", values={"group": "G1", "likes": given} | values))
    ranked = RankedBoard(parent=post, method="age", prior_rate=3.0, rows=rows, groups=[effect], seed=0)
    return BoardView(board=ranked, messages=told)


def herd(total: Count) -> HerdPart:
    """Bought likes that drew some genuine ones."""
    bought = total.shown - total.authentic
    values = {"induced": 0.1 * bought, "induced_low": 0.05 * bought, "induced_high": 0.2 * bought}
    names = ("drawn", "places", "late")
    ways = [
        WhatIf(way=way, **{name + end: size for name in names for end in ("", "_low", "_high")})
        for way, size in (("raw", 1.0), ("bucket", 0.9), ("hidden", 0.4), ("honest", 0.0))
    ]
    return HerdPart(
        outcome="shown",
        purchased=bought,
        compared=bought,
        deliveries=9,
        placebos=300,
        organic=total.authentic - values["induced"] - 40.0,
        open=40.0,
        lift=1.2,
        lift_low=1.1,
        lift_high=1.4,
        messages=[
            Message(code="herd_shown", values=values | {"purchased": bought}),
            Message(code="herd_by_page"),
            *(
                Message(
                    code=f"what_if_{one.way}",
                    values=one.model_dump(include=set(names)) | {"drawn_now": 1.0, "places_now": 1.0},
                )
                for one in ways[1:]
            ),
        ],
        what_if=ways,
        **values,
    )


def sample() -> ResultDocument:
    """Five groups, twelve targets, six cases: a month of 48,000 likes."""
    rng = np.random.default_rng(4)
    sizes = [(310, 24, 412), (88, 6, 240), (1204, 40, 203), (96, 30, 160), (41, 4, 150), (2210, 15, 144)]
    sizes += [(64, 0, 121), (530, 61, 98), (12, 1, 80), (402, 22, 66), (150, 44, 31), (77, 12, 0)]
    views = []
    for index, parts in enumerate(sizes):
        name = (
            HOSTILE if index == 3 else "关于春季新品的留言-" + "7" * 60 if index == 5 else f"comment/{index * 7919:06d}"
        )
        total = count(*parts)
        views.append(
            TargetView(
                target_id=name,
                count=total,
                curve=curve(rng, total, 120, 6 * HOUR, 2),
                messages=[Message(code="short_log", values={"days": 29})] if index == 1 else [],
            )
        )
    total = count(44_918, 1_172, 2_243)
    lockstep = {"statistic": 214.0, "expectation": 4.31, "p_value": 2e-87, "support": 228, "raw_weight": 31.4}
    burst = {"statistic": 96.0, "expectation": 11.2, "p_value": 4.1e-19, "support": 96}
    throwaway = {"statistic": 31.0, "expectation": 18.5, "p_value": 0.0042, "support": 31}
    orders = {"statistic": 1640.0, "expectation": 402.0, "p_value": 0.0, "support": 1640, "raw_weight": 88.0}
    quiet = {"statistic": 3.0, "expectation": 3.4, "p_value": 0.71, "support": 3}
    evidence = [
        step("evidence", 6.0, "lockstep", "synchrony", **lockstep),
        step("evidence", 3.1, "burst", "timing", **burst),
        step("evidence", 1.2, "throwaway", "account", **throwaway),
    ]
    pool = [step("evidence", 7.5, "orders", "audience", **orders)]
    calm = [step("evidence", -1.1, "burst", "timing", **quiet)]
    cases = [
        case("group", "G1", 0.034, evidence, "discounted", 228),
        case("group", "G3", 0.034, pool, "discounted", 1640),
        case("target", "comment/007919", 0.034, evidence[1:], "discounted", 240),
        case("event", HOSTILE, 0.034, [*evidence[:2], step("passer_by", -1.9)], "discounted", 1),
        case("event", "e-004411", 0.034, [evidence[1], step("passer_by", -0.8)], "undetermined", 1),
        case("actor", "acct-000000017", 0.034, calm, "verified", 12),
    ]
    return ResultDocument(
        tier="T2",
        input=Input(
            files=[
                InputFile(name="likes-2026-03.parquet", sha256="9f2c" * 16, bytes=1_913_204, rows=50_112, rejected=37)
            ],
            rows=50_112,
            rejected=37,
            duplicates=412,
            taken_back=318,
            other_kinds=1_012,
            likes=total.shown,
            actors=12_804,
            targets=1_204,
            first_ms=START,
            last_ms=START + 30 * DAY,
            columns={"actor": "openid", "target": "comment_id", "at": "created_at", "kind": "action"},
            time_format="epoch_ms",
            kinds={"like": 48_941, "unlike": 159, "comment": 1_012},
            rejected_reasons={"time is not a time: <b>n/a</b>": 30, "actor is empty": 7},
        ),
        total=total,
        verdict=Verdict(
            prior=0.034,
            prior_low=0.021,
            prior_high=0.052,
            caps={"audience": 8.0, "synchrony": 6.0, "timing": 3.1, "account": 2.0, "context": 3.0},
            discount_at=0.95,
            undetermined_at=0.5,
        ),
        detectors=detector_runs(),
        targets=views,
        targets_omitted=61,
        groups=[
            group(rng, "G1", "lockstep", 24, 9, 20 * 60_000, 1.0),
            group(rng, "G2", "lockstep", 30, 14, 70 * HOUR, 0.85),
            group(rng, "G3", "orders", 40, 36, 9 * HOUR, 0.18),
            group(rng, "G4", "throwaway", 36, 1, 40 * HOUR, 1.0),
            group(rng, "G5", "burst", 36, 1, 2 * HOUR, 0.9),
        ],
        groups_omitted=2,
        cases=cases,
        decisions=[
            decision(1, "comment/000000", "not_counted", 412, ["lockstep", "burst"], "A-7F3K-22"),
            decision(2, HOSTILE, "human_review", 160, ["orders"], "A-9QX1-04"),
            decision(3, "comment/055433", "label", 31, ["throwaway"], "A-1C0M-77"),
        ],
        decisions_omitted=58,
        overall=curve(rng, total, 360, 2 * HOUR, 9),
        headline=Message(
            code="headline_found",
            values={
                "shown": total.shown,
                "authentic": total.authentic,
                "authentic_low": total.authentic_low,
                "authentic_high": total.authentic_high,
                "discounted": total.discounted,
                "groups": 7,
                "targets_affected": 72,
            },
        ),
        unseen=[
            Message(code="no_device"),
            Message(code="no_author"),
            Message(code="born_unknown", values={"share": 0.42}),
            Message(code="single_order_invisible"),
            Message(code="brush_invisible"),
            Message(code="detector_not_applicable", values={"detector": "shared_context", "reason": "no_device"}),
        ],
        method=Method(
            plaudit_version="0.1.0",
            seed=0,
            as_of_ms=START + 30 * DAY,
            parameters={"lockstep.window_ms": 300_000, "burst.least_window_ms": 60_000, "map": {"actor": "openid"}},
            command="plaudit audit likes-2026-03.parquet --out audit --map actor=openid --seed 0",
        ),
        boards=[board(f"post-{k}", [f"留言-{k}-{row}" for row in range(9 + 9 * k)], 80) for k in range(4)],
        boards_omitted=2,
        herd=herd(total),
    )


def clean() -> ResultDocument:
    """Nothing found: likes, but no groups, cases or decisions."""
    full = sample()
    total = count(2_400, 0, 0, slack=0.0)
    rng = np.random.default_rng(5)
    return full.model_copy(
        update={
            "input": full.input.model_copy(
                update=dict.fromkeys(("rejected", "duplicates", "taken_back", "other_kinds"), 0)
                | {"rows": 2_400, "likes": 2_400, "rejected_reasons": {}, "files": []}
            ),
            "total": total,
            "detectors": [run.model_copy(update={"findings": 0, "significant": 0}) for run in full.detectors],
            "targets": [],
            "targets_omitted": 0,
            "groups": [],
            "groups_omitted": 0,
            "cases": [],
            "decisions": [],
            "decisions_omitted": 0,
            "boards": [],
            "boards_omitted": 0,
            "herd": None,
            "overall": curve(rng, total, 90, 8 * HOUR, 1),
            "headline": Message(code="headline_clean", values={"shown": 2_400, "targets": 310}),
        }
    )


def empty() -> ResultDocument:
    """Not one like."""
    document = clean()
    nothing = count(0, 0, 0)
    return document.model_copy(
        update={
            "input": document.input.model_copy(
                update={"rows": 0, "likes": 0, "actors": 0, "targets": 0, "first_ms": 0, "last_ms": 0, "kinds": {}}
            ),
            "total": nothing,
            "overall": Curve(start_ms=0, bin_ms=HOUR, verified=[], discounted=[], undetermined=[]),
            "headline": Message(code="headline_empty"),
            "unseen": [Message(code="few_likes", values={"likes": 0})],
        }
    )


def single() -> ResultDocument:
    """One target with a huge, hostile id, one bin, one like of each status."""
    document = sample()
    one = count(1, 1, 1)
    tiny = Curve(start_ms=START, bin_ms=60_000, verified=[1], undetermined=[1], discounted=[1])
    rng = np.random.default_rng(6)
    pair = group(rng, HUGE, "lockstep", 2, 1, 1000, 1.0).model_copy(
        update={"members": [HUGE, HOSTILE], "targets": [HUGE]}
    )
    return document.model_copy(
        update={
            "total": one,
            "targets": [TargetView(target_id=HUGE, count=one, curve=tiny, messages=[])],
            "targets_omitted": 0,
            "groups": [pair],
            "groups_omitted": 0,
            "cases": [document.cases[0].model_copy(update={"subject_id": HUGE})],
            "boards": [board(HUGE, [HUGE, HOSTILE], 1), board(None, [HOSTILE], 0)],
            "boards_omitted": 0,
            "herd": None,
            "overall": tiny,
            "decisions": [document.decisions[0].model_copy(update={"target_id": HUGE})],
        }
    )


@cache
def rendered(name: str, lang: str) -> str:
    """The page of one of :data:`ALL`, drawn once for all tests."""
    return render_html(ALL[name](), lang)


ALL = {"sample": sample, "clean": clean, "empty": empty, "single": single}


def test_the_sample_adds_up() -> None:
    document = sample()
    for part in [document.total, *(view.count for view in document.targets)]:
        assert part.shown == part.verified + part.discounted + part.undetermined
        assert part.authentic_low <= part.authentic <= part.authentic_high
    for view in document.targets:
        assert sum(view.curve.verified) == view.count.verified
        assert sum(view.curve.discounted) == view.count.discounted
    for one in document.cases:
        assert math.isclose(sum(s.weight for s in one.steps), math.log(one.posterior / (1 - one.posterior)))
    rows = document.input
    assert rows.rows == rows.rejected + rows.duplicates + rows.other_kinds + rows.taken_back + rows.likes
