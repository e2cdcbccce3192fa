"""Does the surface `lists` answer and refuse as the contract says, where it is about lists and their contacts?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused

ALL = "/lists/CL-1001"


def _pages(client: Client, path: str, **query: Any) -> list[list[Any]]:
    pages, token = [], None
    while True:
        body = client.get(path, **query, **({"pageToken": token} if token else {})).json()
        pages.append(body["data"])
        token = body["pagination"]["nextPageToken"]
        if token is None:
            return pages


def test_a_list_is_made_read_changed_and_deleted(lists: Client) -> None:
    made = lists.post("/lists", {"name": "New", "description": "mine", "type": "outbound"})
    assert (made.status_code, made.json()) == (201, {"id": "CL-1002"})
    changed = lists.patch("/lists/CL-1002", {"description": "yours"})
    assert (changed.status_code, changed.json()["name"], changed.json()["description"]) == (200, "New", "yours")
    assert lists.get("/lists/CL-1002").json() == changed.json()
    assert lists.delete("/lists/CL-1002").status_code == 204
    refused(lists.get("/lists/CL-1002"), 404, "CL-1002")


def test_a_change_of_nothing_changes_nothing(lists: Client) -> None:
    before = lists.get(ALL).json()
    assert lists.patch(ALL, {}).json() == before
    assert lists.patch(ALL, {"name": "All"}).json() == before


def test_a_name_is_taken_once(tenant: Simulator, lists: Client) -> None:
    refused(lists.post("/lists", {"name": "All", "type": "outbound"}), 409, "All")
    tenant.store.add_list("Other")
    refused(lists.patch("/lists/CL-1002", {"name": "All"}), 409, "All")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"type": "outbound"}, "name"),
        ({"name": " ", "type": "outbound"}, "name"),
        ({"name": "A"}, "type"),
        ({"name": "A", "type": "inbound"}, "type"),
        ({"name": "A", "type": 7}, "type"),
        ({"name": "A", "type": "outbound", "description": None}, "description"),
        ({"name": "A", "type": "outbound", "contactCount": 5}, "contactCount"),
        ([], "body"),
    ],
)
def test_a_list_that_cannot_be_is_refused_by_the_field(lists: Client, body: Any, word: str) -> None:
    refused(lists.post("/lists", body), 400, word)


def test_a_list_in_use_is_not_deleted(tenant: Simulator, lists: Client) -> None:
    tenant.store.add_campaign("Calls", "All")
    refused(lists.delete(ALL), 409, "Calls")
    lists.delete("/campaigns/CA-1001")
    assert lists.delete(ALL).status_code == 204


def test_lists_are_read_by_tokens(tenant: Simulator, lists: Client) -> None:
    for name in ("B", "C"):
        tenant.store.add_list(name)
    pages = _pages(lists, "/lists", pageSize=2)
    assert [[row["name"] for row in page] for page in pages] == [["All", "B"], ["C"]]
    assert lists.get("/lists").json()["pagination"] == {"nextPageToken": None, "total": 3}
    assert [row["name"] for row in lists.get("/lists", name="C").json()["data"]] == ["C"]


def test_members_are_read_by_tokens_in_the_order_of_joining(lists: Client) -> None:
    pages = _pages(lists, f"{ALL}/contacts", pageSize=2)
    assert [[row["contactId"] for row in page] for page in pages] == [["C1", "C2"], ["C3", "C4"], ["C5"]]
    assert pages[0][0] == {"contactId": "C1", "data": {}}


def test_a_page_token_is_never_given_twice(lists: Client) -> None:
    tokens = [lists.get("/lists/CL-1001/contacts", pageSize=1).json()["pagination"] for _ in range(5)]
    assert len({token["nextPageToken"] for token in tokens}) == 5


@pytest.mark.parametrize("size", ["0", "1001", "many", ""])
def test_a_page_size_that_cannot_be_is_refused(lists: Client, size: str) -> None:
    refused(lists.get("/lists", pageSize=size), 400, "pageSize")
    refused(lists.get(f"{ALL}/contacts", pageSize=size), 400, "pageSize")


def test_a_page_token_is_good_for_its_own_read_only(tenant: Simulator, lists: Client) -> None:
    tenant.store.add_list("B")
    token = lists.get("/lists", pageSize=1).json()["pagination"]["nextPageToken"]
    refused(lists.get(f"{ALL}/contacts", pageToken=token), 400, "pageToken")
    for wrong in ("", "x", "äö", token[:-4] + "AAAA", "A" * 32):
        refused(lists.get("/lists", pageToken=wrong), 400, "pageToken")


def test_rows_are_upserted_by_contact_and_the_last_one_wins(tenant: Simulator, lists: Client) -> None:
    made = tenant.store.add_list("New", {"C1": {"priority": 3}, "C2": {"priority": 4}})
    reply = lists.post(
        f"/lists/{made.id}/contacts",
        [
            {"contactId": "C1", "data": {"priority": 1}},
            {"contactId": "C3", "data": {"priority": 2}},
            {"contactId": "C1", "data": {"priority": 2, "score": 7.5}},
            {"contactId": "C2"},
        ],
    )
    assert (reply.status_code, reply.json()) == (200, {"added": 1, "updated": 2})
    assert made.members == {
        "C1": {"priority": 2, "score": 7.5},
        "C2": {"priority": 4},
        "C3": {"priority": 2},
    }


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ([{"contactId": f"C{n}", "data": {}} for n in range(1001)], 413, "1000"),
        ([], 400, "body"),
        ({"contactId": "C1"}, 400, "body"),
        ([{"data": {}}], 400, "body[0].contactId"),
        ([{"contactId": "C1", "data": []}], 400, "body[0].data"),
        ([{"contactId": "C1", "data": {}, "rank": 1}], 400, "body[0].rank"),
        (["C1"], 400, "body[0]"),
    ],
)
def test_rows_that_are_wrong_are_refused_by_the_field(lists: Client, body: Any, status: int, word: str) -> None:
    refused(lists.post(f"{ALL}/contacts", body), status, word)


def test_both_surfaces_show_the_same_list(outbound: Client, lists: Client) -> None:
    lists.delete(f"{ALL}/contacts", {"contactIds": ["C2", "C9"]})
    assert outbound.get("/outbound/contactlists/CL-1001").json() == lists.get(ALL).json()
    assert lists.get(ALL).json()["contactCount"] == 4


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_list_that_does_not_exist_is_not_found(lists: Client, method: str) -> None:
    refused(lists.send(method, "/lists/CL%2F9", {} if method == "PATCH" else None), 404, "CL/9")
