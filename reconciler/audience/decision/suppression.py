"""Find the phones that must not be called, and the contacts who have them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import phone_normalisation, staged_contacts
from reconciler.model.row_queries import ContactsOf, RowQuery, Rows
from reconciler.model.segment import Phones, Suppression
from reconciler.model.tables import DNC_ENTRIES

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def add_e164(backend: BaseBackend, people: Table, how: Phones) -> Table:
    """Add `e164` (null where the phone is none, `phone_fault` says why) and `subscribers` to contacts."""
    return phone_normalisation.normalise_phones(backend, people, how.rule, how.region)


_CONTACT = "contact "
"""How the key of a contact itself begins, beside those of the numbers that reach it."""


def add_contact_entries(people: Table, suppress: Iterable[Suppression]) -> Table:
    """Contacts whose `subscribers` name themselves as well, where a list of the tenant says whom not to call.

    Who stands on such a list is not to be called by any number, be it that the list has none of theirs.
    """
    import ibis

    if not any(isinstance(query, ContactsOf) for each in suppress for query in each.read):
        return people
    none = ibis.literal([], "array<string>")
    themselves = ibis.ifelse(
        people["contactId"].isnull(), none, ibis.array([ibis.literal(_CONTACT) + people["contactId"]])
    )
    return people.mutate(subscribers=ibis.coalesce(people["subscribers"], none).concat(themselves))


def add_list_numbers(backend: BaseBackend, people: Table, lists: Iterable[Rows], how: Phones) -> Table:
    """Contacts whose `subscribers` are also those of the numbers that lists of the tenant have for them.

    What the tenant has is what it dials where contacts are written by their ids, whatever their source says.
    """
    import ibis

    none = ibis.literal([], "array<string>")
    for rows in lists:
        there = add_e164(backend, staged_contacts.read_contacts(backend, rows), how)
        there = there.filter(there["contactId"].notnull(), there["subscribers"].length() > 0)
        there = there.select(known_there="contactId", reached_there="subscribers")
        met = people.left_join(there, people["contactId"] == there["known_there"])
        both = ibis.coalesce(met["subscribers"], none).concat(ibis.coalesce(met["reached_there"], none)).unique().sort()
        reached = ibis.ifelse(met["reached_there"].isnull(), met["subscribers"], both)
        people = met.mutate(subscribers=reached).drop("known_there", "reached_there")
    return people


def read_numbers(backend: BaseBackend, suppression: Suppression, read: Mapping[RowQuery, Rows]) -> Table:
    """Whom a list says not to call, with those that outcomes add: column `subscriber`, each key once.

    The members of a list of the tenant are named by their numbers, and as the contacts that they are.
    """
    import ibis

    asked = [suppression.numbers, *(query for query in suppression.also if query in read)]
    found = []
    for query in asked:
        listed = read_entries(backend, read[query], suppression.phones)
        found.append(listed.select(subscriber=listed["subscribers"].unnest()))
        if isinstance(query, ContactsOf):
            there = staged_contacts.read_contacts(backend, read[query])
            there = there.filter(there["contactId"].notnull())
            found.append(there.select(subscriber=ibis.literal(_CONTACT) + there["contactId"]))
    return (ibis.union(found[0], *found[1:]) if len(found) > 1 else found[0]).distinct()


def read_entries(backend: BaseBackend, rows: Rows, how: Phones) -> Table:
    """Each entry of a part of a list, told once, for whoever asks in this run: `DNC_ENTRIES`."""
    found = rows.path.stat()
    facts = (str(rows.path), found.st_size, found.st_mtime_ns, how.rule, how.region)
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    file = engine.find_scratch(backend) / f"numbers-{name}.parquet"
    if not file.exists():
        listed = add_e164(backend, staged_contacts.read_contacts(backend, rows), how)
        listed = listed.mutate(within=phone_normalisation.choose_region(listed, how.region))
        part = file.with_suffix(".part")
        tables.write_table(backend, listed.select(*DNC_ENTRIES.columns), part, DNC_ENTRIES)
        part.rename(file)
    return tables.check_table(engine.read_parquet(backend, file), DNC_ENTRIES)


def add_suppressed_by(
    backend: BaseBackend, people: Table, suppress: tuple[Suppression, ...], read: Mapping[RowQuery, Rows]
) -> Table:
    """Add `suppressed_by`: the name of the first list that has a contact's number, else null."""
    import ibis

    if not suppress:
        return people.mutate(suppressed_by=ibis.null("string"))
    listed = [
        read_numbers(backend, each, read).mutate(rank=ibis.literal(rank, "int64")) for rank, each in enumerate(suppress)
    ]
    every = ibis.union(listed[0], *listed[1:]) if len(listed) > 1 else listed[0]
    found = match_entries(people, every)
    names = [(found["rank"] == rank, each.address.name) for rank, each in enumerate(suppress)]
    return found.mutate(suppressed_by=ibis.cases(*names, else_=ibis.null("string"))).drop("rank")


def match_entries(people: Table, listed: Table) -> Table:
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
