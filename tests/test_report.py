"""The report says what the document holds, in two languages, safely, and with the same bytes every time."""

from __future__ import annotations

import ast
import io
import json
import math
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

import plaudit
from plaudit.errors import InputError
from plaudit.report import charts, figures, render_case, render_html, render_summary, to_json
from plaudit.report.screen import folded
from plaudit.report.templating import _environment
from plaudit.report.waterfall import waterfall
from plaudit.report.words import LANGUAGES, Words, messages, placeholders
from plaudit.result import Message, ResultDocument
from tests.test_report_documents import ALL, DAY, HOSTILE, HOUR, HUGE, START, rendered, sample

SOURCES = Path(plaudit.__file__).parent
VOID = {"meta", "link", "br", "img", "hr", "input"}


@pytest.fixture(scope="module", params=[(name, lang) for name in ALL for lang in LANGUAGES], ids="-".join)
def page(request: pytest.FixtureRequest) -> str:
    name, lang = request.param
    return rendered(name, lang)


class _Tags(HTMLParser):
    """Collects every tag and checks that they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    assert tags.open == []
    return tags


def codes_in_sources() -> Iterator[tuple[str, str]]:
    """Every message code the program can emit: literal codes of ``Message`` and of detectors' declarations."""
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            for keyword in node.keywords:
                value = keyword.value
                named = called == "Message" and keyword.arg == "code"
                if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield path.name, value.value
                if keyword.arg in ("innocent", "evasions") and isinstance(value, (ast.Tuple, ast.List)):
                    for part in value.elts:
                        if isinstance(part, ast.Constant) and isinstance(part.value, str):
                            yield path.name, part.value


def test_both_languages_word_the_same_codes_with_the_same_figures() -> None:
    english, chinese = messages("en"), messages("zh")
    assert set(english) == set(chinese)
    agreement = re.compile(r"\{\w+\|[^{}]*\}")  # English agrees in number, Chinese does not
    for code in english:
        plain = [agreement.sub("", text) for text in (english[code], chinese[code])]
        assert placeholders(plain[0]) == placeholders(plain[1]), code
        assert placeholders(english[code]) == placeholders(plain[0]), code


def test_every_code_of_the_program_is_worded() -> None:
    missing = [(where, code) for where, code in codes_in_sources() if code not in messages("en")]
    assert missing == []


def test_every_text_of_the_pages_is_worded_and_none_is_idle() -> None:
    folder = SOURCES / "report"
    source = "".join(p.read_text(encoding="utf-8") for p in [*folder.glob("*.py"), *(folder / "templates").glob("*.*")])
    named = set(re.findall(r"(?:ui|\bt)\(\s*[\"']([a-z_]+)[\"']", source))
    assert {code for code in named if f"ui_{code}" not in messages("en")} <= {"unit_", "s_"}
    furniture = {code.removeprefix("ui_") for code in messages("en") if code.startswith("ui_")}
    quoted = set(re.findall(r"[\"']([a-z_]+)[\"']", source))
    assert {c for c in furniture - quoted if not c.startswith(("unit_", "s_"))} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_never_claim_proof(lang: str) -> None:
    text = "\n".join(messages(lang).values()).lower()
    for word in ("proven", "proof", "guilty", "fraudster", "fake", "实锤", "造假确认", "作弊者"):
        assert word not in text


