"""Compare the numbers that an object of the tenant is to hold with those that it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression, unreadable_dnc_entries
from reconciler.audience.delivery import wire_rows
from reconciler.audience.diff import call_outcome_diff
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell, make_reason
from reconciler.audience.staging.staged_numbers import key_digits, still_holds
from reconciler.model.contact_tokens import Tokens
from reconciler.model.held_numbers import ADD, EXPIRE, Act, HeldChange, NumberSet, make_part
from reconciler.model.list_change import Sample
from reconciler.model.row_queries import NumbersOf, RowQuery, Rows
from reconciler.model.tables import HELD_CHANGES, HELD_NUMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

Read = Mapping[RowQuery, Rows]

EXAMPLES = 3


def plan_numbers(
    backend: BaseBackend, wanted: NumberSet, read: Read, tokens: Tokens, into: Path, now: datetime, chunk_size: int
) -> Iterator[HeldChange]:
    """The numbers that an object gets, and those that expire there where it mirrors its lists.

    Where an entry of a list cannot be read, whose number it is nobody knows, and who is on a list that is older than it
    may be, neither: then none expires.

    Args:
        now: by which a record holds its number, or has expired. chunk_size: numbers of one request.
    """
    import ibis

    listed = _read_wanted(backend, wanted, read)
    there = select_held(backend, wanted.holder, read[wanted.holder], now)
    unread = sum(unreadable_dnc_entries.count_unreadable(backend, each, read) for each in wanted.lists)
    gone = there.anti_join(listed, "number")
    old = any(each.taken is not None and now - each.taken > each.max_age for each in wanted.lists)
    expires = wanted.mirrors and not unread and not old
    live = engine.count_rows(backend, there)
    kept = 0 if expires else engine.count_rows(backend, gone)

    def make(rows: Table, act: Act, kept: int) -> HeldChange:
        address = make_part(wanted.address, act)
        target = into / f"{address.kind}-{address.name}-{address.part}.parquet"
        rows = rows.select(*HELD_CHANGES.columns).order_by("contactId")
        written = tables.write_table(backend, rows, target, HELD_CHANGES)
        return HeldChange(
            address=address,
            holder=wanted.holder,
            act=act,
            chunk_size=chunk_size,
            live=live,
            rows=written,
            digest=wire_rows.digest_rows(written),
            reasons=call_outcome_diff.count_reasons(backend, written),
            samples=tuple(_iter_samples(backend, written, tokens, act)),
            kept=kept,
            unread=unread,
        )

    new = listed.anti_join(there, "number")
    names = [(new["rank"] == rank, each.address.name) for rank, each in enumerate(wanted.lists)]
    why = make_reason("held_for", ibis.cases(*names, else_=ibis.literal("")))
    yield make(new.mutate(contactId=new["number"], action=ibis.literal(ADD), reason=why), ADD, kept)
    if expires:
        why = make_reason("held_for_none", str(wanted.address))
        yield make(gone.mutate(contactId=gone["number"], action=ibis.literal(EXPIRE), reason=why), EXPIRE, 0)


def select_held(backend: BaseBackend, holder: NumbersOf, rows: Rows, now: datetime) -> Table:
    """The numbers that are held as they are to be, each once: column `number`."""
    told = tables.read_table(backend, rows, HELD_NUMBERS)
    return told.filter(still_holds(told, now, holder.since, holder.until)).select("number").distinct()


def _read_wanted(backend: BaseBackend, wanted: NumberSet, read: Read) -> Table:
    """The numbers of the lists, as their digits (`number`), each once, with the first list that has it (`rank`)."""
    import ibis

    listed = [
        suppression.read_entries(backend, read[query], each.phones).mutate(rank=ibis.literal(rank, "int64"))
        for rank, each in enumerate(wanted.lists)
        for query in (each.numbers, *(query for query in each.also if query in read))
    ]
    every = ibis.union(listed[0], *listed[1:]) if len(listed) > 1 else listed[0]
    told = every.select("rank", key=every["subscribers"].unnest())
    told = told.mutate(number=key_digits(told["key"]))
    return told.group_by("number").agg(rank=told["rank"].min())


def select_left(backend: BaseBackend, change: HeldChange, rows: Rows, now: datetime) -> Table:
    """Those rows of a change that are not yet in what an object was read to hold."""
    wanted = tables.read_table(backend, change.rows, HELD_CHANGES).rename(number="contactId")
    there = select_held(backend, change.holder, rows, now)
    return wanted.anti_join(there, "number") if change.act == ADD else wanted.semi_join(there, "number")


def write_left(backend: BaseBackend, left: Table, rows: Rows) -> Rows:
    """Such rows in a file, in their order."""
    told = left.rename(contactId="number").select(*HELD_CHANGES.columns).order_by("contactId")
    return tables.write_table(backend, told, rows.path, HELD_CHANGES)


def _iter_samples(backend: BaseBackend, rows: Rows, tokens: Tokens, act: Act) -> Iterator[Sample]:
    few = engine.read_rows(backend, rows).order_by("contactId").select("contactId", "reason").limit(EXAMPLES)
    for number, why in engine.list_rows(backend, few, tuple[str, ReasonCell]):
        yield Sample(tokens.token(number), "…", act, reasons.read_reason(why))
