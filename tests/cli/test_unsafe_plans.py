"""Does an unsafe plan render and say why, does apply refuse it, and does an override let exactly it through?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import AS_OF, Ended, Folder, manifest

Run = Callable[..., Ended]
Situation = Callable[[Simulator, Folder], None]


def too_many_removals(tenant: Simulator, folder: Folder) -> None:
    """10 of 20 members no longer belong."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    numbers = [*range(10), *range(80, 90)]
    tenant.store.add_list("Chosen", [scene.contact(number) for number in numbers], description=scene.MARK)


def too_many_updates(tenant: Simulator, folder: Folder) -> None:
    """Every member has an old priority."""
    scene.people(tenant, 100)
    scene.declare_source(folder)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    delivery = "{method: listContacts, attributes: [priority]}"
    spec = f"source: all\nscore: engaged\nlists: {{engaged: chosen}}\ndelivery: {delivery}"
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    on_it = {scene.contact(number): {"priority": 9} for number in range(75, 100)}
    tenant.store.add_list("Chosen", on_it, description=scene.MARK)


def an_emptied_list(tenant: Simulator, folder: Folder) -> None:
    """Nobody is engaged any more."""
    scene.people(tenant, 20)
    scene.declare_segment(folder)
    tenant.store.add_list("Chosen", [scene.contact(1)], description=scene.MARK)


def a_stopped_campaign(tenant: Simulator, folder: Folder) -> None:
    """An active campaign is declared as paused."""
    scene.people(tenant, 20)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    scene.live_campaign(tenant, "Evening", "All customers")
    scene.declare_campaign(folder, status="paused")
    tenant.store.change_list(tenant.store.list_named("All customers"), description=scene.MARK)


UNSAFE = [
    (too_many_removals, ["LIM-REMOVALS"], "Segment/chosen[engaged]", "10 of 20 contacts (50 %)"),
    (too_many_updates, ["LIM-UPDATES"], "Segment/chosen[engaged]", "25 of 25 contacts (100 %)"),
    (an_emptied_list, ["LIM-EMPTIED", "LIM-REMOVALS"], "Segment/chosen[engaged]", "would lose all 1 contacts"),
    (a_stopped_campaign, ["LIM-STOPPED"], "Campaign/evening", "'Evening' is active and would be paused"),
]


def overridden(folder: Folder, rules: list[str], subject: str, until: str | None) -> None:
    """Set rules aside for one object."""
    limit = f", until: '{until}'" if until else ""
    reason = "the board has agreed to it"
    items = ", ".join(f"{{rule: {rule}, object: '{subject}', reason: {reason}{limit}}}" for rule in rules)
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\noverrides: [{items}]"))


@pytest.mark.thin
@pytest.mark.parametrize(("situation", "rules", "subject", "words"), UNSAFE)
def test_an_unsafe_plan_is_shown_with_its_reasons_and_apply_refuses_it(
    tenant: Simulator, folder: Folder, run: Run, situation: Situation, rules: list[str], subject: str, words: str
) -> None:
    situation(tenant, folder)
    before = scene.state(tenant)
    planned = run("plan", "--detailed-exitcode", "--out", str(folder.root / "a.plan"))
    assert planned.code == 3
    assert words in planned.out
    assert "apply refuses" in planned.out
    verdict = json.loads(run("plan", "--format", "json").out)["verdict"]
    assert verdict["status"] == "refused"
    assert [each["rule"] for each in verdict["blocked_by"] if each["object"] == subject] == rules
    assert verdict["counts"]["refusals"] == len(verdict["blocked_by"])
    assert run("plan").code == 0, "without being asked, a plan that was made is no failure"
    assert run("plan", "--fail-on", "refuse").code == 3
    for command in (["apply"], ["apply", "--yes"], ["apply", str(folder.root / "a.plan")]):
        refused = run(*command)
        assert refused.code == 3
        assert "error[refused]: " in refused.said
        assert words in refused.said
        assert refused.said.count(words) == 1, "what the plan has said is not said again"
        for rule in rules:
            assert f"{{rule: {rule}, object: '{subject}', reason: …}}" in refused.said
    assert not tenant.requests().writes()
    assert scene.state(tenant) == before


