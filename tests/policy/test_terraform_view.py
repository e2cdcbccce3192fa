"""A plan as Terraform shows one: all of it is there, in whole numbers, and nothing that is not known passes a limit."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.reason import Counted, Reason
from reconciler.views import json_view, terraform
from reconciler.views.policy_facts import BOUNDLESS, REMOVED
from tests.policy import plans
from tests.policy.plans import breaks_policy, changed, keeps_to_policy
from tests.test_output_schemas import problems
from tests.views.plans import hostile, large, plan, replacement, rollback


def shown(value: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(terraform.plan(value))
    return document


def values_of(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The values of all that is of a type."""
    return [each["values"] for each in document["planned_values"]["root_module"]["resources"] if each["type"] == kind]


def setting(before: Any, after: Any) -> dict[str, Any]:
    """What is told of one setting that changes."""
    change = changed(plans.HIGH, "High", {**plans.before(), "thing": before}, thing=after)
    (told,) = values_of(shown(replace(keeps_to_policy(), objects=(change,), campaigns=())), "reconciler_setting")
    return told


@pytest.mark.parametrize(
    "value",
    [
        plan(),
        plan(empty=True),
        replacement(),
        rollback(),
        replace(plan(), narrowed=("--only Campaign",)),
        hostile(),
        keeps_to_policy(),
        breaks_policy(),
    ],
)
def test_it_is_as_its_schema_says_and_on_one_line(value: Plan) -> None:
    said = terraform.plan(value)
    assert (said.count("\n"), said[-1]) == (1, "\n")
    assert problems(json.loads(said), "plan-terraform.json") == []
    assert terraform.plan(value) == said
    assert json.loads(said)["digest"] == plan_digest(value)


def test_no_address_is_there_twice() -> None:
    for value in (plan(), hostile(), large(), breaks_policy()):
        resources = shown(value)["planned_values"]["root_module"]["resources"]
        addresses = [each["address"] for each in resources]
        assert len(set(addresses)) == len(addresses)


def test_every_object_and_every_change_of_rows_is_among_the_changes() -> None:
    for value in (breaks_policy(), plan(), replacement()):
        changes = {each["address"]: each["change"]["actions"] for each in shown(value)["resource_changes"]}
        document = json.loads(json_view.plan(value))
        objects = {each["address"]: each["change"]["actions"] for each in document["resource_changes"]}
        assert {**objects, **{each["address"]: ["update"] for each in document["row_changes"]}} == changes


def test_rows_that_stay_as_they_are_are_no_change() -> None:
    still = replace(plans.members(plans.ROWS, "High", 100, {}), live=100)
    (change,) = shown(replace(keeps_to_policy(), objects=(), rows=(still,), outcomes=(), numbers=()))[
        "resource_changes"
    ]
    assert change["change"]["actions"] == ["no-op"]


def test_it_can_be_applied_where_something_is_to_do_and_nothing_refuses() -> None:
    told = [shown(value)["applyable"] for value in (keeps_to_policy(), breaks_policy(), plan(empty=True))]
    assert told == [True, False, False]


def test_nobody_is_in_it() -> None:
    samples = [sample for rows in plan().rows for sample in rows.samples]
    said = terraform.plan(plan())
    assert samples
    assert not [each for each in samples if each.token in said or each.hint in said]


@given(st.integers(1, 10**6), st.data())
def test_a_share_is_at_most_a_limit_just_where_the_rows_are(live: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, live))
    limit = data.draw(st.integers(0, 100))
    rows = plans.members(plans.ROWS, "High", live, {"no_consent": count})
    (told,) = values_of(
        shown(replace(keeps_to_policy(), objects=(), rows=(rows,), campaigns=())), "reconciler_membership"
    )
    assert (told["removed_percent"]["no_consent"] <= limit) == (100 * count <= limit * live)
    assert told["removed"]["no_consent"] == count


def test_every_reason_for_a_removal_is_told_also_where_nobody_is_removed_for_it() -> None:
    for told in values_of(shown(breaks_policy()), "reconciler_membership"):
        assert set(told["removed"]) == set(told["removed_percent"]) >= set(REMOVED)
    rows = plans.members(plans.ROWS, "High", 10, {})
    odd = replace(rows, reasons=(Counted(Reason("changed", ("score",)), 3, "remove"),), removes=3)
    (told,) = values_of(shown(replace(keeps_to_policy(), rows=(odd,))), "reconciler_membership")
    assert told["removed"]["changed"] == 3


