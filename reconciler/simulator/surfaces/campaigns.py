# tested by: tests/simulator/test_campaigns.py
"""The surface `lists`, its campaigns: what is dialled, from which list, and how hard?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.simulator.body_checks import (
    between,
    fields,
    instant,
    instant_text,
    one_of,
    share,
    some_text,
    text,
    whole,
)
from reconciler.simulator.campaign_lifecycle import (
    ACTIVE,
    ASKED_FOR,
    DIALLING,
    DRAFT,
    PAUSED,
    STOPPING,
    refuse_deletion,
    refuse_leap,
)
from reconciler.simulator.error_replies import bad_request, conflict, not_found
from reconciler.simulator.reply_variations import Manners
from reconciler.simulator.routing import Call, Reply, Route, read_route, write_route
from reconciler.simulator.stored_records import Campaign

_PREDICTIVE_NEEDS = ("targetAnswerRate", "maxCallsInProgress")
_SETTINGS = "predictiveDialingSettings"


def _settings(value: Any, where: str) -> dict[str, Any]:
    known = {
        "targetAnswerRate": share,
        "maxCallsInProgress": whole(1),
        "agentAvailabilityFactor": share,
    }
    return fields(value, where, required={}, optional=known)


_REQUIRED = {
    "name": some_text,
    "dialType": one_of({"predictive", "progressive", "preview"}),
    "listId": some_text,
    "abandonThreshold": between(1.0, 10.0),
}
_OPTIONAL = {
    "description": text,
    "startTime": instant_text,
    "endTime": instant_text,
    "wrapUpCode": some_text,
    "status": one_of(ASKED_FOR),
    "predictiveDialingSettings": _settings,
}


def _campaign(call: Call) -> Campaign:
    found = call.tenant.store.campaigns.get(call.params["campaignId"])
    if found is None:
        raise not_found(f"no campaign {call.params['campaignId']}")
    # every request about a campaign counts, whatever it asks
    call.tenant.dispositions.admit_campaign(found.id, is_read=call.method == "GET")
    return found


def _refuse(call: Call, wanted: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    """What the contract refuses of a whole campaign, as it would be after the call; `sent` is what was asked for."""
    store = call.tenant.store
    if wanted["dialType"] == "predictive":
        settings = wanted.get(_SETTINGS, {})
        for name in _PREDICTIVE_NEEDS:
            if name not in settings:
                raise bad_request(f"{_SETTINGS}.{name}: is required for a predictive campaign")
    elif _SETTINGS in sent:
        raise bad_request(f"{_SETTINGS}: a {wanted['dialType']} campaign has none")
    start, end = wanted.get("startTime"), wanted.get("endTime")
    if start is not None and end is not None and instant(end, "endTime") <= instant(start, "startTime"):
        raise bad_request("endTime: must be after startTime")
    used = store.lists.get(wanted["listId"])
    if used is None:
        raise bad_request(f"listId: no contact list {wanted['listId']}")
    if not used.count and ("listId" in sent or wanted["status"] == ACTIVE):
        raise bad_request(f"listId: the contact list {used.id} ({used.name}) is empty")
    held = store.find_campaign(wanted["name"])
    if held is not None and held.id != call.params.get("campaignId"):
        raise conflict(f"name: there is a campaign {held.name!r} already, {held.id}")


def _read_campaigns(call: Call) -> Reply:
    """`GET /campaigns?name=&pageSize=&pageToken=`."""
    store = call.tenant.store
    page = call.tenant.pages.make_named_page("campaigns", call.query, store.campaigns.values())
    for each in store.campaigns.values():
        _come_to_rest(call, each)
    return Reply(body=page)


def _come_to_rest(call: Call, campaign: Campaign) -> None:
    """A campaign that is stopping was looked at once more; after so many looks it is paused."""
    left = campaign.looks
    if left is not None:
        campaign.looks = left - 1
        if left <= 1:
            campaign.looks = None
            call.tenant.store.change_campaign(campaign, status=PAUSED)


def _create_campaign(call: Call) -> Reply:
    """`POST /campaigns`; a campaign without a `status` is a draft."""
    body = call.tenant.store.part(Manners).without_defaults(call.body)
    sent = fields(body, required=_REQUIRED, optional=_OPTIONAL)
    wanted = {"status": DRAFT, **sent}
    _refuse(call, wanted, sent)
    made = call.tenant.store.add_campaign(**wanted)
    return Reply(201, {"id": made.id})


def _read_campaign(call: Call) -> Reply:
    """`GET /campaigns/{id}`."""
    found = _campaign(call)
    reply = Reply(body=found.to_wire())
    _come_to_rest(call, found)
    return reply


def _change_campaign(call: Call) -> Reply:
    """`PATCH /campaigns/{id}`: changes only the fields sent, in the settings too, and answers with it all.

    Pausing alone is never refused, whatever has become of the campaign's list.
    """
    target = _campaign(call)
    manners = call.tenant.store.part(Manners)
    body = manners.without_defaults(call.body)
    changed = fields(body, required={}, optional={**_REQUIRED, **_OPTIONAL})
    before = {"status": DRAFT, **target.fields}
    refuse_leap(before["status"], changed.get("status", before["status"]))
    if changed.get("dialType", before["dialType"]) != before["dialType"]:
        raise bad_request("dialType: cannot be changed; make another campaign")
    if _SETTINGS in changed:
        changed[_SETTINGS] = {**target.fields.get(_SETTINGS, {}), **changed[_SETTINGS]}
    if set(changed) != {"status"} or changed["status"] == ACTIVE:
        _refuse(call, {**before, **changed}, changed)
    if manners.stopping and before["status"] in DIALLING and changed.get("status") == PAUSED:
        changed["status"], target.looks = STOPPING, manners.stopping
    call.tenant.store.change_campaign(target, **changed)
    return Reply(body=target.to_wire())


def _delete_campaign(call: Call) -> Reply:
    """`DELETE /campaigns/{id}`; 409 while it is active."""
    target = _campaign(call)
    refuse_deletion(target.name, target.fields.get("status", DRAFT))
    call.tenant.store.remove_campaign(target)
    return Reply(204)


_CAMPAIGN = "/campaigns/{campaignId}"
ROUTES: tuple[Route, ...] = (
    read_route("lists", "/campaigns", "campaigns:read", _read_campaigns, "name", "pageSize", "pageToken"),
    write_route("lists", "POST", "/campaigns", "campaigns:write", _create_campaign),
    read_route("lists", _CAMPAIGN, "campaigns:read", _read_campaign),
    write_route("lists", "PATCH", _CAMPAIGN, "campaigns:write", _change_campaign),
    Route("lists", "DELETE", _CAMPAIGN, "campaigns:write", _delete_campaign),
)
