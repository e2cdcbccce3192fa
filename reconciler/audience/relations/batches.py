# tested by: tests/audience/relations/test_relations.py
"""Go through many rows in batches, without holding all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.model.row_files import Rows

A_SHARE = 200_000
"""So many rows are grouped or joined at once where memory must not grow with their number."""


def hash_partitions(relation: Any, rows: int, by: str = "contactId") -> Iterator[Any]:
    """A relation of about so many rows in shares of at most about `A_SHARE`, by a text column; one share where few.

    Shares of two relations go together, where `rows` is the same: a contact is in those with the same place.
    """
    # a power of two, of which a number's last bits are the remainder: some hashes are negative
    many = 1 << max(0, (rows - 1) // A_SHARE).bit_length()
    if many == 1:
        yield relation
        return
    for number in range(many):
        yield relation.filter((relation[by].hash() & (many - 1)) == number)


def iter_file_batches(rows: Rows, columns: Sequence[str], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a Parquet file in the order in which they lie in it, `size` at a time; only the last are fewer.

    For what was written in order: nothing is sorted anew, so no more is held than a group of the file's rows, however
    many there are.
    """
    import pyarrow.parquet as pq

    held: list[tuple[Any, ...]] = []
    with pq.ParquetFile(rows.path) as file:
        for group in range(file.num_row_groups):  # `iter_batches` would read many groups ahead
            for batch in file.read_row_group(group, columns=list(columns), use_threads=False).to_batches(size):
                # by name: a file may hold its columns in another order; a map is a mapping, and no list of pairs
                values = (batch.column(name).to_pylist(maps_as_pydicts="strict") for name in columns)
                held += zip(*values, strict=True)
                if len(held) >= size:
                    yield held[:size]
                    held = held[size:]
    if held:
        yield held
