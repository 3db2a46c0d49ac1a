"""Hypothesis strategies: small tables of events, ordinary and awkward. Needs the extra ``plaudit[testing]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_START_MS = 1_714_348_800_000
_MOMENTS = (0, 1, 999, 1_000, 59_999, 60_000, 3_600_000, 86_400_000, 7 * 86_400_000)


def _strategies() -> Any:
    try:
        from hypothesis import strategies
    except ImportError:
        raise ImportError(
            "plaudit.testing.strategies needs Hypothesis; install it with: pip install 'plaudit[testing]'"
        ) from None
    return strategies


def ids(prefix: str = "") -> SearchStrategy[str]:
    """Strings as ids come: digits with leading zeros, long numbers, words of any script, with or without a prefix."""
    st = _strategies()
    words = st.text(st.characters(categories=("L", "N"), include_characters="-_.:@/"), min_size=1, max_size=12)
    numbers = st.integers(0, 2**63 - 1).map(str)
    zeros = st.integers(0, 999).map(lambda number: f"{number:06d}")
    strategy: SearchStrategy[str] = st.one_of(words, numbers, zeros).map(lambda text: prefix + text)
    return strategy


def event_tables(
    *,
    max_events: int = 60,
    max_actors: int = 12,
    max_targets: int = 8,
    unlikes: bool = True,
    repeats: bool = True,
    context: bool = True,
) -> SearchStrategy[pa.Table]:
    """Tables of at least one like: ``event_id, actor, target, at, kind`` and, with ``context``, ``device, ip, author``.

    Times cluster at equal moments, a millisecond, a minute, a day apart. Few actors and targets make the same pair
    meet again.

    Args:
        max_events, max_actors, max_targets: upper bounds; all lower bounds are 1.
        unlikes: some events take a like back, also before it and without it.
        repeats: some rows occur twice.
        context: add the optional columns, with nulls; a target always keeps one author.

    Raises:
        ImportError: Hypothesis is not installed.
    """
    st = _strategies()

    @st.composite
    def table(draw: Any) -> pa.Table:
        actors = draw(st.lists(ids(), min_size=1, max_size=max_actors, unique=True))
        targets = draw(st.lists(ids(), min_size=1, max_size=max_targets, unique=True))
        moment = st.builds(lambda base, times: base * times, st.sampled_from(_MOMENTS), st.integers(0, 20))
        kind = st.sampled_from(["like", "like", "like", "unlike"] if unlikes else ["like"])
        place = st.one_of(st.none(), st.sampled_from(["x1", "x2", "x3"]))
        event = st.tuples(st.sampled_from(actors), st.sampled_from(targets), moment, kind, place, place)
        rows = draw(st.lists(event, min_size=1, max_size=max_events))
        # The first row is a like later than everything else, so that one always stands.
        latest = max(row[2] for row in rows) + 1
        rows[0] = (rows[0][0], rows[0][1], latest, "like", rows[0][4], rows[0][5])
        numbered = [(f"e{number:05d}", *row) for number, row in enumerate(rows)]
        if repeats:
            numbered += draw(st.lists(st.sampled_from(numbered), max_size=5))
        authors = {target: draw(st.one_of(st.none(), st.sampled_from(actors))) for target in targets}
        columns = {
            "event_id": pa.array([row[0] for row in numbered], pa.string()),
            "actor": pa.array([row[1] for row in numbered], pa.string()),
            "target": pa.array([row[2] for row in numbered], pa.string()),
            "at": pa.array([_START_MS + row[3] for row in numbered], pa.int64()),
            "kind": pa.array([row[4] for row in numbered], pa.string()),
        }
        if context:
            columns["device"] = pa.array([row[5] for row in numbered], pa.string())
            columns["ip"] = pa.array([row[6] for row in numbered], pa.string())
            columns["author"] = pa.array([authors[row[2]] for row in numbered], pa.string())
        return pa.table(columns)

    strategy: SearchStrategy[pa.Table] = table()
    return strategy
