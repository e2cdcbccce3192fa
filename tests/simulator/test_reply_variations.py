"""A tenant may word what it tells otherwise than the contract's examples, and stays as strict as it was."""

from __future__ import annotations

from typing import Any

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused


def test_words_case_and_ids_change_in_what_is_told_and_not_in_what_there_is(tenant: Simulator, lists: Client) -> None:
    tenant.store.add_campaign("Calls", "All", status="active", dialType="preview")
    tenant.behave(words={"active": "running"}, case="upper", number_ids=True)
    made = tenant.store.add_list("Later")
    told = {row["name"]: row for row in lists.get("/lists").json()["data"]}
    assert told["Later"]["id"] == int(made.id)
    assert told["All"]["type"] == "OUTBOUND"
    row = lists.get("/campaigns").json()["data"][0]
    assert (row["status"], row["dialType"]) == ("RUNNING", "PREVIEW")
    assert tenant.store.campaign_named("Calls").fields["status"] == "active"
    assert lists.get(f"/lists/{made.id}").status_code == 200
    tenant.behave()
    assert lists.get("/campaigns").json()["data"][0]["status"] == "active"


def test_pages_may_be_shorter_than_was_asked_for(tenant: Simulator, lists: Client, outbound: Client) -> None:
    tenant.behave(longest_page=2)
    list_id = tenant.store.list_named("All").id
    page = outbound.get(f"/outbound/contactlists/{list_id}/contacts?count=1000&start=0").json()
    assert (len(page["contacts"]), page["total"]) == (2, 5)
    first = lists.get(f"/lists/{list_id}/contacts?pageSize=1000").json()
    assert len(first["data"]) == 2
    token = first["pagination"]["nextPageToken"]
    second = lists.get(f"/lists/{list_id}/contacts?pageSize=1000&pageToken={token}").json()
    assert [row["contactId"] for row in second["data"]] == ["C3", "C4"]


def test_counts_may_lag_behind_the_members(tenant: Simulator, lists: Client) -> None:
    tenant.behave(lagging_counts=True)
    held = tenant.store.list_named("All")
    tenant.store.drop_members(held, ["C1"])
    new = tenant.store.add_list("New", ["C1"])
    assert {row["name"]: row["contactCount"] for row in lists.get("/lists").json()["data"]} == {"All": 5, "New": 0}
    assert lists.get(f"/lists/{new.id}/contacts").json()["pagination"]["total"] == 1


def test_fields_may_come_in_another_order_among_others_and_a_read_may_end_otherwise(
    tenant: Simulator, lists: Client, outbound: Client
) -> None:
    held = tenant.store.list_named("All")
    tenant.store.put_members(held, {"C1": {"b": 1, "a": {"total": 2}}})
    plain = lists.get("/lists").json()["data"][0]
    tenant.behave(strange_fields=True, totals=False, read_ends="empty")
    page = lists.get("/lists").json()
    assert page["pagination"]["nextPageToken"] == ""
    assert "total" not in page["pagination"]
    row = page["data"][0]
    assert [name for name in row if name in plain] == list(reversed(plain))
    assert row.items() > plain.items()
    assert "total" not in outbound.get(f"/outbound/contactlists/{held.id}/contacts").json()
    assert lists.get(f"/lists/{held.id}/contacts").json()["data"][0]["data"] == {"b": 1, "a": {"total": 2}}
    assert lists.control("PUT", "/manners", {"readEnds": "absent"}).status_code == 204
    assert "nextPageToken" not in lists.get("/lists").json()["pagination"]
    refused(lists.control("PUT", "/manners", {"readEnds": "0"}), 400, "readEnds")


def test_manners_are_set_over_http_and_are_gone_after_a_reset(tenant: Simulator, lists: Client) -> None:
    told: dict[str, Any] = {"words": {"outbound": "OutBound"}, "longestPage": 1, "numberIds": True}
    assert lists.control("PUT", "/manners", told).status_code == 204
    assert lists.get("/lists").json()["data"][0]["type"] == "OutBound"
    refused(lists.control("PUT", "/manners", {"case": "snake"}), 400, "case")
    refused(lists.control("PUT", "/manners", {"colour": "red"}), 400, "colour")
    tenant.reset()
    tenant.store.add_list("Again")
    assert tenant.store.list_named("Again").id == "CL-1001"


def test_a_reply_may_be_another_though_the_call_took_effect(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("other-body", method="GET", path="/lists$", status=200, body={"data": "busy"})
    assert lists.get("/lists").json() == {"data": "busy"}
    assert lists.get("/lists").status_code == 200
