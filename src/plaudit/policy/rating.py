"""The rating of a campaign: a word for the share of its likes that stay in question. Of counters, never of people."""

from __future__ import annotations

from plaudit.tally import Whole

_ISOLATED, _HEAVY = 0.05, 0.2


def rate(total: Whole, measured: int, findings: int) -> str:
    """``clear``, ``isolated``, ``notable``, ``heavy`` or ``abstain``.

    ``isolated`` below 5 % of the likes shown (个别疑似), ``heavy`` from 20 % (大量疑似), ``notable`` between. A word as
    strong as ``heavy`` needs likes that are not counted: what stays undetermined has an innocent explanation as well.

    Args:
        total: the count of the whole section.
        measured: detectors that could answer.
        findings: findings that weigh anything, whether or not they question a like.
    """
    if total.shown == 0 or measured == 0:
        return "abstain"
    share = (total.discounted + total.undetermined) / total.shown
    if share == 0 and findings == 0:
        return "clear"
    if share < _ISOLATED:
        return "isolated"
    return "heavy" if total.discounted >= _HEAVY * total.shown else "notable"
