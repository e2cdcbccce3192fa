"""Receive callbacks under `/_webhooks/{name}`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from reconciler.simulator.error_replies import not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time

PREFIX = "/_webhooks/"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One callback that arrived, whether its sender got to know it or not.

    Attributes:
        headers: as they came, names in lower case.
        raw: the body as it came: a signature is of these bytes.
        body: the body, if it is JSON.
        at: ISO 8601 UTC wall time.
    """

    name: str
    request_id: str
    method: str
    headers: dict[str, str]
    raw: bytes
    body: Any
    at: str

    def to_control(self) -> dict[str, Any]:
        """The delivery as the control surface shows it."""
        shown = {"name": self.name, "request_id": self.request_id, "method": self.method, "at": self.at}
        return {**shown, "headers": self.headers, "body": self.body, "text": self.raw.decode(errors="replace")}


@dataclass(slots=True)
class Webhooks:
    """What the receivers got, in the order it came."""

    deliveries: list[Delivery] = field(default_factory=list)

    def to(self, name: str | None) -> list[Delivery]:
        """What came to one receiver; to all, without a name."""
        return [each for each in self.deliveries if name in (None, each.name)]


def receive(call: Call) -> Reply:
    """Take a callback: 204."""
    name = call.path.removeprefix(PREFIX)
    if not name or "/" in name:
        raise not_found(f"no receiver {call.path}; they are {PREFIX}{{name}}")
    store = call.tenant.store
    headers = {key.lower(): value for key, value in call.headers.items()}
    made = Delivery(name, call.request_id, call.method, headers, call.raw, call.parse_body(), wire_time(store.now()))
    with store.lock:
        store.part(Webhooks).deliveries.append(made)
    return Reply(204)
