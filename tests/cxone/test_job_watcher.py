"""Does everybody who waits for a job learn what became of it, whatever befalls the event socket?"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest

from reconciler.cxone.backoff import Backoff
from reconciler.cxone.errors import Forbidden, NotFound, TokenRefused
from reconciler.cxone.event_socket import Events
from reconciler.cxone.job_event_listener import Patience
from reconciler.cxone.job_watcher import Turns, Watcher
from reconciler.cxone.transport import Transport
from reconciler.model.errors import Interrupted
from reconciler.model.jobs import Job, JobOverdue
from reconciler.simulator import JobPace, Options, Simulator
from reconciler.surfaces.bulk import READ_SCOPE
from tests.cxone.jobs import batch, batch_job, job, jobs, transport_to

NEVER = 600.0
PATIENCE = 30.0
"""Seconds after which a test that hangs fails."""


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Jobs of four steps that move only by hand."""
    with Simulator(Options(jobs=JobPace(held=True))) as started:
        yield started


@pytest.fixture
def surface(simulator: Simulator) -> Iterator[Transport]:
    with transport_to(simulator, "bulk") as transport:
        yield transport


class Waiting:
    """Waits for jobs, each in a thread of its own; what it was told of them, in order."""

    def __init__(self, stack: ExitStack, transport: Transport, settings: dict[str, Any]) -> None:
        self.told: list[Job] = []
        url = settings.pop("url", transport.access.events_url)
        events = Events(transport, url, ping=settings.pop("ping", 20.0)) if url else None
        ask = settings.pop("ask", partial(job, transport))
        quick = Patience(failures=4, away=0.05, backoff=Backoff(cap=0.05))
        settings = {"every": NEVER, "limit": NEVER, "relaxed": 0.0, "patience": quick, **settings}
        self.watcher = stack.enter_context(Watcher(ask, events=events, told=self.told.append, **settings))
        self._pool = stack.enter_context(ThreadPoolExecutor(8))
        stack.callback(self.watcher.close)
        self.ends: list[Future[Job]] = []

    def start(self, ids: list[str]) -> None:
        self.ends = [self._pool.submit(self.watcher.wait, job_id) for job_id in ids]

    def results(self) -> list[Job]:
        return [end.result(PATIENCE) for end in self.ends]


Wait = Callable[..., Waiting]


@pytest.fixture
def wait(surface: Transport) -> Iterator[Wait]:
    """Makes watchers; by default only an event, or a socket that opens, makes them look again."""
    with ExitStack() as stack:
        yield lambda **settings: Waiting(stack, settings.pop("transport", surface), settings)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def looks(tenant: Simulator, job_id: str) -> int:
    return len(tenant.requests().to(f"/{job_id}$", "GET"))


def subscribed(tenant: Simulator) -> set[str]:
    """The jobs of the subscription that was heard last."""
    heard = [each for each in tenant.requests().to("/events$", "SUBSCRIBE") if each.status is not None]
    return set(heard[-1].body["filters"]["jobIds"]) if heard else set()


def step(tenant: Simulator, ids: list[str], steps: int = 1) -> None:
    for _ in range(steps):
        with tenant.store.lock:
            for job_id in ids:
                tenant.jobs.advance(tenant.jobs.all[job_id])


def finish(tenant: Simulator, ids: list[str]) -> None:
    step(tenant, ids, 4)


def assert_all_is_told(waiting: Waiting, ids: list[str], status: str = "COMPLETED") -> None:
    """Every wait ended with what the GET says, and what was told of a job on the way only went forwards."""
    assert [(job.id, job.status, job.progress, job.failed) for job in waiting.results()] == [
        (job_id, status, 1.0, 0) for job_id in ids
    ]
    for job_id in ids:
        told = [job for job in waiting.told if job.id == job_id]
        progress = [job.progress or 0.0 for job in told]
        assert progress == sorted(set(progress))
        assert [job.over for job in told] == [False] * (len(told) - 1) + [True]


