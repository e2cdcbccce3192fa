"""Is what a tenant counted of its campaigns' calls read as it tells it, and is one that tells nothing asked once?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from reconciler.cxone import campaign_reader as tenant_module
from reconciler.cxone.campaign_reader import CampaignReader
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.kinds import load_kinds
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.simulator import Simulator
from reconciler.simulator.call_statistics import Calls
from tests.cxone.scripted import Answer, ScriptedTenant

CAMPAIGN = load_kinds()["Campaign"]
SINCE, UNTIL = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 31, tzinfo=UTC)
COUNTED = {"attempts": 900, "liveAnswered": 200, "abandoned": 5}


def reader_of(url: str, token_url: str) -> CampaignReader:
    pace = Pace(rate=1e6, burst=1000, workers=2)
    secret = Secret("not-a-secret")
    declared = DeclaredSurface("lists", "demo-client", secret, "env", {}, url, token_url, pace=pace, attempts=2)
    return CampaignReader(TenantConnection([declared], load_kinds()))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A tenant with campaigns A, B and C, of which it counted something of B."""
    with Simulator() as started:
        started.store.add_contacts(["C1"])
        started.store.add_list("All", ["C1"])
        for name in "ABC":
            started.store.add_campaign(name, "All", dialType="preview", abandonThreshold=3.0)
        counted = {"attempts": 900, "live_answered": 200, "abandoned": 5, "since": SINCE, "until": UNTIL}
        started.store.part(Calls).set(started.store.campaign_named("B").id, **counted)
        yield started


@pytest.fixture
def reader(simulator: Simulator) -> Iterator[CampaignReader]:
    with reader_of(simulator.base_url("lists"), simulator.token_url("lists")) as found:
        found.read_objects(CAMPAIGN)
        simulator.clear_requests()
        yield found


def test_calls_are_read_of_the_campaigns_that_are_asked_for(simulator: Simulator, reader: CampaignReader) -> None:
    found = reader.read_statistics(CAMPAIGN, ["B"])
    assert found == {"B": Statistics(900, 200, 5, SINCE, UNTIL)}
    counted = found["B"]
    assert isinstance(counted, Statistics)
    assert counted.percent == 2.5
    assert len(simulator.requests()) == 1


def test_a_tenant_that_does_not_offer_them_is_asked_once(simulator: Simulator, reader: CampaignReader) -> None:
    simulator.store.part(Calls).offered = False
    assert reader.read_statistics(CAMPAIGN, ["A", "B", "C"]) == {}
    assert len(simulator.requests().to("/statistics$")) == 1


def test_a_kind_without_calls_is_not_asked_for_them(simulator: Simulator, reader: CampaignReader) -> None:
    assert reader.read_statistics(load_kinds()["ContactList"], ["All"]) == {}
    assert simulator.requests() == []


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_tenant_that_cannot_answer_gives_no_estimate_and_is_asked_for_one_campaign_only(
    simulator: Simulator, reader: CampaignReader, status: int
) -> None:
    simulator.faults.add("status", status=status, path="/statistics$", times=None)
    found = reader.read_statistics(CAMPAIGN, ["A", "B"])
    assert list(found) == ["A"]
    assert str(found["A"]).startswith("no estimate of what 'A' may still abandon: ")
    assert "/CA-1002/" not in str([each.path for each in simulator.requests()])


@pytest.mark.parametrize("fault", ["reset-before", "cut-body", "empty-body"])
def test_a_reply_that_never_comes_whole_gives_no_estimate(
    simulator: Simulator, reader: CampaignReader, fault: str
) -> None:
    simulator.faults.add(fault, path="/statistics$", times=None)
    assert "no estimate of what 'A'" in str(reader.read_statistics(CAMPAIGN, ["A"])["A"])


