"""An active campaign would be stopped."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that is active and will not be."""
    for each in situation.campaign_changes:
        was, becomes = each.was, each.becomes
        if was is None or not was.tells_status or not was.may_dial:
            continue
        if becomes is None or not becomes.may_dial:
            ends = "deleted" if becomes is None else becomes.status
            message = f"campaign {each.change.name!r} is {was.status} and would be {ends}"
            details = {"campaign": each.change.name, "status_before": was.status}
            details |= {"status": None if becomes is None else becomes.status}
            yield Finding(RULE.id, each.change.address, message, details=details)


RULE = Rule(
    id="LIM-STOPPED",
    title="an active campaign is stopped",
    says="No apply pauses, unschedules or deletes a campaign that is active, or in a state that is not known to be at"
    " rest: agents who wait for its calls have none.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0006-limits-and-overrides",
            "Safety limits are rules with an id, waived by name",
            "a limit of this tool, not of the law",
        ),
    ),
    check=check,
)
