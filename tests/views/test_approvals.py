"""Every view of a plan says whose approval it needs, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest

from reconciler.model.approval import Approvals, CheckedApproval, Fault, Shortfall
from reconciler.model.approval_policy import Need, Trigger
from reconciler.views import load_views
from reconciler.views.approval_words import describe_need, describe_trigger
from tests.test_output_schemas import problems
from tests.views.plans import plan

WHY = (Trigger("blast_radius", limit=10, percent=41.4), Trigger("rule", ("ABN-001",), 1))
NEEDS = (
    Need("compliance", "Floor/operator", 2, 3, WHY, True),
    Need("dialling", "Floor/operator", 1, 1, (Trigger("always"),)),
)


def test_a_need_is_told_in_one_line_with_its_reasons() -> None:
    assert describe_need(NEEDS[0]) == (
        "2 of 3 people in group compliance, not the author alone: "
        "the blast radius is 41.4 %, and from 10 % on it is needed; findings of ABN-001"
    )
    assert describe_need(NEEDS[1]) == "1 of 1 person in group dialling: every plan needs it"


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (Trigger("blast_radius_unknown", limit=2.5), "the blast radius is not known, and from 2.5 % on it is needed"),
        (Trigger("kind", ("Campaign/a", "Campaign/b"), 7), "changes Campaign/a, Campaign/b and 5 more"),
        (Trigger("environment", ("prod",), 1), "environment prod"),
        (Trigger("environment_unknown"), "no environment was chosen"),
        (Trigger("tenant", ("acme",), 1), "tenant acme"),
    ],
)
def test_every_reason_has_its_words(trigger: Trigger, words: str) -> None:
    assert describe_trigger(trigger) == words


@pytest.mark.parametrize(
    "format", sorted(name for (subject, name), view in load_views().items() if subject == "plan" and view.whole)
)
def test_every_view_that_people_read_a_plan_in_says_what_it_needs(format: str) -> None:
    shown = str(load_views()["plan", format].render(replace(plan(), approvals=NEEDS)))
    without = str(load_views()["plan", format].render(plan()))
    assert "compliance" in shown
    assert "compliance" not in without


def test_each_approval_is_told_with_what_came_of_its_check_and_foreign_text_gives_no_orders() -> None:
    checked = [CheckedApproval("Floor/o", "signature", "SHA256:k", ("ana",), "2026-07-01T12:00:00Z")]
    checked += [CheckedApproval("Floor/o", "review", "eve\n::x", fault=fault) for fault in get_args(Fault)]
    lacks = (Shortfall(NEEDS[0], ("ana",), 1, ("bo", "di"), "unknown"),)
    shown = str(load_views()["approvals", "text"].render(plan(), NEEDS, Approvals(tuple(checked), ("eve",)), lacks))
    lines = shown.splitlines()
    assert "  approved by ana (signature of SHA256:k at 2026-07-01T12:00:00Z), by Floor/o" in lines
    assert sum(
        line.startswith("  does not count for Floor/o: review of eve\\u000a::x, nobody who is known: ")
        for line in lines
    )
    assert len({line for line in lines if "does not count" in line}) == len(get_args(Fault))
    assert "Missing: 2 of group compliance must approve, 1 did (ana approved); still to be asked: bo, di" in lines
    document = json.loads(
        str(load_views()["approvals", "json"].render(plan(), NEEDS, Approvals(tuple(checked), ("eve",)), lacks))
    )
    assert problems(document, "approvals.json") == []
    assert document["missing"][0]["author"] == "unknown"


def test_the_plan_in_json_says_it_as_its_schema_does() -> None:
    document = json.loads(str(load_views()["plan", "json"].render(replace(plan(), approvals=NEEDS))))
    assert problems(document, "plan.json") == []
    assert [each["count"] for each in document["approvals"]] == [2, 1]
    document["approvals"][0]["count"] = 0
    assert problems(document, "plan.json")