@pytest.mark.thin
@pytest.mark.parametrize(("situation", "rules", "subject", "words"), UNSAFE)
def test_an_override_with_a_reason_lets_it_through_and_is_printed(
    tenant: Simulator, folder: Folder, run: Run, situation: Situation, rules: list[str], subject: str, words: str
) -> None:
    situation(tenant, folder)
    overridden(folder, rules, subject, "2999-12-31")
    planned = run("plan")
    assert "waived until 2999-12-31: the board has agreed to it" in planned.out
    assert words in planned.out
    verdict = json.loads(run("plan", "--format", "json").out)["verdict"]
    assert (verdict["status"], verdict["blocked_by"]) == ("changes", [])
    assert verdict["counts"]["waived"] == len(rules)
    assert run("plan", "--detailed-exitcode", "--fail-on", "refuse").code == 2
    applied = run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert "waived until 2999-12-31: the board has agreed to it" in applied.out
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize(("situation", "rules", "subject", "words"), UNSAFE)
@pytest.mark.thin(1)
def test_an_override_that_has_run_out_lets_nothing_through(
    tenant: Simulator, folder: Folder, run: Run, situation: Situation, rules: list[str], subject: str, words: str
) -> None:
    situation(tenant, folder)
    overridden(folder, rules, subject, "2020-01-01")
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert words in refused.said
    assert not tenant.requests().writes()


def test_an_override_for_one_list_lets_no_other_through(tenant: Simulator, folder: Folder, run: Run) -> None:
    too_many_removals(tenant, folder)
    overridden(folder, ["LIM-REMOVALS"], "Segment/other[engaged]", None)
    assert run("apply", "--yes").code == 3
    assert not tenant.requests().writes()


def test_a_campaign_on_a_list_that_would_be_empty_is_shown_and_refused(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 20)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    planned = run("plan")
    assert planned.code == 0
    assert "CMP-EMPTY-LIST" in planned.out
    assert "list 'Chosen' would be empty" in planned.out
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "list 'Chosen' would be empty" in refused.said
    assert "overrides" not in refused.said
    assert not tenant.requests().writes()


