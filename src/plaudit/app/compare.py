"""``plaudit compare``: the folders of several audits as sides of one comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from plaudit.engine import atomic_path
from plaudit.errors import InputError, ResultError
from plaudit.model import SCHEMA_VERSION
from plaudit.report import machine
from plaudit.report.compare import comparison_html
from plaudit.result.compare import Comparison
from plaudit.tally.compare import Side, compare

BY = ("dir", "campaign", "author")
MOST_SIDES = 40
"""Sides compared at most: those with most likes. Beyond that a table of chances tells nobody anything."""
_COLUMNS = ("target_id", "shown", "authentic", "authentic_low", "authentic_high")


def compare_audits(
    directories: Sequence[Path | str], *, by: str = "dir", targets: Path | str | None = None, seed: int = 0
) -> Comparison:
    """Lay audits, or the campaigns or authors in them, side by side.

    Args:
        directories: folders ``plaudit audit`` has written.
        by: ``dir`` (each folder is one side), ``campaign`` or ``author``.
        targets: a table (CSV or Parquet) with ``target_id`` and a column named as ``by``. Without it a campaign is the
            ``parent_id`` of the audited log, or the post its comments stand under, and an author the comments' author.
        seed: of the draws.

    Raises:
        ResultError: a folder is no whole audit of this version of the schema.
        InputError: fewer than two sides, the same folder twice, or nothing says who a target belongs to.
    """
    folders = [Path(one) for one in directories]
    if len({str(one.resolve()) for one in folders}) < len(folders):
        raise InputError("one folder is named twice: name each audit once.")
    names = _names(folders)
    tables = [_rows(folder, by) for folder in folders]
    if by == "dir":
        sides = [_side(name, table, _total(folder)) for name, folder, table in zip(names, folders, tables, strict=True)]
    else:
        sides = _grouped(pa.concat_tables(tables), by, None if targets is None else Path(targets))
    sides = [side for side in sides if side.shown.sum() > 0]
    if len(sides) < 2:
        raise InputError(f"there is nothing to compare: {len(sides)} {by} with likes, two are needed.")
    largest = sorted(sides, key=lambda side: (-int(side.shown.sum()), side.name))[:MOST_SIDES]
    return compare(sorted(largest, key=lambda side: side.name), by, seed)


def write(comparison: Comparison, out: Path, lang: str) -> None:
    """Write ``compare.json`` and ``compare.html`` into ``out``, which is made if it does not exist.

    Raises:
        InputError: ``out`` is a file.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out} is a file; name a folder, which will be made if it does not exist.")
    out.mkdir(parents=True, exist_ok=True)
    texts = {"compare.json": machine.to_bytes(comparison), "compare.html": comparison_html(comparison, lang).encode()}
    for name, content in texts.items():
        with atomic_path(out / name) as part:
            part.write_bytes(content)


def _rows(folder: Path, by: str) -> pa.Table:
    """Targets of an audit: id, counts, and who they belong to where the audit says so."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        version = str(manifest["schema_version"])
        if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
            raise ResultError(f"{folder} was written with schema {version}, this is {SCHEMA_VERSION}; audit it again.")
        if "targets.parquet" in manifest["outputs"]:
            owner = {"campaign": "parent_id"}
            return _shaped(pq.read_table(folder / "targets.parquet"), "target_id", "shown", owner.get(by))
        owner = {"campaign": "post_id", "author": "author_key"}
        comments = pq.read_table(folder / "comments.parquet")
        return _shaped(comments, "comment_id", "likes_low", owner.get(by))
    except FileNotFoundError as missing:
        raise ResultError(
            f"{folder} is not a complete audit ({Path(str(missing.filename)).name} is missing); "
            "run 'plaudit audit' first."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise ResultError(f"{folder} cannot be read as an audit ({broken}); run 'plaudit audit' again.") from None


def _shaped(table: pa.Table, name: str, shown: str, owner: str | None) -> pa.Table:
    held = owner is not None and owner in table.column_names
    belongs = table.column(owner).cast(pa.string()) if held else pa.nulls(table.num_rows, pa.string())
    columns = [table.column(name).cast(pa.string()), table.column(shown), *(table.column(one) for one in _COLUMNS[2:])]
    # A counter the export does not show is no zero.
    return pa.table(dict(zip((*_COLUMNS, "owner"), (*columns, belongs), strict=True))).filter(
        pc.is_valid(table.column(shown))
    )


def _total(folder: Path) -> tuple[float, float]:
    total = json.loads((folder / "result.json").read_text("utf-8"))["total"]
    return float(total["authentic_low"]), float(total["authentic_high"])


def _side(name: str, table: pa.Table, interval: tuple[float, float] | None = None) -> Side:
    authentic = np.asarray(table.column("authentic"), np.float64)
    if interval is None:
        # An order spans targets, so their intervals move together: the ends are added, not the variances.
        low, high = (float(np.asarray(table.column(f"authentic_{end}")).sum()) for end in ("low", "high"))
    else:
        low, high = interval
    return Side(name, np.asarray(table.column("shown"), np.int64), authentic, low, high)


def _grouped(table: pa.Table, by: str, targets: Path | None) -> list[Side]:
    owner = table.column("owner").combine_chunks()
    if targets is not None:
        told = _told(targets, by)
        place = pc.index_in(table.column("target_id").combine_chunks(), value_set=pa.array(list(told), pa.string()))
        owner = pa.array(list(told.values()), pa.string()).take(place)
    known = np.asarray(pc.is_valid(owner))
    if not known.any():
        why = f"none of its targets is in the audits: ids are in targets.parquet ({targets})" if targets else ""
        raise InputError(
            f"nothing says which {by} a target belongs to{': ' + why if why else ''}; name a table of target_id and "
            f"{by} with --targets FILE."
        )
    words = owner.filter(pa.array(known)).dictionary_encode()
    rows, code = np.flatnonzero(known), np.asarray(words.indices)
    names = words.dictionary.to_pylist()
    return [_side(name, table.take(pa.array(rows[code == number]))) for number, name in enumerate(names)]


def _told(path: Path, by: str) -> Mapping[str, str]:
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        # Ids are text, also where they look like numbers.
        texts = pa_csv.ConvertOptions(column_types={"target_id": pa.string(), by: pa.string()})
        table = pq.read_table(path) if parquet else pa_csv.read_csv(path, convert_options=texts)
    except FileNotFoundError:
        raise InputError(f"--targets {path} does not exist: check the path.") from None
    except (OSError, pa.ArrowException) as broken:
        raise InputError(f"--targets {path} cannot be read ({str(broken).splitlines()[0]}).") from None
    if missing := [name for name in ("target_id", by) if name not in table.column_names]:
        raise InputError(
            f"--targets {path} has no column {missing[0]!r} (found {', '.join(table.column_names)}): it needs "
            f"target_id and {by}."
        )
    pairs = zip(*(table.column(name).cast(pa.string()).to_pylist() for name in ("target_id", by)), strict=True)
    told: dict[str, str] = {}
    for target, owner in pairs:
        if target is None or not owner:
            continue
        if told.setdefault(target, owner) != owner:
            raise InputError(f"--targets {path} gives target {target!r} two of {by}: {told[target]!r} and {owner!r}.")
    return told


def _names(folders: Sequence[Path]) -> list[str]:
    short = [folder.name or str(folder) for folder in folders]
    return [name if short.count(name) == 1 else str(folder) for name, folder in zip(short, folders, strict=True)]
