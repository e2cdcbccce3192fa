"""When is a lost event socket tried again, and what is said about it?"""

from __future__ import annotations

import logging

import pytest

from reconciler.cxone.backoff import Backoff
from reconciler.cxone.event_socket import Ended, Next
from reconciler.cxone.job_event_listener import Outage, Patience

CUT = Ended("the connection was cut")
EXPIRED = Ended("it was closed with the code 4401", Next.RENEWED)
FORBIDDEN = Ended("the client needs the scope events:subscribe", Next.HOPELESS)
URL = "wss://acme.cxone.com/api/v2/events"


@pytest.fixture
def outage() -> Outage:
    return Outage(URL, Patience(failures=5, away=300, steady=30, backoff=Backoff(cap=3, jitter=lambda: 1.0)))


def test_each_failure_doubles_the_wait_up_to_the_cap_and_then_polling_has_to_do(outage: Outage) -> None:
    assert [outage.compute_wait(CUT, None) for _ in range(7)] == [0.5, 1.0, 2.0, 3.0, 300, 300, 300]


def test_a_socket_that_lived_briefly_is_a_failure_too(outage: Outage) -> None:
    assert [outage.compute_wait(CUT, 29.0) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 300]


def test_a_socket_that_was_steady_starts_afresh(outage: Outage) -> None:
    for _ in range(6):
        outage.compute_wait(CUT, None)
    assert [outage.compute_wait(CUT, 30.0), outage.compute_wait(CUT, None)] == [0.5, 1.0]


def test_the_wait_that_the_tenant_asks_for_wins(outage: Outage) -> None:
    assert outage.compute_wait(Ended("status 429", after=7.5), None) == 7.5


def test_what_is_hopeless_is_not_tried_again_soon(outage: Outage) -> None:
    assert [outage.compute_wait(FORBIDDEN, lived) for lived in (None, 0.1)] == [300, 300]


def test_a_new_token_is_tried_at_once_and_once(outage: Outage) -> None:
    assert [outage.compute_wait(EXPIRED, None) for _ in range(2)] == [0.0, 300]


def test_tokens_that_expire_quickly_are_failures_after_the_first(outage: Outage) -> None:
    assert [outage.compute_wait(EXPIRED, 1.0) for _ in range(4)] == [0.0, 0.5, 1.0, 2.0]


def test_tokens_that_expire_in_their_own_time_are_none(outage: Outage) -> None:
    assert [outage.compute_wait(EXPIRED, 3600.0) for _ in range(8)] == [0.0] * 8


def test_an_outage_is_said_once(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for _ in range(3):
        outage.compute_wait(FORBIDDEN, None)
    assert [record.message for record in caplog.records] == [
        f"no events from {URL}: the client needs the scope events:subscribe; jobs are polled, which is slower"
    ]
    outage.compute_wait(CUT, 60.0)
    outage.compute_wait(FORBIDDEN, None)
    assert len(caplog.records) == 2
