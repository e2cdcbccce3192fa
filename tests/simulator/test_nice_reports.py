"""What does the embedded tenant tell of skills, contacts and agents as NICE's API, and what does it refuse there?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.surfaces.nice.completed_contacts import SILENCE, number_contact
from tests.simulator.test_nice_tenant import Client

DAY = {"startDate": "2026-03-01T00:00:00Z", "endDate": "2026-03-02T00:00:00Z"}
V21 = "/inContactAPI/services/v21.0"


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of a tenant with two lists, of which a skill dials one, and what was counted of it."""
    with Simulator(Options()) as tenant:
        store = tenant.store
        store.add_contacts(["C1", "C2"])
        store.add_list("Evening", ["C1"])
        store.add_list("Nobody's", ["C2"])
        evening = store.add_campaign("Evening", "Evening", dialType="predictive", status="active")
        rows = [("V1", "C1", "10"), ("V2", "C1", "12"), ("V3", "C2", "11")]
        store.add_interactions(
            {"id": each, "startTime": f"2026-03-01T{hour}:00:00Z", "contactId": of} for each, of, hour in rows
        )
        store.add_interactions([{"id": "X1", "startTime": "2026-03-03T10:00:00Z", "contactId": "C2", "type": "chat"}])
        until = datetime(2026, 3, 1, 13, tzinfo=UTC)
        store.part(Calls).set(evening.id, attempts=90, live_answered=50, abandoned=2, until=until)
        made = Client(tenant)
        yield made
        made.session.close()


def completed(client: Client, **query: Any) -> list[int]:
    """The contacts that are completed."""
    reply = client.send("GET", "/contacts/completed", **query)
    return [] if reply.status_code == 204 else [each["contactId"] for each in reply.json()["completedContacts"]]


def test_contacts_are_the_interactions_in_their_order_by_span_medium_and_skill(client: Client) -> None:
    v1, v2, v3, chat = map(number_contact, ("V1", "V2", "V3", "X1"))
    assert completed(client) == [v1, v3, v2, chat]
    assert completed(client, startDate="2026-03-01T10:00:00Z", endDate="2026-03-01T12:00:00Z") == [v1, v3]
    assert completed(client, updatedSince="2026-03-01T12:00:00Z") == [v2, chat]
    assert completed(client, skip=1, top=2) == [v3, v2]
    assert completed(client, mediaTypeId=3) == [chat]
    skill = client.send("GET", "/skills").json()["skills"][0]["skillId"]
    assert completed(client, skillId=skill) == [v1, v2]
    # who took part the store does not say, and nobody refused anything
    assert completed(client, agentId=4001) == []
    assert completed(client, isRefused="false") == [v1, v3, v2, chat]
    assert completed(client, isRefused="true") == []


def test_what_a_skill_did_is_told_of_the_span_in_which_its_count_ended(client: Client) -> None:
    (told,) = client.send("GET", "/skills/summary", **DAY).json()["skillSummaries"]
    assert (told["dials"], told["connects"], told["abandonCount"], told["abandonRate"]) == (90, 50, 2, 4)
    assert (told["contactsHandled"], told["contactsWithinSLA"]) == (2, 2)
    one = client.send("GET", f"/skills/{told['skillId']}/summary", **DAY).json()["skillSummaries"]
    assert one == [told]
    later = {"startDate": DAY["endDate"], "endDate": "2026-03-03T00:00:00Z"}
    (told,) = client.send("GET", "/skills/summary", **later).json()["skillSummaries"]
    assert (told["dials"], told["contactsHandled"]) == (0, 0)
    assert client.send("GET", "/skills/summary", isOutbound="false", **DAY).json()["skillSummaries"] == []
    (level,) = client.send("GET", "/skills/sla-summary", **DAY).json()["serviceLevelSummaries"]
    assert (level["TotalContacts"], level["ServiceLevel"]) == (2, 100)


