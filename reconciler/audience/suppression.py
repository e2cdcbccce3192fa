"""Which phones must not be called, and which contacts have them?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from reconciler.audience import engine, phones, sources
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Phones, Suppression

_ENTRY = ("subscribers", "phone", "phone_fault", "place", "fault")


def with_e164(backend: Any, people: Any, how: Phones) -> Any:
    """Add `e164` (null where the phone is none, `phone_fault` says why) and `subscribers` to contacts."""
    return phones.normalised(backend, people, how.rule, how.region)


def numbers(backend: Any, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> Any:
    """Whom a list says not to call, with those that outcomes add: column `subscriber`, each key once."""
    import ibis

    asked = [suppression.numbers, *(query for query in suppression.also if query in read)]
    found = [entries(backend, read[query], suppression.phones) for query in asked]
    listed = ibis.union(found[0], *found[1:]) if len(found) > 1 else found[0]
    return listed.select(subscriber=listed["subscribers"].unnest()).distinct()


def entries(backend: Any, rows: Rows, how: Phones) -> Any:
    """Each entry of a part of a list, told once, for whoever asks in this run.

    Columns: `subscribers`, whom it reaches; `phone`, as it is written; `within`, the region it is read in (empty:
    none); `phone_fault`, why it is no number; `place`; `fault`, why its row cannot be read.
    """
    found = rows.path.stat()
    facts = (str(rows.path), found.st_size, found.st_mtime_ns, how.rule, how.region)
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    file = engine.scratch(backend) / f"numbers-{name}.parquet"
    if not file.exists():
        listed = with_e164(backend, sources.contacts(backend, rows), how)
        part = file.with_suffix(".part")
        engine.write(backend, listed.select(*_ENTRY, within=phones.within(listed, how.region)), part)
        part.rename(file)
    return engine.parquet(backend, file)


def suppressed_by(backend: Any, people: Any, suppress: tuple[Suppression, ...], read: Mapping[RowQuery, Rows]) -> Any:
    """Add `suppressed_by`: the name of the first list that has a contact's number, else null."""
    import ibis

    if not suppress:
        return people.mutate(suppressed_by=ibis.null("string"))
    listed = [
        numbers(backend, each, read).mutate(rank=ibis.literal(rank, "int64")) for rank, each in enumerate(suppress)
    ]
    every = ibis.union(listed[0], *listed[1:]) if len(listed) > 1 else listed[0]
    found = reached(people, every)
    names = [(found["rank"] == rank, each.address.name) for rank, each in enumerate(suppress)]
    return found.mutate(suppressed_by=ibis.cases(*names, else_=ibis.null("string"))).drop("rank")


def reached(people: Any, listed: Any) -> Any:
    """Add `rank`: the lowest of the listed subscribers that a row's `subscribers` name; null where none is.

    Args:
        people: rows with the column `subscribers`. listed: `subscriber` and `rank` (int64).
    """
    # by a text: DuckDB 2.0 finds lists equal in a join that are not, where they have just been made
    people = people.mutate(whose=people["subscribers"].join(" "))
    told = people.select("whose", key=people["subscribers"].unnest())
    met = told.inner_join(listed, told["key"] == listed["subscriber"])
    hits = met.group_by(reached="whose").agg(rank=met["rank"].min())
    return people.left_join(hits, people["whose"] == hits["reached"]).drop("whose", "reached")
