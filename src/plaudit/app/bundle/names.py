"""Every id of exports beside its pseudonym, in one order, so that posts, comments and a log's targets still meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plaudit.app.bundle.pseudonyms import pseudonyms
from plaudit.ingest import Ingested
from plaudit.ingest.exports import ExportRead

Swap = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class Names:
    """Pseudonyms by sort of id: ``target`` (posts, comments, targets and parents of a log), ``author``, ``account``.

    Attributes:
        known: distinct ids, ascending, and the pseudonym of each.
    """

    known: Mapping[str, tuple[pa.Array, pa.Array]]

    @staticmethod
    def of(read: ExportRead, log: Ingested | None, key: bytes) -> Names:
        """Name everything two sources hold."""
        section = read.section
        ids = [section.posts.id, section.comments.id]
        if log is not None:
            ids += [log.target_ids, *([] if log.parent_ids is None else [log.parent_ids])]
        whole = {
            "target": pa.concat_arrays([part.cast(pa.string()) for part in ids]),
            "author": section.comments.author_key.cast(pa.string()),
            "account": pa.array(section.accounts, pa.string()),
        }
        known = {}
        for kind, texts in whole.items():
            distinct = pc.unique(texts)
            distinct = distinct.take(pc.array_sort_indices(distinct))
            known[kind] = (distinct, pseudonyms(key, kind, distinct))
        return Names(known)

    def swap(self, kind: str) -> Swap:
        """A function from ids of one sort to their pseudonyms; null where it is asked about an id nobody has."""
        ids, other = self.known[kind]
        return lambda column: other.take(pc.index_in(column.cast(pa.string()), value_set=ids))


def swapped(table: pa.Table, column: str, swap: Swap) -> pa.Table:
    """The table with one column of ids, or of lists of ids, under other names."""
    values = table.column(column).combine_chunks()
    if pa.types.is_list(values.type):
        lengths = np.asarray(pc.list_value_length(values))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
        new = pa.ListArray.from_arrays(offsets, swap(values.flatten()))
    else:
        new = swap(values)
    return table.set_column(table.column_names.index(column), column, new)
