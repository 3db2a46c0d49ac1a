"""White space around ids goes; nothing else does, and batches keep their order."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.ingest.clean import ABSENT, ahead, cleaned, is_text

WORDS = st.sampled_from([*ABSENT, "nulls", "Nan", "NULL ", " nan"])
TEXTS = st.lists(st.none() | st.text(alphabet=" \t\n\r\f\vab\u3000é", max_size=4) | WORDS)


def plain(text: str | None) -> str | None:
    """The slow version: what a value becomes, one by one."""
    if text and (text[0] in " \t\n\r\f" or text[-1] in " \t\n\r\f"):
        text = text.strip(" \t\n\r\f\v")
    return None if text in ABSENT else text or None


@given(TEXTS, st.integers(0, 3))
def test_cleaning_is_trimming_one_by_one(texts: list[str | None], skipped: int) -> None:
    expected = [plain(text) for text in texts[skipped:]]
    values = pa.array(texts, pa.string()).slice(skipped)
    assert cleaned(values).to_pylist() == expected
    assert cleaned(values.dictionary_encode()).to_pylist() == expected


def test_a_column_without_white_space_is_not_copied() -> None:
    values = pa.array(["a", "bc"])
    assert cleaned(values) is values


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (pa.string(), True),
        (pa.dictionary(pa.int32(), pa.string()), True),
        (pa.large_string(), False),
        (pa.binary(), False),
        (pa.int64(), False),
    ],
)
def test_which_columns_are_text(kind: pa.DataType, text: bool) -> None:
    assert is_text(kind) is text


def batches(count: int, fault: int | None = None) -> Iterator[pa.RecordBatch]:
    for number in range(count):
        if number == fault:
            raise ValueError(f"batch {number} is broken")
        yield pa.record_batch({"n": [number]})


def test_batches_made_ahead_keep_their_order() -> None:
    assert [batch["n"][0].as_py() for batch in ahead(batches(5))] == [0, 1, 2, 3, 4]
    assert list(ahead(batches(0))) == []


def test_a_fault_comes_after_the_batches_before_it() -> None:
    made = ahead(batches(5, fault=2))
    assert [next(made)["n"][0].as_py() for _ in range(2)] == [0, 1]
    with pytest.raises(ValueError, match="batch 2 is broken"):
        next(made)


def test_a_reader_may_stop_early() -> None:
    made = ahead(batches(5))
    next(made)
    made.close()
