"""Can the tenant be looked into and changed over HTTP?"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from reconciler.simulator import Simulator
from reconciler.simulator.control_api import answer
from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.routing import Call
from reconciler.simulator.tenant import Tenant
from reconciler.simulator.tenant_options import Options
from tests.simulator.conftest import Client, refused


@pytest.fixture
def control(outbound: Client) -> Client:
    """The client's session serves: the control surface asks for no token."""
    del outbound.session.headers["Authorization"]
    return outbound


def _ask(client: Client, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
    return client.session.request(method, f"{client.tenant.url}/_control{path}", json=body, params=query)


def test_the_state_shows_lists_with_members_and_campaigns(tenant: Simulator, control: Client) -> None:
    tenant.store.add_campaign("Calls", "All", status="active")
    state = _ask(control, "GET", "/state").json()
    assert state["lists"][0]["members"] == {f"C{n}": {} for n in range(1, 6)}
    assert (state["campaigns"][0]["name"], state["contacts"], state["interactions"]) == ("Calls", 5, 0)


def test_data_is_loaded_and_changed_behind_the_clients_back(tenant: Simulator, control: Client) -> None:
    interaction = {"id": "I1", "contactId": "N1", "startTime": "2026-01-01T00:00:00Z"}
    first = {
        "contacts": [{"id": "N1", "engagementScore": 80, "city": "Lyon"}],
        "interactions": [interaction],
        "lists": [{"name": "New", "members": ["C1", {"contactId": "N1", "data": {"priority": 1}}]}],
        "campaigns": [{"name": "Calls", "list": "New", "status": "active"}],
    }
    assert _ask(control, "POST", "/load", first).status_code == 200
    made = tenant.store.list_named("New")
    assert made.members == {"C1": {}, "N1": {"priority": 1}}
    assert tenant.store.campaign_named("Calls").fields["listId"] == made.id
    second = {
        "lists": [{"name": "New", "description": "changed", "members": {"C2": {"score": 1}}}],
        "campaigns": [{"name": "Calls", "status": "paused"}],
    }
    _ask(control, "POST", "/load", second)
    assert (made.description, made.members) == ("changed", {"C2": {"score": 1}})
    assert tenant.store.campaign_named("Calls").fields["status"] == "paused"


def test_things_are_removed(tenant: Simulator, control: Client) -> None:
    tenant.store.add_list("Gone", ["C1"])
    tenant.store.add_campaign("Calls", "All")
    tenant.store.add_interactions([{"id": "I1", "contactId": "C2", "startTime": "2026-01-01T00:00:00Z"}])
    body = {"contacts": ["C2"], "lists": ["Gone"], "campaigns": ["Calls"], "members": {"All": ["C1"]}}
    state = _ask(control, "POST", "/remove", body).json()
    assert [(row["name"], list(row["members"])) for row in state["lists"]] == [("All", ["C3", "C4", "C5"])]
    assert (state["campaigns"], state["contacts"], state["interactions"]) == ([], 4, 0)


def test_contacts_and_interactions_are_read_by_pages(tenant: Simulator, control: Client) -> None:
    for n in (1, 2):
        row = {"id": f"I{n}", "contactId": f"C{n}", "startTime": "2026-01-01T00:00:00Z"}
        tenant.store.add_interactions([row])
    page = _ask(control, "GET", "/contacts", count=2, start=4).json()
    assert page == {"contacts": [{"id": "C5", "status": "ACTIVE", "engagementScore": 50.0}], "total": 5}
    assert _ask(control, "GET", "/interactions", start=1).json()["interactions"][0]["id"] == "I2"
    assert _ask(control, "GET", "/interactions", contactId="C1").json()["total"] == 1


def test_requests_are_kept_until_they_are_cleared(tenant: Simulator, lists: Client) -> None:
    tenant.clear_requests()
    reply = lists.post("/lists", {"name": "New", "type": "outbound"})
    lists.get("/lists", name="New")
    lists.log_in()
    written, read, token = _ask(lists, "GET", "/requests").json()["requests"]
    assert written["request_id"] == reply.headers["X-Request-Id"]
    assert (written["is_write"], read["is_write"], token["is_write"]) == (True, False, False)
    assert (written["body"]["name"], written["status"], read["query"]) == ("New", 201, {"name": "New"})
    assert (token["is_token_request"], token["body"], token["surface"]) == (True, None, "lists")
    assert written["monotonic"] <= read["monotonic"]
    assert written["at"].endswith("Z")
    assert [item.path for item in tenant.requests().writes()] == ["/lists/api/v1/lists"]
    assert len(tenant.requests().tokens()) == 1
    assert len(tenant.requests().to("/lists$", "GET")) == 1
    assert _ask(lists, "DELETE", "/requests").status_code == 204
    assert tenant.requests() == []


def test_faults_are_set_shown_and_cleared(tenant: Simulator, lists: Client) -> None:
    rule = {
        "match": {"method": "GET", "path": "/lists$"},
        "times": None,
        "fault": {"kind": "status", "status": 502},
    }
    added = _ask(lists, "POST", "/faults", rule)
    assert (added.status_code, added.json()["fault"]) == (201, rule["fault"])
    refused(lists.get("/lists"), 502)
    assert _ask(lists, "GET", "/faults").json()["faults"][0]["hit"] == 1
    assert _ask(lists, "DELETE", "/faults").status_code == 204
    assert lists.get("/lists").status_code == 200


def test_tokens_are_revoked(lists: Client) -> None:
    assert _ask(lists, "POST", "/tokens/revoke").json() == {"revoked": 1}
    refused(lists.get("/lists"), 401)


def test_a_reset_leaves_nothing(tenant: Simulator, lists: Client) -> None:
    tenant.faults.add("status")
    assert _ask(lists, "POST", "/reset").status_code == 204
    assert (tenant.store.contacts, tenant.store.lists, tenant.requests()) == ({}, {}, [])
    refused(lists.get("/lists"), 401)
    assert tenant.store.add_list("Again").id == "CL-1001"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("GET", "/nothing", None, 404, "/_control/state"),
        ("POST", "/load", {"cars": []}, 400, "cars"),
        ("POST", "/load", {"lists": {}}, 400, "lists"),
        ("POST", "/load", {"lists": [{"name": "N", "members": ["C9"]}]}, 400, "C9"),
        ("POST", "/load", {"lists": ["N"]}, 400, ""),
        ("POST", "/remove", {"lists": ["Nope"]}, 400, "Nope"),
        ("POST", "/remove", {"campaigns": ["Nope"]}, 400, "Nope"),
        ("POST", "/faults", {"fault": {"kind": "earthquake"}}, 400, "earthquake"),
        ("POST", "/faults", {"fault": {}}, 400, "fault.kind"),
        ("POST", "/faults", {"fault": {"kind": "status"}, "skip": -1}, 400, "skip"),
        ("POST", "/faults", {}, 400, "fault"),
    ],
)
def test_what_makes_no_sense_is_refused(
    control: Client, method: str, path: str, body: Any, status: int, word: str
) -> None:
    refused(_ask(control, method, path, body), status, word)


def test_other_machines_are_not_answered() -> None:
    call = Call(Tenant(Options()), "req-1", "GET", "/_control/state", {}, frozenset(), "", None, b"")
    with pytest.raises(Refusal, match="this machine only"):
        answer(call, "192.0.2.7")
