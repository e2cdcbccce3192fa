# tested by: tests/audience/relations/test_engine.py
"""Run relations on DuckDB, in this process."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.engines import duckdb_pool
from reconciler.audience.engines.compiled_queries import compile_once
from reconciler.audience.engines.grouping_sets import write_grouping_sets
from reconciler.model.row_queries import Rows
from reconciler.model.temporary_folder import temporary_folder
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Schema, Table
    from ibis.backends.duckdb import Backend

_WRITTEN = ", ".join(
    [
        "FORMAT parquet",
        # written in place: a temporary file of the engine's own would take its place, readable by everyone
        "USE_TMP_FILE false",
        # ids and phones are all different: to look for those that come again takes a third of the time
        "DICTIONARY_SIZE_LIMIT 1000",
        "WRITE_BLOOM_FILTER false",
        "COMPRESSION lz4_raw",
        # a group is held in memory by who writes it, and by who reads rows one by one
        "ROW_GROUP_SIZE 20480",
    ]
)


@contextmanager
def open_backend(engine: Engine, scratch: Path) -> Iterator[Backend]:
    """A database in memory that spills at its memory limit: to the workspace's spill folder, else to `scratch`.

    Who spills to one folder shares one database, and with it the limit; what is read of files, nobody shares.
    """
    import ibis

    with _open_spill_folder(engine, scratch) as folder, duckdb_pool.connect(engine, folder) as connection:
        backend = ibis.duckdb.from_connection(connection)
        try:
            yield backend
        finally:
            backend.disconnect()


@contextmanager
def _open_spill_folder(engine: Engine, scratch: Path) -> Iterator[Path]:
    if engine.spill_folder is None:
        yield scratch / "spill"
        return
    engine.spill_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # a folder of this backend alone: two runs at once must not meet, and nothing may stay behind
    with temporary_folder(engine.spill_folder) as folder:
        yield folder


def _narrow(backend: BaseBackend) -> Backend:
    """A backend of `open_backend`, as it is.

    Raises:
        TypeError: it is another engine's.
    """
    from ibis.backends.duckdb import Backend

    if not isinstance(backend, Backend):
        raise TypeError(f"a backend of duckdb is needed, not of {backend.name}")
    return backend


def scratch(backend: BaseBackend) -> Path:
    """The folder it spills to."""
    folder: Path | None = vars(backend).get("scratch")
    if folder is None:
        ((place,),) = _narrow(backend).raw_sql("SELECT current_setting('temp_directory')").fetchall()
        folder = vars(backend)["scratch"] = Path(place)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def table(backend: BaseBackend, rows: Rows) -> Table:
    """The relation in a Parquet file, or in a JSON array as it came over the wire."""
    if rows.format == "parquet":
        return parquet(backend, rows.path)
    columns = ", ".join(f"{_quote(name)}: {_quote(kind)}" for name, kind in rows.columns.items())
    source = f"read_json({_quote(str(rows.path))}, columns = {{{columns}}}, format = 'array')"
    read = _make_view(backend, source, tuple(rows.columns.items()))
    if not rows.take:
        return read
    return read.select(**{name: _fill_in_view(read, path.split(".")) for name, path in rows.take.items()})


def _fill_in_view(relation: Table, path: Sequence[str]) -> Column:
    value = relation[path[0]]
    for step in path[1:]:
        value = value[step]
    return value


def parquet(backend: BaseBackend, path: Path) -> Table:
    """The relation in a Parquet file; a file that was read before, and is the same, is not looked into again."""
    import pyarrow.parquet as pq

    found = path.stat()
    known: dict[Hashable, Table] = vars(backend).setdefault("files_read", {})
    which = (path, found.st_ino, found.st_size, found.st_mtime_ns)
    if which not in known:
        known[which] = _make_view(backend, f"read_parquet({_quote(str(path))})", str(pq.read_schema(path)))
    return known[which]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_SCHEMAS: dict[Hashable, Schema] = {}


def _make_view(backend: BaseBackend, source: str, kind: Hashable) -> Table:
    """A view of a source, as a relation that is alike in every database: by the number of the view, and its columns.

    `kind` says which columns it has: of one kind they are looked up once.
    """
    import ibis

    name = f"read_{next(backend.__dict__.setdefault('numbers', count()))}"
    _narrow(backend).raw_sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM {source}")  # noqa: S608 # a number, and what is quoted
    if kind not in _SCHEMAS:
        _SCHEMAS[kind] = _narrow(backend).get_schema(name)
    return ibis.table(_SCHEMAS[kind], name=name)


def stream(backend: BaseBackend, relation: Table, size: int) -> Iterator[list[tuple[object, ...]]]:
    """The rows of a relation, `size` at a time.

    One stream at a time: the backend's next query ends this one, as both have the one connection that sees the files.
    """
    result = _narrow(backend).raw_sql(compile_once(backend, relation))
    while chunk := result.fetchmany(size):
        yield chunk


def get_value(column: Column, key: str) -> Column:
    """The value of a key in a map of texts: by a function of its own, in half the time that a list takes."""
    return _map_extract_value()(column, key)


@cache
def _map_extract_value() -> Callable[[Column, str], Column]:
    import ibis

    def map_extract_value(column: object, key: object) -> object:
        """What the engine has."""

    signature = (("map<string, string>", "string"), "string")
    return ibis.udf.scalar.builtin(map_extract_value, name="map_extract_value", signature=signature)


def group_sets(backend: BaseBackend, relation: Table, keys: Sequence[str], within: str) -> Table:
    """A relation counted by each key alone, and once by none, within the values of a column, in one scan."""
    query = write_grouping_sets(compile_once(backend, relation), keys, within)
    return _make_view(backend, f"({query})", ("sets", *keys, "within", within))


def write(backend: BaseBackend, relation: Table, target: Path) -> None:
    """Compute a relation into a Parquet file."""
    target.touch(mode=0o600)
    _narrow(backend).raw_sql(f"COPY ({compile_once(backend, relation)}) TO {_quote(str(target))} ({_WRITTEN})")
