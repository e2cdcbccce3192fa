# tested by: tests/audience/sources/test_files.py
"""Map the columns of a source to contacts and interactions, with a fault for each row that cannot be used.

Every source gives text; what is not text is read from it here. A row that cannot be used stays, with its fault.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine, numeric_parsing, reasons
from reconciler.audience.relations.reasons import ReasonCell, find_fault, read_reason
from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import attribute_values, consent_and_dnc_conditions, phone_columns, region_to_country
from reconciler.audience.staging.instants import CLOCK, parse_utc
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.reason import Counted
from reconciler.model.row_queries import Rows
from reconciler.model.source_specs import ContactFeed, DispositionFeed, Feed, HistoryFeed
from reconciler.model.tables import RAW_CONTACTS, RAW_DISPOSITIONS, RAW_INTERACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ibis import BaseBackend, Column, Table
    from ibis.backends.duckdb import Backend as DuckDB

    MapRows = Callable[[RawRows], Table]

_OURS = {"phones", "country", "place", "fault", "doubts", "optedIn", "attributes", "custom"}
"""Columns of `RAW_CONTACTS` and `RAW_DISPOSITIONS` that no manifest maps as they are."""

_EXACT = ("contactId", "phone", "id", "agent")
_PERSONAL = ("name", "firstName", "lastName", "email")

SHOWN = 20


def list_columns(feed: Feed) -> set[str]:
    """The source's columns that a feed speaks of.

    Raises:
        BadInput: its condition for consent is none.
        ValueError: it maps a canonical column that there is not, or no contacts.
    """
    known, required = RAW_INTERACTIONS.types, {"contactId", "startTime"}
    if isinstance(feed, ContactFeed):
        known, required = RAW_CONTACTS.types, {"contactId"}
        if feed.entries is not None:
            known, required = {**RAW_CONTACTS.types, "expires": "string"}, set()
    elif isinstance(feed, DispositionFeed):
        known, required = RAW_DISPOSITIONS.types, {"contactId", "outcome", "agent"}
    named = {canonical for canonical, _ in feed.columns}
    if not required <= named or named - (set(known) - _OURS):
        raise ValueError(f"columns {sorted(named)}")
    wanted = {column for _, column in feed.columns}
    if isinstance(feed, DispositionFeed):
        wanted |= {column for _, column in feed.custom}
    if isinstance(feed, ContactFeed):
        wanted |= {column for parts in feed.phones for column in parts}
        wanted |= {column for _, column in feed.attributes}
        if feed.opted_in is not None:
            wanted |= consent_and_dnc_conditions.list_columns(feed.opted_in, feed.where)
        if feed.entries is not None and feed.entries.condition is not None:
            wanted |= consent_and_dnc_conditions.list_columns(
                feed.entries.condition, feed.where, of=consent_and_dnc_conditions.ENTRIES
            )
        if feed.entries is not None and feed.entries.answers is not None:
            wanted.add(feed.entries.answers.column)
    return wanted


def list_exact_columns(feed: Feed) -> list[tuple[str, str]]:
    """The columns that are texts or whole numbers, as pairs of a meaning and a source's column.

    A fraction in an id or a phone has lost digits, or gains a zero.
    """
    phones = feed.phones if isinstance(feed, ContactFeed) else ()
    found = [(name, column) for name, column in feed.columns if name in _EXACT]
    return found + [("phone", column) for parts in phones for column in parts]


def list_value_columns(feed: Feed) -> list[str]:
    """The source's columns whose values go to the wire as they are, in the types that the source gives them."""
    if isinstance(feed, DispositionFeed):
        return sorted({column for _, column in feed.custom})
    return sorted({column for _, column in feed.attributes}) if isinstance(feed, ContactFeed) else []


def map_contacts(rough: RawRows, feed: ContactFeed) -> Table:
    """The contacts of a source, with the columns of `RAW_CONTACTS`."""
    import ibis

    table, told = rough.table, MappedColumns(rough, feed)
    phones = phone_columns.read_phone_columns(rough, feed)
    said = told["engagementScore"].nullif("")
    score = ibis.ifelse(said.re_search(numeric_parsing.NUMBER), said.try_cast("float64"), ibis.null("float64"))
    score = ibis.ifelse(score.isinf(), ibis.null("float64"), score)
    attributes, unreadable = attribute_values.read_values(rough, feed.attributes, dict(feed.types))
    region = region_to_country.blank_to_null(told["region"])
    columns = {
        **{name: told[name] for name in ("contactId", *_PERSONAL, "postalCode", "timezone")},
        "phone": phone_columns.pick_first_phone(phones),
        "phones": phone_columns.list_phones(phones),
        "country": region,
        "region": region if feed.region is None else ibis.coalesce(region, ibis.literal(feed.region)),
        "optedIn": _read_consent(rough, feed),
        # a source that does not speak of a status has only contacts that count
        "status": told["status"] if told.says("status") else ibis.literal("ACTIVE"),
        "engagementScore": score,
        "attributes": attributes,
        "place": table["place"],
        "fault": ibis.coalesce(
            table["fault"],
            find_fault(
                (is_empty(told["contactId"]), "empty", "contactId"),
                (said.notnull() & score.isnull(), "not_a_number", "engagementScore"),
            ),
            unreadable,
        ),
        "doubts": _list_doubts(table, told["contactId"]),
    }
    return table.select(**{name: columns[name] for name in RAW_CONTACTS.types})


