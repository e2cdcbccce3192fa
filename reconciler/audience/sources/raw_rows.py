# tested by: tests/audience/test_source_cases.py
"""Stage the rows of a source as text, each with its place, before columns are mapped."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler.audience.sources.source_files import Found
from reconciler.model.nearest_name import find_nearest
from reconciler.model.problem import BadInput, Location, Problem, Problems
from reconciler.model.row_queries import Rows
from reconciler.model.source_specs import AnyFiles, Feed
from reconciler.model.text_enumerations import shorten_list

if TYPE_CHECKING:
    import pyarrow as pa

    Cells: TypeAlias = Sequence[object] | pa.Array
    from ibis import Table

BATCH = 10_000
"""Rows that are held at once where a source cannot be read by the engine itself."""


@dataclass(frozen=True, slots=True)
class RawRows:
    """A relation whose columns are the source's, as text.

    Attributes:
        table: the columns `place` (`file:line`), `fault` (the reason why the row cannot be read) and those below.
        columns: the source's names → the names in `table`: a source may name a column as it likes.
        values: where the source has types of its own: its names → columns with its values as JSON.
        kinds: where a row need not have each of the source's columns: its names → columns that are null where it has
            not.
    """

    table: Table
    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)


def add_places(names: Iterable[str]) -> dict[str, str]:
    """Names for columns that no engine mistakes, whatever their case and characters."""
    return {name: f"c{number}" for number, name in enumerate(names)}


def add_place_of_lines(
    table: Table,
    file: Found,
    columns: Mapping[str, str],
    values: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
) -> RawRows:
    """Rows of a file of lines (`line`, `fault`, `doubts`), each with its place; doubts are of those with a fault."""
    import ibis

    table = table.mutate(place=file.name + ":" + table["line"].cast("string"))
    table = table.mutate(doubts=table["fault"].isnull().ifelse(ibis.null("array<string>"), table["doubts"]))
    return RawRows(table, columns, values or {}, kinds or {})


def refuse_data_as_header(wanted: Iterable[str], file: Found, feed: AnyFiles) -> None:
    """Refuse a column that is called as a value is: the first row would be lost as a header, and with it a number.

    Raises:
        BadInput: there is one.
    """
    if feed.header and any(map(looks_like_a_phone, wanted)):
        message = "a column that is named looks like a value, and no name: the file may have no header"
        hint = "say `header: false`, and name columns by their positions, 1, 2, …"
        raise BadInput([Problem(file.at(1), "header-is-data", message, note=f"named at {feed.where}", hint=hint)])


def describe_missing_columns(
    wanted: Iterable[str], present: Sequence[str], file: Location, feed: Feed, hint: str | None = None
) -> Problems:
    """A problem for each column that the feed names and the source does not have, with the nearest there is.

    `hint`: what to do instead, where more is known than the names, as `suggest_header` does.
    """
    return Problems(
        Problem(
            file,
            "unknown-column",
            f"there is no column `{name}`",
            note=f"named at {feed.where}",
            hint=hint or _find_meant(name, present),
        )
        for name in sorted(set(wanted) - set(present))
    )


def suggest_header(present: Sequence[str], feed: AnyFiles) -> str | None:
    """What to do where columns are missing from files whose first row may name them; None: nothing is known."""
    if not feed.header:
        return f"its first row has {len(present)} columns"
    if looks_like_data(present):
        return "the first row looks like data: say `header: false`, and name columns by their positions, 1, 2, …"
    return None


def describe_duplicate_columns(header: Sequence[str], where: Location) -> Problems:
    """A problem for each column that a header names more than once; those without a name cannot be spoken of."""
    data = looks_like_data(header)
    return Problems(
        Problem(where, "duplicate-column", f"the header has {'a value' if data else f'`{name}`'} {count} times")
        for name, count in Counter(header).items()
        if count > 1 and name
    )


_DATA = re.compile(r"[+(]?\d[\d\s().+-]*|.+@.+")
"""A phone, a part of one, or an address, where the name of a column is looked for."""


def looks_like_data(header: Sequence[str]) -> bool:
    """Whether a header is a row that somebody takes for one. What is in it is then nobody's to repeat."""
    return any(_DATA.fullmatch(name.strip()) for name in header)


def looks_like_a_phone(name: str) -> bool:
    """Whether the name of a column is rather a phone: the first row of a file without a header."""
    return looks_like_data([name]) and sum(map(str.isdigit, name)) >= _A_PHONE


_A_PHONE = 7
"""Digits of a phone without its area code, the least that anybody writes."""


def _find_meant(name: str, present: Sequence[str]) -> str | None:
    meant = find_nearest(name, [each for each in present if each])
    if meant is not None:
        return f"did you mean `{meant}`?"
    named = [f"`{each}`" for each in present if each]
    return f"there are {shorten_list(named)}" if named else None


def write_ids(found: Iterable[str], file: Path) -> Rows:
    """Some ids, in the new file `file` that only its owner may read: column `id`."""
    import pyarrow as pa

    values = list(found)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    with open_parquet(file, {"id": pa.string()}) as append:
        append([values])
    return Rows(file, "parquet", {"id": "string"}, len(values))


def fault_type() -> pa.DataType:
    """The type of the column `fault` in a file of rows (pyarrow)."""
    import pyarrow as pa

    return pa.struct([("code", pa.string()), ("args", pa.list_(pa.string()))])


@contextlib.contextmanager
def open_parquet(path: Path, columns: Mapping[str, pa.DataType]) -> Iterator[Callable[[Sequence[Cells]], None]]:
    """A function that appends a batch of columns (each a sequence of values) to a new Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(list(columns.items()))
    with pq.ParquetWriter(path, schema) as writer:

        def append(batch: Sequence[Cells]) -> None:
            arrays = [
                each if isinstance(each, pa.Array) else pa.array(each, field.type)
                for each, field in zip(batch, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))

        yield append