def test_an_event_wakes_whoever_waits_and_what_counts_is_the_get(
    simulator: Simulator, surface: Transport, wait: Wait
) -> None:
    simulator.faults.add("reject-rows", index=[1], code="BLOCKED", message="blocked")
    ids = jobs(simulator, surface, 3)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    step(simulator, ids)
    until(lambda: sum(job.progress == 0.25 for job in waiting.told) == 3)
    finish(simulator, ids)
    ended = waiting.results()
    assert [(job.id, job.status, job.failed) for job in ended] == [
        (ids[0], "COMPLETED", 1),
        (ids[1], "COMPLETED", 0),
        (ids[2], "COMPLETED", 0),
    ]
    assert ended[0].errors[0].code == "BLOCKED", "an event would not say so"
    assert max(looks(simulator, job_id) for job_id in ids) <= 3
    assert len(simulator.requests().to("/events$", "GET")) == 1


HANDSHAKE: dict[str, Any] = {"method": "GET", "path": "/events$"}


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("repeated-event", {"times": None, "copies": 3}),
        ("reordered-events", {"times": None, "after": 2, "seconds": 0.05}),
        ("reordered-events", {"skip": 2, "times": 3, "after": 5, "seconds": 0.05}),
        ("cut-socket", {"method": "GET", "times": 2}),
        ("cut-socket", {"method": "GET", "times": 2, "form": "mid-frame"}),
        ("cut-socket", {"method": "GET", "times": 2, "form": "close"}),
        ("cut-socket", {"method": "GET", "form": "close", "code": 1000}),
        ("cut-socket", {"method": "SUBSCRIBE"}),
        ("cut-socket", {"method": "SUBSCRIBE", "after": True, "times": 2}),
        ("cut-socket", {"method": "SUBSCRIBE", "form": "close", "after": True}),
        ("cut-socket", {"method": "EVENT"}),
        ("cut-socket", {"method": "EVENT", "skip": 4, "form": "mid-frame"}),
        ("cut-socket", {"method": "EVENT", "skip": 2, "form": "mid-frame", "after": True}),
        ("cut-socket", {"method": "EVENT", "skip": 3, "form": "close", "times": 3}),
        ("cut-socket", {"method": "PING"}),
        ("status", {"method": "EVENT", "status": 503}),
        ("reset-before", {"times": 2, **HANDSHAKE}),
        ("reset-after", {"times": 2, **HANDSHAKE}),
        ("cut-headers", {"times": 2, **HANDSHAKE}),
        ("rate-limited", {"seconds": 1, **HANDSHAKE}),
        ("rate-limited", {"form": "none", **HANDSHAKE}),
        ("status", {"status": 503, "times": 6, **HANDSHAKE}),
        ("status", {"status": 401, **HANDSHAKE}),
        ("status", {"status": 401, "times": 3, **HANDSHAKE}),
        ("status", {"status": 403, **HANDSHAKE}),
        ("status", {"status": 404, **HANDSHAKE}),
        ("status", {"status": 302, **HANDSHAKE}),
        ("revoked-token", HANDSHAKE),
        ("revoked-token", {"method": "SUBSCRIBE"}),
        ("refuse-subscription", {}),
        ("refuse-subscription", {"status": 503, "times": 3}),
        ("silent-socket", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items()),
)
def test_every_job_ends_without_any_poll(
    simulator: Simulator, surface: Transport, wait: Wait, fault: str, settings: dict[str, Any]
) -> None:
    """No look is ever due: it takes an event, or the look after every (re)connect."""
    ids = jobs(simulator, surface, 3)
    simulator.faults.add(fault, **settings)
    waiting = wait(ping=0.1 if fault == "silent-socket" else 20.0)
    waiting.start(ids)
    until(lambda: all(looks(simulator, job_id) for job_id in ids))
    for _ in range(4):
        time.sleep(0.01)  # that some is told before the socket is gone, and some after
        step(simulator, ids)
    assert_all_is_told(waiting, ids)


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("lost-event", {}),
        ("silent-socket", {"pongs": True}),
        ("silent-socket", {}),
        ("refuse-subscription", {"form": "ignore"}),
        ("refuse-subscription", {}),
        ("cut-socket", {"method": "GET"}),
        ("cut-socket", {"method": "EVENT"}),
        ("status", {"status": 401, **HANDSHAKE}),
        ("status", {"status": 403, **HANDSHAKE}),
        ("status", {"status": 500, **HANDSHAKE}),
        ("reset-before", HANDSHAKE),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(f"{k}={v}" for k, v in value.items()),
)
def test_every_job_ends_without_any_event(
    simulator: Simulator, surface: Transport, wait: Wait, fault: str, settings: dict[str, Any]
) -> None:
    ids = jobs(simulator, surface, 3)
    simulator.faults.add(fault, times=None, **settings)
    waiting = wait(every=0.05, patience=Patience(failures=2, away=NEVER, backoff=Backoff(cap=0.02)))
    waiting.start(ids)
    until(lambda: all(looks(simulator, job_id) for job_id in ids))
    finish(simulator, ids)
    assert_all_is_told(waiting, ids)


