"""The script by itself, on a machine of no code host: what a pipeline of any other kind runs."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from reconciler.simulator import Options, Simulator
from tests.code_hosts import quick_program, repository

pytestmark = pytest.mark.xdist_group("script")

Script = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Simulator, Mapping[str, str]]]:
    """A repository, its tenant, and the environment of a pipeline that is none of a code host."""
    root = tmp_path_factory.mktemp("repository") / "dialling"
    with Simulator(Options()) as tenant, quick_program.serve() as program:
        secrets = repository.make(root, tenant, "script")
        around = {"PATH": f"{program}:/usr/bin:/bin", "HOME": str(root.parent), "LANG": "C.UTF-8", "JENKINS_URL": "x"}
        yield root, tenant, {**around, **secrets, "RECONCILER_TOKEN_KEY": ""}


@pytest.fixture
def script(made: tuple[Path, Simulator, Mapping[str, str]]) -> Script:
    root, _, around = made

    def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", "pipelines/reconciler.sh", *words]
        return subprocess.run(
            command, cwd=root, env={**around, **variables}, capture_output=True, text=True, check=False
        )

    return run


def test_it_proposes_applies_what_was_reviewed_and_tells_drift_by_its_exit_code(
    made: tuple[Path, Simulator, Mapping[str, str]], script: Script
) -> None:
    root, tenant, _ = made
    assert script("install").returncode == 0
    assert script("validate").returncode == 0
    assert script("propose", RECONCILER_COMMIT="a" * 40, RECONCILER_AUTHOR="ada").returncode == 0
    out = root / "reconciler-plan"
    assert {each.name for each in out.iterdir()} >= {
        f"plan.{each}" for each in ("txt", "md", "html", "sarif", "xml", "json")
    }
    assert out.stat().st_mode & 0o77 == 0
    assert script("conclude").returncode == 0
    assert not (out / "preview.md").exists()
    assert (
        script("propose", RECONCILER_COMMIT="a" * 40, RECONCILER_AUTHOR="ada", RECONCILER_PREVIEW="true").returncode
        == 0
    )
    assert (out / "preview.md").read_text().startswith("### ✅ The plan applies, and leaves nothing to do.")
    assert script("conclude").returncode == 0
    assert not tenant.store.lists
    plan = json.loads((out / "plan.json").read_text())
    assert plan["origin"] == {"commit": "a" * 40, "author": "ada"}
    reviewed = root.parent / "reviewed.plan"
    reviewed.write_bytes((out / "change.plan").read_bytes())
    wrong = script("apply", RECONCILER_PLAN=str(reviewed), RECONCILER_DIGEST=f"sha256:{'0' * 64}")
    assert wrong.returncode in (3, 4), wrong.stderr
    assert not tenant.store.lists
    given = {"RECONCILER_PLAN": str(reviewed), "RECONCILER_DIGEST": plan["digest"], "RECONCILER_AUTHOR": "ada"}
    refused = script("apply", **given)
    assert refused.returncode == 3
    assert "2 of group dialling must approve, 0 did" in refused.stderr
    reviews = [{"user": each, "state": "approved", "commit": "a" * 40} for each in ("bob", "eve")]
    (root.parent / "reviews.json").write_text(json.dumps({"reviews": reviews}))
    applied = script("apply", **given, RECONCILER_REVIEWS=str(root.parent / "reviews.json"))
    assert applied.returncode == 0, applied.stderr
    assert script("drift").returncode == 0
    tenant.store.list_named("First list").description = "by hand"
    drifted = script("drift")
    assert drifted.returncode == 2
    assert '"by hand' in drifted.stdout


def test_a_plan_that_apply_would_refuse_or_that_cannot_be_made_ends_the_job(
    made: tuple[Path, Simulator, Mapping[str, str]], script: Script
) -> None:
    root, _, _ = made
    repository.edit(root, "workspace.yaml", "removals: 30", "removals: thirty")
    assert script("propose").returncode == 0
    assert script("conclude").returncode == 64
    out = root / "reconciler-plan"
    (found,) = json.loads((out / "plan.sarif").read_text())["runs"][0]["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "manifests/workspace.yaml"
    assert 'file="manifests/workspace.yaml" line="' in (out / "plan.xml").read_text()
    repository.edit(root, "workspace.yaml", "removals: thirty", "removals: 30")
    assert not (root / "reconciler-plan" / "change.plan").exists()


def test_what_it_does_not_know_and_what_it_lacks_is_told(script: Script) -> None:
    unknown = script("destroy")
    assert unknown.returncode == 64
    assert "reconciler.sh propose" in unknown.stderr
    lacking = script("apply", RECONCILER_PLAN="x.plan")
    assert lacking.returncode == 64
    assert "RECONCILER_DIGEST, the digest that was reviewed, is not set" in lacking.stderr
    assert script("apply").returncode == 64  # of no code host


@pytest.mark.parametrize("value", ["x; touch PWNED", "$(touch PWNED)", "`touch PWNED`", "a b", "--help", "'"])
@pytest.mark.thin(1)
def test_no_value_of_a_variable_is_run(
    value: str, made: tuple[Path, Simulator, Mapping[str, str]], script: Script
) -> None:
    names = ("WORKSPACE", "ENVIRONMENT", "TENANT", "VARS", "COMMIT", "AUTHOR", "VERSION", "PULL_REQUEST")
    hostile = {f"RECONCILER_{name}": value for name in names}
    assert script("validate", **hostile).returncode != 0
    assert script("propose", **hostile, RECONCILER_NAME="other").returncode == 0
    assert script("comment", value, **hostile, RECONCILER_NAME="other").returncode != 0
    assert not [*made[0].rglob("PWNED")]


@pytest.mark.matrix(instead="test_what_it_does_not_know_and_what_it_lacks_is_told")
def test_the_hook_before_a_commit_validates(made: tuple[Path, Simulator, Mapping[str, str]]) -> None:
    root, _, around = made
    (hook,) = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert (hook["language"], hook["pass_filenames"]) == ("system", False)
    done = subprocess.run(shlex.split(hook["entry"]), cwd=root, env=around, capture_output=True, text=True, check=False)
    # the operator's word is the script's to hand on: by hand, this machine is a host that needs none
    assert done.returncode == 64
    by_hand = {name: value for name, value in around.items() if name != "JENKINS_URL"}
    done = subprocess.run(
        shlex.split(hook["entry"]), cwd=root, env=by_hand, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
