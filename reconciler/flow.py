# tested by: tests/steps/apply/test_hours_at_apply.py
"""The sentence: what the whole program does, in its own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from reconciler.ledger.ledger import Ledger
from reconciler.model.address import Address
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.desired import Desired
from reconciler.model.explanation import Explanation
from reconciler.model.live import Live
from reconciler.model.plan import Plan
from reconciler.model.ports import Runtime, Writer
from reconciler.model.report import Report
from reconciler.model.settings import Workspace
from reconciler.model.what_if import Supposition, WhatIf
from reconciler.steps.apply import apply
from reconciler.steps.check import check_rules
from reconciler.steps.decide import decide
from reconciler.steps.diff import diff
from reconciler.steps.explain import explain
from reconciler.steps.guard import guard
from reconciler.steps.load import load
from reconciler.steps.order import build_plan
from reconciler.steps.read import read_tenant
from reconciler.steps.what_if import estimate_effect


def propose(workspace: Workspace, outside: Runtime) -> Plan:
    """Read the manifests and the tenant, and say what would be done.

    Raises:
        ReconcilerError: whatever a step raises; nothing has been written.
    """
    outside.phase("reading the manifests")
    desired = load(workspace)  # files -> resources; every problem at once, each with file:line:column
    outside.phase("reading the tenant and the sources")
    live = _seen(desired, outside)  # reads only; names, not ids; only declared kinds
    outside.phase("working out who belongs on which list")
    members = decide(desired, live)  # who belongs on which list, and who does not and why: relations
    outside.phase("comparing with the lists")
    changes = diff(desired, members, live, outside.tokens(desired))  # pure; only declared fields
    outside.phase("holding the campaigns to the rules")
    judged = check_rules(
        desired, members, changes, live, workspace.now
    )  # what each campaign would be, and what the rules say
    return build_plan(judged, desired, live, workspace.now)  # pure; dependency order; a Plan is a value


def _seen(desired: Desired, outside: Runtime, *, campaigns: bool = True) -> Live:
    memory = outside.shelf(desired), outside.owed(desired)
    told = outside.asked if campaigns else None
    scored = outside.scored(desired)
    live = read_tenant(
        desired, outside.reader(desired), partial(outside.secret, desired), *memory, told=told, scored=scored
    )
    return replace(live, written=outside.written(desired), scored=scored)


def explain_contact(workspace: Workspace, outside: Runtime, segment: str, contact: str) -> Explanation:
    """Say why one contact is where it is.

    Raises:
        ReconcilerError: whatever a step raises.
    """
    desired = load(workspace)
    live = _seen(desired, outside, campaigns=False)  # what they need may take hours, and has no part in a segment
    members, tokens = decide(desired, live), outside.tokens(desired)
    changes = diff(desired, members, live, tokens)
    return explain(desired, members, changes, live, tokens, segment, contact)


def estimate_what_if(workspace: Workspace, outside: Runtime, suppositions: Sequence[Supposition]) -> WhatIf:
    """Read once, and say what each supposed number would do to its segment's lists.

    Raises:
        ReconcilerError: whatever a step raises, the question's own faults among them.
    """
    first, segment = suppositions[0], Address("Segment", suppositions[0].segment)
    load(replace(workspace, supposition=first))  # a question that makes no sense is told before anything is read
    desired = load(workspace)
    live = _seen(desired, outside, campaigns=False)
    tokens, rows = outside.tokens(desired), []
    for each in suppositions:
        supposed = load(replace(workspace, supposition=each))
        changes = diff(supposed, decide(supposed, live), live, tokens)
        rows.append(estimate_effect(changes, segment, each.value))
    return WhatIf(segment, first.setting, tuple(rows), desired.meant, live.notices)


def commit(plan: Plan, writer: Writer, ledger: Ledger, terms: ApplyOptions) -> Report:
    """Do what a plan says, or refuse.

    Raises:
        Refused, Stale: the plan may not be applied; nothing has been written.
    """
    guard(plan, terms)  # pure; refuses, never edits
    return apply(plan, writer, ledger, terms)  # the only place that writes
