"""Does a plan tell what changed in the manifests from what was changed in the tenant behind our back?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder

Run = Callable[..., Ended]


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """An applied workspace with a list, a segment and an active campaign."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    assert run("apply", "--yes").code == 0
    return folder


def causes(run: Run) -> Any:
    return json.loads(run("plan", "--format", "json").out)["causes"]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_before_the_first_apply_nothing_is_said_of_where_a_change_comes_from(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 10)
    scene.declare_segment(folder)
    planned = json.loads(run("plan", "--format", "json").out)
    assert "causes" not in planned
    assert "last apply" not in run("plan").out + run("plan", "--format", "markdown").out


def test_a_field_says_who_changed_it_the_manifests_the_tenant_or_both(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    campaign = tenant.store.campaign_named("Evening")
    edit(applied.root / "campaign-evening.yaml", "targetAnswerRate: 0.3", "targetAnswerRate: 0.4")
    assert causes(run)["objects"]["Campaign/evening"] == {
        "cause": "manifest",
        "fields": {"predictive.targetAnswerRate": "manifest"},
    }
    tenant.store.change_campaign(campaign, predictiveDialingSettings={**scene.PREDICTIVE, "maxCallsInProgress": 99})
    found = causes(run)["objects"]["Campaign/evening"]
    assert found["fields"] == {"predictive.maxCallsInProgress": "tenant", "predictive.targetAnswerRate": "manifest"}
    assert found["cause"] == "both"
    settings = {"maxCallsInProgress": 99, "targetAnswerRate": 0.9}
    tenant.store.change_campaign(campaign, predictiveDialingSettings=settings)
    assert causes(run)["objects"]["Campaign/evening"]["fields"]["predictive.targetAnswerRate"] == "both"
    told = run("plan").out
    assert "predictive.maxCallsInProgress: 99 → 10  (changed in the tenant since the last apply)" in told
    assert "predictive.targetAnswerRate: 0.9 → 0.4  (changed in the manifests and in the tenant since" in told
    assert ") 1 object changed: 1 in both." in told
    comment = run("plan", "--format", "markdown").out
    assert "| `predictive.maxCallsInProgress` | `99` | `10` | **tenant** |" in comment
    assert "| `0.9` | `0.4` | **manifests and tenant** |" in comment


def test_what_was_deleted_in_the_tenant_is_told_from_what_is_new_in_the_manifests(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    tenant.store.remove_campaign(tenant.store.campaign_named("Evening"))
    scene.declare_campaign(applied, name="Morning")
    found = causes(run)["objects"]
    assert {name: each["cause"] for name, each in found.items()} == {
        "Campaign/evening": "tenant",
        "Campaign/morning": "manifest",
    }
    assert "deleted in the tenant since the last apply" in run("plan").out


@pytest.mark.matrix(instead="test_a_field_says_who_changed_it_the_manifests_the_tenant_or_both")
def test_a_list_says_which_manifests_changed_and_whether_somebody_else_changed_how_many_are_on_it(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    edit(applied.root / "score.yaml", "threshold: 75", "threshold: 80")
    assert causes(run)["lists"]["Segment/chosen[engaged]"] == {"manifests": ["ScoreModel/engaged"], "left": 25}
    assert "changed in the manifests since the last apply: ScoreModel/engaged" in run("plan").out
    edit(applied.root / "score.yaml", "threshold: 80", "threshold: 75")
    chosen = tenant.store.list_named("Chosen")
    tenant.store.drop_members(chosen, [next(iter(chosen.members))])
    assert causes(run)["lists"]["Segment/chosen[engaged]"] == {"manifests": [], "left": 25}
    assert "the last apply left 25 contacts on it and it has 24: changed in the tenant" in run("plan").out
