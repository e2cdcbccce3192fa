"""A tenant that answers lawfully, and otherwise than the examples: nothing dials with anything but the old or the new."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.tenant_options import JobPace
from reconciler.steps.apply import recorded_writes
from tests import delivery, outcomes, scene
from tests.conftest import Ended, Folder, manifest
from tests.steps.apply import running

Run = Callable[..., Ended]
DIALS = ("active", "running", "stopping", "warming up", "warming_up")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at a campaign that settles follow at once, as many of them as ever."""
    monkeypatch.setattr(recorded_writes, "SETTLING", (0.0,) * len(recorded_writes.SETTLING))
    monkeypatch.setattr(recorded_writes, "STOPPING", (0.0,) * len(recorded_writes.STOPPING))


def dialling_changes(tenant: Simulator) -> list[dict[str, Any]]:
    """Every change of a campaign but of its status that came while it may have been dialling."""
    status: dict[str, str] = {}
    found = []
    change = tenant.store.change_campaign

    def changed(campaign: Any, **fields: Any) -> None:
        if status.get(campaign.id, campaign.fields.get("status")) in DIALS and set(fields) - {"status", "name"}:
            found.append(fields)
        change(campaign, **fields)
        status[campaign.id] = campaign.fields["status"]

    setattr(tenant.store, "change_campaign", changed)  # noqa: B010 - the type checker minds an assignment
    return found


def waive(folder: Folder, *rules: str) -> None:
    words = ", ".join(f"{{rule: {rule}, object: Campaign/morning, reason: Agreed.}}" for rule in rules)
    text = (folder.root / "workspace.yaml").read_text(encoding="utf-8")
    folder.write("workspace.yaml", text.rstrip("\n") + f"\n  overrides: [{words}]\n")


@pytest.mark.thin
@pytest.mark.parametrize("status", ["running", "RUNNING", "warming up", "stopping"])
def test_a_campaign_that_may_be_dialling_is_made_to_rest_before_it_is_changed(
    tenant: Simulator, folder: Folder, run: Run, status: str
) -> None:
    running.build(tenant, folder)
    morning = tenant.store.campaign_named("Morning")
    tenant.store.change_campaign(morning, status=status)
    if status == "stopping":
        morning.looks = 5
    seen = dialling_changes(tenant)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert seen == []
    assert morning.fields["status"] == "active"
    assert morning.fields["abandonThreshold"] == 3.0
    assert "No changes." in run("plan").out


def test_one_that_takes_a_while_to_stop_is_waited_for(tenant: Simulator, folder: Folder, run: Run) -> None:
    running.build(tenant, folder)
    tenant.behave(stopping=3, case="upper", words={"active": "running"})
    seen = dialling_changes(tenant)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert seen == []
    assert tenant.store.campaign_named("Morning").fields["abandonThreshold"] == 3.0
    assert "No changes." in run("plan").out


@pytest.mark.parametrize("status", ["warming_up", "running"])
def test_one_that_cannot_be_made_to_rest_is_left_alone_and_told(
    tenant: Simulator, folder: Folder, run: Run, status: str
) -> None:
    running.build(tenant, folder)
    morning = tenant.store.campaign_named("Morning")
    tenant.store.change_campaign(morning, status=status)
    before = dict(morning.fields)
    tenant.faults.add("half-change", drops=["status"], path="/campaigns/", method="PATCH", times=None)
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert morning.fields == before
    assert "did not keep status of 'Morning' as written" in ended.out
    assert ("'Morning' is rolled back" if status == "running" else "'warming_up'") in ended.out


def test_a_pause_by_a_word_that_nobody_knows_is_no_rest(tenant: Simulator, folder: Folder, run: Run) -> None:
    running.build(tenant, folder)
    tenant.behave(words={"paused": "resting"})
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert tenant.store.campaign_named("Morning").fields["abandonThreshold"] == 5.0
    assert "'resting'" in ended.out


def test_a_campaign_that_is_not_known_to_dial_once_it_was_activated_is_paused_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build_new(tenant, folder)
    tenant.behave(words={"active": "warming_up"})
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert tenant.store.campaign_named("Morning").fields["status"] == "paused"
    assert "'warming_up'" in ended.out


