"""Which phones must not be called, and which contacts have them?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.audience import phones, sources
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Phones, Suppression


def with_e164(backend: Any, people: Any, how: Phones) -> Any:
    """Add `e164` (null where the phone is none) to rows with `phone` and `region`."""
    import ibis

    written = people.mutate(region=ibis.coalesce(people["region"], ibis.literal(how.region, type="string")))
    distinct = written.select(raw="phone", region="region").filter(written["phone"].notnull()).distinct()
    known = phones.normalise(backend, distinct, how.rule).select("raw", known_region="region", e164="e164")
    # a region may be null on both sides, and null equals nothing
    same = [
        written["phone"] == known["raw"],
        written["region"].fill_null("") == known["known_region"].fill_null(""),
    ]
    return written.left_join(known, same).drop("raw", "known_region")


def numbers(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> Any:
    """The do-not-call numbers of a list, once each: column `e164`."""
    listed = with_e164(backend, sources.contacts(backend, read[suppression.numbers]), suppression.phones)
    return listed.filter(listed["e164"].notnull()).select("e164").distinct()


def unread(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> int:
    """How many entries of a do-not-call list are no phones."""
    listed = with_e164(backend, sources.contacts(backend, read[suppression.numbers]), suppression.phones)
    return sources.count(backend, listed.filter(listed["e164"].isnull()))


def suppressed_by(backend: Any, people: Any, suppress: tuple[Suppression, ...], read: Mapping[RowQuery, Rows]) -> Any:
    """Add `suppressed_by`: the name of the first list that has a contact's number, else null."""
    import ibis

    found = people
    for number, suppression in enumerate(suppress):
        listed = numbers(backend, suppression, read).mutate(**{f"on_list_{number}": True})
        found = found.left_join(listed, "e164").drop("e164_right")
    names = [(found[f"on_list_{number}"].notnull(), each.address.name) for number, each in enumerate(suppress)]
    by = ibis.cases(*names, else_=ibis.null("string")) if names else ibis.null("string")
    return found.mutate(suppressed_by=by).drop(*(f"on_list_{number}" for number in range(len(suppress))))
