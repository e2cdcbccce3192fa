"""Open the engine that a workspace names.

On DuckDB, in this process, or on Spark: the expressions are the same. What an engine does in a way of its own is in
its module of `engines`. Sources and the wire are read by DuckDB, whichever engine the audience is computed on.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from reconciler.audience.engines import Operations, duckdb, pyspark
from reconciler.model.row_files import Rows
from reconciler.model.workspace_settings import Engine


def open_engine(engine: Engine, scratch: Path) -> AbstractContextManager[Any]:
    """An ibis backend of the engine that the workspace chose; it spills when it reaches its memory limit.

    `scratch` is an empty folder of this run. The one line that chooses an engine.

    Raises:
        ReconcilerError: Spark is not installed, or cannot be reached.
    """
    return pyspark.open_backend(engine, scratch) if engine.name == "spark" else duckdb.open_backend(engine, scratch)


def open_reader(engine: Engine, scratch: Path) -> AbstractContextManager[Any]:
    """An ibis backend to read sources and the wire with; else as `opened`."""
    return duckdb.open_backend(engine, scratch)


def _find_operations(backend: Any) -> Operations:
    return pyspark if backend.name == pyspark.__name__.rpartition(".")[2] else duckdb


def find_scratch(backend: Any) -> Path:
    """A folder of the owner's alone, for files that are to live as long as a backend of `opened` does."""
    return _find_operations(backend).scratch(backend)


def read_rows(backend: Any, rows: Rows) -> Any:
    """The relation in a file, with the columns that its `Rows` names."""
    return _find_operations(backend).table(backend, rows)


def read_parquet(backend: Any, path: Path) -> Any:
    """The relation in a Parquet file."""
    return _find_operations(backend).parquet(backend, path)


def stream_rows(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation in its own order, `size` at a time; only the last chunk is smaller.

    One stream at a time: the backend's next query may end this one.
    """
    return _find_operations(backend).stream(backend, relation, size)


def get_value(backend: Any, column: Any, key: str) -> Any:
    """The value of a key in a map of texts; null where it has none."""
    return _find_operations(backend).get_value(column, key)


def group_sets(backend: Any, relation: Any, keys: Sequence[str], within: str) -> Any:
    """A relation counted (`n`) by each key alone, and once by none, within the values of a column, in one scan.

    In a row of the result the key that it is grouped by is not null, and all others are.
    """
    return _find_operations(backend).group_sets(backend, relation, keys, within)


@contextmanager
def cache_rows(backend: Any, relation: Any) -> Iterator[Any]:
    """A relation that is used more than once, computed once; it is there until the context ends.

    In a file: there it takes a tenth of the room that it would take in memory.
    """
    with tempfile.TemporaryDirectory(dir=find_scratch(backend), prefix="computed-") as folder:
        file = Path(folder, "rows.parquet")
        write_parquet(backend, relation, file)
        yield read_parquet(backend, file)


def write_parquet(backend: Any, relation: Any, target: Path) -> int:
    """Compute a relation into one Parquet file, in its own order, that only its owner may read, and count its rows."""
    _find_operations(backend).write(backend, relation, target)
    return count_parquet(target)


def count_parquet(path: Path) -> int:
    """How many rows a Parquet file has; it says so itself."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
