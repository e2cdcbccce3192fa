"""How do a source's rows become do-not-call entries?

Each number of a row is an entry of its own, in the place of its row. A cell in which nothing stands is no entry. A row
that cannot be read is an entry that nobody can read, and never none: the number in it is somebody's.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from reconciler.audience import phone_columns, regions
from reconciler.audience.rough import Rough
from reconciler.model.feeds import ContactFeed, Entries


def entries(rough: Rough, feed: ContactFeed, how: Entries) -> Any:
    """The entries of a source with the columns `contactId`, `phone`, `phones`, `region`, `place` and `fault`.

    `phone` is null where `fault` says why the row cannot be read, and nowhere else; `phones` holds the same number.
    """
    import ibis

    table, named = rough.table, dict(feed.columns)

    def said(name: str) -> Any:
        return table[rough.columns[named[name]]] if name in named else ibis.null("string")

    # a row that cannot be read is one entry without a number
    unread = ibis.array([ibis.null("string")])
    rows = table.select(
        contactId=said("contactId"),
        region=regions.written(said("region"))
        if feed.region is None
        else ibis.coalesce(regions.written(said("region")), ibis.literal(feed.region)),
        place=table["place"],
        fault=table["fault"],
        numbers=ibis.ifelse(table["fault"].notnull(), unread, _numbers(rough, feed, how)),
    )
    each = rows.select("contactId", "region", "place", "fault", phone=rows["numbers"].unnest())
    return each.mutate(phones=ibis.array([each["phone"]]))


def _numbers(rough: Rough, feed: ContactFeed, how: Entries) -> Any:
    """The numbers of a row, as an array; of a cell with several, each part that is not blank."""
    written = phone_columns.written(rough, feed)
    if how.separator is None:
        return phone_columns.there(written)
    separator = how.separator
    apart = [phone.fill_null("").split(separator) for phone in written]
    every = reduce(lambda several, more: several.concat(more), apart)
    return every.map(lambda phone: phone.strip()).filter(lambda phone: phone != "")
