"""Is a campaign stopped that is dialling?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.campaign import may_dial
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that is active and will not be."""
    for change in situation.changes.objects:
        status = (change.before or {}).get("status")
        if "status" not in (change.before or {}) or not may_dial(status):
            continue
        becomes = "deleted" if change.after is None else change.after.get("status")
        if change.after is None or not may_dial(becomes):
            message = f"campaign {change.name!r} is {status} and would be {becomes}"
            yield Finding(RULE.id, change.address, message)


RULE = Rule(
    id="LIM-STOPPED",
    title="an active campaign is stopped",
    says="No apply pauses, unschedules or deletes a campaign that is active, or in a state that is not known to be at"
    " rest: agents who wait for its calls have none.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Safety limits are rules with an id, waived by name",
            citation="decision 6 of this project",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="a limit of this tool's own, and no law",
        ),
    ),
    check=check,
)
