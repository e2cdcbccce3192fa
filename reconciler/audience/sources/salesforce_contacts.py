"""Read contacts from the records of a Salesforce object.

They are laid down as text by whoever can ask for them, and then mapped as the rows of a file are.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import column_mapping, consistent_read, dnc_entry_mapping
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import Problem, Problems
from reconciler.model.row_queries import Rows
from reconciler.model.soql import FIELD
from reconciler.model.source_specs import SalesforceFeed
from reconciler.model.tables import RAW_CONTACTS

if TYPE_CHECKING:
    from ibis import Table
    from ibis.backends.duckdb import Backend as DuckDB

Read = Callable[[Sequence[str], Path], Rows]
"""Reads some fields of every record into a file: columns `id`, `row`, `fault`, and `c0`, `c1`, … for the fields;
of those that are attributes `value0`, … as JSON, with the numbers of their `c`."""

log = logging.getLogger(__name__)


def read_contacts(backend: DuckDB, feed: SalesforceFeed, read: Read, into: Path, now: datetime | None = None) -> Rows:
    """The contacts, or entries, that a feed's records are: one new Parquet file below `into`, `mapping.CONTACTS`.

    `now` is the moment at which an entry must not have expired; this moment when left out.

    Raises:
        BadInput: the condition for consent names no fields, or rows cannot be used (`on_invalid: refuse`).
        ReconcilerError: the records could not be read whole.
    """
    fields = sorted(column_mapping.list_columns(feed))
    Problems(_describe_no_field(feed, name) for name in fields if not FIELD.fullmatch(name)).refuse()
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix="reading-") as folder:
        scratch = Path(folder)
        table = _read_whole(backend, feed, lambda: read(fields, scratch / "records.json"))
        place = f"{feed.where} record " + table["row"].cast("string")
        named = {name: f"c{number}" for number, name in enumerate(fields)}
        typed = {name: named[name].replace("c", "value") for name in column_mapping.list_value_columns(feed)}
        part = scratch / "part.parquet"
        told = dnc_entry_mapping.find_mapping(feed, now)(RawRows(table.mutate(place=place), named, typed))
        engine.write_parquet(backend, told, part)
        return column_mapping.collect_parts(backend, [part], feed, into, RAW_CONTACTS.types)


def _read_whole(backend: DuckDB, feed: SalesforceFeed, read: Callable[[], Rows]) -> Table:
    """The records, read until there are as many different ones as Salesforce says: never a part of an audience."""
    for _ in range(consistent_read.MOST_READS):
        rows = read()
        table = engine.read_rows(backend, rows)
        known = table.filter(table["id"].notnull()).select("id")
        twice = engine.count_rows(backend, known) - engine.count_rows(backend, known.distinct())
        if not rows.shifted and not twice and rows.count == rows.total:
            return table
        log.warning("%s: %d records read, %d of them twice, of %s; reading again", feed, rows.count, twice, rows.total)
    raise ReconcilerError(
        f"{feed} was read {consistent_read.MOST_READS} times and never held as many records as Salesforce says",
        where=str(feed.where),
        note=f"{rows.count - twice:,} different records read, {rows.total:,} in Salesforce; none of them is kept",
        hint="try again when nobody is changing the records",
    )


def _describe_no_field(feed: SalesforceFeed, name: str) -> Problem:
    message = f"`{name}` is not a field of a Salesforce object"
    return Problem(feed.where, "no-field", message, hint="use its API name, such as `Phone` or `Account.Name`")
