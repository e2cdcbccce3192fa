"""What do files of the workspace, or of an object store, say of contacts, interactions and dispositions?

CSV, Parquet, JSON Lines and Excel workbooks, also compressed with gzip (`.gz`) or in a `.zip`. Whatever cannot be read
is an error with its file and line, or a row that is kept with its fault; no row is lost in silence.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.audience.sources import csv, folders, jsonl, unpacking, xlsx
from reconciler.audience.sources.paths import Found, check_files_exist, find_files
from reconciler.audience.sources.raw_rows import (
    RawRows,
    add_places,
    describe_missing_columns,
    looks_like_a_phone,
    open_parquet,
)
from reconciler.audience.staging import dispositions as of_contacts
from reconciler.audience.staging import dnc_entries, mapping
from reconciler.audience.staging import values as as_values
from reconciler.model.feeds import AnyFiles, FileDispositions, FileFeed, FileHistory
from reconciler.model.problem import BadInput, Problem
from reconciler.model.rows import Rows


def read_contacts(backend: Any, feed: FileFeed, root: Path, into: Path, now: datetime | None = None) -> Rows:
    """The contacts, or entries, in a feed's files: one new Parquet file below `into`, the columns `mapping.CONTACTS`.

    Args:
        root: the workspace's folder; no other file is read.
        into: a folder of this run; it is made where it is not there.
        now: the moment at which an entry must not have expired; this moment when left out.

    Raises:
        BadInput: every file that cannot be read, or the first rows that cannot be used (`on_invalid: refuse`).
    """
    return _read(backend, feed, root, into, dnc_entries.list_mapped_columns(feed, now), mapping.CONTACTS)


def read_interactions(backend: Any, feed: FileHistory, root: Path, into: Path) -> Rows:
    """The interactions in a feed's files, as one new Parquet file below `into` with the columns `mapping.INTERACTIONS`.

    Arguments and errors are those of `contacts`.
    """
    return _read(backend, feed, root, into, mapping.map_interactions, mapping.INTERACTIONS)


def read_dispositions(backend: Any, feed: FileDispositions, root: Path, into: Path, now: datetime) -> Rows:
    """The dispositions in a feed's files, as one new Parquet file below `into`: the columns `mapping.DISPOSITIONS`.

    Arguments and errors are those of `contacts`; `now` is the moment after which none may be.
    """
    mapped = partial(of_contacts.map_dispositions, now=now)
    return _read(backend, feed, root, into, mapped, mapping.DISPOSITIONS)


def _read(
    backend: Any,
    feed: AnyFiles,
    root: Path,
    into: Path,
    mapped: Callable[[RawRows, Any], Any],
    columns: Mapping[str, str],
) -> Rows:
    wanted = mapping.list_columns(feed)
    if isinstance(feed, FileFeed):
        folders.check_folders(feed, root)
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    problems: list[Problem] = []
    parts: list[Path] = []
    with tempfile.TemporaryDirectory(dir=into, prefix="reading-") as folder:
        scratch = Path(folder)
        for number, file in enumerate(find_files(feed, root)):
            try:
                with check_files_exist(file, scratch / f"object-{number}") as here:
                    for plain, how in unpacking.unpack_plain(here, feed, scratch):
                        part = scratch / f"part-{len(parts)}.parquet"
                        _map(backend, plain, how, wanted, mapped, part)
                        parts.append(part)
            except BadInput as bad:
                problems += bad.problems
        if problems:
            raise BadInput(problems)
        if not parts:  # an optional feed without files
            parts.append(_nothing(scratch / "nothing.parquet", columns))
        return mapping.collect_parts(backend, parts, feed, into, columns)


def _map(
    backend: Any, file: Found, feed: AnyFiles, wanted: set[str], mapped: Callable[[RawRows, Any], Any], part: Path
) -> None:
    """Write the mapped rows of one plain file to `part`."""
    laid = part.with_suffix(".rough")
    try:
        rough = _rough(backend, file, feed, wanted, laid)
        with _damaged(file, feed, wanted):
            mapped(rough, feed).to_parquet(str(part))
    finally:
        laid.unlink(missing_ok=True)


def _nothing(target: Path, columns: Mapping[str, str]) -> Path:
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "boolean": pa.bool_(),
        "float64": pa.float64(),
        "array<string>": pa.list_(pa.string()),
    }
    with open_parquet(target, {name: types[kind] for name, kind in columns.items()}):
        return target


def _rough(backend: Any, file: Found, feed: AnyFiles, wanted: set[str], scratch: Path) -> RawRows:
    import ibis

    if feed.format == "parquet":
        return _parquet(backend, file, feed, wanted, scratch)
    if feed.format == "csv":
        table, names, columns = csv.read_csv(backend, file, feed, scratch)
    elif feed.format == "xlsx":
        exact = {column: name for name, column in mapping.list_exact_columns(feed)}
        table, names, columns = xlsx.read_sheet(backend, file, feed, wanted, exact, scratch)
    else:
        table, names, columns = jsonl.read_jsonl(backend, file, feed, wanted, scratch)
    problems = describe_missing_columns(wanted, names, file.at(1), feed)
    if problems:
        raise BadInput(_with_delimiter(problems, names, feed))
    if feed.format in ("csv", "xlsx") and feed.header and any(map(looks_like_a_phone, wanted)):
        # the first row would be lost as a header, and with it a number
        message = "a column that is named looks like a value, and no name: the file may have no header"
        hint = "say `header: false`, and name columns by their positions, 1, 2, …"
        raise BadInput([Problem(file.at(1), "header-is-data", message, note=f"named at {feed.where}", hint=hint)])
    place = file.name + ":" + table["line"].cast("string")
    typed = mapping.list_value_columns(feed) if feed.format == "jsonl" else ()
    values = {name: columns[name].replace("c", "value") for name in typed}
    kinds = {name: column.replace("c", "kind") for name, column in columns.items() if feed.format == "jsonl"}
    table = table.mutate(place=place, fault=_inexact(table, columns, feed))
    table = table.mutate(doubts=table["fault"].isnull().ifelse(ibis.null("array<string>"), table["doubts"]))
    return RawRows(table, columns, values, kinds)


def _with_delimiter(problems: list[Problem], names: list[str], feed: AnyFiles) -> list[Problem]:
    """One column that holds another delimiter says more than a name that is not there."""
    other = next((each for each in ";\t|," if feed.format == "csv" and len(names) == 1 and each in names[0]), None)
    if other is None:
        return problems
    message = f"the header is one column: its fields are not separated by {feed.delimiter or ','!r}"
    return [replace(problems[0], message=message, hint=f"say `delimiter: {other!r}`")]


def _inexact(table: Any, columns: Mapping[str, str], feed: AnyFiles) -> Any:
    """The fault of a row whose id or phone is JSON, but neither a text nor a whole number; or that nests what is asked.

    Attributes have types, and say themselves what is wrong with them.
    """
    import ibis

    fault = table["fault"]
    if feed.format != "jsonl":
        return fault
    for name, column in mapping.list_exact_columns(feed):
        if column in columns:
            kind = table[columns[column].replace("c", "kind")]
            wrong = kind.notin(["VARCHAR", "BIGINT", "UBIGINT", "NULL"]).fill_null(False)
            told = ibis.literal(f"{name} is neither a text nor a whole number")
            fault = ibis.coalesce(fault, ibis.ifelse(wrong, told, ibis.null("string")))
    for column in sorted(set(columns) - set(mapping.list_value_columns(feed))):
        nested = table[columns[column].replace("c", "kind")].isin(["OBJECT", "ARRAY"]).fill_null(False)
        told = ibis.literal(f"`{column}` is a list or an object, and not a value")
        fault = ibis.coalesce(fault, ibis.ifelse(nested, told, ibis.null("string")))
    return fault


@contextlib.contextmanager
def _damaged(file: Found, feed: AnyFiles, wanted: set[str]) -> Iterator[None]:
    """Say where a Parquet file is damaged: its end may be whole, and what is before it is read last.

    Raises:
        BadInput: another reader cannot read it either.
    """
    try:
        yield
    except Exception:
        bad = _unreadable_rows(file, wanted) if feed.format == "parquet" else None
        if bad is None:
            raise
        message = f"the file is damaged: its rows {bad[0]:,} to {bad[1]:,} cannot be read"
        raise BadInput([Problem(file.at(), "damaged", message, hint="write it anew, or fetch it again")]) from None


def _unreadable_rows(file: Found, wanted: set[str]) -> tuple[int, int] | None:
    """The first and the last row of the first group of a Parquet file that cannot be read; None: all of them can."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    first = 1
    with pq.ParquetFile(file.path) as opened:
        for group in range(opened.num_row_groups):
            last = first + opened.metadata.row_group(group).num_rows - 1
            try:
                opened.read_row_group(group, columns=sorted(wanted), use_threads=False)
            except (pa.ArrowException, OSError):
                return first, last
            first = last + 1
    return None


