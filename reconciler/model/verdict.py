# tested by: tests/cli/test_unsafe_plans.py
"""Reach the verdict of a plan: no changes, changes, or refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model.finding import Severity
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address


class Status(StrEnum):
    """`refused` before `changes`: a plan that may not be applied changes nothing."""

    NO_CHANGES = "no_changes"
    CHANGES = "changes"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a plan comes to.

    Attributes:
        blocked_by: the rule and the object of each finding that makes `apply` refuse.
        warnings: those of each finding that is a warning and that nobody waived.
        counts: objects by what becomes of them, contacts by what is done to them on lists, findings by what they do.
    """

    status: Status
    blocked_by: tuple[tuple[str, Address], ...]
    warnings: tuple[tuple[str, Address], ...]
    counts: dict[str, int]

    def document(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return {
            "status": self.status.value,
            "blocked_by": [{"rule": rule, "object": str(address)} for rule, address in self.blocked_by],
            "counts": dict(self.counts),
        }


def reach_verdict(plan: Plan) -> Verdict:
    """The verdict on a plan: of what it says, and of nothing else."""
    warnings = tuple(
        (each.rule, each.object) for each in plan.findings if each.severity is Severity.WARN and each.waived is None
    )
    blocked = tuple((each.rule, each.object) for each in plan.refusals)
    status = Status.REFUSED if blocked else Status.NO_CHANGES if plan.empty else Status.CHANGES
    acts = {each.value: each for each in Action if each is not Action.NO_OP}
    counts = {name: plan.count(action) for name, action in acts.items()}
    counts["adopt"] = plan.adoptions
    counts["moved"] = sum(change.previous is not None for change in plan.objects)
    for name in ("adds", "updates", "removes"):
        counts[f"contacts_{name.removesuffix('s')}"] = sum(getattr(change, name) for change in plan.rows)
    counts["contacts_by_the_calendar"] = sum(change.aged for change in plan.rows)
    counts["contacts_pending"] = sum(change.pending for change in plan.rows)
    counts["undeclared"] = len(plan.undeclared)
    counts["undeclared_dialling"] = sum(each.dials for each in plan.undeclared)
    counts["outcomes"] = sum(change.total for change in plan.outcomes)
    counts["refusals"], counts["warnings"] = len(blocked), len(warnings)
    counts["waived"] = sum(each.waived is not None for each in plan.findings)
    return Verdict(status, blocked, warnings, counts)
