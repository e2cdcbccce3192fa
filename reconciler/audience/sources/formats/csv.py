# tested by: tests/audience/sources/test_files.py
"""Read CSV files, each row with its line.

The engine reads the file; where every record is one line, a row's number is its line. Every other file (a quoted line
break, an empty line, a fault of any kind) is read again by Python's `csv`, which knows where each record begins. Both
hold to RFC 4180: fields may be quoted, a quote inside a quoted field is doubled. An empty field is null; an empty line
is no record. After a quote that is never closed nothing can be trusted, so that is never a fault of one row.
"""

from __future__ import annotations

import csv
import functools
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import reasons
from reconciler.audience.relations.reasons import FAULT_SQL, ReasonCell
from reconciler.audience.sources.file_format_interface import FileFormat
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
from reconciler.audience.sources.source_files import Found, describe_encoding_problem, make_readable, open_file
from reconciler.model.problem import BadInput, Problem, Problems
from reconciler.model.source_specs import AnyFiles

if TYPE_CHECKING:
    from ibis import Table
    from ibis.backends.duckdb import Backend as DuckDB

LONGEST_LINE = csv.field_size_limit()
_CHUNK = 1 << 20


def read_csv(backend: DuckDB, file: Found, feed: AnyFiles, wanted: set[str], into: Path) -> RawRows:
    """The rows of a CSV file; those with too few fields, or too many, have a fault.

    Raises:
        BadInput: the file cannot be read to its end, or has not the columns that are wanted.
    """
    table, header = read_records(backend, file, feed, into)
    problems = describe_missing_columns(wanted, header, file.at(1), feed, suggest_header(header, feed))
    _add_delimiter_hint(problems, header, feed).refuse()
    refuse_data_as_header(wanted, file, feed)
    return add_place_of_lines(table, file, add_places(header))


def read_records(backend: DuckDB, file: Found, feed: AnyFiles, into: Path) -> tuple[Table, list[str]]:
    """The records of a CSV file as `c0, c1, …, line, fault, doubts` (of one with a fault: all of it), and its header.

    Without a header the columns are named by their positions, 1, 2, …; the first row says how many there are.

    Raises:
        BadInput: the file cannot be read to its end.
    """
    with make_readable(file):
        header = _read_header(file, feed)
        if not _read_by_engine(backend, file, feed, header, into):
            _read_by_python(file, feed, len(header), into)
    return backend.read_parquet(str(into)), header


def _add_delimiter_hint(problems: Problems, names: list[str], feed: AnyFiles) -> Problems:
    """One column that holds another delimiter says more than a name that is not there."""
    other = next((each for each in ";\t|," if len(names) == 1 and each in names[0]), None)
    if other is None or not problems:
        return problems
    message = f"the header is one column: its fields are not separated by {feed.delimiter or ','!r}"
    return Problems([replace(problems[0], message=message, hint=f"say `delimiter: {other!r}`")])


def _iter_lines(file: Found, feed: AnyFiles) -> io.TextIOWrapper:
    # what is not UTF-8 is carried as surrogates, so that it can be found on its line
    encoding, errors = ("utf-8-sig", "surrogateescape") if feed.encoding == "utf-8" else ("latin-1", "strict")
    return io.TextIOWrapper(open_file(file), encoding=encoding, errors=errors, newline="")


def _find_delimiter(feed: AnyFiles) -> str:
    return feed.delimiter or ","


