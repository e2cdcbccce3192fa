# tested by: tests/audience/decision/test_suppression.py
"""Find who must be taken off a list whatever its membership mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import make_reason
from reconciler.audience.staging import number_to_call, staged_contacts
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Segment
from reconciler.model.tables import DECISIONS, MUST_REMOVE

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

LOST_IN_TENANT = "number_in_tenant_unreadable"
"""Why somebody is taken off a list for whom no do-not-call list can be asked for."""

BARRED = (
    "no_consent",
    "no_consent_recorded",
    "suppressed",
    "other_row_unreadable",
    "other_number_unreadable",
    "number_unreadable",
    LOST_IN_TENANT,
)
"""The codes for which a contact is taken off, the one that is told before the others first."""


def find_must_remove(
    backend: BaseBackend,
    segment: Segment,
    standing_rows: Rows,
    read: Mapping[RowQuery, Rows],
    target: Path,
    *,
    by_phone: bool = False,
) -> Rows:
    """Contacts with a do-not-call number: of the source, and of the lists themselves, by the phone the tenant has.
    And those of the source who gave no consent, or of whom nobody knows whether they did and who are not called so;
    and whoever has a number that cannot be read, where there are lists that it may be on.

    Who belongs on a list by the source's phone, and is on it by another, is taken off where contacts are written
    `by_phone`: the next plan puts it there by the right one. Else the source's phone counts.
    """
    import ibis

    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    belongs = everyone.filter(everyone["band"].notnull())
    named = everyone.filter(everyone["suppressed_by"].notnull()).anti_join(belongs, "contactId")
    named = named.select("contactId", "suppressed_by")
    for there in _iter_members(backend, segment, read):
        named = ibis.union(named, there if by_phone else there.anti_join(belongs, "contactId"))
    named = named.mutate(rank=_make_rank("suppressed"))
    named = ibis.union(named, _select_without_consent(segment, everyone))
    named = ibis.union(named, _select_unknown(everyone))
    for there in _iter_members(backend, segment, read, lost=True):
        named = ibis.union(named, there.anti_join(belongs, "contactId").mutate(rank=_make_rank(LOST_IN_TENANT)))
    once = named.group_by("contactId").agg(suppressed_by=named["suppressed_by"].min(), rank=named["rank"].min())
    branches = [
        (
            once["rank"] == _make_rank(code),
            make_reason(code, once["suppressed_by"]) if code == "suppressed" else make_reason(code),
        )
        for code in BARRED
    ]
    once = once.select("contactId", "suppressed_by", barred_for=reasons.first_reason(*branches))
    return tables.write_table(backend, once.order_by("contactId"), target, MUST_REMOVE)


def _make_rank(code: str) -> Column:
    import ibis

    return ibis.literal(BARRED.index(code), "int64")


def _select_without_consent(segment: Segment, everyone: Table) -> Table:
    """Who did not consent, also where that is not why they are out: contactId, suppressed_by (null), rank."""
    import ibis

    consent = everyone["consent"]
    wanting = ~consent.fill_null(True) if segment.calls_unrecorded else ~consent.fill_null(False)
    found = everyone.filter(~everyone["duplicate"], everyone["contactId"].notnull(), wanting)
    rank = ibis.ifelse(found["consent"].isnull(), _make_rank("no_consent_recorded"), _make_rank("no_consent"))
    return found.select("contactId", suppressed_by=ibis.null("string"), rank=rank)


def _select_unknown(everyone: Table) -> Table:
    """Who has a number, or a row, in the source that no list can be asked for, whatever else keeps them out."""
    import ibis

    found = everyone.filter(~everyone["duplicate"], everyone["contactId"].notnull(), everyone["lost"].notnull())
    ranks = [(found["lost"]["code"] == code, _make_rank(code)) for code in BARRED]
    return found.select(
        "contactId", suppressed_by=ibis.null("string"), rank=ibis.cases(*ranks, else_=_make_rank(LOST_IN_TENANT))
    )


def count_unread_in_tenant(
    backend: BaseBackend, segment: Segment, standing_rows: Rows, read: Mapping[RowQuery, Rows]
) -> int:
    """How many belong on a list, are on it, and have in the tenant a number that no do-not-call list can be asked for.

    As with `dialled_all_the_same`: that is none of who is written with a phone.
    """
    import ibis

    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    belongs = everyone.filter(everyone["band"].notnull())
    lost = [there.semi_join(belongs, "contactId") for there in _iter_members(backend, segment, read, lost=True)]
    if not lost:
        return 0
    every = ibis.union(lost[0], *lost[1:]) if len(lost) > 1 else lost[0]
    return engine.count_rows(backend, every.select("contactId").distinct())


def count_dialled_suppressed(
    backend: BaseBackend, segment: Segment, standing_rows: Rows, read: Mapping[RowQuery, Rows]
) -> dict[str, int]:
    """How many belong on a list, are on it, and have in the tenant a number of a do-not-call list; by its name.

    They are judged by the source's number, and called by the tenant's: that is none of who is written with a phone.
    """
    import ibis

    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    belongs = everyone.filter(everyone["band"].notnull())
    found = [there.semi_join(belongs, "contactId") for there in _iter_members(backend, segment, read)]
    if not found:
        return {}
    every = ibis.union(found[0], *found[1:]) if len(found) > 1 else found[0]
    counted = every.group_by("suppressed_by").agg(n=every["contactId"].nunique())
    return dict(engine.list_rows(backend, counted, tuple[str, int]))


def _iter_members(
    backend: BaseBackend, segment: Segment, read: Mapping[RowQuery, Rows], *, lost: bool = False
) -> Iterator[Table]:
    """Of each list whose phones were read: who has a do-not-call number in the tenant, and whose list that is.

    `lost`: instead, whose number there cannot be read; that is on no list that is known.
    """
    import ibis

    if segment.phones is None or not segment.suppress:
        return
    # a do-not-call number need only be possible, and so need one that is called already
    how = replace(segment.phones, rule="possible")
    for target in segment.targets:
        if target.phones is not None and target.phones in read and read[target.phones].count:
            people = suppression.add_e164(backend, staged_contacts.read_contacts(backend, read[target.phones]), how)
            if lost:
                unread = people.filter(number_to_call.is_unread(people), people["contactId"].notnull())
                yield unread.select("contactId", suppressed_by=ibis.null("string"))
                continue
            people = suppression.add_contact_entries(people, segment.suppress)
            listed = suppression.add_suppressed_by(backend, people, segment.suppress, read)
            yield listed.filter(listed["suppressed_by"].notnull()).select("contactId", "suppressed_by")
