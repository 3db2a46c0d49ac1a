"""The result as a workbook for people who live in spreadsheets: nine sheets, no formula, the same bytes every time.

Texts of an export are hostile: a cell that begins like a formula is written as text and marked to stay text (OWASP, "CSV
injection"), so that neither opening the sheet nor saving it as CSV runs it.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from plaudit.report import figures
from plaudit.report.notes import kinds_of, reading_notes
from plaudit.report.section_page import few, finding_says, region_name
from plaudit.report.words import Words
from plaudit.result import CommentView, ResultDocument, SectionFinding, SectionPart

MOST_ROWS = 5_000
"""Rows of posts and of comments a workbook lists, those most in question first; the tables beside it hold all."""

_STAMP = b"1980-01-01T00:00:00Z"
_MOST_LETTERS = 32_000
_HEAD = Font(bold=True)
_FILL = PatternFill("solid", fgColor="FFF3F1EA")
_WRAP = Alignment(wrap_text=True, vertical="top")
_FORMATS = {"n": "#,##0", "d": "#,##0.0", "pct": "0.0%", "p": "0.00E+00", "time": "yyyy-mm-dd hh:mm"}

Row = Sequence[Any]


@dataclass(frozen=True)
class _Sheet:
    """One sheet: its code, columns (heading, format, width) and rows. Format ``t`` is text."""

    code: str
    columns: Sequence[tuple[str, str, int]]
    rows: Iterable[Row]


def to_xlsx(document: ResultDocument, tables: Mapping[str, pa.Table], lang: str = "en") -> bytes:
    """The workbook of a section's audit.

    Args:
        document: the audit; it must hold a section.
        tables: the tables of the audit, of which ``comments`` and ``posts`` are listed.
        lang: ``en`` or ``zh``.

    Raises:
        InputError: unknown language.
        ValueError: the document holds no section.
    """
    section = document.section
    if section is None:
        raise ValueError("A workbook is made of a section's audit, and this document holds none.")
    words = Words.of(lang)
    book = Workbook(write_only=True)
    for sheet in _sheets(document, section, tables, words):
        _write(book, sheet, words)
    raw = io.BytesIO()
    book.save(raw)
    return _timeless(raw.getvalue())


def _sheets(
    document: ResultDocument, section: SectionPart, tables: Mapping[str, pa.Table], words: Words
) -> Iterator[_Sheet]:
    text, ui = ("t", 44), words.ui
    count = [(ui(name), "n", 12) for name in ("shown", "at_most", "verified", "undetermined", "discounted")]
    count += [(ui("authentic"), "d", 14), (ui("low"), "d", 12), (ui("high"), "d", 12)]
    yield _Sheet("summary", [(ui("section_title"), *text), ("", "t", 60)], _summary(document, section, words))
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet(
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
    yield _Sheet("method", [(ui("parameter"), "t", 40), (ui("value"), "t", 90)], _method(document, section, words))


def _summary(document: ResultDocument, section: SectionPart, words: Words) -> Iterator[Row]:
    ui = words.ui
    yield (ui("headline"), words.say(section.headline))
    yield (ui("rating"), f"{words.name('rating', section.rating)} {words('rating_says_' + section.rating)}")
    none = "clear" if section.rating == "clear" and section.level == "abstain" else section.level
    level = words.name("level", section.level) if section.level != "abstain" else ui("level_none")
    yield (ui("evidence_level"), f"{level} {words('level_says_' + none)}")
    yield (ui("basis"), words.name("tier", document.tier))
    for name, one in (
        ("all_likes", section.total),
        ("on_posts", section.on_posts),
        ("on_comments", section.on_comments),
    ):
        for part in ("shown", "verified", "undetermined", "discounted"):
            yield (f"{ui(name)}: {ui(part)}", getattr(one, part))
        yield (f"{ui(name)}: {ui('authentic')}", one.authentic)
        yield (
            f"{ui(name)}: {ui('interval')}",
            f"{figures.count(one.authentic_low)} – {figures.count(one.authentic_high)}",
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
            _moment(row["published_ms"], words),
            row["reads_low"],
            *_counted(row),
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
            _moment(row["created_ms"], words),
            *_counted(row),
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


def _counted(row: Mapping[str, Any]) -> Row:
    known = row["likes_low"] is not None
    names = ("likes_low", "likes_high", "verified", "undetermined", "discounted")
    names += ("authentic", "authentic_low", "authentic_high")
    return tuple(row[name] if known else None for name in names)


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
                _moment(at, words),
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


def _moment(at_ms: int | None, words: Words) -> datetime | None:
    """Wall time in the language's zone; None where unknown or beyond the calendar of spreadsheets."""
    if at_ms is None:
        return None
    text = words.clock(at_ms, "%Y-%m-%dT%H:%M:%S")
    return datetime.fromisoformat(text) if re.fullmatch(r"(19|20|2\d)\d\d.*", text) and text[:4] > "1900" else None


def _write(book: Workbook, sheet: _Sheet, words: Words) -> None:
    page = book.create_sheet(words.name("sheet", sheet.code))
    page.freeze_panes = "A2"
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    for place, (_, _, width) in enumerate(sheet.columns):
        page.column_dimensions[get_column_letter(place + 1)].width = width
    page.append([_head(page, name) for name, _, _ in sheet.columns])
    last = 1
    for row in sheet.rows:
        cells = [_cell(page, value, sheet.columns[k][1]) for k, value in enumerate(row)]
        page.append(cells)
        last += 1
    page.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{last}"


def _head(page: Any, name: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(page, name)
    cell.font, cell.fill, cell.alignment = _HEAD, _FILL, _WRAP
    return cell


def _cell(page: Any, value: Any, form: str) -> WriteOnlyCell:
    if isinstance(value, str):
        # What cannot be shown is spelt out, and nothing is ever a formula, whatever it begins with.
        text = figures.visible(value.replace("\n", " ").replace("\t", " "))[:_MOST_LETTERS]
        cell = WriteOnlyCell(page, text)
        cell.data_type = "s"
        cell.quotePrefix = text[:1] in ("=", "+", "-", "@", "'", "|", "%")
        if len(text) > 40:
            cell.alignment = _WRAP
        return cell
    cell = WriteOnlyCell(page, value)
    if form in _FORMATS and value is not None:
        cell.number_format = _FORMATS[form]
    elif isinstance(value, float):
        cell.number_format = _FORMATS["n" if value == round(value) else "d" if abs(value) >= 10 else "p"]
        if 0.001 <= abs(value) < 10 and value != round(value):
            cell.number_format = "0.000"
    elif isinstance(value, int):
        cell.number_format = _FORMATS["n"]
    return cell


def _timeless(raw: bytes) -> bytes:
    """The same workbook without the moment it was made at."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda one: (one != "[Content_Types].xml", one)):
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + _STAMP, content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)
    return out.getvalue()
