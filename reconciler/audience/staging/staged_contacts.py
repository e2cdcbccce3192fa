# tested by: tests/audience/relations/test_relations.py
"""Stage contacts: one row for each row of a source, typed, with the fault of each that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine, numeric_parsing
from reconciler.audience.relations.reasons import find_fault, make_no_reason
from reconciler.audience.staging import equivalent_contact_ids, region_to_country
from reconciler.model.row_queries import Rows
from reconciler.model.tables import RAW_CONTACTS, STAGED_CONTACTS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

ACTIVE = "ACTIVE"


_OPTIONAL = {name: kind for name, kind in RAW_CONTACTS.types.items() if name != "contactId"}
_OPTIONAL["engagementScore"] = "string"  # the tenant tells it as a text
"""What a source, or a list of the tenant, may tell of a contact."""


def read_contacts(backend: BaseBackend, rows: Rows, *, entries: bool = False) -> Table:
    """One row for each row of the source, whatever it is; `entries`: do-not-call entries, which are none's duplicates.

    Columns: contactId (as ids are compared: `identity`), engagement (hundredths; absent = 0), active, phone as written,
    region and country (ISO 3166-1 alpha-2; region as written where it is none, and region_fault says so), phones (all
    that the source has for the contact, as written, in the order in which they are tried; null where it says one at
    most, as a tenant does: then `phone` is all), name, firstName, lastName, email, optedIn (null: not said), attributes
    (JSON text; once it is kept, a map), place, fault (why the row cannot be used), doubts (of a row that cannot be
    read: texts, of which one may be the id of whose row it is), duplicate (an earlier row has its
    id), plain (the phone in E.164, where it has been told already), sent_as (the id by which the tenant is told of the
    contact, where it is written otherwise).

    Of rows with one id the first that can be used counts, in the order of file and line. A tenant's pages shift while
    they are read, so a contact that comes twice from there is one row. Seen archived once, a contact is archived; and
    one row that says no consent was given holds for all, also one that cannot be used for another reason.
    """
    import ibis

    read = engine.read_rows(backend, rows)
    if rows.columns == STAGED_CONTACTS.types:
        return tables.check_table(read, STAGED_CONTACTS)
    there = set(read.columns)
    columns = {name: read[name].cast(kind) if name in there else ibis.null(kind) for name, kind in _OPTIONAL.items()}
    # a source that has no statuses has active contacts; one that has them and leaves one out does not, nor a tenant
    outside = "fault" in there
    unsaid = ACTIVE if outside and "status" not in there else ""
    whole = read.select("contactId", **columns)
    null = ibis.null("string")
    whole = region_to_country.read_regions(backend, whole) if "region" in there else whole.mutate(region_fault=null)
    named = whole.mutate(
        engagement=numeric_parsing.parse_hundredths(whole["engagementScore"]).fill_null(0),
        active=whole["status"].fill_null(unsaid).strip().upper() == ACTIVE,
    ).drop("engagementScore", "status")
    if not outside:
        rest = [name for name in (*_OPTIONAL, "region_fault") if name not in ("engagementScore", "status", "fault")]
        named = (
            named.group_by("contactId")
            .agg(
                engagement=named["engagement"].max(),
                active=named["active"].all(),
                **{name: named[name].max() for name in rest},
            )
            .mutate(fault=make_no_reason())
        )
    named = _identify(named, outside, equivalent_contact_ids.find_odd_ids(backend, read["contactId"]))
    if entries and outside:
        return named.mutate(duplicate=ibis.literal(False), plain=ibis.null("string"))
    order = [named["sent_as"].notnull(), named["sent_as"]]
    if outside:
        line = named["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
        order = [named["fault"].notnull(), named["place"].re_replace(r"\d+$", ""), line]
    rank = ibis.row_number().over(ibis.window(group_by=["contactId"], order_by=order))
    theirs = ibis.window(group_by=["contactId"])
    refused = (~named["optedIn"].fill_null(True)).any().over(theirs)
    archived = (~named["active"] & named["fault"].isnull()).any().over(theirs)
    given = ibis.ifelse(refused, ibis.literal(False), named["optedIn"])
    ranked = named.mutate(rank=rank, optedIn=given, active=named["active"] & ~archived)
    return ranked.mutate(duplicate=ranked["rank"] > 0, plain=ibis.null("string")).drop("rank")


def _identify(named: Table, outside: bool, odd: Table | None) -> Table:
    """Contacts with their ids as they are compared, and `sent_as`: what the tenant is to be told, if it is another.

    What the tenant itself has said it knows to the letter; what comes from outside is written without what nobody sees.
    """
    import ibis

    named = equivalent_contact_ids.join_same_ids(named, "contactId", odd)
    raw, bare, known = named["contactId"], named["bare"], named["same"]
    told = ibis.coalesce(bare, raw) if outside else raw
    lost = find_fault((bare.isnull() & raw.notnull(), "empty", "contactId"))
    sure = named.mutate(contactId=known, sent_as=told.nullif(known), fault=ibis.coalesce(named["fault"], lost))
    return sure.drop("bare", "same")


def list_active(backend: BaseBackend, rows: Rows) -> Table:
    """The ids of active contacts as the tenant is asked for them, once each."""
    import ibis

    everyone = read_contacts(backend, rows)
    usable = everyone.filter(everyone["active"], everyone["fault"].isnull(), everyone["contactId"].notnull())
    return usable.select(contactId=ibis.coalesce(usable["sent_as"], usable["contactId"])).distinct()
