"""Carry requests to the embedded tenant without a socket, as late and as badly as the seed says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import orjson

from tests.simulation.scheduler import Killed

if TYPE_CHECKING:
    from tests.simulation.world import World

FAULTS = (
    "refused", "lost-request", "lost-reply", "unavailable", "unavailable-after", "rate-limited", "cut-body", "late",
    "twice", "revoked",
)  # fmt: skip
"""What may befall a request, and is survived by trying again, or looking."""

FORGOTTEN = "forgotten"
"""The tenant takes contacts, says so, and has them no more: whoever reads back sees it."""


@dataclass
class Asked:
    """One request of the program's, as invariants see it.

    Attributes:
        process: whose. fence: the number of the lock that it holds. body: what was sent.
        status: what it was answered with; 0: nothing that arrived.
    """

    process: str
    fence: int
    method: str
    path: str
    body: Any
    status: int = 0
    fault: str = ""

    @property
    def token_request(self) -> bool:
        """Whether it asks for a token."""
        return "oauth" in self.path


class Carrier:
    """Carries the requests of one surface."""

    def __init__(self, world: World, access: Any) -> None:
        self._world, self._access = world, access

    def close(self) -> None:
        """Nothing is open."""

    def send(self, ask: Any, token: Any) -> Any:
        """Make one attempt."""
        from reconciler.cxone.response import Broken, parse_reply

        world = self._world
        parts = urlsplit(ask.url)
        asked = Asked(world.process.name, world.process.fence, ask.method, parts.path, ask.content)
        world.tick("send", f"{ask.method} {parts.path}")
        fault = world.choose_fault(asked)
        asked.fault = fault
        if fault == "refused":
            return Broken("the connection was refused", sent=False)
        try:
            world.scheduler.block(world.latency())
        except Killed:
            # it may have left before its sender died
            if fault != "lost-request" and world.faults.random() < 0.5:
                self._arrive(ask, token, asked)
            raise
        if fault == "lost-request":
            return Broken("the connection was cut", sent=True)
        if fault in ("unavailable", "rate-limited"):
            headers = {"retry-after": "2"} if fault == "rate-limited" else {}
            asked.status = 503 if fault == "unavailable" else 429
            world.see(asked, None)
            return parse_reply(ask, asked.status, headers, b'{"error": {"code": "played", "message": "played"}}')
        if fault == "revoked" and token is not None:
            world.tenant.tokens.revoke(token.reveal())
        return self._reply(ask, token, asked)

    def _reply(self, ask: Any, token: Any, asked: Asked) -> Any:
        """What comes back of a request that arrives."""
        from reconciler.cxone.response import Broken, parse_reply

        world, fault = self._world, asked.fault
        kept = world.keep_lists() if fault == FORGOTTEN and ask.writes else None
        status, headers, content = self._arrive(ask, token, asked)
        if kept is not None:
            world.forget(kept)
        if fault == "twice" and ask.idempotent:
            status, headers, content = self._arrive(ask, token, asked)
        slow = world.plot.slow and ask.method == "GET" and "/jobs/" in asked.path
        world.scheduler.block(self._access.read_timeout + 1 if fault == "late" else SLOW if slow else world.latency())
        world.tick("reply", f"{status}", turn=False)
        if fault == "late":
            return Broken("no reply in time", sent=True)
        if fault == "lost-reply":
            return Broken("the connection was cut", sent=True)
        if fault == "unavailable-after":
            return parse_reply(ask, 503, {}, b"{}")
        return parse_reply(ask, status, headers, None if fault == "cut-body" else content)

    def _arrive(self, ask: Any, token: Any, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        """The tenant answers, in no time."""
        from reconciler.simulator.routing import Call

        world, parts = self._world, urlsplit(ask.url)
        authorization = f"Bearer {token.reveal()}" if token is not None else None
        call = Call(
            tenant=world.tenant,
            request_id=world.tenant.log.next_id(),
            method=ask.method,
            path=unquote(parts.path),
            query=dict(ask.query),
            repeated=frozenset(),
            content_type=ask.content_type if ask.content is not None else "",
            authorization=authorization,
            raw=ask.content or b"",
            headers={},
            origin=f"{parts.scheme}://{parts.netloc}",
        )
        before = world.photograph() if ask.writes else None
        reply = _drive(world.exchange.answer(call, quote(parts.path, safe="/%~$&'()*+,;=:@!")))
        content = b"" if reply.body is None else orjson.dumps(reply.body)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        headers["content-length"] = str(len(content))
        asked.status = reply.status
        world.arrived(asked, before, content)
        return reply.status, headers, content


def _drive(answer: Any) -> Any:
    """The end of a coroutine that waits for nothing."""
    try:
        answer.send(None)
    except StopIteration as ended:
        return ended.value
    raise RuntimeError("the tenant waits for something: give it no latency, the world has its own")


Choose = Callable[[Asked], str]
SLOW = 25.0
"""Seconds that a tenant takes to say how a job gets on, where it is slow."""
