"""terraform-compliance and checkov, as they are, hold our plans to docs/policies: by their exit codes and reports."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli import run as run_program
from reconciler.model.plan import Plan
from reconciler.simulator import Simulator
from reconciler.views import json_view, terraform
from tests import delivery
from tests.conftest import Ended, Folder, manifest
from tests.policy.plans import EVENING, HIGH, before, breaks_policy, changed, keeps_to_policy, made
from tests.policy.tools import POLICIES, Verdict, find_tool, run_checkov, run_compliance

CONSENT = "At most 5 % of a list are taken off it for want of consent"
BROKEN = {
    "No campaign may abandon more than 3 % of its calls": "Campaign/high",
    "Nothing is deleted or replaced": "data.reconciler_change.Campaign/Old campaign",
    CONSENT: "Segment/history[high]",
    "No setting of the dialler's pacing rises above one and a half times": (
        "data.reconciler_setting.Campaign/high:predictive.maxCallsInProgress"
    ),
    "Campaigns begin to dial on afternoons alone": "data.reconciler_change.Campaign/evening",
    "Nothing is done to collections, which are nobody's but theirs": (
        "data.reconciler_change.Campaign/Collections late"
    ),
    "No waiver is for more than ninety days": "data.reconciler_waiver.Workspace/test:ABN-001:Campaign/high",
}
"""Each policy, and the one object of the plan that breaks it."""

HUNDREDTHS = "The ceiling in whole hundredths of a percent, which an integer comparison can hold"
BY_COMPLIANCE = {**BROKEN, HUNDREDTHS: "data.reconciler_campaign.Campaign/high"}

TOOLS = [
    pytest.param(run_compliance, BY_COMPLIANCE, id="terraform-compliance"),
    pytest.param(run_checkov, BROKEN, id="checkov"),
]


def written(value: Plan, folder: Path) -> Path:
    """The plan's file, as `reconciler show PLAN --format terraform` writes it."""
    file = folder / "plan.tf.json"
    file.write_text(terraform.plan(value), encoding="utf-8")
    return file


@pytest.mark.thin
@pytest.mark.parametrize(("tool", "policies"), TOOLS)
def test_a_plan_at_the_limits_keeps_to_every_policy(
    tool: Callable[[Path, Path], Verdict], policies: dict[str, str], tmp_path: Path
) -> None:
    found = tool(written(keeps_to_policy(), tmp_path), tmp_path / "home")
    assert (found.code, found.broken) == (0, {}), found.out
    # none of them for want of something to look at
    assert set(found.kept) == set(policies)


@pytest.mark.thin
@pytest.mark.parametrize(("tool", "policies"), TOOLS)
def test_a_plan_above_the_limits_breaks_every_policy_in_just_the_object_that_is_above(
    tool: Callable[[Path, Path], Verdict], policies: dict[str, str], tmp_path: Path
) -> None:
    found = tool(written(breaks_policy(), tmp_path), tmp_path / "home")
    assert found.code == 1, found.out
    assert found.broken == {policy: {address} for policy, address in policies.items()}


SOURCE = """
files: {paths: [crm.csv], format: csv, optedIn: consent, columns: {contactId: id, phone: phone, engagementScore: score}}
"""


def write_consents(folder: Folder, revoked: int) -> None:
    """Forty contacts, the first of which gave no consent."""
    rows = [f"{delivery.contact(n)},{delivery.phone(n)},80,{'no' if n < revoked else 'yes'}" for n in range(40)]
    folder.write("crm.csv", "\n".join(["id,phone,score,consent", *rows]) + "\n")


def test_what_the_program_prints_is_held_to_the_policies(
    tenant: Simulator,
    folder: Folder,
    run: Callable[..., Ended],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    delivery.declare(folder, tenant, "listContacts", attributes=("priority",))
    folder.write("source.yaml", manifest("ContactSource", "crm", SOURCE))
    delivery.known(tenant, "listContacts", range(40))
    write_consents(folder, 0)
    assert run("apply", "--yes").code == 0
    file = tmp_path / "plan.tf.json"
    for revoked, broken in ((2, {}), (3, {CONSENT: {"Segment/chosen[engaged]"}})):
        write_consents(folder, revoked)
        saved = str(tmp_path / f"{revoked}.plan")
        assert run("plan", "--out", saved).code == 0
        capsys.readouterr()
        assert run_program(["show", saved, "--format", "terraform"]) == 0
        file.write_text(capsys.readouterr().out, encoding="utf-8")
        for tool in (run_compliance, run_checkov):
            found = tool(file, tmp_path / tool.__name__)
            assert (found.code, found.broken) == (bool(broken), broken), found.out
            assert found.kept.get(CONSENT, 0) == (0 if broken else 1)


EVALUATE = """
import json, sys, opa_eval
policies = opa_eval.OpaEval(sys.argv[1], query="data.dialling.deny")
print(json.dumps([policies.evaluate_parsed(open(file, encoding="utf-8").read()) for file in sys.argv[2:]]))
"""


def test_opas_language_denies_what_breaks_a_policy_and_nothing_else(tmp_path: Path) -> None:
    above_zero = changed(
        HIGH, "High", {**before(), "predictive": {"maxCallsInProgress": 0}}, predictive__maxCallsInProgress=1
    )
    bare = made(EVENING, "Evening", name="Evening", status="active")
    unknown = replace(keeps_to_policy(), objects=(above_zero, bare))
    files = []
    for name, value in (("kept", keeps_to_policy()), ("broken", breaks_policy()), ("unknown", unknown)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json_view.plan(value), encoding="utf-8")
    python = find_tool("opa-eval")
    policies = POLICIES / "opa" / "plans.rego"
    told = [str(python), "-c", EVALUATE, str(policies), *(str(file) for file in files)]
    ended = subprocess.run(told, capture_output=True, text=True, check=True, timeout=60)
    kept, broken, odd = json.loads(ended.stdout)
    assert kept == []
    assert {(each["object"], each["msg"]) for each in broken} == {
        ("Campaign/Old campaign", "it is deleted or replaced"),
        ("Campaign/high", "it may abandon more than 3 % of its calls"),
        ("Segment/history[high]", "more than 5 % are taken off it for want of consent"),
        ("Campaign/high", "its pacing rises above one and a half times"),
        ("Campaign/Collections late", "nothing is done to collections"),
        ("Campaign/high", "a finding refuses"),
    }
    assert {(each["object"], each["msg"]) for each in odd} == {
        ("Campaign/high", "its pacing rises above one and a half times"),
        ("Campaign/evening", "it may abandon more than 3 % of its calls"),
    }
