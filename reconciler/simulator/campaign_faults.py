# tested by: tests/properties/test_activation.py
"""Inject faults into campaigns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from reconciler.simulator.campaign_lifecycle import ACTIVE
from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.fault_kinds import Serve, kind
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import Campaign

_ONE = re.compile(r"/campaigns/([^/]+)$")


def _campaign(call: Call) -> Campaign | None:
    found = _ONE.search(call.path)
    return call.tenant.store.campaigns.get(found[1]) if found else None


def _is_change(call: Call) -> bool:
    return call.method == "PATCH" and _campaign(call) is not None


def is_activation(call: Call) -> bool:
    """Whether a call asks for a campaign to be active."""
    body = call.parse_body()
    asks = call.method in ("POST", "PATCH") and re.search(r"/campaigns(/[^/]+)?$", call.path)
    return bool(asks) and isinstance(body, dict) and body.get("status") == ACTIVE


@kind("fail-activation", is_activation)
async def _fail_activation(
    call: Call,
    serve: Serve,
    form: Literal["refused", "ignored", "altered"] = "refused",
    status: int = 409,
    changed: Mapping[str, Any] | None = None,
) -> Reply:
    """The campaign is not activated: refused, or taken with 200 and left as it was. Or it is, with other values."""
    if form == "refused":
        raise Refusal(status, "played", f"played: the campaign cannot be activated, status {status}")
    store, target = call.tenant.store, _campaign(call)
    before = dict(target.fields) if target else {}
    reply = await serve()
    if target is not None:
        with store.lock:
            store.change_campaign(target, **(before if form == "ignored" else changed or {}))
    return reply


@kind("half-change", _is_change)
async def _half_change(call: Call, serve: Serve, drops: Sequence[str] = ()) -> Reply:
    """The tenant says that it took a change, and keeps the old values of some fields."""
    store, target = call.tenant.store, _campaign(call)
    before = dict(target.fields) if target else {}
    reply = await serve()
    if target is not None:
        with store.lock:
            for name in drops:
                if name in before:
                    target.fields[name] = before[name]
                else:
                    target.fields.pop(name, None)
    return reply


@kind("meanwhile")
async def _change_meanwhile(
    call: Call,
    serve: Serve,
    campaign: str | None = None,
    changed: Mapping[str, Any] | None = None,
    removes: bool = False,
    empties: str | None = None,
    makes: str | None = None,
) -> Reply:
    """Somebody changes or removes a campaign, or makes or empties a list, just before the call is answered."""
    store = call.tenant.store
    with store.lock:
        target = store.find_campaign(campaign) if campaign is not None else None
        if target is not None:
            store.change_campaign(target, **(changed or {}))
            if removes:
                store.remove_campaign(target)
        emptied = store.find_list(empties) if empties is not None else None
        if emptied is not None:
            store.drop_members(emptied, list(emptied.members))
        if makes is not None:
            store.add_list(makes)
    return await serve()