@pytest.mark.parametrize(
    ("before", "after", "up", "down"),
    [
        (40, 60, 150, 150),
        (40, 61, 153, 152),
        (40, 20, 50, 50),
        (0.35, 0.7, 200, 200),
        (0.1, 0.3, 300, 300),
        (3, 0, 0, 0),
        (0, 1, BOUNDLESS, 0),
        (None, 1, BOUNDLESS, 0),
        (5, None, BOUNDLESS, 0),
        (5, "many", BOUNDLESS, 0),
        (-1, 5, BOUNDLESS, 0),
        (5, -1, BOUNDLESS, 0),
        (1, 10**12, BOUNDLESS, BOUNDLESS),
    ],
)
def test_a_factor_of_what_is_no_number_or_nothing_passes_no_limit(before: Any, after: Any, up: int, down: int) -> None:
    told = setting(before, after)
    assert (told["percent"], told["percent_down"]) == (up, down)


@pytest.mark.parametrize(("before", "after"), [("a", "b"), (None, "a"), (False, True), (["a"], [])])
def test_what_is_no_number_has_no_factor(before: Any, after: Any) -> None:
    assert "percent" not in setting(before, after)


def test_whole_numbers_are_whole_as_terraform_has_them() -> None:
    document = shown(keeps_to_policy())
    (high,) = (each["change"] for each in document["resource_changes"] if each["address"] == "Campaign/high")
    assert type(high["after"]["abandonThreshold"]) is int
    assert (high["before"]["abandonThreshold"], high["after"]["predictive"]["targetAnswerRate"]) == (2.5, 0.35)


@pytest.mark.parametrize(("threshold", "told"), [(3.0, 300), (3.01, 301), (3.001, 301), (0.0, 0), (None, BOUNDLESS)])
def test_a_threshold_is_told_in_whole_hundredths(threshold: float | None, told: int) -> None:
    after = {"name": "High", **({} if threshold is None else {"abandonThreshold": threshold})}
    change = ObjectChange(plans.HIGH, "High", Action.CREATE, None, after)
    value = replace(keeps_to_policy(), campaigns=(plans.planned(change, threshold, None),))
    (campaign,) = values_of(shown(value), "reconciler_campaign")
    assert (campaign["abandon_threshold_hundredths"], campaign["contacts"]) == (told, BOUNDLESS)


@pytest.mark.parametrize(
    ("was", "status", "begins"),
    [
        (None, "active", True),
        (None, "draft", False),
        ("paused", "active", True),
        ("draft", "ACTIVE", True),
        ("active", "active", False),
        ("active", "paused", False),
        # nobody knows what it means: it may be dialling
        ("paused", "warming-up", True),
        ("stopped", None, True),
    ],
)
def test_a_campaign_begins_to_dial_where_it_may_and_did_not(was: str | None, status: str | None, begins: bool) -> None:
    before = None if was is None else {"name": "High", "status": was}
    after = {"name": "High", "note": "x", **({} if status is None else {"status": status})}
    action = Action.CREATE if before is None else Action.UPDATE
    change = ObjectChange(plans.HIGH, "High", action, before, after, seconds_later={"startTime": 900})
    value = replace(keeps_to_policy(), objects=(change,), campaigns=())
    (told,) = values_of(shown(value), "reconciler_change")
    assert told["begins_dialling"] is begins
    assert told["dials_from"] == ("2026-07-02T08:45:00Z" if begins else None)


def test_a_start_that_waits_for_the_calling_hours_is_unknown_where_they_are() -> None:
    change = plans.made(plans.EVENING, "Evening", name="Evening", status="active")
    told = plans.planned(change, 2.0, 5)
    waits = replace(told, campaign=replace(told.campaign, within_hours=True))
    value = replace(keeps_to_policy(), objects=(change,), campaigns=(waits,))
    (found,) = values_of(shown(value), "reconciler_change")
    assert (found["begins_dialling"], found["dials_from"]) == (True, None)
    opens = replace(value, campaigns=(replace(waits, opens=value.created.replace(hour=15)),))
    assert values_of(shown(opens), "reconciler_change")[0]["dials_from"] == "2026-07-02T15:30:00Z"


def test_a_list_begins_no_dialling() -> None:
    told = values_of(shown(breaks_policy()), "reconciler_change")
    assert {each["object"] for each in told if each["begins_dialling"]} == {"Campaign/evening"}


def test_a_plan_without_a_known_blast_radius_passes_no_limit() -> None:
    (told,) = values_of(shown(plan()), "reconciler_plan")
    assert (told["blast_percent"], told["weekday"], told["hour_utc"]) == (60, "Thursday", 8)
    (told,) = values_of(shown(replace(plan(), impact=None)), "reconciler_plan")
    assert told["blast_percent"] == BOUNDLESS


@pytest.mark.parametrize(
    ("until", "days"), [(date(2026, 7, 2), 0), (date(2026, 7, 3), 1), (date(2026, 7, 1), -1), (None, BOUNDLESS)]
)
def test_a_waiver_says_for_how_many_days_it_holds(until: date | None, days: int) -> None:
    (waiver,) = keeps_to_policy().waivers
    (told,) = values_of(shown(replace(keeps_to_policy(), waivers=(replace(waiver, until=until),))), "reconciler_waiver")
    assert told["days_left"] == days
