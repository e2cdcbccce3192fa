# tested by: tests/simulator/test_control_api.py
"""Set the tenant's call statistics from outside, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.simulator.body_checks import anything_in_object, fields, instant, instant_text, truth, whole
from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.routing import Call, Reply

_COUNTED = {"attempts": whole(0), "liveAnswered": whole(0), "abandoned": whole(0)}
_TIMES = {"startTime": instant_text, "endTime": instant_text}
_OURS = {"liveAnswered": "live_answered", "startTime": "since", "endTime": "until"}


def _set(call: Call) -> Reply:
    """`{campaigns: {name: {attempts, liveAnswered, abandoned, startTime, endTime}}, offered}`."""
    known = {"campaigns": anything_in_object, "offered": truth}
    body = fields(call.parse_body(), required={}, optional=known)
    store = call.tenant.store
    calls = store.part(Calls)
    for name, given in body.get("campaigns", {}).items():
        counted: dict[str, Any] = fields(given, f"campaigns.{name}", required={}, optional={**_COUNTED, **_TIMES})
        for key in _TIMES:
            if key in counted:
                counted[key] = instant(counted[key], key)
        calls.set(store.campaign_named(name).id, **{_OURS.get(key, key): value for key, value in counted.items()})
    calls.offered = body.get("offered", calls.offered)
    told = {item.name: calls.to_wire(item.id, store.now()) for item in store.campaigns.values()}
    return Reply(body={"campaigns": told, "offered": calls.offered})


HANDLERS: dict[tuple[str, str], Callable[[Call], Reply]] = {("POST", "/statistics"): _set}
