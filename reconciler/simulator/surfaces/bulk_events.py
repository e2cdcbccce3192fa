# tested by: tests/simulator/test_events.py
"""The surface `bulk`, its events: who is told when a job gets on?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.simulator.body_checks import fields, one_of, rows, some_text
from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.event_sockets import Socket
from reconciler.simulator.jobs import Job
from reconciler.simulator.routing import Call, Reply, Route, read_route
from reconciler.simulator.stored_records import wire_time

_SCOPE = "events:subscribe"
_EVENT = "outbound.contactlistitems.bulkinsert"
MOST_JOBS = 10_000


def _open(call: Call) -> Reply:
    """`GET /events`, a WebSocket; 426 for a request that asks for none."""
    if call.headers.get("Upgrade", "").lower() != "websocket":
        raise Refusal(426, "upgrade_required", "this is a WebSocket", {"Upgrade": "websocket"})
    expires = call.tenant.tokens.expires(call.authorization)
    return Reply(101, raw=Socket(call, expires, _subscription, _event))


def _filters(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required={"jobIds": rows(some_text, MOST_JOBS)}, optional={})


def _subscription(call: Call) -> frozenset[str]:
    """The jobs of a subscription; it takes the place of the one before it.

    Of a job that is over already, its end is told; of what else was missed, nothing.
    """
    call.tenant.tokens.check("bulk", call.authorization, _SCOPE)
    asked = fields(
        call.body,
        required={"eventTypes": rows(one_of({_EVENT}), 1), "filters": _filters},
        optional={},
    )
    return frozenset(asked["filters"]["jobIds"])


def _event(job: Job) -> dict[str, Any]:
    data = {"jobId": job.id, "status": job.status, "progress": job.progress}
    return {"eventType": _EVENT, "timestamp": wire_time(datetime.now(UTC)), "data": data}


ROUTES: tuple[Route, ...] = (read_route("bulk", "/events", _SCOPE, _open),)
