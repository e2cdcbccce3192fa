# tested by: tests/cxone/test_hostile_endpoints.py
"""The `outbound` surface: contact lists and their contacts, by offset pages; putting contacts on a list by id.

Contract, section outbound: `count` is at most 1000, an empty page ends a list, `total` is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.cxone.pages import Heard, Spool, by_offset
from reconciler.cxone.transport import Transport
from reconciler.model.rows import Rows
from reconciler.model.shape import ID, TEXT_OR_NUMBER, Shape, may
from reconciler.surfaces.outbound import CONTACT, MEMBER_PAGES, MEMBERS, SCOPE, SURFACE

ONE = Shape({"id": may(ID)})
"""A list, where nothing but its being there is asked for."""
_CONTACTS = ("id", "engagementScore", "status", "phoneNumber")
_NAMES = ("name", "firstName", "lastName", "email")


def contact_list(transport: Transport, list_id: str) -> Any:
    """`GET /outbound/contactlists/{listId}`; raises NotFound."""
    call = SURFACE.wires["ContactList"].one(list_id)
    return transport.call(call.method, call.path, scope=SCOPE, shape=ONE)


def contacts(transport: Transport, list_id: str, into: Path, *, named: bool = False) -> Rows:
    """`GET /outbound/contactlists/{listId}/contacts`: id, score, status, phone; a row may come twice.

    `named`: names and e-mail, too, where the tenant tells them: of a row the contract names the first four alone.
    """

    with Spool(into) as spool:
        heard = _pages(transport, list_id, spool.add, named=named)
    take = dict(MEMBERS.columns)
    take |= dict(zip(_NAMES, _NAMES, strict=True)) if named else {}
    columns = dict.fromkeys((*_CONTACTS, *(_NAMES if named else ())), "VARCHAR")
    return Rows(into, "json", columns, spool.count, take, heard.total, heard.shifted)


def phones(transport: Transport, list_id: str, add: Callable[[Sequence[Mapping[str, Any]]], None]) -> Heard:
    """The same, of each contact only `contactId` and `phone`, into a function."""

    def told(page: Sequence[Mapping[str, Any]]) -> None:
        add([{"contactId": row.get("id"), "phone": row.get("phoneNumber")} for row in page])

    return _pages(transport, list_id, told, named=False)


def _pages(
    transport: Transport, list_id: str, add: Callable[[Sequence[Mapping[str, Any]]], None], *, named: bool
) -> Heard:
    page = MEMBER_PAGES.shape(_shape(named=named))

    def fetch(start: int) -> Any:
        query = MEMBER_PAGES.query(start)
        return transport.call("GET", _contacts(list_id), query=query, scope=SCOPE, shape=page)

    where = f"GET {transport.access.base_url}{_contacts(list_id)}"
    return by_offset(fetch, "contacts", add, transport.access.pace.workers, where=where)


def put(transport: Transport, list_id: str, ids: list[str]) -> None:
    """`POST /outbound/contactlists/{listId}/contacts`: an idempotent upsert of at most 1000 ids."""
    body = {"contactIds": ids}
    transport.call("POST", _contacts(list_id), body=body, scope=SCOPE, idempotent=True)


def remove(transport: Transport, list_id: str, ids: list[str]) -> None:
    """`DELETE /outbound/contactlists/{listId}/contacts` (ours): at most 1000 ids; absent ones are fine."""
    transport.call("DELETE", _contacts(list_id), body={"contactIds": ids}, scope=SCOPE)


def _shape(*, named: bool) -> Shape:
    return Shape({**CONTACT.fields, **({name: may(TEXT_OR_NUMBER) for name in _NAMES} if named else {})})


def _contacts(list_id: str) -> str:
    return MEMBERS.of(list_id).path
