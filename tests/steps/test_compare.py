"""`plan --against FILE` says what has changed since a plan that somebody approved, and nothing that has not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


@pytest.fixture
def approved(tenant: Simulator, folder: Folder, run: Run) -> str:
    """The file of a plan that makes a list, fills it, and makes a campaign."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    file = str(folder.root.parent / "approved.plan")
    assert run("plan", "--out", file).code == 0
    return file


def against(run: Run, file: str) -> dict[str, Any]:
    ended = run("plan", "--against", file, "--format", "json")
    assert ended.code == 0, ended
    found: dict[str, Any] = json.loads(ended.out)["against"]
    return found


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.matrix(instead="test_who_would_be_called_differently_and_which_setting_changed_is_told")
def test_the_same_plan_is_the_same(run: Run, approved: str) -> None:
    found = against(run, approved)
    assert (found["same"], found["objects"], found["rows"], found["named"]) == (True, [], [], [])
    assert ": the two have one digest." in run("plan", "--against", approved).out
    assert "### Changed since the earlier plan" not in run("plan", "--against", approved, "--format", "markdown").out


def test_who_would_be_called_differently_and_which_setting_changed_is_told(
    tenant: Simulator, folder: Folder, run: Run, approved: str
) -> None:
    edit(folder.root / "score.yaml", "threshold: 75", "threshold: 80")
    edit(folder.root / "campaign-evening.yaml", "maxCallsInProgress: 10", "maxCallsInProgress: 20")
    scene.declare_campaign(folder, name="Morning")
    found = against(run, approved)
    assert not found["same"]
    assert not found["same_manifests"]
    (row,) = found["rows"]
    assert row == {
        "address": "Segment/chosen[engaged]",
        "before": [25, 0, 0],
        "after": [20, 0, 0],
        "new": 0,
        "gone": 5,
        "otherwise": 0,
    }
    told = {(each["address"], each["path"]): (each["before"], each["after"]) for each in found["objects"]}
    assert told == {
        ("Campaign/evening", "predictive.maxCallsInProgress"): (10, 20),
        ("Campaign/morning", None): (None, "create"),
    }
    text = run("plan", "--against", approved).out
    assert "and the manifests have changed" in text
    assert "Segment/chosen[engaged]  5 contacts: 5 no longer: +25 ~0 −0 → +20 ~0 −0" in text
    comment = run("plan", "--against", approved, "--format", "markdown").out
    assert comment.index("### Changed since the earlier plan") < comment.index("### Who starts")
    assert "| `Campaign/evening` | `predictive.maxCallsInProgress` | `10` | `20` |" in comment


def test_what_changed_without_the_manifests_is_said_to_have(
    tenant: Simulator, folder: Folder, run: Run, approved: str
) -> None:
    tenant.store.change_contact(scene.contact(80), engagementScore=10)
    tenant.store.change_contact(scene.contact(10), engagementScore=90)
    found = against(run, approved)
    assert found["same_manifests"]
    (row,) = found["rows"]
    assert (row["before"], row["after"]) == ([25, 0, 0], [25, 0, 0])
    assert (row["new"], row["gone"], row["otherwise"]) == (1, 1, 0)
    assert (
        "of the same manifests: the tenant, the sources or the day have changed"
        in run("plan", "--against", approved).out
    )


def test_a_waiver_that_was_slipped_in_since_is_named(
    tenant: Simulator, folder: Folder, run: Run, approved: str
) -> None:
    waiver = "{rule: LIM-REMOVALS, object: 'Segment/chosen[engaged]', reason: it is a test}"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: 2026-07-01T00:00:00Z\noverrides: [{waiver}]"))
    found = against(run, approved)
    assert found["named"] == [
        {
            "what": "waiver",
            "which": "new",
            "rule": "LIM-REMOVALS",
            "object": "Segment/chosen[engaged]",
            "state": "",
        }
    ]


def test_a_file_that_is_no_plan_or_of_another_workspace_is_refused(
    tenant: Simulator, folder: Folder, run: Run, approved: str
) -> None:
    other = folder.write("../other.plan", "not a plan")
    assert run("plan", "--against", str(other)).code == 64
    assert run("plan", "--against", str(folder.root / "none.plan")).code == 64
    folder.write("workspace.yaml", manifest("Workspace", "elsewhere", "asOf: 2026-07-01T00:00:00Z"))
    refused = run("plan", "--against", approved)
    assert refused.code == 64
    assert "the earlier plan is of workspace 'test', and this one of 'elsewhere'" in refused.err
    assert "internal" not in refused.err