def test_one_of_an_unknown_status_is_not_stopped_or_deleted_unnoticed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build(tenant, folder, status="paused")
    morning = tenant.store.campaign_named("Morning")
    tenant.store.change_campaign(morning, status="warming up")
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "LIM-STOPPED" in refused.err
    assert "Applying plan" not in refused.out
    assert not tenant.requests().writes()
    (folder.root / "campaign-morning.yaml").unlink()
    assert "LIM-STOPPED" in run("apply", "--yes", "--prune").err


def test_a_dial_type_in_another_case_replaces_nothing_and_an_unknown_one_is_not_changed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build(tenant, folder)
    tenant.behave(case="title")
    assert "replace" not in run("plan").out.lower()
    tenant.behave(words={"predictive": "hybrid"})
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "CMP-DIAL-TYPE" in refused.err
    assert "LIM-" not in refused.err


def test_every_oddity_at_once_is_applied_and_planned_as_nothing_afterwards(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    tenant.behave(
        case="title",
        words={"active": "running"},
        number_ids=True,
        longest_page=7,
        lagging_counts=True,
        settings_defaults={"ringTimeout": 30, "amd": {"on": True}},
        strange_fields=True,
        totals=False,
        read_ends="absent",
    )
    scene.whole(tenant, folder)
    tenant.faults.add("other-body", path="/statistics$", body={"soon": True}, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert scene.members(tenant, "Chosen") == {scene.contact(n) for n in range(75, 100)}
    assert {each.fields["status"] for each in tenant.store.campaigns.values()} == {"active"}
    after = run("plan")
    assert "No changes." in after.out
    assert "no estimate of what 'Morning' may still abandon" in after.out


@pytest.mark.matrix(instead="test_every_oddity_at_once_is_applied_and_planned_as_nothing_afterwards")
def test_interactions_and_outcomes_are_read_in_whatever_case_they_are_told(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    outcomes.campaign(tenant, range(6))
    moments = [{"contactId": outcomes.contact(n), "startTime": "2026-06-30T12:00:00Z"} for n in range(6)]
    tenant.store.add_interactions([{"id": f"I{n}", "type": "voice", **each} for n, each in enumerate(moments)])
    campaign = tenant.store.campaign_named("Evening").id
    for n in range(3):
        tenant.dispositions.write(campaign, outcomes.contact(n), "DO_NOT_CALL", agent_id="A9")
    tenant.behave(case="title", strange_fields=True, read_ends="empty")
    outcomes.declare(folder, tenant)
    outcomes.write_outcomes(folder, [outcomes.row(0, "DO_NOT_CALL"), outcomes.row(1, "CALLBACK_LATER")])
    source = "interactions: {of: {name: Evening list}, types: [voice]}"
    folder.write("source.yaml", manifest("ContactSource", "all", source))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "recencyFrequency: {window: 90d}"))
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    spec = "source: all\nscore: engaged\nlists: {medium: chosen}\ndelivery: {method: contactIds}"
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    planned = json.loads(run("plan", "--format", "json").out)
    assert planned["row_changes"][0]["adds"] == 6
    told = run("plan").out
    assert "DSP-FINAL" in told
    assert "DO_NOT_CALL → CALLBACK_LATER" in told
    assert "1 unchanged" in told


@pytest.mark.parametrize("method", ["bulkInsert", "contactBatch", "listContacts"])
@pytest.mark.matrix(instead="test_contacts_whose_ids_are_numbers_are_the_same_on_every_surface")
def test_ids_may_be_numbers_everywhere(tenant: Simulator, folder: Folder, run: Run, method: str) -> None:
    tenant.behave(number_ids=True, case="lower", longest_page=3)
    delivery.known(tenant, method, range(12))
    delivery.write_contacts(folder, range(12))
    delivery.declare(folder, tenant, method)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert set(delivery.on_list(tenant)) == {delivery.contact(n) for n in range(12)}
    assert "No changes." in run("plan").out


def test_contacts_whose_ids_are_numbers_are_the_same_on_every_surface(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    tenant.store.add_contacts([{"id": str(7000 + n), "phoneNumber": scene.phone(n)} for n in range(9)])
    everybody = [str(7000 + n) for n in range(9)]
    tenant.store.add_list("All customers", everybody)
    tenant.store.add_list("Invited", everybody[2:])
    past = {"type": "voice", "startTime": "2026-06-30T12:00:00Z"}
    tenant.store.add_interactions([{"id": str(n), "contactId": each, **past} for n, each in enumerate(everybody[:6])])
    tenant.behave(number_ids=True, strange_fields=True, longest_page=2, totals=False)
    scene.declare_segment(folder)
    source = "interactions: {of: {name: All customers}, types: [voice]}"
    folder.write("source.yaml", manifest("ContactSource", "all", source))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "recencyFrequency: {window: 90d}"))
    delivery = "{method: listContacts, attributes: [priority, score]}"
    spec = (
        f"source: all\nscore: engaged\nlists: {{medium: chosen}}\nintersect: [{{name: Invited}}]\ndelivery: {delivery}"
    )
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended
    assert scene.members(tenant, "Chosen") == set(everybody[2:6])
    assert "No changes." in run("plan").out


