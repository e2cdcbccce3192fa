"""How strict is a workspace: what the rules of abandonment find, what a waiver sets aside, and what a floor never lets go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.rules import load_rules
from reconciler.simulator import Simulator
from tests import scene, sealed
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]

FLOOR = "RECONCILER_FLOOR"
REASON = "Customers by contract, agreed with counsel."


@pytest.fixture(autouse=True)
def no_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FLOOR, raising=False)


def calls(folder: Folder, threshold: float, extra: str = "") -> None:
    """A new campaign on the list of the engaged, 25 people with numbers of New York; a draft, to be judged all the same."""
    scene.declare_segment(folder)
    scene.declare_campaign(folder, status="draft")
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", f"thresholds: {{all: {threshold}}}\n{extra}"))


def waiver(until: str = "2999-12-31", rule: str = "ABN-001", subject: str = "Campaign/evening") -> str:
    return f"waivers: [{{rule: {rule}, object: {subject}, reason: '{REASON}', until: {until}}}]"


def found(planned: Ended, rule: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(planned.out)["findings"] if each["rule"] == rule]


def test_a_band_of_eight_percent_on_a_list_with_american_numbers_is_told_with_their_count_and_refused(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    calls(folder, 8)
    planned = run("plan")
    assert planned.code == 0
    assert "! ABN-001  Campaign/evening: its threshold of 8 % is above the ceiling for 25 contacts with US numbers" in (
        planned.out
    )
    assert "16 CFR 310.4(b)(4)(i)" in planned.out
    assert "compliant" not in planned.out
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "25 contacts with US numbers" in refused.said
    assert "{rule: ABN-001, object: 'Campaign/evening', reason: …, until: …}" in refused.err
    assert not tenant.requests().writes()


def test_a_waiver_lets_it_through_and_stands_in_every_plan_until_it_ends(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    calls(folder, 8, waiver())
    planned = run("plan")
    assert f"waived until 2999-12-31: {REASON}" in planned.out
    assert run("apply", "--yes").code == 0
    assert tenant.store.campaign_named("Evening").fields["abandonThreshold"] == 8
    # nothing is left to do, and the waiver is still there to be read
    again = run("plan")
    assert "No changes." in again.out
    assert f"waived until 2999-12-31: {REASON}" in again.out


@pytest.mark.matrix(instead="test_a_waiver_lets_it_through_and_stands_in_every_plan_until_it_ends")
def test_a_waiver_stands_in_plans_where_there_is_nothing_to_set_aside(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    calls(folder, 3, waiver())
    planned = run("plan")
    words = "the waiver for Campaign/evening until 2999-12-31 by AbandonmentPolicy/strict has nothing to waive"
    assert f"w ABN-001  {words}: {REASON}" in planned.out
    assert run("apply", "--yes").code == 0


def test_a_waiver_that_has_run_out_sets_nothing_aside_and_is_told(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    calls(folder, 8, waiver("2020-01-01"))
    planned = run("plan")
    assert "not waived for Campaign/evening by AbandonmentPolicy/strict: it expired on 2020-01-01" in planned.out
    assert run("apply", "--yes").code == 3


def test_a_plan_says_which_rules_were_asked_how_severe_they_are_and_what_is_set_aside(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    calls(folder, 8, waiver())
    document = json.loads(run("plan", "--format", "json").out)
    assert [each["id"] for each in document["rules"]] == list(load_rules())
    asked = next(each for each in document["rules"] if each["id"] == "ABN-001")
    assert asked["severity"] == "refuse"
    assert "16 CFR 310.4(b)(4)(i)" in asked["sources"]
    assert document["waivers"] == [
        {
            "rule": "ABN-001",
            "object": "Campaign/evening",
            "reason": REASON,
            "by": "AbandonmentPolicy/strict",
            "until": "2999-12-31",
            "lost": None,
            "used": True,
        }
    ]
    (finding,) = [each for each in document["findings"] if each["rule"] == "ABN-001"]
    assert (finding["severity"], finding["waived"], finding["until"]) == ("refuse", REASON, "2999-12-31")
    (campaign,) = document["campaigns"]
    assert campaign["exposure"]["countries"] == {"US": 25}


def test_a_policy_that_says_nothing_has_the_thresholds_of_the_bands(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    calls(folder, 3)
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "{}"))
    campaign = (folder.root / "campaign-evening.yaml").read_text(encoding="utf-8").replace("band: all", "band: medium")
    folder.write("campaign-evening.yaml", campaign)
    assert "threshold of 5 %" in found(run("plan", "--format", "json"), "ABN-001")[0]["message"]


def test_a_ceiling_of_the_policy_for_everywhere_else_holds_for_numbers_that_nobody_knows(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ids = scene.people(tenant, 100)
    for each in ids:
        tenant.store.contacts[each].phone_number = None
    calls(folder, 8)
    (warned,) = found(run("plan", "--format", "json"), "ABN-003")
    assert warned["severity"] == "warn"
    assert "no ceiling is known for 25 contacts of no known country" in warned["message"]
    calls(folder, 8, 'ceilings: {"*": 6}')
    planned = run("plan", "--format", "json")
    assert not found(planned, "ABN-003")
    assert "25 contacts of no known country (6 %" in found(planned, "ABN-001")[0]["message"]


def test_a_warning_does_not_refuse_until_the_workspace_raises_it(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    for each in tenant.store.contacts.values():
        each.phone_number = None
    calls(folder, 8)
    folder.write("workspace.yaml", manifest("Workspace", "test", "severities: {ABN-003: refuse}"))
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "ABN-003" in refused.err
    folder.write("workspace.yaml", manifest("Workspace", "test", "{}"))
    planned = run("plan")
    assert "w ABN-003" in planned.out
    assert "warning" in planned.out
    assert run("apply", "--yes").code == 0


def test_a_predictive_campaign_that_names_no_policy_is_refused(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    calls(folder, 3)
    text = (folder.root / "campaign-evening.yaml").read_text(encoding="utf-8")
    folder.write("campaign-evening.yaml", text.replace("  abandonment: {policy: strict, band: all}\n", ""))
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "CMP-NO-POLICY  Campaign/evening: it dials predictively and names no abandonment policy" in refused.said


def test_a_threshold_that_rises_while_people_are_called_is_told(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    tenant.store.add_list("Chosen", [scene.contact(number) for number in range(75, 100)], description=scene.MARK)
    scene.live_campaign(tenant, "Evening", "Chosen", abandonThreshold=2.0)
    scene.declare_campaign(folder)
    (warned,) = found(run("plan", "--format", "json"), "ABN-002")
    assert warned["message"] == "campaign 'Evening' is active, and its threshold rises from 2 to 3 %"


def without_the_finding(document: dict[str, Any]) -> None:
    document["findings"] = [each for each in document["findings"] if each["rule"] != "ABN-001"]


def with_a_reason(document: dict[str, Any]) -> None:
    for each in document["findings"]:
        each["waived"] = "somebody said so"
        each["waivable"] = False


def as_a_warning(document: dict[str, Any]) -> None:
    for each in document["findings"]:
        each["severity"] = "warn"


@pytest.mark.parametrize("edit", [without_the_finding, with_a_reason, as_a_warning])
@pytest.mark.thin(1)
def test_a_plan_whose_findings_were_made_harmless_is_refused(
    tenant: Simulator, folder: Folder, run: Run, edit: Callable[[dict[str, Any]], None]
) -> None:
    scene.people(tenant, 100)
    calls(folder, 8)
    saved = folder.root / "a.plan"
    run("plan", "--out", str(saved))
    edited = folder.root / "b.plan"
    sealed.edit_document(saved, folder.root, edit, edited)
    refused = run("apply", str(edited))
    assert refused.code == 3, refused.err
    assert "ABN-001" in refused.err
    assert not tenant.requests().writes()


class TestOnAFloor:
    """What a pipeline sets, and no team takes away."""

    @pytest.fixture
    def floor(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
        """Write a floor outside the workspace, and name it in the environment."""

        def written(spec: str) -> Path:
            path = tmp_path / "pipeline" / "floor.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(manifest("Floor", "company", spec), encoding="utf-8")
            monkeypatch.setenv(FLOOR, str(path))
            return path

        return written

    def test_its_ceiling_is_stricter_than_the_laws_and_the_policys(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path]
    ) -> None:
        scene.people(tenant, 100)
        calls(folder, 2.5, "ceilings: {US: 3}")
        assert not found(run("plan", "--format", "json"), "ABN-001")
        floor("ceilings: {US: 2}")
        message = found(run("plan", "--format", "json"), "ABN-001")[0]["message"]
        assert "25 contacts with US numbers (2 % of calls, an internal ceiling: Floor/company)" in message

    def test_a_team_that_asks_for_more_does_not_get_it(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path]
    ) -> None:
        scene.people(tenant, 100)
        scene.declare_segment(folder)
        numbers = [*range(10), *range(80, 90)]
        tenant.store.add_list("Chosen", [scene.contact(number) for number in numbers], description=scene.MARK)
        folder.write("workspace.yaml", manifest("Workspace", "test", "limits: {removals: 100}"))
        assert not found(run("plan", "--format", "json"), "LIM-REMOVALS")
        floor("limits: {removals: 20}")
        assert "the limit is 20 %" in found(run("plan", "--format", "json"), "LIM-REMOVALS")[0]["message"]
        # a floor of the team's own takes nothing away either
        folder.write("floor.yaml", manifest("Floor", "ours", "limits: {removals: 90}"))
        assert "the limit is 20 %" in found(run("plan", "--format", "json"), "LIM-REMOVALS")[0]["message"]

    @pytest.mark.parametrize(
        ("spec", "why"),
        [
            ("unwaivable: [ABN-001]", "the floor does not let ABN-001 be waived"),
            ("waivers: {longest: 30d}", "the floor allows no waiver for more than 30 days"),
        ],
    )
    @pytest.mark.thin(1)
    def test_a_waiver_that_it_does_not_allow_sets_nothing_aside(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path], spec: str, why: str
    ) -> None:
        scene.people(tenant, 100)
        calls(folder, 8, waiver())
        floor(spec)
        planned = run("plan")
        assert ("is called `maxDuration` now; it goes on working" in planned.out) == ("longest" in spec)
        assert f"not waived for Campaign/evening by AbandonmentPolicy/strict: {why}" in planned.out
        assert run("apply", "--yes").code == 3
        assert not tenant.requests().writes()

    def test_an_option_takes_none_of_the_environments_away(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path], tmp_path: Path
    ) -> None:
        scene.people(tenant, 100)
        calls(folder, 2.5)
        floor("ceilings: {US: 2}")
        other = tmp_path / "other.yaml"
        other.write_text(manifest("Floor", "another", "ceilings: {US: 9}"), encoding="utf-8")
        assert found(run("plan", "--format", "json", "--floor", str(other)), "ABN-001")

    def test_a_plan_that_was_made_without_it_is_stale(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path]
    ) -> None:
        scene.people(tenant, 100)
        calls(folder, 3)
        saved = str(folder.root / "a.plan")
        assert run("plan", "--out", saved).code == 0
        floor("ceilings: {US: 3}")
        assert run("apply", saved).code == 4
        assert not tenant.requests().writes()

    def test_no_variable_of_a_teams_gets_into_it(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path]
    ) -> None:
        folder.write("list.yaml", manifest("ContactList", "vip", "name: '{{ vip }}'"))
        floor("ceilings: {US: '{{ vip }}'}")
        refused = run("plan", "--var", "vip=9")
        assert refused.code == 64
        assert "must be a number" in refused.err

    def test_a_file_of_it_holds_nothing_else(
        self, tenant: Simulator, folder: Folder, run: Run, floor: Callable[[str], Path]
    ) -> None:
        path = floor("{}")
        path.write_text(manifest("ContactList", "vip", "name: VIP"), encoding="utf-8")
        folder.write("list.yaml", manifest("ContactList", "other", "name: Other"))
        refused = run("validate")
        assert refused.code == 64
        assert "not-a-floor" in refused.err

    def test_one_that_is_not_there_is_told(self, folder: Folder, run: Run, floor: Callable[[str], Path]) -> None:
        floor("{}").unlink()
        folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
        refused = run("validate")
        assert refused.code == 64
        assert "floor.yaml" in refused.err


@pytest.mark.matrix(instead="test_its_ceiling_is_stricter_than_the_laws_and_the_policys")
def test_a_floor_says_how_old_do_not_call_numbers_may_be_whatever_their_manifest_says(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, extra="suppress: [registry]\nphones: {region: US}")
    folder.write("numbers.csv", "number\n+12125559999\n")
    columns = "{contactId: number, phone: number}"
    listed = f"files: {{paths: [numbers.csv], format: csv, columns: {columns}}}\nasOf: 2020-01-01T00:00:00Z"
    folder.write("registry.yaml", manifest("SuppressionList", "registry", f"{listed}\nmaxAge: 36500d"))
    assert run("plan").code == 0
    assert not found(run("plan", "--format", "json"), "DNC-STALE")
    least = tmp_path / "floor.yaml"
    least.write_text(manifest("Floor", "company", "limits: {doNotCallAge: 31d}"), encoding="utf-8")
    told = found(run("plan", "--format", "json", "--floor", str(least)), "DNC-STALE")
    assert [each["message"].endswith("days old; 31 are allowed") for each in told] == [True]
    assert run("apply", "--yes", "--floor", str(least)).code == 3
    assert not tenant.requests().writes()
    # a list that asks for less keeps it
    least.write_text(manifest("Floor", "company", "limits: {doNotCallAge: 36500d}"), encoding="utf-8")
    folder.write("registry.yaml", manifest("SuppressionList", "registry", listed))
    told = found(run("plan", "--format", "json", "--floor", str(least)), "DNC-STALE")
    assert [each["message"].endswith("31 are allowed") for each in told] == [True]
