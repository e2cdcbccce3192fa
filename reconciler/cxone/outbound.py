"""The `outbound` surface: contact lists and their contacts, by offset pages; putting contacts on a list by id.

Contract, section outbound: `count` is at most 1000, an empty page ends a list, `total` is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.cxone.pages import (
    LARGEST_PAGE,
    MOST_OBJECT_PAGES,
    Heard,
    Spool,
    by_offset,
    collected,
    offset_page,
    told_total,
)
from reconciler.cxone.transport import Transport
from reconciler.model.rows import Rows
from reconciler.model.shape import ID, NUMBER, TEXT, TEXT_OR_NUMBER, Shape, may, needs

SCOPE = "outboundapi"
ONE = Shape({"id": may(ID)})
"""A list, where nothing but its being there is asked for."""
_CONTACT = {
    "id": needs(ID),
    "engagementScore": may(NUMBER),
    "status": may(TEXT),
    "phoneNumber": may(TEXT_OR_NUMBER),
}
_CONTACTS = ("id", "engagementScore", "status", "phoneNumber")
_NAMES = ("name", "firstName", "lastName", "email")


def contact_list(transport: Transport, list_id: str) -> Any:
    """`GET /outbound/contactlists/{listId}`; raises NotFound."""
    return transport.call("GET", _path(list_id), scope=SCOPE, shape=ONE)


def collection(
    transport: Transport, path: str, rows: str, scope: str, shape: Shape, name: str | None = None
) -> Iterator[Mapping[str, Any]]:
    """Every object of a collection, once each; where a name is given, those that the tenant finds by it.

    `shape`: of one of them.
    """
    page = offset_page(rows, shape)

    def fetch(start: int) -> Any:
        query = {"name": name, "count": LARGEST_PAGE, "start": start}
        return transport.call("GET", f"/{path}", query=query, scope=scope, shape=page)

    workers, where = transport.access.pace.workers, f"GET {transport.access.base_url}/{path}"
    yield from collected(lambda add: by_offset(fetch, rows, add, workers, most=MOST_OBJECT_PAGES, where=where), path)


def contacts(transport: Transport, list_id: str, into: Path, *, named: bool = False) -> Rows:
    """`GET /outbound/contactlists/{listId}/contacts`: id, score, status, phone; a row may come twice.

    `named`: names and e-mail, too, where the tenant tells them: of a row the contract names the first four alone.
    """

    with Spool(into) as spool:
        heard = _pages(transport, list_id, spool.add, named=named)
    take = {"contactId": "id", "engagementScore": "engagementScore", "status": "status", "phone": "phoneNumber"}
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
    page = offset_page("contacts", _shape(named=named))

    def fetch(start: int) -> Any:
        query = {"count": LARGEST_PAGE, "start": start}
        return transport.call("GET", f"{_path(list_id)}/contacts", query=query, scope=SCOPE, shape=page)

    where = f"GET {transport.access.base_url}{_path(list_id)}/contacts"
    return by_offset(fetch, "contacts", add, transport.access.pace.workers, where=where)


def anybody(transport: Transport, list_id: str) -> bool:
    """`GET /outbound/contactlists/{listId}/contacts`: whether there is one; raises NotFound."""
    path = f"{_path(list_id)}/contacts"
    page = offset_page("contacts", _shape(named=False))
    reply = transport.call("GET", path, query={"count": 1, "start": 0}, scope=SCOPE, shape=page)
    return bool(reply["contacts"] or told_total(reply))


def put(transport: Transport, list_id: str, ids: list[str]) -> None:
    """`POST /outbound/contactlists/{listId}/contacts`: an idempotent upsert of at most 1000 ids."""
    body = {"contactIds": ids}
    transport.call("POST", f"{_path(list_id)}/contacts", body=body, scope=SCOPE, idempotent=True)


def remove(transport: Transport, list_id: str, ids: list[str]) -> None:
    """`DELETE /outbound/contactlists/{listId}/contacts` (ours): at most 1000 ids; absent ones are fine."""
    transport.call("DELETE", f"{_path(list_id)}/contacts", body={"contactIds": ids}, scope=SCOPE)


def _shape(*, named: bool) -> Shape:
    return Shape({**_CONTACT, **({name: may(TEXT_OR_NUMBER) for name in _NAMES} if named else {})})


def _path(list_id: str) -> str:
    return f"/outbound/contactlists/{quote(list_id, safe='')}"
