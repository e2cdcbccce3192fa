"""Open the engine that a workspace names.

On DuckDB, in this process, or on Spark: the expressions are the same. What an engine does in a way of its own is in
its module of `engines`. Sources and the wire are read by DuckDB, whichever engine the audience is computed on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, overload

from reconciler.audience.engines import Operations, duckdb, pyspark
from reconciler.audience.relations.row_type_check import Row, check_columns, check_row_type, name_rows
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table
    from ibis.backends.duckdb import Backend as DuckDB

_A_FEW = 10_000


def open_engine(engine: Engine, scratch: Path) -> AbstractContextManager[BaseBackend]:
    """An ibis backend of the engine that the workspace chose; it spills when it reaches its memory limit.

    `scratch` is an empty folder of this run. The one line that chooses an engine.

    Raises:
        ReconcilerError: Spark is not installed, or cannot be reached.
    """
    return pyspark.open_backend(engine, scratch) if engine.name == "spark" else duckdb.open_backend(engine, scratch)


def open_reader(engine: Engine, scratch: Path) -> AbstractContextManager[DuckDB]:
    """An ibis backend to read sources and the wire with; else as `opened`."""
    return duckdb.open_backend(engine, scratch)


def _find_operations(backend: BaseBackend) -> Operations:
    return pyspark if backend.name == pyspark.__name__.rpartition(".")[2] else duckdb


def find_scratch(backend: BaseBackend) -> Path:
    """A folder of the owner's alone, for files that are to live as long as a backend of `opened` does."""
    return _find_operations(backend).scratch(backend)


def read_rows(backend: BaseBackend, rows: Rows) -> Table:
    """The relation in a file, with the columns that its `Rows` names."""
    return _find_operations(backend).table(backend, rows)


def read_parquet(backend: BaseBackend, path: Path) -> Table:
    """The relation in a Parquet file."""
    return _find_operations(backend).parquet(backend, path)


@overload
def stream_rows(backend: BaseBackend, relation: Table, size: int) -> Iterator[list[tuple[object, ...]]]: ...


@overload
def stream_rows(backend: BaseBackend, relation: Table, size: int, row: type[Row]) -> Iterator[list[Row]]: ...


def stream_rows(
    backend: BaseBackend, relation: Table, size: int, row: type[Row] | None = None
) -> Iterator[list[Row]] | Iterator[list[tuple[object, ...]]]:
    """The rows of a relation in its own order, `size` at a time; only the last chunk is smaller.

    One stream at a time: the backend's next query may end this one.

    Args:
        row: of which types they are, such as `tuple[str, int | None]`; left out, they are objects.

    Raises:
        WrongColumns: the relation has other columns.
    """
    found = _find_operations(backend).stream(backend, relation, size)
    if row is None:
        return found
    check_row_type(relation.schema(), row)
    return name_rows(found, row)


def list_rows(backend: BaseBackend, relation: Table, row: type[Row]) -> list[Row]:
    """All rows of a relation that has few.

    Raises:
        WrongColumns: the relation has other columns.
    """
    return [each for chunk in stream_rows(backend, relation, _A_FEW, row) for each in chunk]


def get_value(backend: BaseBackend, column: Column, key: str) -> Column:
    """The value of a key in a map of texts; null where it has none."""
    return _find_operations(backend).get_value(column, key)


def group_sets(backend: BaseBackend, relation: Table, keys: Sequence[str], within: str) -> Table:
    """A relation counted (`n`) by each key alone, and once by none, within the values of a column, in one scan.

    In a row of the result the key that it is grouped by is not null, and all others are.
    """
    return _find_operations(backend).group_sets(backend, relation, keys, within)


@contextmanager
def cache_rows(backend: BaseBackend, relation: Table) -> Iterator[Table]:
    """A relation that is used more than once, computed once; it is there until the context ends.

    In a file: there it takes a tenth of the room that it would take in memory.
    """
    with tempfile.TemporaryDirectory(dir=find_scratch(backend), prefix="computed-") as folder:
        file = Path(folder, "rows.parquet")
        write_parquet(backend, relation, file)
        yield read_parquet(backend, file)


def write_parquet(backend: BaseBackend, relation: Table, target: Path) -> int:
    """Compute a relation into one Parquet file, in its own order, that only its owner may read, and count its rows."""
    _find_operations(backend).write(backend, relation, target)
    return count_parquet(target)


def count_parquet(path: Path) -> int:
    """How many rows a Parquet file has; it says so itself."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def write_rows(backend: BaseBackend, relation: Table, target: Path, columns: Mapping[str, str]) -> Rows:
    """Compute a relation into a Parquet file that only its owner may read.

    Raises:
        WrongColumns: it has not exactly these columns; nothing is written.
    """
    check_columns(relation.schema(), columns, target.stem)
    return Rows(target, "parquet", columns, write_parquet(backend, relation, target))


def count_rows(backend: BaseBackend, relation: Table) -> int:
    """How many rows a relation has. Not ibis' own `execute`, which brings in pandas to hand over one number."""
    ((count,),) = list_rows(backend, relation.count().as_table(), tuple[int])
    return count
