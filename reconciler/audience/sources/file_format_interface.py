# tested by: tests/audience/sources/formats/test_formats.py
"""Define the interface of a source file format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.sources.source_files import Found
from reconciler.model.source_specs import AnyFiles

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB


def _begins_as_any(_file: Found, _start: bytes) -> bool:
    return False


def _find_nothing(_file: Found, _wanted: set[str]) -> tuple[int, int] | None:
    return None


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How files of one format are read.

    Attributes:
        name: the manifest's word for it.
        read: the rows of a file with the wanted columns. Arguments: the engine, the file, the feed, the source's names
            of the columns, and a path that is free for what has to be laid down. A format that no engine reads lays
            down there, with `open_parquet`: its columns as text under the names of `add_places`, `line` (int64, from
            1), `fault` (`fault_type()`; null: none) and `doubts` (list of text: the other fields of a row with a
            fault, as a number may stand in them), and answers `add_place_of_lines` of them. Columns that are wanted
            and not there are `describe_missing_columns`. Raises BadInput.
        is_called: what such a file is, for a person. remedy: what to say in the manifest for one, in words.
        begins: whether a file is one by how it begins; of some nobody can know.
        is_text: whether it is lines of text: where they begin as UTF-16, `read` gets them as UTF-8.
        seeks: whether it has to be laid down where it is compressed, as it is not read from front to end.
        find_damage: the first and last row of a part that cannot be read, where reading failed late; None: unknown.
    """

    name: str
    read: Callable[[DuckDB, Found, AnyFiles, set[str], Path], RawRows]
    is_called: str
    remedy: str
    begins: Callable[[Found, bytes], bool] = _begins_as_any
    is_text: bool = False
    seeks: bool = False
    find_damage: Callable[[Found, set[str]], tuple[int, int] | None] = _find_nothing
