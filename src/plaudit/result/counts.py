"""Parts of the result document that sum an event log up: posts, authors, campaigns, and what became of bought likes."""

from __future__ import annotations

from plaudit.result.base import Count, Frozen, Message


class UnitView(Frozen):
    """The honest count of a post, an author's targets or a campaign: drawn as a whole, not added up."""

    kind: str  # "post" | "author" | "campaign"
    id: str
    targets: int
    count: Count


class HerdPart(Frozen):
    """Likes that drew likes: ``shown = purchased + induced + organic + open``.

    ``outcome`` is ``shown`` or ``not_shown``; or it names why nothing can be said (``nothing_bought``, ``no_delivery``,
    ``no_comparison``), and induced, organic and lift are null. Intervals are 90 %. ``open`` are authentic likes of
    targets of which nothing can be said. ``compared`` counts the expected bought likes of the ``deliveries`` that the
    estimate rests on. ``lift`` is the factor by which a delivery of usual
    size multiplied the rate of genuine likes.
    """

    outcome: str
    purchased: float
    compared: float
    deliveries: int
    placebos: int
    induced: float | None
    induced_low: float | None
    induced_high: float | None
    organic: float | None
    open: float
    lift: float | None
    lift_low: float | None
    lift_high: float | None
    messages: list[Message]
