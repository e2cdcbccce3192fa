"""Are listeners told how jobs get on, and does the socket fail in every way it is told to?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from reconciler.simulator import JobPace, Simulator
from tests.simulator.conftest import SCOPES, Client, Connect, Serve
from tests.simulator.test_bulk import insert, item, job

EVENT = "outbound.contactlistitems.bulkinsert"
Socket = aiohttp.ClientWebSocketResponse
CLOSED = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


@pytest.fixture
def tenant(serve: Serve) -> Simulator:
    """Jobs of four steps that move only by hand."""
    return serve(jobs=JobPace(held=True))


def listen(client: Client, run: Callable[[Socket], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Open the socket of events with the client's token, and let `run` have it."""

    async def connected() -> None:
        headers = {"Authorization": str(client.session.headers["Authorization"])}
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(client.tenant.events_url, headers=headers, timeout=_PATIENCE, **options) as socket,
        ):
            await run(socket)

    asyncio.run(asyncio.wait_for(connected(), 10))


_PATIENCE = aiohttp.ClientWSTimeout(ws_close=1)


async def subscribe(tenant: Simulator, socket: Socket, *job_ids: str) -> None:
    """Subscribe, and wait until it is heard."""
    before = len(tenant.requests().to("/events$", "SUBSCRIBE"))
    await socket.send_json({"eventTypes": [EVENT], "filters": {"jobIds": list(job_ids)}})
    await until(lambda: _served(tenant, "SUBSCRIBE") > before)


def _served(tenant: Simulator, method: str) -> int:
    return sum(1 for each in tenant.requests().to("/events$", method) if each.status is not None)


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.002)


async def told(socket: Socket, count: int) -> list[tuple[str, str, int]]:
    """The next events: job, status, progress."""
    events = [await socket.receive_json() for _ in range(count)]
    return [(row["data"]["jobId"], row["data"]["status"], row["data"]["progress"]) for row in events]


async def ended(socket: Socket) -> int | None:
    """Wait for the socket's end: the code it was closed with."""
    message = await socket.receive()
    while message.type not in CLOSED:
        message = await socket.receive()
    return socket.close_code


def finish(tenant: Simulator, *job_ids: str) -> None:
    with tenant.store.lock:
        for job_id in job_ids:
            tenant.jobs.finish(tenant.jobs.all[job_id])


def steps(job_id: str) -> list[tuple[str, str, int]]:
    """What is told of a job that completes in four steps."""
    running = [(job_id, "RUNNING", progress) for progress in (25, 50, 75)]
    return [*running, (job_id, "COMPLETED", 100)]


def test_a_listener_is_told_of_the_jobs_it_subscribed_to_alone(tenant: Simulator, bulk: Client) -> None:
    mine, other = insert(bulk, item(1)), insert(bulk, item(2))

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, mine)
        finish(tenant, other, mine)
        first = await socket.receive_json()
        assert first.pop("timestamp").endswith("Z")
        assert first == {"eventType": EVENT, "data": {"jobId": mine, "status": "RUNNING", "progress": 25}}
        assert await told(socket, 3) == steps(mine)[1:]

    listen(bulk, run)


def test_every_message_is_in_the_request_log(tenant: Simulator, bulk: Client) -> None:
    made = insert(bulk, item(1))
    tenant.clear_requests()

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, made)
        await socket.ping(b"are you there")
        finish(tenant, made)
        await told(socket, 4)

    listen(bulk, run)
    seen = tenant.requests().to("/bulk/api/v2/events$")
    assert sorted(each.method for each in seen) == ["EVENT"] * 4 + ["GET", "PING", "SUBSCRIBE"]
    assert (seen[0].status, seen[0].method, seen.writes()) == (101, "GET", [])
    assert seen.to("events", "SUBSCRIBE")[0].body["filters"] == {"jobIds": [made]}
    assert seen.to("events", "EVENT")[-1].body["data"]["status"] == "COMPLETED"


def test_a_ping_is_answered_at_any_time(tenant: Simulator, bulk: Client) -> None:
    async def run(socket: Socket) -> None:
        await socket.ping(b"20 s")
        pong = await socket.receive()
        assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"20 s")

    listen(bulk, run, autoping=False)


def test_a_subscription_takes_the_place_of_the_one_before(tenant: Simulator, bulk: Client) -> None:
    first, second = insert(bulk, item(1)), insert(bulk, item(2))

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, first)
        await subscribe(tenant, socket, second)
        finish(tenant, first, second)
        assert await told(socket, 4) == steps(second)

    listen(bulk, run)


