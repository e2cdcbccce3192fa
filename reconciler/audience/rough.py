"""What does a source say, before its columns are given a meaning? Every value as text, every row with its place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reconciler.model.feeds import Feed
from reconciler.model.problem import Location, Problem

BATCH = 10_000
"""Rows that are held at once where a source cannot be read by the engine itself."""

_LISTED = 8


@dataclass(frozen=True, slots=True)
class Rough:
    """A relation whose columns are the source's, as text.

    Attributes:
        table: the columns `place` (`file:line`), `fault` (why the row cannot be read, or null) and those below.
        columns: the source's names → the names in `table`: a source may name a column as it likes.
    """

    table: Any
    columns: Mapping[str, str]


def numbered(names: Iterable[str]) -> dict[str, str]:
    """Names for columns that no engine mistakes, whatever their case and characters."""
    return {name: f"c{number}" for number, name in enumerate(names)}


def missing(wanted: Iterable[str], present: Sequence[str], file: Location, feed: Feed) -> list[Problem]:
    """A problem for each column that the feed names and the source does not have, with the nearest there is."""
    return [
        Problem(
            file,
            "unknown-column",
            f"there is no column `{name}`",
            note=f"named at {feed.where}",
            hint=_meant(name, present),
        )
        for name in sorted(set(wanted) - set(present))
    ]


def _meant(name: str, present: Sequence[str]) -> str | None:
    folded = {each.casefold(): each for each in present if each}
    near = get_close_matches(name.casefold(), folded, 1)
    if near:
        return f"did you mean `{folded[near[0]]}`?"
    listed = [f"`{each}`" for each in present[:_LISTED] if each]
    more = len(present) - _LISTED
    return f"there are {', '.join(listed)}{f' and {more} more' if more > 0 else ''}" if listed else None


@contextlib.contextmanager
def parquet(path: Path, columns: Mapping[str, Any]) -> Iterator[Any]:
    """A function that appends a batch of columns (each a sequence of values) to a new Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(list(columns.items()))
    with pq.ParquetWriter(path, schema) as writer:

        def append(batch: Sequence[Any]) -> None:
            arrays = [
                each if isinstance(each, pa.Array) else pa.array(each, field.type)
                for each, field in zip(batch, schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))

        yield append
