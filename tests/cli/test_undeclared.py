"""What is taken out of the manifests is named by every plan until it is gone, and whether it calls anybody."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.sample import examples

Run = Callable[..., Ended]


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """An applied workspace with a list, a segment and an active campaign."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    assert run("apply", "--yes").code == 0
    return folder


def test_an_active_campaign_that_is_declared_no_more_is_named_and_dials_on(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    (applied.root / "campaign-evening.yaml").unlink()
    planned = run("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert 'Campaign "Evening": active, dials list "Chosen"' in planned.out
    assert "No changes to what is declared. 1 object of this workspace is no longer declared" in planned.out
    assert "The tenant matches the manifests" not in planned.out
    assert "OWN-UNDECLARED" in planned.out
    assert run("plan", "--fail-on", "warn").code == 3
    document = json.loads(run("plan", "--format", "json").out)
    (named,) = document["undeclared"]
    assert (named["live_name"], named["state"], named["dials"], named["prune"]) == ("Evening", "active", True, "delete")
    assert document["verdict"]["counts"]["undeclared_dialling"] == 1
    drifted = run("drift")
    assert drifted.code == 2
    assert 'Campaign "Evening": active' in drifted.out
    assert tenant.store.campaign_named("Evening").fields["status"] == "active"


@pytest.mark.matrix(instead="test_an_active_campaign_that_is_declared_no_more_is_named_and_dials_on")
@pytest.mark.parametrize("status", ["warming-up", "RUNNING", "stopping", "paused", "Completed"])
def test_one_that_is_not_known_to_rest_is_named_as_what_may_dial(
    tenant: Simulator, applied: Folder, run: Run, status: str
) -> None:
    (applied.root / "campaign-evening.yaml").unlink()
    tenant.store.campaign_named("Evening").fields["status"] = status
    document = json.loads(run("plan", "--format", "json").out)
    (named,) = document["undeclared"]
    dials = status not in ("paused", "Completed")
    assert (named["dials"], document["verdict"]["counts"]["undeclared_dialling"]) == (dials, int(dials))
    assert [each["rule"] for each in document["findings"]] == ["OWN-UNDECLARED"] * dials
    does = "dials" if status == "RUNNING" else "may dial" if dials else "does not dial"
    assert f', {does} list "Chosen"' in run("plan").out


def test_a_prune_deletes_it_and_then_nothing_is_named(tenant: Simulator, applied: Folder, run: Run) -> None:
    (applied.root / "campaign-evening.yaml").unlink()
    reason = "the programme has ended"
    waiver = f"{{rule: LIM-STOPPED, object: Campaign/Evening, reason: {reason}}}"
    applied.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{waiver}]"))
    pruned = run("apply", "--prune", "--yes")
    assert pruned.code == 0, pruned.err
    assert tenant.store.find_campaign("Evening") is None
    assert "The tenant matches the manifests" in run("plan").out
    assert run("drift").code == 0


def test_an_object_of_a_kind_of_which_nothing_is_declared_is_named(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_list("Left behind", [], description=scene.MARK)
    tenant.store.add_list("Somebody else's", [], description="(managed-by: reconciler/another)")
    tenant.store.add_list("Nobody's", [])
    planned = run("plan")
    assert planned.code == 0, planned.err
    assert 'ContactList "Left behind": dials nobody' in planned.out
    assert "else's" not in planned.out
    assert "Nobody" not in planned.out


@pytest.mark.matrix(instead="test_an_active_campaign_that_is_declared_no_more_is_named_and_dials_on")
def test_a_saved_plan_shows_what_was_declared_no_more(
    applied: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (applied.root / "campaign-evening.yaml").unlink()
    file = str(applied.root / "a.plan")
    shown = run("plan", "--out", file).out
    assert run_program(["show", file]) == 0
    assert 'Campaign "Evening": active, dials list "Chosen"' in capsys.readouterr().out
    assert "No changes to what is declared." in shown


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(declared=st.sets(st.integers(0, 3)), live=st.sets(st.integers(0, 3)), ours=st.sets(st.integers(0, 3)))
def test_drift_and_plan_agree(
    tenant: Simulator, folder: Folder, run: Run, declared: set[int], live: set[int], ours: set[int]
) -> None:
    tenant.reset()
    for number in range(4):
        file = folder.root / f"list-{number}.yaml"
        file.unlink(missing_ok=True)
        if number in declared:
            folder.write(file.name, manifest("ContactList", f"list-{number}", f"name: List {number}"))
        if number in live:
            tenant.store.add_list(f"List {number}", [], description=scene.MARK if number in ours else "")
    document = json.loads(run("plan", "--format", "json").out)
    counts = document["verdict"]["counts"]
    differs = document["verdict"]["status"] != "no_changes" or counts["undeclared"] > 0
    assert run("drift").code == (2 if differs else 0)
    assert counts["undeclared"] == len((live & ours) - declared)


@pytest.mark.matrix(instead="test_an_active_campaign_that_is_declared_no_more_is_named_and_dials_on")
def test_who_gave_a_campaign_another_name_is_told_how_to_say_that_it_is_the_same(applied: Folder, run: Run) -> None:
    (applied.root / "campaign-evening.yaml").unlink()
    scene.declare_campaign(applied, name="Night")
    planned = run("plan").out
    assert 'if it is "Night" under its earlier name, say `was: Evening` there' in planned
