"""Too many contacts are removed from a list."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list that loses a larger share of its contacts than the limit says."""
    limit = situation.limits.removals
    for change in situation.changes.rows:
        share = 100 * change.removes / change.live if change.live else 0
        if share > limit:
            counted = f"{change.removes:,} of {change.live:,} contacts ({share:.0f} %)"
            message = f"{counted} are removed from list {change.list!r}; the limit is {limit:g} %"
            details = {
                "list": change.list,
                "removed": change.removes,
                "live": change.live,
                "share": share,
                "limit": limit,
            }
            yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="LIM-REMOVALS",
    title="many contacts are taken off a list",
    says="No apply takes more than a share of a list's contacts off it (30 % unless the workspace or the floor says"
    " otherwise): a source that is half empty looks like many people who no longer belong.",
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