def test_a_job_that_ends_while_there_is_no_socket_is_noticed_by_the_next(
    simulator: Simulator, surface: Transport, wait: Wait
) -> None:
    ids = jobs(simulator, surface, 3)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    refused = simulator.faults.add("reset-before", times=None, **HANDSHAKE)
    simulator.faults.add("cut-socket", method="EVENT")
    step(simulator, ids)
    until(lambda: refused.hit)
    finish(simulator, ids)
    simulator.faults.clear()
    simulator.faults.add("lost-event", times=None)
    assert_all_is_told(waiting, ids)
    assert all(each.status in (None, 204) for each in simulator.requests().to("/events$", "EVENT")), (
        "an event told of it"
    )


def test_what_is_still_pending_is_subscribed_for_again(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 3)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    finish(simulator, ids[:1])
    waiting.ends[0].result(PATIENCE)
    simulator.faults.add("cut-socket", method="EVENT")
    step(simulator, ids[1:2])
    until(lambda: subscribed(simulator) == set(ids[1:]))
    finish(simulator, ids)
    assert_all_is_told(waiting, ids)


def test_one_socket_serves_one_wait_after_the_other(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 3)
    waiting = wait()
    for job_id in ids:
        waiting.start([job_id])
        until(partial(lambda wanted: subscribed(simulator) == {wanted}, job_id))
        finish(simulator, [job_id])
        waiting.results()
    assert len(simulator.requests().to("/events$", "GET")) == 1


def test_a_job_that_is_over_is_returned_at_once(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 1)
    finish(simulator, ids)
    waiting = wait()
    waiting.start(ids * 2)
    assert [job.status for job in waiting.results()] == ["COMPLETED"] * 2


@pytest.mark.parametrize(
    ("fault", "settings", "status"),
    [("fail-job", {"detail": True}, "FAILED"), ("fail-job", {}, "FAILED"), ("abort-job", {}, "ABORTED")],
)
def test_the_end_of_a_job_need_not_be_a_good_one(
    simulator: Simulator, surface: Transport, wait: Wait, fault: str, settings: dict[str, Any], status: str
) -> None:
    simulator.faults.add(fault, stage=3, **settings)
    ids = jobs(simulator, surface, 1)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    finish(simulator, ids)
    (job,) = waiting.results()
    assert (job.status, job.failed, len(job.errors)) == (status, 2, 2 if settings else 0)


def test_polling_alone_opens_no_socket(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 3)
    waiting = wait(url=None, every=0.02)
    waiting.start(ids)
    until(lambda: all(looks(simulator, job_id) > 2 for job_id in ids))
    finish(simulator, ids)
    assert_all_is_told(waiting, ids)
    assert simulator.requests().to("/events$") == []