def test_of_a_job_that_is_over_before_anybody_could_subscribe_the_end_is_told_once(
    tenant: Simulator, bulk: Client
) -> None:
    over, pending = insert(bulk, item(1)), insert(bulk, item(2))

    async def run(socket: Socket) -> None:
        finish(tenant, over)
        await subscribe(tenant, socket, over, pending)
        assert await told(socket, 1) == [steps(over)[-1]]
        await subscribe(tenant, socket, over, pending)
        finish(tenant, pending)
        assert await told(socket, 4) == steps(pending)

    listen(bulk, run)
    assert job(bulk, over)["status"] == "COMPLETED"


def test_two_listeners_are_told_the_same(tenant: Simulator, bulk: Client) -> None:
    made = insert(bulk, item(1))

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, made)

        async def both(other: Socket) -> None:
            await subscribe(tenant, other, made)
            finish(tenant, made)
            assert await told(other, 4) == steps(made)

        await asyncio.to_thread(listen, bulk, both)
        assert await told(socket, 4) == steps(made)

    listen(bulk, run)


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("nonsense", "body"),
        ("[]", "body"),
        ("{}", "eventTypes"),
        ('{"eventTypes": [], "filters": {"jobIds": ["J"]}}', "eventTypes"),
        ('{"eventTypes": ["calls"], "filters": {"jobIds": ["J"]}}', "eventTypes[0]"),
        (f'{{"eventTypes": ["{EVENT}"]}}', "filters"),
        (f'{{"eventTypes": ["{EVENT}"], "filters": {{"jobIds": []}}}}', "filters.jobIds"),
        (f'{{"eventTypes": ["{EVENT}"], "filters": {{"jobIds": [7]}}}}', "filters.jobIds[0]"),
        (f'{{"eventTypes": ["{EVENT}"], "filters": {{"jobIds": ["J"], "x": 1}}}}', "filters.x"),
    ],
)
def test_a_subscription_that_is_wrong_closes_the_socket(
    tenant: Simulator, bulk: Client, message: str, word: str
) -> None:
    async def run(socket: Socket) -> None:
        await socket.send_str(message)
        closing = await socket.receive()
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 4400)
        assert word in str(closing.extra)

    listen(bulk, run)


def test_nobody_listens_without_a_token_or_the_scope(tenant: Simulator, bulk: Client, connect: Connect) -> None:
    async def never(_socket: Socket) -> None:
        raise AssertionError("the handshake was taken")

    def refusal(client: Client) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            listen(client, never)
        return refused.value.status

    bare = connect(tenant, "bulk", SCOPES["bulk"].replace("events:subscribe", ""))
    assert refusal(bare) == 403
    tenant.revoke_tokens()
    assert refusal(bulk) == 401
    bulk.session.headers["Authorization"] = ""
    assert refusal(bulk) == 401


def test_a_plain_request_is_told_to_upgrade(bulk: Client) -> None:
    assert bulk.get("/events").status_code == 426


def test_a_token_that_is_revoked_closes_the_socket(tenant: Simulator, bulk: Client) -> None:
    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, "J")
        tenant.revoke_tokens()
        assert await ended(socket) == 4401

    listen(bulk, run)


def test_a_token_that_expires_closes_the_socket(serve: Serve, connect: Connect) -> None:
    async def run(socket: Socket) -> None:
        assert await ended(socket) == 4401

    listen(connect(serve(token_lifetime=0.2), "bulk"), run)


def test_a_reset_closes_the_sockets(tenant: Simulator, bulk: Client) -> None:
    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, "J")
        tenant.reset()
        assert await ended(socket) == 4401

    listen(bulk, run)


def test_an_open_socket_does_not_hold_up_the_end(tenant: Simulator, bulk: Client) -> None:
    async def run(socket: Socket) -> None:
        await asyncio.wait_for(asyncio.to_thread(tenant.stop), 3)
        await ended(socket)

    listen(bulk, run)
    assert tenant.jobs.listeners == []


Check = Callable[[Simulator, Socket, str], Awaitable[None]]


async def _two_are_left(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 2) == [steps(made)[0], steps(made)[3]]


async def _twice(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 5) == [*steps(made)[:3], *steps(made)[3:] * 2]


async def _the_first_is_third(tenant: Simulator, socket: Socket, made: str) -> None:
    first, *others = steps(made)
    assert await told(socket, 4) == [*others[:2], first, others[2]]


async def _the_last_is_late(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 4) == steps(made)


async def _cut_after_one(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 1) == steps(made)[:1]
    assert await ended(socket) == 1006
    assert tenant.requests().to("events", "EVENT")[-1].status is None


async def _cut_after_two(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 2) == steps(made)[:2]
    assert await ended(socket) == 1006


