"""Too many contacts of a list change by recency alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each list of which a larger share changes by the calendar than the limit says, or by more of the calendar."""
    limit, span = situation.limits.calendar, situation.limits.calendar_span
    for change in situation.changes.rows:
        share = 100 * change.aged / change.live if change.live else 0
        counted = f"{change.aged:,} of {change.live:,} contacts ({share:.0f} %)"
        details = {"list": change.list, "aged": change.aged, "live": change.live, "share": share}
        if share > limit:
            message = f"{counted} change by recency alone on list {change.list!r}; the limit is {limit:g} %"
            yield Finding(RULE.id, change.address, message, details={**details, "limit": limit})
        elif change.aged and change.aged_since is not None and situation.as_of - change.aged_since > span:
            since = f"was written last as of {format_instant(change.aged_since)}"
            message = f"{counted} change by recency alone on list {change.list!r}, which {since}; the limit is"
            told = {**details, "since": format_instant(change.aged_since), "limit_days": span / timedelta(days=1)}
            yield Finding(RULE.id, change.address, f"{message} {_format_days(span)}", details=told)


def _format_days(span: timedelta) -> str:
    days = span / timedelta(days=1)
    return f"{days:g} day{'' if days == 1 else 's'}"


RULE = Rule(
    id="LIM-CALENDAR",
    title="many recency-only changes on one list",
    says="Recency falls every day, so on a list that is scored by it nearly every score changes from day to day."
    " What follows from the time alone is counted apart, and may be as many contacts as the workspace or the floor says"
    " (all of them unless they say otherwise), over as much time as they say (31 days): a list that nobody has written"
    " for longer, or a moment that somebody mistyped, is looked at by a person.",
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
