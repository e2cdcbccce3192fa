"""Does each fault do what it says, to the calls it is meant for, and only so often?"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused

ALL = "/outbound/contactlists/CL-1001"
MEMBERS = "/lists/CL-1001/contacts"


def _members(tenant: Simulator) -> list[str]:
    return list(tenant.store.list_named("All").members)


def _drop_c1(client: Client) -> requests.Response:
    return client.delete(f"{ALL}/contacts", {"contactIds": ["C1"]})


def test_a_rate_limit_says_when_in_seconds_as_a_date_or_not_at_all(tenant: Simulator, outbound: Client) -> None:
    tenant.faults.add("rate-limited", seconds=7)
    tenant.faults.add("rate-limited", seconds=60, form="date")
    tenant.faults.add("rate-limited", form="none")
    replies = [outbound.get(ALL) for _ in range(3)]
    for reply in replies:
        refused(reply, 429)
    assert replies[0].headers["Retry-After"] == "7"
    wait = parsedate_to_datetime(replies[1].headers["Retry-After"]).timestamp() - time.time()
    assert 55 < wait < 61
    assert "Retry-After" not in replies[2].headers
    assert outbound.get(ALL).status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_status_comes_before_the_effect(tenant: Simulator, outbound: Client, status: int) -> None:
    tenant.faults.add("status", status=status)
    refused(_drop_c1(outbound), status)
    assert "C1" in _members(tenant)


def test_an_error_status_may_come_after_the_effect(tenant: Simulator, outbound: Client) -> None:
    tenant.faults.add("status", status=504, after=True)
    refused(_drop_c1(outbound), 504)
    assert "C1" not in _members(tenant)


@pytest.mark.parametrize(("fault", "effect"), [("reset-before", False), ("reset-after", True)])
def test_a_connection_is_reset(tenant: Simulator, outbound: Client, fault: str, effect: bool) -> None:
    tenant.faults.add(fault)
    with pytest.raises(requests.ConnectionError, match="reset"):
        _drop_c1(outbound)
    assert ("C1" not in _members(tenant)) is effect
    received = tenant.requests()[-1]
    assert (received.status, received.fault) == (None, fault)


@pytest.mark.parametrize(("fault", "effect"), [("hold-before", False), ("hold-after", True)])
def test_a_reply_is_held_until_the_client_gives_up(
    tenant: Simulator, outbound: Client, fault: str, effect: bool
) -> None:
    tenant.faults.add(fault, seconds=30)
    with pytest.raises(requests.ReadTimeout):
        outbound.send("DELETE", f"{ALL}/contacts", {"contactIds": ["C1"]}, timeout=0.1)
    assert ("C1" not in _members(tenant)) is effect


@pytest.mark.parametrize("fault", ["hold-before", "hold-after"])
def test_a_reply_held_briefly_comes_whole(tenant: Simulator, outbound: Client, fault: str) -> None:
    tenant.faults.add(fault, seconds=0.01)
    assert outbound.get(ALL).json()["name"] == "All"


def test_a_body_is_cut(tenant: Simulator, outbound: Client) -> None:
    tenant.faults.add("cut-body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        outbound.get(ALL)


def test_headers_are_cut_so_that_the_body_seems_empty(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("cut-headers")
    reply = lists.post("/lists", {"name": "New", "type": "outbound"})
    assert (reply.status_code, reply.content) == (201, b"")
    assert tenant.store.list_named("New")


def test_a_reply_without_a_body_is_cut_in_its_headers(tenant: Simulator, outbound: Client) -> None:
    tenant.faults.add("cut-body")
    reply = _drop_c1(outbound)
    assert "X-Request-Id" not in reply.headers or len(reply.headers["X-Request-Id"]) < 12


def test_a_body_is_empty(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("empty-body", method="POST")
    reply = lists.post("/lists", {"name": "New", "type": "outbound"})
    assert (reply.status_code, reply.content) == (201, b"")
    assert reply.headers["X-Request-Id"]
    assert tenant.store.list_named("New")


def test_a_reply_comes_without_its_rows(tenant: Simulator, lists: Client, outbound: Client) -> None:
    tenant.faults.add("no-data", times=2)
    assert lists.get(MEMBERS).json().keys() == {"pagination"}
    assert outbound.get(f"{ALL}/contacts").json() == {"total": 5}
    tenant.faults.add("no-data")
    assert outbound.get("/nowhere").status_code == 404


def test_a_page_token_goes_stale_for_good(tenant: Simulator, lists: Client) -> None:
    token = lists.get(MEMBERS, pageSize=2).json()["pagination"]["nextPageToken"]
    tenant.faults.add("stale-page-token")
    assert lists.get(MEMBERS, pageSize=2).status_code == 200
    refused(lists.get(MEMBERS, pageToken=token), 400, "stale")
    refused(lists.get(MEMBERS, pageToken=token), 400, "stale")
    assert lists.get(MEMBERS).json()["pagination"]["total"] == 5


def test_a_page_token_goes_stale_with_a_reply_without_data(tenant: Simulator, lists: Client) -> None:
    token = lists.get(MEMBERS, pageSize=2).json()["pagination"]["nextPageToken"]
    tenant.faults.add("stale-page-token", form="no-data")
    assert "data" not in lists.get(MEMBERS, pageToken=token).json()
    refused(lists.get(MEMBERS, pageToken=token), 400, "stale")


def test_a_page_hands_out_a_token_already_seen(tenant: Simulator, lists: Client) -> None:
    token = lists.get(MEMBERS, pageSize=2).json()["pagination"]["nextPageToken"]
    tenant.faults.add("repeated-page-token", times=2)
    page = lists.get(MEMBERS, pageSize=2, pageToken=token).json()
    assert page["pagination"]["nextPageToken"] == token
    refused(lists.get(MEMBERS, pageToken="nonsense"), 400, "pageToken")


def _search(client: Client, token: str | None = None) -> Any:
    filters = {
        "contactIds": ["C1", "C2"],
        "startTime": "2026-01-01T00:00:00Z",
        "endTime": "2026-02-01T00:00:00Z",
    }
    return client.post("/interactions/search", {"filters": filters, "pageSize": 1, "pageToken": token}).json()


def test_a_search_of_interactions_shifts_under_the_reader(tenant: Simulator, lists: Client) -> None:
    for n in range(3):
        row = {"id": f"I{n}", "contactId": "C1", "startTime": f"2026-01-0{n + 2}T00:00:00Z"}
        tenant.store.add_interactions([row])
    first = _search(lists)
    tenant.faults.add("shifting-pages")
    second = _search(lists, first["pagination"]["nextPageToken"])
    assert second["data"] == first["data"]
    assert (first["pagination"]["total"], second["pagination"]["total"]) == (3, 4)
    tenant.faults.add("shifting-pages", change="remove")
    third = _search(lists, second["pagination"]["nextPageToken"])
    assert (third["data"][0]["id"], third["pagination"]["total"]) == ("I2", 3)


def test_a_list_shifts_under_the_reader(tenant: Simulator, outbound: Client) -> None:
    tenant.store.drop_members(tenant.store.list_named("All"), ["C5"])
    tenant.faults.add("shifting-pages", times=3)
    first = outbound.get(f"{ALL}/contacts", count=2).json()
    second = outbound.get(f"{ALL}/contacts", count=2, start=2).json()
    assert (first["contacts"][1], first["total"]) == (second["contacts"][0], second["total"] - 1)
    assert _members(tenant)[0] == "C5"
    outbound.get(f"{ALL}/contacts", count=2, start=2)
    assert _members(tenant)[0] == "shifted-6"
    tenant.faults.clear()
    tenant.faults.add("shifting-pages", change="remove", path="/contacts$")
    assert outbound.get(f"{ALL}/contacts", count=2, start=2).json()["total"] == 5


def test_a_token_is_revoked_in_mid_run(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("revoked-token", skip=1)
    assert lists.get("/lists").status_code == 200
    refused(lists.get("/lists"), 401)
    refused(lists.get("/lists"), 401)
    lists.log_in()
    assert lists.get("/lists").status_code == 200


def test_a_rule_hits_only_the_calls_it_matches_after_those_it_skips(tenant: Simulator, lists: Client) -> None:
    rule = tenant.faults.add("status", method="GET", path="/lists$", skip=1, times=2)
    assert lists.get(MEMBERS).status_code == 200
    assert lists.post("/lists", {"name": "New", "type": "outbound"}).status_code == 201
    assert [lists.get("/lists").status_code for _ in range(4)] == [200, 503, 503, 200]
    assert (rule.matched, rule.hit) == (4, 2)


def test_chance_falls_the_same_for_the_same_seed(tenant: Simulator, lists: Client) -> None:
    falls = []
    for _ in range(2):
        tenant.faults.clear()
        tenant.faults.add("status", probability=0.5, seed=4, times=None)
        falls.append([lists.get("/lists").status_code for _ in range(20)])
    assert falls[0] == falls[1]
    assert set(falls[0]) == {200, 503}


def test_token_requests_can_be_hit_too(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("status", path="/oauth/token$")
    with pytest.raises(AssertionError, match="played"):
        lists.log_in()


@pytest.mark.parametrize(
    ("fault", "settings", "word"),
    [
        ("earthquake", {}, "earthquake"),
        ("status", {"code": 500}, "code"),
        ("status", {"path": "("}, "path"),
        ("reject-rows", {"phone": "("}, "phone"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    tenant: Simulator, fault: str, settings: dict[str, Any], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        tenant.faults.add(fault, **settings)
