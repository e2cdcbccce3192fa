"""Project who will be on a list, with which numbers, once a plan is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression
from reconciler.audience.relations import engine
from reconciler.audience.staging import number_to_call, staged_contacts, staged_members
from reconciler.model.intermediate_tables import PROJECTED_MEMBERS
from reconciler.model.list_change import RowChange
from reconciler.model.row_queries import MemberPhones, RowQuery, Rows
from reconciler.model.segment import Phones
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS, MEMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_ADDRESS = ("country", "postalCode", "timezone")
_ASKED = ("contactId", "postalCode", "timezone", "phone", "phones", "region", "place", "duplicate", "plain")
"""Of a contact: what its address and its number are told by."""


def project_filled_list(
    backend: BaseBackend,
    standing: MembershipDecision,
    change: RowChange,
    read: Mapping[RowQuery, Rows],
    phones: Rows | None,
    target: Path,
) -> Rows:
    """The people of a list that a segment fills, as `PROJECTED_MEMBERS`, written to `target`.

    A number is the one that is written with the contact, else the tenant's (`phones`, where they were read), else the
    source's. Who is in does not depend on it: where the segment reads no phones, they are read for this alone.
    """
    import ibis

    how = standing.segment.phones or Phones()
    now = staged_members.read_members(backend, read[change.members]).select("contactId", "member")
    changed = tables.read_table(backend, change.rows, MEMBER_CHANGES)
    rows = changed.select("action", row_id="contactId", row="member", written="e164")
    gone, updated, added = (rows.filter(rows["action"] == action) for action in ("remove", "update", "add"))
    stays = now.anti_join(gone, now["member"] == gone["row"])
    stays = stays.left_join(updated, stays["member"] == updated["row"])
    # a row whose number was another contact's is that contact's no more
    stays = stays.select("member", "written", contactId=ibis.coalesce(stays["row_id"], stays["contactId"]))
    everybody = ibis.union(stays, added.select(member="row", written="written", contactId="row_id"))
    told = _read_source(backend, standing, how, read, everybody).rename(told_id="contactId", told="e164")
    people = everybody.left_join(told, everybody["contactId"] == told["told_id"])
    number = [people["written"], people["told"]]
    if phones is not None:
        held = _read_numbers(backend, phones, how).rename(held_id="contactId", held="e164")
        people = people.left_join(held, people["member"] == held["held_id"])
        number = [people["written"], people["held"], people["told"]]
    people = people.mutate(e164=ibis.coalesce(*number))
    return tables.write_table(backend, people.select(*PROJECTED_MEMBERS.columns), target, PROJECTED_MEMBERS)


def project_current_list(backend: BaseBackend, phones: Rows, target: Path) -> Rows:
    """The people of a list that no segment fills, as `PROJECTED_MEMBERS`, written to `target`: who is on it now."""
    import ibis

    people = _read_numbers(backend, phones, Phones())
    people = people.mutate(contactId=people["who"], **{name: ibis.null("string") for name in _ADDRESS})
    return tables.write_table(backend, people.select(*PROJECTED_MEMBERS.columns), target, PROJECTED_MEMBERS)


def has_members(backend: BaseBackend, members: Rows, target: Path) -> Rows:
    """The same of a list whose phones nobody can read."""
    import ibis

    unknown = {name: ibis.null("string") for name in PROJECTED_MEMBERS.columns if name != "contactId"}
    people = staged_members.read_members(backend, members).select("contactId", **unknown)
    return tables.write_table(backend, people, target, PROJECTED_MEMBERS)


def _read_source(
    backend: BaseBackend, standing: MembershipDecision, how: Phones, read: Mapping[RowQuery, Rows], listed: Table
) -> Table:
    """What the segment's source says of some people: their numbers and addresses."""
    import ibis

    contacts = staged_contacts.read_contacts(backend, read[standing.segment.contacts])
    contacts = contacts.filter(~contacts["duplicate"]).semi_join(listed, "contactId")
    # a region that nobody can read is kept as it is written: nothing may be taken from it, least of all its absence
    unclear = contacts["region_fault"].notnull()
    country = ibis.ifelse(unclear, contacts["region"], contacts["country"])
    # what is not asked for is not carried through the joins
    contacts = contacts.select(*_ASKED, country=country)
    if standing.segment.phones is None:
        numbered = number_to_call.find_called_numbers(backend, contacts, how, standing.segment.contacts)
        return numbered.select("contactId", "e164", *_ADDRESS)
    everyone = tables.read_table(backend, standing.rows, DECISIONS)
    numbers = everyone.filter(~everyone["duplicate"]).select(id="contactId", e164="e164")
    addressed = contacts.select("contactId", *_ADDRESS)
    return addressed.left_join(numbers, addressed["contactId"] == numbers["id"]).drop("id")


def _read_numbers(backend: BaseBackend, phones: Rows, how: Phones) -> Table:
    """The number of each contact, by the id that the tenant itself has for it; `who` as ids are compared."""
    import ibis

    people = staged_contacts.read_contacts(backend, phones)
    read = suppression.add_e164(backend, people.filter(people["contactId"].notnull()), how)
    return read.select("e164", who="contactId", contactId=ibis.coalesce(read["sent_as"], read["contactId"]))


def find_shared_members(backend: BaseBackend, lists: Mapping[str, Rows]) -> dict[tuple[str, str], int]:
    """How many people of one list are on another as well, by (the one, the other); only pairs that share some.

    The same people are those with the same id, or with the same number: two contacts with one phone are called twice.
    """
    import ibis

    names: Sequence[str] = sorted(lists)
    keyed = []
    for number, name in enumerate(names):
        people = engine.read_rows(backend, lists[name])
        here = people.mutate(list=ibis.literal(number))
        keyed.append(here.select("list", "contactId", key=ibis.literal("id ") + here["contactId"]))
        reached = here.filter(here["e164"].notnull())
        keyed.append(reached.select("list", "contactId", key="e164"))
    if len(names) < 2:
        return {}
    mine = ibis.union(*keyed)
    theirs = mine.select(other="list", their_key="key").distinct()
    met = mine.inner_join(theirs, mine["key"] == theirs["their_key"])
    met = met.filter(met["list"] != met["other"]).select("list", "other", "contactId").distinct()
    counted = met.group_by("list", "other").agg(n=met.count()).order_by("list", "other")
    rows = engine.list_rows(backend, counted, tuple[int, int, int])
    return {(names[one], names[other]): count for one, other, count in rows}


def find_phone_query(name: str, read: Mapping[RowQuery, Rows]) -> Rows | None:
    """The phones of who is on a list now, where they were read."""
    found = (rows for query, rows in read.items() if isinstance(query, MemberPhones) and query.list == name)
    return next(found, None)
