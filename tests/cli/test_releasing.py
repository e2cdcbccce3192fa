"""What is released is managed no longer, and stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.kinds import load_kinds
from reconciler.model.live_state import Live, LiveObject
from reconciler.simulator import Simulator
from reconciler.steps.diff.released_objects import list_dialling
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """An applied workspace with a list, a segment and an active campaign."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    assert run("apply", "--yes").code == 0
    return folder


def say(folder: Folder, file: str, words: str) -> None:
    """Add a line to the spec of a manifest."""
    text = (folder.root / file).read_text(encoding="utf-8")
    folder.write(file, text.replace("spec:\n", f"spec:\n  {words}\n", 1))


def planned(run: Run, *words: str) -> dict[str, Any]:
    ended = run("plan", "--format", "json", *words)
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def rules(document: dict[str, Any]) -> list[str]:
    return [f"{each['rule']} {each['object']}" for each in document["findings"] if each["rule"].startswith("OWN")]


def test_a_campaign_is_released_by_its_manifest_and_dials_on(tenant: Simulator, applied: Folder, run: Run) -> None:
    say(applied, "campaign-evening.yaml", "release: true")
    before = scene.state(tenant)
    document = planned(run)
    (change,) = [each for each in document["resource_changes"] if each["address"] == "Campaign/evening"]
    assert (change["change"]["actions"], change["dialled_by"]) == (["forget"], ["Evening"])
    assert (document["verdict"]["counts"]["release"], document["undeclared"]) == (1, [])
    assert rules(document) == ["OWN-RELEASED Campaign/evening"]
    shown = run("plan").out
    assert '× Campaign/evening  released "Evening"' in shown
    assert 'campaign "Evening" may be dialling, and goes on dialling' in shown
    tenant.clear_requests()
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert len(tenant.requests().writes()) == 1
    after = scene.state(tenant)
    assert after["lists"] == before["lists"]
    (was,), (now,) = before["campaigns"], after["campaigns"]
    assert now == {**was, "description": ""}
    # and then there is nothing to do, and nothing left of it
    again = planned(run, "--detailed-exitcode")
    assert (again["undeclared"], again["verdict"]["status"]) == ([], "no_changes")
    assert "Campaign/evening is released" in " ".join(again["notices"])
    assert run("apply", "--yes", "--prune").code == 0
    assert tenant.store.campaign_named("Evening").fields["status"] == "active"
    (applied.root / "campaign-evening.yaml").unlink()
    assert run("drift").code == 0


