# tested by: tests/audience/sources/test_folder_check.py
"""Read JSON Lines files, each row with its line.

Lines are read as they are, so that each keeps its number; the engine takes them apart.
A whole number of up to 64 bits is the text it was written as; another may be written otherwise (`1.50` as `1.5`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations.reasons import find_fault
from reconciler.audience.sources.file_format_interface import FileFormat
from reconciler.audience.sources.raw_rows import (
    BATCH,
    RawRows,
    add_place_of_lines,
    add_places,
    describe_missing_columns,
    open_parquet,
)
from reconciler.audience.sources.source_files import Found, describe_encoding_problem, make_readable, open_file
from reconciler.audience.staging import column_mapping
from reconciler.model.problem import BadInput, Problem
from reconciler.model.source_specs import AnyFiles
from reconciler.model.vendor_values import fold_word

if TYPE_CHECKING:
    from ibis import Column, Table
    from ibis.backends.duckdb import Backend as DuckDB

LONGEST_LINE = 1 << 20


def read_jsonl(backend: DuckDB, file: Found, feed: AnyFiles, wanted: set[str], into: Path) -> RawRows:
    """The rows of a JSON Lines file.

    Beside its text a column has its kind in JSON (`json_type`: null where the object has no such key, `NULL` where it
    says null), and where its type matters its value as JSON.
    An object that has a wanted key twice, or has it only in another spelling, has a fault: who reads one of two
    values, or none, overlooks what the other says.

    Raises:
        BadInput: the file cannot be read to its end.
    """
    with make_readable(file):
        _lay_down(file, feed, into)
    lines = backend.read_parquet(str(into))
    # a text that is no JSON becomes null instead of stopping everything
    parsed = lines.mutate(json=lines["text"].try_cast("json"))
    is_object = (_make_function("json_type", "string")(parsed["json"]) == "OBJECT").fill_null(False)
    keys = _list_keys(backend, parsed.filter(is_object))
    # where no line is an object, the lines' own faults say more than a key that is missing
    keys = keys or sorted(wanted)
    columns = add_places(sorted(set(wanted) & set(keys)))
    problems = describe_missing_columns(wanted, keys, file.at(1), feed)
    problems.refuse()
    table = _take_columns(parsed, is_object, columns, _find_misspelt(columns, keys))
    table = table.mutate(fault=_find_inexact(table, columns, feed))
    values = {name: columns[name].replace("c", "value") for name in column_mapping.list_value_columns(feed)}
    kinds = {name: column.replace("c", "kind") for name, column in columns.items()}
    return add_place_of_lines(table, file, columns, values, kinds)


def _find_inexact(table: Table, columns: Mapping[str, str], feed: AnyFiles) -> Column:
    """The fault of a row whose id or phone is JSON, but neither a text nor a whole number; or that nests what is asked.

    Attributes have types, and say themselves what is wrong with them.
    """
    import ibis

    fault = table["fault"]
    for name, column in column_mapping.list_exact_columns(feed):
        if column in columns:
            kind = table[columns[column].replace("c", "kind")]
            wrong = kind.notin(["VARCHAR", "BIGINT", "UBIGINT", "NULL"]).fill_null(False)
            fault = ibis.coalesce(fault, find_fault((wrong, "not_exact", name)))
    for column in sorted(set(columns) - set(column_mapping.list_value_columns(feed))):
        nested = table[columns[column].replace("c", "kind")].isin(["OBJECT", "ARRAY"]).fill_null(False)
        fault = ibis.coalesce(fault, find_fault((nested, "nested", column)))
    return fault


def _lay_down(file: Found, feed: AnyFiles, into: Path) -> None:
    import pyarrow as pa

    with open_file(file) as source, open_parquet(into, {"text": pa.string(), "line": pa.int64()}) as append:
        numbers = _iter_numbered(file, source)
        first = True
        while batch := list(itertools.islice(numbers, BATCH)):
            if first and batch[0][0].startswith(b"["):
                raise BadInput(
                    [
                        Problem(
                            file.at(batch[0][1]),
                            "not-json-lines",
                            "the file is a JSON array and not JSON Lines",
                            hint="write one object a line, for example with `jq -c '.[]'`",
                        )
                    ]
                )
            first = False
            append([_list_texts(file, feed, batch), [line for _, line in batch]])
        if first:
            raise BadInput([Problem(file.at(), "empty-file", "the file is empty")])


def _iter_numbered(file: Found, source: BufferedIOBase) -> Iterator[tuple[bytes, int]]:
    for number, line in enumerate(iter(partial(source.readline, LONGEST_LINE), b""), start=1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            message = f"the line is longer than {LONGEST_LINE >> 20} MiB"
            raise BadInput([Problem(file.at(number), "long-line", message, hint="write one object a line")])
        if text:
            yield text, number


def _list_texts(file: Found, feed: AnyFiles, batch: Sequence[tuple[bytes, int]]) -> list[str]:
    try:
        return [text.decode(feed.encoding) for text, _ in batch]
    except UnicodeDecodeError as error:
        line = next(line for text, line in batch if text == error.object)
        raise BadInput([describe_encoding_problem(file.at(line))]) from None


def _list_keys(backend: DuckDB, objects: Table) -> list[str]:
    found = objects.select(key=_make_function("json_keys", "array<string>")(objects["json"]).unnest()).distinct()
    return sorted(row[0] for row in backend.raw_sql(backend.compile(found)).fetchall())


def _find_misspelt(named: Collection[str], keys: Sequence[str]) -> dict[str, list[str]]:
    """The keys that some object has for a wanted one, and that are not it: `Phone` or `phone ` for `phone`."""
    alike: dict[str, list[str]] = {}
    for key in keys:
        alike.setdefault(fold_word(key), []).append(key)
    found = {name: [key for key in alike.get(fold_word(name), ()) if key not in named] for name in named}
    return {name: others for name, others in found.items() if others}


def _take_columns(
    parsed: Table, is_object: Column, named: Mapping[str, str], misspelt: Mapping[str, Sequence[str]]
) -> Table:
    value, kind = _make_function("json_extract_string", "string", 2), _make_function("json_type", "string", 2)
    whole = _make_function("json_extract", "json", 2)
    columns: dict[str, Column] = {}
    faults: list[tuple[Column, *tuple[str, ...]]] = []
    for name, column in named.items():
        at = _make_pointer(name)
        columns[column] = value(parsed["json"], at)
        columns[column.replace("c", "kind")] = kind(parsed["json"], at)
        columns[column.replace("c", "value")] = whole(parsed["json"], at).cast("string")
        for other in misspelt.get(name, ()):
            instead = kind(parsed["json"], at).isnull() & kind(parsed["json"], _make_pointer(other)).notnull()
            faults.append((instead, "key_written_otherwise", name))
    asked = _make_function("json_keys", "array<string>")(parsed["json"]).filter(lambda key: key.isin(sorted(named)))
    fault = find_fault(
        (parsed["json"].isnull(), "not_json"),
        (~is_object, "not_a_json_object"),
        (asked.length() > asked.unique().length(), "key_twice"),
        *faults,
    )
    return parsed.select(**columns, line=parsed["line"], fault=fault, doubts=_list_values(parsed, is_object))


def _list_values(parsed: Table, is_object: Column) -> Column:
    """All that stands in an object, each value of a key that is there twice; of what is none, all its words."""
    import ibis

    every = _make_function("json_extract_string", "array<string>", 2)(parsed["json"], "$.*")
    return ibis.ifelse(is_object, every, parsed["text"].re_split(r"[\"\s,:{}\[\]]+"))


def _make_pointer(name: str) -> str:
    """Where a key of an object is, as RFC 6901 writes it."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


@cache
def _make_function(name: str, returns: str, arguments: int = 1) -> Callable[..., Column]:
    """One of DuckDB's own functions on JSON."""
    import ibis

    signature = (("json", *["string"] * (arguments - 1)), returns)

    def function(json: object) -> object: ...

    def function_at(json: object, pointer: object) -> object: ...

    whole = function if arguments == 1 else function_at
    return ibis.udf.scalar.builtin(whole, name=name, signature=signature)


FORMAT = FileFormat("jsonl", read_jsonl, is_called="JSON Lines", remedy="say `format: jsonl`", is_text=True)
