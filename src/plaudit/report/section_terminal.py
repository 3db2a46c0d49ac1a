"""The section of a result document on one terminal screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from plaudit.report import figures
from plaudit.report.notes import kinds_of, left_out_lines, reading_notes, untraced
from plaudit.report.screen import SOFT, WIDTH, Sentence, bullets, count_line, counts, heading, legend, more, table
from plaudit.report.words import Words
from plaudit.result import Basis, CommentView, LeftOut, SectionFinding, SectionPart

_MOST, _MOST_NOTES = 5, 8


def section_summary(section: SectionPart, unread: Sequence[LeftOut], words: Words) -> list[RenderableType]:
    """Counts, what can be said, findings, comments in question, comments worth keeping, and what was (not) read."""
    total = section.total
    parts: list[RenderableType] = [
        heading(words.ui("section_title")),
        Sentence(words.say(section.headline), "bold"),
        Text(),
        Text(_grades(section, words)),
        Text(),
    ]
    if section.rating == "abstain":
        # An estimate nothing was asked for would look like a clean bill.
        parts += [Text(f"{words.ui('shown')}: {figures.count(total.shown)}"), Text(words.ui("no_estimate"))]
    else:
        parts.append(counts(total, words))
        if (likes := untraced(section)) is not None:
            parts.append(Sentence(words.ui("untraced", likes=likes), SOFT))
        parts += [Text(), count_line(total, WIDTH - 6), legend(total, words)]
    for title, messages in (("can_say", section.can_say), ("cannot_say", section.cannot_say)):
        if messages:
            parts += [Text(), heading(words.ui(title)), *bullets(words.say(m) for m in messages)]
    if section.findings:
        parts += [Text(), heading(words.ui("findings")), _findings(section.findings[:_MOST], words)]
        parts += more(len(section.findings) - _MOST + section.findings_omitted, words)
    for title, views, left in (
        ("key_comments", section.comments, section.comments_omitted),
        ("highlights", section.highlights, 0),
    ):
        if views:
            parts += [Text(), heading(words.ui(title)), _comments(views[:_MOST], words)]
            parts += more(len(views) - _MOST + left, words)
    return [*parts, Text(), heading(words.ui("basis")), *basis_lines(section.basis, unread, words)]


def _grades(section: SectionPart, words: Words) -> str:
    """Rating, evidence level and tier in one line; nothing has a level where nothing is in question."""
    parts = [f"{words.ui('rating')}: {words.name('rating', section.rating)}"]
    if section.level != "abstain":
        parts.append(f"{words.ui('evidence_level')}: {words.name('level', section.level)}")
    return " \N{MIDDLE DOT} ".join([*parts, words.name("tier", section.tier)])


def left_out(left: Sequence[LeftOut], words: Words) -> list[RenderableType]:
    """Files that were not read, under a heading; nothing where all were."""
    return [Text(), heading(words.ui("left_out")), *bullets(left_out_lines(left, words))] if left else []


def basis_lines(basis: Basis, left: Sequence[LeftOut], words: Words) -> list[RenderableType]:
    """What was read: sources by kind, sizes, selection, what reading had to decide, and what it left out."""
    line = words.ui(
        "basis_line",
        sources=len(basis.sources),
        posts=basis.posts,
        comments=basis.comments,
        replies=basis.replies,
        snapshots=basis.snapshots,
        curves=basis.curves,
        rejected=basis.rejected,
        rows=basis.rows,
    )
    kinds = [f"{words.name('kind', one.kind)} {figures.count(one.files)}" for one in kinds_of(basis)]
    sentences = [words.say(basis.selection), *reading_notes(basis, words)]
    told = bullets(sentences[:_MOST_NOTES]) + more(len(sentences) - _MOST_NOTES, words)
    return [Sentence(line), Text(" \N{MIDDLE DOT} ".join(kinds), style=SOFT), *told, *left_out(left, words)]


def _findings(found: list[SectionFinding], words: Words) -> RenderableType:
    rows = table(
        (words.ui("detector"), False),
        (words.ui("likes_column"), True),
        (words.ui("observed"), True),
        (words.ui("expected"), True),
        (words.ui("evidence_level"), False),
        (words.ui("excerpt"), False),
    )
    for finding in found:
        about = finding.targets[0].excerpt or finding.targets[0].target_id if finding.targets else finding.subject_id
        rows.add_row(
            Text(words.name("detector_name", finding.detector)),
            figures.count(finding.likes),
            figures.decimal(finding.statistic),
            figures.decimal(finding.expectation),
            words.name("level", finding.level),
            Text(figures.short(about, 20), style=SOFT),
        )
    return rows


def _comments(views: list[CommentView], words: Words) -> RenderableType:
    rows = table((words.ui("excerpt"), False), (words.ui("shown"), True), (words.ui("authentic"), True), ("", False))
    for view in views:
        count = view.count
        plus = "+" if count.open_ended else ""
        top = "" if count.top is None else f"{figures.DASH}{figures.count(count.top)}"
        low = f"{figures.count(count.authentic_low)}{top or plus}"
        rows.add_row(
            Text(figures.short(view.excerpt, 28), style="" if view.case else SOFT),
            f"{figures.count(count.shown)}{plus}",
            f"{figures.count(count.authentic)}{plus} [{low}]".replace("[", "\\["),
            count_line(count, 12),
        )
    return rows
