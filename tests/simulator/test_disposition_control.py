"""Can dispositions and the dialler be looked at and moved over HTTP?"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from reconciler.simulator import DispositionLimits, Simulator
from tests.simulator.conftest import Client, Connect, refused

BODY = {"outcomeCode": "INTERESTED", "agentId": "A7"}


@pytest.fixture
def client(tenant: Simulator, connect: Connect) -> Client:
    for name in ("Calls", "More"):
        tenant.store.add_campaign(name, "All", status="active")
    return connect(tenant, "dispositions")


def _ask(client: Client, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
    url = f"{client.tenant.url}/_control/dispositions{path}"
    return client.session.request(method, url, json=body, params=query)


def _path(contact_id: str, campaign_id: str = "CA-1001") -> str:
    return f"/campaigns/{campaign_id}/contacts/{contact_id}"


def test_dispositions_are_shown_with_their_history_by_pages(client: Client) -> None:
    for contact_id in ("C1", "C2"):
        client.patch(_path(contact_id), BODY)
    client.patch(_path("C3", "CA-1002"), BODY)
    shown = _ask(client, "GET", "", campaign="Calls", start=1).json()
    assert shown["total"] == 2
    (row,) = shown["dispositions"]
    assert (row["contactId"], row["outcomeCode"], row["refused"]) == ("C2", "INTERESTED", 0)
    (written,) = row["history"]
    assert (written["was"], written["outcomeCode"], written["agentId"]) == (None, "INTERESTED", "A7")
    assert written["requestId"].startswith("req-")
    assert _ask(client, "GET", "").json()["total"] == 3
    assert _ask(client, "DELETE", "").status_code == 204
    assert _ask(client, "GET", "").json()["total"] == 0


def test_the_summary_says_who_was_written_again_and_how_fast(tenant: Simulator, client: Client) -> None:
    for contact_id in ("C1", "C1", "C2"):
        client.patch(_path(contact_id), BODY)
    tenant.dispositions.hold("CA-1001", "C3", "DIALING")
    client.patch(_path("C3"), BODY)
    client.patch(_path("C4", "CA-1002"), BODY)
    told = _ask(client, "GET", "/summary", campaign="CA-1001").json()
    assert told.pop("mostWritesASecond") in range(1, 5)
    assert told == {
        "writes": 3,
        "contacts": 2,
        "outcomes": {"INTERESTED": 2},
        "repeated": [{"campaignId": "CA-1001", "contactId": "C1"}],
        "refused": [{"campaignId": "CA-1001", "contactId": "C3"}],
        "mostAtOnce": 1,
    }
    assert _ask(client, "GET", "/summary").json()["writes"] == 4


def test_states_and_outcomes_are_set_behind_the_clients_back(client: Client) -> None:
    rows = [
        {"contactId": "C1", "state": "WRAP_UP"},
        {"contactId": "C2", "outcomeCode": "BUSY", "agentId": "A1", "notes": "…", "customFields": {"n": 1}},
    ]
    assert _ask(client, "POST", "", {"campaign": "Calls", "contacts": rows}).status_code == 204
    assert client.get(_path("C1")).json()["state"] == "WRAP_UP"
    row = client.get(_path("C2")).json()
    assert (row["outcomeCode"], row["agentId"], row["customFields"]) == ("BUSY", "A1", {"n": 1})
    assert _ask(client, "GET", "/summary").json()["writes"] == 0


def test_the_dialler_is_told_what_to_do(client: Client) -> None:
    stages = [{"state": "READY", "reads": 1}, {"state": "DIALING"}, {"state": "COMPLETED", "outcome": "NO_ANSWER"}]
    told = {"campaign": "Calls", "stages": stages, "contacts": ["C1", "C2"]}
    assert _ask(client, "POST", "/script", told).status_code == 204
    assert [client.get(_path("C1")).json()["state"] for _ in range(2)] == ["READY", "DIALING"]
    assert _ask(client, "POST", "/advance", {"campaign": "Calls", "contacts": ["C1"]}).status_code == 204
    row = client.get(_path("C1")).json()
    assert (row["state"], row["outcomeCode"], row["agentId"]) == ("COMPLETED", "NO_ANSWER", "dialler")
    _ask(client, "POST", "/advance", {"campaign": "Calls"})
    assert client.get(_path("C2")).json()["state"] == "DIALING"


def test_settings_are_changed_and_what_is_not_said_stays(tenant: Simulator, client: Client) -> None:
    told = {"outcomes": ["SOLD"], "answers": 204, "rate": None, "atOnce": 7}
    assert _ask(client, "PUT", "/settings", told).status_code == 204
    assert tenant.dispositions.limits == DispositionLimits(rate=None, at_once=7)
    assert client.patch(_path("C1"), {**BODY, "outcomeCode": "SOLD"}).status_code == 204
    _ask(client, "PUT", "/settings", {"rate": 0.001, "burst": 1, "countsReads": True})
    assert tenant.dispositions.limits == DispositionLimits(rate=0.001, burst=1, counts_reads=True, at_once=7)
    assert tenant.dispositions.outcomes == {"SOLD"}


@pytest.mark.parametrize(
    ("method", "path", "body", "word"),
    [
        ("PUT", "/settings", {"answers": 201}, "answers"),
        ("PUT", "/settings", {"rate": 0}, "rate"),
        ("PUT", "/settings", {"speed": 1}, "speed"),
        ("POST", "/script", {"campaign": "None", "stages": [{"state": "READY"}]}, "None"),
        ("POST", "/script", {"campaign": "Calls", "stages": []}, "stages"),
        ("POST", "/script", {"campaign": "Calls", "stages": [{"state": "READY", "seconds": 0}]}, "millisecond"),
        ("POST", "/script", {"campaign": "Calls", "stages": [{"state": "READY"}], "share": 2}, "share"),
        ("POST", "/script", {"campaign": "Calls", "stages": [{"state": "READY"}], "spread": True}, "spread"),
        ("POST", "", {"campaign": "Calls", "contacts": [{"state": "READY"}]}, "contactId"),
        ("POST", "/advance", {"contacts": ["C1"]}, "campaign"),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, method: str, path: str, body: Any, word: str) -> None:
    refused(_ask(client, method, path, body), 400, word)
