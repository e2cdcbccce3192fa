# tested by: tests/surfaces/nice/test_contact_outcomes.py
"""The disposition of one contact: what an agent, or a client, said of a call that is over."""

from __future__ import annotations

from typing import Any

from reconciler.simulator.body_checks import fields, some_text, text
from reconciler.simulator.error_replies import bad_request
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.completed_contacts import find_contact
from reconciler.simulator.surfaces.nice.conventions import read, unwrap, write
from reconciler.simulator.surfaces.nice.dispositions import number_dispositions


class Said:
    """What was said of each contact, by its number."""

    def __init__(self) -> None:
        self.of: dict[int, dict[str, Any]] = {}


def _read(call: Call) -> Reply:
    """`GET /contacts/{contactId}/disposition`: 204 where nothing was said yet (ours)."""
    number = int(find_contact(call, call.params["contactId"])["contactId"])
    said = call.tenant.store.part(Said).of.get(number)
    return Reply(204) if said is None else Reply(body=said)


def _set(call: Call) -> Reply:
    """`POST /contacts/{contactId}/set-disposition` `{dispositionInfo}`; 400 for a code that no disposition is
    named (ours). Of which skill it may be is not published: any is taken. A body without one sets nothing (spec)."""
    contact = find_contact(call, call.params["contactId"])
    if call.body == {}:
        return Reply(204)
    optional = dict.fromkeys(("callbackNumber", "callbackTime", "commitmentAmount", "notes"), text)
    told = fields(
        unwrap(call, "dispositionInfo"),
        "dispositionInfo",
        required={"skill": some_text, "dispositionCode": some_text},
        optional=optional,
    )
    known = {name: number for number, name in number_dispositions(call).items()}
    if told["dispositionCode"] not in known:
        raise bad_request("dispositionInfo.dispositionCode: there is no such disposition")
    call.tenant.store.part(Said).of[int(contact["contactId"])] = {
        "dispositionId": known[told["dispositionCode"]],
        "dispositionName": told["dispositionCode"],
        "dispositionByAgendId": 0,
        "notes": told.get("notes", ""),
        "lastUpdated": wire_time(call.tenant.store.now()),
    }
    return Reply(204)


ROUTES = (
    read("/contacts/{contactId}/disposition", _read),
    write("POST", "/contacts/{contactId}/set-disposition", _set),
)
