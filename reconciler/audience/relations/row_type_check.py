"""Check the column types of rows as they are read from an engine into Python.

Inside a relation the engine knows the type of each column. A row that is read in Python is a tuple, and whoever reads
it says of which types: that is held against the relation's columns before the first row is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import TYPE_CHECKING, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    from ibis import Schema
    from ibis.expr.datatypes import DataType

Row = TypeVar("Row", bound=tuple[object, ...])
"""A row as it is read: a tuple of known types."""


class WrongColumns(ReconcilerError):
    """A relation has not the columns that whoever takes it asks for: a fault of this program; nothing is decided."""

    code = "wrong-columns"


REPORT = "make a new plan; if it happens again, report it: it is a fault of this program and not of your data"


def check_columns(schema: Schema, wanted: Mapping[str, str], name: str) -> None:
    """Hold the columns of a relation against those that it is to have: exactly these, in any order.

    Args:
        wanted: the type of each column, as ibis writes it. name: what the relation is called.

    Raises:
        WrongColumns: a column is missing, or is one too many, or has another type; all of them at once.
    """
    found = {column: _FINE.sub("timestamp", str(kind).replace("!", "")) for column, kind in schema.items()}
    problems = [f"column {each}: {kind} expected, none found" for each, kind in wanted.items() if each not in found]
    problems += [
        f"column {each}: {wanted.get(each, 'none')} expected, {kind} found"
        for each, kind in found.items()
        if wanted.get(each) != kind
    ]
    if problems:
        message = f"the rows are not those of the table {name}"
        raise WrongColumns(message, note=f"{name}: {'; '.join(problems)}", hint=REPORT)


_FINE = re.compile(r"^timestamp\(.*\)$")
"""A moment: how fine, and that it is of UTC, differs between engines."""


def check_row_type(schema: Schema, row: type[Row]) -> None:
    """Hold the columns of a relation against the types that its rows are read as; any column may be null.

    Args:
        row: a tuple type with a type for each column, such as `tuple[str, int | None]`, or `tuple[object, ...]`.

    Raises:
        WrongColumns: a column has another type, or there are more or fewer of them.
    """
    wanted = tuple(get_type_hints(row).values()) if hasattr(row, "_fields") else get_args(row)
    if wanted[1:] == (Ellipsis,):
        wanted = (wanted[0],) * len(schema)
    if len(wanted) != len(schema):
        names = ", ".join(schema)
        raise WrongColumns(
            "rows are read as something else than they are",
            note=f"{len(wanted)} columns expected, {len(schema)} found: {names}",
            hint=REPORT,
        )
    wrong = [
        f"column {name}: {_name_type(kind)} expected, {schema[name]} found"
        for name, kind in zip(schema, wanted, strict=True)
        if not _holds(schema[name], kind)
    ]
    if wrong:
        raise WrongColumns("rows are read as something else than they are", note="; ".join(wrong), hint=REPORT)


def name_rows(chunks: Iterator[list[tuple[object, ...]]], row: type[Row]) -> Iterator[list[Row]]:
    """Rows that were checked, as the type that they are read as; of one with names each cell has its name."""
    make: Callable[[tuple[object, ...]], Row] | None = getattr(row, "_make", None)
    if make is None:
        return cast("Iterator[list[Row]]", chunks)
    return ([make(each) for each in chunk] for chunk in chunks)


def _name_type(kind: type) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)


def _holds(column: DataType, kind: type) -> bool:
    """Whether the cells of a column are of a type of Python's, or null."""
    each = [one for one in get_args(kind) if one is not NoneType] if _is_union(kind) else [kind]
    return any(_is_of(column, get_origin(one) or one) for one in each)


def _is_union(kind: type) -> bool:
    return isinstance(kind, UnionType)


def _is_of(column: DataType, kind: type) -> bool:
    if is_typeddict(kind):
        return column.is_struct()
    held = {
        object: True,
        str: column.is_string(),
        bool: column.is_boolean(),
        int: column.is_integer(),
        float: column.is_floating(),
        datetime: column.is_timestamp(),
        list: column.is_array(),
        dict: column.is_map(),
    }
    return held.get(kind, False)