def test_batches_of_contacts_are_polled(wait: Wait) -> None:
    with Simulator(Options(jobs=JobPace(polls=4))) as tenant, transport_to(tenant, "contacts") as transport:
        assert transport.access.events_url is None
        waiting = wait(transport=transport, ask=partial(batch_job, transport), every=0.01)
        waiting.start([batch(transport, [{"external_id": f"C{n}"}]) for n in range(3)])
        assert [(job.status, job.failed) for job in waiting.results()] == [("COMPLETED", 0)] * 3
        assert len(tenant.requests().to("/contacts/batch/")) == 12


def test_a_job_that_takes_too_long_is_named(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 1)
    step(simulator, ids)
    waiting = wait(limit=0.05)
    waiting.start(ids)
    with pytest.raises(JobOverdue, match=ids[0]) as overdue:
        waiting.results()
    assert overdue.value.note == "it is RUNNING, 25% done"
    assert "--resume" in str(overdue.value.hint)
    assert looks(simulator, ids[0]) >= 2, "it is looked at once more when the time is up"


def test_a_tenant_that_is_away_for_a_while_is_asked_again(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 1)
    finish(simulator, ids)
    simulator.faults.add("status", method="GET", path="/jobs/", status=503, times=7)
    waiting = wait(url=None, every=0.01)
    waiting.start(ids)
    assert_all_is_told(waiting, ids)


def test_a_tenant_that_stays_away_is_given_up_when_the_time_is_up(
    simulator: Simulator, surface: Transport, wait: Wait
) -> None:
    ids = jobs(simulator, surface, 1)
    simulator.faults.add("status", method="GET", path="/jobs/", status=503, times=None)
    waiting = wait(url=None, every=0.01, limit=0.1)
    waiting.start(ids)
    with pytest.raises(JobOverdue, match=ids[0]) as overdue:
        waiting.results()
    assert "503" in str(overdue.value.note)


def test_a_job_nobody_knows_is_not_waited_for(simulator: Simulator, wait: Wait) -> None:
    waiting = wait()
    waiting.start(["JOB-0"])
    with pytest.raises(NotFound):
        waiting.results()


def test_a_job_that_may_not_be_read_is_not_waited_for(wait: Wait) -> None:
    with (
        Simulator(Options(denied_scopes=frozenset({READ_SCOPE}))) as tenant,
        transport_to(tenant, "bulk") as transport,
    ):
        waiting = wait(transport=transport)
        waiting.start(jobs(tenant, transport, 1))
        with pytest.raises(Forbidden, match=READ_SCOPE):
            waiting.results()


def test_a_secret_that_is_refused_is_not_tried_again_for_the_socket(simulator: Simulator, wait: Wait) -> None:
    with transport_to(simulator, "bulk", secret="not-the-secret") as transport:
        waiting = wait(transport=transport)
        waiting.start(["JOB-1"])
        with pytest.raises(TokenRefused):
            waiting.results()
        waiting.watcher.close()
        assert len(simulator.requests().tokens()) <= 2


def test_whoever_asks_to_stop_is_heard_by_every_wait(simulator: Simulator, wait: Wait) -> None:
    stop = threading.Event()
    with transport_to(simulator, "bulk", stop=stop) as transport:
        ids = jobs(simulator, transport, 3)
        waiting = wait(transport=transport, stop=stop)
        waiting.start(ids)
        until(lambda: subscribed(simulator) == set(ids))
        stop.set()
        for end in waiting.ends:
            with pytest.raises(Interrupted):
                end.result(PATIENCE)


def test_waits_that_are_under_way_when_it_closes_are_interrupted(
    simulator: Simulator, surface: Transport, wait: Wait
) -> None:
    ids = jobs(simulator, surface, 2)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    waiting.watcher.close()
    for end in waiting.ends:
        with pytest.raises(Interrupted):
            end.result(PATIENCE)


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_it_may_close_while_the_socket_is_being_opened(
    simulator: Simulator, surface: Transport, wait: Wait, seconds: float
) -> None:
    ids = jobs(simulator, surface, 1)
    finish(simulator, ids)
    simulator.faults.add("hold-before", seconds=seconds, **HANDSHAKE)
    waiting = wait()
    waiting.start(ids)
    waiting.results()
    waiting.watcher.close()


