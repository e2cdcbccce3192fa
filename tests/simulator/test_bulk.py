"""Does the surface `bulk` take rows, refuse and report as the contract says, over the one store?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Job, JobPace, Simulator
from reconciler.simulator.surfaces.bulk import row_digest
from tests.simulator.conftest import SCOPES, Client, Connect, Serve, refused

INSERT = "/outbound/contactlistitems/bulkinsert"
ALL = "CL-1001"


def phone(number: int) -> str:
    """One of ten thousand numbers kept for fiction: 555-0100 to 555-0199 in a hundred area codes."""
    return f"+1{301 + number // 100}55501{number % 100:02d}"


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"phoneNumber": phone(number), **more}


def insert(client: Client, *items: dict[str, Any], **more: Any) -> str:
    """Send rows to the list "All"; the job's id."""
    reply = client.post(INSERT, {"contactListId": ALL, "items": list(items), **more})
    assert reply.status_code == 202, reply.text
    assert reply.json().keys() == {"id"}
    return str(reply.json()["id"])


def job(client: Client, job_id: str) -> Any:
    return client.get(f"/outbound/jobs/{job_id}").json()


def test_a_job_is_taken_and_tells_what_became_of_its_rows(bulk: Client) -> None:
    made = insert(bulk, item(1), item(2), clientReference="run-1/3")
    assert job(bulk, made) == {
        "id": "JOB-1001",
        "status": "COMPLETED",
        "progress": 100,
        "total": 2,
        "succeeded": 2,
        "failed": 0,
        "errors": [],
        "clientReference": "run-1/3",
    }


def test_a_job_is_found_by_its_reference_alone(bulk: Client) -> None:
    insert(bulk, item(1))
    mine = [insert(bulk, item(n), clientReference="mine") for n in (2, 3)]
    found = bulk.get("/outbound/jobs", clientReference="mine").json()["jobs"]
    assert [row["id"] for row in found] == mine
    assert found[0] == job(bulk, mine[0])
    assert bulk.get("/outbound/jobs", clientReference="another").json() == {"jobs": []}


def test_a_row_of_a_new_number_is_a_new_contact_that_every_surface_shows(
    bulk: Client, lists: Client, outbound: Client
) -> None:
    insert(bulk, item(7, firstName="Ann", email="ann@example.com", customFields={"contactId": "X7", "score": 3}))
    assert lists.get(f"/lists/{ALL}/contacts").json()["data"][-1] == {
        "contactId": "BULK-0000001",
        "data": {"contactId": "X7", "score": 3},
    }
    assert outbound.get(f"/outbound/contactlists/{ALL}/contacts").json()["contacts"][-1] == {
        "id": "BULK-0000001",
        "status": "ACTIVE",
        "phoneNumber": phone(7),
        "firstName": "Ann",
        "email": "ann@example.com",
    }


def test_a_row_of_a_members_number_updates_that_member(tenant: Simulator, bulk: Client) -> None:
    tenant.store.change_contact("C2", phoneNumber=phone(2), firstName="Bea", city="Lyon")
    tenant.store.add_contacts([{"id": "N1", "phoneNumber": phone(2)}])
    insert(bulk, item(2, firstName="Beatrice", customFields={"score": 9}))
    members = tenant.store.list_named("All").members
    assert (list(members), members["C2"]) == (["C1", "C2", "C3", "C4", "C5"], {"score": 9})
    assert tenant.store.contacts["C2"].more == {"firstName": "Beatrice", "city": "Lyon"}
    insert(bulk, item(2))
    assert members["C2"] == {"score": 9}


def test_a_row_of_the_number_of_one_contact_puts_that_contact_on_the_list(tenant: Simulator, bulk: Client) -> None:
    tenant.store.add_contacts([{"id": "N1", "phoneNumber": phone(1)}])
    insert(bulk, item(1))
    assert "N1" in tenant.store.list_named("All").members


def test_a_row_of_the_number_of_two_contacts_is_a_new_contact_and_later_the_same(
    tenant: Simulator, bulk: Client
) -> None:
    tenant.store.add_contacts([{"id": key, "phoneNumber": phone(1)} for key in ("N1", "N2")])
    insert(bulk, item(1))
    insert(bulk, item(1), item(1))
    members = tenant.store.list_named("All").members
    assert list(members)[5:] == ["BULK-0000001"]
    assert tenant.jobs.writes(ALL) == {"BULK-0000001": 2}


def test_a_number_follows_its_contact(tenant: Simulator, bulk: Client) -> None:
    insert(bulk, item(9))
    tenant.store.change_contact("C1", phoneNumber=phone(1))
    tenant.store.change_contact("C1", phoneNumber=phone(2))
    tenant.store.change_contact("C2", phoneNumber=phone(3))
    tenant.store.add_contacts([{"id": "C6", "phoneNumber": phone(2)}])
    tenant.store.remove_contact("C2")
    assert [tenant.store.with_phone(phone(n)) for n in (1, 2, 3)] == [(), ("C1", "C6"), ()]


