"""May this plan be applied? Pure: it refuses, and never edits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reconciler.model.errors import Refused
from reconciler.model.limits import waive
from reconciler.model.plan import Plan
from reconciler.model.settings import Override


@dataclass(frozen=True, slots=True)
class Permission:
    """What the workspace allows on the day of an apply: an override that has run out since the plan holds no more."""

    overrides: tuple[Override, ...]
    today: date


def guard(plan: Plan, permission: Permission) -> None:
    """Refuse a plan with a finding that nothing sets aside today.

    Raises:
        Refused: with every such finding.
    """
    refusals = [
        finding for finding in waive(plan.findings, permission.overrides, permission.today) if not finding.waived
    ]
    if not refusals:
        return
    words = "\n".join(f"  {finding.rule}  {finding.object}: {finding.message}" for finding in refusals)
    waivable = [finding for finding in refusals if finding.waivable]
    hint = "change the manifests so that the plan is safe"
    if waivable:
        hint += "; or, if it is right, add to the Workspace's `overrides`: " + "; ".join(
            f"{{rule: {finding.rule}, object: {finding.object}, reason: …}}" for finding in waivable
        )
    raise Refused(
        f"the plan is unsafe and was not applied:\n{words}", note="nothing was written to the tenant", hint=hint
    )