def _parquet(backend: Any, file: Found, feed: AnyFiles, wanted: set[str], scratch: Path) -> RawRows:
    import ibis
    import pyarrow.parquet as pq

    scratch.symlink_to(file.path)  # a name without `*`, `?` or `[`, which the engine would take for a pattern
    try:
        table = backend.read_parquet(str(scratch), file_row_number=True)
        names = pq.read_schema(file.path).names
    except Exception as error:
        hint = None if file.path.stat().st_size else "the file is empty"
        cut = "the file is not Parquet, or is cut short"
        raise BadInput([Problem(file.at(), "not-parquet", cut, note=_first_line(error), hint=hint)]) from None
    problems = describe_missing_columns(wanted, names, file.at(), feed)
    problems += [
        Problem(file.at(), "duplicate-column", f"the file has the column `{name}` {names.count(name)} times")
        for name in sorted(wanted)
        if names.count(name) > 1
    ]
    # the engine gives names anew that differ by case alone
    columns = dict(zip(names, table.columns, strict=False))
    exact = {column for _, column in mapping.list_exact_columns(feed)}
    for name in sorted(wanted & set(names)):
        kind = table[columns[name]].type()
        fraction = kind.is_floating() or (kind.is_decimal() and kind.scale != 0)
        if kind.is_nested() or kind.is_binary() or (name in exact and fraction):
            problems.append(
                Problem(
                    file.at(),
                    "column-type",
                    f"the column `{name}` is {kind}, which is no text here",
                    note="an id or a phone with a fraction has lost digits" if fraction else None,
                    hint="write it as text",
                )
            )
    if problems:
        raise BadInput(problems)
    texts = {column: table[columns[name]].cast("string") for name, column in add_places(sorted(wanted)).items()}
    place = file.name + ":row " + (table["file_row_number"] + 1).cast("string")
    typed = {name: f"value{number}" for number, name in enumerate(mapping.list_value_columns(feed))}
    as_json = {column: as_values.read_column_value(table[columns[name]]) for name, column in typed.items()}
    rough = table.select(**texts, **as_json, place=place, fault=ibis.null("string"))
    return RawRows(rough, add_places(sorted(wanted)), typed)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(" '", maxsplit=1)[0] if str(error) else type(error).__name__
