"""An environment and its tenant: whichever command it is, the values of one are never read against the other."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.model.plan_json import document_digest
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import TENANT, Ended, Folder, manifest

Run = Callable[..., Ended]


@dataclass
class Two:
    """Two tenants in one workspace, each with its environment: half of the people on prod are engaged enough there."""

    stage: Simulator
    prod: Simulator


@pytest.fixture
def two(tenant: Simulator, folder: Folder) -> Iterator[Two]:
    with Simulator() as prod:
        for each in (tenant, prod):
            scene.people(each, 100)
        scene.declare_segment(folder)
        folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: '{{ threshold }}'}"))
        folder.write("tenant.yaml", TENANT.format(url=tenant.url).replace("embedded", "stage"))
        folder.write("prod.yaml", TENANT.format(url=prod.url).replace("embedded", "prod"))
        folder.write("workspace.yaml", manifest("Workspace", "test", "asOf: 2026-07-01T00:00:00Z\ntenant: stage"))
        folder.write("environments/stage.yaml", "tenant: stage\nthreshold: 90\n")
        folder.write("environments/prod.yaml", "tenant: prod\nthreshold: 50\n")
        yield Two(tenant, prod)


def test_an_environment_is_planned_against_its_own_tenant_and_the_plan_names_both(
    two: Two, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "prod.plan"
    planned = run("plan", "-e", "prod", "--out", str(path))
    assert planned.code == 0, planned.err
    assert planned.out.startswith("Tenant prod at ")
    assert ", environment prod, workspace test, " in planned.out.splitlines()[0]
    assert "0 → 50 contacts" in planned.out
    assert list(two.prod.requests()) and not list(two.stage.requests())
    document = json.loads(zipfile.ZipFile(path).read("plan.json"))
    assert (document["environment"], document["tenant"]["name"]) == ("prod", "prod")
    assert document_digest({**document, "environment": "stage"}) != document["digest"]


@pytest.mark.parametrize(
    "command", [["plan"], ["drift"], ["apply", "--yes"], ["pending"], ["audit", "verify"], ["lock", "status"]]
)
@pytest.mark.parametrize("said", [["-e", "prod", "--tenant", "stage"], []])
def test_no_command_goes_on_where_tenant_and_environment_disagree_or_neither_is_named(
    two: Two, run: Run, command: list[str], said: list[str]
) -> None:
    ended = run(*command, *said)
    assert ended.code == 64
    assert ("tenant-conflict" if said else "unclear-tenant") in ended.err
    assert "`prod`" in ended.err and "stage`" in ended.err
    assert not list(two.stage.requests()) and not list(two.prod.requests())


def test_a_plan_of_one_environment_is_applied_in_no_other(two: Two, folder: Folder, run: Run, tmp_path: Path) -> None:
    path = str(tmp_path / "prod.plan")
    folder.write("environments/prod-eu.yaml", "tenant: prod\nthreshold: 50\n")
    assert run("plan", "-e", "prod", "--out", path).code == 0
    for other, words in (("stage", "environment 'stage' (tenant 'stage')"), ("prod-eu", "environment 'prod-eu'")):
        refused = run("apply", path, "-e", other)
        assert refused.code == 4
        assert "the plan is for environment 'prod' (tenant 'prod')" in refused.err
        assert words in refused.err
        # other values and another tenant only follow from that
        assert "not those that were planned" not in refused.err and "now resolves" not in refused.err
    refused = run("apply", path, "--tenant", "prod", "--var", "threshold=50")
    assert refused.code == 4
    assert "and no environment (tenant 'prod') was named" in refused.err
    assert not two.stage.requests().writes() and not two.prod.requests().writes()
    assert run("apply", path, "-e", "prod").code == 0
    assert len(scene.members(two.prod, "Chosen")) == 50


def test_a_run_is_gone_on_with_in_its_own_environment_alone(two: Two, folder: Folder, run: Run) -> None:
    folder.write("environments/prod-eu.yaml", "tenant: prod\nthreshold: 50\n")
    two.prod.faults.add("status", method="POST", path="contacts$", status=400, times=None)
    assert run("apply", "-e", "prod", "--yes").code in (1, 5)
    for other in ("stage", "prod-eu"):
        ended = run("apply", "--resume", "-e", other)
        assert ended.code == 0
        assert f"No run of workspace test in environment {other} against this tenant was interrupted" in ended.out
        assert "workspace test, environment prod, prod " in ended.out
    two.prod.faults.clear()
    assert not two.stage.requests().writes()
    runs = folder.root / ".reconciler" / "runs"
    (runs / "9999" / "journal.jsonl").mkdir(parents=True)
    (runs / "notes.txt").write_text("of a person")
    resumed = run("apply", "--resume", "-e", "prod")
    assert resumed.code == 0, resumed.said
    for name in ("9999", "notes.txt"):
        assert f"Notice: {runs / name} is not a run, and is ignored" in resumed.err
        assert f"{name} among the runs is not a run, and was skipped." in run("audit", "verify", "-e", "prod").out
    assert len(scene.members(two.prod, "Chosen")) == 50


def test_one_contact_is_told_as_the_chosen_environment_has_it(two: Two, run: Run) -> None:
    """Number 60 is above the threshold of prod, and below that of stage."""
    story = ["contact", scene.contact(60), "--segment", "chosen"]
    on_prod, on_stage = run("explain", *story, "-e", "prod"), run("explain", *story, "-e", "stage")
    assert on_prod.code == on_stage.code == 0
    assert on_prod.out != on_stage.out
    assert on_prod.out.startswith("Tenant prod, environment prod, workspace test\n")
    assert on_stage.out.startswith("Tenant stage, environment stage, workspace test\n")
    document = json.loads(run("explain", *story, "-e", "prod", "--format", "json").out)
    assert (document["tenant"], document["environment"], document["workspace"]) == ("prod", "prod", "test")
    assert run("explain", *story).code == 64


@pytest.mark.parametrize(
    "command", [["pending"], ["lock", "status"], ["webhooks", "list"], ["webhooks", "resend"], ["webhooks", "forget"]]
)
def test_a_command_on_the_ledger_says_of_which_tenant_and_environment_it_speaks(
    two: Two, run: Run, command: list[str]
) -> None:
    assert run(*command, "-e", "prod").out.startswith("Tenant prod, environment prod, workspace test:\n")
    assert run(*command, "--tenant", "stage", "--var", "threshold=1").out.startswith("Tenant stage, workspace test:\n")


def test_what_is_tried_and_what_is_followed_name_the_tenant_and_the_environment(
    two: Two, run: Run, tmp_path: Path
) -> None:
    tried = ["segment/chosen", "--set", "score.threshold=40..60:20", "-e", "prod"]
    for voice in ("text", "chart"):
        assert run("what-if", *tried, "--format", voice).out.startswith(
            "Tenant prod, environment prod, workspace test\n"
        )
    document = json.loads(run("what-if", *tried, "--format", "json").out)
    assert (document["tenant"], document["environment"]) == ("prod", "prod")
    events = tmp_path / "events.ndjson"
    assert run("apply", "--yes", "-e", "prod", "--events", str(events)).code == 0
    begun = json.loads(events.read_text(encoding="utf-8").splitlines()[0])
    assert (begun["event"], begun["tenant"], begun["environment"]) == ("run-started", "prod", "prod")
