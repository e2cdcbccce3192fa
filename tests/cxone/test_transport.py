"""How does a request get to a surface and its reply back?"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler import __version__
from reconciler.cxone.request_counts import RequestCounts
from reconciler.model.tenant import Pace
from tests.cxone.conftest import CLIENT_SECRET, Connect, FakeTime
from tests.cxone.scripted import Answer, ScriptedTenant
from tests.cxone.test_rate_limit import in_threads


def test_a_call_carries_token_headers_query_and_body(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(201, {"id": "9"}))
    query: dict[str, str | int | float | bool | None] = {"name": "a b&c", "count": 5, "deep": True, "start": None}
    reply = connect().call("POST", "/lists/a%2Fb", query=query, body={"name": "Ä"}, expect_id="id")
    assert reply == {"id": "9"}
    (seen,) = tenant.calls
    assert (seen.method, seen.path) == ("POST", "/api/v1/lists/a%2Fb")
    assert seen.query == {"name": "a b&c", "count": "5", "deep": "true"}
    assert orjson.loads(seen.body) == {"name": "Ä"}
    assert seen.headers["authorization"] == "Bearer token-1"
    assert seen.headers["accept"] == seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"] == f"cxone-reconciler/{__version__}"


def test_a_base_url_may_end_with_a_slash(tenant: ScriptedTenant, connect: Connect) -> None:
    connect(base_url=f"{tenant.url}/api/v1/").call("GET", "/lists")
    assert tenant.calls[0].path == "/api/v1/lists"


@pytest.mark.parametrize(
    "path",
    [
        "lists",
        "/lists?name=x",
        "/lists#top",
        "/lists/../campaigns",
        "/lists/.",
        "/lists/",
        "/lists//contacts",
        "/a b",
        "/ä",
        "/a\nb",
        "",
    ],
)
def test_a_path_that_would_lead_elsewhere_is_refused(tenant: ScriptedTenant, connect: Connect, path: str) -> None:
    with pytest.raises(ValueError, match="a path starts with /"):
        connect().call("GET", path)
    assert tenant.seen == []


@pytest.mark.parametrize("status", [200, 201, 202])
def test_an_empty_reply_to_a_write_is_none(tenant: ScriptedTenant, connect: Connect, status: int) -> None:
    tenant.answers.append(Answer(status, b""))
    assert connect().call("POST", "/lists/1/contacts", body=[]) is None


def test_an_empty_chunked_reply_to_a_write_is_none(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
    assert connect().call("POST", "/lists/1/contacts", body=[]) is None


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_204_is_none(tenant: ScriptedTenant, connect: Connect, method: str) -> None:
    tenant.answers.append(Answer(204))
    assert connect().call(method, "/lists/1") is None


def test_a_token_request_is_a_form_where_the_surface_wants_one(tenant: ScriptedTenant, connect: Connect) -> None:
    connect(token_body="form").call("GET", "/lists")
    (seen,) = tenant.token_requests
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.body == (
        b"grant_type=client_credentials&client_id=client-7&client_secret=hush%2Bhush%2F42"
        b"&scope=lists%3Aread+lists%3Awrite"
    )
    assert "authorization" not in seen.headers


def test_a_token_request_is_json_where_the_surface_wants_that(tenant: ScriptedTenant, connect: Connect) -> None:
    connect(token_body="json").call("GET", "/lists")
    (seen,) = tenant.token_requests
    assert seen.headers["content-type"] == "application/json"
    assert orjson.loads(seen.body) == {
        "grant_type": "client_credentials",
        "client_id": "client-7",
        "client_secret": CLIENT_SECRET,
        "scope": "lists:read lists:write",
    }


def test_one_token_serves_many_calls(tenant: ScriptedTenant, connect: Connect) -> None:
    transport = connect()
    for _ in range(5):
        transport.call("GET", "/lists")
    assert len(tenant.token_requests) == 1


def test_a_token_is_renewed_before_its_expiry(tenant: ScriptedTenant, connect: Connect, time: FakeTime) -> None:
    transport = connect()
    transport.call("GET", "/lists")
    time.now += 3541
    transport.call("GET", "/lists")
    assert [seen.headers["authorization"] for seen in tenant.calls] == ["Bearer token-1", "Bearer token-2"]


def test_the_event_socket_gets_the_same_token(tenant: ScriptedTenant, connect: Connect) -> None:
    transport = connect()
    transport.call("GET", "/lists")
    assert transport.tokens.obtain_token().reveal() == "token-1"
    assert len(tenant.token_requests) == 1


def test_passwords_of_a_netrc_file_are_not_sent(
    tenant: ScriptedTenant, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    connect().call("GET", "/lists")
    assert "authorization" not in tenant.token_requests[0].headers
    assert tenant.calls[0].headers["authorization"] == "Bearer token-1"


def test_cookies_are_not_kept(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(200, {}, {"Set-Cookie": "backend=7; Path=/"}))
    transport = connect()
    transport.call("GET", "/lists")
    transport.call("GET", "/lists")
    assert "cookie" not in tenant.calls[1].headers


def test_sixteen_threads_share_four_connections_and_one_token(tenant: ScriptedTenant, connect: Connect) -> None:
    transport = connect(pace=Pace(rate=1e6, burst=1000, workers=4))
    replies: list[Any] = []

    def work(number: int) -> None:
        for _ in range(5):
            replies.append(transport.call("POST", "/lists", body={"n": number}, expect_id="id"))

    in_threads(16, work)
    assert len(replies) == len(tenant.calls) == 80
    assert len(tenant.token_requests) == 1
    assert transport.traffic == RequestCounts(requests=81, writes=80)


def test_every_call_goes_at_the_pace_of_the_surface(tenant: ScriptedTenant, connect: Connect, time: FakeTime) -> None:
    transport = connect(pace=Pace(rate=2, burst=1, workers=1))
    for _ in range(4):
        transport.call("GET", "/lists")
    assert time.sleeps == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_a_pause_that_outlives_the_token_is_followed_by_a_new_one(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime
) -> None:
    transport = connect()
    transport.call("GET", "/lists")
    transport.pace.pause(4000)
    transport.call("GET", "/lists")
    assert tenant.calls[1].headers["authorization"] == "Bearer token-2"


def test_the_program_may_stop_between_calls(tenant: ScriptedTenant, connect: Connect) -> None:
    from reconciler.model.errors import Interrupted

    stop = threading.Event()
    transport = connect(stop=stop)
    transport.call("GET", "/lists")
    stop.set()
    with pytest.raises(Interrupted):
        transport.call("GET", "/lists")
    assert len(tenant.calls) == 1
