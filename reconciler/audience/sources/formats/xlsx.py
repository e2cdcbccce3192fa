# tested by: tests/audience/test_source_cases.py
"""Read sheets of Excel workbooks, each row with its number.

The library is `python-calamine`. A workbook has numbers where people mean texts: 4155550101 is kept as 4155550101.0,
and is the text of its digits here. Of more than 15 digits Excel keeps the first 15 alone, so such a number is no id and
no phone. A day is a text in ISO 8601, and so is a moment, which has no offset.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from reconciler.audience.relations.reasons import ReasonCell, write_fault
from reconciler.audience.sources.file_format_interface import FileFormat
from reconciler.audience.sources.formats import xlsx_inspection
from reconciler.audience.sources.raw_rows import (
    BATCH,
    RawRows,
    add_place_of_lines,
    add_places,
    describe_duplicate_columns,
    describe_missing_columns,
    fault_type,
    open_parquet,
    refuse_data_as_header,
    suggest_header,
)
from reconciler.audience.sources.source_files import Found
from reconciler.audience.sources.zip_extraction import ZIP
from reconciler.audience.staging import column_mapping
from reconciler.model.problem import BadInput, Problem
from reconciler.model.source_specs import AnyFiles, FileFeed

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB
    from python_calamine import CalamineSheet

_LARGEST = 10**15
"""The first whole number with more digits than Excel keeps ("Excel specifications and limits": number precision 15)."""

_MOST_CELLS = 64_000_000
"""Cells of a sheet, empty ones among them: the library holds them all at once."""

Row = tuple[int, Sequence[object]]


def read_sheet(backend: DuckDB, file: Found, feed: AnyFiles, wanted: set[str], into: Path) -> RawRows:
    """The rows of a sheet, each with its number there.

    Raises:
        BadInput: the file is no workbook, has not the sheet that is meant, or not the columns that are wanted.
    """
    import pyarrow as pa

    exact = {column: name for name, column in column_mapping.list_exact_columns(feed)}  # their numbers must be whole
    with _map_errors(file):
        sheet, part = _open_sheet(file, feed)
        rows = _iter_rows(sheet)
        first = next(rows, None)
        if first is None:
            raise BadInput([Problem(file.at(), "empty-file", f"the sheet {sheet.name!r} is empty")])
        header = _read_header(file, feed, first)
        columns = add_places(header)
        chosen = {header.index(name): name for name in wanted if name in header}
        schema = {**dict.fromkeys(columns.values(), pa.string()), "line": pa.int64(), "fault": fault_type()}
        schema["doubts"] = pa.list_(pa.string())
        rows = rows if feed.header else itertools.chain([first], rows)
        # who hides a row does not mean to call the person in it; an entry, or an outcome, counts whoever sees it
        hidden = part.hidden if isinstance(feed, FileFeed) and feed.entries is None else frozenset[int]()
        with open_parquet(into, schema) as append:
            while batch := list(itertools.islice(rows, BATCH)):
                told = [
                    (
                        *texts,
                        line,
                        write_fault("row_hidden") if line in hidden else _find_fault(line, row, part, chosen, exact),
                        [each for each in texts if each],
                    )
                    for line, row in batch
                    for texts in ([*map(_format_text, _widen(row, len(header)))],)
                ]
                append(list(zip(*told, strict=True)))
    problems = describe_missing_columns(wanted, header, file.at(first[0]), feed, suggest_header(header, feed))
    problems.refuse()
    refuse_data_as_header(wanted, file, feed)
    return add_place_of_lines(backend.read_parquet(str(into)), file, columns)


@contextmanager
def _map_errors(file: Found) -> Iterator[None]:
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError:
        raise BadInput([Problem(file.at(), "encrypted", "the workbook has a password", hint=_UNLOCK)]) from None
    except CalamineError as error:
        problem = Problem(file.at(), "not-xlsx", xlsx_inspection.NO_WORKBOOK, note=type(error).__name__)
        raise BadInput([problem]) from None


_UNLOCK = "save it without a password"


def _open_sheet(file: Found, feed: AnyFiles) -> tuple[CalamineSheet, xlsx_inspection.Part]:
    """The sheet that is meant, and which cells of it have no value though something stands there."""
    from python_calamine import CalamineWorkbook

    parts = xlsx_inspection.inspect_workbook(file)
    with CalamineWorkbook.from_path(str(file.path)) as book:
        names = book.sheet_names
        name = names[0] if feed.sheet is None and len(names) == 1 else feed.sheet
        if name not in names:
            said = "the workbook has several sheets" if name is None else f"the workbook has no sheet {name!r}"
            hint = f"say `sheet:`; there are {', '.join(repr(each) for each in names)}"
            raise BadInput([Problem(file.at(), "unknown-sheet", said, note=f"named at {feed.where}", hint=hint)])
        found = parts.get(name)
        if found is None or found.cells > _MOST_CELLS:
            message = f"the sheet {name!r} is too wide or too long: at most {_MOST_CELLS:,} cells are read"
            hint = "delete what stands far out in it, or save it as CSV"
            raise BadInput([Problem(file.at(), "too-large", message, hint=hint)])
        return book.get_sheet_by_name(name), found


def _iter_rows(sheet: CalamineSheet) -> Iterator[Row]:
    """Each row in which something stands, with its number; it begins with column A, and ends with what stands last."""
    if sheet.start is None:
        return
    left = [None] * sheet.start[1]
    for number, row in enumerate(sheet.iter_rows(), start=1):
        values = [*left, *(None if value == "" else value for value in row)]
        while values and values[-1] is None:
            values.pop()
        if values:
            yield number, values


def _read_header(file: Found, feed: AnyFiles, first: Row) -> list[str]:
    if not feed.header:
        return [str(number) for number in range(1, len(first[1]) + 1)]
    header = [(_format_text(value) or "").strip() for value in first[1]]
    problems = describe_duplicate_columns(header, file.at(first[0]))
    problems.refuse()
    return header


def _widen(row: Sequence[object], width: int) -> Sequence[object]:
    # what stands beyond the header has no name, and cannot be spoken of
    return [*row[:width], *[None] * (width - len(row))]


def _find_fault(
    line: int, row: Sequence[object], part: xlsx_inspection.Part, chosen: Mapping[int, str], exact: Mapping[str, str]
) -> ReasonCell | None:
    """Why a row cannot be used: a value that it needs is an error, is another cell's, or has lost digits."""
    if any(at in chosen for at in part.spoiled.get(line, ())):
        return write_fault("cell_error")
    if any(at in chosen for at in part.covered.get(line, ())):
        return write_fault("cell_merged")
    for at, name in chosen.items():
        value = row[at] if at < len(row) else None
        if name in exact and value is not None and not isinstance(value, str) and not _is_whole(value):
            return write_fault("too_many_digits", exact[name])
    return None


def _is_whole(value: object) -> TypeGuard[int | float]:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return float(value).is_integer() and abs(value) < _LARGEST


def _format_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_whole(value):
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == time.min
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def _begins_as_workbook(file: Found, start: bytes) -> bool:
    """A workbook is a zip archive with parts that no other has."""
    inside = b"[Content_Types].xml" in start or b"xl/" in start
    return start.startswith(ZIP) and (inside or file.name.lower().endswith((".xlsx", ".xlsm")))


FORMAT = FileFormat(
    "xlsx",
    read_sheet,
    is_called="an Excel workbook",
    remedy="say `format: xlsx`, and which `sheet:` where it has several",
    begins=_begins_as_workbook,
    seeks=True,
)
