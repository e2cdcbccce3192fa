# tested by: tests/steps/apply/test_hours_at_apply.py
"""The whole program in two functions: `propose` makes a plan, `commit` applies it.

What a plan does not need is loaded by who needs it: a person waits for it before the first request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from reconciler.ledger.ledger import Ledger
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.desired_state import Desired
from reconciler.model.draft import Imported
from reconciler.model.explanation import Explanation
from reconciler.model.live_state import Live
from reconciler.model.phase import Phase
from reconciler.model.plan import Plan
from reconciler.model.ports import Reader, Runtime, Writer
from reconciler.model.report import Report
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import OfTheTenant, RowQuery, Rows
from reconciler.model.what_if import Supposition, WhatIf
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.causes import trace_causes
from reconciler.steps.check import check_rules
from reconciler.steps.decide import decide
from reconciler.steps.diff import diff
from reconciler.steps.guard import guard
from reconciler.steps.impact import measure_impact
from reconciler.steps.import_live import Chosen, import_live
from reconciler.steps.keep_decisions import keep_decisions
from reconciler.steps.load import load
from reconciler.steps.narrow import keep_written
from reconciler.steps.order import build_plan
from reconciler.steps.read_tenant import read_tenant
from reconciler.steps.read_tenant.inventory import read_inventory
from reconciler.steps.restore import restore_members


def propose(desired: Desired, runtime: Runtime) -> Plan:
    """Read the tenant, and say what would be done to make it what the manifests declare.

    Raises:
        ReconcilerError: whatever a step raises; nothing has been written.
    """
    return make_plan(desired, read_live(desired, runtime), runtime)


def make_plan(desired: Desired, live: Live, runtime: Runtime) -> Plan:
    """Say what would be done to what was read; raises as `propose`."""
    runtime.start_phase(Phase.DECIDE)
    members = decide(desired, live)  # who belongs on which list, and who does not and why: relations
    members = restore_members(desired, members, live)  # of a rollback: who goes back to where a run found them
    runtime.start_phase(Phase.DIFF)
    changes = diff(desired, members, live, runtime.tokens(desired))  # pure; only declared fields
    members, changes = keep_written(desired, members, changes)  # of a narrowed plan: what is only read stays as it is
    runtime.start_phase(Phase.CHECK)
    checked = check_rules(desired, members, changes, live, desired.now)  # the campaigns as they would be, and findings
    runtime.start_phase(Phase.IMPACT)
    impact = measure_impact(desired, members, checked, live)  # who starts and stops being called
    # pure; what changed in git, and what behind our back; of a rollback the run that it goes back behind is the cause
    causes = trace_causes(changes, live.applied) if desired.back is None else None
    plan = build_plan(checked, desired, live, desired.now, impact, causes)  # pure; dependency order; a Plan is a value
    return keep_decisions(plan, members, desired)  # for proofs of whom it leaves out


def propose_again(desired: Desired, runtime: Runtime, first: Live) -> tuple[Plan, Live]:
    """Plan once more after an apply: what the tenant holds is read anew, and the sources are those of the `first` read.

    Interactions are, too: an apply makes none. Raises as `propose`.
    """
    live = read_live(desired, runtime)
    kept: dict[RowQuery, Rows] = {each: rows for each, rows in first.rows.items() if not isinstance(each, OfTheTenant)}
    live = replace(live, rows={**live.rows, **kept})
    return make_plan(desired, live, runtime), live


def read_live(desired: Desired, runtime: Runtime, *, campaigns: bool = True) -> Live:
    """What the tenant and the sources hold: reads only; names, not ids; only declared kinds. Raises as `propose`."""
    runtime.start_phase(Phase.READ_TENANT)
    memory = runtime.open_cache(desired), runtime.copy_pending_retries(desired)
    told = runtime.report_reading if campaigns else None
    scored = runtime.find_scored(desired)
    live = read_tenant(
        desired, runtime.reader(desired), partial(runtime.secret, desired), *memory, told=told, scored=scored
    )
    return replace(
        live,
        written=runtime.find_written(desired),
        scored=scored,
        applied=runtime.find_applied(desired),
        recent=runtime.find_recent(desired),
    )


def explain_contact(desired: Desired, runtime: Runtime, segment: str, contact: str) -> Explanation:
    """Say why one contact is where it is.

    Raises:
        ReconcilerError: whatever a step raises.
    """
    from reconciler.steps.explain import explain

    live = read_live(desired, runtime, campaigns=False)  # what they need may take hours, and has no part in a segment
    members, tokens = decide(desired, live), runtime.tokens(desired)
    changes = diff(desired, members, live, tokens)
    return explain(desired, members, changes, live, tokens, segment, contact)


def estimate_what_if(workspace: Workspace, runtime: Runtime, suppositions: Sequence[Supposition]) -> WhatIf:
    """Read the tenant once, and say what each supposed number would do to its segment's lists.

    Each number makes manifests of its own, which are loaded before anything is read.

    Raises:
        ReconcilerError: whatever a step raises, the question's own faults among them.
    """
    from reconciler.steps.what_if import estimate_effect

    first, segment = suppositions[0], Address("Segment", suppositions[0].segment)
    several = [load(replace(workspace, supposition=each)) for each in suppositions]
    desired = load(workspace)
    live = read_live(desired, runtime, campaigns=False)
    tokens, rows = runtime.tokens(desired), []
    for each, supposed in zip(suppositions, several, strict=True):
        changes = diff(supposed, decide(supposed, live), live, tokens)
        rows.append(estimate_effect(changes, segment, each.value))
    return WhatIf(segment, first.setting, tuple(rows), desired.meant, (*desired.notices, *live.notices))


def draft_manifests(desired: Desired, reader: Reader, chosen: Chosen, *, adopts: bool) -> Imported:
    """Read every object of the tenant, and say what manifests would declare those that are chosen.

    Raises:
        ReconcilerError: the tenant cannot be read.
    """
    from reconciler.steps.load.schema_check import (
        list_faults,
    )  # its library is slow to import, and of no other use here

    objects, unseen = read_inventory(reader)
    return import_live(desired, objects, reader.surfaces, list_faults, chosen, adopts=adopts, unseen=unseen)


def commit(plan: Plan, writer: Writer, ledger: Ledger, options: ApplyOptions) -> Report:
    """Do what a plan says, or refuse.

    Raises:
        Refused, Stale: the plan may not be applied; nothing has been written.
    """
    from reconciler.steps.apply import apply

    guard(plan, options)  # pure; refuses, never edits
    return apply(plan, writer, ledger, options)  # the only place that writes
