"""Whoever made a campaign: the people whom a plan puts on its list, or takes off it, are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.cli.runtime import LocalRuntime
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_document, read_plan
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.steps.load import load
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.scene import MARK, contact, declare_campaign, declare_segment, live_campaign, people

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
NIGHT = {"startTime": "2026-07-02T02:00:00Z", "endTime": "2026-07-02T06:00:00Z"}
NOBODYS = "made by hand"

Propose = Callable[..., Plan]


@pytest.fixture
def propose(folder: Folder, tmp_path: Path) -> Propose:
    """Plan what the workspace declares."""

    def planned(*, prune: bool = False) -> Plan:
        scratch = tmp_path / f"scratch-{len(list(tmp_path.iterdir()))}"
        scratch.mkdir()
        workspace = Workspace(folder.root, scratch, NOW, os.environ, prune=prune)
        with LocalRuntime(workspace) as world:
            return flow.propose(load(workspace), world)

    return planned


def told(plan: Plan, *rules: str) -> list[tuple[str, str]]:
    return [(each.rule, str(each.object)) for each in plan.findings if each.rule in rules]


def pages_of_campaigns(tenant: Simulator) -> int:
    return sum(each.method == "GET" and each.path.endswith("/campaigns") for each in tenant.requests())


def test_a_pruned_list_that_somebody_elses_campaign_dials_names_the_campaign(
    tenant: Simulator, folder: Folder, propose: Propose
) -> None:
    people(tenant, 3)
    tenant.store.add_list("Old", [contact(1)], description=MARK)
    live_campaign(tenant, "Theirs", "Old", description=NOBODYS)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    plan = propose(prune=True)
    assert told(plan, "CMP-EMPTIED") == [("CMP-EMPTIED", "Campaign/Theirs")]
    assert any("'Theirs'" in each.message for each in plan.refusals)


@pytest.mark.parametrize(("status", "refused"), [("active", True), ("running", True), ("paused", False)])
def test_a_list_that_is_emptied_under_a_campaign_that_no_manifest_declares_is_refused_as_long_as_it_may_dial(
    tenant: Simulator, folder: Folder, propose: Propose, status: str, refused: bool
) -> None:
    people(tenant, 30)
    tenant.store.add_list("Chosen", [contact(1), contact(2)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS, status=status)
    declare_segment(folder)
    plan = propose()
    assert told(plan, "CMP-EMPTIED") == ([("CMP-EMPTIED", "Campaign/Theirs")] if refused else [])


def test_people_are_not_put_on_a_list_that_somebody_elses_campaign_dials_at_night(
    tenant: Simulator, folder: Folder, propose: Propose
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS, **NIGHT)
    declare_segment(folder)
    assert told(propose(), "HRS-001") == [("HRS-001", "Campaign/Theirs")]


@pytest.mark.parametrize(
    "times",
    [{"startTime": ""}, {"endTime": None}, {"startTime": None, "endTime": "tomorrow"}, {"startTime": 1782900000}],
)
@pytest.mark.thin(1)
def test_people_are_not_put_on_a_list_that_is_dialled_at_hours_that_nobody_knows(
    tenant: Simulator, folder: Folder, propose: Propose, times: dict[str, Any]
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS, **times)
    declare_segment(folder)
    plan = propose()
    assert told(plan, "HRS-001") == [("HRS-001", "Campaign/Theirs")]
    assert "it may call its 25 contacts at any hour" in plan.refusals[0].message


def test_people_who_are_put_on_a_list_may_be_dialled_by_a_campaign_that_names_none(
    tenant: Simulator, folder: Folder, propose: Propose
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS)
    tenant.store.campaign_named("Theirs").fields["listId"] = None
    declare_segment(folder)
    assert told(propose(), "CMP-UNSEEN") == [("CMP-UNSEEN", "Campaign/Theirs")]


def test_a_campaign_of_ours_whose_times_nobody_can_read_gets_those_that_are_declared(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    people(tenant, 100)
    declare_segment(folder)
    declare_campaign(folder)
    assert run("apply", "--yes").code == 0
    live = tenant.store.campaign_named("Evening").fields
    live |= {"startTime": "", "endTime": "when the list is done"}
    shown = run("plan")
    assert 'startTime: "unknown" → "2027-01-05T14:00:00Z"' in shown.out
    tenant.clear_requests()
    assert run("apply", "--yes").code == 0
    sent = [each.body for each in tenant.requests().writes()]
    assert [each.get("status") for each in sent] == ["paused", None, "active"]
    assert tenant.store.campaign_named("Evening").fields["endTime"] == "2027-01-06T00:00:00Z"
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_list_of_an_unknown_type_is_written_by_nobody_who_does_not_know_it(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)], description=MARK)
    tenant.store.list_named("Chosen").type = "BLENDED"
    declare_segment(folder)
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "LST-TYPE" in refused.out + refused.err and "OBJ-IMMUTABLE" not in refused.out + refused.err
    assert not tenant.requests().writes()
    waiver = "{rule: LST-TYPE, object: ContactList/chosen, reason: Blended lists are dialled as outbound ones}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\noverrides: [{waiver}]"))
    assert run("apply", "--yes").code == 0
    assert len(tenant.store.list_named("Chosen").members) == 25
    assert run("plan", "--detailed-exitcode").code == 0


def test_who_is_called_by_two_campaigns_of_others_is_told(tenant: Simulator, folder: Folder, propose: Propose) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    tenant.store.add_list("Elsewhere", [contact(90)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS)
    live_campaign(tenant, "Others", "Elsewhere", description=NOBODYS)
    declare_segment(folder)
    assert told(propose(), "CMP-SHARED") == [("CMP-SHARED", "Campaign/Theirs")]


def test_campaigns_cost_one_read_of_their_collection(tenant: Simulator, folder: Folder, propose: Propose) -> None:
    people(tenant, 100)
    tenant.store.add_list("Else", [contact(1)])
    live_campaign(tenant, "Theirs", "Else", description=NOBODYS)
    declare_segment(folder)
    propose()
    assert pages_of_campaigns(tenant) == 1
    read = f"/{tenant.store.list_named('Else').id}/contacts"
    assert not any(each.path.endswith(read) for each in tenant.requests())


def test_a_saved_plan_says_who_else_dials_and_is_judged_again_by_it(
    tenant: Simulator, folder: Folder, propose: Propose, tmp_path: Path
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS, **NIGHT)
    declare_segment(folder)
    plan = propose()
    again = read_plan(plan_document(plan), tmp_path, {})
    assert again.others == plan.others
    assert again.others[0].exposure is not None


class TestOfATenantWhoseCampaignsNobodyMayRead:
    def test_a_plan_that_puts_people_on_a_list_says_so(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        tenant.store.add_list("Chosen", [contact(80)])
        declare_segment(folder)
        text = (folder.root / "tenant.yaml").read_text(encoding="utf-8")
        head, _, rest = text.partition("    lists:")
        assert rest
        folder.write("tenant.yaml", head)
        plan = propose()
        (finding,) = [each for each in plan.findings if each.rule == "CMP-UNSEEN"]
        assert finding.details["why"] == {"code": "no_surface", "args": {"surfaces": ["lists"]}}
        assert not finding.refuses

    def test_a_client_that_lacks_the_scope_says_so_and_goes_on(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        tenant.store.add_list("Chosen", [contact(80)])
        declare_segment(folder)
        tenant.faults.add("status", path="/campaigns", status=403)
        plan = propose()
        (finding,) = [each for each in plan.findings if each.rule == "CMP-UNSEEN"]
        why = finding.details["why"]
        assert (why["code"], why["args"]["error"], why["args"]["status"]) == ("not_read", "forbidden", 403)
        assert why["args"]["scope"] == "campaigns:read"


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("before", "after", "stale"),
    [
        (None, {}, True),
        (None, {"status": "RUNNING"}, True),
        (None, {"status": "paused"}, False),
        (None, {"on": "Elsewhere"}, False),
        ({"status": "paused"}, {"status": "active"}, True),
        ({"status": "paused"}, {"status": "active", "listId": None}, True),
        ({}, {"endTime": "2027-01-06T04:00:00Z"}, True),
        ({}, {"abandonThreshold": 4.0}, False),
    ],
)
def test_a_campaign_that_begins_to_dial_a_list_of_ours_after_the_plan_makes_it_stale(
    tenant: Simulator,
    folder: Folder,
    run: Callable[..., Ended],
    before: dict[str, str] | None,
    after: dict[str, Any],
    stale: bool,
) -> None:
    people(tenant, 100)
    tenant.store.add_list("Chosen", [contact(80)])
    tenant.store.add_list("Elsewhere", [contact(81)])
    if before is not None:
        live_campaign(tenant, "Theirs", "Chosen", description=NOBODYS, **before)
    declare_segment(folder)
    path = str(folder.root / "a.plan")
    assert run("plan", "--out", path).code == 0
    if before is None:
        said = {"on": "Chosen", **after}
        live_campaign(tenant, "Theirs", said.pop("on"), description=NOBODYS, **said)
    else:
        tenant.store.campaign_named("Theirs").fields.update(after)
    ended = run("apply", path)
    assert (ended.code, "'Theirs'" in ended.err) == ((4, True) if stale else (0, False)), ended.err
    assert (set(tenant.store.list_named("Chosen").members) == {contact(80)}) is stale
