"""What is taken from the event socket, and what is not?"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.server import ServerConnection, serve

from reconciler.cxone.event_socket import EVENT, Ended, Events, Next, make_events
from reconciler.cxone.event_socket import _parse_message as understood
from reconciler.cxone.job_watcher import Watcher
from reconciler.model.jobs import Job
from reconciler.simulator import Options, Simulator
from tests.cxone.jobs import job, jobs, transport_to


def event(**data: Any) -> bytes:
    return orjson.dumps({"eventType": EVENT, "timestamp": "2026-03-01T08:00:00Z", "data": data})


@contextmanager
def speaking(handler: Callable[[ServerConnection], None], **options: Any) -> Iterator[str]:
    """A server that does what `handler` does on every connection."""
    with serve(handler, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/events"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(Options()) as started:
        yield started


SENSELESS = [
    b"",
    b"nonsense",
    b"\xff\xfe",
    b"[]",
    b"7",
    b"{}",
    event(status="COMPLETED"),
    event(jobId=7.5, status="COMPLETED"),
    event(jobId="J"),
    orjson.dumps({"eventType": EVENT, "data": [1]}),
    orjson.dumps({"eventType": "calls", "data": {"jobId": "J", "status": "COMPLETED"}}),
]


def test_what_makes_no_sense_is_ignored_and_the_rest_is_read(simulator: Simulator) -> None:
    def say(connection: ServerConnection) -> None:
        for message in SENSELESS:
            connection.send(message)
        connection.send(event(jobId="J", status="RUNNING", progress=50).decode())
        connection.send(event(jobId="J", status="RUNNING", progress="half"))
        connection.send(event(jobId="J", status="COMPLETED", progress=1e9))
        connection.close(1001)

    with (
        transport_to(simulator, "bulk") as transport,
        speaking(say) as url,
        Events(transport, url).open() as stream,
    ):
        assert [stream.receive() for _ in SENSELESS] == [None] * len(SENSELESS)
        assert [stream.receive() for _ in range(3)] == [
            Job("J", "RUNNING", 0.5),
            Job("J", "RUNNING", None),
            Job("J", "COMPLETED", 1.0),
        ]
        with pytest.raises(Ended, match="1001"):
            stream.receive()


def test_messages_about_other_jobs_and_without_sense_wake_nobody(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def say(connection: ServerConnection) -> None:
        connection.recv()
        for message in (b"nonsense", event(jobId="other", status="COMPLETED"), event(jobId=job_id, status="COMPLETED")):
            connection.send(message)
        connection.recv()

    seen: list[Job] = []
    with transport_to(simulator, "bulk") as transport, speaking(say) as url:
        (job_id,) = jobs(simulator, transport, 1)

        def ask(wanted: str) -> Job:
            # not over until the event has come
            seen.append(job(transport, wanted) if len(seen) > 2 else Job(wanted, "RUNNING", 0.1))
            return seen[-1]

        with Watcher(ask, events=Events(transport, url), every=0.2, limit=30, relaxed=600) as watcher:
            assert watcher.wait(job_id).status == "COMPLETED"
    assert "1 messages made no sense" in caplog.text


def test_a_message_without_end_ends_the_socket_and_not_the_memory(simulator: Simulator) -> None:
    with (
        transport_to(simulator, "bulk") as transport,
        speaking(lambda connection: connection.send(b" " * 1_000_000)) as url,
        Events(transport, url).open() as stream,
        pytest.raises(Ended),
    ):
        stream.receive()


def test_a_redirect_is_not_followed(simulator: Simulator) -> None:
    simulator.faults.add("status", path="/events$", status=302)
    with transport_to(simulator, "bulk") as transport:
        events = make_events(transport)
        assert events is not None
        with pytest.raises(Ended, match="302") as ended, events.open():
            pass
    assert ended.value.then is Next.HOPELESS
    assert ended.value.__cause__ is None
    assert ended.value.__context__ is None


def test_a_redirect_with_a_place_to_go_is_not_followed_either(simulator: Simulator) -> None:
    visited: list[str] = []

    def away(connection: ServerConnection, request: Any) -> Any:
        visited.append(request.path)
        response = connection.respond(302, "over there\n")
        response.headers["Location"] = "/elsewhere"
        return response

    with (
        transport_to(simulator, "bulk") as transport,
        speaking(lambda connection: None, process_request=away) as url,
        pytest.raises(Ended, match="302"),
        Events(transport, url).open(),
    ):
        pass
    assert visited == ["/events"]


def test_a_wait_that_is_asked_for_is_passed_on(simulator: Simulator) -> None:
    simulator.faults.add("rate-limited", path="/events$", seconds=7)
    with transport_to(simulator, "bulk") as transport:
        events = make_events(transport)
        assert events is not None
        with pytest.raises(Ended) as ended, events.open():
            pass
    assert (ended.value.then, ended.value.after) == (Next.AGAIN, 7.0)


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "ws://127.0.0.1:{port}/bulk/api/v2/events"),
        ({"events_url": "ws://127.0.0.1:1/elsewhere"}, "ws://127.0.0.1:1/elsewhere"),
        ({"poll_only": True}, None),
    ],
)
def test_where_events_come_from(simulator: Simulator, settings: dict[str, Any], url: str | None) -> None:
    with transport_to(simulator, "bulk", **settings) as transport:
        events = make_events(transport)
        expected = url and url.format(port=simulator.url.rpartition(":")[2])
        assert (events.url if events else None) == expected


def test_an_untrusted_certificate_is_hopeless(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    def refuse(*args: Any, **options: Any) -> Any:
        raise ssl.SSLCertVerificationError

    monkeypatch.setattr("reconciler.cxone.event_socket.connect", refuse)
    with (
        transport_to(simulator, "bulk") as transport,
        pytest.raises(Ended, match="certificate") as ended,
        Events(transport, "wss://127.0.0.1:1/events").open(),
    ):
        pass
    assert ended.value.then is Next.HOPELESS


SCALAR = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=9)
INNER = st.fixed_dictionaries(
    {}, optional={"jobId": SCALAR | st.just("J"), "status": SCALAR | st.just("COMPLETED"), "progress": SCALAR}
)
JSON = st.fixed_dictionaries(
    {}, optional={"eventType": st.just(EVENT) | SCALAR, "data": INNER | SCALAR | st.lists(SCALAR)}
)


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60), JSON.map(orjson.dumps)))
def test_any_message_is_about_a_job_or_makes_no_sense(message: str | bytes) -> None:
    heard = understood(message)
    assert heard is None or (heard.id and isinstance(heard.status, str))
    assert heard is None or heard.progress is None or 0 <= heard.progress <= 1
