# tested by: tests/audience/test_source_cases.py
"""Map the rows of a source to do-not-call entries.

Each number of a row is an entry of its own, in the place of its row. A cell in which nothing stands is no entry. A row
that cannot be read is an entry that nobody can read, and never none: the number in it is somebody's. For the same
reason a row counts wherever it cannot be said whether it does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial, reduce
from operator import and_
from typing import TYPE_CHECKING

from reconciler.audience.relations.reasons import find_fault
from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import (
    column_mapping,
    consent_and_dnc_conditions,
    instants,
    phone_columns,
    region_to_country,
)
from reconciler.model.source_specs import Answers, ContactFeed, Entries
from reconciler.model.tables import RAW_CONTACTS

if TYPE_CHECKING:
    from ibis import Column, Table

    from reconciler.audience.staging.column_mapping import MapRows


def find_mapping(feed: ContactFeed, now: datetime | None = None) -> MapRows:
    """What makes rows of a feed's: contacts, or the entries that have not expired at a moment (left out: this one)."""
    if feed.entries is None:
        return partial(column_mapping.map_contacts, feed=feed)
    return partial(map_entries, feed=feed, now=now or datetime.now(UTC))


def map_entries(rough: RawRows, feed: ContactFeed, now: datetime) -> Table:
    """The entries of a source with the columns `mapping.CONTACTS`, of which they have `phone` and what says where.

    `fault` says why the row cannot be understood; `phone` is null only where that is so. A number that stands in such a
    row all the same is an entry with both.
    """
    import ibis

    how = feed.entries or Entries()
    table, told = rough.table, column_mapping.MappedColumns(rough, feed)
    columns = {name: rough.table[column] for name, column in rough.columns.items()}
    counts, faults = ibis.literal(True), [table["fault"]]
    if how.condition is not None:
        said = consent_and_dnc_conditions.compile_consent(
            how.condition, columns, feed.where, of=consent_and_dnc_conditions.ENTRIES
        )
        counts = counts & said.fill_null(True)
    if how.answers is not None:
        passes, fault = _read_answer(columns[how.answers.column], how.answers)
        counts, faults = counts & ~passes, [*faults, fault]
    if told.says("expires"):
        over, fault = _has_expired(told["expires"], now)
        counts, faults = counts & ~over, [*faults, fault]
    unread = table["fault"].notnull()
    lacking = _lacks_phone(rough, feed)
    faults = [*faults, find_fault((lacking, "no_phone_key"))]
    # a row that cannot be read is one entry without a number
    numbers = ibis.ifelse(unread | lacking, ibis.array([ibis.null("string")]), _list_numbers(rough, feed, how))
    rows = table.filter(unread | counts).select(
        contactId=told["contactId"],
        country=region_to_country.blank_to_null(told["region"]),
        place=table["place"],
        fault=ibis.coalesce(*faults),
        numbers=numbers,
    )
    each = rows.select("contactId", "country", "place", "fault", phone=rows["numbers"].unnest())
    region = each["country"] if feed.region is None else ibis.coalesce(each["country"], ibis.literal(feed.region))
    each = each.mutate(phones=ibis.array([each["phone"]]), region=region)
    unsaid = {name: ibis.null(kind) for name, kind in RAW_CONTACTS.types.items() if name not in each.columns}
    return each.mutate(**unsaid).select(*RAW_CONTACTS.columns)


def _lacks_phone(rough: RawRows, feed: ContactFeed) -> Column:
    """Whether a row has no place for a phone at all: one that says null, or holds blanks, has one, and is no entry."""
    import ibis

    named = sorted({column for parts in feed.phones for column in parts})
    if not named or not all(column in rough.kinds for column in named):
        return ibis.literal(False)
    return reduce(and_, (rough.table[rough.kinds[column]].isnull() for column in named))


def _list_numbers(rough: RawRows, feed: ContactFeed, how: Entries) -> Column:
    """The numbers of a row, as an array; of a cell with several, each part that is not blank."""
    written = phone_columns.read_phone_columns(rough, feed)
    if how.separator is None:
        return phone_columns.has_phone(written)
    separator = how.separator
    apart = [phone.fill_null("").split(separator) for phone in written]
    every = reduce(lambda several, more: several.concat(more), apart)
    return every.map(lambda phone: phone.strip()).filter(lambda phone: phone != "")


def _read_answer(answer: Column, answers: Answers) -> tuple[Column, Column]:
    """Whether a row is no entry by its answer, and the fault of one whose answer nobody has named."""
    import ibis

    said = answer.fill_null("").strip().lower()
    passes = said.isin(answers.skip) if answers.skip else ibis.literal(False)
    named = said.isin([*answers.skip, *answers.suppress])
    return passes, find_fault((~named & (said == ""), "answer_empty"), (~named, "answer_unknown"))


_DAY = r"^\s*\d{4}-\d\d-\d\d\s*$"
_NAIVE = r"^\s*\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d([.,]\d+)?\s*$"


_EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
"""Seconds: what is written as earlier stands for no time at all (0001-01-01, 1900-01-00, 1970-01-01)."""


def _has_expired(written: Column, now: datetime) -> tuple[Column, Column]:
    """Whether an entry has expired, and the fault of one whose expiry cannot be read, which has not.

    Where no offset is said the time is that of the last place on earth, UTC-12; a day counts to its end.
    """
    import ibis

    text = written.strip()
    whole = ibis.cases(
        (text.re_search(_DAY), text + ibis.literal("T23:59:59-12:00")),
        (text.re_search(_NAIVE), text + ibis.literal("-12:00")),
        else_=text,
    )
    # as numbers: texts of years beyond 9999 sort before all others
    moment = instants.parse_epoch(whole)
    # by the year as well that is written: at the end of 1999 it is 2000 already somewhere
    early = (moment < _EARLIEST) | (text.left(4) < "2000")
    moment = ibis.ifelse(early, ibis.null("int64"), moment)
    unread = ~column_mapping.is_empty(written) & moment.isnull()
    over = (moment < int(now.timestamp())).fill_null(False)
    return over, find_fault((unread, "not_a_day_or_time", "expires"))
