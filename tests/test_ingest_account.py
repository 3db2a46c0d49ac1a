"""Every row ends in exactly one place, whatever the log; an independent slow reading agrees on what stands."""

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plaudit.errors import InputError
from plaudit.ingest import Ingested, kinds, read_events

T0 = 1_700_000_000_000
Row = tuple[str | None, str | None, int | None, str | None, str | None]

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", " a", "", None]),
        st.sampled_from(["x", "y", " ", None]),
        st.sampled_from([T0, T0 + 1, T0 + 2, T0 + 3, 5, None]),
        st.sampled_from(["like", "unlike", "Like ", "view", "create", "", None]),
        st.sampled_from(["e1", "e2", "e3", None, ""]),
    ),
    min_size=1,
    max_size=30,
)
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def table(found: Sequence[Row], with_kind: bool, with_id: bool) -> pa.Table:
    columns = {
        "actor": pa.array([row[0] for row in found], pa.string()),
        "target": pa.array([row[1] for row in found], pa.string()),
        "at": pa.array([row[2] for row in found], pa.int64()),
    }
    if with_kind:
        columns["kind"] = pa.array([row[3] for row in found], pa.string())
    if with_id:
        columns["event_id"] = pa.array([row[4] for row in found], pa.string())
    return pa.table(columns)


def standing(found: Sequence[Row]) -> set[tuple[str, str, int]]:
    """What stands by the words of the documentation, one row at a time (logs without event ids)."""
    order = {kinds.LIKE: 0, kinds.UNLIKE: 1}
    steps = []
    for actor, target, at, word, _ in found:
        actor, target = (actor or "").strip(), (target or "").strip()
        name = kinds.normalised(word or "")
        kind = kinds.classify([name], {})[name] if name else None
        if actor and target and at and at >= T0 and kind in order:
            steps.append((at, order[kind], actor, target))
    held: dict[tuple[str, str], int] = {}
    for at, step, actor, target in sorted(steps):
        if step == 0:
            held.setdefault((actor, target), at)
        else:
            held.pop((actor, target), None)
    return {(actor, target, at) for (actor, target), at in held.items()}


def read_or_none(found: Sequence[Row], with_kind: bool, with_id: bool) -> Ingested | None:
    try:
        return read_events(table(found, with_kind, with_id), allow_rejects=True)
    except InputError:
        return None


@quick
@given(rows, st.booleans(), st.booleans())
def test_the_account_balances(found: Sequence[Row], with_kind: bool, with_id: bool):
    read = read_or_none(found, with_kind, with_id)
    if read is None:
        return
    s = read.summary
    assert s.rows == len(found) == s.rejected + s.duplicates + s.other_kinds + s.taken_back + s.likes
    assert min(s.rejected, s.duplicates, s.other_kinds, s.taken_back, s.likes) >= 0
    assert s.likes == read.log.n == len(set(read.event_ids.to_pylist()))
    assert s.rejected == read.quarantine.num_rows
    pairs = list(zip(read.log.target.tolist(), read.log.at_ms.tolist(), read.log.actor.tolist(), strict=True))
    assert pairs == sorted(pairs) and len({(t, a) for t, _, a in pairs}) == len(pairs)
    assert read.log.born_ms.shape == (read.log.n_targets,)
    assert (read.log.at_ms >= read.log.born_ms[read.log.target]).all()
    assert read.actor_ids.to_pylist() == sorted(read.actor_ids.to_pylist())


@quick
@given(rows)
def test_what_stands_is_what_the_documentation_says(found: Sequence[Row]):
    read = read_or_none(found, True, False)
    expected = standing(found)
    if read is None:
        assert not expected
        return
    actors, targets = read.actor_ids.to_pylist(), read.target_ids.to_pylist()
    log = read.log
    got = {(actors[a], targets[t], int(at)) for a, t, at in zip(log.actor, log.target, log.at_ms, strict=True)}
    assert got == expected


@quick
@given(rows, st.randoms(use_true_random=False))
def test_row_order_does_not_matter(found: Sequence[Row], random: object):
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = read_or_none(found, True, True), read_or_none(shuffled, True, True)
    assert (one is None) == (other is None)
    if one is None or other is None:
        return
    assert one.summary.model_dump(exclude={"files"}) == other.summary.model_dump(exclude={"files"})
    assert one.event_ids.equals(other.event_ids)
    for name in ("actor", "target", "at_ms", "born_ms", "born_known"):
        assert getattr(one.log, name).tolist() == getattr(other.log, name).tolist()


def test_kinds_of_many_languages_and_a_mapping_that_contradicts_itself():
    words = [
        "点赞",
        "取消点赞",
        "digg",
        "un_star",
        "undo_like",
        "upvote",
        "retweet",
        "downvote",
        "发布",
        "评论",
        "undo",
    ]
    names = {0: "other", 1: "like", 2: "unlike", 3: "publish", 4: "comment", 5: "undo"}
    assert [names[one] for one in (kinds.classify(words, {})[word] for word in words)] == [
        "like",
        "unlike",
        "like",
        "unlike",
        "unlike",
        "like",
        "other",
        "other",
        "publish",
        "comment",
        "undo",
    ]
    assert kinds.classify(["share", "unshare", "like"], {"like": "share"}) == {"like": 0, "share": 1, "unshare": 2}
    with pytest.raises(InputError, match="like and unlike at once"):
        kinds.classify(["x"], {"like": "x", "unlike": "x"})
