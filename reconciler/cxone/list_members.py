# tested by: tests/cxone/test_hostile_endpoints.py
"""Read who is on a list, through the surfaces that tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from reconciler.cxone.page_spool import Spool
from reconciler.cxone.pages import MOST_PAGES, Heard
from reconciler.cxone.pages import Rows as Page
from reconciler.cxone.surface_objects import Reading
from reconciler.cxone.transport import Transport
from reconciler.model.reply_shape import TEXT_OR_NUMBER, Shape, may
from reconciler.model.row_queries import ATTRIBUTE, SENT_AS, Rows
from reconciler.model.surface_wire import Members, Wire


class MembersAt(NamedTuple):
    """Where who is on a list is told: a surface, how it holds lists, and their members."""

    transport: Transport
    wire: Wire
    members: Members

    @classmethod
    def find(cls, transport: Transport, wire: Wire) -> MembersAt | None:
        """A surface's lists, where it tells who is on them."""
        return None if wire.members is None else cls(transport, wire, wire.members)


def read_ids(at: MembersAt, list_id: str, add: Callable[[set[str]], None]) -> None:
    """The ids of who is on a list, a page at a time."""
    key = at.members.columns["contactId"]
    _read(at, list_id, lambda page: add({str(row[key]) for row in page}))


def read_members(at: MembersAt, list_id: str, into: Path, *, named: bool = False) -> Rows:
    """Who is on a list: the columns that the wire names; a row may come twice.

    `named`: names and e-mail, too, where the tenant tells them.
    """
    columns, members = dict(at.members.columns), at.members
    if named:
        told = {name: may(TEXT_OR_NUMBER) for name in members.named.values()}
        members = replace(members, shape=Shape({**told, **members.shape.fields}))
        columns |= members.named
    with Spool(into) as spool:
        heard = _read(at._replace(members=members), list_id, spool.add)
    types = dict.fromkeys(columns.values(), "VARCHAR")
    return Rows(into, "json", types, spool.count, columns, heard.total, heard.shifted)


def read_attributes(
    at: MembersAt, list_id: str, attributes: Sequence[str], into: Path, phones: MembersAt | None = None
) -> Rows:
    """Who is on a list: contactId, priority, score, some attributes; a row may come twice.

    Attributes are values as JSON, so that `85` is not `"85"`, under names that no other column has.

    `phones` is where the same list is read again for its phones: rows with these alone are among the others.
    """
    key = at.members.columns["contactId"]
    with Spool(into) as spool:
        heard = _read(at, list_id, spool.add)
        other = heard if phones is None else _add_phones(phones, list_id, key, spool)
    named = {"priority": "priority", "score": "score", SENT_AS: "contactId"}
    named |= {f"{ATTRIBUTE}{name}": name for name in attributes}
    kinds = {**dict.fromkeys(named.values(), "JSON"), "contactId": "VARCHAR"}
    take, columns = (
        {"contactId": key, **_find_attributes(at.members, named)},
        {**_make_columns(at.members, kinds), key: "VARCHAR"},
    )
    phone = "phone" if phones is not None else at.members.columns.get("phone")
    if phone is not None:
        take["phone"], columns[phone] = phone, "VARCHAR"
    total = other.total if heard.total is None else heard.total
    shifted = heard.shifted or other.shifted or other.total not in (None, total)
    return Rows(into, "json", columns, spool.count, take, total, shifted)


def _find_attributes(members: Members, named: Mapping[str, str]) -> Mapping[str, str]:
    """Where each attribute stands in a row."""
    return {ours: f"{members.data}.{name}" if members.data else name for ours, name in named.items()}


def _make_columns(members: Members, kinds: Mapping[str, str]) -> dict[str, str]:
    """The columns that hold them: of their own, or of the one object at their path."""
    if not members.data:
        return dict(kinds)
    head, *deeper = members.data.split(".")
    struct = _make_struct(kinds)
    for name in reversed(deeper):
        struct = _make_struct({name: struct})
    return {head: struct}


def _make_struct(kinds: Mapping[str, str]) -> str:
    return "STRUCT({})".format(", ".join(f'"{name}" {kind}' for name, kind in kinds.items()))


def _add_phones(at: MembersAt, list_id: str, key: str, spool: Spool) -> Heard:
    theirs, phone = at.members.columns["contactId"], at.members.columns["phone"]

    def add_page(page: Page) -> None:
        spool.add([{key: row.get(theirs), "phone": row.get(phone)} for row in page])

    return _read(at, list_id, add_page)


def _read(at: MembersAt, list_id: str, add: Callable[[Page], None]) -> Heard:
    """Every page of a list, its rows as members, into a function."""
    members = at.members
    reading = Reading(
        at.transport,
        members.of(list_id),
        members.pages,
        members.shape,
        members.key or members.columns["contactId"],
        at.wire.read_scope,
        "contacts of a list",
    )
    understand = members.read
    if understand is None:
        return reading.read(add, MOST_PAGES)
    return reading.read(lambda page: add([each for row in page if (each := understand(row)) is not None]), MOST_PAGES)


def find_telling(held: Iterable[MembersAt], column: str) -> MembersAt | None:
    """The first that tells a column."""
    return next((each for each in held if column in each.members.columns), None)
