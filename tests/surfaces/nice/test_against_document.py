"""What is asked of NICE's API, and what the embedded tenant answers, are as the vendor's document has it.

Every exchange of every test is held to it (tests/nice_document.py). Here are those that no other test makes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from reconciler.simulator import Options, Simulator
from reconciler.simulator.routing import Route
from reconciler.simulator.surfaces.nice import ROUTES
from tests import nice_document
from tests.conftest import Ended, Folder, manifest
from tests.delivery import write_contacts
from tests.nice_document import Exchanged, document, find_faults, find_operation, resolve
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]

pytestmark = pytest.mark.skipif(
    not nice_document.DOCUMENT, reason="RECONCILER_NICE_DOCUMENT does not say where the document is"
)


def test_this_program_asks_as_the_document_has_it(
    nice: Folder, tenant: Simulator, run: Run, record_property: Callable[[str, object], None]
) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    nice.write("group.yaml", manifest("DncGroup", "company", "scrubs: [chosen]\ncontributors: [chosen]"))
    start = Path(__file__).parents[2] / "cases" / "kinds" / "starts" / "skill.yaml"
    nice.write("skill.yaml", start.read_text(encoding="utf-8").partition("---")[2])
    source = {"of": {"name": "All customers"}}
    nice.write(
        "voice.yaml", manifest("ContactSource", "voice", f"interactions: {json.dumps(source | {'types': ['voice']})}")
    )
    assert run("apply", "--yes").code == 0, run("plan").said
    write_contacts(nice, range(2, 26), silver={3})
    declare_campaign(nice, description="Called second", at="2")
    tenant.faults.add("reset-after", method="POST", path="upload$")
    assert run("apply", "--yes").code == 0
    faults, asked = nice_document.WATCH.drain()
    record_property(nice_document.OPERATIONS, sorted(asked))
    assert (faults, len(asked) >= 34) == ([], True), sorted(asked)


LISTED = {"fieldName": "PhoneNumber", "fieldValue": "tel"}
RECORD = {"dncGroupRecords": [{"phoneNumber": "2125550101"}]}
SUPPRESSED = {
    "suppressedContactData": {
        "value": "2125550101",
        "skills": "9001",
        "startDate": "2026-07-01",
        "endDate": "2099-12-31",
    }
}
CSV = "aWQsdGVsDQpDMSwyMTI1NTUwMTAxDQo="  # id,tel and one row
QUERIES: Mapping[str, Mapping[str, str]] = {
    "POST /lists/call-lists": {"listName": "Walked", "externalIdColumn": "id"},
    "PUT /dnc-groups/{groupId}": {"dncGroupName": "Ours"},
    "PATCH /campaigns/{campaignId}/status": {"isActive": "true"},
    "POST /dnc-groups/search": {"phoneNumber": "2125550101"},
}
"""The queries of writes; those of reads are made of the document, and of `SAMPLES`."""
SAMPLES: Mapping[str, str] = {
    "startDate": "2026-01-01T00:00:00Z",
    "endDate": "2099-01-01T00:00:00Z",
    "updatedSince": "2026-01-01T00:00:00Z",
    "orderBy": "lastUpdateTime asc",
    "fields": "",
    "searchString": "e",
    "mediaTypeId": "4",
    "skip": "0",
    "top": "10",
    "isActive": "true",
    "isOutbound": "true",
    "includeRecords": "true",
}
BODIES: Mapping[str, Any] = {
    "POST /lists/call-lists": {"destinationMappings": [LISTED]},
    "POST /lists/call-lists/{listId}/upload": {
        "listFile": CSV,
        **dict.fromkeys(("forceOverwrite", "startSkill", "sendEmail"), False),
        "expirationDate": "2099-12-31",
    },
    "DELETE /lists/call-lists/{sourceName}/removeProspects": {"prospectsToRemove": [{"externalId": 1}]},
    "POST /contacts/{contactId}/set-disposition": {"dispositionInfo": {"skill": "1", "dispositionCode": "BUSY"}},
    "POST /campaigns": {"name": "Walked"},
    "PUT /campaigns/{campaignId}": {"name": "Walked again"},
    "POST /skills": {"skills": [{"skillName": "Walked", "mediaTypeId": 4, "campaignId": 501}]},
    "PUT /skills/{skillId}": {"skill": {"notes": "Walked"}},
    "POST /campaigns/{campaignId}/skills": {"skills": [9001], "addAll": False},
    "PUT /skills/{skillId}/parameters/time-zones": {"timeZoneSettings": [{"standardName": "Eastern Standard Time"}]},
    "POST /dnc-groups": {"dncGroupName": "Walked"},
    "POST /dnc-groups/{groupId}/records": {"dncGroupRecords": [{"phoneNumber": 2125550101}]},
    "DELETE /dnc-groups/{groupId}/records": RECORD,
    "POST /suppressed-contact": SUPPRESSED,
    "PUT /suppressed-contact/{suppressedContactId}": SUPPRESSED,
}
"""The bodies of writes; of those that are not here the document's, with what it needs and nothing else."""


