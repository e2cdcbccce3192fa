# tested by: tests/audience/relations/test_relations.py
"""Stage the members of a list: one row for each, with its attributes as one map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import batches, engine, numeric_parsing
from reconciler.audience.staging import equivalent_contact_ids
from reconciler.model.row_queries import ATTRIBUTE, SENT_AS, Rows
from reconciler.model.tables import STAGED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_OF_A_MEMBER = ("member", "sent_as", "phone", "priority", "score")


def read_members(backend: BaseBackend, rows: Rows) -> Table:
    """One row for each row of a list, as `STAGED_MEMBERS`; null where the list has no such thing.

    Attributes are all that were read, priority and score too, each a value as JSON: what is text there is no number.

    `member` is the id on the list, as it is there; it alone is different in each row. `sent_as` is what a bulk insert
    left there: that has only phones, so the id that it was sent a contact under is kept with the contact. `contactId`
    is whose row that makes it, as ids are compared (`identity`); `phone` is as the tenant has it.
    """
    known = _read_known(backend, rows)
    return _keep_once(rows, known, _find_odd(backend, rows, known))


def read_member_partitions(backend: BaseBackend, rows: Rows, count: int) -> Iterator[Table]:
    """The same in the shares of about so many rows, by `member`."""
    known = _read_known(backend, rows)
    odd = _find_odd(backend, rows, known)
    return (_keep_once(rows, share, odd) for share in batches.hash_partitions(known, count, "member"))


def _find_odd(backend: BaseBackend, rows: Rows, known: Table) -> Table | None:
    return (
        None
        if rows.columns == STAGED_MEMBERS.types
        else equivalent_contact_ids.find_odd_ids(backend, known["member"], known["sent_as"])
    )


def _read_known(backend: BaseBackend, rows: Rows) -> Table:
    """What was read of a list, a row as often as it was read. What is kept is settled."""
    import ibis

    read = engine.read_rows(backend, rows)
    if rows.columns == STAGED_MEMBERS.types:
        return tables.check_table(read, STAGED_MEMBERS)
    there = {name: read[name] if name in read.columns else ibis.null("string") for name in (SENT_AS, "phone")}
    return read.select(
        **{
            f"{ATTRIBUTE}{name}": read[column].cast("string") for name, column in _list_attributes(read.columns).items()
        },
        member="contactId",
        sent_as=there[SENT_AS],
        phone=there["phone"],
        priority=numeric_parsing.round_whole(_make_plain(read["priority"]))
        if "priority" in read.columns
        else ibis.null("int64"),
        score=numeric_parsing.parse_hundredths(_make_plain(read["score"]))
        if "score" in read.columns
        else ibis.null("int64"),
    )


def _make_plain(value: Column) -> Column:
    return value.cast("string") if value.type().is_json() else value


def _list_attributes(columns: Iterable[str]) -> dict[str, str]:
    """Which columns are attributes, by their names on the list, which may be those of other columns."""
    others = {name: name for name in columns if name not in ("contactId", SENT_AS, "phone", *_UNASKED)}
    marked = {name.removeprefix(ATTRIBUTE): name for name in others if name.startswith(ATTRIBUTE)}
    return {**{name: name for name in others if not name.startswith(ATTRIBUTE)}, **marked}


_UNASKED = ("engagementScore", "status")
"""What a list is read with where its phones are, and no attribute of it."""


def _keep_once(rows: Rows, known: Table, odd: Table | None) -> Table:
    """One row a member; its attributes as one map."""
    import ibis

    if rows.columns == STAGED_MEMBERS.types:
        return known
    others = [name for name in known.columns if name not in _OF_A_MEMBER]
    once = known.group_by("member").agg(**{name: known[name].max() for name in (*_OF_A_MEMBER[1:], *others)})
    texts = ibis.null("map<string, string>")
    if others:
        names = ibis.array([ibis.literal(name.removeprefix(ATTRIBUTE)) for name in others])
        texts = ibis.map(names, ibis.array([once[name] for name in others]))
    # an id of blanks alone is none
    own = ibis.coalesce(once["sent_as"].strip().nullif(""), once["member"])
    whole = once.select(*_OF_A_MEMBER, own=own, attributes=texts)
    whole = equivalent_contact_ids.join_same_ids(whole, "own", odd)
    return whole.mutate(contactId=whole["same"]).select(*STAGED_MEMBERS.columns)