def _iter_records(file: Found, feed: AnyFiles, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on.

    Raises:
        BadInput: a quote is wrong or never closed.
    """
    reader = csv.reader(lines, delimiter=_find_delimiter(feed), strict=True)
    line = 1
    try:
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1
    except csv.Error as error:
        endless = "unexpected end" in str(error) or "field limit" in str(error)
        message = "a quote is opened and never closed" if endless else "text follows a closing quote"
        hint = 'a quote inside a quoted field is written twice: "5"" pipe"'
        raise BadInput([Problem(file.at(line), "quote", message, note=str(error), hint=hint)]) from None


def _read_header(file: Found, feed: AnyFiles) -> list[str]:
    with _iter_lines(file, feed) as lines:
        line, header = next(_iter_records(file, feed, lines), (0, []))
    if not header:
        what = "it has no header" if feed.header else "it has no row"
        raise BadInput([Problem(file.at(), "empty-file", f"the file is empty: {what}")])
    _refuse_bytes(file, [(line, header)])
    if not feed.header:
        return [str(number) for number in range(1, len(header) + 1)]
    twice = describe_duplicate_columns(header, file.at(line))
    twice.refuse()
    return header


def _read_by_engine(backend: DuckDB, file: Found, feed: AnyFiles, header: list[str], into: Path) -> bool:
    """Read a file whose records are its lines; False where they are not, or something is wrong with one."""
    link = into.with_suffix(".source")
    link.symlink_to(file.path)  # a name without `*`, `?` or `[`, which the engine would take for a pattern
    connection = backend.con
    ((ordered,),) = connection.execute("SELECT current_setting('preserve_insertion_order')").fetchall()
    connection.execute("SET preserve_insertion_order = true")
    try:
        ((rows,),) = connection.execute(_copy(link, file, feed, len(header), into)).fetchall()
    except Exception:
        # whatever stopped the engine, the other reader gets over, or names with its line
        return False
    finally:
        connection.execute(f"SET preserve_insertion_order = {bool(ordered)}")
        link.unlink()
    lines, delimiters, doubtful = _count(file, _find_delimiter(feed).encode(feed.encoding))
    return (
        not doubtful
        and bool(rows + feed.header == lines)
        and delimiters == lines * (len(header) - 1) + _count_inside(backend, feed, header, into)
    )


def _count_inside(backend: DuckDB, feed: AnyFiles, header: list[str], into: Path) -> int:
    """How many delimiters stand inside of fields. The engine overlooks one at the end of a row: here it is missed."""
    delimiter, columns = _find_delimiter(feed), add_places(header).values()
    # a column each: a sum of thousands of terms is nested deeper than any reader of it goes
    terms = (f"sum(length({name}) - length(replace({name}, {_quote_literal(delimiter)}, '')))" for name in columns)
    query = f"SELECT {', '.join(terms)} FROM read_parquet({_quote_literal(str(into))})"  # noqa: S608
    (counts,) = backend.con.execute(query).fetchall()
    inside = sum(int(count or 0) for count in counts)
    return inside + (sum(name.count(delimiter) for name in header) if feed.header else 0)


def _copy(link: Path, file: Found, feed: AnyFiles, width: int, into: Path) -> str:
    names = [f"c{number}" for number in range(width)]
    types = ", ".join(f"{name}: 'VARCHAR'" for name in names)
    options = {
        "auto_detect": "false",
        "header": "true" if feed.header else "false",
        "columns": f"{{{types}}}",
        "delim": _quote_literal(_find_delimiter(feed)),
        "quote": "'\"'",
        "escape": "'\"'",
        "strict_mode": "true",
        "encoding": _quote_literal(feed.encoding),
        "compression": "'gzip'" if file.compressed else "'none'",
        "max_line_size": str(LONGEST_LINE),
    }
    said = ", ".join(f"{name} = {value}" for name, value in options.items())
    source = f"read_csv({_quote_literal(str(link))}, {said})"
    chosen = f"{', '.join(names)}, row_number() OVER () + {int(feed.header)} AS line, NULL::{FAULT_SQL} AS fault"
    chosen += ", NULL::VARCHAR[] AS doubts"
    return f"COPY (SELECT {chosen} FROM {source}) TO {_quote_literal(str(into))} (FORMAT parquet)"  # noqa: S608


def _quote_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _count(file: Found, delimiter: bytes) -> tuple[int, int, bool]:
    """How many lines a file has, however they end, and how many delimiters; and whether the engine may misread it.

    Of a space beside a quote it makes nothing, where it is a fault or a part of the field; of an empty line it makes an
    empty field, where there is but one column.
    """
    lines, delimiters, doubtful, last = 0, 0, False, b"\n"
    misread = re.compile(rb'" |\n[\r\n]|\r\r|\xef\xbb\xbf[\r\n]|[\r\n' + re.escape(delimiter) + rb'\xbf] +"')
    with open_file(file) as source:
        for chunk in iter(functools.partial(source.read, _CHUNK), b""):
            lines += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
            lines -= last.endswith(b"\r") and chunk.startswith(b"\n")
            delimiters += chunk.count(delimiter)
            told = last + chunk
            doubtful = doubtful or misread.search(told) is not None
            last = told[max(len(told.rstrip(b" ")) - 1, 0) :]
    return lines + (last[-1:] not in b"\r\n"), delimiters, doubtful


def _read_by_python(file: Found, feed: AnyFiles, width: int, into: Path) -> None:
    """Read any file, a batch of rows at a time."""
    import pyarrow as pa

    names = [f"c{number}" for number in range(width)]
    columns = {**dict.fromkeys(names, pa.string()), "line": pa.int64(), "fault": fault_type()}
    columns["doubts"] = pa.list_(pa.string())
    with _iter_lines(file, feed) as lines, open_parquet(into, columns) as append:
        records = itertools.islice(_iter_records(file, feed, lines), int(feed.header), None)
        while batch := list(itertools.islice(records, BATCH)):
            _refuse_bytes(file, batch)
            rows = [
                (*(_iter_fields(row, width)), line, _find_fault(row, width), _list_doubts(row, width))
                for line, row in batch
            ]
            append(list(zip(*rows, strict=True)))


def _iter_fields(record: Sequence[str], width: int) -> Iterator[str | None]:
    # where fields are missing or too many, nobody knows which: none of them is believed
    return (field or None for field in record) if len(record) == width else itertools.repeat(None, width)


def _list_doubts(record: Sequence[str], width: int) -> list[str] | None:
    """Where nobody knows which field is which, any of them may be the id of whose row it is."""
    return None if len(record) == width else [field for field in record if field]


def _find_fault(record: Sequence[str], width: int) -> ReasonCell | None:
    if len(record) == width:
        return None
    return reasons.write_fault("too_few_fields" if len(record) < width else "too_many_fields")


def _refuse_bytes(file: Found, records: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Refuse the first record that is not UTF-8.

    Raises:
        BadInput: with its line.
    """
    for line, record in records:
        try:
            "".join(record).encode()
        except UnicodeEncodeError:
            raise BadInput([describe_encoding_problem(file.at(line))]) from None


FORMAT = FileFormat("csv", read_csv, is_called="a CSV file", remedy="say `format: csv`", is_text=True)