def test_what_the_callback_raises_ends_its_own_wait(simulator: Simulator, surface: Transport) -> None:
    def broken(job: Job) -> None:
        raise BrokenPipeError

    (job_id,) = jobs(simulator, surface, 1)
    with (
        Watcher(partial(job, surface), events=None, every=NEVER, limit=NEVER, told=broken) as watcher,
        pytest.raises(BrokenPipeError),
    ):
        watcher.wait(job_id)


def test_pings_go_out_while_nothing_is_told(simulator: Simulator, surface: Transport, wait: Wait) -> None:
    ids = jobs(simulator, surface, 1)
    waiting = wait(ping=0.05)
    waiting.start(ids)
    until(lambda: len(simulator.requests().to("/events$", "PING")) >= 4)
    finish(simulator, ids)
    assert_all_is_told(waiting, ids)
    assert len(simulator.requests().to("/events$", "GET")) == 1


def test_a_token_that_expires_is_renewed_and_the_socket_opened_again(wait: Wait) -> None:
    with (
        Simulator(Options(jobs=JobPace(held=True), token_lifetime=0.4)) as tenant,
        transport_to(tenant, "bulk") as transport,
    ):
        ids = jobs(tenant, transport, 2)
        waiting = wait(transport=transport)
        waiting.start(ids)
        until(lambda: len(tenant.requests().to("/events$", "SUBSCRIBE")) >= 3)
        finish(tenant, ids)
        assert_all_is_told(waiting, ids)


def test_a_socket_that_cannot_be_had_is_said_once_with_the_scope(wait: Wait, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    options = Options(jobs=JobPace(held=True), denied_scopes=frozenset({"events:subscribe"}))
    with Simulator(options) as tenant, transport_to(tenant, "bulk") as transport:
        ids = jobs(tenant, transport, 2)
        waiting = wait(transport=transport, every=0.02)
        waiting.start(ids)
        until(lambda: len(tenant.requests().to("/events$", "GET")) >= 3)
        finish(tenant, ids)
        assert_all_is_told(waiting, ids)
        warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
        assert len(warnings) == 1
        assert "events:subscribe" in warnings[0]


@pytest.mark.parametrize("url", ["ws://127.0.0.1:{port}/events", "nonsense", "ws://"])
def test_where_no_socket_is_there_is_still_polling(
    simulator: Simulator, surface: Transport, wait: Wait, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        ids = jobs(simulator, surface, 2)
        waiting = wait(url=url.format(port=unused.getsockname()[1]), every=0.02)
        waiting.start(ids)
        until(lambda: any("no events from" in record.message for record in caplog.records))
        finish(simulator, ids)
        assert_all_is_told(waiting, ids)


def test_no_token_is_ever_logged(
    simulator: Simulator, surface: Transport, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    simulator.faults.add("revoked-token", **HANDSHAKE)
    simulator.faults.add("cut-socket", method="SUBSCRIBE")
    ids = jobs(simulator, surface, 1)
    waiting = wait()
    waiting.start(ids)
    until(lambda: subscribed(simulator) == set(ids))
    finish(simulator, ids)
    assert_all_is_told(waiting, ids)
    assert "Bearer" not in caplog.text
    assert surface.tokens.obtain_token().reveal() not in caplog.text


def test_many_waits_take_turns_over_the_interval() -> None:
    turns = Turns()
    due = [turns.find_next(100.0, 8.0, 8) for _ in range(8)]
    assert due == [108.0 + n for n in range(8)]
    assert [turns.find_next(moment, 8.0, 8) for moment in due] == [moment + 8.0 for moment in due]


def test_however_often_waits_are_woken_no_look_is_put_off_for_long() -> None:
    turns = Turns()
    assert max(turns.find_next(100.0, 8.0, 2) for _ in range(50)) == 116.0
