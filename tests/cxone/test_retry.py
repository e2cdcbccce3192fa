"""How is one request brought to its end: sent, sent again, or given up?"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import pytest

from reconciler.cxone import errors
from reconciler.cxone.request_counts import RequestCounts
from reconciler.model.errors import Interrupted
from tests.cxone.conftest import Connect, FakeTime
from tests.cxone.scripted import RESET, SILENT, Answer, ScriptedTenant, Seen, cut_body, cut_headers
from tests.cxone.test_rate_limit import in_threads

OK = Answer(200, {"id": "1"})
HTML = Answer(200, b"<html>")
TRANSIENT = [Answer(status) for status in (408, 500, 502, 503, 504)]
AMBIGUOUS = [*TRANSIENT, RESET, cut_body(), cut_body(201), cut_headers(), cut_headers(200), HTML]


@pytest.mark.parametrize("answer", AMBIGUOUS)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_may_be_repeated_is_repeated(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime, method: str, answer: Answer
) -> None:
    tenant.answers += [answer, answer, OK]
    transport = connect()
    assert transport.call(method, "/lists/1") == {"id": "1"}
    assert time.sleeps == [0.5, 1.0]
    assert transport.traffic == RequestCounts(requests=4, writes=0 if method == "GET" else 3, retries=2)


@pytest.mark.parametrize("answer", AMBIGUOUS)
def test_a_post_that_is_declared_harmless_is_repeated(tenant: ScriptedTenant, connect: Connect, answer: Answer) -> None:
    tenant.answers += [answer, OK]
    assert connect().call("POST", "/interactions/search", body={}, idempotent=True) == {"id": "1"}
    assert tenant.calls[0].body == tenant.calls[1].body == b"{}"


@pytest.mark.parametrize("answer", AMBIGUOUS)
def test_a_post_that_may_have_taken_effect_is_sent_once(
    tenant: ScriptedTenant, connect: Connect, answer: Answer
) -> None:
    tenant.answers.append(answer)
    with pytest.raises(errors.Unknown, match="may have taken effect") as caught:
        connect().call("POST", "/lists", body={"name": "x"})
    assert len(tenant.calls) == 1
    assert "before sending it again" in str(caught.value.hint)


@pytest.mark.parametrize("answer", [each for each in AMBIGUOUS if each is not HTML])
def test_what_is_broken_to_the_end_is_unavailable(tenant: ScriptedTenant, connect: Connect, answer: Answer) -> None:
    tenant.answers += [answer] * 3
    with pytest.raises(errors.Unavailable, match="no usable reply") as caught:
        connect(attempts=3).call("GET", "/lists")
    assert caught.value.attempts == len(tenant.calls) == 3


def test_a_silent_tenant_is_asked_again_where_that_is_harmless(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [SILENT, OK]
    assert connect(read_timeout=0.05).call("GET", "/lists") == {"id": "1"}


def test_a_silent_tenant_may_have_acted(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(SILENT)
    transport = connect(read_timeout=0.05)
    with pytest.raises(errors.Unknown) as caught:
        transport.call("POST", "/lists", body={})
    assert caught.value.note == "no reply in time"


def test_an_empty_reply_to_a_read_is_read_again(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(200, b""), Answer(200, b" \n"), OK]
    assert connect().call("GET", "/lists") == {"id": "1"}


@pytest.mark.parametrize("body", [{}, {"id": ""}, {"id": None}, {"id": True}, [], "id"])
@pytest.mark.parametrize("idempotent", [True, False])
def test_a_2xx_without_the_expected_id_proves_nothing(
    tenant: ScriptedTenant, connect: Connect, body: Any, idempotent: bool
) -> None:
    tenant.answers.append(Answer(202, body, {"X-Request-Id": "r1"}))
    with pytest.raises(errors.Unknown) as caught:
        connect().call("POST", "/jobs", body={}, expect_id="id", idempotent=idempotent)
    assert caught.value.note == "the reply has no id"
    assert caught.value.where == f"POST {tenant.url}/api/v1/jobs (status 202, request id r1)"
    assert len(tenant.calls) == 1


@pytest.mark.parametrize("answer", [Answer(202, b""), Answer(204)])
def test_a_whole_but_empty_reply_where_an_id_is_due_is_unknown(
    tenant: ScriptedTenant, connect: Connect, answer: Answer
) -> None:
    tenant.answers.append(answer)
    with pytest.raises(errors.Unknown):
        connect().call("POST", "/jobs", body={}, expect_id="id")


def test_an_id_may_be_a_number(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(201, {"id": 0}))
    assert connect().call("POST", "/lists", body={}, expect_id="id") == {"id": 0}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_too_many_requests_is_repeated_whatever_the_method(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime, method: str
) -> None:
    tenant.answers += [Answer(429), Answer(429, headers={"Retry-After": "20"}), OK]
    transport = connect()
    assert transport.call(method, "/lists", body={}) == {"id": "1"}
    assert time.sleeps == pytest.approx([0.5, 20])
    assert transport.traffic == RequestCounts(requests=4, writes=0 if method == "GET" else 3, retries=2, limited=2)


def test_too_many_requests_to_the_end_is_rate_limited(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(429)] * 3
    with pytest.raises(errors.RateLimited) as caught:
        connect(attempts=3).call("POST", "/lists", body={})
    assert caught.value.attempts == 3


def test_retry_after_is_cut_to_the_longest_allowed(tenant: ScriptedTenant, connect: Connect, time: FakeTime) -> None:
    tenant.answers += [Answer(429, headers={"Retry-After": "86400"}), OK]
    connect(retry_after_max=15.0).call("GET", "/lists")
    assert time.sleeps == pytest.approx([15])


def test_retry_after_as_a_date_is_read_by_the_clock_of_the_tenant(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime
) -> None:
    raw = (
        b"HTTP/1.1 429 X\r\nDate: Mon, 02 Mar 2026 09:00:00 GMT\r\n"
        b"Retry-After: Mon, 02 Mar 2026 09:00:33 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    tenant.answers += [Answer(raw=raw), OK]
    connect().call("GET", "/lists")
    assert time.sleeps == pytest.approx([33])


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_up_every_worker_of_the_surface(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime, status: int
) -> None:
    stop = threading.Event()
    transport = connect(stop=stop)
    tenant.answers.append(Answer(status, headers={"Retry-After": "50"}))
    calls: list[float] = []

    def another_worker(seconds: float) -> None:
        calls.append(seconds)
        stop.set()

    transport.pace._sleep = another_worker
    with pytest.raises(Interrupted):
        transport.call("GET", "/lists")
    stop.clear()
    with pytest.raises(Interrupted):
        transport.call("GET", "/campaigns")
    assert calls == pytest.approx([50, 50])


def test_a_backoff_of_one_call_holds_up_no_other(tenant: ScriptedTenant, connect: Connect, time: FakeTime) -> None:
    stop = threading.Event()
    transport = connect(stop=stop)
    tenant.answers.append(Answer(503))
    transport.pace._sleep = lambda _: stop.set()
    with pytest.raises(Interrupted):
        transport.call("GET", "/lists")
    stop.clear()
    assert transport.call("GET", "/campaigns") == {"id": "1"}


def test_one_401_is_met_with_a_new_token(tenant: ScriptedTenant, connect: Connect, time: FakeTime) -> None:
    tenant.answers += [Answer(401), OK]
    transport = connect(attempts=1)
    assert transport.call("POST", "/lists", body={}) == {"id": "1"}
    assert [seen.headers["authorization"] for seen in tenant.calls] == ["Bearer token-1", "Bearer token-2"]
    assert time.sleeps == []
    assert transport.traffic == RequestCounts(requests=4, writes=2, retries=1)


def test_what_never_reached_the_tenant_is_no_request(tenant: ScriptedTenant, connect: Connect) -> None:
    transport = connect()
    transport.tokens.obtain_token()
    before = transport.traffic
    url = tenant.url
    tenant.close()
    with pytest.raises(errors.Unavailable):
        connect(url=url, attempts=2).call("GET", "/lists")
    assert (before.requests, before.writes) == (1, 0)
    assert transport.traffic == before


def test_a_second_401_is_an_error(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(401)] * 2
    with pytest.raises(errors.Unauthorised) as caught:
        connect(credentials="env CXONE_SECRET").call("GET", "/lists")
    assert "come from env CXONE_SECRET" in str(caught.value.hint)
    assert len(tenant.calls) == len(tenant.token_requests) == 2


def test_a_second_401_after_other_trouble_is_an_error_too(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [Answer(401), Answer(503), Answer(401)]
    with pytest.raises(errors.Unauthorised):
        connect().call("GET", "/lists")


def test_four_threads_that_meet_a_dead_token_renew_it_once(tenant: ScriptedTenant, connect: Connect) -> None:
    transport = connect()
    transport.call("GET", "/lists")
    together = threading.Barrier(4)
    answer = tenant.answer

    def refuse_the_first_token(seen: Seen) -> Answer:
        if seen.headers.get("authorization") != "Bearer token-1":
            return answer(seen)
        together.wait()
        return Answer(401)

    tenant.answer = refuse_the_first_token  # type: ignore[method-assign]
    in_threads(4, lambda _: transport.call("GET", "/lists"))
    assert len(tenant.token_requests) == 2


@pytest.mark.parametrize("answer", [Answer(400, {"error": "invalid_client"}), Answer(401), Answer(403), Answer(404)])
def test_a_refused_token_request_is_said_at_once(tenant: ScriptedTenant, connect: Connect, answer: Answer) -> None:
    tenant.token_answers.append(answer)
    with pytest.raises(errors.TokenRefused) as caught:
        connect(credentials="env CXONE_SECRET").call("GET", "/lists")
    assert (caught.value.url, len(tenant.seen)) == (f"{tenant.url}/oauth/token", 1)
    assert ("token URL" if answer.status == 404 else "env CXONE_SECRET") in str(caught.value.hint)


@pytest.mark.parametrize("answer", [Answer(429), *TRANSIENT, RESET, cut_body(), cut_headers(200), Answer(200, b"")])
def test_a_token_request_is_repeated_like_any_harmless_call(
    tenant: ScriptedTenant, connect: Connect, answer: Answer
) -> None:
    tenant.token_answers += [answer]
    assert connect().call("GET", "/lists") == {"id": "1"}
    assert len(tenant.token_requests) == 2


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_and_told_as_such(
    tenant: ScriptedTenant, connect: Connect, time: FakeTime, method: str
) -> None:
    base_url = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(errors.Unavailable, match="connection was refused") as caught:
        connect(base_url=base_url).call(method, "/lists", body={})
    assert time.sleeps == [0.5, 1.0]
    assert caught.value.hint == "nothing was sent: is the base URL right, and is the tenant up?"
    assert caught.value.where == f"{method} {base_url}/lists (3 attempts)"


def test_an_unknown_host_is_tried_again_and_told_as_such(
    tenant: ScriptedTenant, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connect(base_url="http://nowhere.invalid")
    transport.tokens.obtain_token()

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(errors.Unavailable, match="host is not known") as caught:
        transport.call("POST", "/lists", body={})
    assert "is the base URL right" in str(caught.value.hint)
    assert caught.value.attempts == 3


def test_a_connection_that_does_not_come_about_is_tried_again(
    tenant: ScriptedTenant, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = connect(base_url="http://127.0.0.2:9")
    transport.tokens.obtain_token()

    def fail(*_: Any, **__: Any) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", fail)
    with pytest.raises(errors.Unavailable, match="no connection in time") as caught:
        transport.call("POST", "/lists", body={})
    assert caught.value.attempts == 3


def test_an_untrusted_certificate_is_not_tried_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, time: FakeTime
) -> None:
    transport = connect(base_url="https://127.0.0.1:9")
    transport.tokens.obtain_token()

    def fail(*_: Any, **__: Any) -> Any:
        raise ssl.SSLCertVerificationError(1, "self-signed certificate")

    monkeypatch.setattr("urllib3.connection.HTTPSConnection.connect", fail)
    with pytest.raises(errors.Unavailable, match="certificate is not trusted") as caught:
        transport.call("GET", "/lists")
    assert caught.value.attempts == 1
    assert time.sleeps == []


def test_tls_to_a_port_that_speaks_none_is_unavailable(tenant: ScriptedTenant, connect: Connect) -> None:
    with pytest.raises(errors.Unavailable):
        connect(base_url=tenant.url.replace("http:", "https:")).call("GET", "/lists")


def test_a_dead_proxy_is_told_as_such(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = connect(base_url="http://tenant.example")
    transport.tokens.obtain_token()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(errors.Unavailable, match="proxy cannot be reached"):
        transport.call("POST", "/lists", body={})


@pytest.mark.parametrize("base_url", ["tenant.example", "http://", "http://[::1", "gopher://tenant.example"])
def test_a_base_url_that_is_none_is_not_tried_again(connect: Connect, time: FakeTime, base_url: str) -> None:
    with pytest.raises(errors.Unavailable, match="cannot be prepared"):
        connect(base_url=base_url).call("GET", "/lists")
    assert time.sleeps == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(tenant: ScriptedTenant, connect: Connect, status: int) -> None:
    tenant.answers.append(Answer(status, headers={"Location": f"{tenant.url}/elsewhere"}))
    with pytest.raises(errors.Unexpected, match="never followed"):
        connect().call("GET", "/lists")
    assert [seen.path for seen in tenant.calls] == ["/api/v1/lists"]


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, errors.Invalid),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (418, errors.Unexpected),
        (422, errors.Invalid),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_is_final(
    tenant: ScriptedTenant, connect: Connect, status: int, fault: type[errors.WireError], method: str
) -> None:
    tenant.answers.append(Answer(status, {"message": "the list is full"}, {"X-Request-Id": "r7"}))
    with pytest.raises(fault) as caught:
        connect().call(method, "/lists", body={})
    assert type(caught.value) is fault
    assert caught.value.where == f"{method} {tenant.url}/api/v1/lists (status {status}, request id r7)"
    assert caught.value.note == "the tenant says: the list is full"
    assert caught.value.reply == {"message": "the list is full"}
    assert len(tenant.calls) == 1


def test_a_refusal_whose_body_is_cut_is_still_a_refusal(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(cut_body(404))
    with pytest.raises(errors.NotFound):
        connect().call("POST", "/lists", body={})


def test_a_403_names_the_scope_to_grant(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers.append(Answer(403))
    with pytest.raises(errors.Forbidden, match="needs the scope lists:write") as caught:
        connect().call("POST", "/lists", body={}, scope="lists:write")
    assert str(caught.value.hint).startswith("grant the client lists:write in the tenant")


def test_a_page_that_is_no_api_raises_a_doubt_about_the_url(tenant: ScriptedTenant, connect: Connect) -> None:
    tenant.answers += [HTML] * 3
    with pytest.raises(errors.BadReply, match="not JSON") as caught:
        connect(attempts=9).call("GET", "/lists")
    assert len(tenant.calls) == 3
    assert str(caught.value.hint).startswith("is the base URL right?")


def test_a_wait_between_attempts_ends_when_the_person_asks_to_stop(tenant: ScriptedTenant) -> None:
    from reconciler.cxone.transport import Transport
    from tests.cxone.conftest import access_to

    stop = threading.Event()
    tenant.answers += [Answer(503)]
    with (
        Transport(access_to(tenant.url), stop=stop, sleep=lambda _: stop.set()) as transport,
        pytest.raises(Interrupted),
    ):
        transport.call("GET", "/lists")
    assert len(tenant.calls) == 1
