"""Does every row get onto the list by each of the four ways, and is each that does not accounted for?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.model import instants
from reconciler.model.errors import Exit
from reconciler.simulator import Options, Simulator
from reconciler.simulator.demo_tenant import next_window
from tests import delivery
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import METHODS, contact, on_list, phone
from tests.words import described

Run = Callable[..., Ended]
EVERYBODY = range(40)


def ready(tenant: Simulator, folder: Folder, method: str, **said: Any) -> None:
    delivery.known(tenant, method, EVERYBODY)
    delivery.write_contacts(folder, EVERYBODY)
    delivery.declare(folder, tenant, method, **said)


def one_has_a_new_number_and_the_old_one_is_suppressed(folder: Folder, run: Run) -> None:
    """Contact 5, on the list by the number that the tenant has still."""
    folder.write("registry.csv", "number\n+12125550199\n")
    registry = "files: {paths: [registry.csv], format: csv, columns: {contactId: number, phone: number}}"
    folder.write(
        "registry.yaml",
        manifest("SuppressionList", "registry", f"{registry}\nasOf: {instants.format_instant(datetime.now(UTC))}"),
    )
    segment = (folder.root / "segment.yaml").read_text()
    folder.write("segment.yaml", segment.replace("  phones:", "  suppress: [registry]\n  phones:"))
    assert run("apply", "--yes").code == 0
    folder.write("registry.csv", f"number\n{phone(5)}\n")
    folder.write("crm.csv", (folder.root / "crm.csv").read_text().replace(phone(5), "+13105550177"))


@pytest.mark.thin
@pytest.mark.parametrize("method", METHODS)
def test_a_list_is_filled_changed_and_emptied_of_who_leaves_and_each_time_the_plan_is_empty_after(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert run("plan", "--detailed-exitcode").code == 0
    if method != "contactIds":
        assert {each["tier"] for each in on_list(tenant).values()} == {"gold"}
        delivery.write_contacts(folder, EVERYBODY, silver=range(15))
        changed = json.loads(run("plan", "--format", "json").out)
        assert [each["updates"] for each in changed["row_changes"]] == [15]
        assert run("apply", "--yes").code == 0
        assert [each["tier"] for each in on_list(tenant).values()].count("silver") == 15
    delivery.write_contacts(folder, range(5, 40), silver=range(15))
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in range(5, 40)}
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.thin
@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch"])
@pytest.mark.parametrize("membership", ["upsert", "mirror"])
def test_who_is_on_a_list_by_a_suppressed_number_is_taken_off_and_put_there_by_the_one_the_source_has_now(
    tenant: Simulator, folder: Folder, run: Run, method: str, membership: str
) -> None:
    ready(tenant, folder, method, membership=membership)
    one_has_a_new_number_and_the_old_one_is_suppressed(folder, run)
    removed = run("apply", "--yes")
    assert "1  remove: suppressed by registry" in removed.out
    if method == "contactBatch":  # the row on the list is the contact itself, which gets its new number next
        assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY} - {contact(5)}
        assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert "No changes." in run("plan").out


@pytest.mark.parametrize("method", ["contactIds", "listContacts"])
@pytest.mark.matrix(
    instead="test_who_is_on_a_list_by_a_suppressed_number_is_taken_off_and_put_there_by_the_one_the_source_has_now"
)
def test_apply_refuses_while_the_tenant_would_dial_a_suppressed_number_that_the_source_has_another_for(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method)
    one_has_a_new_number_and_the_old_one_is_suppressed(folder, run)
    refused = run("apply", "--yes")
    assert refused.code == Exit.REFUSED, refused.out + refused.err
    assert "DNC-TENANT" in refused.err
    assert "1 contacts stay on its lists whose number in the tenant is on SuppressionList/registry" in refused.said
    tenant.store.contacts[contact(5)].phone_number = "+13105550177"
    assert "No changes." in run("plan").out


@pytest.mark.parametrize(("method", "path"), [("bulkInsert", "bulkinsert$"), ("contactBatch", "contacts/batch$")])
@pytest.mark.thin(1)
def test_a_job_that_fails_and_does_not_say_why_is_halved_until_the_rows_at_fault_are_alone(
    tenant: Simulator, folder: Folder, run: Run, method: str, path: str
) -> None:
    ready(tenant, folder, method, chunk=20)
    bad = {contact(3), contact(17), contact(25)}
    pattern = "|".join(sorted(bad))
    tenant.faults.add(
        "reject-rows", method="POST", path=path, external_id=pattern, code="BAD", message="no", times=None
    )
    if method == "bulkInsert":
        tenant.faults.clear()
        tenant.store.add_contacts([{"id": f"X{n}", "phoneNumber": phone(n), "status": "ARCHIVED"} for n in (3, 17, 25)])
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5, ended
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY} - bad
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert (step["outcome"], step["rows"], step["rejected"]) == ("done", 37, 3)


@pytest.mark.thin
@pytest.mark.parametrize("method", METHODS)
def test_a_chunk_that_is_too_large_is_halved_for_good(tenant: Simulator, folder: Folder, run: Run, method: str) -> None:
    ready(tenant, folder, method)
    tenant.faults.add("status", method="POST", path="contacts$|bulkinsert$|batch$", status=413)
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}


@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch"])
@pytest.mark.thin(1)
def test_a_job_that_is_aborted_is_asked_for_again(tenant: Simulator, folder: Folder, run: Run, method: str) -> None:
    ready(tenant, folder, method)
    kind = "abort-job" if method == "bulkInsert" else "fail-job"
    tenant.faults.add(kind, method="POST", path="bulkinsert$|batch$", times=2)
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}


def test_a_bulk_insert_whose_reply_is_lost_is_looked_up_and_not_sent_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder, "bulkInsert")
    tenant.faults.add("reset-after", method="POST", path="bulkinsert$", times=2)
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert set(tenant.jobs.writes(tenant.store.list_named("Chosen").id).values()) == {1}


@pytest.fixture
def someone_archived(tenant: Simulator, folder: Folder, run: Run) -> Ended:
    """An apply that the tenant would not take two contacts of: they were archived after the plan."""
    ready(tenant, folder, "listContacts")
    plan = str(folder.root / "a.plan")
    assert run("plan", "--out", plan).code == 0
    for number in (3, 4):
        tenant.store.change_contact(contact(number), status="ARCHIVED")
    return run("apply", plan)


def owed(run: Run) -> tuple[int, list[str]]:
    """Of the next plan: how many rows it has, and what it says is owed."""
    ended = run("plan", "--format", "json")
    (change,) = json.loads(ended.out)["row_changes"]
    return change["rows"]["count"], [f"{each['count']} {described(each)}" for each in change["pending_retry"]]


@pytest.mark.matrix(instead="test_contacts_that_were_rejected_are_offered_again_and_taken")
def test_contacts_that_were_rejected_wait_and_every_plan_says_so(
    someone_archived: Ended, tenant: Simulator, run: Run
) -> None:
    assert someone_archived.code == 5
    words = "2 rejected once, pending until its row changes: archived, deleted or unknown in the tenant"
    assert owed(run) == (0, [words])
    assert '2 pending retry on list "Chosen"' in run("plan").out
    assert run("plan", "--detailed-exitcode").code == 0
    assert "2  Chosen: rejected once: archived" in run("owed").out


def test_contacts_that_were_rejected_are_offered_again_and_taken(
    someone_archived: Ended, tenant: Simulator, run: Run
) -> None:
    for number in (3, 4):
        tenant.store.change_contact(contact(number), status="ACTIVE")
    assert run("owed", "--release", "Chosen").code == 0
    assert owed(run) == (2, [])
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert run("owed").out.endswith("No contact is pending retry.\n")
    assert run("owed", "--release", "Chosen").code == 1


@pytest.mark.matrix(instead="test_contacts_that_were_rejected_are_offered_again_and_taken")
def test_contacts_that_were_taken_after_all_are_owed_no_longer_and_come_back_at_once(
    someone_archived: Ended, tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nrejected: {{wait: 0s}}"))
    tenant.store.change_contact(contact(3), status="ACTIVE")
    assert run("apply", "--yes").code == 5
    assert "1  Chosen: rejected 2 times: archived" in run("owed").out
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}"))
    delivery.write_contacts(folder, [n for n in EVERYBODY if n != 3])
    assert run("apply", "--yes").code == 0
    delivery.write_contacts(folder, EVERYBODY)
    words = "1 rejected 2 times, pending until its row changes: archived, deleted or unknown in the tenant"
    assert owed(run) == (1, [words])


@pytest.mark.matrix(instead="test_what_one_tenant_would_not_take_is_offered_to_another")
def test_contacts_that_a_list_would_not_take_are_owed_to_it_under_its_new_name(
    someone_archived: Ended, folder: Folder, run: Run
) -> None:
    words = "2 rejected once, pending until its row changes: archived, deleted or unknown in the tenant"
    text = (folder.root / "list.yaml").read_text(encoding="utf-8")
    assert "name: Chosen" in text
    for name, was in (("Elected", "was: Chosen\n"), ("Called", "was: Elected\n"), ("Called", "")):
        renamed = text.replace("name: Chosen\n", f"name: {name}\n")
        folder.write("list.yaml", renamed.replace("spec:\n", f"spec:\n  {was}" if was else "spec:\n"))
        assert owed(run) == (0, [words]), "before it is renamed"
        assert f"2  {name}: rejected once: archived" in run("owed").out
        assert run("apply", "--yes").code == 0
        assert owed(run) == (0, [words]), "and after"
    assert run("owed", "--release", "Called").code == 0
    assert owed(run) == (2, [])


def test_what_one_tenant_would_not_take_is_offered_to_another(
    someone_archived: Ended, folder: Folder, run: Run
) -> None:
    with Simulator(Options()) as other:
        delivery.known(other, "listContacts", EVERYBODY)
        body = delivery.TENANT.format(url=other.url, pace=delivery.PACE, jobs=delivery.JOBS)
        folder.write("other.yaml", manifest("Tenant", "other", body))
        assert run("owed", "--tenant", "other").out.endswith("No contact is pending retry.\n")
        assert run("apply", "--yes", "--tenant", "other").code == 0
        assert set(on_list(other)) == {contact(n) for n in EVERYBODY}
    assert "2  Chosen: rejected once: archived" in run("owed", "--tenant", "embedded").out


@pytest.mark.matrix(instead="test_contacts_that_were_rejected_are_offered_again_and_taken")
def test_the_story_of_a_contact_that_waits_says_so(someone_archived: Ended, run: Run) -> None:
    told = run("explain", "contact", contact(3), "--segment", "chosen").out
    assert "a plan would change nothing; rejected once, pending until its row changes: archived" in told
    assert "rejected" not in run("explain", "contact", contact(5), "--segment", "chosen").out


@pytest.mark.matrix(instead="test_contacts_that_were_rejected_are_offered_again_and_taken")
def test_contacts_that_are_rejected_too_often_are_in_quarantine(
    someone_archived: Ended, folder: Folder, run: Run
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\nrejected: {{wait: 0s, most: 2}}"))
    assert owed(run)[0] == 2
    assert run("apply", "--yes").code in (1, 5)
    assert owed(run) == (
        0,
        ["2 rejected 2 times, in quarantine: archived, deleted or unknown in the tenant"],
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.matrix(instead="test_a_chunk_that_is_too_large_is_halved_for_good")
def test_a_removal_that_is_too_large_is_halved_for_good(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method)
    assert run("apply", "--yes").code == 0
    delivery.write_contacts(folder, range(10, 40))
    tenant.clear_requests()
    tenant.faults.add("status", method="DELETE", path="contacts$", status=413)
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in range(10, 40)}
    assert [each.rows for each in tenant.requests() if each.method == "DELETE"] == [10, 5, 5]


@pytest.mark.parametrize(("method", "path"), [("bulkInsert", "/jobs/JOB"), ("contactBatch", "/batch/BATCH")])
@pytest.mark.thin(1)
def test_a_job_that_the_tenant_knows_no_more_is_asked_for_again(
    tenant: Simulator, folder: Folder, run: Run, method: str, path: str
) -> None:
    ready(tenant, folder, method, chunk=20)
    tenant.faults.add("status", method="GET", path=path, status=404)
    assert run("apply", "--yes").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert len(tenant.jobs.all) == 3


def test_a_run_whose_jobs_were_aborted_every_time_can_be_resumed_once_they_are_not(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder, "bulkInsert", chunk=40)
    tenant.faults.add("abort-job", method="POST", path="bulkinsert$", times=None)
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5, ended  # the list was made
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert (step["rows"], step["rejected"], step["unknown"], step["left"]) == (0, 0, 40, 0)
    tenant.faults.clear()
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}


def test_whom_a_list_refuses_after_a_batch_is_found_without_another_batch(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder, "contactBatch", chunk=20)
    archived = {contact(3), contact(17)}
    tenant.store.add_contacts([{"id": each, "status": "ARCHIVED"} for each in archived])
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5, ended
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY} - archived
    assert set(tenant.jobs.writes("directory").values()) == {1}


@pytest.mark.thin
@pytest.mark.parametrize("method", METHODS)
def test_a_report_says_of_every_contact_of_a_step_that_failed_what_became_of_it(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method, pace="rate: 5000, burst: 500, attempts: 1, workers: 1")
    tenant.faults.add("status", method="POST", path="/contacts$|bulkinsert$|batch$", status=403, skip=3, times=None)
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5, ended
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert step["rows"] + step["rejected"] + step["unknown"] + step["left"] == 40
    assert step["rows"] == len(on_list(tenant))
    assert step["unknown"] + step["left"] > 0
    assert "not sent" in run("apply", "--resume").out or step["left"] == 0


def test_who_was_rejected_by_a_step_that_failed_is_owed_once_whether_it_is_gone_on_with_or_not(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder, "listContacts", chunk=10, pace="rate: 5000, burst: 500, attempts: 1, workers: 1")
    tenant.store.add_contacts([{"id": contact(3), "status": "ARCHIVED"}])
    # the first chunk is halved until contact 3 is alone; a later one cannot be sent
    tenant.faults.add("status", method="POST", path="/contacts$", status=403, skip=9, times=None)
    assert run("apply", "--yes").code == 5
    assert set(on_list(tenant)) < {contact(n) for n in EVERYBODY} - {contact(3)}
    assert "\n        1  Chosen: rejected once: " in run("owed").out
    tenant.faults.clear()
    assert run("apply", "--resume").code == 5
    assert "\n        1  Chosen: rejected once: " in run("owed").out
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY} - {contact(3)}


def test_rows_of_a_job_that_failed_are_unknown_until_they_are_sent_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    one_by_one = "rate: 5000, burst: 500, attempts: 1, workers: 1"
    ready(tenant, folder, "contactBatch", chunk=40, pace=one_by_one)
    tenant.faults.add("fail-job", method="POST", path="batch$", took=30)
    tenant.faults.add("status", method="POST", path="batch$", status=403, times=None)
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5, ended
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert (step["rows"], step["unknown"], step["left"]) == (0, 40, 0)
    tenant.faults.clear()
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}


def test_a_job_of_before_is_asked_for_though_others_have_shown_that_less_is_taken_at_once(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    one_by_one = "rate: 5000, burst: 500, attempts: 1, workers: 1"
    ready(tenant, folder, "bulkInsert", pace=one_by_one)
    # every chunk's job is made, and none can be asked for; the first was never recorded as made
    tenant.faults.add("status", method="POST", path="bulkinsert$", status=403)
    tenant.faults.add("status", method="GET", path="/jobs/JOB", status=403, times=None)
    assert run("apply", "--yes").code == 5
    made = len(tenant.jobs.all)
    assert made > 0
    tenant.faults.clear()
    tenant.faults.add("status", method="POST", path="bulkinsert$", status=413)
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert set(tenant.jobs.writes(tenant.store.list_named("Chosen").id).values()) == {1}


@pytest.mark.thin
@pytest.mark.parametrize("status", [400, 413, 429])
def test_a_list_that_takes_nobody_after_a_batch_fails_the_step_without_another_batch(
    tenant: Simulator, folder: Folder, run: Run, status: int
) -> None:
    ready(tenant, folder, "contactBatch", chunk=40, pace="rate: 5000, burst: 500, attempts: 1, workers: 1")
    tenant.faults.add("status", method="POST", path="/lists/.*/contacts$", status=status, times=None)
    assert run("apply", "--yes").code == 5
    assert len(tenant.jobs.all) == 1
    assert not on_list(tenant)
    tenant.faults.clear()
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY}
    assert len(tenant.jobs.all) == 1


@pytest.mark.parametrize("method", ["contactIds", "listContacts", "contactBatch"])
@pytest.mark.matrix(
    instead="tests/steps/test_campaigns_of_others.py::test_people_who_are_put_on_a_list_may_be_dialled_by_a_campaign_that_names_none"
)
def test_nobody_is_put_by_id_alone_on_a_list_that_another_dials_before_the_number_there_is_known(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method)
    one_has_a_new_number_and_the_old_one_is_suppressed(folder, run)
    folder.write("registry.csv", "number\n+12125550199\n")
    assert run("apply", "--yes").code == 0
    (name,) = [each.name for each in tenant.store.lists.values()]
    tenant.store.add_campaign(
        "Theirs", name, dialType="progressive", status="active", **next_window(instants.parse_instant(AS_OF))
    )
    tenant.store.add_contacts([{"id": contact(40), "phoneNumber": "+12125550199", "status": "ACTIVE"}])
    delivery.write_contacts(folder, range(41))
    before, tried = set(on_list(tenant)), run("apply", "--yes")
    if method == "contactBatch":  # writes the number that was judged
        assert (tried.code, set(on_list(tenant))) == (0, before | {contact(40)}), tried
        assert tenant.store.contacts[contact(40)].phone_number == phone(40)
        return
    assert (tried.code, "DNC-UNTOLD" in tried.err) == (Exit.REFUSED, True), tried
    assert "campaign 'Theirs', which no manifest declares, may be dialling it" in tried.said
    assert set(on_list(tenant)) == before
