"""Read contacts, interactions and dispositions by a query on a database.

SQLite and PostgreSQL. The rows are streamed to disk as text, a batch at a time, and then mapped as those of a file are;
what keeps its type is streamed as JSON, too.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson

from reconciler.audience.sources import database_connection
from reconciler.audience.sources.query_check import refuse_writing
from reconciler.audience.sources.raw_rows import (
    BATCH,
    RawRows,
    add_places,
    describe_missing_columns,
    fault_type,
    open_parquet,
)
from reconciler.audience.staging import column_mapping, dnc_entry_mapping
from reconciler.audience.staging import disposition_mapping as of_contacts
from reconciler.model.problem import BadInput, Problem, Problems
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import AnySql, SqlDispositions, SqlFeed, SqlHistory
from reconciler.model.tables import RAW_CONTACTS, RAW_DISPOSITIONS, RAW_INTERACTIONS

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend as DuckDB
    from sqlalchemy.engine import Connection

    from reconciler.audience.staging.column_mapping import MapRows


def read_contacts(
    backend: DuckDB, feed: SqlFeed, url: Secret, root: Path, into: Path, now: datetime | None = None
) -> Rows:
    """The contacts, or entries, of a feed's query, as one new Parquet file below `into`: columns `mapping.CONTACTS`.

    Args:
        url: an SQLAlchemy URL; the path of a SQLite file is relative to `root`.
        root: the workspace's folder.
        into: a folder of this run; it is made where it is not there.
        now: the moment at which an entry must not have expired; this moment when left out.

    Raises:
        BadInput: the query is not allowed or fails, the database cannot be read, or rows cannot be used.
    """
    return _read(backend, feed, url, root, into, dnc_entry_mapping.find_mapping(feed, now), RAW_CONTACTS.types)


def read_interactions(backend: DuckDB, feed: SqlHistory, url: Secret, root: Path, into: Path) -> Rows:
    """The interactions that a feed's query selects, with the columns `mapping.INTERACTIONS`; else as `contacts`."""
    return _read(
        backend, feed, url, root, into, partial(column_mapping.map_interactions, feed=feed), RAW_INTERACTIONS.types
    )


def read_dispositions(
    backend: DuckDB, feed: SqlDispositions, url: Secret, root: Path, into: Path, now: datetime
) -> Rows:
    """The dispositions that a feed's query selects, none after `now`: `mapping.DISPOSITIONS`; else as `contacts`."""
    mapped = partial(of_contacts.map_dispositions, feed=feed, now=now)
    return _read(backend, feed, url, root, into, mapped, RAW_DISPOSITIONS.types)


def _read(
    backend: DuckDB,
    feed: AnySql,
    url: Secret,
    root: Path,
    into: Path,
    mapped: MapRows,
    columns: Mapping[str, str],
) -> Rows:
    wanted = column_mapping.list_columns(feed)
    parts = database_connection.parse_url(url, feed)
    refuse_writing(feed, database_connection.name_dialect(parts))
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix="reading-") as folder:
        scratch = Path(folder)
        rough = scratch / "rough.parquet"
        named = database_connection.read_query(
            parts, feed, root, lambda connection: _stream_columns(connection, feed, wanted, rough)
        )
        table = backend.read_parquet(str(rough))
        place = f"{feed.where} row " + table["row"].cast("string")
        part = scratch / "part.parquet"
        as_json = {name: f"value{number}" for number, name in enumerate(column_mapping.list_value_columns(feed))}
        mapped(RawRows(table.mutate(place=place), named, as_json)).to_parquet(str(part))
        return column_mapping.collect_parts(backend, [part], feed, into, columns)


