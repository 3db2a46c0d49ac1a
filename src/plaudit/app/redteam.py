"""The verb ``redteam``: what cheating costs against the audit as it is. Worlds in memory; nothing live is touched."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plaudit.app import options, terminal
from plaudit.app.options import Lang


class Sold(StrEnum):
    """Markets on which likes are bought."""

    MACHINE = "machine"
    CROWD = "crowd"
    RENTED = "rented"
    ALL = "all"


class Sight(StrEnum):
    """What the audited log covers."""

    PLATFORM = "platform"
    SLICE = "slice"


def redteam(
    market: Annotated[Sold, typer.Option(help="Which likes are bought.")] = Sold.ALL,
    trials: Annotated[int, typer.Option(help="Strategies tried in each search.", min=1, max=100_000)] = 60,
    seed: options.Seed = 0,
    events: Annotated[int, typer.Option(help="Events of each world.", min=10_000, max=5_000_000)] = 30_000,
    sight: Annotated[
        Sight, typer.Option(help="What the log covers: all that sellers do there, or a slice of it.")
    ] = Sight.PLATFORM,
    least: Annotated[
        float, typer.Option(help="Smallest order, as a share of the smallest that is usually sold.", min=0.01, max=1.0)
    ] = 1.0,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder for redteam.json and redteam.html.", show_default=False
        ),
    ] = None,
    lang: options.Language = Lang.EN,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Let attackers with public prices adapt to the audit, in simulated worlds, and say what cheating costs them.

    Examples:

      plaudit redteam --market machine --trials 60 --seed 1

      plaudit redteam --out redteam --lang zh

      plaudit redteam --market crowd --sight slice --json

    Needs the extra redteam: pip install 'plaudit[redteam]'.
    """
    from plaudit.app import cheating

    markets = [one.value for one in Sold if one is not Sold.ALL] if market is Sold.ALL else [market.value]
    plan = cheating.Plan(markets, events=events, trials=trials, seed=seed, sight=sight.value, least=least)
    with terminal.Bars(enabled=not quiet) as bars:
        answer = cheating.run(plan, bars)
        if out is not None:
            bars.stage("write")
            cheating.write(answer, out, lang)
    if as_json:
        terminal.say_json(answer.model_dump(mode="json"))
    elif not quiet:
        from plaudit.report.redteam import redteam_view

        terminal.show(redteam_view(answer, lang))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(redteam)
