# tested by: tests/simulator/test_lists.py
"""Keep who is on which list."""

from __future__ import annotations

from typing import Any

from reconciler.simulator.body_checks import fields, rows, some_text
from reconciler.simulator.error_replies import not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import ContactList

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


def drop_contacts(call: Call) -> Reply:
    """`DELETE …/{listId}/contacts` of both surfaces; ids that are not on the list do not matter."""
    call.tenant.store.drop_members(contact_list(call), contact_ids(call.body))
    return Reply(204)
