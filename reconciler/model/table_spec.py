# tested by: tests/audience/test_tables.py
"""Define what a table is: named columns, each with a type and a meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """A column: its type, as ibis writes it, and what it means. Any cell may be null."""

    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table: its name, what a row of it is, and its columns in their order."""

    name: str
    row: str
    columns: Mapping[str, ColumnSpec]

    @property
    def types(self) -> dict[str, str]:
        """The type of each column, by its name."""
        return {name: each.type for name, each in self.columns.items()}


def define_table(name: str, row: str, /, **columns: tuple[str, str]) -> TableSpec:
    """A table whose columns are named with their types and meanings."""
    return TableSpec(name, row, {column: ColumnSpec(*each) for column, each in columns.items()})
