"""The sheets of a section's workbook as columns and rows: what the document and its tables say, in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from plaudit.report import figures
from plaudit.report.notes import kinds_of, left_out_lines, reading_notes
from plaudit.report.section_page import few, finding_says, region_name
from plaudit.report.words import Words
from plaudit.result import CommentView, ResultDocument, SectionFinding, SectionPart

MOST_ROWS = 5_000
"""Rows of posts and of comments a workbook lists, those most in question first; the tables beside it hold all."""

Row = Sequence[Any]


@dataclass(frozen=True)
class Sheet:
    """One sheet: its code, columns (heading, format, width) and rows. Format ``t`` is text."""

    code: str
    columns: Sequence[tuple[str, str, int]]
    rows: Iterable[Row]


def sheets_of(
    document: ResultDocument, section: SectionPart, tables: Mapping[str, pa.Table], words: Words
) -> Iterator[Sheet]:
    """The nine sheets, in the order of the report."""
    text, ui = ("t", 44), words.ui
    count = [(ui(name), "n", 12) for name in ("shown", "at_most", "verified", "undetermined", "discounted")]
    count += [(ui("authentic"), "d", 14), (ui("low"), "d", 12), (ui("high"), "d", 12)]
    yield Sheet("summary", [(ui("section_title"), *text), ("", "t", 60)], _summary(document, section, words))
    yield Sheet(
        "posts",
        [
            (ui("post"), "t", 30),
            (ui("excerpt"), "t", 34),
            (ui("published"), "time", 17),
            (ui("reads"), "n", 11),
            *count,
            (ui("comments_count"), "n", 11),
            (ui("likes_under"), "n", 12),
            (ui("authentic_under"), "d", 14),
            (ui("reasons"), "t", 30),
        ],
        _posts(tables["posts"], section, words),
    )
    yield Sheet(
        "comments",
        [
            (ui("comment"), "t", 24),
            (ui("post"), "t", 24),
            (ui("excerpt"), "t", 50),
            (ui("author"), "t", 24),
            (ui("written"), "time", 17),
            *count,
            (ui("depth"), "d", 12),
            (ui("reasons"), "t", 30),
        ],
        _comments(tables["comments"], section, words),
    )
    yield Sheet(
        "findings",
        [
            (ui("finding"), "t", 20),
            (ui("detector"), "t", 18),
            (ui("kind"), "t", 12),
            (ui("evidence_level"), "t", 10),
            (ui("says"), "t", 60),
            (ui("observed"), "d", 12),
            (ui("expected"), "d", 12),
            ("p", "p", 11),
            ("q", "p", 11),
            (ui("likes_column"), "n", 11),
            (ui("unexplained"), "d", 12),
            (ui("low"), "d", 12),
            (ui("high"), "d", 12),
            (ui("window"), "t", 34),
            (ui("innocent"), "t", 60),
            (ui("exonerating"), "t", 60),
        ],
        (_finding(one, words) for one in section.findings),
    )
    yield Sheet(
        "clusters",
        [
            (ui("finding"), "t", 20),
            (ui("detector"), "t", 18),
            (ui("authors"), "t", 10),
            (ui("region"), "t", 14),
            (ui("target"), "t", 24),
            (ui("excerpt"), "t", 60),
            (ui("likes_column"), "n", 11),
            (ui("unexplained"), "d", 12),
            (ui("low"), "d", 12),
            (ui("high"), "d", 12),
        ],
        _clusters(section, words),
    )
    yield Sheet(
        "curves",
        [
            (ui("target"), "t", 30),
            (ui("finding"), "t", 20),
            (ui("as_read"), "time", 17),
            (ui("shown"), "n", 12),
            (ui("reads"), "n", 12),
            (ui("window"), "t", 14),
        ],
        _curves(section, words),
    )
    parts = [(words.name("depth", code), "d", 14) for code in _parts(section)]
    yield Sheet(
        "highlights",
        [
            (ui("comment"), "t", 24),
            (ui("excerpt"), "t", 60),
            (ui("shown"), "n", 10),
            (ui("depth"), "d", 12),
            (ui("low"), "d", 10),
            (ui("high"), "d", 10),
            *parts,
        ],
        (_keeper(one, len(parts)) for one in section.highlights),
    )
    yield Sheet(
        "value",
        [
            (words("value_kind"), "t", 30),
            (words("value_window"), "t", 22),
            (words("value_group"), "t", 18),
            (words("value_people"), "n", 10),
            (words("value_acts"), "n", 10),
            (words("value_rate"), "pct", 14),
            (ui("low"), "pct", 10),
            (ui("high"), "pct", 10),
        ],
        _value(document, words),
    )
    yield Sheet("method", [(ui("parameter"), "t", 40), (ui("value"), "t", 90)], _method(document, section, words))


def _summary(document: ResultDocument, section: SectionPart, words: Words) -> Iterator[Row]:
    ui = words.ui
    yield (ui("headline"), words.say(section.headline))
    yield (ui("rating"), f"{words.name('rating', section.rating)} {words('rating_says_' + section.rating)}")
    none = "clear" if section.rating == "clear" and section.level == "abstain" else section.level
    says = ui("not_examined") if section.rating == "abstain" else words(f"level_says_{none}")
    yield (ui("evidence_level"), says if section.level == "abstain" else f"{words.name('level', section.level)} {says}")
    yield (ui("basis"), words.name("tier", document.tier))
    for name, one in (
        ("all_likes", section.total),
        ("on_posts", section.on_posts),
        ("on_comments", section.on_comments),
    ):
        yield (f"{ui(name)}: {ui('shown')}", one.shown)
        if section.rating == "abstain":
            yield (f"{ui(name)}: {ui('authentic')}", ui("no_estimate"))
            continue
        for part in ("verified", "undetermined", "discounted"):
            yield (f"{ui(name)}: {ui(part)}", getattr(one, part))
        yield (f"{ui(name)}: {ui('authentic')}", one.authentic)
        yield (
            f"{ui(name)}: {ui('interval')}",
            words.ui("interval_range", low=one.authentic_low, high=one.top),
        )
    for name, said in (("can_say", section.can_say), ("cannot_say", section.cannot_say)):
        for message in said:
            yield (ui(name), words.say(message))
    for figure in section.figures:
        name = words.name("figure", figure.code)
        yield (name, figure.value)
        if figure.low is not None:
            yield (f"{name}: {ui('low')}", figure.low)
            yield (f"{name}: {ui('high')}", ui("unknown") if figure.high is None else figure.high)
    for message in document.unseen:
        yield (ui("s_unseen"), words.say(message))
    yield ("", words("x_note"))


def _posts(table: pa.Table, section: SectionPart, words: Words) -> Iterator[Row]:
    titles = {one.post_id: one.title for one in section.posts}
    for row in _worst(table):
        yield (
            row["post_id"],
            titles.get(row["post_id"], ""),
            moment(row["published_ms"], words),
            row["reads_low"],
            *_counted(row, section),
            row["comments"],
            row["comment_likes"],
            row["comment_authentic"],
            words.listing(row["reasons"] or []),
        )
    yield from _left(table, "posts.parquet", words)


def _comments(table: pa.Table, section: SectionPart, words: Words) -> Iterator[Row]:
    texts = {one.target_id: one.excerpt for finding in section.findings for one in finding.targets}
    texts |= {move.comment_id: move.excerpt for move in section.ranks}
    texts |= {view.comment_id: view.excerpt for view in [*section.comments, *section.highlights]}
    for row in _worst(table):
        yield (
            row["comment_id"],
            row["post_id"],
            row["text"] if row["text"] is not None else texts.get(row["comment_id"], ""),
            row["author_name"] or row["author_key"] or "",
            moment(row["created_ms"], words),
            *_counted(row, section),
            row["depth"],
            words.listing(row["reasons"] or []),
        )
    yield from _left(table, "comments.parquet", words)


def _worst(table: pa.Table) -> list[dict[str, Any]]:
    """The rows with most likes in question, then with most likes."""
    keyed = table.append_column("_doubt", pc.add(table["discounted"], table["undetermined"]))
    keyed = keyed.append_column("_place", pa.array(range(table.num_rows), pa.int64()))
    order = [("_doubt", "descending"), ("likes_low", "descending"), ("_place", "ascending")]
    rows: list[dict[str, Any]] = keyed.take(pc.sort_indices(keyed, order)[:MOST_ROWS]).to_pylist()
    return rows


def _left(table: pa.Table, where: str, words: Words) -> Iterator[Row]:
    if table.num_rows > MOST_ROWS:
        yield (words.ui("rows_left", count=table.num_rows - MOST_ROWS, where=where),)


def _counted(row: Mapping[str, Any], section: SectionPart) -> Row:
    """The count of a row; what was shown only, where nothing could be asked."""
    known = row["likes_low"] is not None
    names = ["likes_low", "likes_high", "verified", "undetermined", "discounted"]
    names += ["authentic", "authentic_low", "authentic_high"]
    told = 2 if section.rating == "abstain" else len(names)
    return tuple(row[name] if known and k < told else None for k, name in enumerate(names))


def _finding(one: SectionFinding, words: Words) -> Row:
    window = ""
    if one.start_ms is not None and one.end_ms is not None:
        window = f"{words.clock(one.start_ms)} – {words.clock(one.end_ms)}"
    return (
        one.finding_id,
        words.name("detector_name", one.detector),
        words.word(one.shape) if one.shape else "",
        words.name("level", one.level),
        finding_says(one, words),
        one.statistic,
        one.expectation,
        one.p_value,
        one.q_value,
        one.likes,
        one.excess,
        one.excess_low,
        one.excess_high,
        window,
        "; ".join(words.say(message) for message in one.innocent),
        "; ".join(words.say(message) for message in one.exonerating),
    )


def _clusters(section: SectionPart, words: Words) -> Iterator[Row]:
    """Targets of findings about several comments: near-duplicates, rings, regions."""
    for one in section.findings:
        if one.targets_total < 2:
            continue
        region = region_name(one.regions[0].name, words) if one.regions else ""
        for target in one.targets:
            yield (
                one.finding_id,
                words.name("detector_name", one.detector),
                few(one.authors),
                region,
                target.target_id,
                target.excerpt,
                target.likes,
                target.excess,
                target.excess_low,
                target.excess_high,
            )


def _curves(section: SectionPart, words: Words) -> Iterator[Row]:
    for one in section.findings:
        if one.curve is None:
            continue
        points = zip(one.curve.at_ms, one.curve.likes, one.curve.reads, strict=True)
        for at, likes, reads in points:
            inside = one.start_ms is not None and one.end_ms is not None and one.start_ms <= at <= one.end_ms
            yield (
                one.curve.target_id,
                one.finding_id,
                moment(at, words),
                likes,
                reads,
                words.ui("window") if inside else "",
            )


def _parts(section: SectionPart) -> list[str]:
    return next(([part.code for part in one.depth.parts] for one in section.highlights if one.depth), [])


def _keeper(one: CommentView, parts: int) -> Row:
    if one.depth is None:
        return (one.comment_id, one.excerpt, one.count.shown, *[None] * (3 + parts))
    return (
        one.comment_id,
        one.excerpt,
        one.count.shown,
        one.depth.index,
        one.depth.low,
        one.depth.high,
        *(part.points for part in one.depth.parts),
    )


def _value(document: ResultDocument, words: Words) -> Iterator[Row]:
    if document.value is None:
        yield (words.ui("value_absent"),)
        return
    for rate in document.value.rates:
        yield (
            words.word(rate.kind),
            words(f"{rate.window}_window"),
            words.name("group", rate.group),
            rate.people,
            rate.acts,
            rate.rate,
            rate.low,
            rate.high,
        )
    for cost in document.value.costs:
        name = f"{words(f'value_cost_{cost.code}')}: {figures.decimal(cost.value)} {cost.currency}"
        yield (name,)
    for message in [*document.value.messages, *(contrast.message for contrast in document.value.contrasts)]:
        yield (words.say(message),)


def _method(document: ResultDocument, section: SectionPart, words: Words) -> Iterator[Row]:
    ui, method = words.ui, document.method
    yield (ui("version"), f"Plaudit {method.plaudit_version}")
    yield (ui("schema"), document.schema_version)
    yield (ui("seed"), method.seed)
    yield (ui("as_of"), f"{words.clock(method.as_of_ms)} {words.zone()}")
    yield (ui("reproduce"), method.command)
    yield (ui("fingerprint"), section.basis.fingerprint)
    yield ("", ui("section_method_text"))
    for kind in kinds_of(section.basis):
        yield (
            ui("sources_caption"),
            f"{words.name('kind', kind.kind)}: {kind.files} · {kind.rows} · {kind.taken(words)}",
        )
    for note in [words.say(section.basis.selection), *reading_notes(section.basis, words)]:
        yield (ui("reading_notes"), note)
    for line in left_out_lines(document.left_out, words):
        yield (ui("left_out"), line)
    for message in section.basis.missing:
        yield (ui("missing_title"), words.say(message))
    for run in document.detectors:
        yield (
            words.name("detector_name", run.detector),
            f"{words.name('outcome', run.outcome)}. {words.question(run.detector, run.question)}",
        )
    for sight in section.sight:
        yield (
            f"{words.name('attack', sight.attack)} ({sight.tier})",
            words.name("sees", sight.sees) + ("" if sight.recall is None else f" {words.percent(sight.recall)}"),
        )
    for message in section.compliance:
        yield (ui("s_compliance"), words.say(message))
    for source in section.basis.sources:
        yield (source.file.name, source.file.sha256)


def moment(at_ms: int | None, words: Words) -> datetime | None:
    """Wall time in the language's zone; None where unknown or beyond the calendar of spreadsheets."""
    if at_ms is None:
        return None
    text = words.clock(at_ms, "%Y-%m-%dT%H:%M:%S")
    return datetime.fromisoformat(text) if re.fullmatch(r"(19|20|2\d)\d\d.*", text) and text[:4] > "1900" else None
