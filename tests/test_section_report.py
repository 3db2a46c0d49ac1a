"""The report of comment exports: the whole outline, in two languages, calm where nothing is, and safe."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import plaudit
from plaudit.app.section_views import curve_points
from plaudit.model import DAY_MS, HOUR_MS, UNBOUNDED, UNKNOWN, Counter
from plaudit.report import render_html, render_summary
from plaudit.report.notes import reading_notes, untraced
from plaudit.report.section_charts import gap_svg, pane_of
from plaudit.report.section_page import (
    CHAPTERS,
    called,
    few,
    figure_text,
    finding_says,
    hundred,
    section_context,
    sight_rows,
)
from plaudit.report.words import LANGUAGES, Words, messages
from plaudit.result import Count, CurvePoints, GapPoint, KeyFigure, Message, SectionPart
from tests.section_reports import HOSTILE, audit_of, hand_made, page
from tests.test_report import parsed

ALL = ("curves", "snapshot", "clean", "hand")


def part(name: str) -> SectionPart:
    section = audit_of(name).document.section
    assert section is not None
    return section


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_every_page_has_all_chapters_in_order_and_is_well_formed(name: str, lang: str) -> None:
    tags = parsed(page(name, lang))
    headings = [attrs["id"] for tag, attrs in tags.tags if tag == "h2"]
    assert headings == list(CHAPTERS)
    ids = [attrs["id"] for _, attrs in tags.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {str(attrs["href"]).removeprefix("#") for tag, attrs in tags.tags if tag == "a"}
    assert links <= set(ids) and set(CHAPTERS) <= links
    text = "".join(tags.text)
    assert messages(lang)["ui_section_title"] in text
    # No code of the program shows through: every word that looks like one stands in ids and parameters only.
    shown = re.sub(r"<(style|script|code|pre|bdi)[^>]*>.*?</\1>", "", page(name, lang), flags=re.S)
    for code in re.findall(r">\s*([a-z]+_[a-z_]+)\s*<", shown):
        assert code in {run.detector for run in audit_of(name).document.detectors}, code


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_word_a_document_can_hold_is_worded(lang: str) -> None:
    known = messages(lang)
    for name in ALL:
        section = part(name)
        for one in section.figures:
            assert f"figure_{one.code}" in known, one.code
        for sight in section.sight:
            assert f"attack_{sight.attack}" in known and f"sees_{sight.sees}" in known
        for source in section.basis.sources:
            assert f"kind_{source.kind}" in known
        for finding in section.findings:
            assert f"says_{finding.detector}" in known
    from plaudit.ingest.exports import Kind

    assert all(f"kind_{kind.value}" in known for kind in Kind)
    for word in ("clear", "isolated", "notable", "heavy", "abstain"):
        assert f"rating_says_{word}" in known and f"rating_{word}" in known
    for word in ("strong", "medium", "weak", "abstain"):
        assert f"level_says_{word}" in known


def test_each_finding_stands_beside_its_innocent_explanations() -> None:
    section, html = part("curves"), page("curves", "zh")
    assert section.findings
    words = Words.of("zh")
    for finding in section.findings[:12]:
        assert finding_says(finding, words) in html
        for message in finding.innocent:
            assert words.say(message) in html
    assert html.count(messages("zh")["ui_innocent"]) >= len(section.findings[:12])


def test_the_clean_world_is_calm() -> None:
    section = part("clean")
    assert section.rating == "clear" and section.total.discounted + section.total.undetermined == 0
    for lang in LANGUAGES:
        html, known = page("clean", lang), messages(lang)
        assert known["rating_says_clear"] in html and known["ui_findings_none"] in html
        assert known["ui_evidence_none"] in html and known["ui_moves_none"] in html
        assert 'class="card tall finding"' not in html
        # It is said that silence is no proof of innocence.
        assert known["cannot_clear"] in html and known["ui_unseen_lead"] in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_audit_that_could_ask_nothing_draws_no_estimate(lang: str) -> None:
    section, html, known = part("hand"), page("hand", lang), messages(lang)
    assert section.rating == "abstain" and [message.code for message in section.can_say] == ["can_asked"]
    assert known["ui_no_estimate"] in html and known["ui_not_examined"] in html
    assert 'class="hundred"' not in html and 'class="whisker" style="left:100' not in html
    for silent in ("ui_findings_none", "ui_evidence_none", "ui_moves_none", "can_none"):
        assert known[silent] not in html
    assert "needs" not in Words.of("zh").say(audit_of("hand").document.unseen[-1])


def test_the_table_of_what_each_tier_sees_is_in_every_report() -> None:
    for name in ALL:
        rows = sight_rows(part(name))
        assert len(rows) >= 10 and all(len(cells) == 3 for _, cells in rows)
        assert page(name, "en").count('class="sees ') == 3 * len(rows)
        tier = part(name).tier
        assert page(name, "en").count("<small>this audit</small>") == 1 and tier in ("T0", "T1")


def test_curves_of_findings_are_drawn_with_their_window() -> None:
    drawn = [one for one in part("curves").findings[:12] if one.curve is not None]
    assert drawn
    html = page("curves", "en")
    assert html.count("var(--window)") >= 2 * len(drawn)
    for finding in drawn:
        assert finding.curve is not None
        pane = pane_of(finding.curve, finding.start_ms, finding.end_ms)
        assert pane is not None and pane.likes[-1] <= max(finding.curve.likes)


def test_a_reading_that_knows_no_likes_is_no_zero() -> None:
    # Article totals of 公众号 know reads and not likes: drawn as zero, every curve would fall to the ground at its end.
    shots = SimpleNamespace(
        observed_ms=np.array([1, 2, 3, 4]) * HOUR_MS,
        likes=Counter(np.array([5, 7, UNKNOWN, 9]), np.array([5, 7, UNKNOWN, UNBOUNDED])),
        reads=Counter.exactly(np.array([10, UNKNOWN, 30, 40])),
    )
    section = SimpleNamespace(snapshots=shots, curve_offsets=np.array([0, 4]))
    scene: Any = SimpleNamespace(section=section, id_of=str)
    curve = curve_points(scene, 0, 0, HOUR_MS)
    assert curve is not None and curve.at_ms == [HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS]
    assert (curve.likes, curve.likes_high, curve.reads) == ([5, 7, 9], [5, 7, None], [10, None, 40])


def test_a_pane_shows_the_window_and_its_surroundings() -> None:
    at = [k * HOUR_MS for k in range(0, 2000, 4)]
    curve = CurvePoints(
        target_id="c",
        at_ms=at,
        likes=[k // 10 for k in range(len(at))],
        likes_high=[None] * len(at),
        reads=[k * 3 for k in range(len(at))],
        omitted=0,
    )
    pane = pane_of(curve, 400 * HOUR_MS, 402 * HOUR_MS)
    assert pane is not None and not pane.whole and pane.nights
    assert (pane.start_ms, pane.end_ms) == (400 * HOUR_MS - 2 * DAY_MS, 402 * HOUR_MS + 2 * DAY_MS)
    assert pane.reads[0] == pytest.approx(3 * (400 - 48) / 4)
    whole = pane_of(curve, None, None)
    assert whole is not None and whole.whole and whole.at_ms == at
    wide = pane_of(curve, at[3], at[-3])
    assert wide is not None and wide.whole
    assert pane_of(curve.model_copy(update={"at_ms": [5, 5]}), None, None) is None


def test_a_scatter_takes_zeroes_and_huge_counts() -> None:
    values = [(0.0, 0.0, False), (1e7, 3.0, True), (12.0, 11.0, False)]
    points = [GapPoint(target_id="c", kind="comment", observed=o, expected=e, marked=m) for o, e, m in values]
    from plaudit.report.section_charts import SQUARE

    svg = gap_svg(points, SQUARE)
    assert "NaN" not in svg and "10,000,000" in svg and gap_svg(points, SQUARE) == svg


@pytest.mark.parametrize(
    ("shown", "low", "high", "yes", "no"),
    [(1000, 1000.0, 1000.0, 100, 0), (1000, 999.0, 1000.0, 99, 0), (1000, 500.0, 503.0, 50, 49), (3, 0.0, 3.0, 0, 0)],
)
def test_a_hundred_dots(shown: int, low: float, high: float, yes: int, no: int) -> None:
    middle = (low + high) / 2
    drawn = hundred(
        Count(
            shown=shown,
            verified=shown,
            discounted=0,
            undetermined=0,
            authentic=middle,
            authentic_low=low,
            authentic_high=high,
        )
    )
    assert drawn is not None and len(drawn.parts) == 100
    assert (drawn.parts.count("yes"), drawn.parts.count("no")) == (yes, no)
    assert drawn.low <= drawn.share <= drawn.high


def test_nothing_shown_draws_nothing() -> None:
    zero = Count(
        shown=0, verified=0, discounted=0, undetermined=0, authentic=0.0, authentic_low=0.0, authentic_high=0.0
    )
    assert hundred(zero) is None


def test_small_groups_are_not_counted_out() -> None:
    assert [few(n) for n in (0, 1, 4, 5, 1234)] == ["0", "< 5", "< 5", "5", "1,234"]


def test_key_figures_say_what_is_censored() -> None:
    words = Words.of("en")
    exact = KeyFigure(code="reads", unit="count", value=12_345.0, low=None, high=None)
    assert figure_text(exact, words) == "12,345"
    assert figure_text(exact.model_copy(update={"low": 100_000.0}), words) == "100,000 or more"
    between = exact.model_copy(update={"low": 100_000.0, "high": 200_000.0})
    assert figure_text(between, words) == "100,000 – 200,000"
    assert figure_text(exact.model_copy(update={"unit": "share", "value": 0.25}), words) == "25\N{NO-BREAK SPACE}%"


def test_notes_on_many_files_are_one_sentence_in_the_readers_language() -> None:
    basis = part("hand").basis
    notes = [
        Message(
            code="export_file_note",
            values={"note": f"taken at 2024-05-0{k} (the name 'a{k}')", "file": "a", "files": 2},
        )
        for k in range(1, 4)
    ]
    zones = ("Asia/Shanghai", "UTC", "Asia/Shanghai")
    notes += [
        Message(
            code="export_file_note", values={"note": f"times without a zone read as {zone}", "file": "b", "files": 1}
        )
        for zone in zones
    ]
    notes += [Message(code="export_note", values={"note": "3 replies answer a comment that no file holds."})]
    notes += [Message(code="export_file_note", values={"note": "a word of its own", "file": "c.csv", "files": 1})]
    told = reading_notes(basis.model_copy(update={"notes": notes}), Words.of("zh"))
    assert told == [
        "6 个文件的读取时间取自文件名。",
        "2 个文件中没有时区的时间按 Asia/Shanghai 理解。",
        "1 个文件中没有时区的时间按 UTC 理解。",
        "3 条回复所答的留言不在任何文件中。",
        "c.csv（1 个文件）：a word of its own",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_hostile_texts_and_names_do_nothing(lang: str) -> None:
    html = page("hand", lang)
    assert "<script>alert" not in html and html.count("<script>") == 1
    assert "\u202e" not in html and "云上的小刺猬" not in html
    assert HOSTILE not in html


def test_a_capped_counter_is_said_to_be_one() -> None:
    assert part("hand").total.censored == 1
    assert "at least: 1 counter is rounded or capped" in page("hand", "en")


def test_an_interval_ends_where_the_counter_may_end() -> None:
    for name in ("comments", "posts"):
        for row in audit_of("hand").tables[name].to_pylist():
            if row["likes_low"] is None:
                continue
            assert (row["authentic_high"] is None) == (row["likes_high"] is None)
            if row["likes_high"] is not None:
                assert row["authentic_high"] <= row["likes_high"] + 1e-9
    total = part("hand").total
    assert (total.authentic_most is None) == (total.shown_high is None) == total.open_ended
    open_ended = total.model_copy(update={"authentic_most": None, "shown_high": None})
    assert open_ended.open_ended and open_ended.top is None
    for lang, word in (("en", "no upper end"), ("zh", "无上限")):
        said = Words.of(lang).ui("interval_range", low=open_ended.authentic_low, high=open_ended.top)
        assert word in said


def test_the_same_document_gives_the_same_page() -> None:
    document = audit_of("curves").document
    assert render_html(document, "en") == page("curves", "en") != page("curves", "zh")


def test_the_context_holds_no_more_than_a_page_shows() -> None:
    context = section_context(audit_of("curves").document, Words.of("en"))
    assert len(context["findings"]) <= 12 and len(context["evidence"]) <= 6 and len(context["moves"]) <= 12
    section = part("curves")
    assert context["findings_left"] == len(section.findings) + section.findings_omitted - len(context["findings"])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_the_terminal_summary_fits_a_screen_and_speaks_one_language(name: str, lang: str) -> None:
    told = io.StringIO()
    Console(width=80, file=told, force_terminal=False).print(render_summary(audit_of(name).document, lang))
    text = told.getvalue()
    assert messages(lang)["ui_section_title"] in text
    assert len(text.splitlines()) < 110
    if lang == "zh":
        assert "taken at" not in text and "read as" not in text


def test_a_log_beside_exports_follows_the_thirteen_chapters(tmp_path: Path) -> None:
    hand_made(tmp_path / "comments.csv")
    rows = [f"a{k},c{k % 5},2024-05-01T{k % 24:02d}:00:00Z" for k in range(60)]
    (tmp_path / "log.csv").write_text("actor,target,at\n" + "\n".join(rows) + "\n", encoding="utf-8")
    document = plaudit.audit(tmp_path).document
    assert document.tier == "T2" and document.section is not None
    tags = parsed(render_html(document, "zh"))
    headings = [attrs["id"] for tag, attrs in tags.tags if tag == "h2"]
    assert headings == [*CHAPTERS, "count", "curve", "targets", "groups", "places", "cases", "log_rows"]
    ids = [attrs["id"] for _, attrs in tags.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {str(attrs["href"]).removeprefix("#") for tag, attrs in tags.tags if tag == "a"}
    assert links == set(headings)
    assert f"14{messages('zh')['ui_s_count']}" in "".join(tags.text)


def test_decisions_call_targets_and_reasons_by_names_people_know() -> None:
    document = audit_of("curves").document
    named = called(document)
    assert document.decisions and document.section is not None
    shown = page("curves", "zh")
    table = shown[shown.index('id="actions"') : shown.index('id="compliance"')]
    first = document.decisions[0]
    assert first.target_id in named and first.decision_id in table
    row = table[table.index(first.decision_id) :]
    row = row[: row.index("</tr>")]
    for reason in first.reasons:
        assert reason in row and f"{messages('zh')['detector_name_' + reason.rpartition('-')[0]]}（" in row


def test_regions_are_told_of_all_comments_under_the_post_not_of_those_chosen_for_theirs() -> None:
    for name in ALL:
        for finding in part(name).findings:
            if len(finding.regions) > 1:
                told = sum(cell.comments for cell in finding.regions)
                assert finding.statistic <= told and finding.regions[0].name != "other"
                assert abs(sum(cell.expected or 0.0 for cell in finding.regions) - told) < 1e-6
            elif finding.regions:
                alone = finding.regions[0]
                assert alone.expected == finding.expectation and (alone.name == "other") == (alone.comments < 5)


def test_likes_that_went_have_explanations_of_their_own_first() -> None:
    for name in ALL:
        for finding in part(name).findings:
            codes = [message.code for message in finding.innocent]
            assert ("platform_cleanup" in codes[:1]) == (finding.shape in ("drop", "top_up"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_no_interval_holds_stands_beside_the_interval(lang: str) -> None:
    for name in ALL:
        section, likes = part(name), untraced(part(name))
        said = Words.of(lang).ui("untraced", likes=likes) if likes is not None else None
        first = page(name, lang).split('id="scope"')[0]
        assert (said is not None and said in first) or messages(lang)["ui_untraced"].split("{")[0] not in first
        if likes is not None:
            assert section.total.shown - section.total.authentic_low < likes
    assert any(untraced(part(name)) is not None for name in ALL)
