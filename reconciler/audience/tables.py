"""Hold relations against the tables of `model/tables.py` wherever one folder hands rows to the next.

A relation has exactly the columns of its table, with their types, or it is refused: what is missing or of another type
would be null, or nothing, where it is decided whether somebody is called. Only its schema is looked at, which costs
nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.relations.row_type_check import check_columns
from reconciler.model.row_queries import Rows
from reconciler.model.table_spec import TableSpec

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def check_table(relation: Table, table: TableSpec) -> Table:
    """The relation, if it has exactly the columns of the table.

    Raises:
        WrongColumns: it has not; each column with the type that it is to have and the one it has.
    """
    check_columns(relation.schema(), table.types, table.name)
    return relation


def write_table(backend: BaseBackend, relation: Table, target: Path, table: TableSpec) -> Rows:
    """Compute the rows of a table into a Parquet file that only its owner may read.

    Raises:
        WrongColumns: they are not those of the table; nothing is written.
    """
    return engine.write_rows(backend, check_table(relation, table), target, table.types)


def read_table(backend: BaseBackend, rows: Rows, table: TableSpec) -> Table:
    """The rows of a table in a file.

    Raises:
        WrongColumns: the file has other columns.
    """
    return check_table(engine.read_rows(backend, rows), table)


def check_file(rows: Rows, table: TableSpec) -> None:
    """Hold the columns of a Parquet file against its table, for rows that no engine reads.

    Raises:
        WrongColumns: the file has other columns.
    """
    import pyarrow.parquet as pq
    from ibis import Schema

    check_columns(Schema.from_pyarrow(pq.read_schema(rows.path).remove_metadata()), table.types, table.name)