class Walk:
    """Asks for every endpoint that the embedded tenant has and the document as well, each with all it may be asked with."""

    def __init__(self, tenant: Simulator) -> None:
        self.url, self.session = f"{tenant.url}/nice", requests.Session()
        key = {"accessKeyId": "demo-client", "accessKeySecret": "not-a-secret"}
        granted = self.session.post(f"{self.url}/authentication/v1/token/access-key", json=key).json()
        self.session.headers["Authorization"] = f"Bearer {granted['access_token']}"
        self.ids = {"campaignId": "501", "teamId": "301", "dispositionId": "1"}
        self.bodies = dict(BODIES)

    def ask(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> requests.Response:
        """The answer to one request."""
        where = path.format(**self.ids)
        url = f"{self.url}/incontactAPI/services/v33.0{where}"
        options = {} if body is None else {"json": body}
        return self.session.request(method, url, params=dict(query), **options)

    def walk(self, route: Route) -> list[str]:
        """Ask for an endpoint as it must be asked, and with each more that it takes; what was refused."""
        name = f"{route.method} {route.path}"
        found = find_operation(route.method, route.path)
        assert found is not None, name
        told = [resolve(each) for each in found[1].get("parameters", ())]
        needed = {each["name"] for each in told if each["in"] == "query" and each.get("required")}
        query = {**{each: SAMPLES[each] for each in needed & set(SAMPLES)}, **QUERIES.get(name, {})}
        body = self.bodies.get(name, self._make_body(found[1])) if route.takes_body else None
        tried = [query]
        if route.is_read:
            tried += [{**query, each: SAMPLES[each]} for each in sorted(route.query & set(SAMPLES) - set(query))]
        answers = [(each, self.ask(route.method, route.path, each, body)) for each in tried]
        refused = [f"{name} {each}: {answer.status_code} {answer.text}" for each, answer in answers if not answer.ok]
        unknown = {each["name"] for each in told if each["in"] == "query"} - route.query
        if route.takes_body:
            whole = _lay_over(self._make_body(found[1], whole=True), self.bodies.get(name))
            answer = self.ask(route.method, route.path, query, whole)
            unknown |= {answer.text} if "unknown field" in answer.text else set()
        return refused + [f"{name}: the document has {each}, and it does not" for each in sorted(unknown)]

    def _make_body(self, operation: Mapping[str, Any], *, whole: bool = False) -> Any:
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        return _make(resolve(schema), whole=whole)


def _make(schema: Mapping[str, Any], *, whole: bool) -> Any:
    """The least that a schema takes, or all that it knows."""
    if "anyOf" in schema:
        return _make(schema["anyOf"][0], whole=whole)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        names = schema.get("properties", ()) if whole else schema.get("required", ())
        return {each: _make(schema["properties"][each], whole=whole) for each in names}
    if schema.get("type") == "array":
        return [_make(schema.get("items", {}), whole=whole)]
    return {"number": 1, "boolean": False}.get(schema.get("type", ""), "x")


def _lay_over(made: Any, known: Any) -> Any:
    """A made body with the values that are known to be good."""
    if isinstance(made, dict) and isinstance(known, Mapping):
        return {name: _lay_over(value, known.get(name)) for name, value in made.items()}
    if isinstance(made, list) and isinstance(known, list):
        return [_lay_over(made[0], each) for each in known]
    return made if known is None else known


@pytest.fixture
def walk() -> Iterator[Walk]:
    """A walk over a tenant that has one of everything."""
    with Simulator(Options(surfaces=frozenset({"nice"}))) as tenant:
        tenant.store.add_contacts([{"id": "1", "phoneNumber": "+12125550101"}])
        tenant.store.add_list("Evening", ["1"])
        tenant.store.add_campaign("Evening", "Evening", dialType="predictive", status="active")
        tenant.store.add_interactions([{"id": "V1", "startTime": "2026-03-01T12:00:00Z", "contactId": "1"}])
        made = Walk(tenant)
        made.ask("POST", "/campaigns", {}, {"name": "First"})
        made.ids["skillId"] = str(made.ask("GET", "/skills", {}).json()["skills"][0]["skillId"])
        made.ids["contactId"] = str(
            made.ask("GET", "/contacts/completed", {}).json()["completedContacts"][0]["contactId"]
        )
        lists = made.ask(
            "POST", "/lists/call-lists", {"listName": "L", "externalIdColumn": "id"}, BODIES["POST /lists/call-lists"]
        )
        made.ids["listId"] = made.ids["sourceName"] = str(lists.json()["listId"])
        job = made.ask(
            "POST", "/lists/call-lists/{listId}/upload", {}, BODIES["POST /lists/call-lists/{listId}/upload"]
        )
        made.ids["jobId"] = str(job.json()["jobId"])
        group = made.ask("POST", "/dnc-groups", {}, {"dncGroupName": "Company"})
        made.ids["groupId"] = str(group.json()["dncGroups"][0]["dncGroupId"])
        made.ask("POST", "/suppressed-contact", {}, SUPPRESSED)
        found = made.ask("GET", "/suppressed-contact", {}).json()["suppressedContacts"]
        made.ids["suppressedContactId"] = str(found[0]["suppressedContactId"])
        outcome = {"skill": made.ids["skillId"], "dispositionCode": "BUSY"}
        made.bodies["POST /contacts/{contactId}/set-disposition"] = {"dispositionInfo": outcome}
        yield made
        made.session.close()


def test_every_endpoint_of_the_embedded_tenant_is_as_the_document_has_it(
    walk: Walk, record_property: Callable[[str, object], None]
) -> None:
    nice_document.WATCH.drain()
    below = [
        each for each in ROUTES if not each.path.startswith(("/.well-known/", "/auth/", "/public/", "/media-", "/rta/"))
    ]
    foreign = {each.path for each in below if find_operation(each.method, each.path) is None}
    assert foreign == set(nice_document.KNOWN_BY_CLIENTS)
    # what takes something away comes last, and what has others in it after these
    routes = sorted(
        (each for each in below if each.path not in foreign),
        key=lambda each: (each.method == "DELETE", -each.path.count("/")),
    )
    refused = [line for route in routes for line in walk.walk(route)]
    faults, asked = nice_document.WATCH.drain()
    record_property(nice_document.OPERATIONS, sorted(asked))
    print(f"{len(asked)} operations of the document", *sorted(asked), sep="\n")  # noqa: T201 - it is to be read
    # the document tells many rows as one object there, so nobody knows how they are told
    unknown = ("GET /wfm-data/skills/contacts", "GET /wfm-data/skills/agent-performance")
    assert [line for line in refused if not line.startswith(unknown)] == []
    assert faults == []
    assert len(asked) >= 60
    told = {f"{each.method} {each.path}" for each in routes}
    assert told - asked == set(unknown)


def write(body: Any) -> bytes:
    return b"" if body is None else orjson.dumps(body)


def test_what_is_not_as_the_document_has_it_is_found() -> None:
    def exchange(
        method: str, path: str, query: dict[str, str], body: Any, status: int, answer: Any, **more: Any
    ) -> Exchanged:
        return Exchanged(method, path, query, write(body), status, write(answer), **more)

    said = {"icStatusDescription": "no"}
    refusal = {"error": "bad_request", "errorDescription": "no"}
    for good in (
        exchange("POST", "/campaigns", {}, {"name": "X"}, 200, {"id": 1}),
        exchange("GET", "/agents", {}, None, 200, {"agents": []}),
        exchange("POST", "/campaigns", {}, {"colour": 1}, 400, refusal, headers=said),
        exchange("GET", "/campaigns/9", {}, None, 404, None, headers=said),
    ):
        assert list(find_faults(good)) == [], good
    for odd in (
        exchange("POST", "/campaigns", {"colour": "red"}, {"name": "X"}, 200, {"id": 1}),
        exchange("POST", "/campaigns", {}, {"description": "X"}, 200, {"id": 1}),
        exchange("POST", "/campaigns", {}, {"name": "X", "colour": "red"}, 200, {"id": 1}),
        exchange("POST", "/campaigns", {}, {"name": "X"}, 200, {"id": "one"}),
        exchange("POST", "/campaigns", {}, {"name": "X"}, 200, {"id": 1, "colour": "red"}),
        exchange("POST", "/campaigns", {}, {"name": "X"}, 200, None),
        exchange("POST", "/campaigns", {}, {"colour": 1}, 400, refusal, headers=said, whose="cxone-reconciler/1"),
        exchange("POST", "/campaigns", {}, {"colour": 1}, 400, refusal),
        exchange("POST", "/campaigns", {}, {"colour": 1}, 400, {"message": "no"}, headers=said),
        exchange("GET", "/lists/call-lists/jobs", {}, None, 204, None),
        exchange("GET", "/lists/call-lists", {"top": "many"}, None, 204, None),
        exchange("GET", "/campaigns", {"isActive": "perhaps"}, None, 204, None),
        exchange("GET", "/campaigns", {}, None, 204, {}),
        exchange("POST", "/skills/1/start", {}, {}, 204, None),
        exchange("DELETE", "/skills/1", {}, None, 204, None),
        exchange("GET", "/dnc-groups", {}, None, 200, {"dncGroups": []}),
    ):
        assert list(find_faults(odd)), odd


def test_each_end_of_a_long_list_is_held_to_the_document() -> None:
    rows = [{"id": n} for n in range(1000)]
    for place in (0, -1):
        odd: list[dict[str, Any]] = [*rows]
        odd[place] = {"id": "x"}
        each = Exchanged("GET", "/campaigns", {}, b"", 200, write({"campaigns": odd}))
        assert list(find_faults(each)), place
    assert len(document()["paths"]) == 173
