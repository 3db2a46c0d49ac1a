"""White space around texts taken off, where there is any; and batches made ready one ahead."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_BLANKS = " \t\r\n\f\v"
ABSENT = ("NULL", "null", "NaN", "nan", "NaT", "None", "undefined", "<NA>", "\\N")
"""What databases, frames and scripts write where there is no value: as an id it would make one account of thousands."""
_LONGEST = max(map(len, ABSENT))
_LENGTHS = np.zeros(_LONGEST + 2, dtype=np.bool_)
_LENGTHS[[len(word) for word in ABSENT]] = True
_FIRST = np.zeros(256, dtype=np.bool_)
_FIRST[[ord(word[0]) for word in ABSENT]] = True
_EDGES = np.zeros(256, dtype=np.bool_)
_EDGES[[ord(sign) for sign in " \t\r\n\f"]] = True


@cache
def _absent() -> pa.Array:
    # Made when first needed: Arrow loads pandas, if there is one, with the first array it is asked for.
    return pa.array(ABSENT)


def is_text(kind: pa.DataType) -> bool:
    """Whether :func:`cleaned` can take a column of this Arrow type."""
    return bool(pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind))


def cleaned(values: pa.Array) -> pa.Array:
    """A string column (see :func:`is_text`) without white space around its values; null for what is then empty or
    one of :data:`ABSENT`.

    Nearly all logs have neither, and looking at the first and last byte of each value is many times cheaper than
    trimming all, or than asking a regular expression.
    """
    if pa.types.is_dictionary(values.type):
        return pa.DictionaryArray.from_arrays(values.indices, cleaned(values.dictionary))
    _, ends_at, text = values.buffers()
    ends = np.frombuffer(ends_at, np.int32)[values.offset : values.offset + len(values) + 1] if len(values) else _NONE
    length = np.diff(ends)
    if not length.any():
        return pa.nulls(len(values), values.type)
    if not length.all():
        # A null also has no length; both end as null.
        values = pc.if_else(pa.array(length > 0), values, pa.scalar(None, values.type))
    letters = np.frombuffer(text, np.uint8)
    filled = length > 0
    blank = np.zeros(len(values), np.bool_)
    blank[filled] = _EDGES[letters[ends[:-1][filled]]] | _EDGES[letters[ends[1:][filled] - 1]]
    if blank.any():
        trimmed = pc.if_else(pa.array(blank), pc.ascii_trim(values, _BLANKS), values)
        values = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, values.type), trimmed)
    elif not (_LENGTHS[np.minimum(length[filled], _LONGEST + 1)] & _FIRST[letters[ends[:-1][filled]]]).any():
        return values
    missing = pc.is_in(values, value_set=_absent())
    return pc.if_else(missing, pa.scalar(None, values.type), values) if pc.any(missing).as_py() else values


_NONE = np.zeros(1, np.int32)


def ahead(batches: Iterator[pa.RecordBatch]) -> Generator[pa.RecordBatch, None, None]:
    """The same batches; the next one is unpacked in a thread while the database takes in the one before."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        following = beside.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = beside.submit(next, batches, None)
            yield batch