def test_a_message_is_worded_with_its_figures() -> None:
    words = Words.of("en")
    values = {"shown": 12345, "targets": 1}
    said = words.say(Message(code="headline_clean", values=values))
    assert "all 12,345 likes on 1 target stand" in said
    assert words.say(Message(code="born_unknown", values={"share": 0.423})).startswith(
        "For 42\N{NO-BREAK SPACE}% of the targets"
    )
    assert words.say(Message(code="short_log", values={})) == words("short_log")
    assert words.say(Message(code="not_known_yet", values={"n": 3})) == "not_known_yet (n = 3)"
    inner = {"detector": "shared_context", "reason": "no_device"}
    said = words.say(Message(code="detector_not_applicable", values=inner))
    assert "“Shared device or network”" in said and said.endswith("seen.")
    assert words.word("needs device|ip and author") == "it needs the column device or ip and author"
    assert Words.of("zh").word("needs 500 likes, has 12") == "需要 500 个赞，日志只有 12 个"
    assert words.word("Error: <b>x</b>\x1b") == "Error: <b>x</b>\\u001b"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (figures.count(1234567.4), "1,234,567"),
        (figures.count(math.nan), "–"),
        (figures.decimal(0.0349), "0.035"),
        (figures.decimal(4.31), "4.3"),
        (figures.decimal(0.00002), "2×10⁻⁵"),
        (figures.signed(-3.21), "−3.2"),
        (figures.signed(0.01), "0.0"),
        (figures.chance(0.0), "< 10⁻³⁰⁰"),
        (figures.chance(9.7e-5), "10⁻⁴"),
        (figures.chance(0.0412), "0.041"),
        (figures.percent(0.99999), "> 99.9 %"),
        (figures.percent(1.0), "100 %"),
        (figures.percent(0.0004), "< 0.1 %"),
        (figures.percent(0.95, ""), "95%"),
        (figures.zone_name(480), "UTC+8"),
        (figures.zone_name(-210), "UTC−3:30"),
        (figures.clock(START, 480), "2026-03-01 08:00"),
        (figures.clock(1e30, 0), "–"),
        (figures.visible("a\u202eb\x1b[31m"), "a\\u202eb\\u001b[31m"),
    ],
)
def test_figures_are_written_plainly(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("text", [HUGE, HOSTILE, "留" * 500, "x", "", "\ud800" * 90])
def test_ids_are_cut_to_their_width(text: str) -> None:
    for width in (8, 24, 40):
        assert figures.cells(figures.short(text, width)) <= width
        figures.short(text, width).encode()


def test_the_page_is_whole_and_alone(page: str) -> None:
    tags = parsed(page)
    assert len(page.encode()) < 5_000_000
    for tag, attributes in tags.tags:
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            link = attributes.get(name)
            assert link is None or link.startswith(("#", "data:")), (tag, link)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    assert "@import" not in page and "url(" not in page
    assert [tag for tag, _ in tags.tags].count("script") == 1
    numbers = [attributes["id"] for tag, attributes in tags.tags if "id" in attributes]
    assert len(numbers) == len(set(numbers))


def test_the_page_is_accessible(page: str) -> None:
    tags = parsed(page).tags
    for tag, attributes in tags:
        if tag == "th":
            assert attributes.get("scope") in ("col", "row")
        if attributes.get("role") == "img":
            assert attributes.get("aria-label")
    assert sum(tag == "h1" for tag, _ in tags) == 1


def test_hostile_ids_stay_text(page: str) -> None:
    assert "<script>alert" not in page and "<img" not in page and "<b>n/a" not in page
    assert "\u202e" not in page and "\x1b" not in page
    assert ">49<" not in page  # a template language inside an id is not run


def test_the_page_says_what_the_document_holds() -> None:
    document = sample()
    text = " ".join(parsed(rendered("sample", "en")).text)
    for part in ("48,333", "45,733", "44,759 to 46,707", "2,243", "A-7F3K-22", "3.4\N{NO-BREAK SPACE}%", "9f2c" * 16):
        assert part in text
    assert document.method.command in text
    assert "61 more targets" in text and "2 more groups" in text and "58 more decisions" in text
    for message in [*document.unseen, *(one for view in document.boards[:3] for one in view.messages)]:
        assert Words.of("en").say(message) in text
    assert "3 more posts have likes in question" in text and "firm 94.4\N{NO-BREAK SPACE}%" in text
    chinese = " ".join(parsed(rendered("sample", "zh")).text)
    for part in (
        "位次挤占",
        "诱发赞",
        "稳固",
        "疑似异常",
        "表观赞数",
        "真实点赞数（估计）",
        "90% 置信区间",
        "夜间",
        "申诉",
        "UTC+8",
    ):
        assert part in chinese


def test_the_same_document_gives_the_same_page() -> None:
    assert render_html(sample(), "zh") == rendered("sample", "zh")


def test_the_time_zone_moves_clocks_and_nights() -> None:
    utc, east = rendered("sample", "en"), render_html(sample(), "en", 330)
    assert "Times are given in UTC;" in utc and "Times are given in UTC+5:30;" in east
    assert utc != east
    assert charts.night_bands(START, START + DAY, 0) == [(START, START + 7 * HOUR)]
    bands = charts.night_bands(START, START + DAY, 480)
    assert bands == [(START + 16 * HOUR, START + 23 * HOUR)]
    assert sum(b - a for a, b in charts.night_bands(START - DAY, START + 9 * DAY, -300)) == 70 * HOUR


def test_ticks_are_round_and_few() -> None:
    words = Words.of("en")
    for span in (1, 60_000, HOUR, 9 * HOUR, DAY, 30 * DAY, 400 * DAY, 9000 * DAY, 90_000 * DAY):
        for most in (2, 5, 12):
            marks = charts.ticks(START + 12_345, START + 12_345 + span, most, words)
            assert len(marks) <= most
            assert all(START + 12_345 <= at <= START + 12_345 + span for at, _ in marks)
    assert [text for _, text in charts.ticks(START, START + 3 * DAY, 4, words)][:2] == ["1 Mar", "2 Mar"]
    assert charts.whole_steps(0, 4) == [0]
    assert charts.whole_steps(1203, 4) == [0, 500, 1000]


def test_unknown_language_and_time_zone_are_refused() -> None:
    with pytest.raises(InputError, match="choose one of en, zh"):
        render_html(sample(), "xx")
    with pytest.raises(InputError, match="time zone"):
        render_html(sample(), "en", 5000)


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "Shared worker pool (orders-10, orders-5); Delivery shape (burst-2); mine-3; odd"),
        ("zh", "众包账号池（orders-10、orders-5）；突增（burst-2）；mine-3；odd"),
    ],
)
def test_reasons_of_a_decision_name_each_detector_once(lang: str, told: str) -> None:
    reasons = _environment().filters["reasons"]
    assert reasons(["orders-10", "burst-2", "mine-3", "orders-5", "odd"], Words.of(lang)) == told


