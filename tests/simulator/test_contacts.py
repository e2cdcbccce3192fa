"""Does the surface `contacts` take batches, refuse and report as the contract says, into the one directory?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import JobPace, Simulator
from tests.simulator.conftest import SCOPES, Client, Connect, Serve, refused

PHONE, OTHER = "+14155550102", "+14155550103"


def person(external_id: str, **more: Any) -> dict[str, Any]:
    return {"external_id": external_id, **more}


def phones(*numbers: str) -> list[dict[str, Any]]:
    return [{"number": number, "type": "MOBILE", "primary": number == PHONE} for number in numbers]


def send(client: Client, *people: dict[str, Any]) -> str:
    reply = client.post("/contacts/batch", {"contacts": list(people)})
    assert reply.status_code == 202, reply.text
    return str(reply.json()["job_id"])


def batch(client: Client, job_id: str) -> Any:
    return client.get(f"/contacts/batch/{job_id}").json()


def test_a_batch_is_taken_at_once_and_polled_for_its_end(contacts: Client) -> None:
    began = contacts.post("/contacts/batch", {"contacts": [person("X1"), person("X2")]}).json()
    assert began.pop("created_time").endswith("Z")
    assert began == {"job_id": "BATCH-1001", "status": "PROCESSING", "total_records": 2, "processed_records": 0}
    ended = batch(contacts, "BATCH-1001")
    assert ended.pop("created_time") <= ended.pop("completed_time")
    assert ended == {
        "job_id": "BATCH-1001",
        "status": "COMPLETED",
        "total_records": 2,
        "processed_records": 2,
        "failed_records": 0,
    }


def test_a_batch_under_way_has_no_end_yet(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(polls=2, gradually=True))
    client = connect(tenant, "contacts")
    made = send(client, person("X1"), person("X2"))
    first = batch(client, made)
    assert (first["status"], first["processed_records"], first["completed_time"]) == ("PROCESSING", 1, None)
    assert batch(client, made)["status"] == "COMPLETED"


def test_a_contact_has_its_external_id_on_every_other_surface(
    tenant: Simulator, contacts: Client, outbound: Client, lists: Client
) -> None:
    row = person(
        "X1",
        name="Ann Example",
        phone_numbers=phones(OTHER, PHONE),
        email_addresses=[{"email": "ann@example.com", "primary": True}],
        custom_attributes={"sf_status": "Open"},
    )
    send(contacts, row)
    outbound.post("/outbound/contactlists/CL-1001/contacts", {"contactIds": ["X1"]})
    lists.post("/lists/CL-1001/contacts", [{"contactId": "X1", "data": {"priority": 1}}])
    assert outbound.get("/outbound/contactlists/CL-1001/contacts", start=5).json()["contacts"] == [
        {
            "id": "X1",
            "status": "ACTIVE",
            "phoneNumber": PHONE,
            "name": "Ann Example",
            "email": "ann@example.com",
            "customAttributes": {"sf_status": "Open"},
        }
    ]
    assert tenant.store.with_phone(PHONE) == ("X1",)


def test_what_is_not_sent_stays(tenant: Simulator, contacts: Client) -> None:
    send(contacts, person("C4", name="Dan", custom_attributes={"a": 1}))
    send(contacts, person("C4", custom_attributes={"b": 2}))
    assert tenant.store.contacts["C4"].to_wire() == {
        "id": "C4",
        "status": "ARCHIVED",
        "engagementScore": 40.0,
        "phoneNumber": "+12025550104",
        "name": "Dan",
        "customAttributes": {"b": 2},
    }
    send(contacts, person("C4", phone_numbers=[]))
    assert tenant.store.contacts["C4"].phone_number is None
    assert tenant.jobs.writes("directory") == {"C4": 3}


def test_a_bulk_row_finds_the_contact_that_a_batch_made(tenant: Simulator, contacts: Client, bulk: Client) -> None:
    send(contacts, person("X1", phone_numbers=phones(PHONE)))
    body = {"contactListId": "CL-1001", "items": [{"phoneNumber": PHONE, "customFields": {"score": 3}}]}
    bulk.post("/outbound/contactlistitems/bulkinsert", body)
    assert tenant.store.list_named("All").members["X1"] == {"score": 3}


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([], "contacts"),
        ([person(f"X{n}") for n in range(501)], "500"),
        ([person("X1"), {"name": "Ann"}], "contacts[1].external_id"),
        ([person(" ")], "contacts[0].external_id"),
        ([person("X1"), person("X2"), person("X1")], "contacts[2].external_id: is that of contacts[0]"),
        ([person("X1", phone_numbers=phones("4155550102"))], "contacts[0].phone_numbers[0].number"),
        ([person("X1", phone_numbers=phones("+1 (415) 555-0102"))], "contacts[0].phone_numbers[0].number"),
        ([person("X1", phone_numbers=[{"number": PHONE, "primary": "yes"}])], "phone_numbers[0].primary"),
        ([person("X1", phone_numbers=PHONE)], "contacts[0].phone_numbers"),
        ([person("X1", email_addresses=[{"primary": True}])], "email_addresses[0].email"),
        ([person("X1", custom_attributes=[])], "custom_attributes"),
        ([person("X1", externalId="X1")], "contacts[0].externalId"),
    ],
)
def test_what_is_wrong_is_refused_by_the_field_and_makes_no_job(
    tenant: Simulator, contacts: Client, rows: Any, word: str
) -> None:
    refused(contacts.post("/contacts/batch", {"contacts": rows}), 400, word)
    assert tenant.jobs.all == {}


def test_five_hundred_contacts_are_taken(contacts: Client) -> None:
    made = send(contacts, *(person(f"X{n}") for n in range(500)))
    assert batch(contacts, made)["processed_records"] == 500


def test_a_job_of_the_other_surface_is_not_found(tenant: Simulator, contacts: Client, bulk: Client) -> None:
    made = send(contacts, person("X1"))
    refused(bulk.get(f"/outbound/jobs/{made}"), 404, made)
    refused(contacts.get("/contacts/batch/BATCH-9"), 404, "BATCH-9")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/contacts/batch", "contact-center:contacts:write"),
        ("GET", "/contacts/batch/BATCH-1", "contact-center:contacts:read"),
    ],
)
def test_every_endpoint_names_the_scope_it_misses(
    tenant: Simulator, connect: Connect, method: str, path: str, scope: str
) -> None:
    others = SCOPES["contacts"].replace(scope, "")
    refused(connect(tenant, "contacts", others).send(method, path), 403, scope)


def test_rows_are_counted_in_the_request_log_and_not_kept(tenant: Simulator, contacts: Client) -> None:
    send(contacts, person("X1", name="Ann Example", phone_numbers=phones(PHONE)))
    written = tenant.requests().writes()[-1]
    assert (written.rows, written.body) == (1, {})
    assert not [word for word in (PHONE, "Ann Example") if word in repr(tenant.requests())]
