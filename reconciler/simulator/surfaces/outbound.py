# tested by: tests/simulator/test_outbound.py
"""The surface `outbound`: which contact lists are there, and which contacts are on them?"""

from __future__ import annotations

from reconciler.simulator.list_membership import contact_ids, contact_list, drop_contacts, refuse_inactive
from reconciler.simulator.paging import name_filter, offset_window
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route, write_route
from reconciler.simulator.stored_records import Contact

SCOPE = "outboundapi"
SURFACE = Surface("outbound", "/api/v2", "/oauth/token", "json", frozenset({SCOPE}))


def _read_lists(call: Call) -> Reply:
    """`GET /outbound/contactlists?name=&count=&start=`."""
    window, name = offset_window(call.query, longest=call.tenant.pages.longest), name_filter(call.query)
    found = [item for item in call.tenant.store.lists.values() if name in (None, item.name)]
    page = found[window.start : window.end]
    return Reply(body={"contactLists": [item.to_wire() for item in page], "total": len(found)})


def _read_list(call: Call) -> Reply:
    """`GET /outbound/contactlists/{listId}`."""
    return Reply(body=contact_list(call).to_wire())


def _read_contacts(call: Call) -> Reply:
    """`GET /outbound/contactlists/{listId}/contacts?count=1000&start=0`: archived members are shown, too."""
    window, order = offset_window(call.query, longest=call.tenant.pages.longest), contact_list(call).order()
    directory: dict[str, Contact] = call.tenant.store.contacts
    page = [directory[contact_id].to_wire() for contact_id in order[window.start : window.end]]
    return Reply(body={"contacts": page, "total": len(order)})


def _put_contacts(call: Call) -> Reply:
    """`POST /outbound/contactlists/{listId}/contacts`: 201 if anyone joined, else 204."""
    target, ids = contact_list(call), contact_ids(call.body)
    refuse_inactive(call, ids)
    joined = call.tenant.store.put_members(target, ids)
    return Reply(201, {"added": joined}) if joined else Reply(204)


_LIST = "/outbound/contactlists/{listId}"
ROUTES: tuple[Route, ...] = (
    read_route("outbound", "/outbound/contactlists", SCOPE, _read_lists, "name", "count", "start"),
    read_route("outbound", _LIST, SCOPE, _read_list),
    read_route("outbound", f"{_LIST}/contacts", SCOPE, _read_contacts, "count", "start"),
    write_route("outbound", "POST", f"{_LIST}/contacts", SCOPE, _put_contacts),
    write_route("outbound", "DELETE", f"{_LIST}/contacts", SCOPE, drop_contacts),
)
