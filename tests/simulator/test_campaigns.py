"""Does the tenant refuse the campaigns that the contract refuses, however they come about?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused

SETTINGS = {"targetAnswerRate": 0.35, "maxCallsInProgress": 40, "agentAvailabilityFactor": 0.9}
CALLS: dict[str, Any] = {
    "name": "Calls",
    "description": "Called first",
    "dialType": "predictive",
    "listId": "CL-1001",
    "abandonThreshold": 3.0,
    "startTime": "2026-01-01T08:00:00Z",
    "endTime": "2026-02-01T08:00:00Z",
    "wrapUpCode": "DONE",
    "status": "active",
    "predictiveDialingSettings": SETTINGS,
}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"abandonThreshold": 0.9}, "abandonThreshold"),
    ({"abandonThreshold": 10.1}, "abandonThreshold"),
    ({"abandonThreshold": "3"}, "abandonThreshold"),
    ({"abandonThreshold": True}, "abandonThreshold"),
    ({"endTime": "2026-01-01T08:00:00Z"}, "endTime"),
    ({"endTime": "2025-01-01T08:00:00Z"}, "endTime"),
    ({"startTime": "2026-01-01T08:00:00"}, "startTime"),
    ({"startTime": "2026-02-30T08:00:00Z"}, "startTime"),
    ({"listId": "CL-9"}, "CL-9"),
    ({"listId": "CL-1002"}, "empty"),
    ({"dialType": "manual"}, "dialType"),
    ({"status": "running"}, "status"),
    ({"name": ""}, "name"),
    ({"wrapUpCode": 7}, "wrapUpCode"),
    ({"id": "CA-7"}, "id"),
    ({"dateModified": "2026-01-01T08:00:00Z"}, "dateModified"),
    ({"predictiveDialingSettings": {"maxCallsInProgress": 1.5}}, "maxCallsInProgress"),
    ({"predictiveDialingSettings": {"maxCallsInProgress": 0}}, "maxCallsInProgress"),
    ({"predictiveDialingSettings": {"targetAnswerRate": "high"}}, "targetAnswerRate"),
    ({"predictiveDialingSettings": {"targetAnswerRate": 35}}, "targetAnswerRate"),
    ({"predictiveDialingSettings": {"agentAvailabilityFactor": 0}}, "agentAvailabilityFactor"),
    ({"predictiveDialingSettings": {"speed": 1}}, "predictiveDialingSettings.speed"),
    ({"predictiveDialingSettings": None}, "predictiveDialingSettings"),
]


@pytest.fixture(autouse=True)
def _empty_list(tenant: Simulator) -> None:
    tenant.store.add_list("Empty")


def test_a_campaign_is_made_read_changed_and_deleted(lists: Client) -> None:
    made = lists.post("/campaigns", CALLS)
    assert (made.status_code, made.json()) == (201, {"id": "CA-1001"})
    row = lists.get("/campaigns/CA-1001").json()
    assert row.pop("dateModified").endswith("Z")
    assert row == {"id": "CA-1001", **CALLS}
    changed = lists.patch("/campaigns/CA-1001", {"abandonThreshold": 2.5, "status": "paused"}).json()
    del changed["dateModified"]
    assert changed == {**row, "abandonThreshold": 2.5, "status": "paused"}
    assert lists.delete("/campaigns/CA-1001").status_code == 204
    refused(lists.get("/campaigns/CA-1001"), 404, "CA-1001")


@pytest.mark.parametrize(("change", "word"), WRONG)
def test_a_campaign_that_cannot_be_is_not_made(lists: Client, change: dict[str, Any], word: str) -> None:
    refused(lists.post("/campaigns", {**CALLS, **change}), 400, word)


@pytest.mark.parametrize(("change", "word"), WRONG)
def test_a_campaign_does_not_become_one_that_cannot_be(
    tenant: Simulator, lists: Client, change: dict[str, Any], word: str
) -> None:
    lists.post("/campaigns", CALLS)
    refused(lists.patch("/campaigns/CA-1001", change), 400, word)
    assert tenant.store.campaign_named("Calls").fields == CALLS


@pytest.mark.parametrize("missing", ["name", "dialType", "listId", "abandonThreshold"])
def test_what_every_campaign_needs_is_asked_for(lists: Client, missing: str) -> None:
    refused(lists.post("/campaigns", {key: CALLS[key] for key in CALLS if key != missing}), 400, missing)


@pytest.mark.parametrize("missing", ["targetAnswerRate", "maxCallsInProgress"])
def test_a_predictive_campaign_needs_its_settings(lists: Client, missing: str) -> None:
    settings = {key: SETTINGS[key] for key in SETTINGS if key != missing}
    refused(lists.post("/campaigns", {**CALLS, "predictiveDialingSettings": settings}), 400, missing)


@pytest.mark.parametrize("dial_type", ["progressive", "preview"])
def test_only_a_predictive_campaign_needs_settings(lists: Client, dial_type: str) -> None:
    body = {**CALLS, "dialType": dial_type}
    del body["predictiveDialingSettings"]
    assert lists.post("/campaigns", body).status_code == 201
    settings = {"predictiveDialingSettings": SETTINGS}
    refused(lists.patch("/campaigns/CA-1001", settings), 400, "predictiveDialingSettings")
    refused(lists.post("/campaigns", {**body, **settings, "name": "More"}), 400, "predictiveDialingSettings")


@pytest.mark.parametrize("edge", [1.0, 10.0, 1, 10])
def test_the_edges_of_the_threshold_are_within(lists: Client, edge: float) -> None:
    assert lists.post("/campaigns", {**CALLS, "abandonThreshold": edge}).status_code == 201


def test_a_list_that_was_emptied_meanwhile_is_refused(tenant: Simulator, lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    tenant.store.drop_members(tenant.store.list_named("All"), [f"C{n}" for n in range(1, 6)])
    refused(lists.patch("/campaigns/CA-1001", {"abandonThreshold": 2}), 400, "empty")


def test_pausing_is_never_refused(tenant: Simulator, lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    tenant.store.drop_members(tenant.store.list_named("All"), [f"C{n}" for n in range(1, 6)])
    assert lists.patch("/campaigns/CA-1001", {"status": "paused"}).json()["status"] == "paused"
    refused(lists.patch("/campaigns/CA-1001", {"status": "active"}), 400, "empty")


LEAPS = [
    ("draft", "active", True),
    ("draft", "paused", True),
    ("active", "draft", False),
    ("active", "paused", True),
    ("paused", "active", True),
    ("paused", "draft", True),
]


@pytest.mark.parametrize(("before", "after", "allowed"), LEAPS)
def test_a_status_follows_from_the_one_before(lists: Client, before: str, after: str, allowed: bool) -> None:
    lists.post("/campaigns", {**CALLS, "status": before})
    assert lists.patch("/campaigns/CA-1001", {"status": before}).status_code == 200
    reply = lists.patch("/campaigns/CA-1001", {"status": after, "abandonThreshold": 2.0})
    if allowed:
        assert reply.json()["status"] == after
    else:
        refused(reply, 409, before, after)
        assert lists.get("/campaigns/CA-1001").json()["abandonThreshold"] == 3.0


def test_a_dial_type_stays_what_it_is(lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    assert lists.patch("/campaigns/CA-1001", {"dialType": "predictive"}).status_code == 200
    refused(lists.patch("/campaigns/CA-1001", {"dialType": "preview"}), 400, "dialType")


def test_a_campaign_that_dials_is_not_deleted(tenant: Simulator, lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    refused(lists.delete("/campaigns/CA-1001"), 409, "Calls", "pause")
    lists.patch("/campaigns/CA-1001", {"status": "paused"})
    assert lists.delete("/campaigns/CA-1001").status_code == 204
    assert not tenant.store.campaigns


@pytest.mark.parametrize("form", ["refused", "ignored", "altered"])
def test_an_activation_fails_as_it_is_told_to(tenant: Simulator, lists: Client, form: str) -> None:
    lists.post("/campaigns", {**CALLS, "status": "draft"})
    tenant.faults.add("fail-activation", form=form, changed={"abandonThreshold": 9.0})
    assert lists.patch("/campaigns/CA-1001", {"abandonThreshold": 2.0}).status_code == 200
    reply = lists.patch("/campaigns/CA-1001", {"status": "active"})
    held = lists.get("/campaigns/CA-1001").json()
    assert reply.status_code == (409 if form == "refused" else 200)
    assert held["status"] == ("active" if form == "altered" else "draft")
    assert held["abandonThreshold"] == (9.0 if form == "altered" else 2.0)
    assert lists.patch("/campaigns/CA-1001", {"status": "active"}).json()["status"] == "active"


def test_half_of_a_change_is_taken_where_that_is_asked_for(tenant: Simulator, lists: Client) -> None:
    lists.post("/campaigns", {key: CALLS[key] for key in CALLS if key != "wrapUpCode"})
    tenant.faults.add("half-change", drops=["abandonThreshold", "wrapUpCode"])
    reply = lists.patch("/campaigns/CA-1001", {"abandonThreshold": 2, "wrapUpCode": "SOLD", "description": "New"})
    assert reply.status_code == 200
    held = lists.get("/campaigns/CA-1001").json()
    assert (held["abandonThreshold"], held["description"]) == (3.0, "New")
    assert "wrapUpCode" not in held


def test_somebody_else_changes_campaigns_and_lists_meanwhile(tenant: Simulator, lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    tenant.faults.add("meanwhile", campaign="Calls", changed={"abandonThreshold": 9.0}, empties="All")
    assert lists.get("/campaigns/CA-1001").json()["abandonThreshold"] == 9.0
    assert tenant.store.list_named("All").count == 0
    tenant.faults.add("meanwhile", campaign="Calls", removes=True)
    assert lists.get("/campaigns/CA-1001").status_code == 404


def test_a_change_within_the_settings_leaves_the_rest_of_them(lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    change = {"predictiveDialingSettings": {"maxCallsInProgress": 20}}
    changed = lists.patch("/campaigns/CA-1001", change).json()
    assert changed["predictiveDialingSettings"] == {**SETTINGS, "maxCallsInProgress": 20}


def test_a_change_to_what_is_there_does_not_move_the_date(lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    before = lists.get("/campaigns/CA-1001").json()
    assert lists.patch("/campaigns/CA-1001", {"status": "active"}).json() == before


def test_a_campaign_without_a_status_is_a_draft(lists: Client) -> None:
    lists.post("/campaigns", {key: CALLS[key] for key in CALLS if key != "status"})
    assert lists.get("/campaigns/CA-1001").json()["status"] == "draft"


def test_a_name_is_taken_once(lists: Client) -> None:
    lists.post("/campaigns", CALLS)
    refused(lists.post("/campaigns", CALLS), 409, "Calls")
    assert lists.post("/campaigns", {**CALLS, "name": "More"}).status_code == 201
    refused(lists.patch("/campaigns/CA-1002", {"name": "Calls"}), 409, "Calls")
    assert lists.patch("/campaigns/CA-1001", {"name": "Calls"}).status_code == 200


def test_campaigns_are_read_by_name_and_by_tokens(tenant: Simulator, lists: Client) -> None:
    for name in ("A", "B"):
        tenant.store.add_campaign(name, "All")
    page = lists.get("/campaigns", pageSize=1).json()
    rest = lists.get("/campaigns", pageSize=1, pageToken=page["pagination"]["nextPageToken"]).json()
    assert [row["name"] for row in page["data"] + rest["data"]] == ["A", "B"]
    assert rest["pagination"] == {"nextPageToken": None, "total": 2}
    assert [row["name"] for row in lists.get("/campaigns", name="B").json()["data"]] == ["B"]


@pytest.mark.parametrize(
    ("status", "taken"),
    [
        ("draft", {"draft", "active", "paused"}),
        ("active", {"active", "paused"}),
        ("running", {"active", "paused"}),
        ("paused", {"draft", "active", "paused"}),
        ("stopping", set()),
        ("stopped", {"draft", "active"}),
        ("completed", set()),
        ("warming up", {"paused"}),
    ],
)
def test_every_status_takes_what_follows_from_it_and_409_says_that_another_does_not(
    tenant: Simulator, lists: Client, status: str, taken: set[str]
) -> None:
    lists.post("/campaigns", {**CALLS, "status": "draft"})
    for asked in ("draft", "active", "paused"):
        reply = lists.control("POST", "/load", {"campaigns": [{"name": CALLS["name"], "status": status}]})
        assert reply.status_code == 200
        answer = lists.patch("/campaigns/CA-1001", {"status": asked})
        assert answer.status_code == (200 if asked in taken else 409), (status, asked, answer.text)
    lists.control("POST", "/load", {"campaigns": [{"name": CALLS["name"], "status": status}]})
    assert lists.get("/campaigns/CA-1001").json()["status"] == status
    rests = status in ("draft", "paused", "stopped", "completed")
    assert lists.delete("/campaigns/CA-1001").status_code == (204 if rests else 409)


def test_a_tenant_may_take_a_while_to_stop(tenant: Simulator, lists: Client) -> None:
    tenant.behave(stopping=2)
    lists.post("/campaigns", CALLS)
    assert lists.patch("/campaigns/CA-1001", {"status": "paused"}).json()["status"] == "stopping"
    refused(lists.patch("/campaigns/CA-1001", {"status": "active"}), 409)
    seen = [lists.get("/campaigns").json()["data"][0]["status"] for _ in range(3)]
    assert seen == ["stopping", "stopping", "paused"]


def test_a_tenant_may_add_settings_of_its_own_and_takes_them_back(tenant: Simulator, lists: Client) -> None:
    tenant.behave(settings_defaults={"ringTimeout": 30})
    assert lists.post("/campaigns", CALLS).status_code == 201
    held = lists.get("/campaigns/CA-1001").json()["predictiveDialingSettings"]
    assert held == {**CALLS["predictiveDialingSettings"], "ringTimeout": 30}
    assert lists.patch("/campaigns/CA-1001", {"predictiveDialingSettings": held}).status_code == 200
    refused(lists.patch("/campaigns/CA-1001", {"predictiveDialingSettings": {"other": 1}}), 400, "other")