async def _closed_after_one(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 1) == steps(made)[:1]
    assert await ended(socket) == 1012


async def _refused_after_one(tenant: Simulator, socket: Socket, made: str) -> None:
    assert await told(socket, 1) == steps(made)[:1]
    assert await ended(socket) == 4503


@pytest.mark.parametrize(
    ("fault", "settings", "check"),
    [
        ("lost-event", {"skip": 1, "times": 2}, _two_are_left),
        ("repeated-event", {"skip": 3}, _twice),
        ("reordered-events", {"after": 2}, _the_first_is_third),
        ("reordered-events", {"skip": 3, "seconds": 0.02}, _the_last_is_late),
        ("cut-socket", {"method": "EVENT", "skip": 1}, _cut_after_one),
        ("cut-socket", {"method": "EVENT", "skip": 1, "form": "mid-frame"}, _cut_after_one),
        ("cut-socket", {"method": "EVENT", "skip": 1, "form": "mid-frame", "after": True}, _cut_after_two),
        ("cut-socket", {"method": "EVENT", "skip": 1, "form": "close"}, _closed_after_one),
        ("reset-before", {"method": "EVENT", "skip": 1}, _cut_after_one),
        ("status", {"method": "EVENT", "skip": 1}, _refused_after_one),
        ("hold-before", {"method": "EVENT", "seconds": 0.01}, _the_last_is_late),
    ],
)
def test_an_event_goes_astray(
    tenant: Simulator, bulk: Client, fault: str, settings: dict[str, Any], check: Check
) -> None:
    made = insert(bulk, item(1))
    tenant.faults.add(fault, **settings)

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, made)
        finish(tenant, made)
        await check(tenant, socket, made)

    listen(bulk, run)
    assert job(bulk, made)["status"] == "COMPLETED"


@pytest.mark.parametrize("form", ["reset", "mid-frame"])
def test_a_socket_is_cut_as_soon_as_it_is_open(tenant: Simulator, bulk: Client, form: str) -> None:
    tenant.faults.add("cut-socket", method="GET", form=form)

    async def run(socket: Socket) -> None:
        assert await ended(socket) == 1006

    listen(bulk, run)


@pytest.mark.parametrize("fault", ["reset-before", "reset-after", "cut-headers"])
def test_a_handshake_is_cut(tenant: Simulator, bulk: Client, fault: str) -> None:
    tenant.faults.add(fault, path="/events$", times=None)  # the client tries once more

    async def never(_socket: Socket) -> None:
        raise AssertionError("the handshake was taken")

    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        listen(bulk, never)


@pytest.mark.parametrize("after", [False, True])
def test_a_socket_is_cut_by_its_subscription(tenant: Simulator, bulk: Client, after: bool) -> None:
    tenant.faults.add("cut-socket", method="SUBSCRIBE", after=after)

    async def run(socket: Socket) -> None:
        await socket.send_json({"eventTypes": [EVENT], "filters": {"jobIds": ["J"]}})
        assert await ended(socket) == 1006

    listen(bulk, run)


def test_a_silent_socket_never_says_a_thing(tenant: Simulator, bulk: Client) -> None:
    made = insert(bulk, item(1))
    tenant.faults.add("silent-socket")

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, made)
        await socket.ping()
        finish(tenant, made)
        await until(lambda: _served(tenant, "PING") == 1)
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(timeout=0.05)

    listen(bulk, run, autoping=False)
    assert tenant.requests().to("events", "EVENT") == []


def test_a_silent_socket_may_pong(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("silent-socket", pongs=True)

    async def run(socket: Socket) -> None:
        await socket.ping()
        assert (await socket.receive()).type is aiohttp.WSMsgType.PONG

    listen(bulk, run, autoping=False)


def test_a_subscription_is_refused_or_ignored(tenant: Simulator, bulk: Client) -> None:
    made = insert(bulk, item(1))
    tenant.faults.add("refuse-subscription", form="ignore")
    tenant.faults.add("refuse-subscription")

    async def run(socket: Socket) -> None:
        await subscribe(tenant, socket, made)
        finish(tenant, made)
        await socket.send_json({"eventTypes": [EVENT], "filters": {"jobIds": [made]}})
        assert await ended(socket) == 4403

    listen(bulk, run)
    assert tenant.requests().to("events", "EVENT") == []


def test_a_token_is_revoked_by_a_subscription(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("revoked-token", method="SUBSCRIBE")

    async def run(socket: Socket) -> None:
        await socket.send_json({"eventTypes": [EVENT], "filters": {"jobIds": ["J"]}})
        assert await ended(socket) == 4401

    listen(bulk, run)
