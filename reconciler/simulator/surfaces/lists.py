# tested by: tests/simulator/test_lists.py
"""The surface `lists`: which lists are there, who is on them, and with what data?"""

from __future__ import annotations

from typing import Any

from reconciler.simulator.body_checks import anything_in_object, fields, one_of, rows, some_text, text
from reconciler.simulator.error_replies import conflict
from reconciler.simulator.list_membership import contact_list, drop_contacts, refuse_inactive
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route, write_route

SURFACE = Surface(
    "lists",
    "/api/v1",
    "/oauth/token",
    "form",
    frozenset({"interactions:read", "lists:read", "lists:write", "campaigns:read", "campaigns:write"}),
)
MOST_ROWS = 1000

_NAME = {"name": some_text, "type": one_of({"outbound"})}
_DESCRIPTION = {"description": text}


def _refuse_taken(call: Call, name: str) -> None:
    held = call.tenant.store.find_list(name)
    if held is not None and held.id != call.params.get("listId"):
        raise conflict(f"name: there is a list {name!r} already, {held.id}")


def _read_lists(call: Call) -> Reply:
    """`GET /lists?name=&pageSize=&pageToken=`."""
    store = call.tenant.store
    return Reply(body=call.tenant.pages.make_named_page("lists", call.query, store.lists.values()))


def _create_list(call: Call) -> Reply:
    """`POST /lists` `{name, description, type:"outbound"}`; 409 for a name that is taken."""
    wanted = fields(call.body, required=_NAME, optional=_DESCRIPTION)
    _refuse_taken(call, wanted["name"])
    made = call.tenant.store.add_list(wanted["name"], description=wanted.get("description", ""), type=wanted["type"])
    return Reply(201, {"id": made.id})


def _read_list(call: Call) -> Reply:
    """`GET /lists/{listId}`."""
    return Reply(body=contact_list(call).to_wire())


def _change_list(call: Call) -> Reply:
    """`PATCH /lists/{listId}`: changes only the fields sent and answers with the list."""
    target = contact_list(call)
    changed = fields(call.body, required={}, optional={**_NAME, **_DESCRIPTION})
    if "name" in changed:
        _refuse_taken(call, changed["name"])
    call.tenant.store.change_list(target, **changed)
    return Reply(body=target.to_wire())


def _delete_list(call: Call) -> Reply:
    """`DELETE /lists/{listId}`; 409 while a campaign uses it."""
    target = contact_list(call)
    users = [item.name for item in call.tenant.store.campaigns.values() if item.fields["listId"] == target.id]
    if users:
        raise conflict(f"the list is used by the campaign {', '.join(users)}")
    call.tenant.store.remove_list(target)
    return Reply(204)


def _read_contacts(call: Call) -> Reply:
    """`GET /lists/{listId}/contacts?pageSize=&pageToken=`: rows `{contactId, data}`."""
    target, pages = contact_list(call), call.tenant.pages
    read = f"members {target.id}"
    window, order = pages.query_window(read, call.query), target.order()
    page = [{"contactId": key, "data": target.members[key]} for key in order[window.start : window.end]]
    return Reply(body=pages.make_page(read, window, page, len(order)))


def _row(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required={"contactId": some_text}, optional={"data": anything_in_object})


def _put_contacts(call: Call) -> Reply:
    """`POST /lists/{listId}/contacts`: an upsert by contactId; `data`, if sent, replaces what was there."""
    target = contact_list(call)
    sent = rows(_row, MOST_ROWS)(call.body, "body")
    refuse_inactive(call, [row["contactId"] for row in sent])
    store = call.tenant.store
    joined = store.put_members(target, {row["contactId"]: row["data"] for row in sent if "data" in row})
    joined += store.put_members(target, [row["contactId"] for row in sent if "data" not in row])
    return Reply(200, {"added": joined, "updated": len({row["contactId"] for row in sent}) - joined})


_LIST = "/lists/{listId}"
_PAGE = ("pageSize", "pageToken")
ROUTES: tuple[Route, ...] = (
    read_route("lists", "/lists", "lists:read", _read_lists, "name", *_PAGE),
    write_route("lists", "POST", "/lists", "lists:write", _create_list),
    read_route("lists", _LIST, "lists:read", _read_list),
    write_route("lists", "PATCH", _LIST, "lists:write", _change_list),
    Route("lists", "DELETE", _LIST, "lists:write", _delete_list),
    read_route("lists", f"{_LIST}/contacts", "lists:read", _read_contacts, *_PAGE),
    write_route("lists", "POST", f"{_LIST}/contacts", "lists:write", _put_contacts),
    write_route("lists", "DELETE", f"{_LIST}/contacts", "lists:write", drop_contacts),
)
