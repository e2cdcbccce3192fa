"""Does the tenant take the outcome of a contact as the contract has it, and refuse what that refuses?"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.simulator import DispositionLimits, Simulator
from reconciler.simulator.stored_records import wire_time
from tests.simulator.conftest import CREDENTIALS, SCOPES, Client, Connect, Serve, refused

BODY: Mapping[str, Any] = {"outcomeCode": "INTERESTED", "agentId": "A7"}
FULL: Mapping[str, Any] = {
    **BODY,
    "notes": "Rings back\nafter lunch",
    "dispositionTimestamp": "2026-01-31T08:00:00Z",
    "customFields": {"score": 7, "reason": None},
}
PATH = "/campaigns/CA-1001/contacts/C1"


@pytest.fixture
def dispositions(tenant: Simulator, connect: Connect) -> Client:
    return _client(tenant, connect)


def _client(tenant: Simulator, connect: Connect) -> Client:
    """A client, and the campaign CA-1001 on the list of everybody."""
    tenant.store.add_campaign("Calls", "All", status="active")
    return connect(tenant, "dispositions")


def _path(contact_id: str, campaign_id: str = "CA-1001") -> str:
    return f"/campaigns/{campaign_id}/contacts/{contact_id}"


# -- reading and writing --------------------------------------------------------------------------------


def test_a_contact_without_an_outcome_is_shown_with_nulls(dispositions: Client) -> None:
    assert dispositions.get(PATH).json() == {
        "contactId": "C1",
        "campaignId": "CA-1001",
        "state": "READY",
        "outcomeCode": None,
        "agentId": None,
        "notes": None,
        "dispositionTimestamp": None,
        "customFields": {},
        "dateModified": None,
    }


def test_an_outcome_is_written_and_read_back(dispositions: Client) -> None:
    written = dispositions.patch(PATH, FULL)
    assert written.status_code == 200
    row = written.json()
    assert row == dispositions.get(PATH).json()
    assert row.pop("dateModified").endswith("Z")
    assert row == {"contactId": "C1", "campaignId": "CA-1001", "state": "READY", **FULL}


def test_a_write_may_be_answered_without_a_body(tenant: Simulator, dispositions: Client) -> None:
    tenant.dispositions.answers = 204
    reply = dispositions.patch(PATH, BODY)
    assert (reply.status_code, reply.content) == (204, b"")
    assert dispositions.get(PATH).json()["outcomeCode"] == "INTERESTED"


def test_what_is_not_sent_stays_and_custom_fields_are_merged(dispositions: Client) -> None:
    dispositions.patch(PATH, FULL)
    row = dispositions.patch(PATH, {"outcomeCode": "BUSY", "agentId": "A8", "customFields": {"score": 8}}).json()
    assert (row["notes"], row["customFields"]) == (FULL["notes"], {"score": 8, "reason": None})
    assert (row["outcomeCode"], row["agentId"]) == ("BUSY", "A8")
    assert row["dispositionTimestamp"] > FULL["dispositionTimestamp"]


def test_a_campaign_made_on_the_lists_surface_is_known_here(tenant: Simulator, lists: Client, connect: Connect) -> None:
    body = {"name": "Calls", "dialType": "preview", "listId": "CL-1001", "abandonThreshold": 3}
    made = lists.post("/campaigns", body).json()["id"]
    client = connect(tenant, "dispositions")
    assert client.patch(_path("C1", made), BODY).status_code == 200
    lists.delete(f"/campaigns/{made}")
    refused(client.get(_path("C1", made)), 404, made)


def test_one_contact_has_an_outcome_in_each_campaign(tenant: Simulator, dispositions: Client) -> None:
    tenant.store.add_campaign("More", "All")
    dispositions.patch(PATH, BODY)
    assert dispositions.get(_path("C1", "CA-1002")).json()["outcomeCode"] is None


def test_an_id_with_signs_in_it_is_found(tenant: Simulator, dispositions: Client) -> None:
    tenant.store.add_contacts(["a/b c"])
    tenant.store.put_members(tenant.store.list_named("All"), ["a/b c"])
    assert dispositions.patch(_path("a%2Fb%20c"), BODY).json()["contactId"] == "a/b c"


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_who_is_not_there_is_not_found(tenant: Simulator, dispositions: Client, method: str) -> None:
    body = BODY if method == "PATCH" else None
    refused(dispositions.send(method, _path("C1", "CA-9"), body), 404, "campaign CA-9")
    refused(dispositions.send(method, _path("C9"), body), 404, "no contact C9")
    tenant.store.drop_members(tenant.store.list_named("All"), ["C1"])
    refused(dispositions.send(method, PATH, body), 404, "C1", "not on the list", "CA-1001")
    tenant.store.remove_list(tenant.store.list_named("All"))
    refused(dispositions.send(method, _path("C2"), body), 404, "not on the list")


FUTURE = wire_time(datetime.now(UTC) + timedelta(days=400))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"outcomeCode": None}, ["outcomeCode"]),
        ({"outcomeCode": "interested"}, ["outcomeCode", "capital letters"]),
        ({"outcomeCode": "NO"}, ["outcomeCode"]),
        ({"outcomeCode": "A" * 21}, ["outcomeCode"]),
        ({"outcomeCode": "BUSY\n"}, ["outcomeCode"]),
        ({"outcomeCode": "SOLD"}, ["outcomeCode", "INTERESTED", "NO_ANSWER"]),
        ({"agentId": ""}, ["agentId"]),
        ({"agentId": 7}, ["agentId"]),
        ({"notes": None}, ["notes"]),
        ({"notes": "a\x00b"}, ["notes", "control character at 1"]),
        ({"notes": "a\x85b"}, ["notes", "control character at 1"]),
        ({"notes": "x" * 100_000}, ["notes", "10000"]),
        ({"dispositionTimestamp": "2026-01-31T08:00:00"}, ["dispositionTimestamp", "ISO 8601"]),
        ({"dispositionTimestamp": "2026-02-30T08:00:00Z"}, ["dispositionTimestamp"]),
        ({"dispositionTimestamp": FUTURE}, ["dispositionTimestamp", "future"]),
        ({"customFields": ["a"]}, ["customFields"]),
        ({"customFields": {"outcomeCode": "BUSY"}}, ["customFields.outcomeCode", "standard"]),
        ({"customFields": {"AgentID": "A1"}}, ["customFields.AgentID", "standard"]),
        ({"state": "READY"}, ["state", "unknown"]),
        ({"contactId": "C2"}, ["contactId", "unknown"]),
    ],
)
def test_a_body_that_is_wrong_is_refused_by_the_field(
    tenant: Simulator, dispositions: Client, change: dict[str, Any], words: list[str]
) -> None:
    refused(dispositions.patch(PATH, {**FULL, **change}), 400, *words)
    assert tenant.dispositions.of("CA-1001", "C1").outcome is None


@pytest.mark.parametrize("missing", ["outcomeCode", "agentId"])
def test_the_outcome_and_its_agent_are_asked_for(dispositions: Client, missing: str) -> None:
    refused(dispositions.patch(PATH, {name: BODY[name] for name in BODY if name != missing}), 400, missing)


def test_a_refusal_does_not_repeat_the_notes(dispositions: Client) -> None:
    reply = dispositions.patch(PATH, {**BODY, "notes": "Call Ann\x07 back"})
    assert "Ann" not in reply.text


def test_the_matrix_may_be_the_tenants_own(tenant: Simulator, dispositions: Client) -> None:
    tenant.dispositions.outcomes = frozenset({"SOLD"})
    assert dispositions.patch(PATH, {**BODY, "outcomeCode": "SOLD"}).status_code == 200
    refused(dispositions.patch(PATH, BODY), 400, "outcomeCode", "SOLD")


def test_a_little_skew_between_the_clocks_is_no_future(tenant: Simulator, dispositions: Client) -> None:
    tenant.dispositions.now = lambda: datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert dispositions.patch(PATH, {**BODY, "dispositionTimestamp": "2026-01-31T08:00:59Z"}).status_code == 200
    refused(dispositions.patch(PATH, {**BODY, "dispositionTimestamp": "2026-01-31T08:01:01Z"}), 400, "future")


def test_a_token_is_asked_for_by_form_with_a_scope(tenant: Simulator, dispositions: Client) -> None:
    url = tenant.token_url("dispositions")
    assert url == f"{tenant.url}/dispositions/api/v1/oauth2/token"
    assert tenant.base_url("dispositions") == f"{tenant.url}/dispositions/api/v1/outbound"
    granted = dispositions.session.post(url, data={**CREDENTIALS, "scope": SCOPES["dispositions"]}).json()
    assert sorted(granted["scope"].split()) == sorted(SCOPES["dispositions"].split())
    refused(dispositions.session.post(url, json=CREDENTIALS), 400, "x-www-form-urlencoded")
    refused(dispositions.session.post(url, data=CREDENTIALS), 400, "scope")


@pytest.mark.parametrize(
    ("method", "scope"), [("GET", "outbound:contact:write"), ("PATCH", "outbound:disposition:write")]
)
def test_each_call_names_the_scope_it_misses(tenant: Simulator, connect: Connect, method: str, scope: str) -> None:
    others = " ".join(each for each in SCOPES["dispositions"].split() if each != scope)
    refused(connect(tenant, "dispositions", others).send(method, PATH), 403, scope)


# -- what was written -----------------------------------------------------------------------------------


def test_every_write_is_kept_with_what_was_there_before(tenant: Simulator, dispositions: Client) -> None:
    for outcome in ("NO_ANSWER", "INTERESTED"):
        dispositions.patch(PATH, {**FULL, "outcomeCode": outcome})
    first, second = tenant.dispositions.history("CA-1001", "C1")
    assert (first.was, first.outcome, second.was, second.outcome) == (None, "NO_ANSWER", "NO_ANSWER", "INTERESTED")
    assert (second.agent_id, second.timestamp) == ("A7", FULL["dispositionTimestamp"])
    assert [each.request_id for each in (first, second)] == [
        each.request_id for each in tenant.requests().to("contacts/C1$", "PATCH")
    ]
    assert tenant.dispositions.list_repeated() == []


def test_who_was_patched_twice_with_the_same_outcome_is_known(tenant: Simulator, dispositions: Client) -> None:
    for contact_id, outcomes in (("C1", ["BUSY", "BUSY"]), ("C2", ["BUSY", "NO_ANSWER", "BUSY"])):
        for outcome in outcomes:
            dispositions.patch(_path(contact_id), {**BODY, "outcomeCode": outcome})
    assert tenant.dispositions.list_repeated() == [("CA-1001", "C1")]
    assert tenant.dispositions.list_repeated("CA-9") == []


def test_a_write_of_what_the_tenant_had_set_by_itself_is_repeated(tenant: Simulator, dispositions: Client) -> None:
    tenant.dispositions.write("CA-1001", "C1", "INTERESTED", agent_id="A1")
    assert tenant.dispositions.list_repeated() == []
    dispositions.patch(PATH, BODY)
    assert tenant.dispositions.list_repeated() == [("CA-1001", "C1")]


def test_a_write_whose_reply_was_lost_took_effect_once(tenant: Simulator, dispositions: Client) -> None:
    tenant.faults.add("reset-after", method="PATCH", path="/contacts/C1$")
    tenant.faults.add("reset-before", method="PATCH", path="/contacts/C2$")
    for contact_id in ("C1", "C2"):
        with pytest.raises(ConnectionError):
            _raise(dispositions, contact_id)
    assert [dispositions.get(_path(each)).json()["outcomeCode"] for each in ("C1", "C2")] == ["INTERESTED", None]
    assert len(tenant.dispositions.history("CA-1001", "C1")) == 1


def _raise(client: Client, contact_id: str) -> None:
    import requests

    try:
        client.patch(_path(contact_id), BODY)
    except requests.ConnectionError as error:
        raise ConnectionError from error


# -- how much at once -----------------------------------------------------------------------------------


def test_a_campaign_takes_ten_writes_and_then_asks_to_wait(serve: Serve, connect: Connect) -> None:
    assert DispositionLimits().rate == 10
    # the second of the contract is made long here: on a slow machine it would be over meanwhile
    tenant = serve(dispositions=DispositionLimits(rate=0.1, burst=10))
    dispositions = _client(tenant, connect)
    tenant.store.add_campaign("More", "All")
    replies = [dispositions.patch(PATH, BODY) for _ in range(12)]
    assert {reply.status_code for reply in replies[:10]} == {200}
    refused(replies[-1], 429)
    assert int(replies[-1].headers["Retry-After"]) >= 1
    refused(dispositions.get(PATH), 429)
    assert dispositions.patch(_path("C1", "CA-1002"), BODY).status_code == 200


def test_every_request_about_a_campaign_counts_on_whatever_surface(serve: Serve, connect: Connect) -> None:
    tenant = serve(dispositions=DispositionLimits(rate=0.001, burst=4))
    client = _client(tenant, connect)
    lists = connect(tenant, "lists")
    assert [client.get(PATH).status_code, client.patch(PATH, BODY).status_code] == [200, 200]
    assert lists.get("/campaigns/CA-1001").status_code == 200
    assert lists.get("/campaigns/CA-1001/statistics").status_code == 200
    refused(lists.patch("/campaigns/CA-1001", {"wrapUpCode": "X"}), 429)
    refused(client.get(PATH), 429)
    assert lists.get("/campaigns").status_code == 200


def test_reads_may_be_left_out_of_the_count(serve: Serve, connect: Connect) -> None:
    limits = DispositionLimits(rate=0.001, burst=2, counts_reads=False)
    client = _client(serve(dispositions=limits), connect)
    assert [client.get(PATH).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-31T08:00:00+00:00",
        "2026-01-31T09:00:00+01:00",
        "2026-01-31T03:00:00.5-05:00",
        "2026-01-31T13:30:00+0530",
        "20260131T080000Z",
        "2026-01-31t08:00z",
    ],
)
def test_any_instant_with_an_offset_is_a_disposition_timestamp(dispositions: Client, moment: str) -> None:
    assert dispositions.patch(PATH, {**BODY, "dispositionTimestamp": moment}).status_code == 200
    assert dispositions.get(PATH).json()["dispositionTimestamp"] == moment


def test_a_campaign_may_be_without_a_limit(serve: Serve, connect: Connect) -> None:
    client = _client(serve(dispositions=DispositionLimits(rate=None)), connect)
    assert {client.patch(PATH, BODY).status_code for _ in range(30)} == {200}


def test_the_limits_may_be_set_while_it_runs(tenant: Simulator, dispositions: Client) -> None:
    tenant.dispositions.limits = DispositionLimits(rate=0.001, burst=1)
    assert [dispositions.patch(PATH, BODY).status_code for _ in range(2)] == [200, 429]
    tenant.reset()
    assert tenant.dispositions.limits == DispositionLimits()


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"burst": 0}, {"at_once": 0}])
def test_limits_that_let_nothing_through_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        DispositionLimits(**wrong)


def test_more_than_the_limit_at_once_is_refused_and_the_log_says_how_many(serve: Serve, connect: Connect) -> None:
    tenant = serve(dispositions=DispositionLimits(rate=None, at_once=3))
    _client(tenant, connect)
    tenant.faults.add("hold-before", method="GET", times=None, seconds=0.3)
    clients = [connect(tenant, "dispositions") for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        replies = list(pool.map(lambda client: client.get(PATH), clients))
    assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 429, 429]
    refused(next(reply for reply in replies if reply.status_code == 429), 429, "at once", "3")
    asked = tenant.requests().to("/contacts/C1$")
    assert asked.most_at_once() == max(each.in_flight for each in asked) == 5
    assert asked.most_within(60) == 5
    assert all(each.ended is not None and each.ended >= each.monotonic for each in asked)
