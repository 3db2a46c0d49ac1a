"""Only pairs of actor and target with more to tell than one like are put in order; the answer is as if all were."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit import relations
from plaudit.engine import DuckEngine

LIKE, UNLIKE = 1, 2
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 4), st.sampled_from([LIKE, UNLIKE, 3])),
    min_size=1,
    max_size=20,
)


def standing_one_by_one(events: list[tuple[int, int, int, int]]) -> dict[tuple[int, int], int]:
    """The slow version: walk through each pair's events and note when the like that stands began."""
    found: dict[tuple[int, int], int | None] = {}
    for actor, target, at_ms, class_ in sorted(events, key=lambda event: (event[2], event[3])):
        pair = (target, actor)
        if class_ == LIKE and found.get(pair) is None:
            found[pair] = at_ms
        elif class_ == UNLIKE:
            found[pair] = None
    return {pair: at_ms for pair, at_ms in found.items() if at_ms is not None}


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_what_stands_is_what_a_walk_through_each_pair_finds(events: list[tuple[int, int, int, int]]) -> None:
    columns = list(zip(*events, strict=True))
    rows = range(len(events))
    with DuckEngine() as engine:
        table = {name: pa.array(columns[at], pa.int64()) for at, name in enumerate(("actor", "target", "at_ms"))}
        table |= {name: pa.array([0 for _ in rows], pa.int64()) for name in ("device", "ip", "author")}
        table |= {"class": pa.array(columns[3], pa.int32()), "kind": pa.array(columns[3], pa.int32())}
        table |= {"file": pa.array([0 for _ in rows], pa.int32()), "row": pa.array(rows, pa.int64())}
        table["event_id"] = pa.array([None for _ in rows], pa.string())
        engine.read("unique_events", [pa.record_batch(table)])
        relations.create(engine, "busy_pairs", "pair_steps", "standing")
        busy = engine.arrow("SELECT target, actor FROM busy_pairs").to_pylist()
        found = engine.arrow("SELECT target, actor, at_ms FROM standing").to_pylist()
    likes = [(t, a) for a, t, _, class_ in events if class_ == LIKE]
    unlikes = {(t, a) for a, t, _, class_ in events if class_ == UNLIKE}
    expected = unlikes | {pair for pair in likes if likes.count(pair) > 1}
    assert {(one["target"], one["actor"]) for one in busy} == expected and len(busy) == len(expected)
    assert len(found) == len({(one["target"], one["actor"]) for one in found})
    assert {(one["target"], one["actor"]): one["at_ms"] for one in found} == standing_one_by_one(events)
