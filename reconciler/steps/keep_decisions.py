# tested by: tests/steps/test_evidence.py
"""Keep with a plan whom it decided on, so that what it decides about one contact can be proved once it was applied."""

from __future__ import annotations

from dataclasses import replace

from reconciler.audience.evidence.decided_contacts import write_decided
from reconciler.audience.relations import engine
from reconciler.model.desired_state import Desired
from reconciler.model.evidence import Decided
from reconciler.model.plan import Plan
from reconciler.model.segment_membership import Members


def keep_decisions(plan: Plan, members: Members, desired: Desired) -> Plan:
    """A plan with everybody in the source of each segment; one that does nothing is no run, and keeps nobody.

    Nor does a rollback: who is where, a run before it decided.
    """
    if plan.empty or not members or plan.rolls_back is not None:
        return plan
    into = desired.scratch / "decided"
    into.mkdir(mode=0o700, exist_ok=True)
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        told = tuple(
            Decided(each.segment.address, write_decided(backend, each.rows, into / f"decided-{number}.parquet"))
            for number, each in enumerate(members)
        )
    return replace(plan, decided=told)
