"""Which phones must not be called, and which contacts have them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.audience import phones, sources
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Phones, Suppression


def with_e164(backend: Any, people: Any, how: Phones) -> Any:
    """Add `e164` (null where the phone is none, `phone_fault` says why) to contacts."""
    import ibis

    null = ibis.null("string")
    plain = people.filter(people["plain"].notnull())
    rest = people.filter(people["plain"].isnull()).drop("plain")
    region = ibis.coalesce(rest["region"], ibis.literal(how.region, type="string"))
    told = phones.normalised(backend, rest.mutate(region=region), how.rule)
    plain = plain.mutate(e164=plain["plain"], phone_fault=null).select(*told.columns)
    return ibis.union(plain, told)


def numbers(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> Any:
    """The do-not-call numbers of a list, with those that outcomes add: column `e164`, without nulls."""
    import ibis

    asked = [suppression.numbers, *(query for query in suppression.also if query in read)]
    found = []
    for query in asked:
        listed = with_e164(backend, sources.contacts(backend, read[query]), suppression.phones)
        found.append(listed.filter(listed["e164"].notnull()).select("e164"))
    return ibis.union(found[0], *found[1:]) if len(found) > 1 else found[0]


def unread(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> int:
    """How many entries of a do-not-call list are no phones."""
    listed = with_e164(backend, sources.contacts(backend, read[suppression.numbers]), suppression.phones)
    return sources.count(backend, listed.filter(listed["e164"].isnull()))


def suppressed_by(backend: Any, people: Any, suppress: tuple[Suppression, ...], read: Mapping[RowQuery, Rows]) -> Any:
    """Add `suppressed_by`: the name of the first list that has a contact's number, else null."""
    import ibis

    listed = [
        (people["e164"].isin(numbers(backend, each, read)["e164"]).fill_null(False), each.address.name)
        for each in suppress
    ]
    return people.mutate(
        suppressed_by=ibis.cases(*listed, else_=ibis.null("string")) if listed else ibis.null("string")
    )