def test_a_list_that_a_campaign_dials_says_so(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_contacts(["A1"])
    tenant.store.add_list("Chosen", ["A1"], description=f"The best {scene.MARK}")
    tenant.store.add_campaign("Theirs", "Chosen", status="running", abandonThreshold=3.0)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen\nrelease: true"))
    document = planned(run)
    assert rules(document) == ["OWN-RELEASED ContactList/chosen"]
    assert document["resource_changes"][0]["dialled_by"] == ["Theirs"]
    assert run("apply", "--yes").code == 0
    assert tenant.store.list_named("Chosen").description == "The best"
    assert scene.members(tenant, "Chosen") == {"A1"}


@pytest.mark.parametrize(
    ("campaign", "may_dial"),
    [
        ({"list": "Chosen", "status": "active"}, True),
        ({"status": "active"}, True),
        ({"list": None, "status": "running"}, True),
        ({"status": "warming-up"}, True),
        ({"status": "unknown"}, True),
        ({"list": None, "status": "stopping"}, True),
        ({"list": None, "status": "paused"}, False),
        ({"list": "Others", "status": "active"}, False),
        ({"list": "(unknown ContactList CL-9)", "status": "active"}, False),
    ],
)
def test_a_campaign_that_names_no_list_may_dial_every_one(campaign: dict[str, Any], may_dial: bool) -> None:
    chosen = LiveObject("ContactList", "Chosen", "CL-1", {"name": "Chosen"}, "test")
    theirs = LiveObject("Campaign", "Theirs", "CA-1", {"name": "Theirs", **campaign})
    live = Live({"ContactList": {"Chosen": chosen}, "Campaign": {"Theirs": theirs}}, surfaces={"lists": ""})
    assert list_dialling(load_kinds()["ContactList"], chosen, live) == (("Theirs",) if may_dial else ())


@pytest.mark.matrix(instead="test_a_campaign_is_released_by_its_manifest_and_dials_on")
def test_what_is_released_may_not_be_used_by_what_is_managed(applied: Folder, run: Run) -> None:
    say(applied, "list.yaml", "release: true")
    ended = run("plan")
    assert ended.code == 64
    assert (
        "error[released-and-used]: Segment/chosen uses ContactList/chosen, which is released (list.yaml:5" in ended.err
    )
    assert "error[released-and-used]: Campaign/evening uses ContactList/chosen" in ended.err


def test_a_removed_manifest_is_released_by_name_or_with_all_others(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    for file in ("campaign-evening.yaml", "segment.yaml", "list.yaml"):
        (applied.root / file).unlink()
    assert rules(planned(run)) == ["OWN-UNDECLARED Campaign/Evening"]
    document = planned(run, "--release", "Evening")
    assert [each["live_name"] for each in document["undeclared"]] == ["Chosen"]
    assert rules(document) == ["OWN-RELEASED Campaign/Evening"]
    assert run("apply", "--yes", "--release", "Campaign/Evening").code == 0
    assert [each["live_name"] for each in planned(run)["undeclared"]] == ["Chosen"]
    again = planned(run, "--release", "Evening")
    assert "--release Evening: it carries no mark of this workspace" in " ".join(again["notices"])
    assert run("apply", "--yes", "--release", "all").code == 0
    assert planned(run)["undeclared"] == []
    assert (tenant.store.find_campaign("Evening") is None, scene.members(tenant, "Chosen") == set()) == (False, False)


def test_what_is_released_is_never_pruned(tenant: Simulator, applied: Folder, run: Run) -> None:
    for file in ("campaign-evening.yaml", "segment.yaml", "list.yaml"):
        (applied.root / file).unlink()
    tenant.store.campaign_named("Evening").fields["status"] = "paused"
    waiver = "{rule: LIM-EMPTIED, object: ContactList/Chosen, reason: it has ended}"
    applied.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{waiver}]"))
    ended = run("plan", "--prune", "--release", "all")
    assert ended.code == 64
    assert "--prune would delete what --release all releases" in ended.err
    file = str(applied.root / "a.plan")
    assert run("plan", "--prune", "--release", "Chosen", "--out", file).code == 0
    ended = run("apply", file)
    assert ended.code == 0, ended.out + ended.err
    assert tenant.store.find_campaign("Evening") is None
    assert tenant.store.list_named("Chosen").description == ""


@pytest.mark.thin
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Evenin", "error[unknown-release]: the tenant has nothing named 'Evenin'"),
        ("Chosen", "error[release-declared]: 'Chosen' is declared by ContactList/chosen (list.yaml:3"),
        ("Campaign/Chosen", "unknown-release"),
    ],
)
def test_a_name_that_cannot_be_meant_is_bad_input(applied: Folder, run: Run, name: str, words: str) -> None:
    ended = run("plan", "--release", name)
    assert ended.code == 64
    assert words in " ".join(ended.err.split())


def test_a_name_of_two_kinds_is_asked_for_with_its_kind(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_list("Same", [], description=scene.MARK)
    scene.live_campaign(tenant, "Same", "Same", status="paused")
    ended = run("plan", "--release", "Same")
    assert ended.code == 64
    assert "may be ContactList/Same and Campaign/Same" in ended.err or "may be Campaign/Same and" in ended.err
    assert run("apply", "--yes", "--release", "ContactList/Same").code == 0
    assert [each["live_name"] for each in planned(run)["undeclared"]] == ["Same"]


@pytest.mark.matrix(instead="test_a_campaign_is_released_by_its_manifest_and_dials_on")
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_is_killed_at_a_release_goes_on(tenant: Simulator, applied: Folder, run: Run, after: bool) -> None:
    from reconciler.cxone.writer import TenantWriter

    say(applied, "campaign-evening.yaml", "release: true")
    release = TenantWriter.release

    def killed(self: TenantWriter, *arguments: Any) -> None:
        if after:
            release(self, *arguments)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantWriter, "release", killed)
        assert run("apply", "--yes").code == 130
    assert run("apply", "--resume").code == 0
    assert tenant.store.campaign_named("Evening").fields["description"] == ""
    assert run("plan", "--detailed-exitcode").code == 0


def test_somebody_who_changed_it_meanwhile_makes_the_plan_stale(tenant: Simulator, applied: Folder, run: Run) -> None:
    say(applied, "campaign-evening.yaml", "release: true")
    file = str(applied.root / "a.plan")
    planned(run, "--out", file)
    tenant.store.campaign_named("Evening").fields["wrapUpCode"] = "OTHER"
    assert run("apply", file).code == 4


@pytest.mark.matrix(instead="test_a_campaign_is_released_by_its_manifest_and_dials_on")
def test_what_is_renamed_and_released_is_released_under_its_old_name(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    text = (applied.root / "campaign-evening.yaml").read_text(encoding="utf-8")
    applied.write("campaign-evening.yaml", text.replace("name: Evening", "name: Night\n  was: Evening"))
    say(applied, "campaign-evening.yaml", "release: true")
    assert run("apply", "--yes").code == 0
    assert tenant.store.campaign_named("Evening").fields["description"] == ""