def test_what_another_workspace_owns_is_shown_and_refused(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_list("VIP", description="Theirs (managed-by: reconciler/others)")
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP\ndescription: Ours"))
    planned = run("plan")
    assert planned.code == 0
    assert "'VIP' is managed by workspace 'others'" in planned.out
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "'VIP' is managed by workspace 'others'" in refused.said
    assert not tenant.requests().writes()


def test_the_contacts_of_a_list_that_another_workspace_owns_are_left_alone(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    tenant.store.add_list("Chosen", description="(managed-by: reconciler/others)")
    scene.declare_segment(folder)
    refused = run("apply", "--yes")
    assert refused.code == 3, refused.out
    assert "managed by workspace 'others'" in refused.said
    assert scene.members(tenant, "Chosen") == set()


def test_an_override_can_name_what_a_prune_would_stop(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 5)
    scene.live_campaign(tenant, "Last Spring", "All customers")
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    refused = run("apply", "--yes", "--prune")
    assert refused.code == 3
    assert "object: 'Campaign/Last Spring'" in refused.said
    overridden(folder, ["LIM-STOPPED"], "Campaign/Last Spring", None)
    applied = run("apply", "--yes", "--prune")
    assert applied.code == 0, applied.err
    assert not tenant.store.campaigns


def test_a_list_that_is_renamed_is_made_and_the_old_one_pruned(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_list("vip", description=scene.MARK)
    folder.write("list.yaml", manifest("ContactList", "vip", "name: Very important"))
    applied = run("apply", "--yes", "--prune")
    assert applied.code == 0, applied.err
    assert [each.name for each in tenant.store.lists.values()] == ["Very important"]


@pytest.mark.parametrize("name", ["Old [2025]", "Old [2025", "Old/new", "Old: new"])
def test_a_saved_plan_prunes_an_object_of_any_name(tenant: Simulator, folder: Folder, run: Run, name: str) -> None:
    tenant.store.add_list(name, description=scene.MARK)
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    assert run("plan", "--prune", "--out", str(folder.root / "a.plan")).code == 0
    applied = run("apply", str(folder.root / "a.plan"))
    assert applied.code == 0, applied.err
    assert [each.name for each in tenant.store.lists.values()] == ["VIP"]


@pytest.mark.parametrize("order", ["strict, lenient", "lenient, strict"])
@pytest.mark.thin(1)
def test_a_do_not_call_list_that_only_warns_lets_no_other_stale_one_through(
    tenant: Simulator, folder: Folder, run: Run, order: str
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, extra=f"suppress: [{order}]\nphones: {{region: US}}")
    folder.write("numbers.csv", "number\n+12125559999\n")
    columns = "{contactId: number, phone: number}"
    listed = f"files: {{paths: [numbers.csv], format: csv, columns: {columns}}}\nasOf: 2020-01-01T00:00:00Z"
    folder.write("strict.yaml", manifest("SuppressionList", "strict", listed))
    folder.write("lenient.yaml", manifest("SuppressionList", "lenient", f"{listed}\nonStale: warn"))
    refused = run("apply", "--yes")
    assert refused.code == 3, refused.out
    assert "! DNC-STALE  Segment/chosen: SuppressionList/strict is" in refused.out
    assert "w DNC-STALE  Segment/chosen: SuppressionList/lenient is" in refused.out
    assert refused.err.count("DNC-STALE  Segment/chosen: as the plan says above") == 1
    assert not tenant.requests().writes()


@pytest.mark.parametrize("name", ["Their calls", "Theirs [2025"])
@pytest.mark.thin(1)
def test_a_list_is_not_emptied_under_a_campaign_that_somebody_else_runs(
    tenant: Simulator, folder: Folder, run: Run, name: str
) -> None:
    an_emptied_list(tenant, folder)
    folder.write("all.yaml", manifest("ContactList", "all", "name: All customers"))
    scene.declare_campaign(folder, on="all", status="paused")
    scene.live_campaign(tenant, name, "Chosen", description="theirs")
    overridden(folder, ["LIM-EMPTIED", "LIM-REMOVALS"], "Segment/chosen", None)
    path = str(folder.root / "a.plan")
    assert f"campaign {name!r}, which no manifest declares" in run("plan", "--out", path).out
    for command in (["apply", "--yes"], ["apply", path]):
        refused = run(*command)
        assert refused.code == 3, refused.err
        assert f"campaign {name!r}, which no manifest declares" in refused.said
        assert f"{{rule: CMP-EMPTIED, object: 'Campaign/{name}', reason: …}}" in refused.said
    assert not tenant.requests().writes()


def declare_do_not_call(folder: Folder, taken: datetime) -> None:
    """A list of one number, taken at a moment."""
    folder.write("dnc.csv", "phone\n+12125550199\n")
    files = "{paths: [dnc.csv], format: csv, columns: {phone: phone}}"
    folder.write("dnc.yaml", manifest("SuppressionList", "dnc", f"files: {files}\nasOf: {taken:%Y-%m-%dT%H:%M:%SZ}"))


def test_a_warning_fails_a_plan_only_where_that_is_asked_for(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 20)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    tenant.store.change_list(tenant.store.list_named("All customers"), description=scene.MARK)
    scene.declare_campaign(folder)
    text = (folder.root / "campaign-evening.yaml").read_text()
    over = text.replace(scene.START, "2026-01-01T14:00:00Z").replace(scene.END, "2026-01-02T00:00:00Z")
    folder.write("campaign-evening.yaml", over)
    verdict = json.loads(run("plan", "--format", "json").out)["verdict"]
    assert verdict["status"] == "changes"
    assert verdict["counts"]["warnings"] >= 1
    assert run("plan", "--fail-on", "refuse").code == 0
    assert run("plan", "--fail-on", "warn").code == 3
    assert run("plan", "--detailed-exitcode", "--fail-on", "warn").code == 3


def test_nothing_to_do_is_a_verdict_too(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    assert run("apply", "--yes").code == 0
    verdict = json.loads(run("plan", "--format", "json").out)["verdict"]
    assert (verdict["status"], verdict["blocked_by"]) == ("no_changes", [])
    assert set(verdict["counts"].values()) == {0}
    assert run("plan", "--detailed-exitcode", "--fail-on", "warn").code == 0


@pytest.mark.matrix(instead="test_an_unsafe_plan_is_shown_with_its_reasons_and_apply_refuses_it")
def test_a_finding_without_a_change_refuses_all_the_same(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    moment = datetime.now(UTC)
    declare_do_not_call(folder, moment)
    scene.declare_segment(folder, extra="phones: {region: US}\nsuppress: [dnc]")
    assert run("apply", "--yes").code == 0
    assert run("plan", "--detailed-exitcode").code == 0
    declare_do_not_call(folder, moment - timedelta(days=60))
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 3, planned.out
    assert run("apply", "--yes").code == 3
