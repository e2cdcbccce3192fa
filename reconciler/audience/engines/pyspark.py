# tested by: tests/test_engines.py
"""Run relations on Spark, in this process or on a cluster.

The rows are read from files and written to files that this process and Spark's workers both see: on one machine that
is so; with workers elsewhere the folder of temporary files (`TMPDIR`) must be on storage that they share.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler.audience.engines import duckdb, regex_translation, spark_session
from reconciler.audience.engines.grouping_sets import write_grouping_sets
from reconciler.model.errors import ReconcilerError
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis import BaseBackend, Column, Table
    from ibis.backends.pyspark import Backend
    from pyspark.sql import SparkSession

_FAILED = "the engine spark failed"
_SHARED = (
    "where workers are on other machines, set TMPDIR to a folder that this machine and they see at the same path, "
    "and run them as the same user"
)
_BATCH = 65_536
_GLOB = re.compile(r"([\\*?\[\]{}])")


_OPENED = "opened"


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a backend was opened with: beside what ibis knows of it."""

    engine: Engine
    session: SparkSession
    folder: Path


def _find_opened(backend: BaseBackend) -> _Opened:
    found: _Opened = vars(backend)[_OPENED]
    return found


@contextmanager
def open_backend(engine: Engine, scratch: Path) -> Iterator[Backend]:
    """A session of its own on the engine's master.

    Raises:
        ReconcilerError: Spark cannot be started or reached.
    """
    import ibis

    started = spark_session.open_session(engine)
    with warnings.catch_warnings():
        # ibis brings in pandas for what is not used here, and PySpark warns of its version
        warnings.simplefilter("ignore")
        backend = ibis.pyspark.connect(started)
    vars(backend)[_OPENED] = _Opened(engine, started, scratch / "spark")
    yield backend


def scratch(backend: BaseBackend) -> Path:
    """A folder of the run."""
    folder = _find_opened(backend).folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def table(backend: BaseBackend, rows: Rows) -> Table:
    """The relation in a file. What came over the wire is laid out as Parquet first, once: reading is DuckDB's."""
    return parquet(backend, rows.path if rows.format == "parquet" else _lay_out(backend, rows))


def _lay_out(backend: BaseBackend, rows: Rows) -> Path:
    found = rows.path.stat()
    facts = (rows.path.name, found.st_size, found.st_mtime_ns, tuple(rows.columns.items()), tuple(rows.take.items()))
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    target = rows.path.with_name(f"{rows.path.stem}-{name}.parquet")
    if not target.exists():
        part = target.with_suffix(".part")
        with duckdb.open_backend(_find_opened(backend).engine, scratch(backend)) as reading:
            duckdb.write(reading, duckdb.table(reading, rows), part)
        part.rename(target)
    return target


def parquet(backend: BaseBackend, path: Path) -> Table:
    """The relation in a Parquet file."""
    # a path is taken for a pattern, and for a file of the cluster's own storage where it does not say what it is
    exact = "file://" + _GLOB.sub(r"\\\1", str(path.absolute()))
    name = f"read_{uuid4().hex}"
    with spark_session.map_failures(_FAILED, _SHARED):
        _find_opened(backend).session.read.parquet(exact).createOrReplaceTempView(name)
        return backend.table(name)


def stream(backend: BaseBackend, relation: Table, size: int) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a relation, `size` at a time, from the files that the workers wrote."""
    with _iter_parts(backend, relation) as (_, batches):
        held: list[tuple[object, ...]] = []
        for batch in batches:
            # a map is a mapping, as DuckDB has it, and no list of pairs
            columns = (column.to_pylist(maps_as_pydicts="strict") for column in batch.columns)
            held += zip(*columns, strict=True)
            whole = len(held) - len(held) % size
            for start in range(0, whole, size):
                yield held[start : start + size]
            held = held[whole:]
        if held:
            yield held


def get_value(column: Column, key: str) -> Column:
    """The value of a key in a map of texts."""
    return column.get(key)


def group_sets(backend: BaseBackend, relation: Table, keys: Sequence[str], within: str) -> Table:
    """A relation counted by each key alone, and once by none, within the values of a column, in one scan."""
    query = write_grouping_sets(backend.compile(regex_translation.translate_relation(relation)), keys, within)
    name = f"read_{uuid4().hex}"
    with spark_session.map_failures(_FAILED, _SHARED):
        _find_opened(backend).session.sql(query).createOrReplaceTempView(name)
        return backend.table(name)


def write(backend: BaseBackend, relation: Table, target: Path) -> None:
    """Compute a relation into one Parquet file, in its own order."""
    import pyarrow.parquet as pq

    target.touch(mode=0o600)
    with _iter_parts(backend, relation) as (schema, batches), pq.ParquetWriter(target, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


@contextmanager
def _iter_parts(backend: BaseBackend, relation: Table) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """A relation as its schema and its rows in its own order, in Arrow batches, from the files that workers wrote."""
    import pyarrow.parquet as pq
    from pyspark.sql import Observation, functions

    with tempfile.TemporaryDirectory(dir=scratch(backend), prefix="parts-") as folder:
        into = Path(folder, "rows")
        with spark_session.map_failures(_FAILED, _SHARED):
            counted = Observation()
            frame = _find_opened(backend).session.sql(backend.compile(regex_translation.translate_relation(relation)))
            frame = frame.observe(counted, functions.count(functions.lit(1)).alias("rows"))
            frame.write.parquet(f"file://{into.absolute()}")
            written = counted.get["rows"]
        # a worker that writes to a disk of its own succeeds, and nobody would see its rows
        parts = sorted(into.glob("part-*.parquet"))
        seen = sum(pq.read_metadata(part).num_rows for part in parts)
        if seen != written or not parts:
            message = f"Spark's workers wrote {written:,} rows, of which {seen:,} are to be seen here"
            raise ReconcilerError(message, hint=_SHARED)
        yield _make_schema(parts[0]), chain.from_iterable(map(_iter_batches, parts))


def _make_schema(part: Path) -> pa.Schema:
    import pyarrow.parquet as pq

    # without what Spark notes for itself
    return pq.read_schema(part).remove_metadata()


def _iter_batches(part: Path) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(part) as file:
        for batch in file.iter_batches(_BATCH):
            yield batch.replace_schema_metadata(None)