def test_the_tenants_own_settings_stay_when_ours_are_changed(tenant: Simulator, folder: Folder, run: Run) -> None:
    running.build(tenant, folder)
    morning = tenant.store.campaign_named("Morning")
    held = {**morning.fields["predictiveDialingSettings"], "agentAvailabilityFactor": 0.7}
    tenant.store.change_campaign(morning, predictiveDialingSettings=held)
    assert run("apply", "--yes").code == 0
    settings = tenant.store.campaign_named("Morning").fields["predictiveDialingSettings"]
    assert settings == {"targetAnswerRate": 0.3, "maxCallsInProgress": 10, "agentAvailabilityFactor": 0.7}
    assert "No changes." in run("plan").out


@pytest.mark.matrix(instead="test_one_that_takes_a_while_to_stop_is_waited_for")
def test_a_job_that_never_ends_holds_its_own_list_and_no_other(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.jobs.pace = JobPace()
    delivery.write_contacts(folder, range(10))
    delivery.declare(folder, tenant, "bulkInsert", jobs=f"{delivery.JOBS}, jobTimeout: 3s")
    segment = (folder.root / "segment.yaml").read_text(encoding="utf-8")
    for name in ("other", "third"):
        folder.write(f"{name}.yaml", segment.replace("chosen", name))
        folder.write(f"{name}-list.yaml", manifest("ContactList", name, f"name: {name.title()}"))
    scene.declare_campaign(folder, name="Evening", on="other")
    scene.declare_campaign(folder, name="Morning", on="chosen")
    tenant.faults.add("slow-job", held=True, path="/bulkinsert$", times=1)
    ended = run("apply", "--yes")
    assert ended.code == 5, ended
    assert "job-overdue" in ended.out
    filled = [name for name in ("Chosen", "Other", "Third") if tenant.store.list_named(name).count == 10]
    assert len(filled) == 2
    stuck = next(name for name in ("Chosen", "Other", "Third") if name not in filled)
    statuses = {each.name: each.fields["status"] for each in tenant.store.campaigns.values()}
    dialled = {"Evening": "Other", "Morning": "Chosen"}
    assert statuses == {name: "active" for name, held in dialled.items() if held != stuck} | {
        name: statuses[name] for name, held in dialled.items() if held == stuck and name in statuses
    }
    assert "active" not in [statuses.get(name) for name, held in dialled.items() if held == stuck]
    for job in list(tenant.jobs.all.values()):
        with tenant.store.lock:
            tenant.jobs.finish(job)
    assert run("apply", "--resume").code == 0
    assert {tenant.store.list_named(name).count for name in ("Chosen", "Other", "Third")} == {10}


def test_no_more_than_ten_requests_a_second_are_about_one_campaign(tenant: Simulator, folder: Folder, run: Run) -> None:
    running.build(tenant, folder)
    assert run("apply", "--yes").code == 0
    about = tenant.requests().to("/campaigns/CA-1001")
    assert len(about) >= 4
    assert about.most_within(1.0) <= 10
    assert {each.status for each in about} <= {200, 204}


def test_a_source_of_archived_contacts_alone_is_told_as_one(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 4)
    for number in range(4):
        tenant.store.change_contact(scene.contact(number), status="Archived")
    scene.declare_segment(folder)
    source = manifest("ContactSource", "all", "interactions: {of: {name: All customers}, types: [voice]}")
    folder.write("source.yaml", source)
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "recencyFrequency: {window: 90d}"))
    segment = (folder.root / "segment.yaml").read_text(encoding="utf-8")
    folder.write("segment.yaml", segment.replace("{engaged: chosen}", "{high: chosen}"))
    ended = run("plan")
    assert ended.code == 1
    assert "all 4 contacts of list 'All customers' are archived" in ended.err
    assert "voice interaction" not in ended.err