def test_the_next_page_of_service_levels_is_named(client: Client) -> None:
    held = client.send("GET", "/skills").json()["skills"][0]
    made = client.send("POST", "/campaigns", {"name": "Other"}).json()["id"]
    client.send("POST", "/skills", {"skills": [{"skillName": "Other", "mediaTypeId": 4, "campaignId": made}]})
    first = client.send("GET", "/skills/sla-summary", top=1, **DAY).json()
    assert [each["SkillId"] for each in first["serviceLevelSummaries"]] == [held["skillId"]]
    second = client.session.get(first["_links"]["next"]).json()
    assert ([each["SkillName"] for each in second["serviceLevelSummaries"]], "next" in second["_links"]) == (
        ["Other"],
        False,
    )


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("/skills/summary", {}, "startDate, endDate: are required"),
        ("/skills/summary", {"startDate": DAY["endDate"], "endDate": DAY["startDate"]}, "must not be before"),
        ("/skills/summary", {**DAY, "startDate": "yesterday"}, "startDate: must be an ISO 8601 instant"),
        ("/skills/summary", {**DAY, "fields": "skillId,colour"}, "there is no colour"),
        ("/skills/summary", {**DAY, "colour": "red"}, "colour: unknown query field"),
        ("/wfm-data/skills/dialer-contacts", DAY, "mediaTypeId: is required"),
        ("/contacts/completed", {"orderBy": "agentId"}, "orderBy"),
        ("/contacts/completed", {"mediaTypeId": "voice"}, "mediaTypeId: must be a whole number"),
        ("/agents", {"isActive": "perhaps"}, "isActive: must be true or false"),
    ],
)
def test_what_is_odd_is_refused(client: Client, path: str, query: dict[str, str], words: str) -> None:
    reply = client.send("GET", path, **query)
    assert (reply.status_code, words in reply.json()["errorDescription"]) == (400, True), reply.text


@pytest.mark.parametrize(
    "path",
    ["/contacts/7", "/contacts/7/state-history", "/dispositions/99", "/teams/7/performance-total", "/skills/7/summary"],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    query = DAY if path.endswith(("total", "summary")) else {}
    assert client.send("GET", path, **query).status_code == 404


@pytest.mark.parametrize("path", ["/wfm-data/skills/contacts", "/wfm-data/skills/agent-performance"])
def test_what_the_document_tells_of_many_as_one_is_told_to_older_clients_alone(client: Client, path: str) -> None:
    assert "is not known" in client.send("GET", path, **DAY).headers["icStatusDescription"]
    (rows,) = client.send("GET", path, base=V21, **DAY).json().values()
    assert {each["skillName"] for each in rows} == {"Evening"}


def test_fields_that_are_asked_for_are_told_and_no_others(client: Client) -> None:
    told = client.send("GET", "/agents", fields="agentId,isActive", isActive="true").json()["agents"]
    assert told == [{"agentId": 4001, "isActive": True}, {"agentId": 4002, "isActive": True}]


def test_scorecards_are_told_to_older_clients_and_from_then_on_as_states(client: Client) -> None:
    assert set(client.send("GET", "/wfm-data/agents/scorecards", **DAY).json()) == {"agentStateHistory"}
    old = client.send("GET", "/wfm-data/agents/scorecards", base=V21, **DAY).json()["wfmScorecardStats"]
    assert [each["totalCalls"] for each in old] == [0, 0]


def test_a_recording_has_an_address_that_is_good_by_itself(client: Client) -> None:
    query = {"acd-call-id": number_contact("V1"), "media-type": "voice-only"}
    told = client.send("GET", "/media-playback/v1/contacts", base="", **query).json()
    where = told["interactions"][0]["data"]["fileToPlayUrl"]
    token = client.session.headers.pop("Authorization")
    played = client.session.get(where)
    assert (played.content, played.headers["Content-Type"]) == (SILENCE, "video/mp4")
    assert client.session.get(where + "x").status_code == 404
    assert client.send("GET", "/media-playback/v1/contacts", base="", **query).status_code == 401
    client.session.headers["Authorization"] = token
    odd = client.send("GET", "/media-playback/v1/contacts", base="", **{**query, "media-type": "smell"})
    assert odd.status_code == 400
