"""How is the tenant looked into and changed behind the clients' backs, over HTTP?"""

from __future__ import annotations

from reconciler.simulator.refusals import Refusal, not_found
from reconciler.simulator.routing import Call, Reply

PREFIX = "/_control"


def answer(call: Call, peer: str | None) -> Reply:
    """Answer a control request; 403 to a peer that is not on this machine."""
    if peer not in ("127.0.0.1", "::1"):
        raise Refusal(403, "forbidden", "the control surface answers this machine only")
    raise not_found(call.path)
