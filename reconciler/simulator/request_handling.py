# tested by: tests/simulator/test_oauth.py
"""Handle one request from arrival to reply."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial

from aiohttp import web

from reconciler.simulator import broken_replies, control_api, webhooks
from reconciler.simulator.error_replies import Refusal, bad_request, not_found
from reconciler.simulator.reply_variations import Manners
from reconciler.simulator.request_log import Received, count_rows, without_rows
from reconciler.simulator.routing import Call, Reply, Route
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.tenant import Tenant


class Exchange:
    """Answers every request of a tenant: faults first, then the rules of the contract in their order."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._in_flight: Counter[str | None] = Counter()
        self._random = random.Random(tenant.options.seed)  # noqa: S311 - jitter, not secrecy

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        root = self._tenant.router.root_of_host(request.host.partition(":")[0]) if request.secure else ""
        if root is None:
            return web.Response(status=421, text="this host is none of the embedded tenant\n")
        call = await self._call(request, root)
        if call.path.startswith(control_api.PREFIX):
            reply = self._answer_or_refuse(call, lambda: control_api.answer(call, request.remote))
            return await broken_replies.send(request, reply, call.request_id)
        reply = await self.answer(call, root + request.rel_url.raw_path)
        return await broken_replies.send(request, reply, call.request_id)

    async def answer(self, call: Call, raw_path: str) -> Reply:
        """Answer a call of a client's, whatever carried it here; `raw_path` is its path as it was sent."""
        received = self._make_received(call)
        with self._count_in_flight(call, received):
            self._tenant.log.add(received)
            if rule := self._tenant.faults.choose(call):
                received.fault = rule.fault
            serve = partial(self._serve, call, received, raw_path)
            try:
                reply = await (rule.play(call, serve) if rule else serve())
            except Refusal as refusal:
                reply = _make_refusal_reply(refusal, call)
            received.status = None if reply.wire == "reset" else reply.status
            reply.body = self._tenant.store.part(Manners).retell(reply.body)
        if ahead := self._tenant.store.ahead:
            reply.headers.setdefault("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True))
        return reply

    @contextmanager
    def _count_in_flight(self, call: Call, received: Received) -> Iterator[None]:
        """Count the call among those of its surface while it is answered."""
        counted = received.surface is not None and not received.is_token_request
        if counted:
            self._in_flight[received.surface] += 1
            received.in_flight = call.in_flight = self._in_flight[received.surface]
        try:
            yield
        finally:
            received.ended = time.monotonic()
            if counted:
                self._in_flight[received.surface] -= 1

    async def _call(self, request: web.BaseRequest, root: str) -> Call:
        query = request.rel_url.query
        return Call(
            tenant=self._tenant,
            request_id=self._tenant.log.next_id(),
            method=request.method,
            path=root + request.rel_url.path,
            query=dict(query),
            repeated=frozenset(name for name in query if len(query.getall(name)) > 1),
            content_type=request.content_type if "Content-Type" in request.headers else "",
            authorization=request.headers.get("Authorization"),
            raw=await request.read(),
            headers=request.headers,
            origin=f"{request.scheme}://{request.host}",
            root=root,
        )

    def _make_received(self, call: Call) -> Received:
        surface = self._tenant.router.surface_of(call.path)
        is_token_request = surface is not None and call.path == surface.full_token_path
        body = None if is_token_request else call.parse_body()
        logs_rows = surface is None or surface.logs_rows
        return Received(
            request_id=call.request_id,
            method=call.method,
            path=call.path,
            query=dict(call.query),
            surface=surface.name if surface else None,
            monotonic=time.monotonic(),
            at=wire_time(datetime.now(UTC)),
            body=body if logs_rows else without_rows(body),
            rows=count_rows(body),
            is_write=call.method != "GET" and not is_token_request and not call.path.startswith(webhooks.PREFIX),
            is_token_request=is_token_request,
        )

    async def _serve(self, call: Call, received: Received, raw_path: str) -> Reply:
        options = self._tenant.options
        if options.latency_ms or options.jitter_ms:
            jitter = self._random.uniform(-options.jitter_ms, options.jitter_ms)
            await asyncio.sleep(max(0.0, options.latency_ms + jitter) / 1000)
        return self._answer_or_refuse(call, lambda: self._answer(call, received, raw_path))

    def _answer(self, call: Call, received: Received, raw_path: str) -> Reply:
        tenant = self._tenant
        if call.path.startswith(webhooks.PREFIX):
            return webhooks.receive(call)
        surface = tenant.router.surface_of(call.path)
        if surface is None:
            raise not_found(f"no surface answers {call.path}")
        if received.is_token_request:
            if call.method != "POST":
                raise Refusal(405, "method_not_allowed", "a token is asked for by POST", {"Allow": "POST"})
            if surface.issue is not None:
                return Reply(body=surface.issue(call))
            granted = tenant.tokens.issue(surface, call.content_type, call.raw)
            return Reply(body=surface.grant(call, granted) if surface.grant else granted)
        route, call.params = tenant.router.find(surface, call.method, raw_path)
        received.is_write = not route.is_read
        if route.scope:
            tenant.pace.admit(surface.name)
            tenant.tokens.check(surface.name, call.authorization, route.scope)
        if surface.check is not None:
            surface.check(call)
        _check_form(call, route)
        with tenant.store.lock:
            return route.handler(call)

    def _answer_or_refuse(self, call: Call, answer: Callable[[], Reply]) -> Reply:
        try:
            return answer()
        except Refusal as refusal:
            return _make_refusal_reply(refusal, call)


def _make_refusal_reply(refusal: Refusal, call: Call) -> Reply:
    surface = call.tenant.router.surface_of(call.path)
    if surface is not None and surface.refuse is not None:
        return surface.refuse(call, refusal)
    body = {
        "error": {"code": refusal.code, "message": refusal.message},
        "requestId": call.request_id,
    }
    return Reply(refusal.status, body, refusal.headers)


def _check_form(call: Call, route: Route) -> None:
    """400 for query fields nobody knows, a body where none belongs, or one that is not JSON."""
    for name in call.query:
        if name not in route.query:
            raise bad_request(f"{name}: unknown query field")
        if name in call.repeated - route.repeats:
            raise bad_request(f"{name}: given twice")
    if not route.takes_body:
        if call.raw:
            raise bad_request("body: none is taken here")
        return
    if route.takes_form:
        return
    if call.content_type != "application/json":
        raise bad_request("Content-Type: must be application/json")
    call.body = call.parse_body()
    if call.body is None:
        raise bad_request("body: must be JSON")
