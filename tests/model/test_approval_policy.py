"""Whose approval does a plan need, and why?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.allowed_signers import read_signers
from reconciler.model.approval_policy import Need, Policy, Requirement, When, find_needs
from reconciler.model.finding import Finding, Severity
from reconciler.model.impact import Impact, blast_radius
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest, plan_document, read_plan
from reconciler.model.resource_address import Address
from reconciler.model.tables import MEMBER_CHANGES
from tests.views.plans import plan

GROUPS = {"dialling": ("ana", "bo", "cy"), "compliance": ("bo", "di")}
BY = "Floor/operator"


def policy(*requirements: Requirement, **said: Any) -> Policy:
    return Policy(said.pop("by", BY), True, requirements, said.pop("groups", GROUPS), **said)


def asks(count: int = 1, group: str = "dialling", of: str = BY, **when: Any) -> Requirement:
    return Requirement(When(**when), count, group, of)


def with_blast(percent: float, *, known: bool = True) -> Plan:
    blast = replace(blast_radius(1000, 0, 0, 0, 0, known=known), percent=percent)
    return replace(plan(), impact=Impact(blast))


def needs(value: Plan, *requirements: Requirement) -> list[tuple[str, int]]:
    return [(each.group, each.count) for each in find_needs(value, [policy(*requirements)])]


def only(value: Plan, *actions: Action) -> Plan:
    """A plan that changes campaigns by these actions alone, and no rows."""
    objects = tuple(each for each in value.objects if each.action in actions and each.address.kind == "Campaign")
    return replace(value, objects=objects, rows=(), outcomes=(), numbers=())


@pytest.mark.parametrize(("percent", "needed"), [(9.9, False), (10.0, True), (10.1, True), (250.0, True)])
def test_the_blast_radius_counts_from_the_limit_itself_on(percent: float, needed: bool) -> None:
    assert bool(needs(with_blast(percent), asks(blast_radius=10))) is needed


def test_a_blast_radius_that_nobody_knows_asks_for_approval_as_a_large_one_does() -> None:
    for value in (with_blast(0.0, known=False), replace(plan(), impact=None)):
        (need,) = find_needs(value, [policy(asks(blast_radius=10))])
        assert [each.code for each in need.why] == ["blast_radius_unknown"]


def test_a_finding_of_a_rule_counts_whether_it_warns_refuses_or_is_waived() -> None:
    of = Address("Campaign", "high")
    finding = Finding("ABN-001", of, "above", "agreed", severity=Severity.WARN, until=date(2026, 9, 30))
    for found in (finding, replace(finding, waived=None), replace(finding, severity=Severity.REFUSE)):
        value = replace(plan(), findings=(found,))
        assert needs(value, asks(rules=("DNC-STALE", "ABN-001"))) == [("dialling", 1)]
        assert needs(value, asks(rules=("DNC-STALE",))) == []
    assert needs(replace(plan(), findings=()), asks(rules=("ABN-001",))) == []


def test_a_finding_that_is_found_beside_the_plans_own_counts_as_well() -> None:
    later = Finding("DNC-STALE", Address("SuppressionList", "dnc"), "old")
    value = replace(plan(), findings=())
    assert not find_needs(value, [policy(asks(rules=("DNC-STALE",)))])
    assert find_needs(value, [policy(asks(rules=("DNC-STALE",)))], [later])


@pytest.mark.parametrize(
    ("action", "acts"),
    [
        (Action.CREATE, {"create"}),
        (Action.UPDATE, {"change"}),
        (Action.DELETE, {"delete"}),
        (Action.REPLACE, {"create", "change", "delete"}),
        (Action.RELEASE, {"change"}),
        (Action.NO_OP, set()),
    ],
)
def test_each_action_is_what_it_does_to_an_object(action: Action, acts: set[str]) -> None:
    whole = plan()
    change = replace(next(each for each in whole.objects if each.address.kind == "Campaign"), action=action)
    value = replace(whole, objects=(change,), rows=(), outcomes=(), numbers=())
    found = {act for act in ("create", "change", "delete") if needs(value, asks(kinds=("Campaign",), acts=(act,)))}
    assert found == acts
    assert bool(needs(value, asks(kinds=("Campaign",)))) is bool(acts)
    assert not needs(value, asks(kinds=("ContactList",)))


def test_rows_are_a_change_of_what_fills_a_list_and_of_the_list() -> None:
    value = replace(plan(), objects=())
    assert needs(value, asks(kinds=("Segment",)))
    assert needs(value, asks(kinds=("ContactList",), acts=("change",)))
    assert not needs(value, asks(kinds=("Segment",), acts=("create", "delete")))
    assert not needs(value, asks(kinds=("Campaign",)))


def test_an_environment_counts_by_its_name_and_one_without_a_name_counts_as_any() -> None:
    value = plan()
    assert needs(replace(value, environment="prod"), asks(environments=("prod",)))
    assert not needs(replace(value, environment="stage"), asks(environments=("prod",)))
    (need,) = find_needs(replace(value, environment=None), [policy(asks(environments=("prod",)))])
    assert [each.code for each in need.why] == ["environment_unknown"]
    assert needs(value, asks(tenants=(value.tenant,)))
    assert not needs(value, asks(tenants=("elsewhere",)))


def test_all_that_a_condition_says_must_hold() -> None:
    value = replace(with_blast(50.0), environment="prod")
    assert needs(value, asks(blast_radius=10, environments=("prod",), kinds=("Campaign",)))
    assert not needs(value, asks(blast_radius=10, environments=("stage",)))
    assert not needs(value, asks(blast_radius=60, environments=("prod",)))


def test_of_several_requirements_of_one_group_the_highest_number_counts_and_every_reason_is_told() -> None:
    (need,) = find_needs(with_blast(50.0), [policy(asks(1), asks(2, blast_radius=10), asks(1, kinds=("Campaign",)))])
    assert (need.count, need.members) == (2, 3)
    assert [each.code for each in need.why] == ["always", "blast_radius", "kind"]


def test_policies_hold_together_and_a_group_of_the_same_name_is_another() -> None:
    team = policy(asks(1, "dialling", "Floor/team"), by="Floor/team", groups={"dialling": ("cy", "cy")})
    found = find_needs(plan(), [policy(asks(2)), team])
    assert [(each.of, each.count, each.members) for each in found] == [("Floor/operator", 2, 3), ("Floor/team", 1, 1)]


def test_what_one_policy_asks_of_authors_holds_for_all() -> None:
    team = policy(by="Floor/team", groups={}, not_only_author=True)
    assert [each.not_only_author for each in find_needs(plan(), [policy(asks(1)), team])] == [True]


def test_a_plan_that_does_nothing_needs_nobody() -> None:
    assert find_needs(replace(plan(), steps=()), [policy(asks(2))]) == ()


def test_the_digest_binds_what_a_plan_needs_and_it_is_read_back_as_it_was() -> None:
    bare = plan()
    value = replace(bare, approvals=find_needs(bare, [policy(asks(2, blast_radius=0), asks(1, "compliance"))]))
    assert plan_digest(value) != plan_digest(bare)
    again = read_plan(plan_document(value), Path("rows"), MEMBER_CHANGES.types)
    assert again.approvals == value.approvals
    assert all(isinstance(each, Need) for each in again.approvals)


@given(st.lists(st.sampled_from(["blast", "rule", "kind", "always"]), max_size=4), st.integers(1, 5))
def test_one_more_requirement_never_takes_a_need_away(before: list[str], count: int) -> None:
    made = {
        "blast": asks(1, blast_radius=1),
        "rule": asks(3, "compliance", rules=("ABN-001",)),
        "kind": asks(2, kinds=("Campaign",)),
        "always": asks(1),
    }
    fewer = [made[each] for each in before]
    less = dict(needs(plan(), *fewer))
    more = dict(needs(plan(), *fewer, asks(count)))
    assert all(more[group] >= many for group, many in less.items())
    assert more["dialling"] >= count


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample"


def test_the_lines_of_an_allowed_signers_file_are_read_as_openssh_writes_them() -> None:
    text = (
        f"# who may approve\n\nana,ana@example.com {KEY} a comment\n"
        f'bo namespaces="git,approve",valid-before="20300101" {KEY}\n'
        f"*@example.com cert-authority {KEY}\n"
        f'"cy" {KEY}\n'
    )
    lines, bad = read_signers(text)
    assert not bad
    assert [(each.number, each.principals, each.authority) for each in lines] == [
        (3, ("ana", "ana@example.com"), False),
        (4, ("bo",), False),
        (5, ("*@example.com",), True),
        (6, ("cy",), False),
    ]
    assert lines[2].is_of("di@example.com")
    assert not lines[2].is_of("di")
    assert lines[0].is_of("ana")


@pytest.mark.parametrize(
    "line",
    [
        f"* {KEY}",
        f"an? {KEY}",
        f"!bo,cy {KEY}",
        f"*@example.com {KEY}",
        KEY,
        "ana",
        "ana ssh-ed25519",
        f"ana x=1 {KEY}",
    ],
)
def test_a_line_that_names_nobody_in_full_is_refused_with_its_number(line: str) -> None:
    lines, bad = read_signers(f"bo {KEY}\n{line}\n")
    assert [each.number for each in lines] == [1]
    assert [each.number for each in bad] == [2]
    assert bad[0].hint
