# tested by: tests/steps/apply/test_fault_matrix.py
"""Define the kinds of fault that a call can suffer.

A kind takes the call and `serve`, which answers it as if all were well, and decides what really comes back.
What `serve` has done is done: a kind that does not call it leaves the tenant untouched.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.interaction_history import microseconds
from reconciler.simulator.oauth import bearer
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import ContactList

Serve = Callable[[], Awaitable[Reply]]
Play = Callable[..., Awaitable[Reply]]
Applies = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: what it does, to which calls it can be done, and the names of its parameters.

    `patterns` are those of the parameters that are regular expressions.
    """

    play: Play
    applies: Applies
    params: frozenset[str]
    patterns: frozenset[str]


KINDS: dict[str, Kind] = {}


def _always(_call: Call) -> bool:
    return True


def kind(name: str, applies: Applies = _always, patterns: Iterable[str] = ()) -> Callable[[Play], Play]:
    """Make a function a kind of fault. Its keyword arguments are the kind's parameters."""

    def register(play: Play) -> Play:
        params = frozenset(list(inspect.signature(play).parameters)[2:])
        KINDS[name] = Kind(play, applies, params, frozenset(patterns))
        return play

    return register


def page_token(call: Call) -> str | None:
    """The page token a call gives, in its query or its body."""
    body = call.parse_body()
    token = call.query.get("pageToken") or (body.get("pageToken") if isinstance(body, dict) else None)
    return token if isinstance(token, str) else None


def _has_page_token(call: Call) -> bool:
    return page_token(call) is not None


def _is_later_page(call: Call) -> bool:
    return _has_page_token(call) or call.query.get("start", "0") != "0"


@kind("rate-limited")
async def _answer_rate_limited(
    call: Call, serve: Serve, seconds: float = 1, form: Literal["seconds", "date", "none"] = "seconds"
) -> Reply:
    """429, and nothing done. Retry-After in seconds, as an HTTP date, or not at all."""
    headers = {}
    if form == "seconds":
        headers["Retry-After"] = f"{seconds:g}"
    elif form == "date":
        headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    raise Refusal(429, "too_many_requests", "played: too many requests", headers)


@kind("status")
async def _answer_status(call: Call, serve: Serve, status: int = 503, after: bool = False) -> Reply:
    """An error status; `after` plays it once the call has taken effect."""
    if after:
        await serve()
    raise Refusal(status, "played", f"played: status {status}")


@kind("other-body")
async def _answer_other_body(
    call: Call, serve: Serve, status: int = 200, body: Any = None, after: bool = True
) -> Reply:
    """The call takes effect, unless `after` is false, and is answered with this status and this body."""
    if after:
        await serve()
    return Reply(status, body)


@kind("reset-before")
async def _reset_before(call: Call, serve: Serve) -> Reply:
    """The connection is reset, and nothing done."""
    return Reply(wire="reset")


@kind("reset-after")
async def _reset_after(call: Call, serve: Serve) -> Reply:
    """The call takes effect, then the connection is reset."""
    await serve()
    return Reply(wire="reset")


@kind("hold-before")
async def _hold_before(call: Call, serve: Serve, seconds: float = 60) -> Reply:
    """Nothing happens for a while; the call takes effect after that."""
    await asyncio.sleep(seconds)
    return await serve()


@kind("hold-after")
async def _hold_after(call: Call, serve: Serve, seconds: float = 60) -> Reply:
    """The call takes effect at once, but the reply is held: the client times out."""
    reply = await serve()
    await asyncio.sleep(seconds)
    return reply


@kind("cut-body")
async def _cut_body(call: Call, serve: Serve) -> Reply:
    """The call takes effect; the connection ends in the middle of the reply's body."""
    reply = await serve()
    reply.wire = "cut-body"
    return reply


@kind("cut-headers")
async def _cut_headers(call: Call, serve: Serve) -> Reply:
    """The call takes effect; the connection ends in the middle of the reply's headers."""
    reply = await serve()
    reply.wire = "cut-headers"
    return reply


@kind("empty-body")
async def _answer_empty_body(call: Call, serve: Serve) -> Reply:
    """The call takes effect; the reply has its status and no body."""
    reply = await serve()
    return Reply(reply.status, None, reply.headers)


def _drop_data(reply: Reply) -> Reply:
    if isinstance(reply.body, dict):
        kept = {key: value for key, value in reply.body.items() if not isinstance(value, list)}
        return Reply(reply.status, kept, reply.headers)
    return reply


@kind("no-data")
async def _answer_without_data(call: Call, serve: Serve) -> Reply:
    """The reply comes without its rows: no `data` (or `contacts`, or `contactLists`)."""
    return _drop_data(await serve())


@kind("stale-page-token", _has_page_token)
async def _spoil_page_token(call: Call, serve: Serve, form: Literal["refused", "no-data"] = "refused") -> Reply:
    """The token given goes stale for good: 400, or one reply without `data`."""
    reply = _drop_data(await serve()) if form == "no-data" else None
    call.tenant.pages.spoil(page_token(call) or "")
    return reply or await serve()


@kind("repeated-page-token", _has_page_token)
async def _repeat_page_token(call: Call, serve: Serve) -> Reply:
    """The page hands out the very token it was asked with."""
    reply = await serve()
    if isinstance(reply.body, dict) and "pagination" in reply.body:
        reply.body["pagination"]["nextPageToken"] = page_token(call)
    return reply


@kind("shifting-pages", _is_later_page)
async def _shift_pages(call: Call, serve: Serve, change: Literal["insert", "remove"] = "insert") -> Reply:
    """A row before the cursor appears (one is seen twice) or goes (one is missed) before this page."""
    store = call.tenant.store
    body = call.parse_body()
    with store.lock:
        if isinstance(body, dict) and "filters" in body:
            _shift_history(call, body["filters"], change)
        else:
            for contact_list in store.lists.values():
                if f"/{contact_list.id}/" in call.path:
                    _shift_members(call, contact_list, change)
    return await serve()


def _shift_members(call: Call, contact_list: ContactList, change: str) -> None:
    store = call.tenant.store
    if change == "remove":
        store.drop_members(contact_list, contact_list.order()[:1])
        return
    newcomer = next((key for key in store.contacts if key not in contact_list.members), None)
    if newcomer is None:
        newcomer = f"shifted-{len(store.contacts) + 1}"
        store.add_contacts([newcomer])
    contact_list.members = {newcomer: {}, **contact_list.members}
    contact_list.touch(store.now())


def _shift_history(call: Call, filters: Any, change: str) -> None:
    history = call.tenant.store.history
    first = filters["contactIds"][0]
    if change == "remove":
        for row in history.of(first)[:1]:
            history.remove(first, row[1])
        return
    kinds = filters.get("interactionType") or ["voice"]
    start = microseconds(datetime.fromisoformat(filters["startTime"]))
    history.add(first, f"shifted-{len(history) + 1}", start, kinds[0])


@kind("revoked-token")
async def _revoke_token(call: Call, serve: Serve) -> Reply:
    """The call's token is revoked just before it arrives, hence 401."""
    call.tenant.tokens.revoke(bearer(call.authorization) or "")
    return await serve()
