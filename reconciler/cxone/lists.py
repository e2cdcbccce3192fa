# tested by: tests/cxone/test_hostile_endpoints.py
"""The `lists` surface: lists, their contacts with attributes, interaction history, campaigns; by token pages.

Contract, section lists: `pageSize` is at most 500 for interactions and 1000 for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cxone.pages import (
    LARGEST_PAGE,
    MOST_RESTARTS,
    Heard,
    Spool,
    Unsettled,
    by_token,
)
from reconciler.cxone.transport import Transport
from reconciler.model.instants import format_instant
from reconciler.model.rows import ATTRIBUTE, SENT_AS, InteractionsOf, Rows
from reconciler.model.shape import ID, TEXT, Shape, may, needs
from reconciler.model.workers import work_all
from reconciler.surfaces.lists import MEMBER, MEMBERS, PAGES, SURFACE

INTERACTIONS_A_PAGE = 500
Phones = Callable[[Callable[[Sequence[Mapping[str, Any]]], None]], Heard]
"""Reads contactId and phone of everybody on a list, a page at a time, into a function."""

ONE = Shape({"id": may(ID)})
"""A list, where nothing but its being there is asked for."""
_LIST = SURFACE.wires["ContactList"]
_MEMBERS = PAGES.shape(MEMBER)
_FOUND = PAGES.shape(Shape({"id": needs(ID), "contactId": needs(ID), "startTime": needs(TEXT), "type": may(TEXT)}))

_INTERACTIONS = {"id": "VARCHAR", "contactId": "VARCHAR", "startTime": "VARCHAR", "type": "VARCHAR"}


def contact_list(transport: Transport, list_id: str) -> Any:
    """`GET /lists/{listId}`; raises NotFound."""
    call = _LIST.one(list_id)
    return transport.call(call.method, call.path, scope=_LIST.read_scope, shape=ONE)


def members(
    transport: Transport, list_id: str, attributes: Sequence[str], into: Path, phones: Phones | None = None
) -> Rows:
    """`GET /lists/{listId}/contacts` (ours): contactId, priority, score, some attributes; a row may come twice.

    Attributes are values as JSON, so that `85` is not `"85"`, under names that no other column has.

    `phones` reads the same list where its phones are told: rows with these alone are among the others.
    """

    def fetch(token: str | None) -> Any:
        query = {"pageSize": LARGEST_PAGE, "pageToken": token}
        return transport.call("GET", _contacts(list_id), query=query, scope=_LIST.read_scope, shape=_MEMBERS)

    with Spool(into) as spool:
        where = f"GET {transport.access.base_url}{_contacts(list_id)}"
        heard = by_token(fetch, spool.add, "contacts of a list", where=where, id_field="contactId")
        other = heard if phones is None else phones(spool.add)
    named = {"priority": "priority", "score": "score", SENT_AS: "contactId"}
    named |= {f"{ATTRIBUTE}{name}": name for name in attributes}
    kinds = {**dict.fromkeys(named.values(), "JSON"), "contactId": "VARCHAR"}
    struct = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    take = {"contactId": "contactId", **{ours: f"data.{name}" for ours, name in named.items()}}
    columns = {"contactId": "VARCHAR", "data": f"STRUCT({struct})"}
    if phones is not None:
        take["phone"], columns["phone"] = "phone", "VARCHAR"
    total = other.total if heard.total is None else heard.total
    shifted = heard.shifted or other.shifted or other.total not in (None, total)
    return Rows(into, "json", columns, spool.count, take, total, shifted)


def interactions(transport: Transport, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
    """`POST /interactions/search` for each chunk of contacts, several chunks at once; a row may come twice."""
    with Spool(into) as spool:
        search = partial(_search, transport, query, spool)
        work_all(search, map(list, ids), transport.access.pace.workers, "search")
    return Rows(into, "json", _INTERACTIONS, spool.count)


def _search(transport: Transport, query: InteractionsOf, spool: Spool, ids: list[str]) -> None:
    filters = {
        "contactIds": ids,
        "startTime": format_instant(query.start),
        "endTime": format_instant(query.end),
        "interactionType": list(query.types),
    }

    def fetch(token: str | None) -> Any:
        body = {"filters": filters, "pageSize": INTERACTIONS_A_PAGE, "pageToken": token}
        scope = "interactions:read"
        path = "/interactions/search"
        return transport.call("POST", path, body=body, scope=scope, idempotent=True, reads=True, shape=_FOUND)

    for _ in range(MOST_RESTARTS + 1):
        seen: set[Any] = set()

        def add(page: Sequence[Mapping[str, Any]], seen: set[Any] = seen) -> None:
            seen.update(str(row["id"]) for row in page)
            spool.add(page)

        where = f"POST {transport.access.base_url}/interactions/search"
        if by_token(fetch, add, "interactions", where=where).whole(len(seen)):
            return
    raise Unsettled("the interactions shifted every time they were read", hint="try again when the tenant is quiet")


def put(transport: Transport, list_id: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """`POST /lists/{listId}/contacts`: an upsert by `contactId` of at most 1000 pairs of an id and its data."""
    body = [{"contactId": contact, "data": data} for contact, data in rows]
    transport.call("POST", _contacts(list_id), body=body, scope=_LIST.write_scope, idempotent=True)


def remove(transport: Transport, list_id: str, ids: Sequence[str]) -> None:
    """`DELETE /lists/{listId}/contacts` (ours): absent contacts are fine."""
    transport.call("DELETE", _contacts(list_id), body={"contactIds": list(ids)}, scope=_LIST.write_scope)


def _contacts(list_id: str) -> str:
    return MEMBERS.of(list_id).path
