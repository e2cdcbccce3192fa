"""Too many contacts of a list are changed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list of which a larger share changes than the limit says."""
    limit = situation.limits.updates
    for change in situation.changes.rows:
        share = 100 * change.changed / change.live if change.live else 0
        if share > limit:
            counted = f"{change.changed:,} of {change.live:,} contacts ({share:.0f} %)"
            message = f"{counted} are changed on list {change.list!r}; the limit is {limit:g} %"
            details = {
                "list": change.list,
                "changed": change.changed,
                "live": change.live,
                "share": share,
                "limit": limit,
            }
            yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="LIM-UPDATES",
    title="many contacts of a list are changed",
    says="No apply changes what is kept with more than a share of a list's contacts (50 % unless the workspace or the"
    " floor says otherwise): a score that is computed wrongly changes for everybody. What follows from the time alone"
    " does not count (LIM-CALENDAR).",
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
