"""What an audit saw of what was planted in a section: recall by attack, false alarms by crowd, tier by tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from plaudit.errors import InputError
from plaudit.model import Floats, Status, Tier
from plaudit.testing.sections.spec import BOUGHT_LABELS, LABELS

_NEEDS = {
    "truth": ("label", "bought_comment", "bought_likes", "genuine_likes"),
    "judged": ("named", "status", "discounted", "undetermined", "authentic_low", "authentic_high"),
}


@dataclass(frozen=True)
class LabelScore:
    """Counts over the targets of one label; all of them add up over worlds.

    Attributes:
        label: of :data:`plaudit.testing.sections.LABELS`; ``bought``: it is an attack.
        targets: targets with that label that matter: bought likes or a bought comment for an attack, any for a crowd.
        named: targets some finding at q <= 0.05 shows; ``suspected``: targets whose status is not ``verified``;
            ``discounted``: those with status ``discounted``.
        covered: targets whose 90 % interval holds their genuine likes; ``covered_suspected``: of the suspected ones.
        bought_likes, genuine_likes: what was there; ``bought_found``: bought likes not counted as verified;
            ``genuine_lost``: genuine likes discounted; ``genuine_open``: genuine likes left undetermined.
    """

    label: str
    bought: bool
    targets: int = 0
    named: int = 0
    suspected: int = 0
    discounted: int = 0
    covered: int = 0
    bought_likes: int = 0
    bought_found: int = 0
    genuine_likes: int = 0
    genuine_lost: int = 0
    genuine_open: int = 0
    covered_suspected: int = 0

    def __add__(self, other: LabelScore) -> LabelScore:
        counts = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)[2:]}
        return LabelScore(self.label, self.bought, **counts)

    def share(self, what: str) -> float | None:
        """One of the counts as a share of what it could have been at most; ``None`` where nothing was there."""
        whole = {
            "bought_found": self.bought_likes,
            "genuine_lost": self.genuine_likes,
            "genuine_open": self.genuine_likes,
            "covered_suspected": self.suspected,
        }
        of = whole.get(what, self.targets)
        return float(getattr(self, what)) / of if of else None


def score_section(truth: pa.Table, judged: pa.Table) -> list[LabelScore]:
    """Compare an audit's answer per target with the truth, row by row.

    Args:
        truth: a simulated section's ``truth``.
        judged: one row per target in the same order: ``named`` (bool), ``status`` (word), ``discounted`` and
            ``undetermined`` (likes), ``authentic_low``, ``authentic_high``.

    Returns:
        One score per label that occurs, crowds first, in the order of :data:`plaudit.testing.sections.LABELS`.

    Raises:
        InputError: a column is missing, or the tables differ in length.
    """
    for name, table in (("truth", truth), ("judged", judged)):
        if missing := [column for column in _NEEDS[name] if column not in table.column_names]:
            raise InputError(f"The table {name!r} to score lacks the column {missing[0]!r}.")
    if truth.num_rows != judged.num_rows:
        raise InputError(
            f"The truth has {truth.num_rows} targets, the table to score {judged.num_rows}: take both whole."
        )

    def column(table: pa.Table, name: str) -> np.ndarray[Any, np.dtype[Any]]:
        return np.asarray(table[name].to_numpy(zero_copy_only=False))

    label, status = column(truth, "label").astype(str), column(judged, "status").astype(str)
    likes, genuine = column(truth, "bought_likes").astype(np.int64), column(truth, "genuine_likes").astype(np.int64)
    gone, open_ = column(judged, "discounted").astype(np.int64), column(judged, "undetermined").astype(np.int64)
    low, high = (column(judged, f"authentic_{end}").astype(np.float64) for end in ("low", "high"))
    holds = (low <= genuine + 1e-9) & (high >= genuine - 1e-9)
    hit = (likes > 0) | column(truth, "bought_comment").astype(np.bool_)
    lost = np.maximum(gone - likes, 0)
    out = []
    for name in LABELS:
        attack = name in BOUGHT_LABELS
        mine = (label == name) & (hit if attack else np.ones(hit.size, np.bool_))
        if not mine.any():
            continue
        out.append(
            LabelScore(
                name,
                attack,
                targets=int(mine.sum()),
                named=int(column(judged, "named").astype(np.bool_)[mine].sum()),
                suspected=int((status[mine] != Status.VERIFIED.value).sum()),
                discounted=int((status[mine] == Status.DISCOUNTED.value).sum()),
                covered=int(holds[mine].sum()),
                covered_suspected=int(holds[mine & (status != Status.VERIFIED.value)].sum()),
                bought_likes=int(likes[mine].sum()),
                bought_found=int(np.minimum(gone + open_, likes)[mine].sum()),
                genuine_likes=int(genuine[mine].sum()),
                genuine_lost=int(lost[mine].sum()),
                genuine_open=int(np.maximum(gone + open_ - likes, 0)[mine].sum() - lost[mine].sum()),
            )
        )
    return out


def pooled(scores: Sequence[Sequence[LabelScore]]) -> list[LabelScore]:
    """Scores of several worlds together, label by label."""
    total: dict[str, LabelScore] = {}
    for one in (score for world in scores for score in world):
        total[one.label] = total[one.label] + one if one.label in total else one
    return [total[name] for name in LABELS if name in total]


def what_each_tier_sees(by_tier: Mapping[Tier, Sequence[LabelScore]]) -> list[dict[str, Any]]:
    """One row per label, tiers side by side, ready for a table or JSON.

    Returns:
        ``label, bought, targets`` and, per tier, ``<tier>_named``, ``<tier>_suspected``, ``<tier>_discounted`` (shares
        of targets), ``<tier>_found`` (share of bought likes not counted as verified) and ``<tier>_lost`` (share of
        genuine likes discounted); ``None`` where nothing was there to count.
    """
    known = {tier: {score.label: score for score in scores} for tier, scores in by_tier.items()}
    out = []
    for name in LABELS:
        scores = {tier: found[name] for tier, found in known.items() if name in found}
        if not scores:
            continue
        first = next(iter(scores.values()))
        row: dict[str, Any] = {"label": name, "bought": first.bought, "targets": first.targets}
        for tier, score in scores.items():
            row |= {f"{tier.value}_{what}": score.share(what) for what in ("named", "suspected", "discounted")}
            row |= {
                f"{tier.value}_found": score.share("bought_found"),
                f"{tier.value}_lost": score.share("genuine_lost"),
            }
        out.append(row)
    return out


def average_precision_of(truth: pa.Table, p: Floats) -> float | None:
    """Average precision of ``p`` for "this target received bought likes", over targets that show any like."""
    from plaudit.testing.scoring import average_precision

    bought, genuine = (truth[name].to_numpy() for name in ("bought_likes", "genuine_likes"))
    shown = bought + genuine > 0
    return average_precision(bought[shown] > 0, np.asarray(p, np.float64)[shown])
