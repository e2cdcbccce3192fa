"""Do jobs fail, reject and dawdle as they are told, and is a job taken whose 202 is lost?"""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from reconciler.simulator import JobPace, Options, Simulator
from tests.simulator.conftest import Client, Connect, Serve
from tests.simulator.test_bulk import ALL, INSERT, insert, item, job, phone
from tests.simulator.test_contacts import batch, person, phones, send


def _joined(tenant: Simulator) -> int:
    return len(tenant.store.list_named("All").members) - 5


def _errors(row: Any) -> list[tuple[int, str]]:
    return [(error["index"], error["code"]) for error in row["errors"]]


@pytest.mark.parametrize(
    ("which", "rejected"),
    [
        ({"index": [0, 3]}, [0, 3]),
        ({"phone": "0[12]$"}, [1, 2]),
        ({"external_id": "^K4$"}, [4]),
        ({"index": [0], "phone": "03$"}, [0, 3]),
        ({}, [0, 1, 2, 3, 4]),
    ],
)
def test_rows_are_rejected_one_by_one(
    tenant: Simulator, bulk: Client, which: dict[str, Any], rejected: list[int]
) -> None:
    tenant.faults.add("reject-rows", code="DNC", **which)
    rows = [item(n, customFields={"contactId": f"K{n}"}) for n in range(5)]
    row = job(bulk, insert(bulk, *rows))
    assert _errors(row) == [(index, "DNC") for index in rejected]
    assert (row["status"], row["failed"], _joined(tenant)) == ("COMPLETED", len(rejected), 5 - len(rejected))
    again = job(bulk, insert(bulk, *(rows[index] for index in rejected)))
    assert (again["failed"], _joined(tenant)) == (0, 5)


def test_the_rejections_of_a_batch_are_only_counted(tenant: Simulator, contacts: Client) -> None:
    tenant.faults.add("reject-rows", external_id="^X2$", phone="0103$")
    row = batch(
        contacts,
        send(contacts, person("X1"), person("X2"), person("X3", phone_numbers=phones("+14155550103"))),
    )
    assert (row["status"], row["processed_records"], row["failed_records"]) == ("COMPLETED", 3, 2)
    assert [key for key in tenant.store.contacts if key.startswith("X")] == ["X1"]
    assert "errors" not in row


@pytest.mark.parametrize(("fault", "status"), [("fail-job", "FAILED"), ("abort-job", "ABORTED")])
@pytest.mark.parametrize("took", [0, 2])
def test_a_job_that_does_not_complete_took_what_it_is_told(
    tenant: Simulator, bulk: Client, fault: str, status: str, took: int
) -> None:
    tenant.faults.add(fault, took=took)
    row = job(bulk, insert(bulk, *map(item, range(5))))
    assert (row["status"], row["succeeded"], row["failed"], row["errors"]) == (status, took, 5 - took, [])
    assert (row["progress"], _joined(tenant)) == (75, took)


