"""What the rules found is a test that fails, whoever reads JUnit, and the document is XML whatever names hold."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.finding import Finding
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.rule_results import CheckedRule
from reconciler.views import junit
from tests.views.plans import HOSTILE, hostile, large, plan

KNOWN = {"testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped", "system-out"}


def suites(value: Plan) -> ElementTree.Element:
    """The document, whose counts are what it has."""
    text = junit.plan(value)
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert {each.tag for each in root.iter()} <= KNOWN
    for each in (root, *root.findall("testsuite")):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
            assert each.get(name) == str(len([*each.iter(tag)])), (each.attrib, tag)
        assert each.get("errors") == "0"
    return root


def find_case(value: Plan, about: str) -> ElementTree.Element:
    (found,) = [each for each in suites(value).iter("testcase") if each.get("name") == about]
    return found


def test_each_rule_is_a_suite_and_one_that_found_nothing_passes() -> None:
    root = suites(plan())
    names = [each.get("name", "").partition(":")[0] for each in root]
    assert names == ["ABN-001", "ABN-002", "LIM-STOPPED", "LIM-UPDATES"]
    (passed,) = root[0].findall("testcase")
    assert (passed.get("name"), len(passed)) == ("no finding", 0)


def test_what_refuses_is_a_failure_with_its_words() -> None:
    failure = find_case(plan(), "Campaign/Old campaign").find("failure")
    assert failure is not None
    assert failure.get("type") == "LIM-STOPPED"
    assert failure.get("message") == failure.text == "campaign 'Old campaign' is active and would be deleted"


def test_what_is_waived_is_skipped_with_its_reason() -> None:
    waived = find_case(plan(), "Segment/history[high]")
    skipped = waived.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "waived: Scores follow the calendar."
    assert waived.findtext("system-out") == "110 of 1,150 contacts (10 %) are changed"
    assert (waived.get("file"), waived.get("line")) == ("segments/history band.yaml", "12")


def test_a_warning_passes_and_tells_its_words() -> None:
    warned = find_case(plan(), "Campaign/high")
    assert [each.tag for each in warned] == ["system-out"]
    assert warned.findtext("system-out") == "warning: its threshold rises from 2 to 3 %"
    assert (warned.get("file"), warned.get("line")) == ("campaigns.yaml", "21")


def test_a_hostile_plan_has_the_elements_of_a_plan_and_no_others() -> None:
    root = suites(hostile())
    assert len([*root.iter("failure")]) == len(HOSTILE)
    for each in root.iter():
        for text in (*each.attrib.values(), (each.text or "").strip()):
            assert len(text.splitlines()) <= 1
    assert "##[" not in junit.plan(hostile())


@settings(deadline=None)
@given(st.text(max_size=60), st.booleans())
def test_whatever_a_text_holds_the_document_is_xml(text: str, waived: bool) -> None:
    finding = Finding(text, Address("Campaign", text), text, waived=text if waived else None)
    rule = CheckedRule(text, text, finding.severity, (text,))
    root = suites(replace(plan(), findings=(finding,), rules=(rule,), workspace=text, tenant=text))
    assert len(root) == 1


def test_the_same_plan_makes_the_same_document() -> None:
    assert junit.plan(large()) == junit.plan(large())
    assert len([*suites(large()).iter("failure")]) == 2_500


def test_a_plan_without_findings_passes() -> None:
    root = suites(replace(plan(), findings=()))
    assert (root.get("failures"), root.get("tests")) == ("0", "2")
