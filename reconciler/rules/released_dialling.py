"""Something that is released goes on dialling, or being dialled."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each released object that dials, or that an active campaign dials."""
    for change in situation.changes.objects:
        if change.action is Action.RELEASE and change.dialled_by:
            named = " and ".join(f"{name!r}" for name in change.dialled_by)
            message = f"it may be calling people, and {change.name!r} would no longer be managed"
            if change.dialled_by != (change.name,):
                message = f"campaign {named} may be dialling {change.name!r}, which would no longer be managed"
            details = {"name": change.name, "campaigns": list(change.dialled_by)}
            yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="OWN-RELEASED",
    title="what is released is dialled",
    says="An object that is released stays as it is: an active campaign dials on, and so does one whose list is"
    " released. No plan of this workspace names it again, no rule looks at it, and do-not-call numbers are no longer"
    " taken off it.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0043-renamed-and-released",
            "An object is renamed where it stands, and released as it is",
            "a rule of this tool, not of the law",
        ),
    ),
    check=check,
)
