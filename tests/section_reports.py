"""Audits of small planted sections, and the documents of hand-written ones, for the tests of their report."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import plaudit
from plaudit.model import Tier
from plaudit.report import render_html
from plaudit.testing.sections import simulate_section, write_section

HOSTILE = '=HYPERLINK("http://x","<script>alert(1)</script>")'

WORLDS = {
    "curves": ("comments", 500, 3, Tier.CURVE, {"polls": 30, "posts": 14}),
    "snapshot": ("comments", 500, 6, Tier.SNAPSHOT, {"posts": 14}),
    "clean": ("section_clean", 300, 7, Tier.CURVE, {"polls": 20, "posts": 10}),
}
"""Name -> scenario, comments, seed, tier, overrides."""


@cache
def audit_of(name: str) -> plaudit.Audit:
    """The audit of one of :data:`WORLDS`, or of ``hand``: twelve comments in a table, some with hostile texts."""
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        if name == "hand":
            return plaudit.audit(hand_made(folder / "comments.csv"), command="plaudit audit comments.csv --out DIR")
        scenario, comments, seed, tier, overrides = WORLDS[name]
        world = simulate_section(scenario, comments=comments, seed=seed, tier=tier, overrides=overrides)
        write_section(world, folder, "csv", curves=tier is Tier.CURVE)
        return plaudit.audit(folder / "export", command="plaudit audit export --out DIR")


def hand_made(path: Path) -> Path:
    """A tiny export: hostile texts, a capped counter, a nickname that must not be told."""
    rows = ["post_id,comment_id,author,text,likes,created_at,observed_at"]
    texts = [HOSTILE, "+1 赞同", "-不好说", "@云上的小刺猬 说得对", "\u202e反着写", "普通的一条留言，写了点自己的经历"]
    for k in range(12):
        text = texts[k % len(texts)].replace('"', '""')
        likes = "10万+" if k == 5 else str(3 * k)
        rows.append(f'p{k % 2},c{k},云上的小刺猬{k},"{text}",{likes},2024-05-01T10:{k:02d}:00Z,2024-05-02T10:00:00Z')
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@cache
def page(name: str, lang: str) -> str:
    """The page of :func:`audit_of`."""
    return render_html(audit_of(name).document, lang)
