"""Contacts that are records of Salesforce: what a plan says of every one of them, and what stops it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.organisation import Organisation
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]

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