def test_a_job_may_fail_row_by_row(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("fail-job", detail=True, took=1, code="NO_ROOM")
    row = job(bulk, insert(bulk, *map(item, range(3))))
    assert (row["status"], _errors(row)) == ("FAILED", [(1, "NO_ROOM"), (2, "NO_ROOM")])


def test_a_job_may_fail_early(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(polls=4))
    client = connect(tenant, "bulk")
    tenant.faults.add("fail-job", stage=2)
    made = insert(client, item(1))
    assert [job(client, made)["status"] for _ in range(3)] == ["RUNNING", "FAILED", "FAILED"]


def test_a_batch_fails(tenant: Simulator, contacts: Client) -> None:
    tenant.faults.add("fail-job", took=1)
    row = batch(contacts, send(contacts, person("X1"), person("X2")))
    assert (row["status"], row["processed_records"], row["failed_records"]) == ("FAILED", 1, 1)
    assert ("X1" in tenant.store.contacts, "X2" in tenant.store.contacts) == (True, False)


def test_a_slow_job_is_slow_alone(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("slow-job", seconds=600)
    slow, quick = insert(bulk, item(1)), insert(bulk, item(2))
    assert (job(bulk, slow)["status"], job(bulk, quick)["status"]) == ("QUEUED", "COMPLETED")
    tenant.jobs.finish(tenant.jobs.all[slow])
    assert (job(bulk, slow)["status"], _joined(tenant)) == ("COMPLETED", 2)


def test_a_job_goes_by_the_clock_without_being_asked(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(seconds=0.02, steps=2))
    insert(connect(tenant, "bulk"), item(1))
    while not _joined(tenant):
        time.sleep(0.005)
    assert [held.status for held in tenant.jobs.all.values()] == ["COMPLETED"]


def test_a_job_goes_on_when_the_tenant_is_served_again(connect: Connect) -> None:
    tenant = Simulator(Options(jobs=JobPace(seconds=0.1, steps=1)))
    tenant.store.add_list("All")
    with tenant:
        insert(connect(tenant, "bulk"), item(1))
    with tenant:
        while not tenant.store.list_named("All").members:
            time.sleep(0.005)
    assert [held.status for held in tenant.jobs.all.values()] == ["COMPLETED"]


def test_a_reset_ends_what_is_under_way(serve: Serve, connect: Connect) -> None:
    tenant = serve(jobs=JobPace(seconds=0.02, steps=1))
    insert(connect(tenant, "bulk"), item(1))
    tenant.reset()
    tenant.store.add_list("All")
    time.sleep(0.05)
    assert (tenant.jobs.all, tenant.store.list_named("All").members) == ({}, {})


@pytest.mark.parametrize("fault", ["reset-after", "cut-headers", "cut-body", "empty-body", "status", "hold-after"])
def test_a_job_whose_202_is_lost_was_taken_and_is_found(tenant: Simulator, bulk: Client, fault: str) -> None:
    settings: dict[str, Any] = {"status": {"status": 504, "after": True}, "hold-after": {"seconds": 30}}.get(fault, {})
    tenant.faults.add(fault, method="POST", **settings)
    body = {"contactListId": ALL, "items": [item(1)], "clientReference": "mine"}
    try:
        reply = bulk.send("POST", INSERT, body, timeout=0.2)
        assert b'"id":"JOB' not in reply.content
    except requests.RequestException:
        pass
    found = bulk.get("/outbound/jobs", clientReference="mine").json()["jobs"]
    assert [(row["status"], row["succeeded"]) for row in found] == [("COMPLETED", 1)]


def test_a_job_may_be_rejected_in_part_and_its_202_lost_as_well(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("reject-rows", index=[0], wire="reset")
    with pytest.raises(requests.ConnectionError):
        insert(bulk, item(1), item(2), clientReference="mine")
    assert bulk.get("/outbound/jobs", clientReference="mine").json()["jobs"][0]["failed"] == 1


def test_an_aborted_batch_is_not_known(tenant: Simulator, contacts: Client) -> None:
    rule = tenant.faults.add("abort-job")
    send(contacts, person("X1"))
    assert rule.hit == 0


class TestControl:
    def ask(self, client: Client, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        return client.session.request(method, f"{client.tenant.url}/_control{path}", json=body, params=query)

    def test_jobs_are_looked_at_with_what_they_wrote(self, bulk: Client) -> None:
        insert(bulk, item(1), item(2), clientReference="a")
        insert(bulk, item(2), item(3), clientReference="b")
        shown = self.ask(bulk, "GET", "/jobs").json()
        assert shown["written"] == {ALL: {"contacts": 3, "most": 2, "again": 1}}
        assert [(row["clientReference"], row["status"], row["total"]) for row in shown["jobs"]] == [
            ("a", "COMPLETED", 2),
            ("b", "COMPLETED", 2),
        ]
        assert len(self.ask(bulk, "GET", "/jobs", clientReference="b").json()["jobs"]) == 1
        writes = self.ask(bulk, "GET", "/jobs/writes", target=ALL, count=1, start=1).json()
        assert writes == {"writes": [{"contactId": "BULK-0000002", "jobs": 2}], "total": 3}
        assert phone(1) not in str(shown)

    def test_held_jobs_move_only_by_hand(self, bulk: Client) -> None:
        pace = self.ask(bulk, "PUT", "/jobs/pace", {"held": True, "steps": 2})
        assert pace.json()["held"] is True
        first, second = insert(bulk, item(1)), insert(bulk, item(2))
        self.ask(bulk, "POST", "/jobs/advance")
        self.ask(bulk, "POST", "/jobs/advance", {"ids": [second], "steps": None})
        assert [job(bulk, key)["status"] for key in (first, second)] == ["RUNNING", "COMPLETED"]

    def test_a_job_is_forgotten(self, tenant: Simulator, bulk: Client) -> None:
        made = [insert(bulk, item(n)) for n in range(3)]
        assert self.ask(bulk, "DELETE", "/jobs", {"ids": made[:1]}).status_code == 204
        assert [bulk.get(f"/outbound/jobs/{key}").status_code for key in made] == [404, 200, 200]
        self.ask(bulk, "DELETE", "/jobs")
        assert (tenant.jobs.all, _joined(tenant)) == ({}, 3)

    @pytest.mark.parametrize(
        ("method", "path", "body", "word"),
        [
            ("PUT", "/jobs/pace", {"polls": 0}, "polls"),
            ("PUT", "/jobs/pace", {"seconds": -1}, "no negative time"),
            ("POST", "/jobs/advance", {"ids": ["JOB-9"]}, "JOB-9"),
            ("DELETE", "/jobs", {"ids": ["JOB-9"]}, "JOB-9"),
            ("GET", "/jobs/writes", None, "target"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, bulk: Client, method: str, path: str, body: Any, word: str) -> None:
        reply = self.ask(bulk, method, path, body)
        assert (reply.status_code, word in reply.json()["error"]["message"]) == (400, True)
