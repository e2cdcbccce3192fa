"""Where are rows computed?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.model.settings import Engine


@contextmanager
def opened(engine: Engine, scratch: Path) -> Iterator[Any]:
    """An ibis backend that spills to `scratch` when it reaches its memory limit; closed at the end.

    The one line that chooses an engine: the expressions are the same on each.
    """
    import ibis

    backend = ibis.duckdb.connect(
        ":memory:",
        memory_limit=engine.memory_limit,
        threads=engine.threads,
        temp_directory=str(scratch / "spill"),
        preserve_insertion_order=False,
        autoinstall_known_extensions=False,
    )
    try:
        yield backend
    finally:
        backend.disconnect()


def scratch(backend: Any) -> Path:
    """The folder in which a backend of `opened` spills, for files that are to live as long as it does."""
    (row,) = backend.raw_sql("SELECT current_setting('temp_directory')").fetchall()
    folder = Path(row[0])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
