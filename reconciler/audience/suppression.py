"""Which phones must not be called, and which contacts have them?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from reconciler.audience import engine, phones, sources
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Phones, Suppression


def with_e164(backend: Any, people: Any, how: Phones) -> Any:
    """Add `e164` (null where the phone is none, `phone_fault` says why) to contacts."""
    return phones.normalised(backend, people, how.rule, how.region)


def numbers(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> Any:
    """The do-not-call numbers of a list, with those that outcomes add: column `e164`, without nulls."""
    import ibis

    asked = [suppression.numbers, *(query for query in suppression.also if query in read)]
    found = [_listed(backend, read[query], suppression.phones) for query in asked]
    listed = ibis.union(found[0], *found[1:]) if len(found) > 1 else found[0]
    return listed.filter(listed["e164"].notnull())


def unread(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> int:
    """How many entries of a do-not-call list are no phones."""
    listed = _listed(backend, read[suppression.numbers], suppression.phones)
    return sources.count(backend, listed.filter(listed["e164"].isnull()))


def _listed(backend: Any, rows: Rows, how: Phones) -> Any:
    """Column `e164` of each entry of a list, null where it is no phone; told once, for whoever asks in this run."""
    found = rows.path.stat()
    facts = (str(rows.path), found.st_size, found.st_mtime_ns, how.rule, how.region)
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    file = engine.scratch(backend) / f"numbers-{name}.parquet"
    if not file.exists():
        listed = with_e164(backend, sources.contacts(backend, rows), how)
        part = file.with_suffix(".part")
        engine.write(backend, listed.select("e164"), part)
        part.rename(file)
    return engine.parquet(backend, file)


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
