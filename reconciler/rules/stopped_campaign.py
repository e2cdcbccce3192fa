"""Is a campaign stopped that is dialling?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that is active and will not be."""
    for change in situation.changes.objects:
        before, after = change.before or {}, change.after or {}
        if before.get("status") == "active" and after.get("status") != "active":
            becomes = after.get("status", "deleted")
            message = f"campaign {change.name!r} is active and becomes {becomes}"
            yield Finding(RULE.id, change.address, message)


RULE = Rule(
    id="LIM-STOPPED",
    title="an active campaign is stopped",
    says="No apply pauses, unschedules or deletes a campaign that is active: agents who wait for its calls have none.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Safety limits are rules with an id, set aside by name",
            citation="decision 6 of this project",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="a limit of this tool's own, and no law",
        ),
    ),
    check=check,
)
