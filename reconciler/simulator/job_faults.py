"""Inject faults into jobs and their events.

A kind of job is played on the POST that makes it, and says with `wire` how much of that call's reply arrives. A kind
of event is played on a message of the socket: `GET` is its handshake, then `SUBSCRIBE`, `PING` and `EVENT`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.event_sockets import Postponed
from reconciler.simulator.fault_kinds import Serve, kind
from reconciler.simulator.job_results import ABORTED, FAILED, Fate, Rejection, RowRefused
from reconciler.simulator.routing import Call, Reply, Wire
from reconciler.simulator.tenant_options import JobPace

CutForm = Literal["reset", "mid-frame", "close"]


def _inserts(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/contactlistitems/bulkinsert")


def _makes_a_job(call: Call) -> bool:
    return _inserts(call) or (call.method == "POST" and call.path.endswith(("/contacts/batch", "/upload")))


def _on_a_socket(call: Call) -> bool:
    return call.path.endswith("/events")


def _opens(call: Call) -> bool:
    return _on_a_socket(call) and call.method == "GET"


def _subscribes(call: Call) -> bool:
    return call.method == "SUBSCRIBE"


def _tells(call: Call) -> bool:
    return call.method == "EVENT"


async def _set_result(call: Call, serve: Serve, fate: Fate, wire: Wire) -> Reply:
    call.orders["fate"] = fate
    reply = await serve()
    reply.wire = wire
    return reply


@kind("reject-rows", _makes_a_job, patterns=("phone", "external_id"))
async def _reject_rows(
    call: Call,
    serve: Serve,
    index: Sequence[int] = (),
    phone: str | None = None,
    external_id: str | None = None,
    code: str = "REJECTED",
    message: str = "played: this row is refused",
    wire: Wire = "whole",
) -> Reply:
    """Rows are refused: those at `index`, those whose number or id matches a pattern; all, if none is said."""
    given = {"phone": phone, "external_id": external_id}
    patterns = {name: re.compile(pattern) for name, pattern in given.items() if pattern is not None}
    rejection = Rejection(frozenset(index), patterns, RowRefused(code, message), all=not (index or patterns))
    return await _set_result(call, serve, Fate(rejection=rejection), wire)


@kind("fail-job", _makes_a_job)
async def _fail_job(
    call: Call,
    serve: Serve,
    detail: bool = False,
    took: int = 0,
    stage: int | None = None,
    code: str = "JOB_FAILED",
    message: str = "played: the job failed",
    wire: Wire = "whole",
) -> Reply:
    """The job ends FAILED at a `stage`; its first `took` rows took effect; `detail` gives the others an error each."""
    fate = Fate(FAILED, stage, took, detail, RowRefused(code, message))
    return await _set_result(call, serve, fate, wire)


def _can_be_ended(call: Call) -> bool:
    return _inserts(call) or (call.method == "POST" and call.path.endswith("/upload"))


@kind("abort-job", _can_be_ended)
async def _abort_job(call: Call, serve: Serve, took: int = 0, stage: int | None = None, wire: Wire = "whole") -> Reply:
    """The job ends ABORTED at a `stage`; its first `took` rows took effect."""
    return await _set_result(call, serve, Fate(ABORTED, stage, took), wire)


@kind("slow-job", _makes_a_job)
async def _slow_job(
    call: Call,
    serve: Serve,
    seconds: float = 60,
    steps: int = 4,
    polls: int | None = None,
    held: bool = False,
    gradually: bool = False,
    wire: Wire = "whole",
) -> Reply:
    """The job goes at a pace of its own; `held`, it never ends unless it is moved."""
    return await _set_result(call, serve, Fate(pace=JobPace(seconds, steps, polls, held, gradually)), wire)


@kind("lost-event", _tells)
async def _lose_event(call: Call, serve: Serve) -> Reply:
    """The event is never sent."""
    return Reply(204)


@kind("repeated-event", _tells)
async def _repeat_event(call: Call, serve: Serve, copies: int = 2) -> Reply:
    """The event is sent so often."""
    for _ in range(copies):
        await serve()
    return Reply()


@kind("reordered-events", _tells)
async def _reorder_events(call: Call, serve: Serve, after: int = 1, seconds: float = 1) -> Reply:
    """The event is sent after so many others, or so many seconds later if fewer come."""
    call.orders["late"] = Postponed(after, seconds)
    return Reply()


@kind("cut-socket", _on_a_socket)
async def _cut_socket(
    call: Call, serve: Serve, form: CutForm = "reset", code: int = 1012, after: bool = False
) -> Reply:
    """The socket ends: after its handshake, or in place of a message, or `after` that message took effect."""
    cut = Reply(code) if form == "close" else Reply(wire="reset" if form == "reset" else "cut-body")
    if call.method == "GET":
        call.orders["cut"] = cut
        return await serve()
    if after:
        await serve()
    return cut


@kind("silent-socket", _opens)
async def _silent_socket(call: Call, serve: Serve, pongs: bool = False) -> Reply:
    """The socket stays open, takes subscriptions, and never sends a thing; pongs, if it is said."""
    call.orders.update(silent=True, deaf=not pongs)
    return await serve()


@kind("refuse-subscription", _subscribes)
async def _refuse_subscription(
    call: Call, serve: Serve, status: int = 403, form: Literal["close", "ignore"] = "close"
) -> Reply:
    """The subscription is refused, and the socket closed with 4000 + `status`; or it is taken for nothing."""
    if form == "ignore":
        return Reply(204)
    raise Refusal(status, "played", "played: no subscription")
