# tested by: tests/audience/sources/test_files.py
"""Read Parquet files, each row with its number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations.reasons import make_no_reason
from reconciler.audience.sources.file_format_interface import FileFormat
from reconciler.audience.sources.raw_rows import RawRows, add_places, describe_missing_columns
from reconciler.audience.sources.source_files import Found
from reconciler.audience.staging import attribute_values as as_values
from reconciler.audience.staging import column_mapping
from reconciler.model.problem import BadInput, Problem
from reconciler.model.source_specs import AnyFiles

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB


def read_parquet(backend: DuckDB, file: Found, feed: AnyFiles, wanted: set[str], scratch: Path) -> RawRows:
    """The rows of a Parquet file. Raises BadInput: it is none, or has not the columns, or not of types that say it."""
    import pyarrow.parquet as pq

    scratch.symlink_to(file.path)  # a name without `*`, `?` or `[`, which the engine would take for a pattern
    try:
        table = backend.read_parquet(str(scratch), file_row_number=True)
        names = pq.read_schema(file.path).names
    except Exception as error:
        hint = None if file.path.stat().st_size else "the file is empty"
        cut = "the file is not Parquet, or is cut short"
        raise BadInput([Problem(file.at(), "not-parquet", cut, note=_take_first_line(error), hint=hint)]) from None
    problems = describe_missing_columns(wanted, names, file.at(), feed)
    problems += [
        Problem(file.at(), "duplicate-column", f"the file has the column `{name}` {names.count(name)} times")
        for name in sorted(wanted)
        if names.count(name) > 1
    ]
    # the engine gives names anew that differ by case alone
    columns = dict(zip(names, table.columns, strict=False))
    exact = {column for _, column in column_mapping.list_exact_columns(feed)}
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
    problems.refuse()
    texts = {column: table[columns[name]].cast("string") for name, column in add_places(sorted(wanted)).items()}
    place = file.name + ":row " + (table["file_row_number"] + 1).cast("string")
    typed = {name: f"value{number}" for number, name in enumerate(column_mapping.list_value_columns(feed))}
    as_json = {column: as_values.read_column_value(table[columns[name]]) for name, column in typed.items()}
    rough = table.select(**texts, **as_json, place=place, fault=make_no_reason())
    return RawRows(rough, add_places(sorted(wanted)), typed)


def find_damage(file: Found, wanted: set[str]) -> tuple[int, int] | None:
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


def _take_first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(" '", maxsplit=1)[0] if str(error) else type(error).__name__


FORMAT = FileFormat(
    "parquet",
    read_parquet,
    is_called="a Parquet file",
    remedy="say `format: parquet`",
    begins=lambda _, start: start.startswith(b"PAR1"),
    find_damage=find_damage,
)