def test_a_waterfall_ends_where_the_posterior_is() -> None:
    for case in sample().cases:
        drawn = waterfall(case, Words.of("en"))
        assert [bar.kind for bar in drawn.bars][-1] == "posterior"
        assert math.isclose(drawn.bars[-1].weight, math.log(case.posterior / (1 - case.posterior)))
        assert all(0 <= bar.low <= bar.high <= 1 for bar in drawn.bars)
        for before, after in zip(drawn.bars[:-2], drawn.bars[1:-1], strict=True):
            joint = before.high if before.weight >= 0 else before.low
            assert math.isclose(joint, after.low if after.weight >= 0 else after.high)


def shown(renderable: object, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), force_terminal=False, color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_the_summary_fits_eighty_columns(name: str, lang: str) -> None:
    text = shown(render_summary(ALL[name](), lang), 80)
    assert all(figures.cells(line.rstrip("\n")) <= 80 for line in text.splitlines())
    assert "\x1b" not in text and "\u202e" not in text
    assert figures.count(ALL[name]().total.shown) in text
    assert "quarantine.parquet" in text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_case_fits_its_width_and_shows_the_null(lang: str, width: int) -> None:
    for case in sample().cases:
        text = shown(render_case(case, lang, width), 200)
        assert all(figures.cells(line.rstrip()) <= width for line in text.splitlines())
        for step in case.steps:
            assert figures.signed(step.weight) in text
            if step.expectation is not None:
                assert figures.decimal(step.expectation) in text
        assert Words.of(lang).ui("exonerating") in text and Words.of(lang).ui("innocent") in text


@pytest.mark.parametrize("name", ALL)
def test_json_is_stable_and_reads_back(name: str) -> None:
    document = ALL[name]()
    first = to_json(document)
    assert first == to_json(ResultDocument.model_validate_json(first)) and first.endswith(b"}\n")
    assert list(json.loads(first)) == sorted(json.loads(first))
    assert "关于春季新品的留言".encode() in to_json(sample())


def test_json_refuses_what_it_cannot_write() -> None:
    document = sample()
    broken = document.model_copy(update={"total": document.total.model_copy(update={"authentic": math.nan})})
    with pytest.raises(ValueError, match=r"nan at total\.authentic"):
        to_json(broken)


@given(st.text("赞数据ab12，。（）%—", max_size=60), st.integers(6, 30))
def test_folded_lines_lose_nothing_and_start_with_no_closing_mark(text: str, width: int) -> None:
    lines = folded(text, width)
    assert "".join(lines) == text
    assert not any(line[:1] in "，。）" for line in lines[1:] if line)


def test_chinese_breaks_between_characters_not_at_the_spaces_around_numbers() -> None:
    text = "在本导出的副本中试植 34 笔订单，其中 0 笔被看出。"
    assert folded(text, 42) == ["在本导出的副本中试植 34 笔订单，其中 0 笔", "被看出。"]
    assert folded("one word and two", 8) == ["one word", "and two"]
