"""What the command line prints beside the report's own summary: lists, and the machine summary of ``--json``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from plaudit.app.terminal import one_line
from plaudit.model import SCHEMA_VERSION, SCHEMAS, Tier
from plaudit.report.screen import Sentence, bullets
from plaudit.report.section_terminal import basis_lines, left_out
from plaudit.report.words import Words
from plaudit.result import ResultDocument, SectionPart

if TYPE_CHECKING:
    from plaudit.app.validate import Validation
    from plaudit.detectors.spec import DetectorSpec
    from plaudit.testing.sections import SectionSpec
    from plaudit.testing.simulator import ScenarioSpec


def machine_summary(document: ResultDocument, out: Path) -> dict[str, Any]:
    """What ``plaudit audit --json`` prints; the keys are documented in ``docs/cli.md``."""
    read = document.input.model_dump(mode="json")
    if document.tier != Tier.EVENTS and document.section:
        read = document.section.basis.model_dump(mode="json", exclude={"sources"})
    return {
        "schema_version": document.schema_version,
        "plaudit_version": document.method.plaudit_version,
        "out": str(out),
        "tier": document.tier,
        "headline": document.headline.model_dump(mode="json"),
        "total": document.total.model_dump(mode="json"),
        "input": {key: value for key, value in read.items() if key not in ("files", "columns", "kinds")},
        "prior": document.verdict.prior,
        "groups": len(document.groups) + document.groups_omitted,
        "decisions": len(document.decisions) + document.decisions_omitted,
        "detectors": [
            {
                "detector": run.detector,
                "outcome": run.outcome,
                "candidates": run.candidates,
                "findings": run.findings,
                "significant": run.significant,
            }
            for run in document.detectors
        ],
        "unseen": [message.model_dump(mode="json") for message in document.unseen],
        "labels": document.labels.outcome.model_dump(mode="json") if document.labels else None,
        "section": _section_summary(document.section) if document.section else None,
        "left_out": [one.model_dump(mode="json") for one in document.left_out],
    }


def _section_summary(section: SectionPart) -> dict[str, Any]:
    return {
        "tier": section.tier,
        "rating": section.rating,
        "level": section.level,
        "headline": section.headline.model_dump(mode="json"),
        "total": section.total.model_dump(mode="json"),
        "on_posts": section.on_posts.model_dump(mode="json"),
        "on_comments": section.on_comments.model_dump(mode="json"),
        "findings": len(section.findings) + section.findings_omitted,
        "comments_in_question": len(section.comments) + section.comments_omitted,
        "sources": {source.file.name: source.kind for source in section.basis.sources},
    }


_WHERE = {
    "en": ("Report", "Results", "Evidence of one verdict"),
    "zh": ("报告", "结果", "查看一项判断的证据"),
}


def where(document: ResultDocument, out: Path, lang: str) -> str:
    """Where the results lie and what to type next."""
    report, results, evidence = _WHERE[lang]
    lines = ["", f"{report}: {out / 'report.html'}", f"{results}: {out}"]
    if document.groups:
        command = ["plaudit", "explain", str(out), "--group", document.groups[0].group_id]
        lines.append(f"{evidence}: {shlex.join(command)}")
    elif document.section and document.section.comments:
        command = ["plaudit", "explain", str(out), "--comment", document.section.comments[0].comment_id]
        lines.append(f"{evidence}: {shlex.join(command)}")
    return "\n".join(lines)


def validation(found: Validation, lang: str) -> RenderableType:
    """What was read, which detectors can answer, and what an audit could not see."""
    words = Words.of(lang)
    read = found.input
    account = Table.grid(padding=(0, 2))
    account.add_column()
    account.add_column(justify="right")
    for name in ("rows", "rejected", "duplicates", "taken_back", "other_kinds", "likes"):
        account.add_row(words.ui(name), f"{getattr(read, name):,}")
    rejects = Table.grid(padding=(0, 2))
    for reason, rows in sorted(read.rejected_reasons.items()):
        rejects.add_row(f"{rows:>11,}", Text(words.word(reason)))
    roles = ", ".join(f"{role} = {one_line(column)}" for role, column in sorted(read.columns.items()))
    span = words.ui("actors_targets", actors=read.actors, targets=read.targets, first=read.first_ms, last=read.last_ms)
    can = Table(words.ui("detector"), words.ui("outcome"), words.ui("reason"), box=None, pad_edge=False)
    for run in found.detectors:
        can.add_row(
            words.name("detector_name", run.detector), words.name("outcome", run.outcome), Text(words.word(run.reason))
        )
    if found.tier != Tier.EVENTS and found.basis:
        return Group(*basis_lines(found.basis, found.left_out, words), Text(""), *_can(found, can, words))
    parts: list[RenderableType] = (
        [] if found.basis is None else [*basis_lines(found.basis, found.left_out, words), Text("")]
    )
    parts += [Text(words.ui("account"), style="bold"), account]
    if read.rejected_reasons:
        parts += [Text(words.ui("reject_reasons"), style="bold"), rejects]
    parts += [
        Text(span),
        Text(f"{words.ui('columns')}: {roles}"),
        Text(f"{words.ui('time_format')}: {one_line(read.time_format)}"),
        *(left_out(found.left_out, words) if found.basis is None else ()),
        Text(""),
    ]
    return Group(*parts, *_can(found, can, words))


def _can(found: Validation, can: Table, words: Words) -> list[RenderableType]:
    """The detectors that could be asked, and what would stay unseen."""
    parts: list[RenderableType] = [Text(words.ui("s_detectors"), style="bold"), can]
    if found.messages:
        parts += [Text(""), Text(words.ui("s_unseen"), style="bold")]
        parts += bullets(one_line(words.say(message)) for message in found.messages)
    return parts


def scenario_list(known: Mapping[str, ScenarioSpec | SectionSpec]) -> RenderableType:
    """The worlds ``plaudit simulate`` can plant."""
    table = Table("scenario", "what is in it", box=None, pad_edge=False, header_style="bold")
    for name, spec in known.items():
        table.add_row(name, Text(spec.summary))
    return table


def _specs() -> tuple[list[DetectorSpec], list[DetectorSpec]]:
    """The specs of the detectors of event logs, and of comment exports."""
    from plaudit.detectors import SECTION, all_detectors

    return [detector.spec for detector in all_detectors()], [detector.spec for detector in SECTION]


def detector_specs() -> list[dict[str, Any]]:
    """The specs as plain values, in the order the audit asks them; ``of`` says of what: ``log`` or ``exports``."""
    return [
        {**asdict(spec), "family": spec.family.value, "parameters": dict(spec.parameters), "of": of}
        for of, specs in zip(("log", "exports"), _specs(), strict=True)
        for spec in specs
    ]


_NEEDS = {
    "en": (
        "needs",
        " or ",
        ", ",
        "actor, target and time",
        "{what}; at least {n:,} likes",
        "{what}; at least {n:,} comments",
    ),
    "zh": ("需要", " 或 ", "、", "actor、target 与时间", "{what}；至少 {n:,} 个赞", "{what}；至少 {n:,} 条留言"),
}
_PARTS: Mapping[str, Mapping[str, str]] = {
    "en": {},
    "zh": {
        "texts": "留言文字",
        "authors": "作者身份",
        "likes": "赞数",
        "regions": "IP 属地",
        "curves": "计数曲线（多次读取）",
        "totals": "文章总数",
    },
}
_HEADS = {
    "en": ("Of event logs (T2)", "Of comment exports and curves (T0, T1)"),
    "zh": ("事件日志（T2）", "留言导出与计数曲线（T0、T1）"),
}


def detector_list(lang: str) -> RenderableType:
    """The specs for a reader."""
    words = Words.of(lang)
    label_needs, either, also, nothing, *sentences = _NEEDS[lang]
    parts: list[RenderableType] = []
    for heading, sentence, specs in zip(_HEADS[lang], sentences, _specs(), strict=True):
        parts += [Text(heading, style="bold underline"), Text("")]
        for spec in specs:
            head = Text(f"{spec.id} {spec.version}", style="bold")
            kind = (words.name("detector_name", spec.id), words.name("family", spec.family))
            head.append(("  {} ({})" if lang == "en" else "  {}（{}）").format(*kind), style="not bold")
            grid = Table.grid(padding=(0, 2))
            grid.add_column(min_width=9)
            grid.add_column()
            asked = spec.question if lang == "en" else words.question(spec.id, spec.question)
            grid.add_row(words.ui("question"), Sentence(asked))
            named = _PARTS[lang]
            what = also.join(named.get(need, need.replace("|", either)) for need in spec.requires) or nothing
            needs = sentence.format(what=what, n=spec.min_likes) if spec.min_likes > 1 else what
            grid.add_row(label_needs, Sentence(needs))
            for label, codes in ((words.ui("innocent"), spec.innocent), (words.ui("evasions"), spec.evasions)):
                if codes:
                    grid.add_row(label, Sentence(words.listing(codes)))
            parts += [head, grid, Text("")]
    return Group(*parts[:-1])


def schema_specs(names: Iterable[str]) -> dict[str, Any]:
    """Columns, types and nullability of each table as plain values."""
    tables = {
        name: [{"name": f.name, "type": type_name(f.type), "nullable": f.nullable} for f in SCHEMAS[name]]
        for name in names
    }
    return {"schema_version": SCHEMA_VERSION, "tables": tables}


def schema_list(names: Iterable[str]) -> RenderableType:
    """Columns, types and nullability of each table for a reader."""
    parts: list[RenderableType] = []
    for name in names:
        table = Table("column", "type", "", box=None, pad_edge=False, header_style="dim")
        for column in SCHEMAS[name]:
            table.add_row(column.name, type_name(column.type), "may be null" if column.nullable else "")
        parts += [Text(f"{name}.parquet", style="bold"), table, Text("")]
    return Group(*parts[:-1])


def type_name(kind: pa.DataType) -> str:
    """The type a reader of the table meets; how it is encoded in the file is left out."""
    if pa.types.is_dictionary(kind):
        return type_name(kind.value_type)
    if pa.types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    return {"double": "float64"}.get(str(kind), str(kind))