def _stream_columns(connection: Connection, feed: AnySql, wanted: set[str], into: Path) -> dict[str, str]:
    """Write the wanted columns of a query's rows as text, each row with its number; give the columns' names there."""
    import pyarrow as pa

    with closing(connection.execution_options(yield_per=BATCH).exec_driver_sql(feed.query)) as result:
        names = list(result.keys())
        columns = _find_columns(names, feed, wanted)
        exact = dict[str, str]()
        for meaning, column in column_mapping.list_exact_columns(feed):
            # what is an id and a phone as well is held to be an id
            exact[column] = meaning if exact.get(column, "phone") == "phone" else exact[column]
        chosen = [(names.index(name), name, exact.get(name)) for name in columns]
        valued = column_mapping.list_value_columns(feed)
        typed = [f"value{number}" for number in range(len(valued))]
        schema = {**dict.fromkeys([*columns.values(), *typed], pa.string()), "row": pa.int64(), "fault": fault_type()}
        row = 1
        with open_parquet(into, schema) as append:
            for batch in result.partitions():
                cut = list(zip(*batch, strict=True))
                texts = [_write_texts(cut[at], name, feed, meaning) for at, name, meaning in chosen]
                told = dict(zip(columns, texts, strict=True))
                as_json = [list(map(_as_json, cut[names.index(name)], told[name])) for name in valued]
                append([*texts, *as_json, range(row, row + len(batch)), pa.nulls(len(batch), fault_type())])
                row += len(batch)
    return columns


def _find_columns(names: list[str], feed: AnySql, wanted: set[str]) -> dict[str, str]:
    twice = [name for name, count in Counter(names).items() if count > 1 and name in wanted]
    problems = Problems(
        Problem(feed.where, "duplicate-column", f"the query selects `{name}` more than once") for name in twice
    )
    problems += describe_missing_columns(wanted, names, feed.where, feed)
    problems.refuse()
    return add_places(sorted(wanted))


def _write_texts(values: Sequence[object], name: str, feed: AnySql, exact: str | None) -> Sequence[str | None]:
    """A column's values as text. `exact`: what it means, where that is an id or a phone.

    Raises:
        BadInput: they are of a type that has no text here, or an id or a phone has a fraction.
    """
    kinds = set(map(type, values)) - {str, type(None)}
    if not kinds:  # most columns are: nothing is copied
        return cast("Sequence[str | None]", values)
    strange = {kind.__name__ for kind in kinds if kind not in _WRITTEN or (exact and kind in (float, bool))}
    # 12 and 12.0 are one number, and two ids; of a phone a zero fraction is no digit of it
    if exact not in (None, "phone") and any(isinstance(each, Decimal) and not _is_whole(each) for each in values):
        strange.add("numbers with decimal places")
    if strange:
        lost = strange & {"float", "numbers with decimal places"}
        note = "an id or a phone with a fraction has lost digits" if lost else None
        message = f"the column `{name}` holds {', '.join(sorted(strange))}, which is no text here"
        raise BadInput([Problem(feed.where, "column-type", message, note=note, hint="cast it to text in the query")])
    return list(_write_values(values))


def _is_whole(value: Decimal) -> bool:
    """Whether a number is written without a fraction, be it zero."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0


def _as_json(value: object, text: str | None) -> str | None:
    """A value with its text, as JSON: numbers and truths as they are."""
    return text if text is None or isinstance(value, int | float | Decimal) else orjson.dumps(text).decode()


def _write_values(values: Iterable[object]) -> Iterable[str | None]:
    return (value if value is None or type(value) is str else _WRITTEN[type(value)](value) for value in values)


def _format_moment(value: datetime) -> str:
    # a time without a zone stays without: whoever maps it to a moment is told so
    return value.isoformat() if value.tzinfo is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# each function takes what is of the type beside it, which no type of Python's can say of a mapping
_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    str: str,
    int: str,
    bool: lambda value: "true" if value else "false",
    float: repr,
    Decimal: lambda value: format(value, "f"),
    datetime: _format_moment,
    date: date.isoformat,
    time: time.isoformat,
    UUID: str,
}
