# tested by: tests/simulator/test_dispositions.py
"""The surface `dispositions`: what was the outcome of one contact in one campaign?"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from reconciler.simulator.body_checks import anything_in_object, fields, instant, instant_text, some_text, text
from reconciler.simulator.dispositions import Dispositions
from reconciler.simulator.error_replies import bad_request, conflict, not_found
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route, write_route

# there is no scope for reading alone: a contact is read with that of contacts, and written with that of dispositions
_CONTACT, _DISPOSITION = "outbound:contact:write", "outbound:disposition:write"
SURFACE = Surface(
    "dispositions",
    "/api/v1/outbound",
    "/api/v1/oauth2/token",
    "form",
    frozenset({"outbound:campaign:write", _CONTACT, _DISPOSITION}),
)
MOST_NOTES = 10_000
CLOCK_SKEW = timedelta(minutes=1)

_OUTCOME = re.compile(r"[A-Z_]{3,20}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_STANDARD = frozenset(
    {
        *("contactId", "campaignId", "state", "outcomeCode", "agentId", "notes"),
        *("dispositionTimestamp", "customFields", "dateModified"),
    }
)


def _outcome(value: Any, where: str) -> str:
    """A code by its form; whether the tenant has it is asked afterwards."""
    if not isinstance(value, str) or not _OUTCOME.fullmatch(value):
        raise bad_request(f"{where}: must be 3 to 20 capital letters or underscores")
    return value


def _notes(value: Any, where: str) -> str:
    """A text within the limit, of characters that can be shown. The message does not repeat it."""
    if len(text(value, where)) > MOST_NOTES:
        raise bad_request(f"{where}: {len(value)} characters, and at most {MOST_NOTES} are taken")
    if found := _CONTROL.search(value):
        raise bad_request(f"{where}: has a control character at {found.start()}")
    return str(value)


def _custom(value: Any, where: str) -> dict[str, Any]:
    """The client's own fields, none of which has the name of a standard one."""
    standard = {name.casefold() for name in _STANDARD}
    for name in anything_in_object(value, where):
        if name.casefold() in standard:
            raise bad_request(f"{where}.{name}: is the name of a standard field")
    return dict(value)


_REQUIRED = {"outcomeCode": _outcome, "agentId": some_text}
_OPTIONAL = {"notes": _notes, "dispositionTimestamp": instant_text, "customFields": _custom}


def _contact(call: Call, *, is_read: bool) -> tuple[Dispositions, str, str]:
    """Campaign and contact the path names; 404 where there is no such campaign, or the contact is not on its list."""
    store, campaign_id, contact_id = call.tenant.store, call.params["campaignId"], call.params["contactId"]
    campaign = store.campaigns.get(campaign_id)
    if campaign is None:
        raise not_found(f"no campaign {campaign_id}")
    dispositions = call.tenant.dispositions
    dispositions.admit(campaign_id, call.in_flight, is_read=is_read)
    if contact_id not in store.contacts:
        raise not_found(f"no contact {contact_id}")
    used = store.lists.get(campaign.fields.get("listId", ""))
    if used is None or contact_id not in used.members:
        raise not_found(f"the contact {contact_id} is not on the list of the campaign {campaign_id}")
    return dispositions, campaign_id, contact_id


def _read(call: Call) -> Reply:
    """`GET /campaigns/{campaignId}/contacts/{contactId}`."""
    dispositions, campaign_id, contact_id = _contact(call, is_read=True)
    return Reply(body=dispositions.read(campaign_id, contact_id))


def _write(call: Call) -> Reply:
    """`PATCH` the same; 409 for a contact that the dialler holds."""
    dispositions, campaign_id, contact_id = _contact(call, is_read=False)
    asked = _parse_request(call, dispositions)
    found = dispositions.of(campaign_id, contact_id)
    if found.is_held:
        found.refused += 1
        raise conflict(f"the dialler holds the contact {contact_id}: {found.state}")
    dispositions.write(
        campaign_id,
        contact_id,
        asked["outcomeCode"],
        agent_id=asked["agentId"],
        notes=asked.get("notes"),
        timestamp=asked.get("dispositionTimestamp"),
        custom_fields=asked.get("customFields"),
        request_id=call.request_id,
    )
    return Reply(204) if dispositions.answers == 204 else Reply(body=found.to_wire())


def _parse_request(call: Call, dispositions: Dispositions) -> dict[str, Any]:
    asked = fields(call.body, required=_REQUIRED, optional=_OPTIONAL)
    if asked["outcomeCode"] not in dispositions.outcomes:
        raise bad_request(f"outcomeCode: must be one of {', '.join(sorted(dispositions.outcomes))}")
    where = "dispositionTimestamp"
    if where in asked and instant(asked[where], where) > dispositions.now() + CLOCK_SKEW:
        raise bad_request(f"{where}: is in the future")
    return asked


_PATH = "/campaigns/{campaignId}/contacts/{contactId}"
ROUTES: tuple[Route, ...] = (
    read_route("dispositions", _PATH, _CONTACT, _read),
    write_route("dispositions", "PATCH", _PATH, _DISPOSITION, _write),
)
