"""The surface `outbound`: which contact lists are there, and which contacts are on them?"""

from __future__ import annotations

from typing import Any

from reconciler.simulator.checks import fields, rows, some_text
from reconciler.simulator.paging import offset_window
from reconciler.simulator.records import Contact, ContactList
from reconciler.simulator.refusals import bad_request, not_found
from reconciler.simulator.routing import Call, Reply, Route, Surface, reading, writing

SCOPE = "outboundapi"
SURFACE = Surface("outbound", "/api/v2", "/oauth/token", "json", frozenset({SCOPE}))
MOST_IDS = 1000


def contact_list(call: Call) -> ContactList:
    """The list the path names; 404 where there is none."""
    found = call.tenant.store.lists.get(call.params["listId"])
    if found is None:
        raise not_found(f"no contact list {call.params['listId']}")
    return found


def refuse_inactive(call: Call, contact_ids: list[str]) -> None:
    """404 that names the ids which are archived, deleted or unknown: such contacts join no list."""
    missing = call.tenant.store.not_active(contact_ids)
    if missing:
        raise not_found(f"no active contact with the id: {', '.join(missing)}")


def contact_ids(body: Any) -> list[str]:
    """The ids of `{"contactIds": […]}`; 413 over 1000 of them."""
    checked = fields(body, required={"contactIds": rows(some_text, MOST_IDS)}, optional={})
    return list(checked["contactIds"])


def name_filter(call: Call) -> str | None:
    """The exact name asked for, or None for all; 400 for an empty one."""
    name = call.query.get("name")
    if name == "":
        raise bad_request("name: must not be empty")
    return name


def _read_lists(call: Call) -> Reply:
    """`GET /outbound/contactlists?name=&count=&start=`."""
    window, name = offset_window(call.query), name_filter(call)
    found = [item for item in call.tenant.store.lists.values() if name in (None, item.name)]
    page = found[window.start : window.end]
    return Reply(body={"contactLists": [item.to_wire() for item in page], "total": len(found)})


def _read_list(call: Call) -> Reply:
    """`GET /outbound/contactlists/{listId}`."""
    return Reply(body=contact_list(call).to_wire())


def _read_contacts(call: Call) -> Reply:
    """`GET /outbound/contactlists/{listId}/contacts?count=1000&start=0`: archived members are shown, too."""
    window, order = offset_window(call.query), contact_list(call).order()
    directory: dict[str, Contact] = call.tenant.store.contacts
    page = [directory[contact_id].to_wire() for contact_id in order[window.start : window.end]]
    return Reply(body={"contacts": page, "total": len(order)})


def _put_contacts(call: Call) -> Reply:
    """`POST /outbound/contactlists/{listId}/contacts`: 201 if anyone joined, else 204."""
    target, ids = contact_list(call), contact_ids(call.body)
    refuse_inactive(call, ids)
    joined = call.tenant.store.put_members(target, ids)
    return Reply(201, {"added": joined}) if joined else Reply(204)


def drop_contacts(call: Call) -> Reply:
    """`DELETE …/{listId}/contacts` of both surfaces; ids that are not on the list do not matter."""
    call.tenant.store.drop_members(contact_list(call), contact_ids(call.body))
    return Reply(204)


_LIST = "/outbound/contactlists/{listId}"
ROUTES: tuple[Route, ...] = (
    reading("outbound", "/outbound/contactlists", SCOPE, _read_lists, "name", "count", "start"),
    reading("outbound", _LIST, SCOPE, _read_list),
    reading("outbound", f"{_LIST}/contacts", SCOPE, _read_contacts, "count", "start"),
    writing("outbound", "POST", f"{_LIST}/contacts", SCOPE, _put_contacts),
    writing("outbound", "DELETE", f"{_LIST}/contacts", SCOPE, drop_contacts),
)
