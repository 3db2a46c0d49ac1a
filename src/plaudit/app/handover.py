"""The verbs that hand an audit over or lay audits side by side: ``bundle``, ``verify``, ``compare``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from plaudit.app import options, terminal
from plaudit.app.options import Lang

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder an audit has written.", show_default=False)]


class By(StrEnum):
    """What is laid side by side."""

    DIR = "dir"
    CAMPAIGN = "campaign"
    AUTHOR = "author"
    POST = "post"
    ACCOUNT = "account"


def bundle(
    directory: Directory,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="BUNDLE", help="The bundle; DIR.plaudit unless said.", show_default=False),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE", help="The audited source, where it has moved. Repeatable.", show_default=False),
    ] = None,
    labels: options.Labels = None,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Key of an earlier bundle; a new one is made unless said.", show_default=False
        ),
    ] = None,
    with_texts: Annotated[
        bool,
        typer.Option(
            "--with-texts", help="Of comment exports: hold the texts, not only figures of what is read of them."
        ),
    ] = False,
    audit_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Of comment exports: the --key of the audit, if it had one.", show_default=False
        ),
    ] = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    memory_limit: options.MemoryLimit = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a bundle of the same name.")] = False,
) -> None:
    """Pack an audit under pseudonyms into one file the other side can run again to the same numbers.

    Examples:

      plaudit bundle audit --out campaign.plaudit

      plaudit bundle audit --source likes.csv --key campaign.plaudit.key --out again.plaudit

      plaudit bundle audit-of-comments --with-texts

    Note the commitment it prints in the contract before the file changes hands. Keep the key: it is the only way back.
    """
    from plaudit.app import bundle as bundles
    from plaudit.app.bundle import pseudonyms
    from plaudit.errors import InputError

    target = out or directory.with_name(f"{directory.resolve().name}.plaudit")
    if target.exists() and not force:
        raise InputError(f"{target} exists already: name another with --out, or add --force to replace it.")
    limit = options.size(memory_limit, "--memory-limit")
    secret, kept = pseudonyms.new_key() if key is None else pseudonyms.read_key(key), key
    if key is None:
        kept = target.with_name(f"{target.name}.key")
        pseudonyms.write_key(kept, secret)
    try:
        with terminal.Bars(enabled=not quiet) as bars:
            made = bundles.bundle(
                directory,
                target,
                secret,
                source=source or None,
                labels=labels,
                memory_limit=limit,
                progress=bars,
                with_texts=with_texts,
                audit_key=options.key_of(audit_key),
            )
    except BaseException:
        if key is None and kept is not None:
            kept.unlink(missing_ok=True)
        raise
    if as_json:
        terminal.say_json(
            {
                "bundle": str(made.path),
                "commitment": made.commitment,
                "bytes": made.bytes,
                "likes": made.likes,
                "key": str(kept),
                "same_numbers": "rounding" if made.rounding else "exact",
            }
        )
    elif not quiet:
        terminal.say(f"{made.path}: {made.likes:,} likes, {made.bytes:,} bytes; every table is the audit's own.")
        terminal.say(f"Commitment: {made.commitment}")
        terminal.say(f"Key, to be kept and not sent: {kept}")


def verify(
    path: Annotated[
        Path, typer.Argument(metavar="BUNDLE", help="File plaudit bundle has written.", show_default=False)
    ],
    commitment: Annotated[
        str | None, typer.Option(metavar="HEX", help="What was noted when the bundle was made.", show_default=False)
    ] = None,
    lang: options.Language = Lang.EN,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Check a bundle, run its audit again, and compare every table. Exit code 0: confirmed, 1: not, 2: no bundle.

    Examples:

      plaudit verify campaign.plaudit

      plaudit verify campaign.plaudit --commitment 5f0c1d22e0a94b7d --lang zh
    """
    from plaudit.app import bundle as bundles

    with terminal.Bars(enabled=not quiet) as bars:
        found = bundles.verify(path, commitment=commitment, progress=bars)
    if as_json:
        terminal.say_json({**found.model_dump(mode="json"), "confirmed": found.confirmed})
    elif not quiet:
        from plaudit.report.bundle import verification_view

        terminal.show(verification_view(found, lang))
    if not found.confirmed:
        raise typer.Exit(terminal.EXIT_DEFECT)


def compare(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders audits have written.", show_default=False)
    ],
    by: Annotated[By, typer.Option(help="What is laid side by side.")] = By.DIR,
    targets: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Table of target_id and what is compared by.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder for compare.json and compare.html.", show_default=False
        ),
    ] = None,
    seed: options.Seed = 0,
    lang: options.Language = Lang.EN,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Lay campaigns or suppliers side by side, so that small ones do not win by luck.

    Examples:

      plaudit compare audit-spring audit-summer

      plaudit compare audit --by campaign --targets campaigns.csv --out side-by-side --lang zh

      plaudit compare audit-of-comments --by post
    """
    from plaudit.app import compare as comparing

    found = comparing.compare_audits(directories, by=by.value, targets=targets, seed=seed)
    if out is not None:
        comparing.write(found, out, lang)
    if as_json:
        terminal.say_json(found.model_dump(mode="json"))
    elif not quiet:
        from plaudit.report.compare import comparison_view

        terminal.show(comparison_view(found, lang))


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    for verb in (bundle, verify, compare):
        app.command()(verb)
