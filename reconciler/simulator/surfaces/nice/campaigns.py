"""Campaigns: they only count. From version 33 on they are flat; the shape of another version is answered with 500."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.simulator.body_checks import fields, some_text, text, truth, whole
from reconciler.simulator.error_replies import Refusal, conflict
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.surfaces.nice.conventions import (
    FLAT_CAMPAIGNS,
    find_by_number,
    find_version,
    page,
    read,
    write,
)
from reconciler.simulator.surfaces.nice.conventions import truth as query_truth

_FLAT: dict[str, Any] = {"divisionId": whole(0), "notes": text, "description": text, "isActive": truth}


@dataclass(slots=True)
class Campaigns:
    """The campaigns, by their numbers."""

    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: int = 500


def campaigns_of(call: Call) -> Campaigns:
    """The tenant's campaigns."""
    return call.tenant.store.part(Campaigns)


def _to_wire(call: Call, each: dict[str, Any]) -> dict[str, Any]:
    if find_version(call) >= FLAT_CAMPAIGNS:
        return each
    return {"campaignId": each["id"], "campaignName": each["name"], **{"isActive": each["isActive"]}}


def _list_one(call: Call, each: dict[str, Any]) -> dict[str, Any]:
    """A campaign among others: its division is not told (spec)."""
    return {name: value for name, value in _to_wire(call, each).items() if name != "divisionId"}


def _read_all(call: Call) -> Reply:
    """`GET /campaigns?searchString=&isActive=&skip=&top=`."""
    wanted = call.query.get("searchString", "").casefold()
    found = [each for each in campaigns_of(call).held.values() if wanted in each["name"].casefold()]
    rows = [_list_one(call, each) for each in page(call, found)]
    return Reply(body={"totalRecords": len(found), "businessUnitId": 4711, "campaigns": rows}) if rows else Reply(204)


def _create(call: Call) -> Reply:
    """`POST /campaigns`: `{name, …}` from version 33 on, `{campaigns: [{campaignName}]}` before; else 500."""
    flat = find_version(call) >= FLAT_CAMPAIGNS
    if not isinstance(call.body, dict) or ("name" in call.body) != flat:
        raise Refusal(500, "internal", "an error has occurred")
    told = call.body if flat else {"name": call.body["campaigns"][0]["campaignName"]}
    wanted = fields(told, required={"name": some_text}, optional=_FLAT)
    held = campaigns_of(call)
    if any(each["name"] == wanted["name"] for each in held.held.values()):
        raise conflict("name: there is a campaign of that name")
    held.last += 1
    made = {"id": held.last, "notes": "", "description": "", "isActive": True, **wanted}
    held.held[str(held.last)] = made
    return Reply(body={"id": held.last})


def _read_one(call: Call) -> Reply:
    """`GET /campaigns/{campaignId}`."""
    return Reply(body=_to_wire(call, find_by_number(campaigns_of(call).held, call.params["campaignId"], "campaign")))


def _change(call: Call) -> Reply:
    """`PUT /campaigns/{campaignId}`."""
    target = find_by_number(campaigns_of(call).held, call.params["campaignId"], "campaign")
    target |= fields(call.body, required={"name": some_text}, optional=_FLAT)
    return Reply(body={})


def _activate(call: Call) -> Reply:
    """`PATCH /campaigns/{campaignId}/status?isActive=`."""
    find_by_number(campaigns_of(call).held, call.params["campaignId"], "campaign")["isActive"] = query_truth(
        call, "isActive"
    )
    return Reply(body={})


ROUTES = (
    read("/campaigns", _read_all, "isActive", "searchString", "fields", "skip", "top", "orderBy", "isSkillFiltered"),
    write("POST", "/campaigns", _create),
    read("/campaigns/{campaignId}", _read_one),
    write("PUT", "/campaigns/{campaignId}", _change),
    write("PATCH", "/campaigns/{campaignId}/status", _activate, "isActive", body=False),
)
