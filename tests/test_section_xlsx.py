"""The workbook of a section's audit: what the document says, no formula, the same bytes."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pyarrow as pa
import pytest

import plaudit
from plaudit.report import render_xlsx, sheets
from plaudit.report.words import LANGUAGES, Words, messages
from tests.section_reports import HOSTILE, audit_of, hand_made

SHEETS = ("summary", "posts", "comments", "findings", "clusters", "curves", "highlights", "value", "method")


def opened(name: str, lang: str = "en") -> openpyxl.Workbook:
    audit = audit_of(name)
    return openpyxl.load_workbook(io.BytesIO(render_xlsx(audit.document, audit.tables, lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["curves", "snapshot", "clean", "hand"])
def test_every_sheet_is_there_with_a_frozen_head_widths_and_a_filter(name: str, lang: str) -> None:
    book = opened(name, lang)
    assert book.sheetnames == [messages(lang)[f"sheet_{code}"] for code in SHEETS]
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == sheet.dimensions
        assert sheet.max_row >= 1 and all(cell.font.bold for cell in sheet[1])
        assert all(dimension.width >= 8 for dimension in sheet.column_dimensions.values())


def test_numbers_are_those_of_the_document_and_the_tables() -> None:
    audit, book = audit_of("curves"), opened("curves")
    section = audit.document.section
    assert section is not None
    summary = {row[0].value: row[1].value for row in book["Summary"].iter_rows(min_row=2)}
    assert summary["All likes: Shown"] == section.total.shown
    assert summary["All likes: Authentic (estimate)"] == pytest.approx(section.total.authentic)
    comments = list(book["Comments"].iter_rows(min_row=2, values_only=True))
    assert len(comments) == audit.tables["comments"].num_rows
    head = [cell.value for cell in book["Comments"][1]]
    shown = head.index("Shown")
    table = audit.tables["comments"].to_pydict()
    told = dict(zip(table["comment_id"], table["likes_low"], strict=True))
    assert {str(row[0]): row[shown] for row in comments} == told
    doubt = [(row[head.index("Undetermined")] or 0) + (row[head.index("Discounted")] or 0) for row in comments]
    assert doubt == sorted(doubt, reverse=True)
    findings = list(book["Findings"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in findings] == [one.finding_id for one in section.findings]
    assert book["Findings"]["H2"].number_format == "0.00E+00"
    curves = [one for one in section.findings if one.curve is not None]
    assert book["Curves"].max_row - 1 == sum(len(one.curve.at_ms) for one in curves if one.curve)
    keepers = book["Highlights"]
    assert keepers.max_row - 1 == len(section.highlights)
    row = [cell.value for cell in keepers[2]]
    assert sum(row[6:]) == pytest.approx(row[3])


@pytest.fixture(scope="module")
def revealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The workbook of hostile texts, all of them shown."""
    audit = plaudit.audit(hand_made(tmp_path_factory.mktemp("hand") / "comments.csv"), reveal=True)
    return render_xlsx(audit.document, audit.tables, "en")


def test_nothing_in_it_is_a_formula(revealed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(revealed)) as parts:
        for name in parts.namelist():
            assert b"<f>" not in parts.read(name), name
    risky = 0
    for sheet in openpyxl.load_workbook(io.BytesIO(revealed)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, str) and cell.value[:1] in ("=", "+", "-", "@"):
                    risky += 1
                    assert cell.data_type == "s" and cell.quotePrefix
    assert risky >= 8


def test_a_revealed_text_is_written_as_it_is(revealed: bytes) -> None:
    book = openpyxl.load_workbook(io.BytesIO(revealed))
    texts = {cell.value for row in book["Comments"].iter_rows(min_row=2) for cell in row}
    assert {HOSTILE, "+1 赞同", "\\u202e反着写", "云上的小刺猬3"} <= texts


def test_names_stay_out_unless_revealed() -> None:
    audit = audit_of("hand")
    raw = render_xlsx(audit.document, audit.tables, "zh")
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        assert all("云上的小刺猬" not in parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def test_the_same_audit_gives_the_same_bytes_and_no_clock_is_in_them() -> None:
    audit = audit_of("curves")
    one, two = (render_xlsx(audit.document, audit.tables, "zh") for _ in range(2))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = parts.read("docProps/core.xml").decode()
        assert core.count("1980-01-01T00:00:00Z") == 2


def test_long_tables_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_ROWS", 7)
    book = opened("snapshot")
    sheet = book["Comments"]
    rows = audit_of("snapshot").tables["comments"].num_rows
    assert sheet.max_row == 1 + 7 + 1
    assert f"{rows - 7:,} more rows" in str(sheet.cell(9, 1).value)


def test_a_log_has_no_workbook() -> None:
    audit = plaudit.audit(plaudit.simulate("clean", events=2_000, seed=1).events)
    with pytest.raises(ValueError, match="holds none"):
        render_xlsx(audit.document, audit.tables)


def test_moments_beyond_the_calendar_are_left_out() -> None:
    words = Words.of("en")
    assert sheets.moment(None, words) is None
    assert sheets.moment(-(10**14), words) is None
    moment = sheets.moment(1_700_000_000_000, words)
    assert moment is not None and moment.year == 2023
    assert pa.array([moment]).null_count == 0