def _list_doubts(table: Table, contact: Column) -> Column:
    import ibis

    named = table["doubts"] if "doubts" in table.columns else ibis.array([contact])
    return ibis.ifelse(table["fault"].isnull(), ibis.null("array<string>"), named)


def map_interactions(rough: RawRows, feed: HistoryFeed) -> Table:
    """The interactions of a source, with the columns of `RAW_INTERACTIONS`; without an id, a row's place is its id."""
    import ibis

    table, told = rough.table, MappedColumns(rough, feed)
    start, moment = told["startTime"], parse_utc(told["startTime"])
    kind = told["type"] if told.says("type") else ibis.literal(feed.type, "string")
    columns = {
        "id": told["id"] if told.says("id") else table["place"],
        "contactId": told["contactId"],
        "startTime": moment,
        "type": kind,
        "place": table["place"],
        "fault": ibis.coalesce(
            table["fault"],
            find_fault(
                (is_empty(told["id"]) if told.says("id") else ibis.literal(False), "empty", "id"),
                (is_empty(told["contactId"]), "empty", "contactId"),
                (is_empty(start), "empty", "startTime"),
                (start.re_search(CLOCK + "$"), "no_time_zone", "startTime"),
                (moment.isnull(), "not_a_time", "startTime"),
                (is_empty(kind), "empty", "type"),
            ),
        ),
    }
    return table.select(**{name: columns[name] for name in RAW_INTERACTIONS.types})


class MappedColumns:
    """A source's columns by their canonical names; null where it has none of that meaning."""

    def __init__(self, rough: RawRows, feed: Feed) -> None:
        self._table, self._named = rough.table, {name: rough.columns[column] for name, column in feed.columns}

    def says(self, name: str) -> bool:
        return name in self._named

    def __getitem__(self, name: str) -> Column:
        import ibis

        return self._table[self._named[name]] if name in self._named else ibis.null("string")


def is_empty(text: Column) -> Column:
    """Whether a text is not there, or only blanks."""
    return text.isnull() | (text.strip() == "")


def _read_consent(rough: RawRows, feed: ContactFeed) -> Column:
    import ibis

    if feed.opted_in is None:
        return ibis.null("boolean")
    columns = {name: rough.table[column] for name, column in rough.columns.items()}
    return consent_and_dnc_conditions.compile_consent(feed.opted_in, columns, feed.where)


def collect_parts(backend: DuckDB, parts: list[Path], feed: Feed, into: Path, columns: Mapping[str, str]) -> Rows:
    """Make one file of the mapped parts, which only its owner may read; refuse it if the feed says so.

    Raises:
        BadInput: rows cannot be used and the feed refuses such: the first of them with their places, and how many.
    """
    everything = backend.read_parquet([str(part) for part in parts])
    rows = sum(engine.count_parquet(part) for part in parts)
    if feed.on_invalid == "refuse":
        _refuse(backend, everything, feed, rows)
    handle, target = tempfile.mkstemp(prefix="told-", suffix=".parquet", dir=into)
    os.close(handle)
    if len(parts) == 1:
        whole = parts[0]
    else:
        whole = parts[0].with_name("whole.parquet")
        everything.to_parquet(str(whole))
    whole.chmod(0o600)
    return Rows(whole.replace(target), "parquet", columns, rows)


def _refuse(backend: BaseBackend, everything: Table, feed: Feed, rows: int) -> None:
    faulty = everything.filter(everything["fault"].notnull())
    faults = reasons.list_faults(backend, everything)
    if not faults:
        return
    number = faulty["place"].re_extract(r"(\d+)$", 1).cast("int64")
    first = faulty.order_by(faulty["place"].re_extract(r"^(.*?)\d+$", 1), number).limit(SHOWN)
    shown = engine.list_rows(backend, first.select("place", "fault"), tuple[str, ReasonCell])
    total = sum(each.count for each in faults)
    entries = getattr(feed, "entries", None) is not None
    skipped = "count them as entries that nobody can read" if entries else "leave such rows out and count them"
    summary = Problem(
        feed.where,
        "rows-refused",
        f"{total:,} of {rows:,} {'entries' if entries else 'rows'} cannot be used",
        faults=tuple(faults),
        hint=f"correct the source, or say `onInvalid: skip` to {skipped}",
    )
    raise BadInput([summary, *(_bad_row(place, fault) for place, fault in shown)])


def _bad_row(place: str, fault: ReasonCell) -> Problem:
    why = Counted(read_reason(fault), 1)
    return Problem(locate_row(place), "bad-row", "this row cannot be used", faults=(why,))


def locate_row(place: str) -> Location:
    """The place of a row as a location: `file:line`, or the text as it is."""
    file, _, line = place.rpartition(":")
    return Location(file, int(line)) if file and line.isdigit() else Location(place)
