# tested by: tests/audience/relations/test_engine.py
"""Define what differs between engines; each is a module with `Operations`.

A module bears the name that ibis gives its backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table


class Operations(Protocol):
    """What an engine does in a way of its own. `backend` is what its `open_backend` gave."""

    def open_backend(self, engine: Engine, scratch: Path) -> AbstractContextManager[BaseBackend]:
        """An ibis backend, closed at the end."""

    def scratch(self, backend: BaseBackend) -> Path:
        """A folder of its owner's alone for files that live as long as the backend, where the engine can read them."""

    def table(self, backend: BaseBackend, rows: Rows) -> Table:
        """The relation in a file, with the columns that its `Rows` names."""

    def parquet(self, backend: BaseBackend, path: Path) -> Table:
        """The relation in a Parquet file."""

    def stream(self, backend: BaseBackend, relation: Table, size: int) -> Iterator[list[tuple[object, ...]]]:
        """The rows of a relation in its own order, `size` at a time; only the last chunk is smaller."""

    def get_value(self, column: Column, key: str) -> Column:
        """The value of a key in a map of texts; null where it has none."""

    def group_sets(self, backend: BaseBackend, relation: Table, keys: Sequence[str], within: str) -> Table:
        """A relation counted by each key alone, and once by none, within the values of a column, in one scan."""

    def write(self, backend: BaseBackend, relation: Table, target: Path) -> None:
        """Compute a relation into one Parquet file, in its own order, that only its owner may read."""
