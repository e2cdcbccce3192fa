"""Does the surface `salesforce` answer and refuse as an organisation does?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from reconciler.simulator import Options, Simulator
from reconciler.simulator.salesforce_org import Organisation
from tests.simulator.conftest import CREDENTIALS

QUERY = "/services/data/v58.0/query/"
CONTACTS: list[dict[str, Any]] = [
    {
        "Id": "3",
        "Name": "Cy",
        "Phone": "+14155550103",
        "Score__c": 30.0,
        "DoNotCall": True,
        "Account": {"Name": "Acme"},
    },
    {"Id": "1", "Name": "Ann", "Phone": "+14155550101", "Score__c": 10.0, "DoNotCall": False, "Account": None},
    {"Id": "2", "Name": "Bo", "Phone": None, "Score__c": None, "DoNotCall": False, "MailingAddress": {"city": "Reno"}},
    {"Id": "4", "Name": "O'Neil", "Phone": "", "Score__c": 5.0, "DoNotCall": False, "Seen__c": "2026-01-02T00:00:00Z"},
]


class Org:
    """An organisation with four contacts, and a client that hides nothing."""

    def __init__(self, tenant: Simulator, session: requests.Session) -> None:
        self.tenant, self.session = tenant, session
        self.state = tenant.store.part(Organisation)
        self.state.load("Contact", CONTACTS)

    def log_in(self) -> requests.Response:
        reply = self.session.post(f"{self.tenant.url}/services/oauth2/token", data=CREDENTIALS)
        self.session.headers["Authorization"] = f"Bearer {reply.json().get('access_token')}"
        return reply

    def get(self, path: str, **query: str) -> requests.Response:
        return self.session.get(self.tenant.url + path, params=query)

    def query(self, text: str) -> requests.Response:
        return self.get(QUERY, q=text)

    def ids(self, rest: str) -> str:
        reply = self.query(f"SELECT Id FROM Contact {rest}")
        assert reply.status_code == 200, reply.text
        return "".join(record["Id"] for record in reply.json()["records"])


@pytest.fixture
def org() -> Iterator[Org]:
    with Simulator() as tenant, requests.Session() as session:
        session.trust_env = False
        org = Org(tenant, session)
        org.log_in()
        yield org


def refused(reply: requests.Response, status: int, code: str, *words: str) -> None:
    assert reply.status_code == status, reply.text
    (error,) = reply.json()
    assert error.keys() == {"message", "errorCode"}
    assert error["errorCode"] == code
    for word in words:
        assert word in error["message"]


def test_a_token_is_handed_out_for_no_scope_and_does_not_say_how_long_it_lives(org: Org) -> None:
    reply = org.log_in()
    assert reply.status_code == 200
    assert reply.json().keys() == {
        "access_token",
        "signature",
        "scope",
        "instance_url",
        "id",
        "token_type",
        "issued_at",
    }
    assert reply.json()["instance_url"] == org.tenant.url


def test_a_wrong_secret_gets_no_token(org: Org) -> None:
    reply = org.session.post(f"{org.tenant.url}/services/oauth2/token", data={**CREDENTIALS, "client_secret": "x"})
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_client")


def test_a_record_has_its_attributes_and_the_fields_that_were_asked_for(org: Org) -> None:
    body = org.query("SELECT id, name, Account.Name FROM contact WHERE Id IN ('1', '3') ORDER BY Id").json()
    assert (body["totalSize"], body["done"]) == (2, True)
    assert "nextRecordsUrl" not in body
    attributes = {"type": "Contact", "url": "/services/data/v58.0/sobjects/Contact/1"}
    assert body["records"][0] == {"attributes": attributes, "Id": "1", "Name": "Ann", "Account": None}
    assert body["records"][1]["Account"] == {"attributes": {"type": "Account"}, "Name": "Acme"}


def test_a_page_has_2000_records_and_names_the_next_by_a_relative_path(org: Org) -> None:
    org.state.load("Contact", [{"Id": f"{number:04}"} for number in range(4001)])
    sizes, body = [], org.query("SELECT Id FROM Contact").json()
    locator = body["nextRecordsUrl"]
    while True:
        assert body["totalSize"] == 4001
        sizes.append(len(body["records"]))
        if body["done"]:
            break
        body = org.get(body["nextRecordsUrl"]).json()
    assert sizes == [2000, 2000, 1]
    assert locator.startswith(f"{QUERY}01g")
    assert locator.endswith("-2000")


@pytest.mark.parametrize(
    ("rest", "ids"),
    [
        ("ORDER BY Id", "1234"),
        ("ORDER BY Score__c DESC NULLS LAST", "3142"),
        ("ORDER BY Score__c NULLS FIRST, Id LIMIT 2", "24"),
        ("ORDER BY Id LIMIT 2 OFFSET 1", "23"),
        ("WHERE Name = 'ann'", "1"),
        ("WHERE Name = 'O\\'Neil'", "4"),
        ("WHERE Name != 'Ann' ORDER BY Id", "234"),
        ("WHERE Name LIKE '%n%' ORDER BY Id", "14"),
        ("WHERE Name LIKE 'B_'", "2"),
        ("WHERE Phone = null", "2"),
        ("WHERE Phone != null ORDER BY Id", "134"),
        ("WHERE DoNotCall = TRUE", "3"),
        ("WHERE Score__c >= 10 ORDER BY Id", "13"),
        ("WHERE Score__c < 10.5 AND DoNotCall = false ORDER BY Id", "14"),
        ("WHERE (Name = 'Ann' OR Name = 'Bo') AND Score__c = null", "2"),
        ("WHERE NOT (DoNotCall = true) ORDER BY Id", "124"),
        ("WHERE Id NOT IN ('1', '2') ORDER BY Id", "34"),
        ("WHERE Account.Name = 'Acme'", "3"),
        ("WHERE Seen__c > 2026-01-01T00:00:00Z", "4"),
    ],
)
def test_a_condition_chooses_as_salesforce_would(org: Org, rest: str, ids: str) -> None:
    assert org.ids(rest) == ids


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("", "MALFORMED_QUERY", "query string"),
        ("SELECT FROM Contact", "MALFORMED_QUERY", "'FROM'"),
        ("SELECT * FROM Contact", "MALFORMED_QUERY", "*"),
        ("SELECT FIELDS(ALL) FROM Contact", "MALFORMED_QUERY", "("),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", "<EOF>"),
        ("SELECT Id FROM Contact WHERE Id", "MALFORMED_QUERY", "<EOF>"),
        ("SELECT Id FROM Contact WHERE Id = Phone", "MALFORMED_QUERY", "Phone"),
        ("SELECT Id FROM Contact WHERE (Id = '1'", "MALFORMED_QUERY", "<EOF>"),
        ("SELECT Id FROM Contact WHERE Id = '1' AND Id = '2' OR Id = '3'", "MALFORMED_QUERY", "or"),
        ("SELECT Id FROM Contact WHERE Id LIKE 5", "MALFORMED_QUERY", "LIKE"),
        ("SELECT Id FROM Contact WHERE Id ~ '5'", "MALFORMED_QUERY", "~"),
        ("SELECT Id FROM Contact FOR UPDATE", "MALFORMED_QUERY", "FOR"),
        ("SELECT Id FROM Contact ORDER Id", "MALFORMED_QUERY", "Id"),
        ("SELECT Id, ID FROM Contact", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Kontact", "INVALID_TYPE", "'Kontact'"),
        ("SELECT Fone FROM Contact", "INVALID_FIELD", "No such column 'Fone' on entity 'Contact'"),
        ("SELECT Account FROM Contact", "INVALID_FIELD", "'Account'"),
        ("SELECT Id FROM Contact WHERE Fone = '1'", "INVALID_FIELD", "'Fone'"),
        ("SELECT Id FROM Contact ORDER BY Fone", "INVALID_FIELD", "'Fone'"),
        ("SELECT Id FROM Contact WHERE Name = 5", "INVALID_FIELD", "of type string"),
        ("SELECT Id FROM Contact WHERE Score__c > '5'", "INVALID_FIELD", "of type double"),
        ("SELECT Id FROM Contact WHERE DoNotCall = 'true'", "INVALID_FIELD", "of type boolean"),
    ],
)
def test_a_query_that_cannot_be_is_refused_in_salesforces_words(org: Org, text: str, code: str, word: str) -> None:
    refused(org.query(text), 400, code, word)


def test_a_token_that_was_revoked_is_an_invalid_session(org: Org) -> None:
    org.tenant.revoke_tokens()
    refused(org.query("SELECT Id FROM Contact"), 401, "INVALID_SESSION_ID")


def test_a_token_of_another_surface_is_an_invalid_session(org: Org) -> None:
    reply = org.session.post(org.tenant.token_url("outbound"), json=CREDENTIALS)
    org.session.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
    refused(org.query("SELECT Id FROM Contact"), 401, "INVALID_SESSION_ID")


def test_a_client_without_the_api_is_refused() -> None:
    with Simulator(Options(denied_scopes=frozenset({"api"}))) as tenant, requests.Session() as session:
        org = Org(tenant, session)
        org.log_in()
        refused(org.query("SELECT Id FROM Contact"), 403, "API_DISABLED_FOR_ORG")


def test_what_is_not_there_is_not_found(org: Org) -> None:
    refused(org.get("/services/data/v59.0/query/", q="SELECT Id FROM Contact"), 404, "NOT_FOUND")
    refused(org.get(QUERY, q="SELECT Id FROM Contact", batchSize="5"), 400, "BAD_REQUEST", "batchSize")


def control(org: Org, **told: Any) -> requests.Response:
    return org.session.post(f"{org.tenant.url}/_control/salesforce", json=told)


def test_the_requests_of_a_day_come_to_an_end(org: Org) -> None:
    control(org, requestsLeft=1)
    assert org.ids("WHERE Id = '1'") == "1"
    refused(org.query("SELECT Id FROM Contact"), 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests")
    control(org, limitStatus=429)
    refused(org.query("SELECT Id FROM Contact"), 429, "REQUEST_LIMIT_EXCEEDED")
    control(org, requestsLeft=None)
    assert org.ids("WHERE Id = '1'") == "1"


def test_records_and_the_size_of_a_page_are_set_from_outside(org: Org) -> None:
    reply = control(org, records={"Customer__c": [{"Id": "1", "Tel__c": "+14155550101"}, {"Id": "2"}]}, pageSize=1)
    assert reply.json() == {"Contact": 4, "Lead": 0, "Customer__c": 2}
    body = org.query("SELECT Id, tel__c FROM Customer__c").json()
    assert [record["Tel__c"] for record in body["records"]] == ["+14155550101"]
    assert org.get(body["nextRecordsUrl"]).json()["records"][0]["Tel__c"] is None
    assert control(org, pageSize=2001).status_code == 400
    assert control(org, expireLocators="yes").status_code == 400


def test_locators_expire_and_may_belong_to_the_token_that_made_them(org: Org) -> None:
    control(org, pageSize=2)
    following = org.query("SELECT Id FROM Contact").json()["nextRecordsUrl"]
    assert org.get(following).json()["done"] is True
    refused(org.get(following.replace("-2", "-1")), 400, "INVALID_QUERY_LOCATOR")
    org.log_in()
    assert org.get(following).status_code == 200
    control(org, locatorsOfSession=True)
    refused(org.get(following), 400, "INVALID_QUERY_LOCATOR")
    control(org, locatorsOfSession=False, expireLocators=True)
    refused(org.get(following), 400, "INVALID_QUERY_LOCATOR")


def test_a_reset_forgets_the_records(org: Org) -> None:
    org.tenant.reset()
    org.log_in()
    assert org.query("SELECT Id FROM Contact").json()["totalSize"] == 0