def test_the_number_of_an_archived_contact_is_rejected_by_the_row(tenant: Simulator, bulk: Client) -> None:
    row = job(bulk, insert(bulk, item(1), {"phoneNumber": "+12025550104"}, item(2)))
    assert (row["status"], row["succeeded"], row["failed"]) == ("COMPLETED", 2, 1)
    assert [(error["index"], error["code"]) for error in row["errors"]] == [(1, "CONTACT_NOT_ACTIVE")]
    assert "+12025550104" not in str(row)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"items": [item(1)]}, "contactListId"),
        ({"contactListId": ALL}, "items"),
        ({"contactListId": ALL, "items": []}, "items"),
        ({"contactListId": ALL, "items": {}}, "items"),
        ({"contactListId": ALL, "items": [item(n % 10_000) for n in range(10_001)]}, "10000"),
        ({"contactListId": ALL, "items": [item(1), {}]}, "items[1].phoneNumber"),
        ({"contactListId": ALL, "items": [{"phoneNumber": "4155550102"}]}, "items[0].phoneNumber"),
        ({"contactListId": ALL, "items": [{"phoneNumber": "+1 415 555 0102"}]}, "items[0].phoneNumber"),
        ({"contactListId": ALL, "items": [{"phoneNumber": 14155550102}]}, "items[0].phoneNumber"),
        ({"contactListId": ALL, "items": [item(1, firstName=None)]}, "items[0].firstName"),
        ({"contactListId": ALL, "items": [item(1, customFields=[])]}, "items[0].customFields"),
        ({"contactListId": ALL, "items": [item(1, contactId="C1")]}, "items[0].contactId"),
        ({"contactListId": ALL, "items": [item(1)], "clientReference": ""}, "clientReference"),
        ({"contactListId": ALL, "items": [item(1)], "listId": ALL}, "listId"),
    ],
)
def test_what_is_wrong_is_refused_by_the_field_and_makes_no_job(
    tenant: Simulator, bulk: Client, body: Any, word: str
) -> None:
    reply = bulk.post(INSERT, body)
    refused(reply, 400, word)
    assert "555" not in reply.json()["error"]["message"].replace("+14155550102", "")  # the example, not the value
    assert tenant.jobs.all == {}


def test_ten_thousand_items_are_taken(bulk: Client) -> None:
    assert job(bulk, insert(bulk, *map(item, range(10_000))))["succeeded"] == 10_000


def test_what_is_not_there_is_not_found(bulk: Client) -> None:
    refused(bulk.post(INSERT, {"contactListId": "CL-9", "items": [item(1)]}), 404, "CL-9")
    refused(bulk.get("/outbound/jobs/JOB-9"), 404, "JOB-9")
    refused(bulk.get("/outbound/jobs"), 400, "clientReference")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", INSERT, "outbound:contactlistitem:write"),
        ("GET", "/outbound/jobs/JOB-1", "outbound:job:read"),
        ("GET", "/outbound/jobs", "outbound:job:read"),
        ("GET", "/events", "events:subscribe"),
    ],
)
def test_every_endpoint_names_the_scope_it_misses(
    tenant: Simulator, connect: Connect, method: str, path: str, scope: str
) -> None:
    others = SCOPES["bulk"].replace(scope, "")
    refused(connect(tenant, "bulk", others).send(method, path), 403, scope)


def test_rows_are_counted_in_the_request_log_and_not_kept(tenant: Simulator, bulk: Client) -> None:
    insert(bulk, item(1), item(2), clientReference="mine")
    written = tenant.requests().writes()[-1]
    assert (written.rows, written.body) == (2, {"contactListId": ALL, "clientReference": "mine"})
    assert phone(1) not in repr(tenant.requests())


def _status(tenant: Simulator, job_id: str) -> tuple[str, int, int]:
    held: Job = tenant.jobs.all[job_id]
    return held.status, held.progress, len(tenant.store.list_named("All").members) - 5


def test_a_job_by_polls_ends_with_the_last_of_them_and_its_rows_take_effect_then(
    serve: Serve, connect: Connect
) -> None:
    tenant = serve(jobs=JobPace(polls=3))
    client = connect(tenant, "bulk")
    made = insert(client, item(1), item(2), item(3))
    seen = [_status(tenant, made)]
    for _ in range(4):
        reply = job(client, made)
        seen.append(_status(tenant, made))
        assert (reply["status"], reply["progress"]) == seen[-1][:2]
    assert seen == [
        ("QUEUED", 0, 0),
        ("RUNNING", 33, 0),
        ("RUNNING", 66, 0),
        ("COMPLETED", 100, 3),
        ("COMPLETED", 100, 3),
    ]


def test_rows_may_take_effect_gradually(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(polls=2, gradually=True))
    client = connect(tenant, "bulk")
    made = insert(client, *map(item, range(5)))
    half = job(client, made)
    assert (half["status"], half["succeeded"], _status(tenant, made)[2]) == ("RUNNING", 2, 2)
    assert (job(client, made)["succeeded"], _status(tenant, made)[2]) == (5, 5)


def test_the_rows_of_a_list_that_is_deleted_meanwhile_are_rejected(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(polls=1))
    client = connect(tenant, "bulk")
    made = insert(client, item(1))
    tenant.store.remove_list(tenant.store.list_named("All"))
    row = job(client, made)
    assert (row["failed"], row["errors"][0]["code"]) == (1, "LIST_NOT_FOUND")


def test_a_tenant_that_forgets_rows_counts_and_digests_them(serve: Serve, connect: Connect) -> None:
    tenant = serve(forget_rows=True)
    client = connect(tenant, "bulk")
    rows = [item(n, customFields={"score": n, "band": "high"}) for n in range(20)]
    made = [insert(client, *rows[:10]), insert(client, *rows[10:])]
    contact_list = tenant.store.list_named("All")
    assert (contact_list.count, len(contact_list.members)) == (25, 5)
    turned = [{"customFields": {"band": "high", "score": n}, "phoneNumber": phone(n)} for n in range(20)]
    assert sum(tenant.jobs.all[key].digest for key in made) % 2**64 == sum(map(row_digest, turned)) % 2**64


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"polls": 0}, {"seconds": -1}])
def test_a_pace_that_nothing_can_keep_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        JobPace(**wrong)
