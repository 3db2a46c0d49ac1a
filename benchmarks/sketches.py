"""Our MinHash sketches beside a library's, and how long near-duplicates among a million comments take.

python -m benchmarks.sketches --write

The same texts, the same bands: shingles of simulated comments go into ``plaudit.kernels.text.sketch`` and rensa (Rust),
both asked for what the search needs, a name per band and text. Sketches of pairs whose overlap is known say how many of
them either would propose. Seconds are of the processor, so a busy machine changes them little.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import rensa

from benchmarks.common import Mark, circumstances, markdown, marks_table, numbers, parser, percent, short, tell
from plaudit.detectors.near_duplicate import DETECTOR
from plaudit.detectors.spec import SectionContext
from plaudit.kernels.text import shingles, tokenise
from plaudit.kernels.text.sketch import BANDS, ROWS, band_keys
from plaudit.kernels.text.tokens import Hashes, Shingles
from plaudit.model import Section, Tier
from plaudit.testing.sections import simulate_section

COMMENTS, SECONDS, FASTER = 1_000_000, 60.0, 1.0
OVERLAPS = ((60, 0.3), (60, 0.5), (60, 0.7))
"""Members of two sets together, and the share of them both hold."""
PAIRS = 20_000
_BATCH = 20_000


@dataclass(frozen=True)
class Cost:
    """One way to name bands: processor seconds, texts, and whether it says with whom a text agrees."""

    way: str
    texts: int
    seconds: float
    partners: bool


def named_by_rensa(sets: Shingles) -> Hashes:
    """A name per band and set from rensa's digests, ``uint64[BANDS, n]``. They can be had as Python lists only."""
    out = np.empty((BANDS, len(sets)), np.uint64)
    for first in range(0, len(sets), _BATCH):
        last = min(first + _BATCH, len(sets))
        rows = np.array(_digests(sets, first, last).to_rows(), np.uint64).reshape(last - first, BANDS, ROWS)
        key = np.zeros((last - first, BANDS), np.uint64)
        for row in range(ROWS):
            key = key * np.uint64(0x9E3779B97F4A7C15) + rows[:, :, row]
        out[:, first:last] = key.T
    return out


def _digests(sets: Shingles, first: int, last: int) -> rensa.RMinHashDigestMatrix:
    low, high = int(sets.offsets[first]), int(sets.offsets[last])
    offsets = (sets.offsets[first : last + 1] - low).astype(np.uint64)
    return rensa.RMinHash.digest_matrix_from_flat_token_hashes(sets.hash[low:high], offsets, BANDS * ROWS, 1)


def flagged_by_rensa(sets: Shingles) -> Sequence[bool]:
    """Which sets share a band with any other, by rensa's own index: the fastest it offers, without saying with whom."""
    index = rensa.RMinHashLSH(threshold=0.5, num_perm=BANDS * ROWS, num_bands=BANDS)
    return list(index.query_duplicate_flags_matrix_one_shot(_digests(sets, 0, len(sets))))


def costs(sets: Shingles, runs: int) -> list[Cost]:
    """Processor seconds of every way, the least of some runs in alternating order."""
    ways: tuple[tuple[str, Callable[[Shingles], object], bool], ...] = (
        ("plaudit.kernels.text.sketch", band_keys, True),
        ("rensa, digests and bands", named_by_rensa, True),
        ("rensa, its own index: flags only", flagged_by_rensa, False),
    )
    found: dict[str, list[float]] = {way: [] for way, _, _ in ways}
    for _ in range(runs):
        for way, ask, _ in ways:
            began = time.process_time()
            ask(sets)
            found[way].append(time.process_time() - began)
    return [Cost(way, len(sets), min(found[way]), partners) for way, _, partners in ways]


def proposed(members: int, share: float, pairs: int, seed: int) -> tuple[float, float, float]:
    """Share of pairs of sets of this overlap that agree in a band: ours, rensa's, and what theory says."""
    rng = np.random.default_rng(seed)
    both = round(members * share)
    rows = []
    for _ in range(pairs):
        all_of = rng.integers(0, 1 << 63, members, dtype=np.uint64)
        alone = (members - both) // 2
        rows += [np.sort(all_of[: both + alone]), np.sort(np.r_[all_of[:both], all_of[both + alone :]])]
    sets = Shingles(
        np.concatenate([[0], np.cumsum([row.shape[0] for row in rows])]).astype(np.int64), np.concatenate(rows)
    )
    shares = [
        float((keys[:, ::2] == keys[:, 1::2]).any(axis=0).mean()) for keys in (band_keys(sets), named_by_rensa(sets))
    ]
    return shares[0], shares[1], 1 - (1 - (both / members) ** ROWS) ** BANDS


def texts_of(comments: int, seed: int) -> tuple[Section, Shingles]:
    """A simulated snapshot, and the shingles of its distinct texts as the detector makes them."""
    section = simulate_section("section_mixed", comments=comments, seed=seed, tier=Tier.SNAPSHOT).section
    distinct = pa.array(np.unique(np.asarray(section.comments.text.to_pylist(), object)).tolist(), pa.string())
    return section, shingles(tokenise(distinct).wording())


def main(argv: Sequence[str] | None = None) -> int:
    """Run and print; ``--write`` also puts the tables into the document."""
    options = parser(__doc__)
    options.add_argument("--comments", type=lambda text: numbers(text)[0], default=COMMENTS, help="comments")
    options.add_argument("--runs", type=int, default=2, help="runs of each way")
    options.add_argument("--seed", type=int, default=1, help="seed of the simulated comments")
    given = options.parse_args(argv)
    command = f"python -m benchmarks.sketches --comments {given.comments} --runs {given.runs} --seed {given.seed}"
    head, load = circumstances(given.date, command), os.getloadavg()[0]
    section, sets = texts_of(given.comments, given.seed)
    small, _ = texts_of(2_000, given.seed)
    DETECTOR.find(small, SectionContext(small))  # compiled before it is measured
    band_keys(Shingles(sets.offsets[:3], sets.hash[: int(sets.offsets[2])]))
    found = costs(sets, given.runs)
    wall, cpu = time.perf_counter(), time.process_time()
    DETECTOR.find(section, SectionContext(section))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    library = next(cost.seconds for cost in found[1:] if cost.partners)
    marks = [
        Mark(f"near_duplicate on {short(given.comments)} comments, wall", wall, SECONDS, unit="s"),
        Mark(f"near_duplicate on {short(given.comments)} comments, processor seconds", cpu, SECONDS, unit="s"),
        Mark("our sketches over the library's, processor seconds", found[0].seconds / library, FASTER, unit="x"),
    ]
    rows = [[c.way, f"{c.texts:,}", f"{c.seconds:.2f}", "yes" if c.partners else "no"] for c in found]
    quality = [
        [f"{share:.0%}", *(percent(x) for x in proposed(members, share, PAIRS, given.seed))]
        for members, share in OVERLAPS
    ]
    busy = f"Runnable processes on the machine, one-minute average: {load:.1f} before, {os.getloadavg()[0]:.1f} after."
    parts = [
        f"{head}\n\n{busy}",
        marks_table(marks),
        markdown(("sketches and bands of", "texts", "processor, s", "says with whom"), rows),
        markdown(("shingles in common (Jaccard)", "proposed by ours", "by rensa", "expected"), quality),
    ]
    text = "\n\n".join(parts)
    return tell(given, "sketches", text)


if __name__ == "__main__":
    sys.exit(main())
