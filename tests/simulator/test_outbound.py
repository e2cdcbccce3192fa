"""Does the surface `outbound` answer and refuse as the contract says?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, Connect, Serve, refused

ALL = "/outbound/contactlists/CL-1001"


def test_lists_are_read_by_pages_with_a_total(tenant: Simulator, outbound: Client) -> None:
    tenant.store.add_list("Second")
    page = outbound.get("/outbound/contactlists", count=1, start=1).json()
    assert ([item["name"] for item in page["contactLists"]], page["total"]) == (["Second"], 2)


def test_a_list_is_found_by_its_exact_name(outbound: Client) -> None:
    found = outbound.get("/outbound/contactlists", name="All").json()
    assert found["contactLists"][0] == outbound.get(ALL).json()
    assert outbound.get("/outbound/contactlists", name="all").json() == {"contactLists": [], "total": 0}


def test_a_list_says_what_the_contract_says(outbound: Client) -> None:
    row = outbound.get(ALL).json()
    assert row.pop("dateModified").endswith("Z")
    assert row == {
        "id": "CL-1001",
        "name": "All",
        "description": "Everybody",
        "type": "outbound",
        "contactCount": 5,
    }


def test_contacts_are_read_in_order_with_archived_ones_and_absent_scores(tenant: Simulator, outbound: Client) -> None:
    tenant.store.add_contacts([{"id": "C2"}])
    page = outbound.get(f"{ALL}/contacts", count=3, start=1).json()
    assert page == {
        "contacts": [
            {"id": "C2", "status": "ACTIVE"},
            {"id": "C3", "status": "ACTIVE", "engagementScore": 30.0},
            {"id": "C4", "status": "ARCHIVED", "engagementScore": 40.0, "phoneNumber": "+12025550104"},
        ],
        "total": 5,
    }
    assert outbound.get(f"{ALL}/contacts", start=5).json() == {"contacts": [], "total": 5}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"count": "1001"}, "count"),
        ({"count": "0"}, "count"),
        ({"count": "ten"}, "count"),
        ({"count": ""}, "count"),
        ({"start": "-1"}, "start"),
        ({"start": "1.5"}, "start"),
        ({"pageSize": "5"}, "pageSize"),
        ({"count": ["1", "2"]}, "count"),
    ],
)
def test_a_page_that_cannot_be_is_refused_by_the_field(outbound: Client, query: dict[str, Any], word: str) -> None:
    refused(outbound.get(f"{ALL}/contacts", **query), 400, word)


def test_an_empty_name_is_refused(outbound: Client) -> None:
    refused(outbound.get("/outbound/contactlists", name=""), 400, "name")


def test_putting_contacts_on_a_list_is_an_upsert(tenant: Simulator, outbound: Client) -> None:
    made = tenant.store.add_list("New", {"C1": {"score": 9}})
    path = f"/outbound/contactlists/{made.id}/contacts"
    assert outbound.post(path, {"contactIds": ["C3", "C1", "C3"]}).status_code == 201
    again = outbound.post(path, {"contactIds": ["C3", "C1"]})
    assert (again.status_code, again.content) == (204, b"")
    assert made.members == {"C1": {"score": 9}, "C3": {}}


def test_contacts_that_may_not_join_are_named_and_nothing_is_written(
    tenant: Simulator, outbound: Client, lists: Client
) -> None:
    made = tenant.store.add_list("New")
    tenant.store.remove_contact("C5")
    ids = ["C1", "C4", "C5", "C9"]
    refused(outbound.post(f"/outbound/contactlists/{made.id}/contacts", {"contactIds": ids}), 404, *ids[1:])
    refused(
        lists.post(f"/lists/{made.id}/contacts", [{"contactId": key, "data": {}} for key in ids]),
        404,
        *ids[1:],
    )
    assert made.members == {}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"contactIds": [f"C{n}" for n in range(1001)]}, 413, "1000"),
        ({"contactIds": []}, 400, "contactIds"),
        ({"contactIds": "C1"}, 400, "contactIds"),
        ({"contactIds": ["C1", 2]}, 400, "contactIds[1]"),
        ({"contactIds": [""]}, 400, "contactIds[0]"),
        ({"contactIds": ["C1"], "force": True}, 400, "force"),
        ({}, 400, "contactIds"),
        (["C1"], 400, "body"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_body_of_ids_that_is_wrong_is_refused_by_the_field(
    outbound: Client, method: str, body: Any, status: int, word: str
) -> None:
    refused(outbound.send(method, f"{ALL}/contacts", body), status, word)


def test_contacts_are_taken_off_and_strangers_do_not_matter(tenant: Simulator, outbound: Client) -> None:
    assert outbound.delete(f"{ALL}/contacts", {"contactIds": ["C1", "C4", "C99"]}).status_code == 204
    assert list(tenant.store.list_named("All").members) == ["C2", "C3", "C5"]


def test_a_change_of_members_moves_the_date_and_a_repetition_does_not(tenant: Simulator, outbound: Client) -> None:
    before = tenant.store.list_named("All").modified
    outbound.delete(f"{ALL}/contacts", {"contactIds": ["C99"]})
    outbound.post(f"{ALL}/contacts", {"contactIds": ["C1"]})
    assert tenant.store.list_named("All").modified == before
    outbound.delete(f"{ALL}/contacts", {"contactIds": ["C1"]})
    assert tenant.store.list_named("All").modified > before


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/contacts"), ("POST", "/contacts")])
def test_a_list_that_does_not_exist_is_not_found(outbound: Client, method: str, path: str) -> None:
    body = {"contactIds": ["C1"]} if method == "POST" else None
    refused(outbound.send(method, f"/outbound/contactlists/CL-9{path}", body), 404, "CL-9")


def test_what_is_no_endpoint_is_not_found_and_a_wrong_method_is_named(outbound: Client) -> None:
    refused(outbound.get("/outbound/campaigns"), 404)
    refused(outbound.session.get(outbound.tenant.url + "/nowhere"), 404)
    refused(outbound.session.get(outbound.tenant.url + "/outbound/outbound/contactlists"), 404)
    reply = outbound.send("PUT", ALL)
    refused(reply, 405, "PUT")
    assert reply.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("data", "content_type", "word"),
    [
        ('{"contactIds":["C1"]}', "text/plain", "Content-Type"),
        ("{", "application/json", "JSON"),
        ("", "application/json", "JSON"),
    ],
)
def test_a_body_that_is_not_json_is_refused(outbound: Client, data: str, content_type: str, word: str) -> None:
    headers = {"Content-Type": content_type}
    refused(outbound.send("POST", f"{ALL}/contacts", data=data, headers=headers), 400, word)


def test_a_body_where_none_belongs_is_refused(outbound: Client) -> None:
    refused(outbound.send("GET", ALL, {"a": 1}), 400, "body")


def test_over_the_rate_each_surface_says_when_to_come_again(serve: Serve, connect: Connect) -> None:
    tenant = serve(rate=5, burst=2)
    client, other = connect(tenant, "outbound"), connect(tenant, "lists")
    replies = [client.get("/outbound/contactlists") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[2].headers["Retry-After"] == "1"
    assert other.get("/lists").status_code == 200


def test_latency_is_waited_for(serve: Serve, connect: Connect) -> None:
    client = connect(serve(latency_ms=30, jitter_ms=5), "outbound")
    assert client.get(ALL).elapsed.total_seconds() > 0.02
