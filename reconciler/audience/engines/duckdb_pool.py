# tested by: tests/audience/relations/test_engine.py
"""Pool DuckDB databases in this process, as opening one costs as much as ten queries.

Each who asks has a connection of its own, and sees none of the others' tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(slots=True)
class _Database:
    """A database in memory, how many ask it now, and whether one of them failed."""

    root: DuckDBPyConnection
    users: int = 0
    failed: bool = False


_lock = Lock()
_asked: dict[tuple[str, int, Path], _Database] = {}
_idle: dict[tuple[str, int], DuckDBPyConnection] = {}
"""By memory limit and threads: one at most of each, that has spilled nothing and in which nothing has failed."""


@contextmanager
def connect(engine: Engine, folder: Path) -> Iterator[DuckDBPyConnection]:
    """A connection to the database of this process that has the engine's limits and spills to `folder`."""
    which = (engine.memory_limit, engine.threads, folder)
    with _lock:
        if which not in _asked:
            _asked[which] = _Database(_begin(engine, folder))
        found = _asked[which]
        found.users += 1
        connection = found.root.cursor()
    try:
        yield connection
    except BaseException:
        found.failed = True
        raise
    finally:
        connection.close()
        with _lock:
            found.users -= 1
            if not found.users:
                del _asked[which]
                _release(found, engine)


def _begin(engine: Engine, folder: Path) -> DuckDBPyConnection:
    import duckdb

    root = _idle.pop((engine.memory_limit, engine.threads), None)
    if root is not None:
        root.execute("SET temp_directory = ?", [str(folder)])
        return root
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": engine.memory_limit,
            "threads": engine.threads,
            "temp_directory": str(folder),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        },
    )


def _release(found: _Database, engine: Engine) -> None:
    """Keep a database for whoever asks next. One that has spilled holds its folder, and is ended."""
    import duckdb

    which = (engine.memory_limit, engine.threads)
    if not found.failed and which not in _idle:
        try:
            found.root.execute("SET temp_directory = ''")
        except duckdb.Error:
            pass
        else:
            _idle[which] = found.root
            return
    found.root.close()
