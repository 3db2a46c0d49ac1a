"""The command ``plaudit``: the verbs of the library for a terminal. Words only; the work is done elsewhere.

What is heavy is imported inside each command, so ``--help`` and shell completion answer at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from plaudit._version import __version__
from plaudit.app import handover, options, redteam, terminal
from plaudit.app.options import Format, Lang
from plaudit.report.pen import drawing_beside

app = typer.Typer(
    name="plaudit",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: " + "; ".join(f"{code} {what}" for code, what in terminal.EXIT_CODES.items()) + ".",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (the process's own by default) and return its exit code."""
    return terminal.run(lambda: app(args=None if argv is None else list(argv), prog_name="plaudit"), alone=argv is None)


def _version(wanted: bool) -> None:
    if wanted:
        terminal.say(f"plaudit {__version__}")
        raise typer.Exit


@app.callback()
def _plaudit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Finds likes suspected to be bought or coordinated and gives the honest count with its uncertainty.

    Examples:

      plaudit audit likes.csv --out audit

      plaudit explain audit --target T42

      plaudit simulate small --events 50000 --seed 1 --out world
    """


@app.command()
@drawing_beside()
def audit(
    sources: options.Sources,
    out: options.OutDir,
    maps: options.Maps = None,
    time_format: options.Times = None,
    allow_rejects: options.AllowRejects = False,
    seed: options.Seed = 0,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="ISO", help="The moment the audit speaks of; the input's last one by default.", show_default=False
        ),
    ] = None,
    lang: options.Language = Lang.EN,
    labels: options.Labels = None,
    outcomes: options.Outcomes = None,
    cost: options.Cost = None,
    focus: options.Focus = None,
    incentive: options.Incentive = False,
    reveal: options.Reveal = False,
    key: options.Key = None,
    time_zone: options.Zone = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    memory_limit: options.MemoryLimit = None,
    force: options.Force = False,
) -> None:
    """Audit an event log, or exports of comments and curves: the honest count, the evidence, and a report.

    Examples:

      plaudit audit likes.csv --out audit

      plaudit audit "logs/*.parquet" --map actor=openid --map target=comment_id --out audit --lang zh

      plaudit audit exports/ --out audit --lang zh

      zcat likes.jsonl.gz | plaudit audit - --out audit --json

    An earlier audit in DIR is replaced as a whole; when the audit fails, DIR stays as it was.
    """
    from plaudit.app import outdir, pipeline, views

    mapping = options.pairs(maps, "--map", empty=True)
    as_of_ms = options.instant_ms(as_of, "--as-of")
    limit = options.size(memory_limit, "--memory-limit")
    command = options.reproduction(
        sources,
        mapping=mapping,
        time_format=time_format,
        allow_rejects=allow_rejects,
        seed=seed,
        as_of=as_of,
        lang=lang,
        labels=labels,
        value=options.Value(outcomes, cost, tuple(focus or ()), incentive),
        reveal=reveal,
        key=key,
        time_zone=time_zone,
    )
    outdir.check(out, outdir.AUDIT, force=force)
    outdir.check_apart(out, sources)
    with terminal.Bars(enabled=not quiet) as bars:
        result = pipeline.audit(
            sources,
            mapping=mapping or None,
            time_format=time_format,
            allow_rejects=allow_rejects,
            seed=seed,
            as_of_ms=as_of_ms,
            lang=lang,
            progress=bars,
            command=command,
            memory_limit=limit,
            labels=labels,
            outcomes=outcomes,
            cost=cost,
            focus=focus or (),
            incentive=incentive,
            reveal=reveal,
            key=options.key_of(key),
            time_zone=time_zone,
        )
        with outdir.staged(out, outdir.AUDIT, force=force) as stage:
            result.write(stage, lang, bars)
    if as_json:
        terminal.say_json(views.machine_summary(result.document, out))
    elif not quiet:
        from plaudit.report import render_summary

        terminal.show(render_summary(result.document, lang))
        terminal.say(views.where(result.document, out, lang))


@app.command()
def explain(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder an audit has written.", show_default=False)],
    actor: Annotated[str | None, typer.Option(metavar="ID", help="Explain an actor.", show_default=False)] = None,
    target: Annotated[str | None, typer.Option(metavar="ID", help="Explain a target.", show_default=False)] = None,
    group: Annotated[str | None, typer.Option(metavar="ID", help="Explain a group.", show_default=False)] = None,
    event: Annotated[str | None, typer.Option(metavar="ID", help="Explain one like.", show_default=False)] = None,
    comment: Annotated[str | None, typer.Option(metavar="ID", help="Explain a comment.", show_default=False)] = None,
    post: Annotated[str | None, typer.Option(metavar="ID", help="Explain a post.", show_default=False)] = None,
    lang: options.Language = Lang.EN,
    as_json: options.Json = False,
) -> None:
    """Draw the evidence of one verdict, the null expectation beside each figure, and what would have exonerated it.

    Examples:

      plaudit explain audit --target T42

      plaudit explain audit --group G1 --lang zh

      plaudit explain audit --comment 7301456872
    """
    from plaudit.app import explain as explaining

    given = {"actor": actor, "target": target, "group": group, "event": event, "comment": comment, "post": post}
    asked = [(kind, text) for kind, text in given.items() if text is not None]
    if len(asked) != 1:
        raise typer.BadParameter(
            "say exactly one of --actor, --target, --group, --event, --comment, --post.", param_hint="ID"
        )
    kind, subject = asked[0]
    case = explaining.explain(directory, kind, subject)
    if as_json:
        terminal.say_json(case.model_dump(mode="json"))
    else:
        from plaudit.report import render_case

        terminal.show(render_case(case, lang, terminal.width()))


@app.command()
def validate(
    sources: options.Sources,
    maps: options.Maps = None,
    time_format: options.Times = None,
    allow_rejects: options.AllowRejects = False,
    lang: options.Language = Lang.EN,
    time_zone: options.Zone = None,
    as_json: options.Json = False,
    memory_limit: options.MemoryLimit = None,
) -> None:
    """Read a log or exports and say what an audit of it could and could not see; writes nothing.

    Examples:

      plaudit validate likes.csv

      plaudit validate likes.csv --map at=created --time-format iso --json
    """
    from plaudit.app import validate as validating
    from plaudit.app import views

    mapping = options.pairs(maps, "--map", empty=True)
    limit = options.size(memory_limit, "--memory-limit")
    with terminal.Bars() as bars:
        found = validating.validate(
            sources,
            mapping=mapping or None,
            time_format=time_format,
            allow_rejects=allow_rejects,
            progress=bars,
            memory_limit=limit,
            time_zone=time_zone,
        )
    if as_json:
        terminal.say_json(found.model_dump(mode="json"))
    else:
        terminal.show(views.validation(found, lang))


def _scenario_names(incomplete: str) -> list[str]:
    from plaudit.testing.sections import section_scenarios
    from plaudit.testing.simulator import scenarios

    return [name for name in (*scenarios(), *section_scenarios()) if name.startswith(incomplete)]


@app.command()
def simulate(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO",
            help="Name of a world; --list tells them.",
            autocompletion=_scenario_names,
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the world.", show_default=False)
    ] = None,
    events: Annotated[
        int, typer.Option(help="How many events the log holds; of a comment world, how many comments.", min=1)
    ] = 50_000,
    seed: options.Seed = 0,
    fmt: Annotated[Format, typer.Option("--format", help="File format of the log.")] = Format.PARQUET,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a number of the scenario. Repeatable."),
    ] = None,
    layout: Annotated[
        options.Layout, typer.Option(help="Comment worlds: whose exports to write.")
    ] = options.Layout.WECHAT,
    tier: Annotated[
        options.CurveTier, typer.Option(help="Comment worlds: one export (T0) or repeated readings (T1).")
    ] = options.CurveTier.T1,
    show_list: Annotated[bool, typer.Option("--list", help="List the scenarios and stop.")] = False,
    quiet: options.Quiet = False,
    force: options.Force = False,
) -> None:
    """Plant a world: a log, or a section of comments, with bought likes and innocent crowds, and its truth apart.

    Examples:

      plaudit simulate --list

      plaudit simulate small --events 50000 --seed 1 --out world

      plaudit simulate crowd_orders --events 200000 --set order_size=100 --format csv --out world

      plaudit simulate comments --events 3000 --layout wechat --out world
    """
    from plaudit.app import outdir, views
    from plaudit.model import Tier
    from plaudit.testing import sections, simulator

    of_logs, of_comments = simulator.scenarios(), sections.section_scenarios()
    known = [*of_logs, *of_comments]
    if show_list:
        terminal.show(views.scenario_list({**of_logs, **of_comments}))
        return
    if scenario is None or scenario not in known:
        problem = "say which world" if scenario is None else f"there is no world {scenario!r}"
        raise typer.BadParameter(f"{problem}: {', '.join(known)}.", param_hint="SCENARIO")
    if out is None:
        raise typer.BadParameter("say the folder: --out DIR.", param_hint="--out")
    changes = options.numbers(overrides, "--set")
    outdir.check(out, outdir.WORLD, force=force)
    with terminal.Bars(enabled=not quiet) as bars:
        bars.stage("simulate")
        if scenario in of_comments:
            section = sections.simulate_section(
                scenario, comments=events, seed=seed, tier=Tier(tier.value), overrides=changes or None
            )
            bars.stage("write")
            with outdir.staged(out, outdir.WORLD, force=force) as stage:
                sections.write_section(section, stage, layout.value)
            said = f"{events:,} comments in {out / 'export'}, their truth in {out / 'truth'}."
        else:
            world = simulator.simulate(scenario, events=events, seed=seed, overrides=changes or None)
            bars.stage("write")
            with outdir.staged(out, outdir.WORLD, force=force) as stage:
                simulator.write(world, stage, fmt.value)
            said = f"{events:,} events in {out / f'events.{fmt.value}'}, their truth in {out / 'truth'}."
    if not quiet:
        terminal.say(said)


@app.command()
def rank(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder an audit has written.", show_default=False)],
    parent: Annotated[str, typer.Option(metavar="POST", help="Whose comments to rank.", show_default=False)],
    exposures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="How often each was seen: CSV or Parquet, target, exposures.", show_default=False
        ),
    ] = None,
    explore: Annotated[bool, typer.Option(help="Give one place to a comment that may be better than is known.")] = True,
    seed: options.Seed = 0,
    lang: options.Language = Lang.EN,
    as_json: options.Json = False,
) -> None:
    """Rank the comments of one post by likes that count, and show who was pushed down by those that do not.

    Examples:

      plaudit rank audit --parent P7

      plaudit rank audit --parent P7 --exposures views.csv --json
    """
    from plaudit.app import rank as ranking
    from plaudit.app.rank_view import render_board

    board = ranking.rank_directory(directory, parent, seed=seed, explore=explore, exposures=exposures)
    if as_json:
        terminal.say_json(board.model_dump(mode="json"))
    else:
        terminal.show(render_board(board, lang))


@app.command()
def detectors(lang: options.Language = Lang.EN, as_json: options.Json = False) -> None:
    """List the detectors: the question each asks, what it needs, what it cannot tell apart.

    Examples:

      plaudit detectors

      plaudit detectors --json
    """
    from plaudit.app import views

    if as_json:
        terminal.say_json(views.detector_specs())
    else:
        terminal.show(views.detector_list(lang))


@app.command()
def schema(
    table: Annotated[str | None, typer.Argument(metavar="TABLE", help="Only this table.", show_default=False)] = None,
    as_json: options.Json = False,
) -> None:
    """Print the columns and types of the tables an audit writes.

    Examples:

      plaudit schema

      plaudit schema targets --json
    """
    from plaudit.app import views
    from plaudit.model import SCHEMAS

    if table is not None and table not in SCHEMAS:
        raise typer.BadParameter(f"there is no table {table!r}: {', '.join(SCHEMAS)}.", param_hint="TABLE")
    names = list(SCHEMAS) if table is None else [table]
    if as_json:
        terminal.say_json(views.schema_specs(names))
    else:
        terminal.show(views.schema_list(names))


handover.register(app)
redteam.register(app)
