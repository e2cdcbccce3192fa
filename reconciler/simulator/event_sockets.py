# tested by: tests/simulator/test_events.py
"""Serve WebSockets for events.

Each message is a call like any other, with the method `SUBSCRIBE`, `PING` or `EVENT`: it is in the request log, and
every fault can befall it. A reply of 1000 or more closes the socket with that code; a refusal with 4000 + its status.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from aiohttp import WSMessage, WSMsgType, web

from reconciler.simulator import broken_replies
from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.jobs import Job
from reconciler.simulator.reply_variations import Manners
from reconciler.simulator.request_log import Received
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time

Subscribe = Callable[[Call], frozenset[str]]
Describe = Callable[[Job], dict[str, Any]]
_CLOSING_HANDSHAKE = 0.5


@dataclass(frozen=True, slots=True)
class Postponed:
    """What a fault orders as `late`: an event goes after so many others, or so many seconds later."""

    after: int
    seconds: float


@dataclass(slots=True)
class Late:
    """An event that is sent when `after` others have been."""

    after: int
    content: bytes


class Socket:
    """One connection, from its handshake to its end.

    `orders` are those of a fault on the handshake: `silent` sends no event, `deaf` answers no ping, `cut` ends it at
    once with this reply.
    """

    def __init__(self, call: Call, expires: float, subscribe: Subscribe, describe: Describe) -> None:
        self._handshake = call
        self._expires = expires
        self._subscribe = subscribe
        self._describe = describe
        self._wanted: frozenset[str] = frozenset()
        self._late: list[Late] = []
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        # not compressed: a frame that is cut in its middle must have one
        self._socket = web.WebSocketResponse(autoping=False, compress=False, timeout=_CLOSING_HANDSHAKE)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve the connection until either side ends it."""
        self._request = request
        tenant, orders = self._handshake.tenant, self._handshake.orders
        await self._socket.prepare(request)
        if cut := orders.get("cut"):
            await self._obey(cut, b"")
            return self._socket
        jobs, watchers = tenant.jobs, tenant.tokens.watchers
        jobs.listeners.append(self._queue_event)
        watchers.append(self._recheck)
        # a timer may be early by the clock's resolution, and the token would still be good
        expiry = self._loop.call_at(self._expires + 0.001, self._events.put_nowait, None)
        sender = asyncio.create_task(self._send_events())
        try:
            with suppress(ConnectionError):
                async for message in self._socket:
                    await self._hear(message)
        finally:
            jobs.listeners.remove(self._queue_event)
            watchers.remove(self._recheck)
            expiry.cancel()
            sender.cancel()
        return self._socket

    # -- what comes -------------------------------------------------------------------------------------

    async def _hear(self, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await self._pass("PING", None, partial(self._answer_ping, message.data))
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            try:
                body = orjson.loads(message.data)
            except ValueError:
                body = None
            await self._pass("SUBSCRIBE", body, self._take_subscription)

    async def _answer_ping(self, content: bytes, _call: Call) -> Reply:
        if not self._handshake.orders.get("deaf"):
            await self._socket.pong(content)
        return Reply()

    async def _take_subscription(self, call: Call) -> Reply:
        before, self._wanted = self._wanted, self._subscribe(call)
        tenant = self._handshake.tenant
        with tenant.store.lock:
            known = [tenant.jobs.all[job_id] for job_id in self._wanted - before if job_id in tenant.jobs.all]
        for job in known:
            if job.is_over:  # nobody could have subscribed before it was
                self._queue_event(job)
        return Reply()

    # -- what goes --------------------------------------------------------------------------------------

    def _queue_event(self, job: Job) -> None:
        """A job got on: from any thread."""
        if job.id in self._wanted and not self._handshake.orders.get("silent"):
            self._loop.call_soon_threadsafe(self._events.put_nowait, self._make_event(job))

    def _make_event(self, job: Job) -> dict[str, Any]:
        told: dict[str, Any] = self._handshake.tenant.store.part(Manners).retell(self._describe(job))
        return told

    def _recheck(self) -> None:
        """Tokens were revoked: from any thread."""
        self._loop.call_soon_threadsafe(self._events.put_nowait, None)

    async def _send_events(self) -> None:
        """Send what is queued; None stands for a look at the token and at what is late."""
        with suppress(ConnectionError):
            while True:
                event = await self._events.get()
                if event is None:
                    if not self._is_known():
                        await self._obey(Reply(4401, "the token is no longer valid"), b"")
                        return
                    self._late, due = [], self._late
                else:
                    content = orjson.dumps(event)
                    await self._pass("EVENT", event, partial(self._send, content), content)
                    due = self._due()
                for late in due:
                    await self._socket.send_str(late.content.decode())

    def _is_known(self) -> bool:
        return self._handshake.tenant.tokens.expires(self._handshake.authorization) > time.monotonic()

    def _due(self) -> list[Late]:
        due = [late for late in self._late if late.after == 0]
        self._late = [late for late in self._late if late.after]
        for late in self._late:
            late.after -= 1
        return due

    async def _send(self, content: bytes, _call: Call) -> Reply:
        await self._socket.send_str(content.decode())
        return Reply()

    # -- every message ----------------------------------------------------------------------------------

    async def _pass(
        self, method: str, body: Any, serve: Callable[[Call], Awaitable[Reply]], content: bytes = b""
    ) -> None:
        """Let one message take effect, or what a fault makes of it."""
        tenant, shaken = self._handshake.tenant, self._handshake
        call = Call(
            tenant=tenant,
            request_id=tenant.log.next_id(),
            method=method,
            path=shaken.path,
            query={},
            repeated=frozenset(),
            content_type="",
            authorization=shaken.authorization,
            raw=b"",
            body=body,
            headers=shaken.headers,
        )
        received = _make_received(call)
        tenant.log.add(received)
        rule = tenant.faults.choose(call)
        received.fault = rule.fault if rule else None
        try:
            reply = await (rule.play(call, lambda: serve(call)) if rule else serve(call))
        except Refusal as refusal:
            reply = Reply(4000 + refusal.status, refusal.message)
        received.status = reply.status if reply.wire == "whole" else None
        if late := call.orders.get("late"):
            self._late.append(Late(late.after, content))
            self._loop.call_later(late.seconds, self._events.put_nowait, None)
        await self._obey(reply, content)

    async def _obey(self, reply: Reply, content: bytes) -> None:
        transport = self._request.transport
        if reply.wire == "whole":
            if reply.status >= 1000:
                # a close frame has room for 123 bytes of reason
                await self._socket.close(code=reply.status, message=str(reply.body or "").encode()[:120])
        elif transport is not None and reply.wire == "reset":
            broken_replies.reset(transport)
        elif transport is not None:
            transport.write(_make_half_frame(content or b'{"eventType":"cut"}'))
            transport.close()


def _make_received(call: Call) -> Received:
    return Received(
        request_id=call.request_id,
        method=call.method,
        path=call.path,
        query={},
        surface=call.path.split("/", 2)[1],
        monotonic=time.monotonic(),
        at=wire_time(datetime.now(UTC)),
        body=call.body,
    )


def _make_half_frame(content: bytes) -> bytes:
    """The first half of a text frame (RFC 6455, section 5.2)."""
    size = len(content)
    head = struct.pack("!BB", 0x81, size) if size < 126 else struct.pack("!BBH", 0x81, 126, size)
    return head + content[: size // 2]
