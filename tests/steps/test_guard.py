"""The guard works out anew what a plan needs, and refuses one whose approvals are missing; nothing waives that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler import __version__
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.approval import Approvals, CheckedApproval
from reconciler.model.approval_policy import Need, Policy, Requirement, Trigger, When
from reconciler.model.errors import Exit, Refused, Stale, Unapproved
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.workspace_settings import Override, Settings
from reconciler.rules import load_rules
from reconciler.steps.guard import guard
from reconciler.views.progress import ApplyProgress
from tests.views.plans import plan

BY = "Floor/operator"
GROUPS = {"dialling": ("ana", "bo")}


def safe() -> Plan:
    """A plan with steps and without a finding."""
    return replace(
        plan(), findings=(), objects=(), rows=(), campaigns=(), suppressions=(), waivers=(), tool_version=__version__
    )


def policy(count: int = 1, **when: Any) -> Policy:
    return Policy(BY, True, (Requirement(When(**when), count, "dialling", BY),), GROUPS)


def options(value: Plan, *policies: Policy, given: tuple[str, ...] = (), **said: Any) -> ApplyOptions:
    checked = tuple(CheckedApproval(BY, "signature", f"SHA256:{each}", (each,)) for each in given)
    settings = Settings(name=value.workspace, approvals=policies, overrides=said.pop("overrides", ()))
    return ApplyOptions(
        manifests=value.manifests,
        tenant=value.tenant,
        environment=value.environment,
        surfaces=value.surfaces,
        settings=settings,
        now=said.pop("now", value.created),
        scratch=Path("/nowhere"),
        progress=ApplyProgress.__new__(ApplyProgress),
        stop=Event(),
        approvals=Approvals(checked),
        **said,
    )


def test_a_plan_that_needs_approvals_is_refused_until_as_many_people_have_approved() -> None:
    value = safe()
    guard(value, options(value))
    for given in ((), ("ana",)):
        with pytest.raises(Unapproved) as caught:
            guard(value, options(value, policy(2), given=given))
        assert caught.value.exit_code == Exit.REFUSED
        assert "2 of group dialling must approve" in caught.value.message
        assert "reconciler approve FILE" in str(caught.value.hint)
        assert caught.value.note == "nothing was written to the tenant"
    guard(value, options(value, policy(2), given=("ana", "bo")))


def test_what_a_plan_says_that_it_needs_takes_nothing_away_from_what_the_policy_asks() -> None:
    few = replace(safe(), approvals=(Need("dialling", BY, 1, 2, (Trigger("always"),)),))
    with pytest.raises(Unapproved):
        guard(few, options(few, policy(2), given=("ana",)))


def test_a_plan_that_needs_whom_no_floor_here_names_is_refused() -> None:
    value = replace(safe(), approvals=(Need("dialling", BY, 1, 2, (Trigger("always"),)),))
    for policies in ((), (replace(policy(), groups={}, requirements=()),)):
        with pytest.raises(Unapproved, match="no floor that is given here says who that is"):
            guard(value, options(value, *policies, given=("ana", "bo")))


def test_no_waiver_sets_an_approval_aside() -> None:
    value = safe()
    waivers = tuple(Override(rule, str(Address("Campaign", "high")), "agreed with counsel") for rule in load_rules())
    with pytest.raises(Unapproved):
        guard(value, options(value, policy(), overrides=waivers))


def test_a_finding_that_is_only_there_when_the_plan_is_applied_asks_for_approval_as_well() -> None:
    """A do-not-call list that only warns has become too old since."""
    made = safe()
    taken = made.created - timedelta(days=1)
    listed = DoNotCall(
        Address("SuppressionList", "dnc"), Address("Segment", "history"), taken, timedelta(days=2), only_warns=True
    )
    value = replace(made, suppressions=(listed,))
    guard(value, options(value, policy(rules=("DNC-STALE",))))
    late = value.created + timedelta(days=3)
    with pytest.raises(Unapproved):
        guard(value, options(value, policy(rules=("DNC-STALE",)), now=late))
    guard(value, options(value, policy(rules=("DNC-STALE",)), now=late, given=("ana",)))


def test_a_stale_or_unsafe_plan_is_told_as_that_first() -> None:
    value = safe()
    with pytest.raises(Stale):
        guard(value, options(replace(value, manifests="sha256:other"), policy()))
    unsafe = plan()
    unsafe = replace(unsafe, tool_version=__version__)
    with pytest.raises(Refused) as caught:
        guard(unsafe, options(unsafe, policy()))
    assert caught.value.code == "refused"


def test_a_run_that_is_resumed_says_that_nothing_more_was_written() -> None:
    value = safe()
    with pytest.raises(Unapproved) as caught:
        guard(value, options(value, policy(), resume="20260702T083000.000000-abcdef"))
    assert caught.value.note == "nothing more was written"
