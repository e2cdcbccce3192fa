"""What the rules found is beside the manifest's line, whoever reads SARIF, and nobody's text gives orders in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.model.change_cause import Cause
from reconciler.model.drift_difference import Difference, LocatedDifference
from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Plan
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.rules import load_rules
from reconciler.simulator import Simulator
from reconciler.views import sarif
from reconciler.views.rule_links import link_rule, make_anchor
from tests import scene
from tests.conftest import Ended, Folder
from tests.views.plans import CAMPAIGN, HOSTILE, OLD, ROWS, hostile, large, plan

ROOT = Path(__file__).parents[2]
PART = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0-part.json").read_text(encoding="utf-8"))


def run(value: Plan) -> dict[str, Any]:
    """The one run of a document that is as the specification says."""
    document = json.loads(sarif.plan(value))
    assert [f"{each.json_path}: {each.message}" for each in Draft7Validator(PART).iter_errors(document)] == []
    (found,) = document["runs"]
    assert isinstance(found, dict)
    for each in found["results"]:
        assert found["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    return found


def result(value: Plan, about: Address) -> dict[str, Any]:
    """The result that is about something."""
    found = [
        e for e in run(value)["results"] if e["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == str(about)
    ]
    assert len(found) == 1
    return dict(found[0])


def place(of: dict[str, Any]) -> tuple[str, int | None, int | None]:
    physical = of["physicalLocation"]
    region = physical.get("region", {})
    return physical["artifactLocation"]["uri"], region.get("startLine"), region.get("startColumn")


def test_a_finding_stands_at_the_manifest_of_its_object() -> None:
    warned = result(plan(), CAMPAIGN)
    assert (warned["ruleId"], warned["level"]) == ("ABN-002", "warning")
    assert place(warned["locations"][0]) == ("campaigns.yaml", 21, 3)
    assert warned["message"]["text"] == "Campaign/high: its threshold rises from 2 to 3 %"
    assert warned["suppressions"] == []


def test_a_part_without_a_place_stands_where_its_manifest_begins() -> None:
    assert place(result(plan(), ROWS)["locations"][0]) == ("segments/history%20band.yaml", 12, 1)


def test_what_no_manifest_declares_stands_at_the_workspace() -> None:
    refused = result(plan(), OLD)
    assert refused["level"] == "error"
    assert place(refused["locations"][0]) == ("workspace.yaml", 1, 1)


def test_a_plan_of_an_earlier_program_has_findings_without_a_line() -> None:
    assert "physicalLocation" not in result(replace(plan(), places={}), CAMPAIGN)["locations"][0]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (Location("a.yaml"), ("a.yaml", None, None)),
        (Location("a.yaml", 3), ("a.yaml", 3, None)),
        (Location("ä b/#?%.yaml", 3, 1), ("%C3%A4%20b/%23%3F%25.yaml", 3, 1)),
    ],
)
def test_a_place_may_be_a_whole_file_and_its_name_any(where: Location, told: tuple[str, Any, Any]) -> None:
    assert place(result(replace(plan(), places={str(CAMPAIGN): where}), CAMPAIGN)["locations"][0]) == told


def test_a_waived_finding_is_a_note_that_is_suppressed_with_its_reason_at_the_waiver() -> None:
    waived = result(plan(), ROWS)
    (told,) = waived["suppressions"]
    assert waived["level"] == "note"
    assert told["justification"] == "Scores follow the calendar."
    assert place(told["location"]) == ("workspace.yaml", 1, 1)


def test_a_finding_keeps_its_fingerprint_while_its_numbers_and_its_line_change() -> None:
    one = Finding("LIM-UPDATES", ROWS, "110 of 1,150")
    two, moved = replace(one, message="120 of 1,150", severity=Severity.WARN), {str(ROWS): Location("b.yaml", 99, 1)}
    prints = [
        [
            each["partialFingerprints"]["finding/v1"]
            for each in run(replace(plan(), findings=found, places=places))["results"]
        ]
        for found, places in (((one,), {}), ((two,), moved), ((one, two), {}), ((replace(one, object=OLD),), {}))
    ]
    assert prints[0] == prints[1] == prints[2][:1]
    assert len({each for some in prints for each in some}) == 3


def test_every_rule_leads_to_its_part_of_the_page() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {make_anchor(heading) for heading in headings}
    for rule in load_rules().values():
        page, _, anchor = link_rule(rule.id, rule.title).partition("#")
        assert page.endswith("/docs/rules.md")
        assert anchor in anchors, rule.id


def test_a_hostile_plan_has_a_result_for_each_finding_and_nothing_acts_in_it() -> None:
    found = run(hostile())
    assert len(found["results"]) == len(HOSTILE)
    for each in found["results"]:
        text = each["message"]["text"]
        assert len(text.splitlines()) == 1
        assert "](" not in text
        assert "{0}" not in text
    assert "##[" not in sarif.plan(hostile())


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_a_text_holds_it_is_a_text(text: str) -> None:
    about = Address("Campaign", text or "x")
    found = run(replace(plan(), findings=(Finding("LIM-X", about, text, waived=text),), places={}, tenant=text))
    said = found["results"][0]["message"]["text"]
    assert said.startswith("Campaign/")
    assert len(said.splitlines()) == 1
    assert "](" not in said


def test_the_same_plan_makes_the_same_document() -> None:
    whole = large()
    assert sarif.plan(whole) == sarif.plan(large())
    assert len(run(whole)["results"]) == 2_500


def test_a_plan_without_findings_says_so() -> None:
    assert run(plan(empty=True))["results"] == []


def differing(value: Plan) -> list[dict[str, Any]]:
    return [each for each in run(value)["results"] if each["ruleId"] == "DRIFT"]


def test_each_field_that_differs_has_a_result_of_its_own_and_a_plan_has_none() -> None:
    assert differing(plan()) == []
    at = Location("campaigns.yaml", 30, 11)
    field = Difference("Campaign/high", "predictive.maxCallsInProgress", "update", Cause.TENANT)
    said = Difference("Campaign/high", "status", "update", Cause.MANIFEST)
    gone = Difference("Campaign/of \u202esomebody", "", "undeclared")
    told = LocatedDifference(field, 12, 10, at), LocatedDifference(said, "active", "](x)"), LocatedDifference(gone)
    first, second, third = differing(replace(plan(), drift=told))
    assert place(first["locations"][0]) == ("campaigns.yaml", 30, 11)
    assert first["message"]["text"] == (
        "Campaign/high: predictive.maxCallsInProgress is 12 in the tenant, and 10 is declared; "
        "it was changed in the tenant since the last apply"
    )
    assert [each["level"] for each in (first, second, third)] == ["warning", "note", "warning"]
    assert "](" not in second["message"]["text"]
    assert "\u202e" not in json.dumps(third, ensure_ascii=False)
    # the same difference keeps its fingerprint while its values change
    (again,) = differing(replace(plan(), drift=(LocatedDifference(field, 99, 10, at),)))
    assert again["partialFingerprints"] == first["partialFingerprints"] != second["partialFingerprints"]


def test_a_field_that_differs_stands_at_the_line_that_declares_it(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder, status="paused")
    assert run("apply", "--yes").code == 0
    held = tenant.store.campaign_named("Evening").fields
    held["wrapUpCode"], held["abandonThreshold"] = "LOST", 2.0
    held["predictiveDialingSettings"]["maxCallsInProgress"] = 12
    lines = (folder.root / "campaign-evening.yaml").read_text().splitlines()
    found = run("drift", "--format", "sarif", "--path-prefix", "of/team")
    (told,) = json.loads(found.out)["runs"]
    results = {each["properties"]["field"]: each for each in told["results"] if each["ruleId"] == "DRIFT"}
    where = {field: place(each["locations"][0])[:2] for field, each in results.items()}
    file = "of/team/campaign-evening.yaml"
    paced = "  predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 10}"
    assert where == {
        "wrapUpCode": (file, lines.index("  wrapUpCode: SOLD") + 1),
        "predictive.maxCallsInProgress": (file, lines.index(paced) + 1),
        # its line is in a policy: it stands where its manifest says what there is
        "abandonThreshold": (file, lines.index("spec:") + 1),
    }
    assert {each["properties"]["cause"] for each in results.values()} == {"tenant"}
    assert (found.code, {each["level"] for each in results.values()}) == (2, {"warning"})
    assert "DRIFT" not in run("plan", "--format", "sarif").out
