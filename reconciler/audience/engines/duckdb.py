# tested by: tests/audience/relations/test_engine.py
"""Run relations on DuckDB, in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from reconciler.audience.engines import database
from reconciler.audience.engines.grouping_sets import write_grouping_sets
from reconciler.model.row_files import Rows
from reconciler.model.temporary_folder import temporary_folder
from reconciler.model.workspace_settings import Engine

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
def open_backend(engine: Engine, scratch: Path) -> Iterator[Any]:
    """A database in memory that spills at its memory limit: to the workspace's spill folder, else to `scratch`.

    Who spills to one folder shares one database, and with it the limit; what is read of files, nobody shares.
    """
    import ibis

    with _open_spill_folder(engine, scratch) as folder, database.connect(engine, folder) as connection:
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


def scratch(backend: Any) -> Path:
    """The folder it spills to."""
    (row,) = backend.raw_sql("SELECT current_setting('temp_directory')").fetchall()
    folder = Path(row[0])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def table(backend: Any, rows: Rows) -> Any:
    """The relation in a Parquet file, or in a JSON array as it came over the wire."""
    if rows.format == "parquet":
        return parquet(backend, rows.path)
    columns = ", ".join(f"{_quote(name)}: {_quote(kind)}" for name, kind in rows.columns.items())
    source = f"read_json({_quote(str(rows.path))}, columns = {{{columns}}}, format = 'array')"
    read = _make_view(backend, source, tuple(rows.columns.items()))
    if not rows.take:
        return read
    return read.select(**{name: _fill_in_view(read, path.split(".")) for name, path in rows.take.items()})


def _fill_in_view(relation: Any, path: Sequence[str]) -> Any:
    value = relation[path[0]]
    for step in path[1:]:
        value = value[step]
    return value


def parquet(backend: Any, path: Path) -> Any:
    """The relation in a Parquet file; a file that was read before, and is the same, is not looked into again."""
    import pyarrow.parquet as pq

    found = path.stat()
    known = backend.__dict__.setdefault("files_read", {})
    which = (path, found.st_ino, found.st_size, found.st_mtime_ns)
    if which not in known:
        known[which] = _make_view(backend, f"read_parquet({_quote(str(path))})", str(pq.read_schema(path)))
    return known[which]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_SCHEMAS: dict[Any, Any] = {}


def _make_view(backend: Any, source: str, kind: Any) -> Any:
    """A view of a source, as a relation that is alike in every database: by the number of the view, and its columns.

    `kind` says which columns it has: of one kind they are looked up once.
    """
    import ibis

    name = f"read_{next(backend.__dict__.setdefault('numbers', count()))}"
    backend.raw_sql(f"CREATE TEMP VIEW {name} AS SELECT * FROM {source}")  # noqa: S608 # a number, and what is quoted
    if kind not in _SCHEMAS:
        _SCHEMAS[kind] = backend.get_schema(name)
    return ibis.table(_SCHEMAS[kind], name=name)


_COMPILED: OrderedDict[Any, str] = OrderedDict()
_MOST_COMPILED = 1_000
"""What was asked for the longest time ago goes first."""


def _compile(backend: Any, relation: Any) -> str:
    """A relation in SQL. What was compiled before is not compiled again, in whichever database it is computed."""
    import ibis.expr.operations as ops

    what = relation.op()
    found = _COMPILED.get(what)
    if found is None:
        found = str(backend.compile(relation))
        if not what.find(ops.DatabaseTable):  # else it would hold on to its database
            _COMPILED[what] = found
            while len(_COMPILED) > _MOST_COMPILED:
                _COMPILED.popitem(last=False)
        return found
    with suppress(KeyError):  # another thread may just have let go of it
        _COMPILED.move_to_end(what)
    return found


def stream(backend: Any, relation: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a relation, `size` at a time.

    One stream at a time: the backend's next query ends this one, as both have the one connection that sees the files.
    """
    result = backend.raw_sql(_compile(backend, relation))
    while chunk := result.fetchmany(size):
        yield chunk


def get_value(column: Any, key: str) -> Any:
    """The value of a key in a map of texts: by a function of its own, in half the time that a list takes."""
    return _map_extract_value()(column, key)


@cache
def _map_extract_value() -> Any:
    import ibis

    def map_extract_value(column, key):  # type: ignore[no-untyped-def] # its types are below
        """What the engine has."""

    signature = (("map<string, string>", "string"), "string")
    return ibis.udf.scalar.builtin(map_extract_value, name="map_extract_value", signature=signature)


def group_sets(backend: Any, relation: Any, keys: Sequence[str], within: str) -> Any:
    """A relation counted by each key alone, and once by none, within the values of a column, in one scan."""
    query = write_grouping_sets(_compile(backend, relation), keys, within)
    return _make_view(backend, f"({query})", ("sets", *keys, "within", within))


def write(backend: Any, relation: Any, target: Path) -> None:
    """Compute a relation into a Parquet file."""
    target.touch(mode=0o600)
    backend.raw_sql(f"COPY ({_compile(backend, relation)}) TO {_quote(str(target))} ({_WRITTEN})")
