"""Parts of the result document that sum an event log up: posts, authors, campaigns, and what became of bought likes."""

from __future__ import annotations

from pydantic import Field

from plaudit.result.base import Count, Frozen, Message


class UnitView(Frozen):
    """The honest count of a post, an author's targets or a campaign: drawn as a whole, not added up."""

    kind: str  # "post" | "author" | "campaign"
    id: str
    targets: int
    count: Count


class WhatIf(Frozen):
    """What would be if readers were shown another count, on the pages that received bought likes; intervals are 90 %.

    ``way`` is ``raw`` (as it was), ``bucket`` (powers of ten), ``hidden``, or ``honest`` (bought likes neither shown
    nor ordered by). ``drawn``: genuine likes a bought one draws; ``places``: places by likes a delivery gains;
    ``late``: genuine likes of late comments, as a multiple of what they got.
    """

    way: str
    drawn: float
    drawn_low: float
    drawn_high: float
    places: float
    places_low: float
    places_high: float
    late: float
    late_low: float
    late_high: float


class HerdPart(Frozen):
    """Likes that drew likes: ``shown = purchased + induced + organic + open``.

    ``outcome`` is ``shown`` or ``not_shown``; or it names why nothing can be said (``nothing_bought``, ``no_delivery``,
    ``no_comparison``), and induced, organic and lift are null. Intervals are 90 %. ``open`` are authentic likes of
    targets of which nothing can be said. ``compared`` counts the expected bought likes of the ``deliveries`` that the
    estimate rests on. ``lift`` is the factor by which a delivery of usual
    size multiplied the rate of genuine likes. ``what_if`` is empty where likes do not decide the order of pages.
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
    what_if: list[WhatIf] = Field(default_factory=list)
