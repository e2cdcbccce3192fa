"""Are the records of Salesforce read whole, or not at all? And is each of its refusals told for what it is?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.cxone import salesforce_client
from reconciler.cxone.errors import (
    BadReply,
    Forbidden,
    NotFound,
    QuotaSpent,
    RateLimited,
    TokenRefused,
    Unauthorised,
    WireError,
)
from reconciler.cxone.pages import MOST_RESTARTS, Unsettled
from reconciler.cxone.transport import Transport
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.source_specs import SalesforceFeed
from tests.cxone.conftest import CLIENT_SECRET, Connect, FakeTime
from tests.cxone.scripted import RESET, TOKEN_PATH, Answer, ScriptedTenant

HERE = Location("sources.yaml", 7, 3)
CONDITION = Location("sources.yaml", 11, 10)
PHONE = Location("sources.yaml", 12, 40)
QUERY = "/services/data/v58.0/query/"
EXPIRED = Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])

Reading = Callable[..., list[dict[str, Any]]]


def feed_at(url: str, **changed: Any) -> SalesforceFeed:
    given: dict[str, Any] = {
        "instance": url,
        "version": "v58.0",
        "client_id": "env SALESFORCE_ID",
        "client_secret": "env SALESFORCE_SECRET",
        "object": "Lead",
        "columns": (("contactId", "Id"), ("phone", "Phone")),
        "token_url": url + TOKEN_PATH,
        "where": HERE,
        "condition_at": CONDITION,
        "credentials_at": HERE,
        "fields_at": (("Phone", PHONE),),
    }
    return SalesforceFeed(**{**given, **changed})


def page(*ids: str, total: int = 6, following: str | None = None, **more: Any) -> Answer:
    records = [{"attributes": {"type": "Lead"}, "Id": each, "Phone": "+14155550102"} for each in ids]
    body: dict[str, Any] = {"totalSize": total, "done": following is None, "records": records, **more}
    return Answer(body=body if following is None else {**body, "nextRecordsUrl": f"{QUERY}{following}"})


FIRST = page("A", "B", following="01gX-2")
SECOND = page("C", "D", following="01gX-4")
THIRD = page("E", "F")


def refusal(status: int, code: str, message: str = "no", **headers: str) -> Answer:
    return Answer(
        status, [{"message": message, "errorCode": code}], {k.replace("_", "-"): v for k, v in headers.items()}
    )


class Asked:
    """One reading of the scripted tenant: what came of it, and what it left on disk."""

    def __init__(self, transport: Transport, url: str, into: Path) -> None:
        self.transport, self.url, self.into = transport, url, into

    def read(self, fields: tuple[str, ...] = ("Id", "Phone"), **changed: Any) -> Rows:
        return salesforce_client.read(self.transport, feed_at(self.url, **changed), fields, self.into)

    def rows(self, *arguments: Any, **changed: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = orjson.loads(self.read(*arguments, **changed).path.read_bytes())
        return found

    def refused(self, kind: type[WireError], **changed: Any) -> WireError:
        with pytest.raises(kind) as raised:
            self.read(**changed)
        assert not self.into.exists(), "a part of the records was kept"
        return raised.value

    def problem(self, **changed: Any) -> Problem:
        with pytest.raises(BadInput) as raised:
            self.read(**changed)
        assert not self.into.exists()
        (problem,) = raised.value.problems
        return problem


@pytest.fixture
def asked(tenant: ScriptedTenant, connect: Connect, tmp_path: Path) -> Asked:
    return Asked(connect(base_url=tenant.url, scope=""), tenant.url, tmp_path / "records.json")


def paths(tenant: ScriptedTenant) -> list[str]:
    return [seen.path.removeprefix(QUERY) for seen in tenant.calls]


def test_pages_are_followed_by_their_relative_paths_to_the_last(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.extend([FIRST, SECOND, THIRD])
    rows = asked.read()
    assert (rows.count, rows.total, rows.shifted) == (6, 6, False)
    assert [(row["id"], row["row"]) for row in orjson.loads(rows.path.read_bytes())] == list(
        zip("ABCDEF", range(1, 7), strict=True)
    )
    assert paths(tenant) == ["", "01gX-2", "01gX-4"]
    assert tenant.calls[0].query == {"q": "SELECT Id, Phone FROM Lead ORDER BY Id"}
    assert not tenant.calls[1].query
    assert rows.path.stat().st_mode & 0o777 == 0o600


def test_a_condition_stands_in_brackets_and_the_id_is_always_asked_for(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.append(page(total=0))
    asked.read(("Account.Name", "attributes.type", "phone", "Phone"), condition="A = 1 OR B = 2")
    assert tenant.calls[0].query["q"] == "SELECT Id, Account.Name, phone FROM Lead WHERE (A = 1 OR B = 2) ORDER BY Id"


def test_values_become_text_and_parents_are_followed(tenant: ScriptedTenant, asked: Asked) -> None:
    record = {
        "attributes": {"type": "Lead"},
        "Id": "A",
        "Score__c": 42.0,
        "Rate__c": 0.5,
        "Done__c": False,
        "Account": {"attributes": {"type": "Account"}, "Name": "Acme"},
        "Owner": None,
    }
    tenant.answers.append(Answer(body={"totalSize": 1, "done": True, "records": [record]}))
    fields = ("account.name", "attributes.type", "Done__c", "Owner.Name", "Rate__c", "Score__c")
    (row,) = asked.rows(fields)
    assert [row[f"c{number}"] for number in range(6)] == ["Acme", "Lead", "false", None, "0.5", "42"]


def test_a_record_without_an_id_and_a_phone_with_a_fraction_stay_with_their_faults(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    records = [{"Phone": "+14155550102"}, {"Id": "B", "Phone": 4155550102.5}, {"Id": "C", "Phone": 4155550102.0}]
    tenant.answers.append(Answer(body={"totalSize": 3, "done": True, "records": records}))
    assert [row["fault"] for row in asked.rows()] == [
        {"code": "no_record_id", "args": []},
        {"code": "not_exact", "args": ["phone"]},
        None,
    ]


LACKS_PHONE = {"code": "field_not_in_reply", "args": ["Phone"]}


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"Id": "A"}, LACKS_PHONE),
        ({"Id": "A", "Mobile": "+14155550102"}, LACKS_PHONE),
        ({"Id": "A", "Phone": None}, None),
        ({"Id": "A", "PHONE": "+14155550102"}, None),
    ],
)
def test_a_record_that_lacks_a_field_that_was_asked_for_is_not_read_as_a_blank_one(
    tenant: ScriptedTenant, asked: Asked, record: dict[str, Any], fault: dict[str, Any] | None
) -> None:
    tenant.answers.append(Answer(body={"totalSize": 1, "done": True, "records": [record]}))
    assert [row["fault"] for row in asked.rows()] == [fault]


def test_a_field_of_several_values_is_told_at_its_place(tenant: ScriptedTenant, asked: Asked) -> None:
    record = {"Id": "A", "Phone": {"city": "Reno"}}
    tenant.answers.append(Answer(body={"totalSize": 1, "done": True, "records": [record]}))
    problem = asked.problem()
    assert (problem.where, problem.code) == (PHONE, "compound-field")


def test_a_token_that_ends_on_page_3_is_renewed_once_and_the_page_is_asked_for_again(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    tenant.answers.extend([FIRST, SECOND, EXPIRED, THIRD])
    assert asked.read().count == 6
    assert paths(tenant) == ["", "01gX-2", "01gX-4", "01gX-4"]
    assert len(tenant.token_requests) == 2


def test_a_locator_that_ended_with_its_session_is_followed_by_one_more_reading(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    tenant.answers.extend([FIRST, SECOND, EXPIRED, EXPIRED, FIRST, SECOND, THIRD])
    assert len(asked.rows()) == 6
    assert paths(tenant)[4:] == ["", "01gX-2", "01gX-4"]


def test_a_token_that_is_never_taken_again_is_an_error_that_names_the_page(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    tenant.answers.extend([FIRST, SECOND, EXPIRED, EXPIRED, FIRST, SECOND, EXPIRED, EXPIRED])
    error = asked.refused(Unauthorised)
    assert error.note is not None
    assert "page 3 of Lead of Salesforce; 4 records had been read, and none of them is kept" in error.note
    assert error.url.endswith("/query/01gX-4")


def test_a_renewal_that_is_refused_on_page_3_is_an_error_that_names_the_page(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    tenant.answers.extend([FIRST, SECOND, EXPIRED])
    tenant.token_answers.extend(
        [Answer(body={"access_token": "t", "expires_in": 60}), Answer(400, {"error": "inactive_org"})]
    )
    error = asked.refused(TokenRefused)
    assert error.note is not None
    assert "page 3" in error.note
    assert "4 records had been read, and none of them is kept" in error.note
    assert "Salesforce says: inactive_org" in error.note
    assert len(tenant.calls) == 3


@pytest.mark.parametrize("status", [403, 429])
def test_the_daily_limit_is_told_apart_and_never_tried_again(
    tenant: ScriptedTenant, asked: Asked, time: FakeTime, status: int
) -> None:
    tenant.answers.extend([FIRST, refusal(status, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")])
    error = asked.refused(QuotaSpent)
    assert "daily API request quota is exhausted" in error.message
    assert error.note is not None
    assert error.note.startswith("page 2 of Lead of Salesforce; 2 records had been read, and none of them is kept")
    assert "REQUEST_LIMIT_EXCEEDED" in error.note
    assert (len(tenant.calls), time.sleeps) == (2, [])


@pytest.mark.parametrize("code", ["INSUFFICIENT_ACCESS", "API_DISABLED_FOR_ORG"])
def test_a_profile_that_may_not_read_is_told_apart(tenant: ScriptedTenant, asked: Asked, code: str) -> None:
    tenant.answers.append(refusal(403, code, "not for you"))
    error = asked.refused(Forbidden)
    assert error.message == "Salesforce does not let this client read Lead"
    assert error.note is not None
    assert code in error.note
    assert "not for you" in error.note
    assert len(tenant.calls) == 1


def test_too_many_requests_wait_as_long_as_they_are_told_to(
    tenant: ScriptedTenant, asked: Asked, time: FakeTime
) -> None:
    tenant.answers.extend([FIRST, refusal(429, "TOO_MANY", Retry_After="7"), SECOND, THIRD])
    assert asked.read().count == 6
    assert time.sleeps[0] == 7.0


def test_too_many_requests_for_too_long_are_an_error(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.extend([FIRST, *[refusal(429, "TOO_MANY", Retry_After="1")] * 3])
    assert "Salesforce keeps answering" in asked.refused(RateLimited).message


def test_a_connection_that_breaks_is_made_again(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.extend([FIRST, RESET, SECOND, THIRD])
    assert asked.read().count == 6


@pytest.mark.parametrize(
    ("code", "message", "where"),
    [
        ("MALFORMED_QUERY", "unexpected token: 'x'", CONDITION),
        ("INVALID_FIELD", "No such column 'phone' on entity 'Lead'.", PHONE),
        ("INVALID_FIELD", "No such column 'Phones' on entity 'Lead'.", HERE),
        ("INVALID_TYPE", "sObject type 'Lead' is not supported.", HERE),
    ],
)
def test_a_query_that_is_refused_is_told_at_its_place_in_the_manifest(
    tenant: ScriptedTenant, asked: Asked, code: str, message: str, where: Location
) -> None:
    tenant.answers.append(refusal(400, code, message))
    problem = asked.problem()
    assert (problem.where, problem.code) == (where, "query-refused")
    assert code in problem.message
    assert problem.note == f"Salesforce says: {message}"
    assert problem.hint
    assert len(tenant.calls) == 1


def test_a_version_that_the_instance_has_not_is_an_error(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.append(refusal(404, "NOT_FOUND", "The requested resource does not exist"))
    assert "version v58.0" in str(asked.refused(NotFound).hint)


def test_a_locator_that_has_expired_starts_again_and_keeps_nothing_of_the_first_reading(
    tenant: ScriptedTenant, asked: Asked
) -> None:
    tenant.answers.extend([FIRST, refusal(400, "INVALID_QUERY_LOCATOR"), page("G", following="01gY-1"), page("H")])
    assert [row["id"] for row in asked.rows()] == ["G", "H"]


BROKEN = [
    [FIRST, refusal(400, "INVALID_QUERY_LOCATOR")],
    [FIRST, Answer(body={"totalSize": 6, "done": True})],
    [FIRST, Answer(body={"done": True, "records": []})],
    [FIRST, Answer(body={"totalSize": 6, "done": True, "records": ["A"]})],
    [FIRST, page("C", following="01gX-2")],
    [page("A", done=False)],
    [page("A", done=False, nextRecordsUrl="https://elsewhere.example/services/data/v58.0/query/01gX-2")],
    [page("A", done=False, nextRecordsUrl="//elsewhere.example/services/data/v58.0/query/01gX-2")],
    [page("A", done=False, nextRecordsUrl="/services/data/v58.0/query/../sobjects/Lead")],
    [Answer(body=[])],
]


@pytest.mark.parametrize("broken", BROKEN)
def test_pages_that_never_fit_together_are_an_error_and_no_part_of_an_audience(
    tenant: ScriptedTenant, asked: Asked, broken: list[Answer]
) -> None:
    tenant.answers.extend(broken * (MOST_RESTARTS + 1))
    with pytest.raises((Unsettled, BadReply), match=r"never ended|not match the API's contract: "):
        asked.read()
    assert not asked.into.exists()
    assert len(tenant.calls) == len(broken) * (MOST_RESTARTS + 1)


ODD_PAGES: list[tuple[Any, str]] = [
    ([], "$ must be an object, and is a list"),
    ({"totalSize": 1, "done": True, "records": None}, "$.records must be a list, and is null"),
    ({"totalSize": 1, "done": True, "records": [None]}, "$.records[0] must be an object, and is null"),
    ({"totalSize": 1, "done": True, "records": [{"Id": {"a": 1}}]}, "$.records[0].Id must be an id"),
    ({"totalSize": "one", "done": True, "records": []}, "$.totalSize must be a whole number from 0, and is text"),
]


@pytest.mark.parametrize(("body", "says"), ODD_PAGES)
def test_a_page_that_is_none_is_read_again_and_then_a_bad_reply_that_names_the_field(
    tenant: ScriptedTenant, asked: Asked, body: Any, says: str
) -> None:
    tenant.answers.extend([Answer(body=body)] * (MOST_RESTARTS + 1))
    with pytest.raises(BadReply) as caught:
        asked.read()
    assert says in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"GET {tenant.url}/services/data/v58.0/query/")


def test_pages_that_bring_the_same_records_for_ever_are_an_end(tenant: ScriptedTenant, asked: Asked) -> None:
    pages = [page("A", "B", total=10**9, following=f"01gX-{n}") for n in range(50)]
    tenant.answers.extend(pages)
    with pytest.raises(Unsettled, match="never ended") as caught:
        asked.read()
    assert "the same rows come" in str(caught.value.note)
    assert len(tenant.calls) < 30


def test_a_total_that_changes_between_pages_is_told_to_the_reader(tenant: ScriptedTenant, asked: Asked) -> None:
    tenant.answers.extend([FIRST, page("C", "D", "E", total=5)])
    rows = asked.read()
    assert (rows.count, rows.shifted) == (5, True)


def test_no_error_shows_a_phone_an_address_or_a_secret(tenant: ScriptedTenant, asked: Asked) -> None:
    words = f"nothing for +14155550102 or o@example.com with token-1 and {CLIENT_SECRET}"
    tenant.answers.append(refusal(403, "INSUFFICIENT_ACCESS", words))
    told = str(asked.refused(Forbidden).note)
    assert "nothing for *** or *** with *** and ***" in told


def test_credentials_that_are_nowhere_are_told_all_at_once() -> None:
    def nowhere(reference: str, where: Location) -> Secret:
        raise BadInput([Problem(where, "missing-credentials", f"{reference} is not set")])

    with pytest.raises(BadInput) as raised:
        salesforce_client.connect(feed_at("http://127.0.0.1:1"), nowhere)
    assert [each.message for each in raised.value.problems] == [
        "env SALESFORCE_ID is not set",
        "env SALESFORCE_SECRET is not set",
    ]


def test_a_token_that_does_not_say_how_long_it_lives_is_used_for_every_page(
    tenant: ScriptedTenant, tmp_path: Path
) -> None:
    tenant.token_answers.append(Answer(body={"access_token": "00D!abc", "issued_at": "1278448384422"}))
    tenant.answers.extend([FIRST, SECOND, THIRD])
    feed = feed_at(tenant.url)
    with salesforce_client.connect(feed, lambda reference, where: Secret(reference)) as transport:
        assert salesforce_client.read(transport, feed, ("Id",), tmp_path / "records.json").count == 6
    (token,) = tenant.token_requests
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert b"scope" not in token.body
    assert {seen.headers["authorization"] for seen in tenant.calls} == {"Bearer 00D!abc"}
