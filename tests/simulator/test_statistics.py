"""Does the tenant tell what it was set to have counted of a campaign's calls, and of no other?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.call_statistics import Calls
from tests.simulator.conftest import Client, refused

NOW = datetime(2026, 7, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _campaigns(tenant: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant.store, "now", lambda: NOW)
    tenant.store.add_campaign("Calls", "All", status="active")
    tenant.store.add_campaign("More", "All")


def told(lists: Client, campaign_id: str = "CA-1001") -> Any:
    reply = lists.get(f"/campaigns/{campaign_id}/statistics")
    assert reply.status_code == 200, reply.text
    return reply.json()


def control(lists: Client, body: Any) -> Any:
    return lists.session.post(f"{lists.tenant.url}/_control/statistics", json=body)


def test_nothing_was_counted_in_thirty_days_until_it_is_set(lists: Client) -> None:
    assert told(lists) == {
        "campaignId": "CA-1001",
        "startTime": "2026-07-01T00:00:00.000Z",
        "endTime": "2026-07-31T00:00:00.000Z",
        "attempts": 0,
        "liveAnswered": 0,
        "abandoned": 0,
    }


def test_what_is_set_in_the_store_is_told_of_that_campaign_alone(tenant: Simulator, lists: Client) -> None:
    calls = tenant.store.part(Calls)
    calls.set("CA-1001", attempts=900, live_answered=200, abandoned=5, since=NOW - timedelta(days=3))
    found = told(lists)
    assert (found["attempts"], found["liveAnswered"], found["abandoned"]) == (900, 200, 5)
    assert found["startTime"] == "2026-07-28T00:00:00.000Z"
    assert told(lists, "CA-1002")["attempts"] == 0


def test_what_is_set_over_http_is_told(lists: Client) -> None:
    counted = {"attempts": 9, "liveAnswered": 3, "abandoned": 1, "endTime": "2026-07-02T00:00:00Z"}
    set_ = control(lists, {"campaigns": {"More": counted}}).json()
    assert set_["campaigns"]["More"] == told(lists, "CA-1002")
    assert (told(lists, "CA-1002")["abandoned"], told(lists, "CA-1002")["startTime"]) == (1, "2026-06-02T00:00:00.000Z")


def test_a_tenant_that_does_not_offer_them_answers_404(lists: Client) -> None:
    assert control(lists, {"offered": False}).json()["offered"] is False
    refused(lists.get("/campaigns/CA-1001/statistics"), 404, "no endpoint")


def test_a_campaign_that_nobody_knows_is_404(lists: Client) -> None:
    refused(lists.get("/campaigns/CA-9/statistics"), 404, "CA-9")


def test_a_token_needs_the_scope_of_campaigns(tenant: Simulator, connect: Any) -> None:
    refused(connect(tenant, "lists", "lists:read").get("/campaigns/CA-1001/statistics"), 403, "campaigns:read")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"campaigns": {"Nope": {}}}, "Nope"),
        ({"campaigns": {"Calls": {"attempts": -1}}}, "attempts"),
        ({"campaigns": {"Calls": {"calls": 1}}}, "calls"),
        ({"campaigns": {"Calls": {"attempts": 5, "liveAnswered": 6}}}, "answered"),
        ({"campaigns": {"Calls": {"startTime": "yesterday"}}}, "startTime"),
        ({"offered": "no"}, "offered"),
    ],
)
def test_what_no_tenant_can_have_counted_is_refused(lists: Client, body: Any, word: str) -> None:
    refused(control(lists, body), 400, word)
