# tested by: tests/audience/relations/test_relations.py
"""Go through many rows in batches, without holding all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, overload

from reconciler.audience.relations.row_type_check import Row, check_row_type, name_rows
from reconciler.model.row_queries import Rows

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis import Schema, Table

A_SHARE = 200_000
"""So many rows are grouped or joined at once where memory must not grow with their number."""


def hash_partitions(relation: Table, rows: int, by: str = "contactId") -> Iterator[Table]:
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


@overload
def iter_file_batches(rows: Rows, columns: Sequence[str], size: int) -> Iterator[list[tuple[object, ...]]]: ...


@overload
def iter_file_batches(rows: Rows, columns: Sequence[str], size: int, row: type[Row]) -> Iterator[list[Row]]: ...


def iter_file_batches(
    rows: Rows, columns: Sequence[str], size: int, row: type[Row] | None = None
) -> Iterator[list[Row]] | Iterator[list[tuple[object, ...]]]:
    """The rows of a Parquet file in the order in which they lie in it, `size` at a time; only the last are fewer.

    For what was written in order: nothing is sorted anew, so no more is held than a group of the file's rows, however
    many there are.

    Args:
        row: of which types the rows are, such as `tuple[str, int | None]`; left out, they are objects.

    Raises:
        KeyError: the file lacks a column.
        WrongColumns: a column of the file is of another type.
    """
    found = _iter_batches(rows, columns, size, row)
    return found if row is None else name_rows(found, row)


def _iter_batches(
    rows: Rows, columns: Sequence[str], size: int, row: type[tuple[object, ...]] | None
) -> Iterator[list[tuple[object, ...]]]:
    import pyarrow.parquet as pq

    held: list[tuple[object, ...]] = []
    with pq.ParquetFile(rows.path) as file:
        if row is not None:
            check_row_type(_read_schema(file.schema_arrow, columns), row)
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


def _read_schema(there: pa.Schema, columns: Sequence[str]) -> Schema:
    """Some columns of a file, in an order, as relations have them."""
    from ibis import Schema

    found = Schema.from_pyarrow(there)
    return Schema({name: found[name] for name in columns})