@pytest.mark.parametrize("held", ["hold-before", "hold-after"])
def test_a_tenant_that_never_answers_holds_up_no_plan(
    simulator: Simulator, reader: CampaignReader, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setattr(tenant_module, "SECONDS_FOR_AN_ESTIMATE", 0.2)
    simulator.faults.add(held, seconds=600, path="/statistics$", times=None)
    found = reader.read_statistics(CAMPAIGN, ["A", "B", "C"])
    assert list(found) == ["A"]
    assert "no estimate of what 'A' may still abandon" in str(found["A"])
    assert "after 0.2 s" in str(found["A"])


def test_a_wait_that_the_tenant_asks_for_is_not_waited_for_an_estimate(
    simulator: Simulator, reader: CampaignReader
) -> None:
    simulator.faults.add("rate-limited", seconds=600, path="/statistics$", times=1)
    assert "no estimate of what 'A'" in str(reader.read_statistics(CAMPAIGN, ["A", "B"])["A"])
    assert len(simulator.requests().to("/statistics$")) == 1
    assert isinstance(
        reader.read_statistics(CAMPAIGN, ["B"])["B"], Statistics
    )  # nor does it hold up what comes after it


def test_all_of_them_together_take_no_longer_than_a_plan_can_wait(
    simulator: Simulator, reader: CampaignReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 10.0, 30.0, 30.1])
    monkeypatch.setattr(tenant_module, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    found = reader.read_statistics(CAMPAIGN, ["A", "B", "C"])
    assert found["B"] == Statistics(900, 200, 5, SINCE, UNTIL)
    assert str(found["C"]) == "no estimate of what 'C' may still abandon: the tenant took 30 s to tell it of 2"


@pytest.mark.parametrize("body", [[], {}, None, 7, "busy", {"data": []}, {"attempts": None}, [[1]]])
def test_an_odd_reply_of_one_campaign_gives_no_estimate_of_that_one_and_the_others_are_read(
    simulator: Simulator, reader: CampaignReader, body: object
) -> None:
    simulator.faults.add("other-body", body=body, path="/CA-1001/statistics$", times=None)
    found = reader.read_statistics(CAMPAIGN, ["B", "A"])
    assert found["B"] == Statistics(900, 200, 5, SINCE, UNTIL)
    assert "no estimate of what 'A'" in str(found["A"])


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"abandoned": 201}, "201 abandoned of 200 answered of 900 attempts do not add up"),
        ({"attempts": True}, "$.attempts must be a whole number from 0, and is true or false"),
        ({"liveAnswered": 2.5}, "$.liveAnswered must be a whole number from 0"),
        (
            {"startTime": "yesterday"},
            "$.startTime must be an ISO 8601 instant with its offset, and is text that is none",
        ),
        ({"endTime": None}, "$.endTime must be an ISO 8601 instant with its offset, and is null"),
        ({"abandoned": ...}, "$.abandoned must be a whole number from 0, and is not there"),
    ],
)
def test_calls_that_cannot_be_understood_give_no_estimate_and_say_where_they_are_from(
    tenant: ScriptedTenant, changed: dict[str, object], note: str
) -> None:
    told = {**COUNTED, "startTime": "2026-07-01T00:00:00Z", "endTime": "2026-07-31T00:00:00Z", **changed}
    told = {name: value for name, value in told.items() if value is not ...}
    nothing: dict[str, object] = {"data": [], "pagination": {"nextPageToken": None, "total": 0}}
    lists = {**nothing, "data": [{"id": "CL-1", "name": "All"}], "pagination": {"nextPageToken": None, "total": 1}}
    campaign = {"id": "CA-1", "name": "A", "dialType": "preview", "listId": "CL-1"}
    tenant.answers += [Answer(200, {**lists, "data": [campaign]}), Answer(200, lists), Answer(200, told)]
    with reader_of(f"{tenant.url}/api/v1", f"{tenant.url}/oauth/token") as reader:
        reader.read_objects(CAMPAIGN)
        said = str(reader.read_statistics(CAMPAIGN, ["A"])["A"])
    assert "no estimate of what 'A' may still abandon: the " in said
    assert " does not match " in said
    assert f"GET {tenant.url}/api/v1/campaigns/CA-1/statistics" in said
    assert note in said
