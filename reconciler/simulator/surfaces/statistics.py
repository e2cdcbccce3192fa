# tested by: tests/simulator/test_statistics.py
"""The surface `lists`, its campaigns' calls: how many were dialled, answered and abandoned?"""

from __future__ import annotations

from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.error_replies import not_found
from reconciler.simulator.routing import Call, Reply, Route, read_route


def _read_statistics(call: Call) -> Reply:
    """`GET /campaigns/{id}/statistics`; 404 for every campaign where the tenant does not offer it."""
    store, campaign_id = call.tenant.store, call.params["campaignId"]
    calls = store.part(Calls)
    if not calls.offered:
        raise not_found(f"no endpoint GET {call.path}")
    if campaign_id not in store.campaigns:
        raise not_found(f"no campaign {campaign_id}")
    call.tenant.dispositions.admit_campaign(campaign_id, is_read=True)
    return Reply(body=calls.to_wire(campaign_id, store.now()))


ROUTES: tuple[Route, ...] = (
    read_route("lists", "/campaigns/{campaignId}/statistics", "campaigns:read", _read_statistics),
)
