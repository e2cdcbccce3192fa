"""Contacts that are records of Salesforce: what a plan says of every one of them, and what stops it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.salesforce_org import Organisation
from tests.conftest import TENANT, Ended, Folder, manifest

Run = Callable[..., Ended]

TODAY = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
SOURCE = """
salesforce:
  instance: {url}
  credentials: {{clientId: {{env: CXONE_CLIENT_ID}}, clientSecret: {{env: CXONE_CLIENT_SECRET}}}}
  object: Lead
  where: {where}
  columns: {{contactId: Id, phone: Phone, email: Email, engagementScore: Score__c}}
  attributes: {{sf_status: Status, sf_source: attributes.type, company: Account.Name}}
  optedIn: DoNotCall = false
  region: US
  {more}
"""
SEGMENT = "source: crm\nscore: engaged\nlists: {engaged: callers}\nmembership: mirror\ndelivery: {method: contactIds}"


def lead(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "Id": f"00Q{number:015d}",
        "Phone": f"(415) 555-01{number:02d}",
        "Email": f"lead{number}@example.com",
        "Status": "Open",
        "Score__c": 90.0,
        "DoNotCall": False,
        "Account": {"Name": "Acme"},
        **changed,
    }


LEADS = [
    lead(1),
    lead(2, Phone="nobody"),
    lead(3, Phone=None),
    {name: value for name, value in lead(4).items() if name != "Id"},
    lead(5, DoNotCall=True),
    lead(6, Score__c=10),
    lead(7, Status="Closed"),
    lead(8, Account=None),
]


def declare(folder: Folder, tenant: Simulator, where: str = "Status = 'Open'", more: str = "") -> None:
    texts = [
        manifest("ContactSource", "crm", SOURCE.format(url=tenant.url, where=where, more=more)),
        manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"),
        manifest("ContactList", "callers", "name: Callers"),
        manifest("Segment", "callers", SEGMENT),
    ]
    folder.write("segments.yaml", "---\n".join(texts))


@pytest.fixture
def organisation(tenant: Simulator, folder: Folder) -> Organisation:
    """An organisation with eight leads, two on a page, and manifests that read the open ones."""
    organisation = tenant.store.part(Organisation)
    organisation.load("Lead", LEADS)
    organisation.page_size = 2
    tenant.store.add_contacts([each["Id"] for each in LEADS if "Id" in each])
    declare(folder, tenant)
    return organisation


def members(tenant: Simulator) -> set[str]:
    return set(tenant.store.list_named("Callers").members)


def test_every_record_is_accounted_for_and_the_next_plan_is_empty(
    tenant: Simulator, organisation: Organisation, run: Run
) -> None:
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "7 contacts in the source = 2 in + 5 out" in ended.out
    for words in ("cannot be used: no Id 1", "no valid phone 2", "no consent 1", "score below 75 1"):
        assert words in ended.out
    assert members(tenant) == {lead(1)["Id"], lead(8)["Id"]}
    ended = run("plan", "--detailed-exitcode")
    assert ended.code == 0, ended.out
    assert "No changes." in ended.out


def test_only_the_mapped_fields_are_asked_for(tenant: Simulator, organisation: Organisation, run: Run) -> None:
    assert run("plan").code == 0
    (asked,) = [call.query["q"] for call in tenant.requests() if "q" in call.query]
    assert asked == (
        "SELECT Id, Account.Name, DoNotCall, Email, Phone, Score__c, Status FROM Lead WHERE (Status = 'Open') ORDER BY Id"
    )
    pages = [call.path for call in tenant.requests() if call.surface == "salesforce" and not call.is_token_request]
    assert len(pages) == 4
    assert all(re.fullmatch(r"/services/data/v58\.0/query/(01g\w+-\d)?", page) for page in pages)


def test_a_token_that_ends_on_page_3_is_renewed_and_nobody_is_missing(
    tenant: Simulator, organisation: Organisation, run: Run
) -> None:
    tenant.faults.add("revoked-token", path="/query/01g", skip=1, times=1)
    ended = run("plan")
    assert ended.code == 0, ended.err
    assert "7 contacts in the source = 2 in + 5 out" in ended.out
    paths = [call.path for call in tenant.requests() if call.surface == "salesforce"]
    assert paths[3] == paths[5]
    assert paths[4] == "/services/oauth2/token"


@pytest.mark.matrix(instead="test_every_record_is_accounted_for_and_the_next_plan_is_empty")
def test_what_was_skipped_is_counted_by_its_reason_in_the_audit_too(
    organisation: Organisation, folder: Folder, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    lines = (folder.root / ".reconciler" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    (told,) = json.loads(lines[0])["audiences"]
    assert told == {
        "segment": "Segment/callers",
        "source": 7,
        "included": {"engaged": 2},
        "left_out": [
            {"code": "no_valid_phone", "args": {}, "count": 2},
            {"code": "below_threshold", "args": {"threshold": 75}, "count": 1},
            {"code": "no_consent", "args": {}, "count": 1},
            {"code": "unusable", "args": {"fault": {"code": "no_record_id", "args": {}}}, "count": 1},
        ],
        "left_out_codes": {"no_valid_phone": 2, "below_threshold": 1, "no_consent": 1, "unusable": 1},
    }
    assert run("audit", "verify").code == 0


def test_a_contact_is_followed_from_its_record(organisation: Organisation, run: Run) -> None:
    ended = run("explain", "contact", lead(2)["Id"], "--segment", "callers")
    assert ended.code == 0, ended.err
    assert re.search(r"segments\.yaml:\d+:\d+ record 3", ended.out), ended.out
    assert "no valid phone" in ended.out


def test_no_view_shows_who_a_record_is_of(organisation: Organisation, run: Run) -> None:
    told = run("plan").out + run("plan", "--format", "json").out + run("apply", "--yes").out
    for words in ("00Q0", "555-01", "example.com", "not-a-secret"):
        assert words not in told


def test_records_without_an_id_stop_the_plan_where_the_manifest_asks_for_it(
    tenant: Simulator, organisation: Organisation, folder: Folder, run: Run
) -> None:
    declare(folder, tenant, more="onInvalid: refuse")
    ended = run("plan")
    assert ended.code == 64
    assert "1 of 7 rows cannot be used" in ended.err
    assert "no Id" in ended.err


def test_a_renewal_that_is_refused_on_page_3_is_a_located_error_and_nothing_is_written(
    tenant: Simulator, organisation: Organisation, run: Run
) -> None:
    tenant.faults.add("revoked-token", path="/query/01g", skip=1, times=1)
    tenant.faults.add("status", path="/services/oauth2/token$", status=400, skip=1, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "error[token-refused]: Salesforce refuses to issue a token" in ended.err
    assert "/services/oauth2/token" in ended.err
    assert "page 3 of Lead of Salesforce; 4 records had been read, and none of them is kept" in ended.err
    assert "CXONE_CLIENT_SECRET" in ended.err
    assert not tenant.requests().writes()


def test_a_locator_that_ends_with_its_session_is_read_again_from_the_first_page(
    tenant: Simulator, organisation: Organisation, run: Run
) -> None:
    organisation.locators_of_session = True
    tenant.faults.add("revoked-token", path="/query/01g", skip=1, times=1)
    ended = run("plan")
    assert ended.code == 0, ended.err
    assert "7 contacts in the source = 2 in + 5 out" in ended.out


@pytest.mark.parametrize("status", [403, 429])
def test_the_daily_limit_is_told_at_its_page_and_asked_no_more(
    tenant: Simulator, organisation: Organisation, run: Run, status: int
) -> None:
    organisation.requests_left, organisation.limit_status = 2, status
    ended = run("plan")
    assert ended.code == 1
    assert "error[quota-spent]" in ended.err
    assert "page 3 of Lead" in ended.err
    assert "REQUEST_LIMIT_EXCEEDED" in ended.err
    assert len([call for call in tenant.requests() if "/query/" in call.path]) == 3


def test_a_client_that_may_not_use_the_api_is_told_so(folder: Folder, run: Run) -> None:
    with Simulator(Options(denied_scopes=frozenset({"api"}))) as strict:
        folder.write("tenant.yaml", TENANT.format(url=strict.url))
        declare(folder, strict)
        ended = run("plan")
    assert ended.code == 1
    assert "error[forbidden]: Salesforce does not let this client read Lead" in ended.err
    assert "API_DISABLED_FOR_ORG" in ended.err


def test_a_condition_that_salesforce_refuses_is_told_at_its_place(
    tenant: Simulator, organisation: Organisation, folder: Folder, run: Run
) -> None:
    declare(folder, tenant, where="Status = Open")
    ended = run("plan")
    assert ended.code == 64
    assert "MALFORMED_QUERY\n  where: segments.yaml:9:12\n" in ended.err


def test_a_field_that_the_object_has_not_is_told_where_it_is_mapped(
    tenant: Simulator, organisation: Organisation, folder: Folder, run: Run
) -> None:
    organisation.load("Lead", [{name: value for name, value in lead(1).items() if name != "Score__c"}])
    ended = run("plan")
    assert ended.code == 64
    assert "INVALID_FIELD\n  where: segments.yaml:10:75\n" in ended.err


def test_an_organisation_without_such_records_is_never_read_as_remove_everyone(
    tenant: Simulator, organisation: Organisation, folder: Folder, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    declare(folder, tenant, where="Status = 'Nobody'")
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "error[empty-source]" in ended.err
    assert members(tenant) == {lead(1)["Id"], lead(8)["Id"]}


def test_do_not_call_numbers_may_be_records_too(
    tenant: Simulator, organisation: Organisation, folder: Folder, run: Run
) -> None:
    people = ("  optedIn", "  attributes", "  columns")
    numbers = [line for line in SOURCE.splitlines(keepends=True) if not line.startswith(people)]
    numbers.insert(-1, "  columns: {{phone: Phone}}\n")
    source = "".join(numbers).format(url=tenant.url, where="Account.Name = null", more="")
    folder.write("registry.yaml", manifest("SuppressionList", "asked", f"{source}\nasOf: {TODAY}"))
    folder.write(
        "more.yaml",
        (folder.root / "segments.yaml").read_text(encoding="utf-8").split("---\n")[-1] + "  suppress: [asked]\n",
    )
    texts = (folder.root / "segments.yaml").read_text(encoding="utf-8").split("---\n")[:-1]
    folder.write("segments.yaml", "---\n".join(texts))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "suppressed by asked 1" in ended.out
    assert members(tenant) == {lead(1)["Id"]}


def test_the_pages_of_salesforce_are_counted_among_what_a_plan_was_read_with(
    tenant: Simulator, organisation: Organisation, run: Run
) -> None:
    planned = run("plan", "--format", "json")
    assert planned.code == 0, planned.err
    sent = tenant.requests()
    assert len(sent.to("/services/data/")) > 1
    assert json.loads(planned.out)["request_budget"]["reads"] == len(sent)
