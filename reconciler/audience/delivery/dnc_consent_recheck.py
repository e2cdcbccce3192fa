# tested by: tests/steps/apply/test_suppression_recheck.py
"""Recheck the contacts of a list at apply against current do-not-call sources and consent.

The sources are read again when the plan is applied; the plan's own rows say by which numbers each contact is reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression
from reconciler.audience.relations import engine
from reconciler.audience.sources import raw_rows
from reconciler.audience.staging import equivalent_contact_ids, number_to_call, staged_contacts, staged_members
from reconciler.model.list_change import RowChange
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Phones, Segment, Suppression
from reconciler.model.tables import DECISIONS, MEMBER_CHANGES, REACHED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

Read = Mapping[RowQuery, Rows]
Found = Iterator[tuple[str, str]]
"""Contacts, each with the name of the first list that has one of its numbers."""

UNREAD = "(unread)"
"""In the place of a list: the tenant has a number of theirs that no list can be asked for."""

NO_CONSENT = "no consent in the source"
"""In the place of a list: whose consent the source does not have any more."""

_STREAMED = 10_000


def write_reached(
    backend: BaseBackend, members: Rows, standing: Rows, target: Path, *, all_known: bool = False
) -> Rows:
    """By which numbers each member of a list is reached, as the segment's source has them: `REACHED_MEMBERS`.

    Of members whom it knows without a number only where `all_known`.
    """
    here = staged_members.read_members(backend, members).select("contactId", "member")
    everyone = tables.read_table(backend, standing, DECISIONS)
    known = everyone.filter(~everyone["duplicate"])
    known = known if all_known else known.filter(known["subscribers"].length() > 0)
    known = known.select(known="contactId", subscribers="subscribers")
    joined = here.inner_join(known, here["contactId"] == known["known"])
    rows = joined.select(*REACHED_MEMBERS.columns).order_by("contactId", "member")
    return tables.write_table(backend, rows, target, REACHED_MEMBERS)


def recheck_planned(backend: BaseBackend, change: RowChange, segment: Segment, read: Read) -> Found:
    """Whom a change puts on its list, or leaves there, though a number that its source has is on a list by now."""
    if segment.suppress:
        yield from _find_listed(backend, _select_on_list_after(backend, change), segment.suppress, read)


def recheck_consent(backend: BaseBackend, change: RowChange, segment: Segment, contacts: Rows) -> Found:
    """The same for whom the source says by now that no consent is given, or not that it is; each with that in words.

    Whoever is in the source no more has said nothing since the plan.

    Args:
        contacts: the segment's source, as it is now.
    """
    told = staged_contacts.read_contacts(backend, contacts)
    told = told.filter(~told["duplicate"])
    consents = told["optedIn"].fill_null(segment.calls_unrecorded)
    refused = told.filter(~consents).select("contactId").distinct()
    people = _select_on_list_after(backend, change).select("contactId").distinct()
    for chunk in engine.stream_rows(backend, people.semi_join(refused, "contactId"), _STREAMED, tuple[str]):
        yield from ((contact, NO_CONSENT) for (contact,) in chunk)


def _select_on_list_after(backend: BaseBackend, change: RowChange) -> Table:
    """Whom a change puts on its list, or leaves there, by contactId, with the keys of their numbers."""
    import ibis

    rows = tables.read_table(backend, change.rows, MEMBER_CHANGES)
    people = rows.filter(rows["action"] != "remove").select("contactId", "subscribers")
    if change.reached is not None and change.reached.count:
        here = tables.read_table(backend, change.reached, REACHED_MEMBERS)
        stays = here.anti_join(_select_leaving(rows), "member").select("contactId", "subscribers")
        people = ibis.union(people, stays)
    return people


def _select_leaving(rows: Table) -> Table:
    """The rows of the list, by their ids on it, that a change takes off it anyway."""
    import ibis

    removed = rows.filter(rows["action"] == "remove")
    return removed.select(member=ibis.coalesce(removed["member"], removed["sent_as"], removed["contactId"]))


def recheck_live(backend: BaseBackend, contacts: Rows, segment: Segment, read: Read) -> Found:
    """Members of a list, by their ids in the tenant, whose number there is on a list by now: it is what is dialled.

    One that cannot be read may be on any of them (`UNREAD`).
    """
    import ibis

    # a number need only be possible to be dialled
    how = replace(segment.phones or Phones(), rule="possible")
    there = engine.read_rows(backend, contacts)
    there = equivalent_contact_ids.join_same_ids(
        there.select("contactId", "phone"),
        "contactId",
        equivalent_contact_ids.find_odd_ids(backend, there["contactId"]),
    )
    # ids as the list has them, and not as they are compared, but for whom they are
    people = there.select(member="contactId", contactId="same", phone="phone", region=ibis.null("string"))
    people = suppression.add_e164(backend, people, how)
    lost = people.filter(number_to_call.is_unread(people)).select("member").distinct()
    for chunk in engine.stream_rows(backend, lost, _STREAMED, tuple[str]):
        yield from ((member, UNREAD) for (member,) in chunk)
    people = suppression.add_contact_entries(people, segment.suppress)
    yield from _find_listed(backend, people.select("subscribers", contactId="member"), segment.suppress, read)


def describe_removal(by: str) -> str:
    """Why somebody was taken off a list for the number that the tenant has: it is on a list, or cannot be read."""
    return "the number that the tenant has " + ("cannot be read" if by == UNREAD else f"is on {by}")


def _find_listed(backend: BaseBackend, people: Table, suppress: Sequence[Suppression], read: Read) -> Found:
    numbers = engine.read_parquet(backend, _write_numbers(backend, suppress, read))
    each = people.select("contactId", subscriber=people["subscribers"].unnest())
    hit = each.inner_join(numbers, each["subscriber"] == numbers["listed"])
    once = hit.group_by("contactId").agg(first=hit["first"].min())
    for chunk in engine.stream_rows(backend, once, _STREAMED, tuple[str, int]):
        for contact, first in chunk:
            yield contact, str(suppress[first].address)


def _write_numbers(backend: BaseBackend, suppress: Sequence[Suppression], read: Read) -> Path:
    """The subscribers that some lists name, each with the place of the first list: computed once for what was read."""
    import ibis

    facts = [
        (each.phones, [(str(read[query].path), read[query].path.stat().st_mtime_ns) for query in each.read])
        for each in suppress
    ]
    name = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    file = engine.find_scratch(backend) / f"listed-{name}.parquet"
    if not file.exists():
        told = []
        for place, each in enumerate(suppress):
            named = suppression.read_numbers(backend, each, read)
            told.append(named.select(listed="subscriber", first=ibis.literal(place, "int64")))
        every = ibis.union(told[0], *told[1:]) if len(told) > 1 else told[0]
        part = file.with_suffix(".part")
        engine.write_parquet(backend, every.group_by("listed").agg(first=every["first"].min()), part)
        part.rename(file)
    return file


def recheck_members(
    backend: BaseBackend, change: RowChange, members: Rows, out: Sequence[str], tenant: Sequence[str], into: Path
) -> list[tuple[str, str]]:
    """Who is on a list and may not be, as (contact, its id on the list); whom the change takes off it anyway aside.

    Args:
        out: contacts, by the ids that they were sent under. tenant: members, by their ids in the tenant.
    """
    import ibis

    if not (out or tenant):
        return []
    barred = engine.read_rows(backend, raw_rows.write_ids(out, into / "barred-contacts.parquet"))
    there = engine.read_rows(backend, raw_rows.write_ids(tenant, into / "barred-members.parquet"))
    here = staged_members.read_members(backend, members).select("contactId", "member")
    wrong = here["contactId"].isin(barred["id"]) | here["member"].isin(there["id"])
    found = here.filter(wrong.fill_null(ibis.literal(False)))
    found = found.anti_join(
        _select_leaving(tables.read_table(backend, change.rows, MEMBER_CHANGES)), "member"
    ).order_by("member")
    return engine.list_rows(backend, found, tuple[str, str])
