"""``plaudit compare``: the folders of several audits as sides of one comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app import outdir
from plaudit.app.compare_rows import Held, held, numbers
from plaudit.errors import InputError
from plaudit.kernels.beside import one_matrix_thread
from plaudit.report import machine
from plaudit.report.compare import comparison_html
from plaudit.result.compare import Comparison, Measure
from plaudit.tally.compare import Side, compare
from plaudit.tally.compare_rates import Depths, Reads, compare_depth, compare_reads, standard_error

MOST_SIDES = 40
"""Sides compared at most: those with most likes. Beyond that a table of chances tells nobody anything."""


@one_matrix_thread()
def compare_audits(
    directories: Sequence[Path | str], *, by: str = "dir", targets: Path | str | None = None, seed: int = 0
) -> Comparison:
    """Lay audits, or the campaigns or authors in them, side by side.

    Args:
        directories: folders ``plaudit audit`` has written.
        by: ``dir`` (each folder is one side), ``campaign``, ``author``, ``post`` or ``account``.
        targets: a table (CSV or Parquet) with ``target_id`` and a column named as ``by``. Without it a campaign is the
            ``campaign_id`` or ``parent_id`` of the audited log, or the post its comments stand under, and an author the
            comments' author. A post named in it takes its comments along.
        seed: of the draws.

    Raises:
        ResultError: a folder is no whole audit of this version of the schema.
        InputError: fewer than two sides, the same folder twice, or nothing says who a target belongs to.
    """
    folders = [Path(one) for one in directories]
    if len({str(one.resolve()) for one in folders}) < len(folders):
        raise InputError("one folder is named twice: name each audit once.")
    beside = None if targets is None else Path(targets)
    audits = [held(folder, name, by, beside) for folder, name in zip(folders, _names(folders), strict=True)]
    if by == "dir":
        sides = [_side(one.name, one.targets, one.total) for one in audits]
    else:
        sides = _grouped(pa.concat_tables([one.targets for one in audits]), by, beside)
    sides = [side for side in sides if side.shown.sum() > 0]
    if len(sides) < 2:
        raise InputError(f"there is nothing to compare: {len(sides)} {by} with likes, two are needed.")
    largest = sorted(sides, key=lambda side: (-int(side.shown.sum()), side.name))[:MOST_SIDES]
    chosen = sorted(largest, key=lambda side: side.name)
    found = compare(chosen, by, seed)
    return found.model_copy(update={"measures": _measures(audits, by, [side.name for side in chosen], seed)})


def write(comparison: Comparison, out: Path, lang: str) -> None:
    """Write ``compare.json`` and ``compare.html`` into ``out``, which is made if it does not exist.

    Raises:
        InputError: ``out`` is a file.
    """
    texts = {"compare.json": machine.to_bytes(comparison), "compare.html": comparison_html(comparison, lang).encode()}
    outdir.write_files(out, texts)


def _measures(audits: Sequence[Held], by: str, names: Sequence[str], seed: int) -> list[Measure]:
    """Likes per read and recognition depth of the sides; nothing of authors, who are people."""
    if by == "author":
        return []
    rng = np.random.default_rng(seed)
    reads, depths = [], []
    for name in names:
        posts = _of(audits, "posts", by, name)
        if posts is not None:
            reads.append(_reads(name, posts))
        if (deep := _depth(audits, by, name)) is not None:
            depths.append(deep)
    found = (compare_reads(reads, rng), compare_depth(depths, rng))
    return [one for one in found if one is not None]


def _of(audits: Sequence[Held], part: str, by: str, name: str) -> pa.Table | None:
    """Rows of one side, over all audits that have such a table."""
    mine = [getattr(one, part) for one in audits if (one.name == name if by == "dir" else True)]
    tables = [
        table if by == "dir" else table.filter(pc.equal(table["owner"], name)) for table in mine if table is not None
    ]
    return pa.concat_tables(tables) if tables else None


def _reads(name: str, posts: pa.Table) -> Reads:
    low, high, reads, most = (numbers(posts, one) for one in ("likes_low", "likes_high", "reads_low", "reads_high"))
    # A censored counter has no rate.
    exact = (low == high) & (reads == most) & (reads > 0)
    likes, least, top = (numbers(posts, one)[exact] for one in ("authentic", "authentic_low", "authentic_high"))
    # Posts of one side err together as far as anyone knows: the ends are added, not their squares.
    return Reads(name, likes, reads[exact], standard_error(float(least.sum()), float(top.sum())), int((~exact).sum()))


def _depth(audits: Sequence[Held], by: str, name: str) -> Depths | None:
    comments = _of(audits, "comments", by, name)
    if comments is None:
        return None
    index, low, high = (numbers(comments, one) for one in ("depth", "depth_low", "depth_high"))
    told = np.isfinite(index)
    count = int(told.sum())
    if count == 0:
        return None
    whole = next((one.depth for one in audits if by == "dir" and one.name == name), None)
    if whole is not None:
        return Depths(name, whole[0], standard_error(whole[1], whole[2]), count)
    # Weighed as the depth of a post is: by likes that count, and one for having been written.
    weight = 1.0 + numbers(comments, "authentic")[told]
    weight /= weight.sum()
    mean = float((weight * index[told]).sum())
    among = float((weight**2 * (index[told] - mean) ** 2).sum()) * count / max(count - 1, 1)
    # What is assumed of several comments is one assumption: it does not average out.
    own = float((weight * (high - low)[told]).sum())
    return Depths(name, mean, float(np.hypot(np.sqrt(among), standard_error(0.0, own))), count)


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


def _names(folders: Sequence[Path]) -> list[str]:
    short = [folder.name or str(folder) for folder in folders]
    return [name if short.count(name) == 1 else str(folder) for name, folder in zip(short, folders, strict=True)]
