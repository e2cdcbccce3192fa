# tested by: tests/audience/decision/test_dnc_additions_store.py
"""Find the numbers that outcomes add to do-not-call lists.

Whoever says never to be called again is not called again, whether the dialler holds the contact or the campaign knows
it: each usable row counts that is the last of its contact, and each that cannot be used as an outcome, be it for its
agent or its moment, and says or may say so all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression
from reconciler.audience.delivery import wire_rows
from reconciler.audience.diff import call_outcome_diff
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell, make_reason
from reconciler.audience.staging import staged_contacts
from reconciler.audience.staging.column_mapping import is_empty
from reconciler.audience.staging.disposition_mapping import says_no_outcome
from reconciler.model.contact_tokens import Tokens
from reconciler.model.disposition import DispositionSet, Feedback
from reconciler.model.intermediate_tables import ADDED_NUMBERS
from reconciler.model.list_change import Sample
from reconciler.model.outcome_change import NumbersChange
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Additions, RowQuery, Rows
from reconciler.model.tables import NUMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

Read = Mapping[RowQuery, Rows]

EXAMPLES = 3


def find_pending_numbers(
    backend: BaseBackend, sets: Sequence[DispositionSet], read: Read, into: Path
) -> dict[RowQuery, Rows]:
    """The numbers that outcomes add to each list, as rows that a do-not-call list can be read from."""
    import ibis

    found: dict[RowQuery, Rows] = {}
    for number, (address, told) in enumerate(_iter_added(backend, sets, read)):
        unsaid = {"place": ibis.null("string"), "fault": reasons.make_no_reason()}
        rows = told.filter(told["e164"].notnull()).select("contactId", phone="e164", **unsaid)
        found[Additions(address)] = tables.write_table(backend, rows, into / f"added-{number}.parquet", ADDED_NUMBERS)
    return found


def plan_additions(
    backend: BaseBackend, sets: Sequence[DispositionSet], read: Read, tokens: Tokens, into: Path
) -> Iterator[NumbersChange]:
    """What is added to each list that has not got it: a number once, for the first set that asks for it."""
    import ibis

    stores = {each.list.address: each.store for wanted in sets for each in wanted.feedback}
    for address, told in _iter_added(backend, sets, read):
        read_ones = told.filter(told["e164"].notnull(), ~told["there"])
        rank = ibis.row_number().over(ibis.window(group_by=["e164"], order_by=["asked", "contactId"]))
        ranked = read_ones.mutate(rank=rank)
        once = ranked.filter(ranked["rank"] == 0)
        rows = once.select(
            "contactId", "outcome", "timestamp", action=ibis.literal("add"), phone="e164", reason="asked"
        )
        target = into / f"{address.kind}-{address.name}.parquet"
        written = tables.write_table(
            backend, rows.select(*NUMBER_CHANGES.columns).order_by("phone"), target, NUMBER_CHANGES
        )
        yield NumbersChange(
            address=address,
            store=stores[address],
            rows=written,
            digest=wire_rows.digest_rows(written),
            reasons=call_outcome_diff.count_reasons(backend, written),
            samples=tuple(_iter_samples(backend, written, tokens)),
            unread=engine.count_rows(backend, told.filter(told["e164"].isnull())),
        )


def _iter_samples(backend: BaseBackend, rows: Rows, tokens: Tokens) -> Iterator[Sample]:
    few = engine.read_rows(backend, rows).order_by("contactId").select("contactId", "reason").limit(EXAMPLES)
    for contact, why in engine.list_rows(backend, few, tuple[str, ReasonCell]):
        yield Sample(tokens.token(contact), tokens.hint(contact), "add", reasons.read_reason(why))


def _iter_added(backend: BaseBackend, sets: Sequence[DispositionSet], read: Read) -> Iterator[tuple[Address, Table]]:
    """Of each list that is fed: contactId, outcome, timestamp, asked (by what), e164 and whether it is there."""
    import ibis

    fed: dict[Address, list[tuple[DispositionSet, Feedback]]] = {}
    for wanted in sets:
        for each in wanted.feedback:
            fed.setdefault(each.list.address, []).append((wanted, each))
    for address, feedback in sorted(fed.items()):
        parts = [_select_of_set(backend, wanted, each, read) for wanted, each in feedback]
        told = ibis.union(parts[0], *parts[1:]) if len(parts) > 1 else parts[0]
        kept = suppression.read_numbers(backend, feedback[0][1].list, read)
        met = suppression.match_entries(told, kept.mutate(rank=ibis.literal(0, "int64")))
        yield address, met.mutate(there=met["rank"].notnull()).drop("rank")


def _select_of_set(backend: BaseBackend, wanted: DispositionSet, feedback: Feedback, read: Read) -> Table:
    import ibis

    told = engine.read_rows(backend, read[wanted.feed])
    meant = _match_outcome(told["outcome"], feedback)
    usable, lost = told["fault"].isnull(), _is_unread(told)
    counts = (usable & ~told["superseded"] & told["outcome"].isin(feedback.outcomes)) | (~usable & meant.notnull())
    people = told.mutate(
        contactId=told["contactId"].fill_null(""),
        outcome=ibis.coalesce(meant, ibis.literal(feedback.outcomes[0])),
        phone=ibis.ifelse(lost, ibis.null("string"), told["phone"]),
    )
    people = people.filter((counts | lost).fill_null(False))
    people = people.select("contactId", "outcome", "timestamp", "phone", "region")
    if wanted.phones is not None:
        known = staged_contacts.read_contacts(backend, read[wanted.phones]).select(known="contactId", number="phone")
        joined = people.left_join(known, people["contactId"] == known["known"])
        people = joined.mutate(phone=joined["number"]).drop("known", "number")
    asked = make_reason("asked_not_to_be_called", str(wanted.address), people["outcome"])
    people = people.mutate(asked=asked, plain=ibis.null("string"))
    # who asked was called by it: it is kept though its numbering plan knows no such range
    how = replace(feedback.list.phones, rule="possible")
    return suppression.add_e164(backend, people, how).select(
        "contactId", "outcome", "timestamp", "asked", "e164", "subscribers"
    )


def _match_outcome(outcome: Column, feedback: Feedback) -> Column:
    """The outcome of a list's that a text means, in whatever case and with whatever between its words; else null."""
    import ibis

    letters = outcome.re_replace(r"[\s\p{Z}\p{C}_-]+", "").upper()
    branches = [(letters == code.replace("_", ""), code) for code in feedback.outcomes]
    return ibis.cases(*branches, else_=ibis.null("string"))


def _is_unread(told: Table) -> Column:
    """Whether a row cannot be read at all, so that nobody knows which outcome it has."""
    return told["fault"].notnull() & ~says_no_outcome(told["fault"]) & is_empty(told["outcome"])
