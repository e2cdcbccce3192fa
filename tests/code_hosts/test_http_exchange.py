"""How is a code host asked? Again where that is safe, by pages, and never with the token in what is shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.code_hosts import http_exchange
from reconciler.code_hosts.code_host import CodeHostError, NoCodeHost, Unanswered
from reconciler.code_hosts.http_exchange import ATTEMPTS, LONGEST_WAIT, HostClient, Reply
from tests.code_hosts.stand_in import GitHubRoutes, Host, StandIn
from tests.code_hosts.test_github import A, pull

AT = "/repos/acme/dialling"


@pytest.fixture(scope="module")
def served() -> Iterator[StandIn]:
    with StandIn(GitHubRoutes) as stand_in:
        yield stand_in


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited before another attempt, though nobody did."""
    made: list[float] = []
    monkeypatch.setattr("reconciler.code_hosts.http_exchange.time.sleep", made.append)
    return made


@pytest.fixture
def state(served: StandIn, waits: list[float]) -> Host:
    served.host.__dict__.update(Host(url=served.host.url).__dict__)
    served.host.pulls[12] = pull(12, A)
    return served.host


def client(state: Host) -> HostClient:
    token = state.token("bot", {"issues": "write", "pull-requests": "read"}, is_app=True)
    return HostClient(state.url, {"Authorization": f"Bearer {token}"}, (token,))


def test_what_asks_is_asked_again_after_a_lost_reply_a_fault_or_a_limit(state: Host, waits: list[float]) -> None:
    state.faults["GET .*"] = ["lose", "503", "429", "limit"]
    assert client(state).ask("GET", f"{AT}/pulls/12").json()["number"] == 12
    assert state.count("GET .*") == ATTEMPTS
    assert len(waits) == 4
    assert waits[1:] == [0.0, 0.0, 0.0]


def test_what_creates_is_sent_again_only_where_the_host_says_that_it_did_nothing(state: Host) -> None:
    state.faults["POST .*"] = ["limit", "429", "lose"]
    with pytest.raises(Unanswered):
        client(state).ask("POST", f"{AT}/issues", {"title": "x", "body": "y"})
    assert state.count("POST .*") == 3
    assert len(state.issues) == 1


def test_what_changes_one_thing_is_sent_again(state: Host) -> None:
    there = client(state)
    there.ask("POST", f"{AT}/issues", {"title": "x", "body": "y"})
    state.faults["PATCH .*"] = ["lose", "500"]
    there.ask("PATCH", f"{AT}/issues/{state.issues[0]['number']}", {"body": "z"})
    assert state.issues[0]["body"] == "z"


@pytest.mark.parametrize(("status", "said"), [("401", "token is wrong"), ("404", "not there"), ("403", "may not")])
def test_a_refusal_is_told_at_once_without_the_token(status: str, said: str, state: Host, waits: list[float]) -> None:
    state.faults["GET .*"] = [status] if status != "403" else []
    path = f"{AT}/pulls/12" if status != "403" else f"{AT}/actions/artifacts"
    there = client(state)
    with pytest.raises(CodeHostError) as raised:
        there.ask("GET", path)
    error = raised.value
    assert said in (error.hint or "")
    assert there.secrets[0] not in f"{error.message}{error.where}{error.note}{error.hint}"
    assert not waits


def test_a_host_that_never_answers_is_an_error_after_some_attempts(state: Host, waits: list[float]) -> None:
    state.faults["GET .*"] = ["lose"] * 20
    with pytest.raises(CodeHostError, match="does not answer"):
        client(state).ask("GET", f"{AT}/pulls/12")
    assert len(waits) == ATTEMPTS - 1
    assert waits[-1] > waits[0]


def test_every_page_is_read_and_the_next_is_of_the_same_host(state: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        state.comment(12, "bob", f"{number}")
    there = client(state)
    found = [each["body"] for each in there.iter_pages(f"{AT}/issues/12/comments")]
    assert found == ["0", "1", "2", "3", "4"]
    monkeypatch.setattr(http_exchange, "_find_next", lambda reply: "https://elsewhere.example/x")
    with pytest.raises(CodeHostError, match="is not of the code host"):
        list(there.iter_pages(f"{AT}/issues/12/comments"))


def test_pages_without_an_end_have_one(state: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_exchange, "_MOST_PAGES", 3)
    monkeypatch.setattr(http_exchange, "_find_next", lambda reply: f"{state.url}{AT}/issues/12/comments")
    with pytest.raises(CodeHostError, match="more than 3 pages"):
        list(client(state).iter_pages(f"{AT}/issues/12/comments"))


def test_an_answer_that_is_too_large_or_no_list_is_an_error(state: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CodeHostError, match="no list"):
        list(client(state).iter_pages(f"{AT}/pulls/12"))
    monkeypatch.setattr(http_exchange, "LARGEST_REPLY", 10)
    with pytest.raises(CodeHostError, match="larger"):
        client(state).download(f"{AT}/pulls/12")


@pytest.mark.parametrize("base", ["http://api.example", "ftp://api.example", "api.example", "http://127.0.0.1.example"])
def test_a_token_is_not_sent_without_tls_but_to_this_machine(base: str) -> None:
    with pytest.raises(NoCodeHost, match="without TLS"):
        HostClient(base, {}, ())


def test_a_host_says_how_long_to_wait_and_not_for_ever() -> None:
    assert http_exchange._find_wait(Reply(429, {"retry-after": "7"}, b""), 1) == 7
    assert http_exchange._find_wait(Reply(429, {"retry-after": "86400"}, b""), 1) == LONGEST_WAIT
    assert http_exchange._find_wait(Reply(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, b""), 1) == 0
    assert (
        http_exchange._find_wait(Reply(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}, b""), 1)
        == LONGEST_WAIT
    )
    assert 0.5 <= http_exchange._find_wait(None, 1) <= 1
    assert http_exchange._find_wait(Reply(503, {"retry-after": "soon"}, b""), 3) <= 4
