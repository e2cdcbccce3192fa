"""The method `listUpload`: a list is made, filled, changed and emptied by files, and every row is accounted for.

A job does not say who was not taken: the tally of its list does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.request_log import Received
from reconciler.surfaces.nice.uploads import is_as_sent
from tests.conftest import Ended, Folder, manifest
from tests.delivery import contact, on_list, write_contacts
from tests.surfaces.nice.conftest import declare_segment

Run = Callable[..., Ended]


def test_a_list_is_made_and_filled_and_changed_by_uploads_and_a_second_plan_is_empty(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert set(on_list(tenant)) == {contact(n) for n in range(25)}
    assert run("plan", "--detailed-exitcode").code == 0
    write_contacts(nice, range(1, 27), silver={3})
    tenant.clear_requests()
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    held = on_list(tenant)
    assert set(held) == {contact(n) for n in range(1, 27)}
    assert held[contact(3)]["tier"] == "silver"
    assert run("plan", "--detailed-exitcode").code == 0


def uploads(tenant: Simulator) -> list[Received]:
    """The uploads that were sent."""
    return [each for each in tenant.requests() if each.path.endswith("/upload")]


def test_a_change_is_one_upload_of_the_delta_and_one_removal(nice: Folder, tenant: Simulator, run: Run) -> None:
    declare_segment(nice, chunk=1000)
    assert run("apply", "--yes").code == 0
    write_contacts(nice, range(1, 26), silver={3, 4})
    tenant.clear_requests()
    assert run("apply", "--yes").code == 0
    writes = [each.path.rpartition("/")[2] for each in tenant.requests().writes()]
    assert writes == ["upload", "removeProspects"]
    # two changed and one new: of the others nothing is sent
    assert [job.total for job in tenant.jobs.of("nice")][1:] == [3]


def test_rows_that_the_lists_count_says_were_not_taken_are_named_by_who_has_arrived(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    declare_segment(nice, chunk=1000)
    tenant.faults.add("reject-rows", method="POST", path="upload$", external_id="^C000[37]$", times=None)
    ended = run("apply", "--yes")
    assert ended.code == 5, ended.said
    assert set(on_list(tenant)) == {contact(n) for n in range(25)} - {contact(3), contact(7)}
    # they are named at once: nothing is sent again to find them
    assert len(uploads(tenant)) == 1
    told = run("pending").out
    assert "2" in told
    assert "the tenant counts it as not valid, and does not say why" in told


@pytest.mark.parametrize("fault", ["reset-after", "reset-before"])
def test_an_upload_whose_reply_was_lost_is_looked_up_before_it_is_sent_again(
    nice: Folder, tenant: Simulator, run: Run, fault: str
) -> None:
    declare_segment(nice, chunk=1000)
    tenant.faults.add(fault, method="POST", path="upload$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    looked = [each for each in tenant.requests() if each.path.endswith("/jobs")]
    assert len(looked) == 1
    jobs = tenant.jobs.writes(tenant.store.list_named("Chosen").id)
    assert jobs == {contact(n): 1 for n in range(25)}
    assert len(uploads(tenant)) == (1 if fault == "reset-after" else 2)


def test_a_run_that_ended_after_an_upload_goes_on_with_its_job_and_sends_nothing_twice(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    declare_segment(nice, chunk=10)
    tenant.faults.add("reset-after", method="POST", path="upload$", skip=1)
    tenant.faults.add("status", method="GET", path="/jobs$", status=403)
    assert run("apply", "--yes").code in (1, 5)
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.said
    assert tenant.jobs.writes(tenant.store.list_named("Chosen").id) == {contact(n): 1 for n in range(25)}
    assert run("plan", "--detailed-exitcode").code == 0


def test_an_upload_that_is_cancelled_in_the_tenant_is_sent_again(nice: Folder, tenant: Simulator, run: Run) -> None:
    declare_segment(nice, chunk=1000)
    tenant.faults.add("abort-job", method="POST", path="upload$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert len(uploads(tenant)) == 2
    assert set(on_list(tenant)) == {contact(n) for n in range(25)}


def test_a_list_has_no_new_name_and_a_plan_says_so(nice: Folder, tenant: Simulator, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    nice.write("list.yaml", manifest("ContactList", "chosen", "name: Renamed\nwas: Chosen"))
    planned = run("plan", "--fail-on", "refuse")
    assert planned.code != 0
    assert "the tenant does not change the name" in planned.said
    assert tenant.store.find_list("Renamed") is None


def test_a_contact_that_is_off_the_list_already_is_no_refusal_of_its_removal(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    write_contacts(nice, range(5, 25))
    # it is done, and the answer is lost: asked again, the tenant says of each that it failed
    tenant.faults.add("reset-after", method="DELETE", path="removeProspects$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert set(on_list(tenant)) == {contact(n) for n in range(5, 25)}
    assert "No contact is pending retry" in run("pending").out


def test_a_list_that_is_no_longer_declared_is_deleted_if_the_ledger_says_that_it_is_ours(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    tenant.store.add_list("By hand")
    assert run("apply", "--yes").code == 0
    for name in ("list.yaml", "segment.yaml", "source.yaml", "score.yaml"):
        (nice.root / name).unlink()
    assert "LIM-EMPTIED" in run("plan", "--prune").out
    held = tenant.store.list_named("Chosen")
    tenant.store.drop_members(held, list(held.members))
    ended = run("apply", "--yes", "--prune")
    assert ended.code == 0, ended.said
    assert [each.name for each in tenant.store.lists.values()] == ["By hand"]
    assert run("plan", "--prune", "--detailed-exitcode").code == 0


def test_a_record_is_as_it_was_sent_if_all_that_the_file_says_of_it_is_there() -> None:
    row: dict[str, Any] = {
        "member": None,
        "sent_as": "C1",
        "contactId": "C1",
        "phone": "+12125550101",
        "firstName": "Ada",
    }
    row |= {"lastName": None, "data": {"score": 80, "tier": "007", "priority": None}}
    record: dict[str, Any] = {"externalId": "C1", "firstName": "Ada", "lastName": "Byron", "score": "80.0"}
    record |= {"destinations": [{"formattedDestination": "2125550101"}]}
    record |= {"otherFields": [{"fieldName": "tier", "fieldValue": '"007"'}]}
    assert is_as_sent(row, record)
    other: list[dict[str, object]] = [
        {"firstName": "Bo"},
        {"score": "81"},
        {"score": ""},
        {"destinations": []},
        {"destinations": [{"formattedDestination": "2125550102"}]},
        {"otherFields": [{"fieldName": "tier", "fieldValue": "007"}, {"fieldName": "tier", "fieldValue": "7"}]},
        {"icSourceRemoved": True},
    ]
    assert [each for each in other if is_as_sent(row, {**record, **each})] == []
